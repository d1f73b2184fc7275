from __future__ import annotations

import pytest

from authlens.catalogue import printed


def read(value: str) -> tuple[str | None, str | None]:
    """A date with the month first, and with the day first."""
    found = printed.moment(value)
    if found is None:
        return None, None
    both = (found.month_first, found.day_first)
    first, second = (printed.written(d) if d else None for d in both)
    return first, second


@pytest.mark.parametrize(
    "value",
    [
        "3/5/2024 4:07:09 PM",  # en-US
        "3/5/2024 4:07:09\u202fPM",  # ICU 72
        "3/5/2024 4:07:09\u00a0PM",
        "3/5/2024 4:07:09PM",
        "05.03.2024 16:07:09",  # de-DE
        "5.3.2024 16.07.09",  # fi-FI
        "5. 3. 2024 16:07:09",  # cs-CZ
        "5.3.2024 г. 16:07:09",  # bg-BG
        "05-03-2024 16:07:09",  # nl-NL
        "5-3-2024 16:07:09",
        "5/3/2024 16:07:09",  # es-ES
        "2024-03-05 16:07:09",  # sv-SE
        "2024/3/5 16:07:09",  # zh-CN
        "2024. 03. 05. 16:07:09",  # hu-HU
        "2024-03-05 오후 4:07:09",  # ko-KR
        "2024/3/5 下午 04:07:09",  # zh-TW
        "2024-03-05 4:07:09 p.m.",  # en-CA
        "5/03/2024 4:07:09 pm",  # en-AU
        "5/03/2024 4:07:09 PM",  # en-AU on .NET Framework
        "5/3/2024 4:07:09 p. m.",  # es-MX
        "5/3/2024 4:07:09 μ.μ.",  # el-GR
        "5/3/2567 16:07:09",  # th-TH
        "05.03.2024 18:07:09 +02:00",
        "2024-03-05T16:07:09.1234567Z",
    ],
)
def test_a_date_that_reads_one_way_only(value: str) -> None:
    """Separators, the clock and missing zeros tell the culture; times are UTC whatever the culture."""
    assert read(value) == ("2024-03-05T16:07:09Z", "2024-03-05T16:07:09Z")


def test_a_date_that_reads_both_ways() -> None:
    """The invariant culture and en-GB print alike where both numbers could be a month."""
    assert read("03/05/2024 16:07:09") == ("2024-03-05T16:07:09Z", "2024-05-03T16:07:09Z")
    assert read("22/12/2025 03:58:47") == (None, "2025-12-22T03:58:47Z")
    assert read("12/22/2025 03:58:47") == ("2025-12-22T03:58:47Z", None)


@pytest.mark.parametrize(
    "value",
    [
        "**/**/2018 **:32:31",
        "System.DateTime",
        "01/01/0001 00:00:00 +00:00",
        "1/1/0001 12:00:00 AM +00:00",
        "1445/08/24 16:07:09",  # Hijri: the day would be a guess
        "31/31/2024 00:00:00",
        "03/05/2024",
        "03/05/2024 25:07:09",
        "",
        "9" * 500,
        "1/" * 40,
    ],
)
def test_what_is_no_date(value: str) -> None:
    """Masked, never set, of another calendar or no date at all: unknown, not guessed."""
    assert printed.moment(value) is None


def test_midnight_and_noon() -> None:
    """12 AM is hour 0, 12 PM is hour 12."""
    assert read("3/5/2024 12:00:01 AM")[0] == "2024-03-05T00:00:01Z"
    assert read("3/5/2024 12:00:01 PM")[0] == "2024-03-05T12:00:01Z"


@pytest.mark.parametrize(
    "value",
    [
        "[PII is hidden by default. Set the 'ShowPII' flag in IdentityModelEventSource.cs to true to reveal it.]",
        "[PII is hidden]",
        "[PII is hidden. For more details, see https://aka.ms/IdentityModel/PII.]",
        "[PII of type 'System.String' is hidden. For more details, see https://aka.ms/IdentityModel/PII.]",
        "[Security Artifact of type 'Microsoft.IdentityModel.Logging.SecurityArtifact' is hidden. For more details, see x.]",
        "#ScrubbedArtifact#",
    ],
)
def test_every_form_of_a_hidden_value(value: str) -> None:
    """Six generations of the PII switch and the one for tokens."""
    assert printed.is_hidden(value)
    assert not printed.is_plain(value)


@pytest.mark.parametrize(
    "value",
    ["System.String", "System.Nullable`1[System.DateTime]", "Microsoft.IdentityModel.JsonWebTokens.JsonWebToken"],
)
def test_bare_type_names(value: str) -> None:
    """How 6.4.1 to 6.14.1 hide values."""
    assert printed.is_type_name(value)


@pytest.mark.parametrize(
    "value", ["https://System.example/", "system", "Microsoft", "System", "Shop.Api", "[kid]", "REDACTED"]
)
def test_what_only_looks_hidden(value: str) -> None:
    """Values of others are values."""
    assert not printed.is_hidden(value)
    assert not printed.is_type_name(value)


@pytest.mark.parametrize(
    "value", ["null", "Null", "empty", "", "(null)", " ", "[PII of type 'Null' is hidden. For more details, see x.]"]
)
def test_what_says_that_there_is_nothing(value: str) -> None:
    """A hidden null is known to be null."""
    assert printed.is_nothing(value)


def test_keys_of_every_generation() -> None:
    """Type, key id and internal id, as far as that version prints them."""
    modern = (
        "Microsoft.IdentityModel.Tokens.RsaSecurityKey, KeyId: 'a', InternalId: 't1'. , KeyId: a\r\n"
        "Microsoft.IdentityModel.Tokens.JsonWebKey, Use: 'sig', Kid: 'b', Kty: 'RSA', InternalId: 't2'. , KeyId: b\n"
        "Microsoft.IdentityModel.Tokens.SymmetricSecurityKey, KeyId: '', InternalId: 't3'. , KeyId: \n"
    )
    assert [(k["type"], k["kid"], k["internal_id"]) for k in printed.keys(modern)] == [
        ("RsaSecurityKey", "a", "t1"),
        ("JsonWebKey", "b", "t2"),
        ("SymmetricSecurityKey", None, "t3"),
    ]
    old = "Microsoft.IdentityModel.Tokens.X509SecurityKey , KeyId: AB12\nSystem.IdentityModel.Tokens.RsaSecurityKey\n"
    assert [(k["type"], k["kid"]) for k in printed.keys(old)] == [("X509SecurityKey", "AB12"), ("RsaSecurityKey", None)]
    assert printed.keys("") == ()
    assert printed.keys("HS256") == ()


def test_a_list_keeps_its_elements_white_space() -> None:
    """White space is a root cause; only a line break inserted behind a comma is none."""
    assert printed.items("a , b,\r\n   c, null") == ["a ", "b", "c"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("System.Net.Sockets.SocketException (111): Connection refused", "ConnectionRefused (111)"),
        ("System.Net.Sockets.SocketException (10061): Es konnte keine Verbindung hergestellt werden", "ConnectionRefused (10061)"),
        ("System.Net.Sockets.SocketException (11001): Der angegebene Host ist unbekannt.", "HostNotFound (11001)"),
        ("System.Net.Sockets.SocketException (0xFFFDFFFF): nodename nor servname provided, or not known", "HostNotFound (0xFFFDFFFF)"),
        ("System.Net.Sockets.SocketException (00000005, 0xFFFDFFFF): Name or service not known", "HostNotFound (00000005, 0xFFFDFFFF)"),
        ("System.Net.Sockets.SocketException (0x274d): actively refused", "ConnectionRefused (0x274d)"),
        ("System.Net.Sockets.SocketException (0x80004005): No such host is known", "HostNotFound (0x80004005)"),
        ("SocketException: No connection could be made because the target machine actively refused it.", "ConnectionRefused"),
        ("SocketException: 由于目标计算机积极拒绝，无法连接。", "ConnectionRefused"),
        ("SocketException: Cet hôte est inconnu. Hôte inconnu.", "HostNotFound"),
        ("System.Net.Sockets.SocketException (4711): ?", "4711"),
    ],
)  # fmt: skip
def test_socket_errors_in_any_language(text: str, name: str) -> None:
    """The number decides; where it says nothing, known texts do."""
    assert printed.socket_error(text) == name


def test_tls_errors_are_the_enumerations_names() -> None:
    """Several faults of one certificate are all named."""
    text = "The remote certificate is invalid because of errors in the certificate chain: PartialChain, UntrustedRoot"
    assert printed.ssl_policy_error(text) == "PartialChain, UntrustedRoot"
    assert printed.ssl_policy_error("RemoteCertificateNameMismatch") == "RemoteCertificateNameMismatch"
    assert printed.ssl_policy_error("handshake failed") is None
