"""What a stretch of a source is, as far as its borders let tell: what they sever is kept until the neighbour comes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from authlens.model import Amount
from authlens.reading import columns, nearby, starts
from authlens.reading.blade import Knife, Slice
from authlens.reading.formats.base import LINE
from authlens.reading.runs import Piece, Run, Sheaf
from authlens.reading.slices import slices


class Strand(NamedTuple):
    """One stream at one depth of the envelopes, and how it is cut."""

    knife: Knife
    stream: str = ""
    depth: int = 0

    def of(self, stream: str) -> Strand:
        """A stream that its envelopes hold."""
        return Strand(self.knife, stream, self.depth + 1)

    def within(self, name: str) -> Strand:
        """The stream of that name that its envelopes hold."""
        return self.of(f"{self.stream}/{name}" if self.stream and name else self.stream or name)


class Body(ABC):
    """A stretch of one strand; bodies of one strand add up, and are closed when nothing comes before or after."""

    __slots__ = ()

    @abstractmethod
    def joined(self, other: Body, strand: Strand) -> Body:
        """With the stretch behind it."""

    @abstractmethod
    def closed(self, strand: Strand) -> tuple[Slice, ...]:
        """All its records."""

    @abstractmethod
    def uncut(self) -> Iterator[Slice]:
        """The records that no border cuts, stream by stream."""

    @abstractmethod
    def changed(self, change: Callable[[Any], Any], lines: int) -> Body:
        """The same so many lines further down, with something else in the place of what is kept of each record."""

    @property
    def opens(self) -> int:
        """The offset from which on records may still change, once the stretch is ``begun``."""
        return 0

    def begun(self, strand: Strand) -> Body:
        """The same where nothing comes before."""
        del strand
        return self

    def parted(self, given: int, border: int) -> tuple[Body, tuple[Slice, ...]]:
        """The rest, and the records from one offset up to another, which nothing behind can change."""
        del given, border
        return self, ()

    @abstractmethod
    def unmarked(self) -> Body:
        """Without the byte order mark that the source may begin with."""

    @property
    @abstractmethod
    def latest(self) -> int:
        """The offset of its last open end."""

    @property
    def over(self) -> Amount:
        """What was let go because a document is too large."""
        return Amount()

    def _alike(self, other: Body) -> Self:
        if isinstance(other, type(self)):
            return other
        message = "parts of differently written sources do not add up"
        raise TypeError(message)


@dataclass(frozen=True, slots=True)
class Text(Body):
    """A stretch that is written in records."""

    head: Run
    """Up to the first sure start; everything where there is none."""
    slices: tuple[Slice, ...] = ()
    tail: Run | None = None
    """From the last sure start."""

    def joined(self, other: Body, strand: Strand) -> Text:
        """The record that the border severs is cut out now, or waits on."""
        right = self._alike(other)
        middle = (self.head if self.tail is None else self.tail) + right.head
        if self.tail is None:
            return _behind_nothing(middle, right, strand)
        if right.tail is None:
            grown = text(middle, strand, begun=True)
            return Text(self.head, self._near(grown.slices), grown.tail)
        between = slices(middle, 0, len(middle.data), strand.knife, strand.stream)
        return Text(self.head, self._near(between + right.slices), right.tail)

    def _near(self, after: tuple[Slice, ...]) -> tuple[Slice, ...]:
        return self.slices + nearby.leading(self.slices, after, self.head.offset)

    def closed(self, strand: Strand) -> tuple[Slice, ...]:
        """What waited at the borders is a record."""
        return tuple(nearby.telling((*_all(self.head, strand), *self.slices, *_all(self.tail, strand))))

    def uncut(self) -> Iterator[Slice]:
        """In their order."""
        return iter(self.slices)

    def changed(self, change: Callable[[Any], Any], lines: int) -> Text:
        """Slice by slice."""
        tail = self.tail.moved(lines) if self.tail is not None else None
        return Text(self.head.moved(lines), changed(self.slices, change), tail)

    @property
    def opens(self) -> int:
        """Where the tail begins, or all of it."""
        return (self.head if self.tail is None else self.tail).offset

    def begun(self, strand: Strand) -> Text:
        """The head is a record."""
        if self.tail is None or not self.head.data:
            return self
        return Text(NOTHING, (*_all(self.head, strand), *self.slices), self.tail)

    def parted(self, given: int, border: int) -> tuple[Text, tuple[Slice, ...]]:
        """What decides on the records behind the border stays as well."""
        taken = tuple(one for one in nearby.telling(self.slices) if given <= one.offset < border)
        kept = tuple(one for one in self.slices if one.offset >= border - nearby.WINDOW)
        return Text(self.head, kept, self.tail), taken

    def unmarked(self) -> Text:
        """The mark stands in the head."""
        return replace(self, head=self.head.unmarked())

    @property
    def latest(self) -> int:
        """Of the tail, where there is one."""
        return (self.head if self.tail is None else self.tail).reached

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self.head, columns.packed(self.slices), self.tail)


NOTHING = Run(b"", ())
"""What is left of a stretch's beginning that nothing comes before."""


def changed(found: tuple[Slice, ...], change: Callable[[Any], Any]) -> tuple[Slice, ...]:
    """The same with something else in the place of what is kept of each record."""
    return tuple([_saying(one, change(one.said)) for one in found])


def _saying(one: Slice, said: Any) -> Slice:
    return one if said is one.said else Slice._make((*one[:_SAID], said, *one[_SAID + 1 :]))


_SAID = Slice._fields.index("said")


def _unpacked(head: Run, packed: columns.Columns, tail: Run | None) -> Text:
    return Text(head, columns.unpacked(packed), tail)


def text(run: Run | Sheaf, strand: Strand, *, begun: bool = False) -> Text:
    """Cut what is sure; ``begun``: a record starts at position 0."""
    form, cap, data = strand.knife.format(), strand.knife.cap(), run.data
    first = 0 if begun else starts.first(form, data)
    if first < 0:
        return Text(squeezed(run, cap, form.terminator))
    last = starts.last(form, data, first)
    found = slices(run, first, last, strand.knife, strand.stream)
    return Text(run.slice(0, first), found, squeezed(run.slice(last, len(data)), cap, form.terminator))


def _behind_nothing(middle: Run, right: Text, strand: Strand) -> Text:
    """What is behind a stretch without any sure start: the first may be in ``middle``, where they meet."""
    if right.tail is None:
        return text(middle, strand)
    form, knife = strand.knife.format(), strand.knife
    first = starts.first(form, middle.data)
    if first < 0:
        return Text(squeezed(middle, knife.cap(), form.terminator), right.slices, right.tail)
    between = slices(middle, first, len(middle.data), knife, strand.stream)
    return Text(middle.slice(0, first), nearby.leading((), between + right.slices, middle.offset), right.tail)


def _all(run: Run | None, strand: Strand) -> tuple[Slice, ...]:
    return () if run is None else slices(run, 0, len(run.data), strand.knife, strand.stream)


# --------------------------------------------------------------------------- what is kept at a border


def squeezed(run: Run | Sheaf, cap: int, terminator: bytes = b"\n") -> Run:
    """Let go of what no record can use: all behind ``cap`` bytes but the beginning of the last line."""
    data = run.data
    if len(data) <= cap + LINE:
        return run.slice(0, len(data))
    # The line that crosses the cap is kept as far as it may tell a start from the rest of a record.
    crossing = data.rfind(terminator, 0, cap) + 1
    feed = data.find(terminator, cap)
    stop = min(feed if feed >= 0 else len(data), max(cap, crossing + LINE))
    last = max(data.rfind(terminator), stop)  # kept with its line feed: the gap ends where a line does
    kept = run.slice(0, stop)
    if last > stop:
        kept = kept + _gap(run.slice(stop, last))
    rest = run.slice(last, len(data))
    enough = max(cap, LINE) + 1
    if len(rest.data) > enough:
        rest = rest.slice(0, enough) + _gap(rest.slice(enough, len(rest.data)))
    return kept + rest


def _gap(run: Run) -> Run:
    held, lost = run.amount, run.dropped
    offset, line = run.place(0)
    return Run(b"", (Piece(0, offset, line, held.bytes + lost.bytes, held.lines + lost.lines, gap=True),))
