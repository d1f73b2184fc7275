"""Tokens anywhere in a log: found by their shape in its bytes, once each, wherever a part ends."""

import base64
import json
from functools import reduce
from itertools import pairwise
from operator import add

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authlens.exposed import MOST, Exposed, exposed


def encoded(data: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def token(number: int = 1) -> str:
    return (
        f"{encoded({'alg': 'RS256', 'kid': 'k1'})}.{encoded({'sub': f'u{number}', 'exp': 1_772_614_800})}.{'s' * 342}"
    )


def found(text: str) -> Exposed:
    return exposed(text.encode()).close()


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[INF] Authorization: Bearer {}\n",
        '{{"headers":{{"Authorization":"Bearer {}"}}}}',
        "GET /hub?access_token={}&id=1",
        "token\\n{}\\n",
        "Bearer%20{}",
        "\x1b[32m{}\x1b[0m",
        "The token is {}.",
        "\\u0022{}\\u0022",
    ],
)
def test_a_token_is_found_whatever_stands_around_it(text: str) -> None:
    """Escapes that are glued to it are not part of it."""
    assert dict(found(text.format(token())).counts) == {token(): 1}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no token here.",
        "{header}.{payload}.",  # unsigned
        "{header}.{payload}",
        "{payload}",
        "a.eyJh.b",
        "eyJ.eyJ.eyJ.eyJ",
    ],
)
def test_what_cannot_be_used_is_no_token(text: str) -> None:
    """Only whole signed tokens are usable."""
    header, payload, _ = token().split(".")
    assert not found(text.replace("{header}", header).replace("{payload}", payload)).counts


def test_each_token_is_counted_and_an_address_is_told() -> None:
    """As the value of a query's or a fragment's parameter."""
    text = f"Bearer {token(1)}\nGET /a?access_token={token(2)} 200\nBearer {token(1)}\n"
    seen = found(text)
    assert dict(seen.counts) == {token(2): 1, token(1): 2}
    assert seen.in_url == {token(2)}


def test_the_last_tokens_are_kept_when_there_are_too_many() -> None:
    """Those that stand first have expired first; memory has a bound."""
    texts = [f"{token(n)} " for n in range(MOST + 50)]
    whole = found("".join(texts))
    halves = exposed("".join(texts[:9000]).encode()) + exposed("".join(texts[9000:]).encode())
    assert list(whole.counts) == list(halves.close().counts) == [t.strip() for t in texts[50:]]


LOG = f"{token(1)} x\nGET /?token={token(2)} HTTP\nplain.text\n{token(1)}\ntoken: '{token(3)}'. eyJhbGciOi.eyJ\n{token(4)}".encode()


@given(st.lists(st.integers(0, len(LOG)), max_size=5), st.booleans())
def test_borders_change_nothing(borders: list[int], from_the_right: bool) -> None:
    """Wherever parts end, and in whatever order their sums are taken."""
    cuts = sorted({0, len(LOG), *borders})
    parts = [exposed(LOG[a:b]) for a, b in pairwise(cuts)]
    while len(parts) > 1:
        at = len(parts) - 2 if from_the_right else 0
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    assert parts[0].close() == exposed(LOG).close()
    assert dict(parts[0].close().counts) == {token(1): 2, token(2): 1, token(3): 1, token(4): 1}
    assert parts[0].close().in_url == {token(2)}


def test_no_single_border_changes_anything() -> None:
    """Neither in a token nor in the parameter before it."""
    for border in range(len(LOG) + 1):
        assert (exposed(LOG[:border]) + exposed(LOG[border:])).close() == exposed(LOG).close()


def test_parts_of_one_byte_change_nothing() -> None:
    """Summed from either end."""
    parts = [exposed(LOG[n : n + 1]) for n in range(len(LOG))]
    assert reduce(add, parts).close() == exposed(LOG).close()
    assert reduce(lambda right, left: left + right, reversed(parts)).close() == exposed(LOG).close()


@given(st.binary(max_size=200))
def test_no_bytes_are_too_odd(data: bytes) -> None:
    """Whatever stands in a log."""
    assert exposed(data).close().counts == {}
