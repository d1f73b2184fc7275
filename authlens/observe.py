"""Seeing without concluding: a part of a log becomes what its records say of refusals.

``observe`` is pure. What it gives adds up associatively: ``observe(a) + observe(b)`` is ``observe(a + b)``
wherever the border falls, since a record that the border cut is kept as two fragments and read when they
meet. Nothing here names a cause.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, tzinfo

from authlens.failures import Sighting, in_order, sight
from authlens.model import Layout, Ledger, Part, Record
from authlens.reading.cut import Cut, cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What some parts of one source say, and the open ends at both borders."""

    chunks: tuple[tuple[Sighting, ...], ...]
    rest: Cut
    """The fragments at the borders and the ledger; no records."""

    def __add__(self, other: Observed) -> Observed:
        joined = self.rest + other.rest
        return Observed(
            chunks=(*self.chunks, *_chunk(joined.records), *other.chunks),
            rest=joined.without_records(),
        )

    def close(self) -> tuple[tuple[Sighting, ...], Ledger]:
        """All sightings in order of offset, and where every byte went."""
        records, ledger = self.rest.close()
        chunks = (*self.chunks, *_chunk(records))
        return tuple(in_order(s for chunk in chunks for s in chunk)), ledger


def observe(part: Part, layout: Layout, *, zone: tzinfo = UTC) -> Observed:
    """What one part says; ``zone`` is for timestamps that carry none."""
    found = cut(part, layout, zone=zone)
    return Observed(chunks=_chunk(found.records), rest=found.without_records())


def _chunk(records: Iterable[Record]) -> tuple[tuple[Sighting, ...], ...]:
    seen = tuple(s for s in map(sight, records) if s is not None)
    return (seen,) if seen else ()
