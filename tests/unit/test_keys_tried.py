"""A whole scan of logs whose "Keys tried" names certificates by x5t, or elliptic curves by nothing but their id."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from authlens import pipeline
from authlens.model import Confidence
from tests.unit.helpers.logs import refusal
from tests.unit.helpers.refusals import ISSUER, discovery, key

X5T, OTHER_X5T = "Ok_9_0EZUXTHZEpCoqO3mghJpwg", "AAAA_0EZUXTHZEpCoqO3mghJpwg"
HIDDEN = "[PII of type 'System.IdentityModel.Tokens.Jwt.JwtSecurityToken' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]"


def curve(kid: str) -> dict[str, object]:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    return {**ECAlgorithm.to_jwk(public, as_dict=True), "kid": kid, "use": "sig"}


def tried(kind: str, kid: str, internal_id: str) -> str:
    return f"'Microsoft.IdentityModel.Tokens.{kind}, KeyId: '{kid}', InternalId: '{internal_id}'. , KeyId: {kid}\r\n'"


def cause(folder: Path, published: dict[str, object], kid: str, keys: str) -> tuple[str, Confidence]:
    """What a scan concludes of one token with this kid, the settings and the issuer's documents being known."""
    message = (
        f"IDX10503: Signature validation failed. The token's kid is: '{kid}', but did not match any keys in "
        f"TokenValidationParameters or Configuration. Keys tried: {keys}. Number of keys in TokenValidationParameters: "
        f"'0'. \nNumber of keys in Configuration: '1'. \nExceptions caught:\n ''.\ntoken: '{HIDDEN}'. "
        "See https://aka.ms/IDX10503 for details."
    )
    pages = {
        f"{ISSUER}/.well-known/openid-configuration": json.loads(discovery(ISSUER, f"{ISSUER}/keys")),
        f"{ISSUER}/keys": {"keys": [published]},
    }
    entries = [{"url": url, "status": 200, "body": body} for url, body in pages.items()]
    settings = {"Authentication": {"Schemes": {"Bearer": {"Authority": ISSUER, "ValidAudience": "orders"}}}}
    (folder / "app.log").write_text(refusal(1, message), encoding="utf-8")
    (folder / "bundle.json").write_text(json.dumps({"documents": entries}), encoding="utf-8")
    (folder / "appsettings.json").write_text(json.dumps(settings), encoding="utf-8")
    result = pipeline.scan(
        [folder / "app.log"],
        offline=True,
        settings=[folder / "appsettings.json"],
        bundles=[folder / "bundle.json"],
    )
    (finding,) = result.findings
    return finding.cause, finding.confidence


@pytest.mark.parametrize(
    ("published", "keys"),
    [
        ({**key("new"), "x5t": X5T}, tried("X509SecurityKey", "OLD", OTHER_X5T)),
        (curve("new"), tried("ECDsaSecurityKey", "old", "")),
        (curve("new"), tried("ECDsaSecurityKey", "", "")),
    ],
)
def test_an_application_that_tried_other_keys_has_an_old_set(
    tmp_path: Path, published: dict[str, object], keys: str
) -> None:
    """The token's key is published, and the application did not have it."""
    assert cause(tmp_path, published, "new", keys) == ("sig.key-rotated", Confidence.CERTAIN)


@pytest.mark.parametrize(
    ("published", "keys"),
    [
        ({**key("c"), "x5t": X5T}, tried("X509SecurityKey", "C0FFEE", X5T)),
        (curve("c"), tried("ECDsaSecurityKey", "c", "")),
    ],
)
def test_an_application_that_tried_the_published_key_has_the_present_set(
    tmp_path: Path, published: dict[str, object], keys: str
) -> None:
    """The token is another's then; a rotated key is no more than possible."""
    found, confidence = cause(tmp_path, published, "stranger", keys)
    assert found != "sig.key-rotated"
    assert confidence is not Confidence.CERTAIN
