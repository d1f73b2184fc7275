"""Where records, or the envelopes around them, begin."""

from __future__ import annotations

import re
from typing import Protocol


class Starting(Protocol):
    """What tells the beginning of a record or an envelope."""

    @property
    def terminator(self) -> bytes:
        """Ends what may be a beginning."""

    @property
    def mark(self) -> re.Pattern[bytes]:
        """Finds every terminator that a beginning may follow, without missing one."""

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether it is one."""


_MARK = 512
"""Longer than any match of a ``mark``."""


def first(form: Starting, data: bytes) -> int:
    """The first start at the beginning of a line that is whole, or -1."""
    return behind(form, data, 0, len(data), whole=True)


def behind(form: Starting, data: bytes, pos: int, end: int, *, whole: bool = False) -> int:
    """The first start behind the line of a position, or -1; ``whole``: its own line must have ended."""
    feed = data.find(form.terminator, pos, end)
    while feed >= 0 and (match := form.mark.search(data, feed, end)) is not None:
        begin = match.start() + 1
        feed = data.find(form.terminator, begin, end)
        if feed >= 0:
            if form.starts(data, begin, feed):
                return begin
        elif begin < end and not whole and form.starts(data, begin, end):
            return begin
    return -1


def last(form: Starting, data: bytes, floor: int) -> int:
    """The last start at the beginning of a line that is whole; ``floor`` is one."""
    feed = data.rfind(form.terminator, floor)
    return floor if feed < 0 else before(form, data, feed, floor, floor)


def before(form: Starting, data: bytes, pos: int, low: int, floor: int) -> int:
    """The last start at or before the line of ``pos``; ``floor`` is one, and none is between it and ``low``."""
    begin = data.rfind(form.terminator, low, pos) + 1
    if begin > low and form.starts(data, begin, end_of_line(form, data, begin)):
        return begin
    high, size = max(low, begin - 1), 1024
    while high > low:
        base = max(low, high - size)
        found = [m.start() for m in form.mark.finditer(data, base, high + _MARK) if m.start() < high]
        for begin in (i + 1 for i in reversed(found) if i >= low):
            if form.starts(data, begin, end_of_line(form, data, begin)):
                return begin
        high, size = base, size * 2
    return floor


def end_of_line(form: Starting, data: bytes, begin: int) -> int:
    """Where the line ends, its terminator left out."""
    feed = data.find(form.terminator, begin)
    return len(data) if feed < 0 else feed
