"""JSON documents that hold a list of events."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping
from itertools import islice

from authlens.reading import needles
from authlens.reading.envelopes.base import ByDocument, Payload, Streams
from authlens.reading.envelopes.known import of_object
from authlens.reading.envelopes.objects import as_line
from authlens.reading.envelopes.tables import distinct
from authlens.reading.formats import event, json_text
from authlens.reading.runs import Note, Run, Sheaf


class Document(ByDocument):
    """One JSON document, or several in a row, that hold a list of events, or of texts: each becomes a line."""

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """The events, each on one line."""
        streams = Streams(run)
        reader = _Walk(run.data)
        for begin, end, columns in reader.events():
            line = run.data[begin:end]
            if columns:
                line = _row(line, columns)
            text = json_text.parse(line) if line.startswith(b'"') else None
            line = line.replace(b"\r", b" ").replace(b"\n", b" ") if text is None else as_line(text)
            streams.add(Payload("", line, Note()), begin, end)
        return streams.runs()


def _row(line: bytes, columns: list[str]) -> bytes:
    values = json_text.parse(line)
    if not isinstance(values, list):
        return line
    if all(isinstance(v, dict) and isinstance(v.get("field"), str) for v in values):
        return json.dumps({v["field"]: v.get("value") for v in values}).encode()
    return json.dumps(dict(zip(distinct(columns), values, strict=False))).encode()


_LIST = re.compile(r'"([^"\\\n]{1,64})"\s{0,64}:\s{0,64}\[\s{0,4096}(?=[\[{])')
_OF_EVENTS = frozenset(
    {"events", "logEvents", "records", "hits", "results", "rows", "result", "data", "value", "values", "entries"}
    | {"items", "Records"}
)
"""What lists of events are most often called; one of another name is told by its first item."""
_CANDIDATES = 16
"""So many lists of an object may be none before the one that is."""
_COLUMNS = re.compile(r'"columns"\s{0,64}:\s{0,64}(?=\[)')
_SPACE = re.compile(r"[\s,\x00\x1e]*")


def holds_list(data: bytes) -> bool:
    """Whether an object that may be cut off holds a list of events."""
    return _list_of_events(data[:_REACH].decode("latin-1"), 0, _REACH) is not None


def is_container(value: Mapping[str, object]) -> bool:
    """Whether an object is only the document of the events in its list, and none itself."""
    text = json_text.written(value).decode()
    found = _list_of_events(text, 0, _REACH)
    return found is not None and not _is_event(value, json_text.first(text[found.end() :].encode())[0])


_REACH = 65536
"""So far into an object its list is looked for."""


def _list_of_events(text: str, start: int, end: int) -> re.Match[str] | None:
    """Where the first list of events in a text begins, up to its first item."""
    for found in islice(_LIST.finditer(text, start, end), _CANDIDATES):
        if found[1] in _OF_EVENTS:
            return found
        item = json_text.first(text[found.end() : found.end() + _REACH].encode())[0]
        if isinstance(item, dict) and (_is_known(item) or event.is_event(item)):
            return found
    return None


_TEXTS = (
    "message",
    "Message",
    "msg",
    "Msg",
    "MESSAGE",
    "@m",
    "@mt",
    "@message",
    "text",
    "Text",
    "body",
    "log",
    "content",
)
"""What the text of an event is most often called."""


def _is_event(value: object, item: object) -> bool:
    """Whether an object was logged itself though it holds a list.

    Args:
        value: The object.
        item: The first of its list. An event of its own, or one that has a text where the object has none, is what
            was logged.
    """
    if not isinstance(value, dict):
        return False
    if _is_known(value) or _says_hit(value):
        return True
    if not event.is_event(value):
        return False
    return not isinstance(item, dict) or not (
        _is_known(item) or event.is_event(item) or (_has_text(item) and not _has_text(value))
    )


def _is_known(value: dict[str, object]) -> bool:
    return of_object(value) is not None or event.kind(value) != "json"


def _says_hit(value: dict[str, object]) -> bool:
    """Whether its own text holds what is looked for, which its list would not give."""
    texts = (value.get(name) for name in _TEXTS)
    return any(needles.hit(text.encode(errors="replace")) for text in texts if isinstance(text, str))


def _has_text(value: dict[str, object]) -> bool:
    return any(isinstance(value.get(name), str) for name in _TEXTS)


_LARGEST_EVENT = 4 * 1024 * 1024


class _Walk:
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
        found = _list_of_events(self.text, pos, min(end or len(self.text), pos + _REACH))
        if found is None or self._is_event(pos, end, found):
            yield pos, end or len(self.text), []
            return end or len(self.text)
        at = pos
        while found is not None:
            columns = self._columns(at, found.start())
            at = yield from self._items(found.end(), columns)
            found = _list_of_events(self.text, at, min(end or len(self.text), at + _REACH))
        return max(end or 0, at) if end else len(self.text)

    def _is_event(self, pos: int, end: int | None, listed: re.Match[str]) -> bool:
        """Where the object is cut off, what stands before its list decides."""
        if (end or 0) - pos > _LARGEST_EVENT:
            return False
        text = self.text[pos:end] if end else self.text[pos : listed.start()].rstrip(", \t\r\n") + "}"
        item_end = self._end(listed.end())
        return _is_event(
            json_text.parse(text), json_text.parse(self.text[listed.end() : item_end]) if item_end else None
        )

    def _columns(self, start: int, end: int) -> list[str]:
        found = _COLUMNS.search(self.text, start, end)
        if found is None:
            return ["?"]
        stop = self._end(found.end())
        value = json_text.parse(self.text[found.end() : stop]) if stop else None
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
