"""Takes the records of one log in order and closes each failure once nothing can join it any more."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import timedelta

from authlens import messages
from authlens.failures import rules
from authlens.failures.library import Chains, Lines, uncounted
from authlens.failures.opened import Open
from authlens.failures.retelling import Retelling
from authlens.failures.saying import Maker
from authlens.model import Failure, Role
from authlens.sightings import Sighting

_OPEN_FOR_RECORDS = 400
"""So many further records with a code may pass before a failure without request id is closed."""
_OPEN_FOR = timedelta(minutes=2)
"""So long may a request run before a failure without request id is closed."""
_NEAR_BYTES = 64 * 1024
"""A request's end is looked for so far behind the last record of a failure."""
_FEW_OPEN = 8


class Joiner:
    """Takes the sightings of one log, which may go on over several files, in order."""

    def __init__(self) -> None:
        """Nothing is open."""
        self._number = 0
        """Of the last record with a code that a host or an application wrote."""
        self._serial = 0
        """Of the last record."""
        self._handlers = False
        """A handler is heard in this log."""
        self._path: str | None = None
        self._last_end = -_NEAR_BYTES
        self._open: deque[Open] = deque()
        """What further records may join, the oldest first."""
        self._opened: dict[int, Open] = {}
        """By place, but for those that are made."""
        self._requests: dict[tuple[str, str], list[Open]] = {}
        self._waiting: dict[tuple[str, Role], dict[int, Open]] = {}
        """Failures without a request id, by what may still follow, in the order they were opened."""
        self._unfinished: dict[int, Open] = {}
        """Those whose request has not ended, as far as the log tells."""
        self._last: dict[str, Open] = {}
        """By stream."""
        self._lines = Lines()
        self._unhosted = Chains()
        self._retelling = Retelling()
        self._headers: list[Sighting] = []
        self._maker = Maker()
        self._made: list[Failure] = []
        self._serials = array("q")
        """Of the first record of each that is made."""

    def feed(self, s: Sighting) -> None:
        """Takes the next record."""
        if s.path != self._path:
            self._path, self._last_end = s.path, -_NEAR_BYTES if self._path is None else 0
        if s.secondary and s.offset - self._last_end > _NEAR_BYTES:
            return
        if not s.secondary:
            self._last_end = max(self._last_end, s.end)
        role = s.role
        if role is Role.START:
            return  # a busy host's log is not in order of time: what is open may still be told of
        self._serial += 1
        if role is Role.FINISH:
            self._finish(s)
        elif role is Role.SUCCESS:
            self._accept(s)
        elif role is Role.LIBRARY:
            self._keep(s)
        elif messages.only_header(s.statement.messages):
            self._headers += [] if self._any() else [s]
        else:
            self._host(s)

    def close(self) -> tuple[Failure, ...]:
        """Nothing comes any more."""
        if not self._handlers:
            for chain in uncounted(self._unhosted.close(), list(self._opened.values())):
                self._opened[chain.place] = chain
        for header in [] if self._any() else self._headers:  # where anything else tells of refusals, they add nothing
            self._serial += 1
            self._begin(header)
        for told, line in self._retelling.retold():
            told.absorb(self._opened.pop(line.place))
        for o in self._opened.values():
            self._make(o)
        order = sorted(range(len(self._made)), key=self._serials.__getitem__)
        return tuple([self._made[at] for at in order])

    def _any(self) -> bool:
        """Whether anything tells of a refusal so far."""
        return bool(self._opened or self._made)

    # ----------------------------------------------------------------- records of hosts and applications

    def _host(self, s: Sighting) -> None:
        self._number += 1
        if s.role in rules.HANDLERS and not self._handlers:
            self._handlers = True
            self._unhosted = Chains()
        self._expire(s)
        last = self._last.get(s.stream)
        if last is not None and rules.other_sink(last.sightings[-1], s):
            last.add(s, sure=False)
            last.number = self._number
            return
        chosen, others = self._joinable(s)
        if chosen is None:
            chosen = self._begin(s)
        else:
            chosen.add(s, sure=not others and not chosen.confusable)
            if s.request_id is None and s.role is not Role.UNHANDLED:  # which several loggers may tell of
                self._waiting.get((s.stream, s.role), {}).pop(chosen.serial, None)
        chosen.number = self._number
        self._last[s.stream] = chosen
        if before := self._lines.before(s):
            chosen.library = [*chosen.library, *before]

    def _joinable(self, s: Sighting) -> tuple[Open | None, bool]:
        """The oldest open failure that the record belongs to, and without a request id whether there are others."""
        found = None
        for o in self._candidates(s):
            if rules.may_join(o, s, self._number):
                if found is not None:
                    o.confusable = True
                    return found, True
                found = o
                if s.request_id is not None:
                    break
        return found, False

    def _candidates(self, s: Sighting) -> Iterable[Open]:
        if s.role not in rules.FOLLOWS:
            return ()
        if s.request_id is not None:
            return self._requests.get((s.stream, s.request_id), ())
        if s.role is Role.APPLICATION:
            last = self._last.get(s.stream)
            return (last,) if last is not None and last.sightings[0].request_id is None else ()
        return self._waiting.get((s.stream, s.role), {}).values()

    def _begin(self, s: Sighting) -> Open:
        opened = Open(s, self._serial, self._number)
        self._retelling.compare(opened, self._last.get(s.stream), self._number)
        self._open.append(opened)
        self._opened[opened.place] = opened
        self._unfinished[opened.serial] = opened
        if s.request_id is not None:
            self._requests.setdefault((s.stream, s.request_id), []).append(opened)
        else:
            for role in rules.AWAITED[s.role]:
                self._waiting.setdefault((s.stream, role), {})[opened.serial] = opened
        return opened

    # ----------------------------------------------------------------- what comes around

    def _keep(self, s: Sighting) -> None:
        """The library's own lines that come before a host's record tell of the same refusal."""
        self._lines.keep(s)
        if not self._handlers:
            self._unhosted.feed(self._serial, s)

    def _finish(self, s: Sighting) -> None:
        self._retelling.end(s.stream, self._number)
        if s.request_id is not None:
            waiting = [o for o in self._of_request(s) if o.status is None]
        elif self._one_unfinished():
            waiting = [o for o in self._unfinished.values() if o.sightings[0].request_id is None]
        else:
            return  # requests overlap and the log has no ids: whose end this is cannot be told
        for o in waiting:
            o.status, o.where = s.status, s
            if o.succeeded is not None and rules.served(o, s):
                o.accepted_by = o.accepted_by or o.succeeded.scheme
            if s.status is not None:
                self._unfinished.pop(o.serial, None)

    def _one_unfinished(self) -> bool:
        """Whether one failure has no end yet, counting what may retell another as that."""
        if len(self._unfinished) > _FEW_OPEN:
            return False
        return len({o.serial if o.beside is None else o.beside.serial for o in self._unfinished.values()}) == 1

    def _of_request(self, s: Sighting) -> Sequence[Open]:
        return self._requests.get((s.stream, s.request_id or ""), ())

    def _accept(self, s: Sighting) -> None:
        if s.request_id is None:
            if self._one_unfinished():
                for o in self._unfinished.values():
                    if o.sightings[0].request_id is None and (o.succeeded is None or s.scheme):
                        o.succeeded = s
            return
        for o in self._of_request(s):
            if o.status is None:
                o.accepted_by = s.scheme or o.accepted_by

    # ----------------------------------------------------------------- closing

    def _expire(self, s: Sighting) -> None:
        while self._open and self._too_old(self._open[0], s):
            self._forget(self._open.popleft())

    def _too_old(self, o: Open, s: Sighting) -> bool:
        if self._number - o.number > _OPEN_FOR_RECORDS:
            return True
        last = o.sightings[-1].time
        return last is not None and s.time is not None and abs(s.time - last) > _OPEN_FOR

    def _forget(self, o: Open) -> None:
        first = o.sightings[0]
        self._unfinished.pop(o.serial, None)
        if first.request_id is not None:
            key = (first.stream, first.request_id)
            left = [x for x in self._requests.get(key, ()) if x is not o]
            if left:
                self._requests[key] = left
            else:
                self._requests.pop(key, None)
        for role in rules.AWAITED[first.role] if first.request_id is None else ():
            self._waiting[first.stream, role].pop(o.serial, None)
        if self._last.get(first.stream) is o:
            del self._last[first.stream]
        if self._handlers and o.beside is None and not o.retold:  # nothing concerns it any more
            self._make(self._opened.pop(o.place))

    def _make(self, o: Open) -> None:
        self._made.append(self._maker.failure(o))
        self._serials.append(o.serial)
