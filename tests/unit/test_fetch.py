"""Who may be asked, how often, and what is done with the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authlens.errors import UsageError
from authlens.model import Expectations
from authlens.trust.addresses import Target
from authlens.trust.documents import Documents
from authlens.trust.fetch import MOST_ISSUERS, Fetcher, Policy, allow
from authlens.trust.fetch_answer import NoAnswerError, Reply
from authlens.trust.fetch_http import Client
from authlens.trust.history import History

OKTA = "https://acme.okta.com/oauth2/default"
KEYCLOAK = "https://id.example.com/realms/prod"
WELL_KNOWN = "/.well-known/openid-configuration"
KEYS = '{"keys": [{"kty": "oct", "kid": "%s"}]}'


class Wire(Client):
    """Answers from memory, and notes what was asked and whether private networks were meant."""

    def __init__(self, pages: Mapping[str, Reply | str]) -> None:
        super().__init__()
        self.pages = dict(pages)
        self.asked: list[str] = []
        self.private: list[bool] = []

    def get(self, target: Target, *, largest: int, private: bool) -> tuple[Reply, str | None]:
        self.asked.append(target.url)
        self.private.append(private)
        page = self.pages.get(target.url, Reply(status=404, text="{}"))
        if isinstance(page, str):
            raise NoAnswerError(page)
        return page, None


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 11, 24, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


def _ok(text: str, *, max_age: timedelta | None = None) -> Reply:
    return Reply(status=200, text=text, max_age=max_age)


def _site(issuer: str, kid: str = "k1", keys: str | None = None) -> dict[str, Reply | str]:
    base = issuer.rstrip("/")
    address = keys or f"{base}/keys"
    return {
        base + WELL_KNOWN: _ok(f'{{"issuer": "{issuer}", "jwks_uri": "{address}"}}'),
        address: _ok(KEYS % kid),
    }


def _documents(fetcher: Fetcher, *named: str) -> Documents:
    return Documents(network=fetcher, configured=[Expectations(authority=n) for n in named])


# --------------------------------------------------------------------------- policy


def test_by_default_only_what_the_user_names_is_asked() -> None:
    """The others are told how they would be."""
    wire = Wire({**_site(KEYCLOAK), **_site(OKTA)})
    documents = _documents(Fetcher(Policy(), client=wire), KEYCLOAK)
    assert [k.kid for k in documents.published(KEYCLOAK).keys] == ["k1"]
    asked = list(wire.asked)
    refused = documents.published(OKTA).unavailable
    assert refused == f"not asked: --allow-issuer {OKTA} or --online would ask {OKTA}{WELL_KNOWN}"
    assert wire.asked == asked


def test_online_asks_vendors_and_nobody_else() -> None:
    """A self-hosted server has no vendor's host, whatever its address looks like."""
    wire = Wire({**_site(KEYCLOAK), **_site(OKTA)})
    documents = _documents(Fetcher(Policy(online=True), client=wire))
    assert [k.kid for k in documents.published(OKTA).keys] == ["k1"]
    refused = documents.published(KEYCLOAK).unavailable
    assert refused == f"not asked: --allow-issuer {KEYCLOAK} would ask {KEYCLOAK}{WELL_KNOWN}"
    assert wire.asked == [OKTA + WELL_KNOWN, f"{OKTA}/keys"]
    assert wire.private == [False, False]


@pytest.mark.parametrize(
    "issuer",
    [
        "https://169.254.169.254/latest",
        "https://localhost/realms/a",
        "http://id.example.com",
        "https://me@acme.okta.com",
        "https://acme.okta.com:8443",
        "https://acme.okta.com/oauth2/default?x=1",
        "https://acme.okta.com.evil.example",
        "https://evil.b2clogin.com.evil.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0/",
        "https://evil.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0/",
        "https://evil.example/_services/token",
        "https://evil.example/adfs",
        "file:///etc/passwd",
        "\x1b]0;a\x07",
        "",
        "a" * 100_000,
    ],
)
def test_issuers_that_are_never_asked(issuer: str) -> None:
    """Whatever stands in a token, online or not; and the reason is fit to be printed."""
    wire = Wire({})
    documents = _documents(Fetcher(Policy(online=True), client=wire))
    reason = documents.published(issuer).unavailable
    assert wire.asked == []
    assert reason is not None
    assert reason.isprintable()
    assert len(reason) < 1000


def test_a_log_full_of_issuers_is_no_scanner() -> None:
    """So many of a vendor's tenants and no more; those that the user names do not count."""
    issuers = [f"https://t{n}.okta.com" for n in range(MOST_ISSUERS + 5)]
    wire = Wire({url: page for i in issuers for url, page in _site(i).items()})
    documents = _documents(Fetcher(Policy(online=True), client=wire), KEYCLOAK)
    reasons = [documents.published(i).unavailable for i in issuers]
    assert reasons.count(None) == MOST_ISSUERS
    assert reasons[-1] == f"not asked: the log names more than {MOST_ISSUERS} issuers"


def test_offline_opens_no_socket() -> None:
    """Not even for what the configuration names."""
    wire = Wire(_site(KEYCLOAK))
    documents = _documents(Fetcher(Policy(offline=True), client=wire), KEYCLOAK)
    assert documents.published(KEYCLOAK).unavailable == "not asked: offline"
    assert wire.asked == []


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("https://id.example.com/realms/prod", True),
        ("https://ID.example.com/realms/prod/", True),
        ("https://id.example.com/realms/*", True),
        ("https://*.example.com/realms/*", True),
        ("https://id.example.com:443/realms/prod", True),
        ("https://id.example.com", False),
        ("https://id.example.com/*", False),
        ("https://id.example.com/realms/Prod", False),
        ("https://*.example.com/*", False),
        ("https://*.*.example.com/realms/prod", False),
        ("http://id.example.com/realms/prod", False),
        ("https://id.example.com:8443/realms/prod", False),
    ],
)
def test_allowed_issuers_are_compared_part_by_part(pattern: str, *, fits: bool) -> None:
    """One star is one label or one segment, never more."""
    wire = Wire(_site(KEYCLOAK))
    documents = _documents(Fetcher(Policy(allowed=allow([pattern])), client=wire))
    assert bool(documents.published(KEYCLOAK).keys) is fits
    assert bool(wire.asked) is fits


@pytest.mark.parametrize(
    "issuer",
    [
        "https://evil.example/id.example.com/realms/prod",
        "https://id.example.com.evil.example/realms/a",
        "https://a.id.example.com/realms/a",
        "https://id.example.com/realms/a/b",
        "https://id.example.com/realms/",
    ],
)
def test_a_star_does_not_reach_further(issuer: str) -> None:
    """Neither across a dot nor across a slash, nor to nothing."""
    wire = Wire({})
    documents = _documents(Fetcher(Policy(allowed=allow(["https://id.example.com/realms/*"])), client=wire))
    documents.published(issuer)
    assert wire.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "id.example.com",
        "*",
        "https://*",
        "https://*.com",
        "https://id*.example.com",
        "https://a.example/r*",
        "ftp://a.example",
        "https://a.example:*/",
        "https://",
        "https://a..b",
    ],
)
def test_a_pattern_that_is_none_is_told(text: str) -> None:
    """Before anything is read."""
    with pytest.raises(UsageError, match="--allow-issuer"):
        allow([text])


def test_private_networks_are_meant_only_where_the_host_is_written_out() -> None:
    """A star leaves the host to whoever wrote the token."""
    for pattern, private in (("https://id.example.com/realms/*", True), ("https://*.example.com/realms/*", False)):
        wire = Wire(_site(KEYCLOAK))
        _documents(Fetcher(Policy(allowed=allow([pattern])), client=wire)).published(KEYCLOAK)
        assert wire.private == [private, private]


# --------------------------------------------------------------------------- what documents point to


@pytest.mark.parametrize("keys", ["https://169.254.169.254/keys", "https://evil.example/keys", "file:///etc/passwd"])
def test_a_document_does_not_lead_to_another_host(keys: str) -> None:
    """jwks_uri is the provider's text; where it points is evidence."""
    wire = Wire(_site(KEYCLOAK, keys=keys))
    found = _documents(Fetcher(Policy(online=True), client=wire), KEYCLOAK).published(KEYCLOAK)
    assert wire.asked == [KEYCLOAK + WELL_KNOWN]
    assert "another one than the document's" in (found.unavailable or "")


@pytest.mark.parametrize("keys", ["http://id.example.com/keys", "https://id.example.com:9200/keys"])
def test_a_document_does_not_lead_to_another_service_of_its_host(keys: str) -> None:
    """A port, or plain HTTP, is the business of whoever configured the issuer; its document is another's text."""
    wire = Wire(_site(KEYCLOAK, keys=keys))
    found = _documents(Fetcher(Policy(), client=wire), KEYCLOAK).published(KEYCLOAK)
    assert wire.asked == [KEYCLOAK + WELL_KNOWN]
    assert "is another service of the document's host" in (found.unavailable or "")
    told = Wire(_site(KEYCLOAK, keys=keys))
    allowed = Policy(allowed=allow([keys.removesuffix("/keys")]))
    _documents(Fetcher(allowed, client=told), KEYCLOAK).published(KEYCLOAK)
    assert told.asked == [KEYCLOAK + WELL_KNOWN, keys]


@pytest.mark.parametrize("port", ["", ":8443"])
def test_a_key_set_beside_its_document_is_asked_for(port: str) -> None:
    """The document's own scheme and port serve it, and the usual port of HTTPS may."""
    issuer = f"https://id.example.com{port}/realms/prod"
    for keys in (f"{issuer}/keys", "https://id.example.com/keys"):
        wire = Wire(_site(issuer, keys=keys))
        _documents(Fetcher(Policy(), client=wire), issuer).published(issuer)
        assert wire.asked == [issuer + WELL_KNOWN, keys]


def test_a_vendors_key_set_may_lie_on_its_other_host() -> None:
    """Google's does."""
    keys = "https://www.googleapis.com/oauth2/v3/certs"
    wire = Wire(_site("https://accounts.google.com", keys=keys))
    documents = _documents(Fetcher(Policy(online=True), client=wire))
    assert [k.kid for k in documents.published("accounts.google.com").keys] == []
    assert [k.kid for k in documents.published("https://accounts.google.com").keys] == ["k1"]


def test_another_host_may_be_allowed_by_name() -> None:
    """The user knows it; the document still does not decide."""
    keys = "https://keys.example.net/a/b"
    wire = Wire(_site(KEYCLOAK, keys=keys))
    fetcher = Fetcher(Policy(allowed=allow(["https://keys.example.net"])), client=wire)
    assert [k.kid for k in _documents(fetcher, KEYCLOAK).published(KEYCLOAK).keys] == ["k1"]


def test_oauth_metadata_is_asked_where_discovery_is_not_found() -> None:
    """RFC 8414; after a 404 and after nothing else."""
    issuer = "https://as.example.com/tenant"
    other = "https://as.example.com/.well-known/oauth-authorization-server/tenant"
    pages: dict[str, Reply | str] = {
        other: _ok(f'{{"issuer": "{issuer}", "jwks_uri": "https://as.example.com/k"}}'),
        "https://as.example.com/k": _ok(KEYS % "k1"),
    }
    wire = Wire(pages)
    assert [k.kid for k in _documents(Fetcher(Policy(), client=wire), issuer).published(issuer).keys] == ["k1"]
    broken = Wire({**pages, issuer + WELL_KNOWN: Reply(status=500, text="{}")})
    assert _documents(Fetcher(Policy(), client=broken), issuer).published(issuer).unavailable is not None
    assert broken.asked == [issuer + WELL_KNOWN]


def test_each_document_is_asked_once_a_run() -> None:
    """However many tokens, schemes and questions there are; failures included."""
    wire = Wire({**_site(KEYCLOAK), "https://b.example.com" + WELL_KNOWN: "no answer in time"})
    documents = _documents(Fetcher(Policy(), client=wire), KEYCLOAK, "https://b.example.com")
    for _ in range(3):
        documents.published(KEYCLOAK)
        documents.published(KEYCLOAK + "/")
        documents.loaded(Expectations(authority=KEYCLOAK))
        documents.published("https://b.example.com")
        documents.loaded(Expectations(authority="https://b.example.com"))
    assert sorted(wire.asked) == sorted({*wire.asked})
    assert len(wire.asked) == 3


# --------------------------------------------------------------------------- cache and history


def _run(folder: Path, wire: Wire, clock: Clock, *, offline: bool = False) -> tuple[Documents, Fetcher]:
    fetcher = Fetcher(Policy(offline=offline), history=History(folder), client=wire, now=clock)
    return _documents(fetcher, KEYCLOAK), fetcher


def test_a_fresh_answer_serves_the_next_run(tmp_path: Path) -> None:
    """As long as the server permits, within bounds."""
    clock, wire = (
        Clock(),
        Wire({u: _ok(p.text, max_age=timedelta(hours=1)) for u, p in _site(KEYCLOAK).items() if isinstance(p, Reply)}),
    )
    for minutes, requests in ((0, 2), (50, 2), (20, 4)):
        clock.time += timedelta(minutes=minutes)
        documents, _ = _run(tmp_path, wire, clock)
        assert [k.kid for k in documents.published(KEYCLOAK).keys] == ["k1"]
        assert len(wire.asked) == requests


def test_a_key_that_the_cache_does_not_hold_is_asked_for_once_a_run(tmp_path: Path) -> None:
    """As ConfigurationManager asks again for an unknown kid, at most every five minutes, whatever the server permits."""
    site = {u: replace(p, max_age=timedelta(hours=24)) for u, p in _site(KEYCLOAK).items() if isinstance(p, Reply)}
    clock, wire = Clock(), Wire(site)
    _run(tmp_path, wire, clock)[0].published(KEYCLOAK)
    wire.pages[f"{KEYCLOAK}/keys"] = _ok(KEYS % "k2", max_age=timedelta(hours=24))
    for minutes, kid, known, requests in (
        (4, "k2", "k1", 0),
        (2, "k1", "k1", 0),
        (0, "k2", "k2", 1),
        (9, "k3", "k2", 1),
    ):
        clock.time += timedelta(minutes=minutes)
        wire.asked.clear()
        documents, fetcher = _run(tmp_path, wire, clock)
        fetcher.expect([kid])
        for _ in range(3):
            assert [k.kid for k in documents.published(KEYCLOAK).keys] == [known]
        assert wire.asked == [f"{KEYCLOAK}/keys"] * requests


def test_a_failed_request_keeps_the_last_good_answer(tmp_path: Path) -> None:
    """With the time it is from; a failed refresh never empties anything."""
    clock = Clock()
    _run(tmp_path, Wire(_site(KEYCLOAK)), clock)[0].published(KEYCLOAK)
    clock.time += timedelta(days=3)
    documents, fetcher = _run(tmp_path, Wire(dict.fromkeys(_site(KEYCLOAK), "no answer in time")), clock)
    found = documents.published(KEYCLOAK)
    assert [k.kid for k in found.keys] == ["k1"]
    assert {(d.source, d.as_of) for d in found.documents} == {("cache", datetime(2026, 11, 24, 8, tzinfo=UTC))}
    assert fetcher.notes[0].endswith("no answer in time; the last good answer serves, as of 2026-11-24 08:00Z")


def test_an_answer_that_is_no_failure_goes_before_the_cache(tmp_path: Path) -> None:
    """404 and a web page are what the issuer says now."""
    clock = Clock()
    _run(tmp_path, Wire(_site(KEYCLOAK)), clock)[0].published(KEYCLOAK)
    clock.time += timedelta(days=3)
    documents, _ = _run(tmp_path, Wire({}), clock)
    assert "HTTP 404" in (documents.published(KEYCLOAK).unavailable or "")


def test_offline_reads_the_cache_that_is_named(tmp_path: Path) -> None:
    """Of any age, with its time, and without a socket."""
    clock = Clock()
    _run(tmp_path, Wire(_site(KEYCLOAK)), clock)[0].published(KEYCLOAK)
    clock.time += timedelta(days=300)
    silent = Wire({})
    documents, _ = _run(tmp_path, silent, clock, offline=True)
    assert [k.kid for k in documents.published(KEYCLOAK).keys] == ["k1"]
    assert "not in the cache" in (documents.published("https://b.example.com").unavailable or "")
    assert silent.asked == []


def test_the_history_tells_a_keys_life(tmp_path: Path) -> None:
    """A key that was there last week is not unknown: it was rotated."""
    clock = Clock()
    start = clock.time
    for kid in ("old", "old", "new"):
        _run(tmp_path, Wire(_site(KEYCLOAK, kid)), clock)[0].published(KEYCLOAK)
        clock.time += timedelta(days=7)
    documents, _ = _run(tmp_path, Wire(_site(KEYCLOAK, "new")), clock)
    found = documents.published(KEYCLOAK)
    assert [(k.kid, k.published_from) for k in found.keys] == [("new", start + timedelta(days=14))]
    assert [(k.kid, k.published_from, k.published_until) for k in found.former] == [
        ("old", start, start + timedelta(days=7))
    ]
