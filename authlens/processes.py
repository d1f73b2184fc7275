"""Further processes on this machine: how many are of use, and how they begin."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.context import ForkContext


def cores() -> int:
    """Those that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def forking() -> ForkContext | None:
    """Begins processes that have all that this one has, without handing it over; None where there is no such thing."""
    import multiprocessing  # noqa: PLC0415 - one process is enough for most work

    return multiprocessing.get_context("fork") if "fork" in multiprocessing.get_all_start_methods() else None


def deafen() -> None:
    """Leaves an interrupt to the process that the user started, which ends the others."""
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)
