"""How work grows with its input: told by comparison, so that no machine is too slow and no load too high."""

import gc
import time
from collections.abc import Callable

TIMES = 8
"""So much more input. Linear work takes as many times as long, quadratic work sixty-four times."""
MOST = 24.0
"""Half way between the two, as factors go."""
TRIES = 4


def growth(work: Callable[[int], object], size: int) -> float:
    """How many times as long the larger input takes, at best: what disturbs a measurement mostly lengthens it.

    In each try both inputs are as new, or as well known to a cache, as the other.
    """
    work(size // TIMES)  # what is loaded or built by the first call of all is not counted
    tries: list[float] = []
    while len(tries) < TRIES and not (tries and min(tries) < MOST):
        little = _seconds(work, size)
        tries.append(_seconds(work, size * TIMES) / little)
    return min(tries)


def is_linear(work: Callable[[int], object], size: int) -> bool:
    """Whether the work keeps pace with its input, from ``size`` to ``TIMES`` as much."""
    return growth(work, size) < MOST


def _seconds(work: Callable[[int], object], size: int) -> float:
    gc.disable()  # it looks through all that the other tests of the process have left
    began = time.process_time()
    try:
        work(size)
    finally:
        gc.enable()
    return max(time.process_time() - began, 1e-3)  # below it, a clock's ticks are all there is
