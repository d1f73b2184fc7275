"""What a format has to answer, and what all formats share."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from authlens.model import Frozen, Origin, Record, nothing
from authlens.reading import timestamps
from authlens.reading.runs import Note, Run

LINE = 2048
"""So many bytes of a line decide whether it begins a record."""
LINE_FEED = re.compile(rb"\n")
_ESCAPES = re.compile(rb"(?:\x1b|\^\[)\[[0-9;:?]{0,32}[A-Za-z]|\x1b[()][A-Z0-9]|\xef\xbb\xbf|\x00+")
_ESCAPES_TEXT = re.compile(r"(?:\x1b|\^\[)\[[0-9;:?]{0,32}[A-Za-z]|\x1b[()][A-Z0-9]")
_LEVELS = {
    "trace": "trace trce trc verbose verb vrb vrbs finest finer all logalways t v",
    "debug": "debug dbug dbg fine d",
    "information": "information informational info inf notice normal i",
    "warning": "warning warn wrn w",
    "error": "error eror err fail failure e",
    "critical": "critical crit crt fatal fatl ftl emergency emerg alert panic f c",
}
# A word that names a level, where it stands as a column.
LEVEL_WORDS = (
    "VERBOSE|VERB|VRB|DEBUG|DBUG|DBG|INFORMATIONAL|INFORMATION|INFO|INF|NOTICE|WARNING|WARN|WRN|ERROR|EROR|ERR|FAIL"
    "|FATAL|FATL|FTL|CRITICAL|CRIT|CRT|TRACE|TRCE|TRC"
)
_BY_WORD = {word: level for level, words in _LEVELS.items() for word in words.split()}
TRACE_IDENTIFIER = r"0H[A-Z0-9]{5,24}:[0-9A-F]{8}"
"""The id that Kestrel and IIS give a request: of its connection, and its number there."""
CATEGORY = r"[A-Za-z_][\w+`]{0,100}(?:\.[\w+`<>,-]{1,200}){1,20}"
"""A logger that is named as a type is."""
_REQUEST = re.compile(rf"(?<![0-9A-Z])({TRACE_IDENTIFIER})(?![0-9A-F])")


class Place(NamedTuple):
    """Whose a record is and how its time is read."""

    path: str
    stream: str
    zone: tzinfo
    secondary: bool
    cut: bool


class Glance(NamedTuple):
    """A record told apart from others without being read."""

    rest: bytes
    """All but its time and ids: of two that have the same, the one is read as the other but for those and its place."""
    time: datetime | None
    """None where only the envelopes tell it, if anything."""
    time_assumed: bool
    ids: tuple[str | None, str | None] | None = None
    """Of the request and of the trace; None where they are left in the rest."""


class Format(Protocol):
    """How one kind of log is divided into records and read."""

    @property
    def limit(self) -> int:
        """Longest record, bytes; the rest of a longer one is skipped."""

    @property
    def terminator(self) -> bytes:
        """One byte; a record starts at the beginning of what it ends."""

    @property
    def mark(self) -> re.Pattern[bytes]:
        """Finds every terminator that a start may follow, without missing one, and fast."""

    @property
    def whole(self) -> bool:
        """The source makes one piece; ``starts`` is not asked."""

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line between the two positions begins a record."""

    def divide(self, run: Run) -> Iterable[Run]:
        """The records that stand between two starts."""

    def glance(self, data: bytes, begin: int, end: int, zone: tzinfo) -> Glance | None:
        """A record that begins and ends there; None where telling it apart takes reading it."""

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """The record, and how many bytes of it are no UTF-8."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """What a format found out about a record; empty where it does not say."""

    text: str = ""
    time: datetime | None = None
    time_assumed: bool = False
    level: str | None = None
    logger: str | None = None
    event_id: int | None = None
    request_id: str | None = None
    trace_id: str | None = None
    host: str | None = None
    client: str | None = None
    scheme: str | None = None
    fields: Mapping[str, Any] = field(default_factory=nothing)
    cut: bool = False


def record(draft: Draft, run: Run, place: Place, when: tuple[datetime | None, bool] | None = None) -> Record:
    """Complete a draft with where it stands, what its envelopes say, and its time where the draft leaves it open."""
    _, offset, line, _, _, end, last, note, _ = run.stretch()
    time, assumed = when or (draft.time, draft.time_assumed)
    if time is None:
        time, assumed = noted(note, place.zone)
    return Record(
        Origin(path=place.path, offset=offset, line=line),
        max(1, last - line + 1),
        end,
        time,
        assumed and time is not None,
        draft.level or (note.level if note else None),
        _short(draft.logger),
        draft.event_id,
        _short(draft.request_id),
        _short(draft.trace_id),
        _short(draft.host or (note.host if note else None)),
        _short(draft.client),
        place.stream,
        _short(draft.scheme),
        draft.text,
        Frozen(draft.fields) if draft.fields else nothing(),
        draft.cut or place.cut,
        place.secondary,
    )


def noted(note: Note | None, zone: tzinfo) -> tuple[datetime | None, bool]:
    """The time that an envelope tells, and whether its zone had to be assumed."""
    return timestamps.parse(note.stamp, zone) if note is not None and note.stamp else (None, False)


_NAME = 512
"""Characters of a name or an id that are kept: they are remembered, unlike texts."""


def _short(name: str | None) -> str | None:
    return name[:_NAME] if name else None


K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memory(Generic[K, V]):
    """What was read out of bytes that may come again; of much only some is remembered."""

    __slots__ = ("_known", "_size", "get")

    def __init__(self) -> None:
        self._known: dict[K, V] = {}
        self._size = 0
        self.get = self._known.get
        """What was said there, or None where it is new."""

    def put(self, key: K, said: V, size: int) -> None:
        """Remember what stands for so many bytes."""
        if size > _LONG:
            return
        if self._size > _MUCH:
            self._known.clear()
            self._size = 0
        self._known[key] = said
        self._size += size


_LONG = 16 * 1024
"""Longer bytes are not remembered."""
_MUCH = 4 * 1024 * 1024
"""Bytes that are remembered; then all are forgotten."""


def decoded(data: bytes) -> tuple[str, int]:
    """Text, and how many bytes had to be replaced."""
    try:
        return data.decode(), 0
    except UnicodeDecodeError:
        text = data.decode(errors="replace")
        return text, max(0, len(data) - len(text.replace("\ufffd", "").encode()) - 3 * data.count(b"\xef\xbf\xbd"))


def plain(data: bytes) -> bytes:
    """Without the escape sequences that colour a terminal, and what a crash or a second file leaves within a log."""
    # This is asked of every record: a single byte is found at the memory's speed, a text of several is not.
    unprinted = (
        b"\x1b" in data
        or b"\x00" in data
        or (b"\xef" in data and b"\xef\xbb\xbf" in data)
        or (b"^" in data and b"^[[" in data)
    )
    return _ESCAPES.sub(b"", data) if unprinted else data


def plain_text(text: str) -> str:
    """The same of text."""
    return _ESCAPES_TEXT.sub("", text) if "\x1b" in text or "^[[" in text else text


def number(text: str) -> int | None:
    """What a few decimal digits say; int() refuses thousands of them, and isdigit() takes what it refuses."""
    return int(text) if _NUMBER.fullmatch(text) else None


_NUMBER = re.compile(r"-?[0-9]{1,10}")


def level(word: object) -> str | None:
    """One of the model's levels."""
    return _BY_WORD.get(str(word).strip().lower()) if word is not None else None


def syslog_level(priority: int) -> str:
    """The level that a priority of syslog names (RFC 5424, section 6.2.1)."""
    return ("critical", "critical", "critical", "error", "warning", "information", "information", "debug")[priority % 8]


_SCOPE_VALUE = re.compile(r"(?<!\w)([A-Za-z]\w{0,63}):(\S{1,2048}?)(?=,? |,?$)")


def scope_values(text: str) -> dict[str, str]:
    """Names and values of a scope that MEL printed."""
    return dict(_SCOPE_VALUE.findall(text[:LINE]))


def within(trace: str | None, span: object) -> str | None:
    """What stands for a request where its id is not logged: one trace may span several requests, one span does not."""
    return f"{trace}-{span}" if trace and isinstance(span, str) and span else None


_TRACE_PARENT = re.compile(r"(?<![0-9A-Za-z-])00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?![0-9A-Za-z-])")


def trace_parent(text: str) -> tuple[str, str] | None:
    """Trace and span of a W3C ``traceparent``, where the text names exactly one."""
    found = set(_TRACE_PARENT.findall(text)) if "00-" in text else set()
    return found.pop() if len(found) == 1 else None


def request_id(text: str) -> str | None:
    """The ``TraceIdentifier`` that Kestrel and IIS make, where the text names exactly one."""
    if "0H" not in text:
        return None
    found = set(_REQUEST.findall(text))
    return found.pop() if len(found) == 1 else None
