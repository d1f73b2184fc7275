"""Records that tell of refusals become failures: one scheme refusing one token in one request.

Which records tell of the same refusal is decided by their *roles* (what a host writes, and in which order),
the request they belong to and the text they quote; nearness alone decides nothing. What a log cannot tell
(two requests with one hidden text and no ids) is joined in order and the link is marked as not sure.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from authlens import messages, tokens
from authlens.model import (
    Failure,
    Frozen,
    Link,
    Message,
    Origin,
    Outcome,
    Record,
    Role,
    Statement,
    Token,
    TokenForm,
)

_CODE = re.compile(r"(?<![A-Za-z0-9])(?:IDX|IDW|MIML)\d{5}(?=:)|errors/ID\d{4}")
_END_OF_QUOTE = re.compile(r"\s+--- End of |\s+at [\w.<>`+]{1,300}\(| ---> | \(elapsed|, InnerException: ")
_SQUASH = re.compile(r"[\s'\"\\\u2018\u2019\u201c\u201d]+|u0027|u0022")
_REFUSED = re.compile(r"^\s*[\"']?(?P<scheme>[^\"'\n]{1,200}?)[\"']? was not authenticated\. Failure message: ?")
_ACCEPTED = re.compile(r"AuthenticationScheme: [\"']?(?P<scheme>[^\"'\n]{1,200}?)[\"']? was successfully authenticated")
_STATUS = re.compile(
    r"Request finished.{0,4000}? - (?P<status>\d{3})\b|Request finished in .{1,40}? (?P<old>\d{3})\b|responded (?P<serilog>\d{3}) in ",
    re.DOTALL,
)
_CHALLENGED = re.compile(r"\s*The response was successfully returned as a challenge response")
_HOST_TEXT = re.compile(
    r"\s*(?:Failed to validate the token\b[^\n]{0,20000}?\.(?=\s|$)|Exception occurred while processing message\."
    r"|An unhandled exception[^\n.]{0,200}\.|Error from RemoteAuthentication:"
    r"|[^\n]{1,200}? was not authenticated\. Failure message:)\s*(?:[\"'])?(?:[\w.`+]{1,300}:\s)?"
)
_INNER = re.compile(r" ---> (?:[\w.`+]{1,300}: )?")
_REMOTE_LOGIN = "handling the remote login"
_OPENIDDICT_GENERIC = "An error occurred while authenticating the current request."
_ADAPTERS = ("IdentityLoggerAdapter", "Microsoft.IdentityModel.EventSource", "Microsoft-IdentityModel")
_DISPATCHER = "OpenIddict"
_KEY_LENGTH = 600
_OPEN_FOR_RECORDS = 400
"""So many further records with a code may pass before a failure without request id is closed."""
_OPEN_FOR_S = 120.0
"""So long may a request run before a failure without request id is closed."""
_NEAR_BYTES = 64 * 1024
"""A request's end is looked for so far behind the last record of a failure."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one record contributes, without the record's text: equal texts share one statement."""

    origin: Origin
    end: int
    lines: int
    role: Role
    key: str
    """The quoted failure text, squashed, so that differently formatted quotes of one text are equal."""
    statement: Statement
    time: datetime | None = None
    time_assumed: bool = False
    level: str | None = None
    logger: str | None = None
    request_id: str | None = None
    host: str | None = None
    client: str | None = None
    stream: str = ""
    scheme: str | None = None
    status: int | None = None
    cut: bool = False
    secondary: bool = False


# --------------------------------------------------------------------------- one record's role


def sight(record: Record) -> Sighting | None:
    """What a record tells of a failure, or None where it only mentions a code."""
    statement = _statement(record.text)
    role = _role(record, statement)
    if role is None:
        return None
    return Sighting(
        origin=record.origin,
        end=record.end,
        lines=record.lines,
        role=role,
        key=_key(record.text) if role not in (Role.FINISH, Role.START, Role.SUCCESS) else "",
        statement=statement,
        time=record.time,
        time_assumed=record.time_assumed,
        level=record.level,
        logger=record.logger,
        request_id=record.request_id,
        host=record.host,
        client=record.client,
        stream=record.stream,
        scheme=_scheme(record, role),
        status=_status(record) if role is Role.FINISH else None,
        cut=record.cut,
        secondary=record.secondary,
    )


def _statement(text: str) -> Statement:
    found = messages.read(text)
    return Statement(text=text, messages=found, exceptions=messages.exceptions(text), tokens=tokens.find(text))


def _role(record: Record, statement: Statement) -> Role | None:
    text = record.text
    logger = record.logger or ""
    failing = any(not m.informational for m in statement.messages)
    if logger.endswith(_ADAPTERS[0]) or logger in _ADAPTERS[1:]:
        return Role.LIBRARY if statement.messages else None
    fixed = _fixed_role(text)
    if fixed is not None:
        return fixed
    if _CHALLENGED.match(text):
        return Role.CHALLENGE if failing else None
    if not statement.messages:
        return None
    if logger.startswith(_DISPATCHER):
        return Role.LIBRARY if failing else None
    if not logger and _begins_with_code(text, statement):
        return Role.LIBRARY
    return Role.APPLICATION if failing else None


def _fixed_role(text: str) -> Role | None:
    """The role that a host's own fixed text gives a record."""
    head = text[:600].lstrip()
    if head.startswith("Failed to validate the token"):
        return Role.EXCEPTION
    if head.startswith("Exception occurred while processing message"):
        return Role.MESSAGE
    if _REFUSED.match(head):
        return Role.REFUSED
    if head.startswith("Error from RemoteAuthentication"):
        return Role.REMOTE
    if "An unhandled exception" in head and ("executing the request" in head or "thrown by the application" in head):
        return Role.UNHANDLED if _CODE.search(text) or _REMOTE_LOGIN in text else None
    if head.startswith("Request finished") or (
        head.startswith("HTTP ") and "responded" in head and not _CODE.search(text)
    ):
        return Role.FINISH
    if _ACCEPTED.match(head) or head.startswith("Successfully validated the token"):
        return Role.SUCCESS
    if head.startswith("Application started."):
        return Role.START
    return None


def _begins_with_code(text: str, statement: Statement) -> bool:
    first = statement.messages[0]
    if first.code is None:
        return False
    head = text[: first.start + len(first.code) + 1].lstrip()
    return head.startswith((first.code, "Message: " + first.code)) or "Microsoft.IdentityModel Version:" in head


def _key(text: str) -> str:
    """From the first code to the end of the quoted message, without what formatters change."""
    found = _CODE.search(text)
    start = found.start() if found else _uncoded(text)
    quote = text[start : start + 8 * _KEY_LENGTH]
    end = _END_OF_QUOTE.search(quote)
    return _SQUASH.sub("", quote[: end.start() if end else None])[:_KEY_LENGTH].rstrip(".")


def _uncoded(text: str) -> int:
    """Where the failure's own words begin behind the fixed text of the host and the exception's type."""
    wrapper = text.find(_REMOTE_LOGIN)
    inner = _INNER.search(text, wrapper) if wrapper >= 0 else None
    found = inner or _HOST_TEXT.match(text)
    return found.end() if found else 0


def _scheme(record: Record, role: Role) -> str | None:
    if role is Role.REFUSED:
        found = _REFUSED.match(record.text)
    elif role is Role.SUCCESS:
        found = _ACCEPTED.match(record.text)
    else:
        found = None
    return record.scheme or (found.group("scheme").strip() if found else None)


def _status(record: Record) -> int | None:
    stated = record.fields.get("StatusCode")
    if isinstance(stated, int) and not isinstance(stated, bool):
        return stated
    found = _STATUS.search(record.text)
    return int(next(g for g in found.groups() if g)) if found else None


# --------------------------------------------------------------------------- joining


@dataclass(slots=True)
class _Open:
    """A failure that further records may still join."""

    sightings: list[Sighting]
    number: int
    """Of the last record with a code that joined it."""
    roles: set[tuple[Role, str | None]] = field(default_factory=set)
    unsure: set[int] = field(default_factory=set)
    library: list[Sighting] = field(default_factory=list)
    status: int | None = None
    accepted_by: str | None = None

    def has(self, role: Role) -> bool:
        return any(r is role for r, _ in self.roles)


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


def join(sightings: Iterable[Sighting]) -> tuple[Failure, ...]:
    """The failures of one source, in the order of their first record; ``sightings`` in order of offset."""
    joiner = _Joiner()
    for sighting in sightings:
        joiner.feed(sighting)
    return joiner.close()


class _Joiner:
    def __init__(self) -> None:
        self.done: list[_Open] = []
        self.open: deque[_Open] = deque()
        self.library: list[Sighting] = []
        self.unhosted: list[Sighting] = []
        self.number = 0
        self.handlers = False
        self.last_end = -_NEAR_BYTES

    def feed(self, s: Sighting) -> None:
        if s.secondary and s.origin.offset - self.last_end > _NEAR_BYTES:
            return
        if not s.secondary:
            self.last_end = max(self.last_end, s.end)
        if s.role is Role.START:
            return  # a busy host's log is not in order of time: what is open may still be told of
        if s.role is Role.FINISH:
            self._finish(s)
        elif s.role is Role.SUCCESS:
            self._accept(s)
        elif s.role is Role.LIBRARY:
            self.library.append(s)
            if not self.handlers:
                self.unhosted.append(s)
        else:
            self._host(s)

    def _host(self, s: Sighting) -> None:
        self.number += 1
        if s.role in _HANDLER_ROLES:
            self.handlers = True
            self.unhosted.clear()
        self._expire(s)
        candidates = [o for o in self.open if self._may_join(o, s)]
        if candidates:
            chosen = candidates[0]
            if s.request_id is None and len(candidates) > 1:
                chosen.unsure.add(len(chosen.sightings))
            chosen.sightings.append(s)
        else:
            chosen = _Open(sightings=[s], number=self.number)
            self.open.append(chosen)
            self.done.append(chosen)
        chosen.roles.add((s.role, s.logger))
        chosen.number = self.number
        self._absorb(chosen, s)

    def _may_join(self, o: _Open, s: Sighting) -> bool:
        first = o.sightings[0]
        if s.role not in _JOINS or first.stream != s.stream or not _same_request(first, s):
            return False
        if not _same_text(o, s):
            return False
        if s.role is Role.APPLICATION:
            return self._application_joins(o, s)
        if s.role is Role.UNHANDLED:
            return _unhandled_joins(o, s)
        return first.role in _JOINS[s.role] and not o.has(s.role)

    def _application_joins(self, o: _Open, s: Sighting) -> bool:
        if (s.role, s.logger) in o.roles:
            return False
        if s.request_id is not None:
            return True
        opened_by = o.sightings[0].role
        return opened_by in _JOINS[s.role] and not o.has(Role.REFUSED) and o.number == self.number - 1

    def _absorb(self, o: _Open, s: Sighting) -> None:
        """The library's own lines that came before a host record tell of the same refusal."""
        mine = [x for x in self.library if x.stream == s.stream and _same_request(x, s)]
        o.library += mine
        self.library = [x for x in self.library if x not in mine] if s.request_id else []

    def _finish(self, s: Sighting) -> None:
        if s.request_id is not None:
            waiting = [o for o in self.open if o.status is None and o.sightings[0].request_id == s.request_id]
        else:
            waiting = [o for o in self.open if o.status is None and o.sightings[0].request_id is None][-1:]
            if len([o for o in self.open if o.status is None]) > 1:
                return  # requests overlap and the log has no ids: whose end this is cannot be told
        for o in waiting:
            o.status = s.status

    def _accept(self, s: Sighting) -> None:
        for o in self.open:
            if s.request_id is not None and o.sightings[0].request_id == s.request_id and o.status is None:
                o.accepted_by = s.scheme or o.accepted_by

    def _expire(self, s: Sighting) -> None:
        while self.open and self._too_old(self.open[0], s):
            self.open.popleft()

    def _too_old(self, o: _Open, s: Sighting) -> bool:
        if self.number - o.number > _OPEN_FOR_RECORDS:
            return True
        last = o.sightings[-1].time
        return bool(last and s.time and abs((s.time - last).total_seconds()) > _OPEN_FOR_S)

    def close(self) -> tuple[Failure, ...]:
        if not self.handlers:
            self._count_library()
        return tuple(_failure(o) for o in sorted(self.done, key=lambda o: o.sightings[0].origin))

    def _count_library(self) -> None:
        """No handler is heard in this log: the library's errors count, but for those that a host's line repeats."""
        for chain in _library_only(self.unhosted):
            told = chain.sightings[0]
            later = [o for o in self.done if o.sightings[0].origin > told.origin and not o.has(Role.LIBRARY)]
            if later and told.key and later[0].sightings[0].key and _same_text(later[0], told):
                later[0].roles.add((Role.LIBRARY, None))
                later[0].library = [*chain.library, told]
            else:
                self.done.append(chain)


def _same_request(a: Sighting, b: Sighting) -> bool:
    return a.request_id == b.request_id


def _same_text(o: _Open, s: Sighting) -> bool:
    for known in o.sightings:
        if not known.key or not s.key or known.key.startswith(s.key) or s.key.startswith(known.key):
            return True
    return s.role is Role.CHALLENGE


def _unhandled_joins(o: _Open, s: Sighting) -> bool:
    if (s.role, s.logger) in o.roles:
        return False
    opened_by = o.sightings[0].role
    if opened_by is Role.REMOTE:
        return _REMOTE_LOGIN in s.statement.text
    return opened_by is Role.MESSAGE or (opened_by is Role.UNHANDLED and s.request_id is not None)


# --------------------------------------------------------------------------- logs with the library's own lines only


def _library_only(sightings: Sequence[Sighting]) -> list[_Open]:
    """In a log without any host record the library's errors count; what wraps or repeats another joins it."""
    out: list[_Open] = []
    chain: list[Sighting] = []
    context: list[Sighting] = []
    fresh = True
    for s in sightings:
        if _only_informs(s):
            context.append(s)
            fresh = True
        elif chain and not _ends(chain[-1], s, fresh=fresh):
            chain.append(s)
            fresh = False
        else:
            if chain:
                out.append(_chain(chain, context))
                context = []
            chain, fresh = [s], False
    if chain:
        out.append(_chain(chain, context))
    return out


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


def _is_metadata(s: Sighting) -> bool:
    """A document could not be fetched: what fails for that reason comes after it."""
    code = next((m.code for m in s.statement.messages if m.code), None) or ""
    return code.startswith("IDX208") or code in ("IDX10261", "IDX20108")


def _chain(chain: list[Sighting], context: list[Sighting]) -> _Open:
    told = chain[-1]
    o = _Open(sightings=[told], number=0, roles={(told.role, told.logger)})
    o.library = [*context, *chain[:-1]]
    return o


# --------------------------------------------------------------------------- one failure


def _failure(o: _Open) -> Failure:
    told = max(o.sightings, key=_tells_most)
    first = o.sightings[0]
    failing = _failing(o)
    codes = tuple(dict.fromkeys(m.code for m in failing if m.code))
    primary = failing[0] if failing else None
    token = _best_token(o)
    fields = _fields(o, token)
    every = [*o.sightings, *(s for s in o.library if not _only_informs(s))]
    return Failure(
        origin=first.origin,
        lines=first.lines,
        cut=any(s.cut for s in o.sightings),
        time=next((s.time for s in o.sightings if s.time), None),
        time_assumed=any(s.time_assumed for s in o.sightings),
        level=first.level,
        logger=first.logger,
        request_id=first.request_id,
        host=next((s.host for s in o.sightings if s.host), None),
        client=next((s.client for s in o.sightings if s.client), None),
        scheme=next((s.scheme for s in o.sightings if s.scheme), None),
        code=messages.primary(failing) if failing else None,
        codes=codes,
        exceptions=told.statement.exceptions,
        statement=told.statement,
        fields=fields,
        args=primary.values if primary else (),
        hidden=tuple(sorted({h for m in failing for h in m.hidden} - set(fields))),
        token=token,
        library=messages.library("\n".join(s.statement.text for s in every), failing),
        outcome=Outcome(status=o.status, accepted_by=o.accepted_by),
        repeats=len(every) - 1,
        links=_links(o, first),
        context=tuple(m for s in o.library for m in s.statement.messages),
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
    return not (s.logger or "").startswith(_DISPATCHER) and _only_informs(s)


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
    for s in (*sorted(o.sightings, key=_tells_most, reverse=True), *o.library):
        for m in s.statement.messages:
            if not m.informational or s in o.library:
                for name, value in m.fields.items():
                    said.setdefault(name, value)
    if token is not None:
        for name, value in tokens.token_fields(token).items():
            said.setdefault(name, value)
    return Frozen(sorted(said.items()))


def _links(o: _Open, first: Sighting) -> tuple[Link, ...]:
    further = [
        Link(path=s.origin.path, line=s.origin.line, role=s.role, sure=i not in o.unsure)
        for i, s in enumerate(o.sightings)
        if s is not first
    ]
    further += [
        Link(path=s.origin.path, line=s.origin.line, role=s.role, sure=s.request_id is not None)
        for s in o.library
        if not _only_informs(s)
    ]
    return tuple(sorted(further, key=lambda link: link.line))
