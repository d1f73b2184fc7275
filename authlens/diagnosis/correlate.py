"""Counting matches in spans of time (Sigma's ``event_count`` and ``value_count``)."""

from __future__ import annotations

import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias

from authlens.diagnosis.rule import TIME, Correlation

Cell: TypeAlias = Callable[[int, str], Any]
"""(row, field) → plain value."""

_OPERATORS: Final[Mapping[str, Callable[[int, int], bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}


def correlated(one: Correlation, rows: Iterable[int], cell: Cell) -> set[int]:
    """Those of the counted rows that lie in a span of time whose count meets the condition.

    A span ends with each row and reaches ``timespan_s`` back, both ends included; rows without a time
    cannot be placed in one and are not counted.
    """
    groups: dict[tuple[Any, ...], list[tuple[datetime, int]]] = defaultdict(list)
    for row in rows:
        at = cell(row, TIME)
        if isinstance(at, datetime):
            groups[tuple(cell(row, name) for name in one.by)].append((at, row))
    return {row for group in groups.values() for row in _in_group(one, sorted(group), cell)}


def _in_group(one: Correlation, events: list[tuple[datetime, int]], cell: Cell) -> Iterator[int]:
    meets = _OPERATORS[one.operator]
    counts: Counter[Any] = Counter()
    start, told = 0, 0
    for end, (at, row) in enumerate(events):
        counts.update(_counted(one, row, cell))
        while (at - events[start][0]).total_seconds() > one.timespan_s:
            _forget(counts, _counted(one, events[start][1], cell))
            start += 1
        if meets(len(counts) if one.counted else end - start + 1, one.count):
            yield from (each for _, each in events[max(start, told) : end + 1])
            told = end + 1


def _forget(counts: Counter[Any], values: tuple[Any, ...]) -> None:
    for value in values:
        counts[value] -= 1
        if not counts[value]:
            del counts[value]


def _counted(one: Correlation, row: int, cell: Cell) -> tuple[Any, ...]:
    value = cell(row, one.counted) if one.counted else None
    if value is None:
        return ()
    return value if isinstance(value, tuple) else (value,)
