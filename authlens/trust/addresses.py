"""Addresses of documents: how they are built and compared, and which may be called at all.

Issuers come from tokens, and tokens from anybody: every address is hostile until it is proven harmless.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from authlens.urls import WELL_KNOWN
from authlens.vendors import LONGEST_ISSUER

AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
"""RFC 8414, section 3.1: put between host and path."""

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
_PATH = re.compile(r"(?:/[A-Za-z0-9._~!$&'()*+,;=:@-]{1,512}){0,32}/?", re.ASCII)
_QUERY = re.compile(r"[A-Za-z0-9._~=&-]{0,512}", re.ASCII)
_NUMBER_LIKE = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE | re.ASCII)

# Reachable addresses that the standard library's flags call global, or did in some version.
_DENIED = tuple(
    ipaddress.ip_network(n)
    for n in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "100.64.0.0/10", "198.18.0.0/15", "0.0.0.0/8")
)
_EMBEDDING = tuple(
    ipaddress.ip_network(n) for n in ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")
)
# Never, whoever names them: cloud metadata services, link-local, multicast, and what is no host.
_NEVER = tuple(
    ipaddress.ip_network(n)
    for n in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "168.63.129.16/32",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "224.0.0.0/3",
        "::/128",
        "fe80::/10",
        "fec0::/10",
        "fd00:ec2::/32",
        "fd20:ce::254/128",
        "ff00::/8",
        "2001::/32",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address in parts, found harmless to read; where its host leads is another question."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""

    @property
    def url(self) -> str:
        """The address as it is asked."""
        standard = {"https": 443, "http": 80}[self.scheme] == self.port
        return f"{self.scheme}://{self.authority if not standard else self.host}{self.request}"

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    @property
    def request(self) -> str:
        """What stands behind GET."""
        return (self.path or "/") + (f"?{self.query}" if self.query else "")


class UnsafeAddressError(ValueError):
    """The address must not be called; the message says why."""


def well_known(issuer: str) -> str:
    """Returns the discovery address of an issuer."""
    return issuer.rstrip("/") + WELL_KNOWN


def authorization_server(issuer: str) -> str:
    """Returns the address of an issuer's OAuth metadata, asked where discovery is not found."""
    scheme, mark, rest = issuer.partition("://")
    host, slash, path = rest.rstrip("/").partition("/")
    return f"{scheme}{mark}{host}{AUTHORIZATION_SERVER}{slash}{path}"


def folded(url: str) -> str:
    """Returns the address without regard to case, default port and a slash at the end, to look it up."""
    low = url.strip().casefold().rstrip("/")
    scheme, mark, rest = low.partition("://")
    host, slash, path = rest.partition("/")
    port = {"https": ":443", "http": ":80"}.get(scheme, "")
    return f"{scheme}{mark}{host.removesuffix(port) if port else host}{slash}{path}"


def checked(url: str, *, named: bool = False) -> Target:
    """Takes an address apart, strictly.

    Args:
        url: Of an issuer or a document.
        named: The user's own configuration names it: another port, a host without a dot, an address in
            numbers and plain HTTP are the user's business then.

    Raises:
        UnsafeAddressError: It must not be called.
    """
    if len(url) > LONGEST_ISSUER:
        raise UnsafeAddressError("the address is too long")
    if not url.isascii() or not url.isprintable() or any(c in url for c in ' \\"<>^`{|}'):
        raise UnsafeAddressError("the address holds characters that no address needs")
    scheme, mark, rest = url.partition("://")
    if not mark or scheme.lower() not in ({"https", "http"} if named else {"https"}):
        raise UnsafeAddressError("the address is not https")
    location, _, query = rest.partition("?")
    authority, slash, path = location.partition("/")
    host, port = _host_and_port(authority, scheme.lower(), named=named)
    _check_path(slash + path, query)
    return Target(scheme=scheme.lower(), host=host, port=port, path=slash + path, query=query)


def _host_and_port(authority: str, scheme: str, *, named: bool) -> tuple[str, int]:
    if "@" in authority:
        raise UnsafeAddressError("the address holds a user name")
    if authority.startswith("["):
        raise UnsafeAddressError("the host is an address in numbers")
    host, colon, digits = authority.partition(":")
    standard = 443 if scheme == "https" else 80
    if colon and not re.fullmatch(r"[0-9]{1,5}", digits, re.ASCII):
        raise UnsafeAddressError("the port is no number")
    port = int(digits) if colon else standard
    if not 0 < port < 65536 or (port != standard and not named):
        raise UnsafeAddressError(f"port {port} is not the usual one")
    _check_host(host, named=named)
    return host.lower(), port


def _check_host(host: str, *, named: bool) -> None:
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise UnsafeAddressError("the host is not a host name")
    if _NUMBER_LIKE.fullmatch(labels[-1]) and not (named and _is_ip(host)):
        # RFC 3986, section 7.4: 127.1, 0x7f.1 and 2130706433 are all 127.0.0.1 to a resolver.
        raise UnsafeAddressError("the host is an address in numbers")
    if len(labels) < 2 and not named:
        raise UnsafeAddressError("the host has no domain")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return False
    return True


def _check_path(path: str, query: str) -> None:
    if "#" in path or "#" in query or "%" in path:
        raise UnsafeAddressError("the address holds a fragment or an escape")
    if "//" in path or not _PATH.fullmatch(path) or {".", ".."}.intersection(path.split("/")):
        raise UnsafeAddressError("the path is not a plain one")
    if not _QUERY.fullmatch(query):
        raise UnsafeAddressError("the query is not a plain one")


def may_connect(address: str, *, private: bool = False) -> bool:
    """Tells whether a resolved IP address may be connected to.

    Args:
        address: As ``getaddrinfo`` gives it.
        private: The user's configuration names the host, so networks of one's own are meant; metadata
            services, link-local and multicast addresses never are.
    """
    if "%" in address:
        return False  # a scope belongs to link-local addresses only
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    inner = _embedded(ip)
    if any(i.version == n.version and i in n for i in (ip, inner) for n in _NEVER):
        return False
    return private or _is_public(ip, inner)


def _embedded(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Returns the IPv4 address that an IPv6 address leads to, or the address itself."""
    if isinstance(ip, ipaddress.IPv4Address) or ip in {ipaddress.IPv6Address("::"), ipaddress.IPv6Address("::1")}:
        return ip
    if ip.sixtofour is not None:
        return ip.sixtofour
    if any(ip in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip


def _is_public(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address, inner: ipaddress.IPv4Address | ipaddress.IPv6Address
) -> bool:
    if isinstance(ip, ipaddress.IPv6Address) and (ip.teredo or ip.is_site_local):
        return False
    if any(inner.version == n.version and inner in n for n in _DENIED):
        return False
    refused = (inner.is_multicast, inner.is_reserved, inner.is_unspecified, inner.is_loopback, inner.is_link_local)
    return inner.is_global and not any(refused) and not inner.is_private
