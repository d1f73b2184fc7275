"""``authlens scan``: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from authlens.cli import options, progress
from authlens.cli.said import DONE, FOUND, INTERRUPTED, NO_INPUT, UNUSABLE, interrupted, say, written
from authlens.errors import Fault, UsageError

if TYPE_CHECKING:  # loading the types takes longer than all that --version does
    from authlens.config import Settings
    from authlens.model import Result, Severity
    from authlens.pipeline import ScanResult
    from authlens.reports.baseline import Baseline
    from authlens.reports.document import Document

_Report = str | None


def scan(
    ctx: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Files, folders, .gz .bz2 .xz .zst .zip, or - for standard input."),
    ] = None,
    *,
    html: Annotated[_Report, typer.Option("--html", metavar="FILE", help="Write a page for people.")] = None,
    json: Annotated[
        _Report, typer.Option("--json", metavar="FILE", help="Write the result for programs; - is standard output.")
    ] = None,
    jsonl: Annotated[_Report, typer.Option("--jsonl", metavar="FILE", help="Write one failure a line.")] = None,
    csv: Annotated[_Report, typer.Option("--csv", metavar="FILE", help="Write one row a failure.")] = None,
    markdown: Annotated[
        _Report, typer.Option("--markdown", metavar="FILE", help="Write the answer for a ticket or a pull request.")
    ] = None,
    sarif: Annotated[_Report, typer.Option("--sarif", metavar="FILE", help="Write SARIF 2.1.0.")] = None,
    junit: Annotated[_Report, typer.Option("--junit", metavar="FILE", help="Write JUnit XML, a case a cause.")] = None,
    prometheus: Annotated[
        _Report, typer.Option("--prometheus", metavar="FILE", help="Write metrics for the textfile collector.")
    ] = None,
    settings: options.SettingsFiles = None,
    bundle: options.Bundles = None,
    jwks: options.Jwks = None,
    online: options.Online = None,
    offline: options.Offline = None,
    allow_issuer: options.AllowIssuer = None,
    ca_bundle: options.CaBundle = None,
    secret_file: options.SecretFile = None,
    cache: options.Cache = None,
    config_file: options.Config = None,
    rules: options.Rules = None,
    no_default_rules: options.NoDefaultRules = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only from then on: a time, a date, 2h, 7d.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only before then, likewise.")] = None,
    log_format: options.Format = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="LEVEL", help="Exit 1 from this severity on [default: low]; none for never."),
    ] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="FILE", help="An earlier --json: only what is new counts.")
    ] = None,
    now: options.Now = None,
    timezone: options.Timezone = None,
    jobs: Annotated[
        str | None, typer.Option("--jobs", metavar="N", help="Processes [default: 1 below 64 MiB, else the cores].")
    ] = None,
    show_values: options.ShowValues = None,
    quiet: Annotated[bool | None, typer.Option("--quiet", "-q", help="Print errors only.")] = None,
    verbose: Annotated[bool | None, typer.Option("--verbose", "-v", help="Print everything that was found.")] = None,
    no_color: Annotated[bool | None, typer.Option("--no-color", help="Print without colour.")] = None,
    timings: Annotated[bool | None, typer.Option("--timings", help="Print how long each stage took.")] = None,
) -> int:
    """Reads logs and diagnoses every token that was refused."""
    flags = options.given(locals())
    return _scan(paths or [], flags, ctx.obj or [])


def _scan(paths: list[str], flags: Mapping[str, object], faults: list[Fault]) -> int:
    paths = inputs(paths)
    chosen = options.chosen(flags, faults)
    from authlens import pipeline  # noqa: PLC0415 - a wrong option is known before anything is loaded

    known = _baseline(chosen)
    timings = pipeline.Timings()
    line = progress.line(quiet=chosen.quiet)
    try:
        with line:
            result = run(paths, chosen, timings=timings, since=chosen.since, until=chosen.until, progress=line.told)
    except KeyboardInterrupt:  # typer would end the run without a word
        return interrupted()
    code = _report(result, chosen, known)
    if chosen.timings:
        say(*(f"{seconds:8.3f} s  {stage}" for stage, seconds in timings.stages.items()))
    return code


def inputs(paths: list[str]) -> list[str]:
    """What is read; standard input where nothing is named and it is no terminal."""
    if paths:
        return paths
    if sys.stdin.isatty():
        raise UsageError("there is nothing to read.", hint="Name a log file or a folder: authlens scan app.log")
    return ["-"]


def _baseline(chosen: Settings) -> Baseline | None:
    if chosen.baseline is None:
        return None
    from authlens.reports import baseline  # noqa: PLC0415 - only those who have one need it

    return baseline.read(chosen.baseline)


def run(paths: Sequence[str], chosen: Settings, **further: Any) -> ScanResult:
    """Scans as the options say.

    Args:
        paths: What is read.
        chosen: The options.
        further: Passed on to ``pipeline.scan``.
    """
    from authlens import pipeline  # noqa: PLC0415 - see _scan

    return pipeline.scan(
        paths,
        settings=chosen.settings,
        bundles=chosen.bundle,
        jwks=chosen.jwks,
        apis=chosen.apis,
        offline=chosen.offline,
        online=chosen.online,
        allow_issuers=chosen.allow_issuer,
        ca_bundle=chosen.ca_bundle,
        secret=chosen.secret,
        cache=chosen.cache,
        rules=chosen.rules,
        default_rules=chosen.default_rules,
        format=chosen.format,
        now=chosen.now,
        timezone=chosen.timezone,
        jobs=chosen.jobs,
        stdin=sys.stdin.buffer,
        **further,
    )


# --------------------------------------------------------------------------- what a scan says


def exit_code(result: Result, fail_on: Severity | None, known: Baseline | None = None) -> int:
    """What a finished scan exits with; what is known from a baseline does not count."""
    if result.interrupted:
        return INTERRUPTED
    if result.unusable:
        return UNUSABLE
    if not any(report.ledger.read.bytes for report in result.inputs):
        return NO_INPUT
    if fail_on is None:
        return DONE
    from authlens.model import Severity  # noqa: PLC0415 - see _scan

    severities = tuple(Severity)
    counted = severities[: severities.index(fail_on) + 1]
    found = [f.severity for f in result.findings if known is None or f.id not in known.failures]
    found += [e.severity for e in result.exposures if known is None or e.id not in known.exposures]
    return FOUND if any(severity in counted for severity in found) else DONE


def _report(result: Result, chosen: Settings, known: Baseline | None) -> int:
    """Writes the reports, prints the summary, and says what could not be used."""
    from authlens.reports.document import Document  # noqa: PLC0415 - see _scan

    parts = Document(result, pseudonym_key=chosen.pseudonym_key, show_values=chosen.show_values, baseline=known)
    failed = _write(parts, chosen.reports)
    if not chosen.quiet:
        out = sys.stderr if "-" in chosen.reports.values() else sys.stdout
        _summary(parts, out, no_color=chosen.no_color, verbose=chosen.verbose)
    say(*(f"authlens: {text}" for text in (*result.unusable, *failed)))
    if result.unusable and not chosen.quiet:
        say("All else was read and is reported; scan again once this can be used.")
    return max(exit_code(result, chosen.fail_on, known), UNUSABLE if failed else DONE)


def _write(parts: Document, reports: Mapping[str, str]) -> list[str]:
    """Writes each report that was asked for; returns what went wrong."""
    from authlens.reports.writers import WRITERS  # noqa: PLC0415 - see _scan

    wanted = [(reports[writer.name], partial(writer.write, parts)) for writer in WRITERS if writer.name in reports]
    faults = (written(path, write) for path, write in wanted)
    return [fault for fault in faults if fault is not None]


def _summary(parts: Document, out: TextIO, *, no_color: bool, verbose: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - only those who print need it

    from authlens.reports import terminal  # noqa: PLC0415 - see _scan

    plain = no_color or bool(os.environ.get("NO_COLOR"))
    forced = bool(os.environ.get("FORCE_COLOR")) and not plain
    console = Console(
        file=out,
        color_system=None if plain else "auto",
        force_terminal=True if forced else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
    terminal.show(parts, console, verbose=verbose)
