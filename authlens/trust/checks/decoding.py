"""How the library itself decodes a segment and reads its claims, which is not how RFC 7515 says.

Sources: Base64UrlEncoder and Base64UrlEncoding, JsonWebToken.HeaderClaimSet and PayloadClaimSet, JsonSerializerPrimitives
(ReadLong, ReadString), JsonClaimSet.ParseTimeValue, JwtPayload.GetIntClaim, EpochTime.
"""

from __future__ import annotations

import binascii
import json
import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from authlens.model import nothing
from authlens.segments import TRAILING, NumberText, read_json_object, strict_base64url
from authlens.trust.checks.library import Library

MIN_VALUE = -62_135_596_800
"""DateTime.MinValue in seconds since 1970."""
_MAX_VALUE = 253_402_300_800
_INT32 = 2**31
_INT64 = 2**63

_BLANKS = str.maketrans("", "", " \t\r\n")
_TO_STANDARD = str.maketrans("-_", "+/")
_STRICT = re.compile(r"([A-Za-z0-9_-]*)(=*|%*)")
_TABLE = re.compile(r"[A-Za-z0-9_+/-]*")
_CONVERT = re.compile(r"[A-Za-z0-9+/]*={0,2}")
# .NET reads ASCII digits only
_INTEGER = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_REAL = re.compile(r"[+-]?(?:\d[\d,]{0,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][+-]?\d{1,6})?", re.ASCII)

# JSON texts that the members' defects allow System.Text.Json to read on: it stops behind the object, last member wins
_HARMLESS = (TRAILING, "has a member twice")
_TEXT_HEADERS = ("alg", "cty", "kid", "typ", "x5t", "zip", "enc")
_TEXT_CLAIMS = ("iss", "jti", "azp")
_DATES = ("exp", "nbf", "iat")


def signature_bytes(text: str, library: Library) -> bytes | None:
    """The signature as the library decodes it; None where it cannot."""
    data = strict_base64url(text)  # all versions agree on what is right
    if data is not None:
        return data
    data = segment_bytes(text, library)
    if data is None or not library.since(8):
        return data
    # From 8.0 the buffer is as long as the text promises: white space leaves it too long, and nothing verifies
    return data.ljust((len(text.rstrip("=")) * 3) // 4, b"\0")


def segment_bytes(text: str, library: Library) -> bytes | None:
    """Decode one segment as that version does."""
    if len(text) % 4 == 1:
        return None  # IDX10400, before anything is decoded
    if library.since(8):
        return _base64url_of_net(text)
    if library.since(7) or library.spans:
        return _base64url_of_table(text)
    return _base64_of_convert(text)


def _base64url_of_net(text: str) -> bytes | None:
    """System.Buffers.Text.Base64Url (.NET 9 on): passes over white space, takes ``=`` or ``%`` as padding."""
    found = _STRICT.fullmatch(text.translate(_BLANKS))
    if found is None or len(found[1]) % 4 == 1:
        return None
    if found[2] and (len(found[2]) > 2 or (len(found[1]) + len(found[2])) % 4):
        return None
    return _plain(found[1])


def _base64url_of_table(text: str) -> bytes | None:
    """Base64UrlEncoding's own table: both alphabets, ``=`` passed over, nothing else."""
    body = text.replace("=", "")
    return _plain(body) if _TABLE.fullmatch(body) and len(body) % 4 != 1 else None


def _base64_of_convert(text: str) -> bytes | None:
    """Convert.FromBase64String after the padding is added: white space counts for the padding, then is passed over."""
    padded = (text.translate(_TO_STANDARD) + "=" * (-len(text) % 4)).translate(_BLANKS)
    if len(padded) % 4 or not _CONVERT.fullmatch(padded):
        return None
    return _plain(padded.rstrip("="))


def _plain(body: str) -> bytes | None:
    if len(body) % 4 == 1:
        return None
    return binascii.a2b_base64(body.translate(_TO_STANDARD) + "=" * (-len(body) % 4))


# --------------------------------------------------------------------------- JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A header or payload as the library reads it."""

    members: Mapping[str, object] = field(default_factory=nothing)
    problem: str | None = None
    """Why it cannot be read, or None."""


def read_segment(text: str, library: Library, *, header: bool) -> Segment:
    """Decode and read a segment; its problem is in words."""
    data = segment_bytes(text, library)
    if data is None:
        return Segment(problem="is not base64url")
    if not data and library.text_json and not header:
        return Segment()  # CreatePayloadClaimSet takes nothing for no claims
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError:
        if library.text_json:
            return Segment(problem="is not UTF-8")
        decoded = data.decode("utf-8", "replace")
    members = read_json_object(decoded)
    problem = _unreadable(members.defects, library)
    if problem is None and library.text_json:
        problem = mistyped_header(members.values) if header else mistyped_claims(members.values, library)
    return Segment(members=members.values, problem=problem)


def _unreadable(defects: tuple[str, ...], library: Library) -> str | None:
    for defect in defects:
        if library.text_json:
            if not defect.startswith(_HARMLESS):
                return defect
        elif defect.startswith(("is JSON that breaks off", "is not valid", "is no JSON", TRAILING)):
            return defect  # Newtonsoft.Json forgives the rest
    return None


def mistyped_header(members: Mapping[str, object]) -> str | None:
    """What System.Text.Json would refuse to read as the header parameter it is."""
    return _no_text(members, _TEXT_HEADERS)


def mistyped_claims(members: Mapping[str, object], library: Library) -> str | None:
    """What System.Text.Json would refuse to read as the claim it is."""
    if problem := _no_text(members, _TEXT_CLAIMS):
        return problem
    subject = members.get("sub", "")
    if not _text_or_null(subject) and not (library.since(7, 4, 1) and kind(subject) == "a number"):
        return f"has sub as {kind(subject)}, not as text"
    audiences = members.get("aud", "")
    if not (all(map(_text_or_null, audiences)) if type(audiences) is tuple else _text_or_null(audiences)):
        return "has aud as something else than text or a list of texts"
    for name in _DATES:
        value = members.get(name, 0)
        if not (type(value) is int and abs(value) < _INT64) and _long(value) is None:
            return f"has {name} as {_shown(value)}, not as a number of seconds"
    return None


def _no_text(members: Mapping[str, object], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = members.get(name, "")
        if type(value) is not str and value is not None:
            return f"has {name} as {kind(value)}, not as text"
    return None


def _text_or_null(value: object) -> bool:
    return type(value) is str or value is None  # NumberText is a number


def kind(value: object) -> str:
    """The JSON type of a value, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float, NumberText)):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, tuple) else "an object"


def _shown(value: object) -> str:
    return repr(value[:30]) if isinstance(value, str) and not isinstance(value, NumberText) else kind(value)


# --------------------------------------------------------------------------- claims


def text_of(value: object) -> str | None:
    """A claim as text: JToken.Value<string> and JwtPayload.GetStandardClaim turn numbers into digits."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value)
    return json.dumps(value)


def audiences_of(claims: Mapping[str, object], library: Library) -> tuple[str, ...]:
    """The audiences that the library compares."""
    value = claims.get("aud")
    if isinstance(value, tuple):
        return tuple(text for item in value if (text := text_of(item)) is not None)
    if isinstance(value, str) and not isinstance(value, NumberText):
        return (value,)
    return (text_of(value) or "",) if library.old_handler and value is not None else ()


class Date(NamedTuple):
    """A NumericDate as the library understands it."""

    seconds: int | None = None
    """Since 1970; None where the library sees none."""
    code: str | None = None
    """What it throws instead, or None."""


def date_of(claims: Mapping[str, object], name: str, library: Library, *, least: bool = False) -> Date:
    """``exp`` or ``nbf`` in whole seconds, clamped to what a DateTime holds.

    With ``least`` a missing date is DateTime.MinValue, as JsonWebToken.ValidTo says it; 6.8 always reads it so.
    """
    if library.old_handler:
        return _date_of_int32(claims, name)
    if name not in claims:
        return Date(seconds=MIN_VALUE) if least or not library.since(6, 9) else Date()
    value = claims[name]
    if type(value) is int and 0 <= value <= _MAX_VALUE:
        return Date(value)
    seconds = _long(value) if library.text_json else _parsed_time(value)
    return Date(code="IDX14300") if seconds is None else Date(_epoch(seconds))


def _epoch(seconds: int) -> int:
    """EpochTime.DateTime: nothing before 1970, nothing behind DateTime.MaxValue."""
    return seconds if 0 <= seconds <= _MAX_VALUE else 0 if seconds < 0 else _MAX_VALUE


def _long(value: object) -> int | None:
    """JsonSerializerPrimitives.ReadLong; Convert.ToInt64(double) rounds halves to even, as Python's round does."""
    if type(value) is int:
        return value if -_INT64 <= value < _INT64 else None
    if isinstance(value, bool) or value is None or isinstance(value, NumberText):
        return None
    if isinstance(value, float):
        return _rounded(value)
    if not isinstance(value, str):
        return None
    text = value.strip(" \t\n\v\f\r")
    if _INTEGER.fullmatch(text) and -_INT64 <= int(text) < _INT64:
        return int(text)
    return _rounded(float(text.replace(",", ""))) if _REAL.fullmatch(text) else None


def _rounded(value: float) -> int | None:
    if not math.isfinite(value):
        return None
    found = round(value)
    return found if -_INT64 <= found < _INT64 else None


def _parsed_time(value: object) -> int | None:
    """JsonClaimSet.ParseTimeValue up to 6.x: text that is no integer goes through a 32-bit float first."""
    if isinstance(value, str) and not isinstance(value, NumberText):
        text = value.strip(" \t\n\v\f\r")
        if _INTEGER.fullmatch(text) and -_INT64 <= int(text) < _INT64:
            return int(text)
        return _through_single(float(text.replace(",", ""))) if _REAL.fullmatch(text) else None
    return _long(value)


def _through_single(value: float) -> int | None:
    try:
        single: float = struct.unpack("f", struct.pack("f", value))[0]
    except (OverflowError, struct.error):
        return None
    return int(single) if math.isfinite(single) else None


def _date_of_int32(claims: Mapping[str, object], name: str) -> Date:
    """JwtPayload.Exp is an ``int?``: what Convert.ToInt32 cannot make is no date at all."""
    value = claims.get(name)
    if isinstance(value, bool):
        return Date(seconds=int(value))
    if isinstance(value, str) and not _INTEGER.fullmatch(value.strip()):
        return Date()
    seconds = _long(value)
    if seconds is None or not -_INT32 <= seconds < _INT32:
        return Date()
    return Date(seconds=_epoch(int(value) if isinstance(value, float) else seconds))
