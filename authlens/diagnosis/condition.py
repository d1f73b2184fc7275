"""The condition of a rule: ``unmatched and not 1 of filter*``, its grammar and its truth."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar

T = TypeVar("T")

MAX_TOKENS: Final = 1_000
MAX_NESTING: Final = 32
"""Of parentheses and ``not``."""


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


@dataclass(frozen=True, slots=True)
class Algebra(Generic[T]):
    """How truth values are joined: booleans one by one, or columns of them."""

    both: Callable[[Iterable[T]], T]
    either: Callable[[Iterable[T]], T]
    opposite: Callable[[T], T]


BOOLEANS: Final[Algebra[bool]] = Algebra(all, any, operator.not_)


def truth_of(node: Condition, search: Callable[[str], T], algebra: Algebra[T]) -> T:
    """The truth of a condition, given that of each search; depth is bounded by the grammar."""
    match node:
        case Name(name):
            return search(name)
        case Not(operand):
            return algebra.opposite(truth_of(operand, search, algebra))
        case Both(operands):
            return algebra.both(truth_of(each, search, algebra) for each in operands)
        case Either(operands):
            return algebra.either(truth_of(each, search, algebra) for each in operands)


def names_in(node: Condition) -> Iterable[str]:
    """The searches that a condition uses."""
    match node:
        case Name(name):
            yield name
        case Not(operand):
            yield from names_in(operand)
        case Both(operands) | Either(operands):
            for each in operands:
                yield from names_in(each)


# --------------------------------------------------------------------------- the grammar


class GrammarError(ValueError):
    """A condition that cannot be read; ``offset`` counts characters from its beginning."""

    def __init__(self, message: str, offset: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.offset, self.hint = offset, hint


_TOKEN: Final = re.compile(r"\s*([()]|[A-Za-z0-9_*-]+)")
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,100}")
_RANK: Final = {"or": 1, "and": 2, "not": 3}
_RESERVED: Final = frozenset({"and", "or", "not", "of", "them", "1", "all", "any"})
_GRAMMAR: Final = "there are: and, or, not, parentheses, 1 of x*, all of x*, 1 of them, all of them"


def search_name_fault(name: str) -> str:
    """Why a search cannot bear the name, or an empty string."""
    if not _NAME.fullmatch(name):
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
