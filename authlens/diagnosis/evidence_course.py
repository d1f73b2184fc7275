"""How refusals that are alike run over the log: when they begin, how dense they are, whether and how they end.

Alike are the refusals of one scheme that claim the same (``says``), whatever number or text they have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median_low

from authlens.diagnosis.evidence_times import SHOWN
from authlens.model import Failure, Token

QUIET = timedelta(minutes=15)
"""What was not seen for so long is over."""
_MINUTE = timedelta(minutes=1)

Alike = tuple[str | None, str]
"""Scheme, and what the refusal claims."""


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
    accepted: int = 0
    """Requests that a scheme accepted, as far as the log shows them near refusals."""
    accepted_last: datetime | None = None
    accepting: frozenset[str] = frozenset()
    """Schemes that accepted requests, where the log names them."""


@dataclass(slots=True)
class _Run:
    """Refusals that are alike."""

    count: int = 0
    times: list[datetime] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)
    clients: Counter[str] = field(default_factory=Counter)
    distances: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By host: how far beyond its limits each token was used, seconds."""


class Course:
    """Counts refusals, then tells how those that are alike run."""

    def __init__(self, rest: Rest) -> None:
        """Nothing is counted yet."""
        self._rest = rest
        self._runs: defaultdict[Alike, _Run] = defaultdict(_Run)
        self._told: dict[Alike, dict[str, object]] = {}

    def count(self, alike: Alike, failure: Failure, token: Token | None, distance_s: object = None) -> None:
        """Takes one refusal, the token that is its own, and how far beyond its limits that was used."""
        run = self._runs[alike]
        run.count += 1
        if failure.time is not None:
            run.times.append(failure.time)
        if failure.client:
            run.clients[failure.client] += 1
        if (shown := _shown(token)) is not None:
            run.tokens[shown] += 1
        if failure.host and isinstance(distance_s, int):
            run.distances[failure.host].append(distance_s)

    def fields(self, alike: Alike, token: Token | None) -> dict[str, object]:
        """The fields ``alike.…`` and ``log.…``, equal for all that are alike, and the share of one token."""
        if alike not in self._told:
            self._told[alike] = {**_course(self._runs[alike], self._rest), **_accepting(alike[0], self._rest)}
        run, shown = self._runs[alike], _shown(token)
        return {**self._told[alike], "token.share": run.tokens[shown] / run.count if shown is not None else None}

    def of_host(self, alike: Alike, host: str | None) -> int | None:
        """How far beyond their limits the tokens were used on one host: the median, seconds."""
        distances = self._runs[alike].distances.get(host or "")
        return median_low(distances) if distances else None

    def of_client(self, alike: Alike, client: str | None) -> float | None:
        """The share of those that are alike that one client sent."""
        run = self._runs[alike]
        return run.clients[client] / run.count if client else None


def _shown(token: Token | None) -> str | None:
    """The fingerprint of a token whose claims can be read: of others the text may be any token's."""
    return token.sha256 if token is not None and token.form in SHOWN else None


def _accepting(scheme: str | None, rest: Rest) -> dict[str, object]:
    """Whether the scheme works at all, and whether others do; nothing where the log names no scheme that accepted."""
    if scheme is None or not rest.accepting:
        return {}
    return {"scheme.accepts": scheme in rest.accepting, "scheme.others_accept": bool(rest.accepting - {scheme})}


def _course(run: _Run, rest: Rest) -> dict[str, object]:
    times = sorted(run.times)
    row: dict[str, object] = {
        "alike.failures": run.count,
        "log.restarts": len(rest.starts),
        "log.accepted": rest.accepted,
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
        "alike.accepted_after": None if rest.accepted_last is None else rest.accepted_last > last,
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
