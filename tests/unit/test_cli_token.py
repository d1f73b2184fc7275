from __future__ import annotations

import base64
import io
import json
import os
import pty
import re
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from authlens import cli
from authlens.errors import UsageError
from authlens.inspection import inspect, read
from authlens.options import Basis
from authlens.trust.checks.library import library

ISSUER = "https://sso.example.net/realms/orders"
NOW = "2026-11-24T12:00:00Z"
GOOD = {"iss": ISSUER, "aud": "api://orders", "sub": "alice@example.org", "name": "Alice", "exp": 1_795_525_200}


def token(header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A token that nobody signed."""
    parts = ({"alg": "RS256", "kid": "k1", "typ": "JWT", **(header or {})}, {**GOOD, **claims})
    return ".".join([*(_base64(json.dumps(part).encode()) for part in parts), "A" * 342])


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(**claims: Any) -> tuple[str, dict[str, Any]]:
    """A token and the key set that verifies it."""
    from cryptography.hazmat.primitives import hashes  # noqa: PLC0415 - only this needs it
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415 - see above

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    body = token(**claims).rpartition(".")[0]
    signature = key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
    modulus = key.public_key().public_numbers().n
    jwk = {
        "kty": "RSA",
        "kid": "k1",
        "use": "sig",
        "alg": "RS256",
        "n": _base64(modulus.to_bytes(256, "big")),
        "e": "AQAB",
    }
    return f"{body}.{_base64(signature)}", {"keys": [jwk]}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the settings of an API."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("AUTHLENS_")]:
        monkeypatch.delenv(name)
    scheme = {"Authority": ISSUER, "ValidAudience": "api://orders", "ValidIssuer": ISSUER}
    settings = {"Authentication": {"Schemes": {"Bearer": scheme, "Other": {**scheme, "ValidAudience": "api://other"}}}}
    (tmp_path / "appsettings.json").write_text(json.dumps(settings), encoding="utf-8")
    return tmp_path


def run(*args: str) -> int:
    return cli.run(["token", *args, "--offline", "--now", NOW])


def test_a_good_token_is_accepted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Signature, lifetime, audience and issuer pass: exit 0."""
    good, keys = signed()
    (folder / "keys.json").write_text(json.dumps(keys), encoding="utf-8")
    assert run(good, "--settings", "appsettings.json", "--jwks", f"{ISSUER}=keys.json") == 0
    said = capsys.readouterr().out
    assert said.startswith("Accepted: token ")
    assert "scheme Bearer" in said
    assert "FAIL" not in said


def test_a_refused_token_is_told_with_its_cause(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the library would report, each check, the cause, what to do: exit 1."""
    assert run(token(exp=1_700_000_000), "--settings", "appsettings.json") == 1
    said = capsys.readouterr().out
    assert "would\nreport IDX10223" in said or "report IDX10223" in said
    assert "FAIL  lifetime.not-expired" in said
    assert "cause     life.expired, certain" in said
    assert max(map(len, said.splitlines())) <= 80


def test_what_cannot_be_decided_is_no_fault_and_not_fine(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without keys nothing is known of the signature: it says so."""
    assert run(token(), "--settings", "appsettings.json") == 0
    said = capsys.readouterr().out
    assert said.startswith("Undecided:")
    assert "?     signature.valid" in said


def test_neither_people_nor_signatures_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Pseudonyms, unless asked; the token itself never."""
    whole = token()
    for form in ([], ["--json"]):
        run(whole, *form)
        said = capsys.readouterr().out
        assert "alice" not in said.lower()
        assert "user-1" in said
        assert whole.split(".")[2] not in said
        assert whole.split(".")[1] not in said
    run(whole, "--show-values")
    assert "alice@example.org" in capsys.readouterr().out


def test_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON value with verdict, checks in the library's order, cause and what is wrong besides."""
    assert run(token(exp=1_700_000_000, aud="api://elsewhere"), "--settings", "appsettings.json", "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "authlens.token/1"
    assert (answer["valid"], answer["code"], answer["cause"]["cause"]) == (False, "IDX10223", "life.expired")
    assert [a["cause"] for a in answer["also"]] == ["aud.other-api"]
    failing = [c["code"] for c in answer["token"]["checks"] if c["verdict"] == "fail"]
    assert failing[:2] == ["IDX10223", "IDX10214"]
    assert all(c["why"] for c in answer["token"]["checks"] if c["verdict"] == "unknown")


def test_the_scheme_that_fits_is_meant_unless_one_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A token for the second scheme is held against the second; a scheme that is not there is told."""
    other = token(aud="api://other")
    assert run(other, "--settings", "appsettings.json") == 0
    assert "scheme Other" in capsys.readouterr().out
    assert run(other, "--settings", "appsettings.json", "--scheme", "bearer") == 1
    assert "IDX10214" in capsys.readouterr().out
    assert run(other, "--settings", "appsettings.json", "--scheme", "nope") == 2


@pytest.mark.parametrize(("version", "code"), [("6", "IDX10223"), ("8", "IDX10223"), ("8.1.2", "IDX10223")])
def test_the_library_is_a_version(folder: Path, capsys: pytest.CaptureFixture[str], version: str, code: str) -> None:
    """A generation or a full number; anything else is wrong usage."""
    assert run(token(exp=1), "--library", version, "--json") == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["code"] == code
    assert answer["library"] == ".".join(map(str, library(version).version))
    assert run(token(), "--library", "latest") == 2


def test_files_that_cannot_be_used_are_three(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What can be told is told all the same; 3 beats 1."""
    assert run(token(exp=1), "--jwks", "missing.json") == 3
    said = capsys.readouterr()
    assert "IDX10223" in said.out
    assert "missing.json" in said.err


# --------------------------------------------------------------------------- where it is


@pytest.mark.parametrize(
    "around",
    [
        *("{}", "{}\n", "Bearer {}", "Authorization: Bearer {}\r\n", '"{}"', "it says: {} (see there)"),
        *("https://app.example.com/cb?access_token={}&state=1", '{{"access_token":"{}","expires_in":3600}}'),
    ],
)
def test_a_token_may_stand_in_something(around: str) -> None:
    """A header, quotes, a sentence."""
    whole = token()
    assert read(around.format(whole)).raw == whole


@pytest.mark.parametrize("line", [60, 76, 200])
def test_a_token_may_be_broken_into_lines(line: int) -> None:
    """As mails and terminals break it."""
    whole = token()
    broken = "\n".join(whole[at : at + line] for at in range(0, len(whole), line))
    assert read(f"Bearer {broken}\n").raw == whole


def test_a_token_that_no_api_should_get_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever the checks say of it."""
    assert run(token(nonce="n", at_hash="h"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "id"
    assert run(token(nonce="n", at_hash="h")) == 0
    assert "\nkind      an ID token: it is for the application that signs in" in capsys.readouterr().out
    assert run(token(scope="orders.read")) == 0
    assert "\nkind " not in capsys.readouterr().out


def test_what_one_reason_leaves_open_is_one_row(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A text that is no token fails once; the rest of the checks has nothing to say."""
    assert run(token().replace(".", "")) == 1
    said = capsys.readouterr().out
    assert said.count("the token cannot be read\n") == 1
    assert re.search(r"^\?     signature\.present and \d+ more +the token cannot be read$", said, re.MULTILINE)


@pytest.mark.parametrize("text", ["", "no token at all", "two: {} and {}", '{{"id_token":"{}","access_token":"{}"}}'])
def test_none_or_several_are_wrong_usage(text: str) -> None:
    """Which one is meant cannot be guessed."""
    with pytest.raises(UsageError):
        read(text.format(token(), token(jti="2")))


def test_it_is_read_from_a_file_or_a_pipe(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named by path, by -, or not at all; a path that leads nowhere is no token."""
    (folder / "t.jwt").write_text(token(exp=1), encoding="utf-8")
    assert run("t.jwt") == 1
    for args in (["-"], []):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(token(exp=1).encode())))
        assert run(*args) == 1
    capsys.readouterr()
    assert run("nowhere.jwt") == 2
    assert "no such file" in capsys.readouterr().err


def test_a_terminal_does_not_show_it(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it cut what is longer than the line that it would edit."""
    whole = token(exp=1, groups=["g" * 30] * 200)
    assert len(whole) > 4096
    outer, inner = pty.openpty()
    with os.fdopen(inner, encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        written = threading.Timer(0.3, _type, (outer, f"{whole}\n".encode()))
        written.start()
        assert run("-", "--json") == 1
        written.join()
        assert json.loads(capsys.readouterr().out)["token"]["sha256"] == read(whole).sha256
        os.set_blocking(outer, False)
        with pytest.raises(BlockingIOError):
            os.read(outer, 4096)
    os.close(outer)


def test_a_paste_with_line_breaks_is_read_whole(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What followed the first line would reach the shell, which keeps it."""
    whole = token(exp=1)
    outer, inner = pty.openpty()
    with os.fdopen(inner, encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        written = threading.Timer(0.3, _type, (outer, f"Bearer {whole[:80]}\n{whole[80:]}\n".encode()))
        written.start()
        assert run("--json") == 1
        written.join()
        assert json.loads(capsys.readouterr().out)["token"]["sha256"] == read(whole).sha256
    os.close(outer)


def _type(terminal: int, text: bytes) -> None:
    for at in range(0, len(text), 512):
        os.write(terminal, text[at : at + 512])


@pytest.mark.parametrize("text", ["a.b.c", "eyJ", "....", "\x00", "eyJhbGciOiJub25lIn0..", "é" * 100, "." * 100_000])
def test_whatever_is_given_is_judged(text: str) -> None:
    """A hostile token is a token with a defect, never an error."""
    found = inspect(text, Basis(offline=True))
    assert found.judgement.valid is False
    assert found.finding.cause != ""


def test_a_shared_secret_verifies(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """From a file; with the right one the signature passes, with another it fails, and neither is ever shown."""
    import hashlib  # noqa: PLC0415 - only this needs it
    import hmac  # noqa: PLC0415 - see above

    secret = "a shared secret of more than thirty-two bytes"
    body = token({"alg": "HS256", "kid": "s1"}).rpartition(".")[0]
    whole = f"{body}.{_base64(hmac.digest(secret.encode(), body.encode(), hashlib.sha256))}"
    Path("right").write_text(secret, encoding="utf-8")
    Path("wrong").write_text(secret[::-1], encoding="utf-8")
    verdicts = []
    for name in ("right", "wrong"):
        run(whole, "--secret-file", name, "--json")
        said = capsys.readouterr().out
        assert secret not in said
        checks = {c["name"]: c["verdict"] for c in json.loads(said)["token"]["checks"]}
        verdicts.append(checks["signature.valid"])
    assert verdicts == ["pass", "fail"]
