"""What the parts of one source say together, and what is said of the source where that is nothing or not all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from authlens.accepted import Stretch
from authlens.exposed import Exposed
from authlens.model import Frozen, Layout, Ledger
from authlens.observe import Observed
from authlens.reading.source import Source, Unreadable
from authlens.sightings import Shared, Sighting

Take = Callable[[Sequence[Sighting]], None]
"""Hears the sightings of one source, in their order, as soon as nothing can change them any more."""
EMPTY: Final = "the file is empty"
_BEFORE: Final = "what stands before that place was read"
_REPORT: Final = f"{_BEFORE}; please report it, if you can with a redacted copy of the log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What became of one source."""

    path: str
    layout: Layout | None = None
    ledger: Ledger = field(default_factory=Ledger)
    exposed: Exposed = field(default_factory=Exposed, repr=False)
    accepted: Mapping[str, Stretch] = field(default_factory=Frozen)
    """By scheme, the requests that were accepted."""
    until: datetime | None = None
    """When its last record was written, as far as its end shows that."""
    error: str | None = None
    """Why it, or the rest of it, could not be read."""
    interrupted: bool = False


class Sum:
    """Takes the parts of one source in their order."""

    def __init__(self, source: Source, shared: Shared, take: Take) -> None:
        """``shared`` are the statements of all sources; ``take`` hears of the sightings."""
        self.layout: Layout | None = None
        self.error: str | None = None
        """Why it ended before the source did."""
        self.interrupted = False
        self._source = source
        self._all: Observed | None = None
        self._shared = shared
        self._take = take

    def add(self, seen: Observed, lines: int = 0) -> None:
        """The next part, which stands so many lines further down than it knows."""
        seen = seen.settled(self._shared, lines)
        self._all, sure = (seen if self._all is None else self._all + seen).released()
        self._give(sure)

    def close(self) -> Log:
        """Nothing comes any more."""
        if self._all is None or self.layout is None:
            why = None if self.interrupted else self.error or _why_nothing(self._source)
            return Log(path=self._source.path, error=why, interrupted=self.interrupted)
        sightings, ledger = self._all.close()
        self._give(sightings)
        return Log(
            path=self._source.path,
            layout=self.layout,
            ledger=ledger,
            exposed=self._all.exposed.close(),
            accepted=self._all.accepted.close(),
            until=self._all.until,
            error=self.error or _why_partly(self._source),
            interrupted=self.interrupted,
        )

    def _give(self, sightings: Sequence[Sighting]) -> None:
        """With shared statements also in those of the records that a border cut."""
        self._take([s for s in map(self._shared, sightings) if s is not None])

    def broken(self) -> Log:
        """What is left to say where ``close`` met a defect."""
        return Log(path=self._source.path, layout=self.layout, error=self.error, interrupted=self.interrupted)


def unreadable(source: Unreadable) -> Log:
    """Of a source that could not be opened."""
    return Log(path=source.path, error=_with_hint(source.reason, source.hint))


# --------------------------------------------------------------------------- why


def why(error: BaseException) -> str:
    """What ended the reading, as a log's error."""
    if isinstance(error, BrokenExecutor):
        return _with_hint("a process that read it died", f"{_BEFORE}; try --jobs 1")
    if isinstance(error, MemoryError):
        return _with_hint("there is not enough memory to read on", _BEFORE)
    reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
    return _with_hint(reason, _BEFORE)


def defect(error: Exception) -> str:
    """The same of a defect of authlens: its type, and nothing of what it says, which may be the log's."""
    return _with_hint(f"a defect of authlens ({type(error).__name__}) ended the reading", _REPORT)


def _why_nothing(source: Source) -> str:
    if source.binary:
        return "it is not text: no log format that is read here is binary"
    return _why_partly(source) or EMPTY


def _why_partly(source: Source) -> str | None:
    if source.error is None:
        return None
    return _with_hint(str(source.error).removeprefix(f"{source.path}: "), source.error.hint)


def _with_hint(reason: str, hint: str) -> str:
    return f"{reason}; {hint}" if hint else reason
