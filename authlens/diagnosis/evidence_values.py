"""What fields hold, read as one type; anything may stand in a log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Row: TypeAlias = Mapping[str, object]
"""The evidence of one failure, by the names of ``schema.FIELDS``."""


def as_text(value: object) -> str | None:
    """A text that is not empty, or None."""
    return value if isinstance(value, str) and value else None


def as_texts(value: object) -> tuple[str, ...]:
    """The texts of a list, or the one text."""
    return tuple(v for v in (value if isinstance(value, list | tuple) else (value,)) if isinstance(v, str))
