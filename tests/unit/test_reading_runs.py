"""Places in runs of bytes."""

from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens.reading import columns, envelopes
from authlens.reading.runs import Feeds, Piece, Run, Sheaf

LINES = b"".join(b"line %d\n" % n + b"\n" * (n % 3) for n in range(12_000))


@settings(deadline=None)
@given(st.lists(st.integers(0, len(LINES)), max_size=30))
def test_lines_are_counted_in_any_order(positions: list[int]) -> None:
    """Asked forwards, backwards or twice: the answer is how many lines end before the position."""
    feeds = Feeds(LINES)
    assert [feeds.before(at) for at in positions] == [LINES.count(b"\n", 0, at) for at in positions]
    assert feeds.total == LINES.count(b"\n")


@pytest.mark.parametrize("data", [b"", b"a", b"\n", b"a\nb"])
def test_lines_of_little_are_counted(data: bytes) -> None:
    """A block shorter than a step, or none at all."""
    assert (Feeds(data).total, Feeds(data).before(len(data))) == (data.count(b"\n"),) * 2


def test_an_indexed_run_says_the_same() -> None:
    """Slices, places and amounts do not depend on the index."""
    run = Run(LINES, (Piece(0, 1000, 7),))
    for start, end in ((0, 10), (50_000, 60_000), (len(LINES) - 5, len(LINES)), (70_000, 70_000)):
        assert run.indexed().slice(start, end) == run.slice(start, end)
        assert run.indexed().place(start) == run.place(start)
        assert run.slice(start, end).amount.lines == LINES.count(b"\n", start, end)


SHEAF = [b"2026-03-04T10:15:30.%03dZ %s F line %d\n" % (n, (b"stdout", b"stderr")[n % 3 > 1], n) for n in range(60)]


def _sheaf() -> Run | Sheaf:
    data = b"".join(SHEAF)
    return envelopes.of("cri").peel(Run(data, (Piece(0, 500, 9),), Feeds(data)))["stdout"]


RUNS: dict[str, Run | Sheaf] = {
    "the source's own": Run(LINES[:900], (Piece(0, 1000, 7),)),
    "indexed": Run(LINES[:900], (Piece(0, 1000, 7),)).indexed(),
    "two stretches": Run(LINES[:300], (Piece(0, 1000, 7),)) + Run(LINES[400:900], (Piece(0, 1400, 60),)),
    "with a gap": Run(LINES[:300], (Piece(0, 1000, 7),)) + Run(b"", (Piece(0, 1300, 50, 99, 3, gap=True),)) + Run(LINES[400:], (Piece(0, 1400, 60),)),
    "payloads of a stream": _sheaf(),
}  # fmt: skip


@pytest.mark.parametrize("name", RUNS)
@settings(deadline=None)
@given(st.integers(0, 890), st.integers(0, 890))
def test_a_stretch_is_what_its_slice_is(name: str, start: int, end: int) -> None:
    """Place, size, lines and what the envelope says, without a copy of the bytes."""
    run = RUNS[name]
    start, end = sorted((start % len(run.data), end % len(run.data)))
    assert run.stretch(start, end + 1) == run.slice(start, end + 1).stretch()


def test_a_stretch_tells_that_some_of_it_is_gone() -> None:
    """What was dropped belongs to what stands before it."""
    run = RUNS["with a gap"]
    assert run.stretch(200, 400).gap
    assert not run.stretch(0, 200).gap
    assert not run.stretch(300, 400).gap


class Inner(NamedTuple):
    """A tuple in a tuple."""

    line: int
    text: str | None


class Row(NamedTuple):
    """A row with a tuple in it."""

    name: str
    said: Inner | None


INNER = st.builds(Inner, st.integers(), st.none() | st.text(max_size=5))


@settings(deadline=None)
@given(st.lists(st.builds(Row, st.text(max_size=5), st.none() | INNER)))
def test_rows_come_back_from_columns(rows: list[Row]) -> None:
    """All of them, in their order and their classes, where some hold nothing too."""
    again = columns.unpacked(columns.packed(rows))
    assert list(again) == rows
    assert all(type(a) is Row and type(a.said) is type(b.said) for a, b in zip(again, rows, strict=True))


def test_what_is_not_of_one_class_stays_as_it_is() -> None:
    """Nothing is lost of rows that do not match."""
    rows = (Row("a", None), Inner(1, "b"), 5)
    assert columns.unpacked(columns.packed(rows)) == rows
