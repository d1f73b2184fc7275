"""Reads the times that loggers and platforms print."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

_MONTHS = {
    name: n
    for n, name in enumerate(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)
}
_BLANK = "(?: |\u00a0|\u202f)"
# Words of .NET's cultures for the half of the day: zh, ja, ko put them before the clock; a blank within is Spanish.
_MORNING = "上午|凌晨|早上|午前|오전"
_AFTERNOON = "下午|中午|晚上|午後|오후"
_AP = rf"(?:{_BLANK}?(?P<ap>[AaPp])(?:\.?[Mm]\.?|(?P<es>\.{_BLANK}[Mm]\.)))?"
_CLOCK = (
    rf"(?:(?P<half>{_MORNING}|{_AFTERNOON}) ?)?"
    rf"(?P<h>\d{{1,2}}):(?P<mi>\d\d)(?::(?P<s>\d\d)(?:[.,:](?P<f>\d{{1,9}}))?)?{_AP}"
)
# Abbreviations that mean one offset wherever they are printed, in hours.
_ABBREVIATIONS = {"CET": 1, "CEST": 2, "BST": 1, "EET": 2, "EEST": 3, "EST": -5, "EDT": -4, "PST": -8, "PDT": -7, "MST": -7, "MDT": -6, "CDT": -5, "JST": 9, "AEST": 10, "AEDT": 11}  # fmt: skip
_ZONE = rf"(?: ?(?P<z>(?:Z|UTC|GMT|{'|'.join(_ABBREVIATIONS)})(?![A-Za-z])|[+-]\d\d:?\d\d|[+-]\d\d(?!\d)))?"
_DAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?"
_MONTH = r"(?P<mon>[A-Z][a-z]{2})[a-z]{0,6}\.?"

# By kind: how the date is written, in the order in which kinds are tried.
KINDS = {
    "iso": rf"(?P<y>\d{{4}})(?:[-/]|\. ?)(?P<m>\d{{1,2}})(?:[-/]|\. ?)(?P<d>\d{{1,2}})\.?(?:T|t| {{1,2}}|_|, ?){_CLOCK}{_ZONE}",
    "han": rf"(?P<y>\d{{4}})(?:年|년) ?(?P<m>\d{{1,2}})(?:月|월) ?(?P<d>\d{{1,2}})(?:日|일) ?{_CLOCK}{_ZONE}",
    "compact": rf"(?P<y>\d{{4}})(?P<m>\d\d)(?P<d>\d\d)[T _-](?P<h>\d\d):?(?P<mi>\d\d):?(?P<s>\d\d)(?:[.,](?P<f>\d{{1,9}}))?{_ZONE}",
    "numeric": rf"(?P<a>\d{{1,2}})(?P<sep>[/.-])(?P<b>\d{{1,2}})[/.-](?P<y>\d{{4}}|\d\d)(?:, ?| {{1,2}}|T){_CLOCK}{_ZONE}",
    "dotted": r"(?P<a>\d{1,2})(?P<sep>[/.-])(?P<b>\d{1,2})[/.-](?P<y>\d{4}),? (?:kl(?:o|\.)? )?(?P<h>\d{1,2})(?P<dots>\.)(?P<mi>\d\d)\.(?P<s>\d\d)(?:[.,](?P<f>\d{1,9}))?",
    "daymonth": rf"{_DAY}(?P<d>\d{{1,2}})[ /-]{_MONTH}[ /-](?P<y>\d{{4}})(?:[ :,]| @ ){_CLOCK}{_ZONE}",
    "monthday": rf"{_DAY}{_MONTH} {{1,2}}(?P<d>\d{{1,2}}),? (?P<y>\d{{4}})(?: @|,)? {_CLOCK}{_ZONE}",
    "ctime": rf"{_DAY}(?P<mon>[A-Z][a-z]{{2}}) {{1,2}}(?P<d>\d{{1,2}}) {_CLOCK}{_ZONE} (?P<y>\d{{4}})",
    "yearless": rf"{_MONTH} {{1,2}}(?P<d>\d{{1,2}}) {_CLOCK}",
    "yearless-numeric": rf"\d\d[-/]\d\d {_CLOCK}",
    "clock": _CLOCK,
    "epoch": r"(?P<epoch>1[0-9]{9}(?:[0-9]{9}|[0-9]{6}|[0-9]{3})?(?:\.\d{1,9})?)(?!\d)",
}
_COMPILED = {kind: re.compile(pattern) for kind, pattern in KINDS.items()}
_WEEKDAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? ")
_NAMED_GROUP = re.compile(r"\?P<\w+>")


def pattern(kind: str) -> str:
    """The pattern of a kind without its groups, to be built into a record head."""
    return _NAMED_GROUP.sub("?:", KINDS[kind])


_LONGEST = 80
"""Characters; no kind is longer."""


def parse(text: str, zone: tzinfo = UTC, *, day_first: bool = False) -> tuple[datetime | None, bool]:
    """The time in UTC, or None where the text gives no date, and whether ``zone`` had to be assumed."""
    text = text[:_LONGEST]
    return _quick(text, zone) or _parsed(text, zone, day_first)


@lru_cache(maxsize=4096)
def _parsed(text: str, zone: tzinfo, day_first: bool) -> tuple[datetime | None, bool]:
    text = _WEEKDAY.sub("", text.strip().strip('"[]()'))
    for kind, compiled in _COMPILED.items():
        match = compiled.match(text)
        if match is not None:
            return _read(kind, match, zone, day_first=day_first)
    return None, False


def _quick(text: str, zone: tzinfo) -> tuple[datetime, bool] | None:
    """The commonest form without a regular expression."""
    if text[4:5] != "-" or len(text) < 19:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" +", "+").replace(" -", "-"))
        return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC), moment.tzinfo is None
    except (ValueError, OverflowError):
        return None


def from_number(value: float) -> datetime | None:
    """The time of a count of seconds, milliseconds, microseconds or nanoseconds since 1970."""
    if not 0 < value < 10**20:  # whole numbers may have any length, others may be none
        return None
    for unit in (1, 10**3, 10**6, 10**9):
        if 10**8 <= value / unit < 10**10:
            return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(value * 10**6 // unit))
    return None


def _read(kind: str, match: re.Match[str], zone: tzinfo, *, day_first: bool) -> tuple[datetime | None, bool]:
    group = match.groupdict()
    if kind in {"yearless", "yearless-numeric", "clock"}:
        return None, False
    if kind == "epoch":
        whole, _, fraction = group["epoch"].partition(".")
        return (from_number(float(group["epoch"])) if fraction else from_number(int(whole))), False
    try:
        day = _date(group, day_first=day_first)
        moment = datetime(*day, *_time(group), tzinfo=_zone(group.get("z")) or zone)
        return moment.astimezone(UTC), group.get("z") is None
    except (ValueError, OverflowError):
        return None, False


def _date(group: dict[str, str | None], *, day_first: bool) -> tuple[int, int, int]:
    year = int(group["y"] or 0)
    year += 2000 if year < 100 else 0
    if group.get("mon"):
        return year, _MONTHS.get(str(group["mon"]).lower(), 0), int(group["d"] or 0)
    if group.get("a"):
        first, second = int(group["a"] or 0), int(group["b"] or 0)
        # Only with slashes, colons and an undivided AM or PM can it be the American order.
        european = day_first or group["sep"] != "/" or group.get("dots") or group.get("es")
        swap = first > 12 or (second <= 12 and bool(european))
        return (year, second, first) if swap else (year, first, second)
    return year, int(group["m"] or 0), int(group["d"] or 0)


def _time(group: dict[str, str | None]) -> tuple[int, int, int, int]:
    hour = int(group["h"] or 0)
    late = str(group["ap"]).lower() == "p" if group.get("ap") else group.get("half") in _AFTERNOON.split("|")
    if group.get("ap") or group.get("half"):
        hour = hour % 12 + (12 if late else 0)
    micro = int((group.get("f") or "0").ljust(6, "0")[:6])
    return hour, int(group["mi"] or 0), int(group.get("s") or 0), micro


def _zone(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    if text in _ABBREVIATIONS:
        return timezone(timedelta(hours=_ABBREVIATIONS[text]))
    digits = text[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-offset if text[0] == "-" else offset)
