from __future__ import annotations

import base64
import gzip
import io
import json
import os
import sys
from pathlib import Path

import pytest

from authlens import cli, pipeline
from authlens.model import Part
from authlens.reports import copy
from tests.unit.helpers import results
from tests.unit.helpers.growth import is_linear

SAMPLES = sorted((Path(__file__).parents[2] / "sample_logs").glob("*.log"))
FORMATS = sorted(p for p in (Path(__file__).parents[1] / "data" / "formats").iterdir() if p.is_file())


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without variables, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("AUTHLENS_")]:
        monkeypatch.delenv(name)


def copied(*lines: str, key: str | None = None) -> str:
    """The copy of a log of these lines."""
    copier = copy.Copier(key=key)
    for line in lines:
        copier.learn(line)
    return "".join(map(copier.line, lines))


def part(text: str) -> str:
    """A segment of a token."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


HEADER, CLAIMS = '{"alg":"RS256","kid":"k1"}', '{"sub":"carol-77","iss":"https://a.example"}'
TOKEN = f"{part(HEADER)}.{part(CLAIMS)}.{'A' * 86}"


# --------------------------------------------------------------------------- what stays


@pytest.mark.parametrize("path", [*SAMPLES, *FORMATS], ids=lambda p: p.name)
def test_the_copy_tells_the_same_failures(path: Path) -> None:
    """Same places, same codes, same schemes: a copy is as good for a diagnosis as the log."""
    assert cli.run(["redact", str(path), "-o", "copy.log", "-q"]) == 0
    seen = [
        [_told(f) for f in pipeline.scan([p], offline=True, now=results.NOW, jobs=1, default_rules=False).failures]
        for p in (path, "copy.log")
    ]
    assert seen[0] == seen[1]
    before, after = path.read_bytes().count(b"\n"), Path("copy.log").read_bytes().count(b"\n")
    assert before == after


def _told(failure: object) -> tuple[object, ...]:
    names = ("code", "codes", "scheme", "time", "level", "repeats", "outcome")
    origin = getattr(failure, "origin", None)
    return (getattr(origin, "line", None), *(getattr(failure, name) for name in names))


def test_lines_without_anything_to_hide_stay_as_they_are() -> None:
    """Byte for byte, with their ends; versions, issuers and loggers are nobody's."""
    lines = (
        "2026-11-24 10:02:11 [INF] IDX10214 Version=8.23.0.0, Culture=neutral\r\n",
        '{"scope":{"name":"Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler"}}\n',
        "Now listening on: http://10.0.0.5:8080 and 127.0.0.1\n",
        '{"EventId":{"Id":1,"Name":"TokenValidationFailed"}}\n',
        "iss https://login.example.com/realms/orders aud api://orders kid 5kHd2-q8Zx1\n",
        "no line feed at the end",
    )
    assert copied(*lines) == "".join(lines)


# --------------------------------------------------------------------------- what goes


@pytest.mark.parametrize(
    "line",
    [
        f"Bearer {TOKEN}",
        f'{{"token":"{TOKEN}"}}',
        r"token: \u0027" + TOKEN + r"\u0027",
        f"GET /hub?access_token={TOKEN}&x=1",
        "Server=db;User Id=sa;Password=hunter2hunter2;",
        r"{\u0022client_secret\u0022:\u0022hunter2hunter2\u0022}",
        '{"kty":"oct","k":"hunter2hunter2hunter2"}',
        "<a secret=&quot;hunter2hunter2&quot;/>",
    ],
)
def test_tokens_and_secrets_are_masked(line: str) -> None:
    """However their quotes are written."""
    found = copied(line)
    assert "hunter2" not in found
    assert "A" * 20 not in found
    assert TOKEN.split(".")[1] not in found


@pytest.mark.parametrize("opening", ["{", "{ ", "{\n ", "{\t"])
def test_who_a_token_names_is_nobody_anywhere(opening: str) -> None:
    """However its issuer indents its JSON."""
    header, claims = (part(text.replace("{", opening, 1)) for text in (HEADER, CLAIMS))
    assert "carol-77" not in copied(f"Bearer {header}.{claims}.{'A' * 86}", "carol-77 called")


@pytest.mark.parametrize(
    "line",
    [
        '{"sub":"carol-77"}',
        r"{\"preferred_username\":\"carol-77\"}",
        r"{\u0022upn\u0022:\u0022carol-77\u0022}",
        "<d>{&quot;email&quot;:&quot;carol-77&quot;}</d>",
        '1,"{""unique_name"":""carol-77""}",2',
        '{"iss":"https://a.example","name":"carol-77","exp":1}',
    ],
)
def test_people_are_named_by_pseudonyms_everywhere(line: str) -> None:
    """Once a record says that it is a person's, the value is one in every other record, before and behind."""
    found = copied("for carol-77 in path /users/carol-77.\n", line, "\ncarol-77's token, carol-777\n")
    assert found.count("carol-77") == 1
    assert "carol-777" in found
    assert found.count("user-1") == 4
    assert copied("carol-77 ", f"Bearer {TOKEN}").startswith("user-1 ")


@pytest.mark.parametrize(
    "line",
    [
        "UserName=jane.doe x",
        "[UserName: jane.doe]",
        "[sub, jane.doe]",
        'upn="jane.doe" x',
        "/login?login_hint=jane.doe&x",
        "email=jane.doe%40example.org",
    ],
)
def test_people_are_found_without_json(line: str) -> None:
    """In logfmt, in heads, in queries; and then everywhere."""
    found = copied(f"{line}\n", "jane.doe\n" if "%40" not in line else "\n")
    assert "jane" not in found


@pytest.mark.parametrize("line", ["email: missing", "sub, oid and tid", "name=Bearer", "user: not found", "sub=null"])
def test_sentences_about_claims_stay(line: str) -> None:
    """A word behind the name of a claim is nobody."""
    assert copied(f"{line}\n") == f"{line}\n"


def test_a_token_over_several_lines_is_masked() -> None:
    """Whatever the envelope writes before each piece."""
    signature = part("".join(map(chr, range(40, 90))))
    text = f"{TOKEN.rsplit('.', 1)[0]}.{signature}"
    found = copied(f"stdout P x {text[:90]}\n", f"stdout F {text[90:]}\n", "Microsoft.IdentityModel.Tokens\n")
    assert signature[-20:] not in found
    assert found.endswith("\nMicrosoft.IdentityModel.Tokens\n")


def test_what_cannot_be_copied_leaves_the_target_as_it_is() -> None:
    """Nothing is written where nothing was read."""
    Path("binary.log").write_bytes(bytes(range(256)) * 40)
    Path("out.log").write_text("before", encoding="utf-8")
    assert cli.run(["redact", "binary.log", "-o", "out.log"]) == 3
    assert Path("out.log").read_text(encoding="utf-8") == "before"


def test_a_link_stays_and_so_does_the_mode_of_its_target() -> None:
    """The copy goes through a link, and no planted one is followed."""
    Path("app.log").write_text("x\n", encoding="utf-8")
    target = Path("target.log")
    target.write_text("before", encoding="utf-8")
    target.chmod(0o600)
    Path("link.log").symlink_to(target)
    Path(f".target.log.{os.getpid()}.part").symlink_to("planted")
    assert cli.run(["redact", "app.log", "-o", "link.log"]) == 3
    Path(f".target.log.{os.getpid()}.part").unlink()
    assert cli.run(["redact", "app.log", "-o", "link.log"]) == 0
    assert Path("link.log").is_symlink()
    assert not Path("planted").exists()
    assert (target.read_text(encoding="utf-8"), target.stat().st_mode & 0o777) == ("x\n", 0o600)


def test_addresses_of_mail_and_clients_are_people() -> None:
    """The same one is called the same; with a key in every copy."""
    line = "dora@example.org from 203.0.113.7, again dora@example.org\n"
    assert copied(line) == "user-1 from user-2, again user-1\n"
    assert copied(line, key="k") == copied("first someone@else.example\n", line, key="k").splitlines(keepends=True)[1]


@pytest.mark.parametrize("address", ["203.0.113.7", "2001:db8:85a3::8a2e:370:7334", "::ffff:203.0.113.9", "fe80::1"])
@pytest.mark.parametrize("before", ["", "from ", "ip=", "ip:", "("])
def test_a_clients_address_is_found_in_free_text(before: str, address: str) -> None:
    """Of both versions, whatever stands before it."""
    found = copied(f"{before}{address}, next\n")
    assert address not in found
    assert "user-1, next" in found


@pytest.mark.parametrize(
    "text",
    [
        "at 12:34:56.789",
        "Version=8.0.1.0",
        "v1.2.3.4",
        "Library/8.1.2.0",
        "System::Foo::Bar",
        "aa:bb:cc:dd:ee:ff",
        "::1",
    ],
)
def test_what_only_looks_like_an_address_stays(text: str) -> None:
    """Times, versions, names, and the machine's own address."""
    assert copied(f"{text} x\n") == f"{text} x\n"


def test_a_number_that_is_a_person_stays_json() -> None:
    """It becomes a text."""
    assert json.loads(copied('{"sub":12345678,"n":12345678}')) == {"sub": "user-1", "n": 12345678}


def test_a_private_key_over_several_lines_is_masked() -> None:
    """And as many lines stay; what comes behind it is read again."""
    lines = ["x -----BEGIN PRIVATE KEY-----\n", *["MIIEvQIBADANBgkq\n"] * 20, "-----END PRIVATE KEY-----\n", "behind\n"]
    found = copied(*lines)
    assert "MIIE" not in found
    assert found.count("\n") == len(lines)
    assert found.endswith("behind\n")


# --------------------------------------------------------------------------- the command


def test_it_reads_what_a_scan_reads(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Compressed files, UTF-16, a pipe; and writes text."""
    text = f"é carol@example.org {TOKEN}\n"
    Path("a.log.gz").write_bytes(gzip.compress(text.encode()))
    Path("b.log").write_bytes(text.encode("utf-16"))
    for path in ("a.log.gz", "b.log"):
        assert cli.run(["redact", path]) == 0
        said = capsys.readouterr()
        assert said.out.startswith("é user-2 [token ")
        assert "1 line copied, 1 of them masked" in said.err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert cli.run(["redact", "-q"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("args", "code"),
    [(["missing.log"], 3), (["."], 2), (["one.log", "-o", "one.log"], 2), (["empty.log"], 4), (["binary.log"], 3)],
)
def test_what_cannot_be_copied(args: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """In at most three lines, and the log itself is never written over."""
    Path("one.log").write_text("x\n", encoding="utf-8")
    Path("two.log").write_text("x\n", encoding="utf-8")
    Path("empty.log").write_bytes(b"")
    Path("binary.log").write_bytes(bytes(range(256)) * 40)
    assert cli.run(["redact", *args]) == code
    assert 1 <= len(capsys.readouterr().err.splitlines()) <= 3
    assert Path("one.log").read_text(encoding="utf-8") == "x\n"


def test_a_line_without_an_end_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """No token is cut in two by a border: pieces end between words, and a word without an end is left out."""
    monkeypatch.setattr(copy, "LONGEST_LINE", 1000)
    text = " ".join([TOKEN] * 40)
    parts = [Part(source="x", data=text[at : at + 300].encode()) for at in range(0, len(text), 300)]
    copier = copy.Copier()
    found = "".join(map(copier.line, copy.lines(parts)))
    assert found.count("[token ") == 40
    assert TOKEN.split(".")[1] not in found
    (long,) = copy.lines([Part(source="x", data=b"A" * 5000)])
    assert long == "[5000 characters without a break]"


@pytest.mark.parametrize(
    "text",
    [
        "1." * 50_000,
        "a@" * 50_000,
        '"name":"' * 12_500,
        "\\" * 100_000,
        "eyJ" * 34_000,
        "password=" * 12_000,
        " ".join(f'{{"sub":"User {n} x"}}' for n in range(5_000)),
        "&quot;name&quot;:" * 6_000,
    ],
    ids=range(8),
)
def test_no_line_takes_long(text: str) -> None:
    """Time grows with the length of the line, whatever is in it."""
    assert is_linear(lambda size: copied(text[:size] + '"'), 25_000)
