"""The answer in at most 25 lines, for a terminal of 80 columns, with or without colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from authlens.reports import wording
from authlens.reports.document import Document
from authlens.reports.lines import printable, readable
from authlens.reports.terminal.frame import closing, opening
from authlens.reports.terminal.group import Told, full, spaced
from authlens.reports.terminal.line import Line
from authlens.reports.terminal.room import within

if TYPE_CHECKING:
    from rich.console import Console

MOST_LINES: Final = 25
_ROOMY, _TIGHT = 4, 2  # lines of a text below the causes
_STYLES: Final = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "bold cyan",
    "informational": "bold blue",
    "label": "cyan",
    "quiet": "dim",
    "strong": "bold",
    "": "",
}


def show(parts: Document, console: Console, *, verbose: bool = False) -> None:
    """Prints the summary, or with ``verbose`` everything that was found."""
    from rich.text import Text  # noqa: PLC0415 - only those who print need it

    for line in render(parts, console.width, verbose=verbose):
        pieces = ((printable(text, console.encoding), _STYLES[style]) for text, style in line)
        console.print(Text.assemble(*pieces), soft_wrap=True)


def render(parts: Document, columns: int, *, verbose: bool = False) -> list[Line]:
    """The lines of the summary, none wider than the terminal."""
    head, tail = parts.head(), parts.tail()
    width = readable(columns)
    top = list(opening(head, width))
    names = wording.short_paths([one["path"] for one in head["inputs"]])
    told = [Told(group, parts.first_of(group), wording.day_of(head), names) for group in head["groups"]]
    if verbose:
        middle = [line for one in told for line in (*full(one, width, verbose=True), ())]
        return [*top, *middle, *closing(head, tail, width, verbose=True)]
    room = MOST_LINES - len(top)
    bottom = list(closing(head, tail, width, lines=_ROOMY))
    if sum(len(spaced(one, width)) for one in told) + len(bottom) > room:
        bottom = list(closing(head, tail, width, lines=_TIGHT))
    return [*top, *within(told, width, room - len(bottom)), *bottom]
