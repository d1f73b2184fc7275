"""One row a failure, for spreadsheets and data frames."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from typing import Any, Final, TextIO

from authlens.reports.document import Document
from authlens.reports.wording import visible

# fmt: off
COLUMNS: Final = (
    "id", "group", "known", "time", "time_assumed", "code", "codes", "cause", "severity", "confidence", "rule",
    "path", "line", "offset", "lines", "cut", "repeats", "level", "logger", "scheme", "request_id", "host", "client",
    "status", "accepted_by", "library", "exception",
    "token", "form", "iss", "aud", "kid", "alg", "typ", "sub", "exp", "nbf", "iat",
    "valid_issuer", "valid_audience", "metadata_url", "hidden", "next_code", "next_cause",
)
# fmt: on
"""Stable: new ones are added behind the last."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")
_SAYS: Final = ("iss", "aud", "kid", "alg", "typ", "sub", "exp", "nbf", "iat", "metadata_url")


def write(parts: Document, out: TextIO) -> None:
    """Writes RFC 4180 with a header; a cell that a spreadsheet would compute begins with an apostrophe."""
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(COLUMNS)
    for failure in parts.failures():
        row = _row(failure)
        rows.writerow([cell(row.get(name)) for name in COLUMNS])


def _row(failure: Mapping[str, Any]) -> dict[str, Any]:
    fields, token, source = failure["fields"], failure["token"] or {}, failure["source"]
    following = failure["next"] or {}
    return {
        **{name: failure.get(name) for name in COLUMNS if name in failure},
        **{name: fields.get(name) for name in _SAYS},
        **source,
        "status": failure["outcome"]["status"],
        "accepted_by": failure["outcome"]["accepted_by"],
        "library": failure["library"]["version"],
        "exception": next(iter(failure["exceptions"]), None),
        "token": token.get("sha256"),
        "form": token.get("form"),
        "valid_issuer": _several(fields, "valid_issuer"),
        "valid_audience": _several(fields, "valid_audience"),
        "next_code": following.get("code"),
        "next_cause": following.get("cause"),
    }


def _several(fields: Mapping[str, Any], name: str) -> Any:
    return fields.get(name) or fields.get(f"{name}s")


def cell(value: Any) -> str:
    """A value as text: lists by spaces, nothing that steers or is computed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        value = " ".join(str(one) for one in value)
    if isinstance(value, int | float):
        return str(value)
    raw = str(value)
    text = visible(raw)
    return f"'{text}" if raw.startswith(_FORMULA) or raw.lstrip().startswith(_FORMULA) else text
