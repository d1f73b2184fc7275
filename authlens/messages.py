"""One record's text becomes what the library said in it: code, template, values, fields, what was hidden.

``authlens.codes`` is this module: ``match`` reads one message, ``lookup`` and ``search`` ask the catalogue.
Nothing here is verified; a message is what the library claimed.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, lru_cache
from http import HTTPStatus
from typing import Final

from authlens.catalogue import exceptions as thrown
from authlens.catalogue import fitting, printed
from authlens.catalogue.codes import Entry, lookup, search
from authlens.catalogue.fitting import Fit, Place, Squeezed
from authlens.catalogue.templates import Template, host_templates, named, openiddict, templates
from authlens.catalogue.versions import library
from authlens.model import Frozen, Message

__all__ = ["Entry", "Match", "exceptions", "library", "lookup", "match", "primary", "read", "search"]

_CODES: Final = re.compile(r"ID[XW][0-9]{4,5}:")
_RARE: Final = re.compile(r"(?:MIML1|Jwt10|WIF1)[0-9]{3,4}:")
_ESCAPE: Final = re.compile(r"\\(?:[nrt]|u00[0-9A-Fa-f]{2})$")
_MOST_CODES: Final = 2000
"""A text with more codes than that is no record; what follows them is not read."""
_CACHED: Final = 16 * 1024
"""Texts up to this length are remembered, characters."""
_SHARED: Final = 8
"""A text that shares fewer characters with every known text of its code is one of its own."""
_OVER: Final = re.compile(r"[\s\"')\]}]{0,12}(?:$|---|\S{1,12} [\w.<>`+]{3,300}\()")
"""Behind a message's end nothing of it follows."""
_CERTAIN: Final = 60
"""A text that shares so many characters with a known one, up to its last value, is that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The catalogue's reading of one message."""

    code: str
    template: str
    values: tuple[str, ...]
    """By placeholder number, each number once."""
    versions: tuple[str, str] | None
    """First and last library version that can have written the text; None where none is known."""
    informational: bool


def match(text: str) -> Match | None:
    """Reads the first message of a text, which may be cut, go on or be unknown; None where there is no code."""
    found = sorted((m for m in read(text) if m.code), key=lambda m: m.start)
    for m in found:
        return Match(
            code=m.code or "",
            template=m.template,
            values=m.values,
            versions=m.versions,
            informational=m.informational,
        )
    return None


def read(text: str, at: datetime | None = None) -> tuple[Message, ...]:
    """Every message in one record's text, the outermost failure first, nested ones behind it.

    ``at`` is when the record was written (aware): it decides whether a printed date begins with day or month.
    """
    found, sure = _remembered(text) if len(text) <= _CACHED else _read(text, None)
    if sure or at is None:
        return found
    return _read(text, at)[0]


def exceptions(text: str) -> tuple[str, ...]:
    """Types of the exceptions printed in a text, outermost first."""
    return thrown.chain(text)


def primary(messages: Iterable[Message]) -> str | None:
    """The code of the outermost failure; informational messages are none, and None is a failure without a code."""
    return next((m.code for m in messages if not m.informational), None)


@lru_cache(maxsize=2048)
def _remembered(text: str) -> tuple[tuple[Message, ...], bool]:
    return _read(text, None)


def _read(text: str, at: datetime | None) -> tuple[tuple[Message, ...], bool]:
    """The messages, and whether every date in them reads one way only."""
    codes = _codes(text)
    found = thrown.heads(text)
    draft = _Draft(at)
    messages = list(_coded(text, codes, found, draft)) if codes else []
    if _OPENIDDICT in text:
        messages += _openiddict(text)
    if all(m.informational for m in messages):
        messages += _host(text, found, draft)
    if not messages:
        return (), True
    if len(messages) > 1:
        messages.sort(key=lambda m: m.start)
    return tuple(_completed(text, messages, found)), draft.sure


# --------------------------------------------------------------------------- codes


def _codes(text: str) -> list[tuple[int, str]]:
    """Where codes stand that count: five digits, a colon, and neither letter nor digit in front."""
    found = [(m.start(), m[0][:-1]) for m in _CODES.finditer(text)]
    if "MIML1" in text or "Jwt10" in text or "WIF1" in text:
        found = sorted(found + [(m.start(), m[0][:-1]) for m in _RARE.finditer(text)])
    return [(at, code) for at, code in found[:_MOST_CODES] if _counts(text, at, code)]


def _counts(text: str, at: int, code: str) -> bool:
    if len(code) == 7 and not templates(code):  # IDX1400 was shipped with four digits
        return False
    if not at:
        return True
    before = text[at - 1]  # a slash makes it a help link
    return (not before.isalnum() and before != "/") or _ESCAPE.search(text, max(0, at - 6), at) is not None


@dataclass(frozen=True, slots=True)
class _Cut:
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


class _Reader:
    """Cuts the messages of one text, the last first: what a later one holds is not taken for the end of an earlier."""

    def __init__(self, text: str, codes: Sequence[tuple[int, str]]) -> None:
        self.text = text
        self.codes = codes
        self.place = Place(text, [at for at, _ in codes])
        self._squeezed: tuple[Squeezed, Place] | None = None

    def cuts(self) -> list[_Cut]:
        out = []
        for at, code in reversed(self.codes):
            cut = self._cut(at, code)
            self._ended(at, cut.end)
            out.append(cut)
        out.reverse()
        return out

    def _ended(self, at: int, end: int) -> None:
        self.place.ends[at] = end
        if self._squeezed is not None:
            squeezed, place = self._squeezed
            place.ends[squeezed.squeezed(at)] = squeezed.squeezed(end)

    def _cut(self, at: int, code: str) -> _Cut:
        forms = templates(code)
        for number, form in enumerate(forms):
            fit = fitting.complete(self.place, at, form, form.literals)
            if fit is not None:
                goes_on = form.begins and _OVER.match(self.text, fit.end) is None
                longer = self._loosely(at, code, forms[:number]) if goes_on else None
                return longer or _Cut(code, at, fit.end, form, fit.values, form.versions)
        if not forms:
            return self._unknown(at, code)
        return self._loosely(at, code, forms) or self._partly(at, code, forms)

    def _loosely(self, at: int, code: str, forms: Sequence[Template]) -> _Cut | None:
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
            place.ends = {squeezed.squeezed(a): squeezed.squeezed(b) for a, b in self.place.ends.items()}
            self._squeezed = (squeezed, place)
        return self._squeezed

    def _unknown(self, at: int, code: str) -> _Cut:
        end = fitting.unknown_end(self.text, at, self.place.barrier(at + 1))
        return _Cut(code, at, end, None, (), None)

    def _partly(self, at: int, code: str, forms: Sequence[Template]) -> _Cut:
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
) -> _Cut:
    """A fit in the squeezed text, in offsets of the original."""
    spans = dict(enumerate(fit.values)) | dict(more or {})
    end = max([fit.end, *(b for _, b in spans.values())])
    back = {gap: (squeezed.back(a), squeezed.back(b)) for gap, (a, b) in spans.items()}
    by_gap = [back.get(gap) for gap in range(max(back, default=-1) + 1)]
    open_gap = len(fit.values) - 1 if fit.open else -1
    return _Cut(code, at, squeezed.back(end), fit.template, by_gap, versions, open_gap, loose=True)


def _coded(
    text: str, codes: Sequence[tuple[int, str]], found: Sequence[thrown.Head], draft: _Draft
) -> Iterator[Message]:
    types = _types(text, found, [at for at, _ in codes])
    quiet_until = -1
    for cut in _Reader(text, codes).cuts():
        quiet = _is_quiet(cut)
        if quiet:
            quiet_until = max(quiet_until, cut.end)
        yield _message(text, cut, types.get(cut.start), draft, quiet=quiet or cut.start < quiet_until)


def _is_quiet(cut: _Cut) -> bool:
    if cut.template is not None:
        return cut.template.quiet
    forms = templates(cut.code)
    return bool(forms) and all(form.quiet for form in forms)


_BETWEEN: Final = re.compile(r"[\s'\"“”‘’«({\[]{0,40}(?:(?:Exception )?[Mm]essage ?:?[\s'\"“‘]{0,40})?")


def _types(text: str, found: Sequence[thrown.Head], starts: Sequence[int]) -> dict[int, str]:
    """The exception type printed in front of each message."""
    out: dict[int, str] = {}
    if not found:
        return out
    ends = [h.end for h in found]
    for at in starts:
        before = bisect_right(ends, at) - 1
        if before >= 0 and at - ends[before] <= _NEAR_TYPE and _BETWEEN.fullmatch(text, ends[before], at):
            out[at] = found[before].name
    return out


_NEAR_TYPE: Final = 100
"""A type stands within so many characters in front of its message."""


# --------------------------------------------------------------------------- fields


class _Draft:
    """What is decided for a whole text: when it was written, and whether every date reads one way only."""

    __slots__ = ("at", "sure")

    def __init__(self, at: datetime | None) -> None:
        self.at = at
        self.sure = True


class _Said:
    """The fields of one message while they are collected."""

    __slots__ = ("fields", "hidden", "moments")

    def __init__(self, says: Mapping[str, object]) -> None:
        self.fields: dict[str, object] = dict(says)
        self.hidden: list[str] = []
        self.moments: dict[str, printed.Moment] = {}

    def withheld(self, name: str, value: str) -> bool:
        """Notes a hidden value under the field's name; says whether there is nothing to take."""
        if printed.is_plain(value):
            return False
        if printed.is_nothing(value):
            return True
        if printed.is_hidden(value) or printed.is_type_name(value):
            if name not in self.hidden:
                self.hidden.append(name)
            return True
        return False


def _text(said: _Said, name: str, value: str) -> None:
    if not said.withheld(name, value):
        said.fields.setdefault(name, value)


def _list(said: _Said, name: str, value: str) -> None:
    if not said.withheld(name, value):
        said.fields.setdefault(name, tuple(printed.items(value)))


def _number(said: _Said, name: str, value: str) -> None:
    if not said.withheld(name, value) and value.strip().isascii() and value.strip().isdigit():
        said.fields.setdefault(name, int(value.strip()[:18]))


def _flag(said: _Said, name: str, value: str) -> None:
    if not said.withheld(name, value) and value.strip().lower() in ("true", "false"):
        said.fields[name] = value.strip().lower() == "true"


def _date(said: _Said, name: str, value: str) -> None:
    if not said.withheld(name, value):
        moment = printed.moment(value)
        if moment is not None:
            said.moments.setdefault(name, moment)


def _keys(said: _Said, _: str, value: str) -> None:
    if value.strip() == "":
        said.fields["keys_tried_count"] = 0
        return
    found = printed.keys(value)
    if found and not printed.is_hidden(value):
        said.fields["keys_tried"] = tuple(found)
        said.fields["keys_tried_count"] = len(found)
        said.fields["key_types"] = tuple(dict.fromkeys(k["type"] for k in found))
        return
    said.withheld("keys_tried", value)


def _key(said: _Said, _: str, value: str) -> None:
    if printed.is_nothing(value):
        return
    name = printed.hidden_type(value)
    found = printed.keys(name or value)
    if not found:
        said.withheld("keys_tried", value)
        return
    said.fields["key_types"] = (found[0]["type"],)
    said.fields["keys_tried_count"] = 1
    if printed.is_hidden(value):
        said.hidden.append("keys_tried")
    elif found[0]["kid"] or found[0]["internal_id"]:
        said.fields["keys_tried"] = tuple(found[:1])


def _withheld_only(name: str) -> Callable[[_Said, str, str], None]:
    def note(said: _Said, _: str, value: str) -> None:
        if not (printed.hidden_type(value) or "").endswith("Exception"):
            said.withheld(name, value)

    return note


_STATUS_CODE: Final = re.compile(r"StatusCode: (\d{3})\b")


def _response(said: _Said, _: str, value: str) -> None:
    status = _STATUS_CODE.search(value[:400])
    if status:
        said.fields["http_status"] = int(status[1])
    else:
        said.withheld("http_status", value)


def _status(said: _Said, name: str, value: str) -> None:
    number = _status_names().get(value.strip())
    if number is None:
        _number(said, name, value)
    else:
        said.fields.setdefault(name, number)


@cache
def _status_names() -> Mapping[str, int]:
    """.NET's names of HTTP statuses: ``NotFound``."""
    return {re.sub(r"\W", "", s.phrase.title()): int(s) for s in HTTPStatus}


_FILL: Final[Mapping[str, Callable[[_Said, str, str], None]]] = {
    **dict.fromkeys(("aud", "valid_issuers", "valid_audiences"), _list),
    **dict.fromkeys(("valid_to", "valid_from", "current_time", "retry_at"), _date),
    **dict.fromkeys(("keys_in_tvp", "keys_in_configuration", "key_bits", "min_bits"), _number),
    **dict.fromkeys(("require_nonce", "require_state"), _flag),
    fitting.KEYS: _keys,
    "key": _key,
    "response": _response,
    "http_status": _status,
    fitting.NESTED: _withheld_only("exceptions"),
    "token": _withheld_only("token"),
}
_LISTS: Final = ("aud", "valid_issuers", "valid_audiences")


def _message(text: str, cut: _Cut, exception_type: str | None, draft: _Draft, *, quiet: bool) -> Message:
    form = cut.template
    if form is None:
        return Message(
            code=cut.code,
            template=text[cut.start : cut.end],
            informational=quiet,
            exception_type=exception_type,
            start=cut.start,
            end=cut.end,
        )
    printed_values = [None if span is None else text[span[0] : span[1]] for span in cut.spans]
    if cut.loose:
        printed_values = [value and fitting.unescaped(value) for value in printed_values]
    said = _said(cut, form, printed_values)
    if said.moments:
        _dates(said, cut.code, draft)
    return Message(
        code=cut.code,
        template=form.text,
        values=_values(form, printed_values),
        versions=cut.versions,
        informational=quiet,
        fields=Frozen(said.fields),
        hidden=tuple(said.hidden),
        exception_type=exception_type,
        start=cut.start,
        end=cut.end,
    )


def _values(form: Template, by_gap: Sequence[str | None]) -> tuple[str, ...]:
    """By placeholder number, as far as the text goes; what is missing before the last is empty."""
    if form.straight:
        return tuple(value or "" for value in by_gap)
    found: dict[int, str] = {}
    for slot, value in zip(form.slots, by_gap, strict=False):
        if value is not None:
            found.setdefault(slot, value)
    return tuple(found.get(place, "") for place in range(max(found) + 1)) if found else ()


def _said(cut: _Cut, form: Template, by_gap: Sequence[str | None]) -> _Said:
    said = _Said(form.says)
    for gap, value in enumerate(by_gap):
        kind = form.kinds[gap]
        if kind == "-" or value is None:
            continue
        taken = value if gap != cut.open else _whole(kind, value)
        if taken is not None:
            _FILL.get(kind, _text)(said, kind, taken)
    if cut.code == "IDX10603":
        _key_size(said, by_gap)
    return said


def _whole(kind: str, value: str) -> str | None:
    """What can be taken of a value that is cut off: half an issuer is none, but two keys of three are two."""
    if kind in (fitting.KEYS, "key"):
        return value if printed.keys(value) else None
    return value.rpartition(",")[0] or None if kind in _LISTS else None


def _key_size(said: _Said, values: Sequence[str | None]) -> None:
    """5.2.2 to 6.1.0 print a key that is too short with the text for decryption, which has the same number."""
    if len(values) != 3:
        return
    name, least, size = (value or "" for value in values)
    if name and all(v.isascii() and v.isdigit() for v in (least, size)):
        said.fields |= {"alg": name, "min_bits": int(least[:18]), "key_bits": int(size[:18])}


# --------------------------------------------------------------------------- dates

_EARLIER: Final = {
    "IDX10223": ("valid_to", "current_time"),
    "IDX10222": ("current_time", "valid_from"),
    "IDX10224": ("valid_to", "valid_from"),
}
"""Which date stands before which, or the library would not have complained."""
_NEAR: Final = timedelta(hours=36)
"""A record is written within this of the current time it prints, whatever its time zone."""
_CLAIMS: Final = (("valid_to", "exp"), ("valid_from", "nbf"))


def _dates(said: _Said, code: str, draft: _Draft) -> None:
    moments = said.moments
    day_first = _day_first(code, moments, draft.at)
    known = day_first is not None or all(m.sure for m in moments.values())
    if not known:
        draft.sure = False
    for name, moment in moments.items():
        when = moment.read(day_first=bool(day_first))
        if when is not None:
            said.fields[name] = printed.written(when)
            if known and code in _EARLIER:
                _claim(said, name, when)


def _claim(said: _Said, name: str, when: datetime) -> None:
    """The message prints exp and nbf, but for the values that .NET's dates cannot hold."""
    claim = dict(_CLAIMS).get(name)
    if claim and 1970 < when.year < 9999 and when.timestamp() > 0:  # the ends of .NET's dates
        said.fields.setdefault(claim, int(when.timestamp()))


def _day_first(code: str, moments: Mapping[str, printed.Moment], at: datetime | None) -> bool | None:
    """Whether the dates begin with the day; None where nothing decides."""
    one_way = {m.month_first is None for m in moments.values() if m.month_first is None or m.day_first is None}
    if len(one_way) == 1:
        return one_way.pop()
    earlier, later = (moments.get(name) for name in _EARLIER.get(code, ("", "")))
    if earlier and later:
        fits = [day for day in (False, True) if _is_before(earlier.read(day_first=day), later.read(day_first=day))]
        if len(fits) == 1:
            return fits[0]
    now = moments.get("current_time")
    if at is None or now is None:
        return None
    near = [day for day in (False, True) if _is_near(now.read(day_first=day), at)]
    return near[0] if len(near) == 1 else None


def _is_before(earlier: datetime | None, later: datetime | None) -> bool:
    return earlier is not None and later is not None and earlier < later


def _is_near(now: datetime | None, at: datetime) -> bool:
    return now is not None and abs(now - at) <= _NEAR


# --------------------------------------------------------------------------- the record as a whole


def _completed(text: str, messages: list[Message], found: Sequence[thrown.Head]) -> list[Message]:
    """The outermost failure comes first and carries what the record says around its messages."""
    if thrown.innermost_first(text, found):
        messages.reverse()
    place = next((i for i, m in enumerate(messages) if not m.informational), 0)
    main = messages[place]
    around = _around(text, main, found)
    if len(messages) > 1:
        around |= {k: v for k, v in _keys_of(main, messages).items() if k not in main.hidden}
    new = {name: value for name, value in around.items() if name not in main.fields}
    if new:
        messages[place] = _with(main, {**main.fields, **new})
    return messages


def _with(m: Message, fields: Mapping[str, object]) -> Message:
    """The message with other fields; ``replace`` takes twice as long."""
    return Message(
        code=m.code,
        template=m.template,
        values=m.values,
        versions=m.versions,
        informational=m.informational,
        fields=Frozen(fields),
        hidden=m.hidden,
        exception_type=m.exception_type,
        start=m.start,
        end=m.end,
    )


_STATED: Final = ("Could not load", "Method not found")
_BEHIND: Final = 160
"""A parameter's name stands within so many characters behind the message."""


def _around(text: str, main: Message, found: Sequence[thrown.Head]) -> dict[str, object]:
    out = _chain(text, main, found)
    if found or any(mark in text for mark in _STATED):
        out |= thrown.facts(text, found)
    if text[main.end : main.end + 1] in _BLANKS:
        start = main.end if main.versions else main.start
        parameter = thrown.parameter(text, start, main.end + _BEHIND)
        if parameter:
            out["parameter_name"] = parameter
    if "error_description" in text:
        out |= {name: value for name, value in _described(text).items() if name not in out}
    return out


_BLANKS: Final = (" ", "\r", "\n", "(", "", "\\")


def _chain(text: str, main: Message, found: Sequence[thrown.Head]) -> dict[str, object]:
    if not found:
        return {}
    types = thrown.chain(text, found)
    first = found[0]
    apart = first.line and not first.inner and first.start >= main.end
    outer = first.start < main.start or apart or thrown.innermost_first(text, found)
    out: dict[str, object] = {"exception_type": types[0]} if outer else {}
    inner = types[1:] if outer else types
    if inner:
        out["inner_exception_types"] = inner
    return out


def _keys_of(main: Message, messages: Sequence[Message]) -> dict[str, object]:
    """The keys that the exceptions inside a message name, where it does not list them itself."""
    if "keys_tried_count" in main.fields:
        return {}
    named_keys = [k for m in messages if m is not main for k in _tuple(m.fields.get("keys_tried"))]
    count = len(dict.fromkeys((k["type"], k["kid"], k["internal_id"]) for k in named_keys))
    types = [t for m in messages if m is not main for t in _tuple(m.fields.get("key_types"))]
    if not types:
        return {}
    out: dict[str, object] = {"keys_tried_count": count or 1, "key_types": tuple(dict.fromkeys(types))}
    if count:
        out["keys_tried"] = tuple({(k["type"], k["kid"], k["internal_id"]): k for k in named_keys}.values())
    return out


def _tuple(value: object) -> tuple:  # type: ignore[type-arg]
    return value if isinstance(value, tuple) else ()


# --------------------------------------------------------------------------- without a code

_DESCRIBED: Final = (
    (re.compile(r"The audience ['\"]([^'\"\n]{1,2000})['\"] is invalid"), "aud"),
    (re.compile(r"The issuer ['\"]([^'\"\n]{1,1000})['\"] is invalid"), "iss"),
    (re.compile(r"expired at ['\"]([^'\"\n]{1,60})['\"]"), "valid_to"),
    (re.compile(r"(?:not valid before|NotBefore:) ['\"]([^'\"\n]{1,60})['\"]"), "valid_from"),
    (re.compile(r"Expires: ['\"]([^'\"\n]{1,60})['\"]"), "valid_to"),
)


def _described(text: str) -> dict[str, object]:
    """Fields that a ``WWW-Authenticate`` header states; its dates begin with the month."""
    said = _Said({})
    start = text.find("error_description")
    window = text[start : start + 4000]
    for pattern, name in _DESCRIBED:
        m = pattern.search(window)
        if m is not None:
            _FILL.get(name, _text)(said, name, m[1])
    dates = {n: m.read(day_first=False) for n, m in said.moments.items()}
    return said.fields | {name: printed.written(when) for name, when in dates.items() if when}


_OPENIDDICT: Final = "openiddict.com/errors/ID"
_IN_ERROR_URI: Final = re.compile(
    r"(?:error_uri|Error URI)(?:[^A-Za-z0-9]|u0022|quot){1,24}https?://(?:documentation\.)?$"
)
_NUMBER: Final = re.compile(r"\d{4}(?!\d)")
_ERROR: Final = re.compile(r"\b(?:error[\"']?\s?[:=]\s?[\"']|Error:\s{0,4})(\w{1,60})")
_DESCRIPTION: Final = re.compile(
    r"\berror_description\"?\s?[:=]\s?\"([^\"\n]{1,1000})|Error description:\s{0,4}([^\n]{1,1000})"
)
_MOST_RESPONSES: Final = 100
_RESPONSE: Final = 3000
"""An error response is shorter than this, characters."""


def _openiddict(text: str) -> Iterator[Message]:
    """OpenIddict's numbers, which stand in ``error_uri`` only."""
    position = text.find(_OPENIDDICT)
    for _ in range(_MOST_RESPONSES):
        if position < 0:
            return
        number = _NUMBER.match(text, position + len(_OPENIDDICT))
        if number and _IN_ERROR_URI.search(text[max(0, position - 60) : position]):
            yield _response_message(text, f"ID{number[0]}", position, number.end())
        position = text.find(_OPENIDDICT, position + len(_OPENIDDICT))


def _response_message(text: str, code: str, position: int, end: int) -> Message:
    first = max(0, position - _RESPONSE)
    window = Squeezed(text[first:end])
    errors = list(_ERROR.finditer(window.text))
    described = list(_DESCRIPTION.finditer(_lines(text[first:end])))
    fields: dict[str, object] = {}
    if errors:
        fields["error"] = errors[-1][1]
    if described:
        fields["error_description"] = (described[-1][1] or described[-1][2]).strip()
    row = openiddict().get(code, {})
    return Message(
        code=code,
        template=row.get("text") or str(fields.get("error_description", "")),
        informational=bool(row.get("quiet")),
        fields=Frozen(fields),
        start=first + window.back(errors[-1].start()) if errors else position,
        end=end,
    )


def _lines(window: str) -> str:
    """Escapes resolved, lines kept."""
    return "\n".join(Squeezed(line).text for line in window.replace("\\r", "").replace("\\n", "\n").split("\n"))


_ANCHOR: Final = re.compile(
    r"(?:^|[\r\n]|Failure message: |RemoteAuthentication: |error_description=\\?\"|processing message: |\()[\s\"'“]{0,40}"
)
_NEWLINE: Final = re.compile("\n")
_MOST_ANCHORS: Final = 1000
_REFUSED: Final = " was not authenticated. Failure message: "
_START: Final = 5


def _host(text: str, found: Sequence[thrown.Head], draft: _Draft) -> list[Message]:
    """What a host says of a refusal that has no code; what it only says beside one is informational."""
    fits = _host_fits(text, found)
    roles = {f.template.role for f in fits}
    chosen = [f for f in fits if f.template.role in ("refusal", "context")]
    if "refusal" not in roles:
        chosen += [f for f in fits if f.template.role == "wrapper"][:1]
    out = [_host_message(text, f, found, draft) for f in chosen]
    if not roles & {"refusal", "wrapper", "cookie"}:
        out += _refused(text)
    return out


def _host_fits(text: str, found: Sequence[thrown.Head]) -> list[Fit]:
    place = Place(text, [m.start() for m in _NEWLINE.finditer(text)])  # no value goes beyond its line
    anchors = {m.end() for m, _ in zip(_ANCHOR.finditer(text), range(_MOST_ANCHORS), strict=False)}
    anchors |= {h.end + 1 for h in found}
    out: dict[int, Fit] = {}
    for at in sorted(anchors):
        for form in _by_start().get(text[at : at + _START], ()):
            fit = fitting.complete(place, at, form, form.literals)
            if fit is not None:
                out.setdefault(at, fit)
    return list(out.values())


@cache
def _by_start() -> Mapping[str, tuple[Template, ...]]:
    out: dict[str, list[Template]] = {}
    for form in sorted(host_templates(), key=lambda t: -sum(map(len, t.literals))):
        out.setdefault(form.literals[0][:_START], []).append(form)
    return {start: tuple(forms) for start, forms in out.items()}


def _host_message(text: str, fit: Fit, found: Sequence[thrown.Head], draft: _Draft) -> Message:
    form = fit.template
    start = fit.values[0][0] - len(form.literals[0]) if fit.values else fit.end - len(form.literals[0].rstrip())
    cut = _Cut("", start, fit.end, form, fit.values, None)
    message = _message(text, cut, _types(text, found, [start]).get(start), draft, quiet=form.role == "context")
    return replace(message, code=None)


def _refused(text: str) -> Iterator[Message]:
    """An application's own words in the host's record of a refusal."""
    at = text.find(_REFUSED)
    if at < 0:
        return
    start = text.rfind("\n", max(0, at - 300), at) + 1
    end = text.find("\n", at + len(_REFUSED))
    end = min(end if end >= 0 else len(text), at + 2000)
    why = text[at + len(_REFUSED) : end].strip().strip('"“”')
    if not why.startswith("{"):  # a template, not yet rendered
        yield Message(
            code=None,
            template="{AuthenticationScheme} was not authenticated. Failure message: {FailureMessage}",
            values=(text[start:at].strip().strip('"“”'), why),
            start=start,
            end=end,
        )
