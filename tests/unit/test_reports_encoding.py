"""What entries share is told once: as text and as value the same as if each were told alone."""

from __future__ import annotations

from typing import Any

import pytest

from authlens.model import Check, CheckVerdict, Said
from authlens.redact import Pseudonyms
from authlens.reports.blocks.tokens import Answers, check
from authlens.reports.cleaning import Cleaner
from authlens.reports.encoding import GAP, Form, Told, dump


@pytest.mark.parametrize(
    ("tree", "own", "value"),
    [
        ({"a": 1, "b": GAP}, ["x"], {"a": 1, "b": "x"}),
        ({"a": GAP, "b": {"c": GAP, "d": [GAP, True]}}, [1, None, 1.5], {"a": 1, "b": {"c": None, "d": [1.5, True]}}),
        ({"a": "0 \0 % {}", "b": GAP}, ["\0"], {"a": "0 \0 % {}", "b": "\0"}),
        ({"a": Told({"b": ["\0"]}), "c": GAP}, [Told(["d"])], {"a": {"b": ["\0"]}, "c": ["d"]}),
        ({"a": []}, [], {"a": []}),
    ],
)
def test_gaps_are_filled_from_left_to_right(tree: Any, own: list[Any], value: Any) -> None:
    """As text and as value; whatever characters are beside a gap or fill it."""
    form = Form(tree)
    for _ in range(2):
        assert form.value(own) == value
        assert form.text(own) == dump(value)


def test_a_check_that_names_nobody_is_told_once() -> None:
    """Whichever token it is about; one that names a person of the token is told for that token alone."""
    names, answers = Pseudonyms(), Answers()
    plain = Check("issuer.matches", CheckVerdict.FAIL, expected="https://login.example.com", found="alice-0815")
    alice, bob = (Cleaner(names, (person,), frozenset()) for person in ("alice-0815", "bob-4711"))
    one, other, third = Said(code="IDX1"), Said(code="IDX2"), Said(code="IDX3")
    assert answers.told(plain, other, bob) is answers.told(plain, third, bob)
    assert answers.told(plain, other, bob).value["found"] == "alice-0815"
    assert answers.told(plain, one, alice).value == check(plain, alice.text).value
    assert answers.told(plain, one, alice).value["found"] == "user-1"
