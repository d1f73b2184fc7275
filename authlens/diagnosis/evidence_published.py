"""What is published, held against what was tried: where the token's key is, and whether the set is out of date."""

from __future__ import annotations

from authlens.diagnosis import evidence_history, evidence_keys, evidence_secrets
from authlens.diagnosis.evidence_known import Known
from authlens.diagnosis.evidence_scheme import Scheme
from authlens.diagnosis.evidence_values import as_text
from authlens.model import Failure, KeySet, Verdict
from authlens.trust.checks import signature

_MOST_KIDS = 12


def about(failure: Failure, scheme: Scheme, known: Known, *, foreign: bool) -> dict[str, object]:
    """The fields ``keys_tried.…``, ``jwks.…`` and ``secret.…`` of a row.

    ``foreign``: the token's issuer is none that the scheme expects, so both key sets are compared.
    """
    kid = as_text(failure.fields.get("kid"))
    iss = as_text(failure.fields.get("iss"))
    tried = evidence_keys.tried(failure.fields)
    published = known.published(failure)
    found: dict[str, object] = evidence_keys.about_tried(tried, kid, scheme)
    place = evidence_keys.place(kid, iss, published, scheme, known.documents)
    if found.get("keys_tried.symmetric") and not found.get("keys_tried.asymmetric") and place == "nowhere":
        place = None  # a shared secret is published nowhere
    found["jwks.place"] = place
    found["jwks.kids"] = _kids(scheme.keys if scheme.keys.keys else published)
    found["jwks.kid_published"] = None if place is None else place in ("authority", "issuer")
    found["jwks.other_key_same_kid"] = evidence_keys.replaced(tried, kid, scheme)
    if foreign:
        found["iss.keys_shared"] = evidence_keys.shared(published, scheme)
    found["keys_tried.of_issuer"] = evidence_keys.of_issuer(tried, published)
    found |= evidence_secrets.about(known.given, tried, failure.token, failure.fields.get("alg"))
    found |= evidence_history.dates(kid, scheme.keys, published)
    found |= evidence_history.stale(tried, scheme.keys)
    if "secret.relation" not in found:
        found["jwks.signature"] = _signature(known.judge(failure, scheme))
    return found


def _kids(keys: KeySet | None) -> tuple[str, ...] | None:
    return tuple(k.kid for k in keys.keys if k.kid)[:_MOST_KIDS] or None if keys is not None else None


def _signature(judgement: Verdict | None) -> str | None:
    """What came of checking the token in the log with the published key: ``verifies``, ``fails``, or None."""
    for check in judgement.checks if judgement is not None else ():
        if check.name == signature.VALID:
            return {"pass": "verifies", "fail": "fails"}.get(str(check.verdict))
    return None
