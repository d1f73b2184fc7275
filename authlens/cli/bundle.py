"""``authlens bundle``: documents in one file, for machines without a network."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from authlens.cli import options
from authlens.cli.said import DONE, UNUSABLE, say, show, written
from authlens.errors import UsageError
from authlens.options import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping


@options.takes(("ca-bundle", "cache", "config"))
def bundle(
    chosen: Settings,
    issuers: Annotated[
        list[str], typer.Argument(metavar="ISSUER", help="As tokens name them, or as the API's Authority does.")
    ],
    *,
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE", show_default=False, help="What to write [default: standard output]."
        ),
    ] = "-",
) -> int:
    """Records what issuers publish, for scans without a network."""
    from authlens import knowledge  # noqa: PLC0415 - requests takes its time
    from authlens.trust import documents  # noqa: PLC0415 - see above

    for issuer in issuers:
        _check(issuer)
    fetcher = knowledge.fetcher(chosen)
    recorded = documents.record(issuers, fetcher)
    failed = written(output, partial(_write, recorded))
    from authlens.reports import bundle as report  # noqa: PLC0415 - see above

    lines = list(report.told(recorded, issuers, output))
    if output == "-":
        say(*lines)
    else:
        show(lines)
    say(*(f"authlens: {note}" for note in fetcher.notes), f"authlens: {failed}" if failed else "")
    return UNUSABLE if failed or not report.is_whole(recorded, issuers) else DONE


def _check(issuer: str) -> None:
    from authlens.trust import fetch  # noqa: PLC0415 - see above

    try:
        fetch.pattern(issuer.partition("?")[0], wild=False)
    except fetch.PatternError as error:
        raise UsageError(
            f"“{issuer[:80]}” is no issuer: {error.reason}.",
            hint="For example: authlens bundle https://login.example.com/realms/orders -o keys.json",
        ) from error


def _write(recorded: Mapping[str, object], out: TextIO) -> None:
    json.dump(recorded, out, indent=1, sort_keys=False)
    out.write("\n")
