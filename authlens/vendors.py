"""Identity providers: which one an issuer belongs to, where its documents are, what kind of token a token is.

A vendor's host is no proof of trust: anybody may be its tenant. The data is written by ``.dev/build_vendors.py``.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from authlens.model import Frozen
from authlens.urls import host_of

LONGEST_ISSUER = 2048
"""Characters; no issuer in use comes near, and patterns are not tried on more."""

GUID = r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"
"""Pattern of the ids that Entra gives to tenants and applications."""
ENTRA = frozenset({"entra-v1", "entra-v2", "entra-multitenant", "ciam"})
"""Families of vendors that are Entra ID."""
GRAPH_AUDIENCES = frozenset(
    {
        "00000003-0000-0000-c000-000000000000",
        "https://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
        "00000002-0000-0000-c000-000000000000",
        "https://graph.windows.net",
    }
)
"""Microsoft Graph and its predecessor in every cloud, without a slash at the end."""

_DATA = Path(__file__).parent / "vendors_data" / "vendors.json"
_CIAM = ".ciamlogin.com"
_V1_HOST = {
    "login.partner.microsoftonline.cn": "sts.chinacloudapi.cn",
    "login.chinacloudapi.cn": "sts.chinacloudapi.cn",
    "sts.chinacloudapi.cn": "sts.chinacloudapi.cn",
}
_V2_HOST = {
    "login.windows.net": "login.microsoftonline.com",
    "sts.windows.net": "login.microsoftonline.com",
    "sts.chinacloudapi.cn": "login.partner.microsoftonline.cn",
}
_ENTRA_ISSUER = re.compile(
    r"https://(?:(?P<host>login\.microsoftonline\.(?:com|us)|login\.(?:partner\.microsoftonline|chinacloudapi)\.cn"
    r"|[a-z0-9-]{1,63}\.ciamlogin\.com)/(?P<tenant>[^/]{1,100})/v2\.0"
    r"|(?P<sts>sts\.(?:windows\.net|chinacloudapi\.cn))/(?P<tenant_v1>[^/]{1,100})/)"
)
_SCOPES = ("scope", "scp", "permissions")
_ID_ONLY = ("nonce", "at_hash", "c_hash", "s_hash")
_CLIENTS = ("client_id", "cid", "appid")
_PAYLOAD_TYPES = {"bearer": "access", "id": "id", "refresh": "refresh", "offline": "refresh", "logout": "logout"}
_HEADER_TYPES = {"at+jwt": "access", "logout+jwt": "logout", "refresh": "refresh", "rt+jwt": "refresh"}
_OTHER_TYPES = frozenset({"dpop+jwt", "secevent+jwt", "oauth-authz-req+jwt", "token-introspection+jwt"})
_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """The identity provider that an issuer belongs to, by the issuer's form alone."""

    id: str
    name: str
    family: str
    """``okta-org``, ``okta-custom``, ``entra-v1``, ``entra-v2``, ``b2c``, ``ciam``, ``auth0``, ``keycloak``…"""
    discovery_url: str | None = None
    """None where the issuer does not tell it (B2C: the policy is missing)."""
    jwks_url: str | None = None
    """Of its key set; None where only the discovery document tells."""
    fetch_allowed: bool = False
    """The document's host is the vendor's own, so asking it cannot reach the user's network."""
    jwks_hosts: tuple[str, ...] = ()
    """Hosts beside its own that the key set may lie on."""
    groups: Mapping[str, str] = field(default_factory=Frozen)
    """Parts of the issuer: ``host``, ``tid``, ``realm``, ``policy``, ``pool``…"""
    rotation: str | None = None
    """How often keys change, in words; None where it is not documented."""


def identify(issuer: str) -> Vendor | None:
    """Names the vendor whose issuers have exactly this form; None where no form fits."""
    if len(issuer) > LONGEST_ISSUER:
        return None
    return _identify(issuer)


def resembling(address: str) -> Vendor | None:
    """Names the vendor of an issuer or authority that is written a little differently: slash, case of the host."""
    folded = _fold_host(address.strip())
    bare = folded.rstrip("/")
    for form in dict.fromkeys((folded, bare, bare + "/", issuer_of(bare) or "")):
        if form and (vendor := identify(form)):
            return vendor
    return None


def issuer_of(authority: str) -> str | None:
    """Tells the issuer that the discovery document of this authority is certain to name, or None.

    ``{tenantid}`` stands in it where the document is for every tenant.
    """
    if len(authority) > LONGEST_ISSUER:
        return None
    address = _fold_host(authority.strip())
    for pattern, template in _authorities():
        if match := pattern.fullmatch(address):
            return template.format(**match.groupdict())
    return None


def entra_issuers(host: str, tenant: str) -> tuple[str, str]:
    """What tokens of v2 and of v1 name as issuer, by the host of the authority (Entra ID, its clouds, External ID)."""
    host = host.lower()
    if host.endswith(_CIAM):
        return f"https://{tenant}{_CIAM}/{tenant}/v2.0", f"https://sts.windows.net/{tenant}/"
    v2 = f"https://{_V2_HOST.get(host, host)}/{tenant}/v2.0"
    return v2, f"https://{_V1_HOST.get(host, 'sts.windows.net')}/{tenant}/"


def versions_of_entra(issuer: str) -> tuple[str, ...]:
    """Of an issuer of one version of Entra's tokens those of both; none where it is no such issuer."""
    found = _ENTRA_ISSUER.fullmatch(issuer)
    return entra_issuers(found["host"] or found["sts"], found["tenant"] or found["tenant_v1"]) if found else ()


def is_graph(header: Mapping[str, object], claims: Mapping[str, object], vendor: Vendor | None = None) -> bool:
    """Tells whether only Microsoft Graph (or another service of Microsoft's own) can verify the token."""
    for_graph = any(a.rstrip("/").lower() in GRAPH_AUDIENCES for a in audiences(claims))
    known = vendor is not None and vendor.family in ENTRA
    return (for_graph and ("nonce" in header or known)) or ("nonce" in header and known)


def audiences(claims: Mapping[str, object]) -> tuple[str, ...]:
    """Returns ``aud`` as texts, whether it is one or many."""
    value = claims.get("aud")
    many = value if isinstance(value, list | tuple) else (value,)
    return tuple(a for a in many if isinstance(a, str))


def token_kind(vendor: Vendor | None, header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    """Tells what sort of token it claims to be.

    One of ``access``, ``id``, ``refresh``, ``org-server``, ``graph``, ``v1``, ``v2``, ``logout``, ``unknown``;
    ``v1`` and ``v2`` are access tokens of Entra.
    """
    declared = _media_type(header.get("typ"))
    if declared in _OTHER_TYPES:
        return "unknown"
    if is_graph(header, claims, vendor):
        return "graph"
    kind = _HEADER_TYPES.get(declared) or _declared_by_claims(claims) or _by_signs(vendor, claims)
    return _refine(kind, vendor, claims)


# --------------------------------------------------------------------------- kinds


def _media_type(value: object) -> str:
    return value.lower().removeprefix("application/") if isinstance(value, str) else ""


def _declared_by_claims(claims: Mapping[str, object]) -> str | None:
    inner = claims.get("typ")
    if isinstance(inner, str) and inner.lower() in _PAYLOAD_TYPES:
        return _PAYLOAD_TYPES[inner.lower()]
    if claims.get("token_use") in {"access", "id"}:
        return str(claims["token_use"])
    events = claims.get("events")
    if isinstance(events, Mapping) and _LOGOUT_EVENT in events:
        return "logout"
    return None


def _by_signs(vendor: Vendor | None, claims: Mapping[str, object]) -> str:
    if vendor is not None and vendor.family in {"google", "firebase", "apple"}:
        return "id"
    if any(claims.get(c) for c in _SCOPES):
        return "access"
    if any(claims.get(c) for c in _ID_ONLY):
        return "id"
    if claims.get("roles") or any(claims.get(c) for c in _CLIENTS):
        return "access"
    if _for_client(claims) or claims.get("auth_time"):
        return "id"
    return "access" if claims.get("azp") else "unknown"


def _for_client(claims: Mapping[str, object]) -> bool:
    """OpenID Connect Core 2: the audience of an ID token is the client that asked for it."""
    azp = claims.get("azp")
    return isinstance(azp, str) and audiences(claims) == (azp,)


def _refine(kind: str, vendor: Vendor | None, claims: Mapping[str, object]) -> str:
    if vendor is None or kind not in {"access", "unknown"}:
        return kind
    if vendor.family == "okta-org":
        return "org-server" if kind == "access" or audiences(claims) == (claims.get("iss"),) else kind
    if vendor.family in ENTRA and kind == "access":
        return {"1.0": "v1", "2.0": "v2"}.get(str(claims.get("ver")), "v1" if vendor.family == "entra-v1" else "v2")
    return kind


# --------------------------------------------------------------------------- data


@functools.cache
def _data() -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = json.loads(_DATA.read_text("utf-8"))
    return loaded


def _entries() -> list[Mapping[str, Any]]:
    entries: list[Mapping[str, Any]] = _data()["vendors"]
    return entries


@functools.cache
def _patterns() -> tuple[tuple[re.Pattern[str], Mapping[str, Any]], ...]:
    return tuple((re.compile(e["issuer"], re.ASCII), e) for e in _entries())


@functools.cache
def _authorities() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(a["pattern"], re.ASCII), a["issuer"]) for a in _data()["authorities"])


@functools.lru_cache(maxsize=1024)
def _identify(issuer: str) -> Vendor | None:
    for pattern, entry in _patterns():
        if match := pattern.fullmatch(issuer):
            return _vendor(entry, {k: v for k, v in match.groupdict().items() if v is not None}, issuer)
    return None


def _vendor(entry: Mapping[str, Any], groups: Mapping[str, str], issuer: str | None) -> Vendor:
    discovery = _fill(entry["discovery"], groups, issuer)
    return Vendor(
        id=entry["id"],
        name=entry["name"],
        family=entry["family"],
        discovery_url=discovery,
        jwks_url=_fill(entry["jwks"], groups, issuer),
        fetch_allowed=discovery is not None and any(_host_fits(host_of(discovery), h) for h in entry["hosts"]),
        jwks_hosts=tuple(entry["jwks_hosts"]),
        groups=Frozen(groups),
        rotation=entry["rotation"],
    )


def _fill(template: str | None, groups: Mapping[str, str], issuer: str | None) -> str | None:
    if template is None or issuer is None:
        return None
    filled = template.format(iss=issuer, iss_noslash=issuer.rstrip("/"), **groups)
    return filled if "://" in filled else None


def _host_fits(host: str, pattern: str) -> bool:
    labels, wanted = host.lower().split("."), pattern.split(".")
    return len(labels) == len(wanted) and all(w in {"*", label} for label, w in zip(labels, wanted, strict=True))


def _fold_host(address: str) -> str:
    scheme, mark, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}{mark}{host.lower()}{slash}{path}" if mark else address
