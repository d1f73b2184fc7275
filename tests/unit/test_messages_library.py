from __future__ import annotations

import pytest

from authlens import messages
from authlens.model import Library

EXPIRED = "IDX10223: Lifetime validation failed. The token is expired. ValidTo{}: '{}', Current time{}: '{}'."


def library(text: str) -> Library:
    return messages.library(text, messages.read(text))


@pytest.mark.parametrize(
    "header",
    [
        "Microsoft.IdentityModel Version: 8.23.0.0. Date 11/24/2026 02:02:44. PII logging is OFF. See https://aka.ms/IdentityModel/PII for details. \n",
        "[LogAlways]Library version: 8.23.0.0.\n",
    ],
)
def test_a_header_says_the_version(header: str) -> None:
    """The library's own header is the one sure evidence."""
    found = library(header + EXPIRED.format("", "System.DateTime", "", "System.DateTime"))
    assert found == Library(version="8.23.0", sure=True, low=(8, 23, 0), high=(8, 23, 0))


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        (EXPIRED.format(" (UTC)", "3/5/2024 4:07:09 PM", " (UTC)", "3/6/2024 4:07:09 PM"), (6, 30, 0), (8, 23, 0)),
        (EXPIRED.format("", "[PII is hidden]", "", "[PII is hidden]"), (5, 2, 2), (6, 1, 0)),
        (EXPIRED.format("", "System.DateTime", "", "System.DateTime"), (6, 4, 1), (6, 14, 1)),
        ("IDX10214: Audience validation failed. See https://aka.ms/identitymodel/app-context-switches", (8, 3, 0), (8, 23, 0)),
        ("System.IdentityModel.Tokens.SecurityTokenExpiredException: IDX10223: Lifetime validation failed.", (3, 0, 0), (4, 0, 999)),
        ("Microsoft.IdentityModel.Tokens.SecurityTokenInvalidSignatureException: IDX10503: Signature validation failed. Keys tried: ''.\nExceptions caught:\n ''.\ntoken: 'x'.", (5, 1, 0), (6, 7, 1)),
    ],
)  # fmt: skip
def test_a_range_is_inferred(text: str, low: tuple[int, ...], high: tuple[int, ...]) -> None:
    """Texts, forms of hidden values, namespaces and exception types each leave some releases possible."""
    found = library(text)
    assert (found.low, found.high) == (low, high)
    assert not found.sure


def test_what_is_hidden_beside_what_is_shown_narrows_the_range() -> None:
    """With the switch off, 6.22 shows the kid that 6.21 hides; the token is hidden in both."""
    pii = "[PII of type 'x' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]"
    text = "IDX10501: Signature validation failed. Unable to match key: \nkid: '{}'. \nNumber of keys in TokenValidationParameters: '0'. \nNumber of keys in Configuration: '2'. \nExceptions caught:\n '{}'. \ntoken: '{}'."
    shown, hidden = library(text.format("k1", pii, pii)), library(text.format(pii, pii, pii))
    assert shown.low == (6, 22, 0)
    assert hidden.high == (6, 21, 0)


def test_contradictions_do_not_empty_the_range() -> None:
    """With packages of different versions the traces disagree; the texts count first."""
    text = "IDX10214: Audience validation failed. See https://aka.ms/identitymodel/app-context-switches [PII is hidden]"
    assert library(text).low == (8, 3, 0)


def test_nothing_known_is_nothing_said() -> None:
    """A text that every version writes tells no version."""
    assert (
        library(
            "IDX10208: Unable to validate audience. validationParameters.ValidAudience is null or whitespace and validationParameters.ValidAudiences is null."
        )
        == Library()
    )
    assert library("") == Library()
    assert library("Correlation failed.") == Library()


def test_an_assembly_is_weak_evidence() -> None:
    """What the loader names is used only where nothing else is known."""
    found = library(
        "Could not load file or assembly 'Microsoft.IdentityModel.Tokens, Version=7.0.0.0, Culture=neutral'"
    )
    assert found.version == "7.0.0"
    assert not found.sure
