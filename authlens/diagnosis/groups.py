"""Findings → groups: failures of one cause with one remedy, told as one story in time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from authlens.diagnosis.causes import MOST_ALTERNATIVES
from authlens.diagnosis.evidence_course import QUIET, restart_behind
from authlens.diagnosis.evidence_times import SHOWN
from authlens.diagnosis.moments import RESTART, change_of
from authlens.diagnosis.story import Story
from authlens.model import Alternative, Confidence, Finding, Group, Moment, Severity

_ABOUT_KEYS = "sig."
"""Causes in which the token's key matters."""
_SEVERITIES = tuple(Severity)
"""Worst first."""
_NEVER = datetime.max.replace(tzinfo=UTC)
_CONFIDENCES = tuple(Confidence)
"""Surest first."""


def build(
    findings: Sequence[Finding],
    *,
    end: datetime | None = None,
    moments: Sequence[Moment] = (),
    alone: bool = True,
) -> tuple[Group, ...]:
    """All groups, the worst first; every finding is in exactly one.

    Args:
        findings: All of them.
        end: Of the last record whose time is known; that of the last failure when None.
        moments: What else happened; a group that a restart ended does not go on.
        alone: One process of one application wrote all of the log: its restart concerns every group.
    """
    members: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        members.setdefault(finding.group_key or (finding.cause,), []).append(finding)
    times = [f.failure.time for f in findings if f.failure.time is not None]
    last = max((*times, *((end,) if end is not None else ())), default=None)
    told = [m for m in sorted(moments) if alone or m.kind != RESTART]
    groups = [_group(key, found, last, told) for key, found in members.items()]
    return tuple(sorted(groups, key=_worst_first))


def _worst_first(group: Group) -> tuple[int, int, int, str]:
    return _SEVERITIES.index(group.severity), -group.count, _CONFIDENCES.index(group.confidence), group.id


def _group(key: tuple[str, ...], found: list[Finding], end: datetime | None, moments: Sequence[Moment]) -> Group:
    ordered = sorted(found, key=_in_time)
    different = _different(ordered)
    speaker = _speaker(different)
    kids = _sorted(k for f in different for k in _texts(f, "kid"))
    story = _story(ordered, speaker, kids, end, moments)
    return Group(
        id=hashlib.blake2b("\x1f".join(key).encode("utf-8", "replace"), digest_size=6).hexdigest(),
        cause=speaker.cause,
        severity=min((f.severity for f in different), key=_SEVERITIES.index),
        confidence=max((f.confidence for f in different), key=_CONFIDENCES.index),
        title=speaker.title,
        count=len(ordered),
        first=story.first,
        last=story.last,
        ongoing=story.ongoing,
        codes=_sorted(f.failure.code for f in different),
        issuers=_sorted(i for f in different for i in _texts(f, "iss")),
        audiences=_sorted(a for f in different for a in _texts(f, "aud")),
        kids=kids,
        schemes=_sorted(f.failure.scheme for f in ordered),
        hosts=_sorted(f.failure.host for f in ordered),
        sources=_sorted(f.failure.origin.path for f in ordered),
        explanation=str(story),
        evidence=speaker.evidence,
        remediation=speaker.remediation,
        references=speaker.references,
        alternatives=_merged(ordered, different),
        next=next((f.checked.next for f in ordered if f.checked.next is not None), None),
        failures=tuple(f.id for f in ordered),
    )


def _story(
    ordered: Sequence[Finding], speaker: Finding, kids: Sequence[str], end: datetime | None, moments: Sequence[Moment]
) -> Story:
    times = [f.failure.time for f in ordered if f.failure.time is not None]
    first, last = (times[0], times[-1]) if times else (None, None)
    restart = restart_behind(last, (m.time for m in moments if m.kind == RESTART)) if last is not None else None
    about_keys = speaker.cause.startswith(_ABOUT_KEYS)
    return Story(
        lead=speaker.explanation or speaker.title,
        count=len(ordered),
        first=first,
        last=last,
        restart=restart,
        ongoing=restart is None and last is not None and end is not None and end - last <= QUIET,
        kid=kids[0] if about_keys and len(kids) == 1 else None,
        token=_commonest_token(ordered),
        change=change_of(kids, moments) if about_keys else None,
    )


def _different(ordered: Iterable[Finding]) -> list[Finding]:
    """The first finding of each kind of failure of which the same is said."""
    seen: dict[tuple[object, ...], Finding] = {}
    for one in ordered:
        seen.setdefault((id(one.failure.said), id(one.diagnosis)), one)
    return list(seen.values())


def _in_time(finding: Finding) -> tuple[datetime, str, int]:
    path, offset, _ = finding.failure.origin
    return finding.failure.time or _NEVER, path, offset


def _speaker(ordered: Sequence[Finding]) -> Finding:
    """The member whose words stand for all: the surest, and among those the one that shows most, the first of them."""
    return min(ordered, key=lambda f: (_CONFIDENCES.index(f.confidence), -len(f.evidence)))


def _commonest_token(ordered: Iterable[Finding]) -> int:
    """How many of the failures show the one token that most of them show."""
    shown = [f.failure.said.token for f in ordered]
    counts = Counter([t.sha256 for t in shown if t is not None and t.form in SHOWN])
    return max(counts.values(), default=0)


def _texts(finding: Finding, name: str) -> tuple[str, ...]:
    value = finding.failure.fields.get(name)
    many = value if isinstance(value, list | tuple) else (value,)
    return tuple(v for v in many if isinstance(v, str) and v)


def _sorted(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({v for v in values if v}))


def _merged(ordered: Iterable[Finding], different: Iterable[Finding]) -> tuple[Alternative, ...]:
    """What any member leaves open, the commonest first; each cause once, with all that would decide it."""
    alternatives = {id(f.alternatives): f.alternatives for f in different}
    members = Counter([id(f.diagnosis.alternatives) for f in ordered])
    counts: Counter[str] = Counter()
    known: dict[str, Alternative] = {}
    deciders: dict[str, dict[str, None]] = {}
    for same, offered in alternatives.items():
        for one in offered:
            counts[one.cause] += members[same]
            known.setdefault(one.cause, one)
            deciders.setdefault(one.cause, {}).update(dict.fromkeys(one.decided_by))
    best = sorted(known, key=lambda cause: (-counts[cause], list(known).index(cause)))[:MOST_ALTERNATIVES]
    return tuple(Alternative(cause=c, why=known[c].why, decided_by=tuple(deciders[c])) for c in best)
