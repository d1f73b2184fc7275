"""``authlens redact``: a copy of a log that can be shared."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from authlens.cli import options
from authlens.cli.said import DONE, UNUSABLE, say, written
from authlens.errors import InputError, NoInputError, UsageError
from authlens.options import Settings

if TYPE_CHECKING:  # loading the types takes longer than all that --version does
    from authlens.reading.source import Source
    from authlens.reports.copy import Copier

_HINT = "authlens redact app.log -o shared.log"


@options.takes(("config", "quiet"))
def redact(
    chosen: Settings,
    path: Annotated[str | None, typer.Argument(metavar="PATH", help="A log, compressed or not, or -.")] = None,
    *,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", show_default=False, help="What to write [default: standard output]."
        ),
    ] = "-",
) -> int:
    """Copies a log without tokens, keys and personal values."""
    if path is None and sys.stdin.isatty():
        raise UsageError("there is nothing to read.", hint=f"Name a log file: {_HINT}")
    from authlens.reports import copy  # noqa: PLC0415 - a wrong option is known before anything is loaded

    source = _source(path or "-", output)
    copier = copy.Copier(key=chosen.pseudonym_key)
    if source.file is not None:
        for line in copy.lines(source.parts()):
            copier.learn(line)

    lines = _lines(source, copier)
    first = list(islice(lines, 1))  # a file that is there stays as it is where nothing takes its place
    if source.binary:
        raise InputError(f"{path or '-'}: is not text.", hint=f"Name a log file: {_HINT}")
    if not first and source.error is None:
        raise NoInputError(f"{path or '-'}: is empty.", hint=f"Name a log file: {_HINT}")

    def write(out: TextIO) -> None:
        copy.write(chain(first, lines), copier, out)

    failed = written(output, write) if first else None
    fault = str(source.error) if source.error is not None else None
    say(*(f"authlens: {text}" for text in (fault, failed) if text))
    if not chosen.quiet:
        say(copy.told(copier.tally))
    return UNUSABLE if fault or failed else DONE


def _lines(source: Source, copier: Copier) -> Iterator[str]:
    """The lines; those of a pipe, which comes by only once, are learnt from on the way."""
    from authlens.reports import copy  # noqa: PLC0415 - see above

    for line in copy.lines(source.parts()):
        if source.file is None:
            copier.learn(line)
        yield line


def _source(path: str, output: str) -> Source:
    from authlens.reading import sources  # noqa: PLC0415 - see above
    from authlens.reading.source import Unreadable  # noqa: PLC0415 - see above

    found = sources.find([path], sys.stdin.buffer)
    if len(found) != 1:
        held = f"holds {len(found)} logs" if found else "holds no log"
        raise UsageError(f"{path}: {held}; one can be copied at a time.", hint=f"Name one: {_HINT}")
    (source,) = found
    if isinstance(source, Unreadable):
        raise InputError(f"{source.path}: {source.reason}.", hint=f"Name a log file: {_HINT}")
    if source.file is not None and output != "-" and Path(output).exists() and Path(output).samefile(source.file):
        raise UsageError(f"{output}: is the log itself.", hint=f"Write to another file: {_HINT}")
    return source
