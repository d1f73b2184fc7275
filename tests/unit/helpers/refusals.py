"""Failures, settings and documents made for tests of the diagnosis: one tenant of a Keycloak-like provider, and others."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from authlens.diagnosis import evidence
from authlens.diagnosis.evidence_values import Row
from authlens.model import (
    Expectations,
    Failure,
    Frozen,
    Library,
    Message,
    Origin,
    Outcome,
    Statement,
    Token,
    TokenForm,
)
from authlens.trust.documents import Documents
from authlens.trust.expectations import Book
from tests.unit.helpers.shared import made

NOW = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
ISSUER = "https://sso.example.com/realms/shop"
OTHER = "https://id.example.net"
ORG = "https://dev-123456.okta.com"
TENANT = "0f3a1c52-7d2e-4a53-9c0b-6b1f5c9a7e10"
ENTRA = f"https://login.microsoftonline.com/{TENANT}/v2.0"
CLIENT = "7c1f0f6e-2a65-4a40-8d2b-51d0c4c6b7aa"
MODULUS = base64.urlsafe_b64encode(bytes(range(1, 256)) + b"\x01").decode().rstrip("=")


def failure(
    code: str | None = "IDX10223",
    text: str = "",
    *,
    fields: Mapping[str, object] | None = None,
    scheme: str | None = "Bearer",
    token: Token | None = None,
    codes: Sequence[str] | None = None,
    line: int = 1,
    **more: object,
) -> Failure:
    """A failure of one scheme with what a test says of it."""
    said = f"{code}: {text}" if code else text
    message = Message(code=code, template=text, start=0, end=len(said), fields=Frozen(fields or {}))
    values: dict[str, object] = {
        "origin": Origin(path="app.log", offset=100 * line, line=line),
        "time": NOW,
        "scheme": scheme,
        "code": code,
        "codes": tuple(codes) if codes is not None else ((code,) if code else ()),
        "statement": Statement(text=said, messages=(message,), tokens=(token,) if token else ()),
        "fields": Frozen(fields or {}),
        "token": token,
        "library": Library(),
        "outcome": Outcome(status=401),
    }
    return made(Failure, **{**values, **more})


def decoded(claims: Mapping[str, object], header: Mapping[str, object] | None = None) -> Token:
    """A token as the library prints it: header and claims, no signature."""
    return Token(
        sha256=f"{hash(tuple(map(str, claims.items()))) & 0xFFFFFFFF:064x}",
        form=TokenForm.DECODED,
        header=Frozen(header or {"alg": "RS256", "kid": "k1", "typ": "JWT"}),
        claims=Frozen(claims),
    )


def key(kid: str) -> dict[str, object]:
    """A public RSA key, different for each id."""
    number = base64.urlsafe_b64encode(kid.encode().ljust(256, b"\x07")).decode().rstrip("=")
    return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": number, "e": "AQAB"}


def discovery(issuer: str, jwks: str) -> str:
    """A discovery document."""
    return json.dumps({"issuer": issuer, "jwks_uri": jwks})


def bundle(folder: Path, published: Mapping[str, tuple[int, object]]) -> Documents:
    """Documents by address, each with the status and body that it was answered with."""
    entries = [{"url": url, "status": status, "body": body} for url, (status, body) in published.items()]
    path = folder / "bundle.json"
    path.write_text(json.dumps({"schema": "authlens.bundle/1", "documents": entries}), encoding="utf-8")
    return Documents(bundles=[str(path)])


def provider(issuer: str, *kids: str) -> dict[str, tuple[int, object]]:
    """An issuer that publishes keys of these ids."""
    jwks = f"{issuer.rstrip('/')}/keys"
    return {
        f"{issuer.rstrip('/')}/.well-known/openid-configuration": (200, discovery(issuer, jwks)),
        jwks: (200, {"keys": [key(kid) for kid in kids]}),
    }


def scheme(name: str = "Bearer", issuer: str = ISSUER, audience: str = "orders", **more: object) -> Expectations:
    """A scheme that reads its issuer's metadata."""
    values: dict[str, object] = {"scheme": name, "source": "test", "authority": issuer, "audiences": (audience,)}
    return Expectations(**{**values, **more})  # type: ignore[arg-type]  # each test names its own


def table(
    failures: Sequence[Failure], documents: Documents | None = None, *schemes: Expectations
) -> evidence.EvidenceTable:
    """The evidence of failures."""
    return evidence.build(failures, book=Book(schemes), documents=documents or Documents())


def row(one: Failure, documents: Documents | None = None, *schemes: Expectations) -> Row:
    """The evidence of one failure."""
    return table([one], documents, *schemes).rows[0]
