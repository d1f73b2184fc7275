"""Which record joins which: what each role may follow, and what request, logger and text have to agree in."""

from __future__ import annotations

from authlens.failures.opened import Open
from authlens.model import Role
from authlens.sightings import REMOTE_LOGIN, Sighting

HANDLERS = (Role.EXCEPTION, Role.REFUSED, Role.REMOTE, Role.CHALLENGE)
"""What an authentication handler says of every refusal, at the level of information."""
FOLLOWS: dict[Role, tuple[Role, ...]] = {
    Role.REFUSED: (Role.EXCEPTION,),
    Role.REMOTE: (Role.MESSAGE,),
    Role.CHALLENGE: (Role.REFUSED,),
    Role.UNHANDLED: (Role.MESSAGE, Role.REMOTE),
    Role.APPLICATION: (Role.EXCEPTION, Role.MESSAGE),
}
"""Which record, by the role that opened a failure, each role may follow."""
AWAITED: dict[Role, tuple[Role, ...]] = {
    first: tuple(role for role, openers in FOLLOWS.items() if first in openers and role is not Role.APPLICATION)
    for first in Role
}
_KATANA = ("expired bearer token received", "invalid bearer token received")
"""What Katana's bearer middleware says behind the reason, which another record tells."""
_KATANA_S = 1.0
_OK, _BAD = 200, 400
_CLOCK_S = 1.0
"""Times in logs are as coarse as this."""


def may_join(o: Open, s: Sighting, number: int) -> bool:
    """Whether a record, the log's so-manieth with a code, may tell of the failure."""
    first = o.sightings[0]
    if first.stream != s.stream or first.request_id != s.request_id:
        return False
    if s.role is Role.APPLICATION and _is_katana(s):
        return _told_before(o, s, number)
    if s.role is Role.APPLICATION:
        return _application_joins(o, s, number) and o.quotes(s.key)
    if s.role is Role.UNHANDLED:
        return _unhandled_joins(o, s, number) and o.quotes(s.key)
    fits = first.role in FOLLOWS[s.role] and not o.has(s.role)
    return fits and (s.role is Role.CHALLENGE or o.quotes(s.key))


def _is_katana(s: Sighting) -> bool:
    return s.statement.text.lstrip().startswith(_KATANA)


def _told_before(o: Open, s: Sighting, number: int) -> bool:
    """Whether the failure's last record is the one before, and tells the reason of what Katana says here."""
    last = o.sightings[-1]
    near = last.time is None or s.time is None or abs((s.time - last.time).total_seconds()) <= _KATANA_S
    coded = any(m.code and not m.informational for m in last.statement.messages)
    return near and coded and o.number == number - 1


def _application_joins(o: Open, s: Sighting, number: int) -> bool:
    if o.has_of(s.role, s.logger):
        return False
    if s.request_id is not None:
        return True
    opened_by = o.sightings[0].role
    return opened_by in FOLLOWS[s.role] and not o.has(Role.REFUSED) and o.number == number - 1


def _unhandled_joins(o: Open, s: Sighting, number: int) -> bool:
    if o.has_of(s.role, s.logger):
        return False
    opened_by = o.sightings[0].role
    if opened_by is Role.REMOTE:
        return REMOTE_LOGIN in s.statement.text
    if opened_by is Role.UNHANDLED:
        return s.request_id is not None or o.number == number - 1
    return opened_by is Role.MESSAGE


def other_sink(last: Sighting, s: Sighting) -> bool:
    """Whether a second sink wrote the record before once more into one file: its head alone differs."""
    return (
        (last.time is None) is not (s.time is None)
        and last.role is s.role
        and last.request_id == s.request_id
        and last.logger == s.logger
        and last.statement.text == s.statement.text
    )


def served(o: Open, end: Sighting) -> bool:
    """Whether the request that ended well ran before the refusal, so that it can be the refused one."""
    if end.status is None or not _OK <= end.status < _BAD:
        return False
    began = o.sightings[0].time
    if began is None or end.time is None or end.took_s is None:
        return True
    return (end.time - began).total_seconds() <= end.took_s + _CLOCK_S
