from __future__ import annotations

import functools
import html
import random
from collections.abc import Callable

import pytest

from authlens import messages, tokens
from authlens.catalogue.restored import restored, unbroken
from tests.unit.helpers.growth import is_linear

ISSUER = (
    "Microsoft.IdentityModel.Tokens.SecurityTokenInvalidIssuerException: IDX10205: Issuer validation failed. Issuer: "
    "'https://sts.example/11112222-3333-4444-8555-666677778888/'. Did not match: validationParameters.ValidIssuer: "
    "'https://login.example/11112222-3333-4444-8555-666677778888/v2.0' or validationParameters.ValidIssuers: 'null' or "
    "validationParameters.ConfigurationManager.CurrentConfiguration.Issuer: 'https://login.example/common'. "
    "For more details, see https://aka.ms/IdentityModel/issuer-validation. "
)
KEYS = (
    "Microsoft.IdentityModel.Tokens.SecurityTokenSignatureKeyNotFoundException: IDX10503: Signature validation failed. "
    "The token's kid is: 'kid-77', but did not match any keys in TokenValidationParameters or Configuration. Keys tried: "
    "'Microsoft.IdentityModel.Tokens.RsaSecurityKey, KeyId: 'kid-1', InternalId: 'aa11'. , KeyId: kid-1\n'. "
    "Number of keys in TokenValidationParameters: '0'. \nNumber of keys in Configuration: '1'. \nExceptions caught:\n ''.\n"
    'token: \'{"alg":"RS256","kid":"kid-77","typ":"JWT"}.{"iss":"https://op.example","aud":"api","exp":1704070800}\'. '
    "See https://aka.ms/IDX10503 for details."
)
STACK = "\n   at Microsoft.IdentityModel.Tokens.Validators.ValidateIssuer(String issuer, SecurityToken token)"


def wrapped(text: str, columns: int, indent: str = "") -> str:
    """Broken at the last column, as a terminal or a debugger does."""
    lines = [line[i : i + columns] for line in text.split("\n") for i in range(0, max(len(line), 1), columns)]
    return ("\n" + indent).join(lines)


TOOLS: dict[str, Callable[[str], str]] = {
    "HTML": html.escape,
    "HTML with line breaks": lambda t: html.escape(t).replace("\n", "<br>"),
    "closing quotes": lambda t: t.replace("'", "’"),
    "paired quotes": lambda t: t.replace(": '", ": ‘").replace("'", "’"),
    "no-break spaces": lambda t: t.replace(" ", "\u00a0"),
    "zero-width spaces": lambda t: t.replace(". ", ".\u200b "),
    "doubled apostrophes": lambda t: t.replace("'", "''"),
    "CSV": lambda t: '"' + t.replace('"', '""') + '"',
    "double quotes": lambda t: t.replace("'", '"'),
    "backticks": lambda t: t.replace("'", "`"),
    "120 columns": lambda t: wrapped(t, 120),
    "60 columns, indented": lambda t: wrapped(t, 60, "      "),
    "bold": lambda t: f"**{t}**",
    "a name in front": lambda t: f"Exception={t}",
}


def fields(text: str) -> dict[str, object]:
    out: dict[str, object] = {}
    for message in messages.read(text):
        for name, value in message.fields.items():
            out.setdefault(name, value)
    return out


@pytest.mark.parametrize("text", [ISSUER + STACK, KEYS + STACK], ids=["issuer", "keys"])
@pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)
def test_what_a_tool_does_to_a_text_changes_no_field(text: str, tool: Callable[[str], str]) -> None:
    """Outer values and nested lists of keys alike."""
    assert fields(tool(text)) == fields(text) != {}


@pytest.mark.parametrize("name", ["HTML", "HTML with line breaks", "CSV", "60 columns, indented", "closing quotes"])
def test_the_decoded_token_is_read_too(name: str) -> None:
    """Its JSON is quoted with what HTML and CSV escape."""
    (token,) = tokens.find(TOOLS[name](KEYS))
    assert dict(token.claims) == {"iss": "https://op.example", "aud": "api", "exp": 1704070800}


@pytest.mark.parametrize("name", TOOLS)
def test_offsets_lead_back_to_the_text_as_it_stands(name: str) -> None:
    """What is masked or shown is the original's part."""
    text = TOOLS[name](KEYS)
    (message,) = messages.read("before " + text)
    assert text.startswith(text[message.start - 7 :][:9], message.start - 7)
    assert ("before " + text)[message.start :].startswith("IDX10503")
    for start, end, token in tokens.locate(text):
        assert text[start] in "{&"
        assert text[end - 1] in "};"
        assert token.header


@pytest.mark.parametrize(
    "text",
    [
        ISSUER,
        KEYS,
        "IDX12742: ''x' cannot contain the following claims: 'y'. These values are added by default",
        "IDX10500: Signature validation failed.\nBearer was challenged.",
        "IDX10503: Signature validation failed. Keys tried: ''.\nExceptions caught:\n ''.\ntoken: 'x'.",
        'level=info msg="IDX10500: Signature validation failed." user="bob"',
        "",
    ],
)
def test_what_the_library_wrote_is_left_alone(text: str) -> None:
    """Empty values are doubled apostrophes too, and natural line ends no wraps."""
    assert restored(text) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://login\n      .example/v2\r\n .0", "https://login.example/v2.0"),
        ("kid\n-1", "kid-1"),
        ("api\n", "api\n"),
        ("two words\nand more", "two words\nand more"),
        ("api ", "api "),
    ],
)
def test_a_break_inside_a_value_without_blanks_is_none(value: str, expected: str) -> None:
    """White space at the ends is a root cause of its own and stays."""
    assert unbroken(value) == expected


def _put_back(piece: str, size: int) -> None:
    restored("IDX10503: a '" + piece * (size // len(piece)))


def test_hostile_texts_are_put_back_in_time() -> None:
    """Linear in the text, and no offset leaves it."""
    rnd = random.Random(3)
    pieces = [
        "IDX10503: ",
        "'",
        "''",
        '""',
        "&quot;",
        "&#39;",
        "’",
        "\u00a0",
        "\n",
        "x" * 60,
        '{""a',
        "\u200b",
        "&#x110000;",
    ]
    for piece in pieces:
        assert is_linear(functools.partial(_put_back, piece), 50_000)
    for _ in range(300):
        text = "".join(rnd.choice(pieces) for _ in range(40))
        whole = restored(text)
        if whole is not None:
            back = [whole.back(i) for i in range(len(whole.text) + 1)]
            assert back == sorted(back)
            assert back[-1] <= len(text)
