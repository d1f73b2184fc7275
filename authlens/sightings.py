"""What one record tells of a refused token: its role, the text it quotes, and what that text says.

Equal texts are read once and share one statement, so that what is kept of a record is small and does not hold
the record.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from authlens import messages, tokens
from authlens.model import Frozen, Origin, Record, Role, Spot, Statement, Token
from authlens.reading.formats.base import LEVEL_WORDS, TRACE_IDENTIFIER
from authlens.urls import BEARER_PARAMETER, BEARER_PARAMETER_LONGEST

_CODE = re.compile(
    r"[IMWJ](?<![A-Za-z0-9].)(?:(?<=I)D(?:[XW]\d{5}|[1-8]\d{3})|(?<=M)IML\d{5}|(?<=W)IF\d{5}|(?<=J)wt\d{5})(?=:)"
    r"|errors/ID\d{4}"
)
"""Each alternative begins with its own character, for none other is then looked at."""
END_OF_QUOTE = re.compile(
    # A run of blanks is tried once, from its first: from each of its blanks would take quadratic time. Each
    # alternative begins with its own character, for none other is then looked at.
    r"\s(?<!\s\s)\s*+(?:--- End of |at [\w.<>`+]{1,300}\()| (?:---> |\(elapsed)|, InnerException: "
    r"|\.\.\.(?:\n|$)|\u2026(?:\n|$)"
)
"""Also where a viewer cut the line and marked that with dots."""
_ESCAPED_QUOTE = re.compile("u002[27]")
_QUOTES = str.maketrans("", "", "'\"\\\u2018\u2019\u201c\u201d")
_REFUSED = re.compile(r"^\s*(?P<before>[^\n]{1,400}?) was not authenticated\. Failure message: ?")
_SEPARATOR = re.compile(r"[:|\]>})\t\"“”'\\]\s*|\s{2,}|\s-\s|\u00a0")
_CATEGORY = re.compile(r"(?:[A-Za-z_]\w{0,60}\.){1,12}\w{1,80}|\w{1,80}(?:Handler|Middleware)")
_LEVEL = re.compile(rf"(?:{LEVEL_WORDS})\s+", re.IGNORECASE)
_BEHIND_HEAD = re.compile(r"[^\n]{0,300}?(?:[:|\]>})\t]\s*|\s{2,}|\s-\s|(?:Handler|Middleware)\s+)$")
_FAILED: Final = "Failed to validate the token"
_ACCEPTING: Final = ("Successfully validated the token", "AuthenticationScheme: ")
_ACCEPTED = re.compile(r"AuthenticationScheme: [\"']?(?P<scheme>[^\"'\n]{1,200}?)[\"']? was successfully authenticated")
_STATUS = re.compile(
    r"Request finished.{0,4000}? - (?P<status>\d{3})\b|Request finished in .{1,40}? (?P<old>\d{3})\b|responded (?P<serilog>\d{3}) in ",
    re.DOTALL,
)
_TOOK = re.compile(r"(?P<ms>\d{1,9}(?:\.\d{1,9})?) ?ms\b")
_CHALLENGED = re.compile(r"\s*The response was successfully returned as a challenge response")
_HOST_TEXT = re.compile(
    r"\s*(?:Failed to validate the token\b[^\n]{0,20000}?\.(?=\s|$)|Exception occurred while processing message\b\.?"
    r"|An unhandled exception[^\n.]{0,200}\.|Error from RemoteAuthentication:"
    r"|[^\n]{1,200}? was not authenticated\. Failure message:)\s*(?:[\"'])?(?:[\w.`+]{1,300}:\s)?"
)
_INNER = re.compile(r" ---> (?:[\w.`+]{1,300}: )?")
_REQUEST = re.compile(rf"{TRACE_IDENTIFIER}[\s:,|-]{{1,8}}")
_UNHANDLED: Final = ("An unhandled exception has occurred while exec", "An unhandled exception was thrown by")
REMOTE_LOGIN: Final = "handling the remote login"
_ADAPTERS = ("IdentityLoggerAdapter", "Microsoft.IdentityModel.EventSource", "Microsoft-IdentityModel")
DISPATCHER: Final = "OpenIddict"
_PARAMETER = re.compile(rf"{BEARER_PARAMETER}$")
_IN_URL = re.compile(r"(?:token|hint|jwt|bearer|authorization)=e[wy]", re.IGNORECASE)
_KEY_LENGTH = 600
_LONGEST_HEAD: Final = 300
_TAIL: Final = 200
_END_OF_REQUEST: Final = 16 * 1024
"""So many characters of what tells of a request's end hold its status."""
_NUMBER: Final = 20
"""Longer than what ``_TOOK`` finds before the unit."""
_KEPT_TEXT: Final = 64 * 1024
"""So much of a record's text is kept, characters; all of it has been read."""
_CACHED: Final = 4096
"""So many texts are remembered."""
_CACHED_TEXT: Final = 16 * 1024
"""Texts up to this length are remembered, characters."""
AROUND: Final = (Role.FINISH, Role.START, Role.SUCCESS)
"""Roles of records that tell of a request and of no refusal."""
_AROUND: Final = ("Request finished", "HTTP ", *_ACCEPTING, "Application started.")
"""What the texts of such records begin with."""
_HEAD: Final = 600
"""So many characters of a text hold what a host's own fixed text begins with."""
_NOTHING: Final = Statement(text="")


class Sighting(NamedTuple):
    """What one record contributes, without the record: equal texts share one statement."""

    path: str
    offset: int
    line: int
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
    took_s: float | None = None
    """How long the request ran that the record ends."""
    trace_id: str | None = None

    @property
    def origin(self) -> Origin:
        """Where the record begins."""
        return Origin(self.path, self.offset, self.line)


def moved(seen: Sighting | None, lines: int) -> Sighting | None:
    """The same so many lines further down: for a part whose first line was not known when it was read."""
    if seen is None:
        return None
    return Sighting._make((*seen[:_LINE], seen.line + lines, *seen[_LINE + 1 :]))


class _Text(NamedTuple):
    """What a text says whoever logged it."""

    statement: Statement
    role: Role | None
    """That its fixed beginning gives it."""
    key: str
    scheme: str | None
    begins: bool
    """It begins with a code."""


def sight(record: Record) -> Sighting | None:
    """What a record tells of a failure, or None where it only mentions a code."""
    text = _bare(record.text)
    logger = record.logger or ""
    adapter = logger.endswith(_ADAPTERS[0]) or logger in _ADAPTERS[1:]
    if not adapter and text[:_HEAD].lstrip().startswith(_AROUND) and (fixed := _fixed_role(text)) in AROUND:
        return _around(record, fixed)
    if record.secondary:
        return None
    known = _read(text)
    if known.statement.dated and record.time is not None:
        known = _at(known, text, record.time)
    role = _role(known, logger, adapter=adapter)
    if role is None:
        return None
    return _sighting(
        record,
        role,
        known.statement,
        record.scheme or known.scheme,
        key=known.key,
        logger=_same(record.logger),
        trace_id=record.trace_id,
    )


def _sighting(
    record: Record,
    role: Role,
    statement: Statement,
    scheme: str | None,
    *,
    key: str = "",
    logger: str | None = None,
    trace_id: str | None = None,
    status: int | None = None,
    took_s: float | None = None,
) -> Sighting:
    """Where a record stands and whose it is, with what it says."""
    origin = record.origin
    return Sighting(  # by position: names take longer than all the rest, and this is asked of every record
        origin.path,
        origin.offset,
        origin.line,
        record.end,
        record.lines,
        role,
        key,
        statement,
        record.time,
        record.time_assumed,
        record.level,
        logger,
        record.request_id,
        _same(record.host),
        _same(record.client),
        _same(record.stream) or "",
        _same(scheme),
        status,
        record.cut,
        record.secondary,
        took_s,
        trace_id,
    )


_ENDING = re.compile(
    rb"(?:Request finished HTTP/[0-9.]{1,3}|HTTP) [A-Z]{1,10} (?P<address>[!#-[\]-{}~]{1,400}+) "
    rb"(?:- [0-9]{3}|responded [0-9]{3} in)(?: [!-~]{1,80}+){0,9}? (?P<took>[0-9]{1,9}+(?:\.[0-9]{1,9}+)?) ?ms\s{0,2}\Z"
)
"""The end of a request as hosts print it."""
_TELLING_ADDRESS = re.compile(rb"0H|=[eE]|ID|MIML")
"""What may be a request's id, a token or a code."""
_LEFT_OUT: Final = b"\0"


def apart(record: bytes) -> tuple[bytes, bytes]:
    """Of a record's bytes what tells it from others, and the time that a request took, milliseconds.

    What a request asked for is left out of its end: no more than status and time are kept of that.
    """
    at = record.find(b"HTTP", 0, _LONGEST_HEAD)
    found = _ENDING.search(record, max(0, at - len("Request finished "))) if at >= 0 else None
    if found is None or _TELLING_ADDRESS.search(found["address"]):
        return record, b""
    begin, end = found.span("address")
    took, behind = found.span("took")
    return b"".join((record[:begin], _LEFT_OUT, record[end:took], _LEFT_OUT, record[behind:])), found["took"]


def again(seen: Sighting, at: Spot, took: bytes = b"") -> Sighting | None:
    """The same of a record that says the same elsewhere; None where it says another thing at another time.

    ``took``: of a request's end, what ``apart`` took off.
    """
    path, _, _, _, _, role, key, statement, _, _, level, logger, request, *whose, took_s, trace = seen
    if statement.dated:
        return None
    offset, line, end, lines, time, assumed, ids = at
    if ids is not None:
        request, trace = ids
    if took:
        took_s = float(took) / 1000
    said = role, key, statement, time, assumed, level, logger, request
    return Sighting._make((path, offset, line, end, lines, *said, *whose, took_s, trace))


_LINE: Final = Sighting._fields.index("line")


def _bare(text: str) -> str:
    """Without the request's id, which some layouts print in front of every message."""
    if not text.startswith("0H"):
        return text
    found = _REQUEST.match(text)
    return text[found.end() :] if found else text


def _around(record: Record, role: Role) -> Sighting:
    """A record that tells how a request ended, or that one was accepted; its text is not kept."""
    accepted = _ACCEPTED.match(_bare(record.text)) if role is Role.SUCCESS else None
    scheme = record.scheme or (accepted.group("scheme").strip() if accepted else None)
    ends = role is Role.FINISH
    return _sighting(
        record,
        role,
        _addressed(record.text),
        scheme,
        status=_status(record) if ends else None,
        took_s=_took(record.text) if ends else None,
    )


def _addressed(text: str) -> Statement:
    """Of a request's end only the tokens in its address are kept."""
    found = tuple(t for t in _tokens(text) if t.in_url) if _in_url(text) else ()
    return Statement(text="", tokens=found) if found else _NOTHING


def _tokens(text: str) -> tuple[Token, ...]:
    """All tokens of a text, with a mark on those that stand in an address."""
    found = tokens.find(text)
    if not found or not _in_url(text):
        return found
    shown = ((text[max(0, start - BEARER_PARAMETER_LONGEST) : start], t) for start, _, t in tokens.locate(text))
    places = {t.sha256 for before, t in shown if _PARAMETER.search(before)}
    return tuple(replace(t, in_url=True) if t.sha256 in places else t for t in found)


def _in_url(text: str) -> bool:
    """Whether a token may stand in an address."""
    return ("=e" in text or "=E" in text) and _IN_URL.search(text) is not None


@lru_cache(maxsize=4096)
def _same(text: str | None) -> str | None:
    """One object for equal names of loggers, hosts and schemes."""
    return text


# --------------------------------------------------------------------------- one text


def _read(text: str) -> _Text:
    return _remembered(text) if len(text) <= _CACHED_TEXT else _made(text)


def _made(text: str) -> _Text:
    said, sure = messages.told(text)
    statement = Statement(
        text=text[:_KEPT_TEXT],
        messages=said,
        exceptions=messages.exceptions(text),
        tokens=_tokens(text),
        dated=not sure,
    )
    role = _fixed_role(text)
    refused = _REFUSED.match(text) if role is Role.REFUSED else None
    scheme = _scheme(refused.group("before")) if refused else None
    return _Text(statement, role, _key(text), scheme, _begins_with_code(text, statement))


def _at(known: _Text, text: str, time: datetime) -> _Text:
    """The same with its dates read as the record's time decides."""
    said = messages.read(text, time)
    if said == known.statement.messages:
        return known
    return known._replace(statement=replace(known.statement, messages=said))


@lru_cache(maxsize=1024)
def _scheme(before: str) -> str | None:
    """The scheme in what stands before "was not authenticated": the last run behind whatever a layout prints first.

    A scheme may hold dots and single spaces; it holds no separator of layouts, and what follows the name of a
    logger or of a level is the scheme alone.
    """
    before = before.strip().rstrip("\"'“”\\ ")
    run = before[max((m.end() for m in _SEPARATOR.finditer(before)), default=0) :].strip()
    words = run.split(" ")
    last = max((i for i, word in enumerate(words[:-1]) if _CATEGORY.fullmatch(word)), default=-1)
    level = _LEVEL.match(rest) if (rest := " ".join(words[last + 1 :]).strip()) else None
    return (rest[level.end() :] if level else rest) or None


_remembered: Callable[[str], _Text] = lru_cache(maxsize=_CACHED)(_made)


def _role(known: _Text, logger: str, *, adapter: bool) -> Role | None:
    statement = known.statement
    if adapter:
        return Role.LIBRARY if statement.messages else None
    if known.role is not None:
        return known.role
    failing = any(not m.informational for m in statement.messages)
    if _CHALLENGED.match(statement.text):
        return Role.CHALLENGE if failing else None
    if not statement.messages:
        return None
    if logger.startswith(DISPATCHER):
        return Role.LIBRARY if failing else None
    if not logger and known.begins:
        return Role.LIBRARY
    if not failing:
        return None
    return Role.UNHANDLED if statement.text.lstrip().startswith(_UNHANDLED) else Role.APPLICATION


def _fixed_role(text: str) -> Role | None:
    """The role that a host's own fixed text gives a record."""
    head = text[:_HEAD].lstrip()
    if head.startswith(_FAILED) or _behind_head(head, _FAILED):
        return Role.EXCEPTION
    if head.startswith("Exception occurred while processing message"):
        return Role.MESSAGE
    if " was not authenticated. Failure message:" in head and _REFUSED.match(head):
        return Role.REFUSED
    if head.startswith("Error from RemoteAuthentication"):
        return Role.REMOTE
    if "An unhandled exception" in head and ("executing the request" in head or "thrown by the application" in head):
        return Role.UNHANDLED if _CODE.search(text) or REMOTE_LOGIN in text else None
    if head.startswith("Request finished") or (
        head.startswith("HTTP ") and "responded" in head and not _CODE.search(text)
    ):
        return Role.FINISH
    if head.startswith(_ACCEPTING):
        return Role.SUCCESS if head[0] == "S" or _ACCEPTED.match(head) else None
    if head.startswith("Application started."):
        return Role.START
    return None


def _behind_head(head: str, fixed: str) -> bool:
    """Whether a fixed text follows the rest of a head that no format knows."""
    at = head.find(fixed)
    return 0 < at <= _LONGEST_HEAD and "\n" not in head[:at] and _BEHIND_HEAD.match(head[:at]) is not None


def _begins_with_code(text: str, statement: Statement) -> bool:
    first = statement.messages[0] if statement.messages else None
    if first is None or first.code is None:
        return False
    head = text[: first.start + len(first.code) + 1].lstrip()
    return head.startswith((first.code, "Message: " + first.code)) or "Microsoft.IdentityModel Version:" in head


def _key(text: str) -> str:
    """From the first code to the end of the quoted message, without what formatters change."""
    found = _CODE.search(text)
    start = found.start() if found else _uncoded(text)
    quote = text[start : start + 8 * _KEY_LENGTH]
    end = END_OF_QUOTE.search(quote)
    return _squashed(quote[: end.start()] if end else quote)[:_KEY_LENGTH].rstrip(".")


def _squashed(quote: str) -> str:
    """Without white space and quotation marks, escaped or not."""
    if "u002" in quote:
        quote = _ESCAPED_QUOTE.sub("", quote)
    return "".join(quote.split()).translate(_QUOTES)


def _uncoded(text: str) -> int:
    """Where the failure's own words begin behind the fixed text of the host and the exception's type."""
    wrapper = text.find(REMOTE_LOGIN)
    inner = _INNER.search(text, wrapper) if wrapper >= 0 else None
    found = inner or _HOST_TEXT.match(text)
    return found.end() if found else 0


def _took(text: str) -> float | None:
    unit, tail = text.rfind("ms"), max(0, len(text) - _TAIL)
    if unit < tail:
        return None
    found = _TOOK.findall(text, max(tail, unit - _NUMBER)) or _TOOK.findall(text, tail)
    return float(found[-1]) / 1000 if found else None


def _status(record: Record) -> int | None:
    stated = record.fields.get("StatusCode")
    if isinstance(stated, int) and not isinstance(stated, bool):
        return stated
    found = _STATUS.search(record.text, 0, _END_OF_REQUEST)
    return int(found[found.lastgroup or 0]) if found else None


# --------------------------------------------------------------------------- many statements


class Shared:
    """One statement for equal texts, also where other processes read them; of too many only what they have in common.

    A log with a million different tokens must not fill the memory.
    """

    def __init__(self, most: int = 50_000) -> None:
        """At most so many different statements are kept whole."""
        self.most = most
        self.left_out = 0
        """Records whose statements are not whole."""
        self._known: dict[str, Statement] = {}
        self._kinds: dict[tuple[object, ...], Statement] = {}
        self._settled = {id(_NOTHING): _NOTHING}
        """By identity: what is kept, and takes the place of others."""
        self._instead: dict[int, tuple[Statement, Statement]] = {}
        """By identity: statements that came of late, and what took their place."""
        self._addressed: dict[tuple[str, ...], Statement] = {}
        """By the tokens of an address."""
        self._tokens: dict[tuple[object, ...], Token] = {}
        self._values: dict[tuple[str, ...], tuple[str, ...]] = {}

    def __call__(self, seen: Sighting | None) -> Sighting | None:
        """The sighting with the statement that was known first."""
        if seen is None or id(seen.statement) in self._settled:
            return seen
        came = self._instead.get(id(seen.statement))
        if came is not None:
            return _saying(seen, came[1])
        if seen.role in AROUND:
            return self._around(seen)
        text = seen.statement.text
        whole = len(text) < _KEPT_TEXT  # of a longer one this is the beginning, which others may have, too
        known = self._known.get(text) if whole else None
        if known is None and len(self._known) >= self.most:
            self.left_out += 1
            return _saying(seen, self._kind(seen.statement))._replace(key=seen.key[:_SHORT_KEY])
        if known is None:
            known = self._known[text] = self._sharing(seen.statement)
            if whole:
                self._settled[id(known)] = known
        return seen if known is seen.statement else _saying(seen, self._remembered(seen.statement, known))

    def _remembered(self, came: Statement, known: Statement) -> Statement:
        """What takes a statement's place; a short one may soon come again, since it is remembered where it was read."""
        if len(came.text) <= _CACHED_TEXT:
            if len(self._instead) >= _CACHED:
                self._instead.clear()
            self._instead[id(came)] = came, known
        return known

    def _sharing(self, statement: Statement) -> Statement:
        """The statement with the tokens and values that were known first: several records of a refusal show the same."""
        if not statement.tokens:
            return statement
        found = (self._tokens.setdefault((t.sha256, t.form, t.defect, t.in_url), t) for t in statement.tokens)
        said = (m._replace(values=self._values.setdefault(m.values, m.values)) for m in statement.messages)
        return replace(statement, tokens=tuple(found), messages=tuple(said))

    def _around(self, seen: Sighting) -> Sighting:
        """A request's end that keeps the token of its address, as long as they are not too many."""
        if not seen.statement.tokens:
            return seen
        named = tuple(token.sha256 for token in seen.statement.tokens)
        if named not in self._addressed and len(self._addressed) < self.most:
            self._addressed[named] = seen.statement
        known = self._addressed.get(named, _NOTHING)
        return seen if known is seen.statement else seen._replace(statement=known)

    def _kind(self, statement: Statement) -> Statement:
        kind = (tuple((m.code, m.informational, m.exception_type) for m in statement.messages), statement.exceptions)
        if kind not in self._kinds and len(self._kinds) < self.most:
            bare = self._kinds[kind] = _bare_statement(statement)
            self._settled[id(bare)] = bare
        return self._kinds.get(kind, _NOTHING)


_SHORT_KEY: Final = 100
_STATEMENT: Final = Sighting._fields.index("statement")


def _saying(seen: Sighting, statement: Statement) -> Sighting:
    """The same sighting with another statement."""
    return Sighting._make((*seen[:_STATEMENT], statement, *seen[_STATEMENT + 1 :]))


def _bare_statement(statement: Statement) -> Statement:
    """Codes and templates, and no value."""
    bare = tuple(m._replace(values=(), fields=Frozen(), hidden=(), start=0, end=0) for m in statement.messages)
    text = "\n".join(f"{m.code or ''}: {m.template}" for m in bare)
    return Statement(text=text[:_KEPT_TEXT], messages=bare, exceptions=statement.exceptions)
