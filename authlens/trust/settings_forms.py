"""The forms in which settings say what an API demands: JwtBearer's own, and each library's and habit's.

Every form has its own keys and its own defaults; a section that fits none says nothing of tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from authlens import vendors
from authlens.model import Expectations
from authlens.trust.settings import Section

_PUBLIC_CLOUD = "https://login.microsoftonline.com"
_SHARED_TENANTS = frozenset({"common", "organizations", "consumers"})
_PARAMETERS = "tokenvalidationparameters"

_AUTHORITY = ("authority", "authorityurl", "issueruri")
_METADATA = ("metadataaddress", "metadataurl", "configurationurl", "discoveryurl", "openidconfiguration", "wellknown")
_ISSUERS = ("validissuer", "validissuers")
_AUDIENCES = ("validaudience", "validaudiences")
_POLICIES = ("signupsigninpolicyid", "susipolicyid", "signinpolicyid", "defaultpolicy", "policyid", "policy")
_ABOUT_TOKENS = re.compile(r"jwt|token|auth|bearer|oidc|openid|identity|sso|entra|azuread|okta|keycloak|cognito|b2c")
_NEVER = frozenset(
    {"logging", "serilog", "nlog", "kestrel", "connectionstrings", "swagger", "swaggerui", "downstreamapi"}
)


def expectations(sections: Sequence[Section]) -> tuple[Expectations, ...]:
    """Returns what each section that is about tokens demands, in their order."""
    return tuple(e for s in _with_parameters(sections) if (e := _expected(s)) is not None)


def _with_parameters(sections: Sequence[Section]) -> Iterator[Section]:
    """Folds each section's TokenValidationParameters into it."""
    parameters = {s.path.lower(): s for s in sections if last_part(s.path) == _PARAMETERS}
    for section in sections:
        inner = parameters.get(f"{section.path}:{_PARAMETERS}".lower().removeprefix(":"))
        if section.path.lower() in parameters:
            continue
        yield section if inner is None else _folded(section, inner)


def _folded(section: Section, inner: Section) -> Section:
    return replace(
        section,
        source=section.source or inner.source,
        values={**section.values, **inner.values},
        lists={**section.lists, **inner.lists},
        keys=section.keys or inner.keys,
        members=(*section.members, *inner.members),
    )


def last_part(path: str) -> str:
    """Returns the last name of a section's path, in lower case."""
    return path.rpartition(":")[2].lower()


def _expected(section: Section) -> Expectations | None:
    """Reads one section, or tells by None that it says nothing of tokens."""
    parts = section.path.split(":")
    if _NEVER.intersection(p.lower() for p in parts):
        return None
    if [p.lower() for p in parts[:2]] == ["authentication", "schemes"]:
        return _scheme(section, parts[2]) if len(parts) == 3 else None
    for reader in _READERS:
        if (base := reader(section)) is not None:
            return _completed(section, base)
    return _generic(section)


def _scheme(section: Section, name: str) -> Expectations:
    """``Authentication:Schemes``, as JwtBearer itself reads it: lists must be lists."""
    base = Expectations(
        scheme=name,
        authority=_one(section, *_AUTHORITY),
        metadata_address=_one(section, *_METADATA),
        issuers=_strictly(section, "validissuer", "validissuers"),
        audiences=_strictly(section, "validaudience", "validaudiences") or _many(section, "audience", "audiences"),
    )
    return _completed(section, base)


def _strictly(section: Section, single: str, several: str) -> tuple[str, ...]:
    one = section.values.get(single)
    return tuple(dict.fromkeys((*((one,) if one else ()), *section.lists.get(several, ()))))


def notes(sections: Sequence[Section]) -> Iterator[str]:
    """Yields what ASP.NET Core reads otherwise than its author may think."""
    for section in sections:
        yield from _notes(section)


def _notes(section: Section) -> Iterator[str]:
    parts = section.path.lower().split(":")
    if parts[:2] != ["authentication", "schemes"]:
        return
    for name, plain in (("validissuers", "ValidIssuers"), ("validaudiences", "ValidAudiences")):
        if name in section.values:
            yield f"{section.source}: {section.path}:{plain} is one text; ASP.NET Core reads a list there and finds none"


def _entra(section: Section) -> Expectations | None:
    """Microsoft.Identity.Web: Instance, TenantId or Domain, ClientId."""
    tenant = _one(section, "tenantid", "tenant") or _one(section, "domain")
    instance = _one(section, "instance")
    named = re.search(r"azuread|entra|aad", last_part(section.path)) is not None
    authority = _one(section, *_AUTHORITY)
    if not tenant or (instance is None and (not named or authority)) or _one(section, *_POLICIES):
        return None
    base = (instance or _PUBLIC_CLOUD).rstrip("/")
    host = base.partition("://")[2].partition("/")[0]
    tenants = section.lists.get("allowedtenants", ()) if tenant.lower() in _SHARED_TENANTS else (tenant,)
    return Expectations(
        authority=authority or f"{base}/{tenant}/v2.0",
        issuers=tuple(
            i for t in tenants if re.fullmatch(vendors.GUID, t) for i in vendors.entra_issuers(host, t.lower())
        ),
        audiences=_client_audiences(section),
        by_tenant=True,
        by_version=True,
    )


def _client_audiences(section: Section) -> tuple[str, ...]:
    client = _one(section, "clientid")
    return (client, f"api://{client}") if client else ()


def _b2c(section: Section) -> Expectations | None:
    instance, policy = _one(section, "instance"), _one(section, *_POLICIES)
    domain = _one(section, "domain") or _one(section, "tenantid", "tenant")
    if not (instance and policy and domain):
        return None
    client = _one(section, "clientid")
    return Expectations(
        authority=f"{instance.rstrip('/')}/{domain}/{policy}/v2.0",
        audiences=(client,) if client else (),
        by_tenant=True,
    )


def _okta(section: Section) -> Expectations | None:
    """Okta.AspNetCore: without AuthorizationServerId it is the server named default; an empty one is the org's."""
    domain = _one(section, "oktadomain")
    if not domain:
        return None
    server = _one(section, "authorizationserverid")
    if server is None and "authorizationserverid" not in section.members:
        server = "default"
    authority = _https(domain) + (f"/oauth2/{server}" if server else "")
    return Expectations(authority=authority, audiences=("api://default",) if server == "default" else ())


def _auth0(section: Section) -> Expectations | None:
    domain = _one(section, "domain")
    named = "auth0" in section.path.lower() or (domain or "").rstrip("/").endswith(".auth0.com")
    return Expectations(authority=_https(domain) + "/") if domain and named else None


def _keycloak(section: Section) -> Expectations | None:
    realm = _one(section, "realm")
    server = _one(section, "auth-server-url", "authserverurl", "serverurl", "url")
    if not (realm and server):
        return None
    resource = _one(section, "resource")
    return Expectations(
        authority=f"{server.rstrip('/')}/realms/{realm}",
        audiences=(resource,) if resource else (),
        validate_audience=_flag(section, "verify-token-audience", default=True),
    )


def _cognito(section: Section) -> Expectations | None:
    pool = _one(section, "userpoolid")
    if not pool or "_" not in pool:
        return None
    region = _one(section, "region") or pool.partition("_")[0]
    return Expectations(authority=f"https://cognito-idp.{region}.amazonaws.com/{pool}")


def _firebase(section: Section) -> Expectations | None:
    project = _one(section, "projectid")
    if not project or "firebase" not in section.path.lower():
        return None
    return Expectations(authority=f"https://securetoken.google.com/{project}", audiences=(project,))


def _openiddict(section: Section) -> Expectations | None:
    issuer = _one(section, "issuer")
    if not issuer or "openiddict" not in section.path.lower():
        return None
    return Expectations(authority=issuer, issuers=(issuer,), audiences=_many(section, "audiences", "audience"))


_READERS: tuple[Callable[[Section], Expectations | None], ...] = (
    _b2c,
    _entra,
    _okta,
    _auth0,
    _keycloak,
    _cognito,
    _firebase,
    _openiddict,
)


def _generic(section: Section) -> Expectations | None:
    """Any section that names an authority, a metadata address, issuers or audiences."""
    base = Expectations(
        authority=_one(section, *_AUTHORITY),
        metadata_address=_one(section, *_METADATA),
        issuers=_many(section, *_ISSUERS),
        audiences=_many(section, *_AUDIENCES),
    )
    issuers, audiences = _many(section, "issuer", "issuers"), _many(section, *_PLAIN_AUDIENCES)
    plain = (issuers and audiences) or (
        (issuers or audiences) and (section.keys or _ABOUT_TOKENS.search(last_part(section.path)))
    )
    if not (base.authority or base.metadata_address or base.issuers or base.audiences or plain):
        return None
    return _completed(section, base)


_PLAIN_AUDIENCES = ("audience", "audiences", "apiname", "apiresource")


def _completed(section: Section, base: Expectations) -> Expectations:
    """Adds what every kind of section may say, and lets what it says outright go before what was derived."""
    scheme_like = base.scheme is not None
    issuers = () if scheme_like else _many(section, *_ISSUERS, "issuer", "issuers")
    audiences = () if scheme_like else _many(section, *_AUDIENCES, *_PLAIN_AUDIENCES)
    return replace(
        base,
        source=f"{section.source}: {section.path}" if section.path else section.source,
        section=section.path,
        authority=base.authority or _one(section, *_AUTHORITY),
        metadata_address=base.metadata_address or _one(section, *_METADATA),
        issuers=issuers or base.issuers,
        audiences=audiences or base.audiences or _sign_in_audience(section, base),
        by_version=base.by_version and not audiences,
        clock_skew_s=_skew(section, base.clock_skew_s),
        types=_many(section, "validtypes") or None,
        algorithms=_many(section, "validalgorithms", "algorithms") or None,
        require_expiration=_flag(section, "requireexpirationtime", default=True),
        require_signature=_flag(section, "requiresignedtokens", default=True),
        validate_issuer=_flag(section, "validateissuer", default=base.validate_issuer),
        validate_audience=_flag(section, "validateaudience", default=base.validate_audience),
        validate_lifetime=_flag(section, "validatelifetime", default=True),
        has_keys=True if section.keys else None,
    )


def _sign_in_audience(section: Section, base: Expectations) -> tuple[str, ...]:
    """The audience is the client where an application signs users in (OpenIdConnect), or an Entra API has no other."""
    client = _one(section, "clientid")
    if not client or base.scheme is not None:
        return ()
    vendor = vendors.resembling(base.authority or "")
    if vendor is not None and vendor.family in vendors.ENTRA:
        return (client, f"api://{client}")
    return (client,) if "clientsecret" in section.members else ()


def _one(section: Section, *names: str) -> str | None:
    return next((section.values[n] for n in names if n in section.values), None)


def _many(section: Section, *names: str) -> tuple[str, ...]:
    """Lists as they are; a single text may hold several, as custom code often splits it."""
    found: list[str] = []
    for name in names:
        found += [v.strip() for v in re.split(r"[,;]", section.values.get(name, ""))]
        found += section.lists.get(name, ())
    return tuple(dict.fromkeys(v for v in found if v))


def _flag(section: Section, name: str, *, default: bool) -> bool:
    return {"true": True, "false": False}.get(section.values.get(name, "").lower(), default)


def _https(domain: str) -> str:
    return domain.rstrip("/") if "://" in domain else f"https://{domain.rstrip('/')}"


_TIME_SPAN = re.compile(r"(?:(\d{1,6})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,7})?)?", re.ASCII)
_UNITS = {"clockskewseconds": 1, "clockskewinseconds": 1, "clockskewminutes": 60, "clockskewinminutes": 60}


def _skew(section: Section, default: float) -> float:
    """Reads a .NET TimeSpan (``00:05:00``; a bare number would be days) or a number under a name with its unit."""
    if match := _TIME_SPAN.fullmatch(section.values.get("clockskew", "")):
        days, hours, minutes, seconds = (int(g or 0) for g in match.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    for name, unit in _UNITS.items():
        if re.fullmatch(r"\d{1,6}", text := section.values.get(name, ""), re.ASCII):
            return float(int(text) * unit)
    return default
