"""The answer in at most 25 lines, for a terminal of 80 columns, with or without colour."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from authlens.reports import wording
from authlens.reports.document import Document
from authlens.reports.lines import fit, printable, wrap
from authlens.reports.wording import count, visible

if TYPE_CHECKING:
    from rich.console import Console

MOST_LINES: Final = 25
_NARROWEST, _WIDEST = 40, 110
_WIDEST_LABEL = 24
_ROOMY, _TIGHT = 4, 2  # lines of a text below the causes
_BROKEN = 8  # columns that a line of words leaves free
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

Line = tuple[tuple[str, str], ...]
"""Pieces of one line: text, style."""


def show(parts: Document, console: Console, *, verbose: bool = False) -> None:
    """Prints the summary, or with ``verbose`` everything that was found."""
    from rich.text import Text  # noqa: PLC0415 - only those who print need it

    for line in render(parts, console.width, verbose=verbose):
        pieces = ((printable(text, console.encoding), _STYLES[style]) for text, style in line)
        console.print(Text.assemble(*pieces), soft_wrap=True)


def render(parts: Document, columns: int, *, verbose: bool = False) -> list[Line]:
    """The lines of the summary, none wider than the terminal."""
    head, tail = parts.head(), parts.tail()
    width = max(_NARROWEST, min(columns, _WIDEST))
    top = list(_opening(head, width))
    names = wording.short_paths([one["path"] for one in head["inputs"]])
    told = [_Told(group, parts.first_of(group), wording.day_of(head), names) for group in head["groups"]]
    if verbose:
        middle = [line for one in told for line in (*_full(one, width, verbose=True), ())]
        return [*top, *middle, *_closing(head, tail, width, verbose=True)]
    room = MOST_LINES - len(top)
    bottom = list(_closing(head, tail, width, lines=_ROOMY))
    if sum(len(_spaced(one, width)) for one in told) + len(bottom) > room:
        bottom = list(_closing(head, tail, width, lines=_TIGHT))
    return [*top, *_within(told, width, room - len(bottom)), *bottom]


class _Told:
    """A group, where its evidence begins, and the day that needs no saying."""

    def __init__(
        self, group: Mapping[str, Any], first: Mapping[str, Any] | None, day: str | None, names: Mapping[str, str]
    ) -> None:
        self.group = group
        self.day = day
        self.story = wording.story(group)
        self.place = wording.place(first["source"], names) if first else ""


def _within(told: Sequence[_Told], width: int, most: int) -> list[Line]:
    """The causes, worst first, each told as fully as the room allows; the worst longest."""
    if not told:
        return []
    if 2 * len(told) > most:
        return _listed(told, width, most)
    forms: Sequence[Callable[[_Told, int], list[Line]]] = (_spaced, _full, _brief, _short)
    chosen = [0] * len(told)
    blocks = [forms[0](one, width) for one in told]
    while sum(map(len, blocks)) > most:
        level = min(chosen)
        weakest = max(i for i in range(len(told)) if chosen[i] == level)
        chosen[weakest] += 1
        blocks[weakest] = forms[chosen[weakest]](told[weakest], width)
    return [line for block in blocks for line in block]


def _listed(told: Sequence[_Told], width: int, most: int) -> list[Line]:
    """The worst, and a line for each further cause, whatever the number of its groups."""
    alike: dict[tuple[str, str], list[_Told]] = {}
    for one in told[1:]:
        alike.setdefault((one.group["severity"], wording.headline(one.group)), []).append(one)
    order = list(dict.fromkeys(severity for severity, _ in alike))
    listed = sorted(alike.items(), key=lambda entry: (order.index(entry[0][0]), -_refused(entry[1])))
    worst = _brief(told[0], width)
    lines = [_single(same, width) for _, same in listed]
    room = most - len(worst)
    if len(lines) <= room:
        return [*worst, *lines]
    rest = [one for _, same in listed[room - 1 :] for one in same]
    more = f"and {count(len(rest), 'more group')} with {count(_refused(rest), 'failure')}"
    return [*worst, *lines[: room - 1], ((f"{more}: -v tells them all", "quiet"),)]


def _refused(told: Sequence[_Told]) -> int:
    return sum(one.group["count"] for one in told)


# --------------------------------------------------------------------------- before and after


def _opening(head: Mapping[str, Any], width: int) -> Iterator[Line]:
    summary, inputs = head["summary"], head["inputs"]
    name = f"authlens {head['tool']['version']}"
    paths = [one["path"] for one in inputs]
    when = f" · {wording.span(summary['first'], summary['last'])} UTC" if summary["first"] else ""
    where = wording.some(paths, 2) or "nothing read"
    if len(f"{name} · {where}{when}") > width:
        where = wording.some(list(wording.short_paths(paths).values()), 2)
    yield ((fit(f"{name} · {where}", width - len(when)) + when, "quiet"),)
    if not summary["failures"]:
        if any(one["bytes"] for one in inputs):
            yield from _paragraph("No refused token was found.", width, style="strong")
        yield from _paragraph(wording.visibility(head), width)
        yield ()
        return
    severities = [f"{n:,} {severity}" for severity, n in summary["by_severity"].items() if n]
    new = f" ({summary['new']['failures']:,} new)" if "new" in summary else ""
    answer = f"{count(summary['failures'], 'token refused', 'tokens refused')}{new}, {wording.causes(summary)}: {', '.join(severities)}"
    yield from _paragraph(answer, width, style="strong")
    yield ()


def _closing(
    head: Mapping[str, Any], tail: Mapping[str, Any], width: int, *, lines: int = 0, verbose: bool = False
) -> Iterator[Line]:
    """What else there is to know, the first of each kind in so many lines, or all of it."""
    exposures = tail["exposures"]
    for exposure in exposures if verbose else exposures[:1]:
        yield from _briefly("exposed", _exposed(exposure), len(exposures), width, 0 if verbose else lines)
    notes = tail["notes"] if verbose else wording.digest(tail["notes"])
    for note in notes if verbose else notes[:1]:
        yield from _briefly("note", visible(note), len(notes), width, 0 if verbose else lines)
    if verbose:
        yield from _inputs(head, width)
    if tail["interrupted"]:
        yield (("Interrupted: what follows in the log was not read.", "strong"),)
    yield from _paragraph(wording.account(head), width, style="quiet")


def _briefly(label: str, text: str, number: int, width: int, lines: int) -> Iterator[Line]:
    """The first of so many texts in at most so many lines, 0 for all of it."""
    more = f" ({number - 1:,} more with -v)" if lines and number > 1 else ""
    room = lines * (width - len(label) - 2 - _BROKEN) - len(more)
    yield from _labelled(label, (fit(text, room) if lines else text) + more, width, indent=0)


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
        yield from _labelled("input", text, width, indent=0)


# --------------------------------------------------------------------------- one cause


def _spaced(told: _Told, width: int) -> list[Line]:
    return [*_full(told, width), ()]


def _full(told: _Told, width: int, *, verbose: bool = False) -> list[Line]:
    group = told.group
    if verbose or told.story is None:
        out = [*_headline(group, wording.headline(group), width)]
        out += _paragraph(_facts(told), width, indent=2, style="quiet")
    else:
        out = [*_headline(group, told.story, width)]
        out += _paragraph(_facts(told, counted=False), width, indent=2, style="quiet")
    if verbose:
        out += _reasons(group, width)
        out += _all_steps(group, width)
    elif (step := _first_step(group)) is not None:
        out += _labelled("do", step, width)
    if group["next"]:
        out += _labelled("then", _told_next(group["next"]), width)
    out += _open(group, width, verbose=verbose)
    return out


def _brief(told: _Told, width: int) -> list[Line]:
    """All that matters, each in one line but for what is the matter."""
    group = told.group
    out = [*_headline(group, wording.headline(group), width), ((fit(f"  {_facts(told)}", width), "quiet"),)]
    if (step := _first_step(group)) is not None:
        out.append(_one("do", step, width))
    if group["next"]:
        out.append(_one("then", _told_next(group["next"]), width))
    if group["alternatives"]:
        out.append(_one("or", _told_open(group), width))
    return out


def _short(told: _Told, width: int) -> list[Line]:
    severity = told.group["severity"].upper()
    headline = fit("  " + wording.headline(told.group), width - len(severity))
    return [
        ((severity, told.group["severity"]), (headline, "strong")),
        ((fit(f"  {_facts(told)}", width), "quiet"),),
    ]


def _single(alike: Sequence[_Told], width: int) -> Line:
    """Groups of one cause in one line."""
    group = alike[0].group
    severity = group["severity"].upper()
    schemes = list(dict.fromkeys(scheme for one in alike for scheme in one.group["schemes"]))
    where = (alike[0].place, wording.news(group)) if len(alike) == 1 else (count(len(alike), "group"), "")
    aside = [fit(wording.some(schemes, 2), width // 4), *where]
    place = fit("".join(f" · {part}" for part in aside if part), width // 2)
    text = f"  {_refused(alike):,} × {wording.headline(group)}"
    return ((severity, group["severity"]), (fit(text, width - len(severity) - len(place)) + place, ""))


def _headline(group: Mapping[str, Any], text: str, width: int) -> list[Line]:
    severity = group["severity"].upper()
    lines = wrap(text, width, first=len(severity) + 2, rest=2)
    return [((severity, group["severity"]), ("  " + lines[0], "strong")), *((("  " + t, "strong"),) for t in lines[1:])]


def _facts(told: _Told, *, counted: bool = True) -> str:
    """How many and since when, where to look, which scheme, which cause and how sure."""
    group = told.group
    when = f" {wording.span(group['first'], group['last'], told.day)}" if group["first"] is not None else ""
    if when and group["count"] > 1:
        when += ", going on" if group["ongoing"] else ", stopped"
    parts = [
        f"{group['count']:,} refused{when}" if counted else "",
        wording.news(group),
        told.place,
        wording.some(group["schemes"], 2),
        f"{group['cause']}, {group['confidence']}",
    ]
    return " · ".join(filter(None, parts))


def _first_step(group: Mapping[str, Any]) -> str | None:
    return next((visible(step) for remedy in group["remediation"] for step in remedy["steps"]), None)


def _reasons(group: Mapping[str, Any], width: int) -> list[Line]:
    out: list[Line] = []
    if group["explanation"]:
        out += _paragraph(visible(group["explanation"]), width, indent=2)
    for row in group["evidence"]:
        sides = [f"{side} {visible(row[side])}" for side in ("expected", "found") if row[side]]
        difference = f" ({visible(row['difference'])})" if row["difference"] else ""
        out += _labelled(visible(row["name"]), ", ".join(sides) + difference, width)
    return out


def _all_steps(group: Mapping[str, Any], width: int) -> list[Line]:
    out: list[Line] = []
    for remediation in group["remediation"]:
        out += _paragraph(f"{wording.stack(visible(remediation['stack']))}:", width, indent=2, style="label")
        for number, step in enumerate(remediation["steps"], 1):
            out += _labelled(f"{number}.", visible(step), width, indent=4)
    return out


def _told_next(also: Mapping[str, Any]) -> str:
    code = f"{also['code']}, " if also["code"] else ""
    return f"fails with {code}{also['cause']}: {visible(also['why'])}"


def _open(group: Mapping[str, Any], width: int, *, verbose: bool) -> list[Line]:
    if not group["alternatives"]:
        return []
    if not verbose:
        return list(_labelled("or", _told_open(group), width))
    out: list[Line] = []
    for alternative in group["alternatives"]:
        decided = "; ".join(map(visible, alternative["decided_by"]))
        why = visible(alternative["why"]).removesuffix(".")
        by = f" Decided by: {decided}" if decided else ""
        out += _labelled("or", f"{alternative['cause']}: {why}.{by}", width)
    return out


def _told_open(group: Mapping[str, Any]) -> str:
    """The open causes, and what would decide first."""
    causes = ", ".join(a["cause"] for a in group["alternatives"])
    decided = [visible(d) for a in group["alternatives"] for d in a["decided_by"]]
    return f"{causes}; decided by: {decided[0]}" if decided else causes


# --------------------------------------------------------------------------- lines


def _paragraph(text: str, width: int, *, indent: int = 0, style: str = "") -> Iterator[Line]:
    for line in wrap(text, width, first=indent, rest=indent):
        yield ((" " * indent + line, style),)


def _labelled(label: str, text: str, width: int, *, indent: int = 2) -> Iterator[Line]:
    """A label, and beside it the text with its further lines below itself."""
    label = fit(label, _WIDEST_LABEL)
    column = indent + (len(label) + 1 if label.endswith(".") else max(6, len(label) + 2))
    lines = wrap(text, width, first=column, rest=column)
    yield ((" " * indent + label.ljust(column - indent), "label"), (lines[0], ""))
    for line in lines[1:]:
        yield ((" " * column + line, ""),)


def _one(label: str, text: str, width: int) -> Line:
    return (("  " + label.ljust(6), "label"), (fit(text, width - 8), ""))
