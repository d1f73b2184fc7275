"""Where two values differ, for the eye and in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from authlens import urls

LONGEST: Final = 240
"""Characters that are compared; further ones are never marked."""
_ALIKE: Final = 0.5
"""Below this likeness marking single characters would only confuse."""

_MOST_DIFFERENCES: Final = 3
"""Places in which two spellings of one value differ; with more, they are two values."""
_CHANCE: Final = 4
"""Characters that two values may share by chance."""

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
    steps = matcher.get_opcodes()
    torn = sum(step[0] != "equal" for step in steps) > _MOST_DIFFERENCES
    for place, (kind, a, b, c, d) in enumerate(steps):
        inside = 0 < place < len(steps) - 1
        differs = kind != "equal" or (torn and inside and _is_chance(one[a:b]))
        left.append((one[a:b], differs))
        right.append((other[c:d], differs))
    return _joined([*left, (one[LONGEST:], False)]), _joined([*right, (other[LONGEST:], False)])


def _is_chance(shared: str) -> bool:
    """Whether two values may share so little amid what differs without meaning anything by it."""
    return len(shared) <= _CHANCE and any(map(str.isalnum, shared))


def _joined(parts: Iterable[Piece]) -> list[Piece]:
    runs = groupby((part for part in parts if part[0]), key=itemgetter(1))
    return [("".join(text for text, _ in run), differs) for differs, run in runs]


def _is_sentence(text: str) -> bool:
    return " " in text.strip()


def said(row: Mapping[str, Any]) -> str:
    """The difference between the sides of a row of evidence: as the evidence says it, else by its values."""
    expected, found = row["expected"], row["found"]
    return row["difference"] or (words(expected, found) if expected and found else "")


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
