"""Tokens as the client sends them: segments of base64url (RFC 7515 section 7.1), found and decoded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache

from authlens.model import Token, TokenForm
from authlens.segments import MAX_TOKEN_CHARS, Members, base64url, is_base64url, read_json_object
from authlens.tokens.made import Found, made
from authlens.tokens.words import QUOTE_BEHIND_WORD, word_before

_MEMO_CHARS = 16_384
"""Longer texts are not remembered, so that the memo's size has a bound: 4,096 of these."""
_HEADER_CHARS = 1024
"""Likewise of a header: 1,024 of these."""
_NO_SEGMENT = Members()
# Where a token may begin: not inside a longer run, but behind an escape (\n, \u0027, %20, a colour) it may
_LEFT = (
    r"(?:(?<![A-Za-z0-9_+\-]e)|(?<=\\[nrt]e)|(?<=%[0-9A-Fa-f]{2}e)|(?<=\\u00[0-9A-Fa-f]{2}e)|(?<=\x1b\[[0-9;]me)"
    r"|(?<=\x1b\[[0-9;]{2}me))"
)
_RUN = re.compile(r"e" + _LEFT + r"(?:y[AIJ]|w[k0o])[A-Za-z0-9_-]{9,}+(?:[.…]+|[A-Za-z0-9_-]+|=(?=[=.]))*+")
_ESCAPED_DOT = re.compile(r"%2[Ee]|\\u002[Ee]")
_ESCAPED_DOTS = re.compile(
    r"e"
    + _LEFT
    + r"(?:y[AIJ]|w[k0o])[A-Za-z0-9_-]{9,}+(?:%2[Ee]|\\u002[Ee])[A-Za-z0-9_-]++(?:%2[Ee]|\\u002[Ee])[A-Za-z0-9_-]*+"
)
_INNER_GAP = re.compile(r"\.{3,}|…")
_OUTER_GAP = re.compile(
    r"\*{3,}|\[(?:\.{3}|…|truncat|snip|cut|redact)|<(?:\.{3}|…|truncat|snip|cut|redact)|\((?:truncat|cut)",
    re.IGNORECASE,
)
_DOUBLE = ('"', "“", "”", "22", "&quot;")
_TWIN = re.compile(r"(?P<bearer>[Bb]earer\s{1,3})|\"|\\{1,7}\"|\\u0022")


def read(raw: str) -> Token:
    """Read one text as segments, whole."""
    return _read_kept(raw) if len(raw) <= _MEMO_CHARS else _read(raw)


@lru_cache(maxsize=4096)
def _read_kept(raw: str) -> Token:
    return _read(raw)


def _read(raw: str) -> Token:
    if len(raw) > MAX_TOKEN_CHARS:
        return made(raw, TokenForm.OPAQUE, defect=f"is longer than {MAX_TOKEN_CHARS} characters")
    return _decoded(raw, raw.split("."))


def _decoded(raw: str, segments: list[str]) -> Token:
    count = len(segments)
    header = (_kept_segment if len(segments[0]) <= _HEADER_CHARS else _segment)(segments[0], "header")
    claims = _segment(segments[1], "payload") if count in (2, 3, 4) else _NO_SEGMENT
    defects = header.defects + claims.defects
    if count == 3:
        if not is_base64url(segments[2]):
            defects += (f"the signature {base64url(segments[2])[1]}",)
    elif count not in (2, 5):
        defects += (f"has {count} segment{'s' * (count != 1)}; a signed token has 3",)
    form = _compact_form(segments, header, claims)
    return made(raw, form, header.values, claims.values, "; ".join(defects) or None)


def _segment(text: str, name: str) -> Members:
    """Decode and read a segment of JSON; its defects are in words that name it."""
    data, wrong = base64url(text)
    defects: tuple[str, ...] = (wrong,) if wrong else ()
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        defects += ("is not UTF-8",)
        decoded = data.decode("utf-8", "replace")
    members = read_json_object(decoded)
    defects += members.defects
    return members._replace(defects=tuple(f"the {name} {defect}" for defect in defects)) if defects else members


_kept_segment = lru_cache(maxsize=1024)(_segment)  # many tokens have one header


def _compact_form(segments: list[str], header: Members, claims: Members) -> TokenForm:
    count = len(segments)
    if count == 5:
        return TokenForm.ENCRYPTED
    if not header.values and not claims.values:
        return TokenForm.OPAQUE
    if count == 3:
        return TokenForm.COMPACT if segments[2] else TokenForm.UNSIGNED
    if count == 2:
        return TokenForm.UNSIGNED
    return TokenForm.HEADER if count == 1 else TokenForm.OPAQUE


# --------------------------------------------------------------------------- in a text


def find(text: str, starts: Iterable[int]) -> Iterator[Found]:
    """Runs of base64url segments of which the first is a JSON header; ``starts`` is where one may begin, ascending."""
    for run in _runs(_RUN, text, starts):
        if token := _run(text, run):
            yield run.start(), run.end(), token


def find_escaped(text: str, starts: Iterable[int]) -> Iterator[Found]:
    """Tokens in an address or a string that escapes the dots, which none has to."""
    for run in _runs(_ESCAPED_DOTS, text, starts):
        token = read(_ESCAPED_DOT.sub(".", run[0]))
        if _is_jose(token, ""):
            yield run.start(), run.end(), token


def _runs(pattern: re.Pattern[str], text: str, starts: Iterable[int]) -> Iterator[re.Match[str]]:
    behind = 0
    for start in starts:
        if start >= behind and (run := pattern.match(text, start)):
            behind = run.end()
            yield run


def _run(text: str, run: re.Match[str]) -> Token | None:
    raw = run[0].rstrip("…") if run[0].endswith("…") else run[0]
    gap = _INNER_GAP.search(raw) if "..." in raw or "…" in raw else None
    head = raw[: gap.start()] if gap else raw.rstrip(".") if _sentence_ends(raw) else raw
    word, gap_before = word_before(text, run.start())
    token = read(head)
    if not _is_jose(token, word):
        return _payload_alone(head, word)
    if gap or run[0] != raw or _OUTER_GAP.match(text, run.end()):
        return _cut(raw if gap and gap.end() < len(raw) else head, token, "is shortened or cut by the logger")
    # a text that is the token and nothing else is a value, not the rest of a line
    cut_off = run.start() > 0 and run.end() == len(text)
    token = _as_it_stands(token, word if "'" in gap_before else "", cut_off=cut_off)
    defect = _inside(text, run.start()) if word and word != "authorization" else None
    return _worded(token, defect) if defect else token


def _sentence_ends(raw: str) -> bool:
    """The last dot is the sentence's; but one behind two segments is the token's, whose third one is empty."""
    return raw.endswith(".") and (raw.count(".") != 2 or raw.endswith(".."))


def _is_jose(token: Token, word: str) -> bool:
    """Cookies of web frameworks are signed base64url JSON too, but have no ``alg``."""
    names = token.header.keys()
    if "." not in (token.raw or ""):
        return word != "" and not names.isdisjoint({"alg", "enc", "typ", "kid"})
    if not names.isdisjoint({"alg", "enc"}):
        return True
    return word != "" and bool(token.header or token.claims)


def _payload_alone(raw: str, word: str) -> Token | None:
    """IDX14101 and IDX10400 print the payload alone."""
    if "." in raw or not word.startswith(("decode", "payload")):
        return None
    claims = _segment(raw, "payload")
    if not claims.values:
        return None
    defect = "; ".join(["only the payload stands in the log", *claims.defects])
    return made(raw, TokenForm.TRUNCATED, claims=claims.values, defect=defect)


def _as_it_stands(token: Token, quoted_behind: str, *, cut_off: bool) -> Token:
    """Decide the form of a run that no mark shows to be cut; ``cut_off``: the text ends with it."""
    raw = token.raw or ""
    count = raw.count(".") + 1
    if "enc" in token.header and count != 5:
        return replace(token, form=TokenForm.ENCRYPTED, defect="stands in the log without all of its segments")
    if count == 1:
        whole = not cut_off and "breaks off" not in (token.defect or "")
        return replace(token, defect=None) if whole else _cut(raw, token, "breaks off within or behind the header")
    if count == 2 and _is_signed(token):
        if quoted_behind in ("token", "jwt"):
            return _cut(raw, token, "is printed without its signature")
        if "payload is JSON that breaks off" in (token.defect or ""):
            return _cut(raw, token, "breaks off within the payload")
    if count == 3 and cut_off and _is_signed(token) and not whole_signature(token):
        return _cut(raw, token, "breaks off within the signature")
    return token


def _is_signed(token: Token) -> bool:
    return str(token.header.get("alg", "none")).lower() != "none"


def _inside(text: str, start: int) -> str | None:
    """What the client put into the token itself: a second ``Bearer``, or quotation marks."""
    before = text[max(0, start - 40) : start]
    for quote in QUOTE_BEHIND_WORD.finditer(before):
        if quote["quote"].endswith(_DOUBLE):  # a property's value, no message of the library: its quotes are single
            continue
        if twin := _TWIN.fullmatch(before, quote.end()):
            what = "the word Bearer" if twin["bearer"] else "a quotation mark"
            return f"{what} stands inside the token"
    return None


_SIGNATURE_CHARS = {"HS256": (43,), "HS384": (64,), "HS512": (86,), "ES256": (86,), "ES384": (128,), "ES512": (176,)}
_RSA_CHARS = (171, 342, 512, 683)
"""Of 1024, 2048, 3072 and 4096 bits."""


def whole_signature(token: Token) -> bool:
    """The signature is as long as its algorithm makes it; RSA in the sizes that are used."""
    signature = (token.raw or "").rpartition(".")[2]
    return len(signature) in _SIGNATURE_CHARS.get(str(token.header.get("alg")), _RSA_CHARS)


def _cut(raw: str, token: Token, defect: str) -> Token:
    return made(raw, TokenForm.TRUNCATED, token.header, token.claims, defect)


def _worded(token: Token, defect: str) -> Token:
    return replace(token, defect="; ".join(filter(None, (defect, token.defect))))
