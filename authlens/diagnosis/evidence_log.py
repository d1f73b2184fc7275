"""Facts that lie in the rest of the log: the same request, the same token, the same scheme."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from authlens import tokens
from authlens.diagnosis.evidence_times import SHOWN
from authlens.model import Failure, Frozen, Message, Token

_SAME_MOMENT_S = 2.0
_TELLING = ("exp", "valid_to", "valid_from", "iss", "kid", "aud")
_STRONG = frozenset({"exp", "valid_to", "valid_from"})
"""Times of one second tell tokens apart; issuers and audiences are shared by many."""
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
    counts = Counter(f.token.sha256 for f in failures if f.token is not None and f.token.form in SHOWN)
    return Surroundings(
        other_scheme=_other_scheme(failures),
        tokens=tuple(
            counts[f.token.sha256] if f.token is not None and f.token.form in SHOWN else None for f in failures
        ),
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
    return bool(_STRONG.intersection(both)) and all(one.fields[n] == other.fields[n] for n in both)


# --------------------------------------------------------------------------- one failure's own

_END_OF_SUCCESS = frozenset({"IDX10241", "IDX10245"})
"""What the library says last of a token that it accepts."""


def own(failure: Failure) -> Failure:
    """The failure with what is its own only.

    Without request ids the library's own lines in front of a refusal may belong to requests that succeeded in
    between: only those behind the last success count, and the nearest first.
    """
    if failure.request_id is not None or not failure.context:
        return failure
    tail = _behind_success(failure.context)
    mine = [m for m in failure.statement.messages if not m.informational]
    token = _own_token(failure, tail)
    fields: dict[str, object] = {}
    for message in (*mine, *reversed(tail)):
        for name, value in message.fields.items():
            fields.setdefault(name, value)
    for name, value in (tokens.token_fields(token) if token is not None else {}).items():
        fields.setdefault(name, value)
    for name in ("exception_type", "inner_exception_types"):
        if name in failure.fields:
            fields.setdefault(name, failure.fields[name])
    return replace(failure, fields=Frozen(sorted(fields.items())), token=token, context=tail)


def _behind_success(context: tuple[Message, ...]) -> tuple[Message, ...]:
    last = max((at for at, m in enumerate(context) if m.code in _END_OF_SUCCESS), default=-1)
    return context[last + 1 :]


def _own_token(failure: Failure, tail: tuple[Message, ...]) -> Token | None:
    if failure.token is not None and any(t.sha256 == failure.token.sha256 for t in failure.statement.tokens):
        return failure.token
    shown = [v for m in tail if m.code == "IDX10242" for v in m.values if v.startswith("ey")]
    return tokens.parse(shown[-1]) if shown else next(iter(failure.statement.tokens), None)


def request(failure: Failure, other_scheme: bool) -> dict[str, object]:
    """The fields ``request.…`` of a row."""
    status = failure.outcome.status
    return {
        "request.other_scheme": other_scheme,
        "request.accepted_by": failure.outcome.accepted_by,
        "request.succeeded": None if status is None else status in _SUCCESS,
    }
