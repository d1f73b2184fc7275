"""No regular expression of the package can backtrack without bound."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import authlens

parser: Any = importlib.import_module("re._parser")  # what the standard library parses patterns with; it has no types
sre: Any = importlib.import_module("re._constants")

MANY = 64
"""A repeat of more than so many is as good as unbounded."""


def patterns() -> Iterator[tuple[str, str, int]]:
    """Every compiled pattern that a module, a class or a table of the package holds; where, pattern, flags."""
    seen: set[tuple[str, int]] = set()
    for module in pkgutil.walk_packages(authlens.__path__, "authlens."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        for name, value in list(vars(loaded).items()):
            for found in _within(value, 4):
                key = (str(found.pattern), found.flags)
                if key not in seen:
                    seen.add(key)
                    text = found.pattern if isinstance(found.pattern, str) else found.pattern.decode("latin-1")
                    yield f"{module.name}.{name}", text, found.flags & ~(re.UNICODE | re.DEBUG)


def _within(value: object, depth: int) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth and isinstance(value, dict):
        for inner in value.values():
            yield from _within(inner, depth - 1)
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from _within(inner, depth - 1)
    elif depth and type(value).__module__.startswith("authlens.") and hasattr(value, "__slots__"):
        for slot in type(value).__slots__:
            yield from _within(getattr(value, slot, None), depth - 1)


def _children(op: Any, argument: Any) -> Iterator[Any]:
    """The patterns within one operation."""
    if op is sre.SUBPATTERN:
        yield argument[3]
    elif op is sre.BRANCH:
        yield from argument[1]
    elif op in (sre.ASSERT, sre.ASSERT_NOT):
        yield argument[1]
    elif op is sre.GROUPREF_EXISTS:
        yield from (part for part in argument[1:] if part is not None)
    elif op is sre.ATOMIC_GROUP:
        yield argument


def _first(items: Any) -> set[Any] | None:
    """Which characters a pattern can begin with: code points, or None for any."""
    out: set[Any] = set()
    for op, argument in items:
        if op is sre.AT or op in (sre.ASSERT, sre.ASSERT_NOT):
            continue
        found = _begins(op, argument)
        if found is None:
            return None
        out |= found
        if op not in (sre.MAX_REPEAT, sre.MIN_REPEAT) or argument[0] > 0:
            break
    return out


def _begins(op: Any, argument: Any) -> set[Any] | None:
    """The same of one operation."""
    if op is sre.LITERAL:
        return {argument}
    if op is sre.IN:
        return _members(argument)
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return _first(argument[2])
    firsts = [_first(child) for child in _children(op, argument)]
    return None if not firsts or None in firsts else set().union(*(f for f in firsts if f is not None))


def _members(argument: Any) -> set[Any] | None:
    out: set[Any] = set()
    for op, value in argument:
        if op is sre.LITERAL:
            out.add(value)
        elif op is sre.RANGE and value[1] - value[0] < 256:
            out |= set(range(value[0], value[1] + 1))
        else:
            return None
    return out


def _clear(items: Any) -> bool:
    """Whether the repeated pattern can be divided into its repeats in one way only.

    It is where every repeat begins with a character that no repeat within it takes: then nothing is tried twice.
    """
    ops = list(items)
    while len(ops) == 1 and ops[0][0] is sre.SUBPATTERN:
        ops = list(ops[0][1][3])
    if len(ops) == 1 and ops[0][0] is sre.BRANCH:
        return all(_clear(branch) for branch in ops[0][1][1])
    begin = _first(ops)
    inner = [argument for op, argument in _operations(ops) if op in (sre.MAX_REPEAT, sre.MIN_REPEAT)]
    if begin is None:
        return False
    return not any(high > 1 and _may_begin(repeated, begin) for _low, high, repeated in inner)


def _may_begin(items: Any, characters: set[Any]) -> bool:
    """Whether a pattern can begin with one of the characters."""
    ops = list(items)
    if len(ops) == 1 and ops[0][0] is sre.NOT_LITERAL:
        return bool(characters - {ops[0][1]})
    if len(ops) == 1 and ops[0][0] is sre.IN and ops[0][1][0][0] is sre.NEGATE:
        return bool(characters - (_members(ops[0][1][1:]) or set()))
    if len(ops) == 1 and ops[0][0] is sre.IN:
        return any(_holds(member, character) for member in ops[0][1] for character in characters)
    taken = _first(ops)
    return taken is None or bool(taken & characters)


def _holds(member: tuple[Any, Any], character: int) -> bool:
    """Whether one entry of a set of characters takes a character."""
    op, value = member
    if op is sre.LITERAL:
        return bool(value == character)
    if op is sre.RANGE:
        return bool(value[0] <= character <= value[1])
    kinds = {sre.CATEGORY_WORD: r"\w", sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_SPACE: r"\s"}
    return value not in kinds or re.match(kinds[value], chr(character)) is not None


def _operations(items: Any) -> Iterator[tuple[Any, Any]]:
    for op, argument in items:
        yield op, argument
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            yield from _operations(argument[2])
        for child in _children(op, argument):
            yield from _operations(child)


def faults(items: Any, *, within: bool = False) -> Iterator[str]:
    """Unbounded repeats of what holds a repeat with many lengths, and can be divided in more than one way."""
    for op, argument in items:
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            _low, high, repeated = argument
            many = high is sre.MAXREPEAT or high > MANY
            nested = any(
                inner in (sre.MAX_REPEAT, sre.MIN_REPEAT) and (value[1] is sre.MAXREPEAT or value[1] > 1)
                for inner, value in _operations(repeated)
            )
            if many and nested and not _clear(repeated):
                yield f"a repeat of up to {high} around another"
            yield from faults(repeated, within=True)
        for child in _children(op, argument):
            yield from faults(child, within=within)


def test_no_pattern_backtracks_without_bound() -> None:
    """No repeat of a repeat that could divide one text in many ways."""
    found = list(patterns())
    assert len(found) > 100
    wrong = [
        f"{where}: {fault}: {text[:200]}"
        for where, text, flags in found
        for fault in set(faults(parser.parse(text, flags)))
    ]
    assert not wrong, "\n".join(wrong)


def test_the_test_knows_a_bad_pattern() -> None:
    """What is refused, and what is not."""
    for bad in (r"(a+)+b", r"(?:\s*\w+)*x", r"(?:[ab]*c?)*", r"(?:a|a*)+", r'(?:".[^x]*)*'):
        assert list(faults(parser.parse(bad))), bad
    for good in (
        r"(?:,[^,]{0,50}){0,9}",
        r"\w+",
        r"(?:ab)+",
        r"(?:\.\w+){2,}",
        r"(?:\.[a-z]+)*",
        r'[^"\\]*(?:\\.[^"\\]*)*',
    ):
        assert not list(faults(parser.parse(good))), good
