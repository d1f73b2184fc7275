from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from authlens import cli
from tests.unit.helpers.idp import Provider, provider


@pytest.fixture
def idp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """An identity provider that runs for one test; the user has no proxy and a cache of their own."""
    monkeypatch.chdir(tmp_path)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "AUTHLENS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "idp"
    folder.mkdir()
    with provider(folder) as found:
        yield found


def test_a_bundle_holds_what_the_issuer_publishes(idp: Provider, capsys: pytest.CaptureFixture[str]) -> None:
    """Discovery document and key set with their time, asked once each; the command says what it wrote."""
    assert cli.run(["bundle", idp.issuer, "-o", "keys.json", "--ca-bundle", str(idp.ca)]) == 0
    said = capsys.readouterr().out
    bundle = json.loads(Path("keys.json").read_bytes())
    assert bundle["schema"] == "authlens.bundle/1"
    assert [d["url"].removeprefix(idp.issuer) for d in bundle["documents"]] == sorted(idp.asked)
    assert all(d["status"] == 200 and d["fetched_at"].endswith("Z") for d in bundle["documents"])
    assert "1 key, as of 20" in said
    assert "keys.json: 2 documents of 1 issuer, 1 key" in said


def test_a_bundle_serves_a_scan_without_a_network(idp: Provider, tmp_path: Path) -> None:
    """What was recorded is what a scan offline knows."""
    cli.run(["bundle", idp.issuer, "-o", "keys.json", "--ca-bundle", str(idp.ca), "--cache", "none"])
    settings = {"Authentication": {"Schemes": {"Bearer": {"Authority": idp.issuer, "ValidAudience": "api"}}}}
    Path("appsettings.json").write_text(json.dumps(settings), encoding="utf-8")
    Path("app.log").write_text(LOG.format(issuer=idp.issuer), encoding="utf-8")
    asked = len(idp.asked)
    args = "scan app.log --offline --bundle keys.json --settings appsettings.json --json r.json -q"
    assert cli.run(args.split()) == 1
    issuers = json.loads(Path("r.json").read_bytes())["issuers"]
    assert {key["kid"] for issuer in issuers for key in issuer["keys"]} == {"k1"}
    assert {d["source"] for issuer in issuers for d in issuer["documents"]} == {"bundle"}
    assert len(idp.asked) == asked


def test_what_could_not_be_had_is_told_and_kept(idp: Provider, capsys: pytest.CaptureFixture[str]) -> None:
    """The rest is recorded all the same; the exit code says that it is not whole."""
    idp.pages["/keys"] = None
    assert cli.run(["bundle", idp.issuer, "-o", "-", "--ca-bundle", str(idp.ca)]) == 3
    said = capsys.readouterr()
    documents = json.loads(said.out)["documents"]
    assert [d["status"] for d in documents] == [200, 404]
    assert "failed" in said.err
    assert "HTTP 404" in said.err


def test_an_unknown_certificate_is_told(idp: Provider, capsys: pytest.CaptureFixture[str]) -> None:
    """Without the authority's certificate there is no answer."""
    assert cli.run(["bundle", idp.issuer, "-o", "keys.json"]) == 3
    assert "certificate" in capsys.readouterr().out.lower()


def test_what_is_no_issuer_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    """A word, a pattern, or nothing."""
    for words, said in (
        (["orders"], "“orders” is no issuer: write scheme and host: https://HOST/PATH."),
        (["https://*.example.com"], "“https://*.example.com” is no issuer: * stands for one whole host label"),
        ([], "ISSUER"),
    ):
        assert cli.run(["bundle", *words]) == 2
        told = capsys.readouterr().err
        assert said in told
        assert len(told.splitlines()) <= 3


def test_a_scan_asks_whom_the_settings_name_and_keeps_the_answer(idp: Provider, tmp_path: Path) -> None:
    """By default, with the cache of the platform; the next scan is served from it."""
    settings = {"Authentication": {"Schemes": {"Bearer": {"Authority": idp.issuer, "ValidAudience": "api"}}}}
    Path("appsettings.json").write_text(json.dumps(settings), encoding="utf-8")
    Path("app.log").write_text(LOG.format(issuer=idp.issuer), encoding="utf-8")
    args = ["scan", "app.log", "--settings", "appsettings.json", "--ca-bundle", str(idp.ca), "-q"]
    assert cli.run([*args, "--json", "one.json"]) == 1
    assert sorted(idp.asked) == ["/.well-known/openid-configuration", "/keys"]
    assert (tmp_path / "cache" / "authlens").is_dir()
    assert cli.run([*args, "--json", "two.json"]) == 1
    sources = [
        {d["source"] for i in json.loads(Path(p).read_bytes())["issuers"] for d in i["documents"]}
        for p in ("one.json", "two.json")
    ]
    assert sources == [{"network"}, {"cache"}]
    assert len(idp.asked) == 2


def test_issuers_of_the_log_are_not_asked_unless_allowed(idp: Provider, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary says which were seen, and what would ask them."""
    Path("app.log").write_text(LOG.format(issuer=idp.issuer), encoding="utf-8")
    cli.run(["scan", "app.log", "--ca-bundle", str(idp.ca), "--cache", "none"])
    assert not idp.asked
    cli.run(["scan", "app.log", "--ca-bundle", str(idp.ca), "--cache", "none", "--allow-issuer", idp.issuer])
    assert "/keys" in idp.asked


LOG = """\
2026-11-24 10:02:11.250 +00:00 [INF] Failed to validate the token.
Microsoft.IdentityModel.Tokens.SecurityTokenInvalidAudienceException: IDX10214: Audience validation failed. \
Audiences: 'other'. Did not match: validationParameters.ValidAudience: 'api' or \
validationParameters.ValidAudiences: 'null'.
token: '{{"alg":"RS256","kid":"k1","typ":"JWT"}}.{{"iss":"{issuer}","aud":"other","sub":"u","exp":1795521600}}'
   at Microsoft.IdentityModel.Tokens.Validators.ValidateAudience(IEnumerable`1 audiences)
"""
