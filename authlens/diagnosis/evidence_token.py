"""Facts about the token itself: its form and kind, whose it is, how it is signed."""

from __future__ import annotations

from authlens import vendors
from authlens.diagnosis import evidence_keys, evidence_text, evidence_times
from authlens.diagnosis.evidence_scheme import Scheme
from authlens.diagnosis.evidence_values import Row, as_text
from authlens.model import Failure, TokenForm

_HMAC, _RSA, _EC = ("HS", "http://www.w3.org/2001/04/xmldsig-more#hmac"), ("RS", "PS"), ("ES",)
_RSA_URI = "http://www.w3.org/2001/04/xmldsig-more#rsa-"


def about(failure: Failure, scheme: Scheme) -> dict[str, object]:
    """The fields ``token.…`` and ``idp.…`` of a row, with the token's tenant and algorithm."""
    token, shown = failure.token, evidence_times.shown(failure.token)
    iss = failure.fields.get("iss")
    vendor = evidence_keys.vendor(iss) if isinstance(iss, str) else None
    row: dict[str, object] = {
        "token.shown": shown,
        "idp.family": vendor.family if vendor else None,
        **_published(vendor or scheme.vendor),
        "idp.expected": scheme.family,
        "alg.family": algorithm_family(failure.fields.get("alg")),
        "issuer": iss if isinstance(iss, str) else next(iter(scheme.issuers), None),
    }
    if token is None:
        return row
    row |= {"token.form": str(token.form), "token.defect": token.defect}
    row["token.cut"] = evidence_text.cut_off(failure, token)
    row["token.whole"] = token.form is TokenForm.COMPACT and token.defect is None
    if shown:
        row["token.kind"] = vendors.token_kind(vendor, token.header, token.claims)
        tid = token.claims.get("tid")
        row["tid"] = tid if isinstance(tid, str) else None
    return row


def _published(vendor: vendors.Vendor | None) -> dict[str, object]:
    """Whose keys they are, where they are published and how often they change, as far as the issuer's form tells."""
    if vendor is None:
        return {}
    return {"idp.name": vendor.name, "idp.keys_url": vendor.jwks_url, "idp.rotation": vendor.rotation}


def algorithm_family(alg: object) -> str | None:
    """``hmac rsa ec none other`` of an algorithm's name (RFC 7518) or URI."""
    if not isinstance(alg, str) or not alg:
        return None
    if alg.startswith(_HMAC):
        return "hmac"
    if alg.startswith(_RSA) or alg.startswith(_RSA_URI):
        return "rsa"
    if alg.startswith(_EC):
        return "ec"
    return "none" if alg.lower() == "none" else "other"


def graph_possible(row: Row, failure: Failure, scheme: Scheme) -> bool:
    """Whether a token for Microsoft Graph would have failed in just this way."""
    if row.get("token.shown"):
        return row.get("token.kind") == "graph"
    families = {row.get("idp.family"), scheme.family} - {None}
    if families:
        return bool(families & vendors.ENTRA)
    if scheme.issuers:
        return False
    tried = evidence_keys.tried(failure.fields)
    return evidence_keys.looks_like_entra(tried, as_text(failure.fields.get("kid")))
