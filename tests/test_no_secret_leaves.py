"""No report of any log holds a signature, a whole token, a secret or, unless asked, a person."""

import base64
import io
from functools import cache
from pathlib import Path

import pytest

import authlens
from authlens import cli
from authlens.pipeline import ScanResult
from authlens.reports import terminal
from authlens.reports.document import Document
from authlens.reports.writers import WRITERS
from authlens.tokens import find
from tests import samples


def part(data: bytes) -> str:
    """A segment of a token."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


SIGNATURE = part(bytes((i * 73 + 41) % 256 for i in range(32)))
HEAD = part(b'{"alg":"HS256","kid":"k1"}')
CLAIMS = part(b'{"iss":"https://a.example","sub":"carol-77","email":"carol@people.example","exp":1}')
TOKEN = f"{HEAD}.{CLAIMS}.{SIGNATURE}"
SECRET = "hunter2-Hunter2"
FAILED = "2026-11-24 09:00:00 [INF] Failed to validate the token. IDX10503: Signature validation failed."
HOSTILE = {
    "in a URL": f"{FAILED} GET https://a.example/hub?access_token={TOKEN}&sig={SECRET}",
    "in a cookie": f"{FAILED} Cookie: a=b; session={SECRET}; t={TOKEN}",
    "URL-encoded": f"{FAILED} q={TOKEN.replace('.', '%2E')}&client_secret={SECRET}",
    "broken": f"{FAILED} token: '{TOKEN[:90]}\\n{TOKEN[90:130]}\\n{TOKEN[130:]}'",
    "over two lines": f"{FAILED}\ntoken: '{TOKEN[:150]}\n{TOKEN[150:]}'.",
    "in an exception": f"{FAILED}\nSystem.Exception: IDX10503: token: '{TOKEN}', Password=a {SECRET};\n   at A.B()",
    "in a path": f"{FAILED} Request path: /tokens/{HEAD}/{CLAIMS}/{SIGNATURE}",
    "named": f'{FAILED} "Jwt:Key": "{SECRET}", sub=carol-77 email=carol@people.example',
}


def reports(result: ScanResult) -> dict[str, str]:
    """Every form in which a result can be told."""
    document = Document(result)
    told = {"terminal": "\n".join(map(str, terminal.render(document, 110, verbose=True)))}
    for writer in WRITERS:
        out = io.StringIO()
        writer.write(document, out)
        told[writer.name] = out.getvalue()
    return told


@cache
def secrets(log: Path) -> frozenset[str]:
    """The tokens of a log, what follows their payload, and the people in them."""
    found: set[str] = set()
    for token in find(log.read_text(encoding="utf-8", errors="replace")):
        raw = token.raw or ""
        if raw.startswith("ey") and raw.count(".") > 1:
            found |= {raw, *raw.split(".")[2:]}
        found |= {str(token.claims[name]) for name in ("email", "upn", "preferred_username") if name in token.claims}
    return frozenset(one for one in found if len(one) >= 8)


@pytest.mark.parametrize("name", samples.names())
def test_no_report_of_a_sample_holds_a_token_or_a_person(name: str) -> None:
    """Looked for with the eyes of the reader of tokens, not with those of the mask."""
    held = secrets(samples.LOGS / f"{name}.log")
    for kind, text in reports(samples.scanned(name)).items():
        assert [one for one in held if one in text] == [], kind


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_report_of_a_hostile_log_holds_a_secret(text: str, tmp_path: Path) -> None:
    """Wherever it stands, and however it is broken or escaped."""
    log = tmp_path / "app.log"
    log.write_text(f"{text}\n2026-11-24 09:00:01 [INF] next\n", encoding="utf-8")
    result = authlens.scan([log], offline=True, now=samples.NOW)
    assert result.findings
    for kind, told in reports(result).items():
        leaks = [s for s in (SECRET, SIGNATURE[:16], SIGNATURE[-16:], CLAIMS[-20:], "carol") if s in told]
        assert leaks == [], kind


ONLY_IN_TOKENS = {"life.exp-overflow"}
"""What only the claims of an undecoded token show goes with the token."""


@pytest.mark.parametrize("name", sorted({*samples.names()} - ONLY_IN_TOKENS))
def test_a_redacted_copy_has_the_same_causes(name: str, tmp_path: Path) -> None:
    """As many failures, with the same codes and causes."""
    log = samples.LOGS / f"{name}.log"
    copied = tmp_path / log.name
    assert cli.run(["redact", str(log), "-o", str(copied), "-q"]) == 0
    beside = {kind: log.with_name(f"{name}.{kind}.json") for kind in ("appsettings", "bundle")}
    known = {kind: [path] if path.exists() else [] for kind, path in beside.items()}
    result = authlens.scan(
        [copied], settings=known["appsettings"], bundles=known["bundle"], offline=True, now=samples.NOW
    )
    told = [[(f.cause, f.failure.codes) for f in one.findings] for one in (samples.scanned(name), result)]
    assert told[0] == told[1]
