from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens import messages
from authlens.catalogue.templates import Template, known, templates
from tests.unit.helpers.growth import TIMES, is_linear

SIZE = 400_000


def many(piece: str) -> str:
    return (piece * (SIZE // len(piece) + 1))[:SIZE]


KEYS = "IDX10503: Signature validation failed. Keys tried: '"
HOSTILE = {
    "quotes": many("'"),
    "quotes in a value": KEYS + many("'"),
    "ends in a value": "IDX10214: Audience validation failed. Audiences: '" + many("'."),
    "ends in the last value": "IDX10504: Unable to validate signature, token does not have a signature: '"
    + many("'.x"),
    "ends in an exception": "IDX20803: Unable to obtain configuration from: 'x'. Will retry at 'y'. Exception: '"
    + many("'.\n"),
    "codes": many("IDX10000:"),
    "texts": many(KEYS),
    "texts to the exceptions": many(
        "\nIDX10503: Signature validation failed. Keys tried: 'a'.\nExceptions caught:\n 'b"
    ),
    "nested texts": many(" IDX20803: Unable to obtain configuration from: 'x'. Will retry at 'y'. Exception: 'z"),
    "unknown texts": many("IDX99999: abc "),
    "blanks": "IDX10503: " + many(" "),
    "line ends": "IDX10503: " + many("\n"),
    "escapes": "IDX10503: " + many("\\n"),
    "entities": "IDX10503: " + many("&#39;"),
    "typographic": KEYS + many("’"),
    "frames": "IDX10503: Signature" + many("\n at " + "a." * 150),
    "types": "IDX10500: " + many("System.Exception: "),
    "arrows": many(" ---> "),
    "keys": KEYS + many("SecurityKey ") + "'.\nExceptions caught:\n '",
    "hidden": "IDX10214: Audience validation failed. Audiences: '" + many("[PII of type '"),
    "responses": many('"error": "x", "error_uri": "https://documentation.openiddict.com/errors/ID2090" '),
    "host texts": many("\nNo SecurityTokenValidator available for token: x"),
    "refusals": many(" was not authenticated. Failure message: "),
    "words": many("a"),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_anything_is_read_in_time(text: str) -> None:
    """Linear in the text: what a client can put into a log does not stop the reader."""

    def read(size: int) -> None:
        messages.exceptions(text[:size])
        messages.library(text[:size], messages.read(text[:size]))

    assert is_linear(read, SIZE // TIMES)


def test_random_mixtures_never_fail() -> None:
    """Pieces of messages in any order give messages with offsets inside the text."""
    rnd = random.Random(5)
    pieces = [
        *HOSTILE,
        *(t[:90] for t in HOSTILE.values()),
        "'",
        "'.",
        "\n",
        "IDX10511: ",
        " ---> ",
        "System.IO.IOException: ",
        "\\u0027",
        "\x00",
        "𝔘",
    ]
    for _ in range(400):
        text = "".join(rnd.choice(pieces)[: rnd.randrange(1, 90)] for _ in range(rnd.randrange(1, 30)))
        for message in messages.read(text):
            assert 0 <= message.start <= message.end <= len(text)
            assert all(isinstance(value, str) for value in message.values)
        messages.match(text)
        messages.library(text, messages.read(text))


ODD = st.text(max_size=30) | st.sampled_from(
    [
        "it's",
        "''",
        "{0}",
        "{x: {y}}",
        "a\r\nb",
        "null",
        "see IDX10501",
        "24.11.2026 01:50:31",
        "x" * 5000,
        "“q”",
        "&#39;",
    ]
)


@given(st.sampled_from([form for code in sorted(known()) for form in templates(code) if form.kinds]), st.data())
@settings(max_examples=400, deadline=None)
def test_whatever_the_values_hold_the_code_is_told(form: Template, data: st.DataObject) -> None:
    """Quotes, braces, line breaks, other dates, nothing at all: the message stays what it is, and its place too."""
    values = [data.draw(ODD.filter(lambda v: ":" not in v)) for _ in form.kinds]
    gaps = [value + literal for value, literal in zip(values, form.literals[1:], strict=True)]
    found = messages.match("".join((form.literals[0], *gaps)))
    assert found is not None
    assert found.code == form.code
    assert len(found.values) <= form.width
