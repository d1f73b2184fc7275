"""Nodes of a rule file → rules; every fault is noted at its place, and reading goes on."""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

from authlens.diagnosis.causes import CAUSES, FAMILIES, MOST_ALTERNATIVES, UNDETERMINED
from authlens.diagnosis.rule import PLACEHOLDER, Correlation, Examples, Exemption, Rule, SeriesExamples
from authlens.diagnosis.ruleset_examples import examples_of, series_of
from authlens.diagnosis.ruleset_keys import (
    choice_of,
    known_field,
    known_keys,
    required,
    strings_of,
    tables_of,
    text_of,
)
from authlens.diagnosis.ruleset_searches import COMPARISONS, detection_of
from authlens.diagnosis.ruleset_yaml import Items, Node, Notes, Place, Scalar, Table
from authlens.model import Alternative, Confidence, Frozen, Remediation, Severity

# fmt: off
_COMMON: Final = frozenset({
    "title", "id", "name", "status", "description", "license", "author", "date", "modified", "references", "tags",
    "related", "taxonomy", "fields", "falsepositives", "level", "scope", "logsource",
})
_OURS: Final = frozenset({
    "cause", "confidence", "precedence", "group_by", "explain", "alternatives", "remediation", "tests",
})
# fmt: on
_RULE_KEYS: Final = _COMMON | _OURS | {"detection"}
_CORRELATION_KEYS: Final = (_COMMON | _OURS | {"correlation"}) - {"logsource"}
_FILTER_KEYS: Final = _COMMON | {"filter"}
_CORRELATION_PARTS: Final = ("type", "rules", "group-by", "timespan", "condition", "generate")
_LEVELS: Final = tuple(Severity)
_CONFIDENCES: Final = tuple(Confidence)
_STATUSES: Final = ("stable", "test", "experimental", "deprecated", "unsupported")
_REQUIRED: Final = ("title", "id", "level", "cause", "confidence", "precedence", "explain")
_PLACED: Final[tuple[str, ...]] = ("id", "name", "precedence", "correlation")
"""What may be at fault only beside other rules."""
_MAX_PRECEDENCE: Final = 10_000

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2629746, "y": 31556952}
"""Seconds; the last two are Sigma's mean month and year."""


def read(document: Node, notes: Notes, pack: int, *, examples: bool = True) -> Rule | Correlation | Exemption | None:
    """The rule, correlation or filter that a document holds, or None where a fault was noted.

    Args:
        document: One of a file.
        notes: Take the faults.
        pack: 0 for the pack that is shipped, then in the order given.
        examples: Whether the document was read with its examples, without which a rule is refused.
    """
    before = notes.count
    if not isinstance(document, Table):
        notes.fault(document.place, "a rule is a mapping of keys to values")
        return None
    if "correlation" in document.pairs:
        found: Rule | Correlation | Exemption | None = _correlation(document, notes, pack, examples=examples)
    elif "filter" in document.pairs:
        found = _filter(document, notes)
    else:
        found = _rule(document, notes, pack, examples=examples)
    return found if notes.count == before else None


# --------------------------------------------------------------------------- the three kinds


def _rule(document: Table, notes: Notes, pack: int, *, examples: bool) -> Rule | None:
    known_keys(document, _RULE_KEYS, notes)
    required(document, (*_REQUIRED, "logsource", "detection"), notes)
    _logsource(document, notes, exact=True)
    head = _head(document, notes, pack)
    detection = detection_of(document.get("detection"), notes)
    tests = examples_of(_examples(document, notes), notes) if examples else {}
    return Rule(**head, detection=detection, tests=Examples(**tests)) if head and detection else None


def _filter(document: Table, notes: Notes) -> Exemption | None:
    known_keys(document, _FILTER_KEYS, notes)
    required(document, ("title", "logsource"), notes)
    _logsource(document, notes, exact=False)
    body = document.get("filter")
    if not isinstance(body, Table):
        notes.fault(document.place, "'filter' is a mapping of searches, 'rules' and 'condition'")
        return None
    rules = _filter_rules(body, notes)
    for name, (key, _) in body.pairs.items():
        if not name[:1].isalpha():
            notes.fault(key.place, f"a search of a filter begins with a letter: {name!r}")
    searches = Table(body.mark, {key: pair for key, pair in body.pairs.items() if key != "rules"})
    detection = detection_of(searches, notes)
    identifier = _id(document, notes) if "id" in document.pairs else None
    if detection is None:
        return None
    return Exemption(
        path=notes.path,
        title=text_of(document, "title", notes, longest=256),
        id=identifier,
        rules=rules,
        detection=detection,
        places=Frozen({"rules": body.pairs["rules"][0].place if "rules" in body.pairs else body.place}),
    )


def _filter_rules(body: Table, notes: Notes) -> tuple[str, ...] | None:
    node = body.get("rules")
    if node is None:
        notes.fault(
            body.place,
            "the filter does not say which 'rules' it concerns",
            "write rules: any, or a list of ids or names",
        )
        return None
    if isinstance(node, Scalar) and node.text.lower() == "any":
        return None
    return strings_of(node, "rules", notes) or None


def _correlation(document: Table, notes: Notes, pack: int, *, examples: bool) -> Correlation | None:
    known_keys(document, _CORRELATION_KEYS, notes)
    required(document, _REQUIRED, notes)
    head = _head(document, notes, pack)
    body = document.get("correlation")
    if not isinstance(body, Table):
        notes.fault(document.place, "'correlation' is a mapping")
        return None
    known_keys(body, _CORRELATION_PARTS, notes, "a correlation")
    required(body, ("type", "rules", "timespan", "condition"), notes)
    parts = _correlation_parts(body, notes)
    tests = series_of(_examples(document, notes), notes) if examples else {}
    return Correlation(**head, **parts, tests=SeriesExamples(**tests)) if head and parts else None


def _correlation_parts(body: Table, notes: Notes) -> dict[str, Any] | None:
    kind = choice_of(body, "type", ("event_count", "value_count"), notes)
    rules = strings_of(body.get("rules"), "rules", notes)
    by = strings_of(body.get("group-by"), "group-by", notes)
    for name in by:
        known_field(name, body.pairs["group-by"][1], notes)
    timespan = _timespan(body, notes)
    condition = _count_condition(body, kind, notes)
    generate = body.get("generate")
    if generate is not None and not (isinstance(generate, Scalar) and isinstance(generate.value, bool)):
        notes.fault(generate.place, "'generate' is true or false")
    if not (kind and rules and timespan and condition):
        return None
    told = isinstance(generate, Scalar) and generate.value is True
    return {"kind": kind, "rules": rules, "by": by, "timespan_s": timespan, "generate": told, **condition}


def _timespan(body: Table, notes: Notes) -> int | None:
    node = body.get("timespan")
    if node is None:
        return None
    found = re.fullmatch(r"([1-9][0-9]{0,6})([smhdwMy])", node.text) if isinstance(node, Scalar) else None
    if not found:
        notes.fault(node.place, "a timespan is a number and one of s m h d w M y, such as 15m")
        return None
    return int(found[1]) * _UNITS[found[2]]


def _count_condition(body: Table, kind: str | None, notes: Notes) -> dict[str, Any] | None:
    node = body.get("condition")
    if node is None:
        return None
    operators = [key for key in node.pairs if key != "field"] if isinstance(node, Table) else []
    if not isinstance(node, Table) or len(operators) != 1 or operators[0] not in {*COMPARISONS, "eq", "neq"}:
        notes.fault(node.place, "the condition of a correlation is one of gt gte lt lte eq neq and a number")
        return None
    amount, field = node.get(operators[0]), node.get("field")
    if not isinstance(amount, Scalar) or type(amount.value) is not int or amount.value < 0:
        notes.fault(node.place, f"'{operators[0]}' takes a whole number")
        return None
    counted = field.text if isinstance(field, Scalar) else None
    if (kind == "value_count") is not (counted is not None):
        notes.fault(node.place, "value_count needs the 'field' whose values it counts, event_count takes none")
        return None
    if counted is not None and field is not None:
        known_field(counted, field, notes)
    return {"operator": operators[0], "count": amount.value, "counted": counted}


def _examples(document: Table, notes: Notes) -> Node | None:
    required(document, ("tests",), notes)
    return document.get("tests")


# --------------------------------------------------------------------------- the head


def _head(document: Table, notes: Notes, pack: int) -> dict[str, Any] | None:
    level = choice_of(document, "level", _LEVELS, notes)
    confidence = choice_of(document, "confidence", _CONFIDENCES, notes)
    cause = _cause(document.get("cause"), notes)
    identifier = _id(document, notes)
    head: dict[str, Any] = {
        "path": notes.path,
        "title": text_of(document, "title", notes, longest=256),
        "id": identifier,
        "name": text_of(document, "name", notes) or None,
        "status": choice_of(document, "status", _STATUSES, notes) or "stable",
        "cause": cause,
        "severity": level and Severity(level),
        "confidence": confidence and Confidence(confidence),
        "precedence": _precedence(document, notes),
        "group_by": _group_by(document, notes),
        "explain": _explain(document, notes),
        "description": text_of(document, "description", notes),
        "alternatives": _alternatives(document.get("alternatives"), cause, notes),
        "remediation": _remediation(document.get("remediation"), notes),
        "references": strings_of(document.get("references"), "references", notes),
        "places": Frozen(_places(document)),
        "pack": pack,
    }
    return head if level and confidence and cause and identifier else None


def _places(document: Table) -> dict[str, Place]:
    places = {key: document.pairs[key][0].place for key in _PLACED if key in document.pairs}
    tests = document.get("tests")
    for kind in ("match", "no_match"):
        examples = tests.get(kind) if isinstance(tests, Table) else None
        if isinstance(examples, Items):
            places.update({f"{kind}[{at}]": each.place for at, each in enumerate(examples.nodes)})
    return places


def _id(document: Table, notes: Notes) -> str:
    text = text_of(document, "id", notes)
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError:
        notes.fault(document.pairs["id"][1].place, "an id is a UUID", f"a new one: {_suggested_id(text)}")
        return ""


def _suggested_id(text: str) -> uuid.UUID:
    """Depends on the text only, so that two runs say the same."""
    return uuid.uuid5(uuid.NAMESPACE_OID, text)


def _cause(node: Node | None, notes: Notes) -> str:
    if node is None:
        return ""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        notes.fault(node.place, "a cause is an id such as sig.key-rotated")
        return ""
    if node.value not in CAUSES:
        _unknown_cause(node.value, node.place, notes)
    return node.value


def _unknown_cause(cause: str, place: Place, notes: Notes) -> None:
    family, _, rest = cause.partition(".")
    if cause == UNDETERMINED:
        notes.fault(place, f"{UNDETERMINED!r} is what no rule knows; a rule names a cause")
    elif family not in FAMILIES or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+){0,12}", rest):
        hint = notes.near(cause, CAUSES) or f"the families are: {' '.join(FAMILIES)}"
        notes.fault(place, f"there is no cause {cause!r}", hint)
    else:
        notes.warn(place, f"{cause!r} is a new cause", notes.near(cause, CAUSES))


def _precedence(document: Table, notes: Notes) -> int:
    node = document.get("precedence")
    value = node.value if isinstance(node, Scalar) else None
    if type(value) is int and 0 <= value <= _MAX_PRECEDENCE:
        return value
    if node is not None and value is not None:
        notes.fault(node.place, f"a precedence is a whole number from 0 to {_MAX_PRECEDENCE}")
    return 0


def _group_by(document: Table, notes: Notes) -> tuple[str, ...]:
    names = strings_of(document.get("group_by"), "group_by", notes)
    for name in names:
        known_field(name, document.pairs["group_by"][1], notes)
    return names


def _explain(document: Table, notes: Notes) -> str:
    text = text_of(document, "explain", notes, longest=4000)
    if text:
        _placeholders(text, document.pairs["explain"][1], notes)
    return text


def _placeholders(text: str, node: Node, notes: Notes) -> None:
    """Note what stands in braces in a text of the node and is no field."""
    for found in PLACEHOLDER.finditer(text):
        if found[0] in {"{", "}"}:
            notes.fault(
                node.place,
                f"a single {found[0]!r}",
                "a placeholder is {field}; write {{ or }} for the character",
            )
        elif found[1] is not None:
            known_field(found[1], node, notes)


def _alternatives(node: Node | None, own: str, notes: Notes) -> tuple[Alternative, ...]:
    found = []
    for each in tables_of(node, "alternatives", ("cause", "why", "decided_by"), ("cause", "why"), notes):
        cause = _cause(each.get("cause"), notes)
        if cause and cause == own:
            notes.fault(each.place, "the alternative is the cause itself")
        decided = strings_of(each.get("decided_by"), "decided_by", notes)
        found.append(Alternative(cause=cause, why=text_of(each, "why", notes), decided_by=decided))
    if node is not None and len(found) > MOST_ALTERNATIVES:
        notes.fault(node.place, f"more than {MOST_ALTERNATIVES} alternatives")
    return tuple(found)


def _remediation(node: Node | None, notes: Notes) -> tuple[Remediation, ...]:
    found = []
    for each in tables_of(node, "remediation", ("stack", "steps"), ("stack", "steps"), notes):
        steps = strings_of(each.get("steps"), "steps", notes)
        for step in steps:
            _placeholders(step, each.pairs["steps"][1], notes)
        found.append(Remediation(stack=text_of(each, "stack", notes), steps=steps))
    return tuple(found)


def _logsource(document: Table, notes: Notes, *, exact: bool) -> None:
    """Refuse what is not about this library: Sigma applies a rule to its own log source only."""
    node = document.get("logsource")
    if node is None:
        return
    wanted = {"product": "dotnet", "service": "identitymodel"}
    pairs = node.pairs if isinstance(node, Table) else {}
    told = {key: value.text for key, (_, value) in pairs.items() if isinstance(value, Scalar)}
    given = {key: told[key] for key in (*wanted, "category") if key in told}
    if not given or (given != wanted if exact else not given.items() <= wanted.items()):
        notes.fault(
            node.place, "the log source is not the one read here", "write {product: dotnet, service: identitymodel}"
        )
