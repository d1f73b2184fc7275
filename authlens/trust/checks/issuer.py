"""Is the token's issuer one that the API accepts? (Validators.ValidateIssuer: ordinal, an exact match)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from authlens.trust.checks import nearmiss, tenant
from authlens.trust.checks.case import LONGEST, Answer, Case, failed, passed, short, unknown, wanted
from authlens.trust.checks.decoding import text_of

NAMES = ("issuer.present", "issuer.configured", "issuer.matches")


def checks(case: Case) -> tuple[Answer, ...]:
    """The three questions of ValidateIssuer, in its order."""
    if not case.expectations.validate_issuer:
        return tuple(unknown(name, "the settings switch the issuer check off", asked=False) for name in NAMES)
    if "iss" not in case.reading.claims and not case.reading.claims_known:
        return tuple(unknown(name, case.reading.why) for name in NAMES)
    if case.expectations.by_tenant:
        return tenant.checks(case)
    found = text_of(case.reading.claims.get("iss")) or ""
    demand = _Demand(case.issuers, case.explicit, case.library.since(7))
    return (_answers if len(found) <= LONGEST else _answered)(found, demand)


class _Demand(NamedTuple):
    accepted: tuple[str, ...]
    explicit: bool
    none_is_empty: bool
    """From 7.0 an empty list is no list (IDX10204); before, it is compared with and nothing matches (IDX10205)."""


def _answered(found: str, demand: _Demand) -> tuple[Answer, ...]:
    return (_present(found), _configured(demand), _matches(found, demand))


_answers = lru_cache(maxsize=4096)(_answered)  # few issuers send many tokens


def _present(found: str) -> Answer:
    # string.IsNullOrWhiteSpace
    if not found.strip():
        return failed(NAMES[0], "IDX10211", expected="iss", found="no iss" if not found else "only white space")
    return passed(NAMES[0], found=short(found))


def _configured(demand: _Demand) -> Answer:
    if any(issuer.strip() for issuer in demand.accepted):
        return passed(NAMES[1], found=wanted(demand.accepted))
    if not demand.explicit:
        return unknown(NAMES[1], "neither settings nor a discovery document say which issuer is accepted")
    if demand.none_is_empty:
        return failed(NAMES[1], "IDX10204", expected="an accepted issuer", found="none")
    return passed(NAMES[1], found="an empty list")


def _matches(found: str, demand: _Demand) -> Answer:
    accepted = tuple(issuer for issuer in demand.accepted if issuer)
    if not accepted and not demand.explicit:
        return unknown(NAMES[2], "the accepted issuers are not known", found=short(found))
    expected = wanted(accepted) or "none is configured"
    if found in accepted:
        return passed(NAMES[2], expected=expected, found=short(found))
    why = nearmiss.nearest(accepted, found, nearmiss.issuer)
    return failed(NAMES[2], "IDX10205", expected=expected, found=short(found) or "no iss", why=why)
