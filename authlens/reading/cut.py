"""Cuts the records around hits out of a part of a source; what a border severs is joined when cuts are added.

A cut is an element of a monoid: parts may be divided anywhere and their cuts added in any association, the
records are those of the undivided source. What lies before the first record start that is sure, and what
lies behind the last, is kept as it is until the neighbour comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from typing import Any, NamedTuple

from authlens.model import Amount, Frozen, Layout, Ledger, Part, Record, Spot
from authlens.reading import needles
from authlens.reading.blade import Knife, Slice
from authlens.reading.bodies import Body, Strand
from authlens.reading.layers import body
from authlens.reading.runs import Feeds, Piece, Run


@dataclass(frozen=True, slots=True)
class _Seen:
    """Whether authentication was seen, also where a border cuts the marker; and how the bytes end."""

    seen: bool
    first: bytes
    last: bytes

    @classmethod
    def of(cls, data: bytes, *, known: bool) -> _Seen:
        """``known``: something in it shows authentication, which need not be searched for."""
        return cls(known or needles.authentication(data), data[: needles.EDGE], data[-needles.EDGE :])

    def __add__(self, other: _Seen) -> _Seen:
        seen = self.seen or other.seen or needles.authentication(self.last + other.first)
        first = (self.first + other.first)[: needles.EDGE] if len(self.first) < needles.EDGE else self.first
        last = (self.last + other.last)[-needles.EDGE :]
        return _Seen(seen, first, last)


class Given(NamedTuple):
    """What was given away of a source's beginning, and what it accounts for."""

    offset: int = 0
    """Up to here."""
    used: Amount = Amount()
    skipped: Mapping[str, Amount] = Frozen()
    records: int = 0
    primary: bool = False
    """One of them was not cut out for context only."""

    def with_(self, slices: Sequence[Slice], offset: int) -> Given:
        """With more records, up to a place."""
        skipped = dict(self.skipped)
        for one in slices:
            for reason, amount in one.skipped:
                skipped[reason] = skipped.get(reason, Amount()) + amount
        used = Amount(bytes=sum(s.bytes for s in slices), lines=sum(s.lines for s in slices))
        primary = self.primary or not all(s.secondary for s in slices)
        return Given(offset, self.used + used, skipped, self.records + len(slices), primary)


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut out of a part, and what its borders leave open."""

    knife: Knife
    body: Body
    read: Amount
    seen: _Seen
    given: Given = field(default_factory=Given)

    def __add__(self, other: Cut) -> Cut:
        both = self.body.joined(other.body, Strand(self.knife))
        return Cut(self.knife, both, self.read + other.read, self.seen + other.seen, self.given)

    @property
    def ended(self) -> bool:
        """The last line has its line feed."""
        return not self.seen.last or self.seen.last.endswith(b"\n")

    def changed(self, change: Callable[[Any], Any], lines: int = 0) -> Cut:
        """The same so many lines further down, with something else in the place of what is kept of each record."""
        return replace(self, body=self.body.changed(change, lines))

    def said(self) -> Iterator[Any]:
        """What is kept of the records that no border cuts, stream by stream."""
        return (one.said for one in self.body.uncut())

    def released(self) -> tuple[Cut, tuple[Any, ...]]:
        """The rest, and what is kept of records that nothing behind can change, in their order; nothing comes before.

        Nothing where the source shows the newest first.
        """
        given = self.given.offset
        if self._backwards or self.body.opens <= given:
            return self, ()
        body = self._unmarked.begun(Strand(self.knife))
        border = max(given, body.opens)
        rest, taken = body.parted(given, border)
        slices = sorted(taken, key=_order)
        return replace(self, body=rest, given=self.given.with_(slices, border)), tuple(s.said for s in slices)

    @property
    def _backwards(self) -> bool:
        """The payload's order is the order of time."""
        return "reversed" in self.knife.layout.envelopes

    @property
    def _unmarked(self) -> Body:
        return self.body if self.given.offset else self.body.unmarked()

    def close(self) -> tuple[tuple[Any, ...], Ledger]:
        """What is kept of all records that were not released, and where every byte went; nothing comes before or after.

        They come in order of their offset, or from the oldest to the newest where the source shows the newest first.
        """
        given = self.given
        slices = [one for one in self._unmarked.closed(Strand(self.knife)) if one.offset >= given.offset]
        if not self._backwards:
            slices.sort(key=_order)
        given = given.with_(slices, self.read.bytes)
        skipped = given.skipped if self.body.over == Amount() else {**given.skipped, _LARGE: self.body.over}
        ledger = Ledger(
            read=Amount(bytes=self.read.bytes, lines=self.read.lines + (not self.ended)),
            used=given.used,
            skipped=Frozen(sorted(skipped.items())),
            records=given.records,
            auth_seen=self.seen.seen or given.primary,
        )
        return tuple(one.said for one in slices), ledger


_LARGE = "beyond the size of a document"


def _order(one: Slice) -> tuple[int, int]:
    return one.offset, one.end


def cut(
    part: Part,
    layout: Layout,
    *,
    zone: tzinfo,
    limit: int | None = None,
    see: Callable[[Record], Any] | None = None,
    again: Callable[[Any, Spot, bytes], Any] | None = None,
    apart: Callable[[bytes], tuple[bytes, bytes]] | None = None,
) -> Cut:
    """Cut the records around hits out of a part; pure.

    Args:
        part: What to cut.
        layout: How the source is written.
        zone: For timestamps that carry none.
        limit: Longest record, bytes, instead of the format's.
        see: What to keep of each record as soon as it is whole, instead of the record itself.
        again: That of a record that differs from one before in time, place and what varies only.
        apart: Of a record's bytes what tells it from others, and what varies.
    """
    knife = Knife(path=part.source, layout=layout, zone=zone, limit=limit, see=see, again=again, apart=apart)
    feeds = Feeds(part.data)
    run = Run(part.data, (Piece(0, part.offset, part.line),) if part.data else (), feeds)
    read = Amount(bytes=len(part.data), lines=feeds.total)
    inner = body(run, Strand(knife))
    hit = any(not one.secondary for one in inner.uncut())
    return Cut(knife, inner, read, _Seen.of(part.data, known=hit))
