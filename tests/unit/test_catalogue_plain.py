"""The glance at a plain record, against the general reading of the same text."""

from __future__ import annotations

import importlib
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens import messages
from authlens.catalogue import plain as plain_records
from authlens.catalogue.plain import plain
from authlens.catalogue.templates import Template, known, templates
from authlens.model import Message

parser: Any = importlib.import_module("re._parser")
sre: Any = importlib.import_module("re._constants")

FORMS = [form for code in sorted(known()) for form in templates(code)]
HIDDEN = "[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]"
KEYS = "".join(
    f"Microsoft.IdentityModel.Tokens.RsaSecurityKey, KeyId: '{kid}', InternalId: 'i-{kid}'. , KeyId: {kid}\n"
    for kid in ("aaaa", "bbbb", "cccc", "dddd")
)
VALUES = (
    *(
        "",
        "null",
        "https://sso.contoso.com/realms/shop",
        "api://orders",
        "11/24/2026 01:50:31",
        "System.String",
        "2048",
    ),
    *(
        HIDDEN,
        KEYS,
        "a, b",
        '{"alg":"RS256"}.{"iss":"x"}',
        "'",
        "it's",
        '"quoted"',
        '{""alg"":1}',
        "IDX10501: no",
        "&#39;",
    ),
    *(
        "line\nbreak",
        "System.Exception: boom",
        "x ---> y",
        " at A.B.C(",
        "“x”",
        "C:\\n",
        "Could not load",
        "\x1b[31m",
        "é",
    ),
)
BEFORE = (
    *("", "Bearer was not authenticated. Failure message: ", '"Bearer" was not authenticated. Failure message: "'),
    "Failed to validate the token.\nMicrosoft.IdentityModel.Tokens.SecurityTokenException: ",
    "System.ApplicationException: no caller 7\n ---> Microsoft.IdentityModel.Tokens.SecurityTokenExpiredException: ",
    *(
        "System.Net.Http.HttpRequestException: ",
        "the runbook says: search for '",
        "fixes ",
        "https://aka.ms/",
        "X",
        "“",
    ),
    *("a\nb\nc\n", "IDX10501: ", "1 ", "[Error]11/24/2026 01:50:31 "),
)
BEHIND = (
    *("", '"', ")", "\n", " (elapsed 7 ms)", " (Parameter 'token')", "\n   at A.B.Validate(String token)\n   at C.D()"),
    *(
        " ---> System.IO.IOException: no",
        "\nSystem.Exception: second",
        ", then IDX10223: more",
        "'",
        " It was so.",
        "\r\n",
    ),
    "\r\nParameter name: token\r\n   at A.B.Validate(String token)",
)


def general(text: str) -> tuple[tuple[Message, ...], bool]:
    """What is found when no glance is taken."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(messages, "plain", lambda _: None)
        return messages._read(text, None)


def filled(form: Template, values: list[str]) -> str:
    """The form's text with the values in its gaps."""
    pieces = [form.literals[0]]
    for value, literal in zip(values, form.literals[1:], strict=True):
        pieces += (value, literal)
    return "".join(pieces)


@st.composite
def records(draw: st.DrawFn) -> str:
    """A message of any code with odd values, and what may stand around it."""
    form = draw(st.sampled_from(FORMS))
    values = [draw(st.sampled_from(VALUES) | st.text(max_size=12)) for _ in form.kinds]
    whole = draw(st.sampled_from(BEFORE)) + filled(form, values) + draw(st.sampled_from(BEHIND))
    return whole[: len(whole) - draw(st.sampled_from((0, 0, 0, 1, 5, 30)))]


@given(records())
@settings(max_examples=600, deadline=None)
def test_a_glance_finds_what_the_general_reading_finds(text: str) -> None:
    """Code, values, fields, offsets and all, for whatever is read at a glance."""
    if plain(text) is not None:
        assert messages._read(text, None) == general(text)


@pytest.mark.parametrize("before", BEFORE[:5])
@pytest.mark.parametrize("behind", ["", "\n   at A.B.Validate(String token)\n   at C.D()"])
def test_the_common_record_takes_a_glance(before: str, behind: str) -> None:
    """A message as the library writes it, behind what hosts write and before a stack trace."""
    form = templates("IDX10503")[0]
    values = ["kid-1", KEYS, "0", "4", "", HIDDEN]
    text = before + filled(form, values) + behind
    found = plain(text)
    assert found is not None
    assert list(found.by_gap) == values
    assert (found.start, found.end) == (len(before), len(text) - len(behind))


@pytest.mark.parametrize(
    "text",
    [
        "no code at all",
        "IDX77123: a code that is not known",
        "IDX10223: Lifetime validation failed. The token is exp",
        "XIDX10504: Unable to validate signature, token does not have a signature: 'x'.",
        "https://aka.ms/IDX10504: Unable to validate signature, token does not have a signature: 'x'.",
        "IDX10504: Unable to validate signature, token does not have a signature: 'x'. IDX10223: and more",
        "IDX10504: Unable to validate signature, token does not have a signature: 'IDX10223: no'.",
        "IDX10504: Unable to validate signature, token does not have a signature: 'a'b'.",
        "IDX10504: Unable to validate signature, token does not have a signature: ‘x’.",
        "IDX10504: Unable to validate signature, token does not have a signature: 'x'.\nSystem.Exception: y",
        "we ignore 'IDX12741: JWT must have three segments (JWS) or five segments (JWE).",
    ],
)
def test_what_is_not_plain_is_left_to_the_general_reading(text: str) -> None:
    """No guess is made at a glance."""
    assert plain(text) is None


def test_no_pattern_tries_a_value_twice() -> None:
    """Every repeat without a small bound keeps what it took."""
    repeats = [
        (form.code, op)
        for form in FORMS
        if (pattern := _pattern(form)) is not None
        for op, argument in _operations(parser.parse(pattern.pattern))
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT) and (argument[1] is sre.MAXREPEAT or argument[1] > 300)
    ]
    assert repeats == []


def _pattern(form: Template) -> re.Pattern[str] | None:
    code = form.code or ""
    return plain_records._pattern(code, templates(code).index(form))


def _operations(items: Any) -> Any:
    for op, argument in items:
        yield op, argument
        if isinstance(argument, tuple):
            for part in argument:
                if isinstance(part, parser.SubPattern):
                    yield from _operations(part)
                elif isinstance(part, list):
                    for branch in part:
                        if isinstance(branch, parser.SubPattern):
                            yield from _operations(branch)
