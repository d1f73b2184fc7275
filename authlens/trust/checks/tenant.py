"""Is the token's issuer a tenant that the API accepts? (AadIssuerValidator of Microsoft.IdentityModel.Validators).

Microsoft.Identity.Web puts it in the place of ValidateIssuer: ``{tenantid}`` in an accepted issuer is the token's own
tenant, and of an authority the issuers of both versions count, v1 and v2.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from authlens import urls, vendors
from authlens.model import Key
from authlens.trust.checks import nearmiss
from authlens.trust.checks.case import LONGEST, Answer, Case, failed, passed, short, unknown, wanted
from authlens.trust.checks.decoding import text_of
from authlens.trust.checks.library import Library

PRESENT, CONFIGURED, TENANT, MATCHES = "issuer.present", "issuer.configured", "issuer.tenant", "issuer.matches"
SIGNING_KEY = "issuer.signing-key"
KEY_ISSUERS = (6, 32)
"""The first version with EnableAadSigningKeyIssuerValidation, which Microsoft.Identity.Web switches on."""
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


def signing_key(case: Case, key: Key) -> tuple[Answer, ...]:
    """AadTokenValidationParametersExtension.ValidateSigningKeyIssuer: does the key sign for the token's tenant?

    Nothing is asked of a key that is published without an ``issuer``, as those of v1 and of B2C are.
    """
    if not (key.issuer or "").strip():
        return ()
    claims, insists = case.reading.claims, _insists_on_tenant(case.library)
    tenant = claims.get("tid")
    if not isinstance(tenant, str) or not tenant:
        return (failed(SIGNING_KEY, "IDX40009", expected="tid", found="no tid"),) if insists else ()
    if insists and sum(name.lower() == "tid" for name in claims) > 1:
        return (failed(SIGNING_KEY, "IDX40011", expected="one tid", found="several, in upper and lower case"),)
    return (_owned(text_of(claims.get("iss")) or "", tenant, key.issuer or "", case.published_issuer or ""),)


def _insists_on_tenant(library: Library) -> bool:
    """IDX40009 and IDX40011 came with 6.35.1 and 7.7; before, a token without ``tid`` was passed over."""
    return library.since(7, 7) or (library.since(6, 35, 1) and not library.since(7))


def _owned(issuer: str, tenant: str, owner: str, published: str) -> Answer:
    if issuer and tenant not in issuer:
        return failed(SIGNING_KEY, "IDX40004", expected=f"an issuer with {short(tenant)}", found=short(issuer))
    owner = owner.replace(_TEMPLATE, tenant)
    if owner not in (issuer, published.replace(_TEMPLATE, tenant)):
        why = "the key that verifies the token signs for another issuer"
        return failed(SIGNING_KEY, "IDX40005", expected=short(owner), found=short(issuer) or "no iss", why=why)
    return passed(SIGNING_KEY, found=short(owner))


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
