"""Findings → groups: failures of one cause with one remedy, told as one story in time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from authlens.model import Alternative, Confidence, Finding, Group, Moment, Severity

_MOST_ALTERNATIVES = 6
_SEVERITIES = tuple(Severity)
"""Worst first."""
_CONFIDENCES = tuple(Confidence)
"""Surest first."""
_STILL_GOING = timedelta(minutes=15)
"""A group whose last failure lies no further back than this from the end of what was read still goes on."""
RESTART = "restart"
"""Kind of the moment at which an application started."""


def build(
    findings: Sequence[Finding], *, end: datetime | None = None, moments: Sequence[Moment] = ()
) -> tuple[Group, ...]:
    """All groups, the worst first; every finding is in exactly one.

    Args:
        findings: All of them.
        end: Of the last record whose time is known; that of the last failure when None.
        moments: What else happened; a group that a restart ended does not go on.
    """
    members: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        members.setdefault(finding.group_key or (finding.cause,), []).append(finding)
    times = [f.failure.time for f in findings if f.failure.time is not None]
    last = max((*times, *((end,) if end is not None else ())), default=None)
    restarts = sorted(m.time for m in moments if m.kind == RESTART)
    groups = [_group(key, found, last, restarts) for key, found in members.items()]
    return tuple(sorted(groups, key=_worst_first))


def _worst_first(group: Group) -> tuple[int, int, int, str]:
    return _SEVERITIES.index(group.severity), -group.count, _CONFIDENCES.index(group.confidence), group.id


def _group(
    key: tuple[str, ...], found: list[Finding], end: datetime | None, restarts: Sequence[datetime] = ()
) -> Group:
    ordered = sorted(found, key=_in_time)
    times = [f.failure.time for f in ordered if f.failure.time is not None]
    first, last = (times[0], times[-1]) if times else (None, None)
    restart = _ended_by(last, restarts)
    ongoing = restart is None and last is not None and end is not None and end - last <= _STILL_GOING
    different = _different(ordered)
    speaker = _speaker(different)
    return Group(
        id=hashlib.blake2b("\x1f".join(key).encode("utf-8", "replace"), digest_size=6).hexdigest(),
        cause=speaker.cause,
        severity=min((f.severity for f in different), key=_SEVERITIES.index),
        confidence=max((f.confidence for f in different), key=_CONFIDENCES.index),
        title=speaker.title,
        count=len(ordered),
        first=first,
        last=last,
        ongoing=ongoing,
        codes=_sorted(f.failure.code for f in different),
        issuers=_sorted(i for f in different for i in _texts(f, "iss")),
        audiences=_sorted(a for f in different for a in _texts(f, "aud")),
        kids=_sorted(k for f in different for k in _texts(f, "kid")),
        schemes=_sorted(f.failure.scheme for f in ordered),
        hosts=_sorted(f.failure.host for f in ordered),
        sources=_sorted(f.failure.origin.path for f in ordered),
        explanation=_story(ordered, speaker, first, last, restart, ongoing=ongoing),
        evidence=speaker.evidence,
        remediation=speaker.remediation,
        references=speaker.references,
        alternatives=_merged(ordered),
        next=next((f.next for f in ordered if f.next is not None), None),
        failures=tuple(f.id for f in ordered),
    )


def _different(ordered: Iterable[Finding]) -> list[Finding]:
    """The first finding of each kind of failure of which the same is said."""
    seen: dict[tuple[object, ...], Finding] = {}
    for one in ordered:
        seen.setdefault((one.failure.kind, id(one.evidence), one.severity, one.confidence), one)
    return list(seen.values())


def _in_time(finding: Finding) -> tuple[bool, float, str, int]:
    at = finding.failure.time
    origin = finding.failure.origin
    return at is None, at.timestamp() if at is not None else 0.0, origin.path, origin.offset


def _speaker(ordered: Sequence[Finding]) -> Finding:
    """The member whose words stand for all: the surest, and among those the one that shows most, the first of them."""
    return min(ordered, key=lambda f: (_CONFIDENCES.index(f.confidence), -len(f.evidence)))


def _texts(finding: Finding, name: str) -> tuple[str, ...]:
    value = finding.failure.fields.get(name)
    many = value if isinstance(value, list | tuple) else (value,)
    return tuple(v for v in many if isinstance(v, str) and v)


def _sorted(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({v for v in values if v}))


def _merged(ordered: Sequence[Finding]) -> tuple[Alternative, ...]:
    """What any member leaves open, the commonest first; each cause once, with all that would decide it."""
    alternatives = {id(f.alternatives): f.alternatives for f in ordered}
    members = Counter(id(f.alternatives) for f in ordered)
    counts: Counter[str] = Counter()
    known: dict[str, Alternative] = {}
    deciders: dict[str, dict[str, None]] = {}
    for same, offered in alternatives.items():
        for one in offered:
            counts[one.cause] += members[same]
            known.setdefault(one.cause, one)
            deciders.setdefault(one.cause, {}).update(dict.fromkeys(one.decided_by))
    best = sorted(known, key=lambda cause: (-counts[cause], list(known).index(cause)))[:_MOST_ALTERNATIVES]
    return tuple(Alternative(cause=c, why=known[c].why, decided_by=tuple(deciders[c])) for c in best)


# --------------------------------------------------------------------------- the story


def _ended_by(last: datetime | None, restarts: Sequence[datetime]) -> datetime | None:
    """The first start of the application after which the failure was not seen again, if it came soon after."""
    after = next((r for r in restarts if last is not None and r > last), None)
    return after if after is not None and last is not None and after - last <= _STILL_GOING else None


def _story(
    ordered: Sequence[Finding],
    speaker: Finding,
    first: datetime | None,
    last: datetime | None,
    restart: datetime | None,
    *,
    ongoing: bool,
) -> str:
    """One sentence that an operator acts on: what is the case, how often, since when, whether it goes on."""
    lead = _first_sentence(speaker.explanation or speaker.title).rstrip(".")
    return f"{lead}: {_how_often(len(ordered))}{_when(first, last, restart, ongoing=ongoing)}."


def _first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence, and not an address or a number."""
    for at, char in enumerate(text):
        behind = text[at + 2 : at + 3]
        if char == "." and text[at + 1 : at + 2] == " " and (behind.isupper() or behind == "("):
            return text[:at]
    return text


def _how_often(count: int) -> str:
    return "1 request refused" if count == 1 else f"{count:,} requests refused"


def _when(first: datetime | None, last: datetime | None, restart: datetime | None, *, ongoing: bool) -> str:
    if first is None or last is None:
        return ""
    none = f", none after the restart at {_clock(restart, beside=last)}" if restart is not None else ""
    if first == last:
        return f" at {_clock(first)}{none}"
    tail = "and still so when the log ends" if ongoing else f"the last at {_clock(last, beside=first)}{none}"
    return f" since {_clock(first)}, {tail}"


def _clock(at: datetime, beside: datetime | None = None) -> str:
    """UTC; without the day where the moment beside it has the same."""
    same_day = beside is not None and at.date() == beside.date()
    return at.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S") + " UTC"
