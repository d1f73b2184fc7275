"""Streams of XML events: log4net, log4j, the Windows event log, .NET's trace files, and layouts of the user's own."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import lru_cache
from itertools import islice, pairwise
from xml.parsers import expat

from authlens.model import Record
from authlens.reading import timestamps
from authlens.reading.formats import event
from authlens.reading.formats.base import Draft, Place, decoded, level, number, plain_text, record, request_id
from authlens.reading.formats.event_log import event_body
from authlens.reading.runs import Run

LIMIT = 1024 * 1024
FORMATS = {
    "log4net-xml": "log4net:event",
    "log4j-xml": "log4j:event",
    "windows-event": "Event",
    "trace-xml": "E2ETraceEvent",
}
"""The element that holds an event, by format."""
OWN = "xml"
"""The format whose element the log itself shows."""


_BEHIND_NAME = {b"", b">", b" ", b"\r", b"\n", b"\t"}


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
    element: str
    limit: int = LIMIT
    terminator: bytes = b">"
    """A line feed where other loggers write into the same log."""
    whole: bool = False

    @property
    def mark(self) -> re.Pattern[bytes]:
        """What ends a tag, or a line, that the event's tag follows."""
        return _before(self.terminator, self.element)

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the tag that ends here opens an event."""
        tag = self.element.encode()
        head = data[begin : min(end, begin + 256)].lstrip(b" \t\r\n")
        if end - begin > 200 and not data[begin : begin + 201].lstrip(b" \t\r\n"):
            return False
        return head.startswith(b"<" + tag) and head[len(tag) + 1 : len(tag) + 2] in _BEHIND_NAME

    def divide(self, run: Run) -> Iterable[Run]:
        """Each element with the white space behind it, and what another logger wrote between two."""
        opening, closing = _tags(self.element)
        pos, size = 0, len(run.data)
        while pos < size:
            closed = closing.search(run.data, pos)
            end = closed.end() if closed else size
            opened = opening.search(run.data, pos, end)
            begin = opened.start() if opened else end
            yield from (run.slice(a, b) for a, b in ((pos, begin), (begin, end)) if run.data[a:b].strip(_BLANK))
            pos = end

    def glance(self, _data: bytes, _begin: int, _end: int, _zone: tzinfo) -> None:
        """The element has to be read."""

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """Read the element; one that is cut off gives its text."""
        text, broken = decoded(run.data)
        end = text.find(f"</{self.element}>")
        tree = _parse(text[: end + len(self.element) + 3]) if end >= 0 else None
        if tree is None:
            return record(_remains(text), run, place), broken
        draft = _READERS[self.name](tree, place) if self.name in _READERS else _own(tree, place, self.element)
        draft.text = plain_text(draft.text).replace("\r\n", "\n").strip()
        draft.request_id = draft.request_id or request_id(draft.text[:2048])
        return record(draft, run, place), broken


_BLANK = b" \t\r\n\xef\xbb\xbf"


@lru_cache(maxsize=64)
def _tags(element: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    name = re.escape(element.encode())
    return re.compile(rb"<" + name + rb"(?=[> \t\r\n])"), re.compile(rb"</" + name + rb">[ \t\r\n]{0,200}")


@lru_cache(maxsize=64)
def _before(terminator: bytes, element: str) -> re.Pattern[bytes]:
    blank = rb"[ \t\r\n]{0,200}" if terminator == b">" else rb"[ \t\r]{0,80}"
    return re.compile(re.escape(terminator) + blank + rb"<" + re.escape(element.encode()))


_SIBLINGS = re.compile(rb"</([A-Za-z_][\w.:-]{0,63})>[ \t\r\n]{0,200}<(?=([A-Za-z_][\w.:-]{0,63})[\s>])")
_FEW = 50


_ROOT = re.compile(rb"(?:<\?[^>]{0,256}\?>\s{0,16})?<([A-Za-z_][\w.:-]{0,63})[\s>]")


def repeated(head: bytes) -> str | None:
    """The element that follows itself and holds a time, or else is all there is: an event of a layout of the user's own."""
    after = Counter(m[1] for m in _SIBLINGS.finditer(head) if m[1] == m[2])
    for name, _ in after.most_common(3):
        form = Events(OWN, name.decode())
        tags = (m.end() - len(name) - 1 for m in form.mark.finditer(head))
        starts = list(islice((at for at in tags if form.starts(head, at, len(head))), _FEW))
        timed = sum(_timed(head[a:b].decode(errors="replace"), form.element) for a, b in pairwise(starts))
        if timed * 2 > len(starts) - 1:
            return form.element
    root = _ROOT.match(head.lstrip())
    return root[1].decode() if root is not None and _timed(head.decode(errors="replace"), root[1].decode()) else None


def _timed(text: str, element: str) -> bool:
    tree = _parse(text[: text.rfind(">") + 1])
    return tree is not None and _own(tree, Place("", "", UTC, secondary=False, cut=False), element).time is not None


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
    element = f"{prefix}:event"
    draft = Draft(level=level(tree.attribute(element, "level")), logger=tree.attribute(element, "logger"))
    draft.time, draft.time_assumed = timestamps.parse(tree.attribute(element, "timestamp") or "", place.zone)
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
    draft.event_id = number(tree.text("EventID"))
    body = tree.text("Data", "Message", "ApplicationData")
    event_body(draft, body)
    return draft


def _trace(tree: _Tree, place: Place) -> Draft:
    draft = _windows(tree, place)
    draft.logger = draft.logger or tree.attribute("Source", "Name")
    draft.level = level(tree.attribute("SubType", "Name")) or draft.level
    return draft


_TEXT_MEMBER = "message"
_NAMES = ("Name", "name", "N", "key")
"""Attributes by which an element tells what its text is called."""
_ENCODED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""A character as .NET's XmlConvert writes it."""


def _own(tree: _Tree, place: Place, element: str) -> Draft:
    """A layout of the user's own: its elements and attributes are an object's members."""
    members = dict(tree.attributes.get(element, [{}])[0])
    said: dict[str, list[str]] = {}
    for tag, texts in tree.texts.items():
        for text, attributes in zip(texts, tree.attributes[tag], strict=True):
            name = next((attributes[n] for n in _NAMES if n in attributes), _TEXT_MEMBER if tag == element else tag)
            said.setdefault(name, []).append(text)
    for name, texts in said.items():
        joined = "\n".join(t for t in texts if t).strip()
        if joined:
            members[name] = _ENCODED.sub(lambda m: chr(int(m[1], 16)), joined)
    return event.read(members, place)


_READERS: dict[str, Callable[[_Tree, Place], Draft]] = {
    "log4net-xml": _log4net,
    "log4j-xml": _log4j,
    "windows-event": _windows,
    "trace-xml": _trace,
}
