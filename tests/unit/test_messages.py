from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from authlens import messages
from authlens.model import Message

RECORDS = [
    json.loads(line)
    for line in (Path(__file__).parents[1] / "data" / "messages" / "records.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
PII = "[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]"


def said(text: str, at: datetime | None = None) -> dict[str, Any]:
    """The fields of all messages, the outermost first."""
    out: dict[str, Any] = {}
    for message in messages.read(text, at):
        for name, value in message.fields.items():
            out.setdefault(name, value)
    return out


def codes(text: str) -> list[str | None]:
    return [m.code for m in messages.read(text)]


def only(text: str) -> Message:
    (found,) = messages.read(text)
    return found


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r["name"])
def test_records_of_a_real_api(record: dict[str, Any]) -> None:
    """Codes, types, fields, what was hidden, and a version range that holds the true version."""
    found = messages.read(record["text"])
    assert [m.code for m in found] == record["codes"]
    assert messages.primary(found) == record["primary"]
    assert list(messages.exceptions(record["text"])) == record["exceptions"]
    assert sorted({name for m in found for name in m.hidden}) == record["hidden"]
    assert json.loads(json.dumps(said(record["text"]))) == record["fields"]
    library = messages.library(record["text"], found)
    true = tuple(int(p) for p in record["library"].split("."))
    assert library.low is None or library.high is None or library.low <= true <= library.high


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r["name"])
def test_a_single_line_says_the_same(record: dict[str, Any]) -> None:
    """The console logger's single-line form loses line breaks, and nothing else."""
    flat = record["text"].replace("\r\n", " ").replace("\n", " ")
    assert codes(flat) == record["codes"]
    assert json.loads(json.dumps(said(flat))) == record["fields"]


# --------------------------------------------------------------------------- which text holds a code


@pytest.mark.parametrize(
    "text",
    [
        "Part IDX77123 shipped",
        "Ticket IDX-10503 closed, IDX1050 is not a code, nor is XIDX10501X: no",
        "Ticket IDW-10201 closed, IDX4000 is not a code, nor is XIDX40001X, nor ID20901",
        "Runbook: if you see IDX10501 or IDX10214 after the key change, restart the pods",
        "see https://aka.ms/IDX10503 for details",
        "see https://aka.ms/IDX10503: it explains all",
        "see https://documentation.openiddict.com/errors/ID2090 for the list",
        "1IDX10503: no",
        "Correlation failed. was what the user read to us on the phone",
        "AuthenticationScheme: Bearer was not authenticated.",
        "Failed to validate the token cache entry.",
        "No message. Retrying",
        "Cookies was not authenticated. Failure message: Ticket expired",
        "Cookies was not authenticated. Failure message: Unprotect ticket failed",
        "{AuthenticationScheme} was not authenticated. Failure message: {FailureMessage}",
        "",
    ],
)  # fmt: skip
def test_bait_yields_nothing(text: str) -> None:
    """Mentions, numbers of other things, help links, cookies and requests without a token are no messages."""
    assert [m for m in messages.read(text) if not m.informational] == []


@pytest.mark.parametrize("front", ["", "\n", " ", "'", '"', "(", "Failure message: ", "…", "\\n", "\\u0027", "\x1b[0m"])
def test_what_may_stand_before_a_code(front: str) -> None:
    """Anything but a letter, a digit or a slash; escapes that end in a letter are none."""
    assert codes(f"{front}IDX10500: Signature validation failed.") == ["IDX10500"]


def test_offsets_are_those_of_the_record() -> None:
    """What lies between start and end is the message, nested ones inside their outer one."""
    inner = "IDX20804: Unable to retrieve document from: 'https://a.example/d'."
    outer = f"IDX20803: Unable to obtain configuration from: 'https://a.example/c'. Will retry at 'x'. Exception: 'System.IO.IOException: {inner}\n   at A.B.C(D e)'."
    text = f"Exception occurred while processing message.\nSystem.InvalidOperationException: {outer}\n ---> System.IO.IOException: {inner}\n   at A.B.C(D e)\n"
    first, second, third = messages.read(text)
    assert text[first.start : first.end] == outer
    assert text[second.start : second.end] == inner
    assert first.start < second.start < second.end < first.end
    assert text[third.start : third.end] == inner
    assert first.exception_type == "System.InvalidOperationException"
    assert second.exception_type == third.exception_type == "System.IO.IOException"


# --------------------------------------------------------------------------- order


def test_a_list_of_failures_is_read_one_by_one() -> None:
    """An AggregateException names one failure per handler."""
    text = (
        "System.AggregateException: One or more errors occurred. (IDX10223: Lifetime validation failed. The token is expired. "
        "ValidTo (UTC): '03/14/2024 16:07:09', Current time (UTC): '03/15/2024 16:07:09'.) (IDX10503: Signature validation failed.)"
    )
    assert codes(text) == ["IDX10223", "IDX10503"]
    assert said(text)["valid_to"] == "2024-03-14T16:07:09Z"


def test_the_developer_page_is_turned_around() -> None:
    """The page prints the innermost first; messages come outermost first all the same."""
    text = (
        "HttpRequestException: Response status code does not indicate success: 407 (Proxy Authentication Required).\n\n"
        "System.Net.Http.HttpResponseMessage.EnsureSuccessStatusCode()\n"
        "IOException: IDX10804: Unable to retrieve document from: 'https://a.example/d'.\n\n"
        "InvalidOperationException: IDX10803: Unable to obtain configuration from: 'https://a.example/c'.\n"
    )
    found = messages.read(text)
    assert [m.code for m in found] == ["IDX10803", "IDX10804"]
    assert messages.primary(found) == "IDX10803"
    assert found[0].fields["exception_type"] == "InvalidOperationException"
    assert found[0].fields["inner_exception_types"] == ("IOException", "HttpRequestException")
    assert found[0].fields["http_status"] == 407


def test_informational_messages_are_never_the_failure() -> None:
    """The library tells of steps too; what is quoted inside such a message refuses nothing either."""
    good = "IDX10242: Security token: 'x' has a valid signature."
    assert messages.primary(messages.read(good)) is None
    assert all(m.informational for m in messages.read(good))
    both = f"{good}\nIDX10214: Audience validation failed. See https://aka.ms/identitymodel/app-context-switches"
    assert messages.primary(messages.read(both)) == "IDX10214"
    refresh = (
        "Message: IDX20806: Unable to obtain an updated configuration from: 'https://a.example/c'. Returning the current configuration. "
        "Exception: 'System.IO.IOException: IDX20804: Unable to retrieve document from: 'https://a.example/d'.\n   at A.B.C(D e)., "
        "InnerException: System.IO.IOException. "
    )
    assert codes(refresh) == ["IDX20806", "IDX20804"]
    assert messages.primary(messages.read(refresh)) is None


# --------------------------------------------------------------------------- fields


def test_issuers() -> None:
    """Lists are lists; null and empty are nothing."""
    text = (
        "IDX10205: Issuer validation failed. Issuer: 'https://a.example/'. Did not match: validationParameters.ValidIssuer: 'null' or "
        "validationParameters.ValidIssuers: 'https://b.example, https://c.example/' or "
        "validationParameters.ConfigurationManager.CurrentConfiguration.Issuer: 'https://d.example/'. "
        "For more details, see https://aka.ms/IdentityModel/issuer-validation. "
    )
    assert said(text) == {
        "iss": "https://a.example/",
        "valid_issuers": ("https://b.example", "https://c.example/"),
        "configuration_issuer": "https://d.example/",
    }


def test_white_space_in_an_audience_is_kept() -> None:
    """A blank too many is a root cause."""
    text = "IDX10214: Audience validation failed. Audiences: 'api '. Did not match: validationParameters.ValidAudience: 'api' or validationParameters.ValidAudiences: 'null'."
    assert said(text) == {"aud": ("api ",), "valid_audience": "api"}


def test_an_audience_that_is_wrapped_or_loses_its_end() -> None:
    """Debuggers wrap lines and drop the closing dot."""
    text = (
        "IDX10214: Audience validation failed. Audiences: 'http://a.example'.\nDid not match: validationParameters.ValidAudience: 'null' or\n"
        "validationParameters.ValidAudiences: 'https://b.example,\nguid-1, https://b.example/'\nInnerException: <none>"
    )
    assert said(text)["valid_audiences"] == ("https://b.example", "guid-1", "https://b.example/")


@pytest.mark.parametrize(
    ("code", "wording", "names"),
    [
        ("IDX10223", "expired. ValidTo (UTC): '{}', Current time (UTC): '{}'.", ("valid_to", "exp")),
        ("IDX10222", "not yet valid. ValidFrom (UTC): '{1}', Current time (UTC): '{0}'.", ("valid_from", "nbf")),
    ],
)
def test_lifetimes_are_dates_and_claims(code: str, wording: str, names: tuple[str, str]) -> None:
    """What the message prints of exp and nbf is that claim, in UTC whatever the zone of the machine."""
    text = f"{code}: Lifetime validation failed. The token is " + wording.format(
        "03/14/2024 16:07:09", "03/15/2024 16:07:10"
    )
    found = said(text)
    assert found[names[0]] in ("2024-03-14T16:07:09Z", "2024-03-15T16:07:10Z")
    when = datetime.fromisoformat(found[names[0]])
    assert found[names[1]] == int(when.timestamp())


def test_the_record_decides_between_day_and_month() -> None:
    """Where a date reads both ways, the other date does, else the time of the record; else exp stays out."""
    both = "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '03/05/2024 16:07:09', Current time (UTC): '03/05/2024 16:57:09'."
    assert "exp" not in said(both)
    assert said(both, datetime(2024, 5, 3, 18, 57, tzinfo=UTC))["valid_to"] == "2024-05-03T16:07:09Z"
    assert said(both, datetime(2024, 3, 5, 8, 57, tzinfo=UTC))["exp"] == 1709654829
    assert "exp" not in said(both, datetime(2030, 1, 1, tzinfo=UTC))
    earlier = both.replace("'03/05/2024 16:57:09'", "'02/06/2024 16:57:09'")
    assert said(earlier)["valid_to"] == "2024-05-03T16:07:09Z"
    other = both.replace("'03/05/2024 16:07:09'", "'30/04/2024 16:07:09'")
    assert said(other)["current_time"] == "2024-05-03T16:57:09Z"


def test_dates_that_dotnet_cannot_hold_are_no_claims() -> None:
    """The first and last date stand for anything beyond them."""
    text = "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '01/01/1970 00:00:00', Current time (UTC): '03/15/2024 16:57:09'."
    assert said(text)["valid_to"] == "1970-01-01T00:00:00Z"
    assert "exp" not in said(text)


def test_masked_dates_are_unknown() -> None:
    """Someone blotted them out: nothing is guessed."""
    text = "IDX10222: Lifetime validation failed. The token is not yet valid. ValidFrom: '**/**/2018 **:32:31', Current time: '**/**/2018 **:32:22'."
    assert said(text) == {}
    assert only(text).hidden == ()


def test_keys_that_only_exceptions_name() -> None:
    """IDX10501 lists no keys; those that its exceptions name were tried."""
    key = "Microsoft.IdentityModel.Tokens.SymmetricSecurityKey, KeyId: '{}', InternalId: '{}'."
    one = (
        "System.NotSupportedException: IDX10634: Unable to create the SignatureProvider.\nAlgorithm: 'RS256', SecurityKey: '{}'\n is not supported. "
        "The list of supported algorithms is available here: https://aka.ms/IdentityModel/supported-algorithms\n   at A.B.C(D e)\n"
    )
    inner = one.format(key.format("a", "1")) + one.format(key.format("b", "2")) + one.format(key.format("a", "1"))
    text = f"IDX10501: Signature validation failed. Unable to match key: \nkid: 'x'.\nExceptions caught:\n '{inner}'. \ntoken: 'y'."
    found = messages.read(text)
    assert [m.code for m in found] == ["IDX10501", "IDX10634", "IDX10634", "IDX10634"]
    assert found[0].fields["kid"] == "x"
    assert found[0].fields["keys_tried_count"] == 2
    assert found[0].fields["key_types"] == ("SymmetricSecurityKey",)
    assert said(text)["alg"] == "RS256"
    assert text[found[0].start : found[0].end] == text


def test_no_keys_at_all() -> None:
    """The text itself says that none was tried."""
    assert said("IDX10500: Signature validation failed. No security keys were provided to validate the signature.") == {
        "keys_tried_count": 0
    }


def test_a_key_too_short_under_a_misleading_text() -> None:
    """5.2.2 to 6.1.0 print IDX10603's other text with algorithm and sizes in it."""
    text = "IDX10603: Decryption failed. Keys tried: 'HS256'.\nExceptions caught:\n '128'.\ntoken: '48' (Parameter 'KeySize')"
    assert said(text) == {"alg": "HS256", "min_bits": 128, "key_bits": 48, "parameter_name": "KeySize"}


@pytest.mark.parametrize(
    "behind",
    [
        " (Parameter 'keyBytes')",
        "\r\nParameter name: keyBytes",
        "\nParametername: keyBytes",
        "\nNom du paramètre : keyBytes",
        "\n参数名: keyBytes",
    ],
)
def test_parameters_in_any_language(behind: str) -> None:
    """.NET appends the parameter's name in the thread's language."""
    text = "IDX10720: Unable to create KeyedHashAlgorithm for algorithm 'HS256', the key size must be greater than: '256' bits, key has '208' bits."
    assert said(text + behind) == {"alg": "HS256", "min_bits": 256, "key_bits": 208, "parameter_name": "keyBytes"}


def test_nonce_and_state() -> None:
    """What a text states without a placeholder is a field too."""
    lost = "IDX21323: RequireNonce is 'True'. OpenIdConnectProtocolValidationContext.Nonce was null, OpenIdConnectProtocol.ValidatedIdToken.Payload.Nonce was not null."
    assert said(lost) == {"require_nonce": True, "payload_nonce": "not null"}
    old = "IDX10311: RequireNonce is 'true' (default) but validationContext.Nonce is null. A nonce cannot be validated."
    assert said(old) == {"require_nonce": True}
    hidden = only(
        "IDX21329: RequireState is 'System.Boolean' but the OpenIdConnectProtocolValidationContext.State is null. State cannot be validated."
    )
    assert hidden.fields == {}
    assert hidden.hidden == ("require_state",)


def test_a_status_in_words() -> None:
    """HttpStatusCode prints its name."""
    text = "IDX20809: Unable to retrieve document from: 'https://a.example/d'. Status code: 'NotFound'. \nResponse content: 'x'."
    assert said(text) == {"document_url": "https://a.example/d", "http_status": 404}


def test_a_retry_time_that_was_never_set_is_none() -> None:
    """8.1.1 and later print the year 1."""
    text = "IDX20803: Unable to obtain configuration from: 'https://a.example/c'. Will retry at '{}'. Exception: 'x'."
    assert "retry_at" not in said(text.format("01/01/0001 00:00:00 +00:00"))
    assert said(text.format("07.06.2023 09:04:37 +00:00"))["retry_at"] == "2023-06-07T09:04:37Z"


def test_half_a_value_is_none() -> None:
    """Where a logger cut inside an issuer there is no issuer; of a list the finished elements count."""
    start = "IDX10205: Issuer validation failed. Issuer: 'https://a.exam"
    assert said(start) == {}
    keys = "IDX10511: Signature validation failed. Keys tried: 'Microsoft.IdentityModel.Tokens.X509SecurityKey, KeyId: 'k', InternalId: "
    assert said(keys)["keys_tried_count"] == 1
    audiences = "IDX10214: Audience validation failed. Audiences: 'a, b, c"
    assert said(audiences)["aud"] == ("a", "b")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            "Jwt10305: Lifetime validation failed. The token is expired.\nValidTo: '02/25/2014 18:31:49'\nCurrent time: '02/25/2014 22:01:49'.",
            {"valid_to": "2014-02-25T18:31:49Z", "current_time": "2014-02-25T22:01:49Z", "exp": 1393353109},
        ),
        (
            "Jwt10311: Unable to validate issuer, validationParameters.ValidIssuer: 'https://a/' or validationParameters.ValidIssuers: 'null' did not match Jwt.Issuer: 'https://a'. Comparison is: Equals ",
            {"valid_issuer": "https://a/", "iss": "https://a"},
        ),
        (
            "Jwt10303: Audience validation failed. jwt.Audience: 'a'. Could not match:  validationParameters.AllowedAudience: 'b' and validationParameters.AllowedAudiences: 'c, d'",
            {"aud": ("a",), "valid_audience": "b", "valid_audiences": ("c", "d")},
        ),
    ],
)
def test_the_handler_before_idx_is_read_as_well(text: str, fields: dict[str, object]) -> None:
    """Versions 1 and 2 wrote other numbers, words and names for the same values."""
    assert said(text) == fields
    assert only(text).code == text[:8]


@pytest.mark.parametrize("dots", ["...", "…", " … ", "***", "."])
def test_what_is_left_out_is_no_value(dots: str) -> None:
    """Dots and stars stand for what somebody did not want to show."""
    text = f"IDX10205: Issuer validation failed. Issuer: '{dots}'. Did not match: validationParameters.ValidIssuer: '{dots}' or validationParameters.ValidIssuers: 'a, {dots}'."
    assert said(text) == {"valid_issuers": ("a",)}
    assert only(text).values[0] == dots


def test_a_www_authenticate_header_gives_what_the_message_hides() -> None:
    """ASP.NET Core prints exp there, invariantly, whatever the PII switch says."""
    hidden = f"IDX10223: Lifetime validation failed. The token is expired. ValidTo: '{PII}', Current time: '{PII}'."
    header = 'WWW-Authenticate: Bearer error="invalid_token", error_description="The token expired at \'03/05/2024 16:07:09\'"'
    found = messages.read(f"{header}\n{hidden}")
    assert messages.primary(found) == "IDX10223"
    assert (found[-1].fields["valid_to"], found[-1].fields["exp"]) == ("2024-03-05T16:07:09Z", 1709654829)
    assert codes(f"{header}\n{hidden}").count("IDX10223") == 1


@pytest.mark.parametrize(
    ("sentence", "stated"),
    [
        ("The issuer '(null)' is invalid", {}),
        ("The issuer 'https://a.example' is invalid", {"iss": "https://a.example"}),
        ("The audience 'a, b' is invalid", {"aud": ("a", "b")}),
        ("The token expired at '03/05/2024 16:07:09'", {"valid_to": "2024-03-05T16:07:09Z", "exp": 1709654829}),
        (
            "The token lifetime is invalid; NotBefore: '(null)', Expires: '03/05/2024 16:07:09'",
            {"valid_to": "2024-03-05T16:07:09Z", "exp": 1709654829},
        ),
        (
            "The token is not valid before '03/05/2024 16:07:09'",
            {"valid_from": "2024-03-05T16:07:09Z", "nbf": 1709654829},
        ),
        ("The signature key was not found", {}),
    ],
)
def test_a_header_alone_is_a_refusal(sentence: str, stated: dict[str, object]) -> None:
    """A response's header is often all that is pasted: it says that a token was refused, and mostly why."""
    header = f'< WWW-Authenticate: Bearer error="invalid_token", error_description="{sentence}"'
    (found,) = [m for m in messages.read(header) if not m.informational]
    assert found.code is None
    assert found.template.startswith('WWW-Authenticate: Bearer error="invalid_token", error_description="The ')
    assert found.fields == {"error": "invalid_token", "error_description": sentence, **stated}
    assert messages.only_header(messages.read(header))


def test_a_header_without_a_reason_is_a_refusal_too() -> None:
    """ASP.NET Core gives no description for types that it does not list; a bare challenge refuses nothing."""
    assert messages.only_header(messages.read('WWW-Authenticate: Bearer error="invalid_token"'))
    assert messages.read("WWW-Authenticate: Bearer") == ()
    beside = 'Failed to validate the token.\nWWW-Authenticate: Bearer error="invalid_token"'
    assert not messages.only_header(messages.read(beside))


# --------------------------------------------------------------------------- hidden values


@pytest.mark.parametrize(
    "hidden",
    [
        "[PII is hidden by default. Set the 'ShowPII' flag in IdentityModelEventSource.cs to true to reveal it.]",
        "[PII is hidden]",
        "[PII is hidden. For more details, see https://aka.ms/IdentityModel/PII.]",
        "System.String",
        PII,
        "[Security Artifact of type 'Microsoft.IdentityModel.Logging.SecurityArtifact' is hidden. For more details, see https://aka.ms/x.]",
    ],
)
def test_hidden_values_are_named_and_never_taken(hidden: str) -> None:
    """All generations, with their own quotes inside the template's."""
    text = f"IDX10205: Issuer validation failed. Issuer: '{hidden}'. Did not match: validationParameters.ValidIssuer: '{hidden}' or validationParameters.ValidIssuers: 'https://a.example'."
    found = only(text)
    assert found.fields == {"valid_issuers": ("https://a.example",)}
    assert found.hidden == ("iss", "valid_issuer")
    assert found.values == (hidden, hidden, "https://a.example")


def test_a_type_name_that_is_a_value() -> None:
    """A token's type and a key's type print as type names without being hidden."""
    token = only(
        "IDX10225: Lifetime validation failed. The token is missing an Expiration Time. Tokentype: 'System.IdentityModel.Tokens.Jwt.JwtSecurityToken'."
    )
    assert token.hidden == ()
    key = only(
        "IDX10638: Cannot create the SignatureProvider, 'key.HasPrivateKey' is false, cannot create signatures. Key: Microsoft.IdentityModel.Tokens.RsaSecurityKey."
    )
    assert key.fields["key_types"] == ("RsaSecurityKey",)
    assert key.hidden == ()


def test_a_hidden_null_is_nothing_and_not_hidden() -> None:
    """Its form says that there is no value."""
    null = "[PII of type 'Null' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]"
    found = only(f"IDX10236: Issuer Validated.Issuer: '{null}'")
    assert found.fields == {}
    assert found.hidden == ()


# --------------------------------------------------------------------------- without a code


@pytest.mark.parametrize(
    "text",
    [
        "Failed to validate the token.",
        "Failed to validate the token [redacted].",
        "Bearer was not authenticated. Failure message: No SecurityTokenValidator available for token.",
        '"Bearer" was not authenticated. Failure message: "No SecurityTokenValidator available for token."',
        "Bearer was not authenticated. Failure message: No SecurityTokenValidator available for token: abc",
        "Bearer was not authenticated. Failure message: No TokenHandler was able to validate the token.",
        "Error from RemoteAuthentication: Correlation failed..",
        "Microsoft.AspNetCore.Authentication.AuthenticationFailureException: An error was encountered while handling the remote login.\n ---> System.Exception: Correlation failed.\n   --- End of inner exception stack trace ---",
        "System.Exception: An error was encountered while handling the remote login. ---> System.Exception: Unable to unprotect the message.State.",
        "Portal was not authenticated. Failure message: Tenant x is not onboarded.",
        "OpenIddict.Validation.AspNetCore was not authenticated. Failure message: An error occurred while authenticating the current request.",
        "expired bearer token received",
        "w3wp[1]: 2020-06-23|WARN|Microsoft.Owin.Security.OAuth.OAuthBearerAuthenticationMiddleware|x|invalid bearer token received",
        "SecurityTokenException: No token validator was found for the given token.\nMicrosoft.AspNetCore.X.MoveNext()",
        "[SecurityTokenException: no validator found]\n   Microsoft.Owin.Security.WsFederation.X.MoveNext() +4176",
        "System.InvalidOperationException: The MetadataAddress or Authority must use HTTPS unless disabled for development by setting RequireHttpsMetadata=false.\n   at A.B.C()",
        "[OpenIdConnectProtocolException: \"OpenIdConnectMessage.Error was not null, indicating an error. Error: 'access_denied'. Error_Description (may be empty): 'x'. Error_Uri (may be empty): ''.\"]",
    ],
)  # fmt: skip
def test_refusals_without_a_code(text: str) -> None:
    """Fixed texts of the hosts, quoted or wrapped, refuse without a code."""
    found = [m for m in messages.read(text) if not m.informational]
    assert len(found) == 1
    assert found[0].code is None
    assert found[0].template
    assert messages.primary(found) is None
    assert messages.match(text) is None


def test_an_error_response_of_the_provider() -> None:
    """The provider's own error is in the host's text."""
    text = "Error from RemoteAuthentication: Message contains error: 'access_denied', error_description: 'AADSTS65004: User's consent', error_uri: 'error_uri is null'.."
    assert said(text) == {"error": "access_denied", "error_description": "AADSTS65004: User's consent"}


def test_wifs_codes_are_codes() -> None:
    """The JWT handler before IDX codes ran on WIF, whose own codes stand beside its Jwt ones."""
    text = "[SecurityTokenValidationException: WIF10201: No valid key mapping found for securityToken: 'x' and issuer: 'http://a.example'.]"
    found = only(text)
    assert found.code == "WIF10201"
    assert found.values == ("x", "http://a.example")


FOUNDATION = {
    "ID4037": "System.IdentityModel.SignatureVerificationFailedException: ID4037: The key needed to verify the signature could not be resolved from the following security key identifier 'SecurityKeyIdentifier\n    (\n    IsReadOnly = False,\n    Count = 1\n    )\n'. Ensure that the SecurityTokenResolver is populated with the required key.",
    "ID4175": "[SecurityTokenException: ID4175: The issuer of the security token was not recognized by the IssuerNameRegistry. To accept security tokens from this issuer, configure the IssuerNameRegistry to return a valid name for this issuer.]",
    "ID4999": "System.IdentityModel.Tokens.SecurityTokenException: ID4999: something else.",
    "ID4022": "Denied: ID4022: The key needed to dec",
}


@pytest.mark.parametrize(("code", "text"), FOUNDATION.items())
def test_foundations_short_codes_are_codes(code: str, text: str) -> None:
    """Behind an exception of its namespaces, or before a text of its own, which may be cut."""
    assert codes(text) == [code]
    assert messages.library(text, messages.read(text)).version is None


def test_foundations_messages_state_fields() -> None:
    """Times and audience of the assertion, by the names of a token's."""
    expired = "ID4223: The SamlSecurityToken is rejected because the SamlAssertion.NotOnOrAfter condition is not satisfied.\nNotOnOrAfter: '4/2/2013 8:00:00 AM'\nCurrent time: '4/2/2013 3:41:17 PM'"
    assert said(expired) == {"valid_to": "2013-04-02T08:00:00Z", "current_time": "2013-04-02T15:41:17Z"}
    audience = "ID1038: The AudienceRestrictionCondition was not valid because the specified Audience is not present in AudienceUris.\nAudience: 'https://sts.example/trust'"
    assert said(audience) == {"aud": ("https://sts.example/trust",)}


@pytest.mark.parametrize(
    "text",
    [
        "ID4037: order 17 was shipped",
        "System.InvalidOperationException: ID4037: no such order",
        "GRID4037: The key needed",
    ],
)
def test_anybody_may_number_records_like_foundation(text: str) -> None:
    """A short code alone says nothing."""
    assert codes(text) == []


def test_a_parameter_is_that_of_the_exception_within() -> None:
    """Where the outer exception names none; those of the exceptions that a message lists are not meant."""
    inner = "IDX20108: The address specified 'http://a.example/jwks' is not valid as per HTTPS scheme. Please specify an https address for security reasons. If you want to test with http address, set the RequireHttps property  on IDocumentRetriever to false. (Parameter 'address')"
    outer = "IDX20803: Unable to obtain configuration from: 'https://a.example/.well-known/openid-configuration'."
    text = f"System.InvalidOperationException: {outer}\n ---> System.ArgumentException: {inner}"
    assert said(text)["parameter_name"] == "address"
    assert "parameter_name" not in said(f"System.InvalidOperationException: {outer}")


@pytest.mark.parametrize("label", ["Exception Type : ", "Type: "])
def test_a_type_on_a_labelled_line_is_that_of_the_message(label: str) -> None:
    """Some hosts print it behind the message."""
    text = f"Error : IDX10205: Issuer validation failed.\n{label}Microsoft.IdentityModel.Tokens.SecurityTokenInvalidIssuerException\n\nend"
    fields = said(text)
    assert fields["exception_type"] == "Microsoft.IdentityModel.Tokens.SecurityTokenInvalidIssuerException"
    assert "inner_exception_types" not in fields


def test_a_code_beats_the_hosts_words() -> None:
    """Where the library says why, the host's frame adds nothing."""
    text = "Failed to validate the token.\nMicrosoft.IdentityModel.Tokens.SecurityTokenSignatureKeyNotFoundException: IDX10500: Signature validation failed. No security keys were provided to validate the signature."
    assert codes(text) == ["IDX10500"]


CHALLENGE = """The response was successfully returned as a challenge response: {
  "error": "invalid_token",
  "error_description": "The specified token doesn't contain any valid audience.",
  "error_uri": "https://documentation.openiddict.com/errors/ID2094"
}."""


@pytest.mark.parametrize(
    "text",
    [
        CHALLENGE,
        CHALLENGE.replace("\n", " "),
        CHALLENGE.replace('"', "\\u0022").replace("\n", "\\n").replace("'", "\\u0027"),
        CHALLENGE.replace('"', '\\"').replace("\n", "\\r\\n"),
        CHALLENGE.replace("\n", "\n        "),
    ],
    ids=["as it is", "one line", "escaped", "escaped otherwise", "indented"],
)
def test_openiddict_tells_its_reason_in_error_uri(text: str) -> None:
    """The number is nowhere else."""
    found = only(text)
    assert found.code == "ID2094"
    assert found.fields == {
        "error": "invalid_token",
        "error_description": "The specified token doesn't contain any valid audience.",
    }
    assert messages.primary([found]) == "ID2094"


def test_openiddict_without_a_token_refuses_nothing() -> None:
    """A request that carried none is challenged, not refused."""
    text = CHALLENGE.replace("ID2094", "ID2000").replace("invalid_token", "missing_token")
    assert messages.primary(messages.read(text)) is None
    assert only(text).informational


def test_openiddicts_exception_has_the_reason_too() -> None:
    """Inside IDX20803 the reason stands on a line of its own."""
    text = (
        "System.InvalidOperationException: IDX20803: Unable to obtain configuration from: 'https://a.example/c'. Will retry at 'x'. Exception: 'y'.\n"
        " ---> OpenIddict.Abstractions.OpenIddictExceptions+ProtocolException: An error occurred while sending the configuration request.\n"
        "  Error: server_error\n  Error description: An error occurred while communicating with the remote HTTP server.\n"
        "  Error URI: https://documentation.openiddict.com/errors/ID2136\n   at A.B.C()"
    )
    assert codes(text) == ["IDX20803", "ID2136"]
    assert messages.read(text)[1].fields["error"] == "server_error"


# --------------------------------------------------------------------------- hostile and repeated


def test_reading_is_pure() -> None:
    """The same text gives equal messages, whatever was read in between."""
    first = messages.read(RECORDS[0]["text"])
    for record in RECORDS:
        messages.read(record["text"])
    assert messages.read(RECORDS[0]["text"]) == first
    assert messages.match("") is None
    assert messages.read("") == ()
