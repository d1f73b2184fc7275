"""One word for what a failure claims, whatever number its library version gave it."""

import pytest

from authlens.diagnosis.evidence_says import of_code, says
from tests.unit.helpers.refusals import failure

OLD = "System.IdentityModel.Tokens.Jwt.JwtSecurityToken"
NEW = "Microsoft.IdentityModel.JsonWebTokens.JsonWebToken"


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
        ("IDX10108", "The address specified is not valid as per HTTPS scheme.", "https"),
        ("IDX10108", "When setting AutomaticRefreshInterval, the value must be greater than 'x'", "unknown"),
        ("IDX30011", "Unable to read XML", "saml"),
        ("IDX22801", "'entityID' attribute is not found", "metadata"),
        ("IDX10720", "Token string does not match the token format: header.payload.signature", "malformed"),
        ("IDX10708", "cannot read this string: 'x'", "malformed"),
        ("IDX10708", "Cannot create a JSON representation of an EC public key", "unknown"),
        ("IDX10723", "Unable to decode the payload 'x' as Base64Url", "malformed"),
        ("IDX10723", "Unable to extract the private key from the X.509 certificate", "key-unreadable"),
        ("IDX10725", "Unable to create a SignatureProvider for algorithm 'x'", "algorithm"),
        ("IDX10347", "Validating the 'c_hash' failed, see inner exception.", "hash"),
        ("IDX10307", "The 'c_hash' claim was not found in the id_token", "missing-claim"),
        ("IDX10306", "The 'c_hash' claim was not a string in the 'id_token'", "claim-type"),
        ("IDX10334", "Both 'id_token' and 'code' are null", "client"),
        ("IDX10302", "The algorithm: 'x' specified in the jwt header is not supported.", "algorithm"),
        ("IDX10703", "Cannot create a 'SymmetricSecurityKey', key length is zero.", "key-empty"),
        ("IDX10703", "Unable to decode the 'x': 'y' as Base64url encoded string.", "malformed"),
        ("IDX10701", "Invalid JsonWebKey rsa keying material: 'x'.", "key-invalid"),
        ("IDX10701", "Error found while parsing date time. The 'exp' claim has value 'x'", "claim-type"),
        ("IDX10672", "Cannot create ECDSA from JsonWebKey: 'x'.", "key-invalid"),
        ("IDX10672", "GetKeyedHashAlgorithm returned null, key: x", "key-misfit"),
        ("IDX10611", "Decryption failed. Encryption is not supported for: Algorithm: 'x'", "decrypt"),
        ("IDX10611", "AsymmetricSecurityKey.GetHashAlgorithmForSignature( 'x' ) returned null.", "key-misfit"),
        ("IDX10621", "This provider has a minimum key size requirement of: '1'", "key-size"),
        ("IDX10621", "'x' supports: 'y' of types. SecurityKey received was of type 'z'.", "key-misfit"),
        ("IDX10814", "Decompressing would result in a token with a size greater than allowed.", "malformed"),
        ("IDX10814", "Unable to create a key from the properties found in the JsonWebKey: 'x'.", "key-invalid"),
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
        ("Message contains error: 'access_denied', error_description: 'The user pressed No.'", "sign-in-error"),
        ("Message contains error: 'server_error', error_description: 'AADSTS7000215: Invalid secret'", "client"),
        ("Message contains error: 'server_error', error_description: 'MSIS9622%3a+Client+authentication'", "client"),
        ("Message contains error: 'temporarily_unavailable'\n   at Host.GetRedirectUri()", "sign-in-error"),
        ("Message contains error: 'invalid_grant'", "grant"),
        ("No token validator was found for the given token.", "no-handler"),
        ("The MetadataAddress or Authority must use HTTPS unless disabled for development", "https"),
        ("CryptographicException: Invalid provider type specified.", "key-unreadable"),
        ('WWW-Authenticate: Bearer error="invalid_token", error_description="The token expired at \'x\'"', "expired"),
        ('WWW-Authenticate: Bearer error="invalid_token"', "unknown"),
        ("Neither scope or roles claim was found in the bearer token.", "missing-claim"),
        ("The TokenHandler: 'Shop.LegacyHandler', was unable to validate the Token.", "unknown"),
        ("Something else went wrong", "unknown"),
    ],
)
def test_refusals_without_a_code_are_read_by_their_words(text: str, word: str) -> None:
    """What a host or an application says itself has no number."""
    assert says(failure(None, text)) == word


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("IDX10508", "malformed"),
        ("IDX11023", "malformed"),
        ("IDX10524", "no-keys"),
        ("IDX21307", "missing-claim"),
        ("IDX21345", "missing-claim"),
        ("IDX21306", "claim-type"),
        ("IDX21348", "hash"),
        ("IDX10802", "metadata"),
        ("IDX10505", "unknown"),
        ("IDX21343", "unknown"),
    ],
)
def test_a_code_says_what_it_reports_and_no_more(code: str, word: str) -> None:
    """An application's delegate that returned nothing is no missing key, and a missing hash no lost cookie."""
    assert of_code(code, "") == word


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (f"Unable to cast object of type '{NEW}' to type '{OLD}'.", "handler"),
        (f'Das Objekt des Typs "{NEW}" kann nicht in Typ "{OLD}" umgewandelt werden.', "handler"),
        (f"Unable to cast object of type '{NEW}Handler' to type '{OLD}Handler'.", "unknown"),
        ("Unable to cast object of type 'Orders.Cart' to type 'Orders.Basket'.", "unknown"),
    ],
)
def test_a_cast_between_the_handlers_tokens_is_told_in_any_language(text: str, word: str) -> None:
    """The commonest fault after an upgrade is no number's; another cast is the application's own."""
    one = failure(None, f"System.InvalidCastException: {text}", exceptions=("System.InvalidCastException",))
    assert says(one) == word


@pytest.mark.parametrize(
    ("status", "method", "word"),
    [
        (400, "OpenIdConnectHandler.RedeemAuthorizationCodeAsync", "client"),
        (401, "OpenIdConnectHandler.RedeemAuthorizationCodeAsync", "client"),
        (503, "OpenIdConnectHandler.RedeemAuthorizationCodeAsync", "unknown"),
        (401, "OpenIdConnectHandler.GetUserInformationAsync", "unknown"),
    ],
)
def test_the_token_endpoint_refuses_the_client_by_its_status(status: int, method: str, word: str) -> None:
    """A handler that keeps no error of RFC 6749 leaves the status and the call that met it; other calls are others'."""
    text = f"HttpRequestException: Response status code does not indicate success: {status}.\n   at {method}(Message m)"
    assert says(failure(None, text, fields={"http_status": status})) == word


@pytest.mark.parametrize("code", ["IDX10614", "IDX10630", "IDX10638"])
@pytest.mark.parametrize("reason", ["Keyset does not exist", "Invalid provider type specified.", "0x80090016"])
def test_a_private_key_that_cannot_be_had_is_told_by_the_inner_exception(code: str, reason: str) -> None:
    """The key store's words may stand behind the library's own message."""
    one = failure(code, f"Creating the formatter failed.\n ---> CryptographicException: {reason}")
    assert says(one) == "key-unreadable"
    assert says(failure("IDX10614", "The formatter is not supported.")) != "key-unreadable"


def test_a_code_of_no_list_is_unknown() -> None:
    """It is counted and shown, never guessed."""
    assert of_code("IDX19999", "never heard of") == "unknown"


FAULT = "Failed to validate the token.\nSystem.NullReferenceException: Object reference not set to an instance of an object."
LIBRARY_FRAME = "   at Microsoft.IdentityModel.JsonWebTokens.JsonWebToken.get_Audiences()"
OUR_FRAME = "   at Contoso.Orders.Security.IssuerCheck.Validate(String issuer, SecurityToken token) in /src/IssuerCheck.cs:line 7"


@pytest.mark.parametrize(
    ("frames", "word"),
    [
        ((LIBRARY_FRAME, OUR_FRAME), "library-fault"),
        (("   at System.String.Substring(Int32 start)", LIBRARY_FRAME), "library-fault"),
        (("   bei System.IdentityModel.Tokens.Jwt.JwtSecurityTokenHandler.ReadToken(String token)",), "library-fault"),
        ((OUR_FRAME, LIBRARY_FRAME), "unknown"),
        (("   at System.Linq.Enumerable.First[TSource](IEnumerable`1 source)", OUR_FRAME, LIBRARY_FRAME), "unknown"),
        ((), "unknown"),
    ],
)
def test_a_fault_is_the_librarys_where_its_own_code_threw(frames: tuple[str, ...], word: str) -> None:
    """An application's delegate that the library calls can fail as well, and is not the library's defect."""
    text = "\n".join((FAULT, *frames))
    assert says(failure(None, text, exceptions=("System.NullReferenceException",))) == word


def test_a_refusal_without_a_number_is_no_fault() -> None:
    """The type of the exception tells a verdict from an accident."""
    text = f"Failed to validate the token.\n{LIBRARY_FRAME}"
    refused = failure(None, text, exceptions=("Microsoft.IdentityModel.Tokens.SecurityTokenException",))
    assert says(refused) != "library-fault"


def test_a_long_stack_is_looked_at_up_to_a_limit() -> None:
    """Records are hostile: a megabyte of frames costs no more than the first of them."""
    text = FAULT + "\n   at System.A.B()" * 100_000 + "\n" + LIBRARY_FRAME
    assert says(failure(None, text, exceptions=("System.NullReferenceException",))) == "unknown"


@pytest.mark.parametrize(
    ("described", "word"),
    [
        ("The audience is invalid", "audience"),
        ("The audience 'api://a' is invalid", "audience"),
        ("The issuer is invalid", "issuer"),
        ("The issuer '(null)' is invalid", "issuer"),
        ("The token has no expiration", "no-expiration"),
        ("The token lifetime is invalid", "lifetime-order"),
        ("The token lifetime is invalid; NotBefore: '(null)', Expires: '03/01/2024 11:00:00'", "lifetime-order"),
        ("The token is not valid yet", "not-yet-valid"),
        ("The token is not valid before '03/01/2024 12:00:00'", "not-yet-valid"),
        ("The token is expired", "expired"),
        ("The token expired at '03/01/2024 12:00:00'", "expired"),
        ("The signature key was not found", "key-not-found"),
        ("The signature is invalid", "signature-invalid"),
        ("The signature key was not found; The audience 'a' is invalid", "key-not-found"),
        ("The token is expired; The issuer is invalid", "expired"),
        ("", "unknown"),
    ],
)
def test_a_response_header_names_the_check_in_the_words_of_its_generation(described: str, word: str) -> None:
    """ASP.NET Core to 2.2, and from 3.0 on; where several handlers refused, the first of them."""
    header = f'WWW-Authenticate: Bearer error="invalid_token", error_description="{described}"'
    assert says(failure(None, header)) == word
