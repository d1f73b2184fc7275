"""Notes of a scan for people: what has one reason is one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from authlens.reports.wording import LONGEST_NAME, count, some, visible
from authlens.urls import authority_of

_UNASKED: Final = re.compile(r"(\S{1,300}): not asked: --allow-issuer \S{1,300}( or --online)? would ask \S{1,600}")
_OFFLINE: Final = re.compile(
    r"(\S{1,300}): not (?:among the documents at hand, and the network was not asked|asked: offline)"
)


def digest(notes: Sequence[str]) -> list[str]:
    """Notes for people: issuers that were not asked in one sentence, with how to ask for them."""
    asked = [_UNASKED.fullmatch(note) for note in notes]
    offline = [_OFFLINE.fullmatch(note) for note in notes]
    rest = [_once(note) for note, a, o in zip(notes, asked, offline, strict=True) if a is None and o is None]
    unasked = [(found[1], bool(found[2])) for found in asked if found is not None]
    unknown = list(dict.fromkeys(authority_of(found[1]) for found in offline if found is not None))
    out = []
    if unasked:
        known = sum(by_vendor for _, by_vendor in unasked)
        how = f"--allow-issuer {visible(unasked[0][0])}" if len(unasked) == 1 else "--allow-issuer ISSUER"
        online = f", or --online for {known:,} of them" if len(unasked) > 1 and known < len(unasked) else " or --online"
        how += online if known else ""
        names = some([issuer for issuer, _ in unasked], 2)
        out.append(f"{count(len(unasked), 'issuer')} not asked for keys; to ask: {how}. Seen: {names}.")
    if unknown:
        of = count(len(unknown), "issuer")
        shown = 2 if len(unknown) == 1 or len(unknown[0]) + len(unknown[1]) <= LONGEST_NAME else 1
        out.append(f"The keys of {of} are not at hand; --bundle or --jwks brings them: {some(unknown, shown)}.")
    return out + rest


def _once(note: str) -> str:
    """The note without the address that its reason repeats."""
    address, colon, reason = note.partition(": ")
    return reason if colon and reason.startswith(f"{address}: ") else note
