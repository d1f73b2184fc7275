"""Finds what there is to read and reads it in parts: decompressed, as UTF-8, in bounded memory."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import io
import lzma
import os
import queue
import re
import stat
import threading
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from authlens.errors import InputError
from authlens.model import Part

PART = 16 * 1024 * 1024
"""Bytes of a part that is read where it is observed."""
_SENT = 8 * 1024 * 1024
"""Bytes of a part that is handed on: several are held at once."""
_CHUNK = 256 * 1024
_CRUMB = 1024
_READY = 16
"""So many chunks may be unpacked ahead of what is read."""
_NESTING = 2
"""Compressed files are opened within archives, archives within compressed files; no deeper."""
_RATIO = 500
"""Logs compress to a hundredth at best; what gzip and zip make of zeros is a thousandth."""
_FREE = 64 * 1024 * 1024
"""So much may come out of a compressed input, however little went in, bytes."""
_LIMIT = 1 << 40
_MEMBERS = 10_000
_ZIP = b"PK\x03\x04"
_SUFFIXES = frozenset([".7z", ".a", ".bin", ".bmp", ".class", ".css", ".dat", ".db", ".db3", ".dll", ".dmg", ".dmp", ".doc", ".docx", ".ear", ".evtx", ".exe", ".gif", ".ico", ".iso", ".jar", ".jpeg", ".jpg", ".js", ".lib", ".lock", ".map", ".mdb", ".mo", ".mp3", ".mp4", ".nupkg", ".o", ".obj", ".otf", ".pack", ".pdb", ".pdf", ".pem", ".pfx", ".png", ".ppt", ".pptx", ".psd", ".py", ".pyc", ".so", ".snupkg", ".sqlite", ".svg", ".tar", ".tgz", ".tif", ".tiff", ".ttf", ".war", ".wasm", ".webm", ".webp", ".whl", ".woff", ".woff2", ".xls", ".xlsx"])  # fmt: skip
"""Of files in a folder that are no logs; a file that is named itself is always read."""
_SETTINGS = re.compile(
    r"(?:appsettings(?:\..{1,80})?|local\.settings|launchsettings|global|package(?:-lock)?|.{1,200}\.(?:deps|runtimeconfig(?:\.dev)?))\.json",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    rb'\s{0,64}\{\s{0,64}"(?:schema"\s{0,8}:\s{0,8}"authlens\.|keys"\s{0,8}:\s{0,8}\[|issuer"\s{0,8}:|\$schema"\s{0,8}:|documents"\s{0,8}:)'
    rb"|<!DOCTYPE html>[^\x00]{0,200}<meta name=\"generator\" content=\"authlens"
)
"""What begins a report, a bundle, a key set or a discovery document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An input that could not be used, and why."""

    path: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PassedOver:
    """A file in a folder that is no log, but what authlens reads or writes beside logs."""

    path: str


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
                head = file.read(_CHUNK)
                size = os.fstat(file.fileno()).st_size
        except OSError:
            return None  # reading it will say why
        stored = not head or _codec(head) is not None or head.startswith(_ZIP)
        return None if stored or _encoding(head) != "utf-8" or _returns(head) else size

    def parts(self, size: int = _SENT) -> Iterator[Part]:
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
                chunks = _unpacked(file, _NESTING, ahead=self.path != "-")
                head = next(chunks, b"")
                self.encoding = _encoding(head)
                _refuse_archive(head)
                if self.encoding == "binary":
                    self.binary = True
                    return
                yield from _transcoded(head, chunks, self.encoding)
        except _FAULTS as error:
            self.error = InputError(f"{self.path}: {_why(error)}", hint=_hint(error))


def _refuse_archive(head: bytes) -> None:
    if head.startswith(_ZIP):
        raise _StopError("an archive within an archive, or in a pipe, is not opened")


class _StopError(Exception):
    """What follows is not read, for the reason that is given."""


_FAULTS = (OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile, _StopError, ValueError, NotImplementedError, RuntimeError)  # fmt: skip
"""What reading and unpacking end with where an input is damaged."""


def _why(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, EOFError):
        return "the compressed data ends too early"
    return f"cannot be read further: {error}"


def _hint(error: BaseException) -> str:
    if isinstance(error, PermissionError):
        return "run authlens as a user who may read it, or copy the file"
    if isinstance(error, OSError) and error.errno is not None:
        return "check the path"
    return "what stands before that place was read; fetch the file again for the rest"


def _sized(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    held: list[bytes] = []
    length = 0
    for chunk in chunks:
        held.append(chunk)
        length += len(chunk)
        if length < size:
            continue
        whole = b"".join(held)
        held.clear()  # a part is large, and there are several on their way
        full = length - length % size
        for at in range(0, full, size):
            yield whole[at : at + size]
        held, length = [whole[full:]], length - full
    if length:
        yield b"".join(held)


# --------------------------------------------------------------------------- compression


def _unpacked(file: Readable, nesting: int, *, ahead: bool) -> Iterator[bytes]:
    """Decompressed chunks of a file, by what it begins with; ``ahead`` of what is read, unless a read may never end."""
    head, fault = _beginning(file)
    opened = _codec(head) if nesting else None
    chunks = _chunks(head, file, fault)
    if opened is None:
        yield from chunks
        return
    measured = _measured(opened(chunks), lambda: _position(file))
    yield from _unpacked(_Stream(_ahead(measured) if ahead else measured), nesting - 1, ahead=ahead)


def _beginning(file: Readable) -> tuple[bytes, Exception | None]:
    """Enough of a file to tell by, since a pipe gives what it has; and the fault that ended it before."""
    head = b""
    try:
        while len(head) < _ENOUGH and (more := file.read(_CHUNK - len(head))):
            head += more
    except _FAULTS as fault:
        return head, fault
    return head, None


_ENOUGH = 8192


def _chunks(head: bytes, file: Readable, fault: Exception | None) -> Iterator[bytes]:
    while head:
        yield head
        head = b"" if fault is not None else file.read(_CHUNK)
    if fault is not None:
        raise fault


_Codec = Callable[[Iterator[bytes]], Iterator[bytes]]


def _codec(head: bytes) -> _Codec | None:
    if head.startswith(b"\x1f\x8b\x08"):
        return _gunzipped
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return lambda chunks: _frames(chunks, bz2.BZ2Decompressor)
    if head.startswith(b"\xfd7zXZ\x00"):
        return lambda chunks: _frames(chunks, lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=512 * 1024 * 1024))
    if head.startswith(b"\x28\xb5\x2f\xfd") or (head[1:4] == b"\x2a\x4d\x18" and head[:1] in b"\x50\x51\x52\x53\x54\x55\x56\x57\x58\x59\x5a\x5b\x5c\x5d\x5e\x5f"):  # fmt: skip
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
                    raise _StopError("something else follows the compressed data")
                decoder = zlib.decompressobj(wbits=31)
            before = decoder.copy()
            try:
                unpacked = decoder.decompress(data, _CHUNK)
            except zlib.error:
                yield _to_the_fault(before.decompress, data)
                raise
            yield unpacked
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


class Readable(Protocol):
    """A file, as far as it is used."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes; none at the end."""

    def tell(self) -> int:
        """So many bytes were taken from what it is stored in."""

    def close(self) -> None:
        """Nothing more is wanted."""


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


def _frames(chunks: Iterator[bytes], fresh: Callable[[], _Decoder]) -> Iterator[bytes]:
    decoder = fresh()
    for chunk in chunks:
        data = chunk
        while True:
            if decoder.eof:
                data = decoder.unused_data + data
                if not data.strip(b"\x00"):
                    break
                decoder = fresh()
            yield decoder.decompress(data, _CHUNK)
            data = b""
            if not decoder.eof and decoder.needs_input:
                break
    if not decoder.eof:
        raise EOFError


def _unzstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """All frames of a file, one behind the other."""
    fresh = zstandard.ZstdDecompressor(max_window_size=1 << 27)
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


def _measured(chunks: Iterator[bytes], taken: Callable[[], int]) -> Iterator[bytes]:
    """Stop where more comes out than any log holds; ``taken``: how many bytes went in so far."""
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > _LIMIT or (total > _FREE and total > _RATIO * max(taken(), 1)):
            raise _StopError("it decompresses to more than any log would")
        yield chunk


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


def _position(file: Readable) -> int:
    try:
        return file.tell()
    except (OSError, ValueError):
        return _LIMIT


class _Stream:
    """Chunks as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._source = chunks
        self._held = b""
        self._given = 0

    def tell(self) -> int:
        return self._given

    def close(self) -> None:
        self._held, self._source = b"", iter(())

    def read(self, size: int = -1, /) -> bytes:
        while not self._held:
            try:
                self._held = next(self._source)
            except StopIteration:
                return b""
        taken = self._held if size < 0 else self._held[:size]
        self._held = self._held[len(taken) :]
        self._given += len(taken)
        return taken


# --------------------------------------------------------------------------- encodings

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def _encoding(head: bytes) -> str:
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    sample = head[:65536]
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    half = max(1, len(sample) // 2)
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    sample = sample.replace(_HOLE, b"")  # what was never written, or was cut away, reads as zeros
    controls = sum(sample.count(bytes((c,))) for c in (*range(9), *range(14, 27), 28, 29, 31))
    return "binary" if controls > max(2, len(sample) // 50) else "utf-8"


_HOLE = bytes(8)


def _returns(head: bytes) -> bool:
    """Whether carriage returns end the lines, as old Macs and some serial consoles write them."""
    return b"\r" in head and b"\n" not in head


def _transcoded(head: bytes, chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    if encoding == "utf-8":
        whole = chain((head,) if head else (), chunks)
        yield from (chunk.replace(b"\r", b"\n") for chunk in whole) if _returns(head) else whole
        return
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    mark = next((m for m, name in _MARKS if name == encoding and head.startswith(m)), b"")
    yield decoder.decode(head[len(mark) :]).encode(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")


# --------------------------------------------------------------------------- finding


def find(
    paths: Sequence[str], stdin: BinaryIO | None = None, passed: list[str] | None = None
) -> tuple[Source | Unreadable, ...]:
    """What paths name: files, folders (walked, sorted), ``-`` for standard input, archives by member.

    ``passed`` takes the names of files in folders that hold settings, keys or reports and are no logs.
    """
    found: list[Source | Unreadable] = []
    for path in paths:
        if path == "-":
            found.append(_standard_input(stdin))
        elif Path(path).is_dir():
            for one in _folder(Path(path)):
                if isinstance(one, PassedOver):
                    (passed if passed is not None else []).append(one.path)
                else:
                    found.append(one)
        else:
            found += _file(Path(path), path)
    return tuple(found)


def _standard_input(stdin: BinaryIO | None) -> Source | Unreadable:
    if stdin is None:
        return Unreadable(path="-", reason="there is no standard input", hint="name a file, or pipe a log in")
    return Source(path="-", opener=lambda: _kept_open(stdin))


def _kept_open(file: BinaryIO) -> Readable:
    head, fault = _beginning(file)
    return _Stream(_chunks(head, file, fault))


_DOCUMENTS = frozenset({".html", ".json", ".sarif"})


def _is_document(path: Path) -> bool:
    """Whether it holds settings, keys or a report, and no log."""
    if _SETTINGS.fullmatch(path.name):
        return True
    try:
        with path.open("rb") as file:
            return _DOCUMENT.match(file.read(_CRUMB).removeprefix(codecs.BOM_UTF8)) is not None
    except OSError:
        return False  # reading it will say why


def _folder(folder: Path) -> Iterator[Source | Unreadable | PassedOver]:
    refused: list[Unreadable] = []

    def refuse(error: OSError) -> None:
        refused.append(Unreadable(path=str(error.filename), reason=_why(error), hint=_hint(error)))

    for where, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if name.startswith(".") or path.suffix.lower() in _SUFFIXES or not path.is_file():
                continue
            if path.suffix.lower() in _DOCUMENTS and _is_document(path):
                yield PassedOver(path=str(path))
            else:
                yield from _file(path, str(path))
    yield from sorted(refused, key=lambda one: one.path)


def _file(path: Path, name: str) -> Iterator[Source | Unreadable]:
    try:
        status = path.stat()
        archive = False
        if stat.S_ISREG(status.st_mode):  # what a pipe gives is gone once it is read
            with path.open("rb") as file:
                archive = file.read(4) in {_ZIP, b"PK\x05\x06"}
    except (OSError, ValueError) as error:
        yield Unreadable(path=name, reason=_why(error), hint=_hint(error))
        return
    if archive:
        yield from _members(path, name)
    else:
        regular = path if stat.S_ISREG(status.st_mode) else None
        yield Source(path=name, size=status.st_size, opener=lambda: path.open("rb"), file=regular)


def _members(path: Path, name: str) -> Iterator[Source | Unreadable]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = sorted((i for i in archive.infolist() if not i.is_dir()), key=lambda i: i.filename)
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        yield Unreadable(path=name, reason=_why(error), hint="the archive is damaged: fetch it again")
        return
    archive_ = _Archive(path)
    given: Counter[str] = Counter()
    for info in infos[:_MEMBERS]:
        given[info.filename] += 1
        shown = f"{name}/{info.filename}" + (f" ({given[info.filename]})" if given[info.filename] > 1 else "")
        last = Path(info.filename)
        if last.name.startswith(".") or last.suffix.lower() in _SUFFIXES:
            continue
        refused = _refused(info)
        if refused is not None:
            yield Unreadable(path=shown, reason=refused, hint="unpack the archive first")
            continue
        yield Source(path=shown, size=info.file_size, opener=archive_.opener(info))
    if len(infos) > _MEMBERS:
        yield Unreadable(path=name, reason=f"it has more than {_MEMBERS} members", hint="unpack the archive first")


def _refused(info: zipfile.ZipInfo) -> str | None:
    """Why a member is not read."""
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "it is compressed in a way that cannot be unpacked within bounds"  # zipfile unpacks it block by block
    return None


class _Archive:
    """A zip file, opened once for all of its members that are read one after the other."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unread = 0
        self._file: _Taken | None = None
        self._zip: zipfile.ZipFile | None = None

    def __del__(self) -> None:
        self._close()

    def opener(self, info: zipfile.ZipInfo) -> Callable[[], Readable]:
        self._unread += 1
        return lambda: _Stream(self._chunks(info))

    def _chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        if self._zip is None or self._file is None:
            self._file = _Taken(self._path)
            self._zip = zipfile.ZipFile(self._file)
        file, before = self._file, self._file.taken
        try:
            with self._zip.open(info) as member:
                read = iter(lambda: member.read(_CHUNK), b"")
                yield from _measured(read, lambda: file.taken - before)
        finally:
            self._unread -= 1
            if self._unread <= 0:
                self._close()

    def _close(self) -> None:
        if self._zip is not None and self._file is not None:
            self._zip.close()
            self._file.close()
        self._zip = self._file = None


class _Taken(io.FileIO):
    """A file that counts what was read of it, from wherever."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(-1 if size is None else size) or b""
        self.taken += len(data)
        return data
