"""All records of a stretch that hold hits, and those around them that may tell how the requests of hits ended."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from authlens.reading import nearby, needles, starts
from authlens.reading.blade import Blade, Knife, Slice
from authlens.reading.runs import Run, Sheaf


def slices(run: Run | Sheaf, start: int, end: int, knife: Knife, stream: str) -> tuple[Slice, ...]:
    """The records between two positions; both are where a record starts, or the end."""
    if start >= end:
        return ()
    blade, data = Blade(knife, stream), run.data
    form, cap = blade.form, blade.cap
    primary = _around(form, data, needles.hits(data, start, end), start, end, cap=cap)
    searched = nearby.Searched(data, start, lambda at, low, high: _up_to(form, data, at, low, high))
    found: list[Slice] = []
    low = start
    for begin, stop in chain(primary, ((end, end),)):
        if low < begin:
            positions, few = searched.around(low, begin)
            if positions:
                around = _around(form, data, positions, low, begin, cap=cap)
                found += _context(run, around, blade, start, few=few)
        if begin < stop:
            hits = blade.cut(run, begin, stop, secondary=False, begun=begin > start)
            for hit in hits:
                searched.hit(begin, stop, hit.request)
            found += hits
        low = stop
    return tuple(nearby.telling(found, run.stretch(start, start + 1).offset + nearby.WINDOW))


def _context(
    run: Run | Sheaf, around: Iterable[tuple[int, int]], blade: Blade, start: int, *, few: bool
) -> Iterator[Slice]:
    """The records for context; of few only the first without a request's id."""
    chunks = ((a, b) for a, b in around if needles.near(run.data[a:b]))
    context = (s for a, b in chunks for s in blade.cut(run, a, b, secondary=True, begun=a > start))
    return islice((s for s in context if s.request is None), nearby.NAMELESS) if few else context


def _around(
    form: starts.Starting, data: bytes, hits: Iterable[int], start: int, end: int, *, cap: int
) -> Iterator[tuple[int, int]]:
    """Begin and end of the records that hold hits within their first ``cap`` bytes."""
    done = low = start
    for hit in hits:
        if hit < done:
            continue
        begin = starts.before(form, data, hit, low, done)
        if hit - begin >= cap:
            low = max(low, data.rfind(form.terminator, low, hit) + 1)
            continue
        stop = starts.behind(form, data, hit, end)
        done = low = end if stop < 0 else stop
        yield begin, done


def _up_to(form: starts.Starting, data: bytes, at: int, low: int, high: int) -> int:
    """The first start behind a position, or ``high``."""
    after = starts.behind(form, data, max(low, at), high) if at < high else -1
    return high if after < 0 else after
