"""``authlens scan``: the main job."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from authlens.cli import options, progress
from authlens.cli.said import DONE, FOUND, INTERRUPTED, NO_INPUT, UNUSABLE, interrupted, say, written
from authlens.errors import UsageError
from authlens.options import OPTIONS, Settings

if TYPE_CHECKING:  # loading the types takes longer than all that --version does
    from authlens.model import Result, Severity
    from authlens.reports.baseline import Baseline
    from authlens.reports.document import Document


@options.takes(OPTIONS)
def scan(
    chosen: Settings,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="A log, a folder, .gz .bz2 .xz .zst .zip, or -."),
    ] = None,
) -> int:
    """Reads logs and diagnoses every token that was refused."""
    read = inputs(paths or [])
    _spare(read, chosen)
    from authlens import pipeline  # noqa: PLC0415 - a wrong option is known before anything is loaded
    from authlens.timings import Timings  # noqa: PLC0415 - see above

    known = _baseline(chosen)
    timings = Timings()
    line = progress.line(quiet=chosen.quiet)
    try:
        with line:
            result = pipeline.run(read, chosen, stdin=sys.stdin.buffer, timings=timings, progress=line.told)
    except KeyboardInterrupt:  # typer would end the run without a word
        return interrupted()
    code = _report(result, chosen, known)
    if chosen.timings:
        say(*(f"{seconds:8.3f} s  {stage}" for stage, seconds in timings.stages.items()))
    return code


def inputs(paths: list[str]) -> list[str]:
    """What is read; standard input where nothing is named and it is no terminal."""
    if any(map(_is_token, paths)):
        raise UsageError("a token is no log file.", hint="authlens token - reads one, from standard input.")
    if paths:
        return paths
    if sys.stdin.isatty():
        raise UsageError("there is nothing to read.", hint="Name a log file or a folder: authlens scan app.log")
    return ["-"]


def _is_token(path: str) -> bool:
    """Whether a token was given as a path: it must not stand in a report as the name of a log."""
    from authlens.redact import mask  # noqa: PLC0415 - a wrong option is known before anything is loaded

    return mask(path, blobs=False).startswith("[token ")


def _spare(paths: Sequence[str], chosen: Settings) -> None:
    """No report may take the place of what is read; a baseline may be renewed."""
    old = {name: report for name, report in chosen.reports.items() if report != "-" and Path(report).is_file()}
    if not old:
        return
    from authlens.trust.bundles import split_spec  # noqa: PLC0415 - only where a report is already there

    key_sets = (split_spec(str(key_set))[1] for key_set in chosen.jwks)
    single = (one for one in (chosen.ca_bundle, chosen.config) if one is not None)
    given = map(Path, (*chosen.settings, *chosen.bundles, *key_sets, *chosen.rules, *single))
    read = [path for path in (*_logs(paths), *given) if path.is_file()]
    for name, report in old.items():
        if any(path.samefile(report) for path in read):
            raise UsageError(f"--{name} {report}: would take the place of what is read.", hint="Name another file.")


def _logs(paths: Sequence[str]) -> Iterator[Path]:
    """The files that are read: those named, those in folders, and archives for their members."""
    from authlens.reading import sources  # noqa: PLC0415 - only where a report is already there

    for source in sources.find([path for path in paths if path != "-"]):
        path = Path(source.path)
        yield from (path, *path.parents)


def _baseline(chosen: Settings) -> Baseline | None:
    if chosen.baseline is None:
        return None
    from authlens.reports import baseline  # noqa: PLC0415 - only those who have one need it

    return baseline.read(chosen.baseline)


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
    from authlens.model import Severity  # noqa: PLC0415 - see above

    severities = tuple(Severity)
    counted = severities[: severities.index(fail_on) + 1]
    found = [f.severity for f in result.findings if known is None or f.id not in known.failures]
    found += [e.severity for e in result.exposures if known is None or e.id not in known.exposures]
    return FOUND if any(severity in counted for severity in found) else DONE


def _report(result: Result, chosen: Settings, known: Baseline | None) -> int:
    """Writes the reports, prints the summary, and says what could not be used."""
    from authlens.reports.document import Document  # noqa: PLC0415 - see above

    parts = Document(
        result,
        pseudonym_key=chosen.pseudonym_key,
        show_values=chosen.show_values,
        baseline=known,
        jobs=chosen.jobs,
    )
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
    from authlens.reports.writers import WRITERS  # noqa: PLC0415 - see above

    wanted = [(reports[writer.name], partial(writer.write, parts)) for writer in WRITERS if writer.name in reports]
    faults = (written(path, write) for path, write in wanted)
    return [fault for fault in faults if fault is not None]


def _summary(parts: Document, out: TextIO, *, no_color: bool, verbose: bool) -> None:
    from rich.console import Console  # noqa: PLC0415 - only those who print need it

    from authlens.reports import terminal  # noqa: PLC0415 - see above

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
