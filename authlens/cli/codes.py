"""``authlens codes``: the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from authlens.cli import options
from authlens.cli.said import DONE, show, width
from authlens.errors import UsageError


def codes(
    words: Annotated[list[str] | None, typer.Argument(metavar="CODE|TEXT", help="A code, or words to search.")] = None,
    *,
    as_json: options.AsJson = False,
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
        show(report.explained(one, width()) if one is not None else report.listed(found, width()))
    return DONE
