from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from authlens import cli

SAMPLES = Path(__file__).parents[2] / "sample_logs"
LOG = str(SAMPLES / "sig.key-rotated.log")
OPTIONS = [
    *("--settings", str(SAMPLES / "sig.key-rotated.appsettings.json")),
    *("--bundle", str(SAMPLES / "sig.key-rotated.bundle.json")),
    *("--offline", "--now", "2026-11-24T12:00:00Z"),
]


@pytest.fixture
def scanned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A failure and its group, as an earlier scan told them."""
    monkeypatch.chdir(tmp_path)
    for name in [n for n in os.environ if n.startswith("AUTHLENS_")]:
        monkeypatch.delenv(name)
    cli.run(["scan", LOG, *OPTIONS, "--jsonl", "f.jsonl", "-q"])
    return {name: str(json.loads(Path("f.jsonl").read_text("utf-8").splitlines()[0])[name]) for name in ("id", "group")}


def test_every_rule_is_held_against_the_failure(scanned: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """The one that named the cause first and in full, then what came nearest, with what it asked and what it found."""
    assert cli.run(["rules", "explain", scanned["id"], LOG, *OPTIONS]) == 0
    said = capsys.readouterr().out
    blocks = said.split("\n\n")
    assert blocks[0].startswith(scanned["id"])
    assert "sig.key-rotated" in blocks[0]
    assert "names the cause" in blocks[1]
    assert "  yes   condition" in blocks[1]
    assert "  no    condition" in blocks[-2]
    assert max(map(len, said.splitlines())) <= 80


def test_for_programs(scanned: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Every line of every rule; exactly one names the cause."""
    assert cli.run(["rules", "explain", scanned["id"], LOG, *OPTIONS, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["schema"] == "authlens.explanation/1"
    assert answer["failure"]["id"] == scanned["id"]
    assert [rule["cause"] for rule in answer["rules"] if rule["names_the_cause"]] == ["sig.key-rotated"]
    assert all(
        rule["matched"] == all(c["held"] for c in rule["conditions"] if c["search"] is None)
        for rule in answer["rules"]
        if rule["conditions"]
    )


def test_one_rule_one_group_or_part_of_an_id_will_do(
    scanned: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A group stands for its first failure."""
    assert cli.run(["rules", "explain", scanned["group"], LOG, *OPTIONS, "--rule", "life.expired"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(scanned["id"])
    assert "sig.kid-missing" not in said
    assert cli.run(["rules", "explain", scanned["id"][:8], LOG, *OPTIONS, "--rule", "life.expired"]) == 0


@pytest.mark.parametrize(
    "args", [["000000000000", LOG], ["{id}", LOG, "--rule", "no.such"], ["{id}", LOG, "--rulse", "x"], []]
)
def test_what_is_not_there_is_wrong_usage(
    scanned: dict[str, str], capsys: pytest.CaptureFixture[str], args: list[str]
) -> None:
    """An id of another log, a rule, an option; with what to do about it."""
    assert cli.run(["rules", "explain", *(a.format(**scanned) for a in args), *(OPTIONS if args else ())]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert 1 <= len(said.err.splitlines()) <= 3
