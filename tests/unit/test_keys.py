"""trust.keys: key sets as published, with what is wrong with each key."""

import base64
import datetime as dt
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from authlens.model import Key
from authlens.segments import read_json_object
from authlens.trust import keys

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def number(value: int, size: int | None = None) -> str:
    data = value.to_bytes(size or (value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def rsa_jwk(**more: Any) -> dict[str, Any]:
    numbers = RSA_KEY.public_key().public_numbers()
    return {"kty": "RSA", "kid": "k-1", "use": "sig", "n": number(numbers.n), "e": number(numbers.e), **more}


def ec_jwk(**more: Any) -> dict[str, Any]:
    point = EC_KEY.public_key().public_numbers()
    x, y = number(point.x, 32), number(point.y, 32)
    return {"kty": "EC", "crv": "P-256", "kid": "e-1", "x": x, "y": y, **more}


def certificate(key: rsa.RSAPrivateKey = RSA_KEY, days: int = 3650) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(start).not_valid_after(start + dt.timedelta(days=days))
    return builder.sign(key, hashes.SHA256())


def x5c(key: rsa.RSAPrivateKey = RSA_KEY) -> list[str]:
    return [base64.b64encode(certificate(key).public_bytes(serialization.Encoding.DER)).decode()]


def one(entry: Any) -> Key:
    (key,) = keys.parse({"keys": [entry]})
    return key


def test_a_good_key_has_size_and_thumbprint() -> None:
    """The thumbprint is RFC 7638's, as its own example shows."""
    key = one(rsa_jwk(alg="RS256", issuer="https://id.example/{tenantid}"))
    assert (key.kid, key.kty, key.alg, key.use, key.bits, key.defect) == ("k-1", "RSA", "RS256", "sig", 2048, None)
    assert key.issuer == "https://id.example/{tenantid}"
    example = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    assert one({"kty": "RSA", "n": example, "e": "AQAB"}).thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert one(ec_jwk()).bits == 256


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (rsa_jwk(use="enc"), "for encryption"),
        (rsa_jwk(key_ops=["sign"]), "may not be used to verify"),
        ({"kty": "oct", "kid": "s", "k": "c2VjcmV0"}, "symmetric secret"),
        ({"kty": "OKP", "crv": "X25519", "x": "AAAA"}, "never signs"),
        ({"kty": "OKP", "crv": {"a": 1}, "x": "AAAA"}, "never signs"),
        ({"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}, "makes no Ed25519 key"),
        ({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}, "curve that the library does not know"),
        (ec_jwk(y=number(5, 32)), "no point on P-256"),
        ({"kty": "EC", "crv": "P-256", "x": "AA"}, "has no y"),
        ({"kty": "RSA", "n": "AQAB"}, "has no e"),
        (rsa_jwk(e="AQ"), "exponent that no RSA key has"),
        (rsa_jwk(e="BA"), "exponent that no RSA key has"),
        (rsa_jwk(n=number(RSA_KEY.public_key().public_numbers().n * 2)), "even modulus"),
        (rsa_jwk(n=number(2**20000 + 1)), "more than 16384 are refused"),
        (rsa_jwk(n=number(2**700 + 1)), "fewer than 1024"),
        ({"kid": "x"}, "has no kty"),
        ({"kty": "LWE"}, "unknown kty"),
        ("text", "no JSON object"),
        (None, "no JSON object"),
    ],
)
def test_a_key_that_cannot_be_used_says_why(entry: Any, words: str) -> None:
    """One bad key never spoils the set."""
    found = keys.parse({"keys": [entry, rsa_jwk(kid="good")]})
    assert words in (found[0].defect or "")
    assert found[1].defect is None


def test_an_edwards_key_can_be_computed_with_though_the_library_cannot() -> None:
    """The library leaves OKP keys out, and the defect says so; the key itself is there."""
    raw = ed25519.Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    key = one({"kty": "OKP", "crv": "Ed25519", "x": base64.urlsafe_b64encode(raw).rstrip(b"=").decode()})
    assert "the library leaves it out" in (key.defect or "")
    assert keys.public_key(key) is not None


def test_private_members_are_noticed_and_dropped() -> None:
    """A published private key is an exposure; nothing of it is kept."""
    secret = number(RSA_KEY.private_numbers().d)
    key = one(rsa_jwk(d=secret, p="x", q="y"))
    assert key.private
    assert key.defect is None
    assert secret not in repr(key) + str(dict(key.jwk))
    oct_key = one({"kty": "oct", "k": "c2VjcmV0"})
    assert oct_key.private
    assert "c2VjcmV0" not in str(dict(oct_key.jwk))
    assert oct_key.thumbprint is None


def test_a_certificate_alone_makes_a_key() -> None:
    """x5c without n and e: the leaf's key, and its x5t where the set gives none."""
    key = one({"kty": "RSA", "kid": "c", "x5c": x5c()})
    assert (key.bits, key.defect) == (2048, None)
    assert key.thumbprint == one(rsa_jwk()).thumbprint
    digest = certificate().fingerprint(hashes.SHA1())
    assert key.x5t == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert any("valid until 2029-12-29" in note for note in key.notes)


def test_a_certificate_that_holds_another_key_is_a_defect() -> None:
    """The library would verify with the certificate's key."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "holds another key" in (one(rsa_jwk(x5c=x5c(other))).defect or "")
    assert one(rsa_jwk(x5c=["!!"])).notes == ("its certificate (x5c) cannot be read",)


@pytest.mark.parametrize(
    ("good", "odd"),
    [
        (b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x09"),  # a version that no X.509 has
        (b"20600101000000Z", b"00000101000000Z"),  # valid until a year that no calendar has
    ],
)
def test_a_certificate_no_library_reads_is_a_note(good: bytes, odd: bytes) -> None:
    """A hostile document ends nothing, as x5c or as PEM; the key's own members still count."""
    days = (dt.date(2060, 1, 1) - dt.date(2020, 1, 1)).days
    der = certificate(days=days).public_bytes(serialization.Encoding.DER)
    assert good in der
    broken = base64.b64encode(der.replace(good, odd)).decode()
    key = one(rsa_jwk(x5c=[broken]))
    assert (key.notes, key.defect) == (("its certificate (x5c) cannot be read",), None)
    pem = f"-----BEGIN CERTIFICATE-----\n{broken}\n-----END CERTIFICATE-----\n"
    (found,) = keys.parse({"k-1": pem})
    assert found.defect == "is PEM that cannot be read"


def test_an_odd_serial_number_warns_nobody() -> None:
    """The library that reads certificates would warn on standard error."""
    der = certificate().public_bytes(serialization.Encoding.DER)
    assert b"\x02\x01\x07" in der
    negative = der.replace(b"\x02\x01\x07", b"\x02\x01\xf7", 1)
    key = one(rsa_jwk(x5c=[base64.b64encode(negative).decode()]))
    assert any("valid until" in note for note in key.notes)


def test_oddities_are_notes() -> None:
    """What can be used but should be known of."""
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key().public_numbers()
    assert "has 1024 bits" in one({"kty": "RSA", "kid": "a", "n": number(small.n), "e": "AQAB"}).notes[0]
    twice = keys.parse({"keys": [rsa_jwk(), ec_jwk(kid="k-1")]})
    assert all("shares its kid" in key.notes[-1] for key in twice)
    nameless = keys.parse({"keys": [rsa_jwk(kid=None), ec_jwk()]})
    assert "has no kid" in nameless[0].notes[-1]


def test_other_forms_of_a_key_set() -> None:
    """Google's map of kid to certificate or public key, and a single JWK."""
    pem = certificate().public_bytes(serialization.Encoding.PEM).decode()
    (key,) = keys.parse({"2f1": pem})
    assert (key.kid, key.bits) == ("2f1", 2048)
    assert keys.parse(rsa_jwk())[0].kid == "k-1"
    public = EC_KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert keys.parse({"x": public.decode()})[0].crv == "P-256"
    assert "cannot be read" in (keys.parse({"x": "-----BEGIN CERTIFICATE-----\nAAAA"})[0].defect or "")


def test_at_most_two_hundred_keys_are_read() -> None:
    """A document of a million keys costs no more than its reading."""
    assert len(keys.parse({"keys": [{"kty": "RSA"}] * 5000})) == 200


def test_a_set_of_unusable_keys_is_still_a_set() -> None:
    """Keys without use are evidence, no error; a repeated member makes one of them."""
    assert keys.parse({"keys": []}) == ()
    text = json.dumps({"keys": [rsa_jwk(), rsa_jwk(kid="k-2")]}).replace('"kid": "k-2"', '"kid": "k-2", "n": "AQAB"')
    good, bad = keys.parse(read_json_object(text).values)
    assert good.defect is None
    assert "twice" in (bad.defect or "")
