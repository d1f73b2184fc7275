"""Rules, what is wrong with them, and what they may ask about, for people and programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from authlens.diagnosis.rule import Concluder, Ruleset
from authlens.diagnosis.ruleset import Checked, TestResult
from authlens.diagnosis.schema import FIELDS
from authlens.errors import Fault
from authlens.redact import mask
from authlens.reports.lines import table
from authlens.reports.wording import count, visible

RULES: Final = "authlens.rules/1"
FIELDS_SCHEMA: Final = "authlens.rule-fields/1"


def _all(pack: Ruleset) -> list[Concluder]:
    return sorted((*pack.rules, *pack.correlations), key=lambda one: (one.cause, *one.rank))


def listed(pack: Ruleset, width: int) -> Iterator[str]:
    """One line a rule, by cause, the one that wins first."""
    rows = [(o.cause, f"{o.precedence:>4}", o.name or o.id) for o in _all(pack)]
    yield from table(rows, width)


def listed_json(pack: Ruleset) -> str:
    """The rules as ``authlens.rules/1``."""
    rules = [
        {
            "id": one.id,
            "name": one.name,
            "cause": one.cause,
            "severity": one.severity.value,
            "confidence": one.confidence.value,
            "precedence": one.precedence,
            "title": one.title,
            "path": one.path,
        }
        for one in _all(pack)
    ]
    return json.dumps({"schema": RULES, "rules": rules}, indent=1) + "\n"


def fields(width: int) -> Iterator[str]:
    """One line a field that a rule may name."""
    rows = [(f.name, f.type, f"{f.meaning}{', compared with |cased' if f.cased else ''}") for f in FIELDS]
    yield from table(rows, width)


def fields_json() -> str:
    """The fields as ``authlens.rule-fields/1``."""
    rows = [
        {"name": f.name, "type": f.type, "cased": f.cased, "source": f.source, "meaning": f.meaning} for f in FIELDS
    ]
    return json.dumps({"schema": FIELDS_SCHEMA, "fields": rows}, indent=1) + "\n"


def checked(found: Checked) -> Iterator[str]:
    """Faults, then warnings, then how many rules there are."""
    yield from _places(found.faults, "fault")
    yield from _places(found.warnings, "warning")
    whole = len(found.ruleset.rules) + len(found.ruleset.correlations)
    yield f"{count(whole, 'rule')}: {count(len(found.faults), 'fault')}, {count(len(found.warnings), 'warning')}"


def _places(faults: Sequence[Fault], kind: str) -> Iterator[str]:
    for fault in sorted(faults):
        place = visible(mask(f"{fault.path}:{fault.line}:{fault.column}", blobs=False))
        yield f"{place}: {kind}: {visible(fault.message)}"
        if fault.hint:
            yield f"    {visible(fault.hint)}"


def tested(results: Sequence[TestResult]) -> Iterator[str]:
    """The examples that a rule does not do what they say, and how many do."""
    wrong = [result for result in results if not result.passed]
    for result in wrong:
        place = f"{result.rule.path}:{result.place.line}:{result.place.column}"
        did = "matches" if result.matched else "does not match"
        overruled = f"; {result.overruled_by.title} names another cause" if result.overruled_by else ""
        yield f"{place}: {result.rule.title}: {did} its {result.kind} example {result.index + 1}{overruled}"
    yield f"{count(len(results), 'example')}: {len(results) - len(wrong):,} right, {len(wrong):,} wrong"
