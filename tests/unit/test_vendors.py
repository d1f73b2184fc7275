"""Which identity provider an issuer belongs to, and what sort of token one is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from authlens import vendors
from tests.unit.helpers.growth import is_linear

TID = "72f988bf-86f1-41af-91ab-2d7cd011db47"

# One issuer or more a vendor: the issuer, the vendor, its family, and where its documents are.
ISSUERS = [
    ("https://acme.okta.com", "okta_org", "okta-org", "https://acme.okta.com/.well-known/openid-configuration"),
    ("https://dev-1.oktapreview.com", "okta_org", "okta-org", None),
    (
        "https://acme.okta.com/oauth2/default",
        "okta_custom",
        "okta-custom",
        "https://acme.okta.com/oauth2/default/.well-known/openid-configuration",
    ),
    ("https://acme.okta.com/oauth2/aus1abcDEF234ghi5d7", "okta_custom", "okta-custom", None),
    (
        f"https://sts.windows.net/{TID}/",
        "entra_v1",
        "entra-v1",
        f"https://login.microsoftonline.com/{TID}/.well-known/openid-configuration",
    ),
    (
        f"https://login.microsoftonline.com/{TID}/v2.0",
        "entra_v2",
        "entra-v2",
        f"https://login.microsoftonline.com/{TID}/v2.0/.well-known/openid-configuration",
    ),
    ("https://login.microsoftonline.com/{tenantid}/v2.0", "entra_multitenant", "entra-multitenant", None),
    ("https://sts.windows.net/{tenantid}/", "entra_multitenant", "entra-multitenant", None),
    (f"https://login.microsoftonline.us/{TID}/v2.0", "entra_usgov_v2", "entra-v2", None),
    (f"https://login.partner.microsoftonline.cn/{TID}/v2.0", "entra_china_v2", "entra-v2", None),
    (f"https://sts.chinacloudapi.cn/{TID}/", "entra_china_v1", "entra-v1", None),
    (f"https://contoso.b2clogin.com/{TID}/v2.0/", "b2c", "b2c", None),
    (f"https://contoso.b2clogin.com/tfp/{TID}/b2c_1_in/v2.0/", "b2c_tfp", "b2c", None),
    (f"https://{TID}.ciamlogin.com/{TID}/v2.0", "external_id", "ciam", None),
    ("https://acme.us.auth0.com/", "auth0", "auth0", "https://acme.us.auth0.com/.well-known/openid-configuration"),
    (
        "https://id.example.com/realms/prod",
        "keycloak",
        "keycloak",
        "https://id.example.com/realms/prod/.well-known/openid-configuration",
    ),
    ("http://localhost:8080/realms/dev", "keycloak", "keycloak", None),
    ("https://sso.example.com/auth/realms/prod", "keycloak_legacy", "keycloak", None),
    ("https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123", "cognito", "cognito", None),
    (
        "http://fs.contoso.com/adfs/services/trust",
        "adfs_access",
        "adfs",
        "https://fs.contoso.com/adfs/.well-known/openid-configuration",
    ),
    ("https://fs.contoso.com/adfs", "adfs_id", "adfs", None),
    ("accounts.google.com", "google", "google", "https://accounts.google.com/.well-known/openid-configuration"),
    ("https://securetoken.google.com/my-proj", "firebase", "firebase", None),
    ("https://session.firebase.google.com/my-proj", "firebase_session", "firebase", None),
    (f"https://auth.pingone.eu/{TID}/as", "pingone", "ping", None),
    ("https://acme.onelogin.com/oidc/2", "onelogin", "onelogin", None),
    ("https://token.actions.githubusercontent.com", "github_actions", "github", None),
    ("https://ghes.example.com/_services/token", "github_actions", "github", None),
    ("https://kubernetes.default.svc", "kubernetes", "kubernetes", None),
    ("kubernetes/serviceaccount", "kubernetes", "kubernetes", None),
    ("https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF", "eks", "kubernetes", None),
    (f"https://eastus.oic.prod-aks.azure.com/{TID}/{TID}/", "aks", "kubernetes", None),
    ("https://container.googleapis.com/v1/projects/p/locations/europe-west1/clusters/c", "gke", "kubernetes", None),
    (
        "https://api.botframework.com",
        "bot_framework",
        "bot-framework",
        "https://login.botframework.com/v1/.well-known/openidconfiguration",
    ),
    ("https://appleid.apple.com", "apple", "apple", None),
    ("https://login.salesforce.com", "salesforce", "salesforce", None),
    ("https://acme.authentication.eu10.hana.ondemand.com/oauth/token", "sap_xsuaa", "sap", None),
    ("https://acme.accounts.ondemand.com", "sap_ias", "sap", None),
    ("https://gitlab.com", "gitlab", "gitlab", None),
]


@pytest.mark.parametrize(("issuer", "vendor_id", "family", "discovery"), ISSUERS)
def test_an_issuer_tells_its_vendor(issuer: str, vendor_id: str, family: str, discovery: str | None) -> None:
    """By its form alone, and with the address of its documents."""
    vendor = vendors.identify(issuer)
    assert vendor is not None
    assert (vendor.id, vendor.family) == (vendor_id, family)
    if discovery is not None:
        assert vendor.discovery_url == discovery


def test_every_vendor_has_an_example() -> None:
    """A vendor is added with an issuer."""
    data = json.loads((Path(vendors.__file__).parent / "vendors_data" / "vendors.json").read_text("utf-8"))
    assert {vendor_id for _, vendor_id, _, _ in ISSUERS} == {entry["id"] for entry in data["vendors"]}


@pytest.mark.parametrize("tail", ["\n", " ", "?a=b", "#a", "/..", ".evil.example", "@evil.example", "%2f"])
@pytest.mark.parametrize("issuer", [i for i, *_ in ISSUERS if "realms" not in i and "ghes" not in i])
def test_look_alikes_are_nobody(issuer: str, tail: str) -> None:
    """What is appended to a vendor's issuer takes it out of the vendor's hands."""
    found = vendors.identify(issuer + tail)
    assert found is None or not found.fetch_allowed


@pytest.mark.parametrize(
    "issuer",
    [
        "https://okta.com.evil.example",
        "https://evil.example/https://acme.okta.com",
        "https://acme.okta.com.evil.example/oauth2/default",
        "https://evil.example@acme.okta.com",
        f"https://sts.windows.net.evil.example/{TID}/",
        "https://аcme.okta.com",
        "https://acme.okta.com:8443",
        f"https://evilb2clogin.com/{TID}/v2.0/",
        "",
    ],
)
def test_hosts_that_only_look_like_a_vendors_are_not_asked(issuer: str) -> None:
    """Suffixes, prefixes, user names, ports and letters of another alphabet."""
    found = vendors.identify(issuer)
    assert found is None or not found.fetch_allowed


def test_a_self_hosted_product_is_known_and_not_asked() -> None:
    """Anybody can run a Keycloak, and anybody can put its address into a token."""
    for issuer in ("https://10.0.0.1/realms/x", "https://id.example.com/realms/prod", "https://evil.example/adfs"):
        vendor = vendors.identify(issuer)
        assert vendor is not None
        assert not vendor.fetch_allowed


@pytest.mark.parametrize("part", ["a", ".", "-", "a.", "/a", "/realms", "/realms/", "a/", "1-"])
@pytest.mark.parametrize("head", ["https://", "http://x", "https://x/auth", "https://x/realms/", "https://login."])
def test_hostile_issuers_cost_little(head: str, part: str) -> None:
    """Patterns do not backtrack without bound, and none is tried on a giant."""

    def looked_up(size: int) -> None:
        for length in (2000, size):
            vendors.identify((head + part * length)[:length])
            vendors.issuer_of((head + part * length)[:length])

    assert is_linear(looked_up, 50_000)


def test_the_parts_of_an_issuer() -> None:
    """Tenant, host, realm, policy: what a message can name."""
    entra = vendors.identify(f"https://login.microsoftonline.com/{TID}/v2.0")
    keycloak = vendors.identify("http://localhost:8080/base/realms/dev")
    assert entra is not None
    assert keycloak is not None
    assert dict(entra.groups) == {"tid": TID}
    assert dict(keycloak.groups) == {"host": "localhost:8080", "base": "/base", "realm": "dev"}


def test_where_keys_are_published_and_how_often_they_change() -> None:
    """By the vendor's own rule of addresses; None where nothing is documented."""
    okta, cognito = (
        vendors.identify(issuer)
        for issuer in ("https://acme.okta.com", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1")
    )
    assert okta is not None
    assert okta.jwks_url == "https://acme.okta.com/oauth2/v1/keys"
    assert okta.rotation is not None
    assert cognito is not None
    assert cognito.rotation is None


# --------------------------------------------------------------------------- authorities


@pytest.mark.parametrize(
    ("authority", "issuer"),
    [
        (f"https://login.microsoftonline.com/{TID}/v2.0", f"https://login.microsoftonline.com/{TID}/v2.0"),
        (f"https://login.microsoftonline.com/{TID}/v2.0/", f"https://login.microsoftonline.com/{TID}/v2.0"),
        (f"https://login.microsoftonline.com/{TID}", f"https://sts.windows.net/{TID}/"),
        (f"https://login.microsoftonline.us/{TID}", f"https://sts.windows.net/{TID}/"),
        ("https://login.microsoftonline.com/common/v2.0", "https://login.microsoftonline.com/{tenantid}/v2.0"),
        ("https://login.microsoftonline.com/organizations", "https://sts.windows.net/{tenantid}/"),
        (
            "https://login.microsoftonline.com/consumers/v2.0",
            "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        ),
        (f"https://contoso.ciamlogin.com/{TID}/v2.0", f"https://{TID}.ciamlogin.com/{TID}/v2.0"),
        ("https://acme.eu.auth0.com", "https://acme.eu.auth0.com/"),
        ("https://ACME.okta.com/", "https://acme.okta.com"),
        ("https://acme.okta.com/oauth2/default/", "https://acme.okta.com/oauth2/default"),
        ("https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0", None),
        ("https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_in/v2.0", None),
        ("https://id.example.com/realms/prod", None),
    ],
)
def test_the_issuer_that_an_authority_is_certain_to_publish(authority: str, issuer: str | None) -> None:
    """Where the vendor leaves no choice; a tenant's name or a server of one's own leaves one."""
    assert vendors.issuer_of(authority) == issuer


@pytest.mark.parametrize("address", ["https://acme.auth0.com", "HTTPS://ACME.auth0.com/", " https://acme.auth0.com/ "])
def test_an_issuer_written_differently_resembles_its_vendor(address: str) -> None:
    """Slash, case and blanks do not hide whom it means; they do hide it from ``identify``."""
    vendor = vendors.resembling(address)
    assert vendor is not None
    assert vendor.id == "auth0"
    assert vendors.identify(address) is None


# --------------------------------------------------------------------------- kinds of token

V2 = f"https://login.microsoftonline.com/{TID}/v2.0"
V1 = f"https://sts.windows.net/{TID}/"
OKTA = "https://acme.okta.com"
KEYCLOAK = "https://id.example.com/realms/prod"
COGNITO = "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbCdEf123"

KINDS: list[tuple[str, Mapping[str, object], Mapping[str, object], str]] = [
    ("access", {"typ": "at+jwt"}, {"iss": "https://x.example"}, "RFC 9068 says so"),
    ("access", {"typ": "application/at+JWT"}, {"iss": "https://x.example"}, "media types have no case"),
    ("logout", {"typ": "logout+jwt"}, {"iss": "https://x.example"}, "back-channel logout"),
    ("unknown", {"typ": "dpop+jwt"}, {"iss": "https://x.example", "scope": "a"}, "a proof is no access token"),
    ("graph", {"nonce": "n"}, {"iss": V1, "aud": "https://graph.microsoft.com", "scp": "a"}, "nonce and audience"),
    ("graph", {"nonce": "n"}, {"iss": V1, "aud": "00000003-0000-0000-c000-000000000000"}, "the audience as id"),
    ("graph", {"nonce": "n"}, {"iss": V1, "aud": "https://management.azure.com/"}, "another service of Microsoft's"),
    ("graph", {}, {"iss": V2, "aud": "https://graph.microsoft.com/", "scp": "a"}, "no nonce, but for Graph"),
    ("v1", {}, {"iss": V1, "ver": "1.0", "appid": "a", "scp": "b", "aud": "api://c"}, "Entra, first version"),
    ("v2", {}, {"iss": V2, "ver": "2.0", "azp": "a", "scp": "b", "aud": "a"}, "the client is the API itself"),
    ("v2", {}, {"iss": V2, "ver": "2.0", "azp": "a", "roles": ["b"], "aud": "c"}, "an application's own token"),
    ("id", {}, {"iss": V2, "ver": "2.0", "nonce": "a", "roles": ["b"], "aud": "c"}, "ID tokens carry roles, too"),
    ("org-server", {}, {"iss": OKTA, "aud": OKTA, "cid": "a", "scp": ["b"]}, "Okta's org server"),
    ("org-server", {}, {"iss": OKTA, "aud": OKTA}, "known by its audience alone"),
    ("id", {}, {"iss": OKTA, "aud": "0oa1", "nonce": "a", "amr": ["pwd"]}, "an ID token of the org server"),
    ("access", {}, {"iss": f"{OKTA}/oauth2/default", "cid": "a", "scp": ["b"]}, "a custom server's is fine"),
    ("refresh", {"alg": "HS512"}, {"iss": KEYCLOAK, "typ": "Refresh", "scope": "a"}, "Keycloak's refresh token"),
    ("refresh", {}, {"iss": KEYCLOAK, "typ": "Offline"}, "and the offline one"),
    ("id", {}, {"iss": KEYCLOAK, "typ": "ID", "azp": "a", "aud": "a"}, "Keycloak names its ID tokens"),
    ("access", {}, {"iss": KEYCLOAK, "typ": "Bearer", "azp": "a", "nonce": "b"}, "and its access tokens"),
    ("access", {}, {"iss": COGNITO, "token_use": "access", "client_id": "a"}, "Cognito"),
    ("id", {}, {"iss": COGNITO, "token_use": "id", "aud": "a"}, "Cognito"),
    ("id", {}, {"iss": "accounts.google.com", "aud": "a", "azp": "a", "email": "x"}, "Google issues no other JWT"),
    ("id", {}, {"iss": "https://x.example", "aud": "a", "azp": "a"}, "the audience is the client"),
    ("id", {}, {"iss": "https://x.example", "aud": "a", "at_hash": "b"}, "bound to an access token"),
    ("access", {}, {"iss": "https://x.example", "aud": ["a", "b"], "azp": "a", "scope": "c"}, "Auth0"),
    (
        "logout",
        {},
        {"iss": "https://x.example", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
        "logout without typ",
    ),
    ("unknown", {}, {"iss": "contoso-auth", "aud": "b", "sub": "c"}, "nothing tells"),
    ("unknown", {"typ": 5}, {"iss": 7, "aud": {"a": 1}, "azp": None, "typ": [], "events": 3}, "garbage"),
]


@pytest.mark.parametrize(("kind", "header", "claims", "why"), KINDS, ids=[f"{k}-{w}" for k, _, _, w in KINDS])
def test_the_kind_of_a_token(kind: str, header: Mapping[str, object], claims: Mapping[str, object], why: str) -> None:
    """By what it declares, then by the claims that only this kind carries."""
    issuer = claims["iss"]
    vendor = vendors.identify(issuer) if isinstance(issuer, str) else None
    assert vendors.token_kind(vendor, header, claims) == kind
