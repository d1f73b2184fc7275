"""Addresses are taken apart whatever they are: what is none has no parts."""

import pytest

from authlens import urls

NO_ADDRESSES = ("https://[zz/x", "https://[::1", "https://\u2100example.com/", "//[")


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_what_is_no_address_has_no_parts(url: str) -> None:
    """The standard library raises on these."""
    assert not any(urls.split(url))
    assert urls.host_of(url) == ""


def test_the_host_is_told_without_port_and_case() -> None:
    """Hosts are compared in lower case (RFC 3986, section 3.2.2); a port that is none does not matter to them."""
    assert urls.host_of("https://Login.Example.COM:8443/x?y") == "login.example.com"
    assert urls.host_of("https://login.example.com:99999999/") == "login.example.com"
    assert urls.host_of("login.example.com") == ""


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.example/x", "HTTPS://A.example:443/y?z", True),
        ("http://a.example", "http://a.example:80/", True),
        ("https://a.example", "http://a.example", False),
        ("https://a.example", "https://a.example:8443", False),
        ("https://a.example", "https://b.example", False),
    ],
)
def test_an_origin_is_a_scheme_a_host_and_a_port(one: str, other: str, same: bool) -> None:
    """A port that goes without saying is said (RFC 6454, section 4)."""
    assert (urls.origin_of(one) == urls.origin_of(other)) is same
    assert urls.origin_of("https://a.example:99999999") == urls.origin_of("keys") == ""


@pytest.mark.parametrize(
    ("query", "value"), [("a=1&appid=x&appid=y", "x"), ("appid=", None), ("", None), ("b=1", None)]
)
def test_the_first_value_of_a_parameter_counts(query: str, value: str | None) -> None:
    """A parameter without a value is none."""
    assert urls.parameter(query, "appid") == value


@pytest.mark.parametrize(
    ("address", "authority"),
    [
        ("https://a.example/t/v2.0/.well-known/openid-configuration", "https://a.example/t/v2.0"),
        ("https://a.example//.well-known/openid-configuration", "https://a.example"),
        ("https://a.example/keys", "https://a.example/keys"),
        ("https://a.example/", "https://a.example"),
    ],
)
def test_a_discovery_document_tells_its_authority(address: str, authority: str) -> None:
    """Another address is an authority already."""
    assert urls.authority_of(address) == authority
