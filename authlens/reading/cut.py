"""Cuts the records around hits out of a part of a source; what a border severs is joined when cuts are added.

A cut is an element of a monoid: parts may be divided anywhere and their cuts added in any association, the
records are those of the undivided source. What lies before the first record start that is sure, and what
lies behind the last, is kept as it is until the neighbour comes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from functools import lru_cache
from itertools import chain, islice
from typing import Any, NamedTuple, Protocol

from authlens.model import Amount, Frozen, Layout, Ledger, Part, Record, Spot
from authlens.reading import columns, envelopes, nearby, needles
from authlens.reading.formats import registry
from authlens.reading.formats.base import LINE, Format, Memory, Place, Stamped
from authlens.reading.formats.text import TextFormat
from authlens.reading.runs import Feeds, Piece, Run, Sheaf

_ENVELOPE_LINE = 16 * 1024 * 1024
_DOCUMENT = 128 * 1024 * 1024
"""Most of a document that makes sense only as a whole, bytes."""
_STREAMS = 20_000
"""So many streams are kept open; of more, those end that have been silent for longest."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Knife:
    """How a source is cut; equal for all its parts."""

    path: str
    layout: Layout
    zone: tzinfo
    limit: int | None = None
    see: Callable[[Record], Any] | None = None
    """What is kept of a record, instead of the record; it must be importable where the parts are cut."""
    again: Callable[[Any, Spot], Any] | None = None
    """The same of a record that differs from it in time and place only; None where it has to be read itself."""

    def format(self) -> Format:
        """What reads the innermost layer."""
        return registry.of(self.layout)

    def envelope(self, depth: int) -> envelopes.Envelope:
        """What takes off a layer."""
        return envelopes.of(self.layout.envelopes[depth], self.layout.prefix)

    def cap(self) -> int:
        """Longest record, bytes."""
        return self.limit or self.format().limit


class Slice(NamedTuple):
    """What is kept of a record, where it stood and what it accounts for."""

    offset: int
    end: int
    secondary: bool
    """Cut out for context only."""
    request: str | None
    said: Any
    """The record, or what ``Knife.see`` made of it."""
    bytes: int
    lines: int
    """So much of the source it used."""
    skipped: tuple[tuple[str, Amount], ...] = ()


# --------------------------------------------------------------------------- text


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of one stream that is written in records."""

    head: Run
    """Up to the first sure start; everything where there is none."""
    slices: tuple[Slice, ...] = ()
    tail: Run | None = None
    """From the last sure start."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpacked, (self.head, columns.packed(self.slices), self.tail)


def _unpacked(head: Run, slices: columns.Columns, tail: Run | None) -> Text:
    return Text(head, columns.unpacked(slices), tail)


def _text(run: Run | Sheaf, knife: Knife, stream: str, *, begun: bool = False) -> Text:
    """Cut what is sure; ``begun``: a record starts at position 0."""
    form, data = knife.format(), run.data
    first = 0 if begun else _first(form, data)
    if first < 0:
        return Text(_squeezed(run, knife.cap(), form.terminator))
    last = _last(form, data, first)
    slices = _slices(run, first, last, knife, stream)
    tail = _squeezed(run.slice(last, len(data)), knife.cap(), form.terminator)
    return Text(run.slice(0, first), slices, tail)


def _join_text(left: Text, right: Text, knife: Knife, stream: str) -> Text:
    middle = (left.head if left.tail is None else left.tail) + right.head
    if right.tail is None:
        grown = _text(middle, knife, stream, begun=left.tail is not None)
        if left.tail is None:
            return grown
        return Text(left.head, _near(left.slices, grown.slices, _begin(left.head)), grown.tail)
    if left.tail is not None:
        between = _slices(middle, 0, len(middle.data), knife, stream)
        return Text(left.head, _near(left.slices, between + right.slices, _begin(left.head)), right.tail)
    form = knife.format()
    first = _first(form, middle.data)
    if first < 0:
        return Text(_squeezed(middle, knife.cap(), form.terminator), right.slices, right.tail)
    between = _slices(middle, first, len(middle.data), knife, stream)
    return Text(middle.slice(0, first), _near((), between + right.slices, _begin(middle)), right.tail)


def _close_text(text: Text, knife: Knife, stream: str) -> tuple[Slice, ...]:
    """Nothing comes before and nothing after."""
    head = _slices(text.head, 0, len(text.head.data), knife, stream)
    tail = () if text.tail is None else _slices(text.tail, 0, len(text.tail.data), knife, stream)
    return tuple(nearby.telling(head + text.slices + tail))


def _begin(run: Run) -> int:
    return run.pieces[0].offset if run.pieces else 0


def _near(before: tuple[Slice, ...], after: tuple[Slice, ...], begin: int) -> tuple[Slice, ...]:
    return before + nearby.leading(before, after, begin)


def _squeezed(run: Run | Sheaf, cap: int, terminator: bytes = b"\n") -> Run:
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


# --------------------------------------------------------------------------- starts


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


def _first(form: Starting, data: bytes) -> int:
    """The first start at the beginning of a line that is whole, or -1."""
    feed = data.find(form.terminator)
    return -1 if feed < 0 else _next(form, data, feed + 1, len(data), whole=True)


def _next(form: Starting, data: bytes, pos: int, end: int, *, whole: bool = False) -> int:
    """The first start at or behind ``pos``, or -1; ``whole``: its line must have ended."""
    while pos < end:
        feed = data.find(form.terminator, pos, end)
        if feed < 0:
            return pos if not whole and form.starts(data, pos, end) else -1
        if form.starts(data, pos, feed):
            return pos
        match = form.mark.search(data, feed, end)
        if match is None:
            return -1
        pos = match.start() + 1
    return -1


def _end(form: Starting, data: bytes, begin: int) -> int:
    feed = data.find(form.terminator, begin)
    return len(data) if feed < 0 else feed


def _last(form: Starting, data: bytes, floor: int) -> int:
    """The last start at the beginning of a line that is whole; ``floor`` is one."""
    feed = data.rfind(form.terminator, floor)
    return floor if feed < 0 else _previous(form, data, feed, floor, floor)


def _previous(form: Starting, data: bytes, pos: int, low: int, floor: int) -> int:
    """The last start at or before the line of ``pos``; ``floor`` is one, and none is between it and ``low``."""
    begin = data.rfind(form.terminator, low, pos) + 1
    if begin > low and form.starts(data, begin, _end(form, data, begin)):
        return begin
    high, size = max(low, begin - 1), 1024
    while high > low:
        base = max(low, high - size)
        found = [m.start() for m in form.mark.finditer(data, base, high + _MARK) if m.start() < high]
        for begin in (i + 1 for i in reversed(found) if i >= low):
            if form.starts(data, begin, _end(form, data, begin)):
                return begin
        high, size = base, size * 2
    return floor


# --------------------------------------------------------------------------- slices


class Blade:
    """A knife that is set to one stream, with all that is asked for again with every record."""

    def __init__(self, knife: Knife, stream: str) -> None:
        self.form, self.cap = knife.format(), knife.cap()
        self.see, self._again = knife.see, knife.again
        self._text = self.form if isinstance(self.form, TextFormat) and self._again is not None else None
        self._alike, self._zone, self._stream = _alike(knife), knife.zone, stream
        self._places = [
            [Place(knife.path, stream, knife.zone, secondary, cut) for cut in (False, True)]
            for secondary in (False, True)
        ]

    def records(self, chunk: Run, *, secondary: bool, begun: bool) -> list[Slice]:
        """The records in a chunk, from one start to the next; ``begun``: it is known to begin with one."""
        kept, over = _bounded(chunk, self.cap)
        stamped = self._stamped(kept) if begun and over is None and not secondary else None
        if stamped is not None and (repeated := self._repeated(stamped, kept)) is not None:
            return [repeated]
        parts = tuple(self.form.divide(kept))
        if over is None and len(parts) == 1:
            one = self._record(parts[0], None, secondary=secondary, begun=begun and parts[0] is kept)
            if stamped is not None and one.said is not None and not one.skipped:
                self._alike.put(stamped.rest, one)
            return [one]
        slices = []
        for part in parts:
            secondary = not needles.hit(part.data)
            if secondary and not needles.near(part.data):
                continue
            slices.append(self._record(part, over, secondary=secondary, begun=False))
            over = None
        return slices

    def _stamped(self, chunk: Run) -> Stamped | None:
        """The record of a chunk, its time apart, where others may be like it but for that."""
        found = self._text.stamped(chunk.data) if self._text is not None else None
        if found is None:
            return None
        note = chunk.piece(0).note
        told = repr((self._stream, note.host, note.level) if note is not None else self._stream).encode()
        return Stamped(told + found.rest, found.time)

    def _repeated(self, stamped: Stamped, chunk: Run) -> Slice | None:
        """What is kept of a record that says what one before it said."""
        known = self._alike.get(stamped.rest)
        if known is None or self._text is None or self._again is None:
            return None
        time, assumed = self._text.when(stamped.time, self._zone)
        if time is None:
            return None
        _, offset, line, size, lines, end, last, _, _ = chunk.stretch()
        said = self._again(known.said, Spot(offset, line, end, max(1, last - line + 1), time, assumed))
        return None if said is None else Slice(offset, end, False, known.request, said, size, lines)

    def _record(self, part: Run, over: Amount | None, *, secondary: bool, begun: bool) -> Slice:
        form = self.form
        known = begun or form.whole or form.starts(part.data, 0, _end(form, part.data, 0))
        record, broken = form.build(part, self._places[secondary][over is not None])
        size, lines = part.held()
        broken = min(broken, size)  # of an envelope that holds several records only the first counts
        size -= broken
        skipped: tuple[tuple[str, Amount], ...] = () if over is None else ((_LONG, over),)
        if broken:
            skipped += ((_BROKEN, Amount(bytes=broken)),)
        if not known:
            skipped += ((_UNLIKE, Amount(bytes=size, lines=lines)),)
            size = lines = 0
        said = record if self.see is None else self.see(record)
        return Slice(record.origin.offset, record.end, secondary, record.request_id, said, size, lines, skipped)


@lru_cache(maxsize=4)
def _alike(_: Knife) -> Memory[Slice]:
    """What was kept of a source's records, by all that they hold but their time."""
    return Memory()


def _slices(run: Run | Sheaf, start: int, end: int, knife: Knife, stream: str) -> tuple[Slice, ...]:
    """The records between two positions; both are where a record starts, or the end."""
    if start >= end:
        return ()
    blade, data = Blade(knife, stream), run.data
    form, cap = blade.form, blade.cap
    primary = _around(form, data, needles.hits(data, start, end), start, end, cap=cap)
    searched = nearby.Searched(data, start, lambda at, low, high: _up_to(form, data, at, low, high))
    found: list[Slice] = []
    low = start
    for begin, stop in chain(primary, ((end, end),)):
        if low < begin:
            positions, few = searched.around(low, begin)
            around = _around(form, data, positions, low, begin, cap=cap)
            found += _context(run, around, blade, start, few=few)
        if begin < stop:
            hits = blade.records(run.slice(begin, stop), secondary=False, begun=begin > start)
            for hit in hits:
                searched.hit(begin, stop, hit.request)
            found += hits
        low = stop
    return tuple(nearby.telling(found, run.slice(start, start + 1).place(0)[0] + nearby.WINDOW))


def _context(
    run: Run | Sheaf, around: Iterable[tuple[int, int]], blade: Blade, start: int, *, few: bool
) -> Iterator[Slice]:
    """The records for context; of few only the first without a request's id."""
    chunks = ((a, b) for a, b in around if needles.near(run.data[a:b]))
    context = (s for a, b in chunks for s in blade.records(run.slice(a, b), secondary=True, begun=a > start))
    return islice((s for s in context if s.request is None), nearby.NAMELESS) if few else context


def _around(
    form: Starting, data: bytes, hits: Iterable[int], start: int, end: int, *, cap: int
) -> Iterator[tuple[int, int]]:
    """Begin and end of the records that hold hits within their first ``cap`` bytes."""
    done = low = start
    for hit in hits:
        if hit < done:
            continue
        begin = _previous(form, data, hit, low, done)
        if hit - begin >= cap:
            low = max(low, data.rfind(form.terminator, low, hit) + 1)
            continue
        feed = data.find(form.terminator, hit, end)
        stop = -1 if feed < 0 else _next(form, data, feed + 1, end)
        done = low = end if stop < 0 else stop
        yield begin, done


def _up_to(form: Starting, data: bytes, at: int, low: int, high: int) -> int:
    """The first start behind a position, or ``high``."""
    if at >= high:
        return high
    feed = data.find(form.terminator, max(low, at), high)
    after = -1 if feed < 0 else _next(form, data, feed + 1, high)
    return high if after < 0 else after


_LONG = "beyond the length of a record"
_BROKEN = "undecodable characters"
_UNLIKE = "lines of no known form"
_LARGE = "beyond the size of a document"


def _bounded(chunk: Run, cap: int) -> tuple[Run, Amount | None]:
    """What a record may use of a chunk, and what it has to leave, if anything."""
    if len(chunk.data) <= cap and (chunk.plain or not any(p.gap for p in chunk.pieces)):
        return chunk, None
    kept = chunk.slice(0, cap)
    rest = chunk.slice(len(kept.data), len(chunk.data))
    return kept, rest.amount + chunk.dropped


# --------------------------------------------------------------------------- envelopes


@dataclass(frozen=True, slots=True)
class Peeled:
    """A stretch of lines that are envelopes, and their payloads by stream."""

    first: Run
    """Up to the first envelope that is sure; everything where there is none."""
    streams: Frozen[Body]
    last: Run | None = None
    """From the last envelope that is sure."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A stretch of a document that makes sense only as a whole."""

    runs: tuple[Run, ...]
    size: int
    """Of all runs, bytes."""
    over: Amount = field(default_factory=Amount)
    """What was let go because the document is too large."""


Body = Text | Peeled | Whole


def _body(run: Run | Sheaf, knife: Knife, stream: str, depth: int) -> Body:
    if depth == len(knife.layout.envelopes):
        return (
            Whole((run.slice(0, len(run.data)),), len(run.data)) if knife.format().whole else _text(run, knife, stream)
        )
    if knife.envelope(depth).whole:
        return Whole((run.slice(0, len(run.data)),), len(run.data))
    return _peeled(run, knife, stream, depth)


def _peeled(run: Run | Sheaf, knife: Knife, stream: str, depth: int, *, begun: bool = False) -> Peeled:
    """Take off what is sure; ``begun``: an envelope starts at position 0."""
    envelope = knife.envelope(depth)
    first = 0 if begun else _first(envelope, run.data)
    if first < 0:
        return Peeled(_squeezed(run, _ENVELOPE_LINE), Frozen())
    last = _last(envelope, run.data, first)
    streams = _peel(run.view(first, last), knife, stream, depth)
    tail = _squeezed(run.slice(last, len(run.data)), _ENVELOPE_LINE)
    return Peeled(run.slice(0, first), streams, tail)


def _peel(run: Run | Sheaf, knife: Knife, stream: str, depth: int) -> Frozen[Body]:
    """Whole lines to payloads, by stream."""
    if not run.data:
        return Frozen()
    peeled = knife.envelope(depth).peel(run)
    named = {_named(stream, key): payload for key, payload in peeled.items()}
    return Frozen({key: _body(payload, knife, key, depth + 1) for key, payload in named.items()})


def _named(outer: str, inner: str) -> str:
    return f"{outer}/{inner}" if outer and inner else outer or inner


def _join(left: Body, right: Body, knife: Knife, stream: str, depth: int) -> Body:
    if isinstance(left, Text) and isinstance(right, Text):
        return _join_text(left, right, knife, stream)
    if isinstance(left, Peeled) and isinstance(right, Peeled):
        return _join_peeled(left, right, knife, stream, depth)
    if isinstance(left, Whole) and isinstance(right, Whole):
        return _bounded_whole(left, right)
    message = "parts of differently written sources do not add up"
    raise TypeError(message)


def _bounded_whole(left: Whole, right: Whole) -> Whole:
    both = Whole(left.runs + right.runs, left.size + right.size, left.over + right.over)
    if both.size <= _DOCUMENT:
        return both
    runs, room, over = [], _DOCUMENT, both.over
    for run in both.runs:
        kept = run if len(run.data) <= room else run.slice(0, room)
        over = over + run.slice(len(kept.data), len(run.data)).amount
        room -= len(kept.data)
        runs.append(kept)
    return Whole(tuple(r for r in runs if r.data), _DOCUMENT, over)


def _join_peeled(left: Peeled, right: Peeled, knife: Knife, stream: str, depth: int) -> Peeled:
    middle = (left.first if left.last is None else left.last) + right.first
    if right.last is None:
        grown = _peeled(middle, knife, stream, depth, begun=left.last is not None)
        if left.last is None:
            return grown
        return Peeled(left.first, _joined((left.streams, grown.streams), knife, depth + 1), grown.last)
    begin = 0 if left.last is not None else _first(knife.envelope(depth), middle.data)
    if begin < 0:
        return Peeled(_squeezed(middle, _ENVELOPE_LINE), right.streams, right.last)
    between = _peel(middle.view(begin, len(middle.data)), knife, stream, depth)
    streams = _joined((left.streams, between, right.streams), knife, depth + 1)
    return Peeled(middle.slice(0, begin) if left.last is None else left.first, streams, right.last)


def _joined(groups: Iterable[Frozen[Body]], knife: Knife, depth: int) -> Frozen[Body]:
    streams: dict[str, Body] = {}
    for group in groups:
        for key, body in group.items():
            before = streams.get(key)
            streams[key] = body if before is None else _added(before, body, knife, key, depth)
    return Frozen(streams if len(streams) <= _STREAMS else _fewer(streams, knife, depth))


def _added(left: Body, right: Body, knife: Knife, key: str, depth: int) -> Body:
    if key == _ENDED and isinstance(left, Text) and isinstance(right, Text):
        return replace(left, slices=left.slices + right.slices)
    return _join(left, right, knife, key, depth)


_ENDED = "\0"
"""Where the records of streams are kept that have ended."""


def _fewer(streams: dict[str, Body], knife: Knife, depth: int) -> dict[str, Body]:
    """End the half of the streams that has been silent for longest: a process writes a while, then no more."""
    kept = {key: body for key, body in streams.items() if key != _ENDED}
    ended = streams.get(_ENDED)
    slices = list(ended.slices) if isinstance(ended, Text) else []
    for key in sorted(kept, key=lambda k: _latest(kept[k]))[: len(kept) // 2]:
        slices += _close(kept.pop(key), knife, key, depth)
    return {_ENDED: Text(Run(b"", ()), tuple(slices)), **kept}


def _latest(body: Body) -> int:
    if isinstance(body, Text):
        run = body.head if body.tail is None else body.tail
    elif isinstance(body, Peeled):
        run = body.first if body.last is None else body.last
    else:
        run = body.runs[-1]
    return run.pieces[-1].offset if run.pieces else 0


def _close(body: Body, knife: Knife, stream: str, depth: int) -> tuple[Slice, ...]:
    if isinstance(body, Text):
        return _close_text(body, knife, stream)
    if isinstance(body, Whole):
        return _close_whole(body, knife, stream, depth)
    groups = [_peel(body.first, knife, stream, depth), body.streams]
    if body.last is not None:
        groups.append(_peel(body.last, knife, stream, depth))
    streams = _joined(groups, knife, depth + 1)
    return tuple(s for key in streams for s in _close(streams[key], knife, key, depth + 1))


def _close_whole(body: Whole, knife: Knife, stream: str, depth: int) -> tuple[Slice, ...]:
    whole = _whole(body.runs)
    if depth == len(knife.layout.envelopes):
        if not needles.hit(whole.data):
            return ()
        return tuple(Blade(knife, stream).records(whole.indexed(), secondary=False, begun=False))
    opened = knife.envelope(depth).peel(whole)
    slices: list[Slice] = []
    for key, payload in opened.items():
        name = _named(stream, key)
        slices += _close(_body(payload, knife, name, depth + 1), knife, name, depth + 1)
    return tuple(slices)


def _whole(runs: tuple[Run, ...]) -> Run:
    """All runs in one, without copying once for each."""
    pieces: list[Piece] = []
    size = 0
    for run in runs:
        pieces += [p._replace(pos=p.pos + size) for p in run.pieces]
        size += len(run.data)
    return Run(b"".join(r.data for r in runs), tuple(pieces))


# --------------------------------------------------------------------------- the whole cut


@dataclass(frozen=True, slots=True)
class _Seen:
    """Whether authentication was seen, also where a border cuts the marker; and how the bytes end."""

    seen: bool
    first: bytes
    last: bytes

    @classmethod
    def of(cls, data: bytes) -> _Seen:
        return cls(needles.authentication(data), data[: needles.EDGE], data[-needles.EDGE :])

    def __add__(self, other: _Seen) -> _Seen:
        seen = self.seen or other.seen or needles.authentication(self.last + other.first)
        first = (self.first + other.first)[: needles.EDGE] if len(self.first) < needles.EDGE else self.first
        last = (self.last + other.last)[-needles.EDGE :]
        return _Seen(seen, first, last)


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut out of a part, and what its borders leave open."""

    knife: Knife
    body: Body
    read: Amount
    seen: _Seen

    def __add__(self, other: Cut) -> Cut:
        body = _join(self.body, other.body, self.knife, "", 0)
        return Cut(self.knife, body, self.read + other.read, self.seen + other.seen)

    @property
    def ended(self) -> bool:
        """The last line has its line feed."""
        return not self.seen.last or self.seen.last.endswith(b"\n")

    def changed(self, change: Callable[[Any], Any], lines: int = 0) -> Cut:
        """The same so many lines further down, with something else in the place of what is kept of each record."""
        return Cut(self.knife, _changed(self.body, change, lines), self.read, self.seen)

    def said(self) -> Iterator[Any]:
        """What is kept of the records that no border cuts, stream by stream."""
        return _said(self.body)

    def close(self) -> tuple[tuple[Any, ...], Ledger]:
        """What is kept of all records, and where every byte went; nothing comes before or after.

        They come in order of their offset, or from the oldest to the newest where the source shows the newest first.
        """
        slices = list(_close(_unmarked(self.body), self.knife, "", 0))
        if "reversed" not in self.knife.layout.envelopes:  # there the payload's order is the order of time
            slices.sort(key=_order)
        unfinished = bool(self.seen.last) and not self.seen.last.endswith(b"\n")
        read = Amount(bytes=self.read.bytes, lines=self.read.lines + unfinished)
        ledger = Ledger(read=read, auth_seen=self.seen.seen or any(not s.secondary for s in slices))
        used = Amount(bytes=sum(s.bytes for s in slices), lines=sum(s.lines for s in slices))
        ledger = replace(ledger, used=used, skipped=_skipped(slices, _overflow(self.body)), records=len(slices))
        return tuple(s.said for s in slices), ledger


def _skipped(slices: Iterable[Slice], over: Amount) -> Frozen[Amount]:
    """What was left out, by reason; ``over`` is what no document may be as large as."""
    skipped = {_LARGE: over} if over != Amount() else {}
    for one in slices:
        for reason, amount in one.skipped:
            skipped[reason] = skipped.get(reason, Amount()) + amount
    return Frozen({reason: skipped[reason] for reason in sorted(skipped)})


def _overflow(body: Body) -> Amount:
    if isinstance(body, Whole):
        return body.over
    return sum(map(_overflow, body.streams.values()), Amount()) if isinstance(body, Peeled) else Amount()


def _said(body: Body) -> Iterator[Any]:
    if isinstance(body, Text):
        yield from (s.said for s in body.slices)
    elif isinstance(body, Peeled):
        for inner in body.streams.values():
            yield from _said(inner)


_SAID = Slice._fields.index("said")


def _changed(body: Body, change: Callable[[Any], Any], lines: int) -> Body:
    if isinstance(body, Text):
        slices = tuple([Slice._make((*one[:_SAID], change(one.said), *one[_SAID + 1 :])) for one in body.slices])
        return Text(body.head.moved(lines), slices, body.tail.moved(lines) if body.tail is not None else None)
    if isinstance(body, Peeled):
        streams = Frozen({key: _changed(inner, change, lines) for key, inner in body.streams.items()})
        return Peeled(body.first.moved(lines), streams, body.last.moved(lines) if body.last is not None else None)
    return replace(body, runs=tuple(run.moved(lines) for run in body.runs))


def _unmarked(body: Body) -> Body:
    """Without the byte order mark that the source may begin with."""
    if isinstance(body, Text):
        return replace(body, head=_unmarked_run(body.head))
    if isinstance(body, Peeled):
        return replace(body, first=_unmarked_run(body.first))
    return replace(body, runs=(_unmarked_run(_whole(body.runs)),))


def _unmarked_run(run: Run) -> Run:
    return run.slice(len(_BOM), len(run.data)) if run.data.startswith(_BOM) else run


def _order(one: Slice) -> tuple[int, int]:
    return one.offset, one.end


def cut(
    part: Part,
    layout: Layout,
    *,
    zone: tzinfo,
    limit: int | None = None,
    see: Callable[[Record], Any] | None = None,
    again: Callable[[Any, Spot], Any] | None = None,
) -> Cut:
    """Cut the records around hits out of a part; pure.

    Args:
        part: What to cut.
        layout: How the source is written.
        zone: For timestamps that carry none.
        limit: Longest record, bytes, instead of the format's.
        see: What to keep of each record as soon as it is whole, instead of the record itself.
        again: That of a record that differs from one before in time and place only.
    """
    knife = Knife(path=part.source, layout=layout, zone=zone, limit=limit, see=see, again=again)
    feeds = Feeds(part.data)
    run = Run(part.data, (Piece(0, part.offset, part.line),) if part.data else (), feeds)
    read = Amount(bytes=len(part.data), lines=feeds.total)
    return Cut(knife, _body(run, knife, "", 0), read, _Seen.of(part.data))
