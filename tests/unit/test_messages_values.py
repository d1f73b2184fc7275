"""What hostile values do to a message: nothing. Each text of each version is filled and read back."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authlens import messages
from authlens.catalogue.templates import Template, known, templates

EVERY = [t for code in sorted(known()) for t in templates(code)]
QUOTED = [
    t
    for t in EVERY
    if t.slots
    and all(a.endswith("'") for a in t.literals[:-1])
    and all(b.startswith("'") for b in t.literals[1:])
    and not {"nested", "keys"} & set(t.kinds)
]
"""Texts whose values all stand between apostrophes and hold no exceptions of their own."""
CITED = (
    "IDX10205: Issuer validation failed.",
    "see IDX10503: now",
    "IDX99999: the frobnicator is off",
    "IDX40001: Issuer: 'a', does not match any of the valid issuers provided for this application. ",
    (
        "IDX10214: Audience validation failed. Audiences: 'a'. Did not match: validationParameters.ValidAudience: 'b' "
        "or validationParameters.ValidAudiences: 'c'."
    ),
)
HOSTILE = (
    "",
    "null",
    "[PII is hidden]",
    "[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]",
    "[Security Artifact of type 'A.B.JsonWebToken' is hidden. See https://aka.ms/IdentityModel/SecurityArtifactLogging.]",
    "System.String",
    "#ScrubbedArtifact#",
    '{"alg":"RS256","kid":"a"}.{"iss":"https://a/","aud":["x","y"]}',
    "24.11.2026 1:50:31",
    "2026-11-24 오전 1:50:31",
    "O'Neil",
    "日本語 ü",
    "{0} {1}",
    "line one\r\n  line two",
)
VALUES = st.one_of(
    st.sampled_from(HOSTILE),
    st.text("abcXYZ0189 .,:;-_/\\{}[]()<>&%=+*#@!?é", max_size=30),
)


def filled(form: Template, values: tuple[str, ...]) -> str:
    """The text of a template with values by placeholder."""
    pieces = zip(form.slots, form.literals[1:], strict=True)
    return form.literals[0] + "".join(values[slot] + literal for slot, literal in pieces)


def reads_back(form: Template, text: str) -> bool:
    """The code is the form's, and its values make the same text again (a text may have two readings)."""
    found = messages.match(text)
    if found is None or found.code != form.code:
        return False
    read = next(t for t in templates(found.code) if t.text == found.template)
    return len(found.values) == read.width and filled(read, found.values).rstrip() == text.rstrip()


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_hostile_values_are_read_back(data: st.DataObject) -> None:
    """Hidden, empty, typed, foreign and odd values change neither the code nor where a value begins and ends."""
    form = data.draw(st.sampled_from(QUOTED))
    values = tuple(data.draw(st.lists(VALUES, min_size=form.width, max_size=form.width)))
    assert reads_back(form, filled(form, values))


@pytest.mark.parametrize("cited", CITED)
def test_a_value_that_cites_a_message_is_whole(cited: str) -> None:
    """An issuer can be any text, the text of a refusal as well: of each template each value in its turn."""
    for form in QUOTED:
        for place in range(form.width):
            values = tuple(cited if n == place else f"v{n}" for n in range(form.width))
            assert reads_back(form, filled(form, values)), (form.text, values)


@pytest.mark.parametrize("cited", CITED)
def test_what_a_value_cites_is_not_said_by_the_library(cited: str) -> None:
    """Whoever writes an issuer or a kid cannot make the report name a code."""
    text = (
        f"IDX10205: Issuer validation failed. Issuer: '{cited}'. Did not match: validationParameters.ValidIssuer: "
        f"'null' or validationParameters.ValidIssuers: '{cited}'."
    )
    (said,) = messages.read(f"X: {text}\n   at A.B.C()")
    assert (said.code, said.fields["iss"]) == ("IDX10205", cited)


def test_an_exception_with_an_unknown_code_ends_with_the_value_it_stands_in() -> None:
    """What a newer library wrote is found within the older text that quotes it, and not beyond."""
    text = (
        "IDX10501: Signature validation failed. Unable to match key: \nkid: 'k1'.\nExceptions caught:\n "
        '\'System.Exception: IDX99999: the frobnicator is off\'. \ntoken: \'{"alg":"RS256"}.{"iss":"a"}\'.'
    )
    outer, inner = messages.read(text)
    assert outer.values[0] == "k1"
    assert outer.values[-1] == '{"alg":"RS256"}.{"iss":"a"}'
    assert (inner.code, inner.template) == ("IDX99999", "IDX99999: the frobnicator is off")


def test_a_cut_text_keeps_what_stands_behind_the_exceptions_that_it_lists() -> None:
    """Their own codes end no value behind them."""
    listed = (
        "Microsoft.IdentityModel.Tokens.SecurityTokenInvalidSignatureException: IDX10504: Unable to validate signature."
    )
    text = (
        "IDX10516: Signature validation failed. Unable to match key: \nkid: 'k1'. \n"
        "Number of keys in TokenValidationParameters: '1'. \nNumber of keys in Configuration: '2'. \n"
        f"Exceptions caught:\n '{listed}'. \ntoken: 'eyJ.e30.x'. Valid Lifetime: 'True'. Valid Iss"
    )
    found = next(m for m in messages.read(text) if m.code == "IDX10516")
    assert found.values == ("k1", "1", "2", listed, "eyJ.e30.x", "True")
