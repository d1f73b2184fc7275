"""The main job, from logs to a diagnosis: read this file first.

sources → parts → observe(part) → sum → failures → conclude() → ScanResult. Seeing and concluding are apart,
because half of a diagnosis is in the rest of the log: ``observe`` sees one part and names no cause;
``conclude`` sees all the evidence once.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from authlens import knowledge, parts, rotation
from authlens._version import __version__
from authlens.diagnosis import diagnose, evidence, evidence_secrets, exposures, groups, moments
from authlens.diagnosis.evidence_course import Rest
from authlens.diagnosis.rule import Ruleset
from authlens.errors import NoInputError
from authlens.exposed import MOST
from authlens.failures import join
from authlens.model import Amount, Failure, Frozen, InputReport, Result, Role
from authlens.options import ScanOptions, keywords
from authlens.parts import Progress
from authlens.reading import sources
from authlens.sightings import AROUND, Shared
from authlens.trust import documents, expectations

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult(Result):
    """A :class:`~authlens.model.Result` that can be written as JSON or looked at as a table."""

    def to_json(self, *, pseudonym_key: str | None = None, show_values: bool = False) -> str:
        """The document ``authlens.scan/1``; equal results give equal text."""
        from authlens.reports.document import to_json  # noqa: PLC0415 - reports are loaded when one is asked for

        return to_json(self, pseudonym_key=pseudonym_key, show_values=show_values)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Every failure, log by log in the order of the records."""
        return tuple(f.failure for f in self.findings)

    def to_frame(self) -> pd.DataFrame:
        """One row a failure: time, code, cause, scheme, issuer and what else is one value."""
        import pandas as pd  # noqa: PLC0415 - half a second that only this call needs

        return pd.DataFrame([_row(f.id, f.cause, str(f.confidence), f.failure) for f in self.findings])


def _row(identity: str, cause: str, confidence: str, failure: Failure) -> dict[str, object]:
    said = {k: v for k, v in failure.fields.items() if not isinstance(v, (list, dict))}
    return {
        "id": identity,
        "time": failure.time,
        "code": failure.code,
        "cause": cause,
        "confidence": confidence,
        "scheme": failure.scheme,
        "request_id": failure.request_id,
        "path": failure.origin.path,
        "line": failure.origin.line,
        **said,
    }


@dataclass(slots=True)
class Timings:
    """Seconds of wall clock by stage."""

    stages: dict[str, float] = field(default_factory=dict)

    def add(self, stage: str, began: float) -> None:
        """Adds what has passed since ``began`` (``time.perf_counter``) to a stage."""
        self.stages[stage] = self.stages.get(stage, 0.0) + time.perf_counter() - began


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


@dataclass(slots=True)
class _Gathered:
    """What the inputs gave."""

    failures: list[Failure] = field(default_factory=list)
    reports: list[InputReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)
    interrupted: bool = False
    rest: Rest = field(default_factory=Rest)
    around: exposures.Around = field(default_factory=exposures.Around)
    """What records show that tell of no failure."""


def run(
    paths: Sequence[str | Path],
    options: ScanOptions,
    *,
    stdin: BinaryIO | None = None,
    timings: Timings | None = None,
    progress: Callable[[Progress], None] | None = None,
    witness: Callable[[evidence.EvidenceTable, Ruleset], None] | None = None,
) -> ScanResult:
    """:func:`scan`, for callers that watch it.

    Args:
        paths: Files, folders, compressed files or ``-``.
        options: All else.
        stdin: What ``-`` reads.
        timings: Filled with seconds by stage.
        progress: Called after every part that was read.
        witness: Shown the evidence that the rules were held against, for those who ask why.

    Raises:
        UsageError: A rule file is wrong (exit code 2); nothing was read.
        NoInputError: No file matched, or every file was empty (exit code 4).
    """
    timings = timings or Timings()
    began = time.perf_counter()
    known = knowledge.read(options)
    timings.add("prepare", began)
    gathered = _gather(paths, options, stdin=stdin, timings=timings, progress=progress)
    began = time.perf_counter()
    known.expect(gathered.failures)
    result = conclude(
        gathered.failures,
        book=expectations.Book(known.expected),
        known=known.documents,
        pack=known.pack,
        now=options.now or datetime.now(UTC),
        witness=witness,
        given=known.secret,
        around=gathered.around,
        rest=gathered.rest,
    )
    timings.add("conclude", began)
    return replace(
        result,
        notes=(*gathered.notes, *known.notes),
        inputs=tuple(gathered.reports),
        unusable=(*known.unusable, *gathered.unusable),
        interrupted=gathered.interrupted,
    )


@keywords(ScanOptions)
def scan(paths: Sequence[str | Path], options: ScanOptions) -> ScanResult:
    """Reads logs, finds every refused token once and names its root cause.

    ``scan(["app.log"], settings=["appsettings.json"], offline=True)``: what each keyword means stands at its field in
    :class:`~authlens.options.ScanOptions`.

    Raises:
        UsageError: A rule file is wrong; nothing was read.
        NoInputError: No file matched, or every file was empty.
    """
    return run(paths, options)


def conclude(
    failures: Sequence[Failure],
    *,
    book: expectations.Book,
    known: documents.Documents,
    pack: Ruleset,
    now: datetime,
    witness: Callable[[evidence.EvidenceTable, Ruleset], None] | None = None,
    given: evidence_secrets.Given | None = None,
    around: exposures.Around | None = None,
    rest: Rest | None = None,
) -> ScanResult:
    """All the evidence, seen once: failures → evidence table → rules → causes → groups."""
    rest = rest or Rest()
    table = evidence.build(failures, book=book, documents=known, given=given, rest=rest)
    if witness is not None:
        witness(table, pack)
    findings = diagnose.diagnose(table, pack)
    issuers = known.all()
    happened = moments.find(findings, issuers, rest.starts)
    return ScanResult(
        version=__version__,
        now=now,
        findings=findings,
        groups=groups.build(findings, end=rest.last, moments=happened, alone=rest.alone),
        moments=happened,
        exposures=exposures.find(findings, issuers, now=now, around=around, documents=known),
        issuers=issuers,
    )


# --------------------------------------------------------------------------- what the inputs say


def _gather(
    paths: Sequence[str | Path],
    options: ScanOptions,
    *,
    stdin: BinaryIO | None,
    timings: Timings,
    progress: Callable[[Progress], None] | None,
) -> _Gathered:
    out = _Gathered()
    period = Period(since=options.since, until=options.until)
    how = parts.How(format=options.format, zone=options.timezone)
    began = time.perf_counter()
    passed: list[str] = []
    found = sources.find([str(p) for p in paths], stdin, passed)
    logs, limits = _read(how, found, parts.jobs(found, options.jobs), progress)
    timings.add("observe", began)
    began = time.perf_counter()
    arranged = rotation.arrange(logs)
    joined = [
        f for series in arranged.series for f in join(chain.from_iterable(sightings for _, sightings in series.members))
    ]
    out.failures = [f for f in joined if period.holds(f.time)]
    for series in arranged.series:
        for _, sightings in series.members:
            out.around.see(s for s in sightings if period.holds(s.time))
    if period == Period():  # of a token outside of all records no time is known
        for log in (log for at, log in enumerate(logs) if at not in arranged.copies):
            out.around.show(log.exposed)
            limits += _exposed_in_part(log)
    timings.add("join", began)
    out.interrupted = any(log.interrupted for log in logs)
    out.notes = [*_passed(passed), *limits, *arranged.notes, *_undated(out.failures, period)]
    out.reports = _reports(logs, arranged.copies, joined, period)
    out.rest = _rest(arranged, out.reports)
    out.unusable = [f"{r.path}: {r.error}" for r in out.reports if r.error not in (None, parts.EMPTY)]
    if not out.unusable and not out.interrupted and not any(r.ledger.read.bytes for r in out.reports):
        where = ", ".join(str(p) for p in paths)
        what = "every file is empty" if found else "no log file there"
        raise NoInputError(
            f"{where}: {what}", hint="Name a log file, a folder that holds some, or - for standard input."
        )
    return out


def _read(
    how: parts.How,
    found: Sequence[sources.Source | sources.Unreadable],
    processes: int,
    progress: Callable[[Progress], None] | None,
) -> tuple[list[parts.Log], list[str]]:
    """What every source says, and which limits were met; after an interrupt none is begun any more."""
    done = failures = 0
    total = parts.size(found)

    def told(size: int, refusals: int) -> None:
        nonlocal done, failures
        done, failures = done + size, failures + refusals
        if progress is not None:
            progress(Progress(done=done, total=total, failures=failures))

    logs: list[parts.Log] = []
    with parts.Reader(how, processes, told if progress is not None else None) as reader:
        for source in found:
            stopped = bool(logs) and logs[-1].interrupted
            logs.append(parts.Log(path=source.path, interrupted=True) if stopped else reader.read(source))
    return logs, _limits(reader.shared)


def _limits(shared: Shared) -> list[str]:
    if not shared.left_out:
        return []
    more = f"there are more than {shared.most} different messages"
    return [f"{more}: of {shared.left_out} further records only the codes are kept, not the values"]


def _exposed_in_part(log: parts.Log) -> list[str]:
    if len(log.exposed.counts) < MOST:
        return []
    return [
        f"{log.path} holds {MOST} different tokens or more: whether they are still valid was asked of the last {MOST}"
    ]


def _rest(arranged: rotation.Arranged, reports: Sequence[InputReport]) -> Rest:
    """What the logs show besides refusals."""
    seen = [s for series in arranged.series for _, sightings in series.members for s in sightings]
    accepted = [s for s in seen if s.role is Role.SUCCESS]
    return Rest(
        first=min((r.first for r in reports if r.first is not None), default=None),
        last=max((r.last for r in reports if r.last is not None), default=None),
        starts=tuple(sorted({s.time for s in seen if s.role is Role.START and s.time is not None})),
        alone=len(arranged.series) == 1 and len({(s.host, s.stream) for s in seen}) == 1,
        accepted=len(accepted),
        accepted_last=max((s.time for s in accepted if s.time is not None), default=None),
        accepting=frozenset(s.scheme for s in accepted if s.scheme),
    )


def _passed(passed: Sequence[str]) -> list[str]:
    """Which files of a folder were not read as logs."""
    if not passed:
        return []
    names = ", ".join(passed[:_SHOWN]) + (", …" if len(passed) > _SHOWN else "")
    return [f"not read as logs, since they hold settings, keys or reports: {names}"]


_SHOWN = 12


def _undated(failures: Sequence[Failure], period: Period) -> list[str]:
    if period == Period():
        return []
    count = sum(f.time is None for f in failures)
    return [f"{count} failures have no time and are kept, whatever period was asked for"] if count else []


def _reports(
    logs: Sequence[parts.Log], copies: frozenset[int], failures: Sequence[Failure], period: Period
) -> list[InputReport]:
    """What became of each input: its records are failures, their repeats, what only informs, and context."""
    begun: Counter[str] = Counter(f.origin.path for f in failures)
    filtered: Counter[str] = Counter(f.origin.path for f in failures if not period.holds(f.time))
    repeats: Counter[str] = Counter(link.path for f in failures for link in f.links)
    seen: set[str] = set()
    out = []
    for at, log in enumerate(logs):
        if at in copies or log.path in seen:
            out.append(_copy(log))
            continue
        seen.add(log.path)
        telling = sum(s.role not in AROUND for s in log.sightings)
        times = [s.time for s in log.sightings if s.time is not None]
        until = [log.until] if log.until is not None else []
        out.append(
            InputReport(
                path=log.path,
                layout=log.layout,
                ledger=log.ledger,
                failures=begun[log.path] - filtered[log.path],
                repeats=repeats[log.path],
                informational=max(0, telling - begun[log.path] - repeats[log.path]),
                filtered=filtered[log.path],
                first=min(times, default=None),
                last=max(times + until, default=None),
                error=log.error,
            )
        )
    return out


def _copy(log: parts.Log) -> InputReport:
    """An input whose content was read before: all of it is skipped."""
    ledger = replace(log.ledger, used=Amount(), skipped=Frozen({"read twice": log.ledger.read}), records=0)
    return InputReport(path=log.path, layout=log.layout, ledger=ledger, error=log.error)
