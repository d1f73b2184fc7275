"""What counts as one failure: roles, requests and texts, not nearness."""

from datetime import UTC, datetime, timedelta

from authlens.failures import join
from authlens.model import Failure, Frozen, Origin, Record, Role
from authlens.sightings import sight

HANDLER = "Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler"
OIDC = "Microsoft.AspNetCore.Authentication.OpenIdConnect.OpenIdConnectHandler"
ADAPTER = "Microsoft.IdentityModel.LoggingExtensions.IdentityLoggerAdapter"
MIDDLEWARE = "Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware"
START = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
EXPIRED = (
    "IDX10223: Lifetime validation failed. The token is expired. ValidTo (UTC): '03/04/2026 08:00:00', "
    "Current time (UTC): '03/04/2026 09:00:00'."
)
AUDIENCE = "IDX10214: Audience validation failed. See https://aka.ms/identitymodel/app-context-switches"
NO_KEYS = "IDX10500: Signature validation failed. No security keys were provided to validate the signature."
VALID = "IDX10239: Lifetime of the token is valid."


class Log:
    """A log made record by record."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def add(
        self,
        text: str,
        *,
        logger: str | None = HANDLER,
        request: str | None = None,
        level: str = "information",
        secondary: bool = False,
        gap: int = 0,
        **fields: object,
    ) -> "Log":
        at = (self.records[-1].end if self.records else 0) + gap
        n = len(self.records)
        self.records.append(
            Record(
                origin=Origin(path="app.log", offset=at, line=n + 1),
                end=at + len(text) + 1,
                time=START + timedelta(milliseconds=10 * n),
                level=level,
                logger=logger,
                request_id=request,
                text=text,
                fields=Frozen(fields),
                secondary=secondary,
            )
        )
        return self

    def exception(self, text: str, request: str | None = None) -> "Log":
        kind = "Microsoft.IdentityModel.Tokens.SecurityTokenValidationException"
        return self.add(f"Failed to validate the token.\n{kind}: {text}\n   at A.B()", request=request)

    def refused(self, text: str, request: str | None = None, scheme: str = "Bearer") -> "Log":
        return self.add(f"{scheme} was not authenticated. Failure message: {text}", request=request)

    def failures(self) -> tuple[Failure, ...]:
        return join(s for s in map(sight, self.records) if s is not None)


def test_events_1_and_7_are_one_failure() -> None:
    """The handler's exception and its refusal tell of one failure; the scheme comes from the second."""
    (failure,) = Log().exception(EXPIRED).refused(EXPIRED, scheme="Partners").failures()
    assert (failure.code, failure.scheme, failure.repeats, failure.origin.line) == ("IDX10223", "Partners", 1, 1)


def test_two_texts_are_two_failures() -> None:
    """A refusal that quotes another message belongs to another failure."""
    assert [f.code for f in Log().exception(EXPIRED).refused(AUDIENCE).failures()] == ["IDX10223", "IDX10214"]


def test_two_requests_with_one_text_are_two_failures() -> None:
    """Overlapping requests with the same hidden text are kept apart by their ids."""
    log = Log().exception(AUDIENCE, "a:1").exception(AUDIENCE, "b:1").refused(AUDIENCE, "b:1").refused(AUDIENCE, "a:1")
    assert [(f.request_id, f.repeats) for f in log.failures()] == [("a:1", 1), ("b:1", 1)]


def test_without_ids_the_count_holds_and_the_link_is_marked() -> None:
    """Two equal texts at once and no ids: two failures, and which refusal is whose is not claimed."""
    first, second = Log().exception(AUDIENCE).exception(AUDIENCE).refused(AUDIENCE).refused(AUDIENCE).failures()
    assert [link.sure for link in first.links] == [False]
    assert [link.sure for link in second.links] == [True]


def test_two_schemes_in_one_request_are_two_failures() -> None:
    """One scheme refusing one token is one failure, so two schemes make two."""
    log = Log()
    for scheme in ("EntraId", "Auth0"):
        log.exception(EXPIRED, "r:1").refused(EXPIRED, "r:1", scheme=scheme)
    assert [f.scheme for f in log.failures()] == ["EntraId", "Auth0"]


def test_the_applications_line_between_the_events_is_a_repeat() -> None:
    """An OnAuthenticationFailed handler's own line joins, with and without request ids."""
    for request in (None, "r:1"):
        log = Log().exception(EXPIRED, request)
        log.add(f"Authentication failed for /orders: {EXPIRED}", logger="Contoso.Events", request=request)
        (failure,) = log.refused(EXPIRED, request).failures()
        assert failure.repeats == 2


def test_the_applications_own_validation_is_a_failure() -> None:
    """An application that validates by itself and logs it has refused a token."""
    (failure,) = Log().add(f"Token validation failed: {EXPIRED}", logger="Contoso.Gate").failures()
    assert (failure.code, failure.logger) == ("IDX10223", "Contoso.Gate")


def test_the_applications_line_after_another_requests_refusal_is_its_own() -> None:
    """Without ids a line behind a finished refusal is not swallowed by it."""
    log = Log().exception(AUDIENCE).refused(AUDIENCE).add(f"Rejected: {AUDIENCE}", logger="Contoso.Gate")
    assert len(log.failures()) == 2


def test_a_record_that_mentions_a_code_is_none() -> None:
    """Runbooks, part numbers and help links are not failures."""
    log = Log()
    for text in (
        "Runbook: on IDX10503 restart the pod",
        "Search index IDX77123 rebuilt",
        "see https://aka.ms/IDX10503",
        "XIDX10501X: no code",
        "Ticket IDW-10201 closed",
    ):
        log.add(text, logger="Contoso.Orders")
    assert log.failures() == ()


def test_a_refusal_without_a_code_is_a_failure() -> None:
    """The handler found no validator for the token: code None."""
    (failure,) = Log().refused("No SecurityTokenValidator available for token.").failures()
    assert failure.code is None
    assert failure.codes == ()


def test_the_event_alone_is_a_failure() -> None:
    """Event 1 whose exception was dropped on the way still says that a token was refused."""
    (failure,) = Log().add("Failed to validate the token.").failures()
    assert failure.code is None


def test_the_event_without_exception_joins_its_refusal() -> None:
    """Event 1 without its exception and event 7 with the message are one failure."""
    (failure,) = Log().add("Failed to validate the token.").refused(EXPIRED).failures()
    assert failure.code == "IDX10223"


def test_a_sign_in_is_one_failure() -> None:
    """OpenIdConnect's exception, the remote failure and the unhandled exception are one."""
    nonce = "IDX21323: RequireNonce is 'True'. OpenIdConnectProtocolValidationContext.Nonce was null, x."
    log = Log().add(f"Exception occurred while processing message.\nA.B: {nonce}", logger=OIDC, request="r:1")
    log.add(f"Error from RemoteAuthentication: {nonce}.", logger=OIDC, request="r:1")
    wrapped = "System.Exception: An error was encountered while handling the remote login."
    log.add(
        f"An unhandled exception has occurred while executing the request.\n{wrapped}\n ---> A.B: {nonce}",
        logger=MIDDLEWARE,
        request="r:1",
        level="error",
    )
    (failure,) = log.failures()
    assert (failure.code, failure.repeats) == ("IDX21323", 2)


def test_a_lost_correlation_cookie_is_one_failure_without_a_code() -> None:
    """Remote failure and unhandled exception of one request are one, and no code is invented."""
    log = Log().add("Error from RemoteAuthentication: Correlation failed..", logger=OIDC, request="r:1")
    wrapped = "System.Exception: An error was encountered while handling the remote login."
    log.add(
        f"An unhandled exception has occurred while executing the request.\n{wrapped}\n ---> System.Exception: "
        "Correlation failed.",
        logger=MIDDLEWARE,
        request="r:1",
    )
    (failure,) = log.failures()
    assert failure.code is None


def test_the_librarys_own_lines_are_absorbed_by_the_handlers() -> None:
    """Where handlers are heard, IdentityLoggerAdapter's errors are repeats and its information nothing."""
    log = Log().add(VALID, logger=ADAPTER).add(EXPIRED, logger=ADAPTER, level="error")
    (failure,) = log.exception(EXPIRED).refused(EXPIRED).failures()
    assert failure.repeats == 2
    assert {link.role for link in failure.links} == {Role.LIBRARY, Role.REFUSED}


def test_the_librarys_errors_count_where_no_handler_is_heard() -> None:
    """Levels that hide the handlers leave the adapter's errors: what wraps another is one failure with it."""
    log = Log().add("IDX10400: Unable to decode: 'x' as Base64url encoded string.", logger=ADAPTER, level="error")
    log.add(
        "Message: IDX14102: Unable to decode the header 'x' as Base64Url encoded string., "
        "InnerException: System.FormatException. ",
        logger=ADAPTER,
        level="error",
    )
    log.add(VALID, logger=ADAPTER).add(EXPIRED, logger=ADAPTER, level="error")
    assert [f.code for f in log.failures()] == ["IDX14102", "IDX10223"]


def test_bare_messages_are_failures() -> None:
    """A pasted message without any logger is what the library said."""
    log = Log().add(NO_KEYS, logger=None, level="error").add(EXPIRED, logger=None, level="error")
    assert [f.code for f in log.failures()] == ["IDX10500", "IDX10223"]


def test_information_of_the_library_is_no_failure() -> None:
    """A healthy validation tells itself in informational codes."""
    assert Log().add(VALID, logger=ADAPTER).failures() == ()


def test_a_copy_of_a_log_does_not_join_its_original() -> None:
    """The same records again, ids included, are failures of their own."""
    log = Log()
    for _ in range(2):
        log.exception(EXPIRED, "r:1").refused(EXPIRED, "r:1")
    assert [f.repeats for f in log.failures()] == [1, 1]


def test_another_scheme_that_accepts_is_told() -> None:
    """The outcome names the scheme that accepted the request, and the status of its end."""
    log = Log().exception(EXPIRED, "r:1").refused(EXPIRED, "r:1", scheme="EntraId")
    log.add("AuthenticationScheme: Auth0 was successfully authenticated.", request="r:1", secondary=True)
    log.add("Request finished HTTP/1.1 GET http://h/x - 200 - - 3ms", logger="H", request="r:1", secondary=True)
    (failure,) = log.failures()
    assert (failure.outcome.accepted_by, failure.outcome.status) == ("Auth0", 200)


def test_a_far_request_end_says_nothing() -> None:
    """What was cut out for context only counts near a hit, wherever parts were cut."""
    log = Log().exception(EXPIRED).refused(EXPIRED)
    log.add("Request finished HTTP/1.1 GET http://h/x - 200 - - 3ms", logger="H", secondary=True, gap=100_000)
    (failure,) = log.failures()
    assert failure.outcome.status is None


def test_openiddict_tells_its_code_in_the_challenge() -> None:
    """The refusal's text is the same for everything; the challenge's error_uri names the reason."""
    log = Log().refused("An error occurred while authenticating the current request.", scheme="OpenIddict")
    log.add(
        'The response was successfully returned as a challenge response: {\n  "error": "invalid_token",\n'
        '  "error_description": "The specified token is invalid.",\n'
        '  "error_uri": "https://documentation.openiddict.com/errors/ID2004"\n}.',
        logger="OpenIddict.Validation.OpenIddictValidationDispatcher",
    )
    (failure,) = log.failures()
    assert failure.code == "ID2004"


def test_a_challenge_without_a_token_is_no_failure() -> None:
    """OpenIddict's ID2000 says that no token was sent: nothing was refused."""
    log = Log().add(
        'The response was successfully returned as a challenge response: {\n  "error": "missing_token",\n'
        '  "error_uri": "https://documentation.openiddict.com/errors/ID2000"\n}.',
        logger="OpenIddict.Validation.OpenIddictValidationDispatcher",
    )
    assert log.failures() == ()
