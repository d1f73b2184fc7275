"""The parts that tokens and keys are made of: base64url text and JSON objects, read within bounds.

Nothing here raises for what it reads: a defect is told in words beside what could be read. Work and memory are
linear in the text; nesting is measured before anything recurses over it.
"""

from __future__ import annotations

import binascii
import json
import math
import re
from typing import Any, NamedTuple, NoReturn

from authlens.model import Frozen

MAX_TOKEN_CHARS = 256_000
"""TokenValidationParameters.DefaultMaximumTokenSizeInBytes is 1024 * 250 = 256,000; longer is IDX10209."""
MAX_DEPTH = 64
"""System.Text.Json's own limit (JsonReaderOptions.MaxDepth)."""
TRAILING = "has text behind the JSON object"

# The standard alphabet's own characters become one that binascii refuses
_STRICT = bytes.maketrans(b"-_+/=", b"+/!!!")
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_PADDING = (b"", b"=", b"==", b"=")
_ALIEN = re.compile(r"[^A-Za-z0-9_-]")
_BLANKS = (" ", "\t", "\r", "\n")
_MARK = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
_WORD = re.compile(r"-?[0-9A-Za-z][0-9A-Za-z.+-]{0,5000}")
SURROGATE = re.compile("[\ud800-\udfff]")
_DIGITS = 40
_STRINGS = json.JSONDecoder(strict=False)


class NumberText(str):
    """A JSON number that no machine number holds (``1e400``, ``NaN``, a thousand digits), as written."""

    __slots__ = ()


class Repeated(Frozen[Any]):
    """A JSON object that names a member twice: two readers may see two different objects."""

    __slots__ = ()


class Members(NamedTuple):
    """What could be read of a JSON object."""

    values: Frozen[object] = Frozen()
    """Lists are tuples, objects are ``Frozen``."""
    end: int = 0
    """Offset just behind the object, or where reading stopped."""
    whole: bool = True
    """False where the text is cut or no JSON from ``end`` on."""
    defects: tuple[str, ...] = ()


def base64url(text: str) -> tuple[bytes, str | None]:
    """Decode base64url (RFC 7515 appendix C); what was wrong with it is the second value."""
    data = strict_base64url(text)
    return (data, None) if data is not None else _forgiven(text)


def strict_base64url(text: str) -> bytes | None:
    """Decode base64url without padding or any other character; None where it is not."""
    try:
        standard = text.encode("ascii").translate(_STRICT) + _PADDING[len(text) % 4]
        return binascii.a2b_base64(standard, strict_mode=True)
    except ValueError:
        return None


def is_base64url(text: str) -> bool:
    """Whether ``strict_base64url`` decodes the text."""
    return text.isascii() and len(text) % 4 != 1 and not text.encode().translate(None, _ALPHABET)


def _forgiven(text: str) -> tuple[bytes, str]:
    defect = "is not base64url"
    if found := _ALIEN.search(text):
        defect = "is padded, as base64url is not" if found[0] == "=" else "holds characters that are not base64url"
        text = _ALIEN.sub("", text.replace("+", "-").replace("/", "_"))
    if len(text) % 4 == 1:
        defect, text = "is cut: its length fits no bytes", text[:-1]
    return binascii.a2b_base64(text.encode("ascii").translate(_STRICT) + _PADDING[len(text) % 4]), defect


def read_json_object(text: str) -> Members:
    """Read a text that should be one JSON object and nothing else."""
    start = _skip(text, 0) if text[:1] in _BLANKS else 0
    if text[start : start + 1] != "{":
        return Members(whole=False, defects=("is no JSON object",))
    found = _strict(text, start) if is_shallow(text) or depth(text, start)[0] <= MAX_DEPTH else None
    if found is not None and (found.end == len(text) or _skip(text, found.end) == len(text)):
        return found
    members = found or read_members(text, start)
    if not members.whole:
        cut = depth(text, start)[1] is None
        wrong = "is JSON that breaks off" if cut else "is not valid JSON"
        return members._replace(defects=(*members.defects, wrong))
    defects = members.defects
    if _skip(text, members.end) < len(text):
        defects += (TRAILING,)
    if not defects or (defects == (TRAILING,) and found is None):
        defects += ("holds characters that JSON escapes",)
    return members._replace(defects=defects)


def read_members(text: str, start: int, *, shallow: bool = False) -> Members:
    """Read the object that begins at ``start``, as far as it is JSON.

    ``shallow`` says that the text ``is_shallow``: then all is read at once, not member by member.
    """
    return (_strict(text, start) if shallow else None) or _Reader(text).read(start)


def is_shallow(text: str) -> bool:
    """Whether nothing in the text can nest so deep that reading it is a danger."""
    return text.count("{") + text.count("[") <= MAX_DEPTH


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


def _strict(text: str, start: int) -> Members | None:
    """Read with the standard library's own parser, which is fast; None where it is not JSON."""
    try:
        values, end = _PLAIN.raw_decode(text, start)
    except ValueError:
        return None
    if not isinstance(values, Frozen):
        return None
    if type(values) is Frozen and _is_tidy(text[start:end]):
        return Members(values, end)
    notes: dict[str, None] = {}
    return Members(values=_tidy(values, notes), end=end, defects=tuple(notes))


def _pairs(pairs: list[tuple[str, Any]]) -> Frozen[Any]:
    members: Frozen[Any] = Frozen(pairs)
    return members if len(members) == len(pairs) else Repeated(pairs)


def _real(text: str) -> float | NumberText:
    value = float(text)
    return value if math.isfinite(value) else NumberText(text[:_DIGITS])


def _integer(text: str) -> int | NumberText:
    # int() of thousands of digits is refused by Python, and slow below that bound
    return int(text) if len(text) <= _DIGITS else NumberText(text[:_DIGITS] + "…")


def _no_json(word: str) -> NoReturn:
    """Python reads ``NaN`` and ``Infinity``, which are no JSON."""
    raise ValueError(word)


_PLAIN = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_real, parse_int=_integer, parse_constant=_no_json)
_LENIENT = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_float=_real, parse_int=_integer, parse_constant=NumberText, strict=False
)


def _is_tidy(text: str) -> bool:
    """Whether no list is to be frozen, no object within may repeat a member, and no escape holds half a character."""
    return "[" not in text and "\\" not in text and text.find("{", 1) < 0


def _tidy(value: Any, notes: dict[str, None]) -> Any:
    """Freeze lists, replace lone surrogates, which no output can encode, and note what readers pass over in silence."""
    if isinstance(value, str):
        if isinstance(value, NumberText):
            if value[-1:] in ("N", "y"):
                notes[f"holds {value}, which is no JSON"] = None
            return value
        return SURROGATE.sub("\ufffd", value) if not value.isascii() else value
    if isinstance(value, list):
        return tuple([_tidy(item, notes) for item in value])
    if isinstance(value, Frozen):
        if isinstance(value, Repeated):
            notes["has a member twice"] = None
        return type(value)((_tidy(name, notes), _tidy(item, notes)) for name, item in value.items())
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
        self.looked = 0
        """How far a value without an end was searched: work that a caller has to count."""

    def read(self, start: int) -> Members:
        end, whole = self.members(start)
        return Members(values=Frozen(self.values), end=max(end, self.looked), whole=whole, defects=tuple(self.notes))

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
                self.notes["has a member twice"] = None
            self.values[SURROGATE.sub("\ufffd", name)] = value
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
            return True, SURROGATE.sub("\ufffd", text or ""), None if text is None else end
        if first in ("{", "["):
            return self._nested(at)
        word = _WORD.match(self.text, at)
        if word is None:
            return False, None, None
        return self._parsed(word[0], word.end())

    def _nested(self, at: int) -> tuple[bool, Any, int | None]:
        deepest, end = depth(self.text, at)
        if end is None:
            self.looked = len(self.text)
            return False, None, None
        if deepest >= MAX_DEPTH:  # the object around it is a level, too
            self.notes[f"nests deeper than {MAX_DEPTH} levels"] = None
            return False, None, end
        return self._parsed(self.text[at:end], end)

    def _parsed(self, text: str, end: int) -> tuple[bool, Any, int | None]:
        try:
            value = _LENIENT.decode(text)
        except ValueError:
            return False, None, None
        return True, _tidy(value, self.notes), end
