from __future__ import annotations

import base64
import json

import pytest

from authlens.redact import Pseudonyms, fingerprint, is_personal, leaves, mask
from tests.unit.helpers.growth import is_linear


def b64(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


SIGNATURE = b64(bytes(range(256))[::-1])
JWT = f"{b64({'alg': 'RS256', 'kid': 'k1'})}.{b64({'sub': 'alice', 'exp': 1})}.{SIGNATURE}"


@pytest.mark.parametrize(
    "text",
    [
        f"token: '{JWT}'.",
        f"Authorization: Bearer {JWT}",
        f"/hub?access_token={JWT}&x=1",
        f"{JWT[:60]}…{JWT[-40:]}",
        f"{JWT[:60]}...{JWT[-40:]}",
        f"{JWT[:60]}[…]{JWT[-40:]}",
        f"({JWT})",
        f'{{"id_token":"{JWT}"}}',
        f'{{\\"id_token\\":\\"{JWT}\\"}}',
        b64({"typ": "JWT"}) + "." + b64({"sub": "x"}) + ".",
        SIGNATURE,
    ],
)
def test_no_part_of_a_token_stays(text: str) -> None:
    """Header, payload and signature go, whatever stands around them, also where a logger shortened the token."""
    masked = mask(text)
    assert all(part not in masked for part in JWT.split("."))
    assert SIGNATURE[-30:] not in masked
    assert JWT[:20] not in masked


def test_a_masked_token_can_be_recognised() -> None:
    """The mask holds the beginning of the token's SHA-256, so that two lines with one token look alike."""
    assert mask(f"token {JWT}.") == f"token [token {fingerprint(JWT)}]."


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("client_secret=Sup3r-Secret!&grant_type=x", "Sup3r-Secret!"),
        ('"ClientSecret": "Sup3r~Secret"', "Sup3r~Secret"),
        ('\\"password\\":\\"hunter2hunter2\\"', "hunter2hunter2"),
        ("Server=db;Password=hunter2;Encrypt=true", "hunter2"),
        ("https://idp/cb?code=0.AXoAa1&state=1", "0.AXoAa1"),
        ("https://user:pa55word@host/", "pa55word"),
        ("Authorization: Basic dXNlcjpwYXNzd29yZDE=", "dXNlcjpwYXNzd29yZDE"),
        (".AspNetCore.Cookies=CfDJ8abcdefghijklmnopqrstuvwxyz0123", "CfDJ8abcdefghijklmnopqrstuvwxyz0123"),
        ('{"kty":"oct","k":"c2VjcmV0LXNlY3JldC1zZWNyZXQ"}', "c2VjcmV0LXNlY3JldC1zZWNyZXQ"),
        ('"Jwt:Key": "hunter2hunter2"', "hunter2"),
        ("Jwt__Key=hunter2hunter2", "hunter2"),
        ('{"JwtSettings": {"Issuer": "x", "Key": "hunter2hunter2"}}', "hunter2"),
        ("AzureAd__ClientSecret=hunter2~x.y", "hunter2"),
        ("DB_PASSWORD=hunter2", "hunter2"),
        ("Server=db;Password=P@ss w0rd, too;Encrypt=true", "w0rd, too"),
        ('{"password": "two words"}', "words"),
        ("Cookie: a=b; session=hunter2; c=d", "hunter2"),
        ("state=hunter2&code=hunter2", "hunter2"),
        ("body: code=hunter2&x=1", "hunter2"),
        ("url=%2Fcb%3Fcode%3Dhunter2%26x%3D1", "hunter2"),
        ("Authorization=Basic%20dXNlcjpwYXNzd29yZDE", "dXNlcjpwYXNzd29yZDE"),
        ("value: QXV0aG9yaXphdGlvbjogQmFzaWMgaHVudGVyMg==", "aHVudGVyMg"),
        ("Tokens.SymmetricSecurityKey, KeyId: '', InternalId: 'pWjK3v'.", "pWjK3v"),
    ],
)
def test_secrets_go_wherever_their_name_tells(text: str, secret: str) -> None:
    """A value named as secret is replaced, with what stands around it left in place."""
    assert secret not in mask(text)
    assert mask(text)[:5] == text[:5]


@pytest.mark.parametrize("between", ["%2E", "%252e", "\\u002E", "&#46;", "/", '","', ".\\n", ".\n  "])
def test_the_signature_goes_however_the_segments_are_joined(between: str) -> None:
    """A short signature looks like a key id; behind a token it is none."""
    short = b64(bytes((i * 73 + 41) % 256 for i in range(32)))
    assert short[:12] not in mask(between.join((*JWT.split(".")[:2], short)))
    assert mask(f"kid: '{short}'") == f"kid: '{short}'"


@pytest.mark.parametrize("end", ["\n-----END RSA PRIVATE KEY-----", "", "\n…"])
def test_private_keys_go_whole_or_cut(end: str) -> None:
    """A PEM block needs no end to be recognised."""
    assert mask(f"key: -----BEGIN RSA PRIVATE KEY-----\nMIIEow{end}") == "key: [private key]"


@pytest.mark.parametrize(
    "text",
    [
        "IDX10503: Signature validation failed. Keys tried: 'Microsoft.IdentityModel.Tokens.RsaSecurityKey'.",
        "kid: 'l0WejcXBJT5eAA1PgxRHRi-Bfi2alARivYb_udpuWdg'",
        "Bearer was not authenticated. Failure message: IDX10223",
        "Basic authentication is not supported",
        "https://login.microsoftonline.com/7f3c1d52-9a4e-4c1b-8f3b-0c9a6f1d2e44/v2.0",
        "   at Microsoft.IdentityModel.JsonWebTokens.JsonWebTokenHandler.ValidateSignature(JsonWebToken jwtToken)",
        "[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]",
        "eyebrow and ewe",
        "The secret: a weak one can be guessed.",
        "exit.code=17&x=1",
        "code=IDX10503 state=Running HResult: 80131501 Authentication failed. Result: IDX10208: x",
        f"at {b64({'alg': 'RS256'})[:9]}\nMicrosoft.IdentityModel.Tokens.SecurityTokenSignatureKeyNotFoundException",
    ],
)
def test_what_an_operator_needs_stays(text: str) -> None:
    """Codes, key ids, issuers, types and help links are no secrets."""
    assert mask(text) == text


def test_a_nonce_may_be_as_long_as_a_signature() -> None:
    """With ``blobs`` off only what is known to be secret is masked."""
    nonce = f"638000000000000000.{SIGNATURE[:96]}"
    assert mask(nonce, blobs=False) == nonce


def test_masking_twice_changes_nothing() -> None:
    """A text that went through one room may go through the next."""
    text = f"Authorization: Bearer {JWT}; client_secret=abc123 {SIGNATURE}"
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "unit",
    [
        "eyJ",
        "eyJa.",
        "Bearer a",
        '\\"sub\\":\\"',
        "a@",
        "://a:",
        "=" * 3,
        "password=",
        "[token ",
        "signature=Ab1",
        "code=x",
        "cookie=a=b; ",
    ],
)
def test_masking_is_linear(unit: str) -> None:
    """What is made of the beginnings of what is looked for is read once, however long."""
    assert is_linear(lambda size: Pseudonyms().text(unit * (size // len(unit))), 60_000)


# --------------------------------------------------------------------------- people


def test_people_are_numbered_by_first_appearance() -> None:
    """The same value gets the same name."""
    names = Pseudonyms()
    assert [names.name(v) for v in ("b@x.org", "a@x.org", "b@x.org")] == ["user-1", "user-2", "user-1"]


def test_a_key_makes_names_stable_and_tells_nothing_without_it() -> None:
    """Two runs with one key agree whatever the order; another key gives other names."""
    first, second, other = Pseudonyms(key="k1"), Pseudonyms(key="k1"), Pseudonyms(key="k2")
    second.name("someone else")
    assert first.name("alice") == second.name("alice") != other.name("alice")
    assert "alice" not in first.name("alice")


def test_shown_people_are_still_no_secrets() -> None:
    """``--show-values`` shows people; tokens stay masked."""
    names = Pseudonyms(show=True)
    text = names.text(f"alice@example.org sent {JWT}")
    assert "alice@example.org" in text
    assert JWT not in text


@pytest.mark.parametrize(
    "text",
    [
        '{"sub":"alice smith"}',
        '{"alg":"none"}.{"sub":"alice smith","exp":1}',
        '{\\"sub\\":\\"alice smith\\"}',
        '{\\\\\\"sub\\\\\\":\\\\\\"alice smith\\\\\\"}',
        '{"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name" : "alice smith"}',
        '{"preferred_username":"alice smith',
        '{"name":"alice smith \\"the\\" x"}',
    ],
)
def test_personal_members_are_found_at_any_depth_of_escaping(text: str) -> None:
    """Printed tokens show their claims as JSON, in JSON logs escaped once or more, sometimes cut off."""
    masked = Pseudonyms().text(text)
    assert "alice" not in masked
    assert "user-1" in masked


@pytest.mark.parametrize("depth", range(4))
def test_a_masked_member_can_still_be_read(depth: int) -> None:
    """Only the value goes: quotes and escapes around it stay as they are."""
    text, masked = (json.dumps({"sub": who, "exp": 1}) for who in (r'al\\ "x" smith', "user-1"))
    for _ in range(depth):
        text, masked = json.dumps(text), json.dumps(masked)
    assert Pseudonyms().text(text) == masked


def test_other_members_stay() -> None:
    """Issuer, audience and expiry are what the report is about."""
    text = '{"iss":"https://idp.example","aud":"api://orders","exp":1795514400}'
    assert Pseudonyms().text(text) == text


def test_known_people_are_found_in_free_text() -> None:
    """A value that was a claim once is replaced in sentences, the longest fit first, words left whole."""
    names = Pseudonyms()
    names.name("alice")
    names.name("alice smith")
    assert names.text("sent by alice smith, not alice; alices stay") == "sent by user-2, not user-1; alices stay"


def test_what_is_technical_stays_however_it_was_found() -> None:
    """A client's id may be a subject, too: in free text, among the values given, and in a member."""
    names = Pseudonyms()
    names.name("orders-api")
    for known in (None, ["orders-api", "alice"]):
        assert names.text("orders-api and orders-api", known=known, keep=["orders-api"]) == "orders-api and orders-api"
        assert names.text("orders-api", known=known) == "user-1"
    assert names.text('{"sub":"orders-api"}', keep=["orders-api"]) == '{"sub":"orders-api"}'


def test_the_texts_of_a_value_are_found_at_any_depth_that_is_sound() -> None:
    """Numbers may be of persons; truth, nothing and what cannot be printed are not."""
    value = {"a": ["x", 7, {"b": (1.5, None, True)}], "c": None, "d": 10**5000}
    assert list(leaves(value)) == ["x", "7", "1.5"]
    deep: object = "x"
    for _ in range(100):
        deep = [deep]
    assert not list(leaves(deep))


@pytest.mark.parametrize(
    ("value", "text", "masked"),
    [
        ("(Bob) Smith", "sent by (Bob) Smith.", "sent by user-1."),
        ("alice (ops)", "sent by alice (ops), once", "sent by user-1, once"),
        ("@bob", "sent by @bob, not @bobby", "sent by user-1, not @bobby"),
        ("ana (", "ana (x", "user-1x"),
        ("ana b", "ana bc, ana b", "ana bc, user-1"),
    ],
)
def test_known_people_are_found_by_whatever_their_name_begins_and_ends_with(value: str, text: str, masked: str) -> None:
    """Words are left whole; where a name ends in a sign there is no word to leave."""
    names = Pseudonyms()
    names.name(value)
    assert names.text(text) == masked


def test_an_audience_that_looks_like_an_address_stays() -> None:
    """Values that are technical are kept although they have the form of a mail address."""
    audience = "api@project.iam.example.com"
    assert audience in Pseudonyms().text(f"aud {audience}", keep=[audience])


@pytest.mark.parametrize(
    ("name", "personal"),
    [
        ("sub", True),
        ("preferred_username", True),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress", True),
        ("iss", False),
        ("email_verified", False),
        ("scope", False),
    ],
)
def test_names_of_personal_claims(name: str, personal: bool) -> None:
    """Claim types are compared by their last part, whatever the case and the separators."""
    assert is_personal(name) is personal


STANDARD = (  # OpenID Connect Core 5.1, and RFC 7519
    "sub name given_name family_name middle_name nickname preferred_username profile picture website email gender "
    "birthdate phone_number address"
)
VENDORS = (  # Entra ID, AD FS and SAML claim types, Keycloak, Okta
    "oid upn unique_name ipaddr puid altsecid login_hint onprem_sid onprem_sam_account_name employeeid emails mail "
    "mobile fullName displayName surname uid sid primarysid nameid nameidentifier winaccountname "
    "windowsaccountname streetaddress emailaddress phone sAMAccountName"
)
LOGS = (  # properties that ASP.NET Core, Serilog's enrichers and proxies write
    "UserName UserId ClientIp ClientAddress ClientIpAddress RemoteIp RemoteIpAddress RemoteAddr remote_address "
    "CallerIp IpAddress"
)


@pytest.mark.parametrize("name", f"{STANDARD} {VENDORS} {LOGS}".split())
def test_a_person_is_known_by_the_name_of_the_member(name: str) -> None:
    """Whoever wrote it, as a JSON member and as a property of a log line."""
    assert "ada77" not in Pseudonyms().text(json.dumps({name: "ada77"}))
    assert is_personal(name)


def test_a_mask_tells_nothing_of_a_secret() -> None:
    """A weak secret could be guessed by trying candidates against a fingerprint: all secrets look alike."""
    assert mask("password=hunter2;") == mask("password=correct-horse;") == "password=[secret];"
