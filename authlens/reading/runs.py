"""Runs of bytes that remember where in the source they came from."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple, Protocol

from authlens.model import Amount

_STEP = 32 * 1024
"""Bytes of a block whose lines are counted at once."""
_BOM = b"\xef\xbb\xbf"
_FAR = 1 << 62
"""Behind every offset: pieces are in the order of their positions, then of their offsets."""


class Note(NamedTuple):
    """What an envelope says beside its payload."""

    stamp: str = ""
    """As printed, or a decimal number since 1970."""
    host: str | None = None
    level: str | None = None

    def within(self, outer: Note | None) -> Note:
        """With what the envelope around it says where this one is silent."""
        if outer is None:
            return self
        return Note(self.stamp or outer.stamp, self.host or outer.host, self.level or outer.level)


class Piece(NamedTuple):
    """A stretch of a run, up to the next piece's ``pos``, and the stretch of the source that it stands for."""

    pos: int
    offset: int
    line: int
    size: int = -1
    """Bytes of the source; -1 where the run holds the source's own bytes, one to one; 0 where counted elsewhere."""
    lines: int = 0
    end: int = 0
    """Offset behind the stretch of the source, unless the bytes are its own."""
    last: int = 0
    """Its last line."""
    note: Note | None = None
    gap: bool = False
    """The run has dropped these bytes: it holds none of them."""


class Feeds:
    """Counts the line feeds before positions of a block without counting from afar."""

    __slots__ = ("_at", "_before", "_data", "_known")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._before = _sums(data)
        """Line feeds before each step, and in all."""
        self._at = self._known = 0
        """The position asked last, and the line feeds before it: the next one is near behind, as a rule."""

    @property
    def total(self) -> int:
        """Line feeds in all."""
        return self._before[-1]

    def before(self, pos: int) -> int:
        """Line feeds before a position."""
        step = pos // _STEP
        if not step * _STEP <= self._at <= pos:
            self._at, self._known = step * _STEP, self._before[step]
        self._known += self._data.count(b"\n", self._at, pos)
        self._at = pos
        return self._known

    def within(self, start: int, end: int) -> tuple[int, int]:
        """Line feeds before a position, and from there to another."""
        before = self.before(start)
        lines = self._data.count(b"\n", start, end)
        self._at, self._known = end, before + lines
        return before, lines


def _sums(data: bytes) -> list[int]:
    if len(data) <= _STEP:
        return [0, data.count(b"\n")]
    import numpy as np  # noqa: PLC0415 - small logs are read without it

    block = np.frombuffer(data, np.uint8)
    counts = (np.count_nonzero(block[at : at + _STEP] == _FEED) for at in range(0, len(data), _STEP))
    return [0, *accumulate(map(int, counts))]


_FEED = ord("\n")


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes of one stream, joined over whatever interrupted them in the source."""

    data: bytes = field(repr=False)
    pieces: tuple[Piece, ...]
    feeds: Feeds | None = field(default=None, repr=False, compare=False)
    """Of ``data``, where places are asked for again and again."""

    def __add__(self, other: Run) -> Run:
        shift = len(self.data)
        moved = other.pieces if not shift else tuple(p._replace(pos=p.pos + shift) for p in other.pieces)
        return Run(self.data + other.data, _merged(self, moved))

    @property
    def plain(self) -> bool:
        """The data is one stretch of the source's own bytes."""
        return len(self.pieces) == 1 and self.pieces[0].size < 0

    def slice(self, start: int, end: int) -> Run:
        """The run from one position to another; a gap belongs to what stands before it."""
        if len(self.pieces) == 1 and self.pieces[0].size < 0:
            pieces = (self._cut(self.pieces[0], start),) if end > 0 else ()
            return Run(self.data[start:end], pieces)
        low = max(0, bisect_right(self.pieces, (start, _FAR)) - 1)
        high = bisect_right(self.pieces, (end, _FAR), low)
        taken = tuple([self._cut(p, start) for p in self.pieces[low:high] if self._within(p, start, end)])
        return Run(self.data[start:end], taken)

    def _within(self, piece: Piece, start: int, end: int) -> bool:
        if piece.gap:
            return start < piece.pos <= end
        return piece.pos < end

    def _cut(self, piece: Piece, start: int) -> Piece:
        pos, offset, line, size, lines, end, last, note, gap = piece
        if pos >= start:
            return Piece(pos - start, offset, line, size, lines, end, last, note, gap)
        if size >= 0:
            # The source's line has been counted with what stands before.
            return Piece(0, offset, line, 0, 0, end, last, note, gap)
        return Piece(0, offset + start - pos, line + self._feeds(pos, start), -1, 0, 0, 0, note)

    def _feeds(self, start: int, end: int) -> int:
        """Line feeds between two positions."""
        if self.feeds is None:
            return self.data.count(b"\n", start, end)
        before = self.feeds.before(start) if start else 0
        return self.feeds.before(end) - before

    def view(self, start: int, end: int) -> Run:
        """The same as a slice."""
        return self.slice(start, end)

    def unmarked(self) -> Run:
        """The same without the byte order mark that it may begin with."""
        return self.slice(len(_BOM), len(self.data)) if self.data.startswith(_BOM) else self

    def moved(self, lines: int) -> Run:
        """The same so many lines further down in the source."""
        return Run(self.data, tuple([p._replace(line=p.line + lines, last=p.last + lines) for p in self.pieces]))

    def place(self, pos: int) -> tuple[int, int]:
        """Offset and line in the source."""
        piece = self.piece(pos)
        if piece.size >= 0:
            return piece.offset, piece.line
        return piece.offset + pos - piece.pos, piece.line + self._feeds(piece.pos, pos)

    @property
    def offset(self) -> int:
        """Where it begins in the source."""
        return self.pieces[0].offset if self.pieces else 0

    @property
    def reached(self) -> int:
        """Where its last piece begins in the source."""
        return self.pieces[-1].offset if self.pieces else 0

    def stretch(self, start: int = 0, end: int | None = None) -> Piece:
        """What stands between two positions as one piece; ``gap``: some of it was dropped."""
        data = self.data
        end = len(data) if end is None else end
        if not (self.plain and start < end):
            return _summed(self.slice(start, end) if start or end < len(data) else self)
        pos, offset, line, _, _, _, _, note, _ = self.pieces[0]
        if self.feeds is None or pos:
            before, lines = self._feeds(pos, start), data.count(b"\n", start, end)
        else:
            before, lines = self.feeds.within(start, end)
        offset, line, size = offset + start - pos, line + before, end - start
        return Piece(0, offset, line, size, lines, offset + size, line + lines - (data[end - 1] == _FEED), note)

    def behind(self) -> tuple[int, int]:
        """Offset behind the run in the source, and the line of its last byte."""
        if not self.data:
            return self.place(0)
        final = len(self.data) - 1
        piece = self.piece(final)
        if piece.size >= 0:
            return piece.end, piece.last
        offset, line = self.place(final)
        return offset + 1, line

    def piece(self, pos: int) -> Piece:
        """The piece that a byte lies in."""
        if not self.pieces:
            return Piece(0, 0, 1)
        return self.pieces[max(0, bisect_right(self.pieces, (pos, _FAR)) - 1)]

    def indexed(self) -> Run:
        """The same, prepared for being asked for many places."""
        return self if self.feeds is not None else Run(self.data, self.pieces, Feeds(self.data))

    def _ends(self) -> list[int]:
        return [p.pos for p in self.pieces[1:]] + [len(self.data)] if self.pieces else []

    @property
    def amount(self) -> Amount:
        """So much of the source as the run holds."""
        size, lines = self.held()
        return Amount(bytes=size, lines=lines)

    def held(self) -> tuple[int, int]:
        """So many bytes and lines of the source."""
        if self.plain:
            return len(self.data), self.data.count(b"\n")
        size = lines = 0
        for piece, end in zip(self.pieces, self._ends(), strict=True):
            if piece.gap:
                continue
            size += piece.size if piece.size >= 0 else end - piece.pos
            lines += piece.lines if piece.size >= 0 else self.data.count(b"\n", piece.pos, end)
        return size, lines

    @property
    def dropped(self) -> Amount:
        """So much of the source as the run has let go."""
        gaps = [p for p in self.pieces if p.gap]
        return Amount(bytes=sum(p.size for p in gaps), lines=sum(p.lines for p in gaps))


class Noting(Protocol):
    """What an envelope says beside its payload, read where it is asked for."""

    def __call__(self, data: bytes, begin: int, end: int) -> Note:
        """``begin`` and ``end`` of the envelope."""


@dataclass(frozen=True, slots=True)
class Sheaf:
    """The payloads of one stream, one behind the other; where each came from is worked out when it is asked for.

    Most lines of a log are never asked for.
    """

    data: bytes = field(repr=False)
    source: Run | Sheaf = field(repr=False)
    starts: list[int] = field(repr=False)
    """Of each payload in ``data``; the first may be below 0."""
    begins: list[int] = field(repr=False)
    """Of each envelope in the source's data."""
    ends: list[int] = field(repr=False)
    note: Noting

    def indexed(self) -> Sheaf:
        """Nothing is to be done."""
        return self

    def view(self, start: int, end: int) -> Sheaf:
        """From one position to another."""
        low, high = self._range(start, end)
        starts = [s - start for s in self.starts[low:high]]
        return Sheaf(self.data[start:end], self.source, starts, self.begins[low:high], self.ends[low:high], self.note)

    def slice(self, start: int, end: int) -> Run:
        """From one position to another, with all places."""
        low, high = self._range(start, end)
        return Run(self.data[start:end], tuple([self._piece(i, start) for i in range(low, high)]))

    def stretch(self, start: int, end: int) -> Piece:
        """What stands between two positions, with the envelopes around it, as one piece."""
        low, high = self._range(start, end)
        begins, ends = self.begins[low:high], self.ends[low:high]
        _, offset, line, size, lines, behind, last, outer, _ = self.source.stretch(begins[0], ends[-1])
        counted = low + (self.starts[low] < max(start, 0))
        if counted > low or begins[1:] != ends[:-1]:  # the first is counted before; other streams stand between
            parts = [self.source.stretch(self.begins[i], self.ends[i]) for i in range(counted, high)]
            size, lines = sum(p.size for p in parts), sum(p.lines for p in parts)
        note = self.note(self.source.data, begins[0], ends[0]).within(outer)
        return Piece(0, offset, line, size, lines, behind, last, note)

    def _range(self, start: int, end: int) -> tuple[int, int]:
        low = max(0, bisect_right(self.starts, start) - 1)
        return low, bisect_left(self.starts, end, low)

    def _piece(self, index: int, start: int) -> Piece:
        begin, end, pos = self.begins[index], self.ends[index], self.starts[index]
        _, offset, line, size, lines, behind, last, outer, _ = self.source.slice(begin, end).stretch()
        if pos < start or pos < 0:
            size = lines = 0  # counted with what stands before
        note = self.note(self.source.data, begin, end).within(outer)
        return Piece(max(0, pos - start), offset, line, size, lines, behind, last, note)


def _summed(run: Run) -> Piece:
    (offset, line), (size, lines), (end, last) = run.place(0), run.held(), run.behind()
    return Piece(0, offset, line, size, lines, end, last, run.piece(0).note, any(p.gap for p in run.pieces))


def _merged(left: Run, right: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Two neighbouring stretches of the source's own bytes are one."""
    if not left.pieces or not right:
        return left.pieces + right
    last, first = left.pieces[-1], right[0]
    if last.gap and first.gap:
        both = last._replace(size=last.size + first.size, lines=last.lines + first.lines)
        return (*left.pieces[:-1], both, *right[1:])
    plain = last.size < 0 and first.size < 0 and last.note == first.note
    if plain and last.offset + len(left.data) - last.pos == first.offset:
        return left.pieces + right[1:]
    return left.pieces + right


def together(runs: tuple[Run, ...]) -> Run:
    """All runs in one, without copying once for each."""
    pieces: list[Piece] = []
    size = 0
    for run in runs:
        pieces += [p._replace(pos=p.pos + size) for p in run.pieces]
        size += len(run.data)
    return Run(b"".join(run.data for run in runs), tuple(pieces))
