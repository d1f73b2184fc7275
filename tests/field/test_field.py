"""Logs in the layouts and words in which people post them; every value in them is made up."""

import functools
import json
from pathlib import Path
from typing import Any

import pytest

import authlens

HERE = Path(__file__).parent
CASES: list[dict[str, Any]] = [
    json.loads(line) for line in (HERE / "cases.jsonl").read_text(encoding="utf-8").splitlines()
]
SICK = [case for case in CASES if case["failures"]]


def named(case: dict[str, Any]) -> str:
    """The case's log, as a test is called after it."""
    return str(case["log"]).removesuffix(".log")


@functools.cache
def failures(log: str) -> list[dict[str, Any]]:
    """What a scan of one log alone reports: no settings, no documents, no network."""
    result = authlens.scan([HERE / log], offline=True)
    found: list[dict[str, Any]] = json.loads(result.to_json())["failures"]
    return found


def test_every_log_is_a_case() -> None:
    """Named for what it shows, with its truth beside it."""
    assert sorted(case["log"] for case in CASES) == sorted(path.name for path in HERE.glob("*.log"))


@pytest.mark.parametrize("case", CASES, ids=named)
def test_each_refusal_is_counted_once(case: dict[str, Any]) -> None:
    """However often the handler, the library, an error page or a second sink tells of it; good news is none."""
    assert [failure["code"] for failure in failures(case["log"])] == [case["code"]] * case["failures"], case["shows"]


@pytest.mark.parametrize("case", SICK, ids=named)
def test_the_cause_is_named_where_the_log_decides_and_listed_where_it_does_not(case: dict[str, Any]) -> None:
    """An open case is never called certain of another cause."""
    (failure,) = failures(case["log"])
    if case["decided"]:
        assert failure["cause"] == case["cause"], case["shows"]
        return
    listed = [failure["cause"], *(other["cause"] for other in failure["alternatives"])]
    assert case["cause"] in listed, case["shows"]
    assert failure["confidence"] != "certain" or failure["cause"] == case["cause"]


@pytest.mark.parametrize("case", [case for case in SICK if "fields" in case], ids=named)
def test_the_values_of_the_message_are_read_whole(case: dict[str, Any]) -> None:
    """Whatever stands before, between or around its lines."""
    (failure,) = failures(case["log"])
    assert {name: failure["fields"].get(name) for name in case["fields"]} == case["fields"], case["shows"]
