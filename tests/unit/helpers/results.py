"""Results of scans, made by hand: what the reports are tested with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from authlens.model import (
    Also,
    Alternative,
    Amount,
    Check,
    CheckVerdict,
    Confidence,
    Document,
    Evidence,
    Exposure,
    Failure,
    Finding,
    Frozen,
    Group,
    InputReport,
    IssuerReport,
    Key,
    Layout,
    Ledger,
    Library,
    Link,
    Origin,
    Outcome,
    Remediation,
    Result,
    Role,
    Severity,
    Statement,
    Token,
    TokenForm,
)
from tests.unit.helpers.shared import made

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
START = datetime(2026, 11, 24, 9, 2, 11, 250_000, tzinfo=UTC)
OKTA = "https://dev-606497.oktapreview.com"
KEYCLOAK = "https://sso.example.net/realms/orders"
ENTRA = "https://login.microsoftonline.com/7f3c1d52-9a4e-4c1b-8f3b-0c9a6f1d2e44/v2.0"


def at(minutes: float) -> datetime:
    """So many minutes after the first failure."""
    return START + timedelta(minutes=minutes)


def failure(number: int, *, minutes: float | None = 0.0, **changes: Any) -> Failure:
    """A failure; what is not given is plausible."""
    values: dict[str, Any] = {
        "origin": Origin(path="app.log", offset=number * 1200, line=number * 14 + 4),
        "lines": 12,
        "time": None if minutes is None else at(minutes),
        "level": "information",
        "logger": "Microsoft.AspNetCore.Authentication.JwtBearer.JwtBearerHandler",
        "request_id": f"0HNQ9QQQQ09VM:{number:08X}",
        "scheme": "Bearer",
        "code": "IDX10503",
        "codes": ("IDX10503",),
        "exceptions": ("Microsoft.IdentityModel.Tokens.SecurityTokenSignatureKeyNotFoundException",),
        "outcome": Outcome(status=401),
        "library": Library(version="8.23.0", sure=True),
        "links": tuple(Link(path="app.log", line=number * 14 + at, role=Role.REFUSED) for at in (9, 11)),
    }
    return made(Failure, **{**values, **changes})


def token(number: int, claims: Mapping[str, object], **header: object) -> Token:
    """A decoded token."""
    sha256 = hashlib.sha256(f"token {number}".encode()).hexdigest()
    return Token(
        sha256=sha256,
        form=TokenForm.DECODED,
        header=Frozen({"alg": "RS256", "typ": "JWT", **header}),
        claims=Frozen(claims),
    )


def finding(failed: Failure, cause: str, severity: Severity = Severity.HIGH, **changes: Any) -> Finding:
    """The diagnosis of a failure; its id comes from its place."""
    identity = hashlib.sha256(repr(failed.origin).encode()).hexdigest()[:12]
    values: dict[str, Any] = {"id": identity, "confidence": Confidence.CERTAIN, "rule": cause.replace(".", "-")}
    return made(Finding, failure=failed, cause=cause, severity=severity, **{**values, **changes})


def group(findings: list[Finding], **changes: Any) -> Group:
    """The findings as one group."""
    first = findings[0]
    times = [f.failure.time for f in findings if f.failure.time is not None]
    values: dict[str, Any] = {
        "id": f"{first.cause}-{first.id[:6]}",
        "title": first.title,
        "count": len(findings),
        "first": min(times, default=None),
        "last": max(times, default=None),
        "ongoing": False,
        "codes": tuple(sorted({f.failure.code for f in findings if f.failure.code})),
        "issuers": (),
        "audiences": (),
        "kids": (),
        "schemes": tuple(sorted({f.failure.scheme for f in findings if f.failure.scheme})),
        "hosts": (),
        "sources": tuple(sorted({f.failure.origin.path for f in findings})),
        "explanation": first.explanation,
        "evidence": first.evidence,
        "remediation": first.remediation,
        "references": first.references,
        "alternatives": first.alternatives,
        "next": first.next,
        "failures": tuple(f.id for f in findings),
    }
    return Group(cause=first.cause, severity=first.severity, confidence=first.confidence, **{**values, **changes})


def statement(text: str) -> Statement:
    """What a record says."""
    return Statement(text=text)


def check(name: str, verdict: CheckVerdict, **changes: Any) -> Check:
    """The answer of one check."""
    return Check(name=name, verdict=verdict, **changes)


# --------------------------------------------------------------------------- whole results


def okta() -> list[Finding]:
    """One user whose Okta org server token no API can verify."""
    claims = {"iss": OKTA, "aud": OKTA, "sub": "alice@example.org", "exp": 1_795_514_400, "iat": 1_795_510_800}
    found = []
    for number in range(3):
        failed = failure(
            number,
            minutes=number * 4,
            scheme="Okta",
            code="IDX10501",
            codes=("IDX10501",),
            client="203.0.113.7",
            fields=Frozen({"kid": "b9tQ3", "iss": OKTA, "aud": [OKTA], "sub": "alice@example.org"}),
            args=("b9tQ3", '{"alg":"RS256","kid":"b9tQ3"}.{"iss":"' + OKTA + '","sub":"alice@example.org"}'),
            token=token(1, claims, kid="b9tQ3"),
        )
        checks = (
            check("form.readable", CheckVerdict.PASS),
            check(
                "signature.kid-published",
                CheckVerdict.FAIL,
                expected="one of 5kHd2, q8Zx1",
                found="b9tQ3",
                why="the key set of the authority does not hold it",
                code="IDX10501",
            ),
            check("signature.verifies", CheckVerdict.UNKNOWN, why="the log holds no signature"),
            check("lifetime.not-expired", CheckVerdict.PASS, expected="before 10:20:00Z", found="10:20:00Z"),
            check(
                "audience.expected",
                CheckVerdict.FAIL,
                expected="http://api.azurewebsites.net",
                found=OKTA,
                code="IDX10214",
            ),
        )
        found.append(
            finding(
                failed,
                "sig.opaque-access-token",
                checks=checks,
                title="Okta's org authorization server issued this token for Okta alone; no API can verify it",
                explanation=(
                    f"The issuer {OKTA} has no /oauth2/… path and the audience is the issuer itself: this is an access "
                    "token of the org authorization server of Okta. It is meant for Okta's own interfaces. Whether or "
                    "not its key happens to be published, an API is not supposed to validate it."
                ),
                evidence=(
                    Evidence(name="issuer", expected=f"{OKTA}/oauth2/default", found=OKTA, difference="no /oauth2/…"),
                    Evidence(name="key id", expected="5kHd2, q8Zx1", found="b9tQ3", difference="not published"),
                ),
                remediation=(
                    Remediation(
                        stack="identity provider",
                        steps=(
                            "In Okta's console open Security › API › Authorization Servers.",
                            "Create a custom authorization server with the audience http://api.azurewebsites.net.",
                        ),
                    ),
                    Remediation(
                        stack="aspnetcore",
                        steps=(
                            "Set `Authority` to the new server, for example `" + OKTA + "/oauth2/default`.",
                            "Set `Audience` to its audience.",
                        ),
                    ),
                ),
                references=("https://developer.okta.com/docs/concepts/auth-servers/",),
                next=Also(
                    cause="aud.other-api",
                    code="IDX10214",
                    why="the audience is Okta itself, the API expects http://api.azurewebsites.net",
                ),
                also=(Also(cause="aud.other-api", code="IDX10214", why="the audience is Okta itself"),),
            )
        )
    return found


def rotated(count: int = 40) -> list[Finding]:
    """Many requests refused between a key change and a restart."""
    found = []
    for number in range(count):
        person = f"user{number % 7}@example.net"
        failed = failure(
            100 + number,
            minutes=20 + number * 0.7,
            scheme="Keycloak",
            host="api-7d9f",
            fields=Frozen({"kid": "2026-11", "iss": KEYCLOAK, "keys_tried_count": 2}),
            args=("2026-11",),
            token=token(100 + number % 7, {"iss": KEYCLOAK, "sub": person, "name": "Pat Doe"}, kid="2026-11"),
        )
        found.append(
            finding(
                failed,
                "sig.key-rotated",
                Severity.CRITICAL,
                checks=(
                    check("signature.kid-published", CheckVerdict.PASS, found="2026-11"),
                    check("signature.kid-tried", CheckVerdict.FAIL, expected="2026-11", found="2026-05, 2026-08"),
                    check("lifetime.not-expired", CheckVerdict.PASS),
                ),
                title="The issuer rotated its signing key and the API still holds the old set",
                explanation=f"{KEYCLOAK} publishes key 2026-11; the API tried 2026-05 and 2026-08 only.",
                evidence=(Evidence(name="keys tried", expected="2026-11", found="2026-05, 2026-08"),),
                remediation=(
                    Remediation(
                        stack="aspnetcore",
                        steps=("Restart the API to load the current keys now.", "Set `RefreshOnIssuerKeyNotFound`."),
                    ),
                ),
            )
        )
    return found


def hidden() -> list[Finding]:
    """Refusals that say too little to decide."""
    found = []
    for number in range(5):
        failed = failure(
            300 + number,
            minutes=60 + number,
            scheme="AzureAd",
            code="IDX10214",
            codes=("IDX10214",),
            hidden=("aud", "valid_audience"),
            library=Library(version="8.16.0–8.23.0"),
        )
        found.append(
            finding(
                failed,
                "aud.app-id-uri-vs-client-id",
                Severity.MEDIUM,
                confidence=Confidence.POSSIBLE,
                title="The audience is not the one the API expects; the log does not show which",
                explanation="From 8.16 on IDX10214 prints nothing about the audiences.",
                alternatives=(
                    Alternative(
                        cause="aud.other-api",
                        why="the token may be for another resource",
                        decided_by=(
                            "set Switch.Microsoft.IdentityModel.DoNotScrubExceptions to true",
                            "give one such token to authlens token",
                        ),
                    ),
                    Alternative(
                        cause="aud.id-token-as-access-token",
                        why="the client may send its ID token",
                        decided_by=("give one such token to authlens token",),
                    ),
                ),
                remediation=(Remediation(stack="aspnetcore", steps=("Show the audiences, then scan again.",)),),
            )
        )
    return found


def undetermined() -> list[Finding]:
    """A refusal that no rule knows, without code and time."""
    failed = failure(400, minutes=None, code=None, codes=(), scheme=None, level="error", links=())
    return [finding(failed, "undetermined", Severity.MEDIUM, confidence=Confidence.POSSIBLE, rule=None)]


def typical() -> Result:
    """Four causes, two inputs, an exposure, two issuers."""
    parts = [okta(), rotated(), hidden(), undetermined()]
    groups = (
        group(parts[0], issuers=(OKTA,), audiences=(OKTA,), kids=("b9tQ3",)),
        group(parts[1], issuers=(KEYCLOAK,), kids=("2026-11",), hosts=("api-7d9f",)),
        group(parts[2], ongoing=True),
        group(parts[3]),
    )
    findings = tuple(f for part in parts for f in part)
    return Result(
        version="0.1.0",
        now=NOW,
        inputs=(
            InputReport(
                path="app.log",
                layout=Layout(format="serilog-text", envelopes=("docker-json",)),
                ledger=Ledger(
                    read=Amount(bytes=5_242_880, lines=61_204),
                    used=Amount(bytes=91_000, lines=900),
                    skipped=Frozen({"undecodable": Amount(bytes=12, lines=0)}),
                    records=160,
                    auth_seen=True,
                ),
                failures=len(findings),
                repeats=sum(f.failure.repeats for f in findings),
                informational=4,
                first=at(-30),
                last=at(90),
            ),
            InputReport(
                path="worker.log",
                layout=Layout(format="unknown"),
                ledger=Ledger(read=Amount(bytes=2048, lines=40)),
            ),
        ),
        findings=findings,
        groups=groups,
        exposures=(
            Exposure(
                id="live-token-1",
                kind="live-token",
                severity=Severity.HIGH,
                subject="alice@example.org at https://dev-606497.oktapreview.com",
                until=at(300),
                count=3,
                steps=("Revoke the sessions of this user.", "Remove the token from the log."),
                failures=tuple(f.id for f in parts[0]),
            ),
        ),
        issuers=(
            IssuerReport(
                issuer=KEYCLOAK,
                documents=(
                    Document(
                        url=f"{KEYCLOAK}/.well-known/openid-configuration",
                        source="bundle",
                        status=200,
                        as_of=at(100),
                    ),
                    Document(url=f"{KEYCLOAK}/certs", source="bundle", status=200, as_of=at(100)),
                ),
                keys=(
                    Key(kid="2026-11", kty="RSA", alg="RS256", use="sig", bits=2048, thumbprint="ElR3UT9vrNaoFF0Y"),
                    Key(kid="hmac", kty="oct", thumbprint="thumbprint-of-a-secret"),
                ),
            ),
            IssuerReport(
                issuer=OKTA,
                documents=(Document(url=f"{OKTA}/oauth2/v1/keys", source="jwks file", error="not JSON: a page"),),
            ),
        ),
        notes=("https://idp.example.com was not asked: use --allow-issuer https://idp.example.com",),
    )


def healthy(*, auth_seen: bool = True) -> Result:
    """Nothing was refused."""
    ledger = Ledger(read=Amount(bytes=10_000, lines=100), auth_seen=auth_seen)
    report = InputReport(path="healthy.log", layout=Layout(format="clef"), ledger=ledger, first=at(0), last=at(9))
    return Result(version="0.1.0", now=NOW, inputs=(report,))


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}{% raw %}",
    "\x1b[31mred\x1b[0m\x07",
    "\u202egnp.exe\u2066\u200b",
    "nul\x00byte",
    "'; alert(1); //",
    "\u0085\u2028next\u2029",
    "javascript:alert(1)",
    "x" * 20_000,
    "a\u0301" * 500,
    "\ud800 lone",
)


def hostile() -> Result:
    """Every text that a log decides is an attack."""
    found = []
    for number, text in enumerate(HOSTILE):
        failed = failure(
            number,
            minutes=number,
            origin=Origin(path=f"logs/{text[:40]}", offset=number, line=number + 1),
            scheme=text,
            request_id=text,
            host=text,
            client=text,
            logger=text,
            exceptions=(text,),
            code="IDX10503",
            fields=Frozen({"kid": text, "iss": text, "aud": [text], "sub": text, text[:20]: {text[:20]: text}}),
            args=(text, "Bearer " + "eyJhbGciOiJub25lIn0.eyJzdWIiOiJib2IifQ." + "c2lnbmF0dXJl" * 4),
            token=token(number, {"sub": text, text[:30]: text, "n": [[[text]]]}, kid=text),
        )
        found.append(
            finding(
                failed,
                "sig.wrong-key",
                title=text,
                explanation=text,
                checks=(check("form.readable", CheckVerdict.FAIL, expected=text, found=text, why=text),),
                evidence=(Evidence(name=text, expected=text, found=text[::-1], difference=text),),
                remediation=(Remediation(stack=text, steps=(text,)),),
                references=(text, "javascript:alert(1)", 'https://example.org/"onmouseover=alert(1)'),
                alternatives=(Alternative(cause="sig.key-rotated", why=text, decided_by=(text,)),),
                next=Also(cause="aud.other-api", code="IDX10214", why=text),
            )
        )
    groups = tuple(
        group([f], issuers=(t,), audiences=(t,), kids=(t,), hosts=(t,)) for f, t in zip(found, HOSTILE, strict=True)
    )
    document = Document(url=HOSTILE[0], source="network", error=HOSTILE[1])
    key = Key(kid=HOSTILE[0], kty=HOSTILE[1], alg=HOSTILE[3], use=HOSTILE[4], thumbprint=HOSTILE[0])
    return Result(
        version="0.1.0",
        now=NOW,
        inputs=(
            InputReport(path=HOSTILE[0], layout=Layout(format="clef"), error=HOSTILE[3], ledger=Ledger(auth_seen=True)),
        ),
        findings=tuple(found),
        groups=groups,
        exposures=(
            Exposure(
                id="x",
                kind=HOSTILE[0],
                severity=Severity.LOW,
                subject=HOSTILE[1],
                until=None,
                count=1,
                steps=HOSTILE,
                failures=(),
            ),
        ),
        issuers=tuple(IssuerReport(issuer=t, documents=(document,), keys=(key,)) for t in HOSTILE),
        notes=HOSTILE,
    )
