"""The page for people: one static file that loads nothing and runs at most one script of its own.

Everything that came from a log is escaped by the templates and has its control and direction characters
written out. What the page shows is what the document holds, cut to a size that opens anywhere.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, TextIO

import jinja2
from markupsafe import Markup, escape

from authlens.diagnosis.moments import KEY_CHANGE
from authlens.model import Check, CheckVerdict, Finding
from authlens.reports import charts, diff, wording
from authlens.reports.document import UNDETERMINED, Document
from authlens.reports.keys import Tried, side_by_side

LARGEST: Final = 500_000
"""Bytes of a page, whatever the log."""
TYPICAL: Final = 150_000
"""Bytes beyond which lists are shortened."""
SERIES: Final = 5
"""Causes with a colour of their own in the timeline; the rest share one."""
FIRST_STACKS: Final = ("aspnetcore", "identity-provider")
"""Whose steps are shown at once; the others are folded."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each list the page shows; the rest is in the JSON."""

    bytes: int = LARGEST
    """The page must not be larger, or the next limits are taken."""
    causes: int = 40
    """Groups that are told in detail."""
    told: int = 8
    """Groups that the answer tells."""
    brief: int = 200
    """Further ones that get a line there."""
    failures: int = 20
    rows: int = 40
    text: int = 1500
    steps: int = 12
    series: bool = True


_TIGHTER: Final = (
    Limits(bytes=TYPICAL),
    Limits(failures=5, rows=20, text=800),
    Limits(causes=25, brief=120, failures=5, rows=15, text=600, steps=8),
    Limits(causes=12, brief=60, failures=3, rows=10, text=300, steps=6),
    Limits(causes=5, told=5, brief=25, failures=2, rows=6, text=120, steps=4, series=False),
)


def write(parts: Document, out: TextIO) -> None:
    """Writes the page; equal results give equal bytes."""
    out.write(render(parts))


def render(parts: Document) -> str:
    """The page as text, below ``LARGEST`` bytes whatever the input."""
    story = _Story(parts)
    page = ""
    for limits in _TIGHTER:
        page = _fill(story, limits)
        if len(page.encode("utf-8", "replace")) <= limits.bytes:
            break
    return page.encode("utf-8", "replace").decode("utf-8")


def _fill(story: _Story, limits: Limits) -> str:
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    page = _environment(limits).get_template("report.html.jinja")
    return page.render(
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=policy,
        limits=limits,
        **story.view(limits),
    )


def _asset(name: str) -> str:
    text = resources.files("authlens.reports").joinpath("templates", name).read_text("utf-8")
    return "\n" + text.replace("\r\n", "\n").strip() + "\n"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _environment(limits: Limits) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("authlens.reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: _shown(value, limits.text),
    )
    environment.filters |= {
        "causes": wording.causes,
        "count": wording.count,
        "moment": wording.moment,
        "number": lambda number: f"{number:,}",
        "place": wording.place,
        "prose": lambda text: _prose(_cut(text, limits.text)),
        "size": wording.size,
        "span": wording.span,
        "some": wording.some,
        "stack": wording.stack,
        "web": _is_web,
    }
    environment.globals |= {
        "CONFIDENCE": wording.CONFIDENCE,
        "WEEKDAYS": charts.WEEKDAYS,
        "SHOW": wording.SHOW_AUTHENTICATION,
    }
    return environment


# --------------------------------------------------------------------------- texts


def _shown(value: object, longest: int) -> object:
    """What an expression in the template becomes: cut, and with nothing that steers."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return "–" if value is None else value
    return wording.visible(_cut(value, longest), lines=True)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text) - longest:,} more characters)"


_CODE = re.compile(r"```[a-z]{0,12}\n?([^`]{1,8000})```|`([^`\n]{1,2000})`")


def _prose(text: str) -> Markup:
    """Text whose `` `code` `` is shown as such and whose fenced blocks can be copied."""
    out = Markup()
    done = 0
    for match in _CODE.finditer(text):
        out += _worded(text[done : match.start()])
        block, inline = match.groups()
        tag = "<pre><code>{}</code></pre>" if block else "<code>{}</code>"
        out += Markup(tag).format(_plain((block or inline).strip("\n")))  # noqa: S704 - the text is escaped by format
        done = match.end()
    return out + _worded(text[done:])


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?(?: UTC)?)?")


def _worded(text: str) -> Markup:
    """Words whose dates no line breaks apart."""
    plain = str(_plain(text))  # joined as Markup, the tags would be escaped as well
    return Markup(_MOMENT.sub(r'<span class="t">\g<0></span>', plain))  # noqa: S704 - escaped before


def _plain(text: str) -> Markup:
    return escape(wording.visible(text, lines=True))


def _is_web(address: str) -> bool:
    """Whether an address may become a link."""
    return re.fullmatch(r"https?://[A-Za-z0-9.\-]{1,253}(?::\d{1,5})?(?:/[!-;=?-~]{0,1000})?", address) is not None


def _marked(parts: Iterable[diff.Piece]) -> Markup:
    out = Markup()
    for text, differs in parts:
        out += Markup("<mark>{}</mark>").format(_plain(text)) if differs else _plain(text)
    return out


def _columns(row: Mapping[str, Any]) -> dict[str, Any]:
    """Expected and found with what differs marked, and the difference in words."""
    expected, found = row["expected"], row["found"]
    if not expected or not found:
        return {**row, "words": row.get("difference") or ""}
    left, right = diff.pieces(expected, found)
    words = row.get("difference") or diff.words(expected, found)
    return {**row, "expected": _marked(left), "found": _marked(right), "words": words}


# --------------------------------------------------------------------------- the story


class _Story:
    """What the page tells, gathered in one walk over the failures."""

    def __init__(self, parts: Document) -> None:
        self.parts = parts
        self.document = {**parts.head(), **parts.tail()}
        self.groups: Sequence[Mapping[str, Any]] = self.document["groups"]
        self.headlines = [wording.headline(group) for group in self.groups]
        self.names = wording.short_paths([one["path"] for one in self.document["inputs"]])
        self.times: dict[str, list[float]] = defaultdict(list)
        self.checks: dict[str, dict[str, Counter[str]]] = defaultdict(dict)
        self.samples: dict[str, list[Finding]] = defaultdict(list)
        self.tried = Tried()
        most = max(limits.failures for limits in _TIGHTER)
        for finding in parts.findings:
            self._walk(finding, parts.group_of(finding) or "", most)

    def _walk(self, finding: Finding, group: str, most: int) -> None:
        failure = finding.failure
        if failure.time is not None:
            self.times[group].append(failure.time.timestamp())
        if len(self.samples[group]) < most:
            self.samples[group].append(finding)
        counts = self.checks[group]
        for check in finding.checks:
            counts.setdefault(check.name, Counter())[check.verdict] += 1
        self.tried.add(finding)

    def view(self, limits: Limits) -> dict[str, Any]:
        """What the template is given."""
        document = self.document
        axis = self._axis()
        return {
            "document": document,
            "summary": document["summary"],
            "day": wording.day_of(document),
            "names": self.names,
            **self._answers(axis, limits),
            "timeline": self._timeline(axis) if axis and limits.series else None,
            "week": self._week(),
            "issuers": [self._issuer(i, limits) for i in self._known_issuers()[: limits.rows]],
            "publishers": len(self._known_issuers()),
            "unknown": [i["issuer"] for i in document["issuers"] if not _is_known(i)],
            "inputs": document["inputs"][: limits.rows],
            "ledger": wording.ledger(document),
            "shares": _shares(document["summary"]["by_cause"]),
            "skipped": wording.skipped(document),
            "visibility": wording.visibility(document),
            "notes": wording.digest(document["notes"]),
            "exposures": document["exposures"][: limits.rows],
            "untimed": sum(1 for f in self.parts.findings if f.failure.time is None),
            "assumed": sum(1 for f in self.parts.findings if f.failure.time_assumed),
        }

    def _answers(self, axis: charts.Axis | None, limits: Limits) -> dict[str, Any]:
        """The groups: those told in the answer and in detail, those that get a line, and how many are left."""
        anchors, drawn = _anchors(self.groups), self._drawn()
        answered, detailed, brief = _told(self.groups, limits)
        causes = [
            {
                **self._cause(self.groups[i], axis, limits),
                "answered": i in answered,
                "alike": self._alike(i) if brief else (0, 0),
                "anchor": anchors[i],
                "series": _series(self.groups[i], drawn),
            }
            for i in detailed
        ]
        lines = [
            {**self.groups[i], "headline": self.headlines[i], "anchor": anchors[i] if i in detailed else ""}
            for i in brief
        ]
        left = len(self.groups) - len(answered) - len(brief)
        return {"causes": _without_repeats(causes), "brief": lines, "left": left}

    def _alike(self, place: int) -> tuple[int, int]:
        """How many further groups the cause has, and how many failures they are."""
        same = [
            g["count"] for g, name in zip(self.groups, self.headlines, strict=True) if name == self.headlines[place]
        ]
        return len(same) - 1, sum(same) - self.groups[place]["count"]

    # ------------------------------------------------------------------ time

    def _axis(self) -> charts.Axis | None:
        every = [time for times in self.times.values() for time in times]
        # A key may have come long before the log begins: that is told, and drawn only where it lies within.
        moments = [m["time"] for m in self.document["moments"] if m["kind"] != KEY_CHANGE]
        every += [_seconds(time) for time in moments] if every else []
        return charts.Axis.over(min(every), max(every)) if every else None

    def _drawn(self) -> list[str]:
        """The causes with a colour of their own, by their headlines, in the order of the page."""
        sizes: Counter[str] = Counter()
        for group, name in zip(self.groups, self.headlines, strict=True):
            sizes[name] += len(self.times[group["id"]])
        largest = {name for name, size in sizes.most_common(SERIES) if size}
        return [name for name in sizes if name in largest]

    def _timeline(self, axis: charts.Axis) -> dict[str, Any]:
        names = self._drawn()
        times: list[list[float]] = [[] for _ in (*names, "other")]
        for group in self.groups:
            times[_series(group, names)] += self.times[group["id"]]
        if times[-1]:
            names = [*names, "other causes"]
        series = [axis.counts(of) for of in times[: len(names)]]
        bars, top = charts.stacked(axis, series, names)
        rows = [(axis.full_label(i), column) for i, column in enumerate(zip(*series, strict=True)) if any(column)]
        ticks = sorted({0, axis.bins // 4, axis.bins // 2, axis.bins * 3 // 4, axis.bins})
        return {
            "bars": bars,
            "bins": axis.bins,
            "top": top,
            "names": names,
            "totals": [sum(s) for s in series],
            "rows": rows,
            "ticks": [axis.label(t) for t in ticks],
            "step": wording.duration(axis.step),
            "moments": [{**m, "x": _drawn_at(axis, _seconds(m["time"]))} for m in self.document["moments"]],
        }

    def _week(self) -> dict[str, Any] | None:
        """Failures by weekday and hour, where the log is long enough to show a habit."""
        every = [time for times in self.times.values() for time in times]
        if not every or max(every) - min(every) < 3 * 86_400:
            return None
        table = charts.by_hour(every)
        top = max(max(row) for row in table)
        return {"rows": [[(n, -(-4 * n // top)) for n in row] for row in table], "top": top}

    # ------------------------------------------------------------------ one cause

    def _cause(self, group: Mapping[str, Any], axis: charts.Axis | None, limits: Limits) -> dict[str, Any]:
        samples = [self.parts.failure(f) for f in self.samples[group["id"]][: limits.failures]]
        checks = self._checks(group["id"])
        remedies = [r for r in group["remediation"] if any(not s.startswith(_NOTHING) for s in r["steps"])]
        first = [r for r in remedies if r["stack"] in FIRST_STACKS] or remedies[:2]
        return {
            **group,
            "headline": wording.headline(group),
            "story": wording.story(group),
            "news": wording.news(group),
            "remedies": first,
            "further": [r for r in remedies if r not in first],
            "share": wording.share(group["count"], self.document["summary"]["failures"]),
            "when": wording.span(group["first"], group["last"], wording.day_of(self.document)),
            "lasted": wording.duration(wording.seconds_between(group["first"], group["last"])),
            "evidence": [_columns(row) for row in group["evidence"][: limits.rows]],
            "spark": charts.sparkline(axis.counts(self.times[group["id"]])) if axis and limits.series else "",
            "bins": axis.bins if axis else 0,
            "wrong": [c for c in checks if c["fail"] or not c["pass"]],
            "fine": [c for c in checks if c["pass"] and not c["fail"]],
            "samples": samples,
            "texts": list(dict.fromkeys(s["text"] for s in samples if s["text"]))[:3],
            "place": samples[0]["source"] if samples else None,
            "undetermined": group["cause"] == UNDETERMINED,
            "deciders": _deciders(group["alternatives"]),
        }

    def _checks(self, group: str) -> list[dict[str, Any]]:
        """How often each check said what, with the words of the first failure that tells most."""
        out = []
        telling: dict[str, tuple[Finding, Check]] = {}
        for finding in self.samples[group]:
            for check in finding.checks:
                known = telling.get(check.name)
                if known is None or (check.verdict is CheckVerdict.FAIL and known[1].verdict is not CheckVerdict.FAIL):
                    telling[check.name] = (finding, check)
        for name, counts in self.checks[group].items():
            words = self._said(*telling[name]) if name in telling else {"expected": None, "found": None, "why": None}
            out.append(
                {"name": name, **_columns(words), "why": words["why"]}
                | {verdict.value: counts[verdict] for verdict in CheckVerdict}
            )
        return out

    def _said(self, finding: Finding, check: Check) -> dict[str, Any]:
        token = self.parts.failure(finding)["token"]
        said = next((c for c in token["checks"] if c["name"] == check.name), None) if token else None
        return said or {"expected": None, "found": None, "why": None}

    def _known_issuers(self) -> list[dict[str, Any]]:
        """Issuers with the same documents are one, by whatever names or addresses they were asked about."""
        merged: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
        for number, one in enumerate(self.document["issuers"]):
            if _is_known(one):
                documents = tuple(d["url"] for d in one["documents"])
                merged.setdefault(documents or (str(number),), []).append(one)
        out = []
        for same in merged.values():
            first, *others = sorted(same, key=lambda one: "/.well-known/" in one["issuer"])
            out.append({**first, "others": [one["issuer"] for one in others]})
        return out

    def _issuer(self, issuer: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
        rows = side_by_side(issuer["keys"], self.tried.of([issuer["issuer"], *issuer["others"]], issuer["keys"]))
        now = self.document["tool"]["now"]
        documents = [
            {**one, "age": wording.duration(max(0.0, wording.seconds_between(one["as_of"], now)))}
            for one in issuer["documents"]
        ]
        return {
            **issuer,
            "documents": documents,
            "keys": rows[: limits.rows],
            "hidden": max(0, len(rows) - limits.rows),
            "published": sum(1 for row in rows if row["published"]),
            "tried": sum(1 for row in rows if row["tried"] and not row["published"]),
        }


_NOTHING: Final = "Nothing to do"
_MOST_SHARES: Final = 12


def _told(groups: Sequence[Mapping[str, Any]], limits: Limits) -> tuple[list[int], list[int], list[int]]:
    """Which groups the answer tells (few: all, many: the first of each cause), which the details, which have a line."""
    every = range(len(groups))
    leading: dict[str, int] = {}
    for i in every:
        leading.setdefault(wording.headline(groups[i]), i)
    answered = list(every if len(groups) <= limits.told else leading.values())[: limits.told]
    rest = [i for i in every if i not in set(answered)]
    return answered, sorted([*answered, *rest][: limits.causes]), rest[: limits.brief]


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


def _is_known(issuer: Mapping[str, Any]) -> bool:
    return bool(issuer["documents"] or issuer["keys"])


def _without_repeats(causes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Causes with the same steps refer to the first that has them."""
    seen: dict[str, Mapping[str, Any]] = {}
    for cause in causes:
        first = seen.setdefault(repr((cause["remediation"], cause["references"])), cause)
        cause["same_as"] = first if first is not cause and cause["remedies"] else None
    return causes


def _series(group: Mapping[str, Any], drawn: Sequence[str]) -> int:
    """Which colour a group has; the last is that of all causes without one."""
    name = wording.headline(group)
    return drawn.index(name) if name in drawn else len(drawn)


def _anchors(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """The cause's id for its first group, with a number for each further one."""
    seen: Counter[str] = Counter()
    out = []
    for group in groups:
        cause = re.sub(r"[^A-Za-z0-9._\-]", "-", group["cause"])[:80]
        seen[cause] += 1
        out.append(cause if seen[cause] == 1 else f"{cause}-{seen[cause]}")
    return out


def _drawn_at(axis: charts.Axis, seconds: float) -> float | None:
    """Where a moment stands on the axis, in bins; None outside of it."""
    place = round((seconds - axis.start) / axis.step, 2)
    return place if 0 <= place <= axis.bins else None


def _seconds(time: str) -> float:
    return wording.seconds_between("1970-01-01T00:00:00Z", time)
