"""Logs written as text: a head on the first line of a record, and whatever follows until the next head."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache

from authlens.model import Layout, Record
from authlens.reading import timestamps
from authlens.reading.formats import heads, message
from authlens.reading.formats.base import LINE, Draft, Glance, Place, decoded, plain, record
from authlens.reading.formats.lines import LIMIT, Lines, Paste, apart
from authlens.reading.runs import Run


@dataclass(frozen=True, slots=True)
class TextFormat:
    """Records that begin with a head, and those within that only a host's words show to begin."""

    pattern: re.Pattern[bytes]
    body: str
    ends: bytes
    mark: re.Pattern[bytes]
    stamp: int
    """The group of ``pattern`` that is the time; 0 where there is none, or it stands behind the message."""
    message: int
    """The group that the message begins with; 0 where it is all behind the head."""
    groups: tuple[str, ...]
    """Those that a record is made of."""
    day_first: bool
    """A date begins with the day."""
    timed_behind: bool
    """The time stands behind the message."""
    limit: int = LIMIT
    terminator: bytes = b"\n"
    whole: bool = False

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line is a head."""
        stop = min(end, begin + LINE)
        if self.ends and (stop <= begin or data[stop - 1] not in self.ends):
            return False
        if self.pattern.match(data, begin, stop) is not None:
            return True
        coloured = data.find(b"\x1b", begin, stop) >= 0 or data.find(b"^[[", begin, stop) >= 0
        return (coloured or data[begin : begin + 1] in _LEFT) and self.pattern.match(
            plain(data[begin:stop])
        ) is not None

    def divide(self, run: Run) -> Iterable[Run]:
        """A head begins one record; a second refusal within it is another logger's, whose heads are not known."""
        return apart(run)

    def glance(self, data: bytes, begin: int, end: int, zone: tzinfo) -> Glance | None:
        """The head's time apart from all else; None where the time stands behind the message."""
        if self.timed_behind:
            return None
        feed = data.find(b"\n", begin, end)
        stop = end if feed < 0 else feed - (data[feed - 1] == _RETURN)
        match = self.pattern.match(data, begin, min(begin + LINE, stop))
        if match is None:
            return None
        first, last = match.span(self.stamp) if self.stamp else _NO_TIME
        rest = data[begin:end] if first < 0 else data[begin:first] + b" " + data[last:end]
        return Glance(rest, None, False) if first < 0 else Glance(rest, *self._when(data[first:last], zone))

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """Read the head, then the rest by the format's own rule."""
        data = plain(run.data)
        data = data.replace(b"\r\n", b"\n") if b"\r" in data else data
        feed = data.find(b"\n")
        stop = len(data) if feed < 0 else feed
        match = self.pattern.match(data, 0, min(LINE, stop))
        text, broken = decoded(data)
        first, _, rest = text.partition("\n")
        draft = Draft(text=text.strip()) if match is None else self._read(match, first, rest, place)
        begin, end = match.span(self.stamp) if match is not None and self.stamp else _NO_TIME
        if begin < 0:
            message.identify(draft, first)
            return record(draft, run, place), broken
        message.identify(draft, decoded(data[:begin] + b" " + data[end:stop])[0])
        return record(draft, run, place, self._when(data[begin:end], place.zone)), broken

    def _read(self, match: re.Match[bytes], first: str, rest: str, place: Place) -> Draft:
        groups = {name: found.decode("utf-8", "replace") for name in self.groups if (found := match[name]) is not None}
        begin = match.start(self.message)
        begin = match.end() if begin < 0 or not self.message else begin
        said = first[begin if first.isascii() else len(first.encode()[:begin].decode("utf-8", "replace")) :]
        if self.body == "columns" and match[0].endswith(b'="'):
            said = message.unquoted(said)
        return message.read(self.body, groups, said, rest, place)

    def _when(self, stamp: bytes, zone: tzinfo) -> tuple[datetime | None, bool]:
        """The time that a head prints, and whether its zone had to be assumed."""
        time, assumed = _parsed(stamp, zone, self.day_first)
        return time, assumed and self.body != "utc"  # that listener prints DateTime.UtcNow


_RETURN = ord("\r")
_NO_TIME = -1, -1
_LEFT = (b"\x00", b"\xef")
"""What a line may begin with that a crash, or the file that was appended, has left there."""


@lru_cache(maxsize=1024)
def _parsed(stamp: bytes, zone: tzinfo, day_first: bool) -> tuple[datetime | None, bool]:
    return timestamps.parse(stamp.decode("utf-8", "replace"), zone, day_first=day_first)


def of(layout: Layout) -> TextFormat | Lines | Paste:
    """The text format of a layout."""
    head = heads.BY_NAME.get(layout.format)
    if layout.head is not None:
        return _with(heads.Head(layout.format, layout.head, head.body if head else "columns"))
    if head is None:
        return Paste() if layout.format == "paste" else Lines()
    return _with(head)


def _with(head: heads.Head) -> TextFormat:
    pattern = heads.compiled(head.pattern)
    groups = pattern.groupindex
    behind = head.body == "trace" or "tail" in groups
    return TextFormat(
        pattern=pattern,
        body=head.body,
        ends=head.ends.encode(),
        mark=heads.mark(head.pattern),
        stamp=0 if behind else groups.get(heads.DAY_FIRST, groups.get("ts", 0)),
        message=groups.get("msg", 0),
        groups=tuple(name for name in message.GROUPS if name in groups),
        day_first=heads.DAY_FIRST in groups,
        timed_behind=behind,
    )
