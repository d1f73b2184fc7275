"""What the logs show besides refusals: when they begin and end, starts of applications, requests that were accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from authlens.accepted import UNNAMED, Stretch
from authlens.diagnosis.evidence_course import Place, Rest
from authlens.model import Frozen, InputReport, Role
from authlens.sightings import Sighting


class Log(Protocol):
    """What one source says, as far as it matters here."""

    @property
    def path(self) -> str:
        """As given."""

    @property
    def accepted(self) -> Mapping[str, Stretch]:
        """By scheme, the requests that were accepted."""


class Besides:
    """Takes in the records of all logs, file by file."""

    def __init__(self) -> None:
        """Nothing was read."""
        self._files: dict[str, tuple[int, int]] = {}
        """Of each path the number of the log that it belongs to, and its place there."""
        self._logs = self._order = 0
        self._starts: set[datetime] = set()
        self._hosts: set[tuple[str | None, str]] = set()
        """With streams."""
        self._near = 0
        """Acceptances near refusals."""
        self._places: defaultdict[str, set[Place]] = defaultdict(set)
        """Of those, by scheme."""

    def file(self, path: str) -> None:
        """The next file of a log begins, the oldest first."""
        self._files[path] = self._logs, self._order
        self._order += 1

    def end(self) -> None:
        """A log is through."""
        self._logs, self._order = self._logs + 1, 0

    def see(self, sightings: Iterable[Sighting]) -> None:
        """The next records of a file."""
        for seen in sightings:
            self._hosts.add((seen.host, seen.stream))
            if seen.role is Role.START and seen.time is not None:
                self._starts.add(seen.time)
            elif seen.role is Role.SUCCESS:
                self._near += 1
                self._places[seen.scheme or UNNAMED].add((*self._files[seen.path], seen.offset))

    def rest(self, logs: Iterable[Log], reports: Sequence[InputReport], ahead: timedelta = timedelta()) -> Rest:
        """All that they show, and what was read of each log; ``ahead`` are the times of its records of those reported."""
        told = [log for log in logs if log.path in self._files]
        return Rest(
            first=min((r.first for r in reports if r.first is not None), default=None),
            last=max((r.last for r in reports if r.last is not None), default=None),
            starts=tuple(sorted(start - ahead for start in self._starts)),
            alone=self._logs == 1 and len(self._hosts) == 1,
            hosts=len({host for host, _ in self._hosts if host}),
            files=Frozen(self._files),
            accepted=max(self._near, sum(stretch.times for log in told for stretch in log.accepted.values())),
            acceptances=self._acceptances(told),
        )

    def _acceptances(self, logs: Iterable[Log]) -> Mapping[str, tuple[Place, ...]]:
        """By scheme, where that is told."""
        for log in logs:
            for scheme, stretch in log.accepted.items():
                file = self._files[log.path]
                self._places[scheme] |= {(*file, stretch.first), (*file, stretch.last)}
        return Frozen({scheme: tuple(sorted(found)) for scheme, found in sorted(self._places.items())})
