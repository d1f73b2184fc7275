"""The progress line: on a terminal, on standard error, and only where it takes long."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Self, TextIO

from authlens.durations import duration

if TYPE_CHECKING:  # loading the types takes longer than all that --version does
    from types import TracebackType

    from authlens.parts.reader import Progress

PATIENCE_S: Final = 2.0
"""Before that nothing is shown."""
_EVERY_S: Final = 0.2
_WIPE: Final = "\r\x1b[K"


class Line:
    """One line that is written over itself, and is gone when the scan is done."""

    def __init__(self, out: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        """Begins to count; nothing is shown yet.

        Args:
            out: A terminal.
            clock: Seconds that only grow.
        """
        self._out = out
        self._clock = clock
        self._began = clock()
        self._last: float | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._last is not None:
            self._out.write(_WIPE)
            self._out.flush()

    @property
    def told(self) -> Callable[[Progress], None] | None:
        """What the pipeline calls."""
        return self._told

    def _told(self, progress: Progress) -> None:
        now = self._clock()
        if now - self._began < PATIENCE_S or (self._last is not None and now - self._last < _EVERY_S):
            return
        self._last = now
        self._out.write(_WIPE + text(progress, now - self._began))
        self._out.flush()


class Silence(Line):
    """No line at all."""

    def __init__(self) -> None:
        """Needs nothing."""
        super().__init__(sys.stderr)

    @property
    def told(self) -> None:
        """The pipeline need not call."""
        return


def line(*, quiet: bool) -> Line:
    """The line for this run."""
    return Silence() if quiet or not sys.stderr.isatty() else Line(sys.stderr)


def text(progress: Progress, seconds: float) -> str:
    """Bytes, rate, failures so far and time left, in less than 80 columns."""
    from authlens.reports.wording import count, size  # noqa: PLC0415 - --version needs none of it

    rate = progress.done / seconds if seconds > 0 else 0.0
    known = progress.total is not None and progress.total >= progress.done
    whole = f" of {size(progress.total)}" if known and progress.total is not None else ""
    parts = [f"{size(progress.done)}{whole}", f"{size(int(rate))}/s", count(progress.failures, "failure")]
    if known and progress.total is not None and rate > 0:
        parts.append(f"{duration((progress.total - progress.done) / rate)} left")
    return "authlens: " + ", ".join(parts)
