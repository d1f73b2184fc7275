"""What every check looks at, and the short forms in which it answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from authlens.model import Check, CheckVerdict, Expectations, Key, Token, nothing
from authlens.trust.checks.library import Library

LONGEST = 256
"""Characters of a value that a check repeats; tokens are untrusted text."""


PASS, FAIL, UNKNOWN = CheckVerdict.PASS, CheckVerdict.FAIL, CheckVerdict.UNKNOWN
"""Bound once: Python 3.11 takes longer to look a member of an enumeration up than to compare with it."""


class Answer(NamedTuple):
    """A check, and whether the library asks for it at all."""

    check: Check
    asked: bool = True


def passed(name: str, *, expected: str | None = None, found: str | None = None, why: str | None = None) -> Answer:
    """The library would be content."""
    return Answer(Check(name, PASS, expected, found, why))


def failed(
    name: str, code: str | None, *, expected: str | None = None, found: str | None = None, why: str | None = None
) -> Answer:
    """The library would refuse with ``code``; without one it does not mind, but somebody should."""
    return Answer(Check(name, FAIL, expected, found, why, code), code is not None or name.startswith("form."))


def unknown(
    name: str, why: str, *, expected: str | None = None, found: str | None = None, asked: bool = True
) -> Answer:
    """What is known does not decide it."""
    return Answer(Check(name, UNKNOWN, expected, found, why), asked)


class Reading(NamedTuple):
    """How far the token's text is known and can be read."""

    header: Mapping[str, object] = nothing()
    claims: Mapping[str, object] = nothing()
    raw: str | None = None
    """The whole compact text, where the log holds it."""
    signed: bool | None = None
    answers: tuple[Answer, ...] = ()
    """About its form."""
    header_known: bool = True
    claims_known: bool = True
    why: str = ""
    """Why something is not known."""
    readable: bool = True
    """The library gets as far as checking a signature."""


class Case(NamedTuple):
    """One token, judged by one library with what is known of its keys and of the API."""

    token: Token
    reading: Reading
    library: Library
    expectations: Expectations
    keys: tuple[Key, ...] | None = None
    """None where they are not known."""
    why_no_keys: str = "no key set is known"
    issuers: tuple[str, ...] = ()
    """Accepted: the configured ones, and the one that the discovery document names."""
    published_issuer: str | None = None
    """What the discovery document names."""
    secret: bytes | None = None
    explicit: bool = False
    """The expectations are complete: an empty list means none, not unknown."""

    def __repr__(self) -> str:
        """Neither the token's text nor the secret."""
        return f"Case({self.token}, {self.library})"


def short(text: str | None) -> str | None:
    """Untrusted text, cut and freed of characters that steer a terminal."""
    if text is None or (len(text) <= LONGEST and text.isprintable()):
        return text
    shown = text[:LONGEST] + ("…" if len(text) > LONGEST else "")
    return shown if shown.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in shown)


def listed(values: tuple[str, ...]) -> str:
    """Several values in one line."""
    if len(values) == 1:
        return short(values[0]) or ""
    return ", ".join(short(value) or "" for value in values[:8]) + (", …" if len(values) > 8 else "")


wanted = lru_cache(maxsize=256)(listed)  # the configured values: the same for every token


@lru_cache(maxsize=64)  # several checks of one token name the same times
def utc(seconds: float) -> str:
    """A time as RFC 3339 in UTC."""
    if not 0 <= seconds < 253_402_300_800:
        return "the earliest time there is" if seconds < 0 else "the latest time there is"
    minute, second = divmod(int(seconds), 60)
    return _minute(minute) + _SECONDS[second]


@lru_cache(maxsize=4096)
def _minute(minute: int) -> str:
    day, within = divmod(minute, 1440)
    return f"{date.fromordinal(_DAY_ZERO + day).isoformat()}T{within // 60:02}:{within % 60:02}:"


_SECONDS = tuple(f"{second:02}Z" for second in range(60))
_DAY_ZERO = date(1970, 1, 1).toordinal()
