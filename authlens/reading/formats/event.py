"""What an object says that a logger wrote as an event: by the names of its members, or by their shapes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from authlens.model import Frozen
from authlens.reading import timestamps
from authlens.reading.formats.base import (
    TRACE_IDENTIFIER,
    Draft,
    Place,
    level,
    number,
    request_id,
    scope_values,
    syslog_level,
    within,
)
from authlens.reading.formats.event_log import event_body, is_event_body
from authlens.reading.formats.json_text import parse
from authlens.reading.formats.rendered import EXCEPTION, MESSAGE, TEMPLATE, as_text, first_of, message_of, rendered_text

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
"""The forms of objects."""


def kind(value: Mapping[str, Any]) -> str:
    """The name of the form."""
    return next(name for name, keys in _KINDS if all(key in value for key in keys))


def moment(value: Mapping[str, Any]) -> datetime | None:
    """When an event was, in UTC."""
    when, _ = _when(value, _flat(value), Place("", "", UTC, secondary=False, cut=False))
    return when if isinstance(when, datetime) else None


def is_event(value: Mapping[str, Any]) -> bool:
    """Whether an object is what a logger wrote, and not a value that a message shows."""
    if kind(value) not in {"json", "nlog-json"}:
        return True
    return moment(value) is not None and bool(message_of(value, _flat(value)))


_TIME = ("@t", "@timestamp", "Timestamp", "timestamp", "time", "Time", "ts", "date", "Date", "datetime", "TimeGenerated", "timestamp [UTC]", "asctime", "longdate", "TimeStamp", "TimeCreated")  # fmt: skip
_LEVEL = ("LevelDisplayName", "@l", "Level", "LogLevel", "level", "log.level", "severity", "severityText", "SeverityLevel", "severityLevel", "loglevel", "levelname")  # fmt: skip


_LOGGER = ("SourceContext", "Category", "CategoryName", "logger", "Logger", "loggerName", "LoggerName", "log.logger", "category", "logger_name")  # fmt: skip
_REQUEST = ("RequestId", "requestId", "TraceIdentifier", "request_id", "AspNetCoreRequestId", "aspnetcore_request_id")
_TRACE = ("@tr", "TraceId", "traceId", "trace_id", "trace.id", "traceid", "operation_Id", "OperationId")
_SPAN = ("@sp", "SpanId", "spanId", "span_id", "span.id", "spanid")
_HOST = ("MachineName", "machineName", "machine", "hostname", "HostName", "host.name", "Computer", "machinename")
_CLIENT = ("RemoteIpAddress", "RemoteIp", "RemoteIP", "ClientIp", "ClientIP", "clientIp", "client_ip", "client.ip", "RemoteAddress")  # fmt: skip
_SAID = frozenset(
    {*_TIME, *TEMPLATE, *MESSAGE, *EXCEPTION, "Details", "InnermostMessage", "innermostMessage", "errorMessage"}
)
_NESTED = ("Properties", "State", "fields", "EventProperties", "eventProperties", "properties", "labels", "metadata", "customDimensions", "log", "trace", "host", "client", "context", "attributes", "Renderings_")  # fmt: skip


def read(value: Mapping[str, Any], place: Place) -> Draft:
    """What an object says as an event."""
    flat = _flat(value)
    draft = Draft(fields={k: _frozen(v) for k, v in flat.items() if k not in _SAID})
    draft.time, draft.time_assumed = _when(value, flat, place)
    draft.level = _level(value)
    draft.logger = as_text(first_of(flat, _LOGGER)) or _shaped_logger(value)
    draft.event_id = _event_id(flat)
    draft.request_id = as_text(first_of(flat, _REQUEST)) or _shaped_request(flat)
    draft.trace_id = as_text(first_of(flat, _TRACE))
    draft.host = as_text(first_of(flat, _HOST)) or as_text(_host(value))
    draft.client = as_text(first_of(flat, _CLIENT))
    draft.scheme = as_text(flat.get("AuthenticationScheme"))
    draft.text = rendered_text(value, flat)
    if is_event_body(draft.text):
        event_body(draft, draft.text)
    draft.request_id = (
        draft.request_id or request_id(draft.text[:2048]) or within(draft.trace_id, first_of(flat, _SPAN))
    )
    return draft


def _frozen(value: Any) -> Any:
    if isinstance(value, dict):
        return Frozen({k: _frozen(v) for k, v in value.items()})
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _time(value: Any, place: Place) -> tuple[Any, bool]:
    if isinstance(value, dict):  # as MongoDB exports it
        value = value.get("$date")
    if isinstance(value, bool) or value is None:
        return None, False
    if isinstance(value, int | float):
        return timestamps.from_number(value), False
    if isinstance(value, str) and (counted := _COUNTED.match(value)):
        return timestamps.from_number(int(counted[1])), False
    return timestamps.parse(value, place.zone) if isinstance(value, str) else (None, False)


_COUNTED = re.compile(r"/Date\((\d{1,19})")
"""As .NET Framework and PowerShell write a date."""


def _when(value: Mapping[str, Any], flat: Mapping[str, Any], place: Place) -> tuple[Any, bool]:
    name = next((n for n in _TIME if value.get(n) not in (None, "")), None)
    if name is not None:
        moment, assumed = _time(value[name], place)
        return (moment, assumed) if "[UTC]" not in name or moment is None else _time(f"{value[name]} UTC", place)
    unusual = chain(_named_times(value), _shaped_times(flat))
    return next((found for item in unusual if (found := _time(item, place))[0] is not None), (None, False))


def _named_times(value: Mapping[str, Any]) -> Iterator[Any]:
    """What deeper in an object has the name of an event's time, the outer ones first."""
    depth: Sequence[Mapping[str, Any]] = [value]
    for _ in range(_TIME_DEPTH):
        for inner in depth:
            yield from (item for name, item in inner.items() if _NAMED_TIME.fullmatch(name))
        depth = [item for inner in depth for item in inner.values() if isinstance(item, dict)][:_WIDE]


_TIME_DEPTH = 4
_WIDE = 100
"""So many objects of one depth are looked through."""
_NAMED_TIME = re.compile(
    r"[@_]?(?:event|log|message|record|created|generated|received|observed)?_?(?:date|time|datetime|timestamp)(?:_?utc)?",
    re.IGNORECASE,
)


def _shaped_times(flat: Mapping[str, Any]) -> Iterator[Any]:
    """What may be the time in a layout of the user's own, by the shape of the value."""
    for item in flat.values():
        if (isinstance(item, str) and 15 < len(item) < 40) or (isinstance(item, dict) and "$date" in item):
            yield item


def _level(value: Mapping[str, Any]) -> str | None:
    found = first_of(value, _LEVEL)
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
        return syslog_level(found)
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


_TRACE_IDENTIFIER = re.compile(TRACE_IDENTIFIER)


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
