"""Facts about a shared secret that the user gives: does the API use it, in which encoding, and did it sign the token?

``InternalId`` of a ``SymmetricSecurityKey`` in "Keys tried" is the RFC 7638 thumbprint of the secret from
Microsoft.IdentityModel 6.8 on; earlier versions print a GUID there, which says nothing. The secret itself is
compared and verified with, and never leaves this module but for the validator's own check.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from authlens.diagnosis.evidence_keys import Tried
from authlens.model import Token, TokenForm
from authlens.segments import base64url
from authlens.trust.keys import THUMBPRINT

SYMMETRIC = "SymmetricSecurityKey"
_LONGEST = 64 * 1024
"""Bytes of a secret that are read in further encodings."""
_MOST_CHECKED = 10_000
_DIGESTS = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}
_SPACE = re.compile(rb"\s+")


@dataclass(frozen=True, slots=True)
class Reading:
    """A secret as a program may read it."""

    encoding: str
    """``UTF-8``, ``Base64``, ``Base64url``, ``hexadecimal``… what the program takes the given text for."""
    key: bytes = field(repr=False)

    def __str__(self) -> str:
        return self.encoding


def readings(secret: bytes) -> tuple[Reading, ...]:
    """The keys that programs make of one secret, the likeliest first, each once; an empty secret makes none."""
    found: dict[bytes, Reading] = {}
    for encoding, key in _read(_line(secret)) if secret else ():
        if key:
            found.setdefault(key, Reading(encoding, key))
    return tuple(found.values())


def _line(secret: bytes) -> bytes:
    """Without the line feed that an editor puts behind a file's text; bytes that are no text stay as they are."""
    try:
        secret.decode("utf-8")
    except UnicodeDecodeError:
        return secret
    return secret.removesuffix(b"\n").removesuffix(b"\r")


def _read(secret: bytes) -> Iterator[tuple[str, bytes | None]]:
    yield "UTF-8", secret
    if len(secret) > _LONGEST:
        return
    yield "Base64", _base64(secret)
    yield "Base64url", _base64url(secret)
    yield "hexadecimal", _hexadecimal(secret)
    yield "UTF-16", _text(secret, "utf-16-le")
    yield "UTF-16 (big-endian)", _text(secret, "utf-16-be")
    yield "ASCII", _text(secret, "ascii")
    yield "Latin-1", _text(secret, "latin-1")
    yield "UTF-8 without the surrounding white space", secret.strip()
    yield "UTF-8 with a line feed behind", secret + b"\n"
    yield "UTF-8 with a carriage return and line feed behind", secret + b"\r\n"
    yield "UTF-8 with a byte order mark before", b"\xef\xbb\xbf" + secret
    yield "the text of its Base64 form", base64.b64encode(secret)
    yield "the text of its Base64url form", base64.urlsafe_b64encode(secret).rstrip(b"=")
    yield "the text of its hexadecimal form", secret.hex().encode()
    yield "the text of its hexadecimal form in capitals", secret.hex().upper().encode()


def _base64(secret: bytes) -> bytes | None:
    """As Convert.FromBase64String: white space is left out."""
    try:
        return base64.b64decode(_SPACE.sub(b"", secret), validate=True)
    except (binascii.Error, ValueError):
        return None


def _base64url(secret: bytes) -> bytes | None:
    """As Base64UrlEncoder.DecodeBytes: without padding, and both alphabets are read."""
    plain = secret.strip().rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _hexadecimal(secret: bytes) -> bytes | None:
    """As Convert.FromHexString; colons or hyphens between the bytes are left out."""
    try:
        return binascii.unhexlify(secret.strip().removeprefix(b"0x").translate(None, b":- "))
    except (binascii.Error, ValueError):
        return None


def _text(secret: bytes, encoding: str) -> bytes | None:
    """Of a secret that is text, its bytes in another encoding; what .NET cannot encode becomes a question mark."""
    try:
        return secret.decode("utf-8").encode(encoding, "replace")
    except UnicodeDecodeError:
        return None


def thumbprint(key: bytes) -> str:
    """RFC 7638, SHA-256, of a symmetric key: what ``InternalId`` shows."""
    k = base64.urlsafe_b64encode(key).rstrip(b"=").decode()
    canonical = json.dumps({"k": k, "kty": "oct"}, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


class Given:
    """The secret that the user gives, in all its readings; it shows nothing of itself."""

    __slots__ = ("_by_thumbprint", "_readings", "_signing")

    def __init__(self, secret: bytes) -> None:
        """Reads the secret in every encoding; an empty one has no reading and answers nothing."""
        self._readings = readings(secret)
        self._by_thumbprint = {thumbprint(r.key): r for r in reversed(self._readings)}
        self._signing: dict[str, Reading | None] = {}

    def __repr__(self) -> str:
        return "Given()"

    def used(self, keys: Iterable[Tried]) -> tuple[bool | None, Reading | None]:
        """Whether a symmetric key that was tried is this secret, and how the API reads it; None where nothing shows."""
        shown = [t for k in keys if (t := symmetric_thumbprint(k)) is not None]
        found = next((self._by_thumbprint[t] for t in shown if t in self._by_thumbprint), None)
        return (found is not None) if shown and self._readings else None, found

    def signs(self, token: Token | None) -> tuple[bool | None, Reading | None]:
        """Whether the token is signed with this secret, and in which reading; None where the log shows no signature."""
        if token is None or token.form is not TokenForm.COMPACT or token.raw is None or not self._readings:
            return None, None
        if str(token.header.get("alg")) not in _DIGESTS or token.raw.count(".") != 2:
            return None, None
        if token.sha256 not in self._signing:
            if len(self._signing) >= _MOST_CHECKED:
                self._signing.clear()
            self._signing[token.sha256] = signer(token, self._readings)
        found = self._signing[token.sha256]
        return found is not None, found

    def likeliest(self) -> Reading | None:
        """The secret as it was given."""
        return self._readings[0] if self._readings else None


def signer(token: Token, keys: Iterable[Reading]) -> Reading | None:
    """The first of the keys with which a compact token's HMAC agrees."""
    message, _, encoded = (token.raw or "").rpartition(".")
    digest = _DIGESTS.get(str(token.header.get("alg")))
    signature = base64url(encoded)[0]
    if digest is None or not signature:
        return None
    data = message.encode("utf-8", "surrogatepass")
    return next((r for r in keys if hmac.compare_digest(hmac.digest(r.key, data, digest), signature)), None)


def symmetric_thumbprint(key: Tried) -> str | None:
    """The thumbprint of a shared secret that was tried; None for other keys, and for the GUIDs of old versions."""
    shown = key.internal_id or ""
    return shown if key.type.endswith(SYMMETRIC) and THUMBPRINT.fullmatch(shown) else None


def fitting(given: Given | None, keys: Iterable[Tried], token: Token) -> Reading | None:
    """The reading of the secret that the validator would hold; None where it holds another secret.

    Where the log does not show what the API holds, it is the reading that signs the token, else the secret as given.
    """
    if given is None:
        return None
    used, reading = given.used(keys)
    if used is not None:
        return reading
    return given.signs(token)[1] or given.likeliest()


# --------------------------------------------------------------------------- what a row says


def about(given: Given | None, keys: Iterable[Tried], token: Token | None, alg: object) -> dict[str, object]:
    """The fields ``secret.…`` of a row; none where no secret is given or the token is not signed with one."""
    tried = tuple(keys)
    if given is None or (isinstance(alg, str) and alg not in _DIGESTS):
        return {}
    used, read = given.used(tried)
    signs, signed = given.signs(token)
    relation = _relation(used, read, signs, signed)
    if relation is None:
        return {}
    return {
        "secret.used": used,
        "secret.encoding": read.encoding if read is not None else None,
        "secret.signs": signs,
        "secret.signs_as": signed.encoding if signed is not None else None,
        "secret.relation": relation,
        "secret.text": _SENTENCES[relation](str(read), str(signed)),
    }


def _relation(used: bool | None, read: Reading | None, signs: bool | None, signed: Reading | None) -> str | None:
    if used and signs:
        return "same" if read == signed else "other-reading"
    return _RELATIONS.get((used, signs))


_RELATIONS: dict[tuple[bool | None, bool | None], str] = {
    (False, True): "api-other",
    (True, False): "token-other",
    (False, False): "neither",
    (False, None): "api-differs",
    (True, None): "api-same",
    (None, True): "token-same",
    (None, False): "token-differs",
}
_SENTENCES: dict[str, Callable[[str, str], str]] = {
    "same": lambda read, _: f"The API uses the secret given, read as {read}, and the token is signed with the same.",
    "other-reading": lambda read, signed: (
        f"The API uses the same secret, but read as {read}; the token is signed with it read as {signed}."
    ),
    "api-other": lambda _, signed: (
        f"The API uses another secret than the one given; the token is signed with the one given, read as {signed}."
    ),
    "token-other": lambda read, _: (
        f"The API uses the secret given, read as {read}; the token is signed with another secret, or was altered."
    ),
    "neither": lambda *_: (
        "The API uses another secret than the one given, and the token is not signed with the one given either."
    ),
    "api-differs": lambda *_: "The API uses another secret than the one given.",
    "api-same": lambda read, _: f"The API uses the secret given, read as {read}; the token is signed with another.",
    "token-same": lambda _, signed: (
        f"The token is signed with the secret given, read as {signed}; the API holds another, or reads it differently."
    ),
    "token-differs": lambda *_: "The token is not signed with the secret given.",
}
