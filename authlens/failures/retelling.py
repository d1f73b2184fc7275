"""Lines of applications that retell a refusal, in logs without request ids.

An application's line right behind a refusal (or right before it) that quotes the same text may retell it, or tell
that the application itself refused the next request's token. What retells stands beside a refusal every time; what
validates by itself does so on its own sooner or later. So the line joins only where

- it is the very next record with a code, within moments, no request ended between, and no such line is there yet;
- every line of its kind (logger, and the words before the code) in the whole log stands like that;
- and the text shows values, or, where they are hidden or it has none, at least three lines of the kind agree.

An unhandled exception needs the text alone, if that shows values; an equal trace id decides by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from authlens.failures.opened import Open
from authlens.model import Role
from authlens.sightings import Sighting

_RETELLING = (Role.APPLICATION, Role.UNHANDLED)
_TOLD = (Role.EXCEPTION, Role.REFUSED, Role.MESSAGE, Role.REMOTE)
_MOMENTS_S = 0.25
"""What retells a refusal follows it, or precedes it, within this time."""
_ENOUGH_ALIKE = 3
"""So many lines of one kind that all stand beside a refusal with their hidden text are no accident."""
_WORDS = 60


class _Kind(NamedTuple):
    """Lines that one statement of a program writes."""

    role: Role
    logger: str | None
    words: str
    """Before the code or the exception's type, up to the first that varies."""


class Retelling:
    """Notes which failures stand beside each other, and says at the end which of them are one."""

    def __init__(self) -> None:
        """Nothing stands beside anything."""
        self._kinds: Counter[_Kind] = Counter()
        self._beside: list[Open] = []
        self._ended: dict[str, int] = {}
        """After how many records with a code a request last ended, by stream."""

    def end(self, stream: str, number: int) -> None:
        """A request ended, behind so many records with a code."""
        self._ended[stream] = number

    def compare(self, opened: Open, last: Open | None, number: int) -> None:
        """Notes that the last failure and the new one may be one, told by a host and by an application."""
        s = opened.sightings[0]
        if s.role in _RETELLING:
            self._kinds[_kind(s)] += 1
        if last is None:
            return
        told = last.sightings[0]
        behind = s.role in _RETELLING and told.role in _TOLD and not last.has(s.role)
        before = told.role in _RETELLING and s.role in _TOLD and len(last.sightings) == 1 and last.beside is None
        if not (behind or before) or not self._adjacent(last, opened, number):
            return
        line, refusal = (opened, last) if behind else (last, opened)
        self._beside.append(line)
        line.beside, refusal.retold = refusal, True

    def _adjacent(self, last: Open, opened: Open, number: int) -> bool:
        s, before = opened.sightings[0], last.sightings[-1]
        if before.request_id != s.request_id or not last.quotes(s.key):
            return False
        if before.trace_id and s.trace_id:
            return before.trace_id == s.trace_id
        ended = self._ended.get(s.stream) == last.number
        if last.number != number - 1 or (ended and s.role is not Role.UNHANDLED):
            return False
        return before.time is None or s.time is None or abs((s.time - before.time).total_seconds()) <= _MOMENTS_S

    def retold(self) -> Iterator[tuple[Open, Open]]:
        """Refusals, each with a line that retells it."""
        alike = Counter(_kind(o.sightings[0]) for o in self._beside)
        joined: set[tuple[int, Role]] = set()
        for o in self._beside:
            told, s = o.beside, o.sightings[0]
            if told is None or (told.place, s.role) in joined:
                continue
            if _retells(s, told, alike[_kind(s)], self._kinds[_kind(s)]):
                joined.add((told.place, s.role))
                yield told, o


def _kind(s: Sighting) -> _Kind:
    start = min((m.start for m in s.statement.messages), default=0)
    words = s.statement.text[: min(start, _WORDS)].split(" ")
    return _Kind(s.role, s.logger, " ".join(w for w in words if w.isalpha())[:_WORDS])


def _retells(s: Sighting, told: Open, alike: int, all_of_kind: int) -> bool:
    """Whether a line beside a refusal tells of that; the module says by what rule."""
    if s.trace_id and s.trace_id == told.sightings[0].trace_id:
        return True
    shown = [m for m in s.statement.messages if not m.informational]
    shows = bool(shown and shown[0].values) and not any(m.hidden for m in shown)
    if s.role is Role.UNHANDLED and shows:
        return True
    return alike == all_of_kind and (shows or alike >= _ENOUGH_ALIKE)
