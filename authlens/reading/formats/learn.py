"""Learns from a log itself how its records begin, or what stands before each of its lines, where nothing known fits.

What a host's fixed words stand behind is a head: of such lines the columns are taken as a pattern.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC
from itertools import pairwise
from typing import NamedTuple

from authlens.model import Layout
from authlens.reading import timestamps
from authlens.reading.formats import registry
from authlens.reading.formats.base import LEVEL_WORDS, TRACE_IDENTIFIER, Place
from authlens.reading.runs import Piece, Run

_TOLD = 400
"""So many telling lines are enough to learn from."""
_HEADS = 6
_REACH = 600
"""So far into a line a head may reach, characters."""
_FEW = 40
"""So many names may stand before the lines of one log where nothing but names does."""

# What hosts print at the very beginning of a message.
_OPENING = re.compile(
    r"Failed to validate the token\b|Exception occurred while processing message|Error from RemoteAuthentication"
    r"|Request (?:starting|finished) (?:HTTP/|in )|Execut(?:ing|ed) endpoint '|AuthenticationScheme: |Authorization failed"
    r"|Successfully validated the token|Application started\. Press|Now listening on: |Hosting environment: |Content root path: "
    r"|An unhandled exception has occurred"
)
_REFUSED = " was not authenticated. Failure message: "
_BEFORE_SCHEME = re.compile(r".*(?:[:|\]>)}\"=\t-]\s*|\s{2}|\S\.\S+ )")
_SCHEME = re.compile(r"[\"']?[^\s:|\[\]<>(){}\"'=]{1,100}(?: [^\s:|\[\]<>(){}\"'=]{1,100}){0,3}[\"']?")
_CATEGORY = re.compile(r"[A-Za-z_]\w*(?:\.\w+){2,}")
_CODE = re.compile(r"(?:[A-Za-z][\w.`+]{1,200}Exception: )?ID[XW]\d{5}: ")
_GOES_ON = re.compile(r"\s|at |--- |[\w.`+]{1,200}Exception\b")


class Told(NamedTuple):
    """A line with a head, and where in it the message begins."""

    line: str
    at: int
    sure: bool
    """The message begins exactly there."""


def better(layout: Layout, lines: Iterable[bytes]) -> tuple[Layout, int] | None:
    """A layout that reads more of the telling lines than the one given does, and how many lines taught it."""
    told = list(_told(lines))
    missed = [one for one in told if not _reads(layout, one)]
    if not told or len(missed) * 10 < len(told):
        return None
    known = layout.format if layout.format in registry.INFERRED else "text"
    heads = list(_heads(missed))
    if not heads:
        return None
    learned = Layout(format=known, head="\n".join(heads), why=f"{len(missed)} telling lines begin alike")
    gained = sum(_reads(learned, one) for one in missed)
    return (learned, len(told) - len(missed)) if gained * 2 >= len(missed) else None


def _told(lines: Iterable[bytes]) -> Iterator[Told]:
    count = 0
    for raw in lines:
        line = raw.decode(errors="replace")
        one = _telling(line) if not _GOES_ON.match(line) else None
        if one is not None and line[: one.at].strip(" \t\"'"):
            yield one
            count += 1
            if count == _TOLD:
                return


def _telling(line: str) -> Told | None:
    found = _OPENING.search(line, 0, _REACH)
    if found is not None:
        return Told(line, found.start(), sure=True)
    end = line.find(_REFUSED, 0, _REACH)
    if end > 0:
        before = _BEFORE_SCHEME.match(line[:end].rstrip("\"'"))
        return Told(line, before.end() if before else line.rfind(" ", 0, end) + 1, sure=False)
    found = _CODE.search(line, 0, _REACH)
    return Told(line, found.start(), sure=False) if found and found.start() else None


def _reads(layout: Layout, told: Told) -> bool:
    """Whether the record that the line begins has the message for its text."""
    form, data = registry.of(layout), told.line.encode(errors="replace")
    if form.whole or not form.starts(data, 0, len(data)):
        return False
    text = form.build(Run(data, (Piece(0, 0, 1),)), Place("", "", UTC, secondary=False, cut=False))[0].text
    if told.sure:
        return text.lstrip("\"'").startswith(told.line[told.at : told.at + 20])
    end = text.find(_REFUSED)
    if end < 0:
        return True
    return _SCHEME.fullmatch(text[:end]) is not None and _CATEGORY.search(text[:end]) is None


# --------------------------------------------------------------------------- columns


class Token(NamedTuple):
    """A column of a head, or what stands between two."""

    kind: str
    pattern: str
    value: str = ""


_WORD = r"[^\s\[\](){}<>|:;,=\"'›│]"
_TIMES = [(kind, re.compile(timestamps.pattern(kind))) for kind in timestamps.KINDS]
_KLOG = re.compile(rf"[IWEF]\d{{4}} {{1,2}}{timestamps.pattern('clock')}")
_LEVEL = re.compile(rf"(?:(?i:{LEVEL_WORDS})(?![\w=.-])|[IWEFDVTC](?=[\])}}/|>:]))")
_REQUEST = re.compile(TRACE_IDENTIFIER)
_WORDS = re.compile(rf"{_WORD}{{1,200}}")
_BRACKETS = {"[": "]", "(": ")", "<": ">", "{": "}"}


def _tokens(line: str, end: int) -> list[Token]:
    """The columns of a line up to a position."""
    tokens: list[Token] = []
    pos = 0
    while pos < end and len(tokens) < 60:
        token = _token(line, pos, end)
        tokens.append(token)
        pos += len(token.value)
    return tokens


def _token(line: str, pos: int, end: int) -> Token:
    if line[pos] == " ":
        blanks = len(line[pos:end]) - len(line[pos:end].lstrip(" "))
        return Token("blank", " {1,80}", " " * blanks)
    if pos == 0 or not line[pos - 1].isalnum():
        return _column(line, pos, end) or _between(line, pos)
    return _between(line, pos)


def _column(line: str, pos: int, end: int) -> Token | None:
    klog = _KLOG.match(line, pos, end)
    if klog is not None:
        return Token("time", rf"(?P<lvl>[IWEF])(?P<ts>\d{{4}} {{1,2}}{timestamps.pattern('clock')})", klog.group())
    for kind, compiled in _TIMES:
        match = compiled.match(line, pos, end)
        if match is not None and not line[match.end() : match.end() + 1].isalnum():
            return Token("time", rf"(?P<ts>{timestamps.pattern(kind)})(?![A-Za-z0-9])", match.group())
    bracket = _bracket(line, pos, end)
    if bracket is not None:
        return bracket
    match = _LEVEL.match(line, pos, end + 1)
    if match is not None and match.end() <= end and not _in_prose(line, match):
        return Token("level", rf"(?P<lvl>(?i:{LEVEL_WORDS})|[IWEFDVTC])(?![A-Za-z0-9])", match.group())
    match = _REQUEST.match(line, pos, end)
    if match is not None:
        return Token("id", r"[^\s|\]>)]{0,100}", match.group())
    match = _WORDS.match(line, pos, end)
    if match is None or not any(c.isalnum() for c in match.group()):
        return None
    if match.group().isascii() and match.group().isdigit():
        return Token("number", r"\d{1,20}", match.group())
    return Token("name" if _CATEGORY.fullmatch(match.group()) else "word", rf"{_WORD}{{1,200}}", match.group())


def _in_prose(line: str, level: re.Match[str]) -> bool:
    """Whether a level's name is a word of a sentence: in small letters, and behind another word."""
    return level.group().islower() and line[: level.start()].rstrip()[-1:].isalpha()


def _bracket(line: str, pos: int, end: int) -> Token | None:
    """What stands in brackets, unless it holds a time or a level to be read."""
    close = _BRACKETS.get(line[pos])
    stop = line.find(close, pos + 1, min(end, pos + 202)) if close else -1
    if close is None or stop < 0:
        return None
    inner = line[pos + 1 : stop].strip()
    if any(compiled.match(inner) for _, compiled in _TIMES) or _LEVEL.match(inner + "]"):
        return None
    literal = re.escape(line[pos]), re.escape(close)
    what = r"\d{1,20}" if inner.isascii() and inner.isdigit() else rf"[^{literal[1]}\n]{{0,200}}"
    return Token("bracket", f"{literal[0]}{what}{literal[1]}", line[pos : stop + 1])


def _between(line: str, pos: int) -> Token:
    return Token("mark", r"\t" if line[pos] == "\t" else re.escape(line[pos]), line[pos])


# --------------------------------------------------------------------------- heads


def _heads(told: list[Told]) -> Iterator[str]:
    """Patterns of whole heads, the commonest first, then of what they begin with."""
    whole: Counter[str] = Counter()
    begins: Counter[str] = Counter()
    for one in told:
        tokens = _tokens(one.line, one.at)
        anchor = _anchor(tokens)
        if anchor:
            begins[_joined(tokens[:anchor])] += 1
        if one.sure or _REFUSED in one.line:
            whole[_joined(tokens) if anchor else _literally(tokens)] += 1
    anchored = [pattern for pattern, _ in whole.most_common() if any(pattern.startswith(b) for b in begins)]
    plain = [pattern for pattern, count in whole.most_common() if count > 1 and pattern not in anchored]
    yield from [*anchored, *plain][:_HEADS]
    yield from [pattern for pattern, _ in begins.most_common(_HEADS)]


def _anchor(tokens: list[Token]) -> int:
    """How many columns tell a head: up to its time, else its level, or 0."""
    kinds = [token.kind for token in tokens]
    for kind in ("time", "level"):
        if kind in kinds:
            return kinds.index(kind) + 1
    return 0


def _joined(tokens: list[Token]) -> str:
    """A pattern in which every column may hold anything of its kind."""
    parts: list[str] = []
    named: set[str] = set()
    for index, token in enumerate(tokens):
        pattern = token.pattern
        if token.kind in {"number", "word", "name"}:
            marked = index > 0 and tokens[index - 1].kind == "mark"
            pattern = f"{_WORD}{{{0 if marked else 1},200}}"
            if token.kind == "name":
                pattern = f"(?P<cat>{pattern})"
        elif token.kind == "bracket":
            pattern = (
                rf"{re.escape(token.value[0])}[^{re.escape(token.value[-1])}\n]{{0,200}}{re.escape(token.value[-1])}"
            )
        parts.append(_once(pattern, named))
    return "".join(parts)


def _literally(tokens: list[Token]) -> str:
    """A pattern in which words stand as they are: there is nothing else to know the head by."""
    fixed = {"word", "name"}
    return "".join(
        re.escape(t.value)
        if t.kind in fixed or (t.kind == "bracket" and not t.value[1:-1].isdigit())
        else re.sub(r"\?P<\w+>", "?:", t.pattern)
        for t in tokens
    )


_GROUP = re.compile(r"\(\?P<(\w+)>")


def _once(pattern: str, named: set[str]) -> str:
    """Without the names of groups that were given before."""

    def name(match: re.Match[str]) -> str:
        if match[1] in named:
            return "(?:"
        named.add(match[1])
        return match.group()

    return _GROUP.sub(name, pattern)


# --------------------------------------------------------------------------- prefixes of lines

_INDENTED = re.compile(
    r"( {0,12}[^\s{][^\n]{0,200}?) {3,40}(?:at [A-Za-z_<][^\s(]{1,300}\(|Failed to validate the token|[\w.-]{1,60} was not authenticated)"
)
_INNER_HEAD = re.compile(
    r"( {0,12}[^\s{][^\n]{0,200}?)(?: ?(?:trce|dbug|info|warn|fail|crit): \S[^\n]{0,300}\[-?\d{1,10}\]\s*$| ?\{\"[@\w]{1,40}\": ?[^\n]*\}\s*$)"
)
_SHARE = 0.8
_NAMES = ("stream", "tag", "pid")


def prefix(lines: list[str]) -> str | None:
    """The pattern of what stands before nearly every line, where the lines behind it are those of a log."""
    found_by_grep = searched(lines)
    if found_by_grep is not None:
        return found_by_grep
    found = [m[1].rstrip(" ") for line in lines if (m := _INDENTED.match(line) or _INNER_HEAD.match(line))]
    shapes: dict[tuple[str, ...], list[list[Token]]] = {}
    for before in found[:_TOLD]:
        tokens = _tokens(before, len(before))
        if len(tokens) <= 30:
            shapes.setdefault(tuple(t.pattern if t.kind != "word" else t.kind for t in tokens), []).append(tokens)
    for alike in sorted(shapes.values(), key=len, reverse=True)[:_HEADS]:
        pattern = _before_all(alike, lines)
        if pattern is not None:
            return pattern
    return None


_FILE = re.compile(
    r"([\w./\\~@+:-]{0,300}(?:[/\\][\w.~@+-]{1,200}|\.(?:log|txt|json|jsonl|ndjson|clef|xml|out|err|csv)[\w.-]{0,40})):"
)
_NUMBER = re.compile(r"(\d{1,9})[:-]")
_SPACED = re.compile(r"$| (?! )")
_SEPARATOR = "--"
_NEARLY_ALL = 0.97


def searched(lines: list[str]) -> str | None:
    """The pattern of what grep prints: a file's name, a line's number or both, and a dash around what it looked for."""
    lines = [line for line in lines if line != _SEPARATOR]
    counts = Counter(m[1] for line in lines if (m := _FILE.match(line)))
    often = [name for name, count in counts.most_common(_FEW) if count > 1]
    names = [name for name in often if not any(name.startswith(f"{other}-") for other in often)]
    if names:
        file = f"(?P<stream>{'|'.join(re.escape(name) for name in sorted(names, key=len, reverse=True))})"
        named = re.compile(rf"{file}[:-]")
        behind = [(line[m.end() - 1], line[m.end() :]) for line in lines if (m := named.match(line))]
        if len(behind) >= _NEARLY_ALL * len(lines):
            found = [rest for mark, rest in behind if mark == ":"]
            return rf"{file}[:-](?:\d{{1,9}}[:-])" if _numbered(found) else rf"{file}[:-]"
    return r"\d{1,9}[:-]" if _numbered(lines) else None


def _numbered(lines: list[str]) -> bool:
    """Whether the lines begin with the numbers of lines."""
    found = [(line, m) for line in lines if (m := _NUMBER.match(line))]
    if all(_SPACED.match(line, m.end()) for line, m in found):
        return False  # numbered by something that sets its numbers apart
    numbers = [int(m[1]) for _, m in found]
    rises = sum(a < b for a, b in pairwise(numbers))
    return len(numbers) > 1 and len(numbers) >= _NEARLY_ALL * len(lines) and rises >= _SHARE * (len(numbers) - 1)


def _before_all(alike: list[list[Token]], lines: list[str]) -> str | None:
    """The pattern of columns that are alike, where they stand before nearly every line."""
    pattern = _prefix_pattern(alike)
    if pattern is None:
        return None
    compiled = re.compile(pattern)
    matches = [(line, m) for line in lines if (m := compiled.match(line))]
    if len(matches) < 2 or len(matches) < _SHARE * len(lines):
        return None
    gaps = [len(line) - m.end() - len(line[m.end() :].lstrip(" ")) for line, m in matches if line[m.end() :].strip()]
    gap = min(gaps, default=0)
    return pattern + (rf"(?: {{{gap}}}| {{0,{gap}}}(?=\r?\n|$))" if gap else "")


def _prefix_pattern(alike: list[list[Token]]) -> str | None:
    columns = list(zip(*alike, strict=True))
    kinds = [column[0].kind for column in columns]
    strong = "time" in kinds or any(c[0].kind == "mark" and c[0].value in "|>:]›│#" for c in columns)
    if not strong and not any(kind in {"word", "name", "number", "bracket"} for kind in kinds):
        return None
    names = iter(_NAMES)
    parts, named = [], {"lvl"}
    for column in columns:
        values = sorted({token.value for token in column})
        part = _generic(column[0], values, strong=strong)
        if part is None:
            return None
        constant = column[0].kind in {"word", "name", "number", "bracket"} and len(values) <= max(2, len(column) // 10)
        name = next(names, None) if constant else None
        parts.append(f"(?P<{name}>{part})" if name else _once(part, named))
    return "".join(parts)


def _generic(token: Token, values: list[str], *, strong: bool) -> str | None:
    if token.kind in {"word", "name"}:
        if strong:
            return f"{_WORD}{{1,200}}"
        return f"(?:{'|'.join(map(re.escape, values))})" if len(values) <= _FEW else None
    if token.kind == "bracket":
        return rf"{re.escape(token.value[0])}[^{re.escape(token.value[-1])}\n]{{0,200}}{re.escape(token.value[-1])}"
    return token.pattern
