"""Messages without any head, and what parts them: hosts' own words, blank lines, the marks of grep."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import tzinfo
from itertools import pairwise

from authlens.model import Record
from authlens.reading import needles
from authlens.reading.formats.base import LINE, LINE_FEED, Draft, Glance, Place, decoded, plain_text, record, request_id
from authlens.reading.runs import Run

LIMIT = 1024 * 1024
_PASTE_LIMIT = 16 * 1024 * 1024

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

    def glance(self, data: bytes, begin: int, end: int, zone: tzinfo) -> Glance | None:
        """No time is known of."""
        del zone
        return Glance(data[begin:end], None, False)

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """The text as it stands."""
        return _as_it_stands(run, place)


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

    def glance(self, _data: bytes, _begin: int, _end: int, _zone: tzinfo) -> None:
        """Nothing is said twice."""

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """The text as it stands."""
        return _as_it_stands(run, place)


def _as_it_stands(run: Run, place: Place) -> tuple[Record, int]:
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
