"""A text as the library wrote it, where a tool on the way re-quoted, escaped or wrapped it; offsets lead back."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

_Edit: TypeAlias = tuple[int, int, str]
"""Start and end of what is replaced, and by what."""

CODE: Final = r"(?:ID[XW1-8]|MIML|WIF|Jwt)[0-9]{3,5}:"
"""Any code of the libraries as it stands before its message."""
_ANY_QUOTE: Final = "'\"`‘’‚‛′´＇“”„‟"
_FIRST_QUOTE: Final = re.compile(
    rf"{CODE}(?:[^{_ANY_QUOTE}]|(?<=\w)[{_ANY_QUOTE}](?=\w)){{0,600}}(?P<quote>[{_ANY_QUOTE}])"
)
"""An apostrophe between letters is none."""
_UNSEEN: Final = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
_ENTITY: Final = re.compile(r"&(?:#x?(?P<number>[0-9A-Fa-f]{2,4})|(?P<name>apos|quot|lt|gt|amp|nbsp));")
_ENTITIES: Final = {"apos": "'", "quot": '"', "lt": "<", "gt": ">", "amp": "&", "nbsp": " "}
_QUOTE_ENTITIES: Final = ("&#39;", "&#x27;", "&#X27;", "&apos;", "&quot;", "&#34;", "&#039;")
_SINGLE: Final = re.compile("[‘’‚‛′´＇]")
_DOUBLE: Final = re.compile("[“”„‟]")
_HARD_BLANK: Final = re.compile("[\u00a0\u202f]")
_AFTER_CODE: Final = re.compile(CODE + "[\u00a0\u202f]")
_CSV: Final = re.compile(r'\{\s{0,4}""\w')
_OPENS: Final = re.compile(r"[\w\[{/<(]")
_FRAME_OR_ARROW: Final = re.compile(r"\s{0,40}(?:--|\S{1,12} [\w.<>`+]{3,300}\(|$)")
_LEAST_COLUMNS: Final = 40
"""No tool wraps at fewer."""
_MOST_LINES: Final = 400
_INSIDE: Final = re.compile(r"[A-Za-z0-9/_=+-]\Z")
_GOES_ON: Final = re.compile(r"[A-Za-z0-9/_=+.-]")
KEY_LINE: Final = r"Microsoft\.IdentityModel\.Tokens\.\w{1,60}Key\b"
"""The library prints each key on a line of its own."""
_KEY_LINE: Final = re.compile(KEY_LINE)
_BREAK: Final = re.compile(r"(?<=\S)[ \t]{0,40}\r?\n\s{0,200}(?=\S)")


class Restored:
    """A text after all edits, with the way back to the offsets of the original."""

    __slots__ = ("_layers", "text")

    def __init__(self, text: str) -> None:
        """Nothing is edited yet."""
        self.text = text
        self._layers: list[tuple[list[int], list[int]]] = []

    def edit(self, edits: Iterable[_Edit]) -> None:
        """Replaces what the edits name, which ascend and do not overlap."""
        pieces: list[str] = []
        here, there = [0], [0]
        done = length = 0
        for start, end, new in edits:
            pieces += (self.text[done:start], new)
            length += start - done + len(new)
            done = end
            here.append(length)
            there.append(end)
        if pieces:
            self.text = "".join((*pieces, self.text[done:]))
            self._layers.append((here, there))

    @property
    def edited(self) -> bool:
        """Whether anything was put back."""
        return bool(self._layers)

    def back(self, offset: int) -> int:
        """The offset in the original text."""
        for here, there in reversed(self._layers):
            i = bisect_right(here, offset) - 1
            back = there[i] + offset - here[i]
            offset = min(back, there[i + 1]) if i + 1 < len(there) else back
        return offset


def restored(text: str, *, quotes: bool = True) -> Restored | None:
    """The text put back, or None where it is as the library wrote it; ``quotes`` of another kind are put back too."""
    out = Restored(text)
    if "&" in text and any(entity in text for entity in _QUOTE_ENTITIES):
        out.edit((m.start(), m.end(), _character(m)) for m in _ENTITY.finditer(text))
    if not out.text.isascii():
        out.edit((m.start(), m.end(), "") for m in _UNSEEN.finditer(out.text))
        if _AFTER_CODE.search(out.text):
            out.edit((m.start(), m.end(), " ") for m in _HARD_BLANK.finditer(out.text))
    if '""' in out.text and _CSV.search(out.text):
        out.edit(_every('""', '"', out.text, 0))
    first = _first_quote(out.text) if quotes else None
    if first is not None:
        _requote(out, first)
    if "\n" in out.text:
        out.edit(_wraps(out.text))
    return out if out.edited else None


def _first_quote(text: str) -> re.Match[str] | None:
    """The first quotation mark that a message opens, with the code before it."""
    for _, code in zip(range(_MOST_CODES), _CODES.finditer(text), strict=False):
        first = _FIRST_QUOTE.match(text, code.start())
        if first is not None:
            return first
    return None


_CODES: Final = re.compile(CODE)
_MOST_CODES: Final = 20
"""Among so many codes one has a quotation mark behind it."""


def unbroken(value: str) -> str:
    """A value without the line breaks inside it, where it has no other white space: a URL, an id or a key holds none."""
    joined = _BREAK.sub("", value)
    return value if re.search(r"\s", joined.strip()) else joined


def _character(m: re.Match[str]) -> str:
    if m["name"]:
        return _ENTITIES[m["name"]]
    digits = m["number"]
    if m[0][2] in "xX":
        return chr(int(digits, 16))
    return chr(int(digits)) if digits.isdigit() else m[0]


def _every(old: str, new: str, text: str, start: int) -> Iterator[_Edit]:
    while (start := text.find(old, start)) >= 0:
        yield start, start + len(old), new
        start += len(old)


def _requote(out: Restored, first: re.Match[str]) -> None:
    """The library quotes with apostrophes: the first quote behind a code tells what became of them."""
    at, quote, text = first.start("quote"), first["quote"], out.text
    if quote not in "'\"`":
        out.edit((m.start(), m.end(), "'") for m in _SINGLE.finditer(text))
        out.edit((m.start(), m.end(), '"' if quote in _SINGLE_CHARACTERS else "'") for m in _DOUBLE.finditer(out.text))
        return
    doubled = (
        text.startswith(quote, at + 1)
        and (_OPENS.match(text, at + 2) is not None or text.startswith(2 * quote, at + 2))
        and _ALONE[quote].search(text, at, at + _LOOKED_AT) is None
    )
    opens = text[at - 1].isspace() and not text[at + 1 : at + 2].isspace() and "error_uri" not in text
    if doubled or (quote != "'" and opens):
        out.edit(_every(quote * (1 + doubled), "'", text, first.start()))


_ALONE: Final = {quote: re.compile(rf"(?<!{quote}){quote}(?!{quote})") for quote in "'\"`"}
"""A quote that is not doubled."""
_LOOKED_AT: Final = 4000
_SINGLE_CHARACTERS: Final = "‘’‚‛′´＇"


# --------------------------------------------------------------------------- hard wraps


def _wraps(text: str) -> Iterator[_Edit]:
    """Line breaks (and the indent behind them) that a tool put in at its last column, in the middle of words."""
    code = _CODES.search(text)
    if code is None:
        return
    start = _first_line(text, code.start())
    lines = list(_paragraph(text, start))
    lengths = [len(line) for line in lines[:-1]]
    columns = max(lengths[1:], default=0)
    if columns < _LEAST_COLUMNS or lengths.count(columns) == 1:  # some line is always the longest
        return
    if not any(_is_inside(lines, i, columns) for i in range(1, len(lines) - 1)):
        return
    indent = min(len(line) - len(line.lstrip(" ")) for line in lines[1:])
    at = start
    for i, line in enumerate(lines[:-1]):
        at += len(line)
        if len(line) == columns or (i == 0 and _INSIDE.search(line)):
            yield at - line.endswith("\r"), at + 1 + indent, ""
        at += 1


def _first_line(text: str, position: int) -> int:
    """Where the line begins that the message begins in, or an earlier one that the exception's type may begin in."""
    start = text.rfind("\n", 0, position) + 1
    for _ in range(_LINES_OF_A_TYPE):
        if not start or _FRAME_OR_ARROW.match(text[max(text.rfind("\n", 0, start - 1) + 1, start - 400) : start - 1]):
            break
        start = text.rfind("\n", 0, start - 1) + 1
    return start


_LINES_OF_A_TYPE: Final = 3


def _paragraph(text: str, start: int) -> Iterator[str]:
    """The lines from the message's first, up to a stack trace or an empty line."""
    lines = text[start : start + (1 << 16)].split("\n", _MOST_LINES)[:_MOST_LINES]
    yield lines[0]
    for line in lines[1:]:
        if _FRAME_OR_ARROW.match(line):
            return
        yield line


def _is_inside(lines: Sequence[str], i: int, columns: int) -> bool:
    """Whether the break behind a full line lies inside a word."""
    if len(lines[i]) != columns or _INSIDE.search(lines[i].rstrip("\r")) is None:
        return False
    rest = lines[i + 1].lstrip(" ")
    return _GOES_ON.match(rest) is not None and _KEY_LINE.match(rest) is None
