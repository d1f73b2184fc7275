"""Ends of requests near hits are found wherever the search for them is interrupted."""

from hypothesis import given, settings
from hypothesis import strategies as st

from authlens.reading import needles
from authlens.reading.nearby import WINDOW, Searched

ENDS = (b"Request finished\n", b"x responded 200\n", b"was successfully authenticated\n")


def _to_the_end(_at: int, _low: int, high: int) -> int:
    return high


@settings(deadline=None)
@given(
    quiet=st.lists(st.integers(0, 60), min_size=30, max_size=120),
    hits=st.sets(st.integers(1, 119), max_size=12),
)
def test_no_end_is_lost_between_two_searches(quiet: list[int], hits: set[int]) -> None:
    """Each stretch between hits holds what a search of that stretch alone finds, as far as a window reaches."""
    filler = WINDOW // 40
    rows = [b"." * (filler - n) + b"\n" + ENDS[i % len(ENDS)] for i, n in enumerate(quiet)]
    data, starts = b"".join(rows), [0]
    for row in rows:
        starts.append(starts[-1] + len(row))
    searched = Searched(data, 0, _to_the_end)
    low = 0
    for hit in [*sorted(h for h in hits if h < len(rows)), len(rows)]:
        high = starts[hit]
        found, _ = searched.around(low, high)
        last = max([0, *(starts[h] for h in hits if h < hit)])
        if last + WINDOW > low:
            assert found == needles.context(data, low, high)
        if hit < len(rows):
            low = starts[hit + 1]
            searched.hit(high, low, None)


def test_an_end_across_the_border_of_a_search_is_found() -> None:
    """A search ends a window behind a hit, wherever that is."""
    for shift in range(20):
        data = b"." * (WINDOW - shift) + b"Request finished" + b"." * 100
        searched = Searched(data, 0, lambda _at, _low, high: high)
        searched.around(0, 1000)
        searched.hit(1000, 1010, None)
        assert searched.around(1010, len(data))[0] == [WINDOW - shift]


def test_a_request_s_id_is_looked_for_where_it_is_printed() -> None:
    """Behind a hit whose id the log shows only that id tells which end belongs to it; elsewhere every end may."""
    data = b"hit 0HN1:01\n" + b"." * WINDOW + b"end 0HN1:01\nRequest finished 0HN1:02\n"
    searched = Searched(data, 0, _to_the_end)
    searched.hit(0, 12, "0HN1:01")
    assert searched.around(WINDOW + 1, len(data))[0] == []
    searched = Searched(data, 0, _to_the_end)
    searched.hit(0, 12, "0HN1:01")
    assert data.rfind(b"0HN1:01") not in searched.around(12, 100)[0]
