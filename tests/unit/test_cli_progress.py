from __future__ import annotations

import io
import sys

import pytest

from authlens.cli import progress
from authlens.parts.reader import Progress


class Clock:
    """Seconds that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(*steps: tuple[float, Progress]) -> str:
    """What a terminal was sent."""
    out, clock = io.StringIO(), Clock()
    with progress.Line(out, clock) as line:
        for clock.now, step in steps:
            assert line.told is not None
            line.told(step)
    return out.getvalue()


HALF = Progress(done=5 << 20, total=10 << 20, failures=1204)


def test_a_short_scan_shows_nothing() -> None:
    """Below two seconds."""
    assert shown((0.5, HALF), (1.9, HALF)) == ""


def test_a_long_one_tells_how_far_it_is_and_leaves_nothing_behind() -> None:
    """Bytes, rate, failures, time left; a few times a second; the line is gone in the end."""
    said = shown((2.5, HALF), (2.55, HALF), (5.0, HALF))
    assert said.count("authlens:") == 2
    assert "5.0 MiB of 10.0 MiB, 2.0 MiB/s, 1,204 failures, 2 s left" in said
    assert said.endswith("\r\x1b[K")
    assert max(map(len, said.split("\r\x1b[K"))) < 80


@pytest.mark.parametrize("total", [None, 1])
def test_what_is_not_known_is_left_out(total: int | None) -> None:
    """How much is left of a pipe or a compressed file, or where more was read than was expected."""
    said = shown((4.0, Progress(done=5 << 20, total=total, failures=0)))
    assert "left" not in said
    assert "5.0 MiB, 1.2 MiB/s, 0 failures" in said


def test_it_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a file nor a quiet run gets a line."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert progress.line(quiet=False).told is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert progress.line(quiet=True).told is None
    assert progress.line(quiet=False).told is not None
