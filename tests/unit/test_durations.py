"""Lengths of time in words."""

import pytest

from authlens.durations import duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3661, "1 h 1 min"),
        (39_632, "11 h"),
        (90_000, "1 d 1 h"),
        (-45, "-45 s"),
        (-3660, "-1 h 1 min"),
    ],
)
def test_the_two_largest_units_are_told(seconds: float, text: str) -> None:
    """The rest is cut off, and what lies before keeps its sign."""
    assert duration(seconds) == text
