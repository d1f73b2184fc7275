"""Why a rule did or did not match a failure, condition by condition; and its sentence about one failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from authlens.diagnosis.condition import BOOLEANS
from authlens.diagnosis.detection import Detection, Item, Search, holds_for, value_of, walk
from authlens.diagnosis.evidence_values import Row
from authlens.diagnosis.rule import PLACEHOLDER, Rule
from authlens.durations import duration

_LONGEST: Final = 300
UNKNOWN: Final = "(unknown)"
"""Stands in a sentence for a value that the evidence lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One line of a rule, held against one failure."""

    part: str
    """``rule``, or the title of the site's exception."""
    search: str
    """Name of the search; empty for the line that tells the condition's outcome."""
    alternative: int = 0
    """Which entry of the search, from 0, where it is a list of entries."""
    field: str = ""
    expected: str = ""
    """What the rule asks, in words; the condition itself on the line of the outcome."""
    found: str | None = None
    """The value in the evidence; None where the field is missing."""
    held: bool
    line: int = 1


def explain(rule: Rule, row: Row) -> tuple[Reason, ...]:
    """The outcome, then every line of the rule with what was expected, what was found and whether it held.

    The site's exceptions that concern the rule follow in the same form.
    """
    reasons = list(_reasons("rule", rule.detection, row))
    for exemption in rule.exemptions:
        reasons.extend(_reasons(exemption.title, exemption.detection, row))
    return tuple(reasons)


def _reasons(part: str, detection: Detection, row: Row) -> Iterator[Reason]:
    outcome = walk(detection, lambda item: holds_for(item, row), BOOLEANS)
    yield Reason(part=part, search="", expected=detection.text, held=outcome)
    for search in detection.searches.values():
        yield from _search_reasons(part, search, row)


def _search_reasons(part: str, search: Search, row: Row) -> Iterator[Reason]:
    for number, alternative in enumerate(search.alternatives):
        for item in alternative:
            value = value_of(row, item.field)
            yield Reason(
                part=part,
                search=search.name,
                alternative=number,
                field=item.field,
                expected=expectation(item, row),
                found=None if value is None else shown(value),
                held=holds_for(item, row),
                line=item.line,
            )


_WORDS: Final = {
    "equals": "is",
    "contains": "contains",
    "startswith": "starts with",
    "endswith": "ends with",
    "re": "matches",
    "cidr": "lies in",
    "gt": "is greater than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
}


def expectation(item: Item, row: Row | None = None) -> str:
    """What an item asks, in words; with a row, fields that it refers to are shown with their values."""
    if item.relation == "exists":
        return "is present" if item.operands[0] else "is missing"
    verb = _WORDS[item.relation]
    joint = " and " if item.every else " or "
    values = joint.join(_operand(item, operand, row) for operand in item.operands)
    note = " (same case)" if item.cased and not item.reference else ""
    return f"{'not: ' if item.negated else ''}{'every element ' if item.every else ''}{verb} {values}{note}"


def _operand(item: Item, operand: Any, row: Row | None) -> str:
    if operand is None:
        return "missing"
    if not item.reference:
        return repr(operand) if isinstance(operand, str) else shown(operand)
    value = value_of(row, operand) if row is not None else None
    return f"{operand} ({UNKNOWN if value is None else shown(value)})" if row is not None else str(operand)


def shown(value: Any) -> str:
    """A plain value as text, shortened where it is long."""
    if isinstance(value, tuple):
        text = ", ".join(shown(each) for each in value[:20]) + (", …" if len(value) > 20 else "")
    elif isinstance(value, bool):
        text = str(value).lower()
    elif isinstance(value, datetime):
        text = value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


_NAMELESS: Final = {
    "issuer": "the issuer",
    "meta.address": "the metadata address",
    "fetch.url": "the metadata address",
    "scheme": "this scheme",
    "iss": "an issuer that is not shown",
    "kid": "that the token names",
    "expected.issuers": "another one",
    "expected.audiences": "another one",
}
"""What to call a value that the evidence lacks, where a sentence can go on without it."""
_SECONDS: Final = re.compile(r"\{([a-z][a-z_.]{0,60}_s)\} s\b")
"""A number of seconds with its unit behind it, which is told in larger units where it is large."""
_TWICE: Final = re.compile(r"(?:the metadata address|scheme) (the metadata address|this scheme)", re.IGNORECASE)
_ASIDE: Final = f" ({UNKNOWN})"


def sentence(template: str, row: Row) -> str:
    """The rule's ``explain`` about one failure: placeholders filled, the unknown left out or said to be unknown."""
    lacking = False

    def fill(found: Any) -> str:
        nonlocal lacking
        name = found[1]
        if name is None:
            return str(found[0][0])
        value = value_of(row, name)
        if value is not None:
            return shown(value)
        lacking = True
        nameless = _NAMELESS.get(name, UNKNOWN)
        begins = found.start() == 0 or found.string.endswith(". ", 0, found.start())
        return nameless[0].upper() + nameless[1:] if begins else nameless

    text = PLACEHOLDER.sub(fill, _SECONDS.sub(lambda found: _spelt(found, row), template))
    return _smooth(text) if lacking else text


def _spelt(found: re.Match[str], row: Row) -> str:
    seconds = value_of(row, found[1])
    return duration(seconds) if isinstance(seconds, int | float) else found[0]


def _smooth(text: str) -> str:
    """A sentence in which a value is missing, without stumbling over the gap."""

    def once(found: re.Match[str]) -> str:
        kept = found[1]
        return kept[0].upper() + kept[1:] if found.start() == 0 else kept

    return _TWICE.sub(once, text.replace(_ASIDE, ""))
