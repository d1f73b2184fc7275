"""Reads sources part by part and observes the parts, in this process or in several; the sum is the same.

A part that cannot be observed (a file that cannot be read any more, a process that died) becomes an error value of
its source: what was read up to there counts.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from authlens.exposed import Exposed
from authlens.model import Amount, Layout, Ledger, Part
from authlens.observe import Observed, observe
from authlens.reading import sources
from authlens.reading.formats import sniff
from authlens.sightings import Shared, Sighting

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

_SMALL: Final = 64 * 1024 * 1024
"""Below so many bytes of input one process is faster than several."""
_PACKED: Final = 8
"""A compressed input holds about so many times its size."""
_AHEAD: Final = 2
"""So many parts a process are under way at once."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What one source says."""

    path: str
    layout: Layout | None = None
    sightings: tuple[Sighting, ...] = field(default=(), repr=False)
    ledger: Ledger = field(default_factory=Ledger)
    exposed: Exposed = field(default_factory=Exposed, repr=False)
    until: datetime | None = None
    """When its last record was written, as far as its end shows that."""
    error: str | None = None
    """Why it, or the rest of it, could not be read."""
    interrupted: bool = False

    @property
    def size(self) -> Amount:
        """How much was read."""
        return self.ledger.read


class _Piece(NamedTuple):
    """A stretch of a file, to be read where it is observed."""

    file: str
    path: str
    offset: int
    size: int
    last: bool


def jobs(found: Sequence[sources.Source | sources.Unreadable], wanted: int | None) -> int:
    """How many processes are to observe: as wanted, else one for small inputs and as many as there are cores."""
    if wanted is not None:
        return max(1, wanted)
    size = 0
    for source in found:
        if isinstance(source, sources.Source):
            packed = Path(source.path).suffix.lower() in {".gz", ".bz2", ".xz", ".zst", ".zip"}
            size += (source.size or 0) * (_PACKED if packed else 1)
    return max(1, _cores()) if size >= _SMALL else 1


def size(found: Sequence[sources.Source | sources.Unreadable]) -> int | None:
    """Bytes to be read; None where one of the inputs does not tell before it is read."""
    sizes = [source.flat() for source in found if isinstance(source, sources.Source)]
    return None if None in sizes else sum(s for s in sizes if s is not None)


def _cores() -> int:
    """Those that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


class Reader:
    """Reads sources one after the other, with several processes where that was asked for."""

    def __init__(self, how: How, processes: int = 1, told: Callable[[int, int], None] | None = None) -> None:
        """``told`` hears of every part: how many bytes it had, and how many failures at most."""
        self._how = how
        self._processes = processes
        self._told = told
        self._pool: ProcessPoolExecutor | None = None
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
            self._pool.shutdown(wait=True, cancel_futures=True)

    def read(self, source: sources.Source | sources.Unreadable) -> Log:
        """All that a source says; after an interrupt what it said up to there."""
        if isinstance(source, sources.Unreadable):
            return Log(path=source.path, error=_with_hint(source.reason, source.hint))
        total = _Sum(self.shared)
        with _contained(total):
            self._add(source, total)
        with _contained(total):
            return total.log(source)
        return Log(path=source.path, layout=total.layout, error=total.error, interrupted=total.interrupted)

    def _add(self, source: sources.Source, total: _Sum) -> None:
        try:
            for seen in self._seen(source, total):
                total.add(seen)
                if self._told is not None:
                    self._told(seen.read.bytes, seen.refusals())
        except KeyboardInterrupt:
            total.interrupted = True
        except (OSError, BrokenExecutor, MemoryError) as error:
            total.error = _with_hint(*_why(error))
            self._pool = None if isinstance(error, BrokenExecutor) else self._pool

    # ----------------------------------------------------------------- parts

    def _seen(self, source: sources.Source, total: _Sum) -> Iterator[Observed]:
        flat = source.flat()
        work: Iterator[Part | _Piece] = source.parts() if flat is None else _pieces(source, flat)
        first = next(work, None)
        if first is None:
            return
        head = first if isinstance(first, Part) else _read(first)
        later = () if flat is None else _later(source, flat)
        layout = sniff.sniff(head.data, source.path, self._how.format, later)
        total.layout = layout = replace(layout, encoding=source.encoding)
        if self._processes == 1:
            yield observe(head, layout, zone=self._how.zone)
            yield from (_observed(one, layout, self._how.zone) for one in work)
        else:
            yield from self._spread(head, work, layout)

    def _spread(self, head: Part, work: Iterator[Part | _Piece], layout: Layout) -> Iterator[Observed]:
        """Observe all but the head in other processes, in order; as many parts at once as keep them busy."""
        waiting = deque(self._submitted(one, layout) for one in islice(work, self._processes * _AHEAD - 1))
        yield observe(head, layout, zone=self._how.zone)
        for one in work:
            waiting.append(self._submitted(one, layout))
            yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _submitted(self, one: Part | _Piece, layout: Layout) -> Future[Observed]:
        return self._started().submit(_observed, one, layout, self._how.zone)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            import multiprocessing  # noqa: PLC0415 - one process is enough for most logs
            from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - see above

            import numpy  # noqa: F401, ICN001, PLC0415 - processes that are forked begin with it

            methods = multiprocessing.get_all_start_methods()
            context = multiprocessing.get_context("fork" if "fork" in methods else None)
            self._pool = ProcessPoolExecutor(self._processes, mp_context=context, initializer=_deaf)
        return self._pool


def _deaf() -> None:
    """An interrupt is for the process that the user started; it ends the others."""
    with contextlib.suppress(ValueError):  # not the main thread
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def _pieces(source: sources.Source, size: int) -> Iterator[_Piece]:
    for offset in range(0, size, sources.PART):
        length = min(sources.PART, size - offset)
        yield _Piece(str(source.file), source.path, offset, length, offset + length == size)


def _later(source: sources.Source, size: int) -> Iterator[bytes]:
    """Stretches of a file from behind its first part: another logger may begin there."""
    for n in range(1, _STRETCHES + 1):
        offset = max(sources.PART, size * n // _STRETCHES - _STRETCH)
        if offset + _STRETCH <= size:
            yield _read(_Piece(str(source.file), source.path, offset, _STRETCH, last=False)).data


_STRETCHES: Final = 12
_STRETCH: Final = 32 * 1024


def _read(piece: _Piece) -> Part:
    with Path(piece.file).open("rb", buffering=0) as file:
        file.seek(piece.offset)
        data = file.read(piece.size)
        while len(data) < piece.size and (more := file.read(piece.size - len(data))):
            data += more
    return Part(source=piece.path, data=data, offset=piece.offset, line=1, first=piece.offset == 0, last=piece.last)


def _observed(one: Part | _Piece, layout: Layout, zone: tzinfo) -> Observed:
    return observe(one if isinstance(one, Part) else _read(one), layout, zone=zone)


# --------------------------------------------------------------------------- sums


class _Sum:
    """What the parts of one source say together."""

    def __init__(self, shared: Shared) -> None:
        self.layout: Layout | None = None
        self.error: str | None = None
        self.interrupted = False
        self._all: Observed | None = None
        self._shared = shared
        self._lines = 0
        """Ended so far."""

    def add(self, seen: Observed) -> None:
        """The next part, observed as if it stood first."""
        seen, self._lines = seen.settled(self._shared, self._lines), self._lines + seen.read.lines
        self._all = seen if self._all is None else self._all + seen

    def log(self, source: sources.Source) -> Log:
        """All of it."""
        if self._all is None or self.layout is None:
            why = None if self.interrupted else self.error or _why_nothing(source)
            return Log(path=source.path, error=why, interrupted=self.interrupted)
        sightings, ledger = self._all.close()
        return Log(
            path=source.path,
            layout=self.layout,
            sightings=tuple(s for s in map(self._shared, sightings) if s is not None),
            ledger=ledger,
            exposed=self._all.exposed.close(),
            until=self._all.until,
            error=self.error or _why_partly(source),
            interrupted=self.interrupted,
        )


EMPTY: Final = "the file is empty"


@contextlib.contextmanager
def _contained(total: _Sum) -> Iterator[None]:
    """A defect of authlens that one log meets becomes that log's error: the others are read all the same.

    The only place where any exception is caught; its type is told, and nothing of what it says, which may be the log's.
    """
    try:
        yield
    except Exception as error:  # noqa: BLE001 - for the reason above
        total.error = _with_hint(f"a defect of authlens ({type(error).__name__}) ended the reading", _REPORT)


_REPORT: Final = "what stands before that place was read; please report it, if you can with a redacted copy of the log"


def _why_nothing(source: sources.Source) -> str:
    if source.binary:
        return "it is not text: no log format that is read here is binary"
    return _why_partly(source) or EMPTY


def _why_partly(source: sources.Source) -> str | None:
    if source.error is None:
        return None
    return _with_hint(str(source.error).removeprefix(f"{source.path}: "), source.error.hint)


def _why(error: BaseException) -> tuple[str, str]:
    if isinstance(error, BrokenExecutor):
        return "a process that read it died", "what stands before that place was read; try --jobs 1"
    if isinstance(error, MemoryError):
        return "there is not enough memory to read on", "what stands before that place was read"
    reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
    return reason, "what stands before that place was read"


def _with_hint(reason: str, hint: str) -> str:
    return f"{reason}; {hint}" if hint else reason
