"""Rules over a table of evidence: any column type, any way of being missing, correlations in time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from authlens.diagnosis.condition import parse_condition
from authlens.diagnosis.detection import Detection, Item, Search
from authlens.diagnosis.engine import match, match_rows
from authlens.diagnosis.rule import Correlation, Rule, Ruleset
from authlens.diagnosis.ruleset import load
from authlens.model import Confidence, Severity

SITE = Path(__file__).parent.parent / "data" / "rules" / "site"
NOON = datetime(2024, 5, 31, 12, tzinfo=UTC)


def rule(field: str, *operands: Any, precedence: int = 1, name: str = "rule", **parts: Any) -> Rule:
    """A rule of one line."""
    item = Item.build(field=field, operands=operands, **parts)
    searches = {"x": Search("x", ((item,),))}
    return Rule(**head(name, precedence), detection=Detection(searches=searches, condition=parse_condition("x", ["x"])))


def head(name: str, precedence: int = 1) -> dict[str, Any]:
    return {
        "path": "rules.yml",
        "title": name,
        "id": name,
        "name": name,
        "cause": "sig.key-rotated",
        "severity": Severity.HIGH,
        "confidence": Confidence.LIKELY,
        "precedence": precedence,
    }


def matched(one: Rule, column: Any) -> list[bool]:
    """Which rows of a table of one column the rule matches."""
    frame = pd.DataFrame({one.detection.items[0].field: column})
    return [bool(found) for found in match([one], frame)]


def test_the_highest_precedence_comes_first() -> None:
    """For every row the rules that match it, best first; rows of one kind share their answer."""
    low, high = rule("code", "IDX10503", name="low"), rule("alg", "RS256", precedence=9, name="high")
    frame = pd.DataFrame({"code": ["IDX10503", "IDX10503", None], "alg": ["RS256", None, None]}, index=[7, 7, 9])
    found = match([low, high], frame)
    assert list(found) == [(high, low), (low,), ()]
    assert found[1] == (low,)
    assert len(found) == 3
    assert match_rows(Ruleset(rules=(low, high)), [{"code": "IDX10503", "alg": "RS256"}]) == ((high, low),)


@pytest.mark.parametrize(
    "column",
    [
        [5, None, 7],
        np.array([5, np.nan, 7]),
        pd.array([5, None, 7], dtype="Int64"),
        pd.Series([5, None, 7], dtype=object),
        pd.Series([np.int64(5), float("nan"), 7], dtype=object),
        pd.Series([5, pd.NA, 7], dtype=object),
    ],
    ids=["list", "float", "Int64", "object", "mixed", "NA"],
)
def test_numbers_in_columns_of_any_type(column: Any) -> None:
    """However pandas holds a column, 5 is 5 and a gap is missing."""
    assert matched(rule("exp", 5), column) == [True, False, False]
    assert matched(rule("exp", 5, negated=True), column) == [False, True, True]
    assert matched(rule("exp", 6, relation="gt"), column) == [False, False, True]
    assert matched(rule("exp", 6, relation="gt", negated=True), column) == [True, True, False]
    assert matched(rule("exp", False, relation="exists"), column) == [False, True, False]


@pytest.mark.parametrize("dtype", [object, "str", "category", "string"])
def test_texts_in_columns_of_any_type(dtype: Any) -> None:
    """Python strings, pandas' own, and categories."""
    column = pd.Series(["RS256", None, "rs256", "HS256"], dtype=dtype)
    assert matched(rule("alg", "rs", relation="startswith"), column) == [True, False, True, False]


def test_times_in_columns_of_any_type() -> None:
    """datetime64 with and without a zone, and Python's own, are the same instants."""
    columns = [
        pd.to_datetime(pd.Series(["2024-05-31T12:00:00Z", None, "2024-05-31T13:00:00Z"])),
        pd.to_datetime(pd.Series(["2024-05-31T12:00:00", None, "2024-05-31T13:00:00"])),
        pd.Series([NOON, None, NOON + timedelta(hours=1)], dtype=object),
        pd.Series(["2024-05-31T12:00:00Z", None, "2024-05-31T15:00:00+02:00"], dtype=object),
    ]
    for column in columns:
        assert matched(rule("valid_to", NOON), column) == [True, False, False]
        assert matched(rule("valid_to", NOON.timestamp(), relation="gt"), column) == [False, False, True]


def test_booleans_are_not_numbers() -> None:
    """True and 1 are equal to Python; to a rule they are not."""
    column = pd.Series([True, 1, None, False, 0], dtype=object)
    assert matched(rule("jwks.kid_published", True), column) == [True, False, False, False, False]
    assert matched(rule("exp", 1), column) == [False, True, False, False, False]
    assert matched(rule("jwks.kid_published", False), np.array([True, False])) == [False, True]


def test_lists_in_cells() -> None:
    """Lists, tuples and arrays: one element is enough; an empty list is missing."""
    column = pd.Series([["a", "b"], ("b",), np.array(["a"]), [], None], dtype=object)
    assert matched(rule("aud", "a", cased=True), column) == [True, False, True, False, False]
    assert matched(rule("aud", True, relation="exists"), column) == [True, True, True, False, False]


def test_cells_that_no_rule_can_ask_about() -> None:
    """A token's claim can hold anything; the table does not break on it."""
    column = pd.Series([{"a": 1}, [{"a": 1}], [["a"]], object(), "a"], dtype=object)
    assert matched(rule("sub", "a"), column) == [False, False, False, False, True]
    assert matched(rule("sub", True, relation="exists"), column) == [True] * 5


def test_a_column_that_is_not_there_is_missing_everywhere() -> None:
    """The evidence builder need not fill what no failure has."""
    frame = pd.DataFrame({"code": ["IDX10503", "IDX10501"]})
    assert [bool(found) for found in match([rule("kid", None)], frame)] == [True, True]
    assert [bool(found) for found in match([rule("kid", "a", cased=True)], frame)] == [False, False]


def test_a_table_without_rows_or_rules() -> None:
    """Nothing in, nothing out."""
    assert list(match([rule("code", "a")], pd.DataFrame({"code": []}))) == []
    assert list(match([], pd.DataFrame({"code": ["a", "b"]}))) == [(), ()]


def test_a_reference_over_columns() -> None:
    """Fields are compared row by row, each combination once."""
    one = rule("iss", "valid_issuer", "configuration_issuer", cased=True, reference=True)
    frame = pd.DataFrame({"iss": ["a", "a", "a", None], "valid_issuer": ["a", "b", None, None]})
    frame["configuration_issuer"] = ["x", "a", "A", None]
    assert [bool(found) for found in match([one], frame)] == [True, True, False, False]


def test_the_table_and_the_row_agree_on_the_samples() -> None:
    """Filters and correlations included, with and without pandas."""
    ruleset = load([SITE], default=False)
    base = {"code": "IDX10503", "jwks.kid_published": True, "keys_tried.has_kid": False, "iss": "https://a.example/"}
    rows: list[dict[str, Any]] = [{**base, "time": NOON + timedelta(minutes=at)} for at in (0, 2, 5, 60)]
    rows += [{**base, "time": NOON, "host": "build01"}, {**base, "time": None}]
    found = match_rows(ruleset, rows)
    assert list(match(ruleset, pd.DataFrame(rows))) == list(found)
    assert [[one.precedence for one in each] for each in found] == [[90, 40], [90, 40], [90, 40], [40], [], [40]]


# --------------------------------------------------------------------------- correlations


def correlation(**parts: Any) -> Correlation:
    whole: dict[str, Any] = {
        "kind": "event_count",
        "rules": ("seen",),
        "timespan_s": 60,
        "operator": "gte",
        "count": 3,
    } | parts
    return Correlation(**head("many", 9), **whole)


def counted(one: Correlation, rows: list[dict[str, Any]]) -> list[bool]:
    """Which rows the correlation matches, by the table and row by row."""
    ruleset = Ruleset(rules=(rule("code", "IDX10503", name="seen"),), correlations=(one,))
    whole = [{"code": "IDX10503", **row} for row in rows]
    by_row = [one in found for found in match_rows(ruleset, whole)]
    assert [one in found for found in match(ruleset, pd.DataFrame(whole))] == by_row
    return by_row


def at(*seconds: float) -> list[dict[str, Any]]:
    return [{"time": NOON + timedelta(seconds=each)} for each in seconds]


def test_events_are_counted_in_a_sliding_span() -> None:
    """Any three within a minute, both ends included; order of rows does not matter."""
    assert counted(correlation(), at(90, 0, 60, 30, 200)) == [True, True, True, True, False]
    assert counted(correlation(), at(0, 60, 61)) == [False, False, False]
    assert counted(correlation(operator="gt"), at(0, 1, 2)) == [False, False, False]


def test_events_without_a_time_are_not_counted() -> None:
    """They cannot be placed in a span."""
    assert counted(correlation(), [*at(0, 1), {"time": None}]) == [False, False, False]


def test_groups_are_counted_apart() -> None:
    """By the fields of ``group-by``; where a field is missing, that is a group of its own."""
    rows = [
        {**row, "iss": iss} for row, iss in zip(at(0, 1, 2, 3, 4, 5), ["a", "b", "a", None, "a", None], strict=True)
    ]
    assert counted(correlation(by=("iss",)), rows) == [True, False, True, False, True, False]


def test_values_are_counted_once_each() -> None:
    """``value_count`` counts distinct values; elements of lists one by one, missing ones not at all."""
    one = correlation(kind="value_count", counted="sub")
    subjects = ["a", "a", "b", None, "c"]
    rows = [{**row, "sub": sub} for row, sub in zip(at(0, 1, 2, 3, 4), subjects, strict=True)]
    assert counted(one, rows) == [True] * 5
    assert counted(one, rows[:4]) == [False] * 4
    lists = [{**row, "aud": aud} for row, aud in zip(at(0, 1), [["a", "b"], ["b", "c"]], strict=True)]
    assert counted(correlation(kind="value_count", counted="aud"), lists) == [True, True]


def test_values_that_left_the_span_are_forgotten() -> None:
    """A value counts while an event that carries it is in the span."""
    one = correlation(kind="value_count", counted="sub", count=2)
    rows = [{**row, "sub": sub} for row, sub in zip(at(0, 61, 130), ["a", "b", "a"], strict=True)]
    assert counted(one, rows) == [False, False, False]


def test_rules_that_are_counted_conclude_nothing_unless_told_to() -> None:
    """Sigma's ``generate``."""
    seen = rule("code", "IDX10503", name="seen")
    rows = [{"code": "IDX10503", **row} for row in at(0, 100)]
    quiet = Ruleset(rules=(seen,), correlations=(correlation(),))
    assert match_rows(quiet, rows) == ((), ())
    assert list(match(quiet, pd.DataFrame(rows))) == [(), ()]
    loud = Ruleset(rules=(seen,), correlations=(correlation(generate=True),))
    assert match_rows(loud, rows) == ((seen,), (seen,))
