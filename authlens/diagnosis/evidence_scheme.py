"""What one scheme of the API demands, and what its own address really serves: found once a scheme."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from authlens import vendors
from authlens.diagnosis.evidence_values import Row
from authlens.model import Document, Expectations, Key, KeySet
from authlens.trust.documents import Documents
from authlens.trust.expectations import configuration_address, issuers_of
from authlens.urls import authority_of

_SHARED = ("/common/", "/organizations/", "/consumers/")
_NOTHING = KeySet(unavailable="nothing is known of this API's expectations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """The demands of one scheme with the documents behind them."""

    known: bool
    """Settings or configuration describe it; what the log alone reveals does not count."""
    name: str | None
    expectations: Expectations | None
    issuers: tuple[str, ...]
    """Configured ones, and that of the document which the application loads."""
    audiences: tuple[str, ...]
    skew_s: float
    address: str | None
    """Of the discovery document."""
    keys: KeySet
    """What the application would load now; the issuers' own set where it loads no metadata."""
    vendor: vendors.Vendor | None
    multi_tenant: bool
    state: str | None
    """Of the documents: ``ok error page empty-keys unusable-keys keys-missing missing unknown``; None without address."""
    state_text: str | None

    @property
    def family(self) -> str | None:
        """Of the identity provider that the scheme trusts, as far as its form tells."""
        return self.vendor.family if self.vendor else None


def describe(expectations: Expectations | None, documents: Documents) -> Scheme:
    """Looks up what is known of a scheme; None stands for a scheme of which nothing is known."""
    if expectations is None:
        return _unknown()
    address = configuration_address(expectations)
    keys = _keys(expectations, address, documents)
    own = (keys.issuer,) if address and keys.issuer else ()
    issuers = tuple(dict.fromkeys((*issuers_of(expectations), *own)))
    state, text = _state(address, keys, documents)
    return Scheme(
        known=not expectations.learnt,
        name=expectations.scheme,
        expectations=expectations,
        issuers=issuers,
        audiences=expectations.audiences,
        skew_s=expectations.clock_skew_s,
        address=address,
        keys=keys,
        vendor=_vendor(expectations, address, issuers),
        multi_tenant=_multi_tenant(address, issuers),
        state=state,
        state_text=text,
    )


def about(scheme: Scheme, row: Row) -> dict[str, object]:
    """The fields ``meta.…`` of a row, and what is expected at all; ``row`` says what the message names."""
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


def joined(schemes: Sequence[Scheme]) -> Scheme:
    """What holds for each of several schemes, one of which it is; settings are known, but not which of them count."""
    if len(schemes) == 1:
        return schemes[0]
    nobody = _unknown(known=True)
    if not schemes:
        return nobody
    first = schemes[0]
    return replace(
        nobody,
        issuers=first.issuers if all(s.issuers == first.issuers for s in schemes) else (),
        audiences=first.audiences if all(s.audiences == first.audiences for s in schemes) else (),
        keys=first.keys if all(_prints(s) == _prints(first) for s in schemes) else _NOTHING,
        vendor=first.vendor if all(s.family == first.family for s in schemes) else None,
        multi_tenant=any(s.multi_tenant for s in schemes),
    )


def _prints(scheme: Scheme) -> frozenset[tuple[str | None, str | None]]:
    return frozenset((key.kid, key.thumbprint) for key in scheme.keys.keys)


def _unknown(*, known: bool = False) -> Scheme:
    return Scheme(
        known=known,
        name=None,
        expectations=None,
        issuers=(),
        audiences=(),
        skew_s=300.0,
        address=None,
        keys=_NOTHING,
        vendor=None,
        multi_tenant=False,
        state=None,
        state_text=None,
    )


def _keys(expectations: Expectations, address: str | None, documents: Documents) -> KeySet:
    loaded = documents.loaded(expectations)
    if address is not None or loaded.keys:
        return loaded
    for issuer in expectations.issuers:
        published = documents.published(issuer)
        if published.keys:
            return published
    return loaded


def _vendor(expectations: Expectations, address: str | None, issuers: Iterable[str]) -> vendors.Vendor | None:
    authority = authority_of(address or "")
    for form in (expectations.authority, authority, *issuers):
        if form and (vendor := vendors.resembling(form)):
            return vendor
    return None


def _multi_tenant(address: str | None, issuers: Iterable[str]) -> bool:
    return any(part in f"{address}/" for part in _SHARED) or any("{" in issuer for issuer in issuers)


def _state(address: str | None, keys: KeySet, documents: Documents) -> tuple[str | None, str | None]:
    if address is None:
        return None, None
    discovery = documents.configuration(address)
    if discovery.source == "none" and not keys.documents:
        return ("missing" if documents.every_key() else "unknown"), keys.unavailable
    if discovery.error is not None and discovery.source != "none":
        return ("error" if _refused(discovery) else "page"), f"it {discovery.error}"
    return _keys_state(keys)


def _keys_state(keys: KeySet) -> tuple[str, str | None]:
    last = keys.documents[-1] if keys.documents else None
    if last is not None and last.error is not None and not keys.keys:
        if _refused(last):
            return "error", f"{last.url} {last.error}"
        return ("empty-keys" if _is_key_set(last) else "page"), f"{last.url} {last.error}"
    if keys.unavailable is not None and not keys.keys:
        return "keys-missing", keys.unavailable
    if not any(usable(key) for key in keys.keys):
        return "unusable-keys", "the key set holds no key that can verify signatures"
    return "ok", None


def _refused(document: Document) -> bool:
    return document.status is not None and not 200 <= document.status <= 299


def _is_key_set(document: Document) -> bool:
    return document.body is not None and isinstance(document.body.get("keys"), list | tuple)


def usable(key: Key) -> bool:
    """The library takes it as a signature key (RSA or EC, not meant for encryption)."""
    return key.defect is None and key.kty in ("RSA", "EC") and key.use in (None, "sig")
