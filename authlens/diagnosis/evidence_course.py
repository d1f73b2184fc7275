"""How refusals that are alike run over the log: when they begin, how dense they are, whether and how they end.

Alike are the refusals of one scheme that claim the same (``says``), whatever number or text they have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median_low

from authlens.accepted import UNNAMED
from authlens.diagnosis.evidence_times import SHOWN
from authlens.model import Failure, Frozen, Token

QUIET = timedelta(minutes=15)
"""What was not seen for so long is over."""
_MINUTE = timedelta(minutes=1)
_MOST_HOSTS = 64
"""Of more machines none is compared with all others."""
_TELLING = 3
"""So many different tokens tell a habit from chance."""

Alike = tuple[str | None, str]
"""Scheme, and what the refusal claims."""
Place = tuple[int, int, int]
"""Number of the log, of the file of it from the oldest on, and offset there: places of one log are in order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What the log shows besides refusals."""

    first: datetime | None = None
    """When its first record was written, as far as that is known."""
    last: datetime | None = None
    """When its last record was written."""
    starts: tuple[datetime, ...] = ()
    """When applications started, in order."""
    alone: bool = False
    """One process of one application wrote all of it: a start concerns every refusal."""
    hosts: int = 0
    """Machines that wrote records of it, as far as they are named near refusals."""
    files: Mapping[str, tuple[int, int]] = field(default_factory=Frozen)
    """By path, the number of the log and that of the file of it."""
    accepted: int = 0
    """Requests that were accepted, as far as the log tells."""
    acceptances: Mapping[str, tuple[Place, ...]] = field(default_factory=Frozen)
    """By scheme, in order, where that is told: first and last in each file, and near refusals; unnamed schemes under ""."""

    def place(self, failure: Failure) -> Place:
        """Where a failure stands."""
        return *self.files.get(failure.origin.path, (0, 0)), failure.origin.offset


_NOWHERE = (None, None)


@dataclass(slots=True)
class _Run:
    """Refusals that are alike."""

    count: int = 0
    times: list[datetime] = field(default_factory=list)
    spans: dict[int, tuple[Place, Place]] = field(default_factory=dict)
    """By log, where the first and the last of them stand."""
    tokens: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    hosts: set[str] = field(default_factory=set)
    distances: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By host: how far beyond its limits each token was used, seconds."""
    latest: dict[str, int] = field(default_factory=dict)
    """By token: how far beyond its limits it was used the last time, seconds."""
    at_offset: dict[str, bool] = field(default_factory=dict)
    """By token: whether its first use lies a whole time-zone offset behind its issue, where that is known."""

    def extend(self, place: Place) -> None:
        """Takes in where one of them stands."""
        first, last = self.spans.get(place[0], _NOWHERE)
        if first is None or last is None:
            self.spans[place[0]] = place, place
        elif place > last:
            self.spans[place[0]] = first, place
        elif place < first:
            self.spans[place[0]] = place, last

    def used(self, host: str | None, token: str | None, clock: Mapping[str, object]) -> None:
        """Takes in how far beyond its limits a token was used, and how old it was."""
        distance = clock.get("clock.distance_s")
        if not isinstance(distance, int):
            return
        if host:
            self.distances[host].append(distance)
        if token is not None:
            self.latest[token] = max(distance, self.latest.get(token, distance))
            if clock.get("clock.since_issue_s") is not None:
                self.at_offset.setdefault(token, clock.get("clock.whole_hours") is True)


class Course:
    """Counts refusals, then tells how those that are alike run."""

    def __init__(self, rest: Rest) -> None:
        """Nothing is counted yet."""
        self._rest = rest
        self._runs: defaultdict[Alike, _Run] = defaultdict(_Run)
        self._told: dict[Alike, dict[str, object]] = {}
        self._medians: defaultdict[Alike, dict[str | None, tuple[int, int | None]]] = defaultdict(dict)

    def count(self, alike: Alike, failure: Failure, token: Token | None, clock: Mapping[str, object]) -> None:
        """Takes one refusal, the token that is its own, and when that was used: the fields ``clock.…``."""
        run = self._runs[alike]
        run.count += 1
        run.extend(self._rest.place(failure))
        if failure.time is not None:
            run.times.append(failure.time)
        if failure.client:
            run.clients[failure.client] += 1
        if failure.host:
            run.hosts.add(failure.host)
        if (shown := _shown(token)) is not None:
            run.tokens[shown] += 1
        run.used(failure.host, shown, clock)

    def fields(self, alike: Alike, token: Token | None) -> dict[str, object]:
        """The fields ``alike.…`` and ``log.…``, equal for all that are alike, and the share of one token."""
        if alike not in self._told:
            run = self._runs[alike]
            self._told[alike] = {**_course(run, self._rest), **_accepting(alike[0], run, self._rest)}
        return {**self._told[alike], **self._of_token(self._runs[alike], _shown(token))}

    def _of_token(self, run: _Run, shown: str | None) -> dict[str, object]:
        if shown is None:
            return {}
        return {"token.share": run.tokens[shown] / run.count, "token.latest_s": run.latest.get(shown)}

    def of_host(self, alike: Alike, host: str | None) -> dict[str, object]:
        """How far beyond their limits the tokens were used on one host, and how far that is from all other hosts."""
        distances = self._runs[alike].distances
        mine = distances.get(host or "")
        if not mine:
            return {}
        if host not in self._medians[alike]:
            several = len(distances) <= _MOST_HOSTS
            others = [d for name, theirs in distances.items() if name != host for d in theirs] if several else []
            self._medians[alike][host] = median_low(mine), median_low(others) if others else None
        median, elsewhere = self._medians[alike][host]
        return {
            "clock.host_median_s": median,
            "clock.host_offset_s": None if elsewhere is None else median - elsewhere,
        }

    def of_client(self, alike: Alike, client: str | None) -> float | None:
        """The share of those that are alike that one client sent."""
        run = self._runs[alike]
        return run.clients[client] / run.count if client else None


def _share(answers: Collection[bool]) -> float | None:
    """Of how many it holds; None where there are too few to tell it from chance."""
    return sum(answers) / len(answers) if len(answers) >= _TELLING else None


def _shown(token: Token | None) -> str | None:
    """The fingerprint of a token whose claims can be read: of others the text may be any token's."""
    return token.sha256 if token is not None and token.form in SHOWN else None


def _accepting(scheme: str | None, run: _Run, rest: Rest) -> dict[str, object]:
    """Whether the scheme works at all, and whether others do; nothing where the log names no scheme that accepted."""
    named = rest.acceptances.keys() - {UNNAMED}
    if scheme is None or not named:
        return {}
    places = [p for p in rest.acceptances.get(scheme, ()) if p[0] in run.spans]
    return {
        "scheme.accepts": scheme in named,
        "scheme.accepts_before": any(p < run.spans[p[0]][0] for p in places),
        "scheme.accepts_meanwhile": any(run.spans[p[0]][0] < p < run.spans[p[0]][1] for p in places),
        "scheme.others_accept": bool(named - {scheme}),
    }


def _accepted_after(run: _Run, rest: Rest) -> bool | None:
    """Whether a request was accepted behind the last of them; None where the logs that show them show no acceptance."""
    there = [p for places in rest.acceptances.values() for p in places if p[0] in run.spans]
    return any(p > run.spans[p[0]][1] for p in there) if there else None


def _course(run: _Run, rest: Rest) -> dict[str, object]:
    times = sorted(run.times)
    row: dict[str, object] = {
        "alike.failures": run.count,
        "log.restarts": len(rest.starts),
        "log.accepted": rest.accepted,
        "log.hosts": rest.hosts or None,
        "alike.hosts": len(run.hosts) or None,
        "alike.at_offset": _share(run.at_offset.values()),
        "alike.accepted_after": _accepted_after(run, rest),
    }
    if not times:
        return row
    first, last = times[0], times[-1]
    restart = restart_behind(last, rest.starts)
    whose = restart is None or rest.alone  # of several applications it is not told which one started
    return row | {
        "alike.first": first,
        "alike.last": last,
        "alike.per_minute": densest(times),
        "alike.began": None if rest.first is None else first - rest.first > QUIET,
        "alike.restarted": restart is not None if whose else None,
        "alike.stopped": restart is None and rest.last - last > QUIET if whose and rest.last is not None else None,
    }


def restart_behind(last: datetime, starts: Iterable[datetime]) -> datetime | None:
    """The first start of the application behind the last refusal, if it came soon; ``starts`` in order."""
    behind = next((start for start in starts if start > last), None)
    return behind if behind is not None and behind - last <= QUIET else None


def densest(times: Sequence[datetime]) -> int:
    """The most of them that lie within one minute; ``times`` in order."""
    most = low = 0
    for high, time in enumerate(times):
        while time - times[low] >= _MINUTE:
            low += 1
        most = max(most, high - low + 1)
    return most
