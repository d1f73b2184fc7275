"""Sources are read in parts, by one process or several, and what goes wrong is a value."""

import os
import signal
from pathlib import Path

import pytest

from authlens import parts, pipeline
from authlens.cli.scan import exit_code
from authlens.model import Layout, Part, Severity
from authlens.observe import Observed, observe
from authlens.reading import sources
from tests.unit.helpers.logs import noise, refusal


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few records."""
    monkeypatch.setattr(sources, "PART", 700)
    monkeypatch.setattr(sources.Source.parts, "__defaults__", (700,))


def write(folder: Path, *, records: int = 120) -> Path:
    log = folder / "app.log"
    text = "".join(refusal(n, request=f"0HN1ABCDE:{n:08X}") if n % 7 == 0 else noise(n) for n in range(records))
    log.write_text(text, encoding="utf-8")
    return log


def read(path: Path, processes: int) -> parts.Log:
    (source,) = sources.find([str(path)])
    with parts.Reader(parts.How(), processes) as reader:
        return reader.read(source)


@pytest.mark.usefixtures("small_parts")
def test_several_processes_see_the_same(tmp_path: Path) -> None:
    """Sightings with their lines and offsets, and the ledger, do not depend on who read the parts."""
    path = write(tmp_path)
    alone, shared = read(path, 1), read(path, 2)
    assert alone == shared
    assert alone.ledger.read.bytes == path.stat().st_size
    lines = path.read_text(encoding="utf-8").splitlines()
    assert all("Bearer" in lines[s.line - 1] or "Failed" in lines[s.line - 1] for s in alone.sightings)
    assert len(alone.sightings) == 36


def _die(_one: object, _layout: Layout, _zone: object) -> Observed:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@pytest.mark.usefixtures("small_parts")
def test_a_process_that_dies_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run does not hang and does not fail: the first part counts and the error names what to do."""
    path = write(tmp_path)
    monkeypatch.setattr(parts, "_observed", _die)
    log = read(path, 2)
    assert log.error is not None
    assert "died" in log.error
    assert "--jobs 1" in log.error
    assert log.ledger.read.bytes == 700


@pytest.mark.usefixtures("small_parts")
def test_an_interrupt_keeps_what_was_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Control-C ends the reading; the sum of the parts before is there."""
    path = write(tmp_path)
    seen = observe
    count = 0

    def interrupted(part: Part, layout: Layout, **options: object) -> Observed:
        nonlocal count
        count += 1
        if count == 3:
            raise KeyboardInterrupt
        return seen(part, layout, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(parts, "observe", interrupted)
    log = read(path, 1)
    assert log.interrupted
    assert log.ledger.read.bytes == 1400


def test_a_file_that_cannot_be_read_further_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands before the place counts."""
    path = write(tmp_path)
    (source,) = sources.find([str(path)])
    assert isinstance(source, sources.Source)
    monkeypatch.setattr(sources, "PART", 700)
    read_piece = parts._read

    def failing(piece: parts._Piece) -> Part:
        if piece.offset > 1000:
            raise OSError(5, "Input/output error")
        return read_piece(piece)

    monkeypatch.setattr(parts, "_read", failing)
    with parts.Reader(parts.How()) as reader:
        log = reader.read(source)
    assert log.error == "input/output error; what stands before that place was read"
    assert log.ledger.read.bytes == 1400


def test_small_inputs_take_one_process(tmp_path: Path) -> None:
    """Starting processes costs more than they gain; a wish is a wish."""
    found = sources.find([str(write(tmp_path))])
    assert parts.jobs(found, None) == 1
    assert parts.jobs(found, 3) == 3
    assert parts.jobs(found, 0) == 1
    large = sources.Source(path="large.log", size=1 << 30, opener=lambda: (tmp_path / "app.log").open("rb"))
    assert parts.jobs((large,), None) == parts._cores()


def test_a_defect_that_one_log_meets_leaves_the_others_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that log's error, without a word of what the log says; the rest is read, and the exit code is 3."""
    (tmp_path / "sub").mkdir()
    paths = [write(tmp_path / "sub"), write(tmp_path)]
    seen = observe

    def defective(part: Part, layout: Layout, **options: object) -> Observed:
        if part.source == str(paths[0]):
            raise TypeError(part.data[:40].decode())
        return seen(part, layout, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(parts, "observe", defective)
    result = pipeline.scan([str(path) for path in paths], offline=True, jobs=1)
    broken, whole = result.inputs
    assert broken.error is not None
    assert broken.error.startswith("a defect of authlens (TypeError) ended the reading; ")
    assert "2026" not in broken.error
    assert whole.error is None
    assert len(result.failures) == 18
    assert exit_code(result, Severity.LOW) == 3


@pytest.mark.usefixtures("small_parts")
def test_a_defect_keeps_what_stands_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is met only where the parts are put together."""
    path = write(tmp_path)
    whole = read(path, 1)
    monkeypatch.setattr(Observed, "close", lambda _: 1 // 0)
    log = read(path, 1)
    assert log.error is not None
    assert "ZeroDivisionError" in log.error
    assert (log.layout, log.sightings) == (whole.layout, ())
