"""JSON members in a text, at any depth of escaping."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

_LONGEST_VALUE = 4096  # characters of one quoted personal value that are looked at
_MEMBER = re.compile(
    r"(\"\"|\\{0,7}\"|\\{1,3}u0022|&quot;|&#34;)([A-Za-z_\-:/.#0-9]{2,120})"
    r"(?:\"\"|\\{0,7}\"|\\{1,3}u0022|&quot;|&#34;)\s{0,8}:\s{0,8}"
)
_NUMBER = re.compile(r"-?\d{1,40}")


class Member(NamedTuple):
    """A JSON member whose value is a text or a number, wherever it stands."""

    name: str
    start: int
    """Of the value, behind its quote."""
    end: int
    value: str
    quote: str
    """As it is written, with what escapes it."""


def members(text: str) -> Iterator[Member]:
    """The JSON members in a text, however their quotes are written; one may lie in another's value."""
    for match in _MEMBER.finditer(text):
        start, end = scalar_at(text, match.end(), match.group(1))
        yield Member(match.group(2), start, end, _unescaped(text[start:end]), match.group(1))


def scalar_at(text: str, at: int, quote: str) -> tuple[int, int]:
    """Where a JSON scalar begins and ends; equal where there is none.

    Args:
        text: That holds it.
        at: Where it may begin: at its quote, or at a digit.
        quote: That a text has before and behind it, with what escapes it.
    """
    if not text.startswith(quote, at):
        number = _NUMBER.match(text, at)
        return (at, number.end()) if number else (at, at)
    start = at + len(quote)
    limit = min(len(text), start + _LONGEST_VALUE)
    if quote.strip("\\") != '"':
        end = text.find(quote, start, limit)
        return start, limit if end == -1 else end
    level = len(quote) - 1
    end = text.find('"', start, limit)
    while end != -1:
        value = text[start:end].rstrip("\\")
        slashes = end - start - len(value)
        if slashes == level:
            return start, end - slashes
        if level == 0 and slashes % 2 == 0:
            return start, end
        end = text.find('"', end + 1, limit)
    return start, limit


def _unescaped(value: str) -> str:
    """A JSON text without its escapes, however often it was escaped."""
    for _ in range(4):
        if "\\" not in value:
            break
        try:
            value = str(json.loads(f'"{value}"', strict=False))
        except ValueError:
            break
    return value
