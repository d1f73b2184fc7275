"""Is the token valid at that time? (Validators.ValidateLifetime; RFC 7519 sections 4.1.4 and 4.1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from authlens.trust.checks.case import Answer, Case, failed, passed, short, unknown, utc
from authlens.trust.checks.decoding import Date, date_of, kind

NAMES = ("lifetime.has-expiration", "lifetime.consistent", "lifetime.already-valid", "lifetime.not-expired")

_IN_SECONDS = passed("lifetime.in-seconds")
_FAR = 100_000_000_000
"""Seconds: the year 5138. What is beyond it was meant as milliseconds."""


def checks(case: Case, at: datetime | None, *, unmatched: bool = False) -> tuple[Answer, ...]:
    """The four questions of ValidateLifetime, in its order, and one of plausibility; ``at`` is None where not known.

    With ``unmatched`` as the library asks them when no key matches: then a missing date is the earliest there is.
    """
    if not case.expectations.validate_lifetime:
        return tuple(unknown(name, "the settings switch the lifetime off", asked=False) for name in NAMES)
    if not case.reading.claims_known and not {"exp", "nbf"} & case.reading.claims.keys():
        return tuple(unknown(name, case.reading.why) for name in NAMES)
    least = unmatched and case.reading.claims_known
    expires = date_of(case.reading.claims, "exp", case.library, least=least)
    starts = date_of(case.reading.claims, "nbf", case.library, least=least)
    now = at.timestamp() if at is not None else None
    return (
        _has_expiration(case, expires, starts),
        _consistent(expires, starts),
        _already_valid(case, starts, now),
        _not_expired(case, expires, now),
        _in_seconds(case.reading.claims),
    )


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
