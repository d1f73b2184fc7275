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
from itertools import pairwise
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

_DOT = r"(?:%(?:25)?2[Ee]|\\{1,4}u002[Ee]|&#(?:46|x2[Ee]);)"
"""A full stop as a URL, as JSON and as XML may write it."""
_TOKEN = re.compile(
    r"(?:eyJ|eyAi|ewog|ew0K|ewki|eyAg)[A-Za-z0-9_\-.]{9,}"  # a header, {"…, and all that hangs on it by dots
    rf"(?:{_DOT}[A-Za-z0-9_\-.]{{0,65536}}){{0,8}}"
    r"(?:[\[(<]{0,2}(?:\u2026|\*{2,9})[\])>]{0,2}[A-Za-z0-9_\-.]{4,})?"  # the rest of one shortened in its middle
)
_GOES_ON = re.compile(
    r"\[token [0-9a-f]{12}\](?:(?:\\{1,4}[rnt]|[^A-Za-z0-9_\-\\]){1,24}[A-Za-z0-9_\-][A-Za-z0-9_\-.]{11,65536}+){1,64}"
)
"""A token that a logger broke into pieces, or whose segments stand apart: in an array, in a path."""
_PIECE = re.compile(r"((?:\\{1,4}[rnt]|[^A-Za-z0-9_\-\\]){1,24})([A-Za-z0-9_\-][A-Za-z0-9_\-.]{11,})")
_ENCODED = re.compile(  # base64 of "Authorization: ", "Bearer ", "Basic " and of a token
    r"(?:[QY]XV0aG9yaXphdGlvbjog|[QY]mVhcmVyI|[QY]mFzaWMg|ZXlK[a-d])[A-Za-z0-9+/_\-]{8,65536}={0,2}"
)
_QUOTE = r"(?:\\{0,7}[\"']|\\{1,3}u002[27]|&quot;|&#3[49];|\"\")"
"""As written in text, in JSON (System.Text.Json escapes by number), in XML and in CSV."""
_NAMED = re.compile(
    r"(?P<name>[aAcCkKpPrRsStTvVwW]"  # first letters by hand: the search passes quickly over all others
    r"(?i:uthorization|ssertion|ookie|ode(?:_verifier)?|ey|assword|asswd|assphrase|wd|result|ecret|ig(?:nature)?"
    r"|tate|amlresponse|amlart|oken(?:_hint)?|alue))"
    rf"(?P<closes>{_QUOTE}|)\s{{0,3}}(?P<sign>[=:]|%(?:25)?3[AaDd])\s{{0,3}}(?P<list>\[?)"
)
_OPENS = re.compile(_QUOTE)
_IN_URL = r"[?&#]\Z|&amp;\Z|u0026\Z|%(?:25)?(?:26|3F)\Z"
_KEYS = (
    r"access|account|aes|api|consumer|decrypt(?:ion)?|encrypt(?:ion)?|functions?|hmac|instrumentation|jwt|licen[cs]e|master"
    r"|private|secret|shared|signing|storage|subscription|symmetric|webhook"
)
_TOKENS = r"access|actor|api|auth|csrf|id|logout|refresh|sas|session|subject|verification|xsrf"
_BEFORE = {
    name: re.compile(f"(?i){before}")
    for name, before in {
        "authorization": r"(?:\A|[^.\w])\Z",
        "code": rf"{_IN_URL}|(?:device|user)_?\Z",
        "key": rf"(?:{_KEYS})[_\-. ]?\Z|\w(?::|__)\Z",
        "sig": r"(?:\A|[^A-Za-z0-9])\Z",
        "state": _IN_URL,
        "token": rf"(?:{_TOKENS})[_\-]?\Z|(?<!invalid)_\Z|\w:\Z|{_IN_URL}",
        "value": r"signingkeys(?:__|:)\d{1,3}(?:__|:)\Z",
    }.items()
}
"""What has to stand before a word that alone names no secret."""
_LONG_RUN = re.compile(r"[A-Za-z0-9_\-+/]{32}")
_IN_FORM = frozenset(("code", "state"))
_BORDERS = frozenset(" \t\"'")
"""What may stand before a form; no value holds one, so that none is looked at twice."""
_SECTION = re.compile(
    rf"(?i)({_QUOTE}(?:jwt|token|auth|bearer|signingkeys)\w{{0,40}}{_QUOTE}\s{{0,8}}:\s{{0,8}}[\[{{][^\]}}]{{0,400}}?"
    rf"{_QUOTE}(?:key|value){_QUOTE}\s{{0,8}}:\s{{0,8}}{_QUOTE})([^\"\\&]{{8,512}})"
)
"""A signing key in the settings of an API: ``"Jwt": {"Key": "…"}``, ``"SigningKeys": [{"Value": "…"}]``."""
_VALUE = re.compile(r"[^\s\"'&;,<>\[{*\\](?:(?!%(?:25)?26)[^\s\"'&;,<>\\]){0,8191}")
_LISTED = re.compile(r"[^\s\"'&;,<>\[\]{*\\](?:(?!%(?:25)?26)[^\s\"'&;,<>\\\]]){0,8191}")
_CONNECTION = re.compile(r"[^;\"'\r\n<>=]{1,128}+(?=;\s?(?:[A-Za-z][\w .]{1,40}=|[\"'\\]|$))")
"""The rest of a password with blanks or commas in a connection string."""
_COOKIES = re.compile(r"(?:[^\s;=\"',]{1,256}=(?:\[token \w{12}\]|[^\s;\"']{0,8192})(?:; ?)?){1,64}")
_COOKIE = re.compile(r"(?i)(?<!\bpath)(?<!domain)(?<!expires)(?<!max-age)(?<!samesite)=(?!\[token )[^;\"']{1,8192}")
_NO_SECRET = ("[token ", "[secret]", "[PII ", "[Redacted")
"""Another pattern was here before, or a logger."""
_NOTHING = frozenset(("true", "false", "null", "none"))
_SCHEME = re.compile(r"(?i)(?:bearer|basic|negotiate|dpop|ntlm)\b")
_AUTHORIZATION = re.compile(r"(?i)\b((?:bearer|basic|negotiate|dpop|ntlm)(?: {1,3}|%20|\+))([A-Za-z0-9_\-.+/=~]{8,})")
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
    if "ey" in text or "ew" in text:
        text = _GOES_ON.sub(_pieces, _TOKEN.sub(_token, text))
    text = _ENCODED.sub(_MASK, text)
    text = _SYMMETRIC.sub(_behind_name, text) if "SymmetricSecurityKey" in text else text
    if '"' in text or "0022" in text or "&" in text:
        text = _SECTION.sub(_behind_name, _JWK.sub(_behind_name, text))
    if "=" in text or ":" in text or "%" in text:
        text = _without_named(text)
        text = _USERINFO.sub(r"\1[secret]@", text) if "@" in text else text
    text = _AUTHORIZATION.sub(_credentials, text)
    if blobs and len(text) >= 21:
        text = _BLOB.sub(_blob, _PROTECTED.sub(_MASK, text))
    return text


def _token(match: re.Match[str]) -> str:
    found = match.group()
    whole = found.rstrip(".")
    plain = re.sub(_DOT, ".", whole)
    if "." not in plain and not (found.startswith("eyJ") and len(whole) >= 20):
        return found
    return f"[token {fingerprint(plain)}]{found[len(whole) :]}"


def _pieces(match: re.Match[str]) -> str:
    """The rest of a token's pieces, up to the first that is a word."""
    text = match.group()
    out = [text[: text.index("]") + 1]]
    done = len(out[0])
    for piece in _PIECE.finditer(text, done):
        between, segment = piece.groups()
        if not is_random(segment):
            break
        out += (between, _MASK)
        done = piece.end()
    return "".join((*out, text[done:]))


def is_random(text: str) -> bool:
    """Whether a run of base64url holds no words: capitals, small letters and digits change all the time."""
    if len(text) < _LEAST_RANDOM:
        return False
    kinds = [(c.isupper(), c.isdigit()) for c in text[:256] if c.isalnum()]
    changes = sum(a != b for a, b in pairwise(kinds))
    return len(set(kinds)) == _KINDS and changes * 5 >= len(kinds) * 2


_LEAST_RANDOM = 12  # characters: among fewer chance may make words
_KINDS = 3  # of characters: capitals, small letters, digits


def _behind_name(match: re.Match[str]) -> str:
    name, value = match.groups()
    return match.group() if value.startswith(_NO_SECRET) else f"{name}{_MASK}"


def _without_named(text: str) -> str:
    """The text without the values of secrets that are named."""
    out: list[str] = []
    done = 0
    for match in _NAMED.finditer(text):
        if match.start() < done:
            continue
        start, end = _secret(text, match)
        if start < end:
            cookie = match["name"].lower() == "cookie" and "=" in text[start:end]
            out += (text[done:start], _COOKIE.sub(f"={_MASK}", text[start:end]) if cookie else _MASK)
            done = end
    return "".join((*out, text[done:])) if out else text


def _secret(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the secret of a name begins and ends; equal where there is none."""
    name = match["name"].lower().removesuffix("_hint")
    at = match.end()
    before = _BEFORE.get(name)
    sure = before is None or before.search(text, max(0, match.start() - 32), match.start()) is not None
    hopeless = name == "signature" and not _LONG_RUN.search(text, at, at + 48)
    begins = name in _IN_FORM and (not match.start() or text[match.start() - 1] in _BORDERS)
    if hopeless or not (sure or begins):
        return at, at
    start, end = _secret_value(text, match)
    value = text[start : min(end, start + 512)]
    sure = is_random(value) if name == "signature" else sure or text.startswith("&", end) or is_random(value)
    hidden = value.startswith(_NO_SECRET) or text.startswith(_NO_SECRET, match.start("list"))
    prose = start == at and match["sign"] == ":" and value.isalpha()  # "the secret: a weak one"
    none = not value or value[0].isspace() or value.lower() in _NOTHING
    return (at, at) if not sure or hidden or prose or none or _SCHEME.match(value) else (start, end)


def _secret_value(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where a value, quoted or not, begins and ends."""
    at = match.end()
    closes = match["closes"]
    opens = _OPENS.match(text, at)
    if opens:
        return _member_value(text, at, closes if closes and text.startswith(closes, at) else opens.group())
    if match["name"].lower() == "cookie" and (cookies := _COOKIES.match(text, at)):
        return at, cookies.end()
    found = (_LISTED if match["list"] else _VALUE).match(text, at)
    if found is None:
        return at, at
    rest = _CONNECTION.match(text, found.end()) if match["sign"] == "=" else None
    return at, rest.end() if rest else found.end()


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

MAIL: Final = re.compile(r"[\w.%+\-]{1,64}(?:@|%40)[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
"""A mail address, also in a URL and in any script (RFC 6531)."""
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
        if "@" in text or "%40" in text:
            text = MAIL.sub(lambda m: m.group() if m.group() in kept else self.name(m.group()), text)
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
