"""Accepted requests anywhere in a log: which schemes, how often and where, wherever a part ends."""

from functools import reduce
from itertools import pairwise
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authlens.accepted import MOST, UNNAMED, Stretch, accepted

BEARER = "AuthenticationScheme: Bearer was successfully authenticated."
FILLER = "a record that tells of something else\n" * 40
REPEATING = (
    '{"Message":"AuthenticationScheme: Bearer was successfully authenticated.","State":{"Message":'
    '"AuthenticationScheme: Bearer was successfully authenticated.","AuthenticationScheme":"Bearer","{OriginalFormat}":'
    '"AuthenticationScheme: {AuthenticationScheme} was successfully authenticated."}}'
)
INDENTED = (
    '{\n  "Message": "AuthenticationScheme: Bearer was successfully authenticated.",\n  "State": {\n'
    '    "Message": "AuthenticationScheme: Bearer was successfully authenticated.",\n    "{OriginalFormat}": '
    '"AuthenticationScheme: {AuthenticationScheme} was successfully authenticated."\n  }\n}'
)
TEMPLATE = '{"@mt":"AuthenticationScheme: {AuthenticationScheme} was successfully authenticated.","AuthenticationScheme":"Bearer"}'


def told(text: str) -> dict[str, int]:
    return {scheme: stretch.times for scheme, stretch in accepted(text.encode()).close().items()}


@pytest.mark.parametrize(
    "text",
    [
        f"2026-03-04 09:00:00.000 [DBG] {BEARER}",
        'dbug: AuthenticationScheme: "Bearer" was successfully authenticated.',
        REPEATING,
        INDENTED,
        TEMPLATE,
        '{"log":"' + TEMPLATE.replace('"', '\\"') + '\\n"}',
        f"{BEARER}\nSuccessfully validated the token.",
    ],
)
@pytest.mark.parametrize("around", ["", FILLER])
def test_an_acceptance_is_told_once_with_its_scheme(text: str, around: str) -> None:
    """Text, JSON that repeats it, a template with its property, an envelope, the handler's own word beside it."""
    assert told(f"{around}{text}\n{around}") == {"Bearer": 1}


def test_without_a_scheme_the_tokens_found_valid_are_counted() -> None:
    """That some scheme works is known, which one is not."""
    assert told(f"{FILLER}Successfully validated the token.\nSuccessfully validated the token.\n") == {UNNAMED: 2}
    assert told(TEMPLATE.partition(',"Auth')[0]) == {UNNAMED: 1}


@pytest.mark.parametrize(
    "text", ["", FILLER, "AuthenticationScheme: Bearer was challenged.", "was successfully authenticated"]
)
def test_nothing_else_is_an_acceptance(text: str) -> None:
    """A challenge, the words alone."""
    assert told(text) == {}


def test_places_are_those_of_the_first_and_the_last() -> None:
    """In bytes from the beginning."""
    text = f"ä\n{BEARER}\n{FILLER}{BEARER}\n"
    data = text.encode()
    at = BEARER.encode()
    assert accepted(data).close()["Bearer"] == Stretch(2, data.find(at), data.rfind(at))


def test_schemes_have_a_bound() -> None:
    """A log of a million names is hostile; those that stand first are kept."""
    text = "".join(f"AuthenticationScheme: s{n} was successfully authenticated.\n" for n in range(2 * MOST))
    assert len(told(text)) == MOST
    assert told("AuthenticationScheme: " + "x" * 100_000 + " was successfully authenticated") == {}


@given(
    st.lists(
        st.sampled_from([BEARER, REPEATING, INDENTED, TEMPLATE, "Successfully validated the token.", FILLER, "\n"])
    ),
    st.data(),
)
def test_parts_add_up_wherever_the_border_falls(pieces: list[str], data: st.DataObject) -> None:
    """In any association."""
    log = "\n".join(pieces).encode()
    borders = data.draw(st.lists(st.integers(0, len(log)), max_size=6))
    parts = [accepted(log[a:b]) for a, b in pairwise([0, *sorted(borders), len(log)])]
    whole = accepted(log).close()
    assert reduce(add, parts).close() == whole
    assert reduce(lambda right, left: left + right, reversed(parts)).close() == whole
