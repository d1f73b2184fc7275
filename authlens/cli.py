"""The command line: alone prints, reads the environment and exits.

Exit codes (the same for every command): 0 done, nothing at or above ``--fail-on``; 1 failures or exposures there;
2 wrong usage, nothing was read; 3 an input or a file given by option could not be used; 4 no input;
130 interrupted. 3 beats 1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer
from typer.core import TyperCommand

from authlens._version import __version__
from authlens.errors import AuthlensError, Fault, FaultsError, UsageError

if TYPE_CHECKING:  # loading the types takes longer than all that --version does
    from authlens.config import Settings
    from authlens.model import Result, Severity
    from authlens.pipeline import Timings
    from authlens.reports.document import Document
    from authlens.reports.writers import Writer

DONE, FOUND, USAGE, UNUSABLE, NO_INPUT, INTERRUPTED = 0, 1, 2, 3, 4, 130

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Runs the command line and exits."""
    sys.exit(run(sys.argv[1:]))


def run(args: Sequence[str]) -> int:
    """Runs one command.

    Args:
        args: Without the program's name.

    Returns:
        The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a narrow locale must not end the run
    try:
        code = app(list(args), prog_name="authlens", standalone_mode=False)
        sys.stdout.flush()
    except AuthlensError as error:
        _complain(error)
        return error.exit_code
    except typer.TyperException as error:
        text = error.format_message()
        if text.startswith("Usage:"):  # a command that needs another word shows which there are
            _say(text)
        else:
            _say(f"authlens: {text}", "authlens --help lists commands and options.")
        return USAGE
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes
        return DONE
    return code if isinstance(code, int) else DONE


def _interrupted() -> int:
    _say("authlens: interrupted; no report was written.")
    return INTERRUPTED


def exit_code(result: Result, fail_on: Severity | None) -> int:
    """What a finished scan exits with."""
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
    found = (thing.severity for things in (result.findings, result.exposures) for thing in things)
    return FOUND if any(severity in counted for severity in found) else DONE


# --------------------------------------------------------------------------- what goes to standard error


def _say(*lines: str) -> None:
    for line in lines:
        if line:
            print(line, file=sys.stderr)  # noqa: T201 - this module alone prints


def _complain(error: AuthlensError) -> None:
    """What, why and what to type next."""
    if isinstance(error, FaultsError):
        _say(*(_place(fault) for fault in sorted(error.faults)), error.hint)
    else:
        _say(f"authlens: {error}", error.hint)


def _place(fault: Fault) -> str:
    return str(fault) if fault.line else f"{fault.path}: {fault.message}"


# --------------------------------------------------------------------------- authlens


def _version(wanted: bool) -> None:
    if wanted:
        print(f"authlens {__version__}")  # noqa: T201 - this module alone prints
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Finds the root cause of every token that a .NET API refused, from its logs."""


class _AllFaults(TyperCommand):
    """A command that reports unknown options together with whatever else is wrong."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Takes unknown options out of ``args`` and keeps them for the command to report."""
        takes = {name: not getattr(p, "is_flag", False) for p in self.params for name in (*p.opts, *p.secondary_opts)}
        known, unknown = _sorted_out(args, takes)
        ctx.obj = [_unknown(option, takes) for option in unknown]
        return list(super().parse_args(ctx, known))


def _sorted_out(args: Sequence[str], takes: Mapping[str, bool]) -> tuple[list[str], list[str]]:
    """Arguments that are understood, and long options that are not."""
    known: list[str] = []
    unknown: list[str] = []
    rest = iter(args)
    for arg in rest:
        name, equals, _ = arg.partition("=")
        if arg == "--":
            known += (arg, *rest)
        elif not arg.startswith("--") or name in takes or name == "--help":
            known.append(arg)
            if takes.get(name) and not equals:
                known += [value for value in [next(rest, None)] if value is not None]
        else:
            unknown.append(name)
    return known, unknown


def _unknown(option: str, takes: Iterable[str]) -> Fault:
    import difflib  # noqa: PLC0415 - only a mistake needs it

    near = difflib.get_close_matches(option, list(takes), n=1, cutoff=0.7)
    meant = f" Did you mean {near[0]}?" if near else ""
    return Fault(path=option, line=0, message=f"there is no such option.{meant}")


# --------------------------------------------------------------------------- authlens scan


@app.command(cls=_AllFaults)
def scan(
    ctx: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH", help="Files, folders, .gz .bz2 .xz .zst .zip, or - for standard input."),
    ] = None,
    *,
    html: Annotated[str | None, typer.Option("--html", metavar="FILE", help="Write a page for people.")] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the result for programs; - is standard output.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--settings", metavar="FILE", help="The API's appsettings.json; repeatable.")
    ] = None,
    bundle: Annotated[
        list[str] | None, typer.Option("--bundle", metavar="FILE", help="Documents recorded earlier; repeatable.")
    ] = None,
    jwks: Annotated[
        list[str] | None, typer.Option("--jwks", metavar="[ISSUER=]FILE", help="A key set; repeatable.")
    ] = None,
    offline: Annotated[bool | None, typer.Option("--offline", help="Open no socket.")] = None,
    config_file: Annotated[
        str | None,
        typer.Option("--config", metavar="FILE", help="Options; else ./authlens.toml or ./pyproject.toml."),
    ] = None,
    rules: Annotated[
        list[str] | None, typer.Option("--rules", metavar="PATH", help="Further rule files or folders; repeatable.")
    ] = None,
    no_default_rules: Annotated[
        bool | None, typer.Option("--no-default-rules", help="Without the rules that are shipped.")
    ] = None,
    log_format: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="Do not guess the log's format.")
    ] = None,
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="LEVEL", help="Exit 1 from this severity on [default: low]; none for never."),
    ] = None,
    now: Annotated[
        str | None, typer.Option("--now", metavar="TIME", help="The present [default: SOURCE_DATE_EPOCH, the clock].")
    ] = None,
    timezone: Annotated[
        str | None, typer.Option("--timezone", metavar="ZONE", help="For times without one [default: UTC].")
    ] = None,
    show_values: Annotated[
        bool | None, typer.Option("--show-values", help="Personal values instead of pseudonyms; never secrets.")
    ] = None,
    quiet: Annotated[bool | None, typer.Option("--quiet", "-q", help="Print errors only.")] = None,
    verbose: Annotated[bool | None, typer.Option("--verbose", "-v", help="Print everything that was found.")] = None,
    no_color: Annotated[bool | None, typer.Option("--no-color", help="Print without colour.")] = None,
    timings: Annotated[bool | None, typer.Option("--timings", help="Print how long each stage took.")] = None,
) -> int:
    """Reads logs and diagnoses every token that was refused."""
    given = {
        "html": html,
        "json": json,
        "settings": settings,
        "bundle": bundle,
        "jwks": jwks,
        "offline": offline,
        "config": config_file,
        "rules": rules,
        "no-default-rules": no_default_rules,
        "format": log_format,
        "fail-on": fail_on,
        "now": now,
        "timezone": timezone,
        "show-values": show_values,
        "quiet": quiet,
        "verbose": verbose,
        "no-color": no_color,
        "timings": timings,
    }
    flags = {name: value for name, value in given.items() if value is not None and value != []}
    return _scan(paths or [], flags, ctx.obj or [])


def _scan(paths: list[str], flags: Mapping[str, object], faults: list[Fault]) -> int:
    if not paths and not sys.stdin.isatty():
        paths = ["-"]
    elif not paths:
        raise UsageError("there is nothing to read.", hint="Name a log file or a folder: authlens scan app.log")
    chosen = _chosen(flags, faults)
    from authlens import pipeline  # noqa: PLC0415 - a wrong option is known before anything is loaded

    timings = pipeline.Timings()
    try:
        result = _run_scan(pipeline.scan, paths, chosen, timings)
    except KeyboardInterrupt:  # typer would end the run without a word
        return _interrupted()
    code = _report(result, chosen)
    if chosen.timings:
        _say(*(f"{seconds:8.3f} s  {stage}" for stage, seconds in timings.stages.items()))
    return code


def _run_scan(scan: Callable[..., Result], paths: Sequence[str], chosen: Settings, timings: Timings) -> Result:
    return scan(
        paths,
        settings=chosen.settings,
        bundles=chosen.bundle,
        jwks=chosen.jwks,
        apis=chosen.apis,
        offline=chosen.offline,
        rules=chosen.rules,
        default_rules=chosen.default_rules,
        format=chosen.format,
        now=chosen.now,
        timezone=chosen.timezone,
        stdin=sys.stdin.buffer,
        timings=timings,
    )


def _chosen(flags: Mapping[str, object], faults: list[Fault]) -> Settings:
    """The options; where they are wrong, what is wrong with the rules is reported with them."""
    from authlens import config  # noqa: PLC0415 - see _scan

    try:
        chosen = config.load(flags, os.environ, Path(), faults=faults)
    except FaultsError as error:
        given = flags.get("rules")
        raise _with_rules(error, [str(path) for path in given] if isinstance(given, list) else []) from error
    if not chosen.quiet:
        _say(*(f"authlens: {text}" for text in chosen.unknown))
    return chosen


def _with_rules(error: FaultsError, rules: Sequence[str]) -> FaultsError:
    if not rules:
        return error
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only a mistake needs it this early

    try:
        ruleset.load([Path(path) for path in rules])
    except FaultsError as also:
        return FaultsError((*error.faults, *also.faults), hint=error.hint)
    except UsageError as also:
        return FaultsError((*error.faults, Fault(path="--rules", line=0, message=str(also))), hint=error.hint)
    return error


# --------------------------------------------------------------------------- what a scan says


def _report(result: Result, chosen: Settings) -> int:
    """Writes the reports, prints the summary, and says what could not be used."""
    from authlens.reports.document import Document  # noqa: PLC0415 - see _scan

    parts = Document(result, pseudonym_key=chosen.pseudonym_key, show_values=chosen.show_values)
    failed = _write(parts, chosen.reports)
    if not chosen.quiet:
        out = sys.stderr if "-" in chosen.reports.values() else sys.stdout
        _summary(parts, out, no_color=chosen.no_color, verbose=chosen.verbose)
    _say(*(f"authlens: {text}" for text in (*result.unusable, *failed)))
    if result.unusable and not chosen.quiet:
        _say("All else was read and is reported; scan again once this can be used.")
    return max(exit_code(result, chosen.fail_on), UNUSABLE if failed else DONE)


def _write(parts: Document, reports: Mapping[str, str]) -> list[str]:
    """Writes each report that was asked for; returns what went wrong."""
    from authlens.reports.writers import WRITERS  # noqa: PLC0415 - see _scan

    failed = []
    for writer in WRITERS:
        path = reports.get(writer.name)
        if path == "-":
            writer.write(parts, sys.stdout)
        elif path is not None:
            try:
                _replace(Path(path), writer, parts)
            except OSError as error:
                failed.append(f"cannot write {path}: {error.strerror or error}.")
    return failed


def _replace(path: Path, writer: Writer, parts: Document) -> None:
    """Writes beside the file and then takes its place: no one sees half a report."""
    if path.exists() and not path.is_file():  # /dev/null, a pipe
        with path.open("w", encoding="utf-8", newline="\n") as out:
            writer.write(parts, out)
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as out:
            writer.write(parts, out)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


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


# --------------------------------------------------------------------------- authlens codes


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        print(line)  # noqa: T201 - this module alone prints


def _width() -> int:
    import shutil  # noqa: PLC0415 - only text for people has a width

    return max(40, min(shutil.get_terminal_size().columns, 110))


_Json = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def codes(
    words: Annotated[list[str] | None, typer.Argument(metavar="CODE|TEXT", help="A code, or words to search.")] = None,
    *,
    as_json: _Json = False,
) -> int:
    """Explains a code, or lists the codes that hold the words."""
    from authlens.catalogue import codes as catalogue  # noqa: PLC0415 - only this command needs it
    from authlens.catalogue.templates import known  # noqa: PLC0415 - see above
    from authlens.reports import codes as report  # noqa: PLC0415 - see above

    text = " ".join(words or ())
    one = catalogue.lookup(text) if text else None
    if one is not None:
        found: Sequence[catalogue.Entry] = (one,)
    elif text:
        found = catalogue.search(text)
    else:
        found = [entry for entry in map(catalogue.lookup, sorted(known())) if entry is not None]
    if not found:
        raise UsageError(
            f"the catalogue holds nothing of “{text[:60]}”.",
            hint="A newer library may have brought the code. Search by words of its text: authlens codes audience",
        )
    if as_json:
        sys.stdout.write(report.to_json(found))
    else:
        _print(report.explained(one, _width()) if one is not None else report.listed(found, _width()))
    return DONE


# --------------------------------------------------------------------------- authlens rules

_rules = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Checks, tries and lists rules and what they may ask."
)
app.add_typer(_rules, name="rules")

_Packs = Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Rule files or folders.")]
_Alone = Annotated[bool, typer.Option("--no-default-rules", help="Without the rules that are shipped.")]


@_rules.command("check")
def _rules_check(paths: _Packs = None, *, no_default_rules: _Alone = False) -> int:
    """Finds all faults of rule files; exit 2 if there are any."""
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only rules need it
    from authlens.reports import rules as report  # noqa: PLC0415 - see above

    found = ruleset.check([Path(p) for p in paths or ()], default=not no_default_rules)
    _print(report.checked(found))
    return USAGE if found.faults else DONE


@_rules.command("test")
def _rules_test(paths: _Packs = None, *, no_default_rules: _Alone = False) -> int:
    """Tries the examples that rules carry; exit 1 if one fails."""
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only rules need it
    from authlens.reports import rules as report  # noqa: PLC0415 - see above

    results = ruleset.run_tests(ruleset.load([Path(p) for p in paths or ()], default=not no_default_rules))
    _print(report.tested(results))
    return DONE if all(result.passed for result in results) else FOUND


@_rules.command("list")
def _rules_list(paths: _Packs = None, *, no_default_rules: _Alone = False, as_json: _Json = False) -> int:
    """Lists rules by cause, the one that wins first."""
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only rules need it
    from authlens.reports import rules as report  # noqa: PLC0415 - see above

    pack = ruleset.load([Path(p) for p in paths or ()], default=not no_default_rules)
    if as_json:
        sys.stdout.write(report.listed_json(pack))
    else:
        _print(report.listed(pack, _width()))
    return DONE


@_rules.command("fields")
def _rules_fields(*, as_json: _Json = False) -> int:
    """Lists what a rule may ask about."""
    from authlens.reports import rules as report  # noqa: PLC0415 - only this command needs it

    if as_json:
        sys.stdout.write(report.fields_json())
    else:
        _print(report.fields(_width()))
    return DONE
