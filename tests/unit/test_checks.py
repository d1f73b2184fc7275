"""trust.checks: each check by itself, with what it expected and what it found."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from authlens.model import Check, CheckVerdict, Expectations, Key, KeySet, Verdict
from authlens.tokens import find, parse
from authlens.trust import keys as published
from authlens.trust.checks import nearmiss
from authlens.trust.checks.case import utc
from authlens.trust.checks.library import OLD_HANDLER
from authlens.trust.checks.library import library as read_library
from authlens.trust.validate import judge

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SECOND = int(NOW.timestamp())
ISSUER, AUDIENCE = "https://id.example/v2.0", "api://orders"
DEMANDS = Expectations(source="appsettings.json", issuers=(ISSUER,), audiences=(AUDIENCE,))
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
SECRET = b"0123456789abcdef0123456789abcdef"


def encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def claims(**more: Any) -> dict[str, Any]:
    found = {"iss": ISSUER, "aud": AUDIENCE, "exp": SECOND + 600, "nbf": SECOND - 600, **more}
    return {name: value for name, value in found.items() if value is not ...}


def signed(header: dict[str, Any], payload: dict[str, Any], key: Any = RSA_KEY) -> str:
    text = f"{encode(json.dumps(header).encode())}.{encode(json.dumps(payload).encode())}"
    return f"{text}.{encode(signature(header['alg'], text.encode(), key))}"


def signature(alg: str, message: bytes, key: Any) -> bytes:
    if alg == "EdDSA":
        return bytes(key.sign(message))
    if alg.startswith("HS"):
        return hmac.new(key, message, hashlib.sha256).digest()
    if alg.startswith("ES"):
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    salted = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    return bytes(key.sign(message, salted if alg.startswith("PS") else padding.PKCS1v15(), hashes.SHA256()))


def jwk(key: Any, kid: str | None, **more: Any) -> dict[str, Any]:
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        members: dict[str, Any] = {"kty": "RSA", "n": encode(numbers.n.to_bytes(256, "big")), "e": "AQAB"}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        x, y = encode(point.x.to_bytes(32, "big")), encode(point.y.to_bytes(32, "big"))
        members = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
    else:
        members = {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes_raw())}
    return {"kid": kid, **members, **more}


def key_set(*entries: dict[str, Any]) -> tuple[Key, ...]:
    return published.parse({"keys": list(entries)})


KEYS = key_set(jwk(RSA_KEY, "k-1"), jwk(OTHER, "k-2"), jwk(EC_KEY, "e-1"))
HEADER = {"alg": "RS256", "kid": "k-1", "typ": "JWT"}
GOOD = signed(HEADER, claims())


def ask(
    raw: str, *, keys: Any = KEYS, demands: Expectations = DEMANDS, at: datetime | None = NOW, **more: Any
) -> Verdict:
    return judge(parse(raw), keys, demands, at, **more)


def check(judgement: Verdict, name: str) -> Check:
    return next(found for found in judgement.checks if found.name == name)


def demands(**more: Any) -> Expectations:
    return Expectations(**{"source": "x", "issuers": (ISSUER,), "audiences": (AUDIENCE,), **more})


def test_a_good_token_passes_every_check() -> None:
    """All checks run, and each says what it found."""
    judgement = ask(GOOD)
    assert (judgement.valid, judgement.code) == (True, None)
    assert {found.verdict for found in judgement.checks} == {CheckVerdict.PASS}
    assert check(judgement, "signature.kid-published").found == "k-1"
    assert check(judgement, "issuer.matches").expected == ISSUER
    assert len(judgement.checks) > 18


def test_all_checks_run_though_the_first_fails() -> None:
    """A token with five faults shows five."""
    raw = signed({"alg": "RS256", "kid": "k-9", "typ": "x"}, claims(iss="i", aud="a", exp=SECOND - 900, nbf=...), OTHER)
    judgement = ask(raw, demands=demands(types=("at+jwt",)))
    failed = {found.name: found.code for found in judgement.checks if found.verdict is CheckVerdict.FAIL}
    assert failed == {
        "lifetime.not-expired": "IDX10223",
        "issuer.matches": "IDX10205",
        "audience.matches": "IDX10214",
        "type.accepted": "IDX10257",
        "signature.kid-published": None,
    }
    assert check(judgement, "signature.valid").found == "RSA kid k-2"


@pytest.mark.parametrize(
    ("alg", "kid", "key"),
    [("RS256", "k-1", RSA_KEY), ("PS256", "k-1", RSA_KEY), ("ES256", "e-1", EC_KEY)],
)
def test_signatures_verify(alg: str, kid: str, key: Any) -> None:
    """Over the bytes as they stand in the token, which no JSON writer would write again."""
    assert check(ask(signed({"alg": alg, "kid": kid}, claims(), key)), "signature.valid").verdict is CheckVerdict.PASS
    bad = signed({"alg": alg, "kid": kid}, claims(), key)[:-8] + "AAAAAAAA"
    assert (ask(bad).valid, ask(bad).code) == (False, "IDX10511")


@pytest.mark.parametrize(
    ("alg", "means", "kid", "key"),
    [
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "RS256", "k-1", RSA_KEY),
        ("http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", "PS256", "k-1", RSA_KEY),
        ("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", "ES256", "e-1", EC_KEY),
    ],
)
def test_the_names_of_xml_signature_are_taken_for_algorithms(alg: str, means: str, kid: str, key: Any) -> None:
    """SigningCredentials with SecurityAlgorithms.RsaSha256Signature write them, and the library verifies them."""
    text = ".".join(encode(json.dumps(part).encode()) for part in ({"alg": alg, "kid": kid}, claims()))
    judgement = ask(f"{text}.{encode(signature(means, text.encode(), key))}")
    assert judgement.valid is True
    assert check(judgement, "algorithm.fits-key").found == f"{alg} with {'EC' if means[0] == 'E' else 'RSA'} kid {kid}"
    only = demands(algorithms=(means,))
    assert ask(f"{text}.{encode(signature(means, text.encode(), key))}", demands=only).valid is False  # ordinal


def test_each_algorithm_of_elliptic_curves_has_its_own_curve() -> None:
    """RFC 7518, section 3.4: ES384 with a key on P-256 is refused though both are of one family."""
    judgement = ask(signed({"alg": "ES384", "kid": "e-1"}, claims(), EC_KEY))
    fits = check(judgement, "algorithm.fits-key")
    assert (fits.verdict, fits.expected, fits.found) == (CheckVerdict.FAIL, "ES256", "ES384")
    assert judgement.code == "IDX10511"


def test_a_key_the_library_leaves_out_is_named() -> None:
    """The signature is good, and still no API can verify it."""
    judgement = ask(signed({"alg": "EdDSA", "kid": "ed"}, claims(), ED_KEY), keys=key_set(jwk(ED_KEY, "ed")))
    assert judgement.valid is False
    assert check(judgement, "signature.kid-published").verdict is CheckVerdict.PASS
    assert "the library leaves it out" in (check(judgement, "signature.key-usable").why or "")
    assert "it verifies with OKP kid ed" in (check(judgement, "signature.valid").why or "")


def test_a_signature_by_another_published_key_is_told() -> None:
    """The kid names the wrong key: the library tries that one only."""
    judgement = ask(signed({"alg": "RS256", "kid": "k-1"}, claims(), OTHER))
    assert judgement.code == "IDX10511"
    assert "verifies with RSA kid k-2, which the token does not name" in (check(judgement, "signature.valid").why or "")


def test_without_a_kid_all_keys_are_tried() -> None:
    """No kid and a fitting key is valid; no kid and none is IDX10517, or IDX10503 before 7.2."""
    assert ask(signed({"alg": "RS256"}, claims(), OTHER)).valid is True
    stranger = signed({"alg": "RS256"}, claims(), rsa.generate_private_key(public_exponent=65537, key_size=2048))
    assert [ask(stranger, library=v).code for v in ("5", "6", "7.1.2", "7", "8")] == [
        *("IDX10503", "IDX10503", "IDX10503", "IDX10517", "IDX10517")
    ]


def test_secrets_verify_where_they_are_given() -> None:
    """HS256 with a secret; never with a published key set; and a short secret is refused, from 6.30 on at 256 bits."""
    raw = signed({"alg": "HS256"}, claims(), SECRET)
    assert ask(raw, keys=(), secret=SECRET).valid is True
    assert ask(raw).code == "IDX10517"
    assert "published key set holds none" in (check(ask(raw), "signature.valid").why or "")
    short = signed({"alg": "HS256"}, claims(), SECRET[:20])
    assert check(ask(short, keys=(), secret=SECRET[:20]), "algorithm.fits-key").found == "160 bits"
    assert ask(short, keys=(), secret=SECRET[:20], library="6").valid is True


def test_unknown_is_said_with_a_reason() -> None:
    """No keys, no time, no settings: unknown, never fine."""
    nothing = ask(GOOD, keys=None, demands=Expectations(), at=None)
    assert (nothing.valid, nothing.code) == (None, None)
    for name in (
        "signature.valid",
        "signature.kid-published",
        "issuer.matches",
        "audience.matches",
        "lifetime.not-expired",
    ):
        found = check(nothing, name)
        assert (found.verdict, bool(found.why)) == (CheckVerdict.UNKNOWN, True)
    assert check(ask(GOOD, keys=KeySet(unavailable="nobody was asked")), "signature.valid").why == "nobody was asked"
    assert all(found.why for found in nothing.checks if found.verdict is CheckVerdict.UNKNOWN)


def test_keys_in_the_settings_leave_the_signature_open() -> None:
    """A key that is configured but not read may be the one."""
    stranger = signed(
        {"alg": "RS256", "kid": "own"}, claims(), rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    judgement = ask(stranger, demands=demands(has_keys=True))
    assert judgement.valid is None
    assert "hold keys of their own" in (check(judgement, "signature.valid").why or "")


@pytest.mark.parametrize(
    ("text", "signature_why", "valid"),
    [
        (
            'token: \'{"alg":"RS256","kid":"k-1"}.{"iss":"https://id.example/v2.0","exp":1795521600}\'',
            "no signature",
            None,
        ),
        (f"token: '{GOOD.rpartition('.')[0]}'.", "no signature", None),
        ("token: '[PII is hidden]'.", "PII switch", None),
        ("Failed to validate the token [redacted]", "redacted", None),
    ],
)
def test_a_token_without_its_signature_leaves_it_open(text: str, signature_why: str, valid: bool | None) -> None:
    """What the log does not hold cannot be verified, and cannot be refused either."""
    (token,) = find(text)
    judgement = judge(token, KEYS, demands(validate_audience=False, require_expiration=True), NOW)
    found = check(judgement, "signature.valid")
    assert found.verdict is CheckVerdict.UNKNOWN
    assert signature_why in (found.why or "")
    assert judgement.valid is valid


def test_a_header_alone_still_tells_the_kid() -> None:
    """Which key was asked for can be checked without claims."""
    (token,) = find("IDX10503: … token: '" + json.dumps({"alg": "RS256", "kid": "old"}) + ".'")
    judgement = judge(token, KEYS, DEMANDS, NOW)
    assert (judgement.valid, judgement.code) == (False, "IDX10503")
    assert check(judgement, "issuer.matches").verdict is CheckVerdict.UNKNOWN


@pytest.mark.parametrize(
    ("kid", "words"),
    [
        ("K-1", "differs only in case"),
        ("k-1=", "differs only in case or padding"),
        ("gone", None),
    ],
)
def test_an_unpublished_kid_says_what_is_near(kid: str, words: str | None) -> None:
    """A kid compared by eye is not the same as one compared ordinally."""
    found = check(ask(signed({"alg": "RS256", "kid": kid}, claims())), "signature.kid-published")
    assert found.verdict is CheckVerdict.FAIL
    assert found.expected == "k-1, k-2, e-1"
    assert (words or "") in (found.why or "")


# --------------------------------------------------------------------------- lifetime


@pytest.mark.parametrize(
    ("dates", "name", "code"),
    [
        ({"exp": SECOND - 300}, None, None),
        ({"exp": SECOND - 301}, "lifetime.not-expired", "IDX10223"),
        ({"nbf": SECOND + 300}, None, None),
        ({"nbf": SECOND + 301}, "lifetime.already-valid", "IDX10222"),
        ({"nbf": SECOND + 601}, "lifetime.consistent", "IDX10224"),
        ({"exp": ...}, "lifetime.has-expiration", "IDX10225"),
        ({"exp": -1, "nbf": ...}, "lifetime.not-expired", "IDX10223"),
        ({"exp": SECOND - 300.5, "nbf": ...}, None, None),
        ({"exp": 10**17}, None, None),
        ({"exp": str(SECOND + 600)}, None, None),
        ({"exp": "600.0e0", "nbf": ...}, "lifetime.not-expired", "IDX10223"),
    ],
)
def test_lifetime_is_the_libraries_arithmetic(dates: dict[str, Any], name: str | None, code: str | None) -> None:
    """Skew on both sides, halves to even, nothing before 1970, dates as text."""
    judgement = ask(signed(HEADER, claims(**dates)))
    assert judgement.code == code
    if name:
        assert check(judgement, name).code == code


def test_lifetime_is_judged_at_the_time_of_the_record() -> None:
    """Never by the clock."""
    assert ask(GOOD, at=NOW + timedelta(days=400)).code == "IDX10223"
    assert ask(GOOD, at=NOW - timedelta(days=400)).code == "IDX10222"


def test_milliseconds_are_noticed_though_the_library_accepts_them() -> None:
    """An exp in milliseconds is far in the future; 5.x and 6.x read it as missing."""
    raw = signed(HEADER, claims(exp=(SECOND + 600) * 1000))
    assert (ask(raw).valid, check(ask(raw), "lifetime.in-seconds").verdict) == (True, CheckVerdict.FAIL)
    old = ask(raw, library="6")
    assert old.code == "IDX10225"
    assert check(old, "lifetime.has-expiration").expected == "at most 2147483647"
    assert ask(raw, library="6", handler="JsonWebTokenHandler").valid is True


def test_switched_off_checks_are_not_asked() -> None:
    """ValidateIssuer = false and its like."""
    raw = signed(HEADER, claims(iss="x", aud="y", exp=1, nbf=...))
    off = demands(validate_issuer=False, validate_audience=False, validate_lifetime=False)
    judgement = ask(raw, demands=off)
    assert judgement.valid is True
    assert "switch" in (check(judgement, "issuer.matches").why or "")


# --------------------------------------------------------------------------- issuer, audience, type


@pytest.mark.parametrize(
    ("more", "name", "code"),
    [
        ({"iss": ...}, "issuer.present", "IDX10211"),
        ({"iss": "  "}, "issuer.present", "IDX10211"),
        ({"iss": ISSUER + "/"}, "issuer.matches", "IDX10205"),
        ({"iss": ISSUER.upper()}, "issuer.matches", "IDX10205"),
        ({"aud": ...}, "audience.present", "IDX10206"),
        ({"aud": []}, "audience.present", "IDX10206"),
        ({"aud": [None]}, "audience.present", "IDX10206"),
        ({"aud": "other"}, "audience.matches", "IDX10214"),
        ({"aud": AUDIENCE.upper()}, "audience.matches", "IDX10214"),
        ({"iss": 42}, "form.payload-readable", "IDX14101"),
        ({"aud": 42}, "form.payload-readable", "IDX14101"),
        ({"exp": "soon"}, "form.payload-readable", "IDX14101"),
    ],
)
def test_who_and_for_whom(more: dict[str, Any], name: str, code: str) -> None:
    """Ordinal comparison, and types that System.Text.Json insists on."""
    judgement = ask(signed(HEADER, claims(**more)))
    assert (judgement.code, check(judgement, name).code) == (code, code)


def test_a_final_slash_is_forgiven_for_audiences_from_6_on() -> None:
    """IgnoreTrailingSlashWhenValidatingAudience; never for issuers."""
    raw = signed(HEADER, claims(aud=["x", AUDIENCE + "/"]))
    assert ask(raw).valid is True
    assert ask(raw, library="5").code == "IDX10214"
    assert ask(signed(HEADER, claims(aud=...)), library="5").code == "IDX10214"


def test_the_discovery_documents_issuer_is_accepted() -> None:
    """JwtBearer adds it to the configured ones; a {tenantid} in it is compared as it stands."""
    keys = KeySet(issuer=ISSUER, keys=KEYS)
    assert ask(GOOD, keys=keys, demands=demands(issuers=())).valid is True
    template = KeySet(issuer="https://login.microsoftonline.com/{tenantid}/v2.0", keys=KEYS)
    tenant = "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"
    judgement = ask(signed(HEADER, claims(iss=tenant)), keys=template, demands=demands(issuers=()))
    assert judgement.code == "IDX10205"
    assert "stands for any tenant" in (check(judgement, "issuer.matches").why or "")


def test_types_are_compared_ordinally() -> None:
    """To the library, "application/at+jwt" is not "at+jwt"."""
    for typ, code in (("at+jwt", None), ("application/at+jwt", "IDX10257"), ("AT+JWT", "IDX10257"), (None, "IDX10256")):
        header = {"alg": "RS256", "kid": "k-1", "typ": typ}
        assert ask(signed(header, claims()), demands=demands(types=("at+jwt",))).code == code


def test_algorithms_not_allowed_surface_as_the_signatures_code() -> None:
    """IDX10696 is caught inside; the outermost code is the one that counts."""
    judgement = ask(GOOD, demands=demands(algorithms=("ES256",)))
    assert (judgement.code, check(judgement, "algorithm.accepted").code) == ("IDX10511", "IDX10511")
    assert check(judgement, "algorithm.accepted").expected == "ES256"
    assert ask(GOOD, demands=demands(algorithms=("ES256",)), library="5").valid is True


def test_keys_and_addresses_of_the_header_are_reported_and_never_used() -> None:
    """jku, x5u, jwk, crit: noted; the verdict is the library's."""
    header = {**HEADER, "jku": "https://evil.example/", "crit": ["b64"], "jwk": jwk(OTHER, "k-1")}
    judgement = ask(signed(header, claims()))
    assert judgement.valid is True
    assert check(judgement, "header.no-key-of-its-own").found == "jku, jwk"
    assert check(judgement, "header.critical-understood").verdict is CheckVerdict.FAIL


def test_untrusted_text_is_cut_and_cleaned() -> None:
    """A kid of a megabyte or with terminal escapes is not repeated as it is."""
    judgement = ask(signed({"alg": "RS256", "kid": "\x1b[31m" + "k" * 5000}, claims(iss="\u202e" + "i" * 5000)))
    for found in judgement.checks:
        for text in (found.found, found.expected, found.why):
            assert text is None or (len(text) < 600 and text.isprintable())


def test_the_old_handler_has_codes_of_its_own() -> None:
    """JwtSecurityTokenHandler, which JwtBearer used until 7.x: no code for what is no JWT."""
    assert read_library("6").handler == OLD_HANDLER
    assert read_library("8").handler != OLD_HANDLER
    for raw in ("opaque", "a.b", f'"{GOOD}"', f"Bearer {GOOD}"):
        assert (ask(raw, library="6").valid, ask(raw, library="6").code) == (False, None)
    broken = GOOD.split(".")
    broken[1] = broken[1][:-9]
    assert ask(".".join(broken), library="6").code == "IDX12723"
    assert ask(".".join(broken), library="8").code == "IDX14101"


def test_an_unknown_kid_by_version() -> None:
    """IDX10501, then IDX10516 where issuer or lifetime are bad, then claims first and IDX10503."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    raw = signed({"alg": "RS256", "kid": "gone"}, claims(), stranger)
    bad = signed({"alg": "RS256", "kid": "gone"}, claims(iss="x"), stranger)
    versions = ("5", "6", "6.15.1", "6.35.0", "7", "8")
    assert [ask(raw, library=v).code for v in versions] == ["IDX10501"] * 3 + ["IDX10503"] * 3
    assert [ask(bad, library=v).code for v in versions] == [
        *("IDX10501", "IDX10501", "IDX10516", "IDX10205", "IDX10205", "IDX10205")
    ]
    assert [ask(raw, keys=(), library=v).code for v in versions] == ["IDX10501"] * 3 + ["IDX10500"] * 3


# --------------------------------------------------------------------------- near misses

TENANT = "11111111-2222-3333-4444-555555555555"
V1, V2 = f"https://sts.windows.net/{TENANT}/", f"https://login.microsoftonline.com/{TENANT}/v2.0"


@pytest.mark.parametrize(
    ("expected", "found", "kind"),
    [
        (ISSUER, ISSUER, None),
        (ISSUER, ISSUER + "/", "slash"),
        (ISSUER, ISSUER.upper(), "case"),
        (ISSUER, f" {ISSUER}", "whitespace"),
        (ISSUER, ISSUER.replace("https", "http"), "scheme"),
        ("https://id.example:443/realms/a", "https://id.example/realms/a", "port"),
        ("https://id.example", "https://id.example:443", "port"),
        ("http://id.example:80/a", "http://id.example/a", "port"),
        ("http://localhost:5000", "http://[::1]:5000", "host-alias"),
        ("https://www.id.example", "https://id.example", "host-alias"),
        ("https://id.example/realms/a", "https://id.example:8443/realms/a", "port"),
        ("https://id.example/realms/a", "http://keycloak:8080/realms/a", "host-alias"),
        ("https://id.example/", "http://localhost:5000", "host-alias"),
        ("https://id.example/realms/a", "https://id.example/realms/b", "realm"),
        (V1, V2, "v1-v2"),
        (V2, V1, "v1-v2"),
        (V2, V2.replace("1111", "9999"), "tenant"),
        ("https://login.microsoftonline.com/{tenantid}/v2.0", V2, "tenant-template"),
        ("https://login.microsoftonline.com/common/v2.0", V2, "tenant-template"),
        (f"{ISSUER},https://other.example", ISSUER, "list"),
        (ISSUER, "https://evil.example/x", None),
        (ISSUER, "", None),
        (ISSUER, "x" * 100_000, None),
    ],
)
def test_issuers_that_nearly_match(expected: str, found: str, kind: str | None) -> None:
    """The kind of difference decides the remedy."""
    assert nearmiss.issuer(expected, found) == kind


@pytest.mark.parametrize(
    ("expected", "found", "kind"),
    [
        (f"api://{TENANT}", TENANT, "api-scheme"),
        (TENANT, f"api://{TENANT}", "api-scheme"),
        (f"api://contoso.example/{TENANT}", TENANT, "api-scheme"),
        ("api://orders", "orders", "api-scheme"),
        (TENANT, f"spn:{TENANT}", "api-scheme"),
        (f"api://{TENANT}", f"{TENANT}/.default", "api-scheme"),
        ("api://orders", "api://orders/.default", "realm"),
        (f"api://{TENANT}", f"api://{TENANT}/.default", "api-scheme"),
        ("api://orders", "api://orders/", "slash"),
        ("api://orders", "API://Orders", "case"),
        ("orders", "orders,shop", "list"),
        ("orders", '["orders","shop"]', "list"),
        ("https://api.example/", "http://api.example/", "scheme"),
        ("orders", "shop", None),
    ],
)
def test_audiences_that_nearly_match(expected: str, found: str, kind: str | None) -> None:
    """An App ID URI is not the application's id, though Entra uses both."""
    assert nearmiss.audience(expected, found) == kind


# --------------------------------------------------------------------------- Microsoft.Identity.Web

ENTRA_HOST = "https://login.microsoftonline.com"
ANY_TENANT = Expectations(issuers=(f"{ENTRA_HOST}/{{tenantid}}/v2.0",), audiences=(AUDIENCE,), by_tenant=True)
ONE_TENANT = Expectations(issuers=(f"{ENTRA_HOST}/{TENANT}/v2.0",), audiences=(AUDIENCE,), by_tenant=True)
B2C = Expectations(issuers=(f"https://contoso.b2clogin.com/{TENANT}/v2.0/",), audiences=(AUDIENCE,), by_tenant=True)
OTHER_TENANT = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"


@pytest.mark.parametrize(
    ("demands", "iss", "tid", "code"),
    [
        (ANY_TENANT, f"{ENTRA_HOST}/{TENANT}/v2.0", TENANT, None),
        (ANY_TENANT, f"https://sts.windows.net/{TENANT}/", TENANT, None),
        (ANY_TENANT, f"{ENTRA_HOST}/{TENANT}/v2.0", OTHER_TENANT, "IDX40001"),
        (ANY_TENANT, f"{ENTRA_HOST}/{OTHER_TENANT.upper()}/v2.0", OTHER_TENANT, "IDX40001"),
        (ANY_TENANT, f"https://login.microsoftonline.us/{TENANT}/v2.0", TENANT, "IDX40001"),
        (ANY_TENANT, f"{ENTRA_HOST}/{TENANT}/v2.0", ..., None),  # the issuer names the tenant
        (ANY_TENANT, "https://id.example/", ..., "IDX40003"),
        (ANY_TENANT, ..., TENANT, "IDX40001"),
        (ANY_TENANT, ..., ..., "IDX40003"),
        (ONE_TENANT, f"https://sts.windows.net/{TENANT}/", TENANT, None),
        (ONE_TENANT, f"{ENTRA_HOST}/{OTHER_TENANT}/v2.0", OTHER_TENANT, "IDX40001"),
        (B2C, f"https://contoso.b2clogin.com/{TENANT}/v2.0/", ..., None),
        (B2C, f"https://contoso.b2clogin.com/tfp/{TENANT}/b2c_1_in/v2.0/", ..., "IDX40002"),
    ],
)
def test_issuers_are_compared_by_tenant(demands: Expectations, iss: Any, tid: Any, code: str | None) -> None:
    """The template's tenant is the token's, both versions of an authority count, and all else is ordinal."""
    judgement = judge(parse(signed(HEADER, claims(iss=iss, tid=tid))), KEYS, demands, NOW)
    assert (judgement.valid, judgement.code) == (code is None, code)


CONSUMERS = f"{ENTRA_HOST}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"
V1 = f"https://sts.windows.net/{TENANT}/"


@pytest.mark.parametrize(
    ("owner", "more", "library", "code"),
    [
        (f"{ENTRA_HOST}/{{tenantid}}/v2.0", {}, "8", None),
        (f"{ENTRA_HOST}/{{tenantid}}/v2.0", {"iss": V1}, "8", None),  # keys of v2 verify tokens of v1, too
        (f"{ENTRA_HOST}/{TENANT}/v2.0", {}, "8", None),
        (CONSUMERS, {}, "8", "IDX40005"),
        (CONSUMERS, {}, "6.31", None),
        (CONSUMERS, {}, "6.32", "IDX40005"),
        (None, {}, "8", None),
        (" ", {}, "8", None),
        (CONSUMERS, {"tid": ...}, "8", "IDX40009"),
        (CONSUMERS, {"tid": ...}, "7.5", None),
        (CONSUMERS, {"tid": ...}, "6.36", "IDX40009"),
        (f"{ENTRA_HOST}/{{tenantid}}/v2.0", {"TID": TENANT}, "8", "IDX40011"),
        (f"{ENTRA_HOST}/{{tenantid}}/v2.0", {"tid": OTHER_TENANT}, "8", "IDX40004"),
        (CONSUMERS, {"aud": "x"}, "8", "IDX10214"),  # asked last
    ],
)
def test_the_key_that_verifies_a_token_signs_for_its_tenant(
    owner: str | None, more: dict[str, Any], library: str, code: str | None
) -> None:
    """Microsoft.Identity.Web also compares the issuer that Entra publishes with each key."""
    entry = jwk(RSA_KEY, "k-1") | ({} if owner is None else {"issuer": owner})
    published = KeySet(issuer=f"{ENTRA_HOST}/{{tenantid}}/v2.0", keys=key_set(entry))
    issuer = f"{ENTRA_HOST}/{TENANT}/v2.0"
    text = signed(HEADER, claims(**({"iss": issuer, "tid": TENANT} | more)))
    judgement = judge(parse(text), published, replace(ONE_TENANT, issuers=(issuer,)), NOW, library)
    assert (judgement.valid, judgement.code) == (code is None, code)


def test_a_key_that_does_not_verify_is_not_asked_whom_it_signs_for() -> None:
    """The signature's own failure comes first; a plain JwtBearer never asks."""
    entry = jwk(RSA_KEY, "k-1") | {"issuer": CONSUMERS}
    other = parse(signed(HEADER, claims(tid=TENANT), OTHER))
    names = {c.name for c in judge(other, key_set(entry), ONE_TENANT, NOW).checks}
    names |= {c.name for c in judge(parse(signed(HEADER, claims(tid=TENANT))), key_set(entry), DEMANDS, NOW).checks}
    assert "issuer.signing-key" not in names


def test_before_the_validator_moved_its_codes_were_its_own() -> None:
    """Microsoft.IdentityModel.Validators came with 6.14."""
    foreign = parse(signed(HEADER, claims(iss=f"{ENTRA_HOST}/{OTHER_TENANT}/v2.0", tid=OTHER_TENANT)))
    assert judge(foreign, KEYS, ONE_TENANT, NOW, "6.8").code == "IDW10303"
    nobody = parse(signed(HEADER, claims(iss="https://id.example/")))
    assert judge(nobody, KEYS, ONE_TENANT, NOW, "6.8").code == "IDW10401"


def test_nothing_is_said_of_an_issuer_where_no_accepted_one_is_known() -> None:
    """Neither pass nor fail; nor of a tenant that the log does not show."""
    unknown = Expectations(audiences=(AUDIENCE,), by_tenant=True)
    checks = {c.name: c for c in judge(parse(signed(HEADER, claims(tid=TENANT))), KEYS, unknown, NOW).checks}
    assert checks["issuer.matches"].verdict is CheckVerdict.UNKNOWN
    assert checks["issuer.tenant"].found == TENANT


CLIENT = "7c1f0f6e-2a65-4a40-8d2b-51d0c4c6b7aa"


@pytest.mark.parametrize(
    ("aud", "ver", "code"),
    [
        (CLIENT, "2.0", None),
        (f"api://{CLIENT}", "1.0", None),
        (f"api://{CLIENT}", "2.0", "IDX10231"),
        (CLIENT, "1.0", "IDX10231"),
        (CLIENT, ..., None),
        (f"api://{CLIENT}", ..., None),
        ("orders", ..., "IDX10214"),
    ],
)
def test_the_audience_follows_from_the_tokens_version(aud: str, ver: Any, code: str | None) -> None:
    """Microsoft.Identity.Web derives it from the client's id where none is configured."""
    demands = Expectations(issuers=(ISSUER,), audiences=(CLIENT, f"api://{CLIENT}"), by_version=True)
    judgement = judge(parse(signed(HEADER, claims(aud=aud, ver=ver))), KEYS, demands, NOW)
    assert (judgement.valid, judgement.code) == (code is None, code)
    if code == "IDX10231":
        (why,) = [check.why for check in judgement.checks if check.code == code]
        assert why == "differs only in api:// in front of the application's id"


def test_differences_are_put_into_words() -> None:
    """For a person, who compares by eye."""
    assert nearmiss.difference(ISSUER, ISSUER + "/") == "differs only by a final slash"
    assert nearmiss.difference(TENANT, f"api://{TENANT}") == "differs only in api:// in front of the application's id"
    assert nearmiss.difference("a", "b") == "is another value altogether"
    assert nearmiss.difference("a", "a") == "is the same"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (59.999, "1970-01-01T00:00:59Z"),
        (60, "1970-01-01T00:01:00Z"),
        (86_399, "1970-01-01T23:59:59Z"),
        (86_400, "1970-01-02T00:00:00Z"),
        (1_709_208_609, "2024-02-29T12:10:09Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
        (253_402_300_800, "the latest time there is"),
        (-1, "the earliest time there is"),
    ],
)
def test_a_time_is_shown_to_the_second_at_every_border(seconds: float, shown: str) -> None:
    """Minutes, days, a leap day, and both ends of what a DateTime holds."""
    assert utc(seconds) == shown
