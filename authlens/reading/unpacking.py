"""Unpacks what is compressed, by what it begins with: as a stream, ahead of whoever reads, in bounded memory."""

from __future__ import annotations

import bz2
import contextlib
import lzma
import queue
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import zstandard

CHUNK: Final = 256 * 1024
"""Bytes that are read, or unpacked, at a time."""
_ENOUGH: Final = 8192
"""Bytes that tell what a file is."""
_CRUMB: Final = 1024
_SPAN: Final = 8 * 1024
"""So many bytes are unpacked at a time where those before a fault are lost with it."""
_READY: Final = 16
"""So many chunks may be unpacked ahead of what is read."""
NESTING: Final = 2
"""Compressed files are opened within archives, archives within compressed files; no deeper."""
_RATIO = 500
"""Logs compress to a hundredth at best; what gzip and zip make of zeros is a thousandth."""
_FREE = 64 * 1024 * 1024
"""So much may come out of a compressed input, however little went in, bytes."""
_LIMIT: Final = 1 << 40
_MEMORY: Final = 512 * 1024 * 1024
"""Of xz, bytes."""
_WINDOW: Final = 1 << 27
"""Of zstd, bytes."""


class Readable(Protocol):
    """A file, as far as it is used."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""

    def tell(self) -> int:
        """So many bytes were taken from what it is stored in."""

    def close(self) -> None:
        """Nothing more is wanted."""


class StopError(Exception):
    """What follows is not read, for the reason that is given."""


FAULTS: Final = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    zstandard.ZstdError,
    zipfile.BadZipFile,
    StopError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)
"""What reading and unpacking end with where an input is damaged."""


def unpacked(file: Readable, nesting: int, *, ahead: bool) -> Iterator[bytes]:
    """What a file holds, unpacked where it is compressed.

    Args:
        file: Read from where it stands.
        nesting: How often what is unpacked may be compressed in its turn.
        ahead: In a thread of its own, unless a read may never end.
    """
    head, fault = beginning(file)
    opened = codec(head) if nesting else None
    chunks = chunked(head, file, fault)
    if opened is None:
        yield from chunks
        return
    bounded = measured(opened(chunks), lambda: _position(file))
    yield from unpacked(Stream(_ahead(bounded) if ahead else bounded), nesting - 1, ahead=ahead)


def beginning(file: Readable) -> tuple[bytes, Exception | None]:
    """Enough of a file to tell by, since a pipe gives what it has; and the fault that ended it before."""
    head = b""
    try:
        while len(head) < _ENOUGH and (more := file.read(CHUNK - len(head))):
            head += more
    except FAULTS as fault:
        return head, fault
    return head, None


def chunked(head: bytes, file: Readable, fault: Exception | None) -> Iterator[bytes]:
    """What was read of a file as its beginning, and the rest of it."""
    while head:
        yield head
        head = b"" if fault is not None else file.read(CHUNK)
    if fault is not None:
        raise fault


def measured(chunks: Iterator[bytes], taken: Callable[[], int]) -> Iterator[bytes]:
    """Stop where more comes out than any log holds; ``taken``: how many bytes went in so far."""
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > _LIMIT or (total > _FREE and total > _RATIO * max(taken(), 1)):
            raise StopError("it decompresses to more than any log would")
        yield chunk


def _position(file: Readable) -> int:
    try:
        return file.tell()
    except (OSError, ValueError):
        return _LIMIT


class Stream:
    """Chunks as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        """Nothing of them is read yet."""
        self._source = chunks
        self._held = b""
        self._given = 0

    def tell(self) -> int:
        """So many bytes were given."""
        return self._given

    def close(self) -> None:
        """The rest is let go."""
        self._held, self._source = b"", iter(())

    def read(self, size: int = -1, /) -> bytes:
        """Some of the next chunk, or all that is left of it."""
        while not self._held:
            try:
                self._held = next(self._source)
            except StopIteration:
                return b""
        taken = self._held if size < 0 else self._held[:size]
        self._held = self._held[len(taken) :]
        self._given += len(taken)
        return taken


def _ahead(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same chunks, unpacked in a thread of their own while the ones before are read; only a few ahead."""
    waiting: queue.Queue[bytes | BaseException | None] = queue.Queue(_READY)
    stopped = threading.Event()

    def unpack() -> None:
        last: BaseException | None = None
        try:
            for chunk in chunks:
                waiting.put(chunk)
                if stopped.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - raised where the chunks are read
            last = error
        waiting.put(last)

    threading.Thread(target=unpack, daemon=True).start()
    try:
        while isinstance(chunk := waiting.get(), bytes):
            yield chunk
        if chunk is not None:
            raise chunk
    finally:
        stopped.set()
        with contextlib.suppress(queue.Empty):
            waiting.get_nowait()  # it may wait for room


# --------------------------------------------------------------------------- codecs

Codec = Callable[[Iterator[bytes]], Iterator[bytes]]
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPED: Final = tuple(bytes((kind,)) + b"\x2a\x4d\x18" for kind in range(0x50, 0x60))
"""What begins a frame of zstd that holds no data."""


def codec(head: bytes) -> Codec | None:
    """What unpacks a file that begins so; None where it is not compressed."""
    if head.startswith(b"\x1f\x8b\x08"):
        return _gunzipped
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return lambda chunks: _frames(chunks, bz2.BZ2Decompressor)
    if head.startswith(b"\xfd7zXZ\x00"):
        return lambda chunks: _frames(chunks, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY))
    if head.startswith((_ZSTD, *_ZSTD_SKIPPED)):
        return _unzstd
    return None


def _gunzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """All members of a gzip file, one behind the other; padding behind the last is no fault."""
    decoder = zlib.decompressobj(wbits=31)
    for chunk in chunks:
        data = chunk
        while data:
            if decoder.eof:
                data = data.lstrip(b"\x00")
                if not data:
                    break
                if not data.startswith(b"\x1f"):
                    raise StopError("something else follows the compressed data")
                decoder = zlib.decompressobj(wbits=31)
            before = decoder.copy()
            try:
                unpacked_ = decoder.decompress(data, CHUNK)
            except zlib.error:
                yield _to_the_fault(before.decompress, data)
                raise
            yield unpacked_
            data = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    yield decoder.flush()
    if not decoder.eof:
        raise EOFError


def _to_the_fault(decompress: Callable[[bytes], bytes], data: bytes) -> bytes:
    """What stands before the fault, byte by byte: given all at once, zlib gives nothing of it."""
    found = []
    with contextlib.suppress(zlib.error):
        for at in range(len(data)):
            found.append(decompress(data[at : at + 1]))  # noqa: PERF401 - what came before the fault is kept
    return b"".join(found)


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _frames(chunks: Iterator[bytes], fresh: Callable[[], _Decoder]) -> Iterator[bytes]:
    """All streams of a bzip2 or xz file, one behind the other."""
    decoder = fresh()
    for chunk in chunks:
        data = chunk
        while True:
            if decoder.eof:
                data = decoder.unused_data + data
                if not data.strip(b"\x00"):
                    break
                decoder = fresh()
            yield from _spans(decoder, data)
            data = b""
            if not decoder.eof:
                break
    if not decoder.eof:
        raise EOFError


def _spans(decoder: _Decoder, data: bytes) -> Iterator[bytes]:
    """What comes out for some input, or before its fault, in chunks: what is unpacked in one go is lost with a fault."""
    held: list[bytes] = []
    try:
        while not held or not (decoder.eof or decoder.needs_input):
            held.append(decoder.decompress(data, _SPAN))
            data = b""
            if len(held) * _SPAN >= CHUNK:
                yield b"".join(held)
                held = [b""]
    except FAULTS:
        yield b"".join(held)
        raise
    yield b"".join(held)


def _unzstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """All frames of a zstd file, one behind the other."""
    fresh = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    decoder = fresh.decompressobj()
    # A few bytes at a time: however much they unfold to, it is bounded.
    for crumb in (chunk[at : at + _CRUMB] for chunk in chunks for at in range(0, len(chunk), _CRUMB)):
        data = crumb
        while data:
            if decoder.eof:
                decoder = fresh.decompressobj()
            yield decoder.decompress(data)
            data = decoder.unused_data if decoder.eof else b""
    if not decoder.eof:
        raise EOFError
