"""The catalogue by code: what each means in which versions, what it proves, and what it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from authlens.catalogue.templates import SLOT, Template, between, data, templates

_VISIBILITY: Final = {"N": "shown", "P": "hidden", "A": "artifact", "U": "artifact", "F": "no filter"}
_FIELD_NAMES: Final = {"nested": "exceptions", "keys": "keys tried", "key": "key", "response": "HTTP response"}
_MOST_FOUND: Final = 50
_ALIKE: Final = 0.3
"""Texts of one code that share fewer of their words have different meanings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """How an argument is printed while the PII switch is off, in a run of versions."""

    first: str
    last: str
    how: str
    """``shown``, ``hidden``, ``artifact`` (hidden by the switch for tokens too) or ``no filter`` (none exists yet)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One placeholder of a text."""

    number: int
    name: str
    """The field that it fills, else the expression that the library passes, else ``value N``."""
    visibility: tuple[Visibility, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One text of a code; texts that differ in white space only count once each."""

    template: str
    versions: tuple[str, str] | None
    informational: bool
    exception_types: tuple[str, ...]
    arguments: tuple[Argument, ...]
    says: str
    """What it means, in other words than the library's; of earlier texts what they meant then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the catalogue knows of one code."""

    code: str
    assembly: str
    severity: str
    """Of the failure that the code reports: one of ``model.Severity``."""
    informational: bool
    """No version throws it."""
    meaning: str
    proves: str
    does_not_prove: str
    causes: tuple[str, ...]
    """Ids of root causes that it can stand for, the likeliest first."""
    look_first: tuple[str, ...]
    meanings: tuple[Meaning, ...]
    """Newest text first."""
    levels: tuple[str, ...] = ()
    """At which levels the library only logs it, where it does."""
    renumbered_from: tuple[str, ...] = ()
    renumbered_to: tuple[str, ...] = ()
    internal: bool = False
    """The newest versions use it in their internal validation model only."""
    by_hand: bool = False
    """Written by hand; else derived from the text."""

    @property
    def versions(self) -> tuple[str, str] | None:
        """First and last version that knows the code."""
        spans = [s for t in templates(self.code) for s in t.spans]
        if spans:
            return between(min(a for a, _ in spans), max(b for _, b in spans))
        return next((m.versions for m in self.meanings if m.versions), None)


@cache
def lookup(code: str) -> Entry | None:
    """What the catalogue knows of a code, however it is written (``10503``, ``idx10503:``); None for an unknown one."""
    name = _normal(code)
    row = data("entries.json").get(name)
    return None if row is None else _entry(name, row)


def _normal(code: str) -> str:
    text = code.strip().strip(":.'\"").strip()
    if text.isdigit():
        return f"IDX{text}" if len(text) == 5 else f"ID{text}"  # IDX10503, ID2090
    return text.capitalize() if text[:3].lower() == "jwt" else text.upper()


_NAMED: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:ID[XW]\d{4,5}|ID\d{4}|(?:MIML|WIF|Jwt)\d{5})(?![0-9A-Za-z])", re.IGNORECASE
)
_NUMBERS: Final = re.compile(r"(?:\d{4,5}[\s,]{0,9}){1,20}")


def named(text: str) -> tuple[str, ...]:
    """The codes that a text names, each once: in a message or a help link as well, bare numbers where it holds no more."""
    found = _NAMED.findall(text) or (re.findall(r"\d+", text) if _NUMBERS.fullmatch(text) else ())
    return tuple(dict.fromkeys(map(_normal, found)))


def nearest(code: str) -> tuple[str, ...]:
    """The known codes written most like an unknown one: its digits in another order, then the same beginning."""
    found = []
    for one in data("entries.json"):
        same = next((i for i, (a, b) in enumerate(zip(code, one, strict=False)) if a != b), len(code))
        mixed = sorted(one) == sorted(code)
        if same > _SAME_BEGINNING or (mixed and same == _SAME_BEGINNING):
            found.append((not mixed, -same, one))
    return tuple(one for *_, one in sorted(found)[:_NEAREST])


_SAME_BEGINNING: Final = 5
"""``IDX10``: nearly every code has so much in common."""
_NEAREST: Final = 3


def search(words: str) -> tuple[Entry, ...]:
    """The entries that hold all the words, best first; among equals those that say most of a refusal."""
    wanted = [w for w in re.findall(r"[\w.]+", words.lower()) if len(w) > 1]
    if not wanted:
        return ()
    ranked = sorted(_ranks(wanted), key=lambda found: (-found[1], _weight(found[0]), found[0]))
    found = (lookup(code) for code, _ in ranked[:_MOST_FOUND])
    return tuple(e for e in found if e is not None)


def _weight(code: str) -> tuple[bool, bool, int]:
    row = data("entries.json")[code]
    return (row.get("quiet", False), not row.get("by_hand", False), -len(row.get("causes", ())))


def _ranks(wanted: list[str]) -> Iterator[tuple[str, int]]:
    for code, texts in _texts().items():
        if all(any(w in text for text in texts) for w in wanted):
            by_weight = zip((8, 4, 2, 1), texts, strict=True)
            yield code, sum(weight * sum(w in text for w in wanted) for weight, text in by_weight)


@cache
def _texts() -> Mapping[str, tuple[str, str, str, str]]:
    """By code what is searched, the weightiest first."""
    out = {}
    for code, row in data("entries.json").items():
        wordings = " ".join(t.text for t in templates(code))
        rest = f"{row.get('proves', '')} {row.get('does_not_prove', '')} {row.get('assembly', '')}"
        texts = (code, f"{row['meaning']} {' '.join(row.get('causes', ()))}", wordings, rest)
        out[code] = (texts[0].lower(), texts[1].lower(), texts[2].lower(), texts[3].lower())
    return out


def _entry(code: str, row: Mapping[str, Any]) -> Entry:
    return Entry(
        code=code,
        assembly=row["assembly"],
        severity=row["severity"],
        informational=row.get("quiet", False),
        meaning=row["meaning"],
        proves=row["proves"],
        does_not_prove=row["does_not_prove"],
        causes=tuple(row.get("causes", ())),
        look_first=tuple(row["look_first"]),
        meanings=tuple(_meanings(code, row)),
        levels=tuple(row.get("levels", ())),
        renumbered_from=tuple(row.get("renumbered_from", ())),
        renumbered_to=tuple(row.get("renumbered_to", ())),
        internal=row.get("internal", False),
        by_hand=row.get("by_hand", False),
    )


def _meanings(code: str, row: Mapping[str, Any]) -> Iterator[Meaning]:
    newest = sorted(templates(code), key=lambda t: max((b for _, b in t.spans), default=0), reverse=True)
    for number, template in enumerate(newest):
        yield Meaning(
            template=template.text,
            versions=template.versions,
            informational=template.quiet,
            exception_types=tuple(dict.fromkeys(name for *_, names in template.types for name in names)),
            arguments=tuple(_arguments(template, row.get("args", ()) if number == 0 else ())),
            says=_says(template, newest[0], row),
        )


def _says(template: Template, newest: Template, row: Mapping[str, Any]) -> str:
    """What an earlier text under the same number meant, else what the code means."""
    by_hand = next((e["meaning"] for e in row.get("earlier", ()) if re.search(e["text"], template.text)), None)
    if by_hand is not None:
        return str(by_hand)
    words, others = (set(re.findall(r"\w+", t.text)) for t in (template, newest))
    if len(words & others) >= _ALIKE * len(words | others):
        return str(row["meaning"])
    return in_words(template)


def in_words(template: Template) -> str:
    """The library's own sentence with names for its placeholders."""
    names = iter(template.kinds)
    body = template.text.removeprefix(template.code or "").lstrip(": ")
    named = SLOT.sub(lambda _: f"‹{_spoken(next(names))}›", body)
    return " ".join(named.split())


def _spoken(kind: str) -> str:
    return "value" if kind == "-" else _FIELD_NAMES.get(kind, kind).replace("_", " ")


def _arguments(template: Template, passed: tuple[str, ...] | list[str]) -> Iterator[Argument]:
    numbers = sorted({int(n) for n in SLOT.findall(template.text)})
    kinds = dict(zip(template.slots, template.kinds, strict=True))
    for place, number in enumerate(numbers):
        kind = kinds.get(place, "-")
        given = passed[place] if len(passed) == len(numbers) else f"value {number}"
        visibility = (Visibility(first=a, last=b, how=how) for a, b, how in _runs(template, place))
        yield Argument(
            number=number,
            name=given if kind == "-" else _FIELD_NAMES.get(kind, kind),
            visibility=tuple(visibility),
        )


def _runs(template: Template, place: int) -> Iterator[tuple[str, str, str]]:
    """Runs of versions that print an argument alike."""
    run: tuple[int, int, str] | None = None
    for shown in template.shown:
        how = _VISIBILITY[shown.args[place]]
        if run and run[2] == how:
            run = (run[0], shown.last, how)
            continue
        if run:
            yield (*between(run[0], run[1]), run[2])
        run = (shown.first, shown.last, how)
    if run:
        yield (*between(run[0], run[1]), run[2])
