"""The yardstick itself: what is linear passes, what is quadratic does not."""

import pytest

from tests.unit.helpers.growth import is_linear


def test_linear_work_is_linear() -> None:
    """A sum over all numbers."""
    assert is_linear(lambda size: sum(range(size)), 200_000)


@pytest.mark.parametrize("size", [250, 400])
def test_quadratic_work_is_not(size: int) -> None:
    """A sum over all pairs."""
    assert not is_linear(lambda n: sum(1 for _ in range(n) for _ in range(n)), size)
