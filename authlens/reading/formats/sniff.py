"""Finds out from its beginning how a source is written."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

from authlens.model import Layout
from authlens.reading import timestamps
from authlens.reading.formats import jsonl, text
from authlens.reading.formats.base import LINE, plain

_LINES = 4000
_BOM = b"\xef\xbb\xbf"


def sniff(head: bytes, path: str, forced: str | None = None) -> Layout:
    """Decide a layout from the first 256 KiB or so; ``path`` is not believed, only ``forced`` is."""
    del path
    head = head.removeprefix(_BOM)
    found = _sniff(head, forced)
    return found


def _sniff(head: bytes, forced: str | None) -> Layout:
    start = head.lstrip()[:1]
    if start in b"{[" and (layout := _json(head)) is not None:
        return layout
    return _text(head)


# --------------------------------------------------------------------------- JSON


def _json(head: bytes) -> Layout | None:
    counts: Counter[str] = Counter()
    for line in _lines(head):
        if not line.startswith((b"{", b" {")):
            continue
        value = jsonl.parse(line)
        if isinstance(value, dict):
            counts[jsonl.kind(value)] += 1
    if counts:
        name, count = counts.most_common(1)[0]
        return Layout(format=name, why=f"{count} lines are JSON objects of this form")
    if re.match(rb"\s*\{\s*\n", head):
        return Layout(format="mel-json-indented", why="JSON objects over several lines")
    return None


# --------------------------------------------------------------------------- text


def _lines(head: bytes) -> list[bytes]:
    lines = plain(head).split(b"\n")[:_LINES]
    return [line[:LINE].rstrip(b"\r") for line in lines]


def _text(head: bytes) -> Layout:
    lines = _lines(head)
    best, most = None, 0
    for known in text.HEADS:
        pattern = re.compile(known.pattern.encode())
        count = sum(1 for line in lines if pattern.match(line))
        if count > most:
            best, most = known.name, count
    shape, count = _shape(lines)
    if shape is not None and count > most * 1.2:
        return Layout(format=_name(shape), head=shape, why=f"{count} lines begin alike")
    if best is not None:
        return Layout(format=best, why=f"{most} lines begin like it")
    return Layout(format="unknown", why="no line begins with a time or level that others share")


# A word that names a level, where it stands as a column.
_LEVEL_WORDS = (
    "VRB|DBG|INF|WRN|ERR|FTL|TRC|CRT|VERB|DBUG|INFO|WARN|EROR|FATL|FAIL|CRIT|TRCE|TRACE|DEBUG|ERROR|FATAL|NOTICE"
    "|VERBOSE|INFORMATIONAL|INFORMATION|WARNING|CRITICAL"
)
_LEVEL = rf"(?i:{_LEVEL_WORDS})"
_LEVEL_COLUMN = re.compile(rf"(?<![A-Za-z0-9])({_LEVEL})(?![A-Za-z0-9=])")
_TIMES = [(kind, re.compile(timestamps.pattern(kind))) for kind in timestamps.KINDS if kind != "epoch"]
_BEFORE = re.compile(rf"(?:<\d{{1,3}}>)?[\[(<|{{\"' ]{{0,3}}(?:(?P<lvl>{_LEVEL})[\])>|: ]{{0,4}}[\[(<|: -]{{0,4}})?")
_PUNCTUATION = re.compile(r"[^A-Za-z0-9]{0,8}")


def _shape(lines: list[bytes]) -> tuple[str | None, int]:
    counts: Counter[str] = Counter()
    first: str | None = None
    for raw in lines:
        shape = _head_of(raw.decode(errors="replace")) if raw[:1].strip() else None
        if shape is not None:
            counts[shape] += 1
        if first is None and raw.strip():
            first = shape or ""
    if not counts:
        return None, 0
    best, count = counts.most_common(1)[0]
    return (best, count) if count > 1 or best == first else (None, 0)


def _head_of(line: str) -> str | None:
    before = _BEFORE.match(line)
    at = before.end() if before else 0
    for kind, compiled in _TIMES:
        match = compiled.match(line, at)
        if match is not None:
            return _pattern(line, before, kind, match.end())
    if before is not None and before["lvl"] and before.end() > before.end("lvl") and _column(line, before):
        return _literal(line[: before.start("lvl")]) + _named_level() + _literal(line[before.end("lvl") : before.end("lvl") + 1])
    return None


def _column(line: str, before: re.Match[str]) -> bool:
    return before.start("lvl") > 0 or before["lvl"].isupper()


def _pattern(line: str, before: re.Match[str] | None, kind: str, end: int) -> str | None:
    group = "dmy" if kind == "day-first" else "ts"
    time = rf"(?P<{group}>{timestamps.pattern(kind)})"
    if before is not None and before["lvl"]:
        lead = _literal(line[: before.start("lvl")]) + _named_level() + r"[^\w\n]{0,8}"
        return lead + time + _literal(line[end : end + 1])
    lead = _literal(line[: before.end() if before else 0])
    level = _LEVEL_COLUMN.search(line, end, end + 100)
    if level is None:
        return lead + time + _literal(line[end : end + 1]) if line[end : end + 1] and not line[end].isalnum() else None
    between = line[end : level.start()]
    middle = _literal(between) if _PUNCTUATION.fullmatch(between) else r"(?P<mid>[^\n]{0,100}?)"
    after = line[level.end() : level.end() + 1]
    return lead + time + middle + _named_level() + (_literal(after) if after and not after.isalnum() else "")


def _named_level() -> str:
    return rf"(?P<lvl>{_LEVEL})"


def _literal(text_: str) -> str:
    return re.sub(r"(?:\\? ){2,}", " +", re.escape(text_))


def _name(pattern: str) -> str:
    if "|" in pattern.replace(_LEVEL_WORDS, "") and r"\|" in pattern:
        return "nlog"
    return "serilog-text"


def _unused() -> Iterator[str]:
    yield json.dumps({})
