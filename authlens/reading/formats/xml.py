"""Streams of XML events: log4net, log4j, the Windows event log, and .NET's trace files."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from authlens.model import Record
from authlens.reading import timestamps
from authlens.reading.formats.base import Draft, Place, decoded, level, plain_text, record, request_id
from authlens.reading.runs import Run

LIMIT = 1024 * 1024
FORMATS = {
    "log4net-xml": (b"log4net:event", "log4net:event"),
    "log4j-xml": (b"log4j:event", "log4j:event"),
    "windows-event": (b"Event", "Event"),
    "trace-xml": (b"E2ETraceEvent", "E2ETraceEvent"),
}


@dataclass(slots=True)
class _Tree:
    """What an event holds: texts and attributes by element."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    attributes: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    def text(self, *names: str) -> str:
        return next((joined for n in names if (joined := "\n".join(self.texts.get(n, ())).strip())), "")

    def attribute(self, element: str, name: str) -> str | None:
        return next((a[name] for a in self.attributes.get(element, ()) if name in a), None)


@dataclass(frozen=True, slots=True)
class Events:
    """An event is what one element holds; several may stand on a line, one may span many."""

    name: str
    limit: int = LIMIT
    terminator: bytes = b">"
    mark: re.Pattern[bytes] = re.compile(rb">[ \t\r\n]{0,200}<(?:log4[a-z]{1,3}:event|Event|E2ETraceEvent)")
    whole: bool = False

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the tag that ends here opens an event."""
        tag = FORMATS[self.name][0]
        head = data[begin : min(end, begin + 256)].lstrip(b" \t\r\n")
        if end - begin > 200 and not data[begin : begin + 201].lstrip(b" \t\r\n"):
            return False
        return head.startswith(b"<" + tag) and head[len(tag) + 1 : len(tag) + 2] in {b"", b" ", b"\r", b"\n", b"\t"}

    def divide(self, run: Run) -> Iterable[Run]:
        """The element without the white space before it."""
        lead = len(run.data) - len(run.data.lstrip(b" \t\r\n\xef\xbb\xbf"))
        return (run.slice(lead, len(run.data)),)

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """Read the element; one that is cut off gives its text."""
        text, broken = decoded(run.data)
        end = text.find(f"</{FORMATS[self.name][1]}>")
        tree = _parse(text[: end + len(FORMATS[self.name][1]) + 3]) if end >= 0 else None
        if tree is None:
            return record(_remains(text), run, place), broken
        draft = _READERS[self.name](tree, place)
        draft.text = plain_text(draft.text).replace("\r\n", "\n").strip()
        draft.request_id = draft.request_id or request_id(draft.text[:2048])
        return record(draft, run, place), broken


_TAGS = re.compile(r"<[^<>]{0,4096}>")


def _remains(text: str) -> Draft:
    bare = html.unescape(_TAGS.sub("\n", text)).replace("]]>", "").replace("<![CDATA[", "")
    return Draft(text=re.sub(r"\n{2,}", "\n", bare).strip(), cut=text.lstrip().startswith("<"))


class _RefusedError(Exception):
    """A document type or an entity is declared: nothing that a logger writes."""


def _refuse(*_: object) -> None:
    raise _RefusedError


def _parse(text: str) -> _Tree | None:
    tree, path = _Tree(), list[str]()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EntityDeclHandler = parser.StartDoctypeDeclHandler = _refuse

    def opened(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        tree.attributes.setdefault(name, []).append(attributes)
        tree.texts.setdefault(name, []).append("")

    def closed(_: str) -> None:
        path.pop()

    def said(data: str) -> None:
        if path:
            tree.texts[path[-1]][-1] += data

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = opened, closed, said
    try:
        parser.Parse(_ILLEGAL.sub("?", text), True)
    except (expat.ExpatError, _RefusedError):
        return None
    return tree


_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|&#(?:x0*(?:[0-8bcefBCEF]|1[0-9a-fA-F]);|0*(?:[0-8]|1[1-24-9]|2[0-9]|3[01]);)")  # fmt: skip


def _log4net(tree: _Tree, place: Place, prefix: str = "log4net") -> Draft:
    event = f"{prefix}:event"
    draft = Draft(level=level(tree.attribute(event, "level")), logger=tree.attribute(event, "logger"))
    draft.time, draft.time_assumed = timestamps.parse(tree.attribute(event, "timestamp") or "", place.zone)
    fields = {a["name"]: a.get("value", "") for a in tree.attributes.get(f"{prefix}:data", ()) if "name" in a}
    draft.fields = fields
    draft.host = fields.get("log4net:HostName") or fields.get("log4jmachinename")
    draft.request_id = fields.get("RequestId") or fields.get("TraceIdentifier")
    parts = (tree.text(f"{prefix}:message"), tree.text(f"{prefix}:exception", f"{prefix}:throwable"))
    draft.text = "\n".join(p for p in parts if p)
    return draft


def _log4j(tree: _Tree, place: Place) -> Draft:
    return _log4net(tree, place, "log4j")


_WINDOWS_LEVELS = {"1": "critical", "2": "error", "3": "warning", "4": "information", "0": "information", "5": "trace"}


def _windows(tree: _Tree, place: Place) -> Draft:
    draft = Draft(level=_WINDOWS_LEVELS.get(tree.text("Level")), host=tree.text("Computer") or None)
    draft.time, draft.time_assumed = timestamps.parse(tree.attribute("TimeCreated", "SystemTime") or "", place.zone)
    number = tree.text("EventID")
    draft.event_id = int(number) if number.isdigit() else None
    body = tree.text("Data", "Message", "ApplicationData")
    event_body(draft, body)
    return draft


def _trace(tree: _Tree, place: Place) -> Draft:
    draft = _windows(tree, place)
    draft.logger = draft.logger or tree.attribute("Source", "Name")
    draft.level = level(tree.attribute("SubType", "Name")) or draft.level
    return draft


_EVENT_BODY = re.compile(r"Category: (?P<cat>[^\n]{0,400})\nEventId: (?P<id>-?\d{1,9})\n(?:(?:SpanId|TraceId|ParentId|ConnectionId|RequestId|RequestPath|ActionId|ActionName): ?[^\n]{0,1024}\n){0,12}\s{0,4}")  # fmt: skip
_EVENT_FIELD = re.compile(r"^(SpanId|TraceId|ConnectionId|RequestId|RequestPath): ?([^\n]{0,1024})$", re.MULTILINE)


def event_body(draft: Draft, body: str) -> None:
    """What MEL's event log provider writes: the category, the event id, then the message and the exception."""
    body = body.replace("\r\n", "\n")
    match = _EVENT_BODY.match(body)
    if match is None:
        first, _, rest = body.partition("\n")
        if re.fullmatch(r"[A-Za-z_][\w+`]{0,100}(?:\.[\w+`<>,-]{1,200}){1,20}", first.strip()):
            draft.logger, body = first.strip(), rest
        draft.text = body
        return
    draft.logger, draft.event_id = match["cat"], int(match["id"])
    values = dict(_EVENT_FIELD.findall(match.group()))
    draft.fields, draft.request_id, draft.trace_id = values, values.get("RequestId"), values.get("TraceId")
    draft.text = re.sub(r"\n\n?Exception: ?\n", "\n", body[match.end() :], count=1)


_READERS: dict[str, Callable[[_Tree, Place], Draft]] = {
    "log4net-xml": _log4net,
    "log4j-xml": _log4j,
    "windows-event": _windows,
    "trace-xml": _trace,
}
