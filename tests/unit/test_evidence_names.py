"""Issuer and audience against what the API expects: the kind of difference decides the cause."""

from pathlib import Path

import pytest

from authlens.model import Frozen, Message, Statement, Token, TokenForm
from tests.unit.helpers.refusals import (
    CLIENT,
    ENTRA,
    ISSUER,
    ORG,
    OTHER,
    TENANT,
    bundle,
    decoded,
    failure,
    provider,
    row,
    scheme,
)


def issuer_row(expected: str, found: str, code: str = "IDX10205") -> dict[str, object]:
    one = failure(code, fields={"iss": found, "configuration_issuer": expected})
    return dict(row(one))


@pytest.mark.parametrize(
    ("expected", "found", "miss"),
    [
        (f"{ISSUER}/", ISSUER, "slash"),
        (ISSUER, ISSUER.replace("https", "http"), "scheme"),
        (ISSUER, "http://keycloak:8080/realms/shop", "host-alias"),
        (ISSUER, "https://10.0.2.2/realms/shop", "host-alias"),
        (ISSUER, "https://sso-stage.example.com/realms/shop", "environment"),
        (ISSUER, "https://sso.example.com/realms/other", "realm"),
        (ISSUER, OTHER, "other"),
        ("https://shop.eu.auth0.com/", "https://login.example.net/", "environment"),
        ("https://shop.eu.auth0.com/", "https://accounts.google.com", "other"),
        ("https://shop.eu.auth0.com/", "http://login.example.net/", "other"),
        (OTHER, f"{OTHER}:443", "port"),
        ("https://sso.example.com/auth/realms/shop", ISSUER, "path"),
        ("https://sso.example.com/realms/My%20Realm", "https://sso.example.com/realms/My Realm", "path"),
        ("https://www.example.net/realms/shop", "https://example.net/realms/shop", "host-alias"),
        ("http://localhost:5000/a", "http://[::1]:5000/a", "host-alias"),
        (ENTRA, f"https://sts.windows.net/{TENANT}/", "v1-v2"),
        ("https://sts.windows.net/{tenantid}/", f"https://sts.windows.net/{TENANT}/", "tenant-template"),
        (ENTRA, ENTRA.replace(TENANT, CLIENT), "tenant"),
        (ENTRA, ENTRA.replace(".com", ".us"), "environment"),
        (ENTRA, ENTRA.replace("login.", "login.partner.").replace(".com", ".cn"), "environment"),
        (ENTRA, f"https://sts.chinacloudapi.cn/{TENANT}/", "environment"),
        (ENTRA, ENTRA.replace("microsoftonline.com", "windows.net"), "host-alias"),
    ],
)
def test_the_nearest_difference_of_an_issuer_is_named(expected: str, found: str, miss: str) -> None:
    """A host that only an internal network knows is an alias; another public name is another installation."""
    assert issuer_row(expected, found)["iss.miss"] == miss


@pytest.mark.parametrize(
    ("expected", "found", "miss"),
    [
        ("https://api.example.net", "https://api.example.net:443", "port"),
        ("https://api.example.net:5000", "https://api.example.net:5001", "other"),
        ("https://api.example.net/auth/realms/a", "https://api.example.net/realms/a", "other"),
        (f"api://{CLIENT}", f"{CLIENT}/.default", "api-scheme"),
    ],
)
def test_the_nearest_difference_of_an_audiences_spelling_is_named(expected: str, found: str, miss: str) -> None:
    """The port that an address has anyway is a matter of spelling; another port is another API."""
    one = failure("IDX10214", fields={"aud": (found,), "valid_audience": expected})
    assert row(one)["aud.miss"] == miss


def test_a_number_is_no_issuer() -> None:
    """Old versions print an issuer of another JSON type as if it were a text."""
    assert issuer_row(ISSUER, "42")["iss.shape"] == "number"


@pytest.mark.parametrize(("said", "relation"), [("True", "expected"), ("False", "foreign"), ("'x'", None)])
def test_a_message_that_judges_the_issuer_without_showing_it_is_believed(said: str, relation: str | None) -> None:
    """IDX10516 of 6.10 to 6.27 says whether lifetime and issuer would have passed."""
    one = failure("IDX10516", f"Unable to match key. Valid Lifetime: 'True'. Valid Issuer: '{said}'")
    assert row(one).get("iss.relation") == relation


def test_an_issuer_of_another_scheme_is_told_from_a_foreign_one() -> None:
    """Several schemes on one endpoint: the first refuses what the second expects."""
    one = failure("IDX10205", fields={"iss": OTHER}, scheme="Shop")
    schemes = (scheme("Shop", issuers=(ISSUER,)), scheme("Partner", OTHER, issuers=(OTHER,)))
    assert row(one, None, *schemes)["iss.relation"] == "other-scheme"
    assert row(one, None, schemes[0])["iss.relation"] == "foreign"


def test_where_the_scheme_is_not_known_any_scheme_may_expect_the_issuer() -> None:
    """An application's own record names no scheme."""
    one = failure("IDX10501", fields={"iss": OTHER}, scheme=None)
    schemes = (scheme("Shop", issuers=(ISSUER,)), scheme("Partner", OTHER, issuers=(OTHER,)))
    assert row(one, None, *schemes)["iss.relation"] == "expected"


def test_a_validator_for_entra_fills_the_tenant_into_templates() -> None:
    """IDX40001 is no template taken literally."""
    found = issuer_row("https://login.microsoftonline.com/{tenantid}/v2.0", ENTRA, code="IDX40001")
    assert "iss.miss" not in found


def audience_row(expected: tuple[str, ...], found: tuple[str, ...]) -> dict[str, object]:
    return dict(row(failure("IDX10214", fields={"aud": found, "valid_audiences": expected})))


@pytest.mark.parametrize(
    ("expected", "found", "miss"),
    [
        ((CLIENT,), f"api://{CLIENT}", "api-scheme"),
        ((CLIENT, f"api://{CLIENT}"), f"api://{CLIENT}", "api-scheme"),
        (("https://api.example.com",), "https://api.example.com/", "slash"),
        (("shop-api",), "Shop-Api", "case"),
        (("orders",), "orders", "equal"),
        (("https://api.example.com",), "https://billing.example.com", "other"),
        (("https://localhost:7213",), "https://localhost:7001", "other"),
        (("shop-api",), "account", "other"),
    ],
)
def test_the_nearest_difference_of_an_audience_is_named(expected: tuple[str, ...], found: str, miss: str) -> None:
    """Microsoft.Identity.Web lists both forms of a client id and takes one by the token's version."""
    assert audience_row(expected, (found,))["aud.miss"] == miss


def test_an_audience_that_is_an_okta_org_server_is_recognised() -> None:
    """Without the issuer the audience itself tells."""
    found = audience_row(("http://api.example.com",), (ORG,))
    assert (found["idp.audience"], found["aud.shape"]) == ("okta-org", "uri")


@pytest.mark.parametrize("aud", ["00000003-0000-0000-c000-000000000000", "https://graph.microsoft.us/"])
def test_a_token_for_graph_is_known_by_its_audience(aud: str) -> None:
    """The message prints it even where the token is hidden."""
    assert audience_row((CLIENT,), (aud,))["token.kind"] == "graph"
    assert "token.kind" not in audience_row((f"api://{CLIENT}",), (CLIENT,))


def test_the_header_of_an_encrypted_token_names_its_issuer() -> None:
    """RFC 7519, 5.3: claims may be repeated there; those of a signed token's header prove nothing."""
    header = Frozen({"alg": "dir", "enc": "A256GCM", "iss": "https://shop.eu.auth0.com/"})
    sealed = Token(sha256="0" * 64, form=TokenForm.ENCRYPTED, header=header)
    assert row(failure("IDX10609", "Decryption failed.", token=sealed))["idp.header"] == "auth0"
    signed = decoded({"iss": ISSUER}, {"alg": "RS256", "iss": "https://shop.eu.auth0.com/"})
    assert "idp.header" not in row(failure("IDX10501", "Unable to match key", token=signed))


def test_a_message_that_prints_empty_says_that_there_is_no_audience() -> None:
    """``Audiences: 'empty'`` is knowledge; a hidden value is not."""
    message = Message(code="IDX10214", template="IDX10214: …", values=("empty", "orders", "null"))
    one = failure("IDX10214", statement=Statement(text="IDX10214: …", messages=(message,)))
    assert row(one)["aud.shape"] == "empty"
    assert "aud.shape" not in row(failure("IDX10214", hidden=("aud",)))


def test_an_audience_from_other_lines_does_not_explain_a_message_that_leaves_it_out() -> None:
    """From 8.16 on nothing is printed; what another line validated is another token's."""
    text = "Audience validation failed. See https://aka.ms/identitymodel/app-context-switches"
    one = failure("IDX10214", text, fields={"aud": ("orders",)})
    assert row(one, None, scheme())["aud.known"] is False
    token = decoded({"aud": "billing", "iss": ISSUER, "sub": "a"})
    assert (
        row(failure("IDX10214", text, fields={"aud": ("billing",)}, token=token), None, scheme())["aud.known"] is True
    )


def test_tenants_that_share_keys_are_told_from_those_that_do_not(tmp_path: Path) -> None:
    """Entra's tenants sign with common keys, two installations do not."""
    documents = bundle(tmp_path, {**provider(ISSUER, "a"), **provider(OTHER, "b")})
    one = failure("IDX10205", fields={"iss": OTHER, "configuration_issuer": ISSUER})
    assert row(one, documents, scheme())["iss.keys_shared"] is False
    shared = bundle(tmp_path, {**provider(ISSUER, "a"), **provider(OTHER, "a")})
    assert row(one, shared, scheme())["iss.keys_shared"] is True


def test_no_expectation_is_no_difference() -> None:
    """What is not known is missing."""
    found = row(failure("IDX10205", fields=Frozen({"iss": ISSUER})))
    assert "iss.miss" not in found
    assert "iss.relation" not in found
