"""Compact tokens anywhere in a log, whatever their records tell of: what the log gives away.

Records are cut out only where something was refused. A token that an application writes for every request it accepts
stands in none of them and is as usable as any, so that the bytes are searched for the shape of signed tokens as well.
``exposed(a) + exposed(b)`` is ``exposed(a + b)`` wherever the border falls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import re2

from authlens.model import Frozen
from authlens.urls import BEARER_PARAMETER, BEARER_PARAMETER_LONGEST

MOST = 10_000
"""So many different tokens are kept, those that stand last: the others have expired first."""
LONGEST = 65_536
"""Bytes of a token."""

_CHARS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
_SEGMENT = _CHARS.removesuffix(b".")
_HEADER_LONGEST = 4096
_HEADER_LEAST = 16
"""Of ``{"alg":"…"}``; no whole token is so short that it stands in the context kept of a border."""
_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1
# The payload's start is the rarest part of a token; two fixed letters before it are found at the memory's speed
_PAYLOAD = re2.compile(rb"\.eyJ", _BYTES)
_BEHIND_HEADER = re.compile(rb"\.eyJ[A-Za-z0-9_-]{4,65536}+\.[A-Za-z0-9_-]{16,8192}+")
_RUN = re.compile(rb"[A-Za-z0-9_.-]*+")
_PARAMETER = re.compile(rf"{BEARER_PARAMETER}\Z".encode())


def _none() -> Mapping[str, int]:
    return Frozen()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """The tokens of a stretch of a log, and what stands at its borders."""

    counts: Mapping[str, int] = field(default_factory=_none, repr=False)
    """How often each stands there, by its text; the one that stands last is the last."""
    in_url: frozenset[str] = field(default=frozenset(), repr=False)
    """Those that stand in an address."""
    head: bytes = field(default=b"", repr=False)
    """What may be the rest of a token that begins in the stretch before, or of the parameter before one."""
    tail: bytes | None = field(default=b"", repr=False)
    """What may be the beginning of a token; None where the whole stretch is ``head``."""

    def __add__(self, other: Exposed) -> Exposed:
        if self.tail is None:
            begun = exposed(self.head + other.head)
            return _joined(begun, other, head=begun.head, tail=begun.tail if other.tail is None else other.tail)
        met, tail = self.tail + other.head, other.tail
        end = len(met)
        if tail is None:
            end = _last_begin(met)
            tail = _bounded(_with_parameter(met, end))
        return _joined(
            _joined(self, _searched(met, 0, end), head=self.head, tail=b""), other, head=self.head, tail=tail
        )

    def close(self) -> Exposed:
        """The same, where nothing stands before or behind it."""
        first, last = _searched(self.head), _searched(self.tail or b"")
        return _joined(_joined(first, self, head=b"", tail=b""), last, head=b"", tail=b"")


def exposed(data: bytes) -> Exposed:
    """The tokens of one part's bytes."""
    first = _RUN.match(data, min(BEARER_PARAMETER_LONGEST, len(data)))
    start = first.end() if first else 0
    if start == len(data):
        return Exposed(head=_bounded(data), tail=None)
    end = _last_begin(data)
    found = _searched(data, start, end)
    return Exposed(
        counts=found.counts,
        in_url=found.in_url,
        head=_bounded(data[: start + 1]),
        tail=_with_parameter(data, end),
    )


def _last_begin(data: bytes) -> int:
    """Where the run begins that the bytes end in; it may be the beginning of a token."""
    return len(data) - len(_last_run(data, len(data), _CHARS, LONGEST))


def _with_parameter(data: bytes, begin: int) -> bytes:
    """The rest, and what before it tells whether a token stands in an address."""
    return data[max(0, begin - BEARER_PARAMETER_LONGEST) :]


def _bounded(run: bytes) -> bytes:
    """A run longer than any token holds none: what is kept of it is too long as well."""
    return run[: LONGEST + 2 * BEARER_PARAMETER_LONGEST + 1]


def _last_run(data: bytes, end: int, chars: bytes, longest: int) -> bytes:
    """What stands before ``end`` in these characters only."""
    before = data[max(0, end - longest) : end]
    return before[len(before.rstrip(chars)) :]


def _searched(data: bytes, start: int = 0, end: int | None = None) -> Exposed:
    counts: dict[str, int] = {}
    in_url: set[str] = set()
    for at, token in _tokens(data, start, len(data) if end is None else end):
        text = token.decode("ascii")
        counts[text] = counts.pop(text, 0) + 1
        if _PARAMETER.search(data[max(0, at - BEARER_PARAMETER_LONGEST) : at]):
            in_url.add(text)
        if len(counts) > MOST:
            in_url.discard(oldest := next(iter(counts)))
            del counts[oldest]
    return Exposed(counts=Frozen(counts), in_url=frozenset(in_url))


def _tokens(data: bytes, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Where tokens stand, and their text."""
    for payload in _PAYLOAD.finditer(data, start, end):
        dot = payload.start()
        behind = _BEHIND_HEADER.match(data, dot, end)
        run = _last_run(data, dot, _SEGMENT, min(_HEADER_LONGEST, dot - start))
        glued = run.find(b"eyJ")  # an escape may be glued to the header: \n, %20, \u0022, a colour
        if behind and glued >= 0 and len(run) - glued >= _HEADER_LEAST:
            yield dot - len(run) + glued, run[glued:] + behind[0]


def _joined(one: Exposed, other: Exposed, *, head: bytes, tail: bytes | None) -> Exposed:
    if not (one.counts and other.counts):
        some = one if one.counts else other
        return Exposed(counts=some.counts, in_url=some.in_url, head=head, tail=tail)
    counts = dict(one.counts)
    for text, count in other.counts.items():
        counts[text] = counts.pop(text, 0) + count
    for text in list(counts)[: max(0, len(counts) - MOST)]:
        del counts[text]
    urls = (one.in_url | other.in_url) & counts.keys()
    return Exposed(counts=Frozen(counts), in_url=frozenset(urls), head=head, tail=tail)
