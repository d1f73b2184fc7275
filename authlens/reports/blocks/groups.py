"""The entries of ``groups``: one cause with one remedy each."""

from __future__ import annotations

from typing import Any, Final

from authlens.model import Group, Severity
from authlens.redact import Pseudonyms, mask
from authlens.reports.blocks.failures import also, alternatives
from authlens.reports.cleaning import cut, optional, rfc3339
from authlens.reports.encoding import opened

_SEVERITIES: Final = tuple(Severity)
"""Worst first."""
_SHOWN: Final = ("issuers", "audiences", "kids", "schemes", "hosts", "sources")


def by_weight(group: Group) -> tuple[Any, ...]:
    """Orders groups, the worst first."""
    return (_SEVERITIES.index(group.severity), -group.count, group.cause, group.id)


def entry(group: Group, names: Pseudonyms) -> dict[str, Any]:
    """One group."""
    keep = (*group.issuers, *group.audiences, *group.kids)

    def clean(text: str) -> str:
        return cut(names.text(text, keep=keep))

    return {
        "id": group.id,
        "cause": group.cause,
        "severity": group.severity.value,
        "confidence": group.confidence.value,
        "title": clean(group.title),
        "count": group.count,
        "first": rfc3339(group.first),
        "last": rfc3339(group.last),
        "ongoing": group.ongoing,
        "codes": list(group.codes),
        **{name: [cut(mask(value, blobs=False)) for value in getattr(group, name)] for name in _SHOWN},
        "explanation": clean(group.explanation),
        "evidence": [
            {"name": e.name, "expected": optional(e.expected, clean), "found": optional(e.found, clean)}
            | {"difference": optional(e.difference, clean)}
            for e in group.evidence
        ],
        "remediation": [{"stack": r.stack, "steps": [clean(s) for s in r.steps]} for r in group.remediation],
        "references": list(group.references),
        "alternatives": opened(alternatives(group.alternatives, clean)),
        "next": opened(also(group.next, clean)) if group.next else None,
        "failures": list(group.failures),
    }
