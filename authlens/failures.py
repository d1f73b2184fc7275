"""Records that tell of refusals become failures: one scheme refusing one token in one request.

Which records tell of the same refusal is decided by their *roles* (what a host writes, and in which order),
the request they belong to and the text they quote; nearness alone decides nothing. What a log cannot tell
(two requests with one hidden text and no ids) is joined in order and the link is marked as not sure.

Without request ids an application's line right behind a refusal (or right before it) that quotes the same text
may retell it, or tell that the application itself refused the next request's token. What retells stands beside a
refusal every time; what validates by itself does so on its own sooner or later. So the line joins only where

- it is the very next record with a code, within moments, no request ended between, and no such line is there yet;
- every line of its kind (logger, and the words before the code) in the whole log stands like that;
- and the text shows values, or, where they are hidden or it has none, at least three lines of the kind agree.

An unhandled exception needs the text alone, if that shows values; an equal trace id decides by itself.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from authlens import messages, tokens
from authlens.model import Failure, Frozen, Library, Link, Message, Outcome, Role, Statement, Token, TokenForm
from authlens.sightings import DISPATCHER, REMOTE_LOGIN, Sighting

_OPENIDDICT_GENERIC = "An error occurred while authenticating the current request."
_OPEN_FOR_RECORDS = 400
"""So many further records with a code may pass before a failure without request id is closed."""
_OPEN_FOR = timedelta(minutes=2)
"""So long may a request run before a failure without request id is closed."""
_NEAR_BYTES = 64 * 1024
"""A request's end is looked for so far behind the last record of a failure."""
_MOST_LINES = 200
"""So many of the library's lines before a host's record are kept for one request."""
_MOST_REQUESTS = 2000
"""Of so many requests at once the library's lines are kept."""
_MOST_KNOWN = 4096
_MOMENTS_S = 0.25
"""What retells a refusal follows it, or precedes it, within this time."""
_ENOUGH_ALIKE = 3
"""So many lines of one kind that all stand beside a refusal with their hidden text are no accident."""
_FEW_OPEN = 8
_KATANA = ("expired bearer token received", "invalid bearer token received")
"""What Katana's bearer middleware says behind the reason, which another record tells."""
_KATANA_S = 1.0

_FORM_RANK = (
    TokenForm.COMPACT,
    TokenForm.UNSIGNED,
    TokenForm.DECODED,
    TokenForm.ENCRYPTED,
    TokenForm.TRUNCATED,
    TokenForm.HEADER,
    TokenForm.OPAQUE,
    TokenForm.REDACTED,
    TokenForm.HIDDEN,
)

_HANDLER_ROLES = (Role.EXCEPTION, Role.REFUSED, Role.REMOTE, Role.CHALLENGE)
"""What an authentication handler says of every refusal, at the level of information."""

_JOINS: dict[Role, tuple[Role, ...]] = {
    Role.REFUSED: (Role.EXCEPTION,),
    Role.REMOTE: (Role.MESSAGE,),
    Role.CHALLENGE: (Role.REFUSED,),
    Role.UNHANDLED: (Role.MESSAGE, Role.REMOTE),
    Role.APPLICATION: (Role.EXCEPTION, Role.MESSAGE),
}
"""Which record, by the role that opened a failure, each role may follow."""
_AWAITED: dict[Role, tuple[Role, ...]] = {
    first: tuple(role for role, openers in _JOINS.items() if first in openers and role is not Role.APPLICATION)
    for first in Role
}


class _Open:
    """A failure that further records may still join."""

    __slots__ = (
        "accepted_by",
        "beside",
        "confusable",
        "library",
        "number",
        "place",
        "retold",
        "serial",
        "sightings",
        "status",
        "succeeded",
        "unsure",
        "where",
    )

    def __init__(self, first: Sighting, serial: int, number: int) -> None:
        self.sightings = [first]
        self.serial = serial
        """Of its first record."""
        self.place = serial
        """When it was opened; no two are equal."""
        self.number = number
        """Of the last record with a code that joined it."""
        self.unsure: frozenset[int] = frozenset()
        self.confusable = False
        """A record that may have been its own joined another."""
        self.library: Sequence[Sighting] = ()
        self.status: int | None = None
        self.accepted_by: str | None = None
        self.where: Sighting | None = None
        """The request's end."""
        self.beside: _Open | None = None
        """The refusal that its only record may retell."""
        self.retold = False
        """Another may stand beside it in that way."""
        self.succeeded: Sighting | None = None
        """What says that some request was accepted since, in a log without request ids."""

    def has(self, role: Role) -> bool:
        """Whether a record of the role is there."""
        return role in [s.role for s in self.sightings]

    def has_of(self, role: Role, logger: str | None) -> bool:
        """Whether the logger wrote a record of the role."""
        return any(s.role is role and s.logger == logger for s in self.sightings)

    def add(self, s: Sighting, *, sure: bool) -> None:
        """Takes a further record."""
        if not sure:
            self.unsure |= {len(self.sightings)}
        self.sightings.append(s)

    def absorb(self, other: _Open) -> None:
        """Takes the records of another that tells of the same failure, which nothing in the log proves."""
        before = other.serial < self.serial
        first, second = (other, self) if before else (self, other)
        shift = len(first.sightings)
        self.unsure = first.unsure | {i + shift for i in second.unsure} | {shift}
        self.sightings = [*first.sightings, *second.sightings]
        self.library = [*first.library, *second.library]
        if self.status is None:
            self.status, self.where = other.status, other.where
        self.accepted_by = self.accepted_by or other.accepted_by
        self.serial = first.serial


def join(sightings: Iterable[Sighting]) -> tuple[Failure, ...]:
    """The failures of one log, in the order of their first record; ``sightings`` in the order in which it was written."""
    joiner = Joiner()
    for sighting in sightings:
        joiner.feed(sighting)
    return joiner.close()


class Joiner:
    """Takes the sightings of one log, which may go on over several files, in order."""

    def __init__(self) -> None:
        """Nothing is open."""
        self.open: deque[_Open] = deque()
        self.number = 0
        self.serial = 0
        self.handlers = False
        self.last_end = -_NEAR_BYTES
        self.path: str | None = None
        self._opened: dict[int, _Open] = {}
        """By place, but for those that are made."""
        self._made: list[tuple[int, Failure]] = []
        """With the serial of the first record."""
        self._requests: dict[tuple[str, str], list[_Open]] = {}
        self._waiting: dict[tuple[str, Role], dict[int, _Open]] = {}
        """Failures without a request id, by what may still follow, in the order they were opened."""
        self._unfinished: dict[int, _Open] = {}
        self._last: dict[str, _Open] = {}
        self._library: OrderedDict[tuple[str, str | None], deque[Sighting]] = OrderedDict()
        self._unhosted = _Chains()
        self._headers: list[Sighting] = []
        self._maker = _Maker()
        self._ended: dict[str, int] = {}
        """After how many records with a code a request last ended, by stream."""
        self._kinds: Counter[_Kind] = Counter()
        self._beside: list[_Open] = []

    def feed(self, s: Sighting) -> None:
        """Takes the next record."""
        if s.path != self.path:
            self.path, self.last_end = s.path, -_NEAR_BYTES if self.path is None else 0
        if s.secondary and s.offset - self.last_end > _NEAR_BYTES:
            return
        if not s.secondary:
            self.last_end = max(self.last_end, s.end)
        if s.role is Role.START:
            return  # a busy host's log is not in order of time: what is open may still be told of
        self.serial += 1
        if s.role is Role.FINISH:
            self._finish(s)
        elif s.role is Role.SUCCESS:
            self._accept(s)
        elif s.role is Role.LIBRARY:
            self._keep(s)
        elif messages.only_header(s.statement.messages):
            self._headers += [] if self._any() else [s]
        else:
            self._host(s)

    def close(self) -> tuple[Failure, ...]:
        """Nothing comes any more."""
        if not self.handlers:
            self._count_library()
        for header in [] if self._any() else self._headers:  # where anything else tells of refusals, they add nothing
            self.serial += 1
            self._begin(header)
        self._retell()
        every = [*self._made, *((o.serial, self._maker.failure(o)) for o in self._opened.values())]
        return tuple(failure for _, failure in sorted(every, key=itemgetter(0)))

    def _any(self) -> bool:
        """Whether anything tells of a refusal so far."""
        return bool(self._opened or self._made)

    # ----------------------------------------------------------------- records of hosts and applications

    def _host(self, s: Sighting) -> None:
        self.number += 1
        if s.role in _HANDLER_ROLES and not self.handlers:
            self.handlers = True
            self._unhosted = _Chains()
        self._expire(s)
        last = self._last.get(s.stream)
        if last is not None and _other_sink(last.sightings[-1], s):
            last.add(s, sure=False)
            last.number = self.number
            return
        chosen, others = self._joinable(s)
        if chosen is None:
            chosen = self._begin(s)
        else:
            chosen.add(s, sure=not others and not chosen.confusable)
            if s.request_id is None and s.role is not Role.UNHANDLED:  # which several loggers may tell of
                self._waiting.get((s.stream, s.role), {}).pop(chosen.serial, None)
        chosen.number = self.number
        self._last[s.stream] = chosen
        if before := self._library.pop((s.stream, s.request_id), None):
            chosen.library = [*chosen.library, *before]

    def _joinable(self, s: Sighting) -> tuple[_Open | None, bool]:
        """The oldest open failure that the record belongs to, and without a request id whether there are others."""
        found = None
        for o in self._candidates(s):
            if _may_join(o, s, self.number):
                if found is not None:
                    o.confusable = True
                    return found, True
                found = o
                if s.request_id is not None:
                    break
        return found, False

    def _candidates(self, s: Sighting) -> Iterable[_Open]:
        if s.role not in _JOINS:
            return ()
        if s.request_id is not None:
            return self._requests.get((s.stream, s.request_id), ())
        if s.role is Role.APPLICATION:
            last = self._last.get(s.stream)
            return (last,) if last is not None and last.sightings[0].request_id is None else ()
        return self._waiting.get((s.stream, s.role), {}).values()

    def _begin(self, s: Sighting) -> _Open:
        opened = _Open(s, self.serial, self.number)
        self._compare(opened, self._last.get(s.stream))
        self.open.append(opened)
        self._opened[opened.place] = opened
        self._unfinished[opened.serial] = opened
        if s.request_id is not None:
            self._requests.setdefault((s.stream, s.request_id), []).append(opened)
        else:
            for role in _AWAITED[s.role]:
                self._waiting.setdefault((s.stream, role), {})[opened.serial] = opened
        return opened

    # ----------------------------------------------------------------- what retells

    def _compare(self, opened: _Open, last: _Open | None) -> None:
        """Notes that the last failure and the new one may be one, told by a host and by an application."""
        s = opened.sightings[0]
        if s.role in _RETELLING:
            self._kinds[_kind(s)] += 1
        if last is None or not self._adjacent(last, opened):
            return
        told = last.sightings[0]
        if s.role in _RETELLING and told.role in _TOLD and not last.has(s.role):
            self._beside.append(opened)
            opened.beside, last.retold = last, True
        elif told.role in _RETELLING and s.role in _TOLD and len(last.sightings) == 1 and last.beside is None:
            self._beside.append(last)
            last.beside, opened.retold = opened, True

    def _adjacent(self, last: _Open, opened: _Open) -> bool:
        s, before = opened.sightings[0], last.sightings[-1]
        if before.request_id != s.request_id or not _same_text(last, s):
            return False
        if before.trace_id and s.trace_id:
            return before.trace_id == s.trace_id
        ended = self._ended.get(s.stream) == last.number
        if last.number != self.number - 1 or (ended and s.role is not Role.UNHANDLED):
            return False
        return before.time is None or s.time is None or abs((s.time - before.time).total_seconds()) <= _MOMENTS_S

    def _retell(self) -> None:
        """Joins what retells a refusal with it."""
        alike = Counter(_kind(o.sightings[0]) for o in self._beside)
        joined: set[tuple[int, Role]] = set()
        for o in self._beside:
            told, s = o.beside, o.sightings[0]
            if told is None or (told.place, s.role) in joined:
                continue
            if _retells(s, told, alike[_kind(s)], self._kinds[_kind(s)]):
                joined.add((told.place, s.role))
                told.absorb(self._opened.pop(o.place))

    # ----------------------------------------------------------------- what comes around

    def _keep(self, s: Sighting) -> None:
        """The library's own lines that come before a host's record tell of the same refusal."""
        key = (s.stream, s.request_id)
        lines = self._library.get(key)
        if lines is None:
            lines = self._library[key] = deque(maxlen=_MOST_LINES)
            if len(self._library) > _MOST_REQUESTS:
                self._library.popitem(last=False)
        lines.append(s)
        if not self.handlers:
            self._unhosted.feed(self.serial, s)

    def _finish(self, s: Sighting) -> None:
        self._ended[s.stream] = self.number
        if s.request_id is not None:
            waiting = [o for o in self._of_request(s) if o.status is None]
        elif self._one_unfinished():
            waiting = [o for o in self._unfinished.values() if o.sightings[0].request_id is None]
        else:
            return  # requests overlap and the log has no ids: whose end this is cannot be told
        for o in waiting:
            o.status, o.where = s.status, s
            if o.succeeded is not None and _served(o, s):
                o.accepted_by = o.accepted_by or o.succeeded.scheme
            if s.status is not None:
                self._unfinished.pop(o.serial, None)

    def _one_unfinished(self) -> bool:
        """Whether one failure has no end yet, counting what may retell another as that."""
        if len(self._unfinished) > _FEW_OPEN:
            return False
        return len({o.serial if o.beside is None else o.beside.serial for o in self._unfinished.values()}) == 1

    def _of_request(self, s: Sighting) -> Sequence[_Open]:
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
        while self.open and self._too_old(self.open[0], s):
            self._forget(self.open.popleft())

    def _too_old(self, o: _Open, s: Sighting) -> bool:
        if self.number - o.number > _OPEN_FOR_RECORDS:
            return True
        last = o.sightings[-1].time
        return last is not None and s.time is not None and abs(s.time - last) > _OPEN_FOR

    def _forget(self, o: _Open) -> None:
        first = o.sightings[0]
        self._unfinished.pop(o.serial, None)
        if first.request_id is not None:
            key = (first.stream, first.request_id)
            left = [x for x in self._requests.get(key, ()) if x is not o]
            if left:
                self._requests[key] = left
            else:
                self._requests.pop(key, None)
        for role in _AWAITED[first.role] if first.request_id is None else ():
            self._waiting[first.stream, role].pop(o.serial, None)
        if self._last.get(first.stream) is o:
            del self._last[first.stream]
        if self.handlers and o.beside is None and not o.retold:
            self._made.append(
                (o.serial, self._maker.failure(self._opened.pop(o.place)))
            )  # nothing concerns it any more

    def _count_library(self) -> None:
        """No handler is heard in this log: the library's errors count, but for those that a host's line repeats."""
        opened = list(self._opened.values())
        told = 0
        for chain in self._unhosted.close():
            s = chain.sightings[0]
            while told < len(opened) and opened[told].serial <= chain.serial:
                told += 1
            later = opened[told] if told < len(opened) else None
            if later is not None and any(s is kept for kept in later.library) and _same_document(later, s):
                continue
            if later is not None and s.key and later.sightings[0].key and _same_text(later, s):
                told += 1
                later.library = [*chain.library, s]
            else:
                self._opened[chain.place] = chain


def _other_sink(last: Sighting, s: Sighting) -> bool:
    """Whether a second sink wrote the record before once more into one file: its head alone differs."""
    return (
        (last.time is None) is not (s.time is None)
        and last.role is s.role
        and last.request_id == s.request_id
        and last.logger == s.logger
        and last.statement.text == s.statement.text
    )


class _Kind(NamedTuple):
    """Lines that one statement of a program writes."""

    role: Role
    logger: str | None
    words: str
    """Before the code or the exception's type, up to the first that varies."""


_RETELLING = (Role.APPLICATION, Role.UNHANDLED)
_TOLD = (Role.EXCEPTION, Role.REFUSED, Role.MESSAGE, Role.REMOTE)


def _kind(s: Sighting) -> _Kind:
    start = min((m.start for m in s.statement.messages), default=0)
    words = s.statement.text[: min(start, _WORDS)].split(" ")
    return _Kind(s.role, s.logger, " ".join(w for w in words if w.isalpha())[:_WORDS])


_WORDS = 60


def _retells(s: Sighting, told: _Open, alike: int, all_of_kind: int) -> bool:
    """Whether a line beside a refusal tells of that; the module says by what rule."""
    if s.trace_id and s.trace_id == told.sightings[0].trace_id:
        return True
    shown = [m for m in s.statement.messages if not m.informational]
    shows = bool(shown and shown[0].values) and not any(m.hidden for m in shown)
    if s.role is Role.UNHANDLED and shows:
        return True
    return alike == all_of_kind and (shows or alike >= _ENOUGH_ALIKE)


def _served(o: _Open, end: Sighting) -> bool:
    """Whether the request that ended well ran before the refusal, so that it can be the refused one."""
    if end.status is None or not _OK <= end.status < _BAD:
        return False
    began = o.sightings[0].time
    if began is None or end.time is None or end.took_s is None:
        return True
    return (end.time - began).total_seconds() <= end.took_s + _CLOCK_S


_OK, _BAD = 200, 400
_CLOCK_S = 1.0
"""Times in logs are as coarse as this."""


def _may_join(o: _Open, s: Sighting, number: int) -> bool:
    first = o.sightings[0]
    if first.stream != s.stream or first.request_id != s.request_id:
        return False
    if s.role is Role.APPLICATION and _is_katana(s):
        return _told_before(o, s, number)
    if s.role is Role.APPLICATION:
        return _application_joins(o, s, number) and _same_text(o, s)
    if s.role is Role.UNHANDLED:
        return _unhandled_joins(o, s, number) and _same_text(o, s)
    return first.role in _JOINS[s.role] and not o.has(s.role) and _same_text(o, s)


def _is_katana(s: Sighting) -> bool:
    return s.statement.text.lstrip().startswith(_KATANA)


def _told_before(o: _Open, s: Sighting, number: int) -> bool:
    """Whether the failure's last record is the one before, and tells the reason of what Katana says here."""
    last = o.sightings[-1]
    near = last.time is None or s.time is None or abs((s.time - last.time).total_seconds()) <= _KATANA_S
    coded = any(m.code and not m.informational for m in last.statement.messages)
    return near and coded and o.number == number - 1


def _application_joins(o: _Open, s: Sighting, number: int) -> bool:
    if o.has_of(s.role, s.logger):
        return False
    if s.request_id is not None:
        return True
    opened_by = o.sightings[0].role
    return opened_by in _JOINS[s.role] and not o.has(Role.REFUSED) and o.number == number - 1


def _unhandled_joins(o: _Open, s: Sighting, number: int) -> bool:
    if o.has_of(s.role, s.logger):
        return False
    opened_by = o.sightings[0].role
    if opened_by is Role.REMOTE:
        return REMOTE_LOGIN in s.statement.text
    if opened_by is Role.UNHANDLED:
        return s.request_id is not None or o.number == number - 1
    return opened_by is Role.MESSAGE


def _same_text(o: _Open, s: Sighting) -> bool:
    for known in o.sightings:
        if not known.key or not s.key or known.key.startswith(s.key) or s.key.startswith(known.key):
            return True
    return s.role is Role.CHALLENGE


# --------------------------------------------------------------------------- logs with the library's own lines only


class _Chains:
    """In a log without any host record the library's errors count; what wraps or repeats another joins it."""

    def __init__(self) -> None:
        self._out: list[_Open] = []
        self._chain: list[Sighting] = []
        self._serial = 0
        self._context: deque[Sighting] = deque(maxlen=_MOST_LINES)
        self._fresh = True

    def feed(self, serial: int, s: Sighting) -> None:
        """Takes the library's next line."""
        if _only_informs(s):
            self._context.append(s)
            self._fresh = True
        elif self._chain and not _ends(self._chain[-1], s, fresh=self._fresh):
            self._chain.append(s)
            self._serial = serial
            self._fresh = False
        else:
            self._flush()
            self._chain, self._serial, self._fresh = [s], serial, False

    def close(self) -> list[_Open]:
        """Every failure, in order."""
        self._flush()
        return self._out

    def _flush(self) -> None:
        if not self._chain:
            return
        told = self._chain[-1]
        o = _Open(told, self._serial, 0)
        o.library = [*self._context, *self._chain[:-1]]
        self._out.append(o)
        self._context.clear()
        self._chain = []


def _only_informs(s: Sighting) -> bool:
    return s.level in ("trace", "debug", "information") or all(m.informational for m in s.statement.messages)


def _ends(last: Sighting, s: Sighting, *, fresh: bool) -> bool:
    """Whether ``s`` belongs to another failure than ``last``."""
    if _is_metadata(last):
        return False
    if _is_metadata(s):
        return True  # documents are fetched before a token is validated
    if "InnerException: " in s.statement.text:
        return False
    return fresh or s.key != last.key


def _same_document(o: _Open, s: Sighting) -> bool:
    """Whether a failure quotes the same fetch: code, address and status; headers and dates may be of another moment."""
    if not _is_metadata(s):
        return False
    fetched = next(m for m in s.statement.messages if m.code)
    return any(
        m.code == fetched.code and all(m.fields.get(name) == fetched.fields.get(name) for name in _FETCH)
        for seen in o.sightings
        for m in seen.statement.messages
    )


_FETCH = ("document_url", "metadata_url", "http_status")


def _is_metadata(s: Sighting) -> bool:
    """A document could not be fetched: what fails for that reason comes after it."""
    code = next((m.code for m in s.statement.messages if m.code), None) or ""
    return code.startswith("IDX208") or code in ("IDX10261", "IDX20108")


# --------------------------------------------------------------------------- one failure


class _Told(NamedTuple):
    """What the texts of a failure's records say: equal for failures with equal texts."""

    kept: tuple[Statement, ...]
    """So that no other statement takes the place of one of them while this is remembered."""
    statement: Statement
    code: str | None
    codes: tuple[str, ...]
    args: tuple[str, ...]
    hidden: tuple[str, ...]
    fields: Frozen[object]
    token: Token | None
    library: Library
    context: tuple[Message, ...]
    tokens: tuple[Token, ...]


class _Maker:
    """Makes failures; what equal texts say is worked out once."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], _Told] = {}

    def failure(self, o: _Open) -> Failure:
        """The failure that the records tell of."""
        first = o.sightings[0]
        errors = [s for s in o.library if not _only_informs(s)]
        told = self._told(o, errors)
        every = [*o.sightings, *o.library]
        around = every if o.where is None else [*every, o.where]
        timed = next((s for s in around if s.time), first)
        return Failure(
            origin=first.origin,
            lines=first.lines,
            cut=any(s.cut for s in o.sightings),
            time=timed.time,
            time_assumed=timed.time_assumed,
            level=first.level,
            logger=first.logger,
            request_id=first.request_id,
            host=_first([s.host for s in around]),
            client=_first([s.client for s in around]),
            scheme=_first([s.scheme for s in o.sightings]),
            code=told.code,
            codes=told.codes,
            exceptions=told.statement.exceptions,
            statement=told.statement,
            fields=told.fields,
            args=told.args,
            hidden=told.hidden,
            token=told.token,
            library=told.library,
            outcome=_outcome(o.status, o.accepted_by),
            repeats=len(o.sightings) + len(errors) - 1,
            links=_links(o, errors),
            context=told.context,
            tokens=told.tokens
            if o.where is None or not o.where.statement.tokens
            else (*told.tokens, *o.where.statement.tokens),
        )

    def _told(self, o: _Open, errors: Sequence[Sighting]) -> _Told:
        key = (*[id(s.statement) for s in o.sightings], 0, *map(_way, o.library))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[key] = _tell(o, errors)
        return found


def _first(names: Iterable[str | None]) -> str | None:
    return next(filter(None, names), None)


def _way(s: Sighting) -> tuple[int, str | None, str | None]:
    """What of one of the library's lines decides what is told."""
    return id(s.statement), s.level, s.logger


@lru_cache(maxsize=256)
def _outcome(status: int | None, accepted_by: str | None) -> Outcome:
    return Outcome(status=status, accepted_by=accepted_by)


def _tell(o: _Open, errors: Sequence[Sighting]) -> _Told:
    told = max(o.sightings, key=_tells_most)
    failing = _failing(o)
    token = _best_token(o)
    fields = _fields(o, token)
    primary = failing[0] if failing else None
    texts = dict.fromkeys(s.statement.text for s in (*o.sightings, *errors))
    return _Told(
        kept=tuple(s.statement for s in (*o.sightings, *o.library)),
        statement=told.statement,
        code=messages.primary(failing) if failing else None,
        codes=tuple(dict.fromkeys(m.code for m in failing if m.code)),
        args=primary.values if primary else (),
        hidden=tuple(sorted({h for m in failing for h in m.hidden} - set(fields))),
        fields=fields,
        token=token,
        library=messages.library("\n".join(texts), failing),
        context=tuple(m for s in o.library for m in s.statement.messages),
        tokens=tuple(t for s in (*o.sightings, *o.library) for t in s.statement.tokens),
    )


def _tells_most(s: Sighting) -> tuple[int, int]:
    return (len(s.statement.exceptions) + len(s.statement.messages), len(s.statement.text))


def _failing(o: _Open) -> tuple[Message, ...]:
    """The messages of the refusal, outermost first; OpenIddict's reasons stand before its refusal."""
    told = max(o.sightings, key=_tells_most)
    rest = [s for s in o.sightings if s is not told]
    own = [m for s in (told, *rest) for m in s.statement.messages if not m.informational]
    if _is_openiddict(o):
        own = [
            m for s in o.library if not _only_informs_openiddict(s) for m in s.statement.messages if not m.informational
        ] + own
    elif o.sightings[0].role is Role.LIBRARY:
        own += [m for s in reversed(o.library) for m in s.statement.messages if not m.informational]
    return tuple(own)


def _is_openiddict(o: _Open) -> bool:
    return any(_OPENIDDICT_GENERIC in s.statement.text for s in o.sightings)


def _only_informs_openiddict(s: Sighting) -> bool:
    """OpenIddict tells its reasons at every level, trace included."""
    return not (s.logger or "").startswith(DISPATCHER) and _only_informs(s)


def _best_token(o: _Open) -> Token | None:
    own = [t for s in o.sightings for t in s.statement.tokens]
    around = [t for s in o.library for t in s.statement.tokens]
    for found in (own, around):
        shown = [t for t in found if t.form in _FORM_RANK[:4]]
        if shown:
            return min(shown, key=lambda t: _FORM_RANK.index(t.form))
    every = own + around
    return min(every, key=lambda t: _FORM_RANK.index(t.form)) if every else None


def _fields(o: _Open, token: Token | None) -> Frozen[object]:
    said: dict[str, object] = {}
    for m in _saying(o):
        for name, value in m.fields.items():
            said.setdefault(name, value)
    if token is not None:
        for name, value in tokens.token_fields(token).items():
            said.setdefault(name, value)
    return Frozen(sorted(said.items()))


def _saying(o: _Open) -> Iterator[Message]:
    for s in sorted(o.sightings, key=_tells_most, reverse=True):
        yield from (m for m in s.statement.messages if not m.informational)
    for s in o.library:
        yield from s.statement.messages


def _links(o: _Open, errors: Sequence[Sighting]) -> tuple[Link, ...]:
    further = [
        Link(path=s.path, line=s.line, role=s.role, sure=at not in o.unsure)
        for at, s in enumerate(o.sightings[1:], start=1)
    ]
    further += [Link(path=s.path, line=s.line, role=s.role, sure=s.request_id is not None) for s in errors]
    return tuple(sorted(further, key=lambda link: link.line)) if len(further) > 1 else tuple(further)
