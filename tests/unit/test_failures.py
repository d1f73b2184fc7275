"""What counts as one failure: roles, requests and texts, not nearness."""

import tracemalloc
from datetime import UTC, datetime, timedelta

import pytest

from authlens.failures import join
from authlens.model import Failure, Frozen, Origin, Record, Role
from authlens.sightings import Shared, sight

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


PROTOCOL = "Microsoft.IdentityModel.Protocols.OpenIdConnect.OpenIdConnectProtocolException"
NO_AUD = "IDX21314: OpenIdConnectProtocol requires the jwt token to have an 'aud' claim. The jwt did not contain an 'aud' claim, jwt: 'null'."


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

    def failed(self, text: str, request: str | None = None) -> "Log":
        kind = "Microsoft.IdentityModel.Tokens.SecurityTokenValidationException"
        return self.add(f"Failed to validate the token.\n{kind}: {text}\n   at A.B()", request=request)

    def refused(self, text: str, request: str | None = None, scheme: str = "Bearer") -> "Log":
        return self.add(f"{scheme} was not authenticated. Failure message: {text}", request=request)

    def failures(self) -> tuple[Failure, ...]:
        return join(s for s in map(sight, self.records) if s is not None)


def test_events_1_and_7_are_one_failure() -> None:
    """The handler's exception and its refusal tell of one failure; the scheme comes from the second."""
    (failure,) = Log().failed(EXPIRED).refused(EXPIRED, scheme="Partners").failures()
    assert (failure.code, failure.scheme, failure.repeats, failure.origin.line) == ("IDX10223", "Partners", 1, 1)


def test_two_texts_are_two_failures() -> None:
    """A refusal that quotes another message belongs to another failure."""
    assert [f.code for f in Log().failed(EXPIRED).refused(AUDIENCE).failures()] == ["IDX10223", "IDX10214"]


def test_two_requests_with_one_text_are_two_failures() -> None:
    """Overlapping requests with the same hidden text are kept apart by their ids."""
    log = Log().failed(AUDIENCE, "a:1").failed(AUDIENCE, "b:1").refused(AUDIENCE, "b:1").refused(AUDIENCE, "a:1")
    assert [(f.request_id, f.repeats) for f in log.failures()] == [("a:1", 1), ("b:1", 1)]


def test_without_ids_the_count_holds_and_the_link_is_marked() -> None:
    """Two equal texts at once and no ids: two failures, and which refusal is whose is not claimed."""
    first, second = Log().failed(AUDIENCE).failed(AUDIENCE).refused(AUDIENCE).refused(AUDIENCE).failures()
    assert [link.sure for link in first.links] == [False]
    assert [link.sure for link in second.links] == [False]


def test_two_schemes_in_one_request_are_two_failures() -> None:
    """One scheme refusing one token is one failure, so two schemes make two."""
    log = Log()
    for scheme in ("EntraId", "Auth0"):
        log.failed(EXPIRED, "r:1").refused(EXPIRED, "r:1", scheme=scheme)
    assert [f.scheme for f in log.failures()] == ["EntraId", "Auth0"]


def test_the_applications_line_between_the_events_is_a_repeat() -> None:
    """An OnAuthenticationFailed handler's own line joins, with and without request ids."""
    for request in (None, "r:1"):
        log = Log().failed(EXPIRED, request)
        log.add(f"Authentication failed for /orders: {EXPIRED}", logger="Contoso.Events", request=request)
        (failure,) = log.refused(EXPIRED, request).failures()
        assert failure.repeats == 2


def test_the_applications_own_validation_is_a_failure() -> None:
    """An application that validates by itself and logs it has refused a token."""
    (failure,) = Log().add(f"Token validation failed: {EXPIRED}", logger="Contoso.Gate").failures()
    assert (failure.code, failure.logger) == ("IDX10223", "Contoso.Gate")


def test_the_applications_line_after_another_requests_refusal_is_its_own() -> None:
    """Without ids a line behind a finished refusal is not swallowed by it."""
    log = Log().failed(AUDIENCE).refused(AUDIENCE).add(f"Rejected: {AUDIENCE}", logger="Contoso.Gate")
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
    (failure,) = log.failed(EXPIRED).refused(EXPIRED).failures()
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
        log.failed(EXPIRED, "r:1").refused(EXPIRED, "r:1")
    assert [f.repeats for f in log.failures()] == [1, 1]


def test_another_scheme_that_accepts_is_told() -> None:
    """The outcome names the scheme that accepted the request, and the status of its end."""
    log = Log().failed(EXPIRED, "r:1").refused(EXPIRED, "r:1", scheme="EntraId")
    log.add("AuthenticationScheme: Auth0 was successfully authenticated.", request="r:1", secondary=True)
    log.add("Request finished HTTP/1.1 GET http://h/x - 200 - - 3ms", logger="H", request="r:1", secondary=True)
    (failure,) = log.failures()
    assert (failure.outcome.accepted_by, failure.outcome.status) == ("Auth0", 200)


def test_a_far_request_end_says_nothing() -> None:
    """What was cut out for context only counts near a hit, wherever parts were cut."""
    log = Log().failed(EXPIRED).refused(EXPIRED)
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


SHOWN = (
    "IDX10214: Audience validation failed. Audiences: 'https://a.example'. Did not match: "
    "validationParameters.ValidAudience: 'https://b.example' or validationParameters.ValidAudiences: 'null'."
)
OWN = "JWT validation failed for /orders: "
END = "Request finished HTTP/1.1 GET http://h/x - {} - - {}ms"


def _end(log: Log, status: int, took: float = 5000) -> Log:
    return log.add(END.format(status, took), logger="H", secondary=True)


def test_what_stands_before_the_scheme_is_no_part_of_it() -> None:
    """However a layout separates its columns, events 1 and 7 are one failure of the scheme's name alone."""
    heads = {
        "10:00:00 INFO Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler -> ": "Bearer",
        "app[web.1]:       ": "Bearer",
        "(I) ": "Legacy",
        "api\tMicrosoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler\t": "Keycloak",
        "GET /orders Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler ": "Bearer",
        "[INF] ": "Azure AD",
        "INFO Microsoft.AspNetCore.X.Handler: ": "OpenIddict.Validation.AspNetCore",
        '"': 'Auth0"',
    }
    for head, scheme in heads.items():
        (failure,) = Log().failed(EXPIRED).refused(EXPIRED, scheme=head + scheme).failures()
        assert (failure.scheme, failure.repeats) == (scheme.strip('"'), 1)


def test_event_1_behind_a_head_that_no_format_knows() -> None:
    """The fixed text opens the failure also where the rest of a layout's head stands before it."""
    log = Log().add(f"api :: Failed to validate the token.\nA.B: {EXPIRED}")
    (failure,) = log.refused(EXPIRED).failures()
    assert failure.repeats == 1


def test_the_applications_line_behind_its_refusal_is_a_repeat() -> None:
    """A line that retells shown values right behind event 7, every time it is written, is no failure."""
    log = Log()
    for _ in range(3):
        log.failed(SHOWN).refused(SHOWN).add(OWN + SHOWN, logger="Contoso.Errors")
        _end(log, 401)
    assert [f.repeats for f in log.failures()] == [2, 2, 2]
    assert [link.sure for link in log.failures()[0].links] == [True, False]


def test_the_applications_line_before_event_1_is_a_repeat() -> None:
    """The failure then begins with that line."""
    failures = Log().add(OWN + SHOWN, logger="Contoso.Errors").failed(SHOWN).refused(SHOWN).failures()
    assert [(f.origin.line, f.repeats, f.scheme) for f in failures] == [(1, 2, "Bearer")]


def test_a_logger_that_validates_by_itself_does_so_beside_a_refusal_too() -> None:
    """One line of the kind without a refusal beside it shows that none of them retells."""
    log = Log().failed(SHOWN).refused(SHOWN).add(OWN + SHOWN, logger="Contoso.Gate")
    _end(log, 401).add(OWN + EXPIRED, logger="Contoso.Gate")
    assert len(log.failures()) == 3


def test_the_applications_line_of_the_next_request_is_its_own() -> None:
    """Where a request ended between, the line tells of another."""
    log = Log().failed(SHOWN).refused(SHOWN)
    assert len(_end(log, 401).add(OWN + SHOWN, logger="Contoso.Gate").failures()) == 2


def test_hidden_texts_join_where_enough_lines_agree() -> None:
    """A text without values proves nothing once; three times beside a refusal it does."""
    for times, count in ((1, 2), (3, 3)):
        log = Log()
        for _ in range(times):
            _end(log.failed(AUDIENCE).refused(AUDIENCE).add(OWN + AUDIENCE, logger="Contoso.Errors"), 401)
        assert len(log.failures()) == count


def test_an_unhandled_exception_behind_a_refusal_is_a_repeat() -> None:
    """The error handler prints the exception again, before or behind the request's end."""
    text = f"An unhandled exception has occurred while executing the request.\nSystem.Exception: x\n ---> A.B: {SHOWN}"
    (failure,) = Log().failed(SHOWN).refused(SHOWN).add(text, logger=MIDDLEWARE).failures()
    assert failure.repeats == 2
    thrown = "System.InvalidOperationException: No SecurityTokenValidator available for token: eyJ0"
    text = f"An unhandled exception was thrown by the application.\n{thrown}"
    log = Log().add(f"Exception occurred while processing message\n{thrown}")
    (failure,) = _end(log, 500).add(text, logger="Microsoft.AspNet.Server.Kestrel").failures()
    assert failure.repeats == 1


def test_another_scheme_that_accepts_is_told_without_ids() -> None:
    """One request at a time: what was accepted before the request ended well was the refused request."""
    for status, took, accepted in ((200, 5000, "Auth0"), (401, 5000, None)):
        log = Log().failed(EXPIRED).refused(EXPIRED, scheme="EntraId")
        log.add("Successfully validated the token.", secondary=True)
        log.add("AuthenticationScheme: Auth0 was successfully authenticated.", secondary=True)
        (failure,) = _end(log, status, took).failures()
        assert (failure.outcome.accepted_by, failure.outcome.status) == (accepted, status)


def test_a_request_that_began_after_the_refusal_was_not_refused() -> None:
    """What another request was accepted by says nothing of this one."""
    log = Log().failed(EXPIRED).refused(EXPIRED, scheme="EntraId")
    for _ in range(150):
        log.add(VALID, logger=ADAPTER)
    log.add("AuthenticationScheme: Auth0 was successfully authenticated.", secondary=True)
    (failure,) = _end(log, 200, 3).failures()
    assert failure.outcome.accepted_by is None


def test_katanas_warning_joins_the_reason_before_it() -> None:
    """Behind a coded record it is the same failure; alone it is one without a code."""
    katana = "Microsoft.Owin.Security.OAuth.OAuthBearerAuthenticationMiddleware"
    for words in ("invalid bearer token received", "expired bearer token received"):
        (joined,) = (
            Log().add(f"Authentication failed\nA.B: {EXPIRED}", logger=katana).add(words, logger=katana).failures()
        )
        assert (joined.code, joined.repeats) == ("IDX10223", 1)
        (alone,) = Log().add(words, logger=katana).failures()
        assert alone.code is None


def test_one_fetch_with_other_headers_is_one_failure() -> None:
    """What the library prints of an answer changes from moment to moment; code, address and status do not."""
    fetch = (
        "IDX20807: Unable to retrieve document from: 'https://id.example/a'. HttpResponseMessage: 'StatusCode: 404, "
        "ReasonPhrase: 'Not Found', Version: 1.1, Headers:\n{{\n  Date: {}\n}}', HttpResponseMessage.Content: 'gone'."
    )
    log = Log().add(fetch.format("Thu, 29 Sep 2022 17:42:01 GMT"), logger=ADAPTER, level="error")
    log.add(
        "An unhandled exception has occurred while executing the request.\nSystem.InvalidOperationException: IDX20803: "
        "Unable to obtain configuration from: 'https://id.example/a'.\n ---> System.IO.IOException: "
        + fetch.format("Thu, 29 Sep 2022 17:42:09 GMT"),
        logger=MIDDLEWARE,
        level="error",
    )
    (failure,) = log.failures()
    assert failure.code == "IDX20803"


def test_a_scheme_registered_twice_is_a_failure_without_a_code() -> None:
    """The host does not start, or the request ends in it."""
    text = "Unhandled exception. System.InvalidOperationException: Scheme already exists: Bearer\n   at A.B()"
    (failure,) = Log().add(text, logger=None, level="error").failures()
    assert (failure.code, failure.exceptions[0]) == (None, "System.InvalidOperationException")


def test_a_date_that_reads_two_ways_is_read_by_the_records_time() -> None:
    """The text is the same, the time decides between day and month."""
    text = (
        "IDX10223: Lifetime validation failed. The token is expired. ValidTo: '04/03/2026 08:00:00', "
        "Current time: '04/03/2026 08:30:00'."
    )
    (failure,) = Log().failed(text).failures()
    assert str(failure.fields["valid_to"]).startswith("2026-03-04")


HEADER = 'Response: 401 WWW-Authenticate: Bearer error="invalid_token", error_description="The token is expired"'


def test_a_response_header_counts_only_where_nothing_else_tells_of_a_refusal() -> None:
    """Beside the records of its request it adds nothing, with ids or without, before them or after."""
    assert len(Log().add(HEADER, logger="Http", request="r").failures()) == 1
    for request in (None, "r"):
        log = Log().add(HEADER, logger="Http", request=request).failed(EXPIRED, request).refused(EXPIRED, request)
        (failure,) = log.add(HEADER, logger="Http", request=request).failures()
        assert failure.code == "IDX10223"


def test_two_sinks_in_one_file_tell_of_one_failure() -> None:
    """The same record once more behind a head without a date is no second refusal; behind the same head it is."""
    log = Log()
    for text in (
        f"Failed to validate the token.\nA.B: {EXPIRED}",
        f"Bearer was not authenticated. Failure message: {EXPIRED}",
    ):
        log.add(text).add(text)
    assert len(log.failures()) == 2
    log.records[1::2] = [record._replace(time=None) for record in log.records[1::2]]
    (failure,) = log.failures()
    assert failure.repeats == 3


def _at(log: Log, seconds: float) -> Log:
    """The last record, so long after the start."""
    log.records[-1] = log.records[-1]._replace(time=START + timedelta(seconds=seconds))
    return log


@pytest.mark.parametrize(("others", "count"), [(399, 400), (400, 402)])
def test_a_refusal_joins_while_few_other_records_came_between(others: int, count: int) -> None:
    """Without request ids, so many other codes on, another request's text is as likely."""
    log = Log().failed(AUDIENCE)
    for _ in range(others):
        log.failed(EXPIRED)
    assert len(log.refused(AUDIENCE).failures()) == count


@pytest.mark.parametrize(("seconds", "count"), [(120, 1), (121, 2)])
def test_a_refusal_joins_while_its_request_may_still_run(seconds: float, count: int) -> None:
    """Two minutes; by then servers have given up."""
    assert len(_at(Log().failed(AUDIENCE).refused(AUDIENCE), seconds).failures()) == count


@pytest.mark.parametrize(("seconds", "count"), [(0.26, 1), (0.27, 2)])
def test_a_line_that_retells_follows_within_moments(seconds: float, count: int) -> None:
    """A quarter of a second behind the refusal, which stands at 10 ms."""
    log = Log().failed(SHOWN).refused(SHOWN).add(OWN + SHOWN, logger="Contoso.Errors")
    assert len(_at(log, seconds).failures()) == count


def test_an_equal_trace_decides_whether_a_line_retells() -> None:
    """The application's line about a refusal without a value joins the one of its trace, and of no other."""
    retold = "Token refused: " + AUDIENCE

    def traced(line_trace: str) -> list[int]:
        log = Log().failed(AUDIENCE).refused(AUDIENCE).add("Ready IDX10239: ok", logger="App")
        log.add(retold, logger="App", level="error")
        records = [r._replace(trace_id="t-1") for r in log.records[:2]]
        records += [r._replace(trace_id=line_trace) for r in log.records[2:]]
        return [f.repeats for f in join(s for s in map(sight, records) if s is not None)]

    assert traced("t-1") == [2]
    assert traced("t-2") == [1, 0]


@pytest.mark.parametrize("mark", ["...", "\u2026"])
def test_a_text_that_a_viewer_cut_is_compared_as_far_as_it_goes(mark: str) -> None:
    """Each line is cut where it is too long, so one message ends at two places; the dots are no part of it."""
    further = "\n'. Number of keys in TokenValidationParameters: '0'."
    text = f"IDX10503: Signature validation failed. The token's kid is: 'k9', but did not match any{mark}{further}"
    log = Log().failed(text).add(f"Bearer was not authenticated. Failure message: {text.replace(' any', '')}")
    (failure,) = log.failures()
    assert failure.repeats == 1


@pytest.mark.parametrize("level", ["trace", "information"])
def test_openiddicts_reason_counts_where_it_is_all_there_is(level: str) -> None:
    """It is told at any level; where its handler is heard too, that record is the failure."""
    reason = "An error occurred while validating the token 'x'.\nA.BException: IDX10618: Key unwrap failed using decryption Keys: ''."
    log = Log().add(reason, logger="OpenIddict.Validation.OpenIddictValidationDispatcher", level=level)
    (failure,) = log.failures()
    assert failure.code == "IDX10618"
    heard = "OpenIddict.Validation.AspNetCore was not authenticated. Failure message: An error occurred while authenticating the current request."
    assert len(log.add(heard, logger="OpenIddict.Validation.AspNetCore.Handler").failures()) == 1


def test_the_hosts_wrapper_is_not_what_was_thrown() -> None:
    """The first record prints the exception itself; the last one wraps it, which ``exceptions`` still tells."""
    wrapper = "Microsoft.AspNetCore.Authentication.AuthenticationFailureException"
    wrapped = f"{wrapper}: An error was encountered while handling the remote login.\n ---> {PROTOCOL}: {NO_AUD}"
    log = Log().add(f"Exception occurred while processing message.\n{PROTOCOL}: {NO_AUD}", logger=OIDC, level="error")
    log.add(f"Error from RemoteAuthentication: {NO_AUD}.", logger=OIDC)
    log.add(
        f"An unhandled exception has occurred while executing the request.\n{wrapped}", logger=MIDDLEWARE, level="error"
    )
    (failure,) = join(filter(None, map(sight, log.records)))
    assert failure.fields["exception_type"] == PROTOCOL
    assert "inner_exception_types" not in failure.fields
    assert failure.exceptions == (wrapper, PROTOCOL)


def test_records_of_one_refusal_share_its_token() -> None:
    """Event 1 and event 7 show the same token: it is kept once."""
    jwt = '{"alg":"RS256","kid":"k"}.{"iss":"https://login.example","aud":"api"}'
    text = f"IDX10503: Signature validation failed. Token does not have a kid. Keys tried: ''. Exceptions caught:\n ''.\ntoken: '{jwt}'."
    log = Log().failed(text).add(f"Bearer was not authenticated. Failure message: {text}")
    first, second = map(Shared(), map(sight, log.records))
    assert first is not None
    assert second is not None
    assert first.statement.tokens[0].claims["aud"] == "api"
    assert first.statement.tokens[0] is second.statement.tokens[0]
    assert first.statement.messages[0].values is second.statement.messages[0].values


@pytest.mark.parametrize("size", [40_000, 70_000], ids=["whole", "cut off"])
def test_a_long_text_that_comes_again_and_again_is_kept_once(size: int) -> None:
    """Of what is read anew every time neither the statement that was replaced nor one that was dropped is kept."""
    share, log = Shared(), Log().add(f"{NO_KEYS} {'x' * size}")
    share(sight(log.records[0]))
    tracemalloc.start()
    try:
        for _ in range(50):
            share(sight(log.records[0]._replace(text=f"{NO_KEYS} {'x' * size}")))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 10 * size


@pytest.mark.parametrize(
    ("text", "logger", "role"),
    [
        (NO_KEYS, None, Role.LIBRARY),
        (f"Message: {NO_KEYS}", None, Role.LIBRARY),
        (f"Microsoft.IdentityModel Version: 8.3.0.0. Date 03/04/2026. {NO_KEYS}", None, Role.LIBRARY),
        (f"Denied: {NO_KEYS}", None, Role.APPLICATION),
        (NO_KEYS, "Contoso.Orders", Role.APPLICATION),
        (f"An unhandled exception was thrown by the application.\nA.BException: {NO_KEYS}", None, Role.UNHANDLED),
        (
            "An unhandled exception has occurred while executing the request.\nSystem.Exception: Correlation failed.",
            MIDDLEWARE,
            Role.UNHANDLED,
        ),
        ("An unhandled exception has occurred while executing the request.\nA.BException: no", MIDDLEWARE, None),
    ],
)
def test_a_records_words_give_its_role(text: str, logger: str | None, role: Role | None) -> None:
    """A message alone is the library's own line; an exception that nobody caught counts where it tells of a refusal."""
    (record,) = Log().add(text, logger=logger).records
    seen = sight(record)
    assert (seen and seen.role) == role
