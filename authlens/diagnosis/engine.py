"""Rules × evidence → matches.

Every column is encoded once: its distinct values, and for each row the number of its value. A predicate
runs once a distinct value and is spread over the rows by these numbers, so a hundred thousand failures of
a thousand kinds cost a thousand evaluations. The engine knows nothing of tokens or logs.
"""

from __future__ import annotations

import bisect
import functools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authlens.diagnosis.condition import Algebra
from authlens.diagnosis.correlate import correlated
from authlens.diagnosis.detection import COMPARE, Detection, Item, matches_row, value_of, walk
from authlens.diagnosis.evidence_values import Row
from authlens.diagnosis.plain import number_of, plain
from authlens.diagnosis.rule import Concluder, Correlation, Rule, Ruleset
from authlens.diagnosis.schema import field

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Truth = npt.NDArray[np.bool_]
    Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Matches:
    """For every row the rules that match it, the one that names the cause first.

    Rows with the same matches share one entry of ``patterns``; ``pattern[row]`` is its number.
    """

    patterns: tuple[tuple[Concluder, ...], ...]
    pattern: Sequence[int]

    def __len__(self) -> int:
        """How many rows were asked about."""
        return len(self.pattern)

    def __getitem__(self, row: int) -> tuple[Concluder, ...]:
        """The rules that match the row at that position."""
        return self.patterns[self.pattern[row]]

    def __iter__(self) -> Iterator[tuple[Concluder, ...]]:
        """Over the rows."""
        return (self.patterns[each] for each in self.pattern)


def match_rows(ruleset: Ruleset, rows: Sequence[Row]) -> tuple[tuple[Concluder, ...], ...]:
    """What ``match`` says of a few rows, without pandas."""
    feeding = _feeding(ruleset)
    holding = {rule.id: [at for at, row in enumerate(rows) if rule_matches(rule, row)] for rule in ruleset.rules}
    found: list[list[Concluder]] = [[] for _ in rows]
    for rule in ruleset.rules:
        for at in holding[rule.id] if rule.id not in feeding else ():
            found[at].append(rule)
    for one in ruleset.correlations:
        counted = sorted({at for rule in _counted(one, ruleset) for at in holding[rule.id]})
        for at in correlated(one, counted, lambda row, name: value_of(rows[row], name)):
            found[at].append(one)
    return tuple(tuple(sorted(each, key=operator.attrgetter("rank"))) for each in found)


def rule_matches(rule: Rule, row: Row) -> bool:
    """The rule's own detection holds, and every exception of the site that concerns it."""
    return matches_row(rule.detection, row) and all(matches_row(each.detection, row) for each in rule.exemptions)


def match(rules: Ruleset | Iterable[Rule], frame: pd.DataFrame) -> Matches:
    """The rules that match each row of the evidence; a column that is not there is missing in every row."""
    import numpy as np  # noqa: PLC0415 - pandas costs half a second, and only this function needs it

    ruleset = _ruleset(rules)
    evaluation = _Evaluation(frame)
    truths: dict[str, Truth] = {rule.id: evaluation.rule(rule) for rule in ruleset.rules}
    if ruleset.correlations:
        truths.update(_correlations(ruleset, truths, evaluation))
    feeding = _feeding(ruleset)
    concluding: list[Concluder] = [*ruleset.rules, *ruleset.correlations]
    ordered = sorted((one for one in concluding if one.id not in feeding), key=operator.attrgetter("rank"))
    if not ordered or not len(frame):
        return Matches(((),), np.zeros(len(frame), dtype=np.int64).tolist())
    return _patterns(ordered, np.stack([truths[one.id] for one in ordered], axis=1))


def _patterns(ordered: list[Concluder], table: Truth) -> Matches:
    import numpy as np  # noqa: PLC0415 - see match

    packed = np.packbits(table, axis=1)
    rows = np.ascontiguousarray(packed).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, first, pattern = np.unique(rows, return_index=True, return_inverse=True)
    patterns = tuple(tuple(ordered[at] for at in np.flatnonzero(table[row])) for row in first)
    return Matches(patterns, pattern.tolist())


def _ruleset(rules: Ruleset | Iterable[Rule]) -> Ruleset:
    return rules if isinstance(rules, Ruleset) else Ruleset(rules=tuple(rules))


def _feeding(ruleset: Ruleset) -> set[str]:
    """Rules that only feed correlations and conclude nothing themselves."""
    return {rule.id for one in ruleset.correlations if not one.generate for rule in _counted(one, ruleset)}


def _counted(one: Correlation, ruleset: Ruleset) -> tuple[Rule, ...]:
    return tuple(rule for rule in ruleset.rules if rule.id in one.rules or rule.name in one.rules)


def _correlations(ruleset: Ruleset, truths: dict[str, Truth], evaluation: _Evaluation) -> dict[str, Truth]:
    return {one.id: _correlation(one, ruleset, truths, evaluation) for one in ruleset.correlations}


def _correlation(one: Correlation, ruleset: Ruleset, truths: dict[str, Truth], evaluation: _Evaluation) -> Truth:
    import numpy as np  # noqa: PLC0415 - see match

    counted = [truths[rule.id] for rule in _counted(one, ruleset)]
    truth = np.zeros(evaluation.rows, dtype=bool)
    if counted:
        rows = np.flatnonzero(functools.reduce(operator.or_, counted))
        truth[[int(row) for row in correlated(one, rows.tolist(), evaluation.value)]] = True
    return truth


# --------------------------------------------------------------------------- columns


@dataclass(frozen=True)
class _Column:
    """A column by its distinct values."""

    distinct: list[Any]
    codes: Numbers

    @functools.cached_property
    def ascending(self) -> Numbers | None:
        """The positions of the distinct values in ascending order; None unless all are numbers, times or missing."""
        import numpy as np  # noqa: PLC0415 - see match

        numbers = [(number_of(value), at) for at, value in enumerate(self.distinct) if value is not None]
        if any(number is None for number, _ in numbers):
            return None
        return np.array([at for _, at in sorted(numbers)], dtype=np.int64)


def _by_bisection(item: Item, distinct: list[Any], ascending: Numbers) -> Truth:
    """A comparison with one number changes its answer once along the ascending values: find where."""
    import numpy as np  # noqa: PLC0415 - see match

    truth = np.full(len(distinct), item.holds(None), dtype=bool)
    if len(ascending):
        first = item.holds(distinct[ascending[0]])
        turn = bisect.bisect_left(
            range(len(ascending)), True, key=lambda at: item.holds(distinct[ascending[at]]) != first
        )
        truth[ascending[:turn]], truth[ascending[turn:]] = first, not first
    return truth


class _Evaluation:
    """The truth of items over a table, each found once."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.rows = len(frame)
        self._columns: dict[str, _Column] = {}
        self._items: dict[Item, Truth] = {}

    def rule(self, rule: Rule) -> Truth:
        """Which rows the rule matches."""
        truth = self._detection(rule.detection)
        for exemption in rule.exemptions:
            truth = truth & self._detection(exemption.detection)
        return truth

    def value(self, row: int, field: str) -> Any:
        """The plain value of one cell."""
        column = self._column(field)
        return column.distinct[column.codes[row]]

    def _detection(self, detection: Detection) -> Truth:
        return walk(detection, self._item, _columns_algebra())

    def _item(self, item: Item) -> Truth:
        truth = self._items.get(item)
        if truth is None:
            truth = self._items[item] = self._pairs(item) if item.reference else self._spread(item)
        return truth

    def _spread(self, item: Item) -> Truth:
        import numpy as np  # noqa: PLC0415 - see match

        column = self._column(item.field)
        if item.relation in COMPARE and len(item.operands) == 1 and column.ascending is not None:
            truth = _by_bisection(item, column.distinct, column.ascending)
        else:
            truth = np.fromiter(map(item.holds, column.distinct), dtype=bool, count=len(column.distinct))
        return truth[column.codes]

    def _pairs(self, item: Item) -> Truth:
        """An item that refers to other fields: once for every distinct combination."""
        import numpy as np  # noqa: PLC0415 - see match

        columns = [self._column(name) for name in item.fields]
        table = np.stack([column.codes for column in columns], axis=1)
        distinct, codes = np.unique(table, axis=0, return_inverse=True)
        truths = [
            item.holds(*(column.distinct[code] for column, code in zip(columns, each, strict=True)))
            for each in distinct
        ]
        return np.array(truths, dtype=bool)[codes.ravel()]

    def _column(self, name: str) -> _Column:
        column = self._columns.get(name)
        if column is None:
            column = self._columns[name] = _encode(self.frame, name)
        return column


def _columns_algebra() -> Algebra[Any]:
    return Algebra(
        both=functools.partial(functools.reduce, operator.and_),
        either=functools.partial(functools.reduce, operator.or_),
        opposite=operator.invert,
    )


def _encode(frame: pd.DataFrame, name: str) -> _Column:
    import numpy as np  # noqa: PLC0415 - see match

    if name not in frame.columns:
        return _Column([None], np.zeros(len(frame), dtype=np.int64))
    known = field(name)
    read: Callable[[Any], Any] = functools.partial(plain, kind=known.type if known else None)
    series = frame[name]
    if series.dtype == object:
        return _encode_objects(series.tolist(), read)
    codes, distinct = series.factorize(use_na_sentinel=True)
    # Missing values have the code -1, which is the last entry.
    return _Column([*map(read, distinct.tolist()), None], codes.astype(np.int64))


def _encode_objects(cells: list[Any], read: Callable[[Any], Any]) -> _Column:
    """Encode by value and type (True is not 1 here); lists, which cannot be hashed, by their elements."""
    import numpy as np  # noqa: PLC0415 - see match

    numbers: dict[tuple[type, Any], int] = {}
    values: list[Any] = []
    codes = np.empty(len(cells), dtype=np.int64)
    for row, cell in enumerate(cells):
        key = (cell.__class__, tuple(cell) if isinstance(cell, list) else cell)
        try:
            number = numbers.get(key, -1)
        except TypeError:  # holds something that cannot be hashed: an entry of its own
            number, key = -1, (object, row)
        if number < 0:
            number = numbers[key] = len(values)
            values.append(read(cell))
        codes[row] = number
    return _Column(values, codes)
