"""Why a document could not be had, as the failure or the library's own lines tell: the fields ``fetch.…``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from authlens import urls
from authlens.diagnosis.evidence_said import exception_types
from authlens.diagnosis.evidence_says import of_code
from authlens.diagnosis.evidence_values import as_text
from authlens.model import Failure, Message

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
        *("IDX10220", "IDX10800", "IDX10801", "IDX10802", "IDX10805", "IDX20810", "IDX21106"),
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
    "status": "the answer's status tells of no success",
}


def about(failure: Failure, says: str) -> dict[str, object]:
    """The fields ``fetch.…``: why a document could not be had, as the failure or the library's own lines tell."""
    messages = [m for m in (*failure.statement.messages, *failure.context) if m.code]
    about = [m for m in messages if _is_fetch(m, failure)]
    if says not in _METADATA and not about:
        return {}
    fields = failure.fields
    error, status = _error(failure, about)
    if error is None:
        return {}
    url = as_text(fields.get("document_url")) or as_text(fields.get("metadata_url"))
    return {
        "fetch.error": error,
        "fetch.url": url,
        "fetch.text": f"it was answered with HTTP {status}" if status else _WORDS.get(error, error),
        "fetch.other_host": _other_host(as_text(fields.get("metadata_url")), as_text(fields.get("document_url"))),
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
    if codes & {"IDX10108", "IDX20108"}:
        return "https", None
    if status is not None:
        return ("proxy" if status == 407 else "status"), status
    return _error_by_words(failure, text, codes), None


def _error_by_words(failure: Failure, text: str, codes: set[str | None]) -> str | None:
    socket = str(failure.fields.get("socket_error") or "")
    types = tuple(str(t).rpartition(".")[2] for t in exception_types(failure))
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


def _words_of(failure: Failure) -> str:
    """Where the reasons of a failed fetch stand: the text itself, and what the library's own lines embed."""
    lines = [line for line in failure.statement.text.splitlines() if not line.lstrip().startswith(("at ", "em ", "à "))]
    embedded = [v for m in failure.context for v in m.values if "Exception" in v]
    words = "\n".join((*lines[:60], *(e[:2000] for e in embedded[:4])))[:20_000]
    return _ADDRESS.sub(" ", words)  # a host may be called proxy, or tls


def _other_host(metadata: str | None, document: str | None) -> bool | None:
    one, other = (urls.split(url or "").netloc.casefold() for url in (metadata, document))
    return one != other if one and other else None
