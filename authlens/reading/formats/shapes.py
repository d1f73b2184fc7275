"""How the heads of a log's records look: the pattern of a time, of a level and of what stands between, from lines alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from authlens.reading import timestamps
from authlens.reading.formats import message
from authlens.reading.formats.base import LEVEL_WORDS, LINE

_LEVEL = rf"(?i:{LEVEL_WORDS})"
_LEVEL_COLUMN = re.compile(rf"(?<![A-Za-z0-9])({_LEVEL})(?![A-Za-z0-9=])")
_TIMES = [(kind, re.compile(timestamps.pattern(kind))) for kind in timestamps.KINDS if kind != "epoch"]
_BEFORE = re.compile(
    rf"(?:<\d{{1,3}}>)?[\[(<|{{\"' ]{{0,3}}(?:(?P<lvl>{_LEVEL})(?![A-Za-z0-9])[\])>|: ]{{0,4}}[\[(<|: -]{{0,4}})?"
)
_PUNCTUATION = re.compile(r"[^A-Za-z0-9]{0,8}")


def common(lines: list[bytes]) -> tuple[str | None, int]:
    """The pattern that most heads share, and how many do."""
    counts: Counter[str] = Counter()
    first: str | None = None
    for raw in lines:
        line = raw.decode(errors="replace")
        shape = _head_of(line) if line.strip() else None
        if shape is not None:
            counts[shape] += 1
        if first is None and line.strip():
            first = shape or ""
    if not counts:
        return None, 0
    best, count = counts.most_common(1)[0]
    if count == 1 and best != first:
        return None, 0
    return best, count


def day_first(lines: Iterable[str]) -> bool:
    """Whether heads' dates begin with the day: one of them can begin with nothing else, or the library tells it."""
    dated = _NO_DATE
    for line in lines:
        before = _BEFORE.match(line)
        match = _NUMERIC.match(line, before.end() if before else 0)
        if match is not None and int(match["b"]) <= 12:
            dated = int(match["a"]), int(match["b"])
        told = _CURRENT_TIME.search(line) if dated != _NO_DATE else None
        if 12 < dated[0] <= 31 or (told and dated == (int(told["day"]), int(told["month"])) != dated[::-1]):
            return True
    return False


_NUMERIC = re.compile(timestamps.KINDS["numeric"])
_NO_DATE = 0, 0
_CURRENT_TIME = re.compile(r"Current time(?: \(UTC\))?: '(?P<month>\d\d)/(?P<day>\d\d)/\d{4} ")
"""The time at which the library refused a token: it prints the month first, whatever the culture."""


def _head_of(line: str) -> str | None:
    before = _BEFORE.match(line)
    at = before.end() if before else 0
    for kind, compiled in _TIMES:
        match = compiled.match(line, at)
        if match is not None and not line[match.end() : match.end() + 1].isalnum():
            return _pattern(line, before, kind, match.end())
    if before is not None and before["lvl"] and _is_column(line, before):
        end = before.end("lvl")
        return _literal(line[: before.start("lvl")]) + _named_level() + _literal(line[end : end + 1])
    return None


def _is_column(line: str, before: re.Match[str]) -> bool:
    """Whether a level without a time is a head and not a word of a sentence."""
    follows = line[before.end("lvl") : before.end("lvl") + 1]
    return follows in set("]|)>") if before.start("lvl") > 0 else before["lvl"].isupper() and follows in set("]|: ")


def _pattern(line: str, before: re.Match[str] | None, kind: str, end: int) -> str | None:
    time = rf"(?P<ts>{timestamps.pattern(kind)})"
    follows = line[end : end + 1]
    if before is not None and before["lvl"]:
        lead = _literal(line[: before.start("lvl")]) + _named_level() + r"[^\w\n]{0,8}"
        return lead + time + _literal(follows)
    lead = _literal(line[: before.end() if before else 0])
    level = _LEVEL_COLUMN.search(line, end, end + 100)
    if level is None or not _delimited(line, level):
        return lead + time + _literal(follows) if follows else None
    between = line[end : level.start()]
    middle = _padded(between) if _PUNCTUATION.fullmatch(between) else r"(?P<mid>[^\n]{0,100}?)"
    return lead + time + middle + _named_level() + _behind(line, level.end())


def _delimited(line: str, level: re.Match[str]) -> bool:
    """Whether a level stands in a column of its own."""
    before, after = line[level.start() - 1], line[level.end() : level.end() + 1]
    if before in "[(<|\t{" or after in set("])>|\t}:"):
        return True
    return level[1].isupper() or len(level[1]) in {3, 4}


def _named_level() -> str:
    return rf"(?P<lvl>{_LEVEL})"


def _padded(between: str) -> str:
    """What stands before a level, which may be padded within its brackets."""
    return _literal(between).replace(" +", " *") if between.strip() else _literal(between)


_CLOSING = re.compile(r" {0,12}([\])>}|])")


def _behind(line: str, end: int) -> str:
    """What stands behind a level, which may be padded within its brackets."""
    closing = _CLOSING.match(line, end)
    return f" *{re.escape(closing[1])}" if closing else _literal(line[end : end + 1])


def _literal(words: str) -> str:
    """Taken as it stands, but for the number of blanks."""
    return re.sub(r"(?:\\ )+", " +", re.escape(words))


def timed_behind(shape: str, lines: list[bytes]) -> str:
    """The head of a layout; where it has no date and most of its lines end with one, that is noted in it."""
    if "P<ts>" in shape or "P<dmy>" in shape:
        return shape
    starts = re.compile(shape.encode())
    heads = [line[-LINE:].decode(errors="replace") for line in lines if starts.match(line)]
    behind = sum(message.TRAILING_TIME.search(line) is not None for line in heads)
    return f"{shape}(?P<tail>)" if behind * 2 > len(heads) else shape
