"""What issuers publish and what applications load, from bundles and key files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from authlens.errors import InputError
from authlens.model import Document, Expectations
from authlens.trust.bundles import SCHEMA, bundle, judge, read_bundle, read_key_file, split_spec
from authlens.trust.documents import Documents, record

TID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
OTHER = "11111111-2222-3333-4444-555555555555"
MICROSOFT = "https://login.microsoftonline.com"
WELL_KNOWN = "/.well-known/openid-configuration"
# The example key of RFC 7517, appendix A.1.
N = (
    "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn6"
    "4tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91"
    "CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
)


def _key(kid: str, **members: object) -> dict[str, object]:
    return {"kty": "RSA", "use": "sig", "kid": kid, "n": N, "e": "AQAB", **members}


def _pair(issuer: str, address: str, keys: str, *kids: str) -> list[dict[str, object]]:
    """A discovery document and its key set."""
    return [
        {"url": address, "status": 200, "body": json.dumps({"issuer": issuer, "jwks_uri": keys})},
        {"url": keys, "status": 200, "body": json.dumps({"keys": [_key(kid) for kid in kids]})},
    ]


def _simple(issuer: str, *kids: str) -> list[dict[str, object]]:
    base = issuer.rstrip("/")
    return _pair(issuer, base + WELL_KNOWN, f"{base}/keys", *kids)


@pytest.fixture
def made(tmp_path: Path) -> Maker:
    return Maker(tmp_path)


class Maker:
    """Writes files and reads them as documents."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def file(self, content: object) -> str:
        self.count += 1
        path = self.folder / f"{self.count}.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return str(path)

    def bundle(self, entries: Sequence[Mapping[str, object]]) -> str:
        return self.file({"documents": entries})

    def documents(self, *entries: Mapping[str, object]) -> Documents:
        return Documents(bundles=[self.bundle(entries)])


def _kids(documents: Documents, issuer: str, claims: Mapping[str, object] | None = None) -> list[str | None]:
    return [key.kid for key in documents.published(issuer, claims).keys]


# --------------------------------------------------------------------------- the token's issuer


@pytest.mark.parametrize(
    "issuer",
    [
        "https://idp.example.com/a",
        "https://idp.example.com/a/",
        "https://IDP.example.com/a",
        "https://idp.example.com/A",
    ],
)
def test_an_issuer_is_looked_up_leniently_and_reported_exactly(made: Maker, issuer: str) -> None:
    """Slash and case are for the comparison to judge, not for the look-up to stumble over."""
    found = made.documents(*_simple("https://idp.example.com/a", "k1")).published(issuer)
    assert [k.kid for k in found.keys] == ["k1"]
    assert found.issuer == "https://idp.example.com/a"
    assert [d.url for d in found.documents] == [
        "https://idp.example.com/a" + WELL_KNOWN,
        "https://idp.example.com/a/keys",
    ]


def test_an_issuer_is_found_by_what_a_document_says(made: Maker) -> None:
    """The document may lie anywhere: behind a proxy, at a host of its own."""
    documents = made.documents(*_pair("https://sso.example.com/x", "https://idp.corp/x", "https://idp.corp/keys", "k1"))
    assert _kids(documents, "https://sso.example.com/x") == ["k1"]


def test_the_access_token_issuer_of_ad_fs(made: Maker) -> None:
    """Its own member names it."""
    entries = _simple("https://fs.example.com/adfs", "k1")
    entries[0]["body"] = {
        "issuer": "https://fs.example.com/adfs",
        "access_token_issuer": "http://fs.example.com/adfs/services/trust",
        "jwks_uri": "https://fs.example.com/adfs/keys",
    }
    found = made.documents(*entries).published("http://fs.example.com/adfs/services/trust")
    assert ([k.kid for k in found.keys], found.issuer) == (["k1"], "https://fs.example.com/adfs")


def _entra(tenant: str = TID) -> list[dict[str, object]]:
    return [
        *_pair(
            f"{MICROSOFT}/{tenant}/v2.0",
            f"{MICROSOFT}/{tenant}/v2.0{WELL_KNOWN}",
            f"{MICROSOFT}/{tenant}/discovery/v2.0/keys",
            "k1",
        ),
        *_pair(
            f"https://sts.windows.net/{tenant}/",
            f"{MICROSOFT}/{tenant}{WELL_KNOWN}",
            f"{MICROSOFT}/{tenant}/discovery/keys",
            "k1",
            "k2",
        ),
    ]


def test_both_versions_of_entra(made: Maker) -> None:
    """Each issuer has its own document, at an address that the issuer does not show."""
    documents = made.documents(*_entra())
    assert _kids(documents, f"{MICROSOFT}/{TID}/v2.0") == ["k1"]
    assert _kids(documents, f"https://sts.windows.net/{TID}/") == ["k1", "k2"]


def test_the_other_version_serves_where_one_is_missing(made: Maker) -> None:
    """They share keys; the issuer reported tells that it is the other one."""
    found = made.documents(*_entra()[:2]).published(f"https://sts.windows.net/{TID}/")
    assert ([k.kid for k in found.keys], found.issuer) == (["k1"], f"{MICROSOFT}/{TID}/v2.0")


def test_a_template_serves_every_tenant(made: Maker) -> None:
    """And is reported as the template that it is."""
    keys = f"{MICROSOFT}/common/discovery/v2.0/keys"
    entries = _pair(MICROSOFT + "/{tenantid}/v2.0", f"{MICROSOFT}/common/v2.0{WELL_KNOWN}", keys, "k1")
    found = made.documents(*entries).published(f"{MICROSOFT}/{OTHER}/v2.0")
    assert ([k.kid for k in found.keys], found.issuer) == (["k1"], MICROSOFT + "/{tenantid}/v2.0")
    assert made.documents(*entries).published("https://idp.example.com/x").unavailable is not None


def _b2c(policy: str, kid: str) -> list[dict[str, object]]:
    base = f"https://contoso.b2clogin.com/contoso.onmicrosoft.com/{policy}"
    issuer = f"https://contoso.b2clogin.com/{TID}/v2.0/"
    return _pair(issuer, f"{base}/v2.0{WELL_KNOWN}", f"{base}/discovery/v2.0/keys", kid)


def test_b2c_publishes_by_policy(made: Maker) -> None:
    """One issuer, several policies, each with its keys; the token's tfp or acr tells which."""
    documents = made.documents(*_b2c("b2c_1_in", "k1"), *_b2c("b2c_1_edit", "k2"), _b2c("b2c_1_reset", "k3")[1])
    issuer = f"https://contoso.b2clogin.com/{TID}/v2.0/"
    assert _kids(documents, issuer, {"tfp": "B2C_1_in"}) == ["k1"]
    assert _kids(documents, issuer, {"acr": "b2c_1_edit"}) == ["k2"]
    assert _kids(documents, issuer, {"tfp": "B2C_1_reset"}) == ["k3"]
    absent = documents.published(issuer, {"tfp": "B2C_1_other"})
    assert absent.unavailable == "the documents at hand are for other policies than b2c_1_other"


def test_a_kid_is_found_wherever_it_is_published(made: Maker) -> None:
    """Entra's application keys stand at ?appid= only, outside of what the issuer publishes for all."""
    address = f"{MICROSOFT}/{TID}/discovery/v2.0/keys?appid=a1"
    own = {"url": address, "status": 200, "body": {"keys": [_key("own")]}}
    documents = made.documents(*_entra(), own)
    assert "own" not in _kids(documents, f"{MICROSOFT}/{TID}/v2.0")
    (found,) = documents.find_kid("own")
    assert (found.issuer, found.url, found.key.kid) == (f"{MICROSOFT}/{TID}/v2.0", address, "own")
    assert [f.issuer for f in documents.find_kid("k1")] == [
        f"{MICROSOFT}/{TID}/v2.0",
        f"https://sts.windows.net/{TID}/",
    ]
    assert documents.find_kid("OWN") == ()


# --------------------------------------------------------------------------- the application's address


def test_what_the_application_loads_is_another_question(made: Maker) -> None:
    """Its authority, its metadata address; not the token's issuer."""
    documents = made.documents(*_simple("https://a.example", "ka"), *_simple("https://b.example", "kb"))
    by_authority = documents.loaded(Expectations(authority="https://B.example/"))
    by_address = documents.loaded(Expectations(metadata_address="https://b.example" + WELL_KNOWN))
    assert [k.kid for k in by_authority.keys] == [k.kid for k in by_address.keys] == ["kb"]
    assert [k.kid for k in documents.published("https://a.example").keys] == ["ka"]


def test_an_application_with_keys_of_its_own_loads_nothing(made: Maker) -> None:
    """That is known, and said."""
    found = made.documents().loaded(Expectations(issuers=("contoso-auth",)))
    assert found.unavailable == "the application loads no metadata: its keys are its own"


def test_a_configuration_is_looked_up_by_its_address(made: Maker) -> None:
    """Or said to be missing."""
    documents = made.documents(*_simple("https://a.example", "ka"))
    assert (documents.configuration("https://A.example" + WELL_KNOWN).body or {})["issuer"] == "https://a.example"
    assert documents.configuration("https://c.example" + WELL_KNOWN).error == "is not among the documents at hand"


# --------------------------------------------------------------------------- evidence


@pytest.mark.parametrize(
    ("entry", "error"),
    [
        ({"status": 404, "body": '{"error":"not_found"}'}, "was answered with HTTP 404"),
        ({"status": 200, "body": "<!DOCTYPE html><html>Sign in"}, "is a web page, not JSON"),
        ({"status": 200, "body": "  "}, "is empty"),
        ({"status": 200, "body": '{"issuer": "https://a'}, "is JSON that breaks off"),
        ({"status": 200, "body": "[" * 100_000}, "is nested deeper"),
        ({"status": 200, "body": "[]"}, "is no JSON object"),
        ({"status": 200, "body": '{"a":' * 100_000}, "is nested deeper than 8 levels"),
        ({"status": 200, "body": {"a": 1}}, "is neither a discovery document"),
        ({"status": 200, "body": {"issuer": "https://a.example"}}, "is neither a discovery document"),
        ({"status": 200}, "holds no document"),
        ({"status": None, "error": "no answer in time"}, "no answer in time"),
    ],
)
def test_a_document_of_no_use_is_evidence(made: Maker, entry: dict[str, object], error: str) -> None:
    """It is no fault of the user's file, and it is why nothing is known."""
    documents = made.documents({"url": "https://a.example" + WELL_KNOWN, **entry})
    assert documents.errors == []
    found = documents.loaded(Expectations(authority="https://a.example"))
    assert found.keys == ()
    assert found.unavailable is not None
    assert (found.documents[0].error or "").startswith(error)


@pytest.mark.parametrize("fetched_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "yesterday", 5])
def test_a_time_that_is_none_is_not_known(made: Maker, fetched_at: object) -> None:
    """Also where the zone leads out of the calendar; the document counts all the same."""
    entries = [{**entry, "fetched_at": fetched_at} for entry in _simple("https://a.example", "k1")]
    found = made.documents(*entries).published("https://a.example")
    assert [key.kid for key in found.keys] == ["k1"]
    assert [document.as_of for document in found.documents] == [None, None]


def test_an_empty_key_set_is_known_to_be_empty(made: Maker) -> None:
    """Not the same as unknown: nothing at all is published."""
    found = made.documents(*_simple("https://a.example")).published("https://a.example")
    assert (found.keys, found.unavailable) == ((), None)
    assert found.documents[1].error == "is an empty key set"


def test_a_key_set_elsewhere_that_is_not_at_hand(made: Maker) -> None:
    """The document points to a host that only the provider's own network knows."""
    entries = _pair("https://a.example", "https://a.example" + WELL_KNOWN, "https://keycloak.svc:8443/certs")
    found = made.documents(entries[0]).published("https://a.example")
    assert (found.issuer, found.keys) == ("https://a.example", ())
    assert found.unavailable == "the key set https://keycloak.svc:8443/certs is not among the documents at hand"


def test_private_members_are_noticed_and_never_kept(made: Maker) -> None:
    """Neither in the key nor in the document."""
    entries = _simple("https://a.example")
    entries[1]["body"] = json.dumps({"keys": [_key("k1", d="made-up-exponent", p="made-up-prime")]})
    found = made.documents(*entries).published("https://a.example")
    assert found.keys[0].private
    assert "made-up" not in str([found.keys[0].jwk, found.documents[1].body, bundle(found.documents)])


def test_certificates_by_kid_are_a_key_set(made: Maker) -> None:
    """Google serves this form beside the usual one; a certificate that cannot be read is a key with a defect."""
    entries = _simple("https://a.example")
    entries[1]["body"] = {"k1": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"}
    found = made.documents(*entries).published("https://a.example")
    assert found.documents[1].error is None
    assert [(k.kid, k.defect is None) for k in found.keys] == [("k1", False)]


def test_the_latest_of_two_recordings_counts(made: Maker) -> None:
    """By the time they were recorded; without times the first one."""
    old, new = _simple("https://a.example", "old"), _simple("https://a.example", "new")
    dated = [{**e, "fetched_at": "2026-01-01T00:00:00Z"} for e in old] + [
        {**e, "fetched_at": "2026-02-01T00:00:00+01:00"} for e in new
    ]
    assert _kids(Documents(bundles=[made.bundle(dated)]), "https://a.example") == ["new"]
    assert _kids(Documents(bundles=[made.bundle(old), made.bundle(new)]), "https://a.example") == ["old"]


# --------------------------------------------------------------------------- files


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"documents": {}}',
        '{"documents": [1]}',
        '{"documents": [{}]}',
        '{"schema": "x/1", "documents": []}',
    ],
)
def test_a_bundle_that_is_none(made: Maker, content: str) -> None:
    """Told with its path; everything else goes on."""
    good, bad = made.bundle(_simple("https://a.example", "k1")), made.file(content)
    documents = Documents(bundles=[bad, good])
    (error,) = documents.errors
    assert str(error).startswith(bad)
    assert _kids(documents, "https://a.example") == ["k1"]


def test_a_bundle_may_lack_schema_and_times(made: Maker) -> None:
    """And a missing file is no bundle."""
    (document,) = read_bundle(made.bundle([{"url": "https://a.example/keys", "body": {"keys": [_key("k")]}}]))
    assert (document.status, document.as_of, document.error) == (None, None, None)
    with pytest.raises(InputError, match="cannot be read"):
        read_bundle("absent.json")


@pytest.mark.parametrize("content", ["", "{}", '{"keys": 5}', "<html>", '{"issuer": "https://a"}'])
def test_a_key_file_that_is_none(made: Maker, content: str) -> None:
    """A key set has keys, were it none."""
    with pytest.raises(InputError, match=r"\.json: is no"):
        read_key_file(made.file(content))
    assert read_key_file(made.file({"keys": []})).error == "is an empty key set"


def test_key_files_for_an_issuer_and_for_all_others(made: Maker) -> None:
    """An issuer's own file goes before the bundle; one without an issuer serves whoever has no other."""
    own, rest = made.file({"keys": [_key("own")]}), made.file({"keys": [_key("rest")]})
    bundled = made.bundle([*_simple("https://a.example", "bundled"), *_simple("https://b.example", "bundled")])
    documents = Documents(bundles=[bundled], jwks=[f"https://a.example={own}", rest])
    assert _kids(documents, "https://a.example/") == ["own"]
    assert _kids(documents, "https://b.example") == ["bundled"]
    assert _kids(documents, "contoso-auth") == ["rest"]
    assert [k.kid for k in documents.loaded(Expectations(authority="https://a.example")).keys] == ["own"]
    assert [k.kid for k in documents.loaded(Expectations(authority="https://c.example")).keys] == ["rest"]
    assert {f.key.kid for f in documents.every_key()} == {"own", "rest", "bundled"}


def test_an_equals_sign_on_either_side(made: Maker, tmp_path: Path) -> None:
    """Issuers and paths may both hold one."""
    path = tmp_path / "a=b.json"
    path.write_text(json.dumps({"keys": [_key("k")]}), "utf-8")
    assert _kids(Documents(jwks=[str(path)]), "https://x.example") == ["k"]
    assert _kids(Documents(jwks=[f"https://x.example/?p=1={path}"]), "https://x.example/?p=1") == ["k"]


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("none.json", (None, "none.json")),
        ("https://a.example=none.json", ("https://a.example", "none.json")),
        ("https://a.example/?p=1=k.json", ("https://a.example/?p=1", "k.json")),
        ("https://a.example=there=is.json", ("https://a.example", "there=is.json")),
        ("there=is.json", (None, "there=is.json")),
        ("x" * 5000 + "=k.json", ("x" * 5000, "k.json")),
    ],
)
def test_an_issuer_ends_where_a_file_begins(tmp_path: Path, spec: str, parts: tuple[str | None, str]) -> None:
    """Where no file is there, at the first equals sign; what cannot be the name of a file is none."""
    for name in ("k.json", "there=is.json"):
        (tmp_path / name).touch()
    assert split_spec(spec, tmp_path) == parts


# --------------------------------------------------------------------------- reports


def test_what_was_used_is_reported_once_and_sorted(made: Maker) -> None:
    """By issuer or address, with the reason where nothing is known."""
    documents = made.documents(*_simple("https://b.example", "k1"), *_simple("https://a.example", "k2"))
    for issuer in ("https://b.example", "https://a.example", "https://b.example", "https://c.example"):
        documents.published(issuer)
    assert [(r.issuer, [k.kid for k in r.keys]) for r in documents.all()] == [
        ("https://a.example", ["k2"]),
        ("https://b.example", ["k1"]),
        ("https://c.example", []),
    ]
    assert documents.unavailable() == (
        ("https://c.example", "not among the documents at hand, and the network was not asked"),
    )


# --------------------------------------------------------------------------- the network's part

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


class Net:
    """A network of documents in memory, that notes what it is asked."""

    def __init__(
        self, entries: Sequence[Mapping[str, object]], earlier: Mapping[str, tuple[Document, ...]] | None = None
    ) -> None:
        self.entries = {str(e["url"]): e for e in entries}
        self.earlier = earlier or {}
        self.asked: list[str] = []

    def _get(self, url: str) -> Document:
        self.asked.append(url)
        entry = self.entries.get(url, {"status": 404, "body": "{}"})
        return judge(url, entry.get("body"), source="network", status=200 if url in self.entries else 404, as_of=NOW)

    def refusal(self, issuer: str, *, named: bool) -> str | None:
        return None if named else "not asked: nobody names it"

    def discovery(self, issuer: str, candidates: Sequence[str], *, named: bool) -> Document | None:
        return next((d for d in map(self._get, candidates) if d.status == 200), None)

    def key_set(self, issuer: str, discovery: str, address: str, *, named: bool) -> Document:
        return self._get(address)

    def history(self, address: str) -> tuple[Document, ...]:
        return self.earlier.get(address, ())


def test_only_what_the_configuration_names_is_asked() -> None:
    """Its authority, and the issuer that its document turns out to name; nobody else."""
    net = Net(
        _pair(
            "https://public.example/x", "https://internal.example/x" + WELL_KNOWN, "https://internal.example/keys", "k1"
        )
    )
    documents = Documents(network=net, configured=[Expectations(authority="https://internal.example/x")])
    assert documents.published("https://evil.example").unavailable == "not asked: nobody names it"
    assert _kids(documents, "https://public.example/x") == ["k1"]
    assert net.asked == ["https://internal.example/x" + WELL_KNOWN, "https://internal.example/keys"]


def test_what_the_log_taught_is_not_named_by_the_user() -> None:
    """An address in a log line is anybody's."""
    net = Net(_simple("https://evil.example", "k"))
    learnt = Expectations(metadata_address="https://evil.example" + WELL_KNOWN, learnt=True)
    documents = Documents(network=net, configured=[learnt])
    assert documents.loaded(learnt).unavailable == "not asked: nobody names it"
    assert net.asked == []


def test_a_bundle_goes_before_the_network(made: Maker) -> None:
    """It was recorded for that."""
    net = Net([])
    documents = Documents(
        bundles=[made.bundle(_simple("https://a.example", "k1"))],
        network=net,
        configured=[Expectations(authority="https://a.example")],
    )
    assert _kids(documents, "https://a.example") == ["k1"]
    assert net.asked == []


def test_history_dates_the_keys() -> None:
    """Since when a key is published, and until when one was that no longer is."""
    first, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    kept = tuple(
        judge(
            "https://a.example/keys",
            {"keys": [_key(k, n=N[:-1] + last) for k, last in kids]},
            source="cache",
            status=200,
            as_of=at,
        )
        for at, kids in ((first, [("old", "A"), ("k1", "w")]), (later, [("old", "A")]))
    )
    net = Net(_simple("https://a.example", "k1", "k2"), {"https://a.example/keys": kept})
    documents = Documents(network=net, configured=[Expectations(authority="https://a.example")])
    found = documents.published("https://a.example")
    assert [(k.kid, k.published_from, k.published_until) for k in found.keys] == [
        ("k1", first, None),
        ("k2", NOW, None),
    ]
    assert [(k.kid, k.published_from, k.published_until) for k in found.former] == [("old", first, later)]
    assert [k.kid for k in documents.all()[0].keys] == ["k1", "k2", "old"]


def test_a_bundle_can_be_recorded_and_read(made: Maker) -> None:
    """What was of no use is in it, too, with the reason."""
    net = Net(_simple("https://a.example", "k1"))
    recorded = record(["https://a.example"], net)
    assert recorded["schema"] == SCHEMA
    documents = Documents(bundles=[made.file(recorded)])
    assert documents.errors == []
    found = documents.published("https://a.example")
    assert ([k.kid for k in found.keys], found.documents[0].as_of) == (["k1"], NOW)


def test_bundles_of_two_days_tell_which_key_came_and_which_went(made: Maker) -> None:
    """In whatever order they are given; an answer of no use in between tells of no key."""
    issuer, days = "https://sso.example.com", [f"2026-03-0{n}T09:00:00Z" for n in (1, 2, 3)]
    old, new = _simple(issuer, "a", "b"), _simple(issuer, "b", "c")
    broken = {"url": f"{issuer}/keys", "status": 500, "body": ""}
    taken = [
        [{**entry, "fetched_at": day} for entry in entries]
        for day, entries in zip(days, (old, [broken], new), strict=True)
    ]
    for order in ((0, 1, 2), (2, 0, 1)):
        files = [made.file({"schema": SCHEMA, "documents": taken[n]}) for n in order]
        keys = Documents(bundles=files).published(issuer)
        first, last = (datetime.fromisoformat(days[n]) for n in (0, 2))
        came = {k.kid: (k.published_after, k.published_from) for k in keys.keys}
        assert came == {"b": (None, first), "c": (first, last)}
        assert [(k.kid, k.published_until, k.gone_by) for k in keys.former] == [("a", first, last)]
