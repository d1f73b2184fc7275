"""Is the token meant for this API? (Validators.ValidateAudience)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from authlens.trust.checks import nearmiss
from authlens.trust.checks.case import LONGEST, Answer, Case, failed, listed, passed, unknown, wanted
from authlens.trust.checks.decoding import audiences_of

_MOST_COMPARED = 20
NAMES = ("audience.configured", "audience.present", "audience.matches")


def checks(case: Case) -> tuple[Answer, ...]:
    """The three questions of ValidateAudience, in its order."""
    if not case.expectations.validate_audience:
        return tuple(unknown(name, "the settings switch the audience check off", asked=False) for name in NAMES)
    demand = _demand(case)
    if "aud" not in case.reading.claims and not case.reading.claims_known:
        return (_configured(demand), *(unknown(name, case.reading.why) for name in NAMES[1:]))
    found = audiences_of(case.reading.claims, case.library)
    return (_answers if sum(map(len, found)) <= LONGEST else _answered)(found, demand)


class _Demand(NamedTuple):
    accepted: tuple[str, ...]
    explicit: bool
    newer: bool
    """From 6.0 on: IDX10206 for no audience at all, and a final slash is forgiven."""
    code: str = "IDX10214"
    """IDX10231 where a delegate of the application compares."""


def _demand(case: Case) -> _Demand:
    accepted, newer = case.expectations.audiences, case.library.since(6)
    version = case.reading.claims.get("ver")
    if not case.expectations.by_version or version not in ("1.0", "2.0"):
        return _Demand(accepted, case.explicit, newer)
    # RegisterValidAudience of Microsoft.Identity.Web, where no audience is configured
    of_version = tuple(value for value in accepted if value.startswith("api://") == (version == "1.0"))
    return _Demand(of_version, case.explicit, newer, "IDX10231")


def _answered(found: tuple[str, ...], demand: _Demand) -> tuple[Answer, ...]:
    return (_configured(demand), _present(found, demand), _matches(found, demand))


_answers = lru_cache(maxsize=4096)(_answered)  # few audiences are named in many tokens


def _configured(demand: _Demand) -> Answer:
    if demand.accepted:
        return passed(NAMES[0], found=wanted(demand.accepted))
    if demand.explicit:
        return passed(NAMES[0], found="an empty list")
    return unknown(NAMES[0], "no settings say which audience is accepted")


def _present(found: tuple[str, ...], demand: _Demand) -> Answer:
    if found:
        return passed(NAMES[1], found=listed(found))
    return failed(NAMES[1], "IDX10206" if demand.newer else "IDX10214", expected="aud", found="no aud")


def _matches(found: tuple[str, ...], demand: _Demand) -> Answer:
    accepted = demand.accepted
    if not accepted and not demand.explicit:
        return unknown(NAMES[2], "the accepted audiences are not known", found=listed(found))
    expected = wanted(accepted) or "none is configured"
    if any(_equal(audience, valid, slash=demand.newer) for audience in found for valid in accepted):
        return passed(NAMES[2], expected=expected, found=listed(found))
    near = (nearmiss.nearest(accepted, audience, nearmiss.audience) for audience in found[:_MOST_COMPARED])
    why = next(filter(None, near), None)
    return failed(NAMES[2], demand.code, expected=expected, found=listed(found) or "no aud", why=why)


def _equal(audience: str, valid: str, *, slash: bool) -> bool:
    if not audience.strip() or not valid.strip():
        return False
    # IgnoreTrailingSlashWhenValidatingAudience is true by default
    return audience == valid or (slash and (audience == valid + "/" or valid == audience + "/"))
