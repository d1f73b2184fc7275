"""What is known beside the log, looked up once: the schemes' demands, the issuers' keys, what the checks say of a token."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from authlens.diagnosis import evidence_keys, evidence_scheme, evidence_secrets, evidence_times
from authlens.diagnosis.evidence_scheme import Scheme
from authlens.model import Expectations, Failure, Frozen, KeySet, Token, Verdict
from authlens.trust import validate
from authlens.trust.documents import Documents
from authlens.trust.expectations import AUDIENCES, ISSUERS, LEARNT, Book, printed

_PRINTED: Final = (*ISSUERS, *AUDIENCES, "metadata_url")
_MOST_TIMELESS: Final = 4096
"""Of so many tokens what all checks but those of time say is remembered."""


class Known:
    """The look-ups of one run."""

    def __init__(self, book: Book, documents: Documents, given: evidence_secrets.Given | None = None) -> None:
        """Nothing is asked before it is needed."""
        self.documents = documents
        self.given = given
        self._book = book
        self._nobody = evidence_scheme.describe(None, documents)
        self._described: dict[int, Scheme] = {}
        self._kept: list[Expectations] = []
        self._by_words: dict[tuple[object, ...], Scheme | None] = {}
        self._guesses: dict[tuple[object, ...], Scheme] = {}
        self._joined: dict[tuple[int, ...], Scheme] = {}
        self._others: dict[int, frozenset[str]] = {}
        self._anywhere: frozenset[str] | None = None
        self._published: dict[tuple[str, str], KeySet] = {}
        self._judged: dict[tuple[object, ...], Verdict] = {}
        self._timeless: dict[tuple[object, ...], validate.Timeless] = {}

    # ----------------------------------------------------------------- schemes

    def scheme(self, failure: Failure) -> Scheme:
        """What is known of the scheme that refused: by its name, by what the message prints, by the keys it tried."""
        words = (failure.scheme, *(_hashable(failure.fields.get(name)) for name in _PRINTED))
        if words not in self._by_words:
            expectations = self._book.for_failure(failure)
            unnamed = expectations is None or (expectations.learnt and failure.scheme is None)
            self._by_words[words] = None if unnamed or expectations is None else self._describe(expectations)
        return self._by_words[words] or self._guessed(failure)

    def _guessed(self, failure: Failure) -> Scheme:
        """The schemes whose published keys are those that were tried, else those that expect the token's issuer."""
        if not self._book.configured:
            return self._nobody
        tried, iss = evidence_keys.tried(failure.fields), failure.fields.get("iss")
        words = (tried, iss if isinstance(iss, str) else None)
        if words not in self._guesses:
            self._guesses[words] = self._guess(*words)
        return self._guesses[words]

    def _guess(self, tried: tuple[evidence_keys.Tried, ...], iss: str | None) -> Scheme:
        described = [self._describe(e) for e in self._book.configured]
        found = evidence_keys.holding(tried, described) or tuple(s for s in described if iss in s.issuers)
        key = tuple(id(s) for s in found)
        if key not in self._joined:
            self._joined[key] = evidence_scheme.joined(found)
        return self._joined[key]

    def _describe(self, expectations: Expectations) -> Scheme:
        found = self._described.get(id(expectations))
        if found is None:
            self._kept.append(expectations)  # so that its id stays its own
            found = self._described[id(expectations)] = evidence_scheme.describe(expectations, self.documents)
        return found

    def others(self, scheme: Scheme) -> frozenset[str]:
        """Issuers that the API's other schemes expect; none is another's where the scheme itself is not known."""
        if scheme.expectations is None:
            return frozenset()
        if id(scheme) not in self._others:
            foreign = (e for e in self._book.configured if e != scheme.expectations)
            theirs = {issuer for e in foreign for issuer in self._describe(e).issuers}
            self._others[id(scheme)] = frozenset(theirs - set(scheme.issuers))
        return self._others[id(scheme)]

    def anywhere(self) -> frozenset[str]:
        """Issuers that any scheme of the API expects."""
        if self._anywhere is None:
            self._anywhere = frozenset(i for e in self._book.configured for i in self._describe(e).issuers)
        return self._anywhere

    # ----------------------------------------------------------------- keys and checks

    def published(self, failure: Failure) -> KeySet | None:
        """What the token's own issuer publishes; None where the log shows no issuer that is an address."""
        iss = failure.fields.get("iss")
        if not isinstance(iss, str) or "://" not in iss:
            return None
        claims = failure.token.claims if failure.token is not None else Frozen()
        key = (iss, str(claims.get("tfp") or claims.get("acr") or ""))
        if key not in self._published:
            self._published[key] = self.documents.published(iss, claims)
        return self._published[key]

    def judge(self, failure: Failure, scheme: Scheme) -> Verdict | None:
        """What the validator would say of the failure's token; None where the log shows nothing of it."""
        token = failure.token
        if token is None or not (token.header or token.claims):
            return None
        at = evidence_times.of_request(failure, failure.fields)
        version = failure.library.low or failure.library.high
        secret = self._secret(failure, scheme, token)
        key = (token.sha256, id(scheme), at and at.replace(microsecond=0), version, secret and str(secret))
        if key not in self._judged:
            self._judged[key] = self._judge(token, failure, scheme, at, secret)
        return self._judged[key]

    def _secret(self, failure: Failure, scheme: Scheme, token: Token) -> evidence_secrets.Reading | None:
        """The given secret as the scheme reads it, where the scheme holds a secret at all."""
        if self.given is None or not str(token.header.get("alg")).startswith("HS"):
            return None
        tried = evidence_keys.tried(failure.fields)
        holds_one = any(k.type.endswith(evidence_secrets.SYMMETRIC) for k in tried)
        return evidence_secrets.fitting(self.given, tried, token) if holds_one or not scheme.keys.keys else None

    def _judge(
        self,
        token: Token,
        failure: Failure,
        scheme: Scheme,
        at: datetime | None,
        secret: evidence_secrets.Reading | None,
    ) -> Verdict:
        issuers, audiences = printed(failure.fields, *ISSUERS), printed(failure.fields, *AUDIENCES)
        keys, version = self._keys(failure, scheme), _version(failure)
        # keys and schemes are kept as long as this is: their ids stay their own
        known = (token.sha256, id(scheme), id(keys), version, secret and str(secret), issuers, audiences)
        if known not in self._timeless:
            if len(self._timeless) >= _MOST_TIMELESS:
                self._timeless.clear()
            demands, key = _demands(scheme, issuers, audiences), secret.key if secret is not None else None
            self._timeless[known] = validate.timeless(token, keys, demands, version, secret=key)
        return self._timeless[known].at(at)

    def _keys(self, failure: Failure, scheme: Scheme) -> KeySet:
        """The scheme's, else those that the token's own issuer publishes."""
        published = None if scheme.keys.keys else self.published(failure)
        return published if published is not None and published.keys else scheme.keys


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _version(failure: Failure) -> str:
    """The library's version as the validator wants it; the newest generation where the log does not tell."""
    low = failure.library.low or failure.library.high
    return ".".join(str(part) for part in low) if low else "8"


def _demands(scheme: Scheme, issuers: tuple[str, ...], audiences: tuple[str, ...]) -> Expectations:
    """The scheme's demands; where the message itself prints what is accepted, that."""
    base = scheme.expectations or Expectations(source=LEARNT, learnt=True)
    # a message that prints what is accepted compared with it as it is
    return replace(
        base,
        issuers=issuers or scheme.issuers,
        audiences=audiences or scheme.audiences,
        by_tenant=base.by_tenant and not issuers,
        by_version=base.by_version and not audiences,
    )
