"""``authlens codes``: the catalogue."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from authlens.cli import options
from authlens.cli.said import DONE, show, width
from authlens.errors import UsageError

if TYPE_CHECKING:
    from authlens.catalogue.codes import Entry


def codes(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="CODE|TEXT", help="Codes, a message or link that holds some, or words to search."),
    ] = None,
    *,
    as_json: options.AsJson = False,
) -> int:
    """Explains codes, or lists those that hold the words."""
    from authlens import messages  # noqa: PLC0415 - only this command needs it
    from authlens.catalogue import codes as catalogue  # noqa: PLC0415 - see above
    from authlens.catalogue.templates import known  # noqa: PLC0415 - see above
    from authlens.reports import codes as report  # noqa: PLC0415 - see above

    text = " ".join(words or ())
    names = catalogue.named(text)
    one_by_one = [entry for entry in map(catalogue.lookup, names) if entry is not None]
    if names and len(one_by_one) == len(names):
        found: Sequence[Entry] = one_by_one
    elif text:
        found, one_by_one = catalogue.search(text), []
    else:
        found = [entry for entry in map(catalogue.lookup, sorted(known())) if entry is not None]
    if not found:
        raise _nothing(text, names)
    if as_json:
        sys.stdout.write(report.to_json(found))
    elif one_by_one:
        given = messages.match(text)
        show(report.explained(found, width(), given=given.versions if given and given.values else None))
    else:
        show(report.listed(found, width()))
    return DONE


def _nothing(text: str, names: Sequence[str]) -> UsageError:
    """What was not found, and what to type instead."""
    from authlens.catalogue.codes import lookup, nearest  # noqa: PLC0415 - only this command needs it
    from authlens.catalogue.templates import releases  # noqa: PLC0415 - see above

    unknown = [name for name in names if lookup(name) is None]
    if not unknown:
        return UsageError(
            f"the catalogue holds nothing of “{text[:60]}”.",
            hint="Search by words of the message's text: authlens codes audience",
        )
    like = {code: None for name in unknown for code in nearest(name)}
    return UsageError(
        f"the catalogue, which ends with Microsoft.IdentityModel {releases()[-1]}, does not hold {', '.join(unknown)}.",
        hint="A newer library may have brought it." + (f" Written alike: {', '.join(like)}" if like else ""),
    )
