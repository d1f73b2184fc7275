"""Words, numbers and lines for people."""

from dataclasses import replace

import pytest

from authlens.model import Result
from authlens.reports import accounting, wording
from authlens.reports.document import Document
from authlens.reports.lines import wrap
from authlens.reports.notes import digest
from tests.unit.helpers import results


def test_issuers_that_were_not_asked_are_one_note_that_says_how_to() -> None:
    """However many a log names; other notes stay."""
    asked = [
        f"https://a{n}.example: not asked: --allow-issuer https://a{n}.example{' or --online' if n else ''} would ask "
        f"https://a{n}.example/.well-known/openid-configuration"
        for n in range(5)
    ]
    first, second = digest([*asked, "the cache cannot be written"])
    assert first.startswith("5 issuers not asked for keys; to ask: --allow-issuer ISSUER, or --online for 4 of them.")
    assert "https://a0.example" in first
    assert second == "the cache cannot be written"
    (one,) = digest(asked[:1])
    assert "to ask: --allow-issuer https://a0.example." in one
    offline = [
        f"https://a{n}.example{path}: not among the documents at hand, and the network was not asked"
        for n in range(3)
        for path in ("", "/", "/.well-known/openid-configuration")
    ]
    assert digest(offline) == [
        (
            "The keys of 3 issuers are not at hand; --bundle or --jwks brings them: https://a0.example, https://a1.example "
            "and 1 more."
        )
    ]


def test_a_fenced_block_stands_in_the_line() -> None:
    """Where a step has one line only; the language is left out."""
    step = "List them:\n```sh\ndotnet list package\n```"
    assert wording.unfenced(step) == "List them: dotnet list package"
    assert wording.unfenced(step, "`") == "List them: `dotnet list package`"
    assert wording.unfenced("Set `Audience`.") == "Set `Audience`."


def test_numbers_are_said_in_the_singular_too() -> None:
    """1 failure, not 1 failures; and groups only where they are more than causes."""
    assert "= 1 failure + 1 repeat" in accounting.account(Document(_single()).head())
    assert wording.causes({"by_cause": {"sig.wrong-key": 1}, "groups": 1}) == "1 cause"
    assert wording.causes({"by_cause": {"sig.wrong-key": 3, "life.expired": 1}, "groups": 3}) == "2 causes in 3 groups"


def _single() -> Result:
    whole = results.typical()
    (first, *_) = whole.inputs
    return replace(whole, findings=whole.findings[:1], groups=(), inputs=(replace(first, repeats=1, failures=1),))


ADDRESS = "https://login.example/0fe502b8-8b8d-59e2-10e2-562bcde8a095/v2.0"


def test_an_address_that_fits_a_line_is_not_broken() -> None:
    """Whoever reads it wants to copy it."""
    lines = wrap(f"The token was issued by {ADDRESS}; the API expects another.", 80, first=6, rest=2)
    assert f"{ADDRESS};" in " ".join(lines).split()
    assert lines[0] == "The token was issued by"
    assert wrap(ADDRESS, 40) == ["https://login.example/", "0fe502b8-8b8d-59e2-10e2-562bcde8a095/", "v2.0"]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_no_line_is_wider_than_asked_and_nothing_is_lost(width: int) -> None:
    """A word that is longer than a line is broken; two blanks after a label stay."""
    text = f"HIGH  {ADDRESS}{ADDRESS} and more"
    lines = wrap(text, width, first=4, rest=2)
    assert len(lines[0]) <= width - 4
    assert max(map(len, lines)) <= width - 2
    assert lines[0].startswith("HIGH")
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert wrap("HIGH  a title", 80) == ["HIGH  a title"]
    assert wrap("", 80) == [""]


def test_what_a_period_leaves_out_is_no_health() -> None:
    """No failure within --since and --until, and some outside: that is said, not that all is well."""
    result = results.healthy()
    outside = replace(result.inputs[0], filtered=3)
    said = accounting.visibility(Document(replace(result, inputs=(outside,))).head())
    assert said == "But outside of --since and --until there are 3 failures."
