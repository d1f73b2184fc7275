"""The journal of systemd, as ``journalctl`` exports it: with ``-o json``, ``export`` and ``verbose``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from authlens.reading.envelopes.base import ByLine, Payload, Streams, lines
from authlens.reading.envelopes.objects import as_bytes, as_stamp, stream_name
from authlens.reading.formats.base import syslog_level
from authlens.reading.runs import Note, Run, Sheaf


def journald(value: Mapping[str, Any]) -> Iterator[Payload]:
    """One entry."""
    text = value.get("MESSAGE")
    if isinstance(text, list):
        text = _from_numbers(text)
    unit = value.get("CONTAINER_NAME") or value.get("_SYSTEMD_UNIT") or value.get("SYSLOG_IDENTIFIER")
    host = value.get("_HOSTNAME")
    name = stream_name(host, unit, value.get("_PID"))
    priority = str(value.get("PRIORITY", ""))
    level = syslog_level(int(priority)) if re.fullmatch(r"[0-7]", priority) else None
    note = Note(as_stamp(value.get("__REALTIME_TIMESTAMP")), host if isinstance(host, str) else None, level)
    yield Payload(name, text if isinstance(text, bytes) else as_bytes(text), note)


def _from_numbers(items: list[Any]) -> bytes:
    """Journald writes a text that is no UTF-8, or holds control characters, as a list of its bytes."""
    if all(isinstance(i, int) and 0 <= i < 256 for i in items):
        return bytes(items)
    return b"\n".join(_from_numbers(i) if isinstance(i, list) else as_bytes(i) for i in items)


@dataclass(frozen=True, slots=True)
class Entries(ByLine):
    """Entries over several lines, a field on each."""

    head: re.Pattern[bytes]
    """What the first line of an entry begins with; its group is the time, where it has one."""

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line is the first of an entry."""
        return self.head.match(data, begin, end) is not None

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """Take the message out of each entry; what no field stands in is kept as it is."""
        streams = Streams(run)
        heads = {begin for begin, end in lines(run.data) if self.starts(run.data, begin, end)}
        for begin, end in pairwise(sorted({0, *heads, len(run.data)})):
            fields = self._fields(run.data[begin:end])
            for payload in journald(fields) if fields else [Payload("", run.data[begin:end], Note())]:
                streams.add(payload, begin, end)
        return streams.runs()

    def _fields(self, entry: bytes) -> dict[str, str]:
        head = self.head.match(entry)
        fields = {} if head is None or not head.re.groups else {_TIME: head[1].decode(errors="replace")}
        pos = 0
        while (field := _FIELD.search(entry, pos)) is not None:
            value, pos = _value(entry, field)
            fields.setdefault(field[1].decode(), value.decode(errors="replace"))
        return fields


_TIME = "__REALTIME_TIMESTAMP"
_FIELD = re.compile(rb"^ {0,4}([A-Z_][A-Z0-9_]{0,63})(?:=|(\n)(?=.{7}\x00))", re.MULTILINE | re.DOTALL)
"""A field's name; of one whose value is not one line of text, the value's length stands on the next, as 64 bits."""
_INDENTED = re.compile(rb"\n {12}")
"""The further lines of a message, where its fields are indented."""


def _value(entry: bytes, field: re.Match[bytes]) -> tuple[bytes, int]:
    """What a field holds, and where that ends."""
    begin = field.end()
    if field[2]:
        size = int.from_bytes(entry[begin : begin + 8], "little")
        return entry[begin + 8 : begin + 8 + size], min(len(entry), begin + 8 + size)
    end = entry.find(b"\n", begin)
    while end >= 0 and _INDENTED.match(entry, end) is not None:
        end = entry.find(b"\n", end + 1)
    end = len(entry) if end < 0 else end
    return _INDENTED.sub(b"\n", entry[begin:end]), end


_DATE = rb"[A-Z][a-z]{2} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{6})? [A-Z+-][A-Z0-9+:-]{0,8})"
ENTRIES = {
    "journald-export": Entries(re.compile(rb"__CURSOR=")),
    "journald-verbose": Entries(re.compile(_DATE + rb" \[s=")),
}
"""By name."""
