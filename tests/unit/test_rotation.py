"""Several files that are one log, and content that stands in several files."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from authlens import rotation
from authlens.model import Amount, Role, Statement
from authlens.rotation import arrange, name
from authlens.sightings import Sighting

START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Log:
    path: str
    sightings: tuple[Sighting, ...] = ()
    size: Amount = field(default_factory=lambda: Amount(bytes=1000, lines=10))


def seen(
    n: int, text: str = "IDX10223: expired", *, at: datetime | None = START, request: str | None = None, gap: int = 100
) -> Sighting:
    time = None if at is None else at + timedelta(seconds=n)
    return Sighting(
        path="x",
        offset=n * gap,
        line=n + 1,
        end=n * gap + 50,
        lines=1,
        role=Role.EXCEPTION,
        key=text,
        statement=Statement(text=text),
        time=time,
        request_id=request,
    )


def order(paths: Sequence[str]) -> list[str]:
    """The files as one log by their names alone."""
    logs = [Log(path, (seen(0, at=None, text=path),), Amount(bytes=n)) for n, path in enumerate(paths)]
    (series,) = arrange(logs).series
    return [paths[at] for at, _ in series.members]


@pytest.mark.parametrize(
    "oldest_first",
    [
        ("app.log.2.gz", "app.log.1", "app.log"),
        ("log20260304.txt", "log20260304_001.txt", "log20260305.txt"),
        ("api-2026-03-03.log", "api-2026-03-04.log"),
        ("app.log-20260303.gz", "app.log-20260304", "app.log"),
        ("app.log.2026-03-03", "app.log"),
        ("web.2.log", "web.1.log", "web.log"),
        ("app.log2026-03-03", "app.log2026-03-04"),
        ("app.log.10", "app.log.9", "app.log.1"),
    ],
)
def test_names_of_a_rotation(oldest_first: tuple[str, ...]) -> None:
    """The names that loggers and logrotate give put files in order where records have no time."""
    assert order(oldest_first) == list(oldest_first)
    assert order(oldest_first[::-1]) == list(oldest_first)


@pytest.mark.parametrize("pair", [("node-1.log", "node-2.log"), ("a/app.log", "b/app.log"), ("api.log", "web.log")])
def test_other_files_are_logs_of_their_own(pair: tuple[str, str]) -> None:
    """Replicas, folders and other services are not rotations of each other."""
    assert name(pair[0]).stem != name(pair[1]).stem


def test_time_goes_before_names() -> None:
    """Records' times decide, and the note says which files are one log and how they were ordered."""
    late = Log("app.log.1", (seen(50),), Amount(bytes=1))
    early = Log("app.log", (seen(10),), Amount(bytes=2))
    arranged = arrange([late, early])
    assert [at for at, _ in arranged.series[0].members] == [1, 0]
    assert arranged.notes == ("app.log, app.log.1: read as one log, ordered by the time of their records",)


def test_a_copy_counts_once() -> None:
    """Equal content under another name, or the same name twice, is said and left out."""
    one = (seen(1, request="a:1"), seen(2, request="a:2"))
    arranged = arrange([Log("app.log", one), Log("backup/app.log", one), Log("app.log", one)])
    assert arranged.copies == {1, 2}
    assert arranged.notes == (
        "backup/app.log: it holds the same as app.log; what it says counts once",
        "app.log: it was given twice; what it says counts once",
    )


def test_replicas_that_say_the_same_are_no_copies() -> None:
    """Equal texts at other times, or of other requests, are other failures."""
    logs = [
        Log("pod-a.log", (seen(1, request="a:1"),)),
        Log("pod-b.log", (seen(1, request="b:1"),)),
        Log("pod-c.log", (seen(2, request="a:1"),)),
    ]
    arranged = arrange(logs)
    assert not arranged.copies
    assert [len(own) for s in arranged.series for _, own in s.members] == [1, 1, 1]
    assert not arranged.notes


def test_an_overlap_counts_once() -> None:
    """What the end of one file and the beginning of the next both hold is taken from the first."""
    every = [seen(n, request=f"r:{n}") for n in range(10)]
    moved = tuple(s._replace(offset=s.offset - 600, line=s.line - 6) for s in every[6:])
    arranged = arrange([Log("app.log.1", tuple(every[:8])), Log("app.log", moved, Amount(bytes=5))])
    (series,) = arranged.series
    assert [[s.request_id for s in own] for _, own in series.members] == [
        [f"r:{n}" for n in range(8)],
        ["r:8", "r:9"],
    ]
    assert "app.log: 2 records stand in app.log.1 too; counted once" in arranged.notes


def test_an_older_copy_that_went_on_counts_once() -> None:
    """A file that begins with all of another adds only the rest, whichever is read first."""
    every = tuple(seen(n, request=f"r:{n}") for n in range(5))
    for logs in ([Log("old.log", every[:3]), Log("new.log", every, Amount(bytes=5))],) * 2:
        kept = [own for s in arrange(logs).series for _, own in s.members]
        assert sum(map(len, kept)) == 5
        logs.reverse()


def test_an_overlap_may_begin_and_end_within_records() -> None:
    """The first record of one has lost its head, the last of the other its end: both stand whole in the other file."""
    texts = [f"IDX10223: expired {n}" for n in range(6)]
    whole = [seen(n, text, request=f"0HN:{n}") for n, text in enumerate(texts)]
    cut = whole[3]._replace(statement=Statement(text=texts[3][:12]))
    rest = whole[1]._replace(time=None, request_id=None, statement=Statement(text=texts[1][9:]))
    older, newer = Log("app.log.1", (*whole[:3], cut)), Log("app.log", (rest, *whole[2:]), Amount(bytes=900, lines=9))
    (series,) = arrange([older, newer]).series
    assert [len(kept) for _, kept in series.members] == [4, 2]


def test_the_same_second_proves_nothing() -> None:
    """Two replicas without ids whose records fall into one second are kept apart; a long equal run is an overlap."""
    one, other = (seen(1),), (seen(1),)
    kept = arrange([Log("a.log", one), Log("b.log", other, Amount(bytes=5))]).series
    assert sum(len(own) for s in kept for _, own in s.members) == 2
    long = tuple(seen(n) for n in range(6))
    kept = arrange([Log("a.log", long), Log("b.log", long, Amount(bytes=5))]).series
    assert sum(len(own) for s in kept for _, own in s.members) == 6


def test_untimed_records_that_say_the_same_prove_nothing() -> None:
    """Without times only a whole copy of them is one."""
    one = tuple(seen(n, at=None) for n in range(6))
    kept = arrange([Log("a.log", one), Log("b.log", one[:5], Amount(bytes=5))]).series
    assert sum(len(own) for s in kept for _, own in s.members) == 11


def test_an_overlap_without_times_counts_once() -> None:
    """Several records that say different things stand equally far apart in both files, up to the end of one."""
    every = [seen(n, f"IDX10223: expired {n}", at=None) for n in range(12)]
    moved = tuple(s._replace(offset=s.offset - 600) for s in every[6:])
    arranged = arrange([Log("app.log.1", tuple(every[:10])), Log("app.log", moved, Amount(bytes=5))])
    (series,) = arranged.series
    assert [len(own) for _, own in series.members] == [10, 2]
    few = tuple(s._replace(offset=s.offset - 900) for s in every[9:])
    arranged = arrange([Log("app.log.1", tuple(every[:11])), Log("app.log", few, Amount(bytes=5))])
    assert sum(len(own) for s in arranged.series for _, own in s.members) == 14, "two records may be an accident"


def test_one_record_in_two_files_is_no_overlap() -> None:
    """Files that agree in a record and go on differently, short of the end of either, both keep it."""
    one = [seen(n, request=f"r:{n}") for n in range(5)]
    other = [one[2], seen(3, "IDX10223: another", request="r:8"), seen(9, request="r:9")]
    kept = arrange([Log("a.log", tuple(one)), Log("b.log", tuple(other), Amount(bytes=5))]).series
    assert sorted(len(own) for s in kept for _, own in s.members) == [3, 5]


def test_records_that_stand_otherwise_apart_are_no_overlap() -> None:
    """Whole seconds and no ids: that four records agree is proof only where they are as far apart in both files."""
    long = tuple(seen(n) for n in range(6))
    wider = tuple(s._replace(offset=2 * s.offset) for s in long)
    kept = arrange([Log("a.log", long), Log("b.log", wider, Amount(bytes=5))]).series
    assert [len(own) for s in kept for _, own in s.members] == [6, 6]


def test_many_records_of_one_second_are_compared_in_linear_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file may repeat one record without end: each is looked at a few times, not once for each other."""
    looked = 0
    words = rotation._words

    def counted(one: Sighting) -> tuple[object, ...]:
        nonlocal looked
        looked += 1
        return words(one)

    monkeypatch.setattr(rotation, "_words", counted)
    alike = [seen(n)._replace(time=START) for n in range(400)]
    ending = [*alike[:200], seen(7, "IDX10223: another")._replace(time=START, offset=90_000)]
    arrange([Log("a/x.log", tuple(alike)), Log("b/y.log", tuple(ending), Amount(bytes=5))])
    assert 0 < looked < 3000
