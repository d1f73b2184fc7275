"""What a recorded bundle holds, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from authlens.redact import mask
from authlens.reports.wording import count, moment, visible


def told(recorded: Mapping[str, Any], issuers: Sequence[str], path: str) -> Iterator[str]:
    """One line a document: what it is, when it was taken or why there is none; then where all of it lies."""
    documents = recorded["documents"]
    for one in documents:
        yield f"{_state(one):<7} {visible(mask(one['url'], blobs=False))}  {_holds(one)}"
    kinds = [_keys(one) for one in documents if not one.get("error")]
    keys = sum(n for n in kinds if n is not None)
    where = "standard output" if path == "-" else path
    yield f"{where}: {count(len(documents), 'document')} of {count(len(issuers), 'issuer')}, {count(keys, 'key')}"


def is_whole(recorded: Mapping[str, Any], issuers: Sequence[str]) -> bool:
    """Every document was obtained, and there is a key set for each issuer's discovery document at least."""
    documents = recorded["documents"]
    usable = [one for one in documents if not one.get("error")]
    sets = [one for one in usable if _keys(one) is not None]
    return bool(sets) and len(usable) == len(documents) and len(usable) - len(sets) >= min(1, len(issuers))


def _state(one: Mapping[str, Any]) -> str:
    return "failed" if one.get("error") else "holds"


def _holds(one: Mapping[str, Any]) -> str:
    if one.get("error"):
        return visible(mask(str(one["error"])))
    keys = _keys(one)
    what = "discovery document" if keys is None else count(keys, "key")
    return f"{what}, as of {moment(one.get('fetched_at'))} UTC"


def _keys(one: Mapping[str, Any]) -> int | None:
    """How many keys it publishes; None for a discovery document."""
    body = one.get("body")
    if not isinstance(body, Mapping) or "jwks_uri" in body:
        return None
    keys = body.get("keys")
    return len(keys) if isinstance(keys, list | tuple) else len(body)
