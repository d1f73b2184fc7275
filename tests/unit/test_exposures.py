"""What the log and the documents give away, and to whom it is counted."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from authlens import pipeline
from authlens.diagnosis import exposures
from authlens.diagnosis.evidence_secrets import thumbprint
from authlens.model import Exposure, Severity
from authlens.options import ScanOptions
from authlens.pipeline import ScanResult
from tests.unit.helpers.logs import START, line, refusal
from tests.unit.helpers.refusals import discovery

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
ISSUER = "https://sso.example.com/realms/shop"
LATER = NOW + timedelta(hours=1)
STRONG = bytes(range(40))
PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FORGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def token(key: rsa.RSAPrivateKey = PRIVATE, until: datetime | None = LATER, **claims: object) -> str:
    """A compact token of the test's own issuer."""
    said: dict[str, object] = {"iss": ISSUER, "aud": "orders", "sub": "alice@example.com", **claims}
    if until is not None:
        said["exp"] = int(until.timestamp())
    return jwt.encode(said, key, algorithm="RS256", headers={"kid": "k1"})


def audience(shown: str) -> str:
    """A refusal whose record shows the token."""
    return f"IDX10214: Audience validation failed. Audiences: 'orders'. Did not match: validationParameters.ValidAudience: 'shop' or validationParameters.ValidAudiences: 'null'. token: '{shown}'"


def tried(*secrets: bytes) -> str:
    """A refusal that shows the thumbprints of secrets."""
    keys = "".join(
        f"'Microsoft.IdentityModel.Tokens.SymmetricSecurityKey, KeyId: '', InternalId: '{thumbprint(s)}'. , KeyId: '. "
        for s in secrets
    )
    return f"IDX10517: Signature validation failed. The token's kid is missing. Keys tried: {keys}Exceptions caught: ''. token: '[PII of type 'JsonWebToken' is hidden.]'."


def scan(folder: Path, *records: str, now: datetime = NOW, documents: Mapping[str, object] | None = None) -> ScanResult:
    log = folder / "app.log"
    log.write_text("".join(records), encoding="utf-8")
    bundles = []
    if documents is not None:
        bundles = [folder / "bundle.json"]
        entries = [{"url": url, "status": 200, "body": body} for url, body in documents.items()]
        bundles[0].write_text(json.dumps({"documents": entries}), encoding="utf-8")
    return pipeline.scan([log], offline=True, now=now, bundles=bundles)


def found(result: ScanResult, kind: str) -> list[Exposure]:
    """All of a kind; on the way the arithmetic of each is held against the failures."""
    known = {f.id for f in result.findings}
    assert len({e.id for e in result.exposures}) == len(result.exposures)
    for e in result.exposures:
        assert set(e.failures) <= known
        assert e.count == (len(e.failures) or e.count) > 0
    return [e for e in result.exposures if e.kind == kind]


def one(result: ScanResult, kind: str) -> Exposure:
    (exposure,) = found(result, kind)
    return exposure


def published(key: Mapping[str, object]) -> dict[str, object]:
    """The issuer's documents."""
    return {
        f"{ISSUER}/.well-known/openid-configuration": discovery(ISSUER, f"{ISSUER}/keys"),
        f"{ISSUER}/keys": {"keys": [key]},
    }


def jwk(key: rsa.RSAPrivateKey, *, private: bool = False) -> dict[str, object]:
    """The key as a set publishes it."""
    made = jwt.algorithms.RSAAlgorithm.to_jwk(key if private else key.public_key(), as_dict=True)
    return {**made, "kid": "k1", "use": "sig", "alg": "RS256"}


# --------------------------------------------------------------------------- tokens that still work


def test_a_token_that_is_still_valid_says_whose_for_what_and_until_when(tmp_path: Path) -> None:
    """And what is to be revoked; the person is a pseudonym in the report."""
    result = scan(tmp_path, refusal(1, audience(token())))
    exposure = one(result, "live-token")
    assert (exposure.severity, exposure.until) == (Severity.HIGH, LATER)
    assert f"issued by {ISSUER} for orders" in exposure.subject
    assert any("Revoke" in step and ISSUER in step for step in exposure.steps)
    (told,) = json.loads(result.to_json())["exposures"]
    assert '"sub": "user-1"' in told["subject"]
    assert "alice" not in result.to_json()
    assert token().rpartition(".")[2] not in result.to_json()


@pytest.mark.parametrize(
    ("until", "claims"),
    [
        (NOW, {}),
        (NOW - timedelta(seconds=1), {}),
        (None, {}),
        (None, {"exp": "tomorrow"}),
        (LATER, {"nbf": int(LATER.timestamp())}),
    ],
)
def test_a_token_that_nobody_accepts_now_is_none(
    tmp_path: Path, until: datetime | None, claims: dict[str, object]
) -> None:
    """Expired to the second, without an expiry that can be read, or not valid yet."""
    said = {"iss": ISSUER, **claims} | ({"exp": int(until.timestamp())} if until else {})
    parts = ({"alg": "RS256", "kid": "k1"}, said)
    text = ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts)
    assert found(scan(tmp_path, refusal(1, audience(f"{text}.AAAA"))), "live-token") == []


def test_one_token_in_many_requests_is_one_exposure(tmp_path: Path) -> None:
    """Counted by failures, not by the records that repeat them."""
    shown = token()
    records = [refusal(n, audience(shown), request=f"0HN1ABCDE:{n:08d}") for n in range(1, 4)]
    result = scan(tmp_path, *records)
    assert (one(result, "live-token").count, len(result.findings)) == (3, 3)


def test_a_forged_token_opens_nothing(tmp_path: Path) -> None:
    """The issuer publishes the key that it names, and that key did not sign it."""
    forged = refusal(1, audience(token(FORGER)))
    assert found(scan(tmp_path, forged, documents=published(jwk(PRIVATE))), "live-token") == []
    assert found(scan(tmp_path, forged, documents=published(jwk(FORGER))), "live-token") != []
    assert found(scan(tmp_path, forged), "live-token") != []


def test_a_token_of_a_key_that_is_published_no_more_may_open_something(tmp_path: Path) -> None:
    """That the keys of today did not sign it proves nothing: yesterday's are still trusted somewhere."""
    other = {**jwk(FORGER), "kid": "k2"}
    assert found(scan(tmp_path, refusal(1, audience(token())), documents=published(other)), "live-token") != []


def test_a_token_that_only_the_librarys_own_line_shows(tmp_path: Path) -> None:
    """IDX10242 prints the token of requests that succeed or hide it when they fail."""
    good = line(1, f"IDX10242: Security token: '{token()}' has a valid signature.")
    exposure = one(scan(tmp_path, good), "live-token")
    assert (exposure.count, exposure.failures) == (1, ())
    result = scan(tmp_path, good, refusal(2, tried(STRONG)))
    assert one(result, "live-token").id == exposure.id
    assert len(found(result, "secret-thumbprint")) == 1


def test_quotation_marks_that_a_client_glued_to_it_do_not_make_it_worthless(tmp_path: Path) -> None:
    """Whoever reads the log takes them off."""
    message = f"IDX12741: JWT: '\"{token()}\"' must have three segments (JWS) or five segments (JWE)."
    assert len(found(scan(tmp_path, refusal(1, message)), "live-token")) == 1


def test_a_line_above_changes_no_id(tmp_path: Path) -> None:
    """Ids come from what is exposed."""
    record = refusal(3, audience(token())) + refusal(9, tried(STRONG))
    before = scan(tmp_path, record).exposures
    after = scan(tmp_path, line(1, "Order 1 loaded"), line(2, "Order 2 loaded"), record).exposures
    assert [e.id for e in before] == [e.id for e in after]
    assert len(before) == 2


def test_a_token_of_requests_that_succeed_is_as_usable(tmp_path: Path) -> None:
    """An application that writes the header of every request gives away what no failure shows."""
    good, cut = token(), token(sub="bob")[:-40]
    records = [line(n, f"GET /orders Authorization: Bearer {good}") for n in range(1, 4)]
    result = scan(tmp_path, *records, line(4, f"Authorization: Bearer {cut}"))
    exposure = one(result, "live-token")
    assert (exposure.count, exposure.failures, exposure.until) == (3, (), LATER)
    assert found(scan(tmp_path, *records, now=LATER + timedelta(seconds=1)), "live-token") == []


def test_outside_of_all_records_no_time_is_known(tmp_path: Path) -> None:
    """Whoever asks for a period asks for what happened in it."""
    log = tmp_path / "app.log"
    log.write_text(line(1, f"Authorization: Bearer {token()}"), encoding="utf-8")
    assert len(pipeline.scan([log], offline=True, now=NOW).exposures) == 1
    assert pipeline.scan([log], offline=True, now=NOW, since=NOW - timedelta(days=9)).exposures == ()


def test_a_token_shown_outside_of_the_period_is_not_asked_for(tmp_path: Path) -> None:
    """Neither before it nor behind it."""
    log = tmp_path / "app.log"
    log.write_text(line(60, f"IDX10242: Security token: '{token()}' has a valid signature."), encoding="utf-8")
    at = START + timedelta(seconds=60)
    for since, until, count in (
        (at, None, 1),
        (at + timedelta(seconds=1), None, 0),
        (None, at + timedelta(seconds=1), 1),
        (None, at, 0),
    ):
        options = ScanOptions(offline=True, now=NOW, since=since, until=until)
        assert len(pipeline.run([log], options).exposures) == count


def test_too_many_different_tokens_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory has a bound; the report names it."""
    monkeypatch.setattr("authlens.exposed.MOST", 3)
    monkeypatch.setattr("authlens.gathering.MOST", 3)
    records = [line(n, f"Authorization: Bearer {token(jti=str(n))}") for n in range(1, 6)]
    result = scan(tmp_path, *records)
    assert len(found(result, "live-token")) == 3
    assert any("holds 3 different tokens or more" in note for note in result.notes)
    assert scan(tmp_path, *records[:2]).notes == tuple(n for n in result.notes if "different tokens" not in n)


def test_a_copy_of_a_log_gives_nothing_more_away(tmp_path: Path) -> None:
    """What is read twice is counted once; the same token in two logs is counted in both."""
    names = ("a.log", "b.log", "c.log")
    for name, number in zip(names, (1, 1, 2), strict=True):
        (tmp_path / name).write_text(
            line(number, f"Authorization: Bearer {token()}") + refusal(number + 5, tried(STRONG)), encoding="utf-8"
        )
    result = pipeline.scan([tmp_path / name for name in names], offline=True, now=NOW)
    assert one(result, "live-token").count == 2


# --------------------------------------------------------------------------- tokens in addresses


def test_an_address_is_told_though_the_request_succeeded(tmp_path: Path) -> None:
    """SignalR's clients send the token in the query, and many a proxy writes it down."""
    shown = token(until=NOW - timedelta(days=1))
    result = scan(tmp_path, line(1, f"GET /hub?id=7&access_token={shown} 101"))
    assert (one(result, "token-in-url").count, found(result, "live-token")) == (1, [])


@pytest.mark.parametrize(
    "mark", ["?access_token=", "&access_token=", "?a=1\\u0026id_token_hint=", "#id_token=", "%3Faccess_token="]
)
def test_a_token_in_an_address_is_told(tmp_path: Path, mark: str) -> None:
    """Whether it is still valid or not."""
    shown = token(until=NOW - timedelta(days=1))
    result = scan(tmp_path, refusal(1, f"{audience('[hidden]')} at https://api.example.com/hub{mark}{shown}"))
    exposure = one(result, "token-in-url")
    assert (exposure.severity, exposure.count) == (Severity.MEDIUM, 1)
    assert found(result, "live-token") == []


def test_a_token_in_a_header_is_in_no_address(tmp_path: Path) -> None:
    """Only a parameter's value is."""
    for text in (f"Bearer {token()}", f"https://api.example.com/ token={token()}", f"the access_token={token()}"):
        assert found(scan(tmp_path, refusal(1, audience(text))), "token-in-url") == []


def test_the_requests_end_shows_the_address(tmp_path: Path) -> None:
    """ASP.NET Core prints the query there; the failure itself hides the token."""
    request = "0HN1ABCDE:00000001"
    end = line(
        3,
        f"Request finished HTTP/1.1 GET http://api.example.com/hub?access_token={token()} - 401 0 null 2.1ms",
        request,
    )
    result = scan(tmp_path, refusal(1, tried(STRONG), request), end)
    (failure,) = result.findings
    assert one(result, "token-in-url").failures == (failure.id,)
    assert one(result, "live-token").failures == (failure.id,)


# --------------------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    "secret",
    [
        b"secret",
        b"your-256-bit-secret",
        base64.b64decode("changeme"),
        "mysecretkey".encode("utf-16-le"),
        base64.urlsafe_b64decode(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
        ),
    ],
)
def test_an_example_secret_is_recognised_in_every_encoding(tmp_path: Path, secret: bytes) -> None:
    """By its thumbprint; the report names neither."""
    result = scan(tmp_path, refusal(1, tried(secret)))
    exposure = one(result, "guessable-secret")
    assert (exposure.severity, exposure.subject) == (Severity.CRITICAL, "the symmetric key of scheme Bearer")
    assert found(result, "secret-thumbprint") == []
    assert thumbprint(secret) not in result.to_json(show_values=True)


def test_another_secrets_thumbprint_can_still_be_guessed_at(tmp_path: Path) -> None:
    """Low, for nobody knows how weak it is; several failures of one scheme are one exposure."""
    records = [refusal(n, tried(STRONG), request=f"0HN1ABCDE:{n:08d}") for n in range(1, 4)]
    exposure = one(scan(tmp_path, *records), "secret-thumbprint")
    assert (exposure.severity, exposure.count, len(exposure.failures)) == (Severity.LOW, 3, 3)
    assert thumbprint(STRONG)[:6] not in repr(exposure)


def test_old_versions_print_a_guid_that_says_nothing(tmp_path: Path) -> None:
    """So does an RSA key's thumbprint."""
    guid = tried(STRONG).replace(thumbprint(STRONG), "6ccae8d2-fa74-4063-b039-fd5a6c6e9747")
    public = tried(STRONG).replace("SymmetricSecurityKey", "RsaSecurityKey")
    assert scan(tmp_path, refusal(1, guid), refusal(9, public)).exposures == ()


def test_one_secret_of_two_schemes_is_told_of_both(tmp_path: Path) -> None:
    """A failure without a scheme goes to the scheme that tried the same secret."""
    result = scan(tmp_path, refusal(1, tried(STRONG)))
    (finding,) = result.findings
    named = [
        replace(finding, id=i, failure=finding.failure._replace(scheme=s))
        for i, s in (("a", "A"), ("b", "B"), ("n", None))
    ]
    told = exposures.find(named, now=NOW)
    assert [(e.subject[-1], e.failures) for e in told] == [("A", ("a", "n")), ("B", ("b",))]


# --------------------------------------------------------------------------- documents


def test_a_private_key_in_a_published_set_is_critical(tmp_path: Path) -> None:
    """Once, whoever asked for the set; none of its private members is in the report."""
    private = jwk(PRIVATE, private=True)
    result = scan(tmp_path, refusal(1, audience(token())), documents=published(private))
    exposure = one(result, "private-key-published")
    assert (exposure.severity, exposure.failures, exposure.count) == (Severity.CRITICAL, (), 1)
    assert exposure.subject == f"key k1 of {ISSUER}"
    assert str(private["d"]) not in result.to_json(show_values=True) + repr(result)


def test_a_symmetric_key_in_a_published_set_is_as_bad(tmp_path: Path) -> None:
    """Also where no failure asked for the set."""
    secret = base64.urlsafe_b64encode(STRONG).decode()
    result = scan(tmp_path, line(1, "nothing"), documents=published({"kty": "oct", "kid": "s", "k": secret}))
    exposure = one(result, "private-key-published")
    assert (exposure.severity, exposure.subject) == (Severity.CRITICAL, f"symmetric key s of {ISSUER}")
    assert secret not in result.to_json(show_values=True) + repr(result)


def test_public_keys_are_meant_to_be_published(tmp_path: Path) -> None:
    """No exposure."""
    assert (
        found(scan(tmp_path, refusal(1, tried(STRONG)), documents=published(jwk(PRIVATE))), "private-key-published")
        == []
    )
