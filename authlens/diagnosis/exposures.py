"""What the log or the published documents give away: tokens that still work, secrets that can be guessed.

An exposure is a finding of its own, whatever caused the failure: whoever can read the log holds what it shows. It
may stand in a record that tells of no failure at all, such as the library's line about a signature that was good.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from authlens.diagnosis import evidence_keys
from authlens.diagnosis.evidence_secrets import readings, symmetric_thumbprint, thumbprint
from authlens.exposed import Exposed
from authlens.model import Expectations, Exposure, Failure, Finding, IssuerReport, Message, Severity, Token, TokenForm
from authlens.sightings import Sighting
from authlens.tokens import parse
from authlens.tokens.compact import whole_signature
from authlens.trust import validate
from authlens.trust.checks import signature
from authlens.trust.documents import Documents
from authlens.trust.shelf import Found

_EXAMPLES = Path(__file__).parent / "data" / "example_secrets.txt"
_REVOKE = (
    "Revoke the token, or end the session it belongs to, at {issuer}: until it expires whoever read the log can use it for {audience}.",
    "Restrict and clean the log; turn IdentityModelEventSource.LogCompleteSecurityArtifact off in production.",
)
_FOREVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_ORDER = list(Severity)


@dataclass(slots=True)
class _Shown:
    """One distinct token of the log, and the failures that show it."""

    token: Token
    failures: list[str] = field(default_factory=list)
    records: int = 0
    in_url: bool = False


@dataclass(slots=True)
class _Secret:
    """One distinct thumbprint of a shared secret."""

    schemes: dict[str, list[str]] = field(default_factory=dict)
    """Failures by scheme."""
    unnamed: list[str] = field(default_factory=list)
    """Failures of which the log does not tell the scheme."""


class Around:
    """What all records show, whether they tell of a failure or not."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self.tokens: dict[str, tuple[Token, int]] = {}
        """By SHA-256: a token and the number of records that show it."""
        self.anywhere: dict[str, tuple[Token, int]] = {}
        """By SHA-256: a token and how often it stands in the log, in whatever record."""
        self.thumbprints: dict[str, None] = {}

    def show(self, exposed: Exposed) -> None:
        """Takes the tokens that stand anywhere in one log."""
        for text, count in exposed.counts.items():
            token = parse(text)
            if token.form is TokenForm.COMPACT and whole_signature(token):
                known, before = self.anywhere.get(token.sha256, (token, 0))
                in_url = known.in_url or text in exposed.in_url
                self.anywhere[token.sha256] = replace(token, in_url=in_url), before + count

    def see(self, sightings: Iterable[Sighting]) -> None:
        """Takes the records of one log."""
        for sighting in sightings:
            statement = sighting.statement
            for token in statement.tokens:
                if _usable(token):
                    known, count = self.tokens.get(token.sha256, (token, 0))
                    self.tokens[token.sha256] = (token if token.in_url else known, count + 1)
            for found in _thumbprints(statement.messages):
                self.thumbprints.setdefault(found)


def find(
    findings: Sequence[Finding],
    issuers: Iterable[IssuerReport] = (),
    *,
    now: datetime,
    around: Around | None = None,
    documents: Documents | None = None,
) -> tuple[Exposure, ...]:
    """All exposures, worst first.

    Args:
        findings: The failures.
        issuers: What was used of each issuer.
        now: Decides whether a token is still valid.
        around: What records show that tell of no failure.
        documents: All that is published; a token that its issuer's own key refuses is worth nothing.
    """
    around = around or Around()
    shown = _all_tokens(findings, around)
    made = (
        *(e for s in shown if (e := _live(s, now, documents)) is not None),
        *(_in_url(s) for s in shown if s.in_url),
        *_secrets(findings, around),
        *_private_keys(issuers, documents.every_key() if documents is not None else ()),
    )
    return tuple(sorted(made, key=lambda e: (_ORDER.index(e.severity), e.kind, e.subject, e.id)))


def _exposure(
    kind: str,
    key: str,
    subject: str,
    severity: Severity,
    steps: Iterable[str],
    *,
    until: datetime | None = None,
    failures: Iterable[str] = (),
    records: int = 1,
) -> Exposure:
    """An exposure whose id comes from what is exposed, never from where; it counts failures, else records."""
    those = tuple(sorted(set(failures)))
    return Exposure(
        id=hashlib.sha256(f"{kind}\0{key}".encode("utf-8", "replace")).hexdigest()[:12],
        kind=kind,
        severity=severity,
        subject=subject,
        until=until,
        count=len(those) or max(1, records),
        steps=tuple(steps),
        failures=those,
    )


# --------------------------------------------------------------------------- tokens


def _usable(token: Token) -> bool:
    return token.form in (TokenForm.COMPACT, TokenForm.ENCRYPTED) or token.in_url


def _all_tokens(findings: Sequence[Finding], around: Around) -> list[_Shown]:
    """Every distinct token that can be used or stands in an address, by SHA-256."""
    found: dict[str, _Shown] = {}
    for failure, ids in _by_kind(findings):
        for token in _tokens_of(failure):
            shown = found.setdefault(token.sha256, _Shown(token))
            shown.failures += ids
            shown.in_url = shown.in_url or token.in_url
    for sha256, (token, records) in {**around.anywhere, **around.tokens}.items():
        shown = found.setdefault(sha256, _Shown(token))
        shown.records = records
        shown.in_url = shown.in_url or token.in_url
    return [found[sha256] for sha256 in sorted(found)]


def _by_kind(findings: Iterable[Finding]) -> Iterator[tuple[Failure, list[str]]]:
    """The first failure of each scheme and kind, with the ids of all of it."""
    kinds: dict[tuple[object, ...], tuple[Failure, list[str]]] = {}
    for finding in findings:
        failure = finding.failure
        kind = (failure.scheme, id(failure.said))
        known = kinds.get(kind)
        if known is None:
            known = kinds[kind] = (failure, [])
        known[1].append(finding.id)
    yield from kinds.values()


def _tokens_of(failure: Failure) -> tuple[Token, ...]:
    own = (failure.token,) if failure.token is not None else ()
    return tuple(t for t in (*own, *failure.tokens) if _usable(t))


def _live(shown: _Shown, now: datetime, documents: Documents | None) -> Exposure | None:
    token = shown.token
    until, begins = _moment(token.claims.get("exp")), _moment(token.claims.get("nbf"))
    if token.form is not TokenForm.COMPACT or not _sound(token) or until is None or until <= now:
        return None
    if (begins is not None and begins > now) or _forged(token, documents, now):
        return None
    issuer, audience = _said(token.claims.get("iss")) or "its issuer", _audience(token)
    steps = (step.format(issuer=issuer, audience=audience) for step in _REVOKE)
    return _exposure(
        "live-token",
        token.sha256,
        f"{_called(token)}, issued by {issuer} for {audience}",
        Severity.HIGH,
        steps,
        until=until,
        failures=shown.failures,
        records=shown.records,
    )


def _sound(token: Token) -> bool:
    """Nothing is wrong with the token itself; what a client glued to it does not make it worthless."""
    return token.defect is None or (token.defect.endswith("stands inside the token") and ";" not in token.defect)


def _forged(token: Token, documents: Documents | None, now: datetime) -> bool:
    """The issuer publishes the key that the token names, and it did not sign the token: it opens nothing."""
    issuer = token.claims.get("iss")
    if documents is None or not isinstance(issuer, str) or "://" not in issuer or "nonce" in token.header:
        return False
    keys = documents.published(issuer, token.claims)
    if keys.unavailable is not None or not keys.keys:
        return False
    verdicts = {c.name: str(c.verdict) for c in validate.judge(token, keys, Expectations(), now).checks}
    return verdicts.get(signature.VALID) == "fail" and verdicts.get(signature.USABLE) == "pass"


def _in_url(shown: _Shown) -> Exposure:
    token = shown.token
    steps = (
        "Send the token in the Authorization header: addresses are kept in logs, browser histories and proxies. Where a client cannot (WebSockets, EventSource), keep the query out of the log.",
        _REVOKE[0].format(issuer=_said(token.claims.get("iss")) or "its issuer", audience=_audience(token)),
    )
    return _exposure(
        "token-in-url",
        token.sha256,
        _called(token),
        Severity.MEDIUM,
        steps,
        until=_moment(token.claims.get("exp")),
        failures=shown.failures,
        records=shown.records,
    )


def _called(token: Token) -> str:
    """The token by its fingerprint, and whose it is in a form that the reports make a pseudonym of."""
    name = f"token {token.sha256[:12]}"
    for claim in ("sub", "oid", "unique_name", "upn", "email"):
        whose = token.claims.get(claim)
        if isinstance(whose, str) and whose:
            return f"{name} of {json.dumps(claim)}: {json.dumps(whose[:256], ensure_ascii=False)}"
    return name


def _audience(token: Token) -> str:
    audience = token.claims.get("aud")
    many = audience if isinstance(audience, list | tuple) else (audience,)
    return ", ".join(said for a in many[:8] if (said := _said(a)) is not None) or "any API that asks for no audience"


def _said(value: object) -> str | None:
    return value[:256] if isinstance(value, str) and value else None


def _moment(value: object) -> datetime | None:
    """A NumericDate; one beyond the calendar never comes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and math.isnan(value):
        return None
    if value >= _FOREVER.timestamp():
        return _FOREVER
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


# --------------------------------------------------------------------------- secrets


def _secrets(findings: Sequence[Finding], around: Around) -> Iterator[Exposure]:
    """What thumbprints of shared secrets give away, by scheme.

    The subject names the scheme and nothing of the thumbprint: a few of its characters are enough to test guesses.
    """
    for (kind, scheme), failures in sorted(_by_scheme(_all_thumbprints(findings, around)).items()):
        whose = f"the symmetric key of scheme {scheme}" if scheme else "a symmetric key of the API"
        severity, steps = _ABOUT_SECRETS[kind]
        yield _exposure(kind, scheme, whose, severity, steps, failures=failures)


def _all_thumbprints(findings: Sequence[Finding], around: Around) -> dict[str, _Secret]:
    found: dict[str, _Secret] = {}
    for failure, ids in _by_kind(findings):
        for shown in _thumbprints_of(failure):
            secret = found.setdefault(shown, _Secret())
            scheme = failure.scheme
            known = secret.schemes.setdefault(scheme, []) if scheme else secret.unnamed
            known += ids
    for shown in around.thumbprints:
        found.setdefault(shown, _Secret())
    return found


def _by_scheme(secrets: Mapping[str, _Secret]) -> dict[tuple[str, str], list[str]]:
    """Failures by kind and scheme; those without a scheme are those of the scheme that tried the same secret."""
    found: dict[tuple[str, str], list[str]] = {}
    for shown, secret in secrets.items():
        kind = "guessable-secret" if shown in example_thumbprints() else "secret-thumbprint"
        schemes = secret.schemes or {"": []}
        for scheme, failures in schemes.items():
            found.setdefault((kind, scheme), []).extend(failures)
        found[kind, min(schemes)].extend(secret.unnamed)
    return found


def _thumbprints_of(failure: Failure) -> tuple[str, ...]:
    own = (t for k in evidence_keys.tried(failure.fields) if (t := symmetric_thumbprint(k)) is not None)
    return tuple(dict.fromkeys((*own, *_thumbprints((*failure.statement.messages, *failure.context)))))


def _thumbprints(messages: Iterable[Message]) -> Iterator[str]:
    for message in messages:
        if "keys_tried" in message.fields:
            for key in evidence_keys.tried(message.fields):
                if (shown := symmetric_thumbprint(key)) is not None:
                    yield shown


@functools.lru_cache(maxsize=1)
def example_thumbprints() -> frozenset[str]:
    """Of every example secret in every encoding that programs read secrets in."""
    lines = _EXAMPLES.read_text(encoding="utf-8").splitlines()
    secrets = [line for line in lines if not line.startswith("# ")]
    return frozenset(thumbprint(r.key) for secret in secrets for r in readings(secret.encode()))


_ABOUT_SECRETS: dict[str, tuple[Severity, tuple[str, ...]]] = {
    "guessable-secret": (
        Severity.CRITICAL,
        (
            "Replace the secret now, at the issuer and in the API, by at least 32 random bytes: it is an example from documentation, and whoever knows it mints valid tokens.",
            "Look for tokens that your issuer never issued since the API has been using it.",
        ),
    ),
    "secret-thumbprint": (
        Severity.LOW,
        (
            "The line 'Keys tried' shows the SHA-256 thumbprint of the API's secret: a weak secret can be guessed offline from it. Make sure that it is at least 32 random bytes, or replace it.",
            "Restrict who can read this log.",
        ),
    ),
}


# --------------------------------------------------------------------------- documents


def _private_keys(issuers: Iterable[IssuerReport], published: Iterable[Found]) -> Iterator[Exposure]:
    """Keys that a set publishes with their private half, or that are secrets altogether; each once."""
    now = [(f.issuer or f.url, f.key) for f in published]
    # what the documents hold is told by them; a report adds what a history remembers
    more = ((r.issuer, key) for r in issuers for key in r.keys if not now or key.published_until is not None)
    seen: set[tuple[str | None, str | None]] = set()
    for where, key in (*now, *more):
        identity = (key.kid, key.thumbprint or where)
        if key.private and identity not in seen:
            seen.add(identity)
            yield _private_key(where, key.kid or key.thumbprint, symmetric=key.kty == "oct")


def _private_key(where: str, name: str | None, *, symmetric: bool) -> Exposure:
    what = "symmetric key" if symmetric else "key"
    steps = (
        (
            "Replace the secret now, and never publish one: whoever fetched the set can sign tokens."
            if symmetric
            else "Replace the key at the identity provider now and publish only its public half: whoever fetched the set can sign tokens."
        ),
        "Treat every token signed with it as forged.",
    )
    subject = f"{what} {name or 'without id'} of {where}"
    return _exposure("private-key-published", f"{name}\0{where}", subject, Severity.CRITICAL, steps)
