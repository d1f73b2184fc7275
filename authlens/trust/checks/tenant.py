"""Is the token's issuer a tenant that the API accepts? (AadIssuerValidator of Microsoft.IdentityModel.Validators).

Microsoft.Identity.Web puts it in the place of ValidateIssuer: ``{tenantid}`` in an accepted issuer is the token's own
tenant, and of an authority the issuers of both versions count, v1 and v2.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from authlens import urls, vendors
from authlens.trust.checks import nearmiss
from authlens.trust.checks.case import LONGEST, Answer, Case, failed, passed, short, unknown, wanted
from authlens.trust.checks.decoding import text_of

PRESENT, CONFIGURED, TENANT, MATCHES = "issuer.present", "issuer.configured", "issuer.tenant", "issuer.matches"
_TEMPLATE = "{tenantid}"
_POLICY_SEGMENTS = 4
"""``/tfp/tenant/policy/v2.0``, a form of B2C's issuers that the validator refuses."""


def checks(case: Case) -> tuple[Answer, ...]:
    """The questions of AadIssuerValidator.ValidateAsync, in its order."""
    claims = case.reading.claims
    issuer = text_of(claims.get("iss")) or ""
    claimed = next((text_of(claims[name]) or "" for name in ("tid", "tenantId") if name in claims), None)
    known = claimed is not None or case.reading.claims_known
    demand = _Demand(case.issuers, _codes(newer=case.library.since(6, 14)), claims_known=known)
    return (_answers if len(issuer) + len(claimed or "") <= LONGEST else _answered)(issuer, claimed, demand)


class _Codes(NamedTuple):
    no_match: str
    no_tenant: str
    policy: str


def _codes(*, newer: bool) -> _Codes:
    """The validator moved from Microsoft.Identity.Web to Microsoft.IdentityModel.Validators with 6.14."""
    return _Codes("IDX40001", "IDX40003", "IDX40002") if newer else _Codes("IDW10303", "IDW10401", "IDW10304")


class _Demand(NamedTuple):
    accepted: tuple[str, ...]
    codes: _Codes
    claims_known: bool


def _answered(issuer: str, claimed: str | None, demand: _Demand) -> tuple[Answer, ...]:
    tenant = claimed if claimed is not None else _tenant_of(issuer)
    accepted = both_versions(demand.accepted)
    present = passed(PRESENT, found=short(issuer)) if issuer.strip() else _no_issuer(tenant, demand)
    return (
        present,
        _configured(accepted),
        _tenant(issuer, tenant, claimed, demand),
        _matches(issuer, tenant, accepted, demand),
    )


_answers = lru_cache(maxsize=4096)(_answered)  # few tenants send many tokens


def _no_issuer(tenant: str, demand: _Demand) -> Answer:
    code = demand.codes.no_match if tenant.strip() else demand.codes.no_tenant
    return failed(PRESENT, code, expected="iss", found="no iss")


def _configured(accepted: tuple[str, ...]) -> Answer:
    if accepted:
        return passed(CONFIGURED, found=wanted(accepted))
    return unknown(CONFIGURED, "neither settings nor a discovery document say which issuer is accepted")


def _tenant(issuer: str, tenant: str, claimed: str | None, demand: _Demand) -> Answer:
    if claimed is None and _names_policy(issuer):
        why = "the issuer names the policy (tfp), which the validator does not support"
        return failed(TENANT, demand.codes.policy, expected="an issuer without tfp", found=short(issuer), why=why)
    if tenant.strip():
        return passed(TENANT, found=short(tenant), why=None if claimed is not None else "the issuer names it")
    if not demand.claims_known:
        return unknown(TENANT, "the log does not show the token's tenant")
    return failed(TENANT, demand.codes.no_tenant, expected="tid", found="no tid")


def _matches(issuer: str, tenant: str, accepted: tuple[str, ...], demand: _Demand) -> Answer:
    if not accepted:
        return unknown(MATCHES, "the accepted issuers are not known", found=short(issuer))
    filled = tuple(dict.fromkeys(value.replace(_TEMPLATE, tenant) for value in accepted))
    expected = wanted(accepted)
    if issuer in filled:
        return passed(MATCHES, expected=expected, found=short(issuer))
    why = nearmiss.nearest(filled, issuer, nearmiss.issuer)
    return failed(MATCHES, demand.codes.no_match, expected=expected, found=short(issuer) or "no iss", why=why)


def both_versions(issuers: tuple[str, ...]) -> tuple[str, ...]:
    """The issuers, and of each that is Entra's the one that the same tenant's tokens of the other version have."""
    found = ((issuer, *vendors.versions_of_entra(issuer)) for issuer in issuers if issuer)
    return tuple(dict.fromkeys(version for both in found for version in both))


def _tenant_of(issuer: str) -> str:
    """The first of two segments of the issuer's path: B2C's tokens have no ``tid``."""
    segments = _segments(issuer)
    return segments[0] if len(segments) == 2 else ""


def _names_policy(issuer: str) -> bool:
    segments = _segments(issuer)
    return len(segments) == _POLICY_SEGMENTS and segments[0] == "tfp"


def _segments(issuer: str) -> list[str]:
    return urls.split(issuer).path.strip("/").split("/")
