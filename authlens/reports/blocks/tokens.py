"""The token of a failure: what it says of itself, and what the checks say of it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from authlens.model import Check, Said, Token
from authlens.reports.cleaning import Clean, Cleaner, of_nobody, optional
from authlens.reports.encoding import Recent, Told, record

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


class _Impersonal(NamedTuple):
    """A check that names nobody, as far as can be told without the people of a token."""

    told: Told
    text: str
    """All that it says."""


class Answers:
    """Tells checks; most name nobody and are told alike whatever token was asked about."""

    def __init__(self) -> None:
        """Nothing is remembered yet."""
        self._impersonal: Recent[_Impersonal | None] = Recent()
        self._told: Recent[Told] = Recent()
        """By token and check, both of them kept by the result: at another time most checks of a token are the same."""

    def told(self, one: Check, said: Said, clean: Cleaner) -> Told:
        """As ``checks`` of the token of ``said`` tells it; ``clean`` knows its people."""
        same = (id(said), id(one))
        return self._told.get(same) or self._told.keep(same, self._new(one, clean))

    def _new(self, one: Check, clean: Cleaner) -> Told:
        known = self._impersonal[one] if one in self._impersonal else self._impersonal.keep(one, _impersonal(one))
        return known.told if known is not None and not clean.names_in(known.text) else check(one, clean.text)


def _impersonal(one: Check) -> _Impersonal | None:
    texts = [text for text in (one.expected, one.found, one.why) if text is not None]
    nobody = {text: of_nobody(text) for text in texts}
    cleaned = {text: clean for text, clean in nobody.items() if clean is not None}
    return _Impersonal(check(one, cleaned.__getitem__), "\n".join(texts)) if len(cleaned) == len(nobody) else None
