"""Lines of text for people: wrapped, labelled, shortened."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

LONGEST: Final = 1500
"""Characters of one text; the reports hold all of it."""


def fit(text: str, width: int) -> str:
    """The text in one line of at most so many characters."""
    return text if len(text) <= width else f"{text[: max(0, width - 1)].rstrip()}…"


def wrap(text: str, width: int, *, first: int = 0, rest: int = 0) -> list[str]:
    """The text in lines that leave room for an indentation; the lines do not hold it."""
    lines = textwrap.wrap(
        fit(text, LONGEST),
        max(20, width),
        initial_indent=" " * first,
        subsequent_indent=" " * rest,
        break_on_hyphens=False,
    )
    return [line.strip() for line in lines] or [""]


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
        yield from labelled(before, row[-1], max(width, column + _NARROWEST), column=column)


_NARROWEST = 20  # characters of a last column
