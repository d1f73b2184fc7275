"""A failure that further records may still join."""

from __future__ import annotations

from collections.abc import Sequence

from authlens.model import Role
from authlens.sightings import Sighting


class Open:
    """The records that tell of one failure, as far as they are known."""

    __slots__ = (
        "accepted_by",
        "beside",
        "confusable",
        "library",
        "number",
        "place",
        "retold",
        "serial",
        "sightings",
        "status",
        "succeeded",
        "unsure",
        "where",
    )

    def __init__(self, first: Sighting, serial: int, number: int) -> None:
        """Opened by its first record, which is the log's of that serial; ``number`` counts those with a code."""
        self.sightings = [first]
        self.serial = serial
        """Of its first record."""
        self.place = serial
        """When it was opened; no two are equal."""
        self.number = number
        """Of the last record with a code that joined it."""
        self.unsure: frozenset[int] = frozenset()
        self.confusable = False
        """A record that may have been its own joined another."""
        self.library: Sequence[Sighting] = ()
        self.status: int | None = None
        self.accepted_by: str | None = None
        self.where: Sighting | None = None
        """The request's end."""
        self.beside: Open | None = None
        """The refusal that its only record may retell."""
        self.retold = False
        """Another may stand beside it in that way."""
        self.succeeded: Sighting | None = None
        """What says that some request was accepted since, in a log without request ids."""

    def has(self, role: Role) -> bool:
        """Whether a record of the role is there."""
        return role in [s.role for s in self.sightings]

    def has_of(self, role: Role, logger: str | None) -> bool:
        """Whether the logger wrote a record of the role."""
        return any(s.role is role and s.logger == logger for s in self.sightings)

    def quotes(self, key: str) -> bool:
        """Whether a record quotes the text, or the beginning of it, or one of them quotes none."""
        for known in self.sightings:
            if not known.key or not key or known.key.startswith(key) or key.startswith(known.key):
                return True
        return False

    def add(self, s: Sighting, *, sure: bool) -> None:
        """Takes a further record."""
        if not sure:
            self.unsure |= {len(self.sightings)}
        self.sightings.append(s)

    def absorb(self, other: Open) -> None:
        """Takes the records of another that tells of the same failure, which nothing in the log proves."""
        before = other.serial < self.serial
        first, second = (other, self) if before else (self, other)
        shift = len(first.sightings)
        self.unsure = first.unsure | {i + shift for i in second.unsure} | {shift}
        self.sightings = [*first.sightings, *second.sightings]
        self.library = [*first.library, *second.library]
        if self.status is None:
            self.status, self.where = other.status, other.where
        self.accepted_by = self.accepted_by or other.accepted_by
        self.serial = first.serial
