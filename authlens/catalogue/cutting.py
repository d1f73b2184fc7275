"""Cuts the messages of one text out of it, each by the template that fits it best."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from authlens.catalogue import fitting
from authlens.catalogue.fitting import Fit, Place, Squeezed
from authlens.catalogue.templates import Template, named, templates

_SHARED: Final = 8
"""A text that shares fewer characters with every known text of its code is one of its own."""
OVER: Final = re.compile(r"[\s\"')\]}]{0,12}(?:$|---|\S{1,12} [\w.<>`+]{3,300}\()")
"""Behind a message's end nothing of it follows."""
_CERTAIN: Final = 60
"""A text that shares so many characters with a known one, up to its last value, is that one."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One message cut out of the text by the best template."""

    code: str
    start: int
    end: int
    template: Template | None
    """None for a text that no known version writes."""
    spans: Sequence[tuple[int, int] | None]
    """Of the values, by gap; None where one was not found."""
    versions: tuple[str, str] | None
    open: int = -1
    """The gap whose value is cut off."""
    loose: bool = False
    """White space, quotes or escapes had to be forgiven."""
    whole: bool = True
    """Its end was found."""

    @property
    def quiet(self) -> bool:
        """It tells of a step, not of a refusal."""
        if self.template is not None:
            return self.template.quiet
        forms = templates(self.code)
        return bool(forms) and all(form.quiet for form in forms)

    def values(self, text: str) -> list[str | None]:
        """What stands in the gaps; None where one was not found."""
        found = [None if span is None else text[span[0] : span[1]] for span in self.spans]
        return [value and fitting.unescaped(value) for value in found] if self.loose else found


def cuts(text: str, codes: Sequence[tuple[int, str]]) -> list[Cut]:
    """The messages that begin at the given codes (offset and code, ascending), in the order of the text."""
    return list(_placed(_Reader(text, codes).cuts()))


def _placed(found: Sequence[Cut]) -> Iterator[Cut]:
    """Without the codes in a value that is data, whoever wrote it; an unknown text ends with the value it stands in."""
    gaps: list[tuple[int, str]] = []  # around what comes next: where each ends, and its kind
    for cut in found:
        while gaps and gaps[-1][0] <= cut.start:
            gaps.pop()
        if gaps and gaps[-1][1] not in ("", "-", fitting.NESTED):
            continue
        yield replace(cut, end=min(cut.end, gaps[-1][0])) if gaps and cut.template is None else cut
        gaps += reversed(list(_gaps(cut)))


def _gaps(cut: Cut) -> Iterator[tuple[int, str]]:
    """What stands between a message's begin and its end: its own words (without a kind) and its values."""
    behind = cut.start
    for kind, span in zip(cut.template.kinds if cut.template else (), cut.spans, strict=False):
        if span is not None and span[0] >= behind:
            yield from ((span[0], ""), (span[1], kind))
            behind = span[1]


class _Reader:
    """Cuts the messages of one text, the last first: what a later one holds is not taken for the end of an earlier."""

    def __init__(self, text: str, codes: Sequence[tuple[int, str]]) -> None:
        self.text = text
        self.codes = codes
        self.place = Place(text, [at for at, _ in codes])
        self._squeezed: tuple[Squeezed, Place] | None = None

    def cuts(self) -> list[Cut]:
        out = []
        for at, code in reversed(self.codes):
            cut = self._cut(at, code)
            self._ended(cut)
            out.append(cut)
        out.reverse()
        return out

    def _ended(self, cut: Cut) -> None:
        if cut.template is None:  # its end is a guess
            return
        self.place.note(cut.start, cut.end, whole=cut.whole)
        if self._squeezed is not None:
            squeezed, place = self._squeezed
            place.note(squeezed.squeezed(cut.start), squeezed.squeezed(cut.end), whole=cut.whole)

    def _cut(self, at: int, code: str) -> Cut:
        forms = templates(code)
        for number, form in enumerate(forms):
            fit = fitting.complete(self.place, at, form, form.literals)
            if fit is not None:
                goes_on = form.begins and OVER.match(self.text, fit.end) is None
                longer = self._loosely(at, code, forms[:number]) if goes_on else None
                return longer or Cut(code, at, fit.end, form, fit.values, form.versions)
        if not forms:
            return self._unknown(at, code)
        return self._loosely(at, code, forms) or self._partly(at, code, forms)

    def _loosely(self, at: int, code: str, forms: Sequence[Template]) -> Cut | None:
        """White space and quotes forgiven."""
        squeezed, place = self._squeeze()
        here = squeezed.squeezed(at)
        for form in forms:
            fit = fitting.complete(place, here, form, form.squeezed)
            if fit is not None:
                return _cut_back(squeezed, at, code, fit, versions=named(form.loose) or form.versions)
        return None

    def _squeeze(self) -> tuple[Squeezed, Place]:
        if self._squeezed is None:
            squeezed = Squeezed(self.text)
            place = Place(squeezed.text, [squeezed.squeezed(at) for at, _ in self.codes])
            for start, end in self.place.ends.items():
                place.note(squeezed.squeezed(start), squeezed.squeezed(end), whole=start in self.place.whole)
            self._squeezed = (squeezed, place)
        return self._squeezed

    def _unknown(self, at: int, code: str) -> Cut:
        end = fitting.unknown_end(self.text, at, self.place.barrier(at + 1))
        return Cut(code, at, end, None, (), None, whole=False)

    def _partly(self, at: int, code: str, forms: Sequence[Template]) -> Cut:
        squeezed, place = self._squeeze()
        here = squeezed.squeezed(at)
        stop = fitting.over(place.text, here, min(place.barrier(here + 1), here + place.reach))
        fits = [fitting.partly(place, here, form, stop) for form in forms]
        weight = max(f.weight for f in fits)
        best = [f for f in fits if f.weight == weight]
        fit = best[0]
        labelled = _labelled(place, fit, stop)
        if weight - len(code) - 2 < _SHARED and not labelled:
            return self._unknown(at, code)
        cut = _cut_back(squeezed, at, code, fit, more=labelled)
        whole = len(fit.values) == len(fit.template.kinds) and not fit.open and weight >= _CERTAIN
        ended = whole or cut.end >= len(self.text) or self.text[cut.end] in "\r\n" or fit.end >= stop
        spans = [s for f in best for s in f.template.loose]
        return replace(cut, versions=named(spans) if ended and not labelled else None)


_LABEL: Final = 40
"""So far before the point where a text leaves its template a label may begin, characters."""


def _labelled(place: Place, fit: Fit, stop: int) -> dict[int, tuple[int, int]]:
    """Values behind the point where the text leaves its template, found by the words in front of them."""
    found: dict[int, tuple[int, int]] = {}
    form = fit.template
    if fit.end >= stop:
        return found
    position = fit.values[-1][1] if fit.values else fit.end - min(fit.weight, _LABEL)
    for gap in range(len(fit.values), len(form.kinds)):
        label = fitting.label(form.squeezed[gap])
        if form.kinds[gap] in ("-", fitting.NESTED, fitting.KEYS) or label is None:
            continue
        span = fitting.labelled(place, position, stop, label)
        if span is not None:
            found[gap] = span
            position = span[1]
    return found


def _cut_back(
    squeezed: Squeezed,
    at: int,
    code: str,
    fit: Fit,
    *,
    versions: tuple[str, str] | None = None,
    more: Mapping[int, tuple[int, int]] | None = None,
) -> Cut:
    """A fit in the squeezed text, in offsets of the original."""
    spans = dict(enumerate(fit.values)) | dict(more or {})
    end = max([fit.end, *(b for _, b in spans.values())])
    back = {gap: (squeezed.back(a), squeezed.back(b)) for gap, (a, b) in spans.items()}
    by_gap = [back.get(gap) for gap in range(max(back, default=-1) + 1)]
    open_gap = len(fit.values) - 1 if fit.open else -1
    return Cut(code, at, squeezed.back(end), fit.template, by_gap, versions, open_gap, loose=True, whole=fit.complete)
