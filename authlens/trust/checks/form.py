"""Is the text a token that the library can read?"""

from __future__ import annotations

import re
from collections.abc import Mapping

from authlens.model import Token, TokenForm
from authlens.segments import MAX_TOKEN_CHARS, base64url, read_json_object
from authlens.trust.checks.case import Answer, Reading, failed, passed, unknown
from authlens.trust.checks.decoding import Segment, mistyped_claims, mistyped_header, read_segment
from authlens.trust.checks.library import Library

_JWS, _JWE = 3, 5
_JSON = "base64url of a JSON object"
_COMPACT = passed("form.compact", found="3 segments")
_FIVE_SEGMENTS = passed("form.compact", found="5 segments")
_HEADER_READABLE = passed("form.header-readable")
_READABLE = (_COMPACT, _HEADER_READABLE, passed("form.payload-readable"))
_GAP = re.compile(r"\.{3,}|…")
# JwtTokenUtilities.RegexJws and RegexJwe: JwtBearer asks CanReadToken, and passes over what does not match
_OLD_JWS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_OLD_JWE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_WITHHELD = {
    TokenForm.HIDDEN: "the PII switch hides the token",
    TokenForm.REDACTED: "the token is redacted",
    TokenForm.ENCRYPTED: "the token is encrypted",
}


def read(token: Token, library: Library) -> Reading:
    """Read a token as far as its form in the log allows."""
    raw = token.raw
    if token.defect is None and token.form is TokenForm.COMPACT and raw is not None and _typed(token, library):
        return _whole(raw, token.header, token.claims)
    if "stands inside the token" in (token.defect or ""):
        # the first segment is not base64url then; the old handler passes over such a token without a code
        code = None if library.old_handler else "IDX14102"
        refusal = failed("form.header-readable", code, expected=_JSON, why=token.defect)
        return _refused(refusal, header=token.header, claims=token.claims)
    if token.form in (TokenForm.COMPACT, TokenForm.UNSIGNED, TokenForm.OPAQUE) and raw is not None:
        return read_text(raw, library)
    if token.form is TokenForm.ENCRYPTED:
        return _encrypted(token.header)
    if token.form in (TokenForm.HIDDEN, TokenForm.REDACTED, TokenForm.OPAQUE):
        return _withheld(_WITHHELD.get(token.form, "the token is opaque"))
    return _partly(token, library)


def _typed(token: Token, library: Library) -> bool:
    """Without any defect all versions read the same, and it was read already; only the claims' types differ."""
    return not library.text_json or not (mistyped_header(token.header) or mistyped_claims(token.claims, library))


def read_text(raw: str, library: Library) -> Reading:
    """Read a whole compact text as the library does, up to its first refusal."""
    segments = raw.split(".")
    if refusal := _misshapen(raw, segments, library):
        return _refused(refusal)
    compact = _COMPACT if len(segments) == _JWS else _FIVE_SEGMENTS
    header = read_segment(segments[0], library, header=True)
    if header.problem:
        refusal = _unreadable("form.header-readable", header, "IDX12729" if library.old_handler else "IDX14102")
        return _refused(compact, refusal)
    if len(segments) == _JWE:
        return _encrypted(header.members)
    payload = read_segment(segments[1], library, header=False)
    if payload.problem:
        refusal = _unreadable("form.payload-readable", payload, _payload_code(library))
        return _refused(compact, _HEADER_READABLE, refusal, header=header.members, claims=payload.members)
    return _whole(raw, header.members, payload.members)


def _whole(raw: str, header: Mapping[str, object], claims: Mapping[str, object]) -> Reading:
    return Reading(header, claims, raw, raw[-1:] != ".", _READABLE)


def _misshapen(raw: str, segments: list[str], library: Library) -> Answer | None:
    expected = "header.payload.signature"
    if not raw:
        return failed("form.compact", "IDX10000", expected=expected, found="nothing")
    if len(raw) > MAX_TOKEN_CHARS:
        return failed("form.compact", "IDX10209", expected=f"{MAX_TOKEN_CHARS} characters", found=f"{len(raw)}")
    if library.spans:
        code, wrong = _dots(segments)
    elif library.old_handler:
        # CanReadToken says no: "No SecurityTokenValidator available for token", which has no code
        code, wrong = None, not (_OLD_JWS.fullmatch(raw) or _OLD_JWE.fullmatch(raw))
    else:
        code, wrong = "IDX14111", len(segments) not in (_JWS, _JWE)
    if not wrong:
        return None
    found = f"{len(segments)} segment{'s' * (len(segments) != 1)}"
    return failed("form.compact", code, expected=expected, found=found, why=_about(raw, segments))


def _dots(segments: list[str]) -> tuple[str | None, bool]:
    """JsonWebToken.ReadToken: each missing or surplus dot has its own code."""
    if len(segments) == 1 or segments[1:] == [""]:
        return "IDX14100", True
    if len(segments) == 2:
        return "IDX14120", True
    if len(segments) == 4:
        return "IDX14121", True
    if len(segments) > _JWE:
        return "IDX14122", True
    return ("IDX14310", True) if len(segments) == _JWE and not segments[4] else (None, False)


def _about(raw: str, segments: list[str]) -> str | None:
    if raw[:7].lower() == "bearer ":
        return "the word Bearer stands inside the token"
    if raw[:1] in "\"'":
        return "quotation marks stand inside the token"
    if len(segments) == 1:
        return "it is no JWT: an opaque token, or cut behind its header"
    return None


def _unreadable(name: str, segment: Segment, code: str) -> Answer:
    what = name.removeprefix("form.").removesuffix("-readable")
    return failed(name, code, expected=_JSON, why=f"the {what} {segment.problem}")


def _payload_code(library: Library) -> str:
    return "IDX12723" if library.old_handler else "IDX14101"


_NAMES = ("form.compact", "form.header-readable", "form.payload-readable")


def _refused(
    *answers: Answer, header: Mapping[str, object] | None = None, claims: Mapping[str, object] | None = None
) -> Reading:
    """The library stops here; what it would have found behind is not asked."""
    done = {check.name for check, _ in answers}
    rest = [unknown(name, "the token cannot be read that far", asked=False) for name in _NAMES if name not in done]
    return Reading(
        header=header or {},
        claims=claims or {},
        header_known=bool(header),
        claims_known=bool(claims),
        why="the token cannot be read",
        answers=(*answers, *rest),
        readable=False,
    )


def _encrypted(header: Mapping[str, object]) -> Reading:
    refusal = failed("form.not-encrypted", "IDX10609", expected="a signed token", found="an encrypted token (JWE)")
    answers = (_FIVE_SEGMENTS, _HEADER_READABLE, refusal)
    return Reading(
        header=header,
        claims_known=False,
        why="the token is encrypted",
        answers=answers,
        readable=False,
    )


def _withheld(why: str) -> Reading:
    answers = tuple(unknown(name, why) for name in _NAMES)
    return Reading(header_known=False, claims_known=False, why=why, answers=answers)


def _partly(token: Token, library: Library) -> Reading:
    """Decoded JSON, a header alone, or a text that something cut: the signature is not there."""
    known = token.form is TokenForm.DECODED and "breaks off" not in (token.defect or "")
    if token.form is TokenForm.TRUNCATED:
        known = _whole_payload(token)
    why = "the log holds only a part of the token" if not known else "the log holds the token without its signature"
    if problem := _payload_problem(token, library):
        refusal = failed("form.payload-readable", _payload_code(library), expected=_JSON, why=f"the payload {problem}")
        return _refused(refusal, header=token.header, claims=token.claims)
    names = _NAMES if known else _NAMES[:2]
    answers = [passed(name, why=why) if token.header and name in names else unknown(name, why) for name in _NAMES]
    return Reading(
        header=token.header,
        claims=token.claims,
        header_known=bool(token.header),
        claims_known=known,
        why=why,
        answers=tuple(answers),
    )


def _payload_problem(token: Token, library: Library) -> str | None:
    """IDX14101 quotes the payload alone and whole; of a payload cut by something else only the claims can tell."""
    alone, _, problem = (token.defect or "").partition("only the payload stands in the log; the payload ")
    if not alone and problem:
        return problem
    return mistyped_claims(token.claims, library) if library.text_json else None


def _whole_payload(token: Token) -> bool:
    head = _GAP.split(token.raw or "", maxsplit=1)[0].split(".")
    payload = head[1] if len(head) > 1 else head[0] if not token.header else ""
    return bool(payload) and read_json_object(base64url(payload)[0].decode("utf-8", "replace")).whole
