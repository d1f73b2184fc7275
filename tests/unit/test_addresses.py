"""Addresses that are never called, and how documents' addresses are built and compared."""

from __future__ import annotations

import pytest

from authlens.trust import addresses
from authlens.trust.addresses import UnsafeAddressError, checked, may_connect

PRIVATE = [
    "127.0.0.1",
    "::1",
    "::ffff:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "192.88.99.1",
    "2001:db8::1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "::ffff:10.0.0.1",
    "fc00::1",
    "fd12:3456::1",
    "64:ff9b::a00:1",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::7f00:1",
    "2002:a00:1::",
    "198.51.100.7",
    "203.0.113.7",
    "192.0.2.7",
]
NEVER = [
    "0.0.0.0",
    "::",
    "169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "::ffff:169.254.169.254",
    "2002:a9fe:a9fe::",
    "fd00:ec2::254",
    "168.63.129.16",
    "::ffff:168.63.129.16",
    "100.100.100.200",
    "192.0.0.192",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "ff02::1",
    "ff0e::1",
    "fe80::1%eth0",
    "fe80::1",
    "fec0::1",
    "2001::1",
    "0.1.2.3",
]
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "2606:4700::1111",
    "64:ff9b::808:808",
    "::ffff:8.8.8.8",
    "2a00:1450:4001:81b::200e",
    "2002:808:808::",
]
NONSENSE = ["", "localhost", "1.2.3", "1.2.3.4.5", "0x7f.1", "::gg", "8.8.8.8 ", "2130706433"]


@pytest.mark.parametrize("address", PRIVATE + NEVER + NONSENSE)
def test_addresses_that_an_issuer_from_a_log_never_leads_to(address: str) -> None:
    """Private in any disguise: mapped, translated, tunnelled."""
    assert not may_connect(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    """Also where a public one is embedded."""
    assert may_connect(address)


@pytest.mark.parametrize("address", NEVER + NONSENSE)
def test_addresses_that_nobody_means(address: str) -> None:
    """Metadata services, link-local and multicast, though the user named the host."""
    assert not may_connect(address, private=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "fc00::1", "8.8.8.8"])
def test_networks_of_ones_own(address: str) -> None:
    """An identity provider inside the company is reached where the configuration names it."""
    assert may_connect(address, private=True)


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example.com",
        "ftp://idp.example.com",
        "file:///etc/passwd",
        "idp.example.com",
        "//idp.example.com",
        "https://user@idp.example.com",
        "https://user:secret@idp.example.com",
        "https://idp.example.com:8443",
        "https://idp.example.com:0",
        "https://idp.example.com:65536",
        "https://idp.example.com:٤٤٣",
        "https://idp.example.com#a",
        "https://idp.example.com/a#b",
        "https://idp.example.com/a/../b",
        "https://idp.example.com/a/./b",
        "https://idp.example.com//a",
        "https://idp.example.com/%2e%2e",
        "https://idp.example.com/a%00",
        "https://idp.example.com\\@evil.example",
        "https://idp.example.com/a b",
        "https://idp.example.com/\n",
        "https://idp.example.com\r\nHost: x",
        "https://idp.example.com/\x1b[2J",
        "https://localhost",
        "https://intranet",
        "https://127.0.0.1",
        "https://127.1",
        "https://0x7f.1",
        "https://0177.0.0.1",
        "https://2130706433",
        "https://①②⑦.⓪.⓪.①",
        "https://[::1]",
        "https://[::ffff:127.0.0.1]",
        "https://idp.example.com.",
        "https://.example.com",
        "https://idp..example.com",
        "https://-idp.example.com",
        "https://idp_x.example.com",
        "https://xn--" + "a" * 80 + ".example.com",
        "https://" + "a." * 200 + "example.com",
        "https://idp.example.com/" + "a" * 4000,
        "https://idp.example.com/?url=http://evil.example",
        "https://",
        "https:///a",
        "",
    ],
)
def test_addresses_that_are_not_even_resolved(url: str) -> None:
    """A look-up alone tells an attacker that somebody reads the log."""
    with pytest.raises(UnsafeAddressError):
        checked(url)


@pytest.mark.parametrize(
    "authority", ["user@idp.example.com", "user:secret@idp.example.com", "idp.example.com:443@evil"]
)
def test_a_user_name_is_why_an_address_is_not_called(authority: str) -> None:
    """What a person takes for the host is not where it leads; the reason is told without the secret."""
    with pytest.raises(UnsafeAddressError, match=r"^the address holds a user name$"):
        checked(f"https://{authority}/keys", named=True)


def test_an_address_is_taken_apart() -> None:
    """And put together again the same."""
    target = checked("https://Idp.example.com/tenant/v2.0/.well-known/openid-configuration?appid=a-1")
    assert (target.host, target.port, target.query) == ("idp.example.com", 443, "appid=a-1")
    assert target.url == "https://idp.example.com/tenant/v2.0/.well-known/openid-configuration?appid=a-1"


@pytest.mark.parametrize(
    "url", ["http://idp.corp:8080/realms/x", "https://10.1.2.3/realms/x", "https://idp:8443", "http://localhost:5000"]
)
def test_what_the_configuration_names_may_be_unusual(url: str) -> None:
    """Ports, plain names and plain HTTP are the user's own business; the request goes where it says."""
    assert checked(url, named=True).url.rstrip("/") == url
    with pytest.raises(UnsafeAddressError):
        checked(url)


@pytest.mark.parametrize(
    "url", ["https://0x7f.1/", "https://2130706433/", "https://u@idp/", "https://idp/../a", "ftp://idp"]
)
def test_what_the_configuration_names_is_still_read_strictly(url: str) -> None:
    """Numbers in disguise and user names are no host of anybody's."""
    with pytest.raises(UnsafeAddressError):
        checked(url, named=True)


def test_where_documents_lie() -> None:
    """OpenID Connect appends, RFC 8414 inserts."""
    issuer = "https://idp.example.com/tenant/"
    assert addresses.well_known(issuer) == "https://idp.example.com/tenant/.well-known/openid-configuration"
    assert (
        addresses.authorization_server(issuer)
        == "https://idp.example.com/.well-known/oauth-authorization-server/tenant"
    )


@pytest.mark.parametrize(
    "other",
    [
        "https://IDP.example.com/a",
        "https://idp.example.com/A/",
        "https://idp.example.com:443/a",
        " https://idp.example.com/a",
    ],
)
def test_addresses_that_mean_the_same(other: str) -> None:
    """For looking up; whether they are equal to the letter is another question."""
    assert addresses.folded(other) == addresses.folded("https://idp.example.com/a")
    assert addresses.folded("https://idp.example.com:8443/a") != addresses.folded(other)
