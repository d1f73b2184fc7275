"""Logs written as real loggers and platforms write them, all telling of the same two refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from authlens.model import Layout, Ledger, Part, Record
from authlens.reading.cut import Cut, cut
from authlens.reading.formats.sniff import sniff

FORMATS = Path(__file__).parents[2] / "data" / "formats"
HANDLER = "Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler"
REQUEST = "0HN2V5AT6MJH7:00000002"
EVENT_1 = "Failed to validate the token."
EVENT_7 = "Bearer was not authenticated. Failure message: IDX10223: Lifetime validation failed. The token is expired."
EXCEPTION = (
    "Microsoft.IdentityModel.Tokens.SecurityTokenSignatureKeyNotFoundException: IDX10503: Signature validation failed."
    " The token's kid is: 'k1'. \nNumber of keys in Configuration: '4'. \nExceptions caught:\n ''.\ntoken: '[PII]'.\n"
    "   at Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler.HandleAuthenticateAsync()"
)
START = datetime(2026, 3, 4, 10, 15, 30, tzinfo=UTC)


def stamp(index: int) -> str:
    """RFC 3339, a millisecond later each time."""
    return (START + timedelta(milliseconds=index)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def text(head: str, *, separator: str = "\n", tail: str = "") -> str:
    """Both events behind the same head, as Serilog, NLog and log4net print them."""
    return f"{head}{EVENT_1}{separator}{EXCEPTION}{tail}\n{head}{EVENT_7}{tail}\n"


def mel(before: str = "") -> str:
    """Both events as MEL's simple console formatter prints them."""
    body = "".join(f"      {line}\n" for line in f"{EVENT_1}\n{EXCEPTION}".split("\n"))
    return f"{before}info: {HANDLER}[1]\n{body}{before}info: {HANDLER}[7]\n      {EVENT_7}\n"


def lines(log: str) -> list[str]:
    """Without their ends."""
    return log.rstrip("\n").split("\n")


def objects(*values: object) -> str:
    """One JSON value a line."""
    return "".join(json.dumps(v) + "\n" for v in values)


def parts(data: bytes, borders: list[int]) -> Iterator[Part]:
    """The log in parts, divided at these positions."""
    ends = [*sorted(b % (len(data) + 1) for b in borders), len(data)]
    start = 0
    for end in ends:
        line = 1 + data.count(b"\n", 0, start)
        chunk = data[start:end]
        yield Part(source="app.log", data=chunk, offset=start, line=line, first=start == 0, last=end == len(data))
        start = end


def cuts(data: bytes, borders: list[int], *, layout: Layout | None = None, limit: int | None = None) -> list[Cut]:
    """Each part cut."""
    known = layout or sniff(data[: 256 * 1024], "app.log")
    return [cut(p, known, zone=UTC, limit=limit) for p in parts(data, borders)]


def read(
    log: str | bytes, *, layout: Layout | None = None, zone: tzinfo = UTC, limit: int | None = None
) -> tuple[tuple[Record, ...], Ledger]:
    """All records of a log, read in one part."""
    data = log if isinstance(log, bytes) else log.encode()
    known = layout or sniff(data[: 256 * 1024], "app.log")
    return cut(Part(source="app.log", data=data), known, zone=zone, limit=limit).close()


def hits(log: str | bytes, *, layout: Layout | None = None) -> tuple[Record, ...]:
    """The records that hold a hit of their own."""
    return tuple(r for r in read(log, layout=layout)[0] if not r.secondary)
