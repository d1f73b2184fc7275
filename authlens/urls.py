"""Addresses taken apart. They come from logs, tokens and documents: none is trusted to be one."""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, parse_qs, urlsplit

WELL_KNOWN = "/.well-known/openid-configuration"
"""OpenID Connect Discovery 1.0, section 4.1: appended to the issuer."""

BEARER_PARAMETER: Final = (
    r"(?i:(?:[?&#;]|u0026|u003F|%26|%3F)(?:access_token|id_token|id_token_hint|token|jwt|bearer|authorization)=)"
)
"""What stands before a token in an address, escaped or not: a pattern."""
BEARER_PARAMETER_LONGEST: Final = 40
"""Characters of it, and more."""

_NOTHING = SplitResult("", "", "", "", "")


def split(url: str) -> SplitResult:
    """Scheme, host, path, query and fragment (RFC 3986); all empty where the text is no address (``https://[x/``)."""
    try:
        return urlsplit(url)
    except ValueError:
        return _NOTHING


def host_of(url: str) -> str:
    """The lower-cased host of an address, or an empty text."""
    return split(url).hostname or ""


def origin_of(url: str) -> str:
    """Scheme, host and port of an address (RFC 6454), the usual port written out; an empty text where it has none."""
    parts = split(url)
    try:
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else ""


def authority_of(address: str) -> str:
    """The authority whose discovery document stands at an address, else the address itself; no slash at its end."""
    return address.removesuffix(WELL_KNOWN).rstrip("/")


def parameter(query: str, name: str) -> str | None:
    """The first value of a query's parameter, or None."""
    return next(iter(parse_qs(query).get(name, ())), None)
