"""Finds what there is to read and reads it in parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from authlens.model import Part

PART = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An input that could not be used, and why."""

    path: str
    reason: str
    hint: str = ""


@dataclass(slots=True, kw_only=True)
class Source:
    """One log."""

    path: str
    size: int | None = None
    error: str | None = None

    def parts(self, size: int = PART) -> Iterator[Part]:
        """Read from the beginning."""
        import gzip

        with (gzip.open if self.path.endswith(".gz") else open)(self.path, "rb") as file:
            data = file.read()
        if data[:2] == b"\xff\xfe":
            data = data.decode("utf-16").encode()
        line = 1
        for at in range(0, max(len(data), 1), size):
            chunk = data[at : at + size]
            yield Part(source=self.path, data=chunk, offset=at, line=line, first=at == 0, last=at + size >= len(data))
            line += chunk.count(b"\n")


def find(paths: Sequence[str], stdin: BinaryIO | None = None) -> tuple[Source | Unreadable, ...]:
    """The sources that paths name."""
    del stdin
    return tuple(Source(path=p, size=Path(p).stat().st_size) for p in paths)
