"""Discovery documents and key sets: what an issuer publishes, and what the application loads.

They come from bundles and key files, then from the cache and the network where the policy lets them; a document
that is of no use is evidence and stays, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from authlens import urls, vendors
from authlens.errors import InputError
from authlens.model import Document, Expectations, IssuerReport, Key, KeySet
from authlens.trust import addresses
from authlens.trust.bundles import bundle, keys_in, read_bundle, read_key_file
from authlens.trust.expectations import configuration_address, issuers_of

MOST_UNKNOWN = 1000
"""Issuers of which nothing is known that reports name; a log can be full of made-up ones."""

_TENANT = "{tenantid}"
_GUID = r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"


class Found(NamedTuple):
    """A key, and where it is published."""

    issuer: str | None
    """That the discovery document pointing there names, if one is known."""
    url: str
    key: Key


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


@dataclass(slots=True)
class _Known:
    """A document as it stands in the index, with the keys in it."""

    document: Document
    keys: tuple[Key, ...] = ()


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
        self._by_url: dict[str, _Known] = {}
        self._by_folded: dict[str, _Known] = {}
        self._by_issuer: dict[str, list[_Known]] = {}
        self._by_kid: dict[str, list[Found]] | None = None
        self._given: dict[str, _Known] = {}
        self._default: list[_Known] = []
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
        known = self._find(address)
        if known is not None:
            return known.document
        return Document(url=address, source="none", error="is not among the documents at hand")

    def find_kid(self, kid: str) -> tuple[Found, ...]:
        """Returns every key with exactly this id, wherever it is published."""
        if self._by_kid is None:
            self._by_kid = {}
            for found in self.every_key():
                self._by_kid.setdefault(found.key.kid or "", []).append(found)
        return tuple(self._by_kid.get(kid, ())) if kid else ()

    def every_key(self) -> tuple[Found, ...]:
        """Returns all keys at hand, in the order of their documents."""
        issuers = self._issuers_by_key_set()
        known = [*self._by_url.items(), *((k.document.url, k) for k in (*self._given.values(), *self._default))]
        return tuple(Found(_pointing(issuers, url), url, key) for url, k in known for key in k.keys)

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
        return tuple(known.document for known in self._by_url.values())

    # ----------------------------------------------------------------- files

    def _try(self, add: Callable[[str], None], file: str) -> None:
        try:
            add(file)
        except InputError as error:
            self.errors.append(error)

    def _add_bundle(self, path: str) -> None:
        for document in read_bundle(path):
            self._add(document)

    def _add(self, document: Document) -> _Known:
        known = _Known(document=document, keys=keys_in(document))
        old = self._by_url.get(document.url)
        if old is not None and not _newer(document, old.document):
            return old
        self._by_url[document.url] = known
        self._by_kid = None
        for issuer in _issuers_in(document):
            self._by_issuer.setdefault(addresses.folded(issuer), []).append(known)
        if old is not None or addresses.folded(document.url) not in self._by_folded:
            self._by_folded[addresses.folded(document.url)] = known
        return known

    def _add_key_file(self, spec: str) -> None:
        issuer, path = _split_spec(spec)
        document = read_key_file(path)
        known = _Known(document=document, keys=keys_in(document))
        if issuer is None:
            self._default.append(known)
        else:
            self._given[addresses.folded(issuer)] = known

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

    def _find(self, address: str) -> _Known | None:
        return self._by_url.get(address) or self._by_folded.get(addresses.folded(address))

    def _published(self, issuer: str, policy: str) -> KeySet:
        vendor = vendors.resembling(issuer)
        if (given := self._given_for(issuer, next(self._discovery_of(issuer, vendor), None))) is not None:
            return given
        found = self._of_policy(issuer, policy) if vendor is not None and vendor.family == "b2c" else None
        if found is None and (known := next(self._discovery_of(issuer, vendor), None)) is not None:
            found = self._from_discovery(known, issuer)
        found = found or self._from_network(issuer, vendor) or self._from_relatives(issuer, vendor)
        return self._defaults(found) if found.unavailable is not None and self._default else found

    def _given_for(self, issuer: str, discovery: _Known | None) -> KeySet | None:
        """The user's own key file for an issuer goes before everything; a document may still tell the issuer."""
        said = _issuer_in(discovery.document) if discovery is not None else None
        given = self._given.get(addresses.folded(issuer)) or self._given.get(addresses.folded(said or issuer))
        if given is None:
            return None
        documents = (given.document,) if discovery is None else (discovery.document, given.document)
        return KeySet(issuer=said or issuer, keys=given.keys, documents=documents)

    def _discovery_of(self, issuer: str, vendor: vendors.Vendor | None) -> Iterator[_Known]:
        """Discovery documents at hand for the issuer: by what they say, where they lie, and as templates."""
        yield from self._speaking_for(issuer)
        places = (self._find(a) for a in _discovery_addresses(issuer, vendor))
        yield from (k for k in places if k is not None)
        template = _template(issuer, vendor)
        if template is not None:
            yield from (k for k in self._speaking_for(template) if _issuer_in(k.document) == template)

    def _speaking_for(self, issuer: str) -> Iterator[_Known]:
        """Documents that name this issuer, give or take a slash; one that a later recording replaced is out."""
        said = self._by_issuer.get(addresses.folded(issuer), ())
        return (known for known in said if self._by_url.get(known.document.url) is known)

    def _of_policy(self, issuer: str, policy: str) -> KeySet | None:
        """B2C publishes by policy; the address names it, the issuer does not."""
        host = urls.host_of(issuer)
        known = [k for k in self._by_url.values() if policy and _is_policy(k.document.url, host, policy)]
        for candidate in known:
            if _is_discovery(candidate.document):
                return self._from_discovery(candidate, issuer)
        for candidate in known:
            return KeySet(keys=candidate.keys, documents=(candidate.document,))
        if policy and any(self._speaking_for(issuer)):
            return KeySet(unavailable=f"the documents at hand are for other policies than {policy[:64]}")
        return None

    def _loaded(self, address: str, expectations: Expectations) -> KeySet:
        known = self._find(address)
        issuer = expectations.authority or address.removesuffix(addresses.WELL_KNOWN)
        if (given := self._given_for(issuer, known)) is not None:
            return given
        if known is not None:
            return self._from_discovery(known, issuer)
        if (candidate := next(self._speaking_for(issuer), None)) is not None:
            return self._from_discovery(candidate, issuer)
        named = self._is_named(address)
        found = self._ask(issuer, [address], named=named) or KeySet(unavailable=self._why_unknown(issuer, named=named))
        return self._defaults(found) if found.unavailable is not None and self._default else found

    def _without_address(self, expectations: Expectations) -> KeySet:
        for issuer in expectations.issuers:
            if (given := self._given_for(issuer, None)) is not None:
                return given
        found = KeySet(unavailable="the application loads no metadata: its keys are its own")
        return self._defaults(found) if self._default else found

    def _from_discovery(self, known: _Known, issuer: str) -> KeySet:
        document = known.document
        if known.keys:
            return KeySet(issuer=_issuer_in(document), keys=known.keys, documents=(document,))
        if document.error is not None or document.body is None:
            return KeySet(documents=(document,), unavailable=f"{document.url}: {document.error}")
        named_issuer, address = _issuer_in(document), document.body.get("jwks_uri")
        if not isinstance(address, str):
            return KeySet(issuer=named_issuer, documents=(document,), unavailable=f"{document.url} names no jwks_uri")
        keys = self._find(address) or self._asked_keys(document, issuer, address)
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
        known = next(self._other_version(vendor), None)
        if known is not None:
            return self._from_discovery(known, issuer)
        return KeySet(unavailable=self._why_unknown(issuer, named=self._is_named(issuer)))

    def _other_version(self, vendor: vendors.Vendor | None) -> Iterator[_Known]:
        if vendor is None or vendor.family not in {"entra-v1", "entra-v2"} or "tid" not in vendor.groups:
            return
        host = urls.host_of(vendor.discovery_url or "")
        for version in ("", "/v2.0"):
            known = self._find(f"https://{host}/{vendor.groups['tid']}{version}{addresses.WELL_KNOWN}")
            if known is not None:
                yield known

    def _defaults(self, lacking: KeySet) -> KeySet:
        """Keys given for every issuer that has no others."""
        keys = tuple(key for known in self._default for key in known.keys)
        documents = (*lacking.documents, *(known.document for known in self._default))
        return KeySet(issuer=lacking.issuer, keys=keys, documents=documents)

    def _issuers_by_key_set(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for known in self._by_url.values():
            issuer, address = _issuer_in(known.document), (known.document.body or {}).get("jwks_uri")
            if issuer is not None and isinstance(address, str):
                found.setdefault(addresses.folded(address), issuer)
        for issuer_folded, known in self._given.items():
            found.setdefault(addresses.folded(known.document.url), issuer_folded)
        return found

    # ----------------------------------------------------------------- network

    def _is_named(self, address: str) -> bool:
        forms = {addresses.folded(address), addresses.folded(addresses.well_known(address))}
        return not forms.isdisjoint(self._named)

    def _from_network(self, issuer: str, vendor: vendors.Vendor | None) -> KeySet | None:
        if self._network is None:
            return None
        if not self._is_named(issuer) and (known := self._said_by_configured(issuer)) is not None:
            return self._from_discovery(known, issuer)
        return self._ask(issuer, _discovery_addresses(issuer, vendor), named=self._is_named(issuer))

    def _said_by_configured(self, issuer: str) -> _Known | None:
        """An issuer may be one that a configured address turns out to name."""
        for expectations in self._configured:
            self.loaded(expectations)
        return next(self._speaking_for(issuer), None)

    def _ask(self, issuer: str, candidates: Sequence[str], *, named: bool) -> KeySet | None:
        if self._network is None or self._network.refusal(issuer, named=named) is not None:
            return None
        document = self._network.discovery(issuer, candidates, named=named)
        return None if document is None else self._from_discovery(self._add(document), issuer)

    def _asked_keys(self, discovery: Document, issuer: str, address: str) -> _Known | None:
        named = self._is_named(issuer) or self._is_named(discovery.url)
        if self._network is None or self._network.refusal(issuer, named=named) is not None:
            return None
        return self._add(self._network.key_set(issuer, discovery.url, address, named=named))

    def _why_unknown(self, issuer: str, *, named: bool) -> str:
        if self._network is None:
            return "not among the documents at hand, and the network was not asked"
        return self._network.refusal(issuer, named=named) or "no document was found"

    def _with_history(self, found: KeySet) -> KeySet:
        """Says since and until when each key was seen published, where earlier key sets are kept."""
        if self._network is None or not found.documents:
            return found
        last = found.documents[-1]
        earlier = self._network.history(last.url)
        return _dated(found, last.as_of, earlier) if earlier else found


# --------------------------------------------------------------------------- small questions


def _pointing(issuers: Mapping[str, str], url: str) -> str | None:
    """The issuer whose document points to this key set, with or without ?appid=."""
    address = addresses.folded(url)
    return issuers.get(address) or issuers.get(address.partition("?")[0])


def _names(expectations: Expectations) -> Iterator[str]:
    address = configuration_address(expectations)
    yield from (n for n in (expectations.authority, address) if n)
    yield from issuers_of(expectations)


def _newer(document: Document, old: Document) -> bool:
    return document.as_of is not None and (old.as_of is None or document.as_of > old.as_of)


def _split_spec(spec: str) -> tuple[str | None, str]:
    """Splits ``[ISSUER=]FILE`` where the file is; both sides may hold an equals sign."""
    if Path(spec).is_file() or "=" not in spec:
        return None, spec
    splits = [(spec[:i], spec[i + 1 :]) for i, c in enumerate(spec) if c == "="]
    return next((s for s in splits if Path(s[1]).is_file()), splits[0])


def _policy(claims: Mapping[str, object]) -> str:
    value = claims.get("tfp") or claims.get("acr")
    return value.casefold() if isinstance(value, str) else ""


def _is_policy(url: str, host: str, policy: str) -> bool:
    low = addresses.folded(url)
    return urls.host_of(low) == host and (f"/{policy}/" in low or f"p={policy}" in low.partition("?")[2].split("&"))


def _is_discovery(document: Document) -> bool:
    return document.body is not None and "jwks_uri" in document.body


def _issuer_in(document: Document) -> str | None:
    issuer = (document.body or {}).get("issuer")
    return issuer if isinstance(issuer, str) else None


def _issuers_in(document: Document) -> tuple[str, ...]:
    """The issuers that a discovery document speaks for; AD FS names that of access tokens beside the other."""
    if document.error is not None or not _is_discovery(document):
        return ()
    said = ((document.body or {}).get(name) for name in ("issuer", "access_token_issuer"))
    return tuple(s for s in said if isinstance(s, str))


def _template(issuer: str, vendor: vendors.Vendor | None) -> str | None:
    """Returns the issuer with the tenant's id taken out, as multi-tenant documents name it."""
    if vendor is None or not vendor.family.startswith("entra"):
        return None
    made, count = re.subn(_GUID, _TENANT, issuer, count=1, flags=re.IGNORECASE)
    return made if count else None


def _discovery_addresses(issuer: str, vendor: vendors.Vendor | None) -> list[str]:
    known = vendor.discovery_url if vendor is not None else None
    made = (known, addresses.well_known(issuer), addresses.authorization_server(issuer))
    return list(dict.fromkeys(a for a in made if a and "://" in a))


def _why_no_keys(document: Document) -> str | None:
    """An empty key set is knowledge; an answer that is no key set is none."""
    if document.error is None or (document.body is not None and isinstance(document.body.get("keys"), list | tuple)):
        return None
    return f"{document.url}: {document.error}"


def _dated(found: KeySet, as_of: datetime | None, earlier: Sequence[Document]) -> KeySet:
    """Dates the keys by earlier key sets of the same address, and adds those that are no longer published."""
    seen: dict[_Identity, list[datetime]] = {}
    former: dict[_Identity, Key] = {}
    for document in earlier:
        for key in keys_in(document):
            former[_identity(key)] = key
            seen.setdefault(_identity(key), []).extend(_times(document.as_of))
    for key in found.keys:
        former.pop(_identity(key), None)
        seen.setdefault(_identity(key), []).extend(_times(as_of))
    asked = sorted({t for d in earlier for t in _times(d.as_of)} | set(_times(as_of)))
    return replace(
        found,
        keys=tuple(_begun(key, seen[_identity(key)], asked) for key in found.keys),
        former=tuple(_ended(key, seen[identity], asked) for identity, key in former.items()),
    )


_Identity: TypeAlias = tuple[str | None, str | None]


def _times(as_of: datetime | None) -> tuple[datetime, ...]:
    return () if as_of is None else (as_of,)


def _identity(key: Key) -> _Identity:
    return key.kid, key.thumbprint


def _begun(key: Key, seen: Sequence[datetime], asked: Sequence[datetime]) -> Key:
    first = min(seen, default=None)
    before = [t for t in asked if first is not None and t < first]
    return replace(key, published_from=first, published_after=max(before, default=None))


def _ended(key: Key, seen: Sequence[datetime], asked: Sequence[datetime]) -> Key:
    last = max(seen, default=None)
    behind = [t for t in asked if last is not None and t > last]
    return replace(_begun(key, seen, asked), published_until=last, gone_by=min(behind, default=None))


def record(issuers: Iterable[str], network: Network) -> dict[str, object]:
    """Asks for the documents of issuers that the user names, and returns them as an ``authlens.bundle/1``."""
    wanted = tuple(dict.fromkeys(issuers))
    documents = Documents(network=network, configured=(Expectations(authority=issuer) for issuer in wanted))
    for issuer in wanted:
        documents.published(issuer)
    return bundle(documents.obtained())
