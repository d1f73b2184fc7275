"""Failures + expectations + documents → the evidence table: one row a failure, by the names of ``schema.FIELDS``.

Everything that rules cannot compute is computed here, in the rooms ``evidence_…`` beside this one: what a failure
claims whatever its number, near misses, facts about keys and clocks, what the rest of the log shows. A value that
cannot be had is missing, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from authlens import vendors
from authlens.diagnosis import (
    evidence_history,
    evidence_keys,
    evidence_log,
    evidence_names,
    evidence_says,
    evidence_secrets,
    evidence_text,
    evidence_times,
    schema,
)
from authlens.diagnosis.evidence_known import Known
from authlens.diagnosis.evidence_scheme import ENTRA, Scheme
from authlens.model import Failure, Frozen, Judgement, Message, Token, TokenForm
from authlens.trust.checks import signature
from authlens.trust.documents import Documents
from authlens.trust.expectations import Book

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, object]

_HMAC, _RSA, _EC = ("HS", "http://www.w3.org/2001/04/xmldsig-more#hmac"), ("RS", "PS"), ("ES",)
_RSA_URI = "http://www.w3.org/2001/04/xmldsig-more#rsa-"
OWN = frozenset(
    (
        *("time", "level", "logger", "host", "client"),
        *("clock.distance_s", "clock.skew_s", "clock.beyond_s", "clock.whole_hours"),
        *("request.other_scheme", "request.accepted_by", "request.succeeded"),
    )
)
"""Fields in which failures of one kind may differ."""
_PLAIN = frozenset(
    (
        *("kid", "alg", "typ", "iss", "sub", "exp", "nbf", "iat", "valid_issuer", "configuration_issuer"),
        *("valid_audience", "valid_to", "valid_from", "current_time", "keys_tried_count", "keys_in_tvp"),
        *("keys_in_configuration", "key_bits", "min_bits", "metadata_url", "document_url", "http_status"),
        *("socket_error", "ssl_policy_error", "retry_at", "parameter_name", "context_nonce", "payload_nonce"),
        *("require_nonce", "context_state", "require_state", "missing_type", "missing_method", "assembly"),
        "assembly_version",
    )
)
_LISTS = ("aud", "valid_issuers", "valid_audiences", "key_types")


@dataclass(slots=True, eq=False)
class Kind:
    """Failures of one source and scheme whose records say the same: what is found out of one holds for all."""

    first: Failure
    """With what is its own only."""
    count: int = 0
    scheme: Scheme = field(init=False)
    number: int = field(init=False)
    """Kinds of one number have equal rows."""
    row: Row = field(init=False, repr=False)
    """All but the fields in ``OWN``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTable:
    """One row of evidence and one judgement a failure."""

    failures: tuple[Failure, ...]
    kinds: tuple[Kind, ...] = field(repr=False)
    """Of each failure."""
    other_scheme: tuple[bool, ...] = field(repr=False)
    """Of each failure, whether another scheme refused the same request."""
    judgements: tuple[Judgement | None, ...] = field(repr=False)
    """What Microsoft's validator would say of the token, where the log shows its claims."""

    def __len__(self) -> int:
        """How many failures there are."""
        return len(self.failures)

    @property
    def rows(self) -> Sequence[Row]:
        """All the evidence of each failure, made when it is looked at."""
        return _Rows(self)

    def own(self, at: int) -> Row:
        """The evidence that a failure does not share with all of its kind: the fields in ``OWN``."""
        failure, kind = self.failures[at], self.kinds[at]
        found = {
            "time": failure.time,
            "level": failure.level,
            "logger": failure.logger,
            "host": failure.host,
            "client": failure.client,
            **evidence_times.clock(str(kind.row["says"]), evidence_log.own(failure), kind.scheme.skew_s),
            **evidence_log.request(failure, self.other_scheme[at]),
        }
        return {name: value for name, value in found.items() if value is not None}

    def frame(self) -> pd.DataFrame:
        """The table as the rule engine reads it."""
        return frame((f.name for f in schema.FIELDS), self.rows)


def frame(names: Iterable[str], rows: Sequence[Row]) -> pd.DataFrame:
    """Rows of evidence as the rule engine reads them."""
    import pandas as pd  # noqa: PLC0415 - half a second that only diagnosing needs

    return pd.DataFrame({n: pd.Series([r.get(n) for r in rows], dtype=object) for n in names})


def build(
    failures: Sequence[Failure],
    *,
    book: Book,
    documents: Documents,
    given: evidence_secrets.Given | None = None,
) -> EvidenceTable:
    """Computes the evidence of all failures; pure but for the documents that are looked up on the way.

    Args:
        failures: In the order of their records.
        book: What each scheme expects; what the log itself reveals is added here.
        documents: What the issuers publish.
        given: A shared secret to verify and compare with.
    """
    known = Known(Book.of(book.configured, failures), documents, given)
    kinds = _kinds(failures)
    different = tuple(dict.fromkeys(kinds))
    _describe(different, known)
    return EvidenceTable(
        failures=tuple(failures),
        kinds=kinds,
        other_scheme=evidence_log.other_scheme(failures, [k.first.fields for k in kinds]),
        judgements=tuple(known.judge(evidence_log.own(f), k.scheme) for f, k in zip(failures, kinds, strict=True)),
    )


class _Rows(Sequence[Row]):
    """The rows of a table."""

    def __init__(self, table: EvidenceTable) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return Frozen({**self._table.kinds[at].row, **self._table.own(at)})


def _kinds(failures: Iterable[Failure]) -> tuple[Kind, ...]:
    """Of each failure its kind."""
    known: dict[tuple[object, ...], Kind] = {}
    found = []
    for failure in failures:
        key = (failure.kind, failure.scheme, failure.origin.path, failure.request_id is None)
        kind = known.get(key)
        if kind is None:
            kind = known[key] = Kind(evidence_log.own(failure))
        kind.count += 1
        found.append(kind)
    return tuple(found)


def _describe(kinds: Sequence[Kind], known: Known) -> None:
    """Finds out what is the case for each kind."""
    around = evidence_log.Surroundings((kind.first, kind.count) for kind in kinds)
    builder = _Builder(known, around)
    for kind in kinds:
        kind.scheme = known.scheme(kind.first)
    for kind in kinds:
        kind.number, kind.row = builder.row(kind.first, kind.scheme)


_MOST_KEPT = 50_000
"""Rows that are remembered, so that memory has a bound."""


class _Builder:
    """Makes rows; what failures with equal words share is computed once."""

    def __init__(self, known: Known, around: evidence_log.Surroundings) -> None:
        self.known = known
        self._around = around
        self._rows: dict[tuple[object, ...], tuple[int, Row]] = {}
        self._made_so_far = 0

    # ----------------------------------------------------------------- rows

    def row(self, failure: Failure, scheme: Scheme) -> tuple[int, Row]:
        """What does not depend on when and where: equal for failures with equal words of one scheme, and its number."""
        versions = self._around.library(failure)
        key = (
            failure.statement.text,
            failure.codes,
            failure.scheme,
            id(scheme),
            failure.token.sha256 if failure.token is not None else None,
            tuple(map(_words, failure.context)),
            versions,
            repr(failure.fields),
        )
        found = self._rows.get(key)
        if found is None:
            if len(self._rows) >= _MOST_KEPT:
                self._rows.clear()
            made = self._made(failure, scheme, evidence_says.says(failure), versions)
            self._made_so_far += 1
            found = self._made_so_far, Frozen({k: v for k, v in made.items() if v is not None})
            self._rows[key] = found
        return found

    def _made(self, failure: Failure, scheme: Scheme, says: str, versions: evidence_log.Range) -> Row:
        shown = evidence_times.shown(failure.token)
        row: dict[str, object] = {"says": says, **_recorded(failure), **_said(failure), **_library(failure, versions)}
        row |= evidence_text.inner(failure)
        row |= evidence_text.assembly(failure)
        row |= evidence_text.fetch(failure, says)
        row |= evidence_text.shape(failure, says)
        row |= evidence_times.expiry(failure.token)
        row |= evidence_names.issuer(says, failure, scheme, self.known.others(scheme), self.known.anywhere())
        row |= evidence_names.audience(failure, scheme, token_shown=shown)
        row |= self._about_token(failure, scheme, failure.token, shown=shown)
        row |= self._about_keys(failure, scheme, row)
        row |= _about_scheme(scheme, row)
        if "iss.miss" in row:
            row["iss.miss"] = evidence_names.by_keys(row["iss.miss"], shared=row.get("iss.keys_shared"))
        row["claim.name"] = evidence_text.claim_name(failure)
        row["saml"] = evidence_text.saml(failure)
        row["signature.proven"] = evidence_text.signature_proven(failure)
        row["token.failures"] = self._around.same_token(failure)
        row["graph.possible"] = _graph_possible(row, failure, scheme)
        return row

    def _about_token(self, failure: Failure, scheme: Scheme, token: Token | None, *, shown: bool) -> dict[str, object]:
        iss = failure.fields.get("iss")
        vendor = evidence_keys.vendor(iss) if isinstance(iss, str) else None
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
        published = self.known.published(failure)
        found: dict[str, object] = evidence_keys.about_tried(tried, kid, scheme)
        place = evidence_keys.place(kid, iss, published, scheme, self.known.documents)
        if found.get("keys_tried.symmetric") and not found.get("keys_tried.asymmetric") and place == "nowhere":
            place = None  # a shared secret is published nowhere
        found["jwks.place"] = place
        known = scheme.keys if scheme.keys.keys else published
        found["jwks.kids"] = tuple(k.kid for k in known.keys if k.kid)[:12] or None if known is not None else None
        found["jwks.kid_published"] = None if place is None else place in ("authority", "issuer")
        found["jwks.other_key_same_kid"] = evidence_keys.replaced(tried, kid, scheme)
        if row.get("iss.relation") in ("foreign", "other-scheme"):
            found["iss.keys_shared"] = evidence_keys.shared(published, scheme)
        found["keys_tried.of_issuer"] = evidence_keys.of_issuer(tried, published)
        found |= evidence_secrets.about(self.known.given, tried, failure.token, failure.fields.get("alg"))
        found |= evidence_history.dates(kid, scheme.keys, published)
        found |= evidence_history.stale(tried, scheme.keys)
        if "secret.relation" not in found:
            found["jwks.signature"] = _signature(self.known.judge(failure, scheme))
        return found


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
        "scheme": failure.scheme,
        "log.library_lines": bool(failure.context),
    }


def _words(message: Message) -> tuple[object, ...]:
    """What tells two lines of the library apart, by value and quick to compare."""
    return message.code, message.values  # noqa: PD011 - a message is no pandas table


def _said(failure: Failure) -> dict[str, object]:
    fields = failure.fields
    row: dict[str, object] = {}
    for name, value in fields.items():
        if name in _LISTS:
            row[name] = _strings(value)
        elif name in _PLAIN and isinstance(value, str | int | float | datetime):
            row[name] = value
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
