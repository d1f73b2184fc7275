"""Why each rule did or did not match one failure, condition by condition."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from authlens.diagnosis.evidence_values import Row
from authlens.diagnosis.explain import Reason, explain
from authlens.diagnosis.rule import Concluder, Rule, Ruleset
from authlens.model import Finding
from authlens.redact import is_personal, mask
from authlens.reports.cleaning import rfc3339
from authlens.reports.document import Document
from authlens.reports.lines import labelled, wrap
from authlens.reports.wording import count, visible

SCHEMA: Final = "authlens.explanation/1"
_COLUMN = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One rule held against the failure."""

    rule: Concluder
    matched: bool
    named: bool
    """It names the cause."""
    reasons: tuple[Reason, ...]
    """None for a correlation: it looks at many failures at once."""


def held(pack: Ruleset, row: Row, finding: Finding, only: str | None = None) -> list[Held]:
    """Every rule (or those of one id, name or cause), the one that names the cause first, then what came nearest."""
    wanted: Sequence[Concluder] = pack.find(only) if only is not None else (*pack.rules, *pack.correlations)
    found = [_held(one, row, finding) for one in wanted]
    return sorted(found, key=lambda h: (not h.named, not h.matched, _missing(h), h.rule.rank))


def _held(one: Concluder, row: Row, finding: Finding) -> Held:
    named = one.id == finding.rule
    if not isinstance(one, Rule):
        return Held(rule=one, matched=named, named=named, reasons=())
    reasons = explain(one, row)
    outcomes = [reason.held for reason in reasons if not reason.search]
    return Held(rule=one, matched=all(outcomes), named=named, reasons=reasons)


def _missing(one: Held) -> int:
    """Lines that did not hold, after which rules that did not match are ordered."""
    return sum(not reason.held for reason in one.reasons if reason.search)


def lines(parts: Document, finding: Finding, rules: Sequence[Held], width: int) -> Iterator[str]:
    """What matched in full; of what did not match, the lines that did not hold."""
    failure = parts.failure(finding)
    place = f"{visible(failure['source']['path'])}:{failure['source']['line']}"
    head = (finding.id, place, failure["code"] or "no code", failure["scheme"] and f"scheme {failure['scheme']}")
    yield from wrap(visible(" · ".join(filter(None, head))), width)
    yield from wrap(f"{finding.cause}, {finding.confidence}: {visible(finding.title)}", width)
    clean = _cleaner(parts, finding)
    for one in rules:
        yield ""
        yield from _rule(one, clean, width)
    matched = sum(one.matched for one in rules)
    yield ""
    yield f"{count(len(rules), 'rule')}: {matched} matched, {len(rules) - matched} did not"


Clean = Callable[[Reason], str]


def _rule(one: Held, clean: Clean, width: int) -> Iterator[str]:
    rule = one.rule
    verdict = "names the cause" if one.named else "matches, overruled" if one.matched else "does not match"
    yield from wrap(f"{rule.cause} ({rule.precedence}): {verdict}: {visible(rule.title)}", width, rest=2)
    yield from labelled("", f"{rule.path}, {rule.name or rule.id}", width, column=2)
    if not one.reasons:
        yield from labelled("", "looks at many failures at once", width, column=_COLUMN)
    for reason in one.reasons:
        if not reason.search:
            part = "" if reason.part == "rule" else f"{visible(reason.part)}: "
            yield from labelled(_mark(reason), f"{part}condition {reason.expected}", width, column=_COLUMN)
        elif one.matched or not reason.held:
            yield from labelled(_mark(reason), f"  {_told(reason, clean)}", width, column=_COLUMN)


def _mark(reason: Reason) -> str:
    return "  yes" if reason.held else "  no"


def _told(reason: Reason, clean: Clean) -> str:
    found = "it is missing" if reason.found is None else f"it is {clean(reason)}"
    return f"{reason.search}: {reason.field} {visible(reason.expected)}; {found} (line {reason.line})"


def _cleaner(parts: Document, finding: Finding) -> Clean:
    """How a value of the evidence is shown: without secrets, and people by their pseudonyms."""
    clean = parts.cleaner(finding)

    def said(reason: Reason) -> str:
        found = reason.found or ""
        personal = reason.field == "client" or is_personal(reason.field)
        return visible(parts.pseudonym(finding, found) if personal else mask(clean(found), blobs=False))

    return said


def to_json(parts: Document, finding: Finding, rules: Sequence[Held]) -> str:
    """The same as ``authlens.explanation/1``, with every line of every rule."""
    clean = _cleaner(parts, finding)
    failure = parts.failure(finding)
    answer = {
        "schema": SCHEMA,
        "failure": {name: failure[name] for name in ("id", "time", "code", "source", "scheme", "cause", "confidence")},
        "now": rfc3339(parts.result.now),
        "rules": [_entry(one, clean) for one in rules],
    }
    return json.dumps(answer, indent=1) + "\n"


def _entry(one: Held, clean: Clean) -> dict[str, Any]:
    rule = one.rule
    return {
        "id": rule.id,
        "name": rule.name,
        "path": rule.path,
        "cause": rule.cause,
        "precedence": rule.precedence,
        "matched": one.matched,
        "names_the_cause": one.named,
        "conditions": [
            {
                "part": reason.part,
                "search": reason.search or None,
                "alternative": reason.alternative,
                "field": reason.field or None,
                "expected": reason.expected,
                "found": None if reason.found is None else clean(reason),
                "held": reason.held,
                "line": reason.line,
            }
            for reason in one.reasons
        ],
    }
