"""Failures + expectations + documents → the evidence table: one row a failure, by the names of ``schema.FIELDS``.

Everything that rules cannot compute is computed here, in the rooms ``evidence_…`` beside this one: what a failure
claims whatever its number, near misses, facts about keys and clocks, what the rest of the log shows. A value that
cannot be had is missing, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from authlens import vendors
from authlens.diagnosis import (
    evidence_keys,
    evidence_log,
    evidence_names,
    evidence_says,
    evidence_scheme,
    evidence_text,
    evidence_times,
    schema,
)
from authlens.diagnosis.evidence_scheme import ENTRA, Scheme
from authlens.model import Expectations, Failure, Frozen, Judgement, KeySet, Token, TokenForm
from authlens.trust import validate
from authlens.trust.checks import signature
from authlens.trust.documents import Documents
from authlens.trust.expectations import Book

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, object]

_HMAC, _RSA, _EC = ("HS", "http://www.w3.org/2001/04/xmldsig-more#hmac"), ("RS", "PS"), ("ES",)
_RSA_URI = "http://www.w3.org/2001/04/xmldsig-more#rsa-"
_PLAIN = (
    *("kid", "alg", "typ", "iss", "sub", "exp", "nbf", "iat", "valid_issuer", "configuration_issuer"),
    *("valid_audience", "valid_to", "valid_from", "current_time", "keys_tried_count", "keys_in_tvp"),
    *("keys_in_configuration", "key_bits", "min_bits", "metadata_url", "document_url", "http_status"),
    *("socket_error", "ssl_policy_error", "retry_at", "parameter_name", "context_nonce", "payload_nonce"),
    *("require_nonce", "context_state", "require_state", "missing_type", "missing_method", "assembly"),
    "assembly_version",
)
_LISTS = ("aud", "valid_issuers", "valid_audiences", "key_types")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTable:
    """One row of evidence and one judgement a failure."""

    failures: tuple[Failure, ...]
    rows: tuple[Row, ...] = field(repr=False)
    judgements: tuple[Judgement | None, ...] = field(repr=False)
    """What Microsoft's validator would say of the token, where the log shows its claims."""

    def __len__(self) -> int:
        """How many failures there are."""
        return len(self.failures)

    def frame(self, names: Iterable[str] | None = None, rows: Sequence[Row] | None = None) -> pd.DataFrame:
        """The table (or some of its columns and other rows) as the rule engine reads it."""
        import pandas as pd  # noqa: PLC0415 - half a second that only diagnosing needs

        chosen = tuple(names) if names is not None else tuple(f.name for f in schema.FIELDS)
        taken = self.rows if rows is None else rows
        return pd.DataFrame({n: pd.Series([r.get(n) for r in taken], dtype=object) for n in chosen})


def build(failures: Sequence[Failure], *, book: Book, documents: Documents, now: datetime) -> EvidenceTable:
    """Computes the evidence of all failures; pure but for the documents that are looked up on the way.

    Args:
        failures: In the order of their records.
        book: What each scheme expects; what the log itself reveals is added here.
        documents: What the issuers publish.
        now: The present; tokens are judged at their record's time, and only without one at this.
    """
    builder = _Builder(Book.of(book.configured, failures), documents, now)
    own = [evidence_log.own(f) for f in failures]
    around = evidence_log.survey(own)
    rows = [builder.row(f, around, i) for i, f in enumerate(own)]
    judgements = tuple(builder.judge(f) for f in own)
    return EvidenceTable(failures=tuple(failures), rows=tuple(rows), judgements=judgements)


class _Builder:
    """What is looked up once and used for many rows."""

    def __init__(self, book: Book, documents: Documents, now: datetime) -> None:
        self.book = book
        self.documents = documents
        self.now = now
        self._schemes: dict[int, Scheme] = {}
        self._nobody = evidence_scheme.describe(None, documents)
        self._joined: dict[tuple[int, ...], Scheme] = {}
        self._published: dict[tuple[str, str], KeySet] = {}
        self._judged: dict[tuple[object, ...], Judgement] = {}
        self._keep: list[Expectations] = []

    # ----------------------------------------------------------------- look-ups

    def scheme(self, failure: Failure) -> Scheme:
        """What is known of the scheme that refused: by its name, by what the message prints, by the keys it tried."""
        expectations = self.book.for_failure(failure)
        if expectations is None or (expectations.learnt and failure.scheme is None):
            return self._by_keys(failure)
        return self._described(expectations)

    def _by_keys(self, failure: Failure) -> Scheme:
        """The schemes whose published keys are those that were tried, else those that expect the token's issuer."""
        if not self.book.configured:
            return self._nobody
        described = [self._described(e) for e in self.book.configured]
        found = evidence_keys.holding(evidence_keys.tried(failure.fields), described)
        if not found:
            iss = failure.fields.get("iss")
            found = tuple(s for s in described if iss in s.issuers)
        key = tuple(id(s) for s in found)
        if key not in self._joined:
            self._joined[key] = evidence_scheme.joined(found)
        return self._joined[key]

    def others(self, scheme: Scheme) -> frozenset[str]:
        """Issuers that the API's other schemes expect; none is another's where the scheme itself is not known."""
        if scheme.expectations is None:
            return frozenset()
        mine = set(scheme.issuers)
        theirs = (i for e in self.book.configured for i in self._described(e).issuers if e != scheme.expectations)
        return frozenset(i for i in theirs if i not in mine)

    def anywhere(self) -> frozenset[str]:
        """Issuers that any scheme of the API expects."""
        return frozenset(i for e in self.book.configured for i in self._described(e).issuers)

    def _described(self, expectations: Expectations) -> Scheme:
        found = self._schemes.get(id(expectations))
        if found is None:
            self._keep.append(expectations)
            found = self._schemes[id(expectations)] = evidence_scheme.describe(expectations, self.documents)
        return found

    def published(self, failure: Failure) -> KeySet | None:
        iss = failure.fields.get("iss")
        if not isinstance(iss, str) or "://" not in iss:
            return None
        claims = failure.token.claims if failure.token is not None else Frozen()
        key = (iss, str(claims.get("tfp") or claims.get("acr") or ""))
        if key not in self._published:
            self._published[key] = self.documents.published(iss, claims)
        return self._published[key]

    # ----------------------------------------------------------------- rows

    def row(self, failure: Failure, around: evidence_log.Surroundings, at: int) -> Row:
        says = evidence_says.says(failure)
        scheme = self.scheme(failure)
        token = failure.token
        shown = evidence_times.shown(token)
        row: dict[str, object] = {"says": says, **_recorded(failure), **_said(failure)}
        row |= _library(failure, around.libraries[at])
        row |= evidence_text.inner(failure)
        row |= evidence_text.assembly(failure)
        row |= evidence_text.fetch(failure, says)
        row |= evidence_text.shape(failure, says)
        row |= evidence_times.clock(says, failure, scheme.skew_s) | evidence_times.expiry(token)
        row |= evidence_names.issuer(says, failure, scheme, self.others(scheme), self.anywhere())
        row |= evidence_names.audience(failure, scheme, token_shown=shown)
        row |= evidence_log.request(failure, around.other_scheme[at])
        row |= self._about_token(failure, scheme, token, shown=shown)
        row |= self._about_keys(failure, scheme, row)
        row |= _about_scheme(scheme, row)
        row["token.failures"] = around.tokens[at]
        row["claim.name"] = evidence_text.claim_name(failure)
        row["saml"] = evidence_text.saml(failure)
        row["signature.proven"] = evidence_text.signature_proven(failure)
        row["graph.possible"] = _graph_possible(row, failure, scheme)
        return Frozen((k, v) for k, v in row.items() if v is not None)

    def _about_token(self, failure: Failure, scheme: Scheme, token: Token | None, *, shown: bool) -> dict[str, object]:
        iss = failure.fields.get("iss")
        vendor = vendors.resembling(iss) if isinstance(iss, str) else None
        row: dict[str, object] = {
            "token.shown": shown,
            "idp.family": vendor.family if vendor else None,
            "idp.expected": scheme.family,
            "alg.family": algorithm_family(failure.fields.get("alg")),
            "issuer": iss if isinstance(iss, str) else next(iter(scheme.issuers), None),
        }
        if token is None:
            return row
        row |= {"token.form": str(token.form), "token.defect": token.defect}
        row["token.cut"] = evidence_text.cut_off(failure, token)
        row["token.whole"] = token.form is TokenForm.COMPACT and token.defect is None
        if shown:
            row["token.kind"] = vendors.token_kind(vendor, token.header, token.claims)
            tid = token.claims.get("tid")
            row["tid"] = tid if isinstance(tid, str) else None
        return row

    def _about_keys(self, failure: Failure, scheme: Scheme, row: Row) -> dict[str, object]:
        kid = _text(failure.fields.get("kid"))
        iss = _text(failure.fields.get("iss"))
        tried = evidence_keys.tried(failure.fields)
        published = self.published(failure)
        found: dict[str, object] = evidence_keys.about_tried(tried, kid, scheme)
        place = evidence_keys.place(kid, iss, published, scheme, self.documents)
        if found.get("keys_tried.symmetric") and not found.get("keys_tried.asymmetric") and place == "nowhere":
            place = None  # a shared secret is published nowhere
        found["jwks.place"] = place
        known = scheme.keys if scheme.keys.keys else published
        found["jwks.kids"] = tuple(k.kid for k in known.keys if k.kid)[:12] or None if known is not None else None
        found["jwks.kid_published"] = None if place is None else place in ("authority", "issuer")
        found["jwks.other_key_same_kid"] = evidence_keys.replaced(tried, kid, scheme)
        if row.get("iss.relation") in ("foreign", "other-scheme"):
            found["iss.keys_shared"] = evidence_keys.shared(published, scheme)
        found["jwks.signature"] = _signature(self.judge(failure))
        return found

    # ----------------------------------------------------------------- judgements

    def judge(self, failure: Failure) -> Judgement | None:
        """What the validator would say of the failure's token; None where the log shows nothing of it."""
        token = failure.token
        if token is None or not (token.header or token.claims):
            return None
        scheme = self.scheme(failure)
        at = evidence_times.moment(failure.fields.get("current_time")) or failure.time or self.now
        version = _version(failure)
        key = (token.sha256, id(scheme), at.replace(microsecond=0), version)
        if key not in self._judged:
            keys, demands = self._keys_for(failure, scheme), _demands(failure, scheme)
            self._judged[key] = validate.judge(token, keys, demands, at, version)
        return self._judged[key]

    def _keys_for(self, failure: Failure, scheme: Scheme) -> KeySet:
        if scheme.keys.keys:
            return scheme.keys
        published = self.published(failure)
        return published if published is not None and published.keys else scheme.keys


# --------------------------------------------------------------------------- parts of a row


def _recorded(failure: Failure) -> dict[str, object]:
    types = failure.fields.get("inner_exception_types")
    first = failure.fields.get("exception_type")
    return {
        "code": failure.code,
        "codes": failure.codes or None,
        "exception_type": first if isinstance(first, str) else next(iter(failure.exceptions), None),
        "inner_exception_types": _strings(types) or failure.exceptions[1:] or None,
        "hidden": failure.hidden or None,
        "time": failure.time,
        "level": failure.level,
        "logger": failure.logger,
        "scheme": failure.scheme,
        "host": failure.host,
        "client": failure.client,
        "log.library_lines": bool(failure.context),
    }


def _said(failure: Failure) -> dict[str, object]:
    fields = failure.fields
    row: dict[str, object] = {n: fields[n] for n in _PLAIN if isinstance(fields.get(n), str | int | float | datetime)}
    row |= {name: _strings(fields[name]) for name in _LISTS if name in fields}
    return row


def _strings(value: object) -> tuple[str, ...] | None:
    many = value if isinstance(value, list | tuple) else (value,)
    return tuple(v for v in many if isinstance(v, str)) or None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _library(failure: Failure, versions: evidence_log.Range) -> dict[str, object]:
    return {
        "library.version": failure.library.version,
        "library.oldest": _number(versions[0]),
        "library.newest": _number(versions[1]),
    }


def _number(version: tuple[int, ...] | None) -> int | None:
    """6.28 as 6028, so that rules can compare."""
    if not version:
        return None
    major, minor = version[0], version[1] if len(version) > 1 else 0
    return major * 1000 + min(minor, 999)


def _version(failure: Failure) -> str:
    """The library's version as the validator wants it; the newest generation where the log does not tell."""
    low = failure.library.low or failure.library.high
    return ".".join(str(part) for part in low) if low else "8"


def algorithm_family(alg: object) -> str | None:
    """``hmac rsa ec none other`` of an algorithm's name (RFC 7518) or URI."""
    if not isinstance(alg, str) or not alg:
        return None
    if alg.startswith(_HMAC):
        return "hmac"
    if alg.startswith(_RSA) or alg.startswith(_RSA_URI):
        return "rsa"
    if alg.startswith(_EC):
        return "ec"
    return "none" if alg.lower() == "none" else "other"


def _about_scheme(scheme: Scheme, row: Row) -> dict[str, object]:
    address = row.get("metadata_url") or scheme.address
    url = row.get("fetch.url") or address
    return {
        "expected.known": scheme.known,
        "expected.multi_tenant": scheme.multi_tenant,
        "meta.address": address,
        "fetch.url": url if row.get("fetch.error") else None,
        "meta.https": str(address).casefold().startswith("https:") if address else None,
        "meta.state": scheme.state,
        "meta.text": scheme.state_text,
    }


def _graph_possible(row: Row, failure: Failure, scheme: Scheme) -> bool:
    """Whether a token for Microsoft Graph would have failed in just this way."""
    if row.get("token.shown"):
        return row.get("token.kind") == "graph"
    families = {row.get("idp.family"), scheme.family} - {None}
    if families:
        return bool(families & ENTRA)
    if scheme.issuers:
        return False
    tried = evidence_keys.tried(failure.fields)
    return evidence_keys.looks_like_entra(tried, _text(failure.fields.get("kid")))


def _signature(judgement: Judgement | None) -> str | None:
    """What came of checking the token in the log with the published key: ``verifies``, ``fails``, or None."""
    for check in judgement.checks if judgement is not None else ():
        if check.name == signature.VALID:
            return {"pass": "verifies", "fail": "fails"}.get(str(check.verdict))
    return None


def _demands(failure: Failure, scheme: Scheme) -> Expectations:
    """The scheme's demands, with what the message itself prints in addition."""
    base = scheme.expectations or Expectations(source="learnt from the log", learnt=True)
    printed_issuers = evidence_names.printed(failure.fields, "valid_issuer", "valid_issuers", "configuration_issuer")
    printed_audiences = evidence_names.printed(failure.fields, "valid_audience", "valid_audiences")
    return Expectations(
        scheme=base.scheme,
        source=base.source,
        section=base.section,
        authority=base.authority,
        metadata_address=base.metadata_address,
        issuers=printed_issuers or scheme.issuers,
        audiences=printed_audiences or base.audiences,
        clock_skew_s=base.clock_skew_s,
        types=base.types,
        algorithms=base.algorithms,
        require_expiration=base.require_expiration,
        require_signature=base.require_signature,
        validate_issuer=base.validate_issuer,
        validate_audience=base.validate_audience,
        validate_lifetime=base.validate_lifetime,
        has_keys=base.has_keys,
        learnt=base.learnt,
    )
