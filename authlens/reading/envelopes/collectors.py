"""What log services export: Loki, CloudWatch, Google Cloud, Splunk, Elasticsearch, Datadog, Azure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from authlens.reading.envelopes.base import Payload
from authlens.reading.envelopes.objects import as_bytes, as_line, as_stamp, stream_name
from authlens.reading.formats.base import level
from authlens.reading.formats.event import is_event, kind
from authlens.reading.runs import Note


def logcli(value: Mapping[str, Any]) -> Iterator[Payload]:
    """A line as ``logcli -o jsonl`` prints it."""
    labels = value.get("labels")
    yield Payload(_labels(labels), as_bytes(value.get("line")), Note(as_stamp(value.get("timestamp"))))


def _labels(labels: Any) -> str:
    return ",".join(f"{k}={labels[k]}" for k in sorted(labels))[:200] if isinstance(labels, dict) else ""


def loki(value: Mapping[str, Any]) -> Iterator[Payload]:
    """A stream as Loki answers a query: the times of its lines ascend or descend."""
    entries = value.get("values")
    pairs = [e for e in entries if isinstance(e, list) and len(e) >= 2] if isinstance(entries, list) else []
    if len(pairs) > 1 and str(pairs[0][0]) > str(pairs[-1][0]):
        pairs.reverse()
    name = _labels(value.get("stream"))
    for stamp, text, *_ in pairs:
        yield Payload(name, as_bytes(text), Note(as_stamp(stamp)))


def cloudwatch(value: Mapping[str, Any]) -> Iterator[Payload]:
    """An event, or several as a subscription delivers them."""
    events = value.get("logEvents")
    for event in events if isinstance(events, list) else [value]:
        if isinstance(event, dict):
            name = stream_name(event.get("logStreamName") or value.get("logStream") or event.get("@logStream"))
            text = event.get("message", event.get("@message"))
            yield Payload(name, as_line(text), Note(as_stamp(event.get("timestamp", event.get("@timestamp")))))


def gcp(value: Mapping[str, Any]) -> Iterator[Payload]:
    """A LogEntry."""
    resource = value.get("resource")
    named = resource.get("labels") if isinstance(resource, dict) else None
    given = named if isinstance(named, dict) else {}
    log = str(value.get("logName", "")).rsplit("/", 1)[-1]
    name = stream_name(given.get("pod_name"), given.get("container_name"), given.get("revision_name"), log)
    payload = value.get("textPayload", value.get("jsonPayload", value.get("protoPayload")))
    if isinstance(payload, dict) and isinstance(payload.get("message"), str) and not _is_event(payload):
        payload = payload["message"]
    note = Note(as_stamp(value.get("timestamp") or value.get("receiveTimestamp")), None, level(value.get("severity")))
    yield Payload(name, as_line(payload), note)


def _is_event(value: Mapping[str, Any]) -> bool:
    return kind(value) != "json" or len(value) > 1


def splunk(value: Mapping[str, Any]) -> Iterator[Payload]:
    """A row of a search, as it is exported."""
    if value.get("preview") is True:
        return
    inner = value.get("result")
    row = inner if isinstance(inner, dict) else value
    host = row.get("host")
    raw = row.get("_raw")
    if isinstance(raw, list):
        raw = "\n".join(str(r) for r in raw)
    note = Note(as_stamp(row.get("_time") or row.get("_messagetime")), host if isinstance(host, str) else None)
    yield Payload(stream_name(host, row.get("source")), as_line(raw), note)


def elasticsearch(value: Mapping[str, Any]) -> Iterator[Payload]:
    """A hit: the event is its ``_source``."""
    source = value.get("_source", value.get("fields"))
    yield Payload("", as_line(source), Note())


def datadog(value: Mapping[str, Any]) -> Iterator[Payload]:
    """A log as the API or an archive has it."""
    outer, content = value.get("attributes"), value.get("content")
    given: Mapping[str, Any] = outer if isinstance(outer, dict) else content if isinstance(content, dict) else value
    host = given.get("host")
    inner = given.get("attributes")
    name = stream_name(host, given.get("service"))
    note = Note(as_stamp(given.get("timestamp")), host if isinstance(host, str) else None, level(given.get("status")))
    merged = (
        {**inner, "message": given.get("message", inner.get("message"))} if isinstance(inner, dict) and inner else None
    )
    yield Payload(name, as_line(merged or given.get("message")), note)


def inner_event(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The event that is the one object in an object which says nothing itself, as search services wrap a hit."""
    inner = [item for item in value.values() if isinstance(item, dict) and item]
    if len(inner) != 1 or any(isinstance(item, str) and " " in item for item in value.values()):
        return None
    return inner[0] if kind(inner[0]) == "json" and is_event(inner[0]) else None


def wrapped(value: Mapping[str, Any]) -> Iterator[Payload]:
    """Such an object: the event within, with the names around it."""
    around = {name: item for name, item in value.items() if isinstance(item, str | int | float)}
    yield Payload("", as_line({**around, **(inner_event(value) or value)}), Note())


_TEXTS = ("LogMessage", "Log", "Log_s", "LogEntry", "ResultDescription", "resultDescription", "@message", "message", "msg", "Message", "log", "_raw", "line", "text", "body", "event", "data")  # fmt: skip
_STAMPS = ("@timestamp", "timestamp", "time", "TimeGenerated", "_timestamp_d", "Time", "date", "Date", "_time", "eventTime", "TimeStamp", "ts", "timestamp [UTC]", "TimeGenerated [UTC]")  # fmt: skip
_OWNERS = ("PodName", "ContainerName", "ContainerAppName_s", "ContainerName_s", "RevisionName_s", "Host", "host", "Service", "service", "source", "@logStream", "container", "pod", "stream")  # fmt: skip


def message(value: Mapping[str, Any]) -> Iterator[Payload]:
    """An object of any other service, by the names that a text, its time and its owner have."""
    text = next((value[k] for k in _TEXTS if isinstance(value.get(k), str | dict)), None)
    stamp = as_stamp(next((value[k] for k in _STAMPS if value.get(k)), None))
    owners = [value[k] for k in _OWNERS if isinstance(value.get(k), str)]
    host = value.get("Host") if "Host" in value and "Service" in value else value.get("host")
    yield Payload(stream_name(*owners), as_line(text), Note(stamp, host if isinstance(host, str) else None))
