"""One group for a terminal, told more or less fully: each form is shorter than the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from authlens.diagnosis.causes import UNDETERMINED
from authlens.reports import diff, wording
from authlens.reports.lines import fit, wrap
from authlens.reports.terminal.line import WIDEST_LABEL, Line, labelled, paragraph, shortened
from authlens.reports.wording import count, visible


class Told:
    """A group, where its evidence begins, and the day that needs no saying."""

    def __init__(
        self, group: Mapping[str, Any], first: Mapping[str, Any] | None, day: str | None, names: Mapping[str, str]
    ) -> None:
        self.group = group
        self.day = day
        self.story = wording.story(group)
        self.place = wording.place(first["source"], names) if first else ""
        self.says = wording.gist(first["text"]) if first and group["cause"] == UNDETERMINED else ""


def spaced(told: Told, width: int) -> list[Line]:
    """In full, with room below."""
    return [*full(told, width), ()]


def full(told: Told, width: int, *, verbose: bool = False) -> list[Line]:
    """All that an operator needs first; with ``verbose`` all that is known."""
    group = told.group
    if verbose or told.story is None:
        out = [*_headline(group, wording.headline(group), width)]
        out += paragraph(_facts(told), width, indent=2, style="quiet")
    else:
        out = [*_headline(group, told.story, width)]
        out += paragraph(_facts(told, counted=False), width, indent=2, style="quiet")
    if told.says:
        out += labelled("says", told.says, width)
    if verbose:
        out += _reasons(group, width)
        out += _all_steps(group, width)
    elif (step := _first_step(group)) is not None:
        out += labelled("do", step, width)
    if group["next"]:
        out += labelled("then", _told_next(group["next"]), width)
    out += _open(group, width, verbose=verbose)
    return out


def brief(told: Told, width: int) -> list[Line]:
    """All that matters, each in one line but for what is the matter."""
    group = told.group
    out = [*_headline(group, wording.headline(group), width), ((fit(f"  {_facts(told)}", width), "quiet"),)]
    if told.says:
        out.append(shortened("says", told.says, width))
    if (step := _first_step(group)) is not None:
        out.append(shortened("do", step, width))
    if group["next"]:
        out.append(shortened("then", _told_next(group["next"]), width))
    if group["alternatives"]:
        out.append(shortened("or", _told_open(group), width))
    return out


def short(told: Told, width: int) -> list[Line]:
    """What is the matter, how often and where, in two lines."""
    severity = told.group["severity"].upper()
    headline = fit("  " + wording.headline(told.group), width - len(severity))
    return [
        ((severity, told.group["severity"]), (headline, "strong")),
        ((fit(f"  {_facts(told)}", width), "quiet"),),
    ]


def single(alike: Sequence[Told], width: int) -> Line:
    """Groups of one cause in one line."""
    group = alike[0].group
    severity = group["severity"].upper()
    schemes = list(dict.fromkeys(scheme for one in alike for scheme in one.group["schemes"]))
    where = (alike[0].place, wording.news(group)) if len(alike) == 1 else (count(len(alike), "group"), "")
    aside = [fit(wording.some(schemes, 2), width // 4), *where]
    place = fit("".join(f" · {part}" for part in aside if part), width // 2)
    text = f"  {refused(alike):,} × {wording.headline(group)}"
    return ((severity, group["severity"]), (fit(text, width - len(severity) - len(place)) + place, ""))


def _headline(group: Mapping[str, Any], text: str, width: int) -> list[Line]:
    severity = group["severity"].upper()
    lines = wrap(text, width, first=len(severity) + 2, rest=2)
    return [((severity, group["severity"]), ("  " + lines[0], "strong")), *((("  " + t, "strong"),) for t in lines[1:])]


def _facts(told: Told, *, counted: bool = True) -> str:
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
    remedies = wording.remedies(group) or group["remediation"]
    return next((visible(wording.unfenced(step)) for remedy in remedies for step in remedy["steps"]), None)


def _reasons(group: Mapping[str, Any], width: int) -> list[Line]:
    out: list[Line] = []
    if group["explanation"]:
        out += paragraph(visible(group["explanation"]), width, indent=2)
    column = min(WIDEST_LABEL, max((len(row["name"]) for row in group["evidence"]), default=0))
    for row in group["evidence"]:
        sides = [f"{side} {visible(row[side])}" for side in ("expected", "found") if row[side]]
        difference = f" ({visible(said)})" if (said := diff.said(row)) else ""
        out += labelled(f"{visible(row['name']):<{column}}", ", ".join(sides) + difference, width)
    return out


def _all_steps(group: Mapping[str, Any], width: int) -> list[Line]:
    out: list[Line] = []
    for remediation in wording.remedies(group):
        out += paragraph(f"{wording.stack(visible(remediation['stack']))}:", width, indent=2, style="label")
        for number, step in enumerate(remediation["steps"], 1):
            out += labelled(f"{number}.", visible(wording.unfenced(step)), width, indent=4)
    return out


def _told_next(also: Mapping[str, Any]) -> str:
    code = f"{also['code']}, " if also["code"] else ""
    return f"fails with {code}{also['cause']}: {visible(also['why'])}"


def _open(group: Mapping[str, Any], width: int, *, verbose: bool) -> list[Line]:
    if not group["alternatives"]:
        return []
    if not verbose:
        return list(labelled("or", _told_open(group), width))
    out: list[Line] = []
    for alternative in group["alternatives"]:
        decided = "; ".join(map(visible, alternative["decided_by"]))
        why = visible(alternative["why"]).removesuffix(".")
        by = f" Decided by: {decided}" if decided else ""
        out += labelled("or", f"{alternative['cause']}: {why}.{by}", width)
    return out


def _told_open(group: Mapping[str, Any]) -> str:
    """The open causes, and what would decide first."""
    causes = ", ".join(a["cause"] for a in group["alternatives"])
    decided = [visible(d) for a in group["alternatives"] for d in a["decided_by"]]
    return f"{causes}; decided by: {decided[0]}" if decided else causes


def refused(told: Sequence[Told]) -> int:
    """How many failures these groups are."""
    return sum(one.group["count"] for one in told)
