"""The parts that tokens and keys are made of: base64url text and JSON objects, read within bounds.

Nothing here raises for what it reads: a defect is told in words beside what could be read. Work and memory are
linear in the text; nesting is measured before anything recurses over it.
"""

from __future__ import annotations

import binascii
import json
import math
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from authlens.model import Frozen

MAX_TOKEN_CHARS = 256_000
"""TokenValidationParameters.DefaultMaximumTokenSizeInBytes is 1024 * 250 = 256,000; longer is IDX10209."""
MAX_DEPTH = 64
"""System.Text.Json's own limit (JsonReaderOptions.MaxDepth)."""

_URLSAFE = str.maketrans("-_", "+/")
_ALIEN = re.compile(r"[^A-Za-z0-9_-]")
_BLANKS = (" ", "\t", "\r", "\n")
_MARK = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_WORD = re.compile(r"-?[0-9A-Za-z][0-9A-Za-z.+-]{0,5000}")
_SURROGATE = re.compile("[\ud800-\udfff]")
_INT_DIGITS = 40
_STRINGS = json.JSONDecoder(strict=False)


class NumberText(str):
    """A JSON number that no machine number holds (``1e400``, ``NaN``, a thousand digits), as written."""

    __slots__ = ()


class Repeated(Frozen[Any]):
    """A JSON object that names a member twice: two readers may see two different objects."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """What could be read of a JSON object."""

    values: Frozen[object] = field(default_factory=Frozen)
    """Lists are tuples, objects are ``Frozen``."""
    end: int = 0
    """Offset just behind the object, or where reading stopped."""
    whole: bool = True
    """False where the text is cut or no JSON from ``end`` on."""
    defects: tuple[str, ...] = ()


def base64url(text: str) -> tuple[bytes, str | None]:
    """Decode base64url (RFC 7515 appendix C); what was wrong with it is the second value."""
    defect = None
    if found := _ALIEN.search(text):
        defect = "padding is no part of base64url" if found[0] == "=" else "holds characters that are not base64url"
        text = _ALIEN.sub("", text.translate(str.maketrans("+/", "-_")))
    if len(text) % 4 == 1:
        defect, text = "is cut: its length fits no bytes", text[:-1]
    return binascii.a2b_base64(text.translate(_URLSAFE) + "=" * (-len(text) % 4)), defect


def read_json_object(text: str) -> Members:
    """Read a text that should be one JSON object and nothing else."""
    start = _skip(text, 0)
    if text[start : start + 1] != "{":
        return Members(whole=False, defects=("is no JSON object",))
    if _shallow(text):
        found = _strict(text)
        if found is not None:
            return found
    members = read_members(text, start)
    trailing = members.whole and _skip(text, members.end) < len(text)
    defects = (*members.defects, *(("has text behind the JSON object",) if trailing else ()))
    if not defects and not members.whole:
        defects = ("is JSON that breaks off",) if members.end >= len(text) else ("is not valid JSON",)
    return Members(values=members.values, end=members.end, whole=members.whole, defects=defects)


def read_members(text: str, start: int) -> Members:
    """Read the object that begins at ``start`` member by member, as far as it is JSON."""
    reader = _Reader(text)
    end, whole = reader.members(start)
    return Members(values=Frozen(reader.values), end=end, whole=whole, defects=reader.defects())


def depth(text: str, start: int = 0) -> tuple[int, int | None]:
    """How deep the JSON value at ``start`` nests, and where it ends (None where it does not)."""
    level = deepest = 0
    for mark in _MARK.finditer(text, start):
        kind = mark[0]
        if kind in "{[":
            level += 1
            deepest = max(deepest, level)
        elif kind in "}]":
            level -= 1
        if level <= 0:
            return deepest, mark.end()
    return deepest, None


def _shallow(text: str) -> bool:
    return text.count("{") + text.count("[") <= MAX_DEPTH or depth(text)[0] <= MAX_DEPTH


def _strict(text: str) -> Members | None:
    """Read with the library's own parser, which is fast; None where it is not JSON."""
    seen = _Seen()
    try:
        values = json.loads(text, object_pairs_hook=seen.pairs, parse_constant=seen.constant, **_NUMBERS)
    except ValueError:
        return None
    if not isinstance(values, Frozen):
        return None
    return Members(values=_tidy(values, text), end=len(text), defects=seen.defects())


class _Seen:
    """Notes what JSON's readers pass over in silence."""

    def __init__(self) -> None:
        self.twice: dict[str, None] = {}
        self.alien = ""

    def pairs(self, pairs: list[tuple[str, Any]]) -> Frozen[object]:
        members: Frozen[object] = Frozen(pairs)
        if len(members) == len(pairs):
            return members
        counts = Counter(name for name, _ in pairs)
        self.twice.update(dict.fromkeys(name for name, count in counts.items() if count > 1))
        return Repeated(pairs)

    def constant(self, text: str) -> NumberText:
        self.alien = text
        return NumberText(text)

    def defects(self) -> tuple[str, ...]:
        found = []
        if self.twice:
            found.append("has a member twice: " + ", ".join(name[:40] for name in list(self.twice)[:3]))
        if self.alien:
            found.append(f"holds {self.alien}, which is no JSON")
        return tuple(found)


def _integer(text: str) -> int | NumberText:
    # int() of thousands of digits is refused by Python (and slow below that bound)
    return int(text) if len(text) <= _INT_DIGITS else NumberText(text[:_INT_DIGITS] + "…")


def _real(text: str) -> float | NumberText:
    value = float(text)
    return value if math.isfinite(value) else NumberText(text[:_INT_DIGITS])


_NUMBERS: dict[str, Any] = {"parse_int": _integer, "parse_float": _real}


def _tidy(value: Any, text: str) -> Any:
    """Freeze lists, and replace lone surrogates: no output can encode them."""
    return _freeze(value, "\\ud" in text or "\\uD" in text) if "[" in text or "\\u" in text else value


def _freeze(value: Any, surrogates: bool) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value) if surrogates and not isinstance(value, NumberText) else value
    if isinstance(value, list):
        return tuple(_freeze(item, surrogates) for item in value)
    if isinstance(value, dict):
        return type(value)((_freeze(name, surrogates), _freeze(item, surrogates)) for name, item in value.items())
    return value


def _skip(text: str, at: int) -> int:
    while text[at : at + 1] in _BLANKS:
        at += 1
    return at


class _Reader:
    """Reads an object that may be cut off, escaped badly or nested without end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.values: dict[str, Any] = {}
        self.notes: dict[str, None] = {}

    def defects(self) -> tuple[str, ...]:
        return tuple(self.notes)

    def members(self, start: int) -> tuple[int, bool]:
        """Where the object ends and whether it does; ``self.values`` is filled on the way."""
        at = _skip(self.text, start + 1)
        if self.text[at : at + 1] == "}":
            return at + 1, True
        while True:
            done = self._member(at)
            if done is None:
                return at, False
            at = _skip(self.text, done)
            mark = self.text[at : at + 1]
            if mark != ",":
                return at + (mark == "}"), mark == "}"
            at = _skip(self.text, at + 1)

    def _member(self, at: int) -> int | None:
        name, colon = self._string(at)
        if name is None:
            return None
        colon = _skip(self.text, colon)
        if self.text[colon : colon + 1] != ":":
            return None
        known, value, end = self._value(_skip(self.text, colon + 1))
        if end is None:
            return None
        if known:
            if name in self.values:
                self.notes[f"has a member twice: {name[:40]}"] = None
            self.values[_freeze(name, True)] = value
        return end

    def _string(self, at: int) -> tuple[str | None, int]:
        if self.text[at : at + 1] != '"':
            return None, at
        try:
            text, end = _STRINGS.raw_decode(self.text, at)
        except ValueError:
            return None, at
        return text, end

    def _value(self, at: int) -> tuple[bool, Any, int | None]:
        """Whether the value is known, the value, and where it ends."""
        first = self.text[at : at + 1]
        if first == '"':
            text, end = self._string(at)
            return True, _freeze(text, True), None if text is None else end
        if first in ("{", "["):
            return self._nested(at)
        word = _WORD.match(self.text, at)
        if word is None:
            return False, None, None
        return self._parsed(word[0], word.end())

    def _nested(self, at: int) -> tuple[bool, Any, int | None]:
        deepest, end = depth(self.text, at)
        if end is None:
            return False, None, None
        if deepest > MAX_DEPTH:
            self.notes[f"nests deeper than {MAX_DEPTH} levels"] = None
            return False, None, end
        return self._parsed(self.text[at:end], end)

    def _parsed(self, text: str, end: int) -> tuple[bool, Any, int | None]:
        seen = _Seen()
        try:
            value = json.loads(
                text, object_pairs_hook=seen.pairs, parse_constant=seen.constant, strict=False, **_NUMBERS
            )
        except ValueError:
            return False, None, None
        self.notes.update(dict.fromkeys(seen.defects()))
        return True, _tidy(value, text), end
