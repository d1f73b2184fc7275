"""The matching part of a rule: searches of items, joined by a condition; one reading for all who match.

An item compares one field with values. What it says of a value is decided here alone, by ``Item.holds``;
the engine asks it once a distinct value, ``matches_row`` once a row, and both go through ``walk``.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias, TypeVar

import re2

from authlens.diagnosis.condition import BOOLEANS, Algebra, Condition, truth_of
from authlens.diagnosis.evidence_values import Row
from authlens.diagnosis.plain import number_of, plain
from authlens.diagnosis.schema import field as known_field

T = TypeVar("T")
Test: TypeAlias = Callable[[Any], bool]
PairTest: TypeAlias = Callable[[Any, Any], bool]

MAX_PATTERN: Final = 2_000
"""Longest regular expression, characters."""
_REGEX_MEMORY: Final = 1 << 20


# --------------------------------------------------------------------------- tests of one element

COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_TEXT: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "equals": operator.eq,
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}


def _equality(operand: Any) -> Test:
    if isinstance(operand, bool):
        return lambda value: value is operand
    if isinstance(operand, datetime):
        return lambda value: isinstance(value, datetime) and value == operand
    return lambda value: number_of(value) == operand


def _text_test(relation: str, operands: tuple[str, ...], *, cased: bool) -> Test:
    """Ask for any of the operands at once."""
    agrees = _any_text(relation, operands if cased else tuple(each.casefold() for each in operands))
    if cased:
        return lambda value: isinstance(value, str) and agrees(value)
    return lambda value: isinstance(value, str) and agrees(value.casefold())


def _any_text(relation: str, operands: tuple[str, ...]) -> Callable[[str], bool]:
    match relation:
        case "equals":
            return frozenset(operands).__contains__
        case "contains":
            return lambda text: any(each in text for each in operands)
        case "startswith":
            return lambda text: text.startswith(operands)
        case _:
            return lambda text: text.endswith(operands)


@functools.lru_cache(maxsize=1024)
def pattern(text: str) -> Any:
    """The compiled expression, matched in linear time.

    Raises:
        re2.error: It is no expression that the linear engine can match, or too large.
    """
    options = re2.Options()
    options.max_mem = _REGEX_MEMORY
    options.never_capture = True
    options.log_errors = False
    if len(text) > MAX_PATTERN:
        message = f"longer than {MAX_PATTERN} characters"
        raise re2.error(message)
    return re2.compile(text.encode("utf-8", "replace"), options)


def _pattern_test(text: str) -> Test:
    compiled = pattern(text)
    # Logs can hold lone surrogates, which have no UTF-8.
    return lambda value: isinstance(value, str) and compiled.search(value.encode("utf-8", "replace")) is not None


def _network_test(text: str) -> Test:
    network = ipaddress.ip_network(text)

    def test(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return test


def _one_test(relation: str, operand: Any, *, cased: bool) -> Test:
    if relation in COMPARE:
        compare = COMPARE[relation]
        return lambda value: (number := number_of(value)) is not None and compare(number, operand)
    if relation == "re":
        return _pattern_test(operand)
    if relation == "cidr":
        return _network_test(operand)
    if isinstance(operand, str):
        return _text_test(relation, (operand,), cased=cased)
    return _equality(operand)


def tests_of(item: Item) -> tuple[Test, ...]:
    """What the operands of an item ask of one element: one of the tests holds, with ``|all`` every one.

    Raises:
        re2.error: ``re`` with an expression that the linear engine refuses.
        ValueError: ``cidr`` with something that is no network.
    """
    if item.reference or item.relation == "exists":
        return ()
    operands = tuple(each for each in item.operands if each is not None)
    if operands and not item.every and item.relation in _TEXT and all(isinstance(each, str) for each in operands):
        return (_text_test(item.relation, operands, cased=item.cased),)
    return tuple(_one_test(item.relation, each, cased=item.cased) for each in operands)


def _pair_test(relation: str, *, cased: bool) -> PairTest:
    compare = _TEXT[relation]

    def test(value: Any, other: Any) -> bool:
        if isinstance(value, str) and isinstance(other, str):
            return compare(value, other) if cased else compare(value.casefold(), other.casefold())
        if isinstance(value, bool) or isinstance(other, bool):
            return value is other
        return relation == "equals" and number_of(value) is not None and number_of(value) == number_of(other)

    return test


# --------------------------------------------------------------------------- items and searches


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a search: a field, how it is compared, and with what."""

    field: str
    relation: str = "equals"
    """``equals contains startswith endswith re cidr exists gt gte lt lte``."""
    operands: tuple[Any, ...] = ()
    """The values, unescaped; None stands for "missing"; names of fields where ``reference``."""
    cased: bool = False
    every: bool = False
    """``|all``: all operands, and every element of a list."""
    negated: bool = False
    reference: bool = False
    line: int = dataclasses.field(default=1, compare=False)
    column: int = dataclasses.field(default=1, compare=False)
    tests: tuple[Test, ...] = dataclasses.field(default=(), compare=False, repr=False)

    @classmethod
    def build(cls, **parts: Any) -> Item:
        """An item with its tests compiled; raises what ``tests_of`` raises."""
        item = cls(**parts)
        object.__setattr__(item, "tests", tests_of(item))
        return item

    @property
    def fields(self) -> tuple[str, ...]:
        """All that the item looks at; its own field first."""
        return (self.field, *self.operands) if self.reference else (self.field,)

    def holds(self, value: Any, *others: Any) -> bool:
        """What the item says of a plain value, given the values of the fields it refers to."""
        return self._agrees(value, others) is not self.negated

    def _agrees(self, value: Any, others: tuple[Any, ...]) -> bool:
        if self.relation == "exists":
            return (value is not None) is self.operands[0]
        if value is None:
            return None in self.operands
        tests = self._pair_tests(others) if self.reference else self.tests
        if len(tests) == 1 and not isinstance(value, tuple):
            return tests[0](value)
        elements = value if isinstance(value, tuple) else (value,)
        if self.every:
            return all(test(element) for element in elements for test in tests)
        return any(test(element) for element in elements for test in tests)

    def _pair_tests(self, others: tuple[Any, ...]) -> tuple[Test, ...]:
        test = _pair_test(self.relation, cased=self.cased)
        return tuple(functools.partial(_any_pair, test, other) for other in others)


def _any_pair(test: PairTest, other: Any, value: Any) -> bool:
    if other is None:
        return False
    return any(test(value, each) for each in (other if isinstance(other, tuple) else (other,)))


@dataclass(frozen=True, slots=True)
class Search:
    """A named search: one of its alternatives holds with all of its items."""

    name: str
    alternatives: tuple[tuple[Item, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """Searches and the condition that joins them."""

    searches: Mapping[str, Search]
    condition: Condition
    text: str = ""
    """The condition as written."""

    @property
    def items(self) -> tuple[Item, ...]:
        """The items of all searches, in the order of the file."""
        return tuple(
            item for search in self.searches.values() for alternative in search.alternatives for item in alternative
        )


def walk(detection: Detection, leaf: Callable[[Item], T], algebra: Algebra[T]) -> T:
    """The truth of a detection, given that of its items."""

    @functools.cache
    def search(name: str) -> T:
        return algebra.either(
            algebra.both(leaf(item) for item in alternative) for alternative in detection.searches[name].alternatives
        )

    return truth_of(detection.condition, search, algebra)


def holds_for(item: Item, row: Row) -> bool:
    """What the item says of one row of evidence."""
    return item.holds(*(value_of(row, name) for name in item.fields))


def value_of(row: Row, name: str) -> Any:
    """The plain value of a field of a row, None where missing."""
    known = known_field(name)
    return plain(row.get(name), known.type if known else None)


def matches_row(detection: Detection, row: Row) -> bool:
    """The detection holds for one row of evidence."""
    return walk(detection, lambda item: holds_for(item, row), BOOLEANS)
