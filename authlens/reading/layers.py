"""Stretches that are wrapped in envelopes: line by line, or in a document that makes sense only as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from authlens.model import Amount, Frozen
from authlens.reading import needles, starts
from authlens.reading.blade import Blade, Slice
from authlens.reading.bodies import NOTHING, Body, Strand, changed, squeezed, text
from authlens.reading.runs import Run, Sheaf, together

_ENVELOPE_LINE = 16 * 1024 * 1024
_DOCUMENT = 128 * 1024 * 1024
"""Most of a document that makes sense only as a whole, bytes."""
_STREAMS = 20_000
"""So many streams are kept open; of more, those end that have been silent for longest."""


def body(run: Run | Sheaf, strand: Strand) -> Body:
    """What is sure of a stretch."""
    knife, depth = strand.knife, strand.depth
    innermost = depth == len(knife.layout.envelopes)
    if knife.format().whole if innermost else knife.envelope(depth).whole:
        return Whole((run.slice(0, len(run.data)),), len(run.data))
    return text(run, strand) if innermost else _peeled(run, strand)


# --------------------------------------------------------------------------- line by line


@dataclass(frozen=True, slots=True)
class Peeled(Body):
    """A stretch of lines that are envelopes, and their payloads by stream."""

    first: Run
    """Up to the first envelope that is sure; everything where there is none."""
    streams: Frozen[Body] = field(default_factory=Frozen)
    last: Run | None = None
    """From the last envelope that is sure."""
    ended: tuple[Slice, ...] = ()
    """The records of streams that have ended."""

    def joined(self, other: Body, strand: Strand) -> Peeled:
        """The envelope that the border severs is taken off now, or waits on."""
        right = self._alike(other)
        middle = (self.first if self.last is None else self.last) + right.first
        if self.last is None:
            return _behind_nothing(middle, right, strand)
        if right.last is None:
            grown = _peeled(middle, strand, begun=True)
            streams, ended = _gathered((self.streams, grown.streams), strand)
            return Peeled(self.first, streams, grown.last, self.ended + ended)
        streams, ended = _gathered((self.streams, _peel(middle, strand), right.streams), strand)
        return Peeled(self.first, streams, right.last, self.ended + right.ended + ended)

    def closed(self, strand: Strand) -> tuple[Slice, ...]:
        """Of all streams, one behind the other."""
        groups = [_peel(self.first, strand), self.streams]
        if self.last is not None:
            groups.append(_peel(self.last, strand))
        streams, ended = _gathered(groups, strand)
        open_ = (one for stream, inner in streams.items() for one in inner.closed(strand.of(stream)))
        return (*self.ended, *ended, *open_)

    @property
    def opens(self) -> int:
        """Where the first open end of a stream is; the last envelope is behind them all."""
        last = (self.first if self.last is None else self.last).offset
        return min((inner.opens for inner in self.streams.values()), default=last)

    def begun(self, strand: Strand) -> Peeled:
        """Its first envelope is one, and its streams begin."""
        if self.last is None:
            return self
        streams, ended = _gathered((_peel(self.first, strand), self.streams), strand)
        begun = Frozen({stream: inner.begun(strand.of(stream)) for stream, inner in streams.items()})
        return Peeled(NOTHING, begun, self.last, self.ended + ended)

    def parted(self, given: int, border: int) -> tuple[Peeled, tuple[Slice, ...]]:
        """Those of all streams."""
        parted = {stream: inner.parted(given, border) for stream, inner in self.streams.items()}
        rest = Frozen({stream: inner for stream, (inner, _) in parted.items()})
        taken = [one for one in self.ended if given <= one.offset < border]
        taken += (one for _, some in parted.values() for one in some)
        kept = tuple(one for one in self.ended if one.offset >= border)
        return Peeled(self.first, rest, self.last, kept), tuple(taken)

    def uncut(self) -> Iterator[Slice]:
        """Of streams that have ended first."""
        yield from self.ended
        for inner in self.streams.values():
            yield from inner.uncut()

    def changed(self, change: Callable[[Any], Any], lines: int) -> Peeled:
        """Stream by stream."""
        streams = Frozen({key: inner.changed(change, lines) for key, inner in self.streams.items()})
        last = self.last.moved(lines) if self.last is not None else None
        return Peeled(self.first.moved(lines), streams, last, changed(self.ended, change))

    def unmarked(self) -> Peeled:
        """The mark stands before the first envelope."""
        return replace(self, first=self.first.unmarked())

    @property
    def latest(self) -> int:
        """Of the last envelope that is kept, where there is one."""
        return (self.first if self.last is None else self.last).reached

    @property
    def over(self) -> Amount:
        """Of all streams."""
        return sum((inner.over for inner in self.streams.values()), Amount())


def _peeled(run: Run | Sheaf, strand: Strand, *, begun: bool = False) -> Peeled:
    """Take off what is sure; ``begun``: an envelope starts at position 0."""
    envelope, data = strand.knife.envelope(strand.depth), run.data
    first = 0 if begun else starts.first(envelope, data)
    if first < 0:
        return Peeled(squeezed(run, _ENVELOPE_LINE))
    last = starts.last(envelope, data, first)
    streams = _peel(run.view(first, last), strand)
    return Peeled(run.slice(0, first), streams, squeezed(run.slice(last, len(data)), _ENVELOPE_LINE))


def _behind_nothing(middle: Run, right: Peeled, strand: Strand) -> Peeled:
    """What is behind a stretch without any sure envelope: the first may be in ``middle``, where they meet."""
    if right.last is None:
        return _peeled(middle, strand)
    first = starts.first(strand.knife.envelope(strand.depth), middle.data)
    if first < 0:
        return replace(right, first=squeezed(middle, _ENVELOPE_LINE))
    between = _peel(middle.view(first, len(middle.data)), strand)
    streams, ended = _gathered((between, right.streams), strand)
    return Peeled(middle.slice(0, first), streams, right.last, right.ended + ended)


def _peel(run: Run | Sheaf, strand: Strand) -> Frozen[Body]:
    """Whole lines to payloads, by stream."""
    if not run.data:
        return Frozen()
    inner = {strand.within(key): payload for key, payload in strand.knife.envelope(strand.depth).peel(run).items()}
    return Frozen({within.stream: body(payload, within) for within, payload in inner.items()})


def _gathered(groups: Iterable[Frozen[Body]], strand: Strand) -> tuple[Frozen[Body], tuple[Slice, ...]]:
    """Stretches of the same streams added up, and the records of those that had to end."""
    streams: dict[str, Body] = {}
    for group in groups:
        for stream, inner in group.items():
            before = streams.get(stream)
            streams[stream] = inner if before is None else before.joined(inner, strand.of(stream))
    ended = _end_the_silent(streams, strand) if len(streams) > _STREAMS else ()
    return Frozen(streams), ended


def _end_the_silent(streams: dict[str, Body], strand: Strand) -> tuple[Slice, ...]:
    """End the half of the streams that has been silent for longest: a process writes a while, then no more."""
    silent = sorted(streams, key=lambda stream: streams[stream].latest)[: len(streams) // 2]
    return tuple(one for stream in silent for one in streams.pop(stream).closed(strand.of(stream)))


# --------------------------------------------------------------------------- as a whole


@dataclass(frozen=True, slots=True)
class Whole(Body):
    """A stretch of a document that makes sense only as a whole."""

    runs: tuple[Run, ...]
    size: int
    """Of all runs, bytes."""
    lost: Amount = field(default_factory=Amount)
    """What was let go because the document is too large."""

    def joined(self, other: Body, strand: Strand) -> Whole:
        """One behind the other, as long as there is room."""
        del strand
        right = self._alike(other)
        runs, size, lost = self.runs + right.runs, self.size + right.size, self.lost + right.lost
        return Whole(runs, size, lost) if size <= _DOCUMENT else _bounded(runs, lost)

    def closed(self, strand: Strand) -> tuple[Slice, ...]:
        """The document is opened, or it is one record."""
        whole = together(self.runs)
        if strand.depth < len(strand.knife.layout.envelopes):
            opened = _peel(whole, strand)
            return tuple(one for stream, inner in opened.items() for one in inner.closed(strand.of(stream)))
        if not needles.hit(whole.data):
            return ()
        return tuple(Blade(strand.knife, strand.stream).records(whole.indexed(), secondary=False, begun=False))

    def uncut(self) -> Iterator[Slice]:
        """None yet."""
        return iter(())

    def changed(self, change: Callable[[Any], Any], lines: int) -> Whole:
        """Nothing is kept of a record yet."""
        del change
        return replace(self, runs=tuple(run.moved(lines) for run in self.runs))

    def unmarked(self) -> Whole:
        """The mark may lie in several runs."""
        return replace(self, runs=(together(self.runs).unmarked(),))

    @property
    def latest(self) -> int:
        """Of the last run."""
        return self.runs[-1].reached

    @property
    def over(self) -> Amount:
        """What there was no room for."""
        return self.lost


def _bounded(runs: tuple[Run, ...], lost: Amount) -> Whole:
    kept, room = [], _DOCUMENT
    for run in runs:
        some = run if len(run.data) <= room else run.slice(0, room)
        lost = lost + run.slice(len(some.data), len(run.data)).amount
        room -= len(some.data)
        kept.append(some)
    return Whole(tuple(run for run in kept if run.data), _DOCUMENT, lost)
