from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from authlens.catalogue.codes import lookup, named, nearest, search
from authlens.catalogue.templates import data, known
from authlens.model import Severity

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("written", ["IDX10503", "idx10503", " IDX10503: ", "10503"])
def test_a_code_is_found_however_it_is_written(written: str) -> None:
    """Users paste numbers, lower case and colons."""
    entry = lookup(written)
    assert entry is not None
    assert entry.code == "IDX10503"


@pytest.mark.parametrize("unknown", ["IDX99999", "", "hello", "IDX", "١٢٣٤٥"])
def test_an_unknown_code_is_none(unknown: str) -> None:
    """Nothing is made up."""
    assert lookup(unknown) is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("https://aka.ms/IDX10503", ("IDX10503",)),
        ("idx10503, IDX10501 and idx10503 again", ("IDX10503", "IDX10501")),
        ("Failed: IDX10223: Lifetime validation failed. ValidTo: '2048'", ("IDX10223",)),
        ("10503 10501", ("IDX10503", "IDX10501")),
        ("2090", ("ID2090",)),
        ("jwt10305 and wif10201", ("Jwt10305", "WIF10201")),
        ("keys of 2048 bits", ()),
        ("XIDX10501X and IDX105010", ()),
        ("", ()),
    ],
)
def test_a_text_names_codes(text: str, codes: tuple[str, ...]) -> None:
    """Pasted links, messages and lists hold codes; a number among other words is none."""
    assert named(text) == codes


def test_a_mistyped_code_has_neighbours() -> None:
    """What is written alike is told for one that is not known."""
    assert nearest("IDX10530")[0] == "IDX10503"
    assert all(code.startswith("IDX105") for code in nearest("IDX10599"))
    assert nearest("IDX99999") == nearest("ABC") == ()


def test_meanings_have_their_versions() -> None:
    """IDX10503 changed its sense in 7.2: each text says when it was written, newest first."""
    entry = lookup("IDX10503")
    assert entry is not None
    ranges = {m.template[:70]: m.versions for m in entry.meanings}
    assert ranges["IDX10503: Signature validation failed. Token does not have a kid. Keys"] is not None
    firsts = [m.versions[0] for m in entry.meanings if m.versions]
    assert firsts == ["8.3.0", "7.2.0", "6.27.2", "6.15.1", "6.8.0", "5.1.0", "3.0.0"]
    assert entry.versions == ("3.0.0", "8.23.0")


def test_a_number_with_another_meaning_says_so() -> None:
    """What a number meant earlier is told in its own words."""
    entry = lookup("IDX10501")
    assert entry is not None
    said = {m.template.split(":")[1].strip()[:40] + "|" + m.says for m in entry.meanings}
    assert len({m.says for m in entry.meanings}) > 1, said
    renumbered = lookup("IDX20803")
    assert renumbered is not None
    assert renumbered.renumbered_from == ("IDX10803",)


def test_what_the_pii_switch_hides_is_told_by_version() -> None:
    """The kid of IDX10501 is hidden up to 6.21 and always shown from 6.22 on; the number of keys from 6.15.1 on."""
    entry = lookup("IDX10501")
    assert entry is not None
    newest = entry.meanings[0]
    by_name = {a.name: [(v.first, v.last, v.how) for v in a.visibility] for a in newest.arguments}
    assert by_name["kid"] == [("6.15.1", "6.21.0", "hidden"), ("6.22.0", "6.27.0", "shown")]
    assert by_name["keys_in_tvp"] == [("6.15.1", "6.27.0", "shown")]
    assert newest.exception_types == ("SecurityTokenSignatureKeyNotFoundException",)


def test_what_a_code_proves_and_what_it_does_not_are_apart() -> None:
    """Every entry has both, and those that matter in validation are written by hand."""
    for code in known():
        entry = lookup(code)
        assert entry is not None
        assert entry.meaning
        assert entry.proves
        assert entry.does_not_prove
        assert entry.look_first
        assert entry.severity in {str(s) for s in Severity}
    by_hand = [c for c in known() if (e := lookup(c)) and e.by_hand]
    assert len(by_hand) > 200
    for code in (
        "IDX10204",
        "IDX10205",
        "IDX10214",
        "IDX10223",
        "IDX10500",
        "IDX10501",
        "IDX10503",
        "IDX10511",
        "IDX20803",
        "IDW10201",
    ):
        assert code in by_hand


def test_causes_are_of_the_vocabulary() -> None:
    """A cause is one of the eight families' ids; informational codes and plain arguments may name none."""
    named = {cause for row in data("entries.json").values() for cause in row.get("causes", ())}
    assert named
    assert all(re.fullmatch(r"(sig|life|iss|aud|meta|form|lib|flow)\.[a-z0-9-]+", cause) for cause in named)
    package = ROOT / "rules"
    known_causes = {f"{p.parent.name}.{p.stem}" for p in package.glob("*/*.yml")}
    assert not known_causes or named <= known_causes | {"undetermined"}


def test_openiddict_and_the_older_numbers_have_entries() -> None:
    """OpenIddict's reasons and the codes before IDX are in the catalogue too."""
    for code in ("ID2090", "ID2004", "ID2170", "Jwt10305"):
        entry = lookup(code)
        assert entry is not None
        assert entry.by_hand
    missing = lookup("ID2000")
    assert missing is not None
    assert missing.informational


def test_search_finds_by_meaning_text_and_cause() -> None:
    """All words must be met; what is in the meaning counts more than what is in the texts."""
    assert "IDX21323" in [e.code for e in search("nonce cookie")]
    assert "IDX10720" in [e.code for e in search("HS256 shorter")]
    assert search("IDX10214")[0].code == "IDX10214"
    assert search("audience")[0].code == "IDX10214"  # of those that hold the word it says most of a refusal
    assert search("sig.key-rotated")
    assert search("zzz qqq") == ()
    assert search("") == ()


def test_search_is_stable() -> None:
    """The same words give the same order."""
    assert [e.code for e in search("issuer")] == [e.code for e in search("issuer")]


def test_the_data_is_what_the_sources_give() -> None:
    """Whoever edits a source without building, or the data by hand, is told."""
    done = subprocess.run(
        [sys.executable, str(ROOT / ".dev" / "build_catalogue.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_data_is_json_of_known_members() -> None:
    """Files in a package are read by this version only, and hold nothing it does not use."""
    rows = json.loads((ROOT / "authlens" / "catalogue" / "data" / "templates.json").read_text(encoding="utf-8"))
    members = {name for forms in rows["codes"].values() for row in forms for name in row}
    assert members <= {"text", "ranges", "quiet", "fields", "says", "shown", "types", "versions"}
