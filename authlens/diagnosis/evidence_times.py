"""Facts about times: how far beyond its limits a token was used, and what its exp looks like.

A lifetime is judged at the record's time or the message's own current time, never at the present.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from authlens.model import Failure, Token, TokenForm

SHOWN = frozenset({TokenForm.COMPACT, TokenForm.UNSIGNED, TokenForm.DECODED})
"""Forms in which the claims can be read."""

_EARLY, _LATE = "not-yet-valid", "expired"
LIFETIMES = frozenset((_EARLY, _LATE))
"""Claims about a lifetime."""
_LARGEST_INT32 = 2_147_483_647
_SMALLEST_MILLISECONDS = 100_000_000_000
_MINUTES_OFF = frozenset((*(60 * h for h in range(1, 15)), 210, 270, 330, 345, 390, 525, 570, 630, 765))
"""Offsets of the world's time zones from UTC, without sign."""
_SLACK_S = 60
"""So far from a whole offset a distance may be: the time between issue and use."""


def moment(value: object) -> datetime | None:
    """An instant from what a field holds: an aware time, an ISO 8601 text or a NumericDate."""
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value, UTC)
        found = datetime.fromisoformat(str(value))
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def of_request(failure: Failure, fields: Mapping[str, object]) -> datetime | None:
    """When the token was used; None where the log does not tell.

    The record's time, else what the message prints as its own; a message knows its zone, a record may not.

    Args:
        failure: Whose time it is.
        fields: What is the failure's own of what it says.
    """
    if failure.time is not None and not failure.time_assumed:
        return failure.time
    return moment(fields.get("current_time")) or failure.time


def clock(says: str, failure: Failure, skew_s: float) -> dict[str, object]:
    """The fields ``clock.…`` of a row, for refusals of a lifetime."""
    if says not in LIFETIMES:
        return {}
    fields = failure.fields
    now = moment(fields.get("current_time")) or failure.time
    limit = _first(fields, "valid_to", "exp") if says == _LATE else _first(fields, "valid_from", "nbf")
    row: dict[str, object] = {"clock.skew_s": int(skew_s)}
    if now is None or limit is None:
        return row
    distance = round((now - limit).total_seconds() if says == _LATE else (limit - now).total_seconds())
    row["clock.distance_s"] = distance
    row["clock.beyond_s"] = distance - int(skew_s)
    since_issue = _since_issue(fields, now) if says == _LATE else None
    row["clock.since_issue_s"] = since_issue
    # a token is used at once: the issuer's error stands between its issue and its use
    row["clock.whole_hours"] = whole_offset(distance if since_issue is None else since_issue)
    return row


def _since_issue(fields: Mapping[str, object], now: datetime) -> int | None:
    """How old a token was when it was used, by what it says itself, seconds."""
    issued = _first(fields, "iat", "nbf", "valid_from")
    return None if issued is None else round((now - issued).total_seconds())


def is_reversed(fields: Mapping[str, object]) -> bool | None:
    """Whether a token's validity ends before it begins; None where one of both is not known."""
    begin, end = _first(fields, "valid_from", "nbf"), _first(fields, "valid_to", "exp")
    return None if begin is None or end is None else begin > end


def _first(fields: Mapping[str, object], *names: str) -> datetime | None:
    """The moment that the first of these fields holds which holds one."""
    return next((m for n in names if (m := moment(fields.get(n)))), None)


def whole_offset(distance_s: int) -> bool:
    """A distance between two clocks is a whole time-zone offset, give or take a minute."""
    nearest = min(_MINUTES_OFF, key=lambda minutes: abs(abs(distance_s) - 60 * minutes))
    return abs(abs(distance_s) - 60 * nearest) <= _SLACK_S


def shown(token: Token | None) -> bool:
    """The token's claims can be read in the log."""
    return token is not None and token.form in SHOWN and bool(token.claims)


def expiry(token: Token | None) -> dict[str, object]:
    """The fields ``exp.…``: which form the token's exp has, where the log shows the token."""
    if token is None or not shown(token):
        return {}
    claims: Mapping[str, object] = token.claims
    if "exp" not in claims:
        return {"exp.form": "absent"}
    value = claims["exp"]
    return {"exp.form": _form(value), "exp.text": str(value)[:40]}


def _form(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "text"
    if value >= _SMALLEST_MILLISECONDS:
        return "milliseconds"
    return "overflow" if value > _LARGEST_INT32 else "number"
