"""Whether the API uses the secret that the user gives, in which encoding, and whether it signed the token."""

from __future__ import annotations

import base64
import hmac
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from authlens import pipeline, tokens
from authlens.diagnosis import evidence
from authlens.diagnosis.evidence_keys import Tried
from authlens.diagnosis.evidence_secrets import Given, about, readings, signer, thumbprint
from authlens.errors import UsageError
from authlens.model import Finding
from authlens.pipeline import ScanResult
from authlens.reports import terminal
from authlens.reports.document import Document
from authlens.reports.writers import WRITERS
from authlens.trust.documents import Documents
from authlens.trust.expectations import Book
from tests.unit.helpers.logs import line, refusal
from tests.unit.helpers.refusals import failure

RAW = bytes.fromhex("c0ffee00112233445566778899aabbccddeeff0102030405060708090a0b0c0d")
BASE64 = base64.b64encode(RAW).decode()
URL = base64.urlsafe_b64encode(RAW).decode().rstrip("=")
PHRASE = "a phrase of more than thirty-two bytes, not in any list"
OTHER = b"quite another secret that has thirty-two bytes"
NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def token(secret: bytes, alg: str = "HS256", **claims: object) -> str:
    """A compact token signed with a shared secret."""
    said = {"iss": "shop", "aud": "orders", "sub": "alice", "exp": 1_772_700_000, **claims}
    message = f"{_part({'alg': alg, 'typ': 'JWT'})}.{_part(said)}"
    signature = hmac.digest(secret, message.encode(), f"sha{alg[2:]}")
    return f"{message}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def tried(key: bytes) -> tuple[Tried, ...]:
    """What "Keys tried" shows of a secret."""
    return (Tried(type="SymmetricSecurityKey", kid=None, internal_id=thumbprint(key)),)


def refused(api: bytes, signed: str = "[PII of type 'JsonWebToken' is hidden.]") -> str:
    """The library's message about a token without a kid."""
    return (
        "IDX10517: Signature validation failed. The token's kid is missing. Keys tried: "
        f"'Microsoft.IdentityModel.Tokens.SymmetricSecurityKey, KeyId: '', InternalId: '{thumbprint(api)}'. , KeyId: "
        "'. Number of keys in TokenValidationParameters: '1'. Number of keys in Configuration: '0'. "
        f"Exceptions caught: ''. token: '{signed}'."
    )


def scan(folder: Path, message: str, secret: bytes | None) -> ScanResult:
    log = folder / "app.log"
    log.write_text(refusal(1, message) + line(2, "Order 2 loaded"), encoding="utf-8")
    return pipeline.scan([log], offline=True, now=NOW, secret=secret)


def only(result: ScanResult) -> Finding:
    (finding,) = result.findings
    return finding


# --------------------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("given", "key", "encoding"),
    [
        (PHRASE.encode(), PHRASE.encode(), "UTF-8"),
        (PHRASE.encode() + b"\r\n", PHRASE.encode(), "UTF-8"),
        (PHRASE.encode() + b"\n", PHRASE.encode("utf-16-le"), "UTF-16"),
        (b"\xff binary, and not a line\n", b"\xff binary, and not a line\n", "UTF-8"),
        (BASE64.encode(), RAW, "Base64"),
        (BASE64.encode(), BASE64.encode(), "UTF-8"),
        (URL.encode(), RAW, "Base64url"),
        (RAW.hex().encode(), RAW, "hexadecimal"),
        (RAW.hex(":").upper().encode(), RAW, "hexadecimal"),
        (PHRASE.encode(), PHRASE.encode("utf-16-le"), "UTF-16"),
        (PHRASE.encode(), PHRASE.encode("utf-16-be"), "UTF-16 (big-endian)"),
        ("pässword with umlauts".encode(), b"p?ssword with umlauts", "ASCII"),
        (PHRASE.encode(), PHRASE.encode() + b"\n", "UTF-8 with a line feed behind"),
        (f" {PHRASE} ".encode(), PHRASE.encode(), "UTF-8 without the surrounding white space"),
        (RAW, BASE64.encode(), "the text of its Base64 form"),
        (RAW, RAW.hex().encode(), "the text of its hexadecimal form"),
    ],
)
def test_the_secret_is_recognised_in_every_encoding(given: bytes, key: bytes, encoding: str) -> None:
    """By its thumbprint alone, and by a token that it signed."""
    used, reading = Given(given).used(tried(key))
    assert (used, str(reading)) == (True, encoding)
    signs, signed = Given(given).signs(tokens.parse(token(key)))
    assert (signs, str(signed)) == (True, encoding)


def test_the_thumbprint_is_that_of_the_library() -> None:
    """InternalId of the key made of the word secret, as version 6.8 and later print it."""
    assert thumbprint(b"secret") == "DWBh0SEIAPYh1x5uvot4z3AhaikHkxNJa3Ada2fT-Cg"


@pytest.mark.parametrize(
    "keys",
    [
        (),
        (Tried(type="SymmetricSecurityKey", kid=None, internal_id="6ccae8d2-fa74-4063-b039-fd5a6c6e9747"),),
        (Tried(type="SymmetricSecurityKey", kid=None, internal_id=None),),
        (Tried(type="RsaSecurityKey", kid="k", internal_id=thumbprint(RAW)),),
    ],
)
def test_where_no_thumbprint_shows_nothing_is_said_of_the_api(keys: tuple[Tried, ...]) -> None:
    """The GUIDs of version 5 mean nothing, and other keys are no secrets."""
    assert Given(RAW).used(keys) == (None, None)


@pytest.mark.parametrize("alg", ["HS256", "HS384", "HS512"])
def test_every_hmac_is_verified(alg: str) -> None:
    """And one changed character is no agreement."""
    one = token(OTHER, alg)
    assert Given(OTHER).signs(tokens.parse(one))[0] is True
    assert Given(OTHER).signs(tokens.parse(one.replace(".e", ".f", 1)))[0] is not True
    assert Given(RAW).signs(tokens.parse(one)) == (False, None)


@pytest.mark.parametrize("text", ["", "e.y.", f"{_part({'alg': ['HS256']})}.{_part({})}.AAAA", token(RAW)[:-20]])
def test_hostile_tokens_and_empty_secrets_answer_nothing_or_no(text: str) -> None:
    """No crash, no agreement."""
    assert Given(RAW).signs(tokens.parse(text))[0] is not True
    assert Given(b"").signs(tokens.parse(token(RAW))) == (None, None)
    assert Given(b"").used(tried(RAW)) == (None, None)
    assert signer(tokens.parse(text), readings(RAW)) is None


def test_asymmetric_tokens_are_not_compared() -> None:
    """A secret says nothing of a token with a public key's signature."""
    assert about(Given(RAW), tried(RAW), None, "RS256") == {}
    assert about(None, tried(RAW), None, "HS256") == {}


# --------------------------------------------------------------------------- the diagnosis


@pytest.mark.parametrize(
    ("api", "signed", "outcome", "words"),
    [
        (RAW, BASE64.encode(), ("other-reading", "certain"), "the same secret, but read as Base64"),
        (OTHER, BASE64.encode(), ("api-other", "certain"), "uses another secret than the one given"),
        (RAW, OTHER, ("token-other", "certain"), "uses the secret given, read as Base64"),
        (OTHER, b"a third one, of which nobody knows anything", ("neither", "likely"), "not signed with the one given"),
        (OTHER, None, ("api-differs", "likely"), "uses another secret than the one given."),
        (RAW, None, ("api-same", "likely"), "read as Base64; the token is signed with another"),
    ],
)
def test_what_secret_and_token_say_together(
    tmp_path: Path, api: bytes, signed: bytes | None, outcome: tuple[str, str], words: str
) -> None:
    """The explanation of a wrong key names which side holds what."""
    message = refused(api, token(signed)) if signed is not None else refused(api)
    finding = only(scan(tmp_path, message, BASE64.encode()))
    relation, confidence = outcome
    assert (finding.cause, finding.confidence) == ("sig.wrong-key", confidence)
    assert words in finding.explanation
    assert any(e.name == "secret" and words in (e.found or "") for e in finding.evidence)
    table = evidence.build([finding.failure], book=Book(()), documents=Documents(), given=Given(BASE64.encode()))
    assert table.rows[0]["secret.relation"] == relation


def test_without_a_secret_nothing_is_compared(tmp_path: Path) -> None:
    """The evidence holds no field of it."""
    finding = only(scan(tmp_path, refused(RAW, token(OTHER)), None))
    assert not any(e.name == "secret" for e in finding.evidence)
    assert finding.confidence != "certain"


def test_the_validators_own_checks_verify_with_it(tmp_path: Path) -> None:
    """As the API reads it; where the API holds another, its verdict stays unknown."""

    def verdict(result: ScanResult) -> str:
        return next(str(c.verdict) for c in only(result).checks if c.name == "signature.valid")

    assert verdict(scan(tmp_path, refused(RAW, token(RAW)), BASE64.encode())) == "pass"
    assert verdict(scan(tmp_path, refused(RAW, token(OTHER)), BASE64.encode())) == "fail"
    assert verdict(scan(tmp_path, refused(OTHER, token(RAW)), BASE64.encode())) == "unknown"


# --------------------------------------------------------------------------- nothing of it is told


def _outputs(result: ScanResult) -> dict[str, str]:
    """Every report, with personal values and without."""
    made = {}
    for shown in (False, True):
        for writer in WRITERS:
            out = io.StringIO()
            writer.write(Document(result, show_values=shown), out)
            made[f"{writer.name}, values {shown}"] = out.getvalue()
        out = io.StringIO()
        terminal.show(Document(result, show_values=shown), Console(file=out, width=200), verbose=True)
        made[f"terminal, values {shown}"] = out.getvalue()
    return made


@pytest.mark.parametrize("given", [PHRASE.encode(), BASE64.encode(), b"secret"])
def test_the_secret_is_in_no_output(tmp_path: Path, given: bytes) -> None:
    """Nor is any of its readings or thumbprints, in any report; nor, of its readings, in a value's own text."""
    result = scan(tmp_path, refused(RAW, token(given)), given)
    keys = [r.key for r in readings(given)]
    known = {k.decode("latin-1") for k in keys if len(k) > len("secret in white space")}
    outputs = _outputs(result)
    assert all(text.strip() for name, text in outputs.items() if name != "html")
    for name, text in outputs.items():
        assert [h for h in (*known, *map(thumbprint, keys)) if h in text] == [], name
    shown = repr(result) + repr(Given(given)) + str(Given(given)) + repr(readings(given))
    assert [k for k in known if k in shown] == []


def test_an_error_on_the_way_does_not_show_it(tmp_path: Path) -> None:
    """A faulty rule file is told of, and the secret is not."""
    rules = tmp_path / "bad.yml"
    rules.write_text("title: [", encoding="utf-8")
    with pytest.raises(UsageError, match=r"bad\.yml") as caught:
        pipeline.scan([tmp_path], rules=[rules], secret=PHRASE.encode())
    assert PHRASE not in f"{caught.value!r} {caught.value}"


def test_failures_keep_no_secret() -> None:
    """The evidence names encodings and relations, never bytes."""
    one = failure("IDX10517", fields={"keys_tried": [{"type": "SymmetricSecurityKey", "internal_id": thumbprint(RAW)}]})
    table = evidence.build([one], book=Book(()), documents=Documents(), given=Given(BASE64.encode()))
    said = {name: value for name, value in table.rows[0].items() if name.startswith("secret.")}
    assert said["secret.used"] is True
    assert said["secret.encoding"] == "Base64"
    assert BASE64 not in repr(table.rows) + repr(table)
