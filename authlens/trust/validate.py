"""What Microsoft's validator would say of a token: all checks, in the order in which that version reports them."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from authlens.model import Check, Expectations, Key, KeySet, Token, TokenForm, Verdict
from authlens.tokens import parse
from authlens.trust import keys as published
from authlens.trust.checks import audience, claims, form, issuer, lifetime, signature, tenant
from authlens.trust.checks.case import FAIL, PASS, Answer, Case
from authlens.trust.checks.library import NEW_HANDLER
from authlens.trust.checks.library import library as read_library


def judge(
    token: Token,
    keys: KeySet | tuple[Key, ...] | None,
    expectations: Expectations,
    at: datetime | None,
    library: str = "8",
    *,
    secret: bytes | None = None,
    handler: str | None = None,
) -> Verdict:
    """Judge a token of any form with what is known; what is not known is UNKNOWN, and says why.

    ``library`` is ``5`` (5.7), ``6`` (6.8), ``7`` (7.7), ``8`` (8.23) or a full version; ``handler`` the class that
    reads the token, by default the one JwtBearer used with that version.
    """
    return timeless(token, keys, expectations, library, secret=secret, handler=handler).at(at)


def timeless(
    token: Token,
    keys: KeySet | tuple[Key, ...] | None,
    expectations: Expectations,
    library: str = "8",
    *,
    secret: bytes | None = None,
    handler: str | None = None,
) -> Timeless:
    """As :func:`judge`, but for the time: a token that is sent again and again is judged once."""
    version = read_library(library, handler=handler)
    known, why, issuer_published = _key_material(keys)
    case = Case(
        token=token,
        reading=form.read(token, version),
        library=version,
        expectations=expectations,
        keys=known,
        why_no_keys=why,
        issuers=(*expectations.issuers, *((issuer_published,) if issuer_published else ())),
        published_issuer=issuer_published,
        secret=secret,
    )
    return _timeless(case)


class Timeless(NamedTuple):
    """What all checks say that do not ask for the time."""

    case: Case
    signatures: tuple[Answer, ...]
    lifetime: lifetime.Lifetime
    audiences: tuple[Answer, ...]
    issuers: tuple[Answer, ...]
    others: tuple[Answer, ...]
    claims_first: bool
    """The library asks for the signature last."""

    def at(self, moment: datetime | None) -> Verdict:
        """The verdict at that time; None where no time is known."""
        return _verdict((*self.case.reading.answers, *self._in_order(self.lifetime.at(moment))))

    def _in_order(self, lifetimes: tuple[Answer, ...]) -> tuple[Answer, ...]:
        """All checks behind the form's, as the library would come to them."""
        if not self.case.reading.readable:
            # It stops at the form; what can be told of the rest is told, but it asks nothing more
            told = (*self.signatures, *lifetimes, *self.audiences, *self.issuers, *self.others)
            return tuple(Answer(check, asked=False) for check, _ in told)
        if self.claims_first:
            # InternalValidators.ValidateAfterSignatureFailed: the library spares itself a refresh of the metadata
            return (*lifetimes, *self.issuers, *self.audiences, *self.signatures, *self.others)
        signatures = _unmatched(self.case, self.signatures, lifetimes, self.issuers)
        return (*signatures, *lifetimes, *self.audiences, *self.issuers, *self.others)


def validate(
    token: str,
    keys: Mapping[str, Any] | None = None,
    *,
    issuers: Iterable[str] = (),
    audiences: Iterable[str] = (),
    clock_skew_s: float = 300,
    types: Iterable[str] | None = None,
    algorithms: Iterable[str] | None = None,
    require_expiration: bool = True,
    require_signature: bool = True,
    at: datetime | None = None,
    library: str = "8",
) -> Verdict:
    """Validate a token as ``JsonWebTokenHandler`` of that version does, with these keys and demands and no others.

    Args:
        token: the compact text; anything else is refused with the code that the library gives it.
        keys: a key set (RFC 7517); all its keys that the library can use are tried.
        issuers: accepted issuers, compared ordinally.
        audiences: accepted audiences.
        clock_skew_s: seconds that ``nbf`` and ``exp`` may be off.
        types: accepted ``typ`` values; None accepts any.
        algorithms: accepted ``alg`` values; None accepts any.
        require_expiration: refuse a token without ``exp``.
        require_signature: refuse an unsigned token.
        at: the time of validation, UTC unless it names another zone; the present without it.
        library: ``6`` (6.8), ``7`` (7.7), ``8`` (8.23) or a full version.
    """
    demands = (
        tuple(issuers),
        tuple(audiences),
        float(clock_skew_s),
        None if types is None else tuple(types),
        None if algorithms is None else tuple(algorithms),
        require_expiration,
        require_signature,
    )
    moment = at or datetime.now(UTC)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (_remembered if len(token) <= _MEMO_CHARS else _validated)(token, _content(keys), demands, moment, library)


def next_code(verdict: Verdict, repaired: Collection[str]) -> Check | None:
    """What the library would report once these checks (``lifetime.not-expired``, or a family: ``lifetime``) pass."""
    for check in verdict.checks:
        mended = check.name in repaired or check.name.partition(".")[0] in repaired
        if check.verdict is FAIL and check.code and not mended:
            return check
    return None


# --------------------------------------------------------------------------- validate


_MEMO_CHARS = 16_384
_Demands: TypeAlias = tuple[
    tuple[str, ...], tuple[str, ...], float, tuple[str, ...] | None, tuple[str, ...] | None, bool, bool
]


class _Content:
    """A key set's content at one time, read."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = copy.deepcopy(dict(document))
        self.keys = published.parse(self.document)


_MOST_CONTENTS = 16
_contents: list[_Content] = []


def _content(keys: Mapping[str, Any] | None) -> _Content:
    """Read a key set once; it is the caller's and may change between two calls, so it is compared, not recognised."""
    document = keys or {}
    for known in _contents:
        if known.document == document:
            return known
    found = _Content(document)
    del _contents[_MOST_CONTENTS - 1 :]
    _contents.insert(0, found)
    return found


def _validated(token: str, keys: _Content, demands: _Demands, at: datetime, library: str) -> Verdict:
    version = read_library(library, handler=NEW_HANDLER)
    issuers, audiences, clock_skew_s, types, algorithms, require_expiration, require_signature = demands
    parsed = parse(token)
    # A text that merely looks decoded, redacted or hidden is a malformed token here
    reading = form.read(parsed, version) if parsed.form is TokenForm.COMPACT else form.read_text(token, version)
    case = Case(
        token=parsed,
        reading=reading,
        library=version,
        expectations=Expectations(
            source="the arguments",
            issuers=issuers,
            audiences=audiences,
            clock_skew_s=clock_skew_s,
            types=types,
            algorithms=algorithms,
            require_expiration=require_expiration,
            require_signature=require_signature,
        ),
        keys=keys.keys,
        issuers=issuers,
        explicit=True,
    )
    return _timeless(case).at(at)


_remembered = lru_cache(maxsize=4096)(_validated)


# --------------------------------------------------------------------------- the order


def _key_material(keys: KeySet | tuple[Key, ...] | None) -> tuple[tuple[Key, ...] | None, str, str | None]:
    """The keys, why there are none, and the issuer that publishes them."""
    if isinstance(keys, KeySet):
        if keys.unavailable is not None:
            return None, keys.unavailable, keys.issuer
        return keys.keys, "", keys.issuer
    return keys, "no key set is known", None


def _verdict(answers: tuple[Answer, ...]) -> Verdict:
    checks: list[Check] = []
    against: list[Check] = []
    for check, asked in answers:
        checks.append(check)
        if check.verdict is not PASS and asked:
            against.append(check)
    if not against:
        return Verdict(valid=True, code=None, checks=tuple(checks))
    refusal = next((check for check in against if check.verdict is FAIL), None)
    return Verdict(valid=None if refusal is None else False, code=refusal and refusal.code, checks=tuple(checks))


def _timeless(case: Case) -> Timeless:
    signatures, readable = signature.checks(case), case.reading.readable
    claims_first = readable and case.library.checks_claims_first and _no_key_named(signatures)
    return Timeless(
        case=case,
        signatures=signatures,
        lifetime=lifetime.read(case, unmatched=claims_first),
        audiences=audience.checks(case),
        issuers=issuer.checks(case),
        others=(*(_signing_key(case) if readable else ()), *claims.checks(case)),
        claims_first=claims_first,
    )


def _signing_key(case: Case) -> tuple[Answer, ...]:
    """Microsoft.Identity.Web asks who the key belongs to that verified the token, once all else is good."""
    if not case.expectations.by_tenant or not case.library.since(*tenant.KEY_ISSUERS):
        return ()
    key = signature.signer(case)
    return () if key is None else tenant.signing_key(case, key)


def _no_key_named(signatures: tuple[Answer, ...]) -> bool:
    """The token has a kid, no key the library has loaded answers to it, and none verifies."""
    if signatures[-1].check.verdict is PASS:
        return False
    return any(
        check.verdict is FAIL and check.code in ("IDX10500", "IDX10503")
        for check, _ in signatures
        if check.name in (signature.PUBLISHED, signature.USABLE)
    )


def _unmatched(
    case: Case, signatures: tuple[Answer, ...], lifetimes: tuple[Answer, ...], issuers: tuple[Answer, ...]
) -> tuple[Answer, ...]:
    """From 6.10 to 6.27 the code for an unknown kid tells whether lifetime and issuer are good (IDX10516)."""
    if case.library.checks_claims_first or not case.library.since(6, 10):
        return signatures
    if not any(asked and check.verdict is FAIL for check, asked in (*lifetimes, *issuers)):
        return signatures
    return tuple(
        Answer(check._replace(code="IDX10516"), asked) if check.code == "IDX10501" else Answer(check, asked)
        for check, asked in signatures
    )
