"""What stands in the place of a token: what the PII switch prints, what a logger blanked out, a token that is no JWT."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from authlens.model import Token, TokenForm
from authlens.tokens import compact
from authlens.tokens.made import Found, made
from authlens.tokens.words import FURTHEST, QUOTE, QUOTE_BEHIND_WORD, word_before

_TOKEN_KINDS = ("", "access", "id", "refresh", "auth", "bearer", "security", "jwt", "api")
_NAME_CHARS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_"
_HIDDEN = re.compile(
    rf"\[(?:PII|Security Artifact)(?:\s+of\s+type\s+{QUOTE}{{0,2}}(?P<type>[\w.`]{{1,120}}){QUOTE}{{0,2}})?"
    r"(?:\s+is\s+hidden[^\[\]]{0,200}(?:\]|\Z)|\Z)|\#ScrubbedArtifact\#|UnrecognizedEncodedToken"
)
_TOKEN_TYPE = re.compile(
    r"(?:System\.IdentityModel\.Tokens\.(?:Jwt\.)?JwtSecurityToken|Microsoft\.IdentityModel\.JsonWebTokens\.JsonWebToken"
    r"|Microsoft\.IdentityModel\.Logging\.SecurityArtifact)\Z"
)
_HIDDEN_TYPE = re.compile(rf"(?P<type>(?:System|Microsoft)(?:\.\w{{1,60}}){{1,8}}){QUOTE}")
_REDACTED = re.compile(
    r"\[[^\[\]\r\n]{0,40}(?:redact|remov|mask|hid|omit|elid|scrub|filter|strip|snip|token|jwt|\*\*|\.\.\.)[^\[\]\r\n]{0,40}\]"
    r"|<[^<>\r\n]{0,40}(?:redact|remov|mask|hid|omit|elid|scrub|filter|strip|snip|token|jwt)[^<>\r\n]{0,40}>"
    r"|[*•]{3,}|[xX]{4,}(?:\.[xyzXYZ]{3,}){0,2}(?![\w-])|\(?\b(?:redacted|elided|removed|masked|omitted|scrubbed)\b\)?",
    re.IGNORECASE,
)
_KEYED = re.compile(
    r"(?:"
    r"(?<=[Aa])(?i:uthorization)[\"']{0,2}\s{0,2}[:=]\s{0,2}[\"'\[]{0,2}(?P<auth>Bearer(?:\s|%20|\+){1,3}|)"
    r"|(?<=[Bb])(?i:earer)(?:\s|%20){1,3}"
    r"|(?<=[JTjt])(?i:oken|wt)(?:_hint)?[\"']{0,2}(?:\s{0,2}[:=]\s{0,2}[\"']?|(?P<word>\s)(?=[\[<*(])))"
)
_OPAQUE = re.compile(r"[A-Za-z0-9._~+/-]{8,16384}+={0,2}")
_MIN_OPAQUE = 16
_TYPE_OR_PATH = re.compile(r"^[A-Z]?[a-z]+(?:\.[A-Z]|://|/[a-z])|^/|://|\.(?:log|json|cs|dll|txt|html?|aspx?)$")
_WORD = re.compile(r"[^\s\"'’,;&<>\\]{1,16384}+")


def read(raw: str) -> Token | None:
    """Read one text that is such a thing, whole; None where it is not."""
    if _HIDDEN.match(raw):
        return made(raw, TokenForm.HIDDEN, defect=_why_hidden(raw))
    return made(raw, TokenForm.REDACTED) if _REDACTED.fullmatch(raw) else None


def find_hidden(text: str, starts: Iterable[int]) -> Iterator[Found]:
    """What the PII switch and the artifact switch print in the place of a token; ``starts``: where it may begin."""
    for start in starts:
        hidden = _HIDDEN.match(text, start)
        if hidden is not None and _hides_token(text, hidden):
            yield start, hidden.end(), made(hidden[0], TokenForm.HIDDEN, defect=_why_hidden(hidden[0]))


def _hides_token(text: str, hidden: re.Match[str]) -> bool:
    """Keys, issuers and dates are hidden in the same words: the type or the place tells."""
    if not hidden[0].startswith("["):
        return True
    kind = hidden["type"]
    return (kind is not None and _TOKEN_TYPE.match(kind) is not None) or word_before(text, hidden.start())[0] != ""


def _why_hidden(text: str) -> str:
    if "rtifact" in text and not text.startswith("[PII"):
        return "hidden: LogCompleteSecurityArtifact is off"
    return "hidden: ShowPII is off"


def find_named(text: str, words: Sequence[tuple[int, int]], is_free: Callable[[int], bool]) -> Iterator[Found]:
    """What stands where a token should and is none by its shape.

    ``words`` are the words before such places (``words.Places``); ``is_free`` tells whether no token was found there.
    """
    for quote in _quotes(text, words):
        start = quote.end()
        named = is_free(start) and word_before(text, quote.start("quote"))[0]
        if named and (found := _quoted(text, start)):
            yield found
    for start, _ in words:
        keyed = _KEYED.match(text, start)
        if keyed and is_free(keyed.end()) and (found := _keyed(text, keyed)):
            yield found


def _quotes(text: str, words: Sequence[tuple[int, int]]) -> Iterator[re.Match[str]]:
    """The quotation marks near behind the words."""
    behind = 0
    for _, end in words:
        for quote in QUOTE_BEHIND_WORD.finditer(text, max(behind, end), end + FURTHEST):
            behind = quote.end()
            yield quote


def _quoted(text: str, start: int) -> Found | None:
    """A token that a message of the library quotes."""
    if redacted := _REDACTED.match(text, start):
        return start, redacted.end(), made(redacted[0], TokenForm.REDACTED)
    kind = _HIDDEN_TYPE.match(text, start)
    if kind:
        # 6.4.1 to 6.14 print the bare type name, as JsonWebToken up to 6.30.1 does even with ShowPII
        return (
            start,
            kind.end("type"),
            made(kind["type"], TokenForm.HIDDEN, defect="hidden: only its type is printed"),
        )
    word = _OPAQUE.match(text, start)
    if word and re.match(QUOTE, text[word.end() : word.end() + 6]) and _looks_random(word[0]):
        return start, word.end(), compact.read(word[0])
    return None


def _keyed(text: str, keyed: re.Match[str]) -> Found | None:
    """A token behind ``Authorization:``, ``Bearer`` or ``access_token=``."""
    if keyed["auth"] is None and _name_before(text, keyed.start() - 1) not in _TOKEN_KINDS:
        return None
    start = keyed.end()
    if redacted := _REDACTED.match(text, start):
        return start, redacted.end(), made(redacted[0], TokenForm.REDACTED)
    word = _WORD.match(text, start)
    if word is None:
        return None
    raw = word[0].rstrip(".)]}")
    if raw and (keyed["auth"] or (not keyed["word"] and _looks_random(raw))):
        return start, start + len(raw), compact.read(raw)
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
