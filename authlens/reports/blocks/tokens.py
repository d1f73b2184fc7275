"""The token of a failure: what it says of itself, and what the checks say of it."""

from __future__ import annotations

from typing import Any, Final

from authlens.model import Check, Token
from authlens.reports.cleaning import Clean, Cleaner, optional
from authlens.reports.encoding import Told, record

_CHECK: Final = ("name", "verdict", "expected", "found", "why", "code")


def token(one: Token, clean: Cleaner) -> dict[str, Any]:
    """As ``token`` of a failure tells it, before any check is told."""
    return {
        "sha256": one.sha256,
        "form": one.form.value,
        "header": Told(clean.members(one.header, clean.text)),
        "claims": Told(clean.members(one.claims, clean.text)),
        "checks": [],
        "defect": optional(one.defect, clean.text),
    }


def check(one: Check, clean: Clean) -> Told:
    """As ``checks`` of a token tells it."""
    name, verdict, *texts, code = one
    return record(_CHECK, name, verdict.value, *[optional(text, clean) for text in texts], code)
