"""What there is to read is found, opened by what it is, and read in bounded parts."""

import bz2
import gzip
import hashlib
import io
import lzma
import os
import threading
import zipfile
from collections.abc import Callable, Generator
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
import zstandard

from authlens.reading import archives, unpacking
from authlens.reading.source import PassedOver, Source, Unreadable
from authlens.reading.sources import find

LOG = b"".join(b"2026-03-04 11:15:30.123 +01:00 [INF] Order %d loaded\n" % n for n in range(20_000))


def _only(path: Path | str) -> Source:
    (source,) = find([str(path)])
    assert isinstance(source, Source)
    return source


def _bytes(source: Source, size: int = 1 << 16) -> bytes:
    return b"".join(part.data for part in source.parts(size))


def _halves(compress: Callable[[bytes], bytes]) -> bytes:
    return compress(LOG[:300_001]) + compress(LOG[300_001:])


PACKED = {
    "gzip": gzip.compress(LOG),
    "gzip, two members and padding": _halves(gzip.compress) + bytes(512),
    "bzip2": bz2.compress(LOG),
    "bzip2, two streams": _halves(bz2.compress),
    "xz": lzma.compress(LOG),
    "xz, two streams": _halves(lzma.compress),
    "zstandard": zstandard.ZstdCompressor().compress(LOG),
    "zstandard, two frames": _halves(zstandard.ZstdCompressor().compress),
    "gzip in gzip": gzip.compress(gzip.compress(LOG)),
    "utf-16 with a mark": LOG.decode().encode("utf-16"),
    "utf-16 without": LOG.decode().encode("utf-16-le"),
    "utf-16, big end first": LOG.decode().encode("utf-16-be"),
    "utf-16 in gzip": gzip.compress(LOG.decode().encode("utf-16")),
    "plain": LOG,
    "lines that carriage returns end": LOG.replace(b"\n", b"\r"),
    "lines that carriage returns end, in gzip": gzip.compress(LOG.replace(b"\n", b"\r")),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_file_is_opened_by_what_it_is(name: str, tmp_path: Path) -> None:
    """Names tell nothing; all members of a compressed file are read; the text is UTF-8."""
    path = tmp_path / "app.log"
    path.write_bytes(PACKED[name])
    source = _only(path)
    assert _bytes(source) == LOG
    assert (source.error, source.empty, source.binary) == (None, False, False)
    assert source.encoding == ("utf-16" + ("-be" if "big" in name else "-le") if "utf-16" in name else "utf-8")


def test_parts_know_where_they_are(tmp_path: Path) -> None:
    """Offsets are those of the decompressed text, lines each part's own; only one is the first, only one the last."""
    path = tmp_path / "app.log"
    path.write_bytes(PACKED["gzip"])
    parts = list(_only(path).parts(100_000))
    assert [p.offset for p in parts] == list(accumulate((len(p.data) for p in parts[:-1]), initial=0))
    assert [p.line for p in parts] == [1] * len(parts)
    assert [p.first for p in parts] == [True] + [False] * (len(parts) - 1)
    assert [p.last for p in parts] == [False] * (len(parts) - 1) + [True]
    assert all(100_000 <= len(p.data) < 200_000 for p in parts[:-1])


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz", "zstandard"])
def test_what_can_be_read_of_a_torn_file_is_read(name: str, tmp_path: Path) -> None:
    """Then the source says that something is missing, and what to do."""
    path = tmp_path / "app.log.gz"
    path.write_bytes(PACKED[name][: len(PACKED[name]) * 3 // 4])
    source = _only(path)
    data = _bytes(source)
    assert LOG.startswith(data)
    assert data or name in {"bzip2", "xz"}  # their blocks are larger than this log
    assert source.error is not None
    assert source.error.hint


def test_reading_that_is_given_up_leaves_no_thread_behind(tmp_path: Path) -> None:
    """Who takes one part of a compressed log and no more ends the unpacking too."""
    path = tmp_path / "app.log.gz"
    path.write_bytes(gzip.compress(LOG * 30))
    before = set(threading.enumerate())
    parts = _only(path).parts(1000)
    assert isinstance(parts, Generator)
    assert next(parts).data == LOG[:1000]
    parts.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


def test_a_bomb_is_not_unfolded(tmp_path: Path) -> None:
    """A few kilobytes that hold gigabytes are given up, in bounded memory."""
    squeezed = zstandard.ZstdCompressor(level=19).compress(bytes(1 << 22))
    path = tmp_path / "app.log"
    path.write_bytes(squeezed * 400)
    source = _only(path)
    total = sum(len(p.data) for p in source.parts())
    assert total < 200 << 20
    assert source.error is not None or source.binary


def test_every_member_of_an_archive_is_a_source(tmp_path: Path) -> None:
    """Sorted by name, each with the archive's path before its own; compressed members are opened."""
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b/two.log", LOG)
        archive.writestr("a/one.log", gzip.compress(LOG))
        archive.writestr("b/.hidden", LOG)
        archive.writestr("b/picture.png", LOG)
    found = find([str(path)])
    assert [s.path for s in found] == [f"{path}/a/one.log", f"{path}/b/two.log"]
    assert all(_bytes(s) == LOG for s in found if isinstance(s, Source))


def test_an_archive_that_is_damaged_is_named(tmp_path: Path) -> None:
    """With its reason and a hint; nothing is raised."""
    path = tmp_path / "logs.zip"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    (found,) = find([str(path)])
    assert isinstance(found, Unreadable)
    assert found.hint


def test_a_folder_is_walked_in_order(tmp_path: Path) -> None:
    """Hidden files and what is plainly no log are left out; a file that is named is always read."""
    for name in ("b.log", "a.txt", "sub/c.json", ".git/config", "app.dll", "x/.hidden.log"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(LOG)
    names = [os.path.relpath(s.path, tmp_path) for s in find([str(tmp_path)])]
    assert names == ["a.txt", "b.log", str(Path("sub", "c.json"))]
    assert _bytes(_only(tmp_path / "app.dll")) == LOG


def test_what_lies_beside_the_logs_of_a_folder_is_passed_over(tmp_path: Path) -> None:
    """Settings, keys, bundles and reports are no logs, and it is said which; named itself, each is read."""
    beside = {
        "appsettings.Production.json": "{}",
        "Api.deps.json": "{}",
        "report.json": '{\n  "schema": "authlens.scan/1"}',
        "report.html": '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="generator" content="authlens">',
        "bundle.json": '{"documents": []}',
        "jwks.json": '{"keys":[{"kty":"RSA"}]}',
        "openid-configuration.json": '{"issuer":"https://idp.example"}',
        "out.sarif": '{"$schema": "https://json.schemastore.org/sarif-2.1.0.json"}',
    }
    for name, content in beside.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "app.json").write_bytes(LOG)
    passed: list[PassedOver] = []
    names = [s.path for s in find([str(tmp_path)], passed=passed)]
    assert names == [str(tmp_path / "app.json")]
    assert [one.path for one in passed] == sorted(str(tmp_path / name) for name in beside)
    assert [s.path for s in find([str(tmp_path / "bundle.json")])] == [str(tmp_path / "bundle.json")]


def test_what_may_hold_logs_and_is_not_opened_is_said(tmp_path: Path) -> None:
    """Of a folder and of an archive; pictures and programs are passed over without a word."""
    for name in ("old.tgz", "Application.EVTX", "api.dll"):
        (tmp_path / name).write_bytes(LOG)
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        for name in ("a.7z", "a.log", "a.png"):
            archive.writestr(name, LOG)
    passed: list[PassedOver] = []
    assert [s.path for s in find([str(tmp_path)], passed=passed)] == [str(tmp_path / "logs.zip" / "a.log")]
    names = [str(tmp_path / name) for name in ("Application.EVTX", str(Path("logs.zip", "a.7z")), "old.tgz")]
    assert [(one.path, "unpacked" in one.reason) for one in passed] == [(name, True) for name in names]
    assert [s.path for s in find([str(tmp_path / "old.tgz")])] == [str(tmp_path / "old.tgz")]


@pytest.mark.parametrize("packed", ["gz", "zip"])
def test_what_explodes_is_given_up_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: str) -> None:
    """Far more than its size, beyond what is free; what came before is read."""
    monkeypatch.setattr(unpacking, "_FREE", 1024 * 1024)
    monkeypatch.setattr(unpacking, "_RATIO", 100)
    path = tmp_path / f"app.log.{packed}"
    if packed == "gz":
        path.write_bytes(gzip.compress(LOG + bytes(48 * 1024 * 1024), 9))
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            archive.writestr("app.log", LOG + b"x" * (48 * 1024 * 1024))
    source = _only(path)
    data = _bytes(source)
    assert data.startswith(LOG)
    assert len(data) < 40 * 1024 * 1024
    assert source.error is not None
    assert "more than any log would" in str(source.error)


def test_zeros_in_a_text_make_it_no_binary(tmp_path: Path) -> None:
    """A file that was cut off while it was written has them at its beginning, one after a crash in between."""
    for data in (bytes(5000) + LOG, LOG + bytes(5000) + b"\n" + LOG):
        path = tmp_path / "app.log"
        path.write_bytes(data)
        assert _bytes(_only(path)) == data


def test_what_is_not_there_says_so(tmp_path: Path) -> None:
    """A path that names nothing is a value, not an exception."""
    (found,) = find([str(tmp_path / "nothing.log")])
    assert isinstance(found, Unreadable)
    assert "no such file" in found.reason
    (found,) = find(["-"])
    assert isinstance(found, Unreadable)


def test_a_name_too_long_for_any_file_keeps_nothing_else_from_being_read(tmp_path: Path) -> None:
    """What cannot be a path is told beside what is one."""
    path = tmp_path / "app.log"
    path.write_bytes(LOG)
    other, found = find(["a" * 300, str(path)])
    assert isinstance(other, Unreadable)
    assert "too long" in other.reason
    assert not isinstance(found, Unreadable)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_what_may_not_be_read_says_so(tmp_path: Path) -> None:
    """Permissions are the user's to change."""
    path = tmp_path / "app.log"
    path.write_bytes(LOG)
    path.chmod(0)
    (found,) = find([str(path)])
    assert isinstance(found, Unreadable)
    assert "permission" in found.reason


def test_an_empty_file_and_a_binary_one_are_told_apart(tmp_path: Path) -> None:
    """Neither is an error, and the caller can say which it was."""
    (tmp_path / "empty.log").touch()
    (tmp_path / "core.log").write_bytes(bytes(range(256)) * 100)
    empty, binary = _only(tmp_path / "empty.log"), _only(tmp_path / "core.log")
    assert (list(empty.parts()), list(binary.parts())) == ([], [])
    assert (empty.empty, empty.binary, empty.error) == (True, False, None)
    assert (binary.empty, binary.binary, binary.error) == (False, True, None)


def test_standard_input_is_read_as_it_comes() -> None:
    """Compressed or not; a pipe gives little at a time."""

    class Pipe(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 1000, 1000) if size is None or size >= 0 else 1000)

    for data in (LOG, PACKED["gzip"]):
        (source,) = find(["-"], Pipe(data))
        assert isinstance(source, Source)
        assert source.path == "-"
        assert _bytes(source) == LOG


def test_bytes_of_another_code_page_are_kept(tmp_path: Path) -> None:
    """What is no UTF-8 is neither lost nor changed: offsets stay those of the file."""
    data = b"M\xfcller\n" * 1000
    path = tmp_path / "app.log"
    path.write_bytes(data)
    assert _bytes(_only(path)) == data


def test_members_of_one_name_are_all_read(tmp_path: Path) -> None:
    """An archive may hold a name twice: each member is a source with its own content."""
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.log", b"first\n")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.log", b"second\n")
    found = [s for s in find([str(path)]) if isinstance(s, Source)]
    assert [s.path for s in found] == [f"{path}/a.log", f"{path}/a.log (2)"]
    assert [_bytes(s) for s in found] == [b"first\n", b"second\n"]
    assert [_bytes(s) for s in found] == [b"first\n", b"second\n"], "and again"


def test_an_archive_is_opened_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many members it has, its directory is read once to list them and once to read them."""
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(50):
            archive.writestr(f"{n}.log", LOG[:100])
    opened = 0

    class Counted(zipfile.ZipFile):
        def __init__(self, *given: Any) -> None:
            nonlocal opened
            opened += 1
            super().__init__(*given)

    monkeypatch.setattr(zipfile, "ZipFile", Counted)
    assert sum(len(_bytes(s)) for s in find([str(path)]) if isinstance(s, Source)) == 5000
    assert opened == 2


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_cannot_be_unpacked_within_bounds_is_named(tmp_path: Path, method: int) -> None:
    """The standard library unpacks these block by block, of any size: such a member is given up, with what to do."""
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("a.log", LOG)
        archive.writestr("b.log", LOG, zipfile.ZIP_DEFLATED)
    refused, read = find([str(path)])
    assert isinstance(refused, Unreadable)
    assert refused.hint == "unpack the archive first"
    assert isinstance(read, Source)
    assert _bytes(read) == LOG


WHOLE = gzip.compress(LOG[:6000])
DAMAGED = {
    "cut off": (WHOLE[:-30], "ends too early"),
    "changed": (WHOLE[:-60] + b"\xff\xff" + WHOLE[-58:], "cannot be read further"),
    "with a wrong sum": (WHOLE[:-8] + bytes(8), "incorrect data check"),
    "with text behind it": (WHOLE + b"2026-03-04 11:15:30.123 +01:00 [INF] appended\n", "something else follows"),
    "with half a member behind it": (WHOLE + WHOLE[:12], "ends too early"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_stands_before_a_fault_is_read(tmp_path: Path, name: str) -> None:
    """Of a small file as well, where all of it is unpacked at once; and the fault is said."""
    data, why = DAMAGED[name]
    path = tmp_path / "app.log.gz"
    path.write_bytes(data)
    source = _only(path)
    read = _bytes(source)
    assert LOG.startswith(read[:4000])
    assert len(read) > 4900
    assert why in str(source.error)


@pytest.mark.parametrize("pack", [partial(bz2.compress, compresslevel=1), lzma.compress])
def test_little_is_lost_before_a_fault(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """Also of formats whose decoders give nothing of what they unpacked in the same go as the fault."""
    text = b"".join(b"%d %s\n" % (n, hashlib.sha256(b"%d" % n).hexdigest().encode()) for n in range(12_000))
    packed = bytearray(pack(text))
    at = len(packed) * 3 // 4
    packed[at : at + 64] = bytes(64)
    path = tmp_path / "app.log"
    path.write_bytes(packed)
    source = _only(path)
    read = _bytes(source)
    assert source.error is not None
    assert read[: len(text) * 5 // 8] == text[: len(text) * 5 // 8]


def test_a_directory_of_an_archive_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a million members nobody knows which matter, and their names alone fill the memory: it is said instead."""
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(40):
            archive.writestr(f"{n}.log", LOG[:100])
    monkeypatch.setattr(archives, "_DIRECTORY", 1000)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    (refused,) = find([str(path)])
    assert refused == Unreadable(path=str(path), reason="it has too many members", hint="unpack the archive first")


def test_a_directory_whose_size_only_its_64_bit_record_tells_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That record is what is believed where it is there."""
    path = tmp_path / "logs.zip"
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 10)
    with zipfile.ZipFile(path, "w") as archive:
        for n in range(40):
            archive.writestr(f"{n}.log", LOG[:100])
    data = path.read_bytes()
    end = data.rindex(b"PK\x05\x06")
    path.write_bytes(data[: end + 12] + bytes(4) + data[end + 16 :])
    monkeypatch.setattr(archives, "_DIRECTORY", 1000)
    (refused,) = find([str(path)])
    assert isinstance(refused, Unreadable)
    assert refused.reason == "it has too many members"
