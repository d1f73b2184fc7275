"""What the log or the published documents give away: tokens that still work, secrets that can be guessed.

An exposure is a finding of its own, whatever caused the failure: whoever can read the log holds what it shows.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from authlens.model import Exposure, Finding, IssuerReport, Severity, Token, TokenForm

_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
_IN_URL = re.compile(r"[?&](?:access_token|id_token|id_token_hint|token|jwt|bearer)=eyJ[A-Za-z0-9_-]{8}", re.IGNORECASE)
_EXAMPLE_SECRETS = (
    # Secrets that documentation, templates and tutorials print; whoever knows them mints tokens.
    "secret",
    "Secret",
    "my-secret",
    "mysecret",
    "mysecretkey",
    "my_secret_key",
    "MySecretKey",
    "supersecret",
    "super_secret",
    "superSecretKey@345",
    "SuperSecretKey",
    "password",
    "changeit",
    "changeme",
    "key",
    "test",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "your-secret-key",
    "your_secret_key",
    "YourSecretKeyHere",
    "a-string-secret-at-least-256-bits-long",
    "ThisIsMySecretKey",
    "this is my custom Secret key for authentication",
    "THIS IS USED TO SIGN AND VERIFY JWT TOKENS, REPLACE IT WITH YOUR OWN SECRET, IT CAN BE ANY STRING",
    "C1CF4B7DC4C4175B6618DE4F55CA4",
)
_REVOKE = (
    "Revoke the token, or end the session it belongs to, at the identity provider: until it expires whoever read the log can use it.",
    "Restrict and clean the log; turn IdentityModelEventSource.LogCompleteSecurityArtifact off in production.",
)


@dataclass(slots=True)
class _Seen:
    """One exposed thing and the failures that show it."""

    kind: str
    subject: str
    severity: Severity
    until: datetime | None
    steps: tuple[str, ...]
    failures: list[str]


def find(findings: Sequence[Finding], issuers: Iterable[IssuerReport], *, now: datetime) -> tuple[Exposure, ...]:
    """All exposures, worst first; ``now`` decides whether a token is still valid."""
    seen: dict[tuple[str, str], _Seen] = {}
    for finding in findings:
        for one in (*_live(finding, now), *_in_url(finding), *_secrets(finding)):
            known = seen.setdefault((one.kind, one.subject), one)
            known.failures.append(finding.id)
    for one in _private_keys(issuers):
        seen.setdefault((one.kind, one.subject), one)
    order = list(Severity)
    return tuple(
        sorted((_exposure(s) for s in seen.values()), key=lambda e: (order.index(e.severity), e.kind, e.subject))
    )


def _exposure(s: _Seen) -> Exposure:
    return Exposure(
        id=hashlib.sha256(f"{s.kind}\0{s.subject}".encode()).hexdigest()[:12],
        kind=s.kind,
        severity=s.severity,
        subject=s.subject,
        until=s.until,
        count=max(1, len(s.failures)),
        steps=s.steps,
        failures=tuple(sorted(set(s.failures))),
    )


def _live(finding: Finding, now: datetime) -> list[_Seen]:
    token = finding.failure.token
    if token is None or token.form is not TokenForm.COMPACT:
        return []
    until = _moment(token.claims.get("exp"))
    begins = _moment(token.claims.get("nbf"))
    if until is None or until <= now or (begins is not None and begins > now) or _forged(finding):
        return []
    return [_Seen("live-token", _whose(token), Severity.HIGH, until, _REVOKE, [])]


def _forged(finding: Finding) -> bool:
    """A token whose signature is known to be bad opens nothing."""
    return any(c.name == "signature.valid" and c.verdict == "fail" for c in finding.checks)


def _whose(token: Token) -> str:
    issuer, audience = token.claims.get("iss"), token.claims.get("aud")
    return f"token {token.sha256[:12]}, issued by {issuer} for {audience}"


def _moment(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _in_url(finding: Finding) -> list[_Seen]:
    token = finding.failure.token
    if token is None or not _IN_URL.search(finding.failure.statement.text):
        return []
    steps = (
        "Send the token in the Authorization header: addresses are kept in logs, histories and proxies.",
        *_REVOKE[:1],
    )
    return [
        _Seen(
            "token-in-url", f"token {token.sha256[:12]}", Severity.MEDIUM, _moment(token.claims.get("exp")), steps, []
        )
    ]


def _secrets(finding: Finding) -> list[_Seen]:
    # The subject names the scheme and nothing of the thumbprint: a few of its characters are enough to test guesses.
    whose = (
        f"the symmetric key of scheme {finding.failure.scheme}"
        if finding.failure.scheme
        else "a symmetric key of the API"
    )
    tried = finding.failure.fields.get("keys_tried")
    out = []
    for key in tried if isinstance(tried, (list, tuple)) else ():
        kind, thumbprint = str(key.get("type", "")), str(key.get("internal_id") or "")
        if not kind.endswith("SymmetricSecurityKey") or not _THUMBPRINT.fullmatch(thumbprint):
            continue
        out.append(_guessed(thumbprint, whose) or _guessable(whose))
    return out


def _guessed(thumbprint: str, whose: str) -> _Seen | None:
    if thumbprint not in _example_thumbprints():
        return None
    steps = (
        "Replace the secret now, at the issuer and in the API, by at least 32 random bytes: it is an example from documentation, and whoever knows it mints valid tokens.",
        "Look for tokens that your issuer never issued since the API has been using it.",
    )
    return _Seen("guessable-secret", whose, Severity.CRITICAL, None, steps, [])


def _guessable(whose: str) -> _Seen:
    steps = (
        "The line 'Keys tried' shows the SHA-256 thumbprint of the API's secret: a weak secret can be guessed offline from it. Make sure that it is at least 32 random bytes, or replace it.",
        "Restrict who can read this log.",
    )
    return _Seen("secret-thumbprint", whose, Severity.LOW, None, steps, [])


def _example_thumbprints() -> frozenset[str]:
    return frozenset(_thumbprint(secret.encode()) for secret in _EXAMPLE_SECRETS)


def _thumbprint(secret: bytes) -> str:
    """RFC 7638 of a symmetric key."""
    k = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    canonical = json.dumps({"k": k, "kty": "oct"}, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode()


def _private_keys(issuers: Iterable[IssuerReport]) -> list[_Seen]:
    steps = (
        "Replace the key at the identity provider now and publish only its public half: whoever fetched the set can sign tokens.",
        "Treat every token signed with it as forged.",
    )
    return [
        _Seen(
            "private-key-published",
            f"key {key.kid or key.thumbprint} of {report.issuer}",
            Severity.CRITICAL,
            None,
            steps,
            [],
        )
        for report in issuers
        for key in report.keys
        if key.private
    ]
