"""The JSON objects that are known to be envelopes, each by the members that give it away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from authlens.reading.envelopes import collectors, containers, journal, otlp
from authlens.reading.envelopes.objects import Objects

_PIECE = 8192
"""Characters; as long a text without a line feed is one of the pieces into which Docker cuts longer lines."""


class _Known(NamedTuple):
    name: str
    envelope: Objects
    marks: tuple[tuple[str, ...], ...]
    """Members that stand in it, all of one of these."""


_OBJECTS = (
    # In the order in which they are tried.
    _Known("docker-json", containers.Docker(containers.docker), (("log", "stream", "time"),)),
    _Known("journald-json", Objects(journal.journald), (("__REALTIME_TIMESTAMP",), ("MESSAGE", "_HOSTNAME"))),
    _Known("logcli-json", Objects(collectors.logcli), (("labels", "line", "timestamp"),)),
    _Known("loki", Objects(collectors.loki), (("stream", "values"),)),
    _Known(
        "cloudwatch",
        Objects(collectors.cloudwatch),
        (
            ("message", "timestamp", "logStreamName"),
            ("message", "timestamp", "ingestionTime"),
            ("messageType", "logEvents"),
            ("id", "timestamp", "message"),
            ("@message", "@timestamp"),
        ),
    ),
    _Known("gcp", Objects(collectors.gcp), (("insertId", "logName"),)),
    _Known("otlp", Objects(otlp.otlp), (("resourceLogs",),)),
    _Known("splunk", Objects(collectors.splunk), (("result", "preview"), ("_raw",))),
    _Known("elasticsearch", Objects(collectors.elasticsearch), (("_source",),)),
    _Known("datadog", Objects(collectors.datadog), (("attributes", "id", "type"), ("content", "id"))),
    _Known(
        "json-message",
        Objects(collectors.message),
        (("LogMessage", "TimeGenerated"), ("Log_s",), ("ResultDescription",), ("resultDescription",)),
    ),
    _Known(
        "fluent",
        Objects(containers.fluent),
        (
            ("log", "kubernetes"),
            ("log", "date"),
            ("log", "stream"),
            ("log", "@timestamp"),
            ("message", "kubernetes"),
        ),
    ),
)
_WRAPPED = "json-wrapped"
OBJECTS = {known.name: known.envelope for known in _OBJECTS} | {_WRAPPED: Objects(collectors.wrapped)}
"""By name."""
_MARKS = tuple((known.name, marks) for known in _OBJECTS for marks in known.marks)


def of_object(value: Mapping[str, Any]) -> str | None:
    """The name of the envelope that an object is, or None."""
    name = next((name for name, marks in _MARKS if all(mark in value for mark in marks)), None)
    if name is None and collectors.inner_event(value) is not None:
        return _WRAPPED
    if name == "fluent" and not isinstance(value.get("log", value.get("message")), str):
        return None
    if name == "docker-json" and not str(value["log"]).endswith("\n") and len(str(value["log"])) < _PIECE:
        return "docker-json?"  # a piece of a longer line, or a shipper that drops the line feed
    return name
