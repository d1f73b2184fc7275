"""Tokens, signatures, keys and secrets, masked wherever they stand in a text."""

from __future__ import annotations

import functools
import hashlib
import re
from itertools import pairwise

from authlens.redact import patterns
from authlens.redact.members import scalar_at


def fingerprint(secret: str) -> str:
    """Twelve hexadecimal digits that recognise what nobody can guess, such as a token (SHA-256)."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()[:12]


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
    text = patterns.PEM.sub("[private key]", text) if "PRIVATE KEY" in text else text
    if "ey" in text or "ew" in text:
        text = patterns.GOES_ON.sub(_pieces, patterns.TOKEN.sub(_token, text))
    text = patterns.ENCODED.sub(_MASK, text)
    text = patterns.SYMMETRIC.sub(_behind_name, text) if "SymmetricSecurityKey" in text else text
    if '"' in text or "0022" in text or "&" in text:
        text = patterns.SECTION.sub(_behind_name, patterns.JWK.sub(_behind_name, text))
    if "=" in text or ":" in text or "%" in text:
        text = _without_named(text)
        text = patterns.USERINFO.sub(r"\1[secret]@", text) if "@" in text else text
    text = patterns.AUTHORIZATION.sub(_credentials, text)
    if blobs and len(text) >= 21:
        text = patterns.BLOB.sub(_blob, patterns.PROTECTED.sub(_MASK, text))
    return text


def _token(match: re.Match[str]) -> str:
    found = match.group()
    whole = found.rstrip(".")
    plain = re.sub(patterns.DOT, ".", whole)
    if "." not in plain and not (found.startswith("eyJ") and len(whole) >= 20):
        return found
    return f"[token {fingerprint(plain)}]{found[len(whole) :]}"


def _pieces(match: re.Match[str]) -> str:
    """The rest of a token's pieces, up to the first that is a word."""
    text = match.group()
    out = [text[: text.index("]") + 1]]
    done = len(out[0])
    for piece in patterns.PIECE.finditer(text, done):
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
    return match.group() if value.startswith(patterns.NO_SECRET) else f"{name}{_MASK}"


def _without_named(text: str) -> str:
    """The text without the values of secrets that are named."""
    out: list[str] = []
    done = 0
    for match in patterns.NAMED.finditer(text):
        if match.start() < done:
            continue
        start, end = _secret(text, match)
        if start < end:
            cookie = match["name"].lower() == "cookie" and "=" in text[start:end]
            out += (text[done:start], patterns.COOKIE.sub(f"={_MASK}", text[start:end]) if cookie else _MASK)
            done = end
    return "".join((*out, text[done:])) if out else text


def _secret(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the secret of a name begins and ends; equal where there is none."""
    name = match["name"].lower().removesuffix("_hint")
    at = match.end()
    before = patterns.BEFORE.get(name)
    sure = before is None or before.search(text, max(0, match.start() - 32), match.start()) is not None
    hopeless = name == "signature" and not patterns.LONG_RUN.search(text, at, at + 48)
    begins = name in patterns.IN_FORM and (not match.start() or text[match.start() - 1] in patterns.BORDERS)
    if hopeless or not (sure or begins):
        return at, at
    start, end = _secret_value(text, match)
    value = text[start : min(end, start + 512)]
    sure = is_random(value) if name == "signature" else sure or text.startswith("&", end) or is_random(value)
    hidden = value.startswith(patterns.NO_SECRET) or text.startswith(patterns.NO_SECRET, match.start("list"))
    prose = start == at and match["sign"] == ":" and value.isalpha()  # "the secret: a weak one"
    none = not value or value[0].isspace() or value.lower() in patterns.NOTHING
    return (at, at) if not sure or hidden or prose or none or patterns.SCHEME.match(value) else (start, end)


def _secret_value(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where a value, quoted or not, begins and ends."""
    at = match.end()
    closes = match["closes"]
    opens = patterns.OPENS.match(text, at)
    if opens:
        return scalar_at(text, at, closes if closes and text.startswith(closes, at) else opens.group())
    if match["name"].lower() == "cookie" and (cookies := patterns.COOKIES.match(text, at)):
        return at, cookies.end()
    found = (patterns.LISTED if match["list"] else patterns.VALUE).match(text, at)
    if found is None:
        return at, at
    rest = patterns.CONNECTION.match(text, found.end()) if match["sign"] == "=" else None
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
