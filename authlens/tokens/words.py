"""The words behind which a token is expected: names of parameters, of properties, and of the library's messages."""

from __future__ import annotations

import re

QUOTE = r"(?:['\"‘’“”]|\\u00(?:27|22)|\\['\"]|&(?:\#39|\#x27|quot|apos);)"
"""A quotation mark as logs write it: typographic, or escaped for JSON or HTML."""
QUOTE_BEHIND_WORD = re.compile(rf"(?:: ?|(?<=[a-z]) )(?P<quote>{QUOTE})")

_NAMES = (
    *("bearer", "authorization", "token", "tokenstring", "jwt", "encodedstring", "assertion", "well formed"),
    *("decode", "decode the header", "decode the payload", "header", "payload", "this string", "the string"),
)
_LONGEST_FIRST = sorted(_NAMES, key=len, reverse=True)
_PUNCTUATION = " \t\r\n:='\"‘’“”[({<\\"
_ESCAPED_MARKS = ("\\u0027", "\\u0022", "%20", "%22", "&#39;", "&#x27;", "&quot;", "\\n", "\\r", "\\t")
_GAP_CHARS = 14


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
