"""Zip files: every member is a log of its own, and the archive is opened once."""

from __future__ import annotations

import io
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

from authlens.reading.source import PassedOver, Source, Unreadable, why
from authlens.reading.unpacking import CHUNK, Readable, Stream, measured

EMPTY = b"PK\x05\x06"
"""What an archive begins with that has no member."""
_MEMBERS = 10_000
"""So many members of one archive are read."""
_DIRECTORY = 8 * 1024 * 1024
"""Bytes of a directory, which takes tenfold when it is read."""
_END = 65_557 + 20
"""In so many last bytes of an archive its directory's place is told."""
_UNPACK = "unpack the archive first"
NO_LOGS = frozenset([".7z", ".a", ".bin", ".bmp", ".class", ".css", ".dat", ".db", ".db3", ".dll", ".dmg", ".dmp", ".doc", ".docx", ".ear", ".evtx", ".exe", ".gif", ".ico", ".iso", ".jar", ".jpeg", ".jpg", ".js", ".lib", ".lock", ".map", ".mdb", ".mo", ".mp3", ".mp4", ".nupkg", ".o", ".obj", ".otf", ".pack", ".pdb", ".pdf", ".pem", ".pfx", ".png", ".ppt", ".pptx", ".psd", ".py", ".pyc", ".so", ".snupkg", ".sqlite", ".svg", ".tar", ".tgz", ".tif", ".tiff", ".ttf", ".war", ".wasm", ".webm", ".webp", ".whl", ".woff", ".woff2", ".xls", ".xlsx"])  # fmt: skip
"""Of files in a folder that are no logs; a file that is named itself is always read."""
_PACKED = frozenset({".7z", ".evtx", ".tar", ".tgz"})
"""Of those, what may hold logs all the same: it is said that they are not read."""


def members(path: Path, name: str) -> Iterator[Source | Unreadable | PassedOver]:
    """The logs in an archive, by their names; ``name`` is the archive's as given."""
    try:
        if _directory(path) > _DIRECTORY:  # all of it is taken apart at once
            yield Unreadable(path=name, reason="it has too many members", hint=_UNPACK)
            return
        with zipfile.ZipFile(path) as archive:
            infos = sorted((i for i in archive.infolist() if not i.is_dir()), key=lambda i: i.filename)
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        yield Unreadable(path=name, reason=why(error), hint="the archive is damaged: fetch it again")
        return
    archive_ = _Archive(path)
    given: Counter[str] = Counter()
    for info in infos[:_MEMBERS]:
        given[info.filename] += 1
        shown = f"{name}/{info.filename}" + (f" ({given[info.filename]})" if given[info.filename] > 1 else "")
        last = Path(info.filename)
        if last.name.startswith("."):
            continue
        if last.suffix.lower() in NO_LOGS:
            yield from passed_over(last, shown)
            continue
        refused = _refused(info)
        if refused is not None:
            yield Unreadable(path=shown, reason=refused, hint=_UNPACK)
            continue
        yield Source(path=shown, size=info.file_size, opener=archive_.opener(info))
    if len(infos) > _MEMBERS:
        yield Unreadable(path=name, reason=f"it has more than {_MEMBERS} members", hint=_UNPACK)


def passed_over(path: PurePath, name: str) -> Iterator[PassedOver]:
    """What is to be said of a file that is no log by its suffix; ``name`` is how it is shown."""
    if path.suffix.lower() in _PACKED:
        yield PassedOver(path=name, reason="what is in them has to be unpacked or exported first")


def _directory(path: Path) -> int:
    """Bytes of an archive's directory, as its last records tell (APPNOTE.TXT 4.3.14 to 4.3.16); 0 where there is none."""
    with path.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _END))
        tail = file.read()
        at = tail.rfind(EMPTY)
        told = int.from_bytes(tail[at + 12 : at + 16], "little") if at >= 0 else 0
        locator = tail[max(0, at - 20) : max(0, at)]
        if not locator.startswith(b"PK\x06\x07"):
            return told
        file.seek(int.from_bytes(locator[8:16], "little"))
        return max(told, int.from_bytes(file.read(48)[40:], "little"))


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
        return lambda: Stream(self._chunks(info))

    def _chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        if self._zip is None or self._file is None:
            self._file = _Taken(self._path)
            self._zip = zipfile.ZipFile(self._file)
        file, before = self._file, self._file.taken
        try:
            with self._zip.open(info) as member:
                read = iter(lambda: member.read(CHUNK), b"")
                yield from measured(read, lambda: file.taken - before)
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
