"""The block ``summary``: counts that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from authlens.diagnosis.causes import UNDETERMINED
from authlens.model import Finding, Result, Severity
from authlens.reports.cleaning import rfc3339


def summary(result: Result, findings: Sequence[Finding]) -> dict[str, Any]:
    """Failures = the sum by code, by cause and by severity."""
    times = [f.failure.time for f in findings if f.failure.time is not None]
    tokens = {f.failure.said.token.sha256 for f in findings if f.failure.said.token is not None}
    severities = Counter(f.severity for f in findings)
    causes = Counter(f.cause for f in findings)
    return {
        "failures": len(findings),
        "groups": len(result.groups),
        "tokens": len(tokens),
        "issuers": len(result.issuers),
        "exposures": len(result.exposures),
        "first": rfc3339(min(times, default=None)),
        "last": rfc3339(max(times, default=None)),
        "by_code": _sorted(Counter(f.failure.said.code or "none" for f in findings)),
        "by_cause": _sorted(causes),
        "by_severity": {severity.value: severities[severity] for severity in Severity},
        "undetermined": causes[UNDETERMINED],
    }


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts)}
