"""Facts about keys in time: until when a key was published, since when the application's set is out of date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from authlens.diagnosis.evidence_keys import Tried, same
from authlens.model import Key, KeySet


def dates(kid: str | None, loaded: KeySet, published: KeySet | None) -> dict[str, object]:
    """What a history tells of the token's key, in the set the application loads or else in that of the token's issuer."""
    sets = [s for s in (loaded, published) if s is not None and (s.keys or s.former)]
    row: dict[str, object] = {"jwks.as_of": _as_of(sets[0]) if sets else None}
    for keys in sets if kid else ():
        if (current := _named(keys.keys, kid)) is not None:
            row["jwks.kid_published_from"] = current.published_from
            row["jwks.rotation"] = _came(current, _named(keys.former, kid))
            break
        if (former := _named(keys.former, kid)) is not None:
            row["jwks.kid_published_from"] = former.published_from
            row["jwks.kid_published_until"] = former.published_until
            row["jwks.rotation"] = _went(former, _as_of(keys))
            break
    return {name: value for name, value in row.items() if value is not None}


def stale(tried: Iterable[Tried], loaded: KeySet) -> dict[str, object]:
    """Which keys that the application tried were withdrawn, and between when: its set is older than that."""
    old = [k for k in loaded.former if any(same(t, k) for t in tried) and not any(_same_key(k, c) for c in loaded.keys)]
    last = max(old, key=lambda k: (k.published_until is not None, k.published_until or _EPOCH), default=None)
    if last is None or last.published_until is None:
        return {}
    return {
        "keys_tried.stale_since": last.gone_by or last.published_until,
        "keys_tried.stale_text": f"{_name(last)} {_went(last, _as_of(loaded))}",
    }


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _same_key(one: Key, other: Key) -> bool:
    return one.kid == other.kid and one.thumbprint == other.thumbprint


def _named(keys: Iterable[Key], kid: str | None) -> Key | None:
    return next((k for k in keys if k.kid == kid), None)


def _as_of(keys: KeySet) -> datetime | None:
    return keys.documents[-1].as_of if keys.documents else None


def _came(key: Key, earlier: Key | None) -> str | None:
    """When a key that is published now appeared, as far as earlier sets tell."""
    if key.published_from is None or key.published_after is None:
        return None
    what = "the key under this id was replaced" if earlier is not None else "rotated in"
    return f"{what} between {said(key.published_after)} and {said(key.published_from)}"


def _went(key: Key, as_of: datetime | None) -> str:
    """When a key that is no longer published went."""
    until, gone = key.published_until, key.gone_by or as_of
    if until is None:
        return "was published before and no longer is"
    if gone is None or gone <= until:
        return f"was published until {said(until)}"
    return f"was published until {said(until)} and no longer at {said(gone)}: rotated between the two"


def _name(key: Key) -> str:
    return f"key {key.kid}" if key.kid else "a key without id"


def said(moment: datetime) -> str:
    """A moment for a person, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z"
