"""Which records around hits may tell how their requests ended, so that few are cut out and fewer are kept."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

from authlens.reading import needles

WINDOW = 64 * 1024
"""So far behind the start of a hit's record a request's end is still looked for, bytes."""
NAMELESS = 4
"""So many acceptances and ends of requests are kept behind a hit where neither has a request's id."""


class Placed(Protocol):
    """A record, as far as it decides what belongs to it."""

    @property
    def offset(self) -> int:
        """Where it begins in the source."""

    @property
    def secondary(self) -> bool:
        """It was cut out for context only."""

    @property
    def request(self) -> str | None:
        """The id of its request."""


P = TypeVar("P", bound=Placed)


def telling(records: Iterable[P], border: int = -1) -> Iterator[P]:
    """Of the records for context those that may belong to a hit's request; up to ``border`` the hit may be unseen.

    They stand near behind a hit of the same request, or are the first behind a hit without a request's id.
    """
    recent: deque[P] = deque()
    requests: Counter[str | None] = Counter()
    nameless = 0
    for one in records:
        while recent and one.offset - recent[0].offset > WINDOW:
            requests[recent.popleft().request] -= 1
        if not one.secondary:
            recent.append(one)
            requests[one.request] += 1
            nameless = 0 if one.request is None else nameless
        elif not (requests[one.request] or one.offset <= border):
            continue
        elif one.request is None:
            nameless += 1
            if nameless > NAMELESS:
                continue
        yield one


def leading(before: tuple[P, ...], after: tuple[P, ...], begin: int) -> tuple[P, ...]:
    """``after`` without those of its first records for context that belong to no hit in ``before``.

    ``begin`` is where ``before`` begins: up to a window behind it the hit may be unseen.
    """
    lead = next((i for i, one in enumerate(after) if not one.secondary), len(after))
    if not lead:
        return after
    hits: list[P] = []
    for one in reversed(before):
        if after[0].offset - one.offset > WINDOW:
            break
        if not one.secondary:
            hits.append(one)
    kept = tuple(
        one
        for one in after[:lead]
        if one.offset - begin <= WINDOW
        or any(one.offset - hit.offset <= WINDOW and one.request == hit.request for hit in hits)
    )
    return kept + after[lead:]


class Searched:
    """The bytes of a run while its records are cut out, from the first to the last."""

    def __init__(self, data: bytes, start: int, reach: Callable[[int, int, int], int]) -> None:
        """``reach`` gives the first start behind a position, between two others."""
        self._data, self._reach = data, reach
        self._far = self._named = start + WINDOW
        """Up to here every end of a request may be one that is looked for, and up to here it may have an id."""
        self._printed: dict[bytes, int] = {}
        """Requests' ids as they stand in the records of hits, and where the last of those begins."""
        self._ends: list[int] = []
        self._looked = start
        """Up to here the ends of requests are known."""

    def hit(self, begin: int, stop: int, request: str | None) -> None:
        """A record was cut out for a hit."""
        printed = request.encode() if request else b""
        if printed and self._data.find(printed, begin, stop) >= 0:
            self._printed.pop(printed, None)
            self._printed[printed] = begin
        else:
            self._far = begin + WINDOW
        if request is not None:
            self._named = begin + WINDOW

    def around(self, low: int, high: int) -> tuple[list[int], bool]:
        """Where between two positions requests may end, and whether only the first few records matter."""
        ends = self._between(low, self._reach(self._far, low, high)) if self._far > low else []
        if self._printed:
            ends = sorted(self._of_named(low, high).union(ends))
        return ends, low >= self._named

    def _between(self, low: int, high: int) -> list[int]:
        """Ends of requests; they are searched as far ahead as they may matter, not stretch by stretch."""
        if high > self._looked:
            begin = max(low, self._looked - needles.LONGEST_CONTEXT)  # one may lie across where the search ended
            self._looked = max(high, min(self._far, len(self._data)))
            self._ends = self._ends[bisect_left(self._ends, low) : bisect_left(self._ends, begin)]
            self._ends += needles.context(self._data, begin, self._looked)
        return self._ends[bisect_left(self._ends, low) : bisect_left(self._ends, high)]

    def _of_named(self, low: int, high: int) -> set[int]:
        """Where ids of recent requests are printed."""
        found: set[int] = set()
        for printed, begin in list(self._printed.items()):
            if begin + WINDOW < low:
                del self._printed[printed]
            else:
                found.update(needles.every(self._data, printed, low, self._reach(begin + WINDOW, low, high)))
        return found
