"""How a source is divided into what one process observes at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from authlens.model import Part
from authlens.processes import cores
from authlens.reading.source import Source, Unreadable

_SMALL: Final = 64 * 1024 * 1024
"""Below so many bytes of input one process is faster than several."""
_PACKED: Final = 8
"""A compressed input holds about so many times its size."""
LARGEST = 8 * 1024 * 1024
"""Bytes of a piece, at most; of so many it is found out how a file is written.

Twice as large, they take fresh memory from the system time and again, which costs more than reading them.
"""
_LEAST = 2 * 1024 * 1024
_EACH: Final = 4
"""So many pieces a process, of a file that is large enough: none waits long for another at its end."""
_STRETCHES: Final = 12
_STRETCH: Final = 32 * 1024


class Piece(NamedTuple):
    """A stretch of a file, to be read where it is observed."""

    file: str
    path: str
    offset: int
    size: int
    last: bool


def jobs(found: Sequence[Source | Unreadable], wanted: int | None) -> int:
    """How many processes are to observe: as wanted, else one for small inputs and as many as there are cores."""
    if wanted is not None:
        return max(1, wanted)
    size = 0
    for source in found:
        if isinstance(source, Source):
            packed = Path(source.path).suffix.lower() in {".gz", ".bz2", ".xz", ".zst", ".zip"}
            size += (source.size or 0) * (_PACKED if packed else 1)
    return cores() if size >= _SMALL else 1


def total(found: Sequence[Source | Unreadable]) -> int | None:
    """Bytes to be read; None where one of the inputs does not tell before it is read."""
    sizes = [source.flat() for source in found if isinstance(source, Source)]
    return None if None in sizes else sum(s for s in sizes if s is not None)


def pieces(source: Source, size: int, processes: int) -> Iterator[Piece]:
    """A file of so many bytes, divided for so many processes."""
    step = min(LARGEST, max(_LEAST, size // (processes * _EACH)))
    for offset in range(0, size, step):
        length = min(step, size - offset)
        yield Piece(str(source.file), source.path, offset, length, offset + length == size)


def beginning(source: Source, size: int) -> Part:
    """The first bytes of a file of so many, enough to find out how it is written."""
    return read(Piece(str(source.file), source.path, 0, min(size, LARGEST), last=size <= LARGEST))


def stretches(source: Source, size: int) -> Iterator[bytes]:
    """Stretches of a file from behind its beginning, evenly spread: another logger may take over there."""
    for n in range(1, _STRETCHES + 1):
        offset = max(LARGEST, size * n // _STRETCHES - _STRETCH)
        if offset + _STRETCH <= size:
            yield read(Piece(str(source.file), source.path, offset, _STRETCH, last=False)).data


def read(piece: Piece) -> Part:
    """What it holds.

    Raises:
        OSError: The file cannot be read.
    """
    with Path(piece.file).open("rb", buffering=0) as file:
        file.seek(piece.offset)
        data = file.read(piece.size)
        while len(data) < piece.size and (more := file.read(piece.size - len(data))):
            data += more
    return Part(source=piece.path, data=data, offset=piece.offset, first=piece.offset == 0, last=piece.last)
