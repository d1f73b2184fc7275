"""The entries of ``inputs``: what became of every byte and line."""

from __future__ import annotations

from typing import Any

from authlens.model import Amount, InputReport
from authlens.reports.cleaning import rfc3339


def entry(report: InputReport) -> dict[str, Any]:
    """One input."""
    ledger, layout = report.ledger, report.layout
    skipped = sum(ledger.skipped.values(), Amount())
    rest = Amount(
        bytes=ledger.read.bytes - ledger.used.bytes - skipped.bytes,
        lines=ledger.read.lines - ledger.used.lines - skipped.lines,
    )
    return {
        "path": report.path,
        "bytes": ledger.read.bytes,
        "lines": ledger.read.lines,
        "records": ledger.records,
        "format": layout.format if layout else None,
        "envelope": "/".join(layout.envelopes) or None if layout else None,
        "encoding": layout.encoding if layout else None,
        "failures": report.failures,
        "repeats": report.repeats,
        "informational": report.informational,
        "filtered": report.filtered,
        "used": _amount(ledger.used),
        "unmatched": _amount(rest),
        "skipped": {reason: _amount(ledger.skipped[reason]) for reason in sorted(ledger.skipped)},
        "first": rfc3339(report.first),
        "last": rfc3339(report.last),
        "auth_events": "seen" if ledger.auth_seen else "none",
        "error": report.error,
    }


def _amount(amount: Amount) -> dict[str, int]:
    return {"bytes": amount.bytes, "lines": amount.lines}
