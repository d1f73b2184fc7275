"""What the page tells, as the templates take it: no markup here, and no choice of words there."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from authlens.diagnosis.causes import UNDETERMINED
from authlens.durations import duration
from authlens.model import Check, CheckVerdict, Finding
from authlens.reports import accounting, diff, wording
from authlens.reports.document import Document
from authlens.reports.html import issuers
from authlens.reports.html.markup import cut
from authlens.reports.html.timeline import Timeline
from authlens.reports.keys import Tried
from authlens.reports.notes import digest

FIRST_STACKS: Final = ("aspnetcore", "identity-provider")
"""Whose steps are shown at once; the others are folded."""
_MOST_SHARES: Final = 12
_MOST_TEXTS: Final = 3


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each list the page shows; the rest is in the JSON."""

    causes: int = 60
    """Groups that are told in detail."""
    told: int = 8
    """Groups that the answer tells; with more, the details are folded."""
    brief: int = 200
    """Further ones that get a line there."""
    failures: int = 20
    """Of one group."""
    rows: int = 40
    """Of any other table."""
    text: int = 1500
    """Characters of one text."""
    steps: int = 12
    """Of one remedy."""
    charts: bool = True


class Page:
    """What there is to tell, gathered in one walk over the failures."""

    def __init__(self, parts: Document, samples: int) -> None:
        """Walks over the failures.

        Args:
            parts: What a scan found.
            samples: Failures of each group that are kept.
        """
        self._parts = parts
        self._document = {**parts.head(), **parts.tail()}
        self._groups: Sequence[Mapping[str, Any]] = self._document["groups"]
        self._headlines = [wording.headline(group) for group in self._groups]
        self._times: dict[str, list[float]] = defaultdict(list)
        self._checks: dict[str, dict[str, Counter[str]]] = defaultdict(dict)
        self._samples: dict[str, list[Finding]] = defaultdict(list)
        self._tried = Tried()
        for finding in parts.findings:
            self._walk(finding, parts.group_of(finding) or "", samples)
        self._timeline = Timeline(self._document, self._times)

    def _walk(self, finding: Finding, group: str, most: int) -> None:
        failure = finding.failure
        if failure.time is not None:
            self._times[group].append(failure.time.timestamp())
        if len(self._samples[group]) < most:
            self._samples[group].append(finding)
        counts = self._checks[group]
        for check in finding.checks:
            counts.setdefault(check.name, Counter())[check.verdict] += 1
        self._tried.add(finding)

    def view(self, limits: Limits) -> dict[str, Any]:
        """What the template is given."""
        document = self._document
        publishers = issuers.known(document)
        now = document["tool"]["now"]
        return {
            "document": document,
            "summary": document["summary"],
            "day": wording.day_of(document),
            "paths": [wording.named(one["path"]) for one in document["inputs"]],
            "names": wording.short_paths([one["path"] for one in document["inputs"]]),
            **self._answers(limits),
            "timeline": self._timeline.view() if limits.charts else None,
            "week": self._timeline.week(),
            "issuers": [issuers.view(one, self._tried, now, limits.rows) for one in publishers[: limits.rows]],
            "publishers": len(publishers),
            "unknown": issuers.unknown(document),
            "inputs": document["inputs"][: limits.rows],
            "ledger": accounting.ledger(document),
            "shares": _shares(document["summary"]["by_cause"]),
            "skipped": accounting.skipped(document),
            "visibility": accounting.visibility(document),
            "blind": accounting.blind(document),
            "notes": digest(document["notes"]),
            "exposures": document["exposures"][: limits.rows],
            "untimed": sum(1 for f in self._parts.findings if f.failure.time is None),
            "assumed": sum(1 for f in self._parts.findings if f.failure.time_assumed),
        }

    # ------------------------------------------------------------------ the groups

    def _answers(self, limits: Limits) -> dict[str, Any]:
        """The groups: those told in the answer and in detail, those that get a line, and how many are left."""
        anchors = _anchors(self._groups)
        answered, detailed, brief = self._told(limits)
        causes = [
            {
                **self._cause(self._groups[i], limits),
                "answered": i in answered,
                "alike": self._alike(i) if brief else (0, 0),
                "anchor": anchors[i],
            }
            for i in detailed
        ]
        lines = [
            {**self._groups[i], "headline": self._headlines[i], "anchor": anchors[i] if i in detailed else ""}
            for i in brief
        ]
        left = len(self._groups) - len(answered) - len(brief)
        return {"causes": _without_repeats(causes), "brief": lines, "left": left}

    def _told(self, limits: Limits) -> tuple[list[int], list[int], list[int]]:
        """Which groups the answer tells (few: all, many: the first of each cause), which the details, which a line."""
        every = range(len(self._groups))
        leading: dict[str, int] = {}
        for i in every:
            leading.setdefault(self._headlines[i], i)
        answered = list(every if len(self._groups) <= limits.told else leading.values())[: limits.told]
        rest = [i for i in every if i not in set(answered)]
        return answered, sorted([*answered, *rest][: limits.causes]), rest[: limits.brief]

    def _alike(self, place: int) -> tuple[int, int]:
        """How many further groups have the headline, and how many failures they are."""
        named = zip(self._groups, self._headlines, strict=True)
        same = [group["count"] for group, name in named if name == self._headlines[place]]
        return len(same) - 1, sum(same) - self._groups[place]["count"]

    def _cause(self, group: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
        samples = [self._parts.failure(finding) for finding in self._samples[group["id"]][: limits.failures]]
        checks = list(self._answers_of_checks(group["id"], limits))
        remedies = wording.remedies(group)
        first = [remedy for remedy in remedies if remedy["stack"] in FIRST_STACKS] or remedies[:2]
        return {
            **group,
            "headline": wording.headline(group),
            "story": wording.story(group),
            "news": wording.news(group),
            "remedies": first,
            "further": [remedy for remedy in remedies if remedy not in first],
            "share": wording.share(group["count"], self._document["summary"]["failures"]),
            "when": wording.span(group["first"], group["last"], wording.day_of(self._document)),
            "lasted": duration(wording.seconds_between(group["first"], group["last"])),
            "evidence": [_columns(row, limits) for row in group["evidence"][: limits.rows]],
            "series": self._timeline.series(group),
            "spark": self._timeline.spark(group) if limits.charts and group["count"] > 1 else "",
            "bins": self._timeline.bins,
            "wrong": [check for check in checks if check["fail"] or not check["pass"]],
            "fine": [check for check in checks if check["pass"] and not check["fail"]],
            "samples": samples,
            "texts": list(dict.fromkeys(one["text"] for one in samples if one["text"]))[:_MOST_TEXTS],
            "place": samples[0]["source"] if samples else None,
            "undetermined": group["cause"] == UNDETERMINED,
            "deciders": _deciders(group["alternatives"]),
        }

    # ------------------------------------------------------------------ the checks of one group

    def _answers_of_checks(self, group: str, limits: Limits) -> Iterator[dict[str, Any]]:
        """How often each check said what, with the words of the first failure that tells most."""
        telling: dict[str, tuple[Finding, Check]] = {}
        for finding in self._samples[group]:
            for check in finding.checks:
                known = telling.get(check.name)
                if known is None or (check.verdict is CheckVerdict.FAIL and known[1].verdict is not CheckVerdict.FAIL):
                    telling[check.name] = (finding, check)
        for name, counts in self._checks[group].items():
            said = self._said(*telling[name]) if name in telling else {}
            sides = _columns({side: said.get(side) for side in ("expected", "found", "difference")}, limits)
            numbers = {verdict.value: counts[verdict] for verdict in CheckVerdict}
            yield {"name": name, **sides, "why": said.get("why"), **numbers}

    def _said(self, finding: Finding, check: Check) -> Mapping[str, Any]:
        """What the document says of a check: without secrets."""
        token = self._parts.failure(finding)["token"]
        return next((c for c in token["checks"] if c["name"] == check.name), {}) if token else {}


def _columns(row: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Expected and found in pieces of which some differ, and the difference in words."""
    expected, found = (cut(row[side] or "", limits.text) for side in ("expected", "found"))
    left, right = diff.pieces(expected, found) if expected and found else ([(expected, False)], [(found, False)])
    return {**row, "expected": left if expected else None, "found": right if found else None, "words": diff.said(row)}


def _shares(by_cause: Mapping[str, int]) -> dict[str, Any]:
    """The commonest causes, and how many failures of how many causes are left."""
    by_number = sorted(by_cause.items(), key=lambda entry: (-entry[1], entry[0]))
    listed, rest = by_number[:_MOST_SHARES], by_number[_MOST_SHARES:]
    return {"listed": listed, "causes": len(rest), "rest": sum(number for _, number in rest)}


def _deciders(alternatives: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """What would decide between open causes, each once; with the causes where it does not concern all of them."""
    found: dict[str, list[str]] = {}
    for one in alternatives:
        for way in one["decided_by"]:
            found.setdefault(way, []).append(one["cause"])
    return [(way, causes if len(causes) < len(alternatives) else []) for way, causes in found.items()]


def _without_repeats(causes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Causes with the same steps refer to the first that has them."""
    seen: dict[str, Mapping[str, Any]] = {}
    for cause in causes:
        first = seen.setdefault(repr((cause["remediation"], cause["references"])), cause)
        cause["same_as"] = first if first is not cause and cause["remedies"] else None
    return causes


def _anchors(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """The cause's id for its first group, with a number for each further one."""
    seen: Counter[str] = Counter()
    out = []
    for group in groups:
        cause = re.sub(r"[^A-Za-z0-9._\-]", "-", group["cause"])[:80]
        seen[cause] += 1
        out.append(cause if seen[cause] == 1 else f"{cause}-{seen[cause]}")
    return out
