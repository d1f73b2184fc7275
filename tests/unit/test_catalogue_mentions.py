from __future__ import annotations

import pytest

from authlens import messages

MENTIONS = [
    "Deployed 1.2.3: fixes IDX10214: audience check, IDX10205: issuer",
    "Alert rule 'IDX10223: token is expired' evaluated, 0 hits",
    "KQL: traces | where message contains 'IDX10501: Signature validation failed.'",
    "- IDX10214: wrong audience",
    "* IDX10223: expired token - check clocks",
    "1. IDX10503: restart the pods",
    "Runbook step 4: for IDX10501: rotate keys",
    "grep 'IDX10501:' app.log | wc -l",
    'grep "IDX10501: Signature validation failed" app.log',
    "Release notes: fixed IDX10205: Issuer validation failed",
    'traces | where message has "IDX10223: Lifetime validation failed"',
    "select count(*) from logs where msg like '%IDX10214: Audience validation failed%'",
    "Known errors: IDX10205: issuer mismatch, IDX10214: audience mismatch",
    "Alert 'IDX10500: Signature validation failed. No security keys were provided to validate the signature.' resolved",
    "// IDX10609: not us",
    "Changelog: handle IDX20803: metadata outage gracefully",
    'if (ex.Message.Contains("IDX10223: Lifetime")) return;',
    'ex.Message.StartsWith("IDX10223:")',
    'Metric auth_failures{code="IDX10223: expired"} 12',
    "Dashboard 'IDX10503: keys' updated",
    "see IDX10501: Signature validation failed",
    'Runbook 17: on "IDX10501: Signature validation failed" restart the gateway, on IDX10223 sign in again',
    "On `IDX10223: Lifetime validation failed`, renew the token",
]
REFUSALS = [
    "IDX99999: something new happened",
    "fixes IDX99999: something new",
    "System.Exception: IDX99999: x",
    "IDX10214: Audience validation failed. Aud",
    "IDX10214: Audience val…",
    "IDX10214: Audi...",
    "IDX10214: Aud",
    "Token validation failed: IDX10223: Lifetime validation failed. The token is expired. ValidTo: '01/01/2024 10:00:00', Current time: '01/01/2024 11:00:00'.",
    "Bearer wurde nicht authentifiziert: IDX10214: Audience validation failed.",
    "Bearer was not authenticated. Failure message: IDX10214: wrong one",
    "Microsoft.IdentityModel.Tokens.SecurityTokenExpiredException: IDX10223: token abgelaufen",
    "JWT rejected: IDX10214: bad audience",
    "Authentication error: IDX10223: expired",
    "IDX10500: Signature validation failed. No security keys were provided to validate the signature.",
    "IDX10214: The audience was not right. Audience: 'api'. Expected: 'x'",
    "Failed to validate the token.\nIDX10501: nope",
    "Unauthorized (IDX10501: Signature validation failed)",
    "Message: IDX10501: Signature validation failed. Unable to match key: kid: 'x'.",
    "Seen where message contains 'IDX10205: Issuer validation failed. Issuer: 'https://a.example'. Did not match: validationParameters.ValidIssuer: 'b' or validationParameters.ValidIssuers: 'null'.'",
    '{"message": "IDX10501: Signature validation failed."}',
    "[Error] IDX10223: Lifetime validation failed",
    'Validation failed with "IDX10501: Signature validation failed" for client 17',
    'Gateway said "IDX10501: Signature validation failed"',
    'Reason "IDX10500: Signature validation failed. No security keys were provided to validate the signature." for client 17',
]


@pytest.mark.parametrize("text", MENTIONS)
def test_what_is_only_talked_about_is_no_refusal(text: str) -> None:
    """Release notes, alert rules, queries and runbooks quote a code, or the beginning of its text, and no values."""
    assert [m for m in messages.read(text) if not m.informational] == []


@pytest.mark.parametrize("text", REFUSALS)
def test_what_the_library_can_have_written_stays(text: str) -> None:
    """Codes of newer libraries, texts that are cut, whatever an exception or a handler stands before, and values."""
    assert any(m.code and not m.informational for m in messages.read(text))


def test_one_message_that_is_asked_for_is_read_all_the_same() -> None:
    """``match`` is asked what a text is, not whether a token was refused."""
    found = messages.match("- IDX10214: wrong audience")
    assert found is not None
    assert found.code == "IDX10214"
