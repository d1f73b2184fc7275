"""Discovery documents and key sets: what an issuer publishes, and what the application loads.

They come from bundles and key files, then from the cache and the network where the policy lets them; a document
that is of no use is evidence and stays, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from authlens import urls, vendors
from authlens.errors import InputError
from authlens.model import Document, Expectations, IssuerReport, KeySet
from authlens.trust import addresses
from authlens.trust.bundles import bundle, read_bundle, read_key_file, split_spec
from authlens.trust.expectations import configuration_address, issuers_of
from authlens.trust.lives import dated
from authlens.trust.shelf import Found, Known, Shelf, discovery_addresses, is_discovery, issuer_in

MOST_UNKNOWN = 1000
"""Issuers of which nothing is known that reports name; a log can be full of made-up ones."""


class Network(Protocol):
    """Where documents come from that no file holds; ``trust.fetch`` has one."""

    def refusal(self, issuer: str, *, named: bool) -> str | None:
        """Says why the issuer is not asked, or None where it may be."""

    def discovery(self, issuer: str, candidates: Sequence[str], *, named: bool) -> Document | None:
        """Asks for a discovery document at the first address that has one, once a run; None where none may be asked."""

    def key_set(self, issuer: str, discovery: str, address: str, *, named: bool) -> Document:
        """Asks for the key set that the discovery document points to, once a run."""

    def history(self, address: str) -> tuple[Document, ...]:
        """Returns the key sets that this address served before, oldest first."""


class Documents:
    """All that is known of issuers; ``errors`` holds the files that could not be used."""

    def __init__(
        self,
        *,
        bundles: Iterable[str | Path] = (),
        jwks: Iterable[str | Path] = (),
        network: Network | None = None,
        configured: Iterable[Expectations] = (),
    ) -> None:
        """Reads the files; none of them is fatal.

        Args:
            bundles: Paths of bundles, asked in this order.
            jwks: ``[ISSUER=]FILE`` of key sets.
            network: None opens no socket.
            configured: What the user's own configuration and settings say, nothing learnt from the log: their
                issuers and addresses may be asked.
        """
        self.errors: list[InputError] = []
        self._network = network
        self._configured = tuple(e for e in configured if not e.learnt)
        self._named = {addresses.folded(n) for e in self._configured for n in _names(e)}
        self._shelf = Shelf()
        self._answers: dict[tuple[str, str, str], KeySet] = {}
        self._asked: dict[str, KeySet] = {}
        for path in bundles:
            self._try(self._add_bundle, str(path))
        for spec in jwks:
            self._try(self._add_key_file, str(spec))

    # ----------------------------------------------------------------- questions

    def published(self, issuer: str, claims: Mapping[str, object] | None = None) -> KeySet:
        """Returns the keys that an issuer publishes.

        Args:
            issuer: As the token names it.
            claims: Of the token; they tell the policy of a B2C token and the tenant of a template.
        """
        policy = _policy(claims or {})
        return self._answer(("issuer", issuer, policy), issuer, lambda: self._published(issuer, policy))

    def loaded(self, expectations: Expectations) -> KeySet:
        """Returns the keys and the issuer that the application's own address serves."""
        address = configuration_address(expectations)
        if address is None:
            return self._without_address(expectations)
        return self._answer(("address", address, ""), address, lambda: self._loaded(address, expectations))

    def configuration(self, address: str) -> Document:
        """Returns the discovery document of an address, or says in ``error`` that there is none."""
        known = self._shelf.find(address)
        if known is not None:
            return known.document
        return Document(url=address, source="none", error="is not among the documents at hand")

    def find_kid(self, kid: str) -> tuple[Found, ...]:
        """Returns every key with exactly this id, wherever it is published."""
        return self._shelf.find_kid(kid)

    def every_key(self) -> tuple[Found, ...]:
        """Returns all keys at hand, in the order of their documents."""
        return self._shelf.every_key()

    def all(self) -> tuple[IssuerReport, ...]:
        """Returns what was used, by the issuer or address that was asked about."""
        return tuple(
            IssuerReport(issuer=name, documents=found.documents, keys=found.keys + found.former)
            for name, found in sorted(self._asked.items())
        )

    def unavailable(self) -> tuple[tuple[str, str], ...]:
        """Returns what was asked about and is not known, each with the reason."""
        return tuple((n, k.unavailable) for n, k in sorted(self._asked.items()) if k.unavailable is not None)

    def obtained(self) -> tuple[Document, ...]:
        """Returns every document at hand that has an address, for a bundle."""
        return self._shelf.documents()

    # ----------------------------------------------------------------- files

    def _try(self, add: Callable[[str], None], file: str) -> None:
        try:
            add(file)
        except InputError as error:
            self.errors.append(error)

    def _add_bundle(self, path: str) -> None:
        for document in read_bundle(path):
            self._shelf.add(document)

    def _add_key_file(self, spec: str) -> None:
        issuer, path = split_spec(spec)
        self._shelf.give(issuer, read_key_file(path))

    # ----------------------------------------------------------------- answers

    def _answer(self, key: tuple[str, str, str], name: str, find: Callable[[], KeySet]) -> KeySet:
        if key not in self._answers:
            found = self._answers[key] = self._with_history(find())
            self._note(name, found)
        return self._answers[key]

    def _note(self, name: str, found: KeySet) -> None:
        known = self._asked.get(name)
        if known is None and not found.documents and len(self._asked) >= MOST_UNKNOWN:
            return
        if known is None or (known.unavailable is not None and found.unavailable is None):
            self._asked[name] = found

    def _published(self, issuer: str, policy: str) -> KeySet:
        vendor = vendors.resembling(issuer)
        if (given := self._given_for(issuer, next(self._shelf.discovery_of(issuer, vendor), None))) is not None:
            return given
        found = self._of_policy(issuer, policy) if vendor is not None and vendor.family == "b2c" else None
        if found is None and (known := next(self._shelf.discovery_of(issuer, vendor), None)) is not None:
            found = self._from_discovery(known, issuer)
        found = found or self._from_network(issuer, vendor) or self._from_relatives(issuer, vendor)
        return self._or_default(found)

    def _given_for(self, issuer: str, discovery: Known | None) -> KeySet | None:
        """The user's own key file for an issuer goes before everything; a document may still tell the issuer."""
        said = issuer_in(discovery.document) if discovery is not None else None
        given = self._shelf.given(issuer) or self._shelf.given(said or issuer)
        if given is None:
            return None
        documents = (given.document,) if discovery is None else (discovery.document, given.document)
        return KeySet(issuer=said or issuer, keys=given.keys, documents=documents)

    def _of_policy(self, issuer: str, policy: str) -> KeySet | None:
        """B2C publishes by policy; the address names it, the issuer does not."""
        known = self._shelf.of_policy(issuer, policy)
        for candidate in known:
            if is_discovery(candidate.document):
                return self._from_discovery(candidate, issuer)
        for candidate in known:
            return KeySet(keys=candidate.keys, documents=(candidate.document,))
        if policy and any(self._shelf.speaking_for(issuer)):
            return KeySet(unavailable=f"the documents at hand are for other policies than {policy[:64]}")
        return None

    def _loaded(self, address: str, expectations: Expectations) -> KeySet:
        known = self._shelf.find(address)
        issuer = expectations.authority or urls.authority_of(address)
        if (given := self._given_for(issuer, known)) is not None:
            return given
        if known is not None:
            return self._from_discovery(known, issuer)
        if (candidate := next(self._shelf.speaking_for(issuer), None)) is not None:
            return self._from_discovery(candidate, issuer)
        named = self._is_named(address)
        found = self._ask(issuer, [address], named=named) or KeySet(unavailable=self._why_unknown(issuer, named=named))
        return self._or_default(found)

    def _without_address(self, expectations: Expectations) -> KeySet:
        for issuer in expectations.issuers:
            if (given := self._given_for(issuer, None)) is not None:
                return given
        return self._or_default(KeySet(unavailable="the application loads no metadata: its keys are its own"))

    def _from_discovery(self, known: Known, issuer: str) -> KeySet:
        document = known.document
        if known.keys:
            return KeySet(issuer=issuer_in(document), keys=known.keys, documents=(document,))
        if document.error is not None or document.body is None:
            return KeySet(documents=(document,), unavailable=f"{document.url}: {document.error}")
        named_issuer, address = issuer_in(document), document.body.get("jwks_uri")
        if not isinstance(address, str):
            return KeySet(issuer=named_issuer, documents=(document,), unavailable=f"{document.url} names no jwks_uri")
        keys = self._shelf.find(address) or self._asked_keys(document, issuer, address)
        if keys is None:
            reason = f"the key set {address} is not among the documents at hand"
            return KeySet(issuer=named_issuer, documents=(document,), unavailable=reason)
        return KeySet(
            issuer=named_issuer,
            keys=keys.keys,
            documents=(document, keys.document),
            unavailable=_why_no_keys(keys.document),
        )

    def _from_relatives(self, issuer: str, vendor: vendors.Vendor | None) -> KeySet:
        """The other version's document of the same Entra tenant: they share their keys."""
        known = next(self._shelf.other_versions(vendor), None)
        if known is not None:
            return self._from_discovery(known, issuer)
        return KeySet(unavailable=self._why_unknown(issuer, named=self._is_named(issuer)))

    def _or_default(self, found: KeySet) -> KeySet:
        """Where no keys are known, those given for every issuer that has no others."""
        default = self._shelf.default
        if found.unavailable is None or not default:
            return found
        keys = tuple(key for known in default for key in known.keys)
        return KeySet(
            issuer=found.issuer, keys=keys, documents=(*found.documents, *(known.document for known in default))
        )

    # ----------------------------------------------------------------- network

    def _is_named(self, address: str) -> bool:
        forms = {addresses.folded(address), addresses.folded(addresses.well_known(address))}
        return not forms.isdisjoint(self._named)

    def _from_network(self, issuer: str, vendor: vendors.Vendor | None) -> KeySet | None:
        if self._network is None:
            return None
        if not self._is_named(issuer) and (known := self._said_by_configured(issuer)) is not None:
            return self._from_discovery(known, issuer)
        return self._ask(issuer, discovery_addresses(issuer, vendor), named=self._is_named(issuer))

    def _said_by_configured(self, issuer: str) -> Known | None:
        """An issuer may be one that a configured address turns out to name."""
        for expectations in self._configured:
            self.loaded(expectations)
        return next(self._shelf.speaking_for(issuer), None)

    def _ask(self, issuer: str, candidates: Sequence[str], *, named: bool) -> KeySet | None:
        if self._network is None or self._network.refusal(issuer, named=named) is not None:
            return None
        document = self._network.discovery(issuer, candidates, named=named)
        return None if document is None else self._from_discovery(self._shelf.add(document), issuer)

    def _asked_keys(self, discovery: Document, issuer: str, address: str) -> Known | None:
        named = self._is_named(issuer) or self._is_named(discovery.url)
        if self._network is None or self._network.refusal(issuer, named=named) is not None:
            return None
        return self._shelf.add(self._network.key_set(issuer, discovery.url, address, named=named))

    def _why_unknown(self, issuer: str, *, named: bool) -> str:
        if self._network is None:
            return "not among the documents at hand, and the network was not asked"
        return self._network.refusal(issuer, named=named) or "no document was found"

    def _with_history(self, found: KeySet) -> KeySet:
        """Says since and until when each key was seen published, where earlier key sets are kept."""
        if not found.documents:
            return found
        last = found.documents[-1]
        kept = self._network.history(last.url) if self._network is not None else ()
        earlier = (*kept, *self._shelf.earlier(last.url))
        return dated(found, last.as_of, earlier) if earlier else found


# --------------------------------------------------------------------------- small questions


def _names(expectations: Expectations) -> Iterator[str]:
    address = configuration_address(expectations)
    yield from (n for n in (expectations.authority, address) if n)
    yield from issuers_of(expectations)


def _policy(claims: Mapping[str, object]) -> str:
    value = claims.get("tfp") or claims.get("acr")
    return value.casefold() if isinstance(value, str) else ""


def _why_no_keys(document: Document) -> str | None:
    """An empty key set is knowledge; an answer that is no key set is none."""
    if document.error is None or (document.body is not None and isinstance(document.body.get("keys"), list | tuple)):
        return None
    return f"{document.url}: {document.error}"


def record(issuers: Iterable[str], network: Network) -> dict[str, object]:
    """Asks for the documents of issuers that the user names, and returns them as an ``authlens.bundle/1``."""
    wanted = tuple(dict.fromkeys(issuers))
    documents = Documents(network=network, configured=(Expectations(authority=issuer) for issuer in wanted))
    for issuer in wanted:
        documents.published(issuer)
    return bundle(documents.obtained())
