"""Reading rule packs: all faults at once, each at its place; later packs over earlier ones."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from authlens.diagnosis.causes import CAUSES
from authlens.diagnosis.condition import Name, Not
from authlens.diagnosis.engine import match_rows
from authlens.diagnosis.ruleset import check, load, run_tests
from authlens.errors import FaultsError
from authlens.model import Alternative, Confidence, Remediation, Severity

DATA = Path(__file__).parent.parent / "data" / "rules"
BROKEN = sorted((DATA / "broken").glob("*.yml"))
EXPECT = re.compile(r"^# expect (\d+):(\d+): (.*)$", re.MULTILINE)
FOREIGN = ("not YAML", "the linear-time engine refuses this expression")


def rule(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A valid rule with changes; None drops a key."""
    whole = {
        "title": f"Rule {number}",
        "id": f"0d9a6b1e-6a3c-4f0e-9a51-{number:012d}",
        "logsource": {"product": "dotnet", "service": "identitymodel"},
        "detection": {"seen": {"code": "IDX10503"}, "condition": "seen"},
        "level": "high",
        "cause": "sig.key-rotated",
        "confidence": "likely",
        "precedence": number,
        "explain": "The token names key {kid}.",
        "tests": {"match": [{"code": "IDX10503"}], "no_match": [{"code": "IDX10501"}]},
    } | changes
    return {key: value for key, value in whole.items() if value is not None}


def write(folder: Path, *documents: dict[str, Any], name: str = "rules.yml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")
    return folder


# --------------------------------------------------------------------------- what a rule becomes


def test_a_rule_is_read_whole() -> None:
    """Everything that the file says is in the rule, in the types of the model."""
    (one,) = load([DATA / "site" / "stale-keys.yml"], default=False).rules
    assert (one.cause, one.severity, one.confidence, one.precedence) == (
        "sig.key-rotated",
        Severity.HIGH,
        Confidence.CERTAIN,
        40,
    )
    assert (one.name, one.status, one.group_by) == ("stale-keys", "stable", ("iss", "kid"))
    assert one.alternatives == (
        Alternative(
            cause="sig.wrong-authority",
            why="the keys may be those of another tenant",
            decided_by=("the settings", "one token"),
        ),
    )
    assert one.remediation == (Remediation(stack="aspnetcore", steps=("Restart the application.", "Do not pin keys.")),)
    assert one.references == ("https://learn.microsoft.com/entra/identity-platform/signing-key-rollover",)
    assert [len(one.tests.match), len(one.tests.no_match)] == [2, 2]
    assert one.detection.condition.operands[1] == Not(Name("symmetric"))  # type: ignore[union-attr] # fails if it is not


def test_rules_stand_in_the_order_in_which_they_name_a_cause(tmp_path: Path) -> None:
    """The highest precedence first, whatever the order of files."""
    write(tmp_path, rule(1), rule(3), rule(2))
    assert [one.precedence for one in load([tmp_path], default=False).rules] == [3, 2, 1]


def test_loading_twice_gives_equal_rulesets() -> None:
    """Same input, same rules: nothing random in them."""
    assert load([DATA / "site"], default=False) == load([DATA / "site"], default=False)


def test_folders_are_searched_for_yml_and_yaml_alone(tmp_path: Path) -> None:
    """A note beside the rules is not a rule."""
    write(tmp_path / "sub", rule(1), name="a.yaml")
    (tmp_path / "README.md").write_text("not a rule", encoding="utf-8")
    assert len(load([tmp_path], default=False).rules) == 1


# --------------------------------------------------------------------------- faults


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_file_is_told_with_line_and_column(path: Path) -> None:
    """Each file of tests/data/rules/broken says in its first lines which faults it has, and has no other."""
    expected = [(int(line), int(column), text) for line, column, text in EXPECT.findall(path.read_text("utf-8"))]
    faults = check([path], default=False).faults
    found = [(fault.line, fault.column, fault.message.replace(f"{path.parent}/", "")) for fault in faults]
    assert [(line, column) for line, column, _ in found] == [(line, column) for line, column, _ in expected]
    for (_, _, text), (_, _, wanted) in zip(found, expected, strict=True):
        # what libraries say of YAML and expressions is theirs to change
        assert text.startswith(wanted) if wanted in FOREIGN else text == wanted
    assert expected


def test_all_faults_of_all_files_are_raised_at_once() -> None:
    """One round trip for the author, however many files are broken."""
    with pytest.raises(FaultsError) as raised:
        load([DATA / "broken" / "many-at-once.yml", DATA / "broken" / "level-unknown.yml"], default=False)
    assert len(raised.value.faults) == 6
    assert len({fault.path for fault in raised.value.faults}) == 2
    assert "many-at-once.yml:11:5: there is no field 'kidd'" in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("unknown-field", "kid"),
        ("unknown-key", "did you mean confidence?"),
        ("unknown-modifier", "did you mean contains?"),
        (
            "sigma-modifier-not-supported",
            "contains startswith endswith re cidr exists fieldref gt gte lt lte neq all cased",
        ),
        ("level-unknown", "did you mean high?"),
        ("case-not-compared", "write iss|cased"),
        ("condition-any-of", "write '1 of'"),
        ("number-for-text", "quote it"),
    ],
)
def test_a_fault_says_what_to_write_instead(name: str, hint: str) -> None:
    """The nearest known word, or the list of what there is."""
    faults = check([DATA / "broken" / f"{name}.yml"], default=False).faults
    assert any(hint in fault.hint for fault in faults)


@pytest.mark.parametrize("name", ["nowhere", "folder"])
def test_a_path_without_rules_is_a_fault(tmp_path: Path, name: str) -> None:
    """A misspelt --rules must not mean "no rules"."""
    (tmp_path / "folder").mkdir()
    (fault,) = check([tmp_path / name], default=False).faults
    assert "no rule file" in fault.message


def test_a_new_cause_of_a_known_family_is_a_warning(tmp_path: Path) -> None:
    """A site may name its own causes under the eight families; a misspelling is still told."""
    checked = check([write(tmp_path, rule(1, cause="sig.key-rotate"))], default=False)
    assert checked.faults == ()
    assert [each.hint for each in checked.warnings] == ["did you mean sig.key-rotated?"]


# --------------------------------------------------------------------------- packs


def test_a_later_pack_replaces_the_rule_of_the_same_id(tmp_path: Path) -> None:
    """A site's own version of a shipped rule stands in its place, and the rest stays."""
    first = write(tmp_path / "one", rule(1), rule(2))
    second = write(tmp_path / "two", rule(1, title="Ours", cause="iss.url-form", precedence=9))
    assert [(one.title, one.cause) for one in load([first, second], default=False).rules] == [
        ("Ours", "iss.url-form"),
        ("Rule 2", "sig.key-rotated"),
    ]


def test_two_causes_with_one_precedence_are_refused_across_packs_too(tmp_path: Path) -> None:
    """Nothing would say which of the two names the cause; the fault stands at the later rule."""
    first = write(tmp_path / "one", rule(1, precedence=5))
    second = write(tmp_path / "two", rule(2, precedence=5, cause="sig.wrong-key"))
    (fault,) = check([first, second], default=False).faults
    assert fault.path.startswith(str(second))
    assert "sig.key-rotated" in fault.message


def test_the_examples_of_a_users_file_are_always_read(tmp_path: Path) -> None:
    """Only those of the shipped pack may be left out, and only where no rule of the user's could clash with them."""
    path = write(tmp_path / "wrong", rule(1, tests={"match": [{"kidd": "a"}], "no_match": [{"kid": "a"}]}))
    with pytest.raises(FaultsError, match="there is no field 'kidd'"):
        load([path], default=False, examples=False)
    first = load(examples=False).rules[0]
    clashing = rule(
        precedence=first.precedence,
        cause=next(each for each in CAUSES if each != first.cause),
        detection={"seen": {"host|exists": False}, "condition": "seen"},
        tests={"match": [{"code": "IDX10503"}], "no_match": [{"host": "a"}]},
    )
    with pytest.raises(FaultsError, match=f"both of precedence {first.precedence}"):
        load([write(tmp_path / "clash", clashing)], examples=False)


def test_two_rules_of_one_cause_may_share_a_precedence(tmp_path: Path) -> None:
    """Whichever comes first, the cause is the same."""
    write(tmp_path, rule(1, precedence=5), rule(2, precedence=5))
    assert check([tmp_path], default=False).faults == ()


def test_a_remedy_is_written_once_a_cause(tmp_path: Path) -> None:
    """In one file; a rule of another cause or of another file does not share it."""
    remedy = [{"stack": "aspnetcore", "steps": ["Renew."]}]
    write(
        tmp_path, rule(1, remediation=remedy, references=["https://a.example/"]), rule(2), rule(3, cause="aud.missing")
    )
    write(tmp_path, rule(4), name="other.yml")
    told = {one.title: one for one in load([tmp_path], default=False).rules}
    assert [bool(told[f"Rule {number}"].remediation) for number in (1, 2, 3, 4)] == [True, True, False, False]
    assert told["Rule 2"].references == ("https://a.example/",)


def test_the_general_remedy_of_a_cause_is_the_first_of_its_file(tmp_path: Path) -> None:
    """Not that of a special case which names the cause before all others."""
    general, special = ([{"stack": "aspnetcore", "steps": [text]}] for text in ("Renew.", "Stop the one client."))
    write(tmp_path, rule(1, remediation=general, precedence=1), rule(2, remediation=special, precedence=9))
    pack = load([tmp_path], default=False)
    assert pack.rules[0].title == "Rule 2"
    assert [(cause, one.title) for cause, one in pack.remedies().items()] == [("sig.key-rotated", "Rule 1")]


def test_a_filter_keeps_a_rule_from_matching(tmp_path: Path) -> None:
    """A site's exception concerns the rules that it names, by name or id, and no other."""
    row = {"code": "IDX10503", "jwks.kid_published": True, "keys_tried.has_kid": False}
    ruleset = load([DATA / "site", write(tmp_path, rule(1))], default=False)
    elsewhere, there = match_rows(ruleset, [row, {**row, "host": "BUILD02"}])
    assert [one.cause for one in elsewhere] == ["sig.key-rotated", "sig.key-rotated"]
    assert [one.title for one in there] == ["Rule 1"]


def test_the_shipped_pack_is_under_the_users(tmp_path: Path) -> None:
    """Rules given are read on top of the pack that is shipped, or instead of it."""
    path = write(tmp_path, rule(1, precedence=9999))
    assert len(load([path]).rules) == len(load().rules) + 1
    assert len(load([path], default=False).rules) == 1


# --------------------------------------------------------------------------- warnings and examples


@pytest.mark.parametrize(
    ("detection", "warned"),
    [
        ({"a": {"code": "IDX10503", "alg|neq": "none"}, "condition": "a"}, True),
        ({"a": {"code": "IDX10503", "alg|neq": "none", "alg|exists": True}, "condition": "a"}, False),
        ({"a": {"alg|neq": "none"}, "b": {"alg|startswith": "R"}, "condition": "a and b"}, False),
        ({"a": {"alg|neq": "none"}, "b": {"alg": None}, "condition": "a or b"}, False),
        ({"a": {"alg|neq": "none"}, "b": {"code": "IDX10503"}, "condition": "not a and b"}, False),
        ({"a": {"alg|neq": ["none", None]}, "condition": "a"}, False),
    ],
)
def test_neq_on_a_missing_field_is_warned_of_where_it_decides(
    tmp_path: Path, detection: dict[str, Any], warned: bool
) -> None:
    """``neq`` holds on a missing field; where another line settles that case, there is nothing to say."""
    write(tmp_path, rule(1, detection=detection))
    warnings = check([tmp_path], default=False).warnings
    assert any("'neq' holds where 'alg' is missing" in each.message for each in warnings) is warned


def test_a_search_that_the_condition_forgets_is_warned_of(tmp_path: Path) -> None:
    """It was written for some reason."""
    write(tmp_path, rule(1, detection={"a": {"code": "IDX10503"}, "b": {"code": "IDX10501"}, "condition": "a"}))
    assert ["'b'" in each.message for each in check([tmp_path], default=False).warnings] == [True]


def test_a_correlation_that_silences_a_rule_of_another_pack_is_warned_of(tmp_path: Path) -> None:
    """Sigma's ``generate: false`` turns off the rules that are counted."""
    many = yaml.safe_load((DATA / "site" / "many.yml").read_text("utf-8"))
    many["correlation"] |= {"rules": [rule(1)["id"]], "generate": False}
    packs = [write(tmp_path / "one", rule(1)), write(tmp_path / "two", many)]
    assert ["no longer concludes" in each.message for each in check(packs, default=False).warnings] == [True]


def test_examples_are_run_rule_by_rule(tmp_path: Path) -> None:
    """A result says which example failed and where it stands."""
    write(tmp_path, rule(1, tests={"match": [{"code": "IDX10503"}, {"code": "IDX10500"}], "no_match": [{"kid": "a"}]}))
    results = run_tests(load([tmp_path], default=False))
    assert [(each.kind, each.index, each.passed) for each in results] == [
        ("match", 0, True),
        ("match", 1, False),
        ("no_match", 0, True),
    ]
    assert results[1].place.line > results[0].place.line > 1


def test_an_example_that_another_rule_would_name_is_told(tmp_path: Path) -> None:
    """A rule that never wins its own example is of no use."""
    write(tmp_path, rule(1), rule(2, cause="sig.wrong-key"))
    overruled = [each for each in run_tests(load([tmp_path], default=False)) if each.overruled_by]
    assert [(each.rule.title, each.overruled_by and each.overruled_by.cause) for each in overruled] == [
        ("Rule 1", "sig.wrong-key")
    ]


def test_the_examples_of_correlations_are_series() -> None:
    """The samples' own examples hold, at the edges of the timespan and of the groups."""
    results = run_tests(load([DATA / "site"], default=False))
    assert [each.passed for each in results] == [True] * 7
    assert len(results[-1].rows) == 3
