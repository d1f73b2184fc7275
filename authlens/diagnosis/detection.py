"""The matching part of a rule: searches of items, joined by a condition; one reading for all who match.

An item compares one field with values. What it says of a value is decided here alone, by ``Item.holds``;
the engine asks it once a distinct value, ``matches_row`` once a row, and both walk the condition with ``walk``.
Values are plain: None where missing, a tuple for a list (never empty), else str, int, float, bool, or an
aware datetime.
"""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeAlias, TypeVar

import re2

from authlens.diagnosis.schema import Type
from authlens.diagnosis.schema import field as known_field

T = TypeVar("T")
Row: TypeAlias = Mapping[str, object]
Test: TypeAlias = Callable[[Any], bool]
PairTest: TypeAlias = Callable[[Any, Any], bool]

MAX_PATTERN: Final = 2_000
"""Longest regular expression, characters."""
MAX_TOKENS: Final = 1_000
MAX_NESTING: Final = 32
"""Of parentheses and ``not`` in a condition."""
_REGEX_MEMORY: Final = 1 << 20


class OpaqueType:
    """A value of no type that a rule can ask about: it exists, and nothing else holds for it."""

    def __repr__(self) -> str:
        """Show in explanations."""
        return "(not a plain value)"


OPAQUE: Final = OpaqueType()


# --------------------------------------------------------------------------- values


def plain(value: Any, kind: Type | None = None) -> Any:
    """The value as items read it; with the type of its field, texts of times become times."""
    if value is None or isinstance(value, str | bool | int):
        return _time(value) if kind == "time" and isinstance(value, str) else value
    if isinstance(value, list | tuple | set | frozenset):
        return _elements(value, kind)
    if hasattr(value, "tolist"):  # numpy's scalars and arrays
        return plain(value.tolist(), kind)
    if _is_missing(value):
        return None
    if isinstance(value, datetime):
        return _aware(value)
    return value if isinstance(value, float) else OPAQUE


def _elements(values: Iterable[Any], kind: Type | None) -> Any:
    found = (plain(value, kind) for value in values)
    elements = tuple(OPAQUE if isinstance(value, tuple) else value for value in found if value is not None)
    return elements or None


def _is_missing(value: Any) -> bool:
    """NaN, NaT and pandas.NA are not equal to themselves (the last will not even say so)."""
    try:
        return bool(value != value)  # noqa: PLR0124 - the definition of NaN
    except (TypeError, ValueError):
        return True


def _aware(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


def _time(text: str) -> Any:
    return parse_time(text) or OPAQUE


def parse_time(text: str) -> datetime | None:
    """The instant that an ISO 8601 text names (UTC without a zone), or None."""
    try:
        return _aware(datetime.fromisoformat(text))
    except ValueError:
        return None


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def number_of(value: Any) -> int | float | None:
    """What numeric comparisons compare: a number, or a time as seconds since 1970."""
    if isinstance(value, datetime):
        return (value - _EPOCH).total_seconds()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return None


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


# --------------------------------------------------------------------------- conditions


@dataclass(frozen=True, slots=True)
class Name:
    """A search by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    operand: Condition


@dataclass(frozen=True, slots=True)
class Both:
    """All of them."""

    operands: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of them."""

    operands: tuple[Condition, ...]


Condition: TypeAlias = Name | Not | Both | Either


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


@dataclass(frozen=True, slots=True)
class Algebra(Generic[T]):
    """How truth values are joined: booleans one by one, or columns of them."""

    both: Callable[[Iterable[T]], T]
    either: Callable[[Iterable[T]], T]
    opposite: Callable[[T], T]


BOOLEANS: Final[Algebra[bool]] = Algebra(all, any, operator.not_)


def walk(detection: Detection, leaf: Callable[[Item], T], algebra: Algebra[T]) -> T:
    """The truth of a detection, given that of its items."""

    @functools.cache
    def search(name: str) -> T:
        return algebra.either(
            algebra.both(leaf(item) for item in alternative) for alternative in detection.searches[name].alternatives
        )

    def visit(node: Condition) -> T:
        match node:
            case Name(name):
                return search(name)
            case Not(operand):
                return algebra.opposite(visit(operand))
            case Both(operands):
                return algebra.both(visit(each) for each in operands)
            case Either(operands):
                return algebra.either(visit(each) for each in operands)

    return visit(detection.condition)


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


# --------------------------------------------------------------------------- the condition's grammar


class GrammarError(ValueError):
    """A condition that cannot be read; ``offset`` counts characters from its beginning."""

    def __init__(self, message: str, offset: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.offset, self.hint = offset, hint


_TOKEN: Final = re.compile(r"\s*([()]|[A-Za-z0-9_*-]+)")
_RANK: Final = {"or": 1, "and": 2, "not": 3}
_RESERVED: Final = frozenset({"and", "or", "not", "of", "them", "1", "all", "any"})
_GRAMMAR: Final = "there are: and, or, not, parentheses, 1 of x*, all of x*, 1 of them, all of them"


def search_name_fault(name: str) -> str:
    """Why a search cannot bear the name, or an empty string."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,100}", name):
        return "a search is named with letters, digits, _ and -"
    if name in _RESERVED:
        return f"{name!r} is a word of conditions"
    # pySigma reads "nothing" as "not hing".
    return "readers of Sigma take a name that begins with 'not' for a negation" if name.startswith("not") else ""


def parse_condition(text: str, names: Iterable[str]) -> Condition:
    """The tree of a condition over the searches of those names.

    Raises:
        GrammarError: Where and why it cannot be read.
    """
    parser = _Parser(tuple(names))
    tokens = _tokens(text)
    while tokens:
        parser.take(tokens)
    return parser.finish(len(text))


def _tokens(text: str) -> list[tuple[str, int]]:
    """The words with their offsets, last one first."""
    found: list[tuple[str, int]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        token = _TOKEN.match(text, position)
        if not token:
            at = position + len(text[position:]) - len(text[position:].lstrip())
            raise GrammarError(f"{text[at]!r} has no meaning in a condition", at, _GRAMMAR)
        found.append((token[1], token.start(1)))
        if len(found) > MAX_TOKENS:
            raise GrammarError(f"the condition has more than {MAX_TOKENS} words", token.start(1))
        position = token.end()
    return found[::-1]


class _Parser:
    """Operator precedence with explicit stacks, so that no text can exhaust the interpreter's."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.output: list[Condition] = []
        self.operators: list[tuple[str, int]] = []
        self.operand_expected = True

    def take(self, tokens: list[tuple[str, int]]) -> None:
        word, offset = tokens.pop()
        if word in {"and", "or"}:
            self._expect(operand=False, word=word, offset=offset)
            self._reduce(_RANK[word])
            self.operators.append((word, offset))
            self.operand_expected = True
        elif word == ")":
            self._expect(operand=False, word=word, offset=offset)
            self._close(offset)
        else:
            self._expect(operand=True, word=word, offset=offset)
            self._operand(word, offset, tokens)

    def finish(self, end: int) -> Condition:
        if self.operand_expected:
            raise GrammarError("the condition ends where a search is expected", end)
        self._reduce(0)
        if self.operators:
            raise GrammarError("this parenthesis is not closed", self.operators[-1][1])
        return self.output[0]

    def _expect(self, *, operand: bool, word: str, offset: int) -> None:
        if self.operand_expected is not operand:
            wanted = "a search" if self.operand_expected else "'and' or 'or'"
            raise GrammarError(f"{wanted} is expected before {word!r}", offset, _GRAMMAR)

    def _operand(self, word: str, offset: int, tokens: list[tuple[str, int]]) -> None:
        if word in {"not", "("}:
            self.operators.append((word, offset))
            if sum(each in {"not", "("} for each, _ in self.operators) > MAX_NESTING:
                raise GrammarError(f"nested deeper than {MAX_NESTING} levels", offset)
            return
        if word in {"1", "all", "any"} and tokens and tokens[-1][0] == "of":
            self.output.append(self._selection(word, offset, tokens))
        else:
            self.output.append(self._name(word, offset))
        self.operand_expected = False

    def _name(self, word: str, offset: int) -> Condition:
        if word in self.names:
            return Name(word)
        hint = "a pattern follows '1 of' or 'all of'" if "*" in word else f"there are: {', '.join(self.names)}"
        raise GrammarError(f"there is no search named {word!r}", offset, hint)

    def _selection(self, quantifier: str, offset: int, tokens: list[tuple[str, int]]) -> Condition:
        if quantifier == "any":
            raise GrammarError("'any of' is not supported", offset, "write '1 of'")
        tokens.pop()
        wanted, at = tokens.pop() if tokens else ("", offset)
        if not re.fullmatch(r"[A-Za-z0-9_*]+", wanted) or wanted in _RESERVED - {"them"}:
            raise GrammarError(f"after '{quantifier} of' stands 'them' or a pattern such as x*", at)
        chosen = tuple(Name(name) for name in self.names if _selects(wanted, name))
        if not chosen:
            raise GrammarError(f"no search is named like {wanted!r}", at, f"there are: {', '.join(self.names)}")
        return Either(chosen) if quantifier == "1" else Both(chosen)

    def _close(self, offset: int) -> None:
        self._reduce(0)
        if not self.operators:
            raise GrammarError("this parenthesis was never opened", offset)
        self.operators.pop()

    def _reduce(self, rank: int) -> None:
        """Apply the operators on the stack that bind at least as tightly."""
        while self.operators and _RANK.get(self.operators[-1][0], -1) >= max(rank, 1):
            word, _ = self.operators.pop()
            right = self.output.pop()
            if word == "not":
                self.output.append(Not(right))
            else:
                kind = Both if word == "and" else Either
                self.output.append(_joined(kind, self.output.pop(), right))


def _joined(kind: type[Both | Either], left: Condition, right: Condition) -> Condition:
    """One node for a chain of one operator, so that only parentheses and ``not`` make a tree high."""
    return kind((*left.operands, right)) if isinstance(left, kind) else kind((left, right))


def _selects(wanted: str, name: str) -> bool:
    """Whether ``them`` or a pattern means a search; Sigma keeps ``_x`` out of both unless asked for."""
    if name.startswith("_") and not wanted.startswith("_"):
        return False
    return wanted == "them" or _like(wanted, name)


def _like(wanted: str, name: str) -> bool:
    """Match a pattern of ``*`` without backtracking."""
    first, *middle = wanted.split("*")
    if not middle:
        return wanted == name
    *between, last = middle
    position = len(first)
    if not name.startswith(first) or not name.endswith(last) or len(name) < len(first) + len(last):
        return False
    end = len(name) - len(last)
    for piece in between:
        position = name.find(piece, position, end)
        if position < 0:
            return False
        position += len(piece)
    return True
