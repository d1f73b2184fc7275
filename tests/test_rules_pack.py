"""The pack that is shipped: valid for us and for Sigma, every example right, every cause covered."""

import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.plugins import InstalledSigmaPlugins
from sigma.rule import SigmaRule
from sigma.validation import SigmaValidator

from authlens.diagnosis.causes import CAUSES
from authlens.diagnosis.engine import match_rows
from authlens.diagnosis.rule import Examples, Rule
from authlens.diagnosis.ruleset import check, load, run_tests, shipped
from authlens.model import Confidence

CHECKED = check()
FILES = sorted(shipped().rglob("*.yml"))


def where(rule: Rule) -> Path:
    return Path(rule.path).relative_to(shipped())


def test_the_pack_has_no_faults() -> None:
    """Every file loads."""
    assert [str(fault) for fault in CHECKED.faults] == []


def test_the_pack_has_no_warnings() -> None:
    """No new cause by a misspelling, no ``neq`` that a missing field decides, no search without use."""
    assert [str(warning) for warning in CHECKED.warnings] == []


def test_without_its_examples_the_pack_is_the_same() -> None:
    """A scan takes their text out of the files: nothing else goes with it, and nothing moves to another line."""
    bare = load(examples=False)
    assert bare == replace(CHECKED.ruleset, rules=tuple(replace(r, tests=Examples()) for r in CHECKED.ruleset.rules))
    whole = {rule.id: dict(rule.places) for rule in CHECKED.ruleset.rules}
    assert all(rule.places.items() <= whole[rule.id].items() for rule in bare.rules)
    assert all("match[0]" not in rule.places for rule in bare.rules)  # or nothing was saved


def test_every_example_comes_out_as_it_says() -> None:
    """Rules match what they say they match, and nothing that they say they do not."""
    wrong = [f"{one.rule.path}:{one.place.line} {one.kind}" for one in run_tests(CHECKED.ruleset) if not one.passed]
    assert wrong == []


def test_a_rule_that_is_sure_names_the_cause_of_its_own_examples() -> None:
    """With the whole pack at work; where the evidence decides nothing, others may come first and it is an alternative."""
    overruled = [
        f"{one.rule.path}:{one.place.line} is {one.overruled_by.cause} by {where(one.overruled_by)}"
        for one in run_tests(CHECKED.ruleset)
        if isinstance(one.overruled_by, Rule) and one.rule.confidence is not Confidence.POSSIBLE
    ]
    assert overruled == []


def test_every_cause_has_a_rule() -> None:
    """The vocabulary and the pack are equal sets."""
    assert sorted({rule.cause for rule in CHECKED.ruleset.rules}) == sorted(CAUSES)


def test_every_rule_stands_in_the_file_of_its_cause() -> None:
    """``sig.key-rotated`` is decided in ``rules/sig/key-rotated.yml`` and nowhere else."""
    misplaced = [
        f"{where(rule)}: {rule.cause}"
        for rule in CHECKED.ruleset.rules
        if where(rule).with_suffix("").as_posix() != rule.cause.replace(".", "/", 1)
    ]
    assert misplaced == []


def test_ids_are_unique() -> None:
    """Also between files, where one rule would silently replace another."""
    ids = [rule.id for rule in CHECKED.ruleset.rules]
    assert [each for each, count in Counter(ids).items() if count > 1] == []
    assert [each for each in ids if uuid.UUID(each).version is None] == []


def test_every_rule_says_what_to_do() -> None:
    """A cause without a remedy leaves the reader where they were."""
    assert [str(where(rule)) for rule in CHECKED.ruleset.rules if not rule.remediation] == []


def test_what_is_only_possible_leaves_another_cause_open() -> None:
    """The rule says which, or another rule matches its examples too and says so."""
    alone = [
        f"{where(rule)}: {rule.title}"
        for rule in CHECKED.ruleset.rules
        if rule.confidence is Confidence.POSSIBLE
        and not rule.alternatives
        and not {one.cause for found in match_rows(CHECKED.ruleset, rule.tests.match) for one in found} - {rule.cause}
    ]
    assert alone == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(shipped()).as_posix())
def test_every_rule_is_valid_sigma(path: Path) -> None:
    """Sigma's own reader takes every rule, and its condition, without an error."""
    collection = SigmaCollection.from_dicts(list(yaml.safe_load_all(path.read_text(encoding="utf-8"))))
    assert [str(error) for error in collection.errors] == []
    for rule in collection.rules:
        if not isinstance(rule, SigmaCorrelationRule):
            assert rule.detection.parsed_condition[0].parsed is not None


BY_CAUSE = frozenset({"filename_length", "duplicate_filename"})
"""Not asked of the pack: a file is called after its cause, which may be short, and causes of two families may share it."""


def test_sigmas_validators_find_nothing() -> None:
    """What ``sigma check`` reports beside errors: titles used twice, searches without use, wildcards, wrong modifiers."""
    known: Mapping[str, Any] = InstalledSigmaPlugins.autodiscover().validators
    assert known.keys() >= BY_CAUSE
    validator = SigmaValidator({one for name, one in known.items() if name not in BY_CAUSE})
    pack = SigmaCollection.load_ruleset([str(shipped())], collect_errors=True)
    rules = [rule for rule in pack.rules if isinstance(rule, SigmaRule)]
    assert [str(issue) for issue in validator.validate_rules(iter(rules))] == []
