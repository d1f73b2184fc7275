"""What every kind of envelope answers, and how payloads are gathered by stream."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from authlens.reading.formats.base import LINE_FEED
from authlens.reading.runs import Note, Noting, Piece, Run, Sheaf


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


class ByLine:
    """It wraps each line."""

    __slots__ = ()

    whole = False
    terminator = b"\n"
    mark = LINE_FEED


class ByDocument:
    """It wraps the document."""

    __slots__ = ()

    whole = True
    terminator = b"\n"
    mark = LINE_FEED

    def starts(self, _data: bytes, _begin: int, _end: int) -> bool:
        """Never asked."""
        return False


NOTHING = b"\n"
"""What an envelope without any text holds: an empty line, which its bytes are counted with wherever a border falls."""


class Streams:
    """Payloads as they come, by stream."""

    def __init__(self, run: Run | Sheaf) -> None:
        """``run`` holds the envelopes."""
        self.run = run.indexed()
        self.data: dict[str, list[bytes]] = {}
        self.pieces: dict[str, list[Piece]] = {}
        self.size: dict[str, int] = {}

    def add(self, payload: Payload, begin: int, end: int, *, counted: bool = True) -> None:
        """``begin`` and ``end``: of the envelope in the run; ``counted``: its bytes are not counted elsewhere."""
        key, data = payload.stream, payload.data or NOTHING
        if key not in self.data:
            self.data[key], self.pieces[key], self.size[key] = [], [], 0
        held = self.run.slice(begin, end).stretch()
        piece = held._replace(pos=self.size[key], note=payload.note.within(held.note))
        self.pieces[key].append(piece if counted else piece._replace(size=0, lines=0))
        if payload.closed and not data.endswith(b"\n"):
            data += b"\n"
        self.data[key].append(data)
        self.size[key] += len(data)

    def runs(self) -> dict[str, Run]:
        """All of them, each stream in one."""
        return {key: Run(b"".join(self.data[key]), tuple(self.pieces[key])) for key in self.data}


class Bundle:
    """Payloads of one stream, and where their envelopes stand."""

    __slots__ = ("begins", "ends", "parts", "size", "starts")

    def __init__(self) -> None:
        """Holds none yet."""
        self.parts: list[bytes] = []
        self.starts: list[int] = []
        self.begins: list[int] = []
        self.ends: list[int] = []
        self.size = 0

    def add(self, payload: bytes, begin: int, end: int) -> None:
        """``begin`` and ``end``: of the envelope."""
        payload = payload or NOTHING
        self.parts.append(payload)
        self.starts.append(self.size)
        self.begins.append(begin)
        self.ends.append(end)
        self.size += len(payload)


def gathered(run: Run | Sheaf, bundles: Mapping[str, Bundle], note: Noting) -> dict[str, Run | Sheaf]:
    """The payloads of each stream; ``note`` tells what an envelope says beside its own."""
    return {key: Sheaf(b"".join(b.parts), run, b.starts, b.begins, b.ends, note) for key, b in bundles.items()}


def lines(data: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each line, its line feed included."""
    begin, size = 0, len(data)
    while begin < size:
        end = data.find(b"\n", begin) + 1 or size
        yield begin, end
        begin = end
