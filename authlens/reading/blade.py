"""Cuts one record after the other out of a stream; what was read before in the same words is not read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from typing import Any, NamedTuple

from authlens.model import Amount, Layout, Record, Spot
from authlens.reading import envelopes, needles
from authlens.reading.formats import registry
from authlens.reading.formats.base import Format, Glance, Memory, Place, noted
from authlens.reading.runs import Piece, Run, Sheaf
from authlens.reading.starts import end_of_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Knife:
    """How a source is cut; equal for all its parts."""

    path: str
    layout: Layout
    zone: tzinfo
    limit: int | None = None
    see: Callable[[Record], Any] | None = None
    """What is kept of a record, instead of the record; it must be importable where the parts are cut."""
    again: Callable[[Any, Spot, bytes], Any] | None = None
    """The same of a record that differs from it in time, place and what varies; None where it has to be read itself."""
    apart: Callable[[bytes], tuple[bytes, bytes]] | None = None
    """Of a record's bytes what tells it from others, and what varies and is read of it all the same."""

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


class Blade:
    """A knife that is set to one stream, with all that is asked for again with every record."""

    def __init__(self, knife: Knife, stream: str) -> None:
        self.form, self.cap = knife.format(), knife.cap()
        self._see, self._again, self._apart = knife.see, knife.again, knife.apart
        self._alike, self._zone, self._stream = _alike(knife), knife.zone, stream
        self._places = [
            [Place(knife.path, stream, knife.zone, secondary, cut) for cut in (False, True)]
            for secondary in (False, True)
        ]

    def cut(self, run: Run | Sheaf, begin: int, end: int, *, secondary: bool, begun: bool) -> list[Slice]:
        """The records from one start to the next; ``begun``: it is known that one begins there."""
        fits = begun and self._again is not None and end - begin <= self.cap
        glance = self.form.glance(run.data, begin, end, self._zone) if fits else None
        if glance is None:
            return self.records(run.slice(begin, end), secondary=secondary, begun=begun)
        said, varied = self._apart(glance.rest) if self._apart is not None else (glance.rest, b"")
        at = run.stretch(begin, end)
        host, level = (None, None) if at.note is None else (at.note.host, at.note.level)
        key = secondary, self._stream, host, level, said
        known = self._alike.get(key)
        if known is not None and (repeated := self._repeated(known, glance, varied, at)) is not None:
            return [repeated]
        found = self.records(run.slice(begin, end), secondary=secondary, begun=begun)
        if len(found) == 1 and found[0] == self._repeated(found[0], glance, varied, at):
            self._alike.put(key, found[0], len(said))  # the glance has told all that its reading did
        return found

    def _repeated(self, known: Slice, glance: Glance, varied: bytes, at: Piece) -> Slice | None:
        """What is kept of a record that says what one before it said."""
        _, offset, line, size, lines, end, last, note, gap = at
        if self._again is None or known.said is None or gap:
            return None
        _, time, assumed, ids = glance
        if time is None:
            time, assumed = noted(note, self._zone)
        said = self._again(known.said, Spot(offset, line, end, max(1, last - line + 1), time, assumed, ids), varied)
        request = known.request if ids is None else ids[0]
        return None if said is None else Slice(offset, end, known.secondary, request, said, size, lines)

    def records(self, chunk: Run, *, secondary: bool, begun: bool) -> list[Slice]:
        """The records in a chunk; ``begun``: it is known to begin with one."""
        kept, over = _bounded(chunk, self.cap)
        parts = tuple(self.form.divide(kept))
        if over is None and len(parts) == 1:
            return [self._record(parts[0], None, secondary=secondary, begun=begun and parts[0] is kept)]
        slices = []
        for part in parts:
            secondary = not needles.hit(part.data)
            if secondary and not needles.near(part.data):
                continue
            slices.append(self._record(part, over, secondary=secondary, begun=False))
            over = None
        return slices

    def _record(self, part: Run, over: Amount | None, *, secondary: bool, begun: bool) -> Slice:
        form = self.form
        known = begun or form.whole or form.starts(part.data, 0, end_of_line(form, part.data, 0))
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
        said = record if self._see is None else self._see(record)
        return Slice(record.origin.offset, record.end, secondary, record.request_id, said, size, lines, skipped)


_LONG = "beyond the length of a record"
_BROKEN = "undecodable characters"
_UNLIKE = "lines of no known form"


@lru_cache(maxsize=4)
def _alike(_: Knife) -> Memory[tuple[bool, str, str | None, str | None, bytes], Slice]:
    """What was kept of a source's records, by stream, host, level, and all that tells them from others."""
    return Memory()


def _bounded(chunk: Run, cap: int) -> tuple[Run, Amount | None]:
    """What a record may use of a chunk, and what it has to leave, if anything."""
    if len(chunk.data) <= cap and (chunk.plain or not any(p.gap for p in chunk.pieces)):
        return chunk, None
    kept = chunk.slice(0, cap)
    rest = chunk.slice(len(kept.data), len(chunk.data))
    return kept, rest.amount + chunk.dropped
