"""Lines of text for people: wrapped, labelled, shortened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

LONGEST: Final = 1500
"""Characters of one text; the reports hold all of it."""
_NARROWEST, _WIDEST = 40, 110  # columns
_LEAST: Final = 20
"""Columns of a text, however much stands beside it."""
_ASCII: Final = str.maketrans(
    {"·": "|", "–": "-", "…": "~", "×": "x", "“": '"', "”": '"', "‹": "<", "›": ">", "−": "-"}
)
"""One for one, so that lines stay as long as they are."""


def readable(columns: int) -> int:
    """Columns for text that people read, of those that a terminal has."""
    return max(_NARROWEST, min(columns, _WIDEST))


def printable(text: str, encoding: str) -> str:
    """The text for a terminal of that encoding: our own signs replaced where it may lack them."""
    return text if encoding.lower().startswith("utf") else text.translate(_ASCII)


def fit(text: str, width: int) -> str:
    """The text in one line of at most so many characters."""
    return text if len(text) <= width else f"{text[: max(0, width - 1)].rstrip()}…"


def wrap(text: str, width: int, *, first: int = 0, rest: int = 0) -> list[str]:
    """The text in lines that leave room for an indentation; the lines do not hold it.

    A word is broken only where it is longer than a line: addresses and ids can be copied.
    """
    width = max(_LEAST, width)
    lines: list[str] = []
    line, room = "", width - first
    for word in fit(text, LONGEST).replace("\n", " ").split(" "):
        if line and len(line) + 1 + len(word) <= room:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line.rstrip())
            room = width - rest
        *pieces, line = _broken(word, room, width - rest)
        if pieces:
            lines += pieces
            room = width - rest
    return [*lines, line.rstrip()] if line or not lines else lines


def _broken(word: str, room: int, further: int) -> Iterator[str]:
    """The word in pieces for a line and further ones; addresses break after a slash."""
    while len(word) > room:
        at = word.rfind("/", room // 2, room) + 1 or room
        yield word[:at]
        word, room = word[at:], further
    yield word


def labelled(label: str, text: str, width: int, *, column: int) -> Iterator[str]:
    """The label, and beside it the text with its further lines below itself."""
    lines = wrap(text, width, first=column, rest=column)
    yield f"{label:<{column}}{lines[0]}"
    for line in lines[1:]:
        yield " " * column + line


def table(rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Columns side by side; the last goes on below itself."""
    if not rows:
        return
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    column = sum(widths) + 2 * len(widths)
    for row in rows:
        before = "".join(f"{cell:<{w}}  " for cell, w in zip(row, widths, strict=False))
        yield from labelled(before, row[-1], max(width, column + _LEAST), column=column)
