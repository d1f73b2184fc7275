"""Our reading of a rule is Sigma's: pySigma parses the same rule, and its tree is walked naively."""

import ipaddress
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SpecialChars,
)

from authlens.diagnosis.engine import match, match_rows
from authlens.diagnosis.rule import Rule, Ruleset
from authlens.diagnosis.ruleset import load
from authlens.diagnosis.ruleset_reader import read
from authlens.diagnosis.ruleset_yaml import Notes, documents

SITE = Path(__file__).parent.parent / "data" / "rules" / "site"
WORDS = ["a", "A", "ab", "aB", "b/", "api://a", "", "a*b", "a?b", "a\\b", "\\", "%", "10.1.2.3", "10.9.0.1", "::1"]
NUMBERS = [-1, 0, 1, 2, 2.5, 1 << 40]
TEXTS = ["code", "alg", "sub", "host"]
CASED = ["kid", "iss", "valid_issuer"]
LISTS = ["codes", "key_types"]

# --------------------------------------------------------------------------- the oracle


def _text_pattern(value: SigmaString) -> str:
    special = {SpecialChars.WILDCARD_MULTI: ".*", SpecialChars.WILDCARD_SINGLE: "."}
    return "".join(special[part] if isinstance(part, SpecialChars) else re.escape(str(part)) for part in value.s)


def _in_network(value: SigmaCIDRExpression, found: Any) -> bool:
    try:
        return ipaddress.ip_address(found) in value.network
    except ValueError:
        return False


def _refers(value: SigmaFieldReference, found: Any, row: dict[str, Any]) -> bool:
    other = row.get(value.field)
    if other is None or not isinstance(found, str):
        return other is not None and found == other
    if value.starts_with and value.ends_with:
        return other in found
    if value.starts_with:
        return found.startswith(other)
    return found.endswith(other) if value.ends_with else bool(found == other)


def _compares(value: SigmaCompareExpression, found: Any) -> bool:
    number = value.number.number
    outcomes: dict[CompareOperators, bool] = {
        CompareOperators.GT: found > number,
        CompareOperators.GTE: found >= number,
        CompareOperators.LT: found < number,
        CompareOperators.LTE: found <= number,
    }
    return outcomes[value.op]


def _leaf(field: str, value: Any, row: dict[str, Any]) -> bool:
    found = row.get(field)
    if isinstance(value, SigmaExists):
        return (found is not None) is value.exists
    if isinstance(value, SigmaNull) or found is None:
        return isinstance(value, SigmaNull) and found is None
    if isinstance(found, list):
        return any(_leaf(field, value, {**row, field: each}) for each in found)
    if isinstance(value, SigmaString):
        flags = re.DOTALL | (0 if isinstance(value, SigmaCasedString) else re.IGNORECASE)
        return re.fullmatch(_text_pattern(value), found, flags) is not None
    if isinstance(value, SigmaRegularExpression):
        return re.search(str(value.regexp), found) is not None
    if isinstance(value, SigmaCIDRExpression):
        return _in_network(value, found)
    if isinstance(value, SigmaFieldReference):
        return _refers(value, found, row)
    if isinstance(value, SigmaCompareExpression):
        return _compares(value, found)
    assert isinstance(value, SigmaBool | SigmaNumber)
    return bool(value == found)


def _walk(node: Any, row: dict[str, Any]) -> bool:
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _leaf(node.field, node.value, row)
    if isinstance(node, ConditionNOT):
        return not _walk(node.args[0], row)
    outcomes = [_walk(each, row) for each in node.args]
    assert isinstance(node, ConditionAND | ConditionOR)
    return all(outcomes) if isinstance(node, ConditionAND) else any(outcomes)


# --------------------------------------------------------------------------- rules and rows


def _escaped(text: str) -> str:
    return re.sub(r"([*?\\])", r"\\\1", text)


def _some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, min_size=1, max_size=3)


def _key(field: str, *modifiers: str | None) -> str:
    return "|".join([field, *(each for each in modifiers if each)])


@st.composite
def text_items(draw: st.DrawFn) -> tuple[str, Any]:
    field = draw(st.sampled_from(TEXTS + CASED + LISTS))
    part = draw(st.sampled_from([None, None, "contains", "startswith", "endswith"]))
    word = st.sampled_from([each for each in WORDS if each or not part]).map(_escaped)
    cased = "cased" if field in CASED else draw(st.sampled_from([None, "cased"]))
    value = draw(_some(word if part or cased else word | st.none()))
    many = part and field not in LISTS
    modifiers = draw(
        st.permutations(
            [
                part,
                cased,
                draw(st.sampled_from([None, "neq"])),
                draw(st.sampled_from([None, "all"])) if many else None,
            ]
        )
    )
    return _key(field, *modifiers), value


@st.composite
def other_items(draw: st.DrawFn) -> tuple[str, Any]:
    neq = draw(st.sampled_from([None, "neq"]))
    found: tuple[str, Any] = draw(
        st.one_of(
            st.tuples(st.just(_key("exp", neq)), _some(st.sampled_from(NUMBERS) | st.none())),
            st.tuples(st.just(_key("jwks.kid_published", neq)), _some(st.booleans() | st.none())),
            st.tuples(
                st.sampled_from(["gt", "gte", "lt", "lte"]).map(lambda op: _key("key_bits", op, neq)),
                _some(st.sampled_from(NUMBERS)),
            ),
            st.tuples(st.sampled_from(TEXTS + LISTS).map(lambda field: _key(field, "exists")), st.booleans()),
            st.tuples(
                st.sampled_from(TEXTS + LISTS).map(lambda field: _key(field, "re", neq)),
                _some(st.sampled_from(["^a", "b", "^[aA]b?$", "a.b", r"\d+", "x|/"])),
            ),
            st.tuples(
                st.just(_key("host", "cidr", neq)), _some(st.sampled_from(["10.1.0.0/16", "::/64", "0.0.0.0/0"]))
            ),
            st.tuples(
                st.sampled_from([None, "contains", "startswith", "endswith"]).map(
                    lambda part: _key("iss", "cased", "fieldref", part, neq)
                ),
                _some(st.sampled_from(["valid_issuer", "kid"])),
            ),
            st.tuples(st.just(_key("exp", "fieldref", neq)), st.just("key_bits")),
        )
    )
    return found


searches = st.lists(text_items() | other_items(), min_size=1, max_size=3).map(dict)
NAMES = ["x", "x1", "x_2", "y", "order", "_z"]


def _joined(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        children.map(lambda a: f"not {a}"),
        children.map(lambda a: f"({a})"),
        st.tuples(children, children).map(" and ".join),
        st.tuples(children, children, children).map(" or ".join),
    )


@st.composite
def detections(draw: st.DrawFn) -> dict[str, Any]:
    named = draw(
        st.dictionaries(st.sampled_from(NAMES), searches | st.lists(searches, min_size=1, max_size=2), min_size=1)
    )
    selections = [
        selection
        for selection, prefix in (("1 of x*", "x"), ("all of x*", "x"), ("1 of them", ""), ("all of them", ""))
        if any(name.startswith(prefix) and not name.startswith("_") for name in named)
    ]
    leaves = st.sampled_from([*named, *selections])
    return {**named, "condition": draw(st.recursive(leaves, _joined, max_leaves=6))}


words = st.sampled_from(WORDS[:6] + WORDS[7:]) | st.none()
rows = st.fixed_dictionaries(
    {
        **dict.fromkeys(TEXTS + CASED, words),
        **dict.fromkeys(LISTS, st.none() | st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)),
        "exp": st.sampled_from([None, *NUMBERS]),
        "key_bits": st.sampled_from([None, *NUMBERS]),
        "jwks.kid_published": st.sampled_from([None, True, False]),
    }
)

HEAD = {
    "title": "Generated",
    "id": "0d9a6b1e-6a3c-4f0e-9a51-6f2f5b0f3c11",
    "logsource": {"product": "dotnet", "service": "identitymodel"},
    "level": "high",
    "cause": "life.expired",
    "confidence": "certain",
    "precedence": 1,
    "explain": "generated",
    "tests": {"match": [{"kid": "a"}], "no_match": [{"kid": "b"}]},
}


def _ours(document: dict[str, Any]) -> Rule:
    notes = Notes("generated.yml")
    (node,) = documents(yaml.safe_dump(document).encode(), notes)
    rule = read(node, notes, 1)
    assert notes.faults == []
    assert isinstance(rule, Rule)
    return rule


@settings(max_examples=40, deadline=None)
@given(detection=detections(), table=st.lists(rows, min_size=1, max_size=8))
def test_our_matches_are_those_of_sigmas_tree(detection: dict[str, Any], table: list[dict[str, Any]]) -> None:
    """A row at a time and as a table, the engine matches what a naive walk of pySigma's tree matches."""
    document = {**HEAD, "detection": detection}
    sigma = SigmaRule.from_dict(document)
    expected = [_walk(sigma.detection.parsed_condition[0].parsed, row) for row in table]
    rule = _ours(document)
    assert list(map(bool, match_rows(Ruleset(rules=(rule,)), table))) == expected
    assert [bool(found) for found in match([rule], pd.DataFrame(table))] == expected


@pytest.mark.parametrize("host", ["build01", "BUILD02", "web01", None])
def test_a_filter_is_applied_as_sigma_applies_it(host: str | None) -> None:
    """The exception of a site, joined to the rule by Sigma's own reader, matches what our engine matches."""
    files = [SITE / "stale-keys.yml", SITE / "filters.yml"]
    rule, exception = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in files)
    sigma = SigmaFilter.from_dict(exception).apply_on_rule(SigmaRule.from_dict(rule))
    assert isinstance(sigma, SigmaRule)
    row = {"code": "IDX10503", "jwks.kid_published": True, "keys_tried.has_kid": False, "host": host}
    expected = _walk(sigma.detection.parsed_condition[0].parsed, row)
    (found,) = match_rows(load(files, default=False), [row])
    assert bool(found) is expected
