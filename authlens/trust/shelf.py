"""Discovery documents and key sets at hand, looked up by address, by issuer and by key id."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from authlens import urls, vendors
from authlens.model import Document, Key
from authlens.trust import addresses
from authlens.trust.bundles import keys_in

_TENANT = "{tenantid}"


class Found(NamedTuple):
    """A key, and where it is published."""

    issuer: str | None
    """That the discovery document pointing there names, if one is known."""
    url: str
    key: Key


@dataclass(slots=True)
class Known:
    """A document at hand, with the keys in it."""

    document: Document
    keys: tuple[Key, ...] = ()


class Shelf:
    """What was obtained, from wherever; an issuer's name is looked up without regard to case, port and final slash."""

    def __init__(self) -> None:
        """Nothing is at hand yet."""
        self._by_url: dict[str, Known] = {}
        self._by_folded: dict[str, Known] = {}
        self._earlier: defaultdict[str, list[Document]] = defaultdict(list)
        self._by_issuer: dict[str, list[Known]] = {}
        self._by_kid: dict[str, list[Found]] | None = None
        self._given: dict[str, Known] = {}
        self.default: list[Known] = []
        """Key files for every issuer that has no other keys."""

    def add(self, document: Document) -> Known:
        """Keeps a document; of two of one address the newer one counts, and is returned."""
        known = Known(document=document, keys=keys_in(document))
        old = self._by_url.get(document.url)
        if old is not None and not _newer(document, old.document):
            self._earlier[document.url].append(document)
            return old
        if old is not None:
            self._earlier[document.url].append(old.document)
        self._by_url[document.url] = known
        self._by_kid = None
        for issuer in _issuers_in(document):
            self._by_issuer.setdefault(addresses.folded(issuer), []).append(known)
        if old is not None or addresses.folded(document.url) not in self._by_folded:
            self._by_folded[addresses.folded(document.url)] = known
        return known

    def give(self, issuer: str | None, document: Document) -> None:
        """Keeps a key file of the user's: an issuer's, or everybody's that has no other."""
        known = Known(document=document, keys=keys_in(document))
        if issuer is None:
            self.default.append(known)
        else:
            self._given[addresses.folded(issuer)] = known

    # ----------------------------------------------------------------- by address

    def find(self, address: str) -> Known | None:
        """The document of exactly this address, else of one written a little differently."""
        return self._by_url.get(address) or self._by_folded.get(addresses.folded(address))

    def earlier(self, address: str) -> tuple[Document, ...]:
        """The good documents of an address that a later one replaced."""
        return tuple(d for d in self._earlier[address] if d.error is None and d.as_of is not None)

    def documents(self) -> tuple[Document, ...]:
        """Every document that has an address."""
        return tuple(known.document for known in self._by_url.values())

    # ----------------------------------------------------------------- by issuer

    def given(self, issuer: str) -> Known | None:
        """The user's own key file for an issuer."""
        return self._given.get(addresses.folded(issuer))

    def discovery_of(self, issuer: str, vendor: vendors.Vendor | None) -> Iterator[Known]:
        """Discovery documents at hand for the issuer: by what they say, where they lie, and as templates."""
        yield from self.speaking_for(issuer)
        places = (self.find(a) for a in discovery_addresses(issuer, vendor))
        yield from (k for k in places if k is not None)
        template = _template(issuer, vendor)
        if template is not None:
            yield from (k for k in self.speaking_for(template) if issuer_in(k.document) == template)

    def speaking_for(self, issuer: str) -> Iterator[Known]:
        """Documents that name this issuer, give or take a slash; one that a later recording replaced is out."""
        said = self._by_issuer.get(addresses.folded(issuer), ())
        return (known for known in said if self._by_url.get(known.document.url) is known)

    def of_policy(self, issuer: str, policy: str) -> tuple[Known, ...]:
        """The documents of one policy of a B2C tenant; their address names it, the issuer does not."""
        host = urls.host_of(issuer)
        return tuple(k for k in self._by_url.values() if policy and _is_policy(k.document.url, host, policy))

    def other_versions(self, vendor: vendors.Vendor | None) -> Iterator[Known]:
        """The documents of both versions of an Entra tenant."""
        if vendor is None or vendor.family not in {"entra-v1", "entra-v2"} or "tid" not in vendor.groups:
            return
        host = urls.host_of(vendor.discovery_url or "")
        for version in ("", "/v2.0"):
            known = self.find(f"https://{host}/{vendor.groups['tid']}{version}{urls.WELL_KNOWN}")
            if known is not None:
                yield known

    # ----------------------------------------------------------------- by key

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
        known = [*self._by_url.items(), *((k.document.url, k) for k in (*self._given.values(), *self.default))]
        return tuple(Found(_pointing(issuers, url), url, key) for url, k in known for key in k.keys)

    def _issuers_by_key_set(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for known in self._by_url.values():
            issuer, address = issuer_in(known.document), (known.document.body or {}).get("jwks_uri")
            if issuer is not None and isinstance(address, str):
                found.setdefault(addresses.folded(address), issuer)
        for issuer_folded, known in self._given.items():
            found.setdefault(addresses.folded(known.document.url), issuer_folded)
        return found


# --------------------------------------------------------------------------- small questions


def is_discovery(document: Document) -> bool:
    """Tells whether it points to a key set."""
    return document.body is not None and "jwks_uri" in document.body


def issuer_in(document: Document) -> str | None:
    """The issuer that a discovery document names."""
    issuer = (document.body or {}).get("issuer")
    return issuer if isinstance(issuer, str) else None


def _issuers_in(document: Document) -> tuple[str, ...]:
    """The issuers that a discovery document speaks for; AD FS names that of access tokens beside the other."""
    if document.error is not None or not is_discovery(document):
        return ()
    said = ((document.body or {}).get(name) for name in ("issuer", "access_token_issuer"))
    return tuple(s for s in said if isinstance(s, str))


def _pointing(issuers: Mapping[str, str], url: str) -> str | None:
    """The issuer whose document points to this key set, with or without ?appid=."""
    address = addresses.folded(url)
    return issuers.get(address) or issuers.get(address.partition("?")[0])


def _newer(document: Document, old: Document) -> bool:
    return document.as_of is not None and (old.as_of is None or document.as_of > old.as_of)


def _is_policy(url: str, host: str, policy: str) -> bool:
    low = addresses.folded(url)
    return urls.host_of(low) == host and (f"/{policy}/" in low or f"p={policy}" in low.partition("?")[2].split("&"))


def _template(issuer: str, vendor: vendors.Vendor | None) -> str | None:
    """Returns the issuer with the tenant's id taken out, as multi-tenant documents name it."""
    if vendor is None or not vendor.family.startswith("entra"):
        return None
    made, count = re.subn(vendors.GUID, _TENANT, issuer, count=1)
    return made if count else None


def discovery_addresses(issuer: str, vendor: vendors.Vendor | None) -> list[str]:
    """Where an issuer's discovery document may be, the likeliest address first."""
    known = vendor.discovery_url if vendor is not None else None
    made = (known, addresses.well_known(issuer), addresses.authorization_server(issuer))
    return list(dict.fromkeys(a for a in made if a and "://" in a))
