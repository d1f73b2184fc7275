"""JSON as text: its values, where they end, and how a line of a log begins one."""

from __future__ import annotations

import json
import re
from typing import Any

from authlens import segments

_DEPTH = 200


def parse(data: bytes | str) -> Any:
    """The value, or None where it is none, or nests too deeply to be one."""
    text = data.decode(errors="replace") if isinstance(data, bytes) else data
    if text.count("[") + text.count("{") > _DEPTH and segments.depth(text)[0] > _DEPTH:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _encodable(value) if _HALF.search(text) else value


_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""An escape of half a character: two may be one, one alone is none."""


def _encodable(value: Any) -> Any:
    """The value with a replacement for what is only half of a character: no output can hold it."""
    if isinstance(value, str):
        return _whole_characters(value)
    if isinstance(value, list):
        return [_encodable(item) for item in value]
    if isinstance(value, dict):
        return {_whole_characters(name): _encodable(item) for name, item in value.items()}
    return value


def _whole_characters(text: str) -> str:
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def first(data: bytes) -> tuple[Any, int]:
    """The first value of several and where it ends, bytes; None and 0 where there is none."""
    text = data.decode(errors="replace")
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return None, 0
    return value, len(text[:end].encode(errors="replace"))


def written(value: Any) -> bytes:
    """A value on one line."""
    return json.dumps(value).encode() + b"\n"


_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*"|["\[\]{}]')


def closed(data: bytes) -> bytes:
    """A document that breaks off somewhere, ended behind the last of its values that is whole."""
    text = data.decode("latin-1")  # a byte is a character
    waiting: list[str] = []
    end, missing = 0, ""
    for match in _STRUCTURE.finditer(text):
        mark = match.group()
        if mark == '"':
            break  # a text that breaks off: what stands in it is no structure
        if mark in "[{":
            waiting.append("]" if mark == "[" else "}")
        elif mark in "]}" and waiting:
            waiting.pop()
            end, missing = match.end(), "".join(reversed(waiting)) if len(waiting) <= _DEPTH else ""
    return data[:end] + missing.encode() if missing else data


AROUND = " \t\r\n\x1e\x00,[]\ufeff"
_BEFORE = b" \t\x1e\x00,[\xef\xbb\xbf"


MARK = re.compile(rb"\n[" + re.escape(_BEFORE) + rb"]{0,64}\{")


def opens(data: bytes, begin: int, end: int) -> bool:
    """Whether a line begins with an object; it may be an element of a list that has one on each line."""
    return data[begin : min(end, begin + 64)].lstrip(_BEFORE).startswith(b"{")


def line(data: bytes) -> dict[str, Any] | None:
    """The object of such a line, or None."""
    if not opens(data, 0, len(data)):
        return None
    value = parse(data.decode(errors="replace").strip(AROUND))
    return value if isinstance(value, dict) else None


_UNICODE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}


def unescaped(text: str) -> str:
    """What the inside of a JSON string says, also where it breaks off."""

    def letter(match: re.Match[str]) -> str:
        return chr(int(match[1], 16)) if match[1] else _SIMPLE.get(match[2], match[2])

    return _whole_characters(_UNICODE.sub(letter, text))
