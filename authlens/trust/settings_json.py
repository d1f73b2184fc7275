"""JSON as ASP.NET Core reads it: comments and trailing commas are allowed; numbers stay texts."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path

from authlens.errors import Fault

LARGEST_FILE = 4 * 1024 * 1024
"""Bytes; settings are written by hand."""
DEEPEST = 64
"""The depth at which System.Text.Json gives up, too."""

_OPENING, _CLOSING = "[{", "]}"


class UnreadableError(Exception):
    """A file cannot be used; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read(path: str) -> object:
    """Reads a file; UnreadableError where that cannot be used."""
    return _parse(_text(path), path)


def _text(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UnreadableError(Fault(path=path, message=f"cannot be read: {error.strerror or error}")) from error
    if len(data) > LARGEST_FILE:
        raise UnreadableError(Fault(path=path, message=f"is larger than {LARGEST_FILE} bytes"))
    return _decoded(data, path)


def _decoded(data: bytes, path: str) -> str:
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        fault = Fault(path=path, line=line, column=column, message="is not UTF-8 text")
        raise UnreadableError(fault) from error


def _parse(text: str, path: str) -> object:
    """Parses JSON with comments and trailing commas, as ASP.NET Core allows them; numbers stay texts."""
    try:
        plain = _without_comments(text)
        return json.loads(plain, parse_int=str, parse_float=str, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        fault = Fault(path=path, line=error.lineno, column=error.colno, message=f"is not JSON: {error.msg}")
        raise UnreadableError(fault) from error


def _refuse_constant(name: str) -> object:
    raise json.JSONDecodeError(f"{name} is no JSON value", name, 0)


_STEP = re.compile(r'"(?:[^"\\]|\\.)*+"?|//[^\n]*|/\*|[\[\]{},]', re.DOTALL)


def _without_comments(text: str) -> str:
    """Blanks out comments and trailing commas, so that every line and column stays where it is."""
    pieces: list[str] = []
    done = depth = 0
    comma: int | None = None
    for start, end, kind in _steps(text):
        between = text[done:start]
        if between.strip():
            comma = None
        pieces.append(between)
        done = end
        piece = text[start:end]
        if kind == "comment":
            pieces.append(_blank(piece))
            continue
        if piece in _CLOSING and comma is not None:
            pieces[comma] = " "
        comma = len(pieces) if piece == "," else None
        pieces.append(piece)
        depth += (piece in _OPENING) - (piece in _CLOSING)
        if depth > DEEPEST:
            raise json.JSONDecodeError(f"nested deeper than {DEEPEST}", text, start)
    pieces.append(text[done:])
    return "".join(pieces)


def _steps(text: str) -> Iterator[tuple[int, int, str]]:
    position = 0
    while match := _STEP.search(text, position):
        start, position = match.span()
        if match.group() == "/*":
            end = text.find("*/", position)
            if end < 0:
                raise json.JSONDecodeError("a comment is not closed", text, start)
            position = end + 2
        yield start, position, "comment" if text[start] == "/" else "token"


def _blank(piece: str) -> str:
    return "".join(c if c in "\r\n" else " " for c in piece)
