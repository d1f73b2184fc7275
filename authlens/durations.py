"""Lengths of time in words."""

from __future__ import annotations

_UNITS = (("d", 86_400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1))
"""Each with its length in seconds, and the next smaller one."""


def duration(seconds: float) -> str:
    """A length of time in its two largest units, rounded down: ``11 h 3 min``."""
    whole = int(seconds)
    for unit, length, smaller, part in _UNITS:
        if abs(whole) >= length:
            count, rest = divmod(abs(whole), length)
            words = f"{count} {unit} {rest // part} {smaller}" if rest >= part else f"{count} {unit}"
            return f"-{words}" if whole < 0 else words
    return f"{whole} s"
