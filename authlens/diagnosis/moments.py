"""Moments that matter to the story: the first refusal, a key that came or went, a start of the application."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime

from authlens.diagnosis.evidence_history import said
from authlens.model import Finding, IssuerReport, Key, Moment

RESTART, KEY_CHANGE, FIRST_FAILURE = "restart", "key-change", "first-failure"


def find(
    findings: Iterable[Finding], issuers: Iterable[IssuerReport], starts: Iterable[datetime]
) -> tuple[Moment, ...]:
    """All of them, in order.

    Args:
        findings: The failures; only the keys that their tokens name count.
        issuers: What is known of each issuer's keys, and of when they were published.
        starts: When applications started.
    """
    failures = [f.failure for f in findings]
    times = [f.time for f in failures if f.time is not None]
    kids = {kid for f in failures if isinstance(kid := f.fields.get("kid"), str)}
    found = {Moment(time=t, kind=RESTART, text="the application started") for t in starts}
    if times:
        found.add(Moment(time=min(times), kind=FIRST_FAILURE, text="the first request was refused"))
        found.update(_changes(issuers, kids, max(times)))
    return tuple(sorted(found))


def change_of(kids: Collection[str], moments: Sequence[Moment]) -> Moment | None:
    """The last change of one of these keys; ``moments`` in order."""
    return next((m for m in reversed(moments) if m.kind == KEY_CHANGE and m.kid in kids), None)


def _changes(issuers: Iterable[IssuerReport], kids: Collection[str], last: datetime) -> Iterator[Moment]:
    """When keys came and went, as far as sets of before the last refusal show that they were not always so."""
    for report in issuers:
        for key in report.keys:
            if key.kid in kids:
                yield from _came(key, report.issuer, last)
                yield from _went(key, report.issuer, last)


def _came(key: Key, issuer: str, last: datetime) -> Iterator[Moment]:
    since, before = key.published_from, key.published_after
    if since is not None and before is not None and before <= last:
        text = f"key {key.kid} of {issuer} was first seen published, and not yet at {said(before)}"
        yield Moment(time=since, kind=KEY_CHANGE, text=text, kid=key.kid)


def _went(key: Key, issuer: str, last: datetime) -> Iterator[Moment]:
    until, gone = key.published_until, key.gone_by
    if until is not None and gone is not None and until <= last:
        text = f"key {key.kid} of {issuer} was first seen withdrawn, and still published at {said(until)}"
        yield Moment(time=gone, kind=KEY_CHANGE, text=text, kid=key.kid)
