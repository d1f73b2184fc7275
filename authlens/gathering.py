"""What the inputs say: sources → sightings → failures, each once, and what else their records show.

One log is joined while it is read. Of several it is known only afterwards which of them are one log, in which order,
and what was read twice: their sightings wait until all have been read.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from authlens import rotation, zones
from authlens.besides import Besides
from authlens.diagnosis.evidence_course import Rest
from authlens.diagnosis.exposures import Around
from authlens.errors import NoInputError
from authlens.exposed import MOST
from authlens.failures.joiner import Joiner
from authlens.model import Amount, Failure, Frozen, InputReport
from authlens.options import ScanOptions
from authlens.parts import pieces
from authlens.parts.reader import How, Progress, Reader
from authlens.parts.sums import EMPTY, Log, Take
from authlens.reading import sources
from authlens.reading.source import PassedOver, Source, Unreadable
from authlens.sightings import AROUND, Shared, Sighting
from authlens.timings import Timings

_SHOWN: Final = 12
_ZONE: Final = (
    "the times carry no zone; messages that print UTC beside them show that they are {}, and they are read so"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Which failures are asked for, by their time; those without one are always."""

    since: datetime | None = None
    until: datetime | None = None

    def holds(self, at: datetime | None) -> bool:
        """Whether a failure of that moment is asked for; the end is not."""
        if at is None:
            return True
        return (self.since is None or at >= self.since) and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What the inputs gave."""

    failures: tuple[Failure, ...]
    """Those of the period that was asked for."""
    reports: tuple[InputReport, ...]
    notes: tuple[str, ...]
    unusable: tuple[str, ...]
    interrupted: bool
    rest: Rest
    around: Around
    """What records show that tell of no failure."""


def gather(
    paths: Sequence[str | Path],
    options: ScanOptions,
    *,
    stdin: BinaryIO | None = None,
    timings: Timings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Gathered:
    """Reads all inputs.

    Args:
        paths: Files, folders, compressed files or ``-``.
        options: How to read them, and the period that is asked for.
        stdin: What ``-`` reads.
        timings: Filled with seconds by stage.
        progress: Called after every part that was read.

    Raises:
        NoInputError: No file matched, or every file was empty.
    """
    timings = timings or Timings()
    began = time.perf_counter()
    passed: list[PassedOver] = []
    found = sources.find([str(p) for p in paths], stdin, passed)
    told = _Told(Period(since=options.since, until=options.until))
    inputs, limits = _read(found, options, told, progress)
    timings.add("observe", began)
    began = time.perf_counter()
    arranged = _joined(inputs, told)
    timings.add("join", began)
    logs = [one.log for at, one in enumerate(inputs) if at not in arranged.copies]
    if told.period == Period():  # of a token outside of all records no time is known
        for log in logs:
            told.around.show(log.exposed)
            limits += _exposed_in_part(log)
    ahead = zones.offset(told.failures) if options.timezone == UTC else None
    if ahead is not None:
        told.failures = zones.settled(told.failures, ahead)
        limits.append(_ZONE.format(zones.name(ahead)))
    reports = _reports(inputs, arranged.copies, told, ahead or timedelta())
    unusable = tuple(f"{r.path}: {r.error}" for r in reports if r.error not in (None, EMPTY))
    interrupted = any(one.log.interrupted for one in inputs)
    if not unusable and not interrupted and not any(r.ledger.read.bytes for r in reports):
        raise _no_input(paths, found)
    return Gathered(
        failures=told.asked(),
        reports=reports,
        notes=(*_passed(passed), *limits, *arranged.notes, *_undated(told)),
        unusable=unusable,
        interrupted=interrupted,
        rest=told.besides.rest(logs, reports, ahead or timedelta()),
        around=told.around,
    )


def _no_input(paths: Sequence[str | Path], found: Sequence[object]) -> NoInputError:
    where = ", ".join(str(p) for p in paths)
    what = "every file is empty" if found else "no log file there"
    return NoInputError(f"{where}: {what}", hint="Name a log file, a folder that holds some, or - for standard input.")


# --------------------------------------------------------------------------- what sightings tell


class _Told:
    """What the records tell, taken in log by log in the order in which they were written."""

    def __init__(self, period: Period) -> None:
        self.period = period
        self.failures: list[Failure] = []
        """Of all times."""
        self.around = Around()
        self.besides = Besides()
        self._joiner = Joiner()

    def file(self, path: str) -> None:
        """The next file of one log is taken in."""
        self.besides.file(path)

    def take(self, sightings: Sequence[Sighting]) -> None:
        """The next records of a file."""
        for s in sightings:
            self._joiner.feed(s)
        self.besides.see(sightings)
        self.around.see(s for s in sightings if self.period.holds(s.time))

    def end(self) -> None:
        """One log is through."""
        self.failures += self._joiner.close()
        self._joiner = Joiner()
        self.besides.end()

    def asked(self) -> tuple[Failure, ...]:
        """The failures of the period."""
        return tuple(f for f in self.failures if self.period.holds(f.time))


class _Input:
    """One source: what became of it, what its records add up to, and those that have to wait."""

    def __init__(self) -> None:
        self.log = Log(path="")
        self.sightings: list[Sighting] = []
        self.telling = 0
        """Records that tell of a refusal or of the library."""
        self.first: datetime | None = None
        self.last: datetime | None = None

    @property
    def path(self) -> str:
        return self.log.path

    @property
    def size(self) -> Amount:
        return self.log.ledger.read

    def count(self, sightings: Sequence[Sighting]) -> None:
        """Takes the next of its records."""
        self.telling += sum(s.role not in AROUND for s in sightings)
        times = [s.time for s in sightings if s.time is not None]
        if times:
            self.first = min(times if self.first is None else (self.first, *times))
            self.last = max(times if self.last is None else (self.last, *times))

    def keep(self, sightings: Sequence[Sighting]) -> None:
        """They are joined when all inputs have been read."""
        self.count(sightings)
        self.sightings += sightings


# --------------------------------------------------------------------------- reading and joining


def _read(
    found: Sequence[Source | Unreadable],
    options: ScanOptions,
    told: _Told,
    progress: Callable[[Progress], None] | None,
) -> tuple[list[_Input], list[str]]:
    """Every input, and which limits were met; after an interrupt none is begun any more."""
    inputs: list[_Input] = []
    how = How(format=options.format, zone=options.timezone)
    heard = _heard(pieces.total(found), progress) if progress is not None else None
    with Reader(how, pieces.jobs(found, options.jobs), heard) as reader:
        for source in found:
            one = _Input()
            take = one.keep if len(found) > 1 else _joining(source.path, one, told)
            stopped = bool(inputs) and inputs[-1].log.interrupted
            one.log = Log(path=source.path, interrupted=True) if stopped else reader.read(source, take)
            inputs.append(one)
    return inputs, _limits(reader.shared)


def _joining(path: str, one: _Input, told: _Told) -> Take:
    told.file(path)

    def take(sightings: Sequence[Sighting]) -> None:
        one.count(sightings)
        told.take(sightings)

    return take


def _heard(total: int | None, progress: Callable[[Progress], None]) -> Callable[[int, int], None]:
    done = failures = 0

    def heard(size: int, refusals: int) -> None:
        nonlocal done, failures
        done, failures = done + size, failures + refusals
        progress(Progress(done=done, total=total, failures=failures))

    return heard


def _joined(inputs: Sequence[_Input], told: _Told) -> rotation.Arranged:
    """Ends the only log, or joins the logs that several inputs are."""
    if len(inputs) == 1:
        told.end()
        return rotation.Arranged(series=())
    arranged = rotation.arrange(inputs)
    for series in arranged.series:
        for at, sightings in series.members:
            told.file(inputs[at].path)
            told.take(sightings)
        told.end()
    return arranged


# --------------------------------------------------------------------------- what is said of the inputs


def _limits(shared: Shared) -> list[str]:
    if not shared.left_out:
        return []
    more = f"there are more than {shared.most} different messages"
    return [f"{more}: of {shared.left_out} further records only the codes are kept, not the values"]


def _exposed_in_part(log: Log) -> list[str]:
    if len(log.exposed.counts) < MOST:
        return []
    return [
        f"{log.path} holds {MOST} different tokens or more: whether they are still valid was asked of the last {MOST}"
    ]


def _passed(passed: Sequence[PassedOver]) -> list[str]:
    """Which files of folders and archives were not read as logs, by the reason."""
    paths: dict[str, list[str]] = {}
    for one in passed:
        paths.setdefault(one.reason, []).append(one.path)
    return [
        f"not read as logs, since {reason}: {', '.join(named[:_SHOWN])}{', …' if len(named) > _SHOWN else ''}"
        for reason, named in sorted(paths.items())
    ]


def _undated(told: _Told) -> list[str]:
    if told.period == Period():
        return []
    count = sum(f.time is None for f in told.failures)
    return [f"{count} failures have no time and are kept, whatever period was asked for"] if count else []


def _reports(
    inputs: Sequence[_Input], copies: frozenset[int], told: _Told, ahead: timedelta
) -> tuple[InputReport, ...]:
    """What became of each input: its records are failures, their repeats, what only informs, and context."""
    begun: Counter[str] = Counter(f.origin.path for f in told.failures)
    filtered: Counter[str] = Counter(f.origin.path for f in told.failures if not told.period.holds(f.time))
    repeats: Counter[str] = Counter(link.path for f in told.failures for link in f.links)
    seen: set[str] = set()
    out = []
    for at, one in enumerate(inputs):
        log = one.log
        if at in copies or log.path in seen:
            out.append(_copy(log))
            continue
        seen.add(log.path)
        out.append(
            InputReport(
                path=log.path,
                layout=log.layout,
                ledger=log.ledger,
                failures=begun[log.path] - filtered[log.path],
                repeats=repeats[log.path],
                informational=max(0, one.telling - begun[log.path] - repeats[log.path]),
                filtered=filtered[log.path],
                first=zones.utc(one.first, ahead),
                last=zones.utc(max((t for t in (one.last, log.until) if t is not None), default=None), ahead),
                error=log.error,
            )
        )
    return tuple(out)


def _copy(log: Log) -> InputReport:
    """An input whose content was read before: all of it is skipped."""
    ledger = replace(log.ledger, used=Amount(), skipped=Frozen({"read twice": log.ledger.read}), records=0)
    return InputReport(path=log.path, layout=log.layout, ledger=ledger, error=log.error)
