"""What is looked for is found wherever it stands, and nothing else is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authlens.reading import needles

CODES = re.compile(
    rb"ID[XW][0-9]{2}|errors/ID[0-9]{4}|MIML[0-9]{2}|Jwt[0-9]{2}|WIF1[0-9]{2}|ID(?:10|32|4[0-2]|60)[0-9]{2}"
)
BLOCK = 256 * 1024


@pytest.mark.parametrize(
    "text",
    [
        b"IDX10223: Lifetime",
        b"IDW10201: Neither",
        b"https://documentation.openiddict.com/errors/ID2090",
        b"MIML10000: ",
        b"Jwt10305: ",
        b"WIF10301: ",
        b"ID1038: ",
        b"ID3242: ",
        b"ID4037: ",
        b"ID6013: ",
        b"Failed to validate the token.",
        b"Bearer was not authenticated. Failure message: ",
        b"No token validator was found",
        b"No token validator or token handler was found",
        b"Correlation failed.",
        b"invalid_token",
    ],
)
def test_a_text_is_found_where_it_stands(text: bytes) -> None:
    """Also in the middle of a line, and a copy or a view of the bytes is as good as the bytes."""
    data = b"2026-03-04 [INF] " + text
    assert needles.hit(data)
    (at,) = needles.hits(data)
    assert data[at : at + 3] in text
    assert list(needles.hits(data, at + 1)) == []


@pytest.mark.parametrize(
    "text",
    [
        b"IDX",
        b"IDX1",
        b"IDX1a",
        b"IDA10",
        b"errors/ID20",
        b"ID401",
        b"ID4a75",
        b"ID9037",
        b"Jwt",
        b"Jwt1.",
        b"MIML",
        b"",
    ],
)
def test_what_only_begins_like_a_code_is_none(text: bytes) -> None:
    """A code has its digits."""
    assert not needles.hit(b"x " + text + b" y")


@given(
    st.lists(st.sampled_from([b"IDX", b"IDW", b"1", b"02", b"40", b"errors/", b"ID", b"MIML", b"Jwt", b"WIF1", b" "]))
)
def test_codes_that_overlap_each_other_are_found(pieces: list[bytes]) -> None:
    """A text that is none hides no code that begins within it."""
    data = b"".join(pieces)
    assert list(needles.hits(data)) == [m.start() for m in CODES.finditer(data)]


@pytest.mark.parametrize("shift", range(-12, 3))
def test_a_text_across_the_border_of_two_blocks_is_found_once(shift: int) -> None:
    """However it lies there."""
    data = b"." * (BLOCK + shift) + b"errors/ID2090" + b"." * 100
    assert list(needles.hits(data)) == [BLOCK + shift]
    assert list(needles.hits(data, 0, BLOCK + shift + 12)) == []


def test_what_only_begins_like_a_code_takes_linear_time() -> None:
    """A search behind each beginning that is none would read the rest of the block every time."""
    data = b"errors/ID" * 200_000
    assert list(needles.hits(data)) == []


def test_requests_and_authentication_are_seen() -> None:
    """What tells of a request's end, and whether authentication is visible at all."""
    data = b"Request finished HTTP/1.1 GET / - 401\nHTTP GET / responded 401 in 2 ms\n"
    assert [data[at:].split()[0] for at in needles.context(data, 0, len(data))] == [b"Request", b"responded"]
    assert needles.near(data)
    assert not needles.near(b"Request starting")
    assert needles.authentication(b"." * BLOCK + b"Microsoft.AspNetCore.Authentication.JwtBearer")
    assert not needles.authentication(data)
