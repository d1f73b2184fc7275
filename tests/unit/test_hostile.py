"""Input made to hurt: memory and time stay bounded, the rest is still read, and the limit that was met is named."""

import tracemalloc
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from authlens import pipeline
from authlens.parts import pieces, reader
from authlens.pipeline import ScanResult
from authlens.reading import unpacking
from authlens.sightings import Shared
from tests.unit.helpers.logs import EXPIRED, first, line, noise, refusal

MIB = 1024 * 1024
MOST_BYTES = 32 * MIB
"""Of Python's own memory at any time, whatever the input."""


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is many times as large as a part is not large then."""
    monkeypatch.setattr(pieces, "LARGEST", MIB // 2)


def scan(path: Path, most: int = MOST_BYTES) -> ScanResult:
    """Under a limit of memory."""
    tracemalloc.start()
    try:
        result = pipeline.scan([str(path)], offline=True, jobs=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most
    return result


def write(path: Path, *pieces: Iterable[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        for piece in pieces:
            out.writelines(piece)
    return path


def codes(result: ScanResult) -> list[str | None]:
    return [f.code for f in result.failures]


FRAME = f"   at Contoso.{'Orders.' * 20}Handle(String value)\n"
LARGE: dict[str, Callable[[], Iterable[str]]] = {
    "one line": lambda: (*("x" * MIB for _ in range(40)), "\n"),
    "one line of codes": lambda: ("IDX10223: " * 100_000, "\n"),
    "one line of braces": lambda: (*('{"a":[' * 150_000 for _ in range(20)), "\n"),
    "a record that never ends": lambda: (FRAME * 10_000 for _ in range(2)),
    "a refusal that never ends": lambda: (f"{FRAME[:-1]} IDX10501: x\n" * 10_000 for _ in range(2)),
    "lines": lambda: (f"a line that tells {'nothing' * 20}\n" * 10_000 for _ in range(2)),
    "zeros": lambda: ("\0" * MIB for _ in range(40)),
    "blanks": lambda: (" " * MIB for _ in range(40)),
}


@pytest.mark.parametrize("name", LARGE)
def test_what_stands_around_it_is_read(tmp_path: Path, name: str) -> None:
    """Far more than a part of it, in the middle of a log."""
    path = write(tmp_path / "app.log", [refusal(1), noise(2)], LARGE[name](), ["\n", refusal(5), noise(6), refusal(7)])
    result = scan(path)
    assert codes(result)[0] == "IDX10223"
    assert codes(result)[-2:] == ["IDX10223"] * 2
    assert len(result.failures) <= 5
    (report,) = result.inputs
    assert report.ledger.read.bytes == path.stat().st_size
    assert report.ledger.used.bytes < 2 * MIB


def test_the_length_of_a_record_is_named(tmp_path: Path) -> None:
    """What a record has beyond its limit is skipped for a reason."""
    path = write(tmp_path / "app.log", [first(1)], (FRAME * 10_000 for _ in range(2)), [refusal(3)])
    (report,) = scan(path).inputs
    assert report.ledger.skipped["beyond the length of a record"].bytes > MIB // 2
    assert report.failures == 2


def test_many_codes_in_few_records(tmp_path: Path) -> None:
    """Lines of nothing but codes are no failure each."""
    path = write(tmp_path / "app.log", (line(n, "IDX10223: " * 100) for n in range(200)), [refusal(4)])
    assert len(scan(path).failures) <= 201


def packed(path: Path, middle: bytes) -> Path:
    """An archive with something between two logs."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in (("a.log", refusal(1)), ("b.log", middle), ("c.log", refusal(9))):
            archive.writestr(name, data)
    return path


def test_an_archive_that_explodes_fills_no_memory(tmp_path: Path) -> None:
    """A member of hundreds of times its size is read part by part; the other members are read too."""
    result = scan(packed(tmp_path / "logs.zip", b"x" * 60 * MIB), 56 * MIB)  # unpacked, a part has eight MiB
    assert codes(result) == ["IDX10223"] * 2
    assert len(result.inputs) == 3
    assert not result.unusable


def test_an_archive_that_explodes_further_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What grows as no log does is told, and the other members are read all the same."""
    monkeypatch.setattr(unpacking, "_FREE", MIB)
    result = scan(packed(tmp_path / "logs.zip", b"\0" * 4 * MIB))
    assert codes(result) == ["IDX10223"] * 2
    (told,) = result.unusable
    assert "b.log" in told
    assert "more than any log would" in told


def test_codes_in_broken_utf8(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 within and around a code hide neither it nor its neighbours."""
    path = tmp_path / "app.log"
    broken = refusal(2).encode().replace(b"expired", b"exp\xff\xfeired").replace(b"IDX10223", b"IDX\xc31022")
    path.write_bytes(refusal(1).encode() + broken + b"\xc3\x28" + refusal(3).encode().replace(b"UTC", b"\xffUTC"))
    result = scan(path)
    assert codes(result).count("IDX10223") >= 2
    assert result.inputs[0].ledger.skipped["undecodable characters"].bytes > 0


def test_too_many_different_messages_are_kept_by_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every failure is counted with its code, place and time; the values of the later ones are let go, and it is said."""
    monkeypatch.setattr(reader, "Shared", lambda: Shared(most=40))
    log = (refusal(n, EXPIRED.replace("08:00:00", f"{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}")) for n in range(200))
    result = scan(write(tmp_path / "app.log", log))
    assert codes(result) == ["IDX10223"] * 200
    assert len({f.origin.line for f in result.failures}) == 200
    assert "valid_to" in result.failures[10].fields
    assert "valid_to" not in result.failures[150].fields
    assert any("360 further records" in note for note in result.notes)
