"""How the first line of a record is written, by format."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from authlens.reading import timestamps
from authlens.reading.formats.base import LINE

_MEL_LEVEL = "trce|dbug|info|warn|fail|crit"
_FULL_LEVEL = "Trace|Debug|Information|Warning|Error|Critical|Verbose|Fatal"
# A prefix that TimestampFormat wrote: short, and not words that run into the level.
_MEL_TIME = r"(?P<ts>(?:[^\n]{0,47}[\d\]\s|Z>),;-])?)"
_LOGGER = r"[A-Za-z_][\w.`+<>,\[\]-]{0,400}"
# A message that begins with its code names no logger.
_CODED = r"(?:ID[XW1-8]|MIML)\d{3,5}:"


@dataclass(frozen=True, slots=True)
class Head:
    """How the first line of a record is written."""

    name: str
    pattern: str
    body: str = "columns"
    """Which function reads the rest: a key of ``message.BODIES``."""
    ends: str = ""
    """Where given, the line must end with one of these characters; asked before the pattern."""

    def starts(self, line: bytes) -> bool:
        """Whether a line, its feed gone, is such a head."""
        return compiled(self.pattern).match(line, 0, LINE) is not None


HEADS = (
    Head(
        "mel-simple",
        rf"(?! {{6}}){_MEL_TIME}(?P<lvl>{_MEL_LEVEL}): (?P<cat>\S[^\n]*)\[(?P<eid>-?\d{{1,10}})\]\s*$",
        "mel",
        "] \r",
    ),
    Head(
        "mel-single",
        rf"(?! {{6}}){_MEL_TIME}(?P<lvl>{_MEL_LEVEL}): (?P<cat>[^\s\[][^\[\n]{{0,400}})\[(?P<eid>-?\d{{1,10}})\] (?P<msg>\S)",
        "single",
    ),
    Head(
        "mel-systemd",
        r"<(?P<pri>[234567])>(?P<ts>[^\n]{0,48}?)(?P<cat>[A-Za-z_][\w.`+<>, ]{0,400})\[(?P<eid>-?\d{1,10})\] (?P<msg>)",
        "single",
    ),
    Head(
        "lambda-text",
        rf"(?P<ts>{timestamps.pattern('iso')})\t(?P<rid>[^\t\n]{{0,128}})\t(?P<lvl>{_MEL_LEVEL})\t(?P<msg>)",
        "fields",
    ),
    Head(
        "identitymodel-text",
        rf"\[(?P<lvl>LogAlways|Critical|Error|Warning|Informational|Verbose)\](?P<ts>{timestamps.pattern('numeric')}) (?P<msg>)",
        "utc",
    ),
    Head(
        "katana-trace",
        r"(?P<cat>[A-Za-z_][\w.]{0,200}) (?P<lvl>Critical|Error|Warning|Information|Verbose|Start|Stop|Suspend|Resume|Transfer): (?P<eid>\d{1,10}) : (?P<msg>)",
        "trace",
    ),
    Head(
        "nlog",
        rf"(?P<ts>{timestamps.pattern('iso')})\|(?:-?\d{{1,10}}\|)?(?P<lvl>(?i:trace|debug|info|warn|error|fatal))\|(?P<cat>[^|\n]{{0,400}})\|(?P<msg>)",
        "fields",
    ),
    Head(
        "log4net",
        rf"(?P<ts>{timestamps.pattern('iso')}) \[[^\]\n]{{0,200}}\] (?P<lvl>[A-Z]{{4,9}}) +(?P<cat>[^\s]{{1,400}}) (?:\[[^\]\n]{{0,200}}\] |\(null\) )?- (?P<msg>)",
        "fields",
    ),
    Head(
        "log4net-detail",
        r"\d{1,12} \[[^\]\n]{0,200}\] (?P<lvl>[A-Z]{4,9}) +(?P<cat>\S{1,400}) \S{1,200} - (?P<msg>)",
        "fields",
    ),
    Head(
        "azure-appservice",
        rf"(?P<ts>{timestamps.pattern('iso')}) \[(?P<lvl>{_FULL_LEVEL})\] (?!{_CODED})(?P<cat>{_LOGGER}?)(?=: | => )",
        "columns",
    ),
    Head("mel-debug", rf"(?P<cat>{_LOGGER}): (?P<lvl>{_FULL_LEVEL}): (?P<msg>)", "fields"),
)


@lru_cache(maxsize=128)
def compiled(pattern: str) -> re.Pattern[bytes]:
    """A head's pattern, for bytes."""
    return re.compile(pattern.encode())


BY_NAME = {head.name: head for head in HEADS}


DAY_FIRST = "dmy"
"""The group of a time whose date begins with the day."""
_STAMPS = ("(?P<ts>", f"(?P<{DAY_FIRST}>")


def mark(pattern: str) -> re.Pattern[bytes]:
    """A line feed and what a head may begin with; colours may stand before it, zeros or a byte order mark."""
    if pattern.startswith("(?! {6})"):
        return re.compile(rb"\n(?! {6})[^\r\n]")
    return re.compile(rb"\n[\x1b^\x00\xef" + _beginning(pattern).encode() + rb"]")


def _beginning(pattern: str) -> str:
    if pattern.startswith(r"\d"):
        return "0-9"
    if pattern.startswith(_STAMPS):
        return "0-9" if re.match(r"\(\?P<\w+>(?:\(\?:)?\\d", pattern) else r"0-9A-Z\x80-\xff"
    if pattern.startswith(("(?P<lvl>", "(?P<cat>[A-Za-z_]")):
        return "A-Za-z_"
    first = pattern[1] if pattern.startswith("\\") else pattern[:1]
    generic = (first in {"[", "(", ""} and not pattern.startswith("\\")) or pattern.startswith(r"\t")
    return r"\x00-\x09\x0b\x0c\x0e-\xff" if generic else re.escape(first)
