"""One log for each cause: scanned, it names that cause; and the causes, rules, logs, goldens and pages are one set."""

import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from authlens.diagnosis.causes import CAUSES
from tests import samples
from tests.samples import GOLDENS, HEALTHY, LOGS, ROOT, STORIES

RULES = ROOT / "rules"
PAGE = RULES / "README.md"
SICK = [name for name in samples.names() if name != HEALTHY]


def refusals(name: str) -> int:
    """How many tokens are refused in the story behind a sample."""
    steps: list[dict[str, Any]] = yaml.safe_load((STORIES / f"{name}.yml").read_text(encoding="utf-8"))["log"]
    told = [step[kind] for step in steps for kind in ("refused", "thrown") if kind in step]
    return sum(one.get("times", 1) for one in told)


@pytest.mark.parametrize("name", SICK)
def test_a_sample_names_its_cause(name: str) -> None:
    """Every failure in it has that cause, and the first group is the only one."""
    result = samples.scanned(name)
    assert {finding.cause for finding in result.findings} == {name}
    assert [group.cause for group in result.groups] == [name]


@pytest.mark.parametrize("name", samples.names())
def test_each_refusal_of_a_story_is_counted_once(name: str) -> None:
    """However many records tell of it; bait, challenges and the library's good news count as nothing."""
    assert len(samples.scanned(name).findings) == refusals(name)


@pytest.mark.parametrize("name", samples.names())
def test_a_sample_is_read_whole(name: str) -> None:
    """Every byte is counted, none is skipped, and authentication is visible."""
    result = samples.scanned(name)
    assert result.unusable == ()
    for report in result.inputs:
        assert report.ledger.read.bytes == (LOGS / f"{name}.log").stat().st_size
        assert dict(report.ledger.skipped) == {}
        assert report.ledger.auth_seen


@pytest.mark.parametrize("name", samples.names())
def test_the_result_is_the_golden(name: str) -> None:
    """Every change of what is said shows in a diff; ``.dev/refresh_goldens.py`` rewrites."""
    assert samples.golden(name) == (GOLDENS / f"{name}.json").read_text(encoding="utf-8")


def test_causes_rules_logs_goldens_and_sections_are_one_set() -> None:
    """No rule without a sample, no sample without a golden, no cause without a page."""
    rules = {".".join(path.relative_to(RULES).with_suffix("").parts) for path in RULES.rglob("*.yml")}
    sections = re.findall(r"^## (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rules == set(CAUSES)
    assert set(SICK) == set(CAUSES)
    assert {path.stem for path in STORIES.glob("*.yml")} == {*CAUSES, HEALTHY}
    assert {path.stem for path in GOLDENS.glob("*.json")} == {*CAUSES, HEALTHY}
    assert sections == list(CAUSES)


def test_the_page_of_causes_is_made_from_the_rules() -> None:
    """``.dev/make_rules_page.py`` would write it as it is."""
    made = runpy.run_path(str(ROOT / ".dev" / "make_rules_page.py"))["page"]()
    assert made == PAGE.read_text(encoding="utf-8")


def test_the_samples_are_made_from_their_stories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``.dev/make_samples.py`` would write the same files with the same bytes, and no other."""
    monkeypatch.syspath_prepend(str(ROOT / ".dev"))
    script = runpy.run_path(str(ROOT / ".dev" / "make_samples.py"))
    sys.modules.pop("loggers", None)
    for path in sorted(STORIES.glob("*.yml")):
        script["make"](path, tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = {path.name: path.read_bytes() for path in LOGS.iterdir() if not path.name.startswith(samples.FOUNDING)}
    assert made == kept


def test_samples_hold_no_private_key() -> None:
    """Neither PEM nor the private members of a JSON Web Key (RFC 7518, section 6)."""
    private = re.compile(r"PRIVATE KEY|\"(?:d|p|q|dp|dq|qi|k)\\?\" ?: ?\\?\"")
    found = [path.name for path in LOGS.iterdir() if private.search(path.read_text(encoding="utf-8"))]
    assert found == []


def test_loggers_and_envelopes_vary() -> None:
    """The samples are no single logger's habits."""
    stories = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in STORIES.glob("*.yml")]
    assert len({story["logger"] for story in stories}) >= 12
    assert {story.get("envelope") for story in stories} >= {None, "compose", "cri", "docker-json"}
