"""Where in a block of bytes it is worth looking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from authlens.texts import ByteTexts

_DIGITS: Final = tuple(b"%d" % n for n in range(10))
_FOUNDATION: Final = (b"ID10", b"ID32", b"ID40", b"ID41", b"ID42", b"ID60")
"""What the codes begin with by which Windows Identity Foundation refuses a token."""
_NUMBERED: Final[dict[bytes, int]] = {
    b"IDX": 2,
    b"IDW": 2,
    b"Jwt": 2,
    b"errors/ID": 4,
    b"MIML": 2,
    b"WIF1": 2,
} | dict.fromkeys(_FOUNDATION, 2)
"""What codes begin with, and how many digits must follow."""
_WORDS: Final = (
    b"Failed to validate the token",
    b"was not authenticated. Failure message",
    b"Exception occurred while processing message",
    b"Error from RemoteAuthentication",
    b"An error was encountered while handling the remote login",
    b"No SecurityTokenValidator available for token",
    b"No TokenHandler was able to validate",
    b"was unable to validate the Token",
    b"No token validator was found",
    b"No token validator or token handler was found",
    b"SecurityTokenException: no validator found",
    b"OpenIdConnectMessage.Error was not null",
    b"OpenIdConnectProtocolException: Message contains error",
    b"MetadataAddress or Authority must use HTTPS",
    b"Correlation failed",
    b"Unable to unprotect the message.State",
    b"invalid bearer token received",
    b"expired bearer token received",
    b"Scheme already exists: ",
    b"Application started. Press Ctrl",
    b"Microsoft.IdentityModel Version:",
    b"Error: 0 : Authentication failed",
    b"invalid_token",
)
_SECONDARY: Final = (
    b"Request finished",
    b" responded ",
    b"was successfully authenticated",
    b"Successfully validated the token",
)
_AUTHENTICATION: Final = (
    b"Microsoft.AspNetCore.Authentication",
    b"AuthenticationScheme",
    b"was successfully authenticated",
    b"JwtBearerHandler",
    b"Microsoft.Owin.Security",
    b"IdentityLoggerAdapter",
)
EDGE: Final = max(map(len, _AUTHENTICATION)) - 1
"""So many bytes on each side of a border can hold a marker that the border cuts."""


# A first digit makes the shortest text longer, which the search gains by.
_BEGINNINGS = tuple(prefix + digit for prefix in (b"IDX", b"IDW", b"Jwt") for digit in _DIGITS)
_PRIMARY = ByteTexts((*_BEGINNINGS, *(p for p in _NUMBERED if len(p) > len(b"IDX")), *_WORDS))
_NUMBERS: Final = tuple(
    next((re.compile(b"%s[0-9]{%d}" % (p, n)) for p, n in _NUMBERED.items() if text.startswith(p)), None)
    for text in _PRIMARY.texts
)
"""By number of the text: what must stand there beside it, if anything."""
_ANY_NUMBER = re.compile(b"|".join(b"%s[0-9]{%d}" % item for item in _NUMBERED.items()))
_LONGEST: Final = max(map(len, _NUMBERED)) - 1
"""A code that begins within a text that is none is found up to so many bytes behind that text."""
_CONTEXT = ByteTexts(_SECONDARY)
LONGEST_CONTEXT: Final = max(map(len, _SECONDARY))
"""Bytes of what tells of a request's end or its acceptance."""
_SIGNS = ByteTexts(_AUTHENTICATION)


def hits(data: bytes, start: int = 0, end: int | None = None) -> Iterator[int]:
    """Positions, ascending, at which a refused token may be told of; of those that overlap the first."""
    stop = len(data) if end is None else end
    for text, at, behind in _PRIMARY.find(data, start, stop):
        number = _NUMBERS[text]
        if number is None or number.match(data, at, stop):
            yield at
            continue
        other = _ANY_NUMBER.search(data, at + 1, min(stop, behind + _LONGEST))
        if other is not None and other.start() < behind:
            yield other.start()


def hit(text: bytes) -> bool:
    """Whether there is any."""
    return next(hits(text), None) is not None


def context(data: bytes, start: int, end: int) -> list[int]:
    """Positions, ascending, at which a request's end or its acceptance may be told of."""
    return [at for found in _CONTEXT.blocks(data, start, end) for _, at, _ in found]


def every(data: bytes, needle: bytes, start: int, end: int) -> Iterator[int]:
    """Positions, ascending, of one text."""
    while (start := data.find(needle, start, end)) >= 0:
        yield start
        start += len(needle)


def near(text: bytes) -> bool:
    """Whether a request's end or its acceptance may be told of."""
    for needle in _SECONDARY:  # noqa: SIM110 - asked very often, and faster than a generator
        if needle in text:
            return True
    return False


def authentication(data: bytes) -> bool:
    """Whether authentication is visible at all."""
    return _SIGNS.within(data)
