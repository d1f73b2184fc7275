"""What stands before and after the groups: what was read and refused, what else there is to know, the arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from authlens.reports import accounting, wording
from authlens.reports.lines import fit
from authlens.reports.notes import digest
from authlens.reports.terminal.line import Line, labelled, paragraph
from authlens.reports.wording import count, visible

_NAME: Final = 12
"""Columns for the name of a log, at least; with fewer, the period has a line of its own."""
_BROKEN: Final = 8
"""Columns that a line of words leaves free."""


def opening(head: Mapping[str, Any], width: int) -> Iterator[Line]:
    """What was read, and how much of it was refused."""
    summary, inputs = head["summary"], head["inputs"]
    name, paths = f"authlens {head['tool']['version']} · ", [one["path"] for one in inputs]
    when = f" · {wording.span(summary['first'], summary['last'])} UTC" if summary["first"] else ""
    if len(name) + len(when) + _NAME <= width:
        yield ((f"{name}{_where(paths, width - len(name) - len(when))}{when}", "quiet"),)
    else:
        yield ((f"{name}{_where(paths, width - len(name))}", "quiet"),)
        yield from paragraph(when.removeprefix(" · "), width, style="quiet")
    if not summary["failures"]:
        if any(one["bytes"] for one in inputs):
            yield from paragraph("No refused token was found.", width, style="strong")
        yield from paragraph(accounting.visibility(head), width)
        yield ()
        return
    yield from paragraph(_answer(summary), width, style="strong")
    yield ()


def _answer(summary: Mapping[str, Any]) -> str:
    """How many, how bad, for how many reasons."""
    new = f" ({summary['new']['failures']:,} new)" if "new" in summary else ""
    refused = f"{count(summary['failures'], 'token refused', 'tokens refused')}{new}"
    severities = {severity: number for severity, number in summary["by_severity"].items() if number}
    if len(severities) == 1:
        return f"{refused}, {wording.causes(summary)}: {', '.join(severities)}"
    numbers = ", ".join(f"{number:,} {severity}" for severity, number in severities.items())
    return f"{refused}: {numbers}; {wording.causes(summary)}"


def _where(paths: Sequence[str], room: int) -> str:
    """What was read, as fully as the room allows."""
    names = list(wording.short_paths(paths).values())
    ways = (wording.some(list(map(wording.named, paths)), 2), wording.some(names, 2), wording.some(names, 1))
    last = count(len(paths), "file") if len(paths) > 1 else fit(ways[-1], room)
    return next((way for way in ways if len(way) <= room), last) or "nothing read"


def closing(
    head: Mapping[str, Any], tail: Mapping[str, Any], width: int, *, lines: int = 0, verbose: bool = False
) -> Iterator[Line]:
    """What else there is to know, the first of each kind in so many lines, or all of it."""
    exposures = tail["exposures"]
    for exposure in exposures if verbose else exposures[:1]:
        yield from _briefly("exposed", _exposed(exposure), len(exposures), width, 0 if verbose else lines)
    notes = tail["notes"] if verbose else digest(tail["notes"])
    for note in notes if verbose else notes[:1]:
        yield from _briefly("note", visible(note), len(notes), width, 0 if verbose else lines)
    if verbose:
        yield from _inputs(head, width)
    if tail["interrupted"]:
        yield (("Interrupted: what follows in the log was not read.", "strong"),)
    if any(one["bytes"] for one in head["inputs"]):
        yield from paragraph(accounting.account(head), width, style="quiet")


def _briefly(label: str, text: str, number: int, width: int, lines: int) -> Iterator[Line]:
    """The first of so many texts in at most so many lines, 0 for all of it."""
    more = f" ({number - 1:,} more with -v)" if lines and number > 1 else ""
    room = lines * (width - len(label) - 2 - _BROKEN) - len(more)
    yield from labelled(label, (fit(text, room) if lines else text) + more, width, indent=0)


def _exposed(exposure: Mapping[str, Any]) -> str:
    until = f", until {wording.moment(exposure['until'])} UTC" if exposure["until"] else ""
    step = f" {visible(exposure['steps'][0])}" if exposure["steps"] else ""
    return f"{visible(exposure['kind'])}: {visible(exposure['subject'])}{until}.{step}"


def _inputs(head: Mapping[str, Any], width: int) -> Iterator[Line]:
    for one in head["inputs"]:
        form = "/".join(filter(None, (one["envelope"], one["format"]))) or "unreadable"
        text = f"{visible(one['path'])}: {form}, {wording.size(one['bytes'])}, {count(one['lines'], 'line')}"
        text += f", {count(one['failures'], 'failure')}"
        text += ", authentication not visible" if one["auth_events"] == "none" else ""
        text += f", {visible(one['error'])}" if one["error"] else ""
        yield from labelled("input", text, width, indent=0)
