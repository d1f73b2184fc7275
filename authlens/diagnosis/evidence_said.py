"""What a failure carries itself: its codes and exceptions, and what message and token say, field by field."""

from __future__ import annotations

from datetime import datetime

from authlens.diagnosis.evidence_values import as_texts
from authlens.model import Failure

_PLAIN = frozenset(
    (
        *("kid", "alg", "typ", "iss", "sub", "exp", "nbf", "iat", "valid_issuer", "configuration_issuer"),
        *("valid_audience", "valid_to", "valid_from", "current_time", "keys_tried_count", "keys_in_tvp"),
        *("keys_in_configuration", "key_bits", "min_bits", "metadata_url", "document_url", "http_status"),
        *("socket_error", "ssl_policy_error", "retry_at", "parameter_name", "context_nonce", "payload_nonce"),
        *("require_nonce", "context_state", "require_state", "missing_type", "missing_method", "assembly"),
        "assembly_version",
    )
)
_LISTS = ("aud", "valid_issuers", "valid_audiences", "key_types")


def recorded(failure: Failure) -> dict[str, object]:
    """What kind of failure it is."""
    types = failure.fields.get("inner_exception_types")
    first = failure.fields.get("exception_type")
    return {
        "code": failure.code,
        "codes": failure.codes or None,
        "exception_type": first if isinstance(first, str) else next(iter(failure.exceptions), None),
        "inner_exception_types": as_texts(types) or failure.exceptions[1:] or None,
        "hidden": failure.hidden or None,
        "scheme": failure.scheme,
        "log.library_lines": bool(failure.context),
    }


def said(failure: Failure) -> dict[str, object]:
    """What message and token say, as far as rules may ask for it as it stands."""
    row: dict[str, object] = {}
    for name, value in failure.fields.items():
        if name in _LISTS:
            row[name] = as_texts(value) or None
        elif name in _PLAIN and isinstance(value, str | int | float | datetime):
            row[name] = value
    return row


def exception_types(failure: Failure) -> tuple[str, ...]:
    """Of all exceptions that are printed or named, outermost first."""
    listed = failure.fields.get("inner_exception_types")
    inner = tuple(str(t) for t in listed) if isinstance(listed, list | tuple) else ()
    return (*failure.exceptions, *inner)
