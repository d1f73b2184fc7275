"""What the checks say beside the cause: what fails too, and what the library would report next."""

from __future__ import annotations

from collections.abc import Collection

from authlens.diagnosis.evidence_names import FORM
from authlens.diagnosis.evidence_values import Row
from authlens.model import Also, Check, CheckVerdict, Verdict
from authlens.trust import validate

_FAMILIES = {
    "sig": ("signature", "algorithm"),
    "meta": ("signature", "algorithm"),
    "life": ("lifetime",),
    "iss": ("issuer",),
    "aud": ("audience", "type"),
    "form": ("form", "claims"),
}
"""Checks that pass once a cause of the family is repaired."""
_CLAIMED = {
    **dict.fromkeys(("key-not-found", "kid-missing", "signature-invalid", "no-keys", "unsigned"), "sig"),
    **dict.fromkeys(("key-size", "algorithm"), "sig"),
    **dict.fromkeys(("issuer", "issuer-not-configured", "issuer-policy", "tenant-claim"), "iss"),
    **dict.fromkeys(("audience", "audience-empty", "audience-not-configured", "audience-delegate", "type"), "aud"),
    **dict.fromkeys(("expired", "not-yet-valid", "no-expiration", "lifetime-order"), "life"),
    **dict.fromkeys(("malformed", "claim-type", "missing-claim"), "form"),
}
_BY_CODE = {
    "IDX10222": "life.not-yet-valid",
    "IDX10223": "life.expired",
    "IDX10225": "life.no-expiration",
    "IDX10224": "life.timezone-bug",
    "IDX10204": "iss.not-configured",
    "IDX10211": "form.missing-claim",
    "IDX40003": "form.missing-claim",
    "IDX40009": "form.missing-claim",
    "IDW10401": "form.missing-claim",
    "IDX10206": "aud.missing",
    "IDX10207": "aud.missing",
    "IDX10208": "aud.not-configured",
    "IDX10257": "aud.id-token-as-access-token",
    "IDX10256": "aud.id-token-as-access-token",
    "IDX10504": "sig.unsigned",
    "IDX10500": "sig.no-keys-loaded",
}
_ISSUER_MISS = {"v1-v2": "iss.v1-v2-mismatch", "tenant-template": "iss.multi-tenant"}
_FORMS = (*FORM, "host-alias")


def also(judgement: Verdict | None, row: Row, cause: str, known: Collection[str]) -> tuple[Also, ...]:
    """Further faults of the same token, each cause once."""
    if judgement is None:
        return ()
    repaired = _repaired(row, cause)
    found: dict[str, Also] = {}
    for check in judgement.checks:
        if check.verdict is CheckVerdict.FAIL and check.name.partition(".")[0] not in repaired:
            named = cause_of(check, row)
            if named not in known:
                found.setdefault(named, _also(check, named))
    return tuple(found.values())


def following(judgement: Verdict | None, row: Row, cause: str) -> Also | None:
    """What the library would report once the cause is repaired."""
    if judgement is None:
        return None
    check = validate.next_code(judgement, _repaired(row, cause))
    return None if check is None else _also(check, cause_of(check, row))


def _repaired(row: Row, cause: str) -> set[str]:
    families = {cause.partition(".")[0], _CLAIMED.get(str(row.get("says")), "")}
    return {check for family in families for check in _FAMILIES.get(family, ())}


def _also(check: Check, cause: str) -> Also:
    sides = [f"expected {check.expected}" if check.expected else "", f"found {check.found}" if check.found else ""]
    words = ", ".join(s for s in sides if s)
    return Also(cause=cause, code=check.code, why="; ".join(w for w in (words, check.why or "") if w) or check.name)


def cause_of(check: Check, row: Row) -> str:
    """The cause that a failed check stands for."""
    family, _, rest = check.name.partition(".")
    if family in ("lifetime", "form", "claims", "type"):
        return _BY_CODE.get(check.code or "", "form.malformed" if family == "form" else "form.wrong-claim-type")
    if family == "issuer":
        return _issuer(check, row)
    if family == "audience":
        return _audience(check, row)
    return _signature(check, rest, row)


def _issuer(check: Check, row: Row) -> str:
    if check.code in _BY_CODE:
        return _BY_CODE[check.code]
    miss = str(row.get("iss.miss") or "")
    return _ISSUER_MISS.get(miss) or ("iss.url-form" if miss in _FORMS else "iss.other-environment")


def _audience(check: Check, row: Row) -> str:
    if check.name == "audience.present":
        return "aud.missing"
    if row.get("token.kind") == "id":
        return "aud.id-token-as-access-token"
    miss = row.get("aud.miss")
    if miss == "api-scheme":
        return "aud.app-id-uri-vs-client-id"
    return "aud.url-form" if miss in _FORMS else "aud.other-api"


def _signature(check: Check, rest: str, row: Row) -> str:
    if check.name.startswith("algorithm."):
        return "sig.alg-unsupported"
    if rest == "present":
        return "sig.unsigned"
    if row.get("token.kind") == "graph":
        return "sig.graph-token"
    if rest in ("valid", "key-usable"):
        return "sig.wrong-key"
    by_place = {"application": "sig.app-specific-key", "policy": "sig.wrong-authority"}
    foreign = row.get("iss.relation") in ("foreign", "other-scheme")
    return by_place.get(str(row.get("jwks.place")), "sig.wrong-authority" if foreign else "sig.key-rotated")
