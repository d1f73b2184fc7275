"""Who may be asked, and what came of it: discovery documents and key sets of issuers that the user allows.

Nothing of a token is ever sent. Every address is asked at most once a run; good answers are kept with their time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from authlens import urls, vendors
from authlens.errors import UsageError
from authlens.model import Document
from authlens.trust import addresses
from authlens.trust import keys as published
from authlens.trust.addresses import UnsafeAddressError
from authlens.trust.bundles import LARGEST_DISCOVERY, LARGEST_KEY_SET, judge
from authlens.trust.fetch_answer import NoAnswerError, shown
from authlens.trust.fetch_http import Client
from authlens.trust.history import SHORTEST, USUAL, History, Kept, sightings

MOST_ISSUERS: Final = 20
"""Issuers from the log that one run asks; a log full of made-up issuers must not turn it into a scanner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which issuers may be asked, beside those that the user's configuration names."""

    offline: bool = False
    """Open no socket; a cache is read, though."""
    online: bool = False
    """Issuers from the log, too, where the vendor's own host answers."""
    allowed: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """An ``--allow-issuer``: compared part by part, ``*`` being one host label or one path segment."""

    text: str
    scheme: str
    labels: tuple[str, ...]
    port: str
    segments: tuple[str, ...]

    @property
    def exact(self) -> bool:
        """No part is left open, so the user names this very host."""
        return "*" not in self.labels

    def names_host(self, address: str) -> bool:
        """Tells whether scheme, host and port of an address are exactly those written here."""
        try:
            other = pattern(address.partition("?")[0], wild=False)
        except PatternError:
            return False
        return (self.scheme, self.labels, self.port) == (other.scheme, other.labels, other.port)

    def fits(self, issuer: str) -> bool:
        """Tells whether the issuer is one of those meant."""
        try:
            other = pattern(issuer, wild=False)
        except PatternError:
            return False
        return (
            (self.scheme, self.port) == (other.scheme, other.port)
            and _parts_fit(self.labels, other.labels)
            and _parts_fit(self.segments, other.segments)
        )


class PatternError(UsageError):
    """A text is no ``--allow-issuer``; ``reason`` says why, for whoever asked in other words."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"--allow-issuer {text!r}: {reason}", hint="For example: https://*.example.com/realms/*")
        self.reason = reason


def pattern(text: str, *, wild: bool = True) -> Pattern:
    """Reads an ``--allow-issuer``; PatternError where it is no address, or ``*`` is part of a label or segment."""
    scheme, mark, rest = text.strip().partition("://")
    authority, _, path = rest.partition("/")
    host, _, port = authority.partition(":")
    labels, segments = tuple(host.lower().split(".")), tuple(path.rstrip("/").split("/"))
    fault = None
    if not mark or scheme.lower() not in {"http", "https"} or not all(labels):
        fault = "write scheme and host: https://HOST/PATH"
    elif port and not (port.isascii() and port.isdecimal()):
        fault = "the port is a number"
    elif any("*" in part and (part != "*" or not wild) for part in (*labels, *segments)):
        fault = "* stands for one whole host label or one whole path segment"
    elif wild and len([x for x in labels if x != "*"]) < 2 and "*" in labels:
        fault = "at least the domain must be written out"
    if fault:
        raise PatternError(text, fault)
    standard = {"https": "443", "http": "80"}[scheme.lower()]
    return Pattern(text=text, scheme=scheme.lower(), labels=labels, port=port or standard, segments=segments)


def _parts_fit(wanted: tuple[str, ...], found: tuple[str, ...]) -> bool:
    return len(wanted) == len(found) and all(w in {"*", f} and f for w, f in zip(wanted, found, strict=True) if w or f)


# --------------------------------------------------------------------------- the fetcher


@dataclass(slots=True)
class _Run:
    """What one run has asked so far."""

    documents: dict[str, Document] = field(default_factory=dict)
    issuers: set[str] = field(default_factory=set)
    notes: dict[str, None] = field(default_factory=dict)
    kids: set[str] = field(default_factory=set)
    """Of the keys that tokens name."""


class Fetcher:
    """Asks for documents under a policy, each at most once, and keeps what it gets in the history."""

    def __init__(
        self,
        policy: Policy,
        *,
        history: History | None = None,
        client: Client | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Prepares; no socket is opened.

        Args:
            policy: Who may be asked.
            history: Where answers are kept; None keeps none.
            client: Sends the requests.
            now: The clock that answers are stamped with.
        """
        self._policy = policy
        self._history = history
        self._client = client or Client()
        self._now = now
        self._run = _Run()

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know: answers that are old, proxies that were used, a cache that is not kept."""
        fault = self._history.fault if self._history is not None else None
        return (*self._run.notes, *((fault,) if fault else ()))

    def expect(self, kids: Iterable[str]) -> None:
        """Tells which key ids tokens name: a remembered key set that lacks one may have changed since it was asked for."""
        self._run.kids.update(kids)

    # ----------------------------------------------------------------- questions of documents.Network

    def refusal(self, issuer: str, *, named: bool) -> str | None:
        """Says why an issuer is not asked, or None where it may be."""
        if self._policy.offline:
            return None if self._history is not None else "not asked: offline"
        try:
            addresses.checked(issuer, named=named or self._pattern_for(issuer) is not None)
        except UnsafeAddressError as error:
            return f"not asked: {error}"
        if not named and self._pattern_for(issuer) is None and not self._by_vendor(issuer):
            return _how_to_ask(issuer)
        if not named and issuer not in self._run.issuers and len(self._run.issuers) >= MOST_ISSUERS:
            return f"not asked: the log names more than {MOST_ISSUERS} issuers"
        return None

    def discovery(self, issuer: str, candidates: Sequence[str], *, named: bool) -> Document | None:
        """Asks the candidates in turn while the answer is 404."""
        self._count(issuer, named=named)
        answer = None
        for address in candidates:
            if not self._may_hold_discovery(issuer, address, named=named):
                continue
            found = self._document(address, LARGEST_DISCOVERY, named=named or self._names(issuer))
            answer = found if answer is None or found.status != 404 else answer
            if found.status != 404:
                break
        return answer

    def key_set(self, issuer: str, discovery: str, address: str, *, named: bool) -> Document:
        """Asks for a key set, where its host may belong to the issuer."""
        self._count(issuer, named=named)
        why = (
            None if any(p.names_host(address) for p in self._policy.allowed) else _stranger(issuer, discovery, address)
        )
        if why is not None:
            return self._unasked(address, f"not asked: {why}")
        return self._document(address, LARGEST_KEY_SET, named=named or self._names(issuer))

    def history(self, address: str) -> tuple[Document, ...]:
        """Returns what the address served before, oldest first."""
        if self._history is None:
            return ()
        return tuple(document for kept in self._history.all(address) for document in sightings(kept))

    # ----------------------------------------------------------------- policy

    def _pattern_for(self, issuer: str) -> Pattern | None:
        return next((p for p in self._policy.allowed if p.fits(issuer)), None)

    def _names(self, issuer: str) -> bool:
        """The user wrote this very host, so a private network is meant."""
        allowed = self._pattern_for(issuer)
        return allowed is not None and allowed.exact

    def _by_vendor(self, issuer: str) -> bool:
        vendor = vendors.identify(issuer)
        return self._policy.online and vendor is not None and vendor.fetch_allowed

    def _may_hold_discovery(self, issuer: str, address: str, *, named: bool) -> bool:
        """Of an issuer that only the log names, the vendor's own address is asked and no other."""
        if named or self._pattern_for(issuer) is not None or self._policy.offline:
            return True
        vendor = vendors.identify(issuer)
        return vendor is not None and address == vendor.discovery_url

    def _count(self, issuer: str, *, named: bool) -> None:
        if not named:
            self._run.issuers.add(issuer)

    # ----------------------------------------------------------------- answers

    def _document(self, address: str, largest: int, *, named: bool) -> Document:
        if address not in self._run.documents:
            self._run.documents[address] = self._answered(address, largest, named=named)
        return self._run.documents[address]

    def _answered(self, address: str, largest: int, *, named: bool) -> Document:
        """A fresh answer from the cache, else the network's; where that fails, the last good one."""
        kept = self._history.newest(address) if self._history is not None else None
        if kept is not None and (self._policy.offline or (kept.fresh(self._now()) and not self._outdated(kept))):
            return kept.document
        if self._policy.offline:
            return self._unasked(address, "not asked: offline, and not in the cache")
        document = self._asked(address, largest, named=named)
        failed = document.error is not None and (document.status is None or document.status >= 500)
        if kept is None or not failed:
            return document
        as_of = kept.document.as_of or kept.first
        self._run.notes[f"{address}: {document.error}; the last good answer serves, as of {as_of:%Y-%m-%d %H:%M}Z"] = (
            None
        )
        return kept.document

    def _outdated(self, kept: Kept) -> bool:
        """A token names a key that the set lacks: ConfigurationManager asks again then, every five minutes at most."""
        keys = published.parse(kept.document.body or {})
        known = {key.kid for key in keys}
        age = self._now() - (kept.document.as_of or kept.first)
        return bool(keys) and age >= SHORTEST and not self._run.kids <= known

    def _unasked(self, address: str, reason: str) -> Document:
        return Document(url=address, source="network", error=reason)

    def _asked(self, address: str, largest: int, *, named: bool) -> Document:
        try:
            target = addresses.checked(address, named=named)
            reply, proxy = self._client.get(target, largest=largest, private=named)
        except UnsafeAddressError as error:
            return self._unasked(address, f"not asked: {error}")
        except NoAnswerError as error:
            return Document(url=address, source="network", as_of=self._stamp(), error=str(error))
        if proxy is not None:
            self._run.notes[f"documents were asked for through the proxy {proxy}"] = None
        document = judge(
            address, reply.text, source="network", status=reply.status, as_of=self._stamp(), error=reply.fault
        )
        if self._history is not None:
            self._history.keep(document, max_age=reply.max_age or USUAL)
        return document

    def _stamp(self) -> datetime:
        return self._now().astimezone(UTC).replace(microsecond=0)


def _stranger(issuer: str, discovery: str, address: str) -> str | None:
    """Why a key set may not be the issuer's: whoever writes the document must not choose whom a scan calls."""
    host, vendor = urls.host_of(address), vendors.resembling(issuer)
    if host not in {urls.host_of(discovery), *(vendor.jwks_hosts if vendor else ())}:
        return f"its host, {shown(host)}, is another one than the document's"
    origin = urls.origin_of(address)
    if origin not in {urls.origin_of(discovery), f"https://{host}:443"}:
        return f"{shown(origin)} is another service of the document's host"
    return None


def _how_to_ask(issuer: str) -> str:
    vendor = vendors.identify(issuer)
    address = vendor.discovery_url if vendor and vendor.discovery_url else addresses.well_known(issuer)
    flag = " or --online" if vendor is not None and vendor.fetch_allowed else ""
    return f"not asked: --allow-issuer {shown(issuer)}{flag} would ask {shown(address)}"


def allow(texts: Iterable[str]) -> tuple[Pattern, ...]:
    """Reads the patterns of ``--allow-issuer``; PatternError for the first that is none."""
    return tuple(pattern(text) for text in texts)
