"""Text → the tokens in it: found by their shape, split and decoded. Nothing here is verified.

A token stands in a log as the client sent it, as the library prints it (decoded, without its signature, hidden by
the PII switch), or as a logger left it (cut, shortened, redacted). Each is a ``Token``; a hostile one is a ``Token``
with a defect.
"""

from __future__ import annotations

import hashlib
import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from authlens.catalogue.restored import restored
from authlens.model import Frozen, Token, TokenForm
from authlens.segments import MAX_TOKEN_CHARS, Members, NumberText, base64url, read_json_object, read_members

Found: TypeAlias = tuple[int, int, Token]
"""Where a token starts and ends in the text (characters), and the token."""

_NONE: Frozen[object] = Frozen()
_MEMO_CHARS = 16_384
"""Longer texts are not remembered, so that the memo's size has a bound: 4,096 of these."""
_HEADER_CHARS = 1024
"""Likewise of a header: 1,024 of these."""

_Q = r"(?:['\"‘’“”]|\\u00(?:27|22)|\\['\"]|&(?:\#39|\#x27|quot|apos);)"
# Where a token may begin: not inside a longer run, but behind an escape (\n, \u0027, %20, a colour) it may
_LEFT = (
    r"(?:(?<![A-Za-z0-9_+\-]e)|(?<=\\[nrt]e)|(?<=%[0-9A-Fa-f]{2}e)|(?<=\\u00[0-9A-Fa-f]{2}e)|(?<=\x1b\[[0-9;]me)"
    r"|(?<=\x1b\[[0-9;]{2}me))"
)
# A segment of JSON begins with "{" and a quote or white space: eyJ, eyI, eyA (blank), ewo, ew0, ewk (line feed, …)
_STARTS = ("eyJ", "eyI", "eyA", "ewo", "ew0", "ewk")
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
_NAMES = (
    *("bearer", "authorization", "token", "tokenstring", "jwt", "encodedstring", "assertion", "well formed"),
    *("decode", "decode the header", "decode the payload", "header", "payload", "this string", "the string"),
)
_TOKEN_KINDS = ("", "access", "id", "refresh", "auth", "bearer", "security", "jwt", "api")
_NAME_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
_LONGEST_FIRST = sorted(_NAMES, key=len, reverse=True)
_PUNCTUATION = " \t\r\n:='\"‘’“”[({<\\"
_ESCAPED_MARKS = ("\\u0027", "\\u0022", "%20", "%22", "&#39;", "&#x27;", "&quot;", "\\n", "\\r", "\\t")
_GAP_CHARS = 14
_QUOTE_BEHIND_WORD = re.compile(rf"(?:: ?|(?<=[a-z]) )(?P<quote>{_Q})")
_DOUBLE = ('"', "“", "”", "22", "&quot;")
_TWIN = re.compile(r"(?P<bearer>[Bb]earer\s{1,3})|\"|\\{1,7}\"|\\u0022")
_HEADER_START = re.compile(
    r"\{(?:\s|\\[rnt]){0,40}+(?P<quote>\\{0,7}\"|\\{1,4}u0022)"
    r"(?:alg|typ|kid|enc|x5t(?:\#S256)?|x5[cu]|cty|jk[u]|jwk|crit|b64|zip|nonce|ver|iss|sub|aud|pi\.atm"
    r"|iv|tag|apu|apv|epk|p2[sc])(?:\\{0,7}\"|\\{1,4}u0022)\s{0,4}:"
)
_HIDDEN = re.compile(
    rf"\[(?:PII|Security Artifact)(?:\s+of\s+type\s+{_Q}{{0,2}}(?P<type>[\w.`]{{1,120}}){_Q}{{0,2}})?"
    r"(?:\s+is\s+hidden[^\[\]]{0,200}(?:\]|\Z)|\Z)|\#ScrubbedArtifact\#|UnrecognizedEncodedToken"
)
_TOKEN_TYPE = re.compile(
    r"(?:System\.IdentityModel\.Tokens\.(?:Jwt\.)?JwtSecurityToken|Microsoft\.IdentityModel\.JsonWebTokens\.JsonWebToken"
    r"|Microsoft\.IdentityModel\.Logging\.SecurityArtifact)\Z"
)
_HIDDEN_TYPE = re.compile(rf"(?P<type>(?:System|Microsoft)(?:\.\w{{1,60}}){{1,8}}){_Q}")
_REDACTED = re.compile(
    r"\[[^\[\]\r\n]{0,40}(?:redact|remov|mask|hid|omit|elid|scrub|filter|strip|snip|token|jwt|\*\*|\.\.\.)[^\[\]\r\n]{0,40}\]"
    r"|<[^<>\r\n]{0,40}(?:redact|remov|mask|hid|omit|elid|scrub|filter|strip|snip|token|jwt)[^<>\r\n]{0,40}>"
    r"|[*•]{3,}|[xX]{4,}(?:\.[xyzXYZ]{3,}){0,2}(?![\w-])|\(?\b(?:redacted|elided|removed|masked|omitted|scrubbed)\b\)?",
    re.IGNORECASE,
)
# One set of first letters lets the search pass quickly over all other text
_KEYED = re.compile(
    r"[ABJTabjt](?:"
    r"(?i:uthorization)[\"']{0,2}\s{0,2}[:=]\s{0,2}[\"'\[]{0,2}(?P<auth>Bearer(?:\s|%20|\+){1,3}|)"
    r"|(?i:earer)(?:\s|%20){1,3}"
    r"|(?i:oken|wt)(?:_hint)?[\"']{0,2}(?:\s{0,2}[:=]\s{0,2}[\"']?|(?P<word>\s)(?=[\[<*(])))"
)
_OPAQUE = re.compile(r"[A-Za-z0-9._~+/-]{8,16384}+={0,2}")
_PAYLOAD = re.compile(r"\.(?:\s|\\[rnt]){0,8}\{")
_ELLIPSIS = re.compile(r"\.{3}|…|\[(?:\.{3}|…|truncat|snip|cut)", re.IGNORECASE)
_BARE_QUOTE = re.compile(r'(?<!\\)"')
_PLAIN_START = re.compile(r'\{\s{0,40}"')
_ESCAPE = re.compile(r"\\(?:u(?P<code>[0-9A-Fa-f]{4})|(?P<char>.))", re.DOTALL)
_SHORT_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_MAX_ESCAPES = 4
_MIN_OPAQUE = 16
_TYPE_OR_PATH = re.compile(r"^[A-Z]?[a-z]+(?:\.[A-Z]|://|/[a-z])|^/|://|\.(?:log|json|cs|dll|txt|html?|aspx?)$")
_WORD = re.compile(r"[^\s\"'’,;&<>\\]{1,16384}+")


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


def _located(text: str) -> tuple[Found, ...]:
    taken: list[Found] = []
    for source in (_decoded, _escaped_dots, _runs, _hidden):
        taken = _with(taken, source(text))
    return tuple(_with(taken, _named(text, taken)))


def parse(raw: str) -> Token:
    """Read one text that should be a token, whole."""
    return _parse_kept(raw) if len(raw) <= _MEMO_CHARS else _parse(raw)


def token_fields(token: Token) -> Frozen[object]:
    """What the token says, by the names of the report's ``fields``; NumericDates are integers."""
    fields: dict[str, object] = dict(_texts(token.header, ("kid", "alg", "typ")))
    fields.update(_texts(token.claims, ("iss",)))
    if audiences := _audiences(token.claims.get("aud")):
        fields["aud"] = audiences
    fields.update(_texts(token.claims, ("sub",)))
    for name in ("exp", "nbf", "iat"):
        if (date := numeric_date(token.claims.get(name))) is not None:
            fields[name] = date
    return Frozen(fields)


def numeric_date(value: object) -> int | None:
    """A NumericDate (RFC 7519 section 2) in whole seconds; None where it is not one."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or isinstance(value, NumberText):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return math.floor(number) if math.isfinite(number) else None


# --------------------------------------------------------------------------- one token


class _Segment(NamedTuple):
    """A segment of JSON, decoded and read."""

    values: Mapping[str, object]
    defects: tuple[str, ...] = ()
    """What is wrong with it, in words that name the segment."""


@lru_cache(maxsize=4096)
def _parse_kept(raw: str) -> Token:
    return _parse(raw)


def _parse(raw: str) -> Token:
    if len(raw) > MAX_TOKEN_CHARS:
        return _token(raw, TokenForm.OPAQUE, defect=f"is longer than {MAX_TOKEN_CHARS} characters")
    if raw.startswith(_STARTS):
        return _compact(raw, raw.split("."))
    if raw[:1] == "{" and (decoded := _pair(raw, 0)[1]):
        return decoded
    if _HIDDEN.match(raw):
        return _token(raw, TokenForm.HIDDEN, defect=_why_hidden(raw))
    if _REDACTED.fullmatch(raw):
        return _token(raw, TokenForm.REDACTED)
    return _compact(raw, raw.split("."))


def _compact(raw: str, segments: list[str]) -> Token:
    count = len(segments)
    header = (_kept_segment if len(segments[0]) <= _HEADER_CHARS else _segment)(segments[0], "header")
    claims = _segment(segments[1], "payload") if count in (2, 3, 4) else _Segment(_NONE)
    defects = [*header.defects, *claims.defects]
    if count == 3 and segments[2] and (wrong := base64url(segments[2])[1]):
        defects.append(f"the signature {wrong}")
    if count not in (2, 3, 5):
        defects.append(f"has {count} segment{'s' * (count != 1)}; a signed token has 3")
    form = _compact_form(segments, header, claims)
    return _token(raw, form, header.values, claims.values, "; ".join(defects) or None)


def _segment(text: str, name: str) -> _Segment:
    """Decode and read a segment of JSON."""
    data, wrong = base64url(text)
    defects = [wrong] if wrong else []
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        defects.append("is not UTF-8")
        decoded = data.decode("utf-8", "replace")
    members = read_json_object(decoded)
    if defects or members.defects:
        return _Segment(members.values, tuple(f"the {name} {defect}" for defect in (*defects, *members.defects)))
    return _Segment(members.values)


_kept_segment = lru_cache(maxsize=1024)(_segment)  # many tokens have one header


def _compact_form(segments: list[str], header: _Segment, claims: _Segment) -> TokenForm:
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


def _token(
    raw: str,
    form: TokenForm,
    header: Mapping[str, object] = _NONE,
    claims: Mapping[str, object] = _NONE,
    defect: str | None = None,
) -> Token:
    sha256 = hashlib.sha256(raw.encode("utf-8", "surrogatepass")).hexdigest()
    return Token(sha256=sha256, form=form, header=header, claims=claims, defect=defect, raw=raw)


# --------------------------------------------------------------------------- compact texts


def _runs(text: str) -> Iterator[Found]:
    """Runs of base64url segments of which the first is a JSON header."""
    if not any(start in text for start in _STARTS):
        return
    for run in _RUN.finditer(text):
        if token := _run(text, run):
            yield run.start(), run.end(), token


def _escaped_dots(text: str) -> Iterator[Found]:
    """Tokens in an address or a string that escapes the dots, which none has to."""
    if not any(dot in text for dot in ("%2E", "%2e", "\\u002E", "\\u002e")):
        return
    for run in _ESCAPED_DOTS.finditer(text):
        token = parse(_ESCAPED_DOT.sub(".", run[0]))
        if _is_jose(token, ""):
            yield run.start(), run.end(), token


def _run(text: str, run: re.Match[str]) -> Token | None:
    raw = run[0].rstrip("…") if run[0].endswith("…") else run[0]
    gap = _INNER_GAP.search(raw)
    head = raw[: gap.start()] if gap else raw.rstrip(".") if _sentence_ends(raw) else raw
    word, gap_before = _word_before(text, run.start())
    token = parse(head)
    if not _is_jose(token, word):
        return _payload_alone(head, word)
    if gap or run[0] != raw or _OUTER_GAP.match(text, run.end()):
        return _cut(raw if gap and gap.end() < len(raw) else head, token, "is shortened or cut by the logger")
    # a text that is the token and nothing else is a value, not the rest of a line
    cut_off = run.start() > 0 and run.end() == len(text)
    token = _as_it_stands(token, word if "'" in gap_before else "", cut_off=cut_off)
    defect = _inside(text, run.start()) if word and word != "authorization" else None
    return _worded(token, defect) if defect else token


def _word_before(text: str, start: int) -> tuple[str, str]:
    """The word behind which a token is expected, if one stands before ``start``, and what is between."""
    before = text[max(0, start - 64) : start].lower()
    left = before.rstrip(_PUNCTUATION)
    while left.endswith(_ESCAPED_MARKS):
        left = left[: max(left.rfind("\\"), left.rfind("%"), left.rfind("&"))].rstrip(_PUNCTUATION)
    if len(before) - len(left) > _GAP_CHARS or not left.endswith(_NAMES) or left == before:
        return "", ""
    gap = before[len(left) :].replace("\\u0027", "'").replace("’", "'").replace("‘", "'")
    word = next(name for name in _LONGEST_FIRST if left.endswith(name))
    if word == "bearer" and "'" not in gap:
        # the word before tells more: IDX14102 quotes a header that begins with "Bearer "
        outer, outer_gap = _word_before(text, start - len(before) + len(left) - len(word))
        return (outer, outer_gap) if outer else (word, gap)
    return word, gap


def _sentence_ends(raw: str) -> bool:
    """A dot behind three segments, or behind two of a signed token, ends a sentence."""
    if not raw.endswith("."):
        return False
    return raw.count(".") != 2 or raw.endswith("..")


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
    return _token(raw, TokenForm.TRUNCATED, claims=claims.values, defect=defect)


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
    for quote in _QUOTE_BEHIND_WORD.finditer(before):
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
    return _token(raw, TokenForm.TRUNCATED, token.header, token.claims, defect)


def _worded(token: Token, defect: str) -> Token:
    return replace(token, defect="; ".join(filter(None, (defect, token.defect))))


# --------------------------------------------------------------------------- decoded JSON


def _decoded(text: str) -> Iterator[Found]:
    """``{header}.{payload}`` as JwtSecurityToken prints itself, plain or inside a JSON string."""
    behind = 0
    budget = 4 * len(text) + 65_536  # hostile text can begin an object at every character: work stays linear
    for start in _HEADER_START.finditer(text):
        if start.start() < behind:
            continue
        plain = start["quote"] == '"'
        end, token = (_pair if plain else _escaped_pair)(text, start.start())
        budget -= end - start.start()
        if token:
            behind = end
            yield start.start(), end, token
        if budget < 0:
            return


def _pair(text: str, start: int) -> tuple[int, Token | None]:
    """Where reading ended, and the token if the object at ``start`` is a header."""
    header = read_members(text, start)
    if not _is_header(header):
        return header.end, None
    if not header.whole:
        rest = text[header.end : header.end + _MEMO_CHARS]
        cut = "}" not in rest or _ELLIPSIS.match(text, header.end)
        token = _token(
            text[start : header.end], TokenForm.TRUNCATED, header.values, defect="breaks off within the header"
        )
        return header.end, token if cut else None
    payload = _PAYLOAD.match(text, header.end)
    if payload is None:
        named = text.startswith(".", header.end) or _word_before(text, start)[0]
        return header.end, _decoded_token(text[start : header.end], header, None) if named else None
    claims = read_members(text, payload.end() - 1)
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
    return _token(raw, form, header.values, claims.values if claims else _NONE, "; ".join(defects) or None)


def _escaped_pair(text: str, start: int) -> tuple[int, Token | None]:
    """The same inside a string of JSON (of JSON…), which its first bare quote ends."""
    closing = _BARE_QUOTE.search(text, start)
    quoted = text[start : min(closing.start() if closing else len(text), start + MAX_TOKEN_CHARS)]
    levels = [quoted]
    while len(levels) <= _MAX_ESCAPES and not _PLAIN_START.match(levels[-1]):
        levels.append(_ESCAPE.sub(_unescape, levels[-1]))
    end, token = _pair(levels[-1], 0)
    if token is None:
        return start + len(quoted), None
    for level in reversed(levels[:-1]):
        end = _offset_before(level, end)
    return start + end, token


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


# --------------------------------------------------------------------------- hidden, redacted, opaque


def _hidden(text: str) -> Iterator[Found]:
    """What the PII switch and the artifact switch print in the place of a token."""
    if not any(word in text for word in ("PII", "rtifact", "UnrecognizedEncoded")):
        return
    for hidden in _HIDDEN.finditer(text):
        if _hides_token(text, hidden):
            yield hidden.start(), hidden.end(), _token(hidden[0], TokenForm.HIDDEN, defect=_why_hidden(hidden[0]))


def _hides_token(text: str, hidden: re.Match[str]) -> bool:
    """Keys, issuers and dates are hidden in the same words: the type or the place tells."""
    if not hidden[0].startswith("["):
        return True
    kind = hidden["type"]
    return (kind is not None and _TOKEN_TYPE.match(kind) is not None) or _word_before(text, hidden.start())[0] != ""


def _why_hidden(text: str) -> str:
    if "rtifact" in text and not text.startswith("[PII"):
        return "hidden: LogCompleteSecurityArtifact is off"
    return "hidden: ShowPII is off"


def _named(text: str, taken: list[Found]) -> Iterator[Found]:
    """What stands where a token should and is none by its shape."""
    for quote in _QUOTE_BEHIND_WORD.finditer(text):
        start = quote.end()
        if _overlaps(taken, start, start + 1) or not _word_before(text, quote.start("quote"))[0]:
            continue
        if found := _quoted(text, start):
            yield found
    for keyed in _KEYED.finditer(text):
        if not _overlaps(taken, keyed.end(), keyed.end() + 1) and (found := _keyed(text, keyed)):
            yield found


def _quoted(text: str, start: int) -> Found | None:
    """A token that a message of the library quotes."""
    if redacted := _REDACTED.match(text, start):
        return start, redacted.end(), _token(redacted[0], TokenForm.REDACTED)
    kind = _HIDDEN_TYPE.match(text, start)
    if kind:
        # 6.4.1 to 6.14 print the bare type name, as JsonWebToken up to 6.30.1 does even with ShowPII
        return (
            start,
            kind.end("type"),
            _token(kind["type"], TokenForm.HIDDEN, defect="hidden: only its type is printed"),
        )
    word = _OPAQUE.match(text, start)
    if word and re.match(_Q, text[word.end() : word.end() + 6]) and _looks_random(word[0]):
        return start, word.end(), parse(word[0])
    return None


def _keyed(text: str, keyed: re.Match[str]) -> Found | None:
    """A token behind ``Authorization:``, ``Bearer`` or ``access_token=``."""
    if keyed["auth"] is None and _name_before(text, keyed.start()) not in _TOKEN_KINDS:
        return None
    start = keyed.end()
    if redacted := _REDACTED.match(text, start):
        return start, redacted.end(), _token(redacted[0], TokenForm.REDACTED)
    word = _WORD.match(text, start)
    if word is None:
        return None
    raw = word[0].rstrip(".)]}")
    if raw and (keyed["auth"] or (not keyed["word"] and _looks_random(raw))):
        return start, start + len(raw), parse(raw)
    return None


def _name_before(text: str, start: int) -> str:
    """What stands before ``Token`` in one word with it: ``access_``, ``PublicKey``, ``Cancellation``."""
    before = text[max(0, start - 24) : start]
    return before[len(before.rstrip(_NAME_CHARS)) :].replace("_", "").lower()


def _looks_random(text: str) -> bool:
    """Long, of one alphabet, with digits in it: no word, type name, path or address."""
    return (
        len(text) >= _MIN_OPAQUE
        and _OPAQUE.fullmatch(text) is not None
        and any(c.isdigit() for c in text)
        and any(c.isalpha() for c in text)
        and not _TYPE_OR_PATH.search(text)
    )


# --------------------------------------------------------------------------- helpers


def _with(taken: list[Found], more: Iterable[Found]) -> list[Found]:
    """Add those of ``more`` that overlap none of ``taken`` (sorted, apart) and no earlier one of themselves."""
    own: list[Found] = []
    for found in sorted(more, key=_start):
        if (not own or own[-1][1] <= found[0]) and not _overlaps(taken, found[0], found[1]):
            own.append(found)
    return sorted([*taken, *own], key=_start) if own else taken


def _overlaps(taken: list[Found], start: int, end: int) -> bool:
    at = bisect_left(taken, end, key=_start)
    return at > 0 and taken[at - 1][1] > start


def _start(found: Found) -> int:
    return found[0]


def _texts(members: Mapping[str, object], names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        value = members.get(name)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and value != "":
            yield name, str(value)


def _audiences(value: object) -> list[str]:
    values = value if isinstance(value, tuple) else (value,)
    return [v if isinstance(v, str) else str(v) for v in values if isinstance(v, (str, int, float)) and v != ""]
