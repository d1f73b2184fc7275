"""Hands many tuples of one kind to another process at a fraction of what each of them would cost by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple


class Columns(NamedTuple):
    """The members of tuples, each member's values one behind the other; such of tuples are packed in their turn."""

    kind: Any
    """The class of the tuples; None where the values are no tuples of one class and stand as they are."""
    values: tuple[Any, ...]
    gaps: tuple[int, ...] = ()
    """Where a row is None."""


def packed(rows: Sequence[Any]) -> Columns:
    """Rows by column."""
    there = [row for row in rows if row is not None]
    kinds = set(map(type, there))
    kind = kinds.pop() if len(kinds) == 1 else None
    if not hasattr(kind, "_make"):
        return Columns(None, tuple(rows))
    gaps = tuple([i for i, row in enumerate(rows) if row is None]) if len(there) < len(rows) else ()
    return Columns(kind, tuple([packed(column) for column in zip(*there, strict=True)]), gaps)


def unpacked(columns: Columns) -> tuple[Any, ...]:
    """The rows again."""
    if columns.kind is None:
        return columns.values
    rows = map(columns.kind._make, zip(*map(unpacked, columns.values), strict=True))
    if not columns.gaps:
        return tuple(rows)
    there, gaps = tuple(rows), frozenset(columns.gaps)
    following = iter(there)
    return tuple([None if i in gaps else next(following) for i in range(len(there) + len(gaps))])
