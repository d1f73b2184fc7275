"""Lines of a terminal: pieces of text with the names of their styles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from authlens.reports.lines import fit, wrap

WIDEST_LABEL: Final = 24
"""Columns of a label."""

Line = tuple[tuple[str, str], ...]
"""Pieces of one line: text, style."""


def paragraph(text: str, width: int, *, indent: int = 0, style: str = "") -> Iterator[Line]:
    """The text in as many lines as it needs."""
    for line in wrap(text, width, first=indent, rest=indent):
        yield ((" " * indent + line, style),)


def labelled(label: str, text: str, width: int, *, indent: int = 2) -> Iterator[Line]:
    """A label, and beside it the text with its further lines below itself."""
    label = fit(label, WIDEST_LABEL)
    column = indent + (len(label) + 1 if label.endswith(".") else max(6, len(label) + 2))
    lines = wrap(text, width, first=column, rest=column)
    yield ((" " * indent + label.ljust(column - indent), "label"), (lines[0], ""))
    for line in lines[1:]:
        yield ((" " * column + line, ""),)


def shortened(label: str, text: str, width: int) -> Line:
    """A label and as much of the text as one line holds."""
    return (("  " + label.ljust(6), "label"), (fit(text, width - 8), ""))
