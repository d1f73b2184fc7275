"""``authlens bundle``: documents in one file, for machines without a network."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from authlens.cli import options
from authlens.cli.said import DONE, UNUSABLE, say, show, written
from authlens.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


def bundle(
    ctx: typer.Context,
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
    ca_bundle: options.CaBundle = None,
    cache: options.Cache = None,
    config_file: options.Config = None,
) -> int:
    """Records what issuers publish, for scans without a network."""
    chosen = options.chosen(options.given(locals(), "issuers", "output"), ctx.obj or [])
    from authlens.trust import documents, fetch, fetch_http, history  # noqa: PLC0415 - requests takes its time

    for issuer in issuers:
        _check(issuer)
    fetcher = fetch.Fetcher(
        fetch.Policy(offline=chosen.offline),
        history=history.History(chosen.cache) if chosen.cache is not None else None,
        client=fetch_http.Client(ca_bundle=chosen.ca_bundle),
    )
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
    except UsageError as error:
        reason = str(error).rpartition(": ")[2]
        raise UsageError(
            f"“{issuer[:80]}” is no issuer: {reason}.",
            hint="For example: authlens bundle https://login.example.com/realms/orders -o keys.json",
        ) from error


def _write(recorded: Mapping[str, object], out: TextIO) -> None:
    json.dump(recorded, out, indent=1, sort_keys=False)
    out.write("\n")
