"""Seeing without concluding: a part of a log becomes what its records say of refusals.

``observe`` is pure. What it gives adds up associatively: ``observe(a) + observe(b)`` is ``observe(a + b)``
wherever the border falls, since a record that the border cut is kept as two fragments and read when they
meet. Nothing here names a cause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo

from authlens.accepted import Accepted, accepted
from authlens.exposed import Exposed, exposed
from authlens.model import Amount, Layout, Ledger, Part, Role
from authlens.reading.cut import Cut, cut
from authlens.reading.ending import TAIL, last_time
from authlens.sightings import Sighting, again, apart, moved, sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What some parts of one source say, and the open ends at both borders."""

    cut: Cut
    exposed: Exposed
    """The tokens that stand in it, whether something was refused there or not."""
    accepted: Accepted
    """The requests that schemes accepted, likewise."""
    end: bytes = field(repr=False)
    """The last bytes, which tell when the last record was written."""

    def __add__(self, other: Observed) -> Observed:
        end = (self.end + other.end)[-TAIL:]
        return Observed(
            cut=self.cut + other.cut,
            exposed=self.exposed + other.exposed,
            accepted=self.accepted + other.accepted,
            end=end,
        )

    @property
    def read(self) -> Amount:
        """How much was read."""
        return self.cut.read

    @property
    def until(self) -> datetime | None:
        """When the last record was written, as far as the end shows it."""
        knife = self.cut.knife
        return last_time(Part(source=knife.path, data=self.end), knife.layout, knife.zone)

    def refusals(self) -> int:
        """About how many failures lie in it, whoever tells of them."""
        roles = Counter(s.role for s in self.cut.said() if s is not None)
        opening = roles[Role.EXCEPTION] + roles[Role.MESSAGE] + roles[Role.UNHANDLED]
        return max(opening, roles[Role.REFUSED] + roles[Role.REMOTE], roles[Role.APPLICATION])

    def settled(self, share: Callable[[Sighting | None], Sighting | None], lines: int = 0) -> Observed:
        """The same so many lines further down, with shared statements in its sightings."""
        change = share if not lines else (lambda said: share(moved(said, lines)))
        return replace(self, cut=self.cut.changed(change, lines))

    def released(self) -> tuple[Observed, tuple[Sighting, ...]]:
        """The sightings that nothing behind can change, in order of offset, and the rest; nothing comes before."""
        rest, said = self.cut.released()
        return replace(self, cut=rest), tuple(s for s in said if s is not None)

    def close(self) -> tuple[tuple[Sighting, ...], Ledger]:
        """All sightings that were not released, in order of offset, and where every byte went."""
        said, ledger = self.cut.close()
        sightings = [s for s in said if s is not None]
        if sightings and sightings[-1].end >= ledger.read.bytes and not self.cut.ended:
            sightings[-1] = _broken_off(sightings[-1])
        return tuple(sightings), ledger


def _broken_off(last: Sighting) -> Sighting:
    """The record that the source ends in: cut, unless its text ends as texts do."""
    return last if last.statement.text.endswith(_ENDS) else last._replace(cut=True)


_ENDS = (".", "'", '"', ")", "]", "}", "!", "”")


def observe(part: Part, layout: Layout, *, zone: tzinfo = UTC) -> Observed:
    """What one part says; ``zone`` is for timestamps that carry none."""
    return Observed(
        cut=cut(part, layout, zone=zone, see=sight, again=again, apart=apart),
        exposed=exposed(part.data),
        accepted=accepted(part.data),
        end=part.data[-TAIL:],
    )
