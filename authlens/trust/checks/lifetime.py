"""Is the token valid at that time? (Validators.ValidateLifetime; RFC 7519 sections 4.1.4 and 4.1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from authlens.trust.checks.case import Answer, Case, failed, passed, short, unknown, utc
from authlens.trust.checks.decoding import Date, date_of, kind

NAMES = ("lifetime.has-expiration", "lifetime.consistent", "lifetime.already-valid", "lifetime.not-expired")

_IN_SECONDS = passed("lifetime.in-seconds")
_FAR = 100_000_000_000
"""Seconds: the year 5138. What is beyond it was meant as milliseconds."""


class Lifetime(NamedTuple):
    """The four questions of ValidateLifetime, in its order, and one of plausibility, as far as no time is needed."""

    case: Case
    answers: tuple[Answer, ...]
    """Of the questions that do not ask for the time; of all of them where none does."""
    timed: bool = False
    """Two of the questions ask for it: whether these dates are past and to come."""
    expires: Date = Date()
    starts: Date = Date()

    def at(self, moment: datetime | None) -> tuple[Answer, ...]:
        """All answers at that time; None where it is not known."""
        if not self.timed:
            return self.answers
        has_expiration, consistent, in_seconds = self.answers
        now = moment.timestamp() if moment is not None else None
        already_valid = _already_valid(self.case, self.starts, now)
        return has_expiration, consistent, already_valid, _not_expired(self.case, self.expires, now), in_seconds


def read(case: Case, *, unmatched: bool = False) -> Lifetime:
    """What a token's dates say.

    With ``unmatched`` as the library asks when no key matches: then a missing date is the earliest there is.
    """
    if not case.expectations.validate_lifetime:
        why = "the settings switch the lifetime off"
        return Lifetime(case, tuple(unknown(name, why, asked=False) for name in NAMES))
    if not case.reading.claims_known and not {"exp", "nbf"} & case.reading.claims.keys():
        return Lifetime(case, tuple(unknown(name, case.reading.why) for name in NAMES))
    least = unmatched and case.reading.claims_known
    expires = date_of(case.reading.claims, "exp", case.library, least=least)
    starts = date_of(case.reading.claims, "nbf", case.library, least=least)
    answers = _has_expiration(case, expires, starts), _consistent(expires, starts), _in_seconds(case.reading.claims)
    return Lifetime(case, answers, timed=True, expires=expires, starts=starts)


def _has_expiration(case: Case, expires: Date, starts: Date) -> Answer:
    name = NAMES[0]
    if code := expires.code or starts.code:
        which = "exp" if expires.code else "nbf"
        found = kind(case.reading.claims.get(which))
        return failed(name, code, expected="seconds since 1970", found=found, why=f"{which} is no number of seconds")
    if expires.seconds is not None:
        return passed(name, found=utc(expires.seconds))
    if "exp" in case.reading.claims:
        # 5.x and 6.x under JwtSecurityTokenHandler: exp is an int?, and this one does not fit
        shown = short(str(case.reading.claims["exp"]))
        why = "this library reads exp as a 32-bit integer, and this one is none"
        return failed(name, "IDX10225", expected="at most 2147483647", found=shown, why=why)
    if not case.reading.claims_known:
        return unknown(name, case.reading.why)
    if case.expectations.require_expiration:
        return failed(name, "IDX10225", expected="exp", found="no exp")
    return passed(name, found="no exp", why="the settings do not require one")


def _consistent(expires: Date, starts: Date) -> Answer:
    name = NAMES[1]
    if expires.seconds is None or starts.seconds is None:
        return passed(name, why="there are not two dates to compare")
    if starts.seconds > expires.seconds:
        return failed(name, "IDX10224", expected=f"before exp {utc(expires.seconds)}", found=utc(starts.seconds))
    return passed(name, found=f"{utc(starts.seconds)} to {utc(expires.seconds)}")


def _already_valid(case: Case, starts: Date, now: float | None) -> Answer:
    name = NAMES[2]
    if starts.seconds is None:
        return passed(name, found="no nbf") if case.reading.claims_known else unknown(name, case.reading.why)
    if now is None:
        return unknown(name, "the time of the request is not known", found=utc(starts.seconds))
    expected = f"at most {utc(now)} + {case.expectations.clock_skew_s:g} s"
    if starts.seconds > now + case.expectations.clock_skew_s:
        return failed(name, "IDX10222", expected=expected, found=utc(starts.seconds))
    return passed(name, expected=expected, found=utc(starts.seconds))


def _not_expired(case: Case, expires: Date, now: float | None) -> Answer:
    name = NAMES[3]
    if expires.seconds is None:
        return passed(name, found="no exp") if case.reading.claims_known else unknown(name, case.reading.why)
    if now is None:
        return unknown(name, "the time of the request is not known", found=utc(expires.seconds))
    expected = f"at least {utc(now)} − {case.expectations.clock_skew_s:g} s"
    if expires.seconds < now - case.expectations.clock_skew_s:
        return failed(name, "IDX10223", expected=expected, found=utc(expires.seconds))
    return passed(name, expected=expected, found=utc(expires.seconds))


def _in_seconds(claims: Mapping[str, object]) -> Answer:
    """No version of the library minds dates in milliseconds; whoever waits for such a token to expire does."""
    for claim in ("exp", "nbf", "iat"):
        value = claims.get(claim)
        if isinstance(value, (int, float)) and value > _FAR:
            why = f"{claim} is written in milliseconds"
            return failed(_IN_SECONDS.check.name, None, expected="seconds since 1970", found=str(value)[:40], why=why)
    return _IN_SECONDS
