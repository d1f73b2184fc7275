"""What must never leave: tokens, signatures, keys and secrets are masked, people become pseudonyms.

Every text is masked before it is shortened, so that no half of a secret survives a cut.
All patterns are bounded or run over a single class of characters: each is linear in the text.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

# fmt: off
PERSONAL: Final = frozenset((
    "address", "altsecid", "birthdate", "callerip", "clientaddress", "clientip", "clientipaddress", "displayname",
    "email", "emailaddress", "emails", "employeeid", "familyname", "fullname", "gender", "givenname", "ipaddr",
    "ipaddress", "loginhint", "mail", "middlename", "mobile", "name", "nameid", "nameidentifier", "nickname", "oid",
    "onpremsamaccountname", "onpremsid", "phone", "phonenumber", "picture", "preferredusername", "primarysid",
    "profile", "puid", "remoteaddr", "remoteaddress", "remoteip", "remoteipaddress", "samaccountname", "sid", "streetaddress", "sub", "surname", "uid", "uniquename", "upn", "userid", "username",
    "website", "winaccountname", "windowsaccountname",
))
# fmt: on
"""Names of members whose value is a person's, in lower case and without ``_`` and ``-``."""

TECHNICAL: Final = ("iss", "aud", "kid", "azp", "appid", "client_id", "cid", "tid")
"""Members whose values are never a person's, even where ``sub`` repeats them (client credentials)."""

MOST_ALIKE: Final = 256
"""People whose names begin with the same word that are looked for in free text; a log can be full of made-up ones."""

_LONGEST_VALUE = 4096  # characters of one quoted personal value that are looked at


def fingerprint(secret: str) -> str:
    """Twelve hexadecimal digits that recognise what nobody can guess, such as a token (SHA-256)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:12]


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


# --------------------------------------------------------------------------- secrets

_TOKEN = re.compile(
    r"(?:eyJ|eyAi|ewog|ew0K|ewki|eyAg)[A-Za-z0-9_\-.]{9,}"  # a header, {"…, and all that hangs on it by dots
    r"(?:[\[(<]{0,2}(?:\u2026|\*{2,9})[\])>]{0,2}[A-Za-z0-9_\-.]{4,})?"  # the rest of one shortened in its middle
)
_TELLING = (
    r"client_?secret|clientsecret|password|passwd|pwd|passphrase|secret|api[_-]?key|access_token|refresh_token|"
    r"id_token_hint|id_token|client_assertion|assertion|sharedaccesskey|sharedaccesssignature|accountkey|"
    r"(?:issuer)?signing_?key|private_?key|x-functions-key|set-cookie|cookie|authlens_secret"
)
_QUOTE = r"(?:\\{0,7}[\"']|\\{1,3}u002[27]|&quot;|&#3[49];|\"\")"
"""As written in text, in JSON (System.Text.Json escapes by number), in XML and in CSV."""
_NAMED = re.compile(
    rf"(?i)((?:\b|(?<=u0022)|(?<=u0027))(?:{_TELLING})(?:{_QUOTE}|\\{{0,7}})\s{{0,3}}[=:]\s{{0,3}}(?:{_QUOTE}|\\{{0,7}})|[?&;](?:code|sig|token)=)"
    r"([^\s\"'&;,<>\[{*\\][^\s\"'&;,<>\\]{0,8191})"
)
_AUTHORIZATION = re.compile(r"(?i)\b((?:bearer|basic|negotiate|dpop|ntlm) {1,3})([A-Za-z0-9_\-.+/=~]{8,})")
_PROTECTED = re.compile(r"CfDJ8[A-Za-z0-9_\-]{16,}")  # ASP.NET Core data protection: cookies, state
_BLOB = re.compile(r"[A-Za-z0-9_\-+/]{80,}={0,2}")
_PEM = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,40}-----)?")
_JWK = re.compile(rf"({_QUOTE}(?:d|p|q|dp|dq|qi|k){_QUOTE}\s{{0,8}}:\s{{0,8}}{_QUOTE})([A-Za-z0-9_\-+/=]{{16,}})")
_SYMMETRIC = re.compile(r"(SymmetricSecurityKey, KeyId: '[^']{0,300}', InternalId: ')([^']{1,200})")
_USERINFO = re.compile(r"(://)([^/\s@:'\"]{1,200}:[^/\s@'\"]{0,200})@")


@functools.lru_cache(maxsize=8192)
def mask(text: str, *, blobs: bool = True) -> str:
    """The text with every token as ``[token a1b2…]`` and every secret as ``[secret]``.

    Args:
        text: Anything read from a log, a token, a document or a settings file.
        blobs: Also mask long runs of base64 that say nowhere what they are. Off for values whose meaning
            is known (a nonce is as long as a signature).
    """
    return masked(text, blobs=blobs)


def masked(text: str, *, blobs: bool = True) -> str:
    """``mask`` for texts that hardly come twice: nothing is remembered."""
    text = _PEM.sub("[private key]", text) if "PRIVATE KEY" in text else text
    text = _TOKEN.sub(_token, text) if "ey" in text or "ew" in text else text
    text = _SYMMETRIC.sub(_named, text) if "SymmetricSecurityKey" in text else text
    if '"' in text or "0022" in text or "&" in text:
        text = _JWK.sub(_named, text)
    if "=" in text or ":" in text:
        text = _NAMED.sub(_named, text)
        text = _USERINFO.sub(r"\1[secret]@", text) if "@" in text else text
    text = _AUTHORIZATION.sub(_credentials, text) if " " in text else text
    if blobs and len(text) >= 21:
        text = _BLOB.sub(_blob, _PROTECTED.sub(_MASK, text))
    return text


def _token(match: re.Match[str]) -> str:
    found = match.group()
    whole = found.rstrip(".")
    if "." not in whole and not (found.startswith("eyJ") and len(whole) >= 20):
        return found
    return f"[token {fingerprint(whole)}]{found[len(whole) :]}"


def _named(match: re.Match[str]) -> str:
    name, value = match.groups()
    if name.rstrip().endswith(":") and value.isalpha():  # prose: "the secret: a weak one"
        return match.group()
    # Another pattern was here before, or the library hid it.
    return match.group() if value.startswith(("[token ", "[secret]", "[PII ")) else f"{name}{_MASK}"


def _credentials(match: re.Match[str]) -> str:
    scheme, value = match.groups()
    mixed = any(c.isdigit() for c in value) or (not value.islower() and not value.istitle())
    return f"{scheme}{_MASK}" if mixed else match.group()


def _blob(match: re.Match[str]) -> str:
    found = match.group()
    kinds = (str.isupper, str.islower, str.isdigit)
    random = all(any(kind(c) for c in found) for kind in kinds) and found.count("/") * 16 < len(found)
    return _MASK if random else found


_MASK = "[secret]"  # without a fingerprint: guesses at a weak secret could be tried against one


# --------------------------------------------------------------------------- people

_MAIL = re.compile(r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,8}")
_MEMBER = re.compile(
    r"(\"\"|\\{0,7}\"|\\{1,3}u0022|&quot;|&#34;)([A-Za-z_\-:/.#0-9]{2,120})"
    r"(?:\"\"|\\{0,7}\"|\\{1,3}u0022|&quot;|&#34;)\s{0,8}:\s{0,8}"
)
_NUMBER = re.compile(r"-?\d{1,40}")
_WORD = re.compile(r"[^\s'\"<>(),;=\[\]{}]{1,512}")


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
        self._words: dict[str, set[str]] = {}

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
        if first is not None and len(value) >= _SHORTEST:
            alike = self._words.setdefault(first.group(), set())
            if len(alike) < MOST_ALIKE:
                alike.add(value)
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
        if "@" in text:
            text = _MAIL.sub(lambda m: m.group() if m.group() in kept else self.name(m.group()), text)
        if known is None:
            return self._known(text, kept) if self._words else text
        for value in known:
            if len(value) >= _SHORTEST and value in text and value not in kept:
                text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", self.name(value), text)
        return text

    def _known(self, text: str, kept: frozenset[str]) -> str:
        """Replaces every value that was ever named; where several begin at a word, the longest."""
        out: list[str] = []
        done = 0
        for match in _WORD.finditer(text):
            if match.start() < done:
                continue
            words = {match.group(), match.group().rstrip(".:!?")}
            fit = [v for w in words for v in self._words.get(w, ()) if text.startswith(v, match.start())]
            value = max(fit, key=len, default="")
            if value and value not in kept:
                out += (text[done : match.start()], self.name(value))
                done = match.start() + len(value)
        return "".join((*out, text[done:]))

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


class Member(NamedTuple):
    """A JSON member whose value is a text or a number, wherever it stands."""

    name: str
    start: int
    """Of the value, behind its quote."""
    end: int
    value: str
    quote: str
    """As it is written, with what escapes it."""


def members(text: str) -> Iterator[Member]:
    """The JSON members in a text, however their quotes are written; one may lie in another's value."""
    for match in _MEMBER.finditer(text):
        start, end = _member_value(text, match.end(), match.group(1))
        yield Member(match.group(2), start, end, _unescaped(text[start:end]), match.group(1))


_SHORTEST = 4  # characters: shorter personal values are too common to be looked for in free text


def _member_value(text: str, at: int, quote: str) -> tuple[int, int]:
    """Where a JSON scalar begins and ends; equal where there is none."""
    if not text.startswith(quote, at):
        number = _NUMBER.match(text, at)
        return (at, number.end()) if number else (at, at)
    start = at + len(quote)
    limit = min(len(text), start + _LONGEST_VALUE)
    if quote.strip("\\") != '"':
        end = text.find(quote, start, limit)
        return start, limit if end == -1 else end
    level = len(quote) - 1
    end = text.find('"', start, limit)
    while end != -1:
        value = text[start:end].rstrip("\\")
        slashes = end - start - len(value)
        if slashes == level:
            return start, end - slashes
        if level == 0 and slashes % 2 == 0:
            return start, end
        end = text.find('"', end + 1, limit)
    return start, limit


def _unescaped(value: str) -> str:
    """A JSON text without its escapes, however often it was escaped."""
    for _ in range(4):
        if "\\" not in value:
            break
        try:
            value = str(json.loads(f'"{value}"', strict=False))
        except ValueError:
            break
    return value
