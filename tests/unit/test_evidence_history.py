"""What a history of key sets tells of a failure: fetched from a provider that rotates its keys, by two scans."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authlens import pipeline
from authlens.diagnosis import evidence_history
from authlens.diagnosis.evidence_keys import Tried
from authlens.model import Document, Finding, Frozen, Key, KeySet
from authlens.pipeline import ScanResult
from authlens.trust import fetch, keys
from tests.unit import test_fetch_http
from tests.unit.helpers.logs import refusal
from tests.unit.helpers.refusals import key

LAST_WEEK = datetime(2026, 3, 1, 8, tzinfo=UTC)
NOW = LAST_WEEK + timedelta(days=7)
authority = test_fetch_http.authority


def _print(kid: str) -> str:
    return keys.parse({"keys": [key(kid)]})[0].thumbprint or ""


def not_found(kid: str, tried: str) -> str:
    """A token of one key, refused by an application that holds another."""
    return (
        f"IDX10503: Signature validation failed. The token's kid is: '{kid}', but did not match any keys in "
        "TokenValidationParameters or Configuration. Keys tried: 'Microsoft.IdentityModel.Tokens.RsaSecurityKey, "
        f"KeyId: '{tried}', InternalId: '{_print(tried)}'. , KeyId: {tried}'. Number of keys in "
        "TokenValidationParameters: '0'. Number of keys in Configuration: '1'. Exceptions caught: ''. "
        "token: '[PII of type 'Microsoft.IdentityModel.JsonWebTokens.JsonWebToken' is hidden.]'."
    )


@dataclass
class Provider:
    """An identity provider on loopback, found under its own name, with the clock of whoever asks it."""

    issuer: str = ""
    kids: list[str] = field(default_factory=list)
    asked: int = 0
    down: bool = False

    def answer(self, path: str) -> tuple[int, object]:
        self.asked += 1
        if self.down:
            return 503, {}
        if path.endswith("/keys"):
            return 200, {"keys": [key(kid) for kid in self.kids]}
        return 200, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}


@pytest.fixture
def provider(
    authority: test_fetch_http.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Provider]:
    """Serves HTTPS with a certificate of the test's own authority."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr("authlens.trust.fetch_http._resolved", lambda *_: ("127.0.0.1",))
    made = Provider()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = made.answer(self.path)
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    context = authority.server_context(tmp_path, test_fetch_http.HOST)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.issuer = f"https://{test_fetch_http.HOST}:{server.server_port}/realms/shop"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Scans:
    """Scans of one machine: the same cache, and a clock that the test sets."""

    provider: Provider
    folder: Path
    ca: Path
    patch: pytest.MonkeyPatch

    def run(self, at: datetime, message: str, *, offline: bool = False) -> ScanResult:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: object = None) -> Clock:
                return cls.fromtimestamp(at.timestamp(), UTC)

        self.patch.setattr(fetch, "datetime", Clock)
        log = self.folder / "app.log"
        log.write_text(refusal(1, message), encoding="utf-8")
        return pipeline.scan(
            [log],
            apis=[{"scheme": "Bearer", "authority": self.provider.issuer}],
            ca_bundle=self.ca,
            cache=self.folder / "cache",
            offline=offline,
            now=at,
        )


@pytest.fixture
def scans(
    provider: Provider, authority: test_fetch_http.Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Scans:
    """Scans that ask the provider."""
    return Scans(provider, tmp_path, authority.path, monkeypatch)


def told(finding: Finding, name: str) -> str:
    """The difference in the evidence row of that name."""
    return next(e.difference or "" for e in finding.evidence if e.name == name)


def issuer_keys(result: ScanResult) -> dict[str, tuple[str | None, str | None]]:
    document = json.loads(result.to_json())
    return {k["kid"]: (k["published_from"], k["published_until"]) for i in document["issuers"] for k in i["keys"]}


def test_a_later_scan_knows_until_when_a_key_was_published(scans: Scans) -> None:
    """The token's key was withdrawn between the two scans: that decides the cause, and the report dates it."""
    scans.provider.kids = ["old"]
    scans.run(LAST_WEEK, not_found("other", "old"))
    scans.provider.kids = ["new"]
    result = scans.run(NOW, not_found("old", "new"))
    (finding,) = result.findings
    assert (finding.cause, finding.confidence) == ("sig.key-rotated", "certain")
    assert "was published until 2026-03-01 08:00Z and no longer at 2026-03-08 08:00Z" in finding.explanation
    assert "as of 2026-03-08 08:00Z" in told(finding, "key id")
    assert issuer_keys(result) == {
        "new": ("2026-03-08T08:00:00Z", None),
        "old": ("2026-03-01T08:00:00Z", "2026-03-01T08:00:00Z"),
    }


def test_without_a_history_the_same_log_leaves_it_open(scans: Scans) -> None:
    """The key is in no set at hand: it may never have been this issuer's."""
    scans.provider.kids = ["new"]
    (finding,) = scans.run(NOW, not_found("old", "new")).findings
    assert finding.confidence != "certain"
    assert "published until" not in str(finding.evidence)


def test_a_stale_set_is_dated_by_the_key_that_it_still_holds(scans: Scans) -> None:
    """The application tried last week's key, the token names this week's."""
    scans.provider.kids = ["old"]
    scans.run(LAST_WEEK, not_found("other", "old"))
    scans.provider.kids = ["new"]
    (finding,) = scans.run(NOW, not_found("new", "old")).findings
    assert (finding.cause, finding.confidence) == ("sig.key-rotated", "certain")
    assert "rotated in between 2026-03-01 08:00Z and 2026-03-08 08:00Z" in told(finding, "key id")
    assert told(finding, "keys tried") == (
        "some are no longer published: key old was published until 2026-03-01 08:00Z and no longer at "
        "2026-03-08 08:00Z: rotated between the two"
    )


def test_a_provider_that_is_down_is_replaced_by_the_last_good_set(scans: Scans) -> None:
    """And it is said how old that is; nothing counts as withdrawn for it."""
    scans.provider.kids = ["old"]
    scans.run(LAST_WEEK, not_found("other", "old"))
    scans.provider.down = True
    result = scans.run(NOW, not_found("other", "old"))
    assert any("the last good answer serves, as of 2026-03-01 08:00Z" in note for note in result.notes)
    assert "as of 2026-03-01 08:00Z" in told(result.findings[0], "key id")
    assert issuer_keys(result) == {"old": ("2026-03-01T08:00:00Z", None)}


def test_offline_the_cache_alone_tells_the_history(scans: Scans) -> None:
    """No socket is opened."""
    scans.provider.kids = ["old"]
    scans.run(LAST_WEEK, not_found("other", "old"))
    scans.provider.kids = ["new"]
    scans.run(NOW, not_found("other", "new"))
    asked = scans.provider.asked
    (finding,) = scans.run(NOW + timedelta(days=1), not_found("old", "new"), offline=True).findings
    assert scans.provider.asked == asked
    assert "was published until 2026-03-01 08:00Z" in finding.explanation


def _set(*current: Key, former: tuple[Key, ...] = ()) -> KeySet:
    document = Document(url="https://idp.example/keys", source="network", as_of=NOW, body=Frozen({}))
    return KeySet(keys=current, former=former, documents=(document,))


def test_a_key_that_was_replaced_under_its_id_is_said_to_be_replaced() -> None:
    """The id stayed, the thumbprint changed."""
    now = Key(kid="k", thumbprint="B" * 43, published_after=LAST_WEEK, published_from=NOW)
    then = Key(kid="k", thumbprint="A" * 43, published_until=LAST_WEEK, gone_by=NOW)
    found = evidence_history.dates("k", _set(now, former=(then,)), None)
    assert (
        found["jwks.rotation"] == "the key under this id was replaced between 2026-03-01 08:00Z and 2026-03-08 08:00Z"
    )
    assert "jwks.kid_published_until" not in found
    tried = Tried(type="RsaSecurityKey", kid="k", internal_id="A" * 43)
    assert evidence_history.stale([tried], _set(now, former=(then,)))["keys_tried.stale_since"] == NOW


def test_a_set_that_was_seen_once_tells_no_history() -> None:
    """When a key came is not known, only that it was there."""
    found = evidence_history.dates("k", _set(Key(kid="k", published_from=NOW)), None)
    assert "jwks.rotation" not in found
    assert evidence_history.stale([], _set()) == {}
