"""What came back: an answer read whole, within the bounds that were set, or why it cannot be used."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

LONGEST_SHOWN: Final = 256
"""Characters of another's text that a message repeats."""


_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s{0,4}=\s{0,4}\"?([0-9]{1,9})", re.IGNORECASE | re.ASCII)


class NoAnswerError(Exception):
    """There is no answer; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, read whole; ``fault`` where it cannot be used."""

    status: int
    text: str = ""
    fault: str | None = None
    max_age: timedelta | None = None
    """What the server permits, unbounded."""


def shown(text: str) -> str:
    """Makes another's text fit to be repeated: short, and nothing that moves a cursor."""
    return "".join(c if c.isprintable() else "?" for c in text[:LONGEST_SHOWN])


def redirect(location: str) -> str:
    """Says where an answer leads; nobody goes there."""
    return f"is redirected to {shown(location) or 'nowhere'}, and redirects are not followed"


def _inflated(data: bytes, encoding: str, largest: int) -> bytes | None:
    """Some servers compress though they were asked not to."""
    if encoding.strip().lower() in {"", "identity"}:
        return data
    if encoding.strip().lower() not in {"gzip", "deflate"}:
        raise NoAnswerError("the answer is compressed, though it was asked not to be")
    try:
        plain = zlib.decompressobj(47).decompress(data, largest + 1)
    except zlib.error as error:
        raise NoAnswerError("the answer is compressed and damaged") from error
    return plain if len(plain) <= largest else None


def reply(status: int, headers: Mapping[str, str], data: bytes, largest: int) -> Reply:
    """An answer whose body is at most ``largest`` bytes as sent; NoAnswerError where what compressed it is not known.

    Args:
        status: Of HTTP.
        headers: By name, whatever its case.
        data: The body as it was sent.
        largest: Bytes that it may have once it is decompressed.
    """
    plain = _inflated(data, headers.get("Content-Encoding", ""), largest)
    if plain is None:
        return too_large(status, largest)
    match = _MAX_AGE.search(headers.get("Cache-Control", "")[:1024])
    age = timedelta(seconds=int(match[1])) if match else None
    try:
        return Reply(status=status, text=plain.decode("utf-8-sig"), max_age=age)
    except UnicodeDecodeError:
        return Reply(status=status, fault="is not UTF-8 text")


def too_large(status: int, largest: int) -> Reply:
    """An answer of which no more was read."""
    return Reply(status=status, fault=f"is larger than {largest} bytes")
