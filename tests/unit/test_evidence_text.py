"""Facts in the words of a failure: why a fetch failed, which assembly is missing, what was sent."""

import pytest

from authlens.model import Frozen, Library, Message, Statement, Token, TokenForm
from tests.unit.helpers.refusals import failure, row

CONFIG = "Unable to obtain configuration from: 'https://sso.example.com/.well-known/openid-configuration'."
CAUGHT = "Signature validation failed. Keys tried: 'x'.\nExceptions caught:\n '{}'.\ntoken: 'y'"


@pytest.mark.parametrize(
    ("text", "fields", "error"),
    [
        ("Connection refused (sso:443)", {"socket_error": "ConnectionRefused"}, "refused"),
        ("Der angegebene Host ist unbekannt.", {"socket_error": "11001"}, "dns"),
        ("System.Threading.Tasks.TaskCanceledException: A task was canceled.", {}, "timeout"),
        ("The remote certificate is invalid: UntrustedRoot", {}, "tls"),
        ("Response status code does not indicate success: 407 (Proxy).", {}, "proxy"),
        ("Response status code does not indicate success: 404.", {}, "status"),
        ("System.Text.Json.JsonReaderException: '<' is an invalid start", {}, "parse"),
        ("no reason at all", {}, None),
    ],
)
def test_the_reason_of_a_failed_fetch_is_named(text: str, fields: dict[str, object], error: str | None) -> None:
    """By fields, exception types and the words of any operating system's language."""
    kinds = tuple(w.rstrip(":") for w in text.split() if w.rstrip(":").endswith("Exception"))
    one = failure("IDX20803", f"{CONFIG}\n ---> {text}", fields=fields, exceptions=kinds)
    assert row(one).get("fetch.error") == error


@pytest.mark.parametrize("code", ["IDX20108", "IDX10108"])
def test_an_http_address_is_refused_for_itself(code: str) -> None:
    """IDX20108, or the number it had up to 5.1, inside IDX20803 outranks all other words."""
    one = failure("IDX20803", CONFIG, codes=("IDX20803", code))
    two = Statement(text=one.statement.text, messages=(*one.statement.messages, Message(code=code, template="")))
    assert row(failure("IDX20803", CONFIG, codes=("IDX20803", code), statement=two))["fetch.error"] == "https"


def test_the_librarys_own_lines_tell_what_the_refusal_hides() -> None:
    """With 7 and later IDX10204 is all that a failed fetch leaves in the host's records."""
    said = Frozen({"document_url": "https://sso.example.com/keys", "socket_error": "ConnectionRefused"})
    line = Message(code="IDX20804", template="IDX20804: Unable to retrieve document", fields=said)
    found = row(failure("IDX10204", "ValidIssuer is null", fields=said, context=(line,), request_id="1"))
    assert (found["fetch.error"], found["fetch.url"]) == ("refused", "https://sso.example.com/keys")


def test_lines_of_a_request_that_succeeded_in_between_are_not_taken() -> None:
    """Without request ids only what stands behind the last success belongs to the refusal."""
    before = Message(code="IDX10236", template="", fields=Frozen({"iss": "https://other.example"}))
    success = Message(code="IDX10245", template="", informational=True)
    behind = Message(code="IDX10236", template="", fields=Frozen({"iss": "https://mine.example"}))
    one = failure("IDX10206", fields={}, context=(before, success, behind))
    assert row(one)["iss"] == "https://mine.example"
    assert "iss" not in row(failure("IDX10206", fields={}, context=(before, success)))


@pytest.mark.parametrize(
    "text",
    [
        "System.TypeLoadException: Could not load type 'A.B' from assembly 'Microsoft.IdentityModel.Tokens, Version=7.0.0.0'.",
        "Method not found: 'Void System.Text.Json.Utf8JsonReader..ctor(System.ReadOnlySpan`1<Byte>)'.",
        "Could not load file or assembly 'Newtonsoft.Json, Version=11.0.0.0' or one of its dependencies.",
    ],
)
def test_an_assembly_that_does_not_fit_is_noticed(text: str) -> None:
    """Whatever the code in front of it."""
    found = row(failure("IDX12729", f"Unable to decode the header. ---> {text}"))
    assert found["assembly.fault"] is True
    assert str(found["assembly.text"]) in text


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("Internal.Cryptography.CryptoThrowHelper+WindowsCryptographicException", None),
        ("System.Security.Cryptography.CryptographicException", None),
        ("System.IO.FileLoadException", True),
    ],
)
def test_an_initializer_that_the_platforms_cryptography_failed_is_no_missing_assembly(
    reason: str, fault: bool | None
) -> None:
    """A type that could not be set up has a reason of its own, and only some of them are packages."""
    types = ("Microsoft.IdentityModel.Tokens.SecurityTokenException", "System.TypeInitializationException", reason)
    one = failure(
        "IDX10511", f"Exceptions caught: {types[1]} ---> {reason} at Microsoft.IdentityModel.X()", exceptions=types
    )
    assert row(one).get("assembly.fault") is fault


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("", True),
        ("System.FormatException: not a valid Base-64 string", True),
        ("[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]", False),
        ("System.Text.StringBuilder", False),
    ],
)
def test_hidden_exceptions_are_told_from_none(inside: str, shown: bool) -> None:
    """Nothing caught excludes causes, something hidden does not."""
    assert row(failure("IDX10511", CAUGHT.format(inside)))["inner.shown"] is shown


def test_only_inner_codes_that_explain_are_kept() -> None:
    """The refusal repeated by a retry explains nothing."""
    one = failure("IDX10517", CAUGHT.format("IDX10653: too short"), codes=("IDX10517", "IDX10653", "IDX10223"))
    assert row(one)["inner.codes"] == ("IDX10653",)


@pytest.mark.parametrize(
    ("code", "text", "proven"),
    [
        ("IDX10214", "   at M.InternalValidators.ValidateAfterSignatureFailed(SecurityToken t)", False),
        ("IDX10223", "   at M.JsonWebTokenHandler.ValidateTokenPayloadAsync(JsonWebToken t)", True),
        ("IDX10205", "no frames", None),
        ("IDX10503", "   at M.JsonWebTokenHandler.ValidateTokenPayloadAsync(JsonWebToken t)", None),
    ],
)
def test_the_stack_tells_whether_a_key_had_matched(code: str, text: str, proven: bool | None) -> None:
    """From 6.28 on the audience is reported even where no key fits."""
    assert row(failure(code, f"Validation failed.\n{text}")).get("signature.proven") is proven


def test_old_versions_report_the_signature_first() -> None:
    """Up to 6.27 whoever complains of the issuer has verified the signature."""
    old = Library(low=(5, 5), high=(6, 15))
    assert row(failure("IDX10205", "Issuer validation failed.", library=old))["signature.proven"] is True


@pytest.mark.parametrize(
    ("code", "shape"),
    [("IDX14100", "opaque"), ("IDX14120", "segments"), ("IDX14102", "text"), ("ID2004", "any"), ("IDX10223", None)],
)
def test_the_shape_of_what_was_sent_is_told(code: str, shape: str | None) -> None:
    """No dots may be an opaque token; two dots too few are not."""
    assert row(failure(code, "not well formed")).get("form.shape") == shape


def test_what_was_sent_is_described_by_what_was_refused() -> None:
    """A token that is too long is not called undecodable."""
    told = {code: row(failure(code, ""))["form.text"] for code in ("IDX10209", "IDX10508", "IDX14102")}
    assert told["IDX10209"] == "it is longer than the library reads"
    assert len(set(told.values())) == len(told)


def test_a_jwt_behind_the_word_bearer_is_no_opaque_string() -> None:
    """The quoted value shows what the client did."""
    token = Token(sha256="1" * 64, form=TokenForm.COMPACT, claims=Frozen({"sub": "a"}))
    one = failure("IDX10708", "cannot read this string: 'Bearer eyJ0eXAi.eyJpc3Mi.x'", token=token)
    assert row(one)["form.shape"] == "text"


@pytest.mark.parametrize(
    ("form", "shape"),
    [(TokenForm.COMPACT, "text"), (TokenForm.TRUNCATED, "text"), (TokenForm.OPAQUE, "unknown"), (None, "unknown")],
)
def test_a_token_that_decodes_is_not_opaque(form: TokenForm | None, shape: str) -> None:
    """Where no handler took it, what stands around it or how it is written is wrong."""
    token = Token(sha256="1" * 64, form=form, claims=Frozen({"sub": "a"})) if form is not None else None
    one = failure(None, "No SecurityTokenValidator available for token: token=eyJ0eXAi.eyJpc3Mi.x", token=token)
    assert row(one)["form.shape"] == shape


def test_the_claim_that_cannot_be_read_is_named() -> None:
    """IDX11020 says where the reader stood."""
    text = (
        "The JSON value of type: 'Number'. Reading: 'Microsoft.IdentityModel.JsonWebTokens.JsonWebToken.sub', Position"
    )
    assert row(failure("IDX11020", text))["claim.name"] == "sub"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("\n   at Microsoft.Extensions.DependencyInjection.ScriptJwtBearerExtensions.IssuerValidator()", True),
        ("\n   at X() (Microsoft.Azure.WebJobs.Script.WebHost, Version=4.1036.0.0)", True),
        ("\n   at Orders.Function.Run()", None),
    ],
)
def test_the_functions_host_is_known_by_its_own_frames(text: str, answer: bool | None) -> None:
    """Its handler judges tokens that are none of its business."""
    assert row(failure("IDX10205", f"Issuer validation failed.{text}")).get("host.functions") is answer


def test_hostile_texts_take_no_time() -> None:
    """No pattern may look back without bound."""
    text = "Exceptions caught: " + "'" * 50_000 + "Could not load type '" + "a" * 200_000 + " SSL " * 50_000
    assert row(failure("IDX20803", text))["says"] == "metadata"


@pytest.mark.parametrize(
    ("metadata", "document", "other"),
    [
        ("https://a.example/d", "https://b.example/k", True),
        ("https://a.example/d", "https://A.example/k", False),
        ("https://[zz/d", "https://b.example/k", None),
        ("https://a.example/d", "https://[zz/k", None),
        ("https://[zz/d", "https://[zz/k", None),
    ],
)
def test_another_host_is_told_where_both_have_one(metadata: str, document: str, other: bool | None) -> None:
    """What is no address lies on no host."""
    fields = {"metadata_url": metadata, "document_url": document, "http_status": 404}
    assert row(failure("IDX20803", "Unable to obtain configuration", fields=fields)).get("fetch.other_host") is other


@pytest.mark.parametrize(("newest", "proven"), [((6, 27), True), ((6, 28), None), ((8, 0), None)])
def test_the_order_of_the_checks_changed_with_a_version(newest: tuple[int, ...], proven: bool | None) -> None:
    """Where the version that wrote it may be 6.28 or later, an issuer refused proves no signature."""
    library = Library(low=(6, 0), high=newest)
    assert row(failure("IDX10205", "Issuer validation failed.", library=library)).get("signature.proven") is proven


@pytest.mark.parametrize(
    ("frame", "answer"),
    [
        ("Microsoft.AspNetCore.Authentication.RemoteAuthenticationHandler`1.HandleRequestAsync()", True),
        (
            "Microsoft.AspNetCore.Authentication.OpenIdConnect.OpenIdConnectHandler.HandleRemoteAuthenticateAsync()",
            True,
        ),
        ("Microsoft.Owin.Security.OpenIdConnect.OpenIdConnectAuthenticationHandler.AuthenticateCoreAsync()", True),
        ("Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler.HandleAuthenticateAsync()", None),
    ],
)
def test_a_token_of_a_sign_in_is_new(frame: str, answer: bool | None) -> None:
    """Its handler has it straight from the identity provider."""
    assert row(failure("IDX10223", f"The token is expired.\n   at {frame}")).get("token.sign_in") is answer
