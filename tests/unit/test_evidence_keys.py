"""Where a key is published, which keys were tried, and what the one says of the other."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from authlens.diagnosis.evidence_values import Row
from authlens.trust.documents import Documents
from tests.unit.helpers.refusals import ISSUER, OTHER, bundle, discovery, failure, key, provider, row, scheme

RSA, SECRET = "Microsoft.IdentityModel.Tokens.RsaSecurityKey", "Microsoft.IdentityModel.Tokens.SymmetricSecurityKey"


def tried(*ids: str | None, kind: str = RSA, internal: str | None = None) -> dict[str, object]:
    return {"keys_tried": [{"type": kind, "kid": i, "internal_id": internal} for i in ids]}


def not_found(fields: Mapping[str, object], documents: Documents, name: str = "Bearer") -> Row:
    text = "The token's kid is: 'x', but did not match any keys"
    return row(failure("IDX10503", text, fields=fields, scheme=name), documents, scheme())


def test_a_key_that_the_authority_publishes_was_rotated_in(tmp_path: Path) -> None:
    """The application reads the same set, and did not have it."""
    documents = bundle(tmp_path, provider(ISSUER, "a", "b"))
    found = not_found({"kid": "b", **tried("a")}, documents)
    assert (found["jwks.place"], found["keys_tried.has_kid"]) == ("authority", False)
    assert found["jwks.kid_published"] is True


def test_a_key_of_no_set_is_nowhere_and_one_of_unknown_sets_is_unknown(tmp_path: Path) -> None:
    """Not published and not known are two answers."""
    assert not_found({"kid": "z"}, bundle(tmp_path, provider(ISSUER, "a")))["jwks.place"] == "nowhere"
    assert "jwks.place" not in not_found({"kid": "z"}, Documents())


def test_a_key_of_another_issuer_is_elsewhere(tmp_path: Path) -> None:
    """Staging tokens at production."""
    documents = bundle(tmp_path, {**provider(ISSUER, "a"), **provider(OTHER, "s")})
    assert not_found({"kid": "s"}, documents)["jwks.place"] == "elsewhere"


def test_a_key_behind_appid_is_the_applications_own(tmp_path: Path) -> None:
    """Entra publishes it only where the address names the application."""
    base = "https://sso.example.com/realms/shop/keys"
    published = {**provider(ISSUER, "a"), f"{base}?appid=7c1f": (200, {"keys": [key("own")]})}
    assert not_found({"kid": "own"}, bundle(tmp_path, published))["jwks.place"] == "application"


def test_a_key_of_another_user_flow_is_a_policys(tmp_path: Path) -> None:
    """Each policy of a B2C tenant has a key set of its own."""
    host = "https://contoso.b2clogin.com/contoso.onmicrosoft.com"
    authority = f"{host}/b2c_1_signin/v2.0"
    published: dict[str, tuple[int, object]] = {
        f"{authority}/.well-known/openid-configuration": (200, discovery(authority, f"{host}/b2c_1_signin/keys")),
        f"{host}/b2c_1_signin/keys": (200, {"keys": [key("a")]}),
        f"{host}/b2c_1_edit/keys": (200, {"keys": [key("e")]}),
    }
    one = failure("IDX10501", "Unable to match key: kid: 'e'", fields={"kid": "e"})
    assert row(one, bundle(tmp_path, published), scheme(issuer=authority))["jwks.place"] == "policy"


def test_keys_are_compared_by_thumbprint_before_their_ids(tmp_path: Path) -> None:
    """InternalId shows the thumbprint even where ids are hidden or reused."""
    documents = bundle(tmp_path, provider(ISSUER, "a"))
    thumbprint = documents.published(ISSUER).keys[0].thumbprint
    assert thumbprint is not None
    same = not_found({"kid": "x", **tried(None, internal=thumbprint)}, documents)
    assert (same["keys_tried.current"], same["keys_tried.stale"]) == (True, False)
    reused = not_found({"kid": "x", **tried("a", internal="A" * 43)}, documents)
    assert (reused["keys_tried.current"], reused["keys_tried.stale"]) == (False, True)


def test_another_key_under_the_same_id_is_noticed(tmp_path: Path) -> None:
    """A server that makes a new key at each start and gives it a constant id."""
    documents = bundle(tmp_path, provider(ISSUER, "a"))
    said = {"kid": "a", **tried("a", internal="A" * 43)}
    found = row(failure("IDX10511", "Signature validation failed.", fields=said), documents, scheme())
    assert found["jwks.other_key_same_kid"] is True
    old = {"kid": "a", **tried("a", internal="23bfc7c5-a93e-4c7d-b07d-ad432156c8d5")}
    unknown = row(failure("IDX10511", "Signature validation failed.", fields=old), documents, scheme())
    assert "jwks.other_key_same_kid" not in unknown  # a GUID of 5.x says nothing


def test_a_shared_secret_is_published_nowhere_and_that_proves_nothing(tmp_path: Path) -> None:
    """Only asymmetric keys are looked for in key sets."""
    documents = bundle(tmp_path, provider(ISSUER, "a"))
    found = not_found({"kid": "z", **tried("", kind=SECRET)}, documents)
    assert (found["keys_tried.symmetric"], found["keys_tried.asymmetric"]) == (True, False)
    assert "jwks.place" not in found


def test_the_keys_tried_tell_the_scheme_where_the_log_does_not(tmp_path: Path) -> None:
    """An application's own record names no scheme, but the thumbprints belong to one of them."""
    documents = bundle(tmp_path, {**provider(ISSUER, "a"), **provider(OTHER, "s")})
    one = failure("IDX10503", "The token's kid is: 'a'", fields={"kid": "a", **tried("s")}, scheme=None)
    found = row(one, documents, scheme("Shop"), scheme("Partner", OTHER))
    assert (found["meta.address"], found["jwks.place"]) == (f"{OTHER}/.well-known/openid-configuration", "elsewhere")


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (404, '{"error": "not_found"}', "error"),
        (200, "<!DOCTYPE html><html></html>", "page"),
        (200, {"keys": []}, "empty-keys"),
    ],
)
def test_the_state_of_the_key_set_is_told(tmp_path: Path, status: int, body: object, state: str) -> None:
    """An error answer, a page and an empty set are three findings."""
    published = {**provider(ISSUER, "a"), f"{ISSUER}/keys": (status, body)}
    assert row(failure("IDX10500", "No security keys"), bundle(tmp_path, published), scheme())["meta.state"] == state


def test_a_discovery_document_that_was_not_recorded_is_missing(tmp_path: Path) -> None:
    """It is not said to be unreachable: the bundle merely has others."""
    documents = bundle(tmp_path, provider(OTHER, "s"))
    assert row(failure("IDX10204", "ValidIssuer is null"), documents, scheme())["meta.state"] == "missing"
    assert row(failure("IDX10204", "ValidIssuer is null"), Documents(), scheme())["meta.state"] == "unknown"


def test_thumbprints_tell_a_stale_set_from_a_foreign_one(tmp_path: Path) -> None:
    """What the application tried is compared with its own issuer's keys and with the token's issuer's."""
    documents = bundle(tmp_path, {**provider(ISSUER, "a"), **provider(OTHER, "s")})
    shown = {kid: next(f.key.thumbprint for f in documents.find_kid(kid)) for kid in "as"}
    own = not_found({"kid": "z", "iss": ISSUER, **tried("z0", internal=shown["a"])}, documents)
    assert (own["keys_tried.stale"], own["keys_tried.of_issuer"]) == (False, True)
    stale = not_found({"kid": "a", "iss": ISSUER, **tried("a", internal="A" * 43)}, documents)
    assert (stale["keys_tried.stale"], stale["keys_tried.of_issuer"]) == (True, False)
    foreign = not_found({"kid": "s", "iss": OTHER, **tried("a", internal=shown["a"])}, documents)
    assert (foreign["keys_tried.stale"], foreign["keys_tried.of_issuer"]) == (False, False)


def test_a_certificate_is_compared_by_its_own_thumbprint(tmp_path: Path) -> None:
    """An X509SecurityKey's InternalId is the x5t; an ECDsaSecurityKey may print nothing at all."""
    published = provider(ISSUER)
    address = next(url for url in published if url.endswith("/keys"))
    x5t = "Ok_9_0EZUXTHZEpCoqO3mghJpwg"
    documents = bundle(tmp_path, {**published, address: (200, {"keys": [{**key("c"), "x5t": x5t}]})})
    x509 = "Microsoft.IdentityModel.Tokens.X509SecurityKey"
    same = not_found({"kid": "z", "iss": ISSUER, **tried("C0FFEE", kind=x509, internal=x5t)}, documents)
    assert (same["keys_tried.stale"], same["keys_tried.current"]) == (False, True)
    other = not_found({"kid": "z", "iss": ISSUER, **tried("c", kind=x509, internal=x5t[::-1])}, documents)
    assert other["keys_tried.stale"] is True
    ecdsa = not_found({"kid": "z", **tried(None, kind="Microsoft.IdentityModel.Tokens.ECDsaSecurityKey")}, documents)
    assert "keys_tried.stale" not in ecdsa
