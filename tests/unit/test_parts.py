"""Sources are read in parts, by one process or several, and what goes wrong is a value."""

import gzip
import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from authlens import pipeline, processes
from authlens.cli.scan import exit_code
from authlens.errors import UsageError
from authlens.model import Layout, Part, Severity
from authlens.observe import Observed, observe
from authlens.parts import pieces, pool, reader
from authlens.parts.sums import Log
from authlens.reading import sources
from authlens.reading.source import Source
from authlens.sightings import Sighting
from tests.unit.helpers.logs import noise, refusal


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of a few records."""
    monkeypatch.setattr(pieces, "LARGEST", 700)
    monkeypatch.setattr(pieces, "_LEAST", 700)
    monkeypatch.setattr(Source.parts, "__defaults__", (700,))


def write(folder: Path, *, records: int = 120) -> Path:
    log = folder / "app.log"
    text = "".join(refusal(n, request=f"0HN1ABCDE:{n:08X}") if n % 7 == 0 else noise(n) for n in range(records))
    log.write_text(text, encoding="utf-8")
    return log


class Read(NamedTuple):
    log: Log
    sightings: list[Sighting]
    given: int
    """In so many portions."""


def read(path: Path, processes: int = 1) -> Read:
    (source,) = sources.find([str(path)])
    portions: list[Sequence[Sighting]] = []
    with reader.Reader(reader.How(), processes) as one:
        log = one.read(source, portions.append)
    return Read(log, [s for portion in portions for s in portion], sum(map(bool, portions)))


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("packed", [False, True])
def test_several_processes_see_the_same(tmp_path: Path, packed: bool) -> None:
    """Sightings with their lines and offsets, and the ledger, do not depend on who read the parts."""
    path = plain = write(tmp_path)
    if packed:
        path = tmp_path / "app.log.gz"
        path.write_bytes(gzip.compress(plain.read_bytes()))
    alone, two, three = read(path, 1), read(path, 2), read(path, 3)
    assert alone == two == three
    assert alone.log.ledger.read.bytes == plain.stat().st_size
    lines = plain.read_text(encoding="utf-8").splitlines()
    assert all("Bearer" in lines[s.line - 1] or "Failed" in lines[s.line - 1] for s in alone.sightings)
    assert len(alone.sightings) == 36


@pytest.mark.usefixtures("small_parts")
def test_sightings_are_given_while_a_log_is_read(tmp_path: Path) -> None:
    """What is not kept until the end takes no memory; whoever takes them gets each once, in order."""
    found = read(write(tmp_path))
    assert found.given > 10
    assert [s.offset for s in found.sightings] == sorted({s.offset for s in found.sightings})


@pytest.mark.usefixtures("small_parts")
def test_sightings_of_several_streams_are_given_in_the_order_of_the_file(tmp_path: Path) -> None:
    """A record of one stream waits for those before it that another has not ended."""
    lines = write(tmp_path).read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / "docker.log"
    streams = ("stdout", "stderr")
    text = "".join(
        json.dumps({"log": line, "stream": streams[n // 40 % 2], "time": "2026-03-04T09:00:00Z"}) + "\n"
        for n, line in enumerate(lines)
    )
    path.write_text(text, encoding="utf-8")
    alone, two = read(path, 1), read(path, 2)
    assert alone == two
    assert alone.log.layout is not None
    assert alone.log.layout.envelopes == ("docker-json",)
    assert alone.given > 5
    assert len(alone.sightings) == 36
    assert [s.offset for s in alone.sightings] == sorted(s.offset for s in alone.sightings)


def _die(_one: object, _layout: Layout, _zone: object) -> Observed:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


@pytest.mark.usefixtures("small_parts")
def test_a_process_that_dies_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run does not hang and does not fail, the error names what to do, and the next log is read."""
    path = write(tmp_path)
    sources_ = sources.find([str(path), str(path)])
    with reader.Reader(reader.How(), 2) as one:
        with monkeypatch.context() as patched:
            patched.setattr(pool, "_observed", _die)
            broken = one.read(sources_[0], lambda _: None)
        whole = one.read(sources_[1], lambda _: None)
    assert broken.error is not None
    assert "died" in broken.error
    assert "--jobs 1" in broken.error
    assert whole == read(path).log


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

    monkeypatch.setattr(reader, "observe", interrupted)
    log = read(path).log
    assert log.interrupted
    assert log.ledger.read.bytes == 1400


@pytest.mark.usefixtures("small_parts")
def test_a_file_that_cannot_be_read_further_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands before the place counts."""
    path = write(tmp_path)
    read_piece = pieces.read

    def failing(piece: pieces.Piece) -> Part:
        if piece.offset > 1000:
            raise OSError(5, "Input/output error")
        return read_piece(piece)

    monkeypatch.setattr(pieces, "read", failing)
    monkeypatch.setattr(pieces, "stretches", lambda *_: ())
    log = read(path).log
    assert log.error == "input/output error; what stands before that place was read"
    assert log.ledger.read.bytes == 1400


def test_small_inputs_take_one_process(tmp_path: Path) -> None:
    """Starting processes costs more than they gain; a wish is a wish."""
    found = sources.find([str(write(tmp_path))])
    assert pieces.jobs(found, None) == 1
    assert pieces.jobs(found, 3) == 3
    assert pieces.jobs(found, 0) == 1
    large = Source(path="large.log", size=1 << 30, opener=lambda: (tmp_path / "app.log").open("rb"))
    assert pieces.jobs((large,), None) == processes.cores()


def test_a_defect_that_one_log_meets_leaves_the_others_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that log's error, without a word of what the log says; the rest is read, and the exit code is 3."""
    (tmp_path / "sub").mkdir()
    paths = [write(tmp_path / "sub"), write(tmp_path)]
    seen = observe

    def defective(part: Part, layout: Layout, **options: object) -> Observed:
        if part.source == str(paths[0]):
            raise TypeError(part.data[:40].decode())
        return seen(part, layout, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(reader, "observe", defective)
    result = pipeline.scan([str(path) for path in paths], offline=True, jobs=1)
    broken, whole = result.inputs
    assert broken.error is not None
    assert broken.error.startswith("a defect of authlens (TypeError) ended the reading; ")
    assert "2026" not in broken.error
    assert whole.error is None
    assert len(result.failures) == 18
    assert exit_code(result, Severity.LOW) == 3


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_format_that_there_is_not_is_the_callers_mistake(tmp_path: Path, jobs: int) -> None:
    """And no defect of authlens that a log met."""
    with pytest.raises(UsageError, match="no format 'bogus'"):
        pipeline.scan([write(tmp_path)], offline=True, format="bogus", jobs=jobs)


@pytest.mark.usefixtures("small_parts")
def test_a_defect_keeps_what_stands_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also one that is met only where the parts are put together."""
    path = write(tmp_path)
    whole = read(path)
    monkeypatch.setattr(Observed, "close", lambda _: 1 // 0)
    part = read(path)
    assert part.log.error is not None
    assert "ZeroDivisionError" in part.log.error
    assert part.log.layout == whole.log.layout
    assert part.sightings == whole.sightings[: len(part.sightings)]
