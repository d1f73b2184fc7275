"""Items, searches and the grammar of conditions: the one reading of a rule, and what it refuses."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from authlens.diagnosis.condition import BOOLEANS, GrammarError, parse_condition
from authlens.diagnosis.detection import Detection, Item, Search, matches_row, walk
from authlens.diagnosis.plain import OPAQUE, plain
from tests.unit.helpers.growth import is_linear

# --------------------------------------------------------------------------- conditions


def outcome(condition: str, **truths: bool) -> bool:
    """The truth of a condition over searches of given truth."""
    searches = {name: Search(name, ((Item(field=name),),)) for name in truths}
    detection = Detection(searches=searches, condition=parse_condition(condition, searches))
    return walk(detection, lambda item: truths[item.field], BOOLEANS)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("t or f and f", True),  # and binds tighter than or
        ("(t or f) and f", False),
        ("not f and t", True),  # not binds tighter than and
        ("not (f and t)", True),
        ("not not t", True),
        ("not f or t and f", True),
        ("f or f or t", True),
        ("t and t and f", False),
        ("1 of t*", True),
        ("all of t*", True),
        ("1 of f*", False),
        ("all of them", False),
        ("1 of them", True),
        ("not 1 of f* and all of t*", True),
        ("1 of *2", True),
        ("1 of f*r", False),
        ("  t\n  and t2 ", True),
        ("not(f)or(f)", True),
        ("1 of _*", False),
    ],
)
def test_conditions_mean_what_sigma_says(condition: str, expected: bool) -> None:
    """Precedence, parentheses and selections; ``them`` and patterns leave out names that begin with ``_``."""
    assert outcome(condition, t=True, t2=True, f=False, filter=False, _hidden=False) is expected


def test_them_leaves_out_private_searches() -> None:
    """A search named ``_x`` counts only where it is asked for."""
    assert outcome("all of them", a=True, _b=False) is True
    assert outcome("all of them and _b", a=True, _b=False) is False


@pytest.mark.parametrize(
    ("condition", "offset", "words"),
    [
        ("", 0, "ends where a search is expected"),
        ("a b", 2, "is expected before 'b'"),
        ("and a", 0, "a search is expected before 'and'"),
        ("a and", 5, "ends where"),
        ("a)", 1, "never opened"),
        ("((a)", 0, "not closed"),
        ("()", 1, "a search is expected"),
        ("a AND b", 2, "is expected before 'AND'"),
        ("a & b", 2, "no meaning"),
        ("a or c", 5, "no search named 'c'"),
        ("a*", 0, "no search named 'a*'"),
        ("1 of", 0, "after '1 of'"),
        ("1 of and", 5, "after '1 of'"),
        ("any of them", 0, "'any of' is not supported"),
        ("all of x*", 7, "no search is named like"),
        ("1 of a-*", 5, "after '1 of'"),
        ("2 of them", 0, "no search named '2'"),
        ("a not b", 2, "is expected before 'not'"),
    ],
)
def test_a_condition_that_cannot_be_read_is_told_with_its_place(condition: str, offset: int, words: str) -> None:
    """The offset points at the word at fault."""
    with pytest.raises(GrammarError, match=words.replace("*", r"\*")) as raised:
        parse_condition(condition, ["a", "b"])
    assert raised.value.offset == offset


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 100_000 + "a" + ")" * 100_000,
        "not " * 100_000 + "a",
        "a and (" * 50_000,
        "a or " * 100_000 + "a",
        "1 of a* or " * 100_000 + "a",
        "((((" * 10 + "a" + "))))" * 10,
    ],
    ids=["parentheses", "nots", "mixed", "chain", "selections", "just too deep"],
)
def test_a_hostile_condition_is_refused(condition: str) -> None:
    """Nesting and length are bounded: no recursion error, and nothing is read that is too long."""
    with pytest.raises(GrammarError):
        parse_condition(condition, ["a"])


def test_a_long_chain_within_bounds_can_be_walked() -> None:
    """A chain of one operator does not make a tree high."""
    assert outcome(" and ".join(["t"] * 490), t=True) is True


# --------------------------------------------------------------------------- items

NOON = datetime(2024, 5, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "value", "expected"),
    [
        # text
        ({"operands": ("IDX10503",)}, "idx10503", True),
        ({"operands": ("IDX10503",), "cased": True}, "idx10503", False),
        ({"operands": ("STRASSE",)}, "straße", True),
        ({"operands": ("a", "b")}, "b", True),
        ({"operands": ("a",)}, 5, False),
        ({"relation": "contains", "operands": ("a", "b"), "every": True}, "xaxb", True),
        ({"relation": "contains", "operands": ("a", "b"), "every": True}, "xa", False),
        ({"relation": "re", "operands": ("^a.b$",)}, "acb", True),
        ({"relation": "re", "operands": ("b",)}, "abc", True),  # found anywhere
        ({"relation": "re", "operands": ("B",)}, "abc", False),  # as Sigma: case counts in expressions
        ({"relation": "re", "operands": ("a",)}, "\ud800a", True),  # a lone surrogate, as a log can hold
        ({"relation": "cidr", "operands": ("10.0.0.0/8",)}, "10.9.8.7", True),
        ({"relation": "cidr", "operands": ("10.0.0.0/8",)}, "not an address", False),
        ({"relation": "cidr", "operands": ("fd00::/8",)}, "10.0.0.1", False),
        # numbers, booleans, times
        ({"operands": (5,)}, 5.0, True),
        ({"operands": (1,)}, True, False),
        ({"operands": (True,)}, 1, False),
        ({"operands": (False,)}, False, True),
        ({"relation": "gt", "operands": (5,)}, 5, False),
        ({"relation": "gte", "operands": (5,)}, 5, True),
        ({"relation": "lt", "operands": (5,)}, "4", False),
        ({"relation": "lt", "operands": (5,)}, True, False),
        ({"relation": "lte", "operands": (1717156800,)}, NOON, True),
        ({"relation": "gt", "operands": (1717156800,)}, NOON, False),
        ({"operands": (NOON,)}, datetime(2024, 5, 31, 14, tzinfo=timezone(timedelta(hours=2))), True),
        ({"relation": "gt", "operands": (2**62,)}, 10**400, True),
        # missing
        ({"operands": ("a",)}, None, False),
        ({"operands": ("a",), "negated": True}, None, True),
        ({"operands": (None,)}, None, True),
        ({"operands": (None,)}, "a", False),
        ({"operands": ("a", None)}, None, True),
        ({"operands": (None,), "negated": True}, None, False),
        ({"relation": "gt", "operands": (5,)}, None, False),
        ({"relation": "exists", "operands": (True,)}, None, False),
        ({"relation": "exists", "operands": (False,)}, None, True),
        ({"relation": "exists", "operands": (True,)}, OPAQUE, True),
        ({"operands": ("a",)}, OPAQUE, False),
        # lists
        ({"operands": ("a",)}, ("b", "a"), True),
        ({"operands": ("a",), "negated": True}, ("b", "a"), False),
        ({"operands": ("a",), "negated": True}, ("b",), True),
        ({"relation": "startswith", "operands": ("api:",), "every": True}, ("api:1", "api:2"), True),
        ({"relation": "startswith", "operands": ("api:",), "every": True}, ("api:1", "x"), False),
        ({"relation": "contains", "operands": ("a", "b"), "every": True}, ("ab", "ba"), True),
        ({"relation": "contains", "operands": ("a", "b"), "every": True}, ("a", "b"), False),
    ],
)
def test_what_an_item_says_of_a_value(item: dict[str, Any], value: Any, expected: bool) -> None:
    """Case, missing fields, lists and types, as the rule format documents them."""
    assert Item.build(field="x", **item).holds(value) is expected


@pytest.mark.parametrize(
    ("relation", "value", "other", "expected"),
    [
        ("equals", "a", "a", True),
        ("equals", "a", "A", False),
        ("equals", "a", None, False),
        ("equals", None, None, False),
        ("equals", ("x", "a"), ("b", "a"), True),
        ("startswith", "https://a/v2.0", "https://a", True),
        ("contains", "a", "ab", False),
        ("equals", 1, True, False),
        ("equals", 1.0, 1, True),
        ("equals", OPAQUE, OPAQUE, False),
    ],
)
def test_a_reference_compares_two_fields(relation: str, value: Any, other: Any, expected: bool) -> None:
    """Where either is missing, nothing is equal; lists agree in one element."""
    item = Item.build(field="x", relation=relation, operands=("y",), cased=True, reference=True)
    assert item.holds(value, other) is expected


@pytest.mark.parametrize("text", ["(a+)+$", "(a|aa)+$", "(a*)*b", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_an_expression_that_backtracks_elsewhere_is_linear_here(text: str) -> None:
    """The catastrophic classics cost no more than any other."""
    item = Item.build(field="x", relation="re", operands=(text,))
    assert is_linear(lambda size: item.holds("a" * size + "!"), 50_000)


# --------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        ([], None),
        ([None], None),
        (["a", None], ("a",)),
        ({"a": 1}, OPAQUE),
        ([["a"]], (OPAQUE,)),
        (datetime(2024, 5, 31, 12), NOON),  # noqa: DTZ001 - without a zone it is UTC
        (True, True),
    ],
)
def test_values_become_plain(value: Any, expected: Any) -> None:
    """What is absent in any way is None, and nothing that a rule cannot ask about gets through."""
    assert plain(value) == expected


def test_texts_of_time_fields_are_times() -> None:
    """Evidence may carry a time as text; a text that is no time exists, and nothing more can be said of it."""
    assert plain("2024-05-31T12:00:00Z", "time") == NOON
    assert plain("soon", "time") is OPAQUE
    assert plain("2024-05-31T12:00:00Z") == "2024-05-31T12:00:00Z"


def test_alternatives_of_a_search_are_joined_by_or() -> None:
    """A list of mappings: one of them holds with all of its lines."""
    kid, alg = (Item.build(field=name, operands=("a",)) for name in ("kid", "alg"))
    search = Search("x", ((kid, alg), (Item.build(field="typ", operands=("JWT",)),)))
    detection = Detection(searches={"x": search}, condition=parse_condition("x", ["x"]))
    assert matches_row(detection, {"kid": "a", "alg": "a"})
    assert matches_row(detection, {"typ": "JWT"})
    assert not matches_row(detection, {"kid": "a"})
