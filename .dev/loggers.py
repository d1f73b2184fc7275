"""What .NET loggers make of the same events: each writes a list of events in its own default form."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Event:
    """One call of ``ILogger.Log``."""

    time: datetime
    template: str
    props: Mapping[str, Any] = field(default_factory=dict)
    level: str = "Information"
    source: str = "Contoso.Orders.OrderService"
    id: int = 0
    name: str = ""
    exception: str = ""
    request: str = ""
    """The request id; empty outside a request."""
    path: str = ""
    plain: str = ""
    """The text where it is not the template with its values: the host prints ``-`` for what is missing."""

    def text(self, null: str = "(null)", show: Callable[[Any], str] = str) -> str:
        """The rendered message."""
        return re.sub(
            r"\{(\w+)\}", lambda m: null if self.props[m[1]] is None else show(self.props[m[1]]), self.template
        )

    @property
    def mel(self) -> str:
        """As Microsoft.Extensions.Logging renders it."""
        return self.plain or self.text()

    @property
    def trace(self) -> tuple[str, str]:
        """Trace and span of the request."""
        digest = hashlib.sha256(self.request.encode()).hexdigest()
        return digest[:32], digest[32:48]


SHORT = {"Debug": "DBG", "Information": "INF", "Warning": "WRN", "Error": "ERR", "Critical": "FTL"}
MEL = {"Debug": "dbug", "Information": "info", "Warning": "warn", "Error": "fail", "Critical": "crit"}
OLD = {"Debug": "DEBUG", "Information": "INFO", "Warning": "WARN", "Error": "ERROR", "Critical": "FATAL"}
SYSLOG = {"Debug": 7, "Information": 6, "Warning": 4, "Error": 3, "Critical": 2}


ESCAPED = {c: f"\\u{ord(c):04X}" for c in "'`+<>&"}


def lines(first: str, *rest: str) -> str:
    return "\n".join([first, *(r for r in rest if r)]) + "\n"


def serilog_file(e: Event) -> str:
    return lines(
        f"{e.time:%Y-%m-%d %H:%M:%S}.{e.time:%f}"[:-3] + f" +00:00 [{SHORT[e.level]}] {e.text('null')}", e.exception
    )


def serilog_console(e: Event) -> str:
    return lines(f"[{e.time:%H:%M:%S} {SHORT[e.level]}] {e.text('null')}", e.exception)


def serilog_context(e: Event) -> str:
    head = f"[{e.time:%Y-%m-%dT%H:%M:%S.%f}0+00:00 {SHORT[e.level]}] [{e.source}] [{e.request}]"
    return lines(f"{head} {e.text('null')}", e.exception)


def quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def serilog_2016(e: Event) -> str:
    """The template with a whole level name, before texts were written without quotes."""
    return lines(
        f"{e.time:%Y-%m-%d %H:%M:%S}.{e.time:%f}"[:-3] + f" +00:00 [{e.level}] {e.text('null', quoted)}", e.exception
    )


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


def scope(e: Event) -> dict[str, Any]:
    """What Serilog adds to every event of a request."""
    event_id = {"EventId": {"Id": e.id} | ({"Name": e.name} if e.name else {})} if e.id or e.name else {}
    where = (
        {"RequestId": e.request, "RequestPath": e.path, "ConnectionId": e.request.split(":")[0]} if e.request else {}
    )
    return {**e.props, **event_id, "SourceContext": e.source, **where}


def clef(e: Event) -> str:
    head: dict[str, Any] = {"@t": f"{e.time:%Y-%m-%dT%H:%M:%S.%f}0Z", "@mt": e.template}
    head |= {"@l": e.level} if e.level != "Information" else {}
    head |= {"@x": e.exception} if e.exception else {}
    head |= {"@tr": e.trace[0], "@sp": e.trace[1]} if e.request else {}
    return compact(head | scope(e))


def serilog_json(e: Event) -> str:
    head: dict[str, Any] = {"Timestamp": f"{e.time:%Y-%m-%dT%H:%M:%S.%f}0+00:00", "Level": e.level}
    head |= {"MessageTemplate": e.template, "RenderedMessage": e.text("null", quoted)}
    head |= {"TraceId": e.trace[0], "SpanId": e.trace[1]} if e.request else {}
    head |= {"Exception": e.exception} if e.exception else {}
    return compact(head | {"Properties": scope(e)})


def indented(text: str) -> str:
    return "".join(f"      {line}\n" for line in text.split("\n"))


def mel_simple(e: Event) -> str:
    return f"{MEL[e.level]}: {e.source}[{e.id}]\n" + indented(e.mel) + (indented(e.exception) if e.exception else "")


def spans(e: Event) -> str:
    return f"SpanId:{e.trace[1]}, TraceId:{e.trace[0]}, ParentId:0000000000000000"


def mel_simple_ts(e: Event) -> str:
    """With timestamps and scopes."""
    where = f"=> {spans(e)} => ConnectionId:{e.request.split(':')[0]} => RequestPath:{e.path} RequestId:{e.request}"
    head = f"{e.time:%Y-%m-%dT%H:%M:%S}.{e.time:%f}"[:-3] + f"+00:00 {MEL[e.level]}: {e.source}[{e.id}]\n"
    return (
        head + (indented(where) if e.request else "") + indented(e.mel) + (indented(e.exception) if e.exception else "")
    )


def one_line(e: Event) -> str:
    return f"{e.source}[{e.id}] {e.mel} {e.exception}".rstrip().replace("\n", " ") + "\n"


def mel_single(e: Event) -> str:
    return f"{e.time:%H:%M:%S} {MEL[e.level]}: {one_line(e)}"


def mel_systemd(e: Event) -> str:
    return f"<{SYSLOG[e.level]}>{e.time:%Y-%m-%d %H:%M:%S} {one_line(e)}"


def mel_json(e: Event) -> str:
    out: dict[str, Any] = {"Timestamp": f"{e.time:%Y-%m-%dT%H:%M:%S}.{e.time:%f}"[:-3] + "Z", "EventId": e.id}
    out |= {"LogLevel": e.level, "Category": e.source, "Message": e.mel}
    out |= {"Exception": e.exception} if e.exception else {}
    scopes = [
        {"Message": spans(e), "SpanId": e.trace[1], "TraceId": e.trace[0], "ParentId": "0000000000000000"},
        {"Message": f"ConnectionId:{e.request.split(':')[0]}", "ConnectionId": e.request.split(":")[0]},
        {"Message": f"RequestPath:{e.path} RequestId:{e.request}", "RequestId": e.request, "RequestPath": e.path},
    ]
    out |= {"State": {**e.props, "{OriginalFormat}": e.template}, "Scopes": scopes if e.request else []}
    # System.Text.Json escapes more than JSON asks for.
    return re.sub(r"\\.|['`+<>&]", lambda m: "\\u0022" if m[0] == '\\"' else ESCAPED.get(m[0], m[0]), compact(out))


def nlog(e: Event) -> str:
    return f"{e.time:%Y-%m-%d %H:%M:%S}.{e.time:%f}"[:-2] + f"|0|{OLD[e.level]}|{e.source}|{e.mel} {e.exception}\n"


def nlog_json(e: Event) -> str:
    out: dict[str, Any] = {"time": f"{e.time:%Y-%m-%dT%H:%M:%S.%f}0+00:00", "level": OLD[e.level], "logger": e.source}
    out |= {"message": e.mel} | ({"exception": e.exception} if e.exception else {}) | dict(e.props)
    return compact(out | ({"EventId": e.id} if e.id else {}) | ({"EventName": e.name} if e.name else {}))


def log4net(e: Event) -> str:
    head = (
        f"{e.time:%Y-%m-%d %H:%M:%S},{e.time:%f}"[:-3]
        + f" [{11 if e.request else 1}] {OLD[e.level]:5} {e.source} [(null)]"
    )
    return lines(f"{head} - {e.mel}", e.exception)


LOGGERS: dict[str, Callable[[Event], str]] = {
    "serilog-file": serilog_file,
    "serilog-console": serilog_console,
    "serilog-context": serilog_context,
    "serilog-2016": serilog_2016,
    "serilog-json": serilog_json,
    "clef": clef,
    "mel-simple": mel_simple,
    "mel-simple-ts": mel_simple_ts,
    "mel-single": mel_single,
    "mel-systemd": mel_systemd,
    "mel-json": mel_json,
    "nlog": nlog,
    "nlog-json": nlog_json,
    "log4net": log4net,
}


def compose(text: str, _events: Sequence[Event]) -> str:
    """As ``docker compose logs`` shows it."""
    return "".join(f"orders-api-1  | {line}\n" for line in text.splitlines())


def cri(text: str, events: Sequence[Event]) -> str:
    """As a Kubernetes node keeps it."""
    time = events[0].time
    out = ""
    for n, line in enumerate(text.splitlines()):
        out += f"{time + timedelta(milliseconds=7 * n):%Y-%m-%dT%H:%M:%S.%f}123Z stdout F {line}\n"
    return out


def docker_json(text: str, events: Sequence[Event]) -> str:
    """As Docker's json-file driver keeps it."""
    time = events[0].time
    out = ""
    for n, line in enumerate(text.splitlines()):
        out += compact(
            {
                "log": f"{line}\n",
                "stream": "stdout",
                "time": f"{time + timedelta(milliseconds=7 * n):%Y-%m-%dT%H:%M:%S.%f}123Z",
            }
        )
    return out


ENVELOPES = {"compose": compose, "cri": cri, "docker-json": docker_json}


def write(logger: str, events: Sequence[Event], envelope: str | None = None) -> str:
    """The log that a logger writes of the events."""
    text = "".join(LOGGERS[logger](e) for e in events)
    return ENVELOPES[envelope](text, events) if envelope else text
