"""Reads sources part by part and observes the parts, in this process or in several; the sum is the same.

A part that cannot be observed (a file that cannot be read any more, a process that died) becomes an error value of
its source: what was read up to there counts.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from itertools import chain
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from authlens.errors import UsageError
from authlens.model import Layout, Part
from authlens.observe import Observed, observe
from authlens.parts import pieces, sums
from authlens.parts.sums import Log, Sum, Take
from authlens.reading.formats import sniff
from authlens.reading.source import Source, Unreadable
from authlens.sightings import Shared

if TYPE_CHECKING:
    from authlens.parts.pool import Pool

_RARELY: Final = 200_000
"""New objects until cycles are looked for: what is read has none, and is very much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the reading has come."""

    done: int
    """Bytes, decompressed."""
    total: int | None
    """Bytes; None where an input is compressed or comes from a pipe."""
    failures: int
    """So far; records of one failure that lie in two files may be counted twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How inputs are to be read."""

    format: str | None = None
    zone: tzinfo = UTC


class Reader:
    """Reads sources one after the other, with several processes where that was asked for."""

    def __init__(self, how: How, processes: int = 1, told: Callable[[int, int], None] | None = None) -> None:
        """``told`` hears of every part: how many bytes it had, and how many failures at most."""
        self._how = how
        self._processes = processes
        self._told = told
        self._pool: Pool | None = None
        self._collecting = gc.get_threshold()
        self.shared = Shared()
        """The statements of all sources."""

    def __enter__(self) -> Self:
        self._collecting = gc.get_threshold()
        gc.set_threshold(_RARELY)
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        gc.set_threshold(*self._collecting)
        if self._pool is not None:
            self._pool.close()

    def read(self, source: Source | Unreadable, take: Take) -> Log:
        """Reads all that a source says; after an interrupt what it said up to there.

        Args:
            source: What to read.
            take: Hears its sightings.

        Raises:
            UsageError: There is no such format as was asked for.
        """
        if isinstance(source, Unreadable):
            return sums.unreadable(source)
        total = Sum(source, self.shared, take)
        with _contained(total):
            self._add(source, total)
        with _contained(total):
            return total.close()
        return total.broken()

    def _add(self, source: Source, total: Sum) -> None:
        try:
            for seen, lines in self._seen(source, total):
                total.add(seen, lines)
                if self._told is not None:
                    self._told(seen.read.bytes, seen.refusals())
        except KeyboardInterrupt:
            total.interrupted = True
        except (OSError, BrokenExecutor, MemoryError) as error:
            total.error = sums.why(error)

    def _seen(self, source: Source, total: Sum) -> Iterator[tuple[Observed, int]]:
        """What each part says, and how many lines further down than it knows."""
        pool = self._started() if self._processes > 1 else None
        size = source.flat()
        if size is None:
            parts = source.parts()
            first = next(parts, None)
            if first is None:
                return
            total.layout = layout = self._layout(source, first)
            work: Iterable[Part | pieces.Piece] = chain((first,), parts)
        else:
            work = pieces.pieces(source, size, self._processes)
            total.layout = layout = self._layout(source, pieces.beginning(source, size), pieces.stretches(source, size))
        yield from self._there(pool, work, layout) if pool is not None else self._here(work, layout)

    def _layout(self, source: Source, head: Part, later: Iterable[bytes] = ()) -> Layout:
        found = sniff.sniff(head.data, source.path, self._how.format, later)
        return replace(found, encoding=source.encoding)

    def _here(self, work: Iterable[Part | pieces.Piece], layout: Layout) -> Iterator[tuple[Observed, int]]:
        line = 1
        for one in work:
            part = replace(one if isinstance(one, Part) else pieces.read(one), line=line)
            seen = observe(part, layout, zone=self._how.zone)
            del one, part  # they are large, and the next is read before these would be let go
            line += seen.read.lines
            yield seen, 0

    def _there(self, pool: Pool, work: Iterable[Part | pieces.Piece], layout: Layout) -> Iterator[tuple[Observed, int]]:
        lines = 0
        for seen in pool.observed(work, layout, self._how.zone):
            yield seen, lines
            lines += seen.read.lines

    def _started(self) -> Pool:
        if self._pool is None:
            from authlens.parts.pool import Pool  # noqa: PLC0415 - one process is enough for most logs

            self._pool = Pool(self._processes)
        self._pool.start()
        return self._pool


@contextlib.contextmanager
def _contained(total: Sum) -> Iterator[None]:
    """A defect of authlens that one log meets becomes that log's error: the others are read all the same.

    The only place where any exception is caught; a mistake of the caller's is none of a log.
    """
    try:
        yield
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - for the reason above
        total.error = sums.defect(error)
