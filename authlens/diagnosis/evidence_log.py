"""Facts that lie in the rest of the log: the same request, the same token, the same scheme."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

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


class Surroundings:
    """What the rest of the log says beside a failure."""

    def __init__(self, failures: Iterable[tuple[Failure, int]]) -> None:
        """Looks at one failure of every kind, and how many there are of that."""
        self._tokens: Counter[str] = Counter()
        by_source: defaultdict[str, list[Failure]] = defaultdict(list)
        for failure, count in failures:
            by_source[failure.origin.path].append(failure)
            if failure.token is not None and failure.token.form in SHOWN:
                self._tokens[failure.token.sha256] += count
        self._libraries = {source: _common(found) for source, found in by_source.items()}

    def same_token(self, failure: Failure) -> int | None:
        """How many failures show the failure's token; None where its claims cannot be read."""
        shown = failure.token is not None and failure.token.form in SHOWN
        return self._tokens[failure.token.sha256] if failure.token is not None and shown else None

    def library(self, failure: Failure) -> Range:
        """Oldest and newest library version that can have written all of the failure's source.

        One process runs one version: what one message betrays holds for the others, unless they contradict each other.
        """
        return self._libraries[failure.origin.path] or (failure.library.low, failure.library.high)

    def mixed(self, failure: Failure) -> bool:
        """Whether messages of the failure's source contradict each other in the library's version."""
        return self._libraries[failure.origin.path] is None


def _common(failures: Sequence[Failure]) -> Range | None:
    low = max((f.library.low for f in failures if f.library.low), default=None)
    high = min((f.library.high for f in failures if f.library.high), default=None)
    return None if low is not None and high is not None and low > high else (low, high)


def other_scheme(failures: Sequence[Failure], fields: Sequence[Mapping[str, object]]) -> tuple[bool, ...]:
    """Of each failure whether another scheme refused the same request.

    Args:
        failures: In order.
        fields: What is each failure's own of what it says.
    """
    schemes: dict[tuple[str, str], str | None] = {}
    several: set[tuple[str, str]] = set()
    for f in failures:
        if f.request_id is not None:
            request = (f.origin.path, f.request_id)
            if schemes.setdefault(request, f.scheme) != f.scheme:
                several.add(request)
    shared = [f.request_id is not None and (f.origin.path, f.request_id) in several for f in failures]
    for at, (before, after) in enumerate(pairwise(failures)):
        if before.scheme != after.scheme and _together(before, after, fields[at], fields[at + 1]):
            shared[at] = shared[at + 1] = True
    return tuple(shared)


def _together(one: Failure, other: Failure, fields: Mapping[str, object], others: Mapping[str, object]) -> bool:
    """In a log without request ids: neighbours of one moment, two schemes, and one token by what they show."""
    if one.request_id is not None or other.request_id is not None or one.origin.path != other.origin.path:
        return False
    if one.scheme is None or other.scheme is None:
        return False
    if one.time is None or other.time is None or abs((other.time - one.time).total_seconds()) > _SAME_MOMENT_S:
        return False
    both = [n for n in _TELLING if n in fields and n in others]
    return bool(_STRONG.intersection(both)) and all(fields[n] == others[n] for n in both)


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
    if token is not None:
        tokens.complete(fields, token)
    for name in ("exception_type", "inner_exception_types"):
        if name in failure.fields:
            fields.setdefault(name, failure.fields[name])
    said = replace(failure.said, fields=Frozen(sorted(fields.items())), token=token, context=tail)
    return failure._replace(said=said)


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


def library(failure: Failure, versions: Range) -> dict[str, object]:
    """The fields ``library.…`` of a row."""
    return {
        "library.version": failure.library.version,
        "library.oldest": _number(versions[0]),
        "library.newest": _number(versions[1]),
    }


def _number(version: tuple[int, ...] | None) -> int | None:
    """6.28 as 6028, so that rules can compare."""
    if not version:
        return None
    major, minor = version[0], version[1] if len(version) > 1 else 0
    return major * 1000 + min(minor, 999)
