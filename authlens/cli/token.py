"""``authlens token``: the same checks for one token."""

from __future__ import annotations

import os
import re
import select
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from authlens.cli import options
from authlens.cli.said import DONE, FOUND, UNUSABLE, say, show, width
from authlens.errors import InputError, UsageError
from authlens.options import Basis, Settings, names

if TYPE_CHECKING:
    from authlens.inspection import Inspection

_LONGEST = 1024 * 1024  # bytes of a file that holds a token
_PAUSE_S = 0.2  # a paste has none as long
_SHOWN = 12  # characters of what may be an opaque token
_LIBRARY = re.compile(r"[5-9]|\d{1,2}(?:\.\d{1,3}){1,3}", re.ASCII)


@options.takes((*names(Basis), "timezone", "show-values", "config"))
def token(
    chosen: Settings,
    jwt: Annotated[
        str | None,
        typer.Argument(metavar="JWT", help="A file, or - for standard input (not shown); or the token itself."),
    ] = None,
    *,
    scheme: Annotated[
        str | None, typer.Option("--scheme", metavar="NAME", help="Which of the API's schemes it is for.")
    ] = None,
    library: Annotated[
        str, typer.Option("--library", metavar="VERSION", help="Microsoft.IdentityModel: 6, 7, 8 or one like 7.1.2.")
    ] = "8",
    as_json: options.AsJson = False,
) -> int:
    """Checks one token; exit 1 if it would be refused."""
    if not _LIBRARY.fullmatch(library):
        raise UsageError(f"--library: “{library[:20]}” is no version.", hint="6, 7, 8 or a full one such as 7.1.2.")
    from authlens.inspection import inspect  # noqa: PLC0415 - a wrong option is known before anything is loaded

    found = inspect(_given(jwt), chosen, scheme=scheme, library=library)
    _print(found, chosen, as_json=as_json)
    say(*(f"authlens: {text}" for text in found.result.unusable))
    if found.result.unusable:
        return UNUSABLE
    return FOUND if found.judgement.valid is False else DONE


def _print(found: Inspection, chosen: Settings, *, as_json: bool) -> None:
    from authlens.reports import token as report  # noqa: PLC0415 - see above

    told = report.told(found, pseudonym_key=chosen.pseudonym_key, show_values=chosen.show_values)
    if as_json:
        sys.stdout.write(report.to_json(told))
    else:
        show(report.lines(told, width()))


# --------------------------------------------------------------------------- where the token is


def _given(jwt: str | None) -> str:
    """The text that holds the token: of standard input, of a file, or the argument."""
    if jwt is None or jwt == "-":
        return _hidden() if sys.stdin.isatty() else _decoded(sys.stdin.buffer.read(_LONGEST + 1), "standard input")
    if not _is_file(jwt):
        if not jwt.startswith("ey") and jwt.count(".") < 2 and len(jwt.split()) == 1:
            shown = jwt if len(jwt) <= _SHOWN else f"{jwt[:_SHOWN]}…"
            raise UsageError(f"{shown}: there is no such file, and it is no token.", hint="authlens token - reads one.")
        return jwt
    try:
        with Path(jwt).open("rb") as stream:
            return _decoded(stream.read(_LONGEST + 1), jwt)
    except OSError as error:
        raise InputError(
            f"{jwt}: cannot be read: {error.strerror or error}.", hint="Name a file with one token."
        ) from error


def _is_file(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # a token is longer than any name of a file
        return False


def _decoded(data: bytes, name: str) -> str:
    if len(data) > _LONGEST:
        raise InputError(f"{name}: is too large for one token (1 MiB at most).", hint="authlens scan reads logs.")
    return data.decode("utf-8-sig", "replace")


def _hidden() -> str:
    """What is pasted on a terminal, which does not show it."""
    try:
        import termios  # noqa: PLC0415 - only terminals of Unix have it
    except ImportError:
        import getpass  # noqa: PLC0415 - see above

        return getpass.getpass("Token (not shown): ")
    say("Token (not shown):")
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    quiet = termios.tcgetattr(descriptor)
    quiet[3] &= ~(termios.ECHO | termios.ICANON)  # a line that the terminal edits ends after 4,095 characters
    try:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, quiet)
        return _pasted(descriptor)
    finally:
        termios.tcsetattr(descriptor, termios.TCSAFLUSH, before)  # what came too late must not reach the shell


def _pasted(descriptor: int) -> str:
    """A line, and the further ones that a paste with line breaks in it brings at once."""
    data = b""
    while len(data) <= _LONGEST and (more := os.read(descriptor, 65_536)):
        data += more
        ended = data.endswith((b"\n", b"\x04"))
        if ended and not select.select([descriptor], [], [], _PAUSE_S)[0]:
            break
    return data.rstrip(b"\x04").decode("utf-8", "replace")
