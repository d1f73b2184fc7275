"""Text → the tokens in it: found by their shape, split and decoded. Nothing here is verified.

A token stands in a log as the client sent it (``compact``), as the library prints it (``decoded``), or as the library,
its PII switch or a logger left it (``withheld``). Each is a ``Token``; a hostile one is a ``Token`` with a defect.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from operator import itemgetter

from authlens.catalogue.restored import restored
from authlens.model import Frozen, Token, TokenForm
from authlens.segments import MAX_TOKEN_CHARS, NumberText
from authlens.tokens import compact, decoded, withheld, words
from authlens.tokens.made import Found


def find(text: str) -> tuple[Token, ...]:
    """All tokens of a text in its order, each distinct one once."""
    found: dict[tuple[str, TokenForm], Token] = {}
    for _, _, token in locate(text):
        found.setdefault((token.sha256, token.form), token)
    return tuple(found.values())


def locate(text: str) -> tuple[Found, ...]:
    """All tokens of a text with the offsets (characters) where they start and end; none overlaps another."""
    whole = restored(text, quotes=False)
    if whole is None:
        return _located(text)
    return tuple((whole.back(start), whole.back(end), token) for start, end, token in _located(whole.text))


def parse(raw: str) -> Token:
    """Read one text that should be a token, whole."""
    if raw.startswith(words.STARTS) or len(raw) > MAX_TOKEN_CHARS:
        return compact.read(raw)
    return decoded.read(raw) or withheld.read(raw) or compact.read(raw)


def token_fields(token: Token) -> Frozen[object]:
    """What the token says, by the names of the report's ``fields``; NumericDates are integers."""
    fields: dict[str, object] = dict(_texts(token.header, ("kid", "alg", "typ")))
    fields.update(_texts(token.claims, ("iss",)))
    if audiences := _audiences(token.claims.get("aud")):
        fields["aud"] = audiences
    fields.update(_texts(token.claims, ("sub",)))
    for name in ("exp", "nbf", "iat"):
        if (date := _numeric_date(token.claims.get(name))) is not None:
            fields[name] = date
    return Frozen(fields)


def complete(fields: dict[str, object], token: Token) -> None:
    """Adds what the token says to what the messages said.

    What they said stays as it is, but for the algorithm: version 4 prints the URI that XML signatures have for it.
    """
    own = token_fields(token)
    if "alg" in own and str(fields.get("alg", "")).startswith("http://www.w3.org/"):
        fields["alg"] = own["alg"]
    for name, value in own.items():
        fields.setdefault(name, value)


# --------------------------------------------------------------------------- places


def _located(text: str) -> tuple[Found, ...]:
    """First what is sure by its shape, then what stands where a token should."""
    places = words.places(text)
    taken: list[Found] = []
    for found in (
        decoded.find(text),
        compact.find_escaped(text, places.starts),
        compact.find(text, places.starts),
        withheld.find_hidden(text, places.hidden),
    ):
        taken = _with(taken, found)
    named = withheld.find_named(text, places.words, lambda at: not _overlaps(taken, at, at + 1))
    return tuple(_with(taken, named))


def _with(taken: list[Found], more: Iterable[Found]) -> list[Found]:
    """Add those of ``more`` that overlap none of ``taken`` (sorted, apart) and no earlier one of themselves."""
    own: list[Found] = []
    for found in sorted(more, key=_start):
        if (not own or own[-1][1] <= found[0]) and not _overlaps(taken, found[0], found[1]):
            own.append(found)
    return sorted([*taken, *own], key=_start) if own and taken else own or taken


def _overlaps(taken: list[Found], start: int, end: int) -> bool:
    at = bisect_left(taken, (end,))
    return at > 0 and taken[at - 1][1] > start


_start = itemgetter(0)


# --------------------------------------------------------------------------- fields


def _texts(members: Mapping[str, object], names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        value = members.get(name)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != "":
            yield name, str(value)


def _audiences(value: object) -> list[str]:
    values = value if isinstance(value, tuple) else (value,)
    return [v if isinstance(v, str) else str(v) for v in values if isinstance(v, (str, int, float)) and v != ""]


def _numeric_date(value: object) -> int | None:
    """A NumericDate (RFC 7519 section 2) in whole seconds; None where it is not one."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or isinstance(value, NumberText):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return math.floor(number) if math.isfinite(number) else None
