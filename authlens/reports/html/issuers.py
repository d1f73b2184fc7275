"""Who publishes what: the issuers, their documents, and their keys beside those that the API tried."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlens.durations import duration
from authlens.reports import wording
from authlens.reports.keys import Tried, side_by_side


def known(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Issuers of which something is known; those with the same documents are one, by whatever names they were asked."""
    merged: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for number, one in enumerate(document["issuers"]):
        if _is_known(one):
            documents = tuple(d["url"] for d in one["documents"])
            merged.setdefault(documents or (str(number),), []).append(one)
    out = []
    for same in merged.values():
        first, *others = sorted(same, key=lambda one: "/.well-known/" in one["issuer"])
        out.append({**first, "others": [one["issuer"] for one in others]})
    return out


def unknown(document: Mapping[str, Any]) -> list[str]:
    """The names of those of which nothing is known."""
    return [one["issuer"] for one in document["issuers"] if not _is_known(one)]


def view(issuer: Mapping[str, Any], tried: Tried, now: str, most: int) -> dict[str, Any]:
    """One of ``known`` with the age of its documents, and its keys beside those tried.

    Args:
        issuer: One of ``known``.
        tried: What the messages say that the application tried.
        now: The present, as the document says it.
        most: Keys shown.
    """
    rows = side_by_side(issuer["keys"], tried.of([issuer["issuer"], *issuer["others"]], issuer["keys"]))
    documents = [
        {**one, "age": duration(max(0.0, wording.seconds_between(one["as_of"], now)))} for one in issuer["documents"]
    ]
    return {
        **issuer,
        "documents": documents,
        "keys": rows[:most],
        "hidden": max(0, len(rows) - most),
        "published": sum(1 for row in rows if row["published"]),
        "tried": sum(1 for row in rows if row["tried"] and not row["published"]),
    }


def _is_known(issuer: Mapping[str, Any]) -> bool:
    return bool(issuer["documents"] or issuer["keys"])
