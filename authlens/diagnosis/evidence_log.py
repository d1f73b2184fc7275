"""Facts that lie in the rest of the log: the same request, the same token, the same scheme."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from authlens.model import Failure

_SAME_MOMENT_S = 0.25
_TELLING = ("kid", "iss", "exp", "valid_to", "aud")
_SUCCESS = range(200, 400)

Version = tuple[int, ...]
Range = tuple[Version | None, Version | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the rest of the log says of each failure, by position."""

    other_scheme: tuple[bool, ...]
    """Another scheme refused the same request."""
    tokens: tuple[int | None, ...]
    """How many failures show the same token."""
    libraries: tuple[Range, ...]
    """Oldest and newest library version that can have written all of the failure's source."""


def survey(failures: Sequence[Failure]) -> Surroundings:
    """Looks at all failures once."""
    counts = Counter(f.token.sha256 for f in failures if f.token is not None and f.token.raw is not None)
    return Surroundings(
        other_scheme=_other_scheme(failures),
        tokens=tuple(counts.get(f.token.sha256) if f.token is not None else None for f in failures),
        libraries=_libraries(failures),
    )


def _libraries(failures: Sequence[Failure]) -> tuple[Range, ...]:
    """One process runs one version: what one message betrays holds for the others, unless they contradict each other."""
    by_source: defaultdict[str, list[Failure]] = defaultdict(list)
    for f in failures:
        by_source[f.origin.path].append(f)
    common = {source: _common(found) for source, found in by_source.items()}
    return tuple(common[f.origin.path] or (f.library.low, f.library.high) for f in failures)


def _common(failures: Sequence[Failure]) -> Range | None:
    low = max((f.library.low for f in failures if f.library.low), default=None)
    high = min((f.library.high for f in failures if f.library.high), default=None)
    return None if low is not None and high is not None and low > high else (low, high)


def _other_scheme(failures: Sequence[Failure]) -> tuple[bool, ...]:
    schemes: defaultdict[tuple[str, str], set[str | None]] = defaultdict(set)
    for f in failures:
        if f.request_id is not None:
            schemes[f.origin.path, f.request_id].add(f.scheme)
    shared = [f.request_id is not None and len(schemes[f.origin.path, f.request_id]) > 1 for f in failures]
    for before, after in zip(range(len(failures)), range(1, len(failures)), strict=False):
        if _together(failures[before], failures[after]):
            shared[before] = shared[after] = True
    return tuple(shared)


def _together(one: Failure, other: Failure) -> bool:
    """In a log without request ids: neighbours of one moment, two schemes, and one token by what they show."""
    if one.request_id is not None or other.request_id is not None or one.origin.path != other.origin.path:
        return False
    if one.scheme is None or other.scheme is None or one.scheme == other.scheme:
        return False
    if one.time is None or other.time is None or abs((other.time - one.time).total_seconds()) > _SAME_MOMENT_S:
        return False
    both = [n for n in _TELLING if n in one.fields and n in other.fields]
    return bool(both) and all(one.fields[n] == other.fields[n] for n in both)


def request(failure: Failure, other_scheme: bool) -> dict[str, object]:
    """The fields ``request.…`` of a row."""
    status = failure.outcome.status
    return {
        "request.other_scheme": other_scheme,
        "request.accepted_by": failure.outcome.accepted_by,
        "request.succeeded": None if status is None else status in _SUCCESS,
    }
