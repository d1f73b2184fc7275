"""The entries of ``issuers``: which documents and keys were used."""

from __future__ import annotations

from typing import Any

from authlens.model import IssuerReport, Key
from authlens.redact import mask
from authlens.reports.cleaning import cut, optional, rfc3339, short


def entry(report: IssuerReport) -> dict[str, Any]:
    """One issuer."""
    documents = sorted(report.documents, key=lambda d: (d.url, d.source))
    keys = sorted(report.keys, key=lambda k: (k.kid or "", k.thumbprint or ""))
    return {
        "issuer": cut(mask(report.issuer, blobs=False)),
        "documents": [
            {"url": cut(mask(d.url)), "status": d.status, "as_of": rfc3339(d.as_of)}
            | {"source": d.source, "error": optional(d.error, mask)}
            for d in documents
        ],
        "keys": [_key(key) for key in keys],
    }


def _key(key: Key) -> dict[str, Any]:
    """A published key; the thumbprint of a symmetric one would tell the secret."""
    return {
        "kid": optional(key.kid, short),
        "kty": optional(key.kty, short),
        "alg": optional(key.alg, short),
        "use": optional(key.use, short),
        "thumbprint": None if key.kty == "oct" else key.thumbprint,
        "published_from": rfc3339(key.published_from),
        "published_until": rfc3339(key.published_until),
        "defect": optional(key.defect, short),
    }
