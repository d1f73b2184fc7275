"""Facts that only the words of a failure hold: fetch errors, failing assemblies, inner codes, the shape of what was sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from authlens import urls
from authlens.diagnosis.evidence_says import of_code, of_header
from authlens.model import Failure, Message, Token, TokenForm

_CAUGHT = re.compile(r"Exceptions? caught:\s{0,8}['\"‘“]?(?P<shown>[^\n]{0,120})")
_HIDDEN = ("[PII", "[Security Artifact", "System.String", "System.Text.StringBuilder", "System.Exception")
_CLAIM = re.compile(r"Reading: '[\w.]{0,120}?\.(?P<name>\w{1,60})'")
_NAMED_CLAIM = re.compile(r"The '(?P<name>[\w:/.-]{1,80})' claim|an '(?P<other>[\w:/.-]{1,80})' claim")
_NOT_BASE64 = ("not a valid Base-64", "nicht Base-64", "IDX10400", "Base64Url")
_TELLING = frozenset({"key-size", "algorithm", "claim-type", "decrypt", "unsigned", "malformed", "metadata", "https"})
"""What an inner code must say to explain the outer one; repetitions of the refusal itself explain nothing."""

_ASSEMBLY = re.compile(
    r"(?:Could not load (?:type|file or assembly) '[^'\n]{1,300}'(?: from assembly '[^'\n]{1,300}')?"
    r"|Method not found: '[^'\n]{1,300}'|Field not found: '[^'\n]{1,300}')"
)
_LOADING = (
    "TypeLoadException",
    "MissingMethodException",
    "MissingFieldException",
    "MissingMemberException",
    "FileLoadException",
    "BadImageFormatException",
    "TypeInitializationException",
)

_FETCH_BY_TYPE = (
    ("tls", ("AuthenticationException",)),
    ("timeout", ("TaskCanceledException", "TimeoutException", "OperationCanceledException")),
    ("parse", ("JsonException", "JsonReaderException", "JsonSerializationException", "XmlException")),
)
_DNS = re.compile(
    r"hostnotfound|name or service not known|no such host|nodename nor servname|host ist unbekannt|h.te inconnu"
    r"|try ?again|temporary failure in name resolution|nodata|11001|11002|11004|resolve",
    re.IGNORECASE,
)
_REFUSED = re.compile(r"refused|10061|\b111\b|verweigert|refus", re.IGNORECASE)
_TIMED_OUT = re.compile(r"timed ?out|timeout|10060|\b110\b|did not properly respond", re.IGNORECASE)
_TLS = re.compile(r"\bSSL\b|\bTLS\b|certificate|RemoteCertificate|UntrustedRoot", re.IGNORECASE)
_PROXY = re.compile(r"\b407\b|proxy (?:tunnel|authentication|server|returned)", re.IGNORECASE)
_UNUSABLE = frozenset(
    (
        *("IDX10800", "IDX10801", "IDX10802", "IDX10805", "IDX20810", "IDX21106"),
        *("IDX21806", "IDX21815", "IDX21816", "IDX21817", "IDX21818"),
    )
)
"""Codes of a document that was had and could not be used."""
_ADDRESS = re.compile(r"https?://[^\s'\"]{1,2000}|\([\w.-]{1,255}:\d{1,5}\)")
_STATUS = re.compile(r"Response status code does not indicate success: (?P<status>\d{3})")
_METADATA = frozenset({"metadata", "https"})
_WORDS = {
    "dns": "the host name is not known",
    "refused": "the connection was refused",
    "timeout": "no answer came in time",
    "proxy": "the proxy did not let the request through",
    "network": "the network failed",
    "tls": "the TLS handshake failed",
    "https": "the address is http, and https is required",
    "parse": "the answer is not the JSON expected",
}


# --------------------------------------------------------------------------- inner codes


def inner(failure: Failure) -> dict[str, object]:
    """What stands beside the outermost code: the fields ``inner.…``, and whether a response header is all there is."""
    codes = [c for c in (*failure.codes, *(m.code for m in failure.context if m.code)) if c != failure.code]
    telling = [c for c in dict.fromkeys(codes) if of_code(c, _message_text(failure, c)) in _TELLING]
    return {
        "inner.codes": tuple(telling) or None,
        "inner.shown": _caught_shown(failure, telling),
        "log.header_only": of_header(failure) or None,
    }


def _message_text(failure: Failure, code: str) -> str:
    for message in (*failure.statement.messages, *failure.context):
        if message.code == code:
            return message.template + failure.statement.text[message.start : message.end or None][:400]
    return ""


def _caught_shown(failure: Failure, telling: Iterable[str]) -> bool | None:
    if any(True for _ in telling):
        return True
    found = _CAUGHT.search(failure.statement.text)
    if found is None:
        return None
    return not found["shown"].lstrip(" '\"‘“").startswith(_HIDDEN)


def signature_proven(failure: Failure) -> bool | None:
    """Whether a key had verified the signature before the token was refused; None where the log does not tell.

    From 6.28 on lifetime, issuer and audience are reported even where no key matches; the stack frame tells which
    of the two ways the library went.
    """
    if any(m.code in _SIGNATURE_GOOD for m in failure.context):
        return True
    text = failure.statement.text
    if "ValidateAfterSignatureFailed" in text:
        return False
    if failure.code not in _AFTER_SIGNATURE:
        return None
    if "ValidateTokenPayload" in text:
        return True
    high = failure.library.high
    return True if high is not None and high < (6, 28) else None


_SIGNATURE_GOOD = ("IDX10242", "IDX10241")
_AFTER_SIGNATURE = frozenset({"IDX10205", "IDX10214", "IDX10222", "IDX10223", "IDX10225", "IDX10206", "IDX10208"})


# --------------------------------------------------------------------------- fetching documents


def fetch(failure: Failure, says: str) -> dict[str, object]:
    """The fields ``fetch.…``: why a document could not be had, as the failure or the library's own lines tell."""
    messages = [m for m in (*failure.statement.messages, *failure.context) if m.code]
    about = [m for m in messages if _is_fetch(m, failure)]
    if says not in _METADATA and not about:
        return {}
    fields = failure.fields
    error, status = _error(failure, about)
    if error is None:
        return {}
    url = _text(fields.get("document_url")) or _text(fields.get("metadata_url"))
    return {
        "fetch.error": error,
        "fetch.url": url,
        "fetch.text": f"it was answered with HTTP {status}" if status else _WORDS.get(error, error),
        "fetch.other_host": _other_host(_text(fields.get("metadata_url")), _text(fields.get("document_url"))),
    }


def _is_fetch(message: Message, failure: Failure) -> bool:
    code = message.code or ""
    return of_code(code, message.template + failure.statement.text[message.start : message.start + 200]) in _METADATA


def _error(failure: Failure, about: Iterable[Message]) -> tuple[str | None, int | None]:
    fields, text = failure.fields, _words_of(failure)
    codes = {m.code for m in about} | set(failure.codes)
    status = fields.get("http_status")
    if not isinstance(status, int) or isinstance(status, bool):
        found = _STATUS.search(text)
        status = int(found["status"]) if found else None
    if codes & {"IDX20108"}:
        return "https", None
    if status is not None:
        return ("proxy" if status == 407 else "status"), status
    return _error_by_words(failure, text, codes), None


def _error_by_words(failure: Failure, text: str, codes: set[str | None]) -> str | None:
    socket = str(failure.fields.get("socket_error") or "")
    types = tuple(str(t).rpartition(".")[2] for t in _types(failure))
    if failure.fields.get("ssl_policy_error") or "AuthenticationException" in types or _TLS.search(text):
        return "tls"
    if socket or "SocketException" in types or "HttpRequestException" in types:
        by_socket = _by_socket(f"{socket} {text}")
        if by_socket is not None or socket or "SocketException" in types:
            return by_socket or "network"
    for kind, names in _FETCH_BY_TYPE:
        if any(t in names for t in types):
            return kind
    if codes & {"IDX20807", "IDX20809", "IDX10807"}:
        return "status"
    if codes & _UNUSABLE:
        return "parse"
    return "network" if "HttpRequestException" in types or "ID2136" in codes else None


def _by_socket(words: str) -> str | None:
    if _PROXY.search(words):
        return "proxy"
    if _DNS.search(words):
        return "dns"
    if _REFUSED.search(words):
        return "refused"
    return "timeout" if _TIMED_OUT.search(words) else None


def _types(failure: Failure) -> tuple[str, ...]:
    listed = failure.fields.get("inner_exception_types")
    inner = tuple(str(t) for t in listed) if isinstance(listed, list | tuple) else ()
    return (*failure.exceptions, *inner)


def _words_of(failure: Failure) -> str:
    """Where the reasons of a failed fetch stand: the text itself, and what the library's own lines embed."""
    lines = [line for line in failure.statement.text.splitlines() if not line.lstrip().startswith(("at ", "em ", "à "))]
    embedded = [v for m in failure.context for v in m.values if "Exception" in v]
    words = "\n".join((*lines[:60], *(e[:2000] for e in embedded[:4])))[:20_000]
    return _ADDRESS.sub(" ", words)  # a host may be called proxy, or tls


def _other_host(metadata: str | None, document: str | None) -> bool | None:
    one, other = (urls.split(url or "").netloc.casefold() for url in (metadata, document))
    return one != other if one and other else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


# --------------------------------------------------------------------------- assemblies


def assembly(failure: Failure) -> dict[str, object]:
    """The fields ``assembly.…``: a type, method or assembly of the library itself could not be loaded."""
    fields = failure.fields
    named = _text(fields.get("missing_type")) or _text(fields.get("missing_method")) or _text(fields.get("assembly"))
    text = failure.statement.text
    found = _ASSEMBLY.search(text) if "Could not load" in text or "not found:" in text else None
    loading = [t for t in _types(failure) if t.rpartition(".")[2] in _LOADING]
    if not (named or found or (loading and _of_library(failure))):
        return {}
    return {"assembly.fault": True, "assembly.text": _assembly_text(fields, named, found, loading)}


def _of_library(failure: Failure) -> bool:
    return "IdentityModel" in failure.statement.text


def _assembly_text(
    fields: Mapping[str, object], named: str | None, found: re.Match[str] | None, loading: list[str]
) -> str:
    if found is not None:
        return found[0][:200]
    version = _text(fields.get("assembly_version"))
    words = named or (loading[0].rpartition(".")[2] if loading else "a dependency")
    return f"{words} {version}" if version and version not in words else words


# --------------------------------------------------------------------------- what was sent

_OPAQUE_CODES = frozenset({"IDX14100", "IDX12709", "IDX10709", "IDX10708", "IDX10720", "IDX14107", "IDX12720"})
_UNREADABLE = "a part of it is no base64url text, or holds no JSON object"
_TEXTS = {
    "IDX10209": "it is longer than the library reads",
    "IDX10508": "its third part cannot be read as a signature",
}
_SEGMENT_CODES = frozenset({"IDX14120", "IDX14121", "IDX14122", "IDX12739", "IDX12740", "IDX12741", "IDX14111"})


def shape(failure: Failure, says: str) -> dict[str, object]:
    """The fields ``form.…``: what is wrong with the form of what arrived as token."""
    if says == "no-handler" and _is_readable(failure.token):
        return {"form.shape": "text", "form.text": "it can be decoded, but no handler takes it as it was sent"}
    if says == "no-handler":
        return {"form.shape": "unknown", "form.text": "no handler could read it"}
    if says != "malformed":
        return {}
    code = failure.code or ""
    if code.startswith("ID2"):
        return {"form.shape": "any"}
    if code in _OPAQUE_CODES:
        return _opaque(failure)
    if code in _SEGMENT_CODES:
        return {"form.shape": "segments", "form.text": "it has not the number of parts that a JWT has"}
    return {"form.shape": "text", "form.text": _TEXTS.get(code, _UNREADABLE)}


def _is_readable(token: Token | None) -> bool:
    return token is not None and token.form in (TokenForm.COMPACT, TokenForm.UNSIGNED, TokenForm.TRUNCATED)


def _opaque(failure: Failure) -> dict[str, object]:
    """Whether the text itself, where the log shows it, has dots after all."""
    if _is_readable(failure.token):
        prefix = "‘Bearer " in failure.statement.text or "'Bearer " in failure.statement.text
        words = "the word Bearer stands in front of it" if prefix else "it is no JWT as it stands"
        return {"form.shape": "text", "form.text": words}
    return {"form.shape": "opaque", "form.text": "there are no dots in it"}


def cut_off(failure: Failure, token: Token | None) -> bool | None:
    """The signature's own text is broken: its length fits no bytes, or the library could not decode it."""
    if token is not None and token.form is TokenForm.COMPACT and token.defect and "cut" in token.defect:
        return True
    caught = _CAUGHT.search(failure.statement.text)
    if caught is not None and "FormatException" in caught["shown"]:
        return True
    return None


def claim_name(failure: Failure) -> str | None:
    """The claim that the failure is about, as far as its words name one."""
    for pattern in (_CLAIM, _NAMED_CLAIM):
        found = pattern.search(failure.statement.text)
        if found is not None:
            return next(g for g in found.groups() if g)
    return "scope or roles" if failure.code == "IDW10201" else None


def saml(failure: Failure) -> bool:
    """SAML tokens are in play: by the codes, the exceptions or the names in the text."""
    families = ("IDX13", "IDX111", "IDX113", "IDX115", "IDX30")
    if any(c.startswith(families) for c in failure.codes):
        return True
    text = failure.statement.text
    return any("Saml" in t for t in failure.exceptions) or any(words in text for words in _OF_SAML)


_OF_SAML = ("tc:SAML:", "No token validator was found for the given token", "no validator found")
"""Names of SAML itself, and what only the WS-Federation handlers say."""
