"""One log, wherever it is stored: read in parts, unpacked, as UTF-8, in bounded memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from authlens.errors import InputError
from authlens.model import Part
from authlens.reading import encodings, unpacking
from authlens.reading.unpacking import FAULTS, Readable, StopError

PART = 8 * 1024 * 1024
"""Bytes of a part, at least, but for the last one: several are held at once."""
ZIP = b"PK\x03\x04"
"""What an archive begins with that has a member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An input that could not be used, and why."""

    path: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A file in a folder or in an archive that is not read as a log."""

    path: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Source:
    """One log: a file, a member of an archive, or standard input."""

    path: str
    size: int | None = None
    """As stored, bytes; None where unknown."""
    opener: Callable[[], Readable] = field(repr=False)
    file: Path | None = None
    """Where it is stored, unless it is a member of an archive or comes from a pipe."""
    error: InputError | None = None
    """Why the reading stopped early, set once ``parts`` is through."""
    encoding: str = "utf-8"
    """As found; the parts are UTF-8 whatever it is. Known from the first part on."""
    empty: bool = False
    """Nothing was in it."""
    binary: bool = False
    """It is no text; it was not read further than its beginning."""

    def flat(self) -> int | None:
        """How many bytes the file has, where they are the text itself: then a part can be read from anywhere."""
        if self.file is None:
            return None
        try:
            with self.file.open("rb") as file:
                head = file.read(unpacking.CHUNK)
                size = os.fstat(file.fileno()).st_size
        except OSError:
            return None  # reading it will say why
        stored = not head or unpacking.codec(head) is not None or head.startswith(ZIP)
        return None if stored or encodings.encoding(head) != "utf-8" or encodings.returns(head) else size

    def parts(self, size: int = PART) -> Iterator[Part]:
        """Read it from the beginning; at least one part unless nothing could be read. Lines count from each part's own."""
        offset, held = 0, b""
        for data in _sized(self._text(), size):
            if held:
                yield self._part(held, offset, last=False)
                offset += len(held)
            held = data
        if held:
            yield self._part(held, offset, last=True)
        self.empty = not held and self.error is None and not self.binary

    def _part(self, data: bytes, offset: int, *, last: bool) -> Part:
        return Part(source=self.path, data=data, offset=offset, first=offset == 0, last=last)

    def _text(self) -> Iterator[bytes]:
        """As UTF-8; what cannot be read any more ends it."""
        try:
            with closing(self.opener()) as file:
                chunks = unpacking.unpacked(file, unpacking.NESTING, ahead=self.path != "-")
                head = next(chunks, b"")
                self.encoding = encodings.encoding(head)
                _refuse_archive(head)
                if self.encoding == "binary":
                    self.binary = True
                    return
                yield from encodings.transcoded(head, chunks, self.encoding)
        except FAULTS as error:
            self.error = InputError(f"{self.path}: {why(error)}", hint=hint(error))


def _refuse_archive(head: bytes) -> None:
    if head.startswith(ZIP):
        raise StopError("an archive within an archive, or in a pipe, is not opened")


def _sized(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The same bytes in pieces of ``size`` or more, but less than twice as many."""
    held: list[bytes] = []
    length = 0
    for chunk in chunks:
        held.append(chunk)
        length += len(chunk)
        if length < size:
            continue
        whole = b"".join(held)
        held.clear()  # a part is large, and there are several on their way
        begin = 0
        while length - begin >= 2 * size:
            yield whole[begin : begin + size]
            begin += size
        yield whole[begin:] if begin else whole
        length = 0
    if length:
        yield b"".join(held)


# --------------------------------------------------------------------------- faults


def why(error: BaseException) -> str:
    """What ended the reading, in words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, EOFError):
        return "the compressed data ends too early"
    return f"cannot be read further: {error}"


def hint(error: BaseException) -> str:
    """What to do about it."""
    if isinstance(error, PermissionError):
        return "run authlens as a user who may read it, or copy the file"
    if isinstance(error, OSError) and error.errno is not None:
        return "check the path"
    return "what stands before that place was read; fetch the file again for the rest"
