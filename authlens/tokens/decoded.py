"""Tokens as JwtSecurityToken prints itself: ``{header}.{payload}``, plain or inside a string of JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from authlens.model import Token, TokenForm
from authlens.segments import MAX_TOKEN_CHARS, Members, is_shallow, read_members
from authlens.tokens.made import NOTHING, Found, made
from authlens.tokens.words import word_before

_REST_CHARS = 16_384
"""So far behind a header that breaks off an end of it is looked for."""
_HEADER_START = re.compile(
    r"\{(?:\s|\\[rnt]){0,40}+(?P<quote>\\{0,7}\"|\\{1,4}u0022)"
    r"(?:alg|typ|kid|enc|x5t(?:\#S256)?|x5[cu]|cty|jk[u]|jwk|crit|b64|zip|nonce|ver|iss|sub|aud|pi\.atm"
    r"|iv|tag|apu|apv|epk|p2[sc])(?:\\{0,7}\"|\\{1,4}u0022)\s{0,4}:"
)
_PAYLOAD = re.compile(r"\.(?:\s|\\[rnt]){0,8}\{")
_FLAT = re.compile(r"\{[^{}]{1,4096}+\}\.\{[^{}]{1,4096}+\}")
"""Two objects without an object in them."""
_ELLIPSIS = re.compile(r"\.{3}|…|\[(?:\.{3}|…|truncat|snip|cut)", re.IGNORECASE)
_BARE_QUOTE = re.compile(r'(?<!\\)"')
_PLAIN_START = re.compile(r'\{\s{0,40}"')
_ESCAPE = re.compile(r"\\(?:u(?P<code>[0-9A-Fa-f]{4})|(?P<char>.))", re.DOTALL)
_SHORT_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_MAX_ESCAPES = 4
_WINDOWS = (4096, 32_768, MAX_TOKEN_CHARS)
"""So much of a string is unescaped to find a token at its beginning; more, where none ends there…"""
_MARGIN = 1024
"""…with so many characters behind it that what follows belongs to something else."""


def read(raw: str) -> Token | None:
    """The token that a text begins with; None where it is no JSON of that form."""
    return _pair(raw, 0, shallow=is_shallow(raw))[1] if raw[:1] == "{" else None


def find(text: str) -> Iterator[Found]:
    """Where each starts and ends, and the token."""
    behind, shallow = 0, is_shallow(text)
    budget = 4 * len(text) + 65_536  # hostile text can begin an object at every character: work stays linear
    for start in _HEADER_START.finditer(text):
        if start.start() < behind:
            continue
        flat = _FLAT.match(text, start.start()) if shallow else None
        token = _flat(flat[0]) if flat else None
        if flat and token:
            end = looked = flat.end()
        elif start["quote"] == '"':
            end, token = _pair(text, start.start(), shallow=shallow)
            looked = end
        else:
            end, token, looked = _escaped_pair(text, start.start())
        budget -= looked - start.start()
        if token:
            behind = end
            yield start.start(), end, token
        if budget < 0:
            return


@lru_cache(maxsize=256)
def _flat(raw: str) -> Token | None:
    """The token that a text is, if all of it is one and nothing is wrong with it: then it is one whatever stands behind.

    Remembered: the records of one refusal quote the same token.
    """
    end, token = _pair(raw, 0, shallow=is_shallow(raw))
    return token if token and end == len(raw) and not token.defect else None


def _pair(text: str, start: int, *, shallow: bool) -> tuple[int, Token | None]:
    """Where reading ended, and the token if the object at ``start`` is a header."""
    header = read_members(text, start, shallow=shallow)
    if not _is_header(header):
        return header.end, None
    if not header.whole:
        rest = text[header.end : header.end + _REST_CHARS]
        cut = "}" not in rest or _ELLIPSIS.match(text, header.end)
        token = made(
            text[start : header.end], TokenForm.TRUNCATED, header.values, defect="breaks off within the header"
        )
        return header.end, token if cut else None
    payload = _PAYLOAD.match(text, header.end)
    if payload is None:
        named = text.startswith(".", header.end) or word_before(text, start)[0]
        return header.end, _decoded_token(text[start : header.end], header, None) if named else None
    claims = read_members(text, payload.end() - 1, shallow=shallow)
    return claims.end, _decoded_token(text[start : claims.end], header, claims)


def _is_header(header: Members) -> bool:
    """Keys of a key set have ``alg`` and ``kid`` too, but also ``kty``."""
    names = header.values.keys()
    return not names.isdisjoint({"alg", "enc"}) and names.isdisjoint({"kty", "keys", "crv"})


def _decoded_token(raw: str, header: Members, claims: Members | None) -> Token:
    defects = [f"the header {defect}" for defect in header.defects]
    defects += [f"the payload {defect}" for defect in (claims.defects if claims else ())]
    if claims and not claims.whole:
        defects.append("the payload breaks off")
    form = TokenForm.ENCRYPTED if "enc" in header.values else TokenForm.DECODED if claims else TokenForm.HEADER
    return made(raw, form, header.values, claims.values if claims else NOTHING, "; ".join(defects) or None)


def _escaped_pair(text: str, start: int) -> tuple[int, Token | None, int]:
    """The same inside a string of JSON (of JSON…), which its first bare quote ends; and how far was looked."""
    for size in _WINDOWS:
        limit = min(len(text), start + size)
        closing = _BARE_QUOTE.search(text, start, limit)
        quoted = text[start : closing.start() if closing else limit]
        end, token = _quoted_pair(quoted)
        if closing or limit == len(text) or (token and not token.defect and end + _MARGIN < len(quoted)):
            break
    return start + end, token, start + len(quoted)


def _quoted_pair(quoted: str) -> tuple[int, Token | None]:
    levels = [quoted]
    while len(levels) <= _MAX_ESCAPES and not _PLAIN_START.match(levels[-1]):
        levels.append(_ESCAPE.sub(_unescape, levels[-1]))
    end, token = _pair(levels[-1], 0, shallow=is_shallow(levels[-1]))
    if token is None:
        return len(quoted), None
    for level in reversed(levels[:-1]):
        end = _offset_before(level, end)
    return end, token


def _unescape(escape: re.Match[str]) -> str:
    code = escape["code"]
    return chr(int(code, 16)) if code else _SHORT_ESCAPES.get(escape["char"], escape["char"])


def _offset_before(escaped: str, offset: int) -> int:
    """The offset in ``escaped`` of the character that stands at ``offset`` once it is unescaped."""
    out = at = 0
    for escape in _ESCAPE.finditer(escaped):
        if out + escape.start() - at >= offset:
            break
        out += escape.start() - at + 1
        at = escape.end()
    return at + offset - out
