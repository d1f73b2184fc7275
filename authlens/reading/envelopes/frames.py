"""Syslog frames with their length in front, lines in reverse order, and lines that are string literals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from authlens.reading.envelopes.base import ByDocument, ByLine, Payload, Streams, lines
from authlens.reading.envelopes.prefixes import LINE_PREFIXES
from authlens.reading.formats.json_text import unescaped
from authlens.reading.runs import Note, Run, Sheaf

_FRAME = re.compile(rb"(?P<count>\d{1,7}) <\d{1,3}>1 ")


class Octets(ByDocument):
    """Syslog frames with their length in front (RFC 6587): a frame may begin anywhere in a line."""

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """The frames' payloads, by process; what stands between two frames goes on with the one before."""
        streams, prefix, stream = Streams(run), LINE_PREFIXES["syslog-5424"], ""
        for begin, end in _stretches(run.data):
            payload = prefix.payload(run.data, begin, end) or Payload(stream, run.data[begin:end], Note())
            stream = payload.stream
            streams.add(payload, begin, end)
        return streams.runs()


def _stretches(data: bytes) -> Iterator[tuple[int, int]]:
    """Begin and end of each frame, and of what else there is."""
    done = 0
    for begin, end in _frames(data):
        if data[done:begin].strip():
            yield done, begin
        yield begin, end
        done = end
    if data[done:].strip():
        yield done, len(data)


def _frames(data: bytes) -> Iterator[tuple[int, int]]:
    pos = 0
    while (match := _FRAME.search(data, pos)) is not None:
        end = min(len(data), match.end("count") + 1 + int(match["count"]))
        following = _FRAME.search(data, match.end())
        if following is not None and not _FRAME.match(data, end) and following.start() < end:
            end = following.start()  # the length is wrong: go by what is there
        yield match.start(), end
        pos = end


class Reversed(ByDocument):
    """Lines in reverse order, as tools print them that show the newest first."""

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """The lines, the last first."""
        streams = Streams(run)
        for begin, end in reversed(list(lines(run.data))):
            streams.add(Payload("", run.data[begin:end], Note()), begin, end)
        return streams.runs()


_LITERAL = re.compile(rb'[ \t]{0,80}@?"([^"\\\n]*(?:\\.[^"\\\n]*)*)"[ \t]{0,8}[+,;]?[ \t\r]{0,8}\n?')


class Literals(ByLine):
    """Lines that are each a string literal, as debuggers, source code and JSON have them; one may hold a whole log."""

    __slots__ = ()

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line is a literal."""
        return _LITERAL.fullmatch(data, begin, end) is not None

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """What each literal says; a line that is none says nothing but itself."""
        streams = Streams(run)
        for begin, end in lines(run.data):
            match = _LITERAL.fullmatch(run.data, begin, end)
            said = (
                unescaped(match[1].decode(errors="replace")).encode(errors="replace") if match else run.data[begin:end]
            )
            streams.add(Payload("", said.replace(b"\r\n", b"\n"), Note()), begin, end)
        return streams.runs()
