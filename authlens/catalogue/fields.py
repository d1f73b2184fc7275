"""What a message's values say: fields by the contract's names, and which of them are hidden."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Final, TypeAlias

from authlens.catalogue import fitting, printed
from authlens.catalogue.restored import unbroken
from authlens.catalogue.templates import Template


class Dates:
    """How the dates of one text are read: when it was written, and whether every date so far reads one way only."""

    __slots__ = ("at", "sure")

    def __init__(self, at: datetime | None) -> None:
        self.at = at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at
        self.sure = True


class Said:
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

    def take(self, kind: str, value: str) -> None:
        """Takes one printed value into the field (or the way of reading) that its placeholder stands for."""
        _FILL.get(kind, _text)(self, kind, value)


_Fill: TypeAlias = Callable[[Said, str, str], None]
"""Takes a value of a kind into what is said."""


def _text(said: Said, name: str, value: str) -> None:
    if not said.withheld(name, value):
        said.fields.setdefault(name, unbroken(value) if "\n" in value else value)


def _list(said: Said, name: str, value: str) -> None:
    if not said.withheld(name, value):
        said.fields.setdefault(name, tuple(printed.items(value)))


def _number(said: Said, name: str, value: str) -> None:
    if not said.withheld(name, value) and value.strip().isascii() and value.strip().isdigit():
        said.fields.setdefault(name, int(value.strip()[:18]))


def _flag(said: Said, name: str, value: str) -> None:
    if not said.withheld(name, value) and value.strip().lower() in ("true", "false"):
        said.fields[name] = value.strip().lower() == "true"


def _moment(said: Said, name: str, value: str) -> None:
    if not said.withheld(name, value):
        moment = printed.moment(value)
        if moment is not None:
            said.moments.setdefault(name, moment)


def _keys(said: Said, _: str, value: str) -> None:
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


def _key(said: Said, _: str, value: str) -> None:
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


def _withheld_only(name: str) -> _Fill:
    def note(said: Said, _: str, value: str) -> None:
        if not printed.is_plain(value) and not (printed.hidden_type(value) or "").endswith("Exception"):
            said.withheld(name, value)

    return note


_STATUS_CODE: Final = re.compile(r"StatusCode: (\d{3})\b")


def _response(said: Said, _: str, value: str) -> None:
    status = _STATUS_CODE.search(value[:400])
    if status:
        said.fields["http_status"] = int(status[1])
    else:
        said.withheld("http_status", value)


def _status(said: Said, name: str, value: str) -> None:
    number = _status_names().get(value.strip())
    if number is None:
        _number(said, name, value)
    else:
        said.fields.setdefault(name, number)


@cache
def _status_names() -> Mapping[str, int]:
    """.NET's names of HTTP statuses: ``NotFound``."""
    return {re.sub(r"\W", "", s.phrase.title()): int(s) for s in HTTPStatus}


_FILL: Final[Mapping[str, _Fill]] = {
    **dict.fromkeys(("aud", "valid_issuers", "valid_audiences"), _list),
    **dict.fromkeys(("valid_to", "valid_from", "current_time", "retry_at"), _moment),
    **dict.fromkeys(("keys_in_tvp", "keys_in_configuration", "key_bits", "min_bits"), _number),
    **dict.fromkeys(("require_nonce", "require_state"), _flag),
    fitting.KEYS: _keys,
    "key": _key,
    "response": _response,
    "http_status": _status,
    fitting.NESTED: _withheld_only("exceptions"),
    "token": _withheld_only("token"),
}


@cache
def _fills(kinds: tuple[str, ...]) -> tuple[tuple[int, str, _Fill], ...]:
    """The gaps whose values say something, each with the way to take them."""
    return tuple((gap, kind, _FILL.get(kind, _text)) for gap, kind in enumerate(kinds) if kind != "-")


_LISTS: Final = ("aud", "valid_issuers", "valid_audiences")


def values(form: Template, by_gap: Sequence[str | None]) -> tuple[str, ...]:
    """By placeholder number, as far as the text goes; what is missing before the last is empty."""
    if form.straight:
        return tuple([value or "" for value in by_gap])
    found: dict[int, str] = {}
    for slot, value in zip(form.slots, by_gap, strict=False):
        if value is not None:
            found.setdefault(slot, value)
    return tuple(found.get(place, "") for place in range(max(found) + 1)) if found else ()


def said(form: Template, by_gap: Sequence[str | None], dates: Dates, *, open_gap: int = -1) -> Said:
    """The fields of one message; ``open_gap`` is the gap whose value is cut off."""
    out = Said(form.says)
    found = len(by_gap)
    for gap, kind, fill in _fills(form.kinds):
        value = by_gap[gap] if gap < found else None
        if value is not None and gap == open_gap:
            value = _whole(kind, value)
        if value is not None:
            fill(out, kind, value)
    if form.code == "IDX10603":
        _key_size(out, by_gap)
    if out.moments:
        _date(out, form.code or "", dates)
    return out


def _whole(kind: str, value: str) -> str | None:
    """What can be taken of a value that is cut off: half an issuer is none, but two keys of three are two."""
    if kind in (fitting.KEYS, "key"):
        return value if printed.keys(value) else None
    return value.rpartition(",")[0] or None if kind in _LISTS else None


def _key_size(said: Said, values: Sequence[str | None]) -> None:
    """5.2.2 to 6.1.0 print a key that is too short with the text for decryption, which has the same number."""
    if len(values) != 3:
        return
    name, least, size = (value or "" for value in values)
    if name and all(v.isascii() and v.isdigit() for v in (least, size)):
        said.fields |= {"alg": name, "min_bits": int(least[:18]), "key_bits": int(size[:18])}


# --------------------------------------------------------------------------- dates

_EARLIER: Final = {
    "IDX10223": ("valid_to", "current_time"),
    "Jwt10305": ("valid_to", "current_time"),
    "IDX10222": ("current_time", "valid_from"),
    "Jwt10306": ("current_time", "valid_from"),
    "IDX10224": ("valid_to", "valid_from"),
}
"""Which date stands before which, or the library would not have complained."""
_NEAR: Final = timedelta(hours=36)
"""A record is written within this of the current time it prints, whatever its time zone."""
_CLAIMS: Final = {"valid_to": "exp", "valid_from": "nbf"}


def header_dates(said: Said) -> None:
    """The dates of a ``WWW-Authenticate`` header, which begin with the month: they are what exp and nbf say."""
    for name, moment in said.moments.items():
        when = moment.read(day_first=False)
        if when is not None:
            said.fields[name] = printed.written(when)
            _claim(said, name, when)


def _date(said: Said, code: str, dates: Dates) -> None:
    moments = said.moments
    one_way = all(m.sure for m in moments.values())
    day_first = None if one_way else _day_first(code, moments, dates.at)
    known = one_way or day_first is not None
    if not known:
        dates.sure = False
    for name, moment in moments.items():
        when = moment.read(day_first=bool(day_first))
        if when is not None:
            said.fields[name] = printed.written(when)
            if known and code in _EARLIER:
                _claim(said, name, when)


def _claim(said: Said, name: str, when: datetime) -> None:
    """The message prints exp and nbf, but for the values that .NET's dates cannot hold."""
    claim = _CLAIMS.get(name)
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
