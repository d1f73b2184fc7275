"""Why a rule did or did not match, and its sentence about one failure."""

from pathlib import Path

import pytest

from authlens.diagnosis.detection import Item
from authlens.diagnosis.explain import Reason, expectation, explain, sentence
from authlens.diagnosis.ruleset import load

SITE = Path(__file__).parent.parent / "data" / "rules" / "site"
(RULE,) = load([SITE], default=False).rules
ROW = {"code": "IDX10503", "jwks.kid_published": True, "alg": "RS256", "host": "build01"}


def told(part: str) -> dict[str, Reason]:
    return {reason.field: reason for reason in explain(RULE, ROW) if reason.part == part}


def test_every_line_of_the_rule_is_held_against_the_failure() -> None:
    """The outcome comes first, then each line with what was expected, what was found, and whether it held."""
    outcome, *lines = explain(RULE, ROW)
    assert (outcome.expected, outcome.held, outcome.search) == ("unmatched and not symmetric", False, "")
    assert [line.field for line in lines[:4]] == ["code", "jwks.kid_published", "keys_tried.has_kid", "alg"]
    code = told("rule")["code"]
    assert (code.expected, code.found, code.held) == ("starts with 'IDX10501' or 'IDX10503'", "IDX10503", True)
    assert code.line > 1


def test_a_missing_field_is_found_as_none() -> None:
    """Missing is not the same as false."""
    missing = told("rule")["keys_tried.has_kid"]
    assert (missing.expected, missing.found, missing.held) == ("is false", None, False)


def test_the_exceptions_of_the_site_follow() -> None:
    """A rule that would match but for a filter shows which one."""
    exception = "The build server tries expired keys on purpose"
    outcome, host = (reason for reason in explain(RULE, ROW) if reason.part == exception)
    assert (outcome.expected, outcome.held) == ("not 1 of build_*", False)
    assert (host.field, host.found, host.held) == ("host", "build01", True)


def test_expectations_are_words() -> None:
    """Negation, lists, case, missing values and other fields."""
    assert expectation(Item(field="x", operands=("a", None), negated=True)) == "not: is 'a' or missing"
    assert expectation(Item(field="x", operands=("a",), cased=True)) == "is 'a' (same case)"
    assert (
        expectation(Item(field="x", relation="contains", operands=("a", "b"), every=True))
        == "every element contains 'a' and 'b'"
    )
    assert expectation(Item(field="x", relation="exists", operands=(False,))) == "is missing"
    reference = Item(field="iss", operands=("valid_issuer",), cased=True, reference=True)
    assert expectation(reference, {"valid_issuer": "https://a"}) == "is valid_issuer (https://a)"
    assert expectation(reference, {}) == "is valid_issuer ((unknown))"


def test_a_sentence_is_filled_and_says_what_is_unknown() -> None:
    """Placeholders become values, doubled braces one; what the log does not say is not made up."""
    row = {"kid": "b2", "keys_tried_count": 3}
    assert sentence(RULE.explain, row) == "The token names key b2; an issuer that is not shown publishes it; {n} = 3."


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{issuer} publishes it.", "The issuer publishes it."),
        ("It failed. {fetch.url} answered.", "It failed. The metadata address answered."),
        ("The metadata address {meta.address} is http.", "The metadata address is http."),
        ("The audience is not one that scheme {scheme} accepts.", "The audience is not one that this scheme accepts."),
        ("The token is of another type ({typ}) than that.", "The token is of another type than that."),
        ("Key {kid} is published elsewhere.", "Key that the token names is published elsewhere."),
        ("It was issued by {iss}.", "It was issued by an issuer that is not shown."),
        (
            "Its audience is a; this API expects {expected.audiences}.",
            "Its audience is a; this API expects another one.",
        ),
        ("Its type is {typ}.", "Its type is (unknown)."),
    ],
)
def test_a_sentence_does_not_stumble_over_what_is_missing(template: str, told: str) -> None:
    """Where it can go on without the value it does, and it never begins with a gap."""
    assert sentence(template, {}) == told


def test_seconds_are_told_in_larger_units() -> None:
    """Where the unit stands behind the number; what is missing is still said to be."""
    row = {"clock.distance_s": 39_632, "clock.skew_s": 300}
    told = sentence("Used {clock.distance_s} s after exp (tolerance {clock.skew_s} s).", row)
    assert told == "Used 11 h after exp (tolerance 5 min)."
    assert sentence("{clock.distance_s} s after exp, {clock.distance_s}.", {"clock.distance_s": 61}) == (
        "1 min 1 s after exp, 61."
    )
    assert sentence("{clock.distance_s} s late", {}) == "(unknown) s late"


def test_values_are_shortened_and_never_read_as_templates() -> None:
    """Values come from logs: they may be huge, or look like placeholders themselves."""
    assert sentence("{kid}", {"kid": "{iss}", "iss": "a"}) == "{iss}"
    assert len(sentence("{kid}", {"kid": "a" * 10_000})) < 400
    assert sentence("{aud}", {"aud": ["a", "b"]}) == "a, b"
    assert len(sentence("{aud}", {"aud": ["a" * 100] * 1000})) < 400
