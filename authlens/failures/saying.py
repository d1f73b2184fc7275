"""What the records of a failure say together, and the failure that they make."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from authlens import messages, tokens
from authlens.catalogue.printed import short
from authlens.failures.library import gives_no_reason, only_informs
from authlens.failures.opened import Open
from authlens.model import Failure, Frozen, Link, Message, Outcome, Role, Said, Statement, Token, TokenForm
from authlens.sightings import Sighting

_OPENIDDICT_GENERIC = "An error occurred while authenticating the current request."
_MOST_KNOWN = 4096
_FORM_RANK = (
    TokenForm.COMPACT,
    TokenForm.UNSIGNED,
    TokenForm.DECODED,
    TokenForm.ENCRYPTED,
    TokenForm.TRUNCATED,
    TokenForm.HEADER,
    TokenForm.OPAQUE,
    TokenForm.REDACTED,
    TokenForm.HIDDEN,
)


class Maker:
    """Makes failures; what equal texts say is worked out once."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._known: dict[tuple[object, ...], tuple[tuple[Statement, ...], Said]] = {}
        """With the statements, so that none takes the place of another while it is remembered."""

    def failure(self, o: Open) -> Failure:
        """The failure that the records tell of."""
        first = o.sightings[0]
        errors = [s for s in o.library if not only_informs(s)]
        time, assumed = first.time, first.time_assumed
        host = client = scheme = None
        cut = False
        for s in o.sightings:
            scheme, cut = scheme or s.scheme, cut or s.cut
        for s in _around(o):
            host, client = host or s.host, client or s.client
            if time is None and s.time is not None:
                time, assumed = s.time, s.time_assumed
        return Failure(
            first.origin,
            self._said(o, errors),
            time,
            assumed,
            first.level,
            first.logger,
            first.request_id,
            host or None,
            client or None,
            scheme or None,
            _outcome(o.status, o.accepted_by),
            _links(o, errors),
            first.lines,
            cut,
        )

    def _said(self, o: Open, errors: Sequence[Sighting]) -> Said:
        statements = [s.statement for s in o.sightings]
        if o.where is not None and o.where.statement.tokens:
            statements.append(o.where.statement)
        key = (*map(id, statements), 0, *map(_way, o.library))
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            found = self._known[key] = ((*statements, *(s.statement for s in o.library)), _say(o, errors))
        return found[1]


def _way(s: Sighting) -> tuple[int, str | None, str | None]:
    """What of one of the library's lines decides what is said."""
    return id(s.statement), s.level, s.logger


@lru_cache(maxsize=256)
def _outcome(status: int | None, accepted_by: str | None) -> Outcome:
    return Outcome(status=status, accepted_by=accepted_by)


def _around(o: Open) -> Sequence[Sighting]:
    """All records that tell of a failure or of its request."""
    if not o.library and o.where is None:
        return o.sightings
    return (*o.sightings, *o.library, *(() if o.where is None else (o.where,)))


def _links(o: Open, errors: Sequence[Sighting]) -> tuple[Link, ...]:
    further = [Link(s.path, s.line, s.role, at not in o.unsure) for at, s in enumerate(o.sightings) if at]
    further += [Link(s.path, s.line, s.role, s.request_id is not None) for s in errors]
    return tuple(sorted(further, key=lambda link: link.line)) if len(further) > 1 else tuple(further)


# --------------------------------------------------------------------------- texts


def _say(o: Open, errors: Sequence[Sighting]) -> Said:
    ranked = sorted(o.sightings, key=_tells_most, reverse=True)
    failing = _failing(o, ranked[0])
    token = _best_token(o)
    fields = _fields(o, ranked, token)
    primary = failing[0] if failing else None
    told = ranked[0].statement
    texts = dict.fromkeys(s.statement.text for s in (*o.sightings, *errors))
    return Said(
        code=messages.primary(failing) if failing else None,
        codes=tuple(dict.fromkeys(m.code for m in failing if m.code)),
        exceptions=told.exceptions,
        statement=told,
        fields=fields,
        args=primary.values if primary else (),
        hidden=tuple(sorted({h for m in failing for h in m.hidden} - set(fields))),
        token=token,
        library=messages.library("\n".join(texts), failing),
        context=tuple(m for s in o.library for m in s.statement.messages),
        tokens=tuple(t for s in _around(o) for t in s.statement.tokens),
    )


def _tells_most(s: Sighting) -> tuple[int, int]:
    return (len(s.statement.exceptions) + len(s.statement.messages), len(s.statement.text))


def _failing(o: Open, told: Sighting) -> tuple[Message, ...]:
    """The messages of the refusal, outermost first; OpenIddict's reasons stand before its refusal."""
    rest = [s for s in o.sightings if s is not told]
    own = [m for s in (told, *rest) for m in s.statement.messages if not m.informational]
    if _is_openiddict(o):
        own = [
            m for s in o.library if not gives_no_reason(s) for m in s.statement.messages if not m.informational
        ] + own
    elif o.sightings[0].role is Role.LIBRARY:
        own += [m for s in reversed(o.library) for m in s.statement.messages if not m.informational]
    return tuple(own)


def _is_openiddict(o: Open) -> bool:
    return any(_OPENIDDICT_GENERIC in s.statement.text for s in o.sightings)


def _best_token(o: Open) -> Token | None:
    own = [t for s in o.sightings for t in s.statement.tokens]
    around = [t for s in o.library for t in s.statement.tokens]
    for found in (own, around):
        shown = [t for t in found if t.form in _FORM_RANK[:4]]
        if shown:
            return min(shown, key=lambda t: _FORM_RANK.index(t.form))
    every = own + around
    return min(every, key=lambda t: _FORM_RANK.index(t.form)) if every else None


def _fields(o: Open, ranked: Sequence[Sighting], token: Token | None) -> Frozen[object]:
    said: dict[str, object] = {}
    for m in _saying(o, ranked):
        for name, value in m.fields.items():
            said.setdefault(name, value)
    if token is not None:
        tokens.complete(said, token)
    _unwrap(o, said)
    return Frozen(sorted(said.items()))


def _unwrap(o: Open, said: dict[str, object]) -> None:
    """What was thrown is what the first record prints; a host wraps it where it passes it on."""
    inner = said.get("inner_exception_types")
    if not isinstance(inner, tuple):
        return
    printed = (m.fields.get("exception_type") for s in o.sightings for m in s.statement.messages)
    thrown = short(str(next(filter(None, printed), "")))
    at = next((i for i, name in enumerate(inner) if short(name) == thrown), None)
    if at is None:
        return
    said["exception_type"], said["inner_exception_types"] = inner[at], inner[at + 1 :]
    if not said["inner_exception_types"]:
        del said["inner_exception_types"]


def _saying(o: Open, ranked: Sequence[Sighting]) -> Iterator[Message]:
    for s in ranked:
        yield from (m for m in s.statement.messages if not m.informational)
    for s in o.library:
        yield from s.statement.messages
