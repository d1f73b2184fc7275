"""Many texts made by several processes: the same as one makes, in the same order, whatever becomes of the others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import islice

import pytest

from authlens.reports import ranges

COUNT = ranges.MANY + 100
MIDDLE = 31 * ranges.CHUNK
"""Where a helper's turn begins, be it of two processes or of three."""


def here(some: range) -> str:
    """What this process makes."""
    return "".join(f"{at}\n" for at in some)


def there(some: range) -> str:
    """What a helper makes, marked as its own."""
    return "".join(f"{at} there\n" for at in some)


def entries(texts: Iterable[str]) -> list[str]:
    """One by one."""
    return "".join(texts).splitlines()


def after(number: int, end: Callable[[], None]) -> Callable[[range], str | None]:
    """A helper that ends when it meets the entry of that number."""

    def helped(some: range) -> str | None:
        if number in some:
            end()
            return None
        return there(some)

    return helped


@pytest.mark.parametrize("jobs", [1, 2, 3, None])
def test_the_order_is_that_of_the_entries(jobs: int | None) -> None:
    """However many make them, none is lost and none comes twice."""
    assert "".join(ranges.told(COUNT, here, here, jobs)) == here(range(COUNT))


def test_helpers_help() -> None:
    """Of two processes each makes about half."""
    made = [text.endswith("there") for text in entries(ranges.told(COUNT, here, there, 2))]
    assert abs(sum(made) * 2 - COUNT) < 200


@pytest.mark.parametrize("jobs", [2, 3])
@pytest.mark.parametrize("end", [lambda: None, lambda: os._exit(1)], ids=["refuses", "dies"])
def test_what_a_helper_leaves_is_made_here(end: Callable[[], None], jobs: int) -> None:
    """From the range on that it refuses, or in which it dies; what it made before counts."""
    made = entries(ranges.told(COUNT, here, after(MIDDLE, end), jobs))
    assert [text.removesuffix(" there") for text in made] == entries([here(range(COUNT))])
    helped = [text.endswith("there") for text in made]
    assert any(helped[:MIDDLE])
    assert not any(helped[MIDDLE : MIDDLE + ranges.CHUNK])
    assert any(helped[MIDDLE + ranges.CHUNK :]) == (jobs > 2)


def test_for_few_entries_no_process_is_begun() -> None:
    """Nor for one job."""
    assert "".join(ranges.told(ranges.MANY - 1, here, there, 8)) == here(range(ranges.MANY - 1))
    assert "".join(ranges.told(COUNT, here, there, 1)) == here(range(COUNT))


def test_without_forks_one_process_makes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows."""
    monkeypatch.setattr("authlens.processes.forking", lambda: None)
    assert "".join(ranges.told(COUNT, here, there, 2)) == here(range(COUNT))


def test_who_stops_listening_leaves_no_process_behind() -> None:
    """A report that cannot be written on, because the disk is full."""
    texts = ranges.told(COUNT, here, there, 2)
    assert len(list(islice(texts, 8))) == 8
    texts.close()  # type: ignore[attr-defined]  # a generator
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)
