"""Personal values: which they are, and pseudonyms in their place."""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from authlens.redact.members import members
from authlens.redact.secrets import mask

PERSONAL: Final = frozenset(
    (
        *("address", "altsecid", "birthdate", "callerip", "clientaddress", "clientip", "clientipaddress"),
        *("displayname", "email", "emailaddress", "emails", "employeeid", "familyname", "fullname", "gender"),
        *("givenname", "ipaddr", "ipaddress", "loginhint", "mail", "middlename", "mobile", "name", "nameid"),
        *("nameidentifier", "nickname", "oid", "onpremsamaccountname", "onpremsid", "phone", "phonenumber"),
        *("picture", "preferredusername", "primarysid", "profile", "puid", "remoteaddr", "remoteaddress"),
        *("remoteip", "remoteipaddress", "samaccountname", "sid", "streetaddress", "sub", "surname", "uid"),
        *("uniquename", "upn", "userid", "username", "website", "winaccountname", "windowsaccountname"),
    )
)
"""Names of members whose value is a person's, in lower case and without ``_`` and ``-``."""

TECHNICAL: Final = ("iss", "aud", "kid", "azp", "appid", "client_id", "cid", "tid")
"""Members whose values are never a person's, even where ``sub`` repeats them (client credentials)."""

MOST_ALIKE: Final = 256
"""People whose names begin with the same word that are looked for in free text; a log can be full of made-up ones."""


def is_personal(name: str) -> bool:
    """Whether a claim of this name holds a person's data; claim types that are addresses count by their end."""
    return _plain(name) in PERSONAL


@functools.lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return re.split(r"[/#:]", name[-80:])[-1].replace("_", "").replace("-", "").lower()


def leaves(value: object, depth: int = 0) -> Iterator[str]:
    """The texts in a value, numbers as texts; for the values of personal members."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) < _LARGEST:
            yield str(value)
    elif depth < _DEEPEST and isinstance(value, Mapping):
        for part in value.values():
            yield from leaves(part, depth + 1)
    elif depth < _DEEPEST and isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part, depth + 1)


_DEEPEST = 24
_LARGEST = 10**300  # Python refuses to print numbers of 4,300 digits; no person is one


MAIL: Final = re.compile(r"[\w.%+\-]{1,64}(?:@|%40)[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
"""A mail address, also in a URL and in any script (RFC 6531)."""
_WORD = re.compile(r"[^\s'\"<>(),;=\[\]{}]{1,512}")
SHORTEST: Final = 4
"""Characters; shorter personal values are too common to be looked for in free text."""


class Pseudonyms:
    """Stands in for people: the same value always gets the same name."""

    def __init__(self, *, key: str | None = None, show: bool = False) -> None:
        """Knows nobody yet.

        Args:
            key: With a key the names are stable across runs (HMAC-SHA-256 of the value); without one they
                are ``user-1``, ``user-2``… in order of first appearance.
            show: Personal values stay as they are. Tokens and secrets are masked all the same.
        """
        self._key = key.encode("utf-8", "surrogatepass") if key else None
        self._show = show
        self._names: dict[str, str] = {}
        self._words: dict[str, dict[str, int]] = {}
        """By the first word in them: values, and how far into each that word stands."""

    def __len__(self) -> int:
        """How many people were named."""
        return len(self._names)

    def name(self, value: str) -> str:
        """What to call the person of this value."""
        if self._show or not value:
            return mask(value)
        found = self._names.get(value)
        return found if found is not None else self._add(value)

    def _add(self, value: str) -> str:
        if self._key is None:
            name = f"user-{len(self._names) + 1}"
        else:
            raw = value.encode("utf-8", "surrogatepass")
            name = f"user-{hmac.new(self._key, raw, hashlib.sha256).hexdigest()[:10]}"
        self._names[value] = name
        first = _WORD.search(value)
        if first is not None and len(value) >= SHORTEST:
            alike = self._words.setdefault(first.group(), {})
            if len(alike) < MOST_ALIKE:
                alike[value] = first.start()
        return name

    def text(
        self, text: str, *, known: Iterable[str] | None = None, keep: Iterable[str] = (), blobs: bool = True
    ) -> str:
        """The text without tokens, secrets and people.

        Args:
            text: Free text.
            known: Personal values that may stand in it; None for all that were ever named.
            keep: Values that are no person's whatever they look like (an audience, a client id).
            blobs: As in ``mask``.
        """
        text = mask(text, blobs=blobs)
        if self._show:
            return text
        kept = frozenset(keep)
        if ":" in text and ('"' in text or "0022" in text or "&" in text):
            text = self._members(text, kept)
        if "@" in text or "%40" in text:
            text = MAIL.sub(lambda m: m.group() if m.group() in kept else self.name(m.group()), text)
        if known is None:
            return self._known(text, kept) if self._words else text
        for value in known:
            if len(value) >= SHORTEST and value in text and value not in kept:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", self.name(value), text)
        return text

    def _known(self, text: str, kept: frozenset[str]) -> str:
        """Replaces every value that was ever named; where several begin at a word, the longest."""
        out: list[str] = []
        done = 0
        for match in _WORD.finditer(text):
            if match.start() < done:
                continue
            value, start = self._named_at(text, match)
            if value and value not in kept and start >= done:
                out += (text[done:start], self.name(value))
                done = start + len(value)
        return "".join((*out, text[done:]))

    def _named_at(self, text: str, word: re.Match[str]) -> tuple[str, int]:
        """The longest value whose first word stands here, and where it begins; an empty one where there is none."""
        alike = {v: at for w in {word.group(), word.group().rstrip(".:!?")} for v, at in self._words.get(w, {}).items()}
        starts = {v: max(0, word.start() - at) for v, at in alike.items()}
        value = max((v for v, start in starts.items() if _stands_at(text, v, start)), key=len, default="")
        return value, starts.get(value, 0)

    def _members(self, text: str, kept: frozenset[str]) -> str:
        """Replaces the values of personal JSON members, at any depth of escaping."""
        out: list[str] = []
        done = 0
        for member in members(text):
            personal = member.start >= done and is_personal(member.name)
            if personal and member.value and member.value not in kept:
                out += (text[done : member.start], self.name(member.value))
                done = member.end
        return "".join((*out, text[done:]))


def _stands_at(text: str, value: str, start: int) -> bool:
    """Whether a value stands there whole, and not as the beginning of a longer word."""
    end = start + len(value)
    return text.startswith(value, start) and not (value[-1].isalnum() and text[end : end + 1].isalnum())
