"""Peels what platforms wrap around the lines of a log.

An envelope is known by its content, never by a file's name. Streams that it tells apart (containers, pods,
units, processes) are kept apart and each is put together again; every byte of a payload remembers which line
of the source it came from.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

from authlens.reading import timestamps
from authlens.reading.formats import jsonl
from authlens.reading.formats.base import LEVEL_WORDS, LINE_FEED, level, plain
from authlens.reading.runs import Note, Noting, Piece, Run, Sheaf

_LINE = 1024
"""So many bytes of a line decide whether it is an envelope."""
_ROW = 16 * 1024 * 1024


class Envelope(Protocol):
    """How one kind of envelope is taken off."""

    @property
    def whole(self) -> bool:
        """It wraps the document, not each line."""

    @property
    def terminator(self) -> bytes:
        """Ends a line."""

    @property
    def mark(self) -> re.Pattern[bytes]:
        """Finds every line feed that an envelope may follow."""

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line between the two positions opens an envelope; other lines belong to the one before."""

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """The payloads, by stream."""


class Payload(NamedTuple):
    """What one envelope holds."""

    stream: str
    data: bytes
    note: Note
    closed: bool = True
    """False where the line goes on in the next envelope of the stream."""


_NOTHING = b"\n"
"""What an envelope without any text holds: an empty line, which its bytes are counted with wherever a border falls."""


class _Streams:
    """Payloads as they come, by stream."""

    def __init__(self, run: Run | Sheaf) -> None:
        self.run = run.indexed()
        self.data: dict[str, list[bytes]] = {}
        self.pieces: dict[str, list[Piece]] = {}
        self.size: dict[str, int] = {}

    def add(self, payload: Payload, begin: int, end: int, *, counted: bool = True) -> None:
        """``begin`` and ``end``: of the envelope in the run; ``counted``: its bytes are not counted elsewhere."""
        key, data = payload.stream, payload.data or _NOTHING
        if key not in self.data:
            self.data[key], self.pieces[key], self.size[key] = [], [], 0
        _, offset, line, size, lines_, behind, last, outer, _ = self.run.slice(begin, end).stretch()
        size, lines_ = (size, lines_) if counted else (0, 0)
        self.pieces[key].append(
            Piece(self.size[key], offset, line, size, lines_, behind, last, payload.note.within(outer))
        )
        if payload.closed and not data.endswith(b"\n"):
            data += b"\n"
        self.data[key].append(data)
        self.size[key] += len(data)

    def runs(self) -> dict[str, Run]:
        return {key: Run(b"".join(self.data[key]), tuple(self.pieces[key])) for key in self.data}


# --------------------------------------------------------------------------- prefixes of lines


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prefix of each line: the payload is what stands behind it."""

    pattern: re.Pattern[bytes]
    escaped: bool = False
    """``#012`` stands for a line feed, as rsyslog writes it."""
    coloured: bool = False
    """The prefix may be in colour."""
    whole: bool = False
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = LINE_FEED

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line has the prefix."""
        return self._match(data, begin, min(end, begin + _LINE)) is not None

    def _match(self, data: bytes, begin: int, end: int) -> re.Match[bytes] | None:
        if self.coloured and data.find(b"\x1b", begin, min(begin + 16, end)) >= 0:
            return self.pattern.match(plain(data[begin:end]))
        return self.pattern.match(data, begin, end)

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """Take the prefix off each line; a line without one goes on with the line before."""
        run = run.indexed()
        data, partial = run.data, self.pattern.groupindex.get("partial", 0)
        named = _named_groups(self.pattern)
        bundles: dict[bytes | tuple[bytes, ...], _Bundle] = {}
        bundle = None
        for begin, end in lines(data):
            match = self._match(data, begin, min(end, begin + _LINE))
            if match is None:
                bundle = bundle or bundles.setdefault(b"", _Bundle())
                bundle.add(data[begin:end], begin, end)
                continue
            key = match.group(*named) if named else b""
            bundle = bundles.get(key)
            if bundle is None:
                bundle = bundles[key] = _Bundle()
            rest = data[match.end() : end] if match.string is data else plain(data[begin:end])[match.end() :]
            rest = self._cleared(rest)
            bundle.add(rest if partial and match[partial] == b"P" else rest + b"\n", begin, end)
        return _gathered(run, {_joined_names(key): bundle for key, bundle in bundles.items()}, self.note)

    def _cleared(self, rest: bytes) -> bytes:
        """A payload without line ends and byte order mark, its escapes undone."""
        rest = rest.rstrip(b"\n").removesuffix(b"\r")
        if not self.escaped:
            return rest
        rest = rest.removeprefix(b"\xef\xbb\xbf")
        if b"#0" in rest:
            return rest.replace(b"#012", b"\n").replace(b"#011", b"\t").replace(b"#033", b"\x1b").replace(b"#015", b"")
        return rest

    def note(self, data: bytes, begin: int, end: int) -> Note:
        """What the prefix says."""
        match = self._match(data, begin, min(end, begin + _LINE))
        if match is None:
            return Note()
        groups = match.groupdict()
        host = groups.get("host")
        stamp = (groups.get("ts") or b"").decode(errors="replace")
        return Note(stamp, host.decode(errors="replace") if host else None, _severity(groups.get("pri")))

    def payload(self, data: bytes, begin: int, end: int) -> Payload | None:
        """What one envelope holds, or None where there is none."""
        match = self._match(data, begin, min(end, begin + _LINE))
        if match is None:
            return None
        named = _named_groups(self.pattern)
        key = match.group(*named) if named else b""
        return Payload(_joined_names(key), self._cleared(data[match.end() : end]), self.note(data, begin, end))


@dataclass(frozen=True, slots=True)
class OwnLine(Prefix):
    """A time on a line of its own before each line."""

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """Take the lines with the time away."""
        run = run.indexed()
        data = run.data
        heads = [begin for begin, end in lines(data) if self.starts(data, begin, end)]
        bundle = _Bundle()
        for begin, end in pairwise(sorted({0, *heads, len(data)})):
            feed = data.find(b"\n", begin, end) + 1 if begin in heads[:1] or self.starts(data, begin, end) else begin
            bundle.add(data[feed or end : end], begin, end)
        return _gathered(run, {"": bundle}, self.note)


class _Bundle:
    """Payloads of one stream, and where their envelopes stand."""

    __slots__ = ("begins", "ends", "parts", "size", "starts")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.starts: list[int] = []
        self.begins: list[int] = []
        self.ends: list[int] = []
        self.size = 0

    def add(self, payload: bytes, begin: int, end: int) -> None:
        payload = payload or _NOTHING
        self.parts.append(payload)
        self.starts.append(self.size)
        self.begins.append(begin)
        self.ends.append(end)
        self.size += len(payload)


def _gathered(run: Run | Sheaf, bundles: Mapping[str, _Bundle], note: Noting) -> dict[str, Run | Sheaf]:
    return {key: Sheaf(b"".join(b.parts), run, b.starts, b.begins, b.ends, note) for key, b in bundles.items()}


@lru_cache(maxsize=64)
def _named_groups(pattern: re.Pattern[bytes]) -> tuple[int, ...]:
    """Numbers of the groups that name the stream."""
    return tuple(pattern.groupindex[n] for n in ("host", "tag", "pid", "stream") if n in pattern.groupindex)


@lru_cache(maxsize=4096)
def _joined_names(names: bytes | tuple[bytes | None, ...]) -> str:
    parts = (names,) if isinstance(names, bytes) else names
    return "/".join(p.decode(errors="replace") for p in parts if p)


def _severity(priority: bytes | None) -> str | None:
    names = ("critical", "critical", "critical", "error", "warning", "information", "information", "debug")
    return names[int(priority) % 8] if priority else None


def lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each line, its line feed included."""
    begin, size = 0, len(data)
    while begin < size:
        end = data.find(b"\n", begin) + 1 or size
        yield begin, end
        begin = end


_ISO = timestamps.pattern("iso")
_RFC3339 = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)"
_PREFIXES = {
    "cri": rf"(?P<ts>{_RFC3339}) (?P<stream>stdout|stderr)(?: (?P<partial>[FP])(?::[^\s:]{{1,32}}){{0,4}})?(?: |$|(?=[\r\n]))",
    "syslog-5424": r"(?:\d{1,7} )?<(?P<pri>\d{1,3})>1 (?P<ts>\S{1,40}) (?P<host>\S{1,255}) (?P<tag>\S{1,48}) (?P<pid>\S{1,128}) \S{1,32} (?:-|(?:\[(?:[^\]\\\n]|\\.){0,512}\]){1,8})(?: |$|(?=[\r\n]))",
    "syslog": rf"(?:<(?P<pri>\d{{1,3}})>)?(?P<ts>{timestamps.pattern('yearless')}(?: \d{{4}})?|(?:[A-Z][a-z]{{2}} )?\d{{4}}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{{1,9}})?(?:Z|[+-]\d\d:?\d\d| [A-Z]{{3,4}})?|\d{{10}}\.\d{{6}}) (?!(?i:{LEVEL_WORDS}) )(?P<host>[A-Za-z0-9][\w.:-]{{0,254}}) (?P<tag>[\w./@-]{{1,64}})(?:\[(?P<pid>\d{{1,10}})\])?: ",
    "compose": r"(?P<stream>[A-Za-z0-9][\w.@-]{0,120}) {1,40}\| ?",
    "kubectl": r"\[(?P<stream>(?:pod|po)/[\w./-]{1,300})\] ?",
    "stern": r"(?P<stream>[a-z0-9][a-z0-9.-]{0,200}-[a-z0-9]{5} [a-z0-9][a-z0-9-]{0,62})(?: [›>])? ",
    "logcli": rf"(?P<ts>{_RFC3339}) (?P<stream>\{{[^}}\n]{{0,700}}\}})\s",
    "cloudwatch-tail": rf"(?P<ts>{_RFC3339}) (?P<stream>[\w$.-]{{1,200}}/[\w$./\[\]-]{{1,300}}) ",
    "fluentd": rf"(?P<ts>{_RFC3339})\t(?P<stream>[\w.*-]{{1,200}})\t(?=\{{)",
    "timestamps": rf"(?P<ts>{_RFC3339}) ",
    "docker-desktop": rf"(?P<ts>{_ISO})\s*(?:\n|$)",
}
_ESCAPED = {"syslog", "syslog-5424"}
LINE_PREFIXES = tuple(_PREFIXES)


# --------------------------------------------------------------------------- JSON lines


@dataclass(frozen=True, slots=True)
class Objects:
    """A JSON object a line that holds the text of a line, or of an event."""

    take: Callable[[Mapping[str, Any]], Iterable[Payload]]
    whole: bool = False
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = LINE_FEED

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether an object begins here."""
        return jsonl.opens(data, begin, end)

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """Take the text out of each object; a line that is none goes on with the line before."""
        streams = _Streams(run)
        stream = ""
        for begin, end in lines(run.data):
            line = run.data[begin:end]
            value = jsonl.line(line)
            stream = "" if self.starts(line, 0, len(line)) else stream
            if value is None:
                streams.add(Payload(stream, line, Note()), begin, end)
                continue
            for index, payload in enumerate(self.take(value)):
                stream = payload.stream
                streams.add(payload, begin, end, counted=index == 0)
        return streams.runs()


_DOCKER = re.compile(
    rb'\{"log": ?"([^"\\]*(?:\\.[^"\\]*)*)", ?"stream": ?"([a-z]{1,16})",(?: ?"attrs": ?\{[^{}]{0,1024}\},)? ?"time": ?"([^"\\]{1,64})"\}\s*'
)


@dataclass(frozen=True, slots=True)
class Docker(Objects):
    """Docker's own files, whose objects are all alike and very many."""

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """Take the text out of each object; a line that is none goes on with the line before."""
        run = run.indexed()
        data = run.data
        bundles: dict[str, _Bundle] = {}
        stream = ""
        for begin, end in lines(data):
            match = _DOCKER.fullmatch(data, begin, end)
            if match is not None:
                stream, payload = match[2].decode(), _raw(match[1])
            elif self.starts(data, begin, end):
                value = jsonl.parse(data[begin:end])
                stream = _name(value.get("stream")) if isinstance(value, dict) else ""
                payload = _bytes(value.get("log")) if isinstance(value, dict) else data[begin:end]
            else:
                payload = data[begin:end]
            bundle = bundles.get(stream)
            if bundle is None:
                bundle = bundles[stream] = _Bundle()
            bundle.add(payload, begin, end)
        return _gathered(run, bundles, self.note)

    @staticmethod
    def note(data: bytes, begin: int, end: int) -> Note:
        """The time of an object."""
        match = _DOCKER.fullmatch(data, begin, end)
        if match is not None:
            return Note(match[3].decode(errors="replace"))
        value = jsonl.parse(data[begin:end])
        return Note(_stamp(value.get("time"))) if isinstance(value, dict) else Note()


def _raw(text: bytes) -> bytes:
    """The bytes of a JSON string, given without its quotes."""
    if text.endswith(b"\\n") and text.find(b"\\") == len(text) - 2:
        return text[:-2] + b"\n"
    if b"\\" not in text:
        return text
    value = jsonl.parse(b'"' + text + b'"')
    return _bytes(value) if isinstance(value, str) else text


def _bytes(text: Any) -> bytes:
    if isinstance(text, str):
        return text.encode(errors="replace")
    if isinstance(text, dict | list):
        return json.dumps(text).encode()
    return b"" if text is None else str(text).encode(errors="replace")


def _line(text: Any) -> bytes:
    """An event's text; its own last line feed is not doubled."""
    return _bytes(text).rstrip(b"\r\n") + b"\n"


def _stamp(value: Any) -> str:
    return "" if value is None or isinstance(value, bool | dict | list) else str(value)[:_SHORT]


def _name(*parts: Any) -> str:
    return "/".join(str(p)[:_SHORT] for p in parts if isinstance(p, str | int) and not isinstance(p, bool) and p != "")


_SHORT = 256
"""Characters of a time or of one name of a stream."""


def _docker(value: Mapping[str, Any]) -> Iterator[Payload]:
    yield Payload(_name(value.get("stream")), _bytes(value.get("log")), Note(_stamp(value.get("time"))), closed=False)


def _kubernetes(value: Mapping[str, Any]) -> str:
    pod = value.get("kubernetes")
    if not isinstance(pod, dict):
        return _name(value.get("container_name"), value.get("stream"))
    return _name(pod.get("namespace_name"), pod.get("pod_name"), pod.get("container_name"), value.get("stream"))


def _fluent(value: Mapping[str, Any]) -> Iterator[Payload]:
    text = next((value[k] for k in ("log", "message", "MESSAGE") if isinstance(value.get(k), str)), None)
    stamp = _stamp(next((value[k] for k in ("time", "@timestamp", "date", "timestamp") if value.get(k)), None))
    partial = value.get("_p") == "P" or value.get("logtag") == "P" or value.get("partial_message") == "true"
    yield Payload(_kubernetes(value), _bytes(value) if text is None else _bytes(text), Note(stamp), closed=not partial)


def _journald(value: Mapping[str, Any]) -> Iterator[Payload]:
    text = value.get("MESSAGE")
    if isinstance(text, list):
        text = _from_numbers(text)
    unit = value.get("CONTAINER_NAME") or value.get("_SYSTEMD_UNIT") or value.get("SYSLOG_IDENTIFIER")
    host = value.get("_HOSTNAME")
    name = _name(host, unit, value.get("_PID"))
    priority = str(value.get("PRIORITY", ""))
    severity = _severity(priority.encode()) if re.fullmatch(r"[0-7]", priority) else None
    note = Note(_stamp(value.get("__REALTIME_TIMESTAMP")), host if isinstance(host, str) else None, severity)
    yield Payload(name, text if isinstance(text, bytes) else _bytes(text), note)


def _from_numbers(items: list[Any]) -> bytes:
    """Journald writes a text that is no UTF-8, or holds control characters, as a list of its bytes."""
    if all(isinstance(i, int) and 0 <= i < 256 for i in items):
        return bytes(items)
    return b"\n".join(_from_numbers(i) if isinstance(i, list) else _bytes(i) for i in items)


def _logcli(value: Mapping[str, Any]) -> Iterator[Payload]:
    labels = value.get("labels")
    yield Payload(_labels(labels), _bytes(value.get("line")), Note(_stamp(value.get("timestamp"))))


def _labels(labels: Any) -> str:
    return ",".join(f"{k}={labels[k]}" for k in sorted(labels))[:200] if isinstance(labels, dict) else ""


def _loki(value: Mapping[str, Any]) -> Iterator[Payload]:
    entries = value.get("values")
    pairs = [e for e in entries if isinstance(e, list) and len(e) >= 2] if isinstance(entries, list) else []
    if len(pairs) > 1 and str(pairs[0][0]) > str(pairs[-1][0]):
        pairs.reverse()
    name = _labels(value.get("stream"))
    for stamp, text, *_ in pairs:
        yield Payload(name, _bytes(text), Note(_stamp(stamp)))


def _cloudwatch(value: Mapping[str, Any]) -> Iterator[Payload]:
    events = value.get("logEvents")
    for event in events if isinstance(events, list) else [value]:
        if isinstance(event, dict):
            name = _name(event.get("logStreamName") or value.get("logStream") or event.get("@logStream"))
            text = event.get("message", event.get("@message"))
            yield Payload(name, _line(text), Note(_stamp(event.get("timestamp", event.get("@timestamp")))))


def _gcp(value: Mapping[str, Any]) -> Iterator[Payload]:
    resource = value.get("resource")
    named = resource.get("labels") if isinstance(resource, dict) else None
    given = named if isinstance(named, dict) else {}
    log = str(value.get("logName", "")).rsplit("/", 1)[-1]
    name = _name(given.get("pod_name"), given.get("container_name"), given.get("revision_name"), log)
    payload = value.get("textPayload", value.get("jsonPayload", value.get("protoPayload")))
    if isinstance(payload, dict) and isinstance(payload.get("message"), str) and not _is_event(payload):
        payload = payload["message"]
    note = Note(_stamp(value.get("timestamp") or value.get("receiveTimestamp")), None, level(value.get("severity")))
    yield Payload(name, _line(payload), note)


def _is_event(value: Mapping[str, Any]) -> bool:
    return jsonl.kind(value) != "json" or len(value) > 1


def _splunk(value: Mapping[str, Any]) -> Iterator[Payload]:
    if value.get("preview") is True:
        return
    inner = value.get("result")
    row = inner if isinstance(inner, dict) else value
    host = row.get("host")
    raw = row.get("_raw")
    if isinstance(raw, list):
        raw = "\n".join(str(r) for r in raw)
    note = Note(_stamp(row.get("_time")), host if isinstance(host, str) else None)
    yield Payload(_name(host, row.get("source")), _line(raw), note)


def _elasticsearch(value: Mapping[str, Any]) -> Iterator[Payload]:
    source = value.get("_source", value.get("fields"))
    yield Payload("", _line(source), Note())


def _datadog(value: Mapping[str, Any]) -> Iterator[Payload]:
    outer, content = value.get("attributes"), value.get("content")
    given: Mapping[str, Any] = outer if isinstance(outer, dict) else content if isinstance(content, dict) else value
    host = given.get("host")
    inner = given.get("attributes")
    name = _name(host, given.get("service"))
    note = Note(_stamp(given.get("timestamp")), host if isinstance(host, str) else None, level(given.get("status")))
    merged = (
        {**inner, "message": given.get("message", inner.get("message"))} if isinstance(inner, dict) and inner else None
    )
    yield Payload(name, _line(merged or given.get("message")), note)


_TEXTS = ("LogMessage", "Log_s", "LogEntry", "ResultDescription", "resultDescription", "@message", "message", "msg", "Message", "log", "_raw", "line", "text", "body", "event", "data")  # fmt: skip
_STAMPS = ("@timestamp", "timestamp", "time", "TimeGenerated", "_timestamp_d", "Time", "date", "Date", "_time", "eventTime", "timestamp [UTC]", "TimeGenerated [UTC]")  # fmt: skip
_OWNERS = ("PodName", "ContainerName", "ContainerAppName_s", "ContainerName_s", "RevisionName_s", "Host", "host", "Service", "service", "source", "@logStream", "container", "pod", "stream")  # fmt: skip


def _message(value: Mapping[str, Any]) -> Iterator[Payload]:
    text = next((value[k] for k in _TEXTS if isinstance(value.get(k), str | dict)), None)
    stamp = _stamp(next((value[k] for k in _STAMPS if value.get(k)), None))
    owners = [value[k] for k in _OWNERS if isinstance(value.get(k), str)]
    host = value.get("Host") if "Host" in value and "Service" in value else value.get("host")
    yield Payload(_name(*owners), _line(text), Note(stamp, host if isinstance(host, str) else None))


def _otlp(value: Mapping[str, Any]) -> Iterator[Payload]:
    for resource in _list(value, "resourceLogs"):
        attributes = _attributes(_dict(resource, "resource"))
        host = attributes.get("host.name") or attributes.get("service.instance.id")
        for scope in [*_list(resource, "scopeLogs"), *_list(resource, "instrumentationLibraryLogs")]:
            name = _dict(scope, "scope").get("name")
            for entry in _list(scope, "logRecords"):
                note = Note("", host if isinstance(host, str) else None)
                service = attributes.get("service.name")
                yield Payload(_name(service), _line(_otlp_event(entry, name)), note)


def _otlp_event(entry: Mapping[str, Any], logger: Any) -> dict[str, Any]:
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


_TAKERS: dict[str, Callable[[Mapping[str, Any]], Iterable[Payload]]] = {
    "docker-json": _docker,
    "fluent": _fluent,
    "journald-json": _journald,
    "logcli-json": _logcli,
    "loki": _loki,
    "cloudwatch": _cloudwatch,
    "gcp": _gcp,
    "splunk": _splunk,
    "elasticsearch": _elasticsearch,
    "datadog": _datadog,
    "otlp": _otlp,
    "json-message": _message,
}
_MARKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("docker-json", ("log", "stream", "time")),
    ("journald-json", ("__REALTIME_TIMESTAMP",)),
    ("journald-json", ("MESSAGE", "_HOSTNAME")),
    ("logcli-json", ("labels", "line", "timestamp")),
    ("loki", ("stream", "values")),
    ("cloudwatch", ("message", "timestamp", "logStreamName")),
    ("cloudwatch", ("message", "timestamp", "ingestionTime")),
    ("cloudwatch", ("messageType", "logEvents")),
    ("cloudwatch", ("id", "timestamp", "message")),
    ("cloudwatch", ("@message", "@timestamp")),
    ("gcp", ("insertId", "logName")),
    ("otlp", ("resourceLogs",)),
    ("splunk", ("result", "preview")),
    ("splunk", ("_raw",)),
    ("elasticsearch", ("_source",)),
    ("datadog", ("attributes", "id", "type")),
    ("datadog", ("content", "id")),
    ("json-message", ("LogMessage", "TimeGenerated")),
    ("json-message", ("Log_s",)),
    ("json-message", ("ResultDescription",)),
    ("json-message", ("resultDescription",)),
    ("fluent", ("log", "kubernetes")),
    ("fluent", ("log", "date")),
    ("fluent", ("log", "stream")),
    ("fluent", ("log", "@timestamp")),
    ("fluent", ("message", "kubernetes")),
)


def of_object(value: Mapping[str, Any]) -> str | None:
    """The name of the envelope that an object is, or None."""
    name = next((name for name, keys in _MARKS if all(key in value for key in keys)), None)
    if name == "fluent" and not isinstance(value.get("log", value.get("message")), str):
        return None
    if name == "docker-json" and not str(value["log"]).endswith("\n") and len(str(value["log"])) < 8192:
        return "docker-json?"  # a piece of a longer line, or a shipper that drops the line feed
    return name


# --------------------------------------------------------------------------- documents


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON document, or several in a row, that hold a list of events: each becomes a line."""

    whole: bool = True
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = LINE_FEED

    def starts(self, _data: bytes, _begin: int, _end: int) -> bool:
        """Never asked."""
        return False

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """The events, each on one line."""
        streams = _Streams(run)
        reader = _Reader(run.data)
        for begin, end, columns in reader.events():
            line = run.data[begin:end]
            if columns:
                line = _row(line, columns)
            streams.add(Payload("", line.replace(b"\r", b" ").replace(b"\n", b" "), Note()), begin, end)
        return streams.runs()


def _row(line: bytes, columns: list[str]) -> bytes:
    values = jsonl.parse(line)
    if not isinstance(values, list):
        return line
    if all(isinstance(v, dict) and isinstance(v.get("field"), str) for v in values):
        return json.dumps({v["field"]: v.get("value") for v in values}).encode()
    return json.dumps(dict(zip(_distinct(columns), values, strict=False))).encode()


def _distinct(names: list[str]) -> list[str]:
    """Names of columns, none twice: the value of each is kept."""
    found: dict[str, None] = {}
    for n, name in enumerate(names, 1):
        found[f"{name} (column {n})" if name in found else name] = None
    return list(found)


_LISTS = re.compile(
    r'"(events|logEvents|records|hits|results|rows|result|data|value|values|entries|items|Records)"\s{0,64}:\s{0,64}\[\s{0,4096}(?=[\[{])'
)
_COLUMNS = re.compile(r'"columns"\s{0,64}:\s{0,64}(?=\[)')
_SPACE = re.compile(r"[\s,\x00\x1e]*")


def holds_list(data: bytes) -> bool:
    """Whether an object that may be cut off holds a list of events."""
    return _LISTS.search(data[:65536].decode("latin-1")) is not None


class _Reader:
    """Walks a document from event to event; positions are bytes."""

    def __init__(self, data: bytes) -> None:
        # A byte is a character here, so that positions need no conversion; the events are decoded later.
        self.text = data.decode("latin-1")
        self.decoder = json.JSONDecoder()

    def events(self) -> Iterator[tuple[int, int, list[str]]]:
        pos = self._space(0)
        while pos < len(self.text):
            if self.text[pos] == "[":
                pos = yield from self._items(pos + 1, [])
            elif self.text[pos] == "{":
                pos = yield from self._object(pos)
            else:
                yield pos, len(self.text), []
                return
            pos = self._space(pos)

    def _object(self, pos: int) -> Generator[tuple[int, int, list[str]], None, int]:
        """An object: its lists of events, or itself."""
        end = self._end(pos)
        found = _LISTS.search(self.text, pos, min(end or len(self.text), pos + 65536))
        if found is None or (end is not None and self._is_event(pos, end)):
            yield pos, end or len(self.text), []
            return end or len(self.text)
        at = pos
        while found is not None:
            columns = self._columns(at, found.start())
            at = yield from self._items(found.end(), columns)
            found = _LISTS.search(self.text, at, min(end or len(self.text), at + 65536))
        return max(end or 0, at) if end else len(self.text)

    def _is_event(self, pos: int, end: int) -> bool:
        if end - pos > 4 * 1024 * 1024:
            return False
        value = jsonl.parse(self.text[pos:end])
        return isinstance(value, dict) and (of_object(value) is not None or jsonl.kind(value) != "json")

    def _columns(self, start: int, end: int) -> list[str]:
        found = _COLUMNS.search(self.text, start, end)
        if found is None:
            return ["?"]
        stop = self._end(found.end())
        value = jsonl.parse(self.text[found.end() : stop]) if stop else None
        return (
            [str(c.get("name")) if isinstance(c, dict) else str(c) for c in value] if isinstance(value, list) else ["?"]
        )

    def _items(self, pos: int, columns: list[str]) -> Generator[tuple[int, int, list[str]], None, int]:
        pos = self._space(pos)
        while pos < len(self.text) and self.text[pos] != "]":
            end = self._end(pos)
            if end is None:
                yield pos, len(self.text), []
                return len(self.text)
            yield pos, end, columns if self.text[pos] == "[" else []
            pos = self._space(end)
        return min(pos + 1, len(self.text))

    def _end(self, pos: int) -> int | None:
        try:
            return self.decoder.raw_decode(self.text, pos)[1]
        except (ValueError, RecursionError):
            return None

    def _space(self, pos: int) -> int:
        match = _SPACE.match(self.text, pos)
        return match.end() if match else pos


@dataclass(frozen=True, slots=True)
class Table:
    """Comma-separated values with a header: each row becomes a JSON object on a line."""

    whole: bool = True
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = LINE_FEED

    def starts(self, _data: bytes, _begin: int, _end: int) -> bool:
        """Never asked."""
        return False

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """The rows, each on one line."""
        streams = _Streams(run)
        header: list[str] = []
        delimiter = _delimiter(run.data)
        for begin, end in rows(run.data):
            values = cells(run.data[begin:end].decode(errors="replace"), delimiter)
            if not header:
                header = _distinct([name.strip("\ufeff ") or f"column {n}" for n, name in enumerate(values, 1)])
            elif any(values):
                names = header + [f"column {n}" for n in range(len(header) + 1, len(values) + 1)]
                value = dict(zip(names, values, strict=False))
                streams.add(Payload("", json.dumps(value).encode(), Note()), begin, end)
        return streams.runs()


def cells(row: str, delimiter: str) -> list[str]:
    """The cells of a row; of what quotes are in, none is too long, unlike in the csv module."""
    values = []
    pos, row = 0, row.rstrip("\r\n")
    while pos <= len(row):
        if row.startswith('"', pos):
            value, pos = _quoted(row, pos + 1)
            end = row.find(delimiter, pos)
        else:
            end = row.find(delimiter, pos)
            value = row[pos : end if end >= 0 else len(row)]
        values.append(value)
        if end < 0:
            break
        pos = end + 1
    return values


def _quoted(row: str, pos: int) -> tuple[str, int]:
    """What stands within quotes, and where the quotes end."""
    parts: list[str] = []
    while True:
        end = row.find('"', pos)
        if end < 0:
            return "".join([*parts, row[pos:]]), len(row)
        parts.append(row[pos:end])
        if not row.startswith('""', end):
            return "".join(parts), end + 1
        parts.append('"')
        pos = end + 2


def _delimiter(data: bytes) -> str:
    line = data[: data.find(b"\n") if b"\n" in data else len(data)]
    return max((",", ";", "\t"), key=lambda d: line.count(d.encode()))


def rows(data: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each row; a line feed within quotes does not end one."""
    begin = pos = quotes = 0
    while pos < len(data):
        feed = data.find(b"\n", pos) + 1 or len(data)
        quotes += data.count(b'"', pos, feed)
        if quotes % 2 == 0 or feed - begin > _ROW:
            yield begin, feed
            begin, quotes = feed, 0
        pos = feed
    if begin < len(data):
        yield begin, len(data)


@dataclass(frozen=True, slots=True)
class Octets:
    """Syslog frames with their length in front: a frame may begin anywhere in a line."""

    whole: bool = True
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = LINE_FEED

    def starts(self, _data: bytes, _begin: int, _end: int) -> bool:
        """Never asked."""
        return False

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """The frames' payloads, by process."""
        streams = _Streams(run)
        for begin, end in _frames(run.data):
            payload = _SYSLOG.payload(run.data, begin, end)
            if payload is not None:
                streams.add(payload, begin, end)
        return streams.runs()


_FRAME = re.compile(rb"(?P<count>\d{1,7}) <\d{1,3}>1 ")


def _frames(data: bytes) -> Iterator[tuple[int, int]]:
    pos = 0
    while (match := _FRAME.search(data, pos)) is not None:
        end = min(len(data), match.end("count") + 1 + int(match["count"]))
        following = _FRAME.search(data, match.end())
        if following is not None and not _FRAME.match(data, end) and following.start() < end:
            end = following.start()  # the length is wrong: go by what is there
        yield match.start(), end
        pos = end


@dataclass(frozen=True, slots=True)
class Reversed:
    """Lines in reverse order, as tools print them that show the newest first."""

    whole: bool = True
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = LINE_FEED

    def starts(self, _data: bytes, _begin: int, _end: int) -> bool:
        """Never asked."""
        return False

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """The lines, the last first."""
        streams = _Streams(run)
        for begin, end in reversed(list(lines(run.data))):
            streams.add(Payload("", run.data[begin:end], Note()), begin, end)
        return streams.runs()


_SYSLOG = Prefix(re.compile(_PREFIXES["syslog-5424"].encode()), escaped=True)
_ENVELOPES: dict[str, Envelope] = {
    **{
        name: Prefix(
            re.compile(pattern.encode()), escaped=name in _ESCAPED, coloured=name in {"compose", "kubectl", "stern"}
        )
        for name, pattern in _PREFIXES.items()
    },
    **{name: Objects(take) for name, take in _TAKERS.items()},
    "docker-json": Docker(_docker),
    "docker-desktop": OwnLine(re.compile(_PREFIXES["docker-desktop"].encode())),
    "json-document": Document(),
    "csv": Table(),
    "octets": Octets(),
    "reversed": Reversed(),
}


def of(name: str, prefix: str | None = None) -> Envelope:
    """The envelope of a name of ``Layout.envelopes``; ``prefix`` is ``Layout.prefix``."""
    return _learned(prefix) if name == "prefix" and prefix is not None else _ENVELOPES[name]


@lru_cache(maxsize=64)
def _learned(prefix: str) -> Prefix:
    return Prefix(re.compile(prefix.encode()), coloured=True)
