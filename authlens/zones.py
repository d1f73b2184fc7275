"""The zone of logs whose times carry none, as their own messages tell it.

Messages about a lifetime print the application's clock in UTC. Where their records bear another time, apart from that
by the offset of a time zone, they were written in the local time of that zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from authlens.diagnosis.evidence_times import moment
from authlens.model import Failure

_STEP: Final = timedelta(minutes=15)
"""Offsets of the world's time zones are multiples of it."""
_LEAST, _MOST = timedelta(hours=-12), timedelta(hours=14)
_SLACK: Final = timedelta(seconds=5)
"""So long after its message was made a record may be written."""
_AGREEING: Final = 0.9
"""So many of those that tell it must agree: some records tell of what happened earlier."""


def offset(failures: Sequence[Failure]) -> timedelta | None:
    """How far the times are ahead of UTC, as messages tell.

    None where they are UTC, where no message tells or the messages disagree, and where any time carries a zone.
    """
    if any(f.time is not None and not f.time_assumed for f in failures):
        return None
    told = Counter(
        _nearest(f.time - now)
        for f in failures
        if f.time is not None and (now := moment(f.fields.get("current_time"))) is not None
    )
    found, count = told.most_common(1)[0] if told else (None, 0)
    return (found or None) if count >= _AGREEING * told.total() else None


def settled(failures: Iterable[Failure], ahead: timedelta) -> list[Failure]:
    """The same with their times in UTC."""
    return [f._replace(time=utc(f.time, ahead)) for f in failures]


def utc(at: datetime | None, ahead: timedelta) -> datetime | None:
    """A moment that was taken for UTC and is ahead of it."""
    return None if at is None else at - ahead


def name(ahead: timedelta) -> str:
    """``UTC+05:30``."""
    minutes = round(abs(ahead) / timedelta(minutes=1))
    return f"UTC{'-' if ahead < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _nearest(apart: timedelta) -> timedelta | None:
    """The offset that it is, give or take a little; None where it is none."""
    steps = _STEP * round(apart / _STEP)
    return steps if abs(apart - steps) <= _SLACK and _LEAST <= steps <= _MOST else None
