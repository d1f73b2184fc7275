"""The keys of an issuer side by side: published now, remembered from before, tried by the application."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from authlens.model import Finding
from authlens.redact import mask
from authlens.urls import authority_of

_MOST: Final = 200
"""Keys of one failure, and sets of keys, that are remembered."""
_SYMMETRIC: Final = "Symmetric"


@dataclass(frozen=True, slots=True)
class TriedKey:
    """A key that a message says the application tried; never the thumbprint of a secret."""

    kid: str
    thumbprint: str
    kind: str


class Tried:
    """Which keys were tried together with tokens of which issuer, and in how many failures."""

    def __init__(self) -> None:
        """Nothing was tried yet."""
        self._sets: Counter[tuple[str | None, tuple[TriedKey, ...]]] = Counter()

    def add(self, finding: Finding) -> None:
        """Counts the keys of one failure: those of the application's metadata, else of the token's issuer."""
        failure = finding.failure
        keys = failure.fields.get("keys_tried")
        tried = tuple(_read(key) for key in keys if isinstance(key, Mapping)) if isinstance(keys, list | tuple) else ()
        metadata = next((row.expected for row in finding.evidence if row.name == "metadata"), None)
        issuer = metadata or failure.fields.get("iss")
        entry = (_name(issuer) if isinstance(issuer, str) else None, tried[:_MOST])
        if tried and (entry in self._sets or len(self._sets) < _MOST):
            self._sets[entry] += 1

    def of(self, issuers: Iterable[str], keys: Sequence[Mapping[str, Any]]) -> Counter[TriedKey]:
        """What was tried with tokens of an issuer; where the log hides whose, it is told by a key of the issuer's.

        Args:
            issuers: The issuer's names.
            keys: Those that it publishes or published.
        """
        names = {_name(issuer) for issuer in issuers}
        found: Counter[TriedKey] = Counter()
        for (issuer, tried), times in self._sets.items():
            if issuer in names or (issuer is None and any(_is_same(one, key) for one in tried for key in keys)):
                for one in tried:
                    found[one] += times
        return found


def _read(key: Mapping[str, object]) -> TriedKey:
    kind = str(key.get("type") or "")
    secret = _SYMMETRIC in kind
    thumbprint = "" if secret else mask(str(key.get("internal_id") or ""), blobs=False)
    return TriedKey(mask(str(key.get("kid") or ""), blobs=False), thumbprint, kind.rpartition(".")[2][:60])


def _name(issuer: str) -> str:
    """The issuer, or the address of its document, without what differs between the two."""
    return authority_of(mask(issuer, blobs=False))


def side_by_side(keys: Iterable[Mapping[str, Any]], tried: Mapping[TriedKey, int]) -> list[dict[str, Any]]:
    """One row a key: those published, then those no longer published, then those that were only tried.

    Args:
        keys: As the document's ``issuers[].keys`` tells them.
        tried: Of the same issuer, with the number of failures.
    """
    left = dict(tried)
    rows = [_known(key, left) for key in keys]
    rows.sort(key=lambda row: not row["published"])
    alone = sorted(left, key=lambda key: (-left[key], key.kid, key.thumbprint))
    held = {row["kid"] for row in rows if row["published"] and row["kid"]}
    return rows + [_only_tried(key, left[key], held) for key in alone]


def _known(key: Mapping[str, Any], left: dict[TriedKey, int]) -> dict[str, Any]:
    same = [one for one in left if _is_same(one, key)]
    times = sum(left.pop(one) for one in same)
    return {
        **{name: key[name] for name in ("kid", "kty", "alg", "use", "thumbprint", "defect")},
        "published": key["published_until"] is None,
        "since": key["published_from"],
        "until": key["published_until"],
        "tried": times,
        "note": key["defect"],
    }


def _is_same(tried: TriedKey, key: Mapping[str, Any]) -> bool:
    """The thumbprint decides where both have one; else the id."""
    if tried.thumbprint and key["thumbprint"]:
        return tried.thumbprint == str(key["thumbprint"])
    return bool(tried.kid) and tried.kid == key["kid"]


def _only_tried(key: TriedKey, times: int, held: Collection[str]) -> dict[str, Any]:
    note = "the same id is published for another key" if key.kid in held else None
    return {
        **dict.fromkeys(("alg", "use", "defect", "since", "until")),
        "kid": key.kid or None,
        "kty": key.kind or None,
        "thumbprint": key.thumbprint or None,
        "published": False,
        "tried": times,
        "note": note,
    }
