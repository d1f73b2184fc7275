"""The main job, from logs to a diagnosis: read this file first.

sources → parts → observe(part) → sum → failures → evidence → conclude() → ScanResult: ``gathering`` has the first half.
Seeing and concluding are apart, because half of a diagnosis is in the rest of the log: ``observe`` sees one part and
names no cause; ``conclude`` sees all the evidence once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from authlens import knowledge
from authlens._version import __version__
from authlens.diagnosis import diagnose, evidence, exposures, groups, moments
from authlens.diagnosis.rule import Ruleset
from authlens.gathering import Gathered, gather
from authlens.knowledge import Knowledge
from authlens.model import Failure, Result
from authlens.options import ScanOptions, keywords
from authlens.parts.reader import Progress
from authlens.timings import Timings
from authlens.trust import expectations

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
        UsageError: A rule file is wrong, or there is no such format (exit code 2); nothing was read.
        NoInputError: No file matched, or every file was empty (exit code 4).
    """
    timings = timings or Timings()
    began = time.perf_counter()
    known = knowledge.read(options)
    timings.add("prepare", began)
    gathered = gather(paths, options, stdin=stdin, timings=timings, progress=progress)
    began = time.perf_counter()
    known.expect(gathered.failures)
    book = expectations.Book(known.expected)
    table = evidence.build(
        gathered.failures, book=book, documents=known.documents, given=known.secret, rest=gathered.rest
    )
    if witness is not None:
        witness(table, known.pack)
    result = conclude(table, known, gathered, options.now or datetime.now(UTC))
    timings.add("conclude", began)
    return result


@keywords(ScanOptions)
def scan(paths: Sequence[str | Path], options: ScanOptions) -> ScanResult:
    """Reads logs, finds every refused token once and names its root cause.

    ``scan(["app.log"], settings=["appsettings.json"], offline=True)``: what each keyword means stands at its field in
    :class:`~authlens.options.ScanOptions`.

    Raises:
        UsageError: A rule file is wrong, or there is no such format; nothing was read.
        NoInputError: No file matched, or every file was empty.
    """
    return run(paths, options)


def conclude(table: evidence.EvidenceTable, known: Knowledge, gathered: Gathered, now: datetime) -> ScanResult:
    """All the evidence, seen once: evidence table → rules → causes → groups."""
    rest = gathered.rest
    findings = diagnose.diagnose(table, known.pack)
    issuers = known.documents.all()
    happened = moments.find(findings, issuers, rest.starts)
    exposed = exposures.find(findings, issuers, now=now, around=gathered.around, documents=known.documents)
    return ScanResult(
        version=__version__,
        now=now,
        inputs=gathered.reports,
        findings=findings,
        groups=groups.build(findings, end=rest.last, moments=happened, alone=rest.alone),
        moments=happened,
        exposures=exposed,
        issuers=issuers,
        notes=(*gathered.notes, *known.notes),
        unusable=(*known.unusable, *gathered.unusable),
        interrupted=gathered.interrupted,
    )
