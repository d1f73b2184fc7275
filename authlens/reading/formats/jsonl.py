"""Logs of JSON objects, one a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from typing import Any

from authlens import segments
from authlens.model import Frozen, Record
from authlens.reading import needles, timestamps
from authlens.reading.formats.base import (
    Draft,
    Place,
    decoded,
    level,
    number,
    plain_text,
    record,
    request_id,
    scope_values,
    within,
)
from authlens.reading.runs import Run

LIMIT = 16 * 1024 * 1024
_DEPTH = 200
_QUOTED = 256 * 1024
_VALUES = 100

_KINDS = (
    ("clef", ("@t",)),
    ("serilog-json", ("Timestamp", "Level", "MessageTemplate")),
    ("serilog-elasticsearch", ("@timestamp", "messageTemplate")),
    ("ecs", ("@timestamp", "ecs.version")),
    ("ecs", ("@timestamp", "ecs")),
    ("mel-json", ("EventId", "LogLevel", "Category")),
    ("lambda-json", ("timestamp", "level", "requestId", "message")),
    ("gelf", ("short_message", "version")),
    ("appinsights-json", ("ExceptionType",)),
    ("appinsights-json", ("customDimensions",)),
    ("nlog-json", ("time", "level", "message")),
    ("json", ()),
)
FORMATS = frozenset(name for name, _ in _KINDS)
INDENTED = frozenset(f"{name}-indented" for name in FORMATS)


def parse(data: bytes | str) -> Any:
    """The value, or None where it is none, or nests too deeply to be one."""
    text = data.decode(errors="replace") if isinstance(data, bytes) else data
    if text.count("[") + text.count("{") > _DEPTH and segments.depth(text)[0] > _DEPTH:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _encodable(value) if _HALF.search(text) else value


_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape of half a character: two may be one, one alone is none."""


def _encodable(value: Any) -> Any:
    """The value with a replacement for what is only half of a character: no output can hold it."""
    if isinstance(value, str):
        return _whole_characters(value)
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    if isinstance(value, dict):
        return {_whole_characters(name): _encodable(item) for name, item in value.items()}
    return value


def _whole_characters(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def first(data: bytes) -> tuple[Any, int]:
    """The first value of several and where it ends, bytes; None and 0 where there is none."""
    text = data.decode(errors="replace")
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None, 0
    return value, len(text[:end].encode(errors="replace"))


def written(value: Any) -> bytes:
    """A value on one line."""
    return json.dumps(value).encode() + b"\n"


_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|["\[\]{}]')


def closed(data: bytes) -> bytes:
    """A document that breaks off somewhere, ended behind the last of its values that is whole."""
    text = data.decode("latin-1")  # a byte is a character
    waiting: list[str] = []
    end, missing = 0, ""
    for match in _STRUCTURE.finditer(text):
        mark = match.group()
        if mark == '"':
            break  # a text that breaks off: what stands in it is no structure
        if mark in "[{":
            waiting.append("]" if mark == "[" else "}")
        elif mark in "]}" and waiting:
            waiting.pop()
            end, missing = match.end(), "".join(reversed(waiting)) if len(waiting) <= _DEPTH else ""
    return data[:end] + missing.encode() if missing else data


def kind(value: Mapping[str, Any]) -> str:
    """The name of the form."""
    return next(name for name, keys in _KINDS if all(key in value for key in keys))


def is_event(value: Mapping[str, Any]) -> bool:
    """Whether an object is what a logger wrote, and not a value that a message shows."""
    if kind(value) not in {"json", "nlog-json"}:
        return True
    flat = _flat(value)
    when, _ = _when(value, flat, Place("", "", UTC, secondary=False, cut=False))
    return when is not None and bool(_message(value, flat))


_AROUND = " \t\r\n\x1e\x00,[]\ufeff"
_BEFORE = b" \t\x1e\x00,[\xef\xbb\xbf"


_MARK = re.compile(rb"\n[" + re.escape(_BEFORE) + rb"]{0,64}\{")


def opens(data: bytes, begin: int, end: int) -> bool:
    """Whether a line begins with an object; it may be an element of a list that has one on each line."""
    return data[begin : min(end, begin + 64)].lstrip(_BEFORE).startswith(b"{")


def line(data: bytes) -> dict[str, Any] | None:
    """The object of such a line, or None."""
    if not opens(data, 0, len(data)):
        return None
    value = parse(data.decode(errors="replace").strip(_AROUND))
    return value if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class Json:
    """A record is a line that begins with a brace; other lines are text that something else printed."""

    name: str
    limit: int = LIMIT
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = _MARK
    whole: bool = False

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether an object begins here."""
        return opens(data, begin, end)

    def divide(self, run: Run) -> Iterable[Run]:
        """The object's line, and the text behind it."""
        feed = run.data.find(b"\n") + 1
        if feed <= 0 or feed == len(run.data):
            return (run,)
        return (run.slice(0, feed), run.slice(feed, len(run.data)))

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """Read the object; what is none is text."""
        text, broken = decoded(run.data)
        value = parse(text.strip(_AROUND))
        draft = read(value, place) if isinstance(value, dict) else broken_object(text)
        return record(draft, run, place), broken


_CLOSED = re.compile(rb"\n\}[ \t\r]{0,8}(?:\n|$)")


@dataclass(frozen=True, slots=True)
class Indented(Json):
    """Objects over several lines: a record is from a lone brace to the next."""

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line is nothing but an opening brace."""
        return end - begin < 64 and data[begin:end].rstrip() == b"{"

    def divide(self, run: Run) -> Iterable[Run]:
        """The object, and the text behind it."""
        closed = _CLOSED.search(run.data) if run.data.lstrip(b"\xef\xbb\xbf").startswith(b"{") else None
        if closed is None or closed.end() == len(run.data):
            return (run,)
        return (run.slice(0, closed.end()), run.slice(closed.end(), len(run.data)))


# --------------------------------------------------------------------------- objects

_TIME = ("@t", "@timestamp", "Timestamp", "timestamp", "time", "Time", "ts", "date", "Date", "datetime", "TimeGenerated", "timestamp [UTC]", "asctime", "longdate")  # fmt: skip
_LEVEL = ("@l", "Level", "LogLevel", "level", "log.level", "severity", "severityText", "SeverityLevel", "severityLevel", "loglevel", "levelname")  # fmt: skip
_TEMPLATE = ("@mt", "MessageTemplate", "messageTemplate", "{OriginalFormat}")
_MESSAGE = ("@m", "RenderedMessage", "Message", "message", "msg", "full_message", "short_message", "FormattedMessage", "OuterMessage", "outerMessage", "Content", "content", "body", "@message", "Text", "text", "Msg", "MESSAGE", "logMessage", "log_message", "log.message", "event.original")  # fmt: skip
_EXCEPTION = ("@x", "Exception", "exception", "exceptions", "error", "ex", "exc_info", "stack_trace", "stackTrace", "StackTrace", "Stacktrace", "error.stack_trace", "exception.stacktrace")  # fmt: skip
_LOGGER = ("SourceContext", "Category", "CategoryName", "logger", "Logger", "loggerName", "LoggerName", "log.logger", "category", "logger_name")  # fmt: skip
_REQUEST = ("RequestId", "requestId", "TraceIdentifier", "request_id", "AspNetCoreRequestId", "aspnetcore_request_id")
_TRACE = ("@tr", "TraceId", "traceId", "trace_id", "trace.id", "traceid", "operation_Id", "OperationId")
_SPAN = ("@sp", "SpanId", "spanId", "span_id", "span.id", "spanid")
_HOST = ("MachineName", "machineName", "machine", "hostname", "HostName", "host.name", "Computer", "machinename")
_CLIENT = ("RemoteIpAddress", "RemoteIp", "RemoteIP", "ClientIp", "ClientIP", "clientIp", "client_ip", "client.ip", "RemoteAddress")  # fmt: skip
_SAID = frozenset(
    {*_TIME, *_TEMPLATE, *_MESSAGE, *_EXCEPTION, "Details", "InnermostMessage", "innermostMessage", "errorMessage"}
)
_NESTED = ("Properties", "State", "fields", "EventProperties", "eventProperties", "properties", "labels", "metadata", "customDimensions", "log", "trace", "host", "client", "context", "attributes", "Renderings_")  # fmt: skip


def read(value: Mapping[str, Any], place: Place) -> Draft:
    """What an object says as an event."""
    flat = _flat(value)
    draft = Draft(fields={k: _frozen(v) for k, v in flat.items() if k not in _SAID})
    draft.time, draft.time_assumed = _when(value, flat, place)
    draft.level = _level(value)
    draft.logger = _text(_first(flat, _LOGGER)) or _shaped_logger(value)
    draft.event_id = _event_id(flat)
    draft.request_id = _text(_first(flat, _REQUEST)) or _shaped_request(flat)
    draft.trace_id = _text(_first(flat, _TRACE))
    draft.host = _text(_first(flat, _HOST)) or _text(_host(value))
    draft.client = _text(_first(flat, _CLIENT))
    draft.scheme = _text(flat.get("AuthenticationScheme"))
    draft.text = _rendered(value, flat)
    draft.request_id = draft.request_id or request_id(draft.text[:2048]) or within(draft.trace_id, _first(flat, _SPAN))
    return draft


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return Frozen({k: _frozen(v) for k, v in value.items()})
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _first(value: Mapping[str, Any], names: Iterable[str]) -> Any:
    return next((value[name] for name in names if value.get(name) not in (None, "")), None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _time(value: Any, place: Place) -> tuple[Any, bool]:
    if isinstance(value, dict):  # as MongoDB exports it
        value = value.get("$date")
    if isinstance(value, bool) or value is None:
        return None, False
    if isinstance(value, int | float):
        return timestamps.from_number(value), False
    return timestamps.parse(value, place.zone) if isinstance(value, str) else (None, False)


def _when(value: Mapping[str, Any], flat: Mapping[str, Any], place: Place) -> tuple[Any, bool]:
    name = next((n for n in _TIME if value.get(n) not in (None, "")), None)
    if name is not None:
        moment, assumed = _time(value[name], place)
        return (moment, assumed) if "[UTC]" not in name or moment is None else _time(f"{value[name]} UTC", place)
    for item in flat.values():  # a layout of the user's own: known by the shape of the value
        shaped = (isinstance(item, str) and 15 < len(item) < 40) or (isinstance(item, dict) and "$date" in item)
        if shaped and (found := _time(item, place))[0] is not None:
            return found
    return None, False


def _level(value: Mapping[str, Any]) -> str | None:
    found = _first(value, _LEVEL)
    if found is None and isinstance(value.get("log"), dict):
        found = value["log"].get("level")
    if isinstance(found, str) and (digits := number(found)) is not None:
        found = digits
    if isinstance(found, int) and not isinstance(found, bool):
        return _number_level(value, found)
    if found is None:
        words = (level(v) for v in value.values() if isinstance(v, str) and 3 <= len(v) <= 13)
        return "information" if "@t" in value else next((w for w in words if w), None)
    return level(found)


def _number_level(value: Mapping[str, Any], found: int) -> str | None:
    if "short_message" in value:  # syslog's numbers
        return ["critical", "critical", "critical", "error", "warning", "information", "information", "debug"][
            found % 8
        ]
    if "SeverityLevel" in value or "severityLevel" in value:
        return dict(enumerate(("debug", "information", "warning", "error", "critical"))).get(found)
    return dict(enumerate(("trace", "debug", "information", "warning", "error", "critical"))).get(found)


_DOTTED = re.compile(r"[A-Za-z_][\w+`]{0,100}(?:\.[A-Za-z_][\w+`<>,]{0,200}){2,20}")


def _shaped_logger(value: Mapping[str, Any]) -> str | None:
    """The logger's name in a layout of the user's own."""
    if kind(value) not in {"json", "nlog-json"}:
        return None
    names = (v for k, v in value.items() if isinstance(v, str) and "host" not in k.lower() and _DOTTED.fullmatch(v))
    return next(names, None)


_TRACE_IDENTIFIER = re.compile(r"0H[A-Z0-9]{5,24}:[0-9A-F]{8}")


def _shaped_request(flat: Mapping[str, Any]) -> str | None:
    """The request's id in a layout of the user's own."""
    return next((v for v in flat.values() if isinstance(v, str) and _TRACE_IDENTIFIER.fullmatch(v)), None)


def _event_id(flat: Mapping[str, Any]) -> int | None:
    value = flat.get("EventId", flat.get("eventId", flat.get("event.code")))
    if isinstance(value, dict):
        value = value.get("Id", value.get("id"))
    return number(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _host(value: Mapping[str, Any]) -> Any:
    if "Host" in value and "Service" in value:
        return value["Host"]
    host = value.get("host")
    return host.get("name") if isinstance(host, dict) else host


def _flat(value: Mapping[str, Any]) -> dict[str, Any]:
    """Properties one level deep; scopes merged, the inner one wins; what no known name holds gives way."""
    flat: dict[str, Any] = {}
    others: list[Mapping[str, Any]] = []
    for name, inner in value.items():
        if name in {"Scopes", "scopes"} and isinstance(inner, list):
            flat.update(_scopes(inner))
        elif name in _NESTED and isinstance(inner, dict):
            prefix = f"{name}." if name in {"log", "trace", "host", "client"} else ""
            flat.update({f"{prefix}{key}": item for key, item in inner.items()})
        elif name in _NESTED and isinstance(inner, list):
            flat.update({str(p["Name"]): p.get("Value") for p in inner if isinstance(p, dict) and "Name" in p})
        elif name.startswith("_") and "short_message" in value:
            flat[name.lstrip("_")] = inner
        elif name in _NESTED and isinstance(inner, str) and inner.startswith("{"):
            again = parse(inner)
            flat.update(again if isinstance(again, dict) else {name: inner})
        else:
            flat.setdefault(name, inner)
            others += [inner] if isinstance(inner, dict) and name not in _SAID else []
    for inner in others:
        flat = {**inner, **flat}
    return flat


def _scopes(scopes: list[Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for scope in scopes:
        if isinstance(scope, str):
            merged.update(scope_values(scope))
        if isinstance(scope, dict):
            merged.update({k: v for k, v in scope.items() if k not in {"Message", "{OriginalFormat}"}})
    return merged


# --------------------------------------------------------------------------- text


def _rendered(value: Mapping[str, Any], flat: Mapping[str, Any]) -> str:
    message = _message(value, flat)
    exception = _thrown(value)
    parts = [message]
    if exception and exception not in message:
        parts.append(exception)
    text = plain_text("\n".join(p for p in parts if p)).replace("\r\n", "\n")
    if not needles.hit(text.encode(errors="replace")):
        text = "\n".join([text, *_leaves_with_hits(value)])
    return text.strip()


def _thrown(value: Mapping[str, Any]) -> str:
    if "ExceptionType" in value or "outerMessage" in value or "OuterMessage" in value:
        return _of_insights(value)
    thrown = _first(value, _EXCEPTION)
    return _exception(thrown if thrown is not None else _shaped_exception(value))


_PRINTED = re.compile(r"[A-Za-z_][\w.+`]{0,300}Exception(?:: | \()")
_THROWN = re.compile(r"exception|error|thrown|failure", re.IGNORECASE)


def _shaped_exception(value: Mapping[str, Any]) -> Any:
    """The exception in a layout of the user's own: printed, or an object of its parts."""
    printed = [v for v in value.values() if isinstance(v, str) and _PRINTED.match(v)]
    if printed:
        return max(printed, key=len)
    return next((v for k, v in value.items() if isinstance(v, dict) and _THROWN.search(k)), None)


def _of_insights(value: Mapping[str, Any]) -> str:
    """Application Insights keeps the chain of exceptions as a list in a string, and the stacks as objects."""
    details = _first(value, ("Details", "details"))
    chain = parse(details) if isinstance(details, str) else details
    if isinstance(chain, list) and any(isinstance(e, dict) and e.get("message") for e in chain):
        return "\n ---> ".join(_of_chain(e) for e in chain if isinstance(e, dict))
    outer = _first(value, ("OuterMessage", "outerMessage")) or ""
    kind_ = _first(value, ("OuterType", "outerType", "ExceptionType", "type")) or ""
    inner = _first(value, ("InnermostMessage", "innermostMessage"))
    kind_inner = _first(value, ("InnermostType", "innermostType")) or ""
    nested = f"\n ---> {kind_inner}: {inner}" if inner and inner != outer else ""
    return f"{kind_}: {outer}{nested}"


def _of_chain(entry: Mapping[str, Any]) -> str:
    stack = entry.get("parsedStack")
    frames = [f"\n   at {f.get('method')}()" for f in stack if isinstance(f, dict)] if isinstance(stack, list) else []
    return f"{entry.get('type', '')}: {entry.get('message', '')}" + "".join(frames)


def _message(value: Mapping[str, Any], flat: Mapping[str, Any]) -> str:
    template = _text(_first(value, _TEMPLATE))
    rendered = _text(_first(value, _MESSAGE))
    if "ExceptionType" in value or rendered is None:
        rendered = _text(flat.get("FormattedMessage")) or (None if "ExceptionType" in value else rendered)
    if template is not None and (rendered is None or "RenderedMessage" in value):
        return filled(template, flat, value.get("@r"))
    if rendered is not None and "@m" in value:
        return _unquoted(rendered, flat)
    return rendered or ("" if "ExceptionType" in value else _shaped_message(value))


def _shaped_message(value: Mapping[str, Any]) -> str:
    """The message in a layout of the user's own: the first text of several words."""
    texts = (v for v in value.values() if isinstance(v, str) and " " in v.strip() and not _PRINTED.match(v))
    return next((t for t in texts if len(t) > _LONGEST_TIME or timestamps.parse(t)[0] is None), "")


_LONGEST_TIME = 40


_FILLED = 1024 * 1024
"""Holes are filled with about so many characters; what is behind stays as it was written."""
_HOLE = re.compile(r"\{\{|\}\}|\{[@$]?([A-Za-z0-9_.-]{1,128})(?:,-?\d{1,4})?(:[^{}]{1,64})?\}")


def filled(template: str, values: Mapping[str, Any], renderings: Any = None) -> str:
    """A message template with its holes filled."""
    formatted = iter(renderings if isinstance(renderings, list) else ())
    room = _FILLED

    def fill(match: re.Match[str]) -> str:
        nonlocal room
        if match[1] is None:
            return match.group()[0]
        if room <= 0:
            return match.group()
        text = next(formatted, None) if match[2] is not None else None
        if text is None:
            text = _shown(values[match[1]]) if match[1] in values else match.group()
        room -= len(str(text))
        return str(text)

    return _HOLE.sub(fill, template)


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "null" if value is None else json.dumps(value, ensure_ascii=False)


def _unquoted(text: str, values: Mapping[str, Any]) -> str:
    """Serilog renders strings in quotes; the values themselves tell which quotes are its own."""
    if '"' not in text or len(text) > _QUOTED:
        return text
    for value in islice(values.values(), _VALUES):
        if isinstance(value, str) and value:
            text = text.replace('"' + value.replace('"', '\\"') + '"', value)
    return text


def _exception(value: Any, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    if depth > 16:
        return ""
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return "\n".join(value)
    if isinstance(value, list):
        return "\n ---> ".join(t for t in (_exception(v, depth + 1) for v in value) if t)
    return _exception_object(value, depth) if isinstance(value, dict) else ""


def _exception_object(value: Mapping[str, Any], depth: int) -> str:
    stack = _text(_first(value, ("stack_trace", "StackTrace", "StackTraceString", "stackTrace", "stacktrace", "stack")))
    kind_ = _text(_first(value, ("ClassName", "Type", "type", "errorType", "kind", "exception.type"))) or ""
    message = _text(_first(value, ("Message", "message", "errorMessage", "exception.message"))) or ""
    head = f"{kind_}: {message}" if kind_ and message else kind_ or message
    if stack and (_PRINTED.match(stack) or (message and message in stack)):
        head = ""
    inner = value.get("InnerException", value.get("innerException", value.get("inner_exception")))
    nested = _exception(inner, depth + 1) if inner else ""
    return "\n".join(p for p in (head, f" ---> {nested}" if nested else "", stack or "") if p)


def _leaves_with_hits(value: Any) -> Iterator[str]:
    """Strings anywhere in the object that a hit stands in."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, str) and needles.hit(item.encode(errors="replace")):
            yield item


_MEMBER = re.compile(r'"([@\w.{} -]{1,64})"\s{0,8}:\s{0,8}"((?:[^"\\]|\\.){0,262144})')
_UNICODE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def broken_object(text: str) -> Draft:
    """A line that is no JSON, or an object that was cut off: its text."""
    if not text.lstrip().startswith("{"):
        return Draft(text=plain_text(text).replace("\r\n", "\n").strip(), request_id=request_id(text[:2048]))
    members = {name: _unescaped(value) for name, value in _MEMBER.findall(text)}
    wanted = [v for k, v in members.items() if k in {*_MESSAGE, *_TEMPLATE, *_EXCEPTION, "FailureMessage"}]
    found = "\n".join(wanted) if wanted else _unescaped(text)
    return Draft(text=found.strip(), fields=members, cut=True, request_id=members.get("RequestId"))


def _unescaped(text: str) -> str:
    def letter(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _SIMPLE.get(match[2], match[2])

    return _whole_characters(_UNICODE.sub(letter, text))
