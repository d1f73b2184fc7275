"""The command line: alone prints, reads the environment and exits.

Exit codes (the same for every command): 0 done, nothing at or above ``--fail-on``; 1 failures or exposures there;
2 wrong usage, nothing was read; 3 an input or a file given by option could not be used; 4 no input;
130 interrupted. 3 beats 1.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from authlens._version import __version__
from authlens.cli import bundle, codes, options, redact, rules, said, scan, token
from authlens.errors import AuthlensError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=options.HELP,
)


def main() -> None:
    """Runs the command line and exits."""
    gc.set_threshold(_OBJECTS)
    code = run(sys.argv[1:])
    gc.freeze()  # at its end Python would look for cycles among all that is left, though the process frees it anyhow
    sys.exit(code)


_OBJECTS = 200_000
"""A scan makes millions of objects that live to its end and hardly a cycle: they are looked through less often."""


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
        said.complain(error)
        return error.exit_code
    except typer.TyperException as error:
        text = error.format_message()
        if text.startswith("Usage:"):  # a command that needs another word shows which there are
            said.say(text)
        else:
            command = getattr(getattr(error, "ctx", None), "command_path", "authlens")
            said.say(f"authlens: {text}", f"{command} --help lists what there is.")
        return said.USAGE
    except (KeyboardInterrupt, typer.Abort):
        return said.interrupted()
    except BrokenPipeError:
        _mute()
        return said.DONE
    except OSError as error:  # files' errors are told where they arise, but for a path that cannot be one
        if error.filename is not None:
            said.say(f"authlens: {error.strerror}: {str(error.filename)[:80]}…", "Give the path of a file or folder.")
            return said.UNUSABLE
        _mute()
        said.say(f"authlens: cannot write to standard output: {error.strerror or error}.")
        return said.UNUSABLE
    return code if isinstance(code, int) else said.DONE


def _mute() -> None:
    """What is left in the buffer goes nowhere, or Python complains when it flushes."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _version(wanted: bool) -> None:
    if wanted:
        print(f"authlens {__version__}")  # noqa: T201 - the command line prints
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Finds the root cause of every token that a .NET API refused, from its logs."""


app.command(cls=options.Command)(scan.scan)
app.command(cls=options.Command)(token.token)
app.command(cls=options.Command)(codes.codes)
app.command(cls=options.Command)(bundle.bundle)
app.add_typer(rules.app, name="rules")
app.command(cls=options.Command)(redact.redact)
