"""``authlens rules``: what is wrong with rules, what they do, and why they did it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from authlens.cli import options
from authlens.cli.said import DONE, FOUND, USAGE, show, width

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Checks, tries, explains and lists rules and what they may ask."
)

_Packs = Annotated[list[str] | None, typer.Argument(metavar="PATH", help="Rule files or folders.")]
_Alone = Annotated[bool, typer.Option("--no-default-rules", help="Without the rules that are shipped.")]


@app.command("check")
def _check(paths: _Packs = None, *, no_default_rules: _Alone = False) -> int:
    """Finds all faults of rule files; exit 2 if there are any."""
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only rules need it
    from authlens.reports import rules as report  # noqa: PLC0415 - see above

    found = ruleset.check([Path(p) for p in paths or ()], default=not no_default_rules)
    show(report.checked(found))
    return USAGE if found.faults else DONE


@app.command("test")
def _test(paths: _Packs = None, *, no_default_rules: _Alone = False) -> int:
    """Tries the examples that rules carry; exit 1 if one fails."""
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only rules need it
    from authlens.reports import rules as report  # noqa: PLC0415 - see above

    results = ruleset.run_tests(ruleset.load([Path(p) for p in paths or ()], default=not no_default_rules))
    show(report.tested(results))
    return DONE if all(result.passed for result in results) else FOUND


@app.command("list")
def _list(paths: _Packs = None, *, no_default_rules: _Alone = False, as_json: options.AsJson = False) -> int:
    """Lists rules by cause, the one that wins first."""
    from authlens.diagnosis import ruleset  # noqa: PLC0415 - only rules need it
    from authlens.reports import rules as report  # noqa: PLC0415 - see above

    pack = ruleset.load([Path(p) for p in paths or ()], default=not no_default_rules)
    if as_json:
        sys.stdout.write(report.listed_json(pack))
    else:
        show(report.listed(pack, width()))
    return DONE


@app.command("fields")
def _fields(*, as_json: options.AsJson = False) -> int:
    """Lists what a rule may ask about."""
    from authlens.reports import rules as report  # noqa: PLC0415 - only this command needs it

    if as_json:
        sys.stdout.write(report.fields_json())
    else:
        show(report.fields(width()))
    return DONE
