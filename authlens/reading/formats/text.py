"""Logs written as text: a head on the first line of a record, and whatever follows until the next head."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from itertools import pairwise

from authlens.model import Layout, Record
from authlens.reading import needles, timestamps
from authlens.reading.formats.base import (
    LINE,
    LINE_FEED,
    Draft,
    Place,
    Stamped,
    decoded,
    level,
    plain,
    plain_text,
    record,
    request_id,
    scope_values,
    trace_parent,
    within,
)
from authlens.reading.runs import Run

LIMIT = 1024 * 1024
_PASTE_LIMIT = 16 * 1024 * 1024

_MEL_LEVEL = "trce|dbug|info|warn|fail|crit"
_FULL_LEVEL = "Trace|Debug|Information|Warning|Error|Critical|Verbose|Fatal"
# A prefix that TimestampFormat wrote: short, and not words that run into the level.
_MEL_TIME = r"(?P<ts>(?:[^\n]{0,47}[\d\]\s|Z>),;-])?)"
_LOGGER = r"[A-Za-z_][\w.`+<>,\[\]-]{0,400}"
# A message that begins with its code names no logger.
_CODED = r"(?:ID[XW]|MIML)\d{4,5}:"


@dataclass(frozen=True, slots=True)
class Head:
    """How the first line of a record is written."""

    name: str
    pattern: str
    body: str = "columns"
    """Which function reads the rest: a key of ``_BODIES``."""
    ends: str = ""
    """Where given, the line must end with one of these characters; asked before the pattern."""

    def starts(self, line: bytes) -> bool:
        """Whether a line, its feed gone, is such a head."""
        return _compiled(self.pattern).match(line, 0, LINE) is not None


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
def _compiled(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode())


BY_NAME = {head.name: head for head in HEADS}


@dataclass(frozen=True, slots=True)
class TextFormat:
    """Records that begin with a head, and those within that only a host's words show to begin."""

    name: str
    pattern: re.Pattern[bytes]
    body: str
    ends: bytes
    mark: re.Pattern[bytes]
    stamp: str
    """The group of ``pattern`` that is the time; empty where there is none."""
    limit: int = LIMIT
    terminator: bytes = b"\n"
    whole: bool = False

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line is a head."""
        stop = min(end, begin + LINE)
        if self.ends and (stop <= begin or data[stop - 1] not in self.ends):
            return False
        if self.pattern.match(data, begin, stop) is not None:
            return True
        coloured = data.find(b"\x1b", begin, stop) >= 0 or data.find(b"^[[", begin, stop) >= 0
        return (coloured or data[begin : begin + 1] in _LEFT) and self.pattern.match(
            plain(data[begin:stop])
        ) is not None

    def divide(self, run: Run) -> Iterable[Run]:
        """A head begins one record; a second refusal within it is another logger's, whose heads are not known."""
        return apart(run)

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """Read the head, then the rest by the format's own rule."""
        data = plain(run.data).replace(b"\r\n", b"\n")
        feed = data.find(b"\n")
        match = self.pattern.match(data, 0, min(LINE, len(data) if feed < 0 else feed))
        if match is None or not self.stamp or match[self.stamp] is None:
            draft, broken = self._drafted(data, match, data, place)
            return record(draft, run, place), broken
        rest, stamp = self._apart(data, match)
        draft, broken = self._drafted(data, match, rest, place)
        return record(draft, run, place, self.when(stamp, place.zone)), broken

    def stamped(self, data: bytes) -> Stamped | None:
        """A record's bytes, its time apart; None where that takes more than a glance, or there is none."""
        if not self.stamp or plain(data) is not data:
            return None
        feed = data.find(b"\n")
        end = len(data) if feed < 0 else feed - data.endswith(b"\r", 0, feed)
        match = self.pattern.match(data, 0, min(LINE, end))
        return None if match is None or match[self.stamp] is None else self._apart(data, match)

    def _apart(self, data: bytes, match: re.Match[bytes]) -> Stamped:
        begin, end = match.span(self.stamp)
        return Stamped(data[:begin] + b" " + data[end:], data[begin:end])

    def _drafted(self, data: bytes, match: re.Match[bytes] | None, timeless: bytes, place: Place) -> tuple[Draft, int]:
        """What a record says but for its time, and how many bytes of it are no UTF-8."""
        text, broken = decoded(data)
        first, _, rest = text.partition("\n")
        draft = Draft(text=text.strip()) if match is None else _draft(self, match, first, rest, place)
        _identify(draft, decoded(timeless.partition(b"\n")[0])[0])
        return draft, broken

    def when(self, stamp: bytes, zone: tzinfo) -> tuple[datetime | None, bool]:
        """The time that a head prints, and whether its zone had to be assumed."""
        time, assumed = timestamps.parse(stamp.decode(errors="replace"), zone, day_first=self.stamp == _DAY_FIRST)
        return time, assumed and self.body != "utc"  # that listener prints DateTime.UtcNow


def of(layout: Layout) -> TextFormat | Lines | Paste:
    """The text format of a layout."""
    head = BY_NAME.get(layout.format)
    if layout.head is not None:
        return _text(Head(layout.format, layout.head, head.body if head else "columns"))
    if head is None:
        return Paste() if layout.format == "paste" else Lines()
    return _text(head)


_DAY_FIRST = "dmy"
_STAMPS = ("(?P<ts>", f"(?P<{_DAY_FIRST}>")


def _text(head: Head) -> TextFormat:
    pattern = _compiled(head.pattern)
    stamp = next(
        (name for name in (_DAY_FIRST, "ts") if name in pattern.groupindex and "tail" not in pattern.groupindex), ""
    )
    return TextFormat(head.name, pattern, head.body, head.ends.encode(), _marked(head.pattern), stamp)


_LEFT = (b"\x00", b"\xef")
"""What a line may begin with that a crash, or the file that was appended, has left there."""


def _marked(pattern: str) -> re.Pattern[bytes]:
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


_GOES_ON = re.compile(
    rb"[ \t\r\v\f]|$|at |--- |---> |Number of keys |Exceptions? caught|token: |kid: |'|\"|\.|\)|\}|\]|,|ValidTo|ValidFrom|NotBefore|Expires|Current time"
    rb"|Algorithm: |SecurityKey: |InternalId: |jwtEncodedString: |SignatureAlgorithm: |Parameter name: |Keys tried|The token "
    rb"|Matched key was in |All keys in |KeyInfo: |Key: |Header: |Payload: |Proceeding with token |Possible solution "
    rb"|If you |For more details|Response content: |Attempting to retrieve document again|Exception: ?'|expected: "
    rb"|found in jwt: |jwt: |nonce: |timestamp: |[\w.]{1,200}SecurityKey[,:]"
    rb"|[A-Za-z][\w.+`]{0,200}(?:Exception|Error)(?: \(|: )|InnerException|Inner exception|StackTrace|HResult|Message: (?!ID[XW][0-9])"
)


@dataclass(frozen=True, slots=True)
class Lines:
    """Many messages without any head: a line begins one unless it looks like the rest of another."""

    mark: re.Pattern[bytes] = LINE_FEED
    limit: int = LIMIT
    terminator: bytes = b"\n"
    whole: bool = False

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether the line can stand for itself."""
        return _GOES_ON.match(data, begin, min(end, begin + LINE)) is None

    def divide(self, run: Run) -> Iterable[Run]:
        """One record, unless two refusals are in it."""
        return apart(run)

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """The text as it stands."""
        return Paste().build(run, place)


@dataclass(frozen=True, slots=True)
class Paste:
    """A few messages without any head, as people post them: one piece."""

    limit: int = _PASTE_LIMIT
    terminator: bytes = b"\n"
    mark: re.Pattern[bytes] = LINE_FEED
    whole: bool = True

    def starts(self, _data: bytes, _begin: int, _end: int) -> bool:
        """Nothing is sure."""
        return False

    def divide(self, run: Run) -> Iterable[Run]:
        """Where what a host logs begins, and where a message of its own follows a blank line."""
        data = run.data
        cuts = {m.start() for m in _HOST_TEXT.finditer(data)} | set(_telling(data))
        begin = 0
        for match in _OWN_MESSAGE.finditer(data):
            if _CODE.search(data, begin, match.start()) and not _wraps(data, begin, match):
                begin = match.end(1)
                cuts.add(begin)
        ordered = [0, *sorted(cuts - {0}), len(data)]
        return [run.slice(a, b) for a, b in pairwise(ordered) if a < b]

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """The text as it stands."""
        text, broken = decoded(run.data)
        text = plain_text(text).replace("\r\n", "\n").strip()
        return record(Draft(text=text, request_id=request_id(text)), run, place), broken


_OWN_MESSAGE = re.compile(rb"(\n[ \t\r]{0,80}\n)(?:[A-Za-z][\w.+`]{0,200}Exception: )?ID[XW][0-9]{5}:")
_CODE = re.compile(rb"ID[XW][0-9]{5}:")
_NOT_OBTAINED = re.compile(rb"InvalidOperationException: IDX[12]0803:")
_NOT_RETRIEVED = re.compile(rb"^IOException: IDX[12]080[47]:", re.MULTILINE)
_HOST_TEXT = re.compile(
    rb"^(?:Failed to validate the token|Exception occurred while processing message|Error from RemoteAuthentication: "
    rb"|\"?[\w.-]{1,80}\"? was not authenticated\. Failure message: )",
    re.MULTILINE,
)


def _wraps(data: bytes, begin: int, own: re.Match[bytes]) -> bool:
    """Whether an error page goes on: it begins with the innermost exception, here that no document was retrieved."""
    last = _NOT_OBTAINED.match(data, own.end(1)) is not None
    told = _NOT_OBTAINED.search(data, begin, own.start()) is not None
    return last and not told and _NOT_RETRIEVED.search(data, begin, own.start()) is not None


_TELLING = (b"Failed to validate the token", b"was not authenticated. Failure message:")
_TRACED = re.compile(rb"\s{0,80}(?:at |--- )")


def _telling(data: bytes) -> list[int]:
    """Where lines begin that hold what a host says of one refusal, but for those that an exception's print goes on in."""
    found = {data.rfind(b"\n", 0, at) + 1 for words in _TELLING for at in needles.every(data, words, 0, len(data))}
    return sorted(begin for begin in found if _TRACED.match(data, begin) is None)


_SEPARATOR = b"\n--"
_LEFT_OUT = re.compile(rb"^--\r?\n", re.MULTILINE)
"""Between the groups of lines that grep prints."""


def apart(run: Run) -> Iterable[Run]:
    """No two of a host's refusals are in one record, and nothing goes on behind what grep left out."""
    left_out = [m.end() for m in _LEFT_OUT.finditer(run.data)] if _SEPARATOR in run.data else []
    if not left_out and sum(map(run.data.count, _TELLING)) < 2:
        return (run,)
    cuts = [0, *left_out, *_telling(run.data)[1:], len(run.data)]
    return [run.slice(a, b) for a, b in pairwise(sorted(set(cuts))) if a < b]


# --------------------------------------------------------------------------- properties

_PROPERTY = re.compile(
    r'[{,] ?"?(RequestId|SourceContext|TraceId|SpanId|ActionName|RequestPath|ConnectionId)"?: ?(?:"([^"\n]{0,2048})"|([^,}\s"]{1,2048}))'
)
_TAIL = re.compile(r' ?\{ ?"?[A-Za-z]\w{0,63}"?: ?')
_TAIL_LINES = 200
_TAIL_SEARCHED = 16 * 1024
_TAILS = 16


def _identify(draft: Draft, first: str) -> None:
    """Ids of the request from the head's columns, or from the properties behind the message."""
    _properties(draft)
    draft.request_id = draft.request_id or request_id(first)
    message = draft.text[:40].partition("\n")[0]
    at = first.find(message) if message else -1
    parent = trace_parent(first[:at]) if at > 0 else None
    if parent is not None:
        draft.trace_id = draft.trace_id or parent[0]
        draft.request_id = draft.request_id or within(*parent)


def _properties(draft: Draft) -> None:
    """Take Serilog's ``{Properties}`` off the message's last line, which the exception follows."""
    if "RequestId" not in draft.text and "SourceContext" not in draft.text:
        return
    lines = draft.text.split("\n", _TAIL_LINES)
    for index, line in enumerate(lines[:_TAIL_LINES]):
        bare = line.rstrip()
        if not bare.endswith("}") or ("RequestId" not in bare and "SourceContext" not in bare):
            continue
        begin = next((at for at in _balanced(bare) if _is_tail(bare[at:])), None)
        if begin is None:
            return
        values = {
            name: quoted or plain_ for name, quoted, plain_ in _PROPERTY.findall(bare[begin : begin + _TAIL_SEARCHED])
        }
        draft.fields = {**draft.fields, **values}
        draft.logger = draft.logger or values.get("SourceContext")
        draft.trace_id = draft.trace_id or values.get("TraceId")
        draft.request_id = draft.request_id or values.get("RequestId") or within(draft.trace_id, values.get("SpanId"))
        lines[index] = bare[:begin]
        draft.text = "\n".join(lines).strip()
        return


def _balanced(line: str) -> Iterable[int]:
    """Where a list of properties may begin that the line ends with: the last few braces that are closed at its end."""
    found: deque[int] = deque(maxlen=_TAILS)
    open_, before = line.count("{") - line.count("}"), 0
    for match in _TAIL.finditer(line):
        open_ -= line.count("{", before, match.start()) - line.count("}", before, match.start())
        before = match.start()
        if not open_:
            found.append(before)
    return found


def _is_tail(text: str) -> bool:
    """Whether a line's end is a list of properties that hides nothing worth reading."""
    return _PROPERTY.search(text[:_TAIL_SEARCHED]) is not None and not needles.hit(text.encode()) and "eyJ" not in text


# --------------------------------------------------------------------------- bodies


def _draft(form: TextFormat, match: re.Match[bytes], first: str, rest: str, place: Place) -> Draft:
    groups = {name: value.decode(errors="replace") for name, value in match.groupdict().items() if value is not None}
    draft = Draft(level=level(groups.get("lvl")) or _PRIORITY.get(groups.get("pri", "")), logger=groups.get("cat"))
    if "eid" in groups:
        draft.event_id = int(groups["eid"])
    message = first[_chars(match, first) :]
    if form.body == "columns" and match.group().endswith(b'="'):
        message = _unquoted(message)
    _BODIES[form.body](draft, groups, message, rest)
    if "tail" in groups:
        _trailing_time(draft, place)
    return draft


_DATED = "|".join(timestamps.pattern(kind) for kind in ("iso", "numeric", "daymonth", "monthday"))
TRAILING_TIME = re.compile(rf"(?<=\s)[\[(<]?(?P<ts>{_DATED})[\])>]?\s*$")
"""Of layouts that print the time behind the message."""
_TRAILING_LOGGER = re.compile(r"\s[<\[(]?([A-Za-z_][\w+`]{0,100}(?:\.[\w+`]{1,200}){1,20})[>\])]?\s*$")


def _trailing_time(draft: Draft, place: Place) -> None:
    """Takes the time, and the logger before it, off the end of the message, which the exception follows."""
    lines = draft.text.split("\n", _TAIL_LINES)
    for index, line in enumerate(lines[:_TAIL_LINES]):
        found = TRAILING_TIME.search(line[-LINE:])
        if found is None:
            continue
        draft.time, draft.time_assumed = timestamps.parse(found["ts"], place.zone)
        said = line[: len(line) - len(line[-LINE:]) + found.start()].rstrip()
        logger = _TRAILING_LOGGER.search(said[-LINE:])
        if logger is not None:
            draft.logger = draft.logger or logger[1]
            said = said[: len(said) - len(logger.group())]
        lines[index] = said
        draft.text = "\n".join(lines).strip()
        return


_PRIORITY = {"7": "debug", "6": "information", "5": "information", "4": "warning", "3": "error", "2": "critical"}


def _chars(match: re.Match[bytes], first: str) -> int:
    """Where the match ends, in characters."""
    end = match.end("msg") if match.re.groupindex.get("msg") and match.group("msg") == b"" else match.end()
    if match.re.groupindex.get("msg") and match.group("msg"):
        end = match.start("msg")
    return end if first.isascii() else len(first.encode()[:end].decode(errors="replace"))


_COLUMN_OF_EXCEPTION = re.compile(
    r"(?: ?[|;~\t] ?|\"[,;|]\")(?=[A-Za-z_][\w+`]{0,100}(?:\.[\w+`]{1,200}){1,20}Exception: )"
)


def _joined(message: str, rest: str) -> str:
    if "Exception: " in message:
        message = _COLUMN_OF_EXCEPTION.sub("\n", message, count=1)
    return (f"{message}\n{rest}" if rest else message).strip()


_TRAILER = re.compile(r"\n {4}(?:ProcessId|LogicalOperationStack|ThreadId|DateTime|Timestamp|Callstack)=")
_TRAILED = re.compile(r"\n {4}DateTime=(\S{1,40})")


def _trace(draft: Draft, groups: dict[str, str], message: str, rest: str) -> None:
    """What ``traceOutputOptions`` adds stands indented behind the text."""
    rest = f"\n{rest}"
    when, trailer = _TRAILED.search(rest), _TRAILER.search(rest)
    if when is not None:
        draft.time, draft.time_assumed = timestamps.parse(when[1])
    _fields(draft, groups, message, (rest[: trailer.start()] if trailer else rest)[1:])


def _fields(draft: Draft, groups: dict[str, str], message: str, rest: str) -> None:
    draft.text = _joined(message, rest)
    if groups.get("rid"):
        draft.request_id = groups["rid"]


def _utc(draft: Draft, _: dict[str, str], message: str, rest: str) -> None:
    draft.text = _joined(message, rest)


_VALUE = re.compile(r'((?:[^"\\]|\\.){0,200000})"')
_THROWN = re.compile(r'\s(?:exception|error|err|stack|stacktrace|exc_info)="', re.IGNORECASE)
_ESCAPE = re.compile(r"\\(.)")
_ESCAPED = {"n": "\n", "r": "", "t": "\t"}


def _unquoted(line: str) -> str:
    """What a logfmt line says in the value that begins here, and in the exception behind it."""
    said = _VALUE.match(line)
    if said is None:
        return line
    parts = [said[1]]
    thrown = _THROWN.search(line, said.end())
    if thrown is not None:
        value = _VALUE.match(line, thrown.end())
        parts.append(value[1] if value else line[thrown.end() :])
    return "\n".join(_ESCAPE.sub(lambda m: _ESCAPED.get(m[1], m[1]), part) for part in parts)


# --------------------------------------------------------------------------- MEL

_SCOPE = re.compile(
    r"=> (?:SpanId:[0-9a-f]{1,32}, TraceId:[0-9a-f]{1,64}, ParentId:[0-9a-f]{1,32}|ConnectionId:\S{1,64}"
    r"|RequestPath:\S{0,2048} RequestId:\S{1,128}(?:, SpanId:\S{1,64}, TraceId:\S{1,64}, ParentId:\S{0,64})?) ?"
)


def _mel(draft: Draft, _: dict[str, str], _message: str, rest: str) -> None:
    lines = [line.removeprefix("      ") for line in rest.split("\n")]
    if lines and lines[0].startswith("=> "):
        scope(draft, lines.pop(0))
    draft.text = "\n".join(lines).strip()


def _single(draft: Draft, _: dict[str, str], message: str, rest: str) -> None:
    while (match := _SCOPE.match(message)) is not None:
        scope(draft, match.group())
        message = message[match.end() :]
    draft.text = _joined(message, rest)


def scope(draft: Draft, text: str) -> None:
    """Take the values that a scopes line names."""
    values = scope_values(text)
    draft.request_id = values.get("RequestId") or draft.request_id
    draft.trace_id = values.get("TraceId") or draft.trace_id
    draft.fields = {**draft.fields, **values}


# --------------------------------------------------------------------------- columns

_EXCEPTION = re.compile(r"[\w.+`]{1,200}Exception(?:: | \(|$)")
_DOTTED = re.compile(
    r"\s*([A-Za-z_][\w+`]{0,100}(?:\.[\w+`<>\[\],-]{1,200}){1,20})(?=\s*$|: |\s=> |\s-\s|\s\[|\||\t|\] )"
)
_BRACKET = re.compile(r"\s?\[([^\[\]\n]{0,200})\]")
_COLUMN = re.compile(r"\s{0,8}(?:[\[|\t]|[A-Za-z_][\w+`]{0,100}\.\w|=> |[-:]\s)")
_DASH = re.compile(r"^\s{0,8}(?:-|:)\s")
_PIPE = re.compile(r"\s?\|?\s?([^|\n]{0,300}?)\s?\|")
_TAB = re.compile(r"\t?([^\t\n]{0,300})\t")
_PLAIN_VALUE = re.compile(
    r"\w{1,40}: \S{0,100}|\(null\)|[\w:.{}+`-]{0,200}|\.NET [\w ]{1,40}|(?:\w{1,40}=\S{0,100} ?){1,8}"
)


def _columns(draft: Draft, groups: dict[str, str], message: str, rest: str) -> None:
    draft.request_id = request_id(message[:LINE]) or request_id(groups.get("mid", ""))
    message = _peeled(draft, message.lstrip("]) :") if message[:1] in "]) :" else message, groups.get("mid", ""))
    if draft.logger is None:
        draft.logger = _named(groups.get("mid", ""))
    if draft.logger is None and rest and (alone := _named(message)) is not None:
        draft.logger, message = alone, ""
    draft.text = _joined(message, rest)


def _peeled(draft: Draft, message: str, middle: str) -> str:
    """The message without the columns that stand before it."""
    if _COLUMN.match(message) is None and middle[-1:] not in {"|", "\t"}:
        return message.lstrip()
    for separator, column in (("|", _PIPE), ("\t", _TAB)):
        if message.startswith(separator) or (middle.endswith(separator) and separator in message):
            return _separated(draft, message, column)
    for _ in range(8):
        bracket = _BRACKET.match(message)
        if bracket is not None and _PLAIN_VALUE.fullmatch(bracket[1]):
            if draft.logger is None:
                draft.logger = _named(bracket[1])
            message = message[bracket.end() :]
            continue
        dotted = _DOTTED.match(message)
        if dotted is not None and draft.logger is None and not _EXCEPTION.match(message.lstrip()):
            draft.logger = dotted[1]
            message = message[dotted.end() :].removeprefix("]").lstrip("|\t")
            continue
        break
    if message.lstrip().startswith("=> "):
        scope(draft, message.rstrip(": "))
        return ""
    return _DASH.sub("", message).lstrip()


_ID = re.compile(r"(?:\(null\)|0H[A-Z0-9]{5,24}(?::[0-9A-F]{8})?|[0-9a-fA-F-]{16,64})?")


def _separated(draft: Draft, message: str, column: re.Pattern[str]) -> str:
    for _ in range(6):
        match = column.match(message)
        # Behind the logger only an id is a column: what else stands before a pipe there may be the message.
        plain_value = _PLAIN_VALUE if draft.logger is None else _ID
        if match is None or plain_value.fullmatch(match[1]) is None:
            break
        draft.logger = draft.logger or _named(match[1])
        message = message[match.end() :]
    return message.lstrip("| \t")


def _named(text: str) -> str | None:
    """The logger's name, where a column is one."""
    name = text.strip(" []()|\t-")
    return name if re.fullmatch(r"[A-Za-z_][\w+`]{0,100}(?:\.[\w+`<>,-]{1,200}){1,20}", name) else None


_BODIES: dict[str, Callable[[Draft, dict[str, str], str, str], None]] = {
    "columns": _columns,
    "fields": _fields,
    "mel": _mel,
    "single": _single,
    "trace": _trace,
    "utc": _utc,
}
