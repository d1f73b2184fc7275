"""What differs between the versions of Microsoft.IdentityModel, where it changes a verdict or a code.

Two handlers read tokens: ``JsonWebTokenHandler`` (JwtBearer from ASP.NET Core 8 on) and ``JwtSecurityTokenHandler``
(before). The oldest version a rule is known for stands beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

NEW_HANDLER = "JsonWebTokenHandler"
OLD_HANDLER = "JwtSecurityTokenHandler"

_SHORT = {"5": (5, 7, 2), "6": (6, 8, 0), "7": (7, 7, 3), "8": (8, 23, 0)}
_NUMBER = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, kw_only=True)  # without slots, for the properties are asked for every token
class Library:
    """One version of the library, with the handler that reads the token."""

    version: tuple[int, ...] = _SHORT["8"]
    handler: str = NEW_HANDLER

    def since(self, *version: int) -> bool:
        """Whether this is that version or a later one."""
        return self.version >= version

    @cached_property
    def old_handler(self) -> bool:
        """JwtSecurityTokenHandler reads dates as 32-bit integers and has codes of its own for unreadable tokens."""
        return self.handler == OLD_HANDLER

    @cached_property
    def spans(self) -> bool:
        """The token is read in place, dot by dot (JsonWebTokenHandler from 6.23 on): IDX14100 instead of IDX14111."""
        return not self.old_handler and self.since(6, 23)

    @cached_property
    def text_json(self) -> bool:
        """System.Text.Json reads the claims, each with its type (JsonWebTokenHandler from 7.0 on)."""
        return not self.old_handler and self.since(7)

    @cached_property
    def checks_claims_first(self) -> bool:
        """When no key has the token's kid: lifetime, issuer and audience are reported before the signature.

        InternalValidators.ValidateAfterSignatureFailed, which came with IDX10503 in place of IDX10501: 6.27.2.
        """
        return self.since(6, 27, 2)


@lru_cache(maxsize=64)
def library(text: str, *, handler: str | None = None) -> Library:
    """Read ``8``, ``6.35.0``, or a range (its lower end counts).

    Without ``handler`` it is the one that JwtBearer used with that version.
    """
    numbers = tuple(int(n) for n in _NUMBER.findall(text)[:3])
    version = _SHORT.get(text.strip(), numbers or _SHORT["8"])
    usual = NEW_HANDLER if version >= (7,) else OLD_HANDLER
    return Library(version=version, handler=handler or usual)
