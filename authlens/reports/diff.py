"""Where two values differ, for the eye and in words."""

from __future__ import annotations

import difflib
from typing import Final

from authlens import urls

LONGEST: Final = 240
"""Characters that are compared; further ones are never marked."""
_ALIKE: Final = 0.5
"""Below this likeness marking single characters would only confuse."""

Piece = tuple[str, bool]
"""Text, and whether it is one of the differing characters."""


def pieces(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Both values cut up into what they share and what they do not."""
    if _is_sentence(one) != _is_sentence(other):
        return [(one, False)], [(other, False)]
    matcher = difflib.SequenceMatcher(None, one[:LONGEST], other[:LONGEST], autojunk=False)
    if one == other or matcher.ratio() < _ALIKE:
        return [(one, False)], [(other, False)]
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        left += [(one[a:b], kind != "equal")] if b > a else []
        right += [(other[c:d], kind != "equal")] if d > c else []
    left += [(one[LONGEST:], False)] if len(one) > LONGEST else []
    right += [(other[LONGEST:], False)] if len(other) > LONGEST else []
    return left, right


def _is_sentence(text: str) -> bool:
    return " " in text.strip()


def words(expected: str, found: str) -> str:
    """In which way two values differ; empty where they are simply different."""
    if expected == found:
        return "the same"
    if expected.strip() == found.strip():
        return "differs only by white space"
    if expected.rstrip("/") == found.rstrip("/"):
        return "differs only by a final slash"
    if expected.lower() == found.lower():
        return "differs only by case"
    if expected.replace(" ", "") == found.replace(" ", ""):
        return "differs only by white space"
    return _parts(expected, found)


def _parts(expected: str, found: str) -> str:
    """The one part of two addresses that differs."""
    one, other = urls.split(expected), urls.split(found)
    if not (one.scheme and other.scheme and one.netloc and other.netloc):
        return ""
    names = ("scheme", "host", "path", "query", "fragment")
    unlike = [name for name, a, b in zip(names, one, other, strict=True) if a != b]
    return f"differs only in its {unlike[0]}" if len(unlike) == 1 else ""
