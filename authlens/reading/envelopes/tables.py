"""Comma-separated values with a header."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from authlens.reading.envelopes.base import ByDocument, Payload, Streams
from authlens.reading.runs import Note, Run, Sheaf

_ROW = 16 * 1024 * 1024
"""Bytes of a row; the quotes of a longer one are not in pairs."""


class Table(ByDocument):
    """Comma-separated values with a header: each row becomes a JSON object on a line."""

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """The rows, each on one line."""
        streams = Streams(run)
        header: list[str] = []
        delimiter = _delimiter(run.data)
        for begin, end in rows(run.data):
            values = cells(run.data[begin:end].decode(errors="replace"), delimiter)
            if not header:
                header = distinct([name.strip("\ufeff ") or f"column {n}" for n, name in enumerate(values, 1)])
            elif any(values):
                names = header + [_unnamed(n, header) for n in range(len(header) + 1, len(values) + 1)]
                value = dict(zip(names, values, strict=False))
                streams.add(Payload("", json.dumps(value).encode(), Note()), begin, end)
        return streams.runs()


def _unnamed(number: int, header: list[str]) -> str:
    """A cell behind the last named one: Event Viewer gives the column of the text no name."""
    return TEXT if number == len(header) + 1 and TEXT not in header else f"column {number}"


TEXT = "message"
"""What the unnamed column behind the named ones is called."""


def distinct(names: list[str]) -> list[str]:
    """Names of columns, none twice: the value of each is kept."""
    found: dict[str, None] = {}
    for n, name in enumerate(names, 1):
        found[f"{name} (column {n})" if name in found else name] = None
    return list(found)


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
