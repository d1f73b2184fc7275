"""The main job, from logs to a diagnosis: read this file first.

sources → parts → observe(part) → sum → failures → conclude() → ScanResult. Seeing and concluding are apart,
because half of a diagnosis is in the rest of the log: ``observe`` sees one part and names no cause;
``conclude`` sees all the evidence once.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from authlens._version import __version__
from authlens.diagnosis import diagnose, evidence, exposures, groups, ruleset
from authlens.diagnosis.rule import Ruleset
from authlens.errors import NoInputError
from authlens.failures import join
from authlens.model import Failure, InputReport, Layout, Ledger, Result, Role
from authlens.observe import Observed, observe
from authlens.reading import sources
from authlens.reading.formats import sniff
from authlens.sightings import Sighting
from authlens.trust import documents, expectations, fetch, fetch_http
from authlens.trust.history import History

if TYPE_CHECKING:
    import pandas as pd

_EMPTY = "the file is empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult(Result):
    """A :class:`~authlens.model.Result` that can be written as JSON or looked at as a table."""

    def to_json(self, *, pseudonym_key: str | None = None, show_values: bool = False) -> str:
        """The document ``authlens.scan/1``; equal results give equal text."""
        from authlens.reports.document import to_json  # noqa: PLC0415 - reports are loaded when one is asked for

        return to_json(self, pseudonym_key=pseudonym_key, show_values=show_values)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Every failure, in order of time."""
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
class _Reading:
    """How inputs are to be read."""

    format: str | None
    zone: tzinfo
    timings: Timings


@dataclass(slots=True)
class _Gathered:
    """What the inputs gave."""

    failures: list[Failure] = field(default_factory=list)
    reports: list[InputReport] = field(default_factory=list)
    unusable: list[str] = field(default_factory=list)


def scan(
    paths: Sequence[str | Path],
    *,
    settings: Sequence[str | Path] = (),
    bundles: Sequence[str | Path] = (),
    jwks: Sequence[str | Path] = (),
    apis: Sequence[Mapping[str, object]] = (),
    offline: bool = False,
    online: bool = False,
    allow_issuers: Sequence[str] = (),
    ca_bundle: str | Path | None = None,
    cache: str | Path | None = None,
    rules: Sequence[str | Path] = (),
    default_rules: bool = True,
    format: str | None = None,  # noqa: A002 - the option's own name
    now: datetime | None = None,
    timezone: tzinfo = UTC,
    stdin: BinaryIO | None = None,
    timings: Timings | None = None,
) -> ScanResult:
    """Reads logs, finds every refused token once and names its root cause.

    Args:
        paths: Files, folders, compressed files or ``-``.
        settings: ``appsettings.json`` files, later ones over earlier ones.
        bundles: Documents recorded earlier (``authlens.bundle/1``).
        jwks: Key sets, each ``FILE`` or ``ISSUER=FILE``.
        apis: ``[[api]]`` tables of the configuration.
        offline: Open no socket; a cache is read where one is named.
        online: Ask also for issuers seen in the log, where the vendor list knows their host.
        allow_issuers: Further issuers to ask for; ``*`` stands for one host label or one path segment.
        ca_bundle: Further certificate authorities, PEM.
        cache: Folder of fetched documents and their history; none is kept when None.
        rules: Rule files or folders on top of the pack.
        default_rules: Use the pack that is shipped.
        format: The log's format; guessed when None.
        now: The present, for lifetimes; the clock when None.
        timezone: For timestamps that carry none.
        stdin: What ``-`` reads.
        timings: Filled with seconds by stage.

    Raises:
        UsageError: A rule file is wrong (exit code 2); nothing was read.
        NoInputError: No file matched, or every file was empty (exit code 4).
    """
    timings = timings or Timings()
    began = time.perf_counter()
    pack = ruleset.load([Path(p) for p in rules], default=default_rules)
    told = expectations.read_settings([str(p) for p in settings])
    configured = (*expectations.from_config(apis), *told.expectations)
    network = _network(offline=offline, online=online, allowed=allow_issuers, ca_bundle=ca_bundle, cache=cache)
    known = documents.Documents(bundles=bundles, jwks=[str(p) for p in jwks], network=network, configured=configured)
    unusable = [*map(str, told.faults), *(f"{e} {e.hint}".strip() for e in known.errors)]
    timings.add("prepare", began)
    gathered = _gather(_Reading(format=format, zone=timezone, timings=timings), paths, stdin)
    at = now or datetime.now(UTC)
    began = time.perf_counter()
    book = expectations.Book.of(configured, gathered.failures)
    result = conclude(gathered.failures, book=book, known=known, pack=pack, now=at)
    timings.add("conclude", began)
    notes = (*told.notes, *result.notes, *(network.notes if network is not None else ()))
    return replace(result, notes=notes, inputs=tuple(gathered.reports), unusable=tuple(unusable + gathered.unusable))


def conclude(
    failures: Sequence[Failure],
    *,
    book: expectations.Book,
    known: documents.Documents,
    pack: Ruleset,
    now: datetime,
) -> ScanResult:
    """All the evidence, seen once: failures → evidence table → rules → causes → groups."""
    table = evidence.build(failures, book=book, documents=known, now=now)
    findings = diagnose.diagnose(table, pack)
    return ScanResult(
        version=__version__,
        now=now,
        findings=findings,
        groups=groups.build(findings),
        exposures=exposures.find(findings, known.all(), now=now),
        issuers=known.all(),
        notes=tuple(f"{issuer}: {why}" for issuer, why in known.unavailable()),
    )


def _network(
    *, offline: bool, online: bool, allowed: Sequence[str], ca_bundle: str | Path | None, cache: str | Path | None
) -> fetch.Fetcher | None:
    """Who fetches documents, under which policy; None where no socket and no cache may be opened."""
    if offline and cache is None:
        return None
    return fetch.Fetcher(
        fetch.Policy(offline=offline, online=online, allowed=fetch.allow(allowed)),
        history=History(cache) if cache is not None else None,
        client=fetch_http.Client(ca_bundle=str(ca_bundle) if ca_bundle is not None else None),
    )


# --------------------------------------------------------------------------- what the inputs say


def _gather(how: _Reading, paths: Sequence[str | Path], stdin: BinaryIO | None) -> _Gathered:
    out = _Gathered()
    found = sources.find([str(p) for p in paths], stdin)
    for source in found:
        report, failures = _input(how, source)
        out.reports.append(report)
        out.failures += failures
        if report.error not in (None, _EMPTY):
            out.unusable.append(f"{report.path}: {report.error}")
    if not out.unusable and not any(r.ledger.read.bytes for r in out.reports):
        where = ", ".join(str(p) for p in paths)
        what = "every file is empty" if found else "no log file there"
        raise NoInputError(
            f"{where}: {what}", hint="Name a log file, a folder that holds some, or - for standard input."
        )
    return out


def _input(how: _Reading, source: sources.Source | sources.Unreadable) -> tuple[InputReport, tuple[Failure, ...]]:
    if isinstance(source, sources.Unreadable):
        return InputReport(path=source.path, layout=None, error=_with_hint(source.reason, source.hint)), ()
    began = time.perf_counter()
    layout, observed = _observe(how, source)
    how.timings.add("observe", began)
    if layout is None or observed is None:
        return InputReport(path=source.path, layout=None, error=_why_nothing(source)), ()
    sightings, ledger = observed.close()
    began = time.perf_counter()
    failures = join(sightings)
    how.timings.add("join", began)
    return _report(source, layout, ledger, sightings, failures), failures


def _observe(how: _Reading, source: sources.Source) -> tuple[Layout | None, Observed | None]:
    layout: Layout | None = None
    total: Observed | None = None
    for part in source.parts():
        if layout is None:
            layout = replace(sniff.sniff(part.data, source.path, how.format), encoding=source.encoding)
        seen = observe(part, layout, zone=how.zone)
        total = seen if total is None else total + seen
    return layout, total


def _why_nothing(source: sources.Source) -> str:
    if source.binary:
        return "it is not text: no log format that is read here is binary"
    return _why_partly(source) or _EMPTY


def _why_partly(source: sources.Source) -> str | None:
    if source.error is None:
        return None
    return _with_hint(str(source.error).removeprefix(f"{source.path}: "), source.error.hint)


def _with_hint(reason: str, hint: str) -> str:
    return f"{reason}; {hint}" if hint else reason


def _report(
    source: sources.Source,
    layout: Layout,
    ledger: Ledger,
    sightings: Sequence[Sighting],
    failures: Sequence[Failure],
) -> InputReport:
    times = [s.time for s in sightings if s.time is not None]
    repeats = sum(f.repeats for f in failures)
    telling = [s for s in sightings if s.role not in (Role.FINISH, Role.START, Role.SUCCESS)]
    return InputReport(
        path=source.path,
        layout=layout,
        ledger=ledger,
        failures=len(failures),
        repeats=repeats,
        informational=max(0, len(telling) - len(failures) - repeats),
        first=min(times, default=None),
        last=max(times, default=None),
        error=_why_partly(source),
    )
