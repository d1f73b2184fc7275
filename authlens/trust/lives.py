"""Since and until when keys were published, by the key sets that one address served over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from authlens.model import Document, Key, KeySet
from authlens.trust.bundles import keys_in


def dated(found: KeySet, as_of: datetime | None, earlier: Sequence[Document]) -> KeySet:
    """Dates the keys by earlier key sets of the same address, and adds those that are no longer published."""
    seen: dict[_Identity, list[datetime]] = {}
    former: dict[_Identity, Key] = {}
    for document in earlier:
        for key in keys_in(document):
            former[_identity(key)] = key
            seen.setdefault(_identity(key), []).extend(_times(document.as_of))
    for key in found.keys:
        former.pop(_identity(key), None)
        seen.setdefault(_identity(key), []).extend(_times(as_of))
    asked = sorted({t for d in earlier for t in _times(d.as_of)} | set(_times(as_of)))
    return replace(
        found,
        keys=tuple(_begun(key, seen[_identity(key)], asked) for key in found.keys),
        former=tuple(_ended(key, seen[identity], asked) for identity, key in former.items()),
    )


_Identity: TypeAlias = tuple[str | None, str | None]


def _times(as_of: datetime | None) -> tuple[datetime, ...]:
    return () if as_of is None else (as_of,)


def _identity(key: Key) -> _Identity:
    return key.kid, key.thumbprint


def _begun(key: Key, seen: Sequence[datetime], asked: Sequence[datetime]) -> Key:
    first = min(seen, default=None)
    before = [t for t in asked if first is not None and t < first]
    return replace(key, published_from=first, published_after=max(before, default=None))


def _ended(key: Key, seen: Sequence[datetime], asked: Sequence[datetime]) -> Key:
    last = max(seen, default=None)
    behind = [t for t in asked if last is not None and t > last]
    return replace(_begun(key, seen, asked), published_until=last, gone_by=min(behind, default=None))
