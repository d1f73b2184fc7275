"""What is known besides the log: settings, configuration and documents, read together."""

from pathlib import Path

import pytest

from authlens import knowledge
from authlens.errors import UsageError
from authlens.options import Basis
from authlens.trust.fetch import Fetcher
from tests.unit.helpers.refusals import failure

SETTINGS = """{"Authentication": {"Schemes": {
    "Keycloak": {"Authority": "https://sso.example/realms/a", "ValidAudiences": ["a"]},
    "Other": {"Authority": "https://other.example"}}}}"""


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """An appsettings.json with two schemes."""
    path = tmp_path / "appsettings.json"
    path.write_text(SETTINGS, encoding="utf-8")
    return path


def test_a_scheme_of_settings_and_configuration_is_one(settings: Path) -> None:
    """What the configuration says of it counts, the rest is what the settings say; both are named as its source."""
    api = {"scheme": "keycloak", "audiences": ["b"], "clock_skew_s": 60, "source": "authlens.toml:3"}
    one, other = knowledge.read(Basis(settings=[settings], apis=[api], offline=True)).expected
    assert (one.authority, one.audiences, one.clock_skew_s) == ("https://sso.example/realms/a", ("b",), 60.0)
    assert one.source.startswith("authlens.toml:3; ")
    assert str(settings) in one.source
    assert other.scheme == "Other"


def test_a_scheme_of_the_configuration_alone_stands_beside_those_of_the_settings(settings: Path) -> None:
    """It takes nothing from them."""
    api = {"scheme": "Mine", "issuers": ["https://mine.example"]}
    found = knowledge.read(Basis(settings=[settings], apis=[api], offline=True)).expected
    assert [one.scheme for one in found] == ["Mine", "Keycloak", "Other"]
    assert found[0].authority is None


def test_the_only_scheme_that_matters(settings: Path) -> None:
    """By its name; one that is not there is told with those that are."""
    (one,) = knowledge.read(Basis(settings=[settings], offline=True), scheme="other").expected
    assert one.authority == "https://other.example"
    with pytest.raises(UsageError) as raised:
        knowledge.read(Basis(settings=[settings], offline=True), scheme="third")
    assert raised.value.hint == "Known are: Keycloak, Other."


def test_files_that_cannot_be_used_are_told_in_a_sentence_each(tmp_path: Path) -> None:
    """With what to do about it; the rest is known all the same."""
    known = knowledge.read(Basis(settings=[tmp_path / "none.json"], bundles=[tmp_path / "no.json"], offline=True))
    assert len(known.unusable) == 2
    assert str(tmp_path / "none.json") in known.unusable[0]
    assert known.unusable[1].endswith("Check the path.")
    assert known.expected == ()


@pytest.mark.parametrize("offline", [False, True])
def test_authorities_that_cannot_be_used_are_told_and_all_else_is_done(tmp_path: Path, *, offline: bool) -> None:
    """Documents are asked for without them, where anybody is asked."""
    missing = tmp_path / "ca.pem"
    known = knowledge.read(Basis(ca_bundle=missing, offline=offline, cache=None if offline else tmp_path / "cache"))
    (told,) = known.unusable
    assert told.startswith(f"{missing}: is no file of certificates: No such file or directory.")
    assert (known.network is None) is offline


@pytest.mark.parametrize(
    ("basis", "told"),
    [
        (Basis(offline=True), ()),
        (Basis(allow_issuers=["https://*.example.com"]), ()),
        (
            Basis(allow_issuers=["https://*.example.com"], offline=True),
            ("--allow-issuer: without effect, since --offline asks nobody",),
        ),
    ],
)
def test_options_that_offline_makes_idle_are_told(basis: Basis, told: tuple[str, ...]) -> None:
    """None is accepted and ignored."""
    assert knowledge.read(basis).remarks == told


@pytest.mark.parametrize(("offline", "cache", "asks"), [(True, None, False), (True, "c", True), (False, None, True)])
def test_nobody_is_asked_without_a_socket_or_a_cache(
    tmp_path: Path, offline: bool, cache: str | None, asks: bool
) -> None:
    """Offline only a cache that was named is read."""
    folder = tmp_path / cache if cache else None
    assert (knowledge.read(Basis(offline=offline, cache=folder)).network is not None) is asks


def test_the_keys_that_the_logs_tokens_name_are_told_before_any_is_asked_for(
    settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a remembered set which lacks one is asked for again."""
    told: list[str] = []
    monkeypatch.setattr(Fetcher, "expect", lambda _, kids: told.extend(kids))
    failures = (failure(fields={"kid": "k1"}), failure(), failure(fields={"kid": "k2"}))
    knowledge.read(Basis(settings=[settings], cache=tmp_path / "cache")).expect(failures)
    assert told == ["k1", "k2"]
    knowledge.read(Basis(settings=[settings], offline=True)).expect(failures)
    assert told == ["k1", "k2"]
