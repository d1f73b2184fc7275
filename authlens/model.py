"""The types that travel between the rooms of authlens.

Every value here is frozen to the bottom: what one room has seen, no later room edits.
Times are aware and in UTC; durations are in seconds and their names end in ``_s``; lines and columns
count from 1, offsets are bytes from 0 of the decompressed text. This module imports nothing of authlens.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, NoReturn, TypeVar

V = TypeVar("V")


class Frozen(dict[str, V]):
    """A read-only mapping that can be pickled, and written as JSON."""

    __slots__ = ()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        message = "a value that left its room is not edited; build a new one"
        raise TypeError(message)

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self) -> tuple[type, tuple[dict[str, V]]]:
        return (type(self), (dict(self),))


def nothing() -> Mapping[str, object]:
    """The empty mapping that optional mapping fields default to."""
    return _NOTHING


_NOTHING: Frozen[object] = Frozen()


def _no_amounts() -> Mapping[str, Amount]:
    return Frozen()


# --------------------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A run of bytes of one source: the unit of work of ``observe``; picklable."""

    source: str
    """Path as given by the user, ``-`` for standard input, ``archive.zip/member`` for a member."""
    data: bytes = field(repr=False)
    """Decompressed bytes, UTF-8 (other encodings are transcoded when read)."""
    offset: int = 0
    """Of the first byte of ``data`` in the decompressed source, bytes."""
    line: int = 1
    """Of the first byte of ``data``."""
    first: bool = True
    """``data`` starts where the source starts."""
    last: bool = True
    """``data`` ends where the source ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a source is written, decided once from its beginning."""

    format: str
    """``serilog-text``, ``clef``, ``mel-simple``, …; ``unknown`` where no record head is recognised."""
    envelopes: tuple[str, ...] = ()
    """Outermost first: ``docker-json``, ``cri``, …"""
    encoding: str = "utf-8"
    head: str | None = None
    """For inferred text layouts: the pattern of a record's first line."""
    prefix: str | None = None
    """For the envelope ``prefix``, which the log itself shows: the pattern of what stands before each line."""
    why: str = ""


class Origin(NamedTuple):
    """Where a record begins; one a record."""

    path: str
    offset: int
    line: int


class Record(NamedTuple):
    """One event that a logger wrote, cut out around a hit and freed of its envelopes; very many are made."""

    origin: Origin
    lines: int = 1
    """Physical lines that the record spans in the source."""
    end: int = 0
    """Offset just behind the record, bytes."""
    time: datetime | None = None
    time_assumed: bool = False
    """The log gives no zone; the zone is the user's ``--timezone`` or UTC."""
    level: str | None = None
    """One of ``trace debug information warning error critical``, or None."""
    logger: str | None = None
    """The category (MEL), SourceContext (Serilog), logger (NLog, log4net), trace source (Katana)."""
    event_id: int | None = None
    request_id: str | None = None
    """``RequestId`` (``TraceIdentifier``), else the trace id together with the span id."""
    trace_id: str | None = None
    host: str | None = None
    client: str | None = None
    stream: str = ""
    """Which container, pod, unit or process of an interleaved source wrote it."""
    scheme: str | None = None
    """The authentication scheme where a structured property says it."""
    text: str = ""
    """The rendered message, then (after a line feed) the exception as printed; no head, no indentation."""
    fields: Mapping[str, object] = nothing()
    """Structured properties, decoded."""
    cut: bool = False
    """The logger or the end of the file cut it off."""
    secondary: bool = False
    """Cut out for context only (a request's end near a hit), not for a hit of its own."""


class Spot(NamedTuple):
    """Where, when and in which request a record was written: in this it differs from another that says the same."""

    offset: int
    line: int
    end: int
    lines: int
    time: datetime | None
    time_assumed: bool
    ids: tuple[str | None, str | None] | None = None
    """Of the request and of the trace; None where they are the same, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """So much of an input."""

    bytes: int = 0
    lines: int = 0

    def __add__(self, other: Amount) -> Amount:
        return Amount(bytes=self.bytes + other.bytes, lines=self.lines + other.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Where every byte and line of an input went: read = used + unmatched + skipped."""

    read: Amount = Amount()
    used: Amount = Amount()
    """In records that were cut out."""
    skipped: Mapping[str, Amount] = field(default_factory=_no_amounts)
    """By reason."""
    records: int = 0
    auth_seen: bool = False
    """Authentication is visible in this input at all."""

    def __add__(self, other: Ledger) -> Ledger:
        reasons = sorted({*self.skipped, *other.skipped})
        return Ledger(
            read=self.read + other.read,
            used=self.used + other.used,
            skipped=Frozen({r: self.skipped.get(r, Amount()) + other.skipped.get(r, Amount()) for r in reasons}),
            records=self.records + other.records,
            auth_seen=self.auth_seen or other.auth_seen,
        )


# --------------------------------------------------------------------------- messages and tokens


class Message(NamedTuple):
    """What the library claimed, word for word; nothing in it is verified. Very many are made."""

    code: str | None
    """``IDX10503``, ``IDW10201``, ``ID2090``…; None for a host text that refuses without a code."""
    template: str
    values: tuple[str, ...] = ()
    """By placeholder number, each number once."""
    versions: tuple[str, str] | None = None
    """First and last library version that can have written this text."""
    informational: bool = False
    fields: Mapping[str, object] = nothing()
    """By contract.md's names."""
    hidden: tuple[str, ...] = ()
    """Names of fields that the PII switch withheld."""
    exception_type: str | None = None
    """The type printed in front of the message."""
    start: int = 0
    """Offset in the record's text, characters."""
    end: int = 0

    def __repr__(self) -> str:
        """Neither its values nor its fields, which are untrusted text."""
        return f"Message({self.code}, {self.template!r}, {self.start}-{self.end})"


class TokenForm(enum.StrEnum):
    """In which form a token stands in a log."""

    COMPACT = "compact"
    UNSIGNED = "unsigned"
    DECODED = "decoded"
    HEADER = "header"
    TRUNCATED = "truncated"
    REDACTED = "redacted"
    HIDDEN = "hidden"
    ENCRYPTED = "encrypted"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token as found. Nothing in it is verified."""

    sha256: str
    """Of the text as found, hexadecimal; for ``compact`` that of the whole token."""
    form: TokenForm
    header: Mapping[str, object] = field(default_factory=nothing, repr=False)
    claims: Mapping[str, object] = field(default_factory=nothing, repr=False)
    defect: str | None = None
    """What is wrong with its form, in words, or None."""
    raw: str | None = field(default=None, repr=False)
    """The text itself, for verification only: it never reaches an output."""
    in_url: bool = False
    """It stands in an address, as the value of a query's or fragment's parameter."""

    def __str__(self) -> str:
        return f"token {self.sha256[:12]} ({self.form})"


# --------------------------------------------------------------------------- failures


class Role(enum.StrEnum):
    """In which role a record tells of a failure (Microsoft.AspNetCore's event names beside)."""

    EXCEPTION = "exception"  # JwtBearer 1, TokenValidationFailed
    MESSAGE = "message"  # OpenIdConnect 17, JwtBearer 3: exception while processing a message
    REFUSED = "refused"  # 7, AuthenticationSchemeNotAuthenticatedWithFailure
    REMOTE = "remote"  # 4, RemoteAuthenticationFailed
    UNHANDLED = "unhandled"  # ExceptionHandlerMiddleware, developer page, Kestrel 13
    LIBRARY = "library"  # IdentityLoggerAdapter or another listener of the library's own event source
    CHALLENGE = "challenge"  # OpenIddict: the response that carries error_uri
    APPLICATION = "application"  # anything else
    FINISH = "finish"  # Request finished, with its status
    SUCCESS = "success"  # a scheme accepted the request
    START = "start"  # the application started


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What one text says, read once however often it stands in the log."""

    text: str = field(repr=False)
    messages: tuple[Message, ...] = ()
    """In the order of the text; the outermost failure first."""
    exceptions: tuple[str, ...] = ()
    """Types of the exceptions printed, outermost first."""
    tokens: tuple[Token, ...] = ()
    dated: bool = False
    """It holds a date whose day and month only the record's time tells apart."""


class Link(NamedTuple):
    """A further record of the same failure."""

    path: str
    line: int
    role: Role
    sure: bool = True
    """False where the log cannot tell that the record belongs to this failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of the request."""

    status: int | None = None
    accepted_by: str | None = None
    """Another scheme that accepted it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """Which Microsoft.IdentityModel wrote the message."""

    version: str | None = None
    """``8.23.0``, or a range ``6.15.1–6.27.0``."""
    sure: bool = False
    low: tuple[int, ...] | None = None
    high: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the records of a failure say; failures whose records say the same share it."""

    code: str | None = None
    """The outermost failure that the library reported; None where it gave none."""
    codes: tuple[str, ...] = ()
    """All of them, outermost first."""
    exceptions: tuple[str, ...] = ()
    """Types of the exceptions printed, outermost first."""
    statement: Statement = Statement(text="")
    """Of the record that tells most."""
    fields: Mapping[str, object] = field(default_factory=nothing, repr=False)
    """What message and token say, by contract.md's names."""
    args: tuple[str, ...] = field(default=(), repr=False)
    hidden: tuple[str, ...] = ()
    token: Token | None = None
    library: Library = Library()
    context: tuple[Message, ...] = ()
    """What the library's own lines said in the same request (IDX10242 that shows the token…)."""
    tokens: tuple[Token, ...] = field(default=(), repr=False)
    """Every token that its records show, those of the library's lines and of the request's end included."""


class Failure(NamedTuple):
    """One scheme refusing one token in one request: where, when and whose it was, and what the log says of it.

    There may be a million of these: all that many have in common lies in ``said``.
    """

    origin: Origin
    said: Said = Said()
    time: datetime | None = None
    time_assumed: bool = False
    level: str | None = None
    logger: str | None = None
    request_id: str | None = None
    host: str | None = None
    client: str | None = None
    scheme: str | None = None
    outcome: Outcome = Outcome()
    links: tuple[Link, ...] = ()
    """Its further records."""
    lines: int = 1
    cut: bool = False

    @property
    def repeats(self) -> int:
        """How many further records tell of it."""
        return len(self.links)

    @property
    def code(self) -> str | None:
        """See `Said`."""
        return self.said.code

    @property
    def codes(self) -> tuple[str, ...]:
        """See `Said`."""
        return self.said.codes

    @property
    def exceptions(self) -> tuple[str, ...]:
        """See `Said`."""
        return self.said.exceptions

    @property
    def statement(self) -> Statement:
        """See `Said`."""
        return self.said.statement

    @property
    def fields(self) -> Mapping[str, object]:
        """See `Said`."""
        return self.said.fields

    @property
    def args(self) -> tuple[str, ...]:
        """See `Said`."""
        return self.said.args

    @property
    def hidden(self) -> tuple[str, ...]:
        """See `Said`."""
        return self.said.hidden

    @property
    def token(self) -> Token | None:
        """See `Said`."""
        return self.said.token

    @property
    def library(self) -> Library:
        """See `Said`."""
        return self.said.library

    @property
    def context(self) -> tuple[Message, ...]:
        """See `Said`."""
        return self.said.context

    @property
    def tokens(self) -> tuple[Token, ...]:
        """See `Said`."""
        return self.said.tokens


# --------------------------------------------------------------------------- trust


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key of a key set as published (RFC 7517). Private members are never kept."""

    kid: str | None = None
    kty: str | None = None
    alg: str | None = None
    use: str | None = None
    crv: str | None = None
    bits: int | None = None
    thumbprint: str | None = None
    """RFC 7638, SHA-256, base64url; what ``InternalId`` shows from 6.8 on."""
    x5t: str | None = None
    issuer: str | None = None
    """Entra's ``issuer`` member."""
    jwk: Mapping[str, object] = field(default_factory=nothing, repr=False)
    """The public members only."""
    private: bool = False
    """The set published private members: an exposure."""
    defect: str | None = None
    """Why it cannot be used, or None."""
    notes: tuple[str, ...] = ()
    """What is odd about it, though it can be used."""
    published_from: datetime | None = None
    """When it was first seen published, where a history is kept."""
    published_until: datetime | None = None
    """When it was last seen published, where it no longer is."""
    published_after: datetime | None = None
    """When the set was last seen without it, before it appeared; where a history is kept."""
    gone_by: datetime | None = None
    """When the set was first seen without it, after it had been published; where a history is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A discovery document or key set as obtained, or why it could not be."""

    url: str
    source: str
    """``bundle``, ``jwks file``, ``cache``, ``network``."""
    status: int | None = None
    as_of: datetime | None = None
    error: str | None = None
    """Why it is of no use (an error answer, a page, an empty key set…), or None."""
    body: Mapping[str, object] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """The keys of one issuer, with the documents they came by."""

    issuer: str | None = None
    """As the discovery document says it."""
    keys: tuple[Key, ...] = ()
    documents: tuple[Document, ...] = ()
    unavailable: str | None = None
    """Why nothing is known (not asked, refused, unreachable), or None."""
    former: tuple[Key, ...] = ()
    """Keys that were published before and no longer are, where a history is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What one scheme of an API demands of a token (TokenValidationParameters)."""

    scheme: str | None = None
    source: str = ""
    """Which file and section said so; ``learnt from the log`` where messages did."""
    section: str = ""
    """The settings' section, colon-separated; it only hints at the scheme's name where ``scheme`` is None."""
    authority: str | None = None
    metadata_address: str | None = None
    issuers: tuple[str, ...] = ()
    """Explicitly configured; the discovery document's issuer comes in addition."""
    audiences: tuple[str, ...] = ()
    clock_skew_s: float = 300.0
    types: tuple[str, ...] | None = None
    algorithms: tuple[str, ...] | None = None
    require_expiration: bool = True
    require_signature: bool = True
    by_tenant: bool = False
    """Issuers are compared by AadIssuerValidator (Microsoft.Identity.Web), which fills the token's tenant in."""
    by_version: bool = False
    """Of the audiences only one counts, by the token's ``ver``: the client's id for 2.0, else its App ID URI."""
    validate_issuer: bool = True
    validate_audience: bool = True
    validate_lifetime: bool = True
    has_keys: bool | None = None
    """Keys stand in the settings themselves (never read further); None where unknown."""
    learnt: bool = False


class CheckVerdict(enum.StrEnum):
    """What a check says."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Check(NamedTuple):
    """The answer of one check; a tuple, for a scan makes twenty a token."""

    name: str
    """``signature.kid-published``, ``lifetime.not-expired``…"""
    verdict: CheckVerdict
    expected: str | None = None
    found: str | None = None
    why: str | None = None
    """Always there for UNKNOWN."""
    code: str | None = None
    """What the library would report, for FAIL."""


class Verdict(NamedTuple):
    """What Microsoft's validator would say of one token."""

    valid: bool | None
    """None where what is known does not decide it."""
    code: str | None
    """The first code it would report."""
    checks: tuple[Check, ...] = ()
    """All of them, in the library's own order."""


# --------------------------------------------------------------------------- diagnosis


class Severity(enum.StrEnum):
    """How bad a cause is (Sigma's levels)."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFORMATIONAL = "informational"


class Confidence(enum.StrEnum):
    """How far the evidence decides a cause."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another cause that the evidence leaves open."""

    cause: str
    why: str
    decided_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Also:
    """A further fault of the same token."""

    cause: str
    code: str | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One row of the table beside a claim."""

    name: str
    expected: str | None = None
    found: str | None = None
    difference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """Steps for one stack."""

    stack: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What the evidence says; failures of equal evidence share it."""

    cause: str
    severity: Severity
    confidence: Confidence
    rule: str | None = None
    """Id of the rule that named the cause."""
    title: str = ""
    explanation: str = ""
    evidence: tuple[Evidence, ...] = ()
    remediation: tuple[Remediation, ...] = ()
    references: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    group_key: tuple[str, ...] = ()
    """Failures of one cause with equal keys have one remedy and make one group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What the checks say of a token at one time; failures of that token, time and cause share it."""

    checks: tuple[Check, ...] = ()
    also: tuple[Also, ...] = ()
    """Further faults."""
    next: Also | None = None
    """What the library would report once the cause is repaired."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One failure and its diagnosis."""

    id: str
    """Of the failure; comes from its evidence."""
    failure: Failure
    diagnosis: Diagnosis
    checked: Checked = Checked()

    @property
    def cause(self) -> str:
        """See `Diagnosis`."""
        return self.diagnosis.cause

    @property
    def severity(self) -> Severity:
        """See `Diagnosis`."""
        return self.diagnosis.severity

    @property
    def confidence(self) -> Confidence:
        """See `Diagnosis`."""
        return self.diagnosis.confidence

    @property
    def rule(self) -> str | None:
        """See `Diagnosis`."""
        return self.diagnosis.rule

    @property
    def title(self) -> str:
        """See `Diagnosis`."""
        return self.diagnosis.title

    @property
    def explanation(self) -> str:
        """See `Diagnosis`."""
        return self.diagnosis.explanation

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """See `Diagnosis`."""
        return self.diagnosis.evidence

    @property
    def remediation(self) -> tuple[Remediation, ...]:
        """See `Diagnosis`."""
        return self.diagnosis.remediation

    @property
    def references(self) -> tuple[str, ...]:
        """See `Diagnosis`."""
        return self.diagnosis.references

    @property
    def alternatives(self) -> tuple[Alternative, ...]:
        """See `Diagnosis`."""
        return self.diagnosis.alternatives

    @property
    def also(self) -> tuple[Also, ...]:
        """See `Checked`."""
        return self.checked.also

    @property
    def next(self) -> Also | None:
        """See `Checked`."""
        return self.checked.next

    @property
    def checks(self) -> tuple[Check, ...]:
        """See `Checked`."""
        return self.checked.checks

    @property
    def group_key(self) -> tuple[str, ...]:
        """See `Diagnosis`."""
        return self.diagnosis.group_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One cause with one remedy."""

    id: str
    cause: str
    severity: Severity
    confidence: Confidence
    title: str
    count: int
    first: datetime | None
    last: datetime | None
    ongoing: bool
    codes: tuple[str, ...]
    issuers: tuple[str, ...]
    audiences: tuple[str, ...]
    kids: tuple[str, ...]
    schemes: tuple[str, ...]
    hosts: tuple[str, ...]
    sources: tuple[str, ...]
    explanation: str
    evidence: tuple[Evidence, ...]
    remediation: tuple[Remediation, ...]
    references: tuple[str, ...]
    alternatives: tuple[Alternative, ...]
    next: Also | None
    failures: tuple[str, ...]
    """Ids, in order of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Something in the log that should not be there."""

    id: str
    kind: str
    severity: Severity
    subject: str
    until: datetime | None
    count: int
    steps: tuple[str, ...]
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerReport:
    """What is known of one issuer seen in the log."""

    issuer: str
    documents: tuple[Document, ...] = ()
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputReport:
    """What became of one input."""

    path: str
    layout: Layout | None
    ledger: Ledger = Ledger()
    failures: int = 0
    repeats: int = 0
    informational: int = 0
    filtered: int = 0
    first: datetime | None = None
    last: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Moment:
    """Something that happened once and matters to the story in time."""

    time: datetime
    kind: str
    """``first-failure``, ``key-change``, ``restart``."""
    text: str
    kid: str | None = None
    """Of the key that came or went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All that a scan found; the only thing reports see."""

    version: str
    now: datetime
    inputs: tuple[InputReport, ...] = ()
    findings: tuple[Finding, ...] = ()
    groups: tuple[Group, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    issuers: tuple[IssuerReport, ...] = ()
    notes: tuple[str, ...] = ()
    """What the user should know beside the findings: issuers not asked, files that could not be used."""
    unusable: tuple[str, ...] = ()
    """Inputs and files given by option that could not be read or used: exit code 3."""
    interrupted: bool = False
    moments: tuple[Moment, ...] = ()
