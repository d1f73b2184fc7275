from __future__ import annotations

import pytest

from authlens.catalogue.exceptions import facts, heads
from authlens.messages import exceptions

FRAME = "   at System.Net.Http.ConnectHelper.ConnectAsync(String host, Int32 port)\n"


def test_inner_exceptions_follow_arrows() -> None:
    """.NET prints the outermost first, each inner one behind an arrow, on its own line or not."""
    core = (
        "System.InvalidOperationException: IDX20803: x\n ---> System.IO.IOException: IDX20804: y\n"
        f" ---> System.Net.Sockets.SocketException (111): Connection refused\n{FRAME}   --- End of inner exception stack trace ---\n"
    )
    framework = "System.InvalidOperationException: a ---> System.IO.IOException: b ---> System.Net.WebException: c\r\n"
    assert exceptions(core) == (
        "System.InvalidOperationException",
        "System.IO.IOException",
        "System.Net.Sockets.SocketException",
    )
    assert exceptions(framework) == (
        "System.InvalidOperationException",
        "System.IO.IOException",
        "System.Net.WebException",
    )


def test_a_sentence_without_its_line_break_is_no_namespace() -> None:
    """A log stream that loses line breaks glues the last word to the type."""
    text = (
        "Exception occurred while processing message.System.NullReferenceException: Object reference not set.at A.B()"
    )
    (head,) = heads(text)
    assert (head.name, head.line, text[head.start : head.start + 7]) == (
        "System.NullReferenceException",
        True,
        "System.",
    )
    assert exceptions("contoso.Orders.OrderException: x") == ("contoso.Orders.OrderException",)


def test_pages_begin_with_the_innermost() -> None:
    """The developer page prints short names, the yellow page brackets, both from the inside out."""
    developer = (
        "An unhandled exception occurred while processing the request.\n"
        "HttpRequestException: Response status code does not indicate success: 407 (Proxy Authentication Required).\n\n"
        "System.Net.Http.HttpResponseMessage.EnsureSuccessStatusCode()\n"
        "IOException: IDX10804: Unable to retrieve document from: 'https://a.example/'.\n\n"
        "Microsoft.IdentityModel.Protocols.HttpDocumentRetriever+<GetDocumentAsync>d__8.MoveNext()\n"
        "InvalidOperationException: IDX10803: Unable to obtain configuration from: 'https://a.example/'.\n"
    )
    yellow = (
        "[SocketException (0x274d): No connection could be made]\n   System.Net.Sockets.Socket.DoConnect(EndPoint e) +208\n"
        "[WebException: Unable to connect to the remote server]\n   System.Net.HttpWebRequest.EndGetResponse(IAsyncResult r) +6\n"
        "[InvalidOperationException: IDX10803: Unable to obtain configuration from: 'https://a.example/'.]\n"
    )
    assert exceptions(developer) == ("InvalidOperationException", "IOException", "HttpRequestException")
    assert exceptions(yellow) == ("InvalidOperationException", "WebException", "SocketException")


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("Exception type: System.IdentityModel.Tokens.SecurityTokenInvalidIssuerException\nException message: IDX10205: x", 1),
        ("0:029> !pe Exception object: 000001a4 Exception type:\nSystem.A.BException Message:\nIDX10214: x\nInnerException: <none>", 1),
        ("System.ServiceModel.FaultException`1[System.String]: broken", 1),
        ("Message: IDX14101: x., InnerException: System.Text.Json.JsonException. ", 1),
        ("UnwrapKey failed, exception from cryptographic operation: 'System.Security.Cryptography.CryptographicException'", 1),
        ("Exception: '[PII of type 'System.IO.IOException' is hidden. For more details, see x.]'", 1),
        ("OpenIddict.Abstractions.OpenIddictExceptions+ProtocolException: An error occurred", 1),
        ("Rejected caller 10.1.7.213 with SecurityTokenExpiredException: IDX10223: x", 1),
        ("   à System.IdentityModel.Tokens.Jwt.ThrowHelperException.Throw(String x)", 0),
        ("Microsoft.AspNetCore.Diagnostics.DeveloperExceptionPageMiddleware: Error: x", 0),
        ("Exception of type 'SecurityTokenSignatureKeyNotFoundException' thrown, Options.ConfigurationManager", 0),
        ("Will retry at 'x'. Exception: 'y'", 0),
        ("an Exception occurred", 0),
        ("", 0),
    ],
)  # fmt: skip
def test_what_is_an_exceptions_type_and_what_only_mentions_one(text: str, types: int) -> None:
    """A type counts where it is printed as one: in front of a message, behind an arrow, named as inner."""
    assert len(exceptions(text)) == types


def test_each_type_once_with_its_namespace() -> None:
    """A type that is printed short and in full counts once."""
    text = "IOException: a\nSystem.IO.IOException: a\n ---> System.IO.IOException: b"
    assert exceptions(text) == ("System.IO.IOException",)


def test_what_could_not_be_loaded() -> None:
    """Type, assembly and version, or the method, as the loader names them."""
    loaded = "System.TypeLoadException: Could not load type 'A.B.JsonConvert' from assembly 'A.Tokens, Version=7.0.0.0, Culture=neutral'."
    missing = "System.MissingMethodException: Method not found: 'Void System.Text.Json.Utf8JsonReader..ctor(System.ReadOnlySpan`1<Byte>)'."
    file = 'System.IO.FileLoadException: Die Datei oder Assembly "Newtonsoft.Json, Version=11.0.0.0, Culture=neutral" wurde nicht gefunden.'
    assert facts(loaded, heads(loaded)) == {
        "missing_type": "A.B.JsonConvert",
        "assembly": "A.Tokens",
        "assembly_version": "7.0.0.0",
    }
    assert facts(missing, heads(missing)) == {"missing_method": "System.Text.Json.Utf8JsonReader..ctor"}
    assert facts(file, heads(file)) == {"assembly": "Newtonsoft.Json", "assembly_version": "11.0.0.0"}


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (
            "HttpRequestException: Response status code does not indicate success: 407 (Proxy Authentication Required).",
            407,
        ),
        ("HttpRequestException: Der Antwortstatuscode gibt keinen Erfolg an: 404 (Not Found).", 404),
        (
            "System.Net.WebException: Der Remoteserver hat einen Fehler zurückgegeben: (503) Server nicht verfügbar.",
            503,
        ),
    ],
)
def test_http_statuses_in_any_language(text: str, status: int) -> None:
    """The number stands alike in every language."""
    assert facts(text, heads(text))["http_status"] == status
