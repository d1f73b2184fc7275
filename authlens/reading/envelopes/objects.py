"""JSON objects, one a line, that hold the text of a line or of an event."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from authlens.reading.envelopes.base import ByLine, Payload, Streams, lines
from authlens.reading.formats import json_text
from authlens.reading.runs import Note, Run, Sheaf

Take: TypeAlias = Callable[[Mapping[str, Any]], Iterable[Payload]]
"""What an object holds."""


@dataclass(frozen=True, slots=True)
class Objects(ByLine):
    """A JSON object a line that holds the text of a line, or of an event."""

    take: Take

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether an object begins here."""
        return json_text.opens(data, begin, end)

    def peel(self, run: Run | Sheaf) -> Mapping[str, Run | Sheaf]:
        """Take the text out of each object; a line that is none goes on with the line before."""
        streams = Streams(run)
        stream = ""
        for begin, end in lines(run.data):
            line = run.data[begin:end]
            value = json_text.line(line)
            stream = "" if self.starts(line, 0, len(line)) else stream
            if value is None:
                streams.add(Payload(stream, line, Note()), begin, end)
                continue
            for index, payload in enumerate(self.take(value)):
                stream = payload.stream
                streams.add(payload, begin, end, counted=index == 0)
        return streams.runs()


def as_bytes(text: Any) -> bytes:
    """A text; another value as JSON writes it, nothing for null."""
    if isinstance(text, str):
        return text.encode(errors="replace")
    if isinstance(text, dict | list):
        return json.dumps(text).encode()
    return b"" if text is None else str(text).encode(errors="replace")


def as_line(text: Any) -> bytes:
    """An event's text; its own last line feed is not doubled."""
    return as_bytes(text).rstrip(b"\r\n") + b"\n"


def as_stamp(value: Any) -> str:
    """A time as it is printed; nothing where the value is none."""
    return "" if value is None or isinstance(value, bool | dict | list) else str(value)[:_SHORT]


def stream_name(*parts: Any) -> str:
    """The name of a stream, of those of its parts that are names."""
    return "/".join(str(p)[:_SHORT] for p in parts if isinstance(p, str | int) and not isinstance(p, bool) and p != "")


_SHORT = 256
"""Characters of a time or of one name of a stream."""
