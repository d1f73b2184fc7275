"""Requests that were accepted, wherever in a log that is told: which schemes work, how often, and from where to where.

Records are cut out near refusals only. That a scheme accepts tokens tells much of those that it refuses, so that the
bytes are searched for the words of acceptance as well; in a log without them that is one search.
``accepted(a) + accepted(b)`` is ``accepted(a + b)`` wherever the border falls.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import re2

from authlens.model import Frozen

MOST = 64
"""So many schemes are told apart; further ones are left out."""
UNNAMED = ""
"""Stands for the scheme where the log names none."""

_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
_WORDS = re2.compile(rb"uccessfully (?:authenticated|validated the token)", _BYTES)
_AUTHENTICATED = re.compile(
    rb"AuthenticationScheme: \\{0,3}[\"']?(?P<scheme>[^\"'\\\n]{1,100}?)\\{0,3}[\"']? was successfully authenticated"
)
_VALIDATED = re.compile(rb"Successfully validated the token(?P<scheme>)")
_TEMPLATE = b"{AuthenticationScheme}"
_FILLED = re.compile(rb"[^\n]{0,240}?\bAuthenticationScheme\\{0,3}\": ?\\{0,3}\"(?P<scheme>[^\"\\\n]{1,100})")
"""What fills the template, behind it in a JSON record."""
_AGAIN = re.compile(
    rb"(?:State\\{0,3}\": {0,4}\{\s{0,40}\\{0,3}\"Message|OriginalFormat\}|RenderedMessage)\\{0,3}\": ?\\{0,3}\"\Z"
)
"""What stands in front of a text that a JSON record tells for the second time."""
_BEFORE, _BEHIND = 128, 640
"""So many bytes before the beginning of a text, and from there on, decide what it says."""
_EDGE = _BEFORE + _BEHIND


class Stretch(NamedTuple):
    """How often something is told, and where for the first and the last time, bytes from the beginning."""

    times: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """What a stretch of a log tells of accepted requests, and what stands at its borders."""

    found: Mapping[str, Stretch] = field(default_factory=Frozen)
    """By scheme; without a name the tokens that were found valid, which is told beside the scheme, or alone."""
    size: int = 0
    """Bytes."""
    head: bytes = field(default=b"", repr=False)
    tail: bytes | None = field(default=None, repr=False)
    """Texts that begin near a border are left for when it is known what stands there; None where all is ``head``."""

    def __add__(self, other: Accepted) -> Accepted:
        if self.tail is None and other.tail is None:
            return accepted(self.head + other.head)
        left = self.head if self.tail is None else self.tail
        met = left + other.head
        end = len(met) - _BEHIND if other.tail is None else len(left) + _BEFORE
        between = _searched(met, _BEFORE, end, self.size - len(left))
        return Accepted(
            found=_joined(_joined(self.found, between), _moved(other.found, self.size)),
            size=self.size + other.size,
            head=met[:_EDGE] if self.tail is None else self.head,
            tail=met[-_EDGE:] if other.tail is None else other.tail,
        )

    def close(self) -> Mapping[str, Stretch]:
        """By scheme what it accepted, where nothing stands before or behind the stretch."""
        if self.tail is None:
            found = _searched(self.head, 0, len(self.head))
        else:
            first = _searched(self.head, 0, _BEFORE)
            last = _searched(self.tail, _BEFORE, len(self.tail), self.size - len(self.tail))
            found = _joined(_joined(first, self.found), last)
        named = {scheme: stretch for scheme, stretch in found.items() if scheme != UNNAMED}
        return Frozen(named or found)


def accepted(data: bytes) -> Accepted:
    """What one part's bytes tell."""
    if len(data) < _EDGE:
        return Accepted(head=data, size=len(data))
    found = _searched(data, _BEFORE, len(data) - _BEHIND) if _WORDS.search(data) else Frozen()
    return Accepted(found=found, size=len(data), head=data[:_EDGE], tail=data[-_EDGE:])


def _searched(data: bytes, start: int, end: int, offset: int = 0) -> Mapping[str, Stretch]:
    """By scheme what the texts say that begin in a span of the bytes; these begin at ``offset``."""
    found: Mapping[str, Stretch] = Frozen()
    for words in (_AUTHENTICATED, _VALIDATED):
        places: defaultdict[bytes, list[int]] = defaultdict(list)
        for text in words.finditer(data, start, min(len(data), end + _BEHIND)):
            at = text.start()
            if at < end and not _is_repetition(data, at):
                places[_scheme(data, text)].append(offset + at)
        told = {s.decode("utf-8", "replace"): Stretch(len(p), p[0], p[-1]) for s, p in places.items()}
        found = _joined(found, told)
    return found


def _is_repetition(data: bytes, at: int) -> bool:
    return data[at - 1 : at] == b'"' and _AGAIN.search(data[max(0, at - _BEFORE) : at]) is not None


def _scheme(data: bytes, text: re.Match[bytes]) -> bytes:
    if text["scheme"] != _TEMPLATE:
        return text["scheme"]
    filled = _FILLED.match(data, text.end(), text.start() + _BEHIND)
    return filled["scheme"] if filled else b""


def _moved(found: Mapping[str, Stretch], by: int) -> Mapping[str, Stretch]:
    return {scheme: Stretch(s.times, s.first + by, s.last + by) for scheme, s in found.items()}


def _joined(one: Mapping[str, Stretch], other: Mapping[str, Stretch]) -> Mapping[str, Stretch]:
    """The sum of what stands before and what stands behind it."""
    found = dict(one)
    for scheme, there in other.items():
        here = found.get(scheme)
        if here is not None:
            found[scheme] = Stretch(here.times + there.times, here.first, there.last)
        elif len(found) < MOST:
            found[scheme] = there
    return Frozen(found)
