"""Where in a block of bytes it is worth looking."""

from __future__ import annotations

from collections.abc import Iterator

import re2

# One pass of a deterministic automaton: the time is linear in the block however hostile it is.
_BYTES = re2.Options()
_BYTES.encoding = re2.Options.Encoding.LATIN1  # a byte is a character: broken UTF-8 hides nothing
_PRIMARY = (
    # One pattern each, since a pattern that begins with a fixed text is searched many times as fast as a choice.
    rb"ID[XW][0-9]{2}",
    rb"errors/ID[0-9]{4}",
    rb"MIML[0-9]{2}",
    rb"Jwt[0-9]{2}",
    rb"WIF1[0-9]{2}",
    rb"Failed to validate the token",
    rb"was not authenticated\. Failure message",
    rb"Exception occurred while processing message",
    rb"Error from RemoteAuthentication",
    rb"An error was encountered while handling the remote login",
    rb"No SecurityTokenValidator available for token",
    rb"No TokenHandler was able to validate",
    rb"was unable to validate the Token",
    rb"No token validator (?:or token handler )?was found",
    rb"SecurityTokenException: no validator found",
    rb"OpenIdConnectMessage\.Error was not null",
    rb"MetadataAddress or Authority must use HTTPS",
    rb"Correlation failed",
    rb"Unable to unprotect the message\.State",
    rb"invalid bearer token received",
    rb"expired bearer token received",
    rb"Scheme already exists: ",
    rb"Application started\. Press Ctrl",
    rb"Microsoft\.IdentityModel Version:",
    rb"Error: 0 : Authentication failed",
    rb"invalid_token",
)
_LONGEST = max(map(len, _PRIMARY))
_EACH = tuple(re2.compile(pattern, _BYTES) for pattern in _PRIMARY)
_ANY = re2.compile(rb"|".join(_PRIMARY), _BYTES)
_SHORT = 4096
_BLOCK = 1024 * 1024
"""So many bytes are searched for all patterns before the next: they stay in the processor's cache."""
_SECONDARY = (
    b"Request finished",
    b" responded ",
    b"was successfully authenticated",
    b"Successfully validated the token",
)
_AUTHENTICATION = (
    b"Microsoft.AspNetCore.Authentication",
    b"AuthenticationScheme",
    b"was successfully authenticated",
    b"JwtBearerHandler",
    b"Microsoft.Owin.Security",
    b"IdentityLoggerAdapter",
)
_SIGNS = tuple(re2.compile(re2.escape(marker), _BYTES) for marker in _AUTHENTICATION)
EDGE = max(map(len, _AUTHENTICATION)) - 1
"""So many bytes on each side of a border can hold a marker that the border cuts."""


def hits(data: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
    """Positions, ascending, at which a refused token may be told of."""
    stop = len(data) if end is None else end
    if stop - start < _SHORT:
        yield from (match.start() for match in _ANY.finditer(data, start, stop))
        return
    for block in range(start, stop, _BLOCK):
        over = min(stop, block + _BLOCK)
        beyond = min(stop, over + _LONGEST)
        found = {m.start() for pattern in _EACH for m in pattern.finditer(data, block, beyond)}
        yield from sorted(at for at in found if at < over)


def hit(text: bytes) -> bool:
    """Whether there is any."""
    return _ANY.search(text) is not None


def context(data: bytes, start: int, end: int) -> list[int]:
    """Positions, ascending, at which a request's end or its acceptance may be told of."""
    return sorted(position for needle in _SECONDARY for position in every(data, needle, start, end))


def every(data: bytes, needle: bytes, start: int, end: int) -> Iterator[int]:
    """Positions, ascending, of one text."""
    while (start := data.find(needle, start, end)) >= 0:
        yield start
        start += len(needle)


def near(text: bytes) -> bool:
    """Whether there is any such position."""
    return any(needle in text for needle in _SECONDARY)


def authentication(data: bytes) -> bool:
    """Whether authentication is visible at all."""
    return any(sign.search(data) for sign in _SIGNS)
