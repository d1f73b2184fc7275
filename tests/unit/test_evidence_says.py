"""One word for what a failure claims, whatever number its library version gave it."""

import pytest

from authlens.diagnosis.evidence_says import of_code, says
from tests.unit.helpers.refusals import failure


@pytest.mark.parametrize(
    ("code", "text", "word"),
    [
        ("IDX10503", "The token's kid is: 'a', but did not match any keys", "key-not-found"),
        ("IDX10503", "Token does not have a kid. Keys tried: ''", "kid-missing"),
        ("IDX10501", "Unable to match key: kid: 'a'", "key-not-found"),
        ("IDX10501", "Signature validation failed. Key tried: 'RsaSecurityKey'", "signature-invalid"),
        ("IDX10500", "No security keys were provided", "no-keys"),
        ("IDX10500", "Unable to resolve SecurityKeyIdentifier: 'x'", "key-not-found"),
        ("IDX10603", "Decryption failed. Keys tried: 'x'", "decrypt"),
        ("IDX10603", "Decryption failed. Keys tried: 'x'\nParameter name: KeySize", "key-size"),
        ("IDX10720", "the key size must be greater than: '256' bits", "key-size"),
        ("IDX10720", "Token string does not match the token formats", "malformed"),
        ("IDX10311", "RequireNonce is 'true' but validationContext.Nonce is null", "nonce-state"),
        ("IDX10803", "Unable to obtain configuration from: 'x'", "metadata"),
        ("IDX30011", "Unable to read XML", "saml"),
        ("IDX22801", "'entityID' attribute is not found", "metadata"),
    ],
)
def test_the_text_decides_where_a_number_changed_its_meaning(code: str, text: str, word: str) -> None:
    """IDX10503 says three things in three generations, and other numbers two."""
    assert of_code(code, text) == word
    assert says(failure(code, text)) == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("No SecurityTokenValidator available for token.", "no-handler"),
        ("Correlation failed.", "nonce-state"),
        ("System.InvalidOperationException: Scheme already exists: Bearer", "scheme-collision"),
        ("Tenant 5f is not onboarded.", "tenant-refused"),
        ("Message contains error: 'invalid_client'", "client"),
        ("Something else went wrong", "unknown"),
    ],
)
def test_refusals_without_a_code_are_read_by_their_words(text: str, word: str) -> None:
    """What a host or an application says itself has no number."""
    assert says(failure(None, text)) == word


def test_a_code_of_no_list_is_unknown() -> None:
    """It is counted and shown, never guessed."""
    assert of_code("IDX19999", "never heard of") == "unknown"
