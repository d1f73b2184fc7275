"""A token of a text as found, whatever its form."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TypeAlias

from authlens.model import Frozen, Token, TokenForm

Found: TypeAlias = tuple[int, int, Token]
"""Where a token starts and ends in a text (characters), and the token."""

NOTHING: Frozen[object] = Frozen()


def made(
    raw: str,
    form: TokenForm,
    header: Mapping[str, object] = NOTHING,
    claims: Mapping[str, object] = NOTHING,
    defect: str | None = None,
) -> Token:
    """The token; its fingerprint is that of the text."""
    sha256 = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()
    return Token(sha256=sha256, form=form, header=header, claims=claims, defect=defect, raw=raw)
