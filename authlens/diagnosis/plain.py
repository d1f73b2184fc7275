"""Evidence as rules read it: None where missing, a tuple for a list (never empty), else one plain value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from authlens.diagnosis.schema import Type


class OpaqueType:
    """A value of no type that a rule can ask about: it exists, and nothing else holds for it."""

    def __repr__(self) -> str:
        """Show in explanations."""
        return "(not a plain value)"


OPAQUE: Final = OpaqueType()


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
