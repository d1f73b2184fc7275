"""Where a token is expected: behind names of parameters, of properties, and behind words of the library's messages."""

from __future__ import annotations

import re
from typing import NamedTuple

from authlens.segments import SURROGATE
from authlens.texts import Texts

QUOTE = r"(?:['\"‘’“”]|\\u00(?:27|22)|\\['\"]|&(?:\#39|\#x27|quot|apos);)"
"""A quotation mark as logs write it: typographic, or escaped for JSON or HTML."""
QUOTE_BEHIND_WORD = re.compile(rf"(?:: ?|(?<=[A-Za-z]) )(?P<quote>{QUOTE})")

_NAMES = (
    *("bearer", "authorization", "token", "tokenstring", "jwt", "encodedstring", "assertion", "well formed"),
    *("decode", "decode the header", "decode the payload", "header", "payload", "this string", "the string"),
)
_LONGEST_FIRST = sorted(_NAMES, key=len, reverse=True)
_PUNCTUATION = " \t\r\n:='\"‘’“”[({<\\"
_ESCAPED_MARKS = ("\\u0027", "\\u0022", "%20", "%22", "&#39;", "&#x27;", "&quot;", "\\n", "\\r", "\\t")
_GAP_CHARS = 14
FURTHEST = _GAP_CHARS + 6
"""Behind a word, characters: a quotation mark that counts ends before that, escaped or not."""


def word_before(text: str, start: int) -> tuple[str, str]:
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
        outer, outer_gap = word_before(text, start - len(before) + len(left) - len(word))
        return (outer, outer_gap) if outer else (word, gap)
    return word, gap


# --------------------------------------------------------------------------- places

STARTS = ("eyJ", "eyI", "eyA", "ewo", "ew0", "ewk")
"""A segment of JSON begins with a brace and a quote or white space (blank, line feed, …)."""
_HIDDEN = ("[PII", "[Security Artifact", "#ScrubbedArtifact#", "UnrecognizedEncodedToken")
_ENDS = ("earer", "uthorization", "oken", "tring", "wt", "ssertion", "ormed", "ecode", "eader", "ayload")
"""Of all the names, without the letter that may be a capital."""
_NEEDLES = Texts((*STARTS, *_HIDDEN, *_ENDS, *map(str.upper, _ENDS)))
_NO_WORDS = len(STARTS) + len(_HIDDEN)
_BEARER = (_NO_WORDS, _NO_WORDS + len(_ENDS))
_MARKS = frozenset((*_PUNCTUATION, "%", "&", "_", "\xa0"))
"""What stands between a word and its token begins so; the underscore is that of ``token_hint``."""


class Places(NamedTuple):
    """Where in a text it is worth to look for a token."""

    starts: list[int]
    """Where a segment of JSON may begin."""
    hidden: list[int]
    """Where what is printed in the place of a hidden value may begin."""
    words: list[tuple[int, int]]
    """Where the end of a word stands that a token may follow: its first letter but one, and what is behind it."""


def places(text: str) -> Places:
    """All of them, found in one pass."""
    found = Places([], [], [])
    whole = text if text.isascii() else SURROGATE.sub("\ufffd", text)  # half a character is no UTF-8
    for needle, start, end in _NEEDLES.find(whole):
        if needle < len(STARTS):
            found.starts.append(start)
        elif needle < _NO_WORDS:
            found.hidden.append(start)
        elif text[end : end + 1] in _MARKS and (needle in _BEARER or not _is_word(text, end)):
            found.words.append((start, end))
    return found


def _is_word(text: str, end: int) -> bool:
    """Whether a further word follows: only that behind ``Bearer`` may be a token."""
    return text[end] == " " and text[end + 1 : end + 2].isalnum()
