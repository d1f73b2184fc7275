"""What every command says in the same way: exit codes, words on both streams, files written whole."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final, TextIO

from authlens.errors import AuthlensError, Fault, FaultsError

DONE: Final = 0
FOUND: Final = 1
USAGE: Final = 2
UNUSABLE: Final = 3
NO_INPUT: Final = 4
INTERRUPTED: Final = 130

Write = Callable[[TextIO], None]


def say(*lines: str) -> None:
    """Prints on standard error, where nothing steers and no token is whole; empty lines are left out."""
    from authlens.redact import mask  # noqa: PLC0415 - --version needs none of it
    from authlens.reports.wording import visible  # noqa: PLC0415 - see above

    for line in lines:
        if line:
            print(visible(mask(line, blobs=False), lines=True), file=sys.stderr)  # noqa: T201 - the command line prints


def show(lines: Iterable[str]) -> None:
    """Prints on standard output."""
    from authlens.reports.lines import printable  # noqa: PLC0415 - --version needs none of it

    for line in lines:
        print(printable(line, sys.stdout.encoding))  # noqa: T201 - the command line prints


def complain(error: AuthlensError) -> None:
    """What, why and what to type next."""
    if isinstance(error, FaultsError):
        say(*(_place(fault) for fault in sorted(error.faults)), error.hint)
    else:
        say(f"authlens: {error}", error.hint)


def _place(fault: Fault) -> str:
    return str(fault) if fault.line else f"{fault.path}: {fault.message}"


def interrupted() -> int:
    """Says that nothing came of it."""
    say("authlens: interrupted; no report was written.")
    return INTERRUPTED


def width() -> int:
    """Columns for text that people read."""
    import shutil  # noqa: PLC0415 - only text for people has a width

    from authlens.reports.lines import readable  # noqa: PLC0415 - see above

    return readable(shutil.get_terminal_size().columns)


def written(path: str, write: Write) -> str | None:
    """Writes a file, ``-`` being standard output; returns what went wrong, in a sentence."""
    if path == "-":
        write(sys.stdout)
        return None
    try:
        _replace(Path(path), write)
    except OSError as error:
        return f"cannot write {path}: {error.strerror or error}."
    return None


def _replace(path: Path, write: Write) -> None:
    """Writes beside the file and then takes its place: no one sees half a report."""
    if path.exists() and not path.is_file():  # /dev/null, a pipe
        with path.open("w", encoding="utf-8", newline="\n") as out:
            write(out)
        return
    path = Path(os.path.realpath(path))  # what a link leads to is written, and the link stays
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    out = beside.open("x", encoding="utf-8", newline="\n")  # never what someone else has put there, such as a link
    try:
        with out:
            if path.exists():
                beside.chmod(path.stat().st_mode)
            write(out)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
