"""OpenTelemetry's protocol in JSON, as its file exporter writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from authlens.reading.envelopes.base import Payload
from authlens.reading.envelopes.objects import as_line, stream_name
from authlens.reading.runs import Note


def otlp(value: Mapping[str, Any]) -> Iterator[Payload]:
    """The records of an export request, each as one event."""
    for resource in _list(value, "resourceLogs"):
        attributes = _attributes(_dict(resource, "resource"))
        host = attributes.get("host.name") or attributes.get("service.instance.id")
        for scope in [*_list(resource, "scopeLogs"), *_list(resource, "instrumentationLibraryLogs")]:
            name = _dict(scope, "scope").get("name")
            for entry in _list(scope, "logRecords"):
                note = Note("", host if isinstance(host, str) else None)
                service = attributes.get("service.name")
                yield Payload(stream_name(service), as_line(_event(entry, name)), note)


def _event(entry: Mapping[str, Any], logger: Any) -> dict[str, Any]:
    attributes = _attributes(entry)
    body = _any(entry.get("body"))
    event: dict[str, Any] = {"Properties": attributes, "Category": logger or attributes.get("CategoryName")}
    event["timestamp"] = entry.get("timeUnixNano") or entry.get("observedTimeUnixNano")
    event["level"] = entry.get("severityText") or _severity_number(entry.get("severityNumber"))
    event["traceId"], event["spanId"] = entry.get("traceId"), entry.get("spanId")
    formatted = attributes.get("FormattedMessage") or attributes.get("formatted_message")
    event["{OriginalFormat}" if isinstance(body, str) and "{" in body and not formatted else "message"] = (
        formatted or body
    )
    event["exception"] = attributes.get("exception.stacktrace") or {
        k: v for k, v in attributes.items() if k.startswith("exception.")
    }
    return {k: v for k, v in event.items() if v not in (None, "", {})}


def _severity_number(value: Any) -> str | None:
    names = ("trace", "debug", "information", "warning", "error", "critical")
    return names[(value - 1) // 4] if isinstance(value, int) and 1 <= value <= 24 else None


def _attributes(value: Mapping[str, Any]) -> dict[str, Any]:
    return {str(a.get("key")): _any(a.get("value")) for a in _list(value, "attributes")}


def _any(value: Any) -> Any:
    """An ``AnyValue`` of OTLP."""
    if not isinstance(value, dict):
        return value
    return next((inner for key, inner in value.items() if key.endswith(("Value", "_value"))), None)


def _list(value: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    items = value.get(name)
    return [i for i in items if isinstance(i, dict)] if isinstance(items, list) else []


def _dict(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, dict) else {}
