"""The token of a failure: what it says of itself, and what the checks say of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from authlens.model import Check, Token
from authlens.reports.cleaning import Clean, Cleaner, optional
from authlens.reports.encoding import Told, record

_CHECK: Final = ("name", "verdict", "expected", "found", "why", "code")


def token(one: Token, checks: Iterable[Check], clean: Cleaner) -> dict[str, Any]:
    """As ``token`` of a failure tells it."""
    return {
        "sha256": one.sha256,
        "form": one.form.value,
        "header": clean.members(one.header, clean.text),
        "claims": clean.members(one.claims, clean.text),
        "checks": [_check(check, clean.text) for check in checks],
        "defect": optional(one.defect, clean.text),
    }


def _check(check: Check, clean: Clean) -> Told:
    name, verdict, *texts, code = check
    return record(_CHECK, name, verdict.value, *[optional(text, clean) for text in texts], code)
