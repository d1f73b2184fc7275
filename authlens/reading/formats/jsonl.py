"""Logs of JSON objects, one a line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo

from authlens.model import Record
from authlens.reading import needles, timestamps
from authlens.reading.formats import event
from authlens.reading.formats.base import Draft, Glance, Place, decoded, plain_text, record, request_id, within
from authlens.reading.formats.json_text import AROUND, MARK, opens, parse, unescaped
from authlens.reading.formats.rendered import EXCEPTION, MESSAGE, TEMPLATE
from authlens.reading.runs import Run

LIMIT = 16 * 1024 * 1024


INDENTED = frozenset(f"{name}-indented" for name in event.FORMATS)


@dataclass(frozen=True, slots=True)
class Json:
    """A record is a line that begins with a brace; other lines are text that something else printed."""

    name: str
    limit: int = LIMIT
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = MARK
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

    def glance(self, data: bytes, begin: int, end: int, zone: tzinfo) -> Glance | None:
        """The time that an object begins with and the ids of its request apart from all else."""
        first = _FIRST.match(data, begin, end)
        if first is None or _SHOWN.search(data, begin, end):
            return None
        found = {b"time": first.span(1)}
        for match in _VARYING.finditer(data, first.end(), end):
            if match[1] in found:
                return None
            found[match[1]] = match.span(2)
        borders = [begin, *(at for span in found.values() for at in span), end]
        rest = b"\0".join([data[a:b] for a, b in zip(borders[::2], borders[1::2], strict=True)])
        values = {name: data[a:b].decode("utf-8", "replace") or None for name, (a, b) in found.items()}
        trace = values.get(b"@tr") or values.get(b"TraceId")
        request = values.get(b"RequestId") or within(trace, values.get(b"@sp") or values.get(b"SpanId"))
        return Glance(rest, *timestamps.parse(values[b"time"] or "", zone), (request, trace))

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """Read the object; what is none is text."""
        text, broken = decoded(run.data)
        value = parse(text.strip(AROUND))
        draft = event.read(value, place) if isinstance(value, dict) else broken_object(text)
        return record(draft, run, place), broken


_FIRST = re.compile(rb'\{ ?"(?:@t|@timestamp|Timestamp|timestamp|time)": ?"([^"\\\n]{10,40})"')
_REQUESTS = b"@tr|@sp|TraceId|SpanId|ParentId|RequestId|ConnectionId|RequestPath"
_VARYING = re.compile(rb'"(' + _REQUESTS + rb')": ?"([^"\\\n]{0,256})"')
_SHOWN = re.compile(rb"\{(?:" + _REQUESTS + rb"|@t|Timestamp)\b")
"""Of a template that shows what differs from request to request."""
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


_MEMBER = re.compile(r'"([@\w.{} -]{1,64})"\s{0,8}:\s{0,8}"((?:[^"\\]|\\.){0,262144})')
_SAYING = frozenset({*MESSAGE, *TEMPLATE, *EXCEPTION, "FailureMessage"})


def broken_object(text: str) -> Draft:
    """A line that is no JSON, or an object that was cut off: its text.

    Of several members with one name the first is the event's own, unless what is looked for stands in another.
    """
    if not text.lstrip().startswith("{"):
        return Draft(text=plain_text(text).replace("\r\n", "\n").strip(), request_id=request_id(text[:2048]))
    members: dict[str, str] = {}
    said = []
    for name, raw in _MEMBER.findall(text):
        value = unescaped(raw)
        if name in _SAYING and (name not in members or needles.hit(value.encode(errors="replace"))):
            said.append(value)
        members.setdefault(name, value)
    found = "\n".join(dict.fromkeys(said)) if said else unescaped(text)
    return Draft(text=found.strip(), fields=members, cut=True, request_id=members.get("RequestId"))
