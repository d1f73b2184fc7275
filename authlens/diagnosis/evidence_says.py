"""What a failure claims, in one word, whatever number its library version gave the claim.

Numbers moved between versions and some changed their meaning (IDX10503 with 6.8 and 7.2, IDX10603, IDX10720),
so the text decides where the number does not. A word says what the library *reported*, never why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from authlens.model import Failure, Message

_BY_WORD = {
    "key-not-found": "IDX10501 IDX10513 IDX10515 IDX10516 IDX10522 IDX10527 ID2090 ID4037 ID4175 ID4220 WIF10201 Jwt10329",
    "kid-missing": "IDX10503 IDX10512 IDX10517 IDX10523 IDX10526 Jwt10315 Jwt10316",
    "signature-invalid": "IDX10502 IDX10511 IDX10514 IDX10520 IDX10521 ID2091 ID6013",
    "no-keys": "IDX10500 IDX10524 IDX10525 Jwt10309",
    "unsigned": "IDX10504 IDX10626 Jwt10312",
    "key-size": "IDX10622 IDX10630 IDX10631 IDX10651 IDX10653 IDX10671",
    "key-empty": "IDX10703",
    "key-invalid": "IDX10675 IDX10684 IDX10694 IDX10695 IDX10701 IDX10721 IDX10722 IDX10812 IDX10813",
    "key-misfit": (
        "IDX10614 IDX10615 IDX10616 IDX10617 IDX10621 IDX10641 IDX10646 IDX10648 IDX10649 IDX10658 IDX10662 IDX10663"
        " IDX10666 IDX10667 IDX10669 IDX10672 IDX10673 IDX10677 IDX10683 IDX10686 IDX10687 IDX10689 IDX10691 IDX10731"
    ),
    "algorithm": (
        "IDX10518 IDX10605 IDX10632 IDX10633 IDX10634 IDX10636 IDX10640 IDX10645 IDX10647 IDX10652 IDX10660 IDX10661"
        " IDX10668 IDX10676 IDX10690 IDX10692 IDX10693 IDX10696 IDX10697 IDX10713 IDX10715 IDX10718 IDX10734 IDX12508"
        " IDX1400 IDX14000 IDX21301 IDX21302"
    ),
    "key-unreadable": "IDX10635 IDX10637 IDX10638 IDX10678 IDX10685 IDX10702 IDW10109",
    "key-certificate": "IDX10232 IDX10248 IDX10249",
    "decrypt": (
        "IDX10600 IDX10601 IDX10603 IDX10604 IDX10606 IDX10609 IDX10610 IDX10611 IDX10612 IDX10618 IDX10619"
        " IDX10644 IDX10650 IDX10654 IDX10657 IDX10659 IDX10665 IDX10711 IDX10714 ID4022 ID4036"
    ),
    "issuer": "IDX10205 IDX10212 IDX10260 IDX10269 IDX40001 IDX40004 IDX40005 IDX40012 IDW10303 ID2088 Jwt10311 Jwt10318",
    "issuer-policy": "IDX40002 IDW10304",
    "issuer-not-configured": "IDX10204 IDX10266 Jwt10317",
    "tenant-claim": "IDX40003 IDX40009 IDW10401",
    "audience": "IDX10214 IDX10215 ID1038 ID2094 Jwt10303 Jwt10332",
    "audience-delegate": "IDX10231 IDX10270",
    "audience-empty": "IDX10206 IDX10207 IDX11401 IDX13002 ID2093 Jwt10300",
    "audience-not-configured": "IDX10208 IDX10268 ID1032 Jwt10301",
    "expired": "IDX10217 IDX10223 ID2019 ID4148 ID4223 Jwt10305",
    "not-yet-valid": "IDX10216 IDX10222 ID4147 ID4222 Jwt10306",
    "no-expiration": "IDX10225 IDX10227 Jwt10322",
    "lifetime-order": "IDX10224 IDX10230 IDX10271 IDX12401",
    "replay": "IDX10228 IDX10229",
    "type": "IDX10256 IDX10257 IDX10275 ID2089 ID2092",
    "https": "IDX20108 IDX23006",
    "metadata": (
        "IDX10220 IDX10261 IDX10278 IDX10800 IDX10801 IDX10802 IDX10803 IDX10804 IDX10805 IDX20803 IDX20804 IDX20806 IDX20807"
        " IDX20808 IDX20809 IDX20810 IDX20811 IDX20812 IDX21106 IDX21815 IDX21816 IDX21817 IDX21818 ID2136 ID2170"
    ),
    "malformed": (
        "IDX10209 IDX10400 IDX10508 IDX10606 IDX10625 IDX10708 IDX10719 IDX10723 IDX10727 IDX10728 IDX10729 IDX10815"
        " IDX10816 IDX10820 IDX10821 IDX11023 IDX12709"
        " IDX12720 IDX12723 IDX12729 IDX12739 IDX12740 IDX12741 IDX14100 IDX14101 IDX14102 IDX14107 IDX14110 IDX14111"
        " IDX14120 IDX14121 IDX14122 IDX14301 IDX14302 IDX14306 IDX14307 IDX14308 IDX14309 IDX14310 IDX14311 IDX14312 IDX14700"
        " ID2004 Jwt10113 Jwt10204 Jwt10206 Jwt10400"
    ),
    "claim-type": (
        "IDX10105 IDX11020 IDX11022 IDX11025 IDX11026 IDX12700 IDX12701 IDX14108 IDX14109 IDX14300 IDX14305 IDX21306"
        " IDX21311 IDX40011"
    ),
    "missing-claim": (
        "IDX10211 IDX10221 IDX14303 IDX14304 IDX21307 IDX21312 IDX21314 IDX21315 IDX21316 IDX21317 IDX21318 IDX21339"
        " IDX21345 IDX21346 IDX23003 IDW10201 IDW10202 IDW10203 Jwt10319"
    ),
    "nonce-state": (
        "IDX21320 IDX21321 IDX21323 IDX21324 IDX21325 IDX21326 IDX21327 IDX21329 IDX21330 IDX21331 IDX21349"
    ),
    "hash": "IDX21300 IDX21347 IDX21348",
    "client": (
        "IDX21308 IDX21313 IDX21332 IDX21333 IDX21334 IDX21335 IDX21336 IDX21338 IDX21340 IDW10106 IDW10501 IDW10503"
    ),
    "handler": "IDX10506 IDX10509 IDX10510 IDX40010 ID4014",
    "saml": "IDX10200 IDX10201 IDX10202 IDX10210 IDX10213",
}
_WORDS = {code: word for word, codes in _BY_WORD.items() for code in codes.split()}
_FAMILIES = (("IDX13", "saml"), ("IDX111", "saml"), ("IDX113", "saml"), ("IDX115", "saml"), ("IDX30", "saml"))
_FEDERATION = (("IDX227", "metadata"), ("IDX228", "metadata"), ("IDX229", "saml"))

_BY_TEXT: dict[str, tuple[tuple[str, str], ...]] = {
    "IDX10108": (("not valid as per HTTPS", "https"),),
    "IDX10500": (("Unable to resolve SecurityKeyIdentifier", "key-not-found"),),
    "IDX10501": (("Key tried:", "signature-invalid"),),
    "IDX10502": (("did not match any keys", "key-not-found"),),
    "IDX10503": (("token's kid is:", "key-not-found"),),
    "IDX10603": (
        ("KeySize reported", "key-size"),
        ("name: KeySize", "key-size"),
        ("'KeySize'", "key-size"),
        ("cannot have less than", "key-size"),
    ),
    "IDX10600": (("SecurityKey received", "key-misfit"),),
    "IDX10611": (("GetHashAlgorithmForSignature", "key-misfit"),),
    "IDX10614": (("Decryption failed", "decrypt"),),
    "IDX10618": (("GetHashAlgorithmForSignature", "key-misfit"),),
    "IDX10621": (("minimum key size", "key-size"),),
    "IDX10625": (("'input' byte array", "unknown"),),
    "IDX10637": (("validationMode", "unknown"),),
    "IDX10657": (("KeyedHashAlgorithm", "key-misfit"),),
    "IDX10659": (("is not supported", "key-misfit"),),
    "IDX10672": (("JsonWebKey", "key-invalid"),),
    "IDX10684": (("AsymmetricAdapter", "key-misfit"),),
    "IDX10700": (("date time", "claim-type"), ("odulus", "key-invalid"), ("rsaParameters", "key-invalid")),
    "IDX10701": (("date time", "claim-type"),),
    "IDX10702": (("header type", "type"),),
    "IDX10703": (("Base64url", "malformed"),),
    "IDX10709": (("well formed", "malformed"),),
    "IDX10708": (("JSON representation", "unknown"),),
    "IDX10719": (("SignatureSize", "signature-invalid"),),
    "IDX10720": (("key size must be greater", "key-size"), ("token format", "malformed")),
    "IDX10723": (("extract the private key", "key-unreadable"),),
    "IDX10725": (("create a SignatureProvider", "algorithm"), ("encrypted key", "malformed")),
    "IDX10814": (("Decompressing", "malformed"), ("JsonWebKey", "key-invalid")),
}
_NO_CODE = (
    ("No SecurityTokenValidator available", "no-handler"),
    ("No TokenHandler was able to validate", "no-handler"),
    ("no suitable ISecurityTokenValidator", "no-handler"),
    ("no suitable TokenHandler", "no-handler"),
    ("Invalid JWT", "no-handler"),
    ("invalid bearer token received", "no-handler"),
    ("No token validator was found for the given token", "no-handler"),
    ("no validator found", "no-handler"),
    ("Neither scope or roles claim was found", "missing-claim"),
    ("MetadataAddress or Authority must use HTTPS", "https"),
    ("Scheme already exists", "scheme-collision"),
    ("Correlation failed", "nonce-state"),
    ("message.State", "nonce-state"),
    ("state was missing or invalid", "nonce-state"),
    ("state field is missing or invalid", "nonce-state"),
    ("nonce cookie", "nonce-state"),
    ("correlation cookie", "nonce-state"),
    ("Correlation.", "nonce-state"),
    ("The Validated Security Token must be of type", "handler"),
    ("Keyset does not exist", "key-unreadable"),
    ("Invalid provider type specified", "key-unreadable"),
    ("Message contains error", "sign-in-error"),
    ("OpenIdConnectMessage.Error was not null", "sign-in-error"),
    ("invalid_client", "client"),
    ("unauthorized_client", "client"),
    ("redirect_uri", "client"),
    ("Issuer not known", "issuer"),
    ("expired bearer token received", "expired"),
)
_HEADER = "WWW-Authenticate: Bearer error="
_OF_HEADER = (
    ("The audience ", "audience"),
    ("The issuer ", "issuer"),
    ("The token expired at", "expired"),
    ("The token is expired", "expired"),
    ("The token is not valid before", "not-yet-valid"),
    ("not valid yet", "not-yet-valid"),
    ("The token has no expiration", "no-expiration"),
    ("The token lifetime is invalid", "lifetime-order"),
    ("The signature key was not found", "key-not-found"),
    ("The signature is invalid", "signature-invalid"),
)
"""What ASP.NET Core's bearer handler tells the client of a refusal, in ``error_description``."""
_NO_PRIVATE_KEY = re.compile(
    r"Keyset does not exist|Invalid provider type specified|0x80090016|0x80090014|NTE_BAD_KEYSET", re.IGNORECASE
)
"""What the Windows key store says of a private key that is missing, not readable, or of another provider."""
_SIGNING = frozenset({"IDX10614", "IDX10630", "IDX10638"})
"""Creating a signature failed; the reason is the inner exception's."""
_TOLD_BEHIND = _SIGNING | {"IDX10603"}
"""What decides stands behind the message: an inner exception, or the parameter that .NET names."""
_CLIENTS = frozenset(
    {"invalid_client", "unauthorized_client", "invalid_request", "unsupported_response_type", "invalid_scope"}
)
"""Errors of RFC 6749, 4.1.2.1 and 5.2, that speak of the client's own data; the others do not."""
_OF_CLIENT = re.compile(
    r"client.{0,5}secret|redirect.{0,5}ur[il]|reply (?:url|address)|AADSTS(?:7000215|7000222|700016|50011)|MSIS9622"
    r"|invalid_client|unauthorized_client",
    re.IGNORECASE,
)
_ERROR = re.compile(r"error: ?['\"‘“]?(?P<error>[a-z_]{3,60})\b")
_TENANT = re.compile(r"\btenants?\b", re.IGNORECASE)
_FAULTS = frozenset(
    f"System.{name}Exception"
    for name in (
        *("NullReference", "IndexOutOfRange", "ArgumentOutOfRange", "ArgumentNull", "InvalidCast", "Overflow"),
        *("InvalidOperation", "Collections.Generic.KeyNotFound", "DivideByZero"),
    )
)
"""What a program throws that did not expect what it met; a refusal has a type of its own."""
_TOKEN_TYPES = tuple(
    re.compile(rf"{name}\b")
    for name in (
        r"System\.IdentityModel\.Tokens\.Jwt\.JwtSecurityToken",
        r"Microsoft\.IdentityModel\.JsonWebTokens\.JsonWebToken",
    )
)
_FRAME = re.compile(r"^[ \t]{1,12}[^\s.(]{1,10} (?P<method>[A-Z][\w.`<>+]{0,300})[(\[.]", re.MULTILINE)
"""``   at Namespace.Type.Method(…)``, in any language."""
_LIBRARY = ("Microsoft.IdentityModel.", "System.IdentityModel.Tokens.")
_LONGEST_STACK = 16_000


def says(failure: Failure) -> str:
    """One word for what the outermost code (or the host's own text) reports; ``unknown`` for what no list holds."""
    if failure.code is None:
        return _without_code(failure)
    text = failure.statement.text if failure.code in _TOLD_BEHIND else _text_of(failure, failure.code)
    return of_code(failure.code, text)


def of_code(code: str, text: str) -> str:
    """One word for a code; ``text`` is its message where it is known."""
    if code in _SIGNING and _NO_PRIVATE_KEY.search(text):
        return "key-unreadable"
    for part, word in _BY_TEXT.get(code, ()):
        if part in text:
            return word
    if code in _WORDS:
        return _WORDS[code]
    if code.startswith("IDX103"):
        return _of_protocol(code, text.lower())
    return next((w for start, w in (*_FAMILIES, *_FEDERATION) if code.startswith(start)), "unknown")


def _of_protocol(code: str, text: str) -> str:
    """The numbers IDX103xx of 5.0 and 5.1 are IDX213xx from 5.2 on; those of 3.x and 4.x were others, with like words."""
    if "nonce" in text or "state" in text:
        return "nonce-state"
    later = _WORDS.get(f"IDX213{code[-2:]}", "client")
    return later if any(word in text for word in ("hash", "claim", "algorithm")) else "client"


def _text_of(failure: Failure, code: str) -> str:
    for message in _messages(failure):
        if message.code == code:
            return failure.statement.text[message.start : message.end or None] or message.template
    return failure.statement.text


def _messages(failure: Failure) -> Iterator[Message]:
    yield from failure.statement.messages
    yield from failure.context


def _without_code(failure: Failure) -> str:
    texts = (failure.statement.text, *(m.template for m in failure.statement.messages))
    if of_header(failure):
        return _of_header(texts)
    for part, word in _NO_CODE:
        if any(part in text for text in texts):
            return _of_sign_in(failure) if word == "sign-in-error" else word
    if _is_type_of_other_handler(failure):
        return "handler"
    if _is_answer_to_code(failure):
        return "client"
    if _is_library_fault(failure):
        return "library-fault"
    return "tenant-refused" if any(_TENANT.search(text[:4000]) for text in texts) else "unknown"


def _of_header(texts: Iterable[str]) -> str:
    """The first of the checks that the header names: each handler that was tried adds its own."""
    named = [(at, word) for text in texts for part, word in _OF_HEADER if (at := text.find(part)) >= 0]
    return min(named)[1] if named else "unknown"


def of_header(failure: Failure) -> bool:
    """All that the log holds is the header that told the client of the refusal, and that says little."""
    return failure.code is None and any(m.template.startswith(_HEADER) for m in failure.statement.messages)


def _of_sign_in(failure: Failure) -> str:
    """Whether the provider's error speaks of the client's data, of the code it was to redeem, or of neither."""
    text = failure.statement.text[:_LONGEST_STACK]
    named = failure.fields.get("error")
    found = _ERROR.search(text)
    error = named if isinstance(named, str) else found["error"] if found else None
    described = str(failure.fields.get("error_description") or text.partition("\n   at ")[0])[:_LONGEST_STACK]
    if error in _CLIENTS or _OF_CLIENT.search(described):
        return "client"
    return "grant" if error == "invalid_grant" else "sign-in-error"


def _is_answer_to_code(failure: Failure) -> bool:
    """The token endpoint refused the client or its code (RFC 6749, 5.2), and the handler kept the status only."""
    text = failure.statement.text[:_LONGEST_STACK]
    return failure.fields.get("http_status") in _REFUSING and "RedeemAuthorizationCode" in text


_REFUSING = (400, 401)


def _is_type_of_other_handler(failure: Failure) -> bool:
    """A cast between the token types of the two handlers, in whatever language .NET words it."""
    cast = next(iter(failure.exceptions), None) == "System.InvalidCastException"
    told = failure.statement.text[:_LONGEST_STACK].partition("\n   at ")[0]
    return cast and all(name.search(told) for name in _TOKEN_TYPES)


def _is_library_fault(failure: Failure) -> bool:
    """A programming error that came up in the library's own code, and not in a delegate of the application's."""
    thrown = next(iter(failure.exceptions), None)
    return thrown in _FAULTS and _thrown_in(failure.statement.text).startswith(_LIBRARY)


def _thrown_in(text: str) -> str:
    """The innermost method of the stack that is not of .NET itself; empty without a stack."""
    methods = (m["method"] for m in _FRAME.finditer(text[:_LONGEST_STACK]))
    return next((m for m in methods if m.startswith(_LIBRARY) or not m.startswith("System.")), "")
