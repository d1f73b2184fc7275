"""What secrets look like in logs, and the names behind which they stand.

Each is bounded or runs over a single class of characters: its time is linear in the text.
"""

from __future__ import annotations

import re

# --------------------------------------------------------------------------- tokens

DOT = r"(?:%(?:25)?2[Ee]|\\{1,4}u002[Ee]|&#(?:46|x2[Ee]);)"
"""A full stop as a URL, as JSON and as XML may write it."""
TOKEN = re.compile(
    r"(?:eyJ|eyAi|ewog|ew0K|ewki|eyAg)[A-Za-z0-9_\-.]{9,}"  # a header, {"…, and all that hangs on it by dots
    rf"(?:{DOT}[A-Za-z0-9_\-.]{{0,65536}}){{0,8}}"
    r"(?:[\[(<]{0,2}(?:\u2026|\*{2,9})[\])>]{0,2}[A-Za-z0-9_\-.]{4,})?"  # the rest of one shortened in its middle
)
GOES_ON = re.compile(
    r"\[token [0-9a-f]{12}\](?:(?:\\{1,4}[rnt]|[^A-Za-z0-9_\-\\]){1,24}[A-Za-z0-9_\-][A-Za-z0-9_\-.]{11,65536}+){1,64}"
)
"""A token that a logger broke into pieces, or whose segments stand apart: in an array, in a path."""
PIECE = re.compile(r"((?:\\{1,4}[rnt]|[^A-Za-z0-9_\-\\]){1,24})([A-Za-z0-9_\-][A-Za-z0-9_\-.]{11,})")
"""One of those pieces, and what stands before it."""
ENCODED = re.compile(  # base64 of "Authorization: ", "Bearer ", "Basic " and of a token
    r"(?:[QY]XV0aG9yaXphdGlvbjog|[QY]mVhcmVyI|[QY]mFzaWMg|ZXlK[a-d])[A-Za-z0-9+/_\-]{8,65536}={0,2}"
)
PROTECTED = re.compile(r"CfDJ8[A-Za-z0-9_\-]{16,}")
"""What ASP.NET Core data protection wrote: cookies, state."""
BLOB = re.compile(r"[A-Za-z0-9_\-+/]{80,}={0,2}")
"""A run of base64 that says nowhere what it is."""

# --------------------------------------------------------------------------- behind a name

_QUOTE = r"(?:\\{0,7}[\"']|\\{1,3}u002[27]|&quot;|&#3[49];|\"\")"
"""As written in text, in JSON (System.Text.Json escapes by number), in XML and in CSV."""
NAMED = re.compile(
    r"(?P<name>[aAcCkKpPrRsStTvVwW]"  # first letters by hand: the search passes quickly over all others
    r"(?i:uthorization|ssertion|ookie|ode(?:_verifier)?|ey|assword|asswd|assphrase|wd|result|ecret|ig(?:nature)?"
    r"|tate|amlresponse|amlart|oken(?:_hint)?|alue))"
    rf"(?P<closes>{_QUOTE}|)\s{{0,3}}(?P<sign>[=:]|%(?:25)?3[AaDd])\s{{0,3}}(?P<list>\[?)"
)
"""A name behind which a secret may stand, and what parts the two."""
OPENS = re.compile(_QUOTE)
_IN_URL = r"[?&#]\Z|&amp;\Z|u0026\Z|%(?:25)?(?:26|3F)\Z"
_KEYS = (
    r"access|account|aes|api|consumer|decrypt(?:ion)?|encrypt(?:ion)?|functions?|hmac|instrumentation|jwt|licen[cs]e|master"
    r"|private|secret|shared|signing|storage|subscription|symmetric|webhook"
)
_TOKENS = r"access|actor|api|auth|csrf|id|logout|refresh|sas|session|subject|verification|xsrf"
BEFORE = {
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
LONG_RUN = re.compile(r"[A-Za-z0-9_\-+/]{32}")
"""No signature is without one."""
IN_FORM = frozenset(("code", "state"))
"""Names of which a form's first field may be one, with nothing before it."""
BORDERS = frozenset(" \t\"'")
"""What may stand before a form; no value holds one, so that none is looked at twice."""
VALUE = re.compile(r"[^\s\"'&;,<>\[{*\\](?:(?!%(?:25)?26)[^\s\"'&;,<>\\]){0,8191}")
LISTED = re.compile(r"[^\s\"'&;,<>\[\]{*\\](?:(?!%(?:25)?26)[^\s\"'&;,<>\\\]]){0,8191}")
"""A value without quotes; the same in a list."""
SECTION = re.compile(
    rf"(?i)({_QUOTE}(?:jwt|token|auth|bearer|signingkeys)\w{{0,40}}{_QUOTE}\s{{0,8}}:\s{{0,8}}[\[{{][^\]}}]{{0,400}}?"
    rf"{_QUOTE}(?:key|value){_QUOTE}\s{{0,8}}:\s{{0,8}}{_QUOTE})([^\"\\&]{{8,512}})"
)
"""A signing key in the settings of an API: ``"Jwt": {"Key": "…"}``, ``"SigningKeys": [{"Value": "…"}]``."""
CONNECTION = re.compile(r"[^;\"'\r\n<>=]{1,128}+(?=;\s?(?:[A-Za-z][\w .]{1,40}=|[\"'\\]|$))")
"""The rest of a password with blanks or commas in a connection string."""
COOKIES = re.compile(r"(?:[^\s;=\"',]{1,256}=(?:\[token \w{12}\]|[^\s;\"']{0,8192})(?:; ?)?){1,64}")
COOKIE = re.compile(r"(?i)(?<!\bpath)(?<!domain)(?<!expires)(?<!max-age)(?<!samesite)=(?!\[token )[^;\"']{1,8192}")
"""The cookies of a header; the value of one, but for what is no secret in ``Set-Cookie``."""
NO_SECRET = ("[token ", "[secret]", "[PII ", "[Redacted")
"""Another pattern was here before, or a logger."""
NOTHING = frozenset(("true", "false", "null", "none"))

# --------------------------------------------------------------------------- in forms of their own

SCHEME = re.compile(r"(?i)(?:bearer|basic|negotiate|dpop|ntlm)\b")
AUTHORIZATION = re.compile(r"(?i)\b((?:bearer|basic|negotiate|dpop|ntlm)(?: {1,3}|%20|\+))([A-Za-z0-9_\-.+/=~]{8,})")
PEM = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,40}-----)?")
JWK = re.compile(rf"({_QUOTE}(?:d|p|q|dp|dq|qi|k){_QUOTE}\s{{0,8}}:\s{{0,8}}{_QUOTE})([A-Za-z0-9_\-+/=]{{16,}})")
SYMMETRIC = re.compile(r"(SymmetricSecurityKey, KeyId: '[^']{0,300}', InternalId: ')([^']{1,200})")
USERINFO = re.compile(r"(://)([^/\s@:'\"]{1,200}:[^/\s@'\"]{0,200})@")
