"""What stands behind a record's head: columns, scopes, the message, properties behind it, an exception."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable

from authlens.reading import needles, timestamps
from authlens.reading.formats import event
from authlens.reading.formats.base import (
    CATEGORY,
    LINE,
    Draft,
    Place,
    level,
    request_id,
    scope_values,
    syslog_level,
    trace_parent,
    within,
)
from authlens.reading.formats.json_text import parse
from authlens.reading.formats.rendered import MESSAGE, TEMPLATE, as_text, first_of

# --------------------------------------------------------------------------- bodies


GROUPS = ("lvl", "pri", "cat", "eid", "rid", "mid", "tail")
"""Those of a head that are read here."""


def read(body: str, groups: dict[str, str], message: str, rest: str, place: Place) -> Draft:
    """What a record says behind its head, on the first line and on the rest; ``body`` is a key of ``BODIES``."""
    priority = syslog_level(int(groups["pri"])) if "pri" in groups else None
    draft = Draft(level=level(groups.get("lvl")) or priority, logger=groups.get("cat"))
    if "eid" in groups:
        draft.event_id = int(groups["eid"])
    BODIES[body](draft, groups, message, rest)
    if draft.text.startswith("{"):
        _object(draft, place)
    if "tail" in groups:
        _trailing_time(draft, place)
    return draft


def _object(draft: Draft, place: Place) -> None:
    """Takes an event that was written as an object behind a head for what it says; the head's words count."""
    value = parse(draft.text) if draft.text.endswith("}") else None
    if not isinstance(value, dict) or not as_text(first_of(value, (*MESSAGE, *TEMPLATE))):
        return
    said = event.read(value, place)
    for name in ("logger", "level", "event_id", "request_id", "trace_id", "host", "client", "scheme"):
        setattr(draft, name, getattr(draft, name) or getattr(said, name))
    draft.text, draft.fields = said.text, {**said.fields, **draft.fields}


_DATED = "|".join(timestamps.pattern(kind) for kind in ("iso", "numeric", "daymonth", "monthday"))
TRAILING_TIME = re.compile(rf"(?<=\s)[\[(<]?(?P<ts>{_DATED})[\])>]?\s*$")
"""Of layouts that print the time behind the message."""
_TRAILING_LOGGER = re.compile(r"\s[<\[(]?([A-Za-z_][\w+`]{0,100}(?:\.[\w+`]{1,200}){1,20})[>\])]?\s*$")


def _trailing_time(draft: Draft, place: Place) -> None:
    """Takes the time, and the logger before it, off the end of the message, which the exception follows."""
    lines = draft.text.split("\n", _TAIL_LINES)
    for index, line in enumerate(lines[:_TAIL_LINES]):
        found = TRAILING_TIME.search(line[-LINE:])
        if found is None:
            continue
        draft.time, draft.time_assumed = timestamps.parse(found["ts"], place.zone)
        said = line[: len(line) - len(line[-LINE:]) + found.start()].rstrip()
        logger = _TRAILING_LOGGER.search(said[-LINE:])
        if logger is not None:
            draft.logger = draft.logger or logger[1]
            said = said[: len(said) - len(logger.group())]
        lines[index] = said
        draft.text = "\n".join(lines).strip()
        return


_COLUMN_OF_EXCEPTION = re.compile(
    r"(?: ?[|;~\t] ?|\"[,;|]\")(?=[A-Za-z_][\w+`]{0,100}(?:\.[\w+`]{1,200}){1,20}Exception: )"
)


def _joined(message: str, rest: str) -> str:
    if "Exception: " in message:
        message = _COLUMN_OF_EXCEPTION.sub("\n", message, count=1)
    return (f"{message}\n{rest}" if rest else message).strip()


_TRAILER = re.compile(r"\n {4}(?:ProcessId|LogicalOperationStack|ThreadId|DateTime|Timestamp|Callstack)=")
_TRAILED = re.compile(r"\n {4}DateTime=(\S{1,40})")


def _trace(draft: Draft, groups: dict[str, str], message: str, rest: str) -> None:
    """What ``traceOutputOptions`` adds stands indented behind the text."""
    rest = f"\n{rest}"
    when, trailer = _TRAILED.search(rest), _TRAILER.search(rest)
    if when is not None:
        draft.time, draft.time_assumed = timestamps.parse(when[1])
    _fields(draft, groups, message, (rest[: trailer.start()] if trailer else rest)[1:])


def _fields(draft: Draft, groups: dict[str, str], message: str, rest: str) -> None:
    draft.text = _joined(message, rest)
    if groups.get("rid"):
        draft.request_id = groups["rid"]


def _utc(draft: Draft, _: dict[str, str], message: str, rest: str) -> None:
    draft.text = _joined(message, rest)


_VALUE = re.compile(r'((?:[^"\\]|\\.){0,200000})"')
_THROWN = re.compile(r'\s(?:exception|error|err|stack|stacktrace|exc_info)="', re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "", "t": "\t"}


def unquoted(line: str) -> str:
    """What a logfmt line says in the value that begins here, and in the exception behind it."""
    said = _VALUE.match(line)
    if said is None:
        return line
    parts = [said[1]]
    thrown = _THROWN.search(line, said.end())
    if thrown is not None:
        value = _VALUE.match(line, thrown.end())
        parts.append(value[1] if value else line[thrown.end() :])
    return "\n".join(_ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), part) for part in parts)


# --------------------------------------------------------------------------- MEL

_SCOPE = re.compile(
    r"=> (?:SpanId:[0-9a-f]{1,32}, TraceId:[0-9a-f]{1,64}, ParentId:[0-9a-f]{1,32}|ConnectionId:\S{1,64}"
    r"|RequestPath:\S{0,2048} RequestId:\S{1,128}(?:, SpanId:\S{1,64}, TraceId:\S{1,64}, ParentId:\S{0,64})?) ?"
)


def _mel(draft: Draft, _: dict[str, str], _message: str, rest: str) -> None:
    lines = [line.removeprefix("      ") for line in rest.split("\n")]
    if lines and lines[0].startswith("=> "):
        scope(draft, lines.pop(0))
    draft.text = "\n".join(lines).strip()


def _single(draft: Draft, _: dict[str, str], message: str, rest: str) -> None:
    while (match := _SCOPE.match(message)) is not None:
        scope(draft, match.group())
        message = message[match.end() :]
    draft.text = _joined(message, rest)


def scope(draft: Draft, text: str) -> None:
    """Take the values that a scopes line names."""
    values = scope_values(text)
    draft.request_id = values.get("RequestId") or draft.request_id
    draft.trace_id = values.get("TraceId") or draft.trace_id
    draft.fields = {**draft.fields, **values}


# --------------------------------------------------------------------------- columns

_EXCEPTION = re.compile(r"[\w.+`]{1,200}Exception(?:: | \(|$)")
_DOTTED = re.compile(
    r"\s*([A-Za-z_][\w+`]{0,100}(?:\.[\w+`<>\[\],-]{1,200}){1,20})(?=\s*$|: |\s=> |\s-\s|\s\[|\||\t|\] )"
)
_BRACKET = re.compile(r"\s?\[([^\[\]\n]{0,200})\]")
_COLUMN = re.compile(r"\s{0,8}(?:[\[|\t]|[A-Za-z_][\w+`]{0,100}\.\w|=> |[-:]\s)")
_DASH = re.compile(r"^\s{0,8}(?:-|:)\s")
_PIPE = re.compile(r"\s?\|?\s?([^|\n]{0,300}?)\s?\|")
_TAB = re.compile(r"\t?([^\t\n]{0,300})\t")
_PLAIN_VALUE = re.compile(
    r"\w{1,40}: \S{0,100}|\(null\)|[\w:.{}+`-]{0,200}|\.NET [\w ]{1,40}|(?:\w{1,40}=\S{0,100} ?){1,8}"
)


def _columns(draft: Draft, groups: dict[str, str], message: str, rest: str) -> None:
    middle = groups.get("mid", "")
    draft.request_id = request_id(message[:LINE]) or request_id(middle)
    message = _peeled(draft, message.lstrip("]) :") if message[:1] in "]) :" else message, middle)
    if draft.logger is None:
        draft.logger = _logger(middle)
    if draft.logger is None and rest and (alone := _logger(message)) is not None:
        draft.logger, message = alone, ""
    draft.text = _joined(message, rest)


def _peeled(draft: Draft, message: str, middle: str) -> str:
    """The message without the columns that stand before it."""
    if _COLUMN.match(message) is None and middle[-1:] not in {"|", "\t"}:
        return message.lstrip()
    for separator, column in (("|", _PIPE), ("\t", _TAB)):
        if message.startswith(separator) or (middle.endswith(separator) and separator in message):
            return _separated(draft, message, column)
    for _ in range(8):
        bracket = _BRACKET.match(message)
        if bracket is not None and _PLAIN_VALUE.fullmatch(bracket[1]):
            if draft.logger is None:
                draft.logger = _logger(bracket[1])
            message = message[bracket.end() :]
            continue
        dotted = _DOTTED.match(message)
        if dotted is not None and draft.logger is None and not _EXCEPTION.match(message.lstrip()):
            draft.logger = dotted[1]
            message = message[dotted.end() :].removeprefix("]").lstrip("|\t")
            continue
        break
    if message.lstrip().startswith("=> "):
        scope(draft, message.rstrip(": "))
        return ""
    return _DASH.sub("", message).lstrip()


_ID = re.compile(r"(?:\(null\)|0H[A-Z0-9]{5,24}(?::[0-9A-F]{8})?|[0-9a-fA-F-]{16,64})?")


def _separated(draft: Draft, message: str, column: re.Pattern[str]) -> str:
    for _ in range(6):
        match = column.match(message)
        # Behind the logger only an id is a column: what else stands before a pipe there may be the message.
        plain_value = _PLAIN_VALUE if draft.logger is None else _ID
        if match is None or plain_value.fullmatch(match[1]) is None:
            break
        draft.logger = draft.logger or _logger(match[1])
        message = message[match.end() :]
    return message.lstrip("| \t")


_LOGGER = re.compile(CATEGORY)


def _logger(text: str) -> str | None:
    """The logger's name, where a column is one."""
    name = text.strip(" []()|\t-")
    return name if name and _LOGGER.fullmatch(name) else None


BODIES: dict[str, Callable[[Draft, dict[str, str], str, str], None]] = {
    "columns": _columns,
    "fields": _fields,
    "mel": _mel,
    "single": _single,
    "trace": _trace,
    "utc": _utc,
}


# --------------------------------------------------------------------------- properties

_PROPERTY = re.compile(
    r'[{,] ?"?(RequestId|SourceContext|TraceId|SpanId|ActionName|RequestPath|ConnectionId)"?: ?(?:"([^"\n]{0,2048})"|([^,}\s"]{1,2048}))'
)
_TAIL = re.compile(r' ?\{ ?"?[A-Za-z]\w{0,63}"?: ?')
_TAIL_LINES = 200
_TAIL_SEARCHED = 16 * 1024
_TAILS = 16


def identify(draft: Draft, first: str) -> None:
    """Ids of the request from the head's columns, or from the properties behind the message.

    ``first`` is the first line without its time.
    """
    _properties(draft)
    draft.request_id = draft.request_id or request_id(first)
    if "00-" not in first:
        return
    message = draft.text[:40].partition("\n")[0]
    at = first.find(message) if message else -1
    parent = trace_parent(first[:at]) if at > 0 else None
    if parent is not None:
        draft.trace_id = draft.trace_id or parent[0]
        draft.request_id = draft.request_id or within(*parent)


def _properties(draft: Draft) -> None:
    """Take Serilog's ``{Properties}`` off the message's last line, which the exception follows."""
    if "RequestId" not in draft.text and "SourceContext" not in draft.text:
        return
    lines = draft.text.split("\n", _TAIL_LINES)
    for index, line in enumerate(lines[:_TAIL_LINES]):
        bare = line.rstrip()
        if not bare.endswith("}") or ("RequestId" not in bare and "SourceContext" not in bare):
            continue
        begin = next((at for at in _balanced(bare) if _is_tail(bare[at:])), None)
        if begin is None:
            return
        values = {
            name: quoted or plain_ for name, quoted, plain_ in _PROPERTY.findall(bare[begin : begin + _TAIL_SEARCHED])
        }
        draft.fields = {**draft.fields, **values}
        draft.logger = draft.logger or values.get("SourceContext")
        draft.trace_id = draft.trace_id or values.get("TraceId")
        draft.request_id = draft.request_id or values.get("RequestId") or within(draft.trace_id, values.get("SpanId"))
        lines[index] = bare[:begin]
        draft.text = "\n".join(lines).strip()
        return


def _balanced(line: str) -> Iterable[int]:
    """Where a list of properties may begin that the line ends with: the last few braces that are closed at its end."""
    found: deque[int] = deque(maxlen=_TAILS)
    open_, before = line.count("{") - line.count("}"), 0
    for match in _TAIL.finditer(line):
        open_ -= line.count("{", before, match.start()) - line.count("}", before, match.start())
        before = match.start()
        if not open_:
            found.append(before)
    return found


def _is_tail(text: str) -> bool:
    """Whether a line's end is a list of properties that hides nothing worth reading."""
    return _PROPERTY.search(text[:_TAIL_SEARCHED]) is not None and not needles.hit(text.encode()) and "eyJ" not in text
