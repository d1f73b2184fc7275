"""What each scheme of the API demands of a token: from settings files, authlens.toml and the log itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from authlens import vendors
from authlens.errors import Fault, FaultsError, InputError
from authlens.model import Expectations, Failure
from authlens.trust import settings as settings_files
from authlens.trust.addresses import host_of
from authlens.trust.settings import Section

LEARNT = "learnt from the log"
WELL_KNOWN = ".well-known/openid-configuration"

_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_PUBLIC_CLOUD = "https://login.microsoftonline.com"
_V1_HOST = {
    "login.partner.microsoftonline.cn": "sts.chinacloudapi.cn",
    "login.chinacloudapi.cn": "sts.chinacloudapi.cn",
}
_V2_HOST = {"login.windows.net": "login.microsoftonline.com", "sts.windows.net": "login.microsoftonline.com"}
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

# Words that section and scheme names are dressed up with.
_DRESS = re.compile(
    r"(?:jwt|token)validation|azuread|azure|entraid|entra|aad|jwtbearer|jwt|bearer|tokens?|authentication|"
    r"authorization|auth|settings|options|configuration|config|schemes?|parameters|aspnetcore|"
    r"identity(?!server)|api"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What settings files say: the schemes' demands, the files' faults, and what the user should know."""

    expectations: tuple[Expectations, ...] = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def read_settings(paths: Iterable[str | Path]) -> Settings:
    """Reads ``appsettings.json`` files, later ones over earlier; a file that cannot be used becomes a fault."""
    wanted = tuple(str(p) for p in paths)
    sections, faults = settings_files.read(wanted)
    found = tuple(e for s in _with_parameters(sections) if (e := _expected(s)) is not None)
    notes = [n for s in sections for n in _notes(s)]
    if wanted and not found and not faults:
        notes.append(f"{', '.join(wanted)}: no section says which tokens the API accepts")
    return Settings(expectations=found, faults=faults, notes=tuple(notes))


def from_settings(paths: Iterable[str | Path]) -> tuple[Expectations, ...]:
    """Reads ``appsettings.json`` files; InputError with every fault where a file cannot be used."""
    settings = read_settings(paths)
    if settings.faults:
        raise InputError(
            "\n".join(str(f) for f in settings.faults),
            hint="--settings takes JSON files as ASP.NET Core reads them (comments and trailing commas are allowed).",
        )
    return settings.expectations


def configuration_address(expectations: Expectations) -> str | None:
    """Returns the address that the application loads its metadata from, or None where it loads none."""
    if expectations.metadata_address:
        return expectations.metadata_address
    authority = expectations.authority
    if not authority:
        return None
    return authority + ("" if authority.endswith("/") else "/") + WELL_KNOWN


def issuers_of(expectations: Expectations) -> tuple[str, ...]:
    """Returns the issuers configured, and the one that the authority's document is certain to name."""
    address = configuration_address(expectations) or ""
    derived = vendors.issuer_of(address.removesuffix(WELL_KNOWN).rstrip("/"))
    return tuple(dict.fromkeys((*expectations.issuers, *((derived,) if derived else ()))))


# --------------------------------------------------------------------------- settings


def _with_parameters(sections: Sequence[Section]) -> Iterator[Section]:
    """Folds each section's TokenValidationParameters into it."""
    parameters = {s.path.lower(): s for s in sections if _last(s.path) == _PARAMETERS}
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


def _last(path: str) -> str:
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
    named = re.search(r"azuread|entra|aad", _last(section.path)) is not None
    authority = _one(section, *_AUTHORITY)
    if not tenant or (instance is None and (not named or authority)) or _one(section, *_POLICIES):
        return None
    base = (instance or _PUBLIC_CLOUD).rstrip("/")
    tenants = section.lists.get("allowedtenants", ()) if tenant.lower() in _SHARED_TENANTS else (tenant,)
    return Expectations(
        authority=authority or f"{base}/{tenant}/v2.0",
        issuers=tuple(i for t in tenants if _GUID.fullmatch(t) for i in _tenant_issuers(base, t.lower())),
        audiences=_client_audiences(section),
    )


def _tenant_issuers(instance: str, tenant: str) -> tuple[str, str]:
    host = instance.partition("://")[2].partition("/")[0].lower()
    if host.endswith(".ciamlogin.com"):
        own = f"https://{tenant}.ciamlogin.com/{tenant}/v2.0"
        return own, f"https://sts.windows.net/{tenant}/"
    v2 = f"https://{_V2_HOST.get(host, host)}/{tenant}/v2.0"
    return v2, f"https://{_V1_HOST.get(host, 'sts.windows.net')}/{tenant}/"


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
        authority=f"{instance.rstrip('/')}/{domain}/{policy}/v2.0", audiences=(client,) if client else ()
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
        (issuers or audiences) and (section.keys or _ABOUT_TOKENS.search(_last(section.path)))
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
    if vendor is not None and vendor.family in {"entra-v1", "entra-v2", "entra-multitenant", "ciam"}:
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


# --------------------------------------------------------------------------- authlens.toml


_TEXTS = {"scheme", "authority", "metadata_address", "source"}
_LISTS = {"issuers", "audiences", "types", "algorithms"}
_FLAGS = {"require_expiration", "require_signature", "validate_issuer", "validate_audience", "validate_lifetime"}
_KEYS = sorted(_TEXTS | _LISTS | _FLAGS | {"clock_skew_s"})


def from_config(tables: Sequence[object], *, path: str = "authlens.toml", text: str = "") -> tuple[Expectations, ...]:
    """Reads the ``[[api]]`` tables of the configuration; FaultsError with every fault.

    Args:
        tables: As tomllib gives them.
        path: Of the file, for faults, and for ``Expectations.source`` where a table carries none.
        text: Of the file, to find the lines of faults.
    """
    faults: list[Fault] = []
    for index, table in enumerate(tables):
        faults += [_placed(path, text, index, key, message) for key, message in _table_faults(table)]
    if faults:
        raise FaultsError(tuple(faults))
    return tuple(_from_table(cast("Mapping[str, object]", t), path) for t in tables)


def _table_faults(table: object) -> Iterator[tuple[str, str]]:
    if not isinstance(table, Mapping):
        yield "", "[[api]] is a table"
        return
    for key, value in table.items():
        if message := _value_fault(key, value):
            yield key, message
    if not any(table.get(k) for k in ("authority", "metadata_address", "issuers", "audiences")):
        yield "", "[[api]] needs authority, metadata_address, issuers or audiences"


def _value_fault(key: str, value: object) -> str | None:
    if key not in _KEYS:
        return f"[[api]] has no key {key!r}; it knows {', '.join(_KEYS)}"
    if key in _TEXTS and not isinstance(value, str):
        return f"{key} is a text"
    if key in _LISTS and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
        return f"{key} is a list of texts"
    if key in _FLAGS and not isinstance(value, bool):
        return f"{key} is true or false"
    if key == "clock_skew_s" and (
        isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10**9
    ):
        return "clock_skew_s is a number of seconds"
    return None


def _placed(path: str, text: str, index: int, key: str, message: str) -> Fault:
    lines = text.splitlines()
    heads = [n for n, line in enumerate(lines) if re.fullmatch(r"\s{0,64}\[\[[\w.]{0,64}\bapi\]\].{0,512}", line)]
    start = heads[index] if index < len(heads) else 0
    end = heads[index + 1] if index + 1 < len(heads) else len(lines)
    for number in range(start, end) if key else ():
        if lines[number].lstrip().startswith(key):
            column = len(lines[number]) - len(lines[number].lstrip()) + 1
            return Fault(path=path, line=number + 1, column=column, message=message)
    return Fault(path=path, line=start + 1, message=message)


def _from_table(table: Mapping[str, object], path: str) -> Expectations:
    base = Expectations()
    texts = {k: cast("str | None", table.get(k)) for k in ("scheme", "authority", "metadata_address")}
    lists = {k: tuple(cast("list[str]", table[k])) for k in _LISTS if k in table}
    return Expectations(
        scheme=texts["scheme"],
        source=cast("str", table.get("source", path)),
        section="api",
        authority=texts["authority"],
        metadata_address=texts["metadata_address"],
        issuers=lists.get("issuers", ()),
        audiences=lists.get("audiences", ()),
        types=lists.get("types"),
        algorithms=lists.get("algorithms"),
        clock_skew_s=float(cast("float", table.get("clock_skew_s", base.clock_skew_s))),
        require_expiration=bool(table.get("require_expiration", base.require_expiration)),
        require_signature=bool(table.get("require_signature", base.require_signature)),
        validate_issuer=bool(table.get("validate_issuer", base.validate_issuer)),
        validate_audience=bool(table.get("validate_audience", base.validate_audience)),
        validate_lifetime=bool(table.get("validate_lifetime", base.validate_lifetime)),
    )


# --------------------------------------------------------------------------- the log


def learn(failures: Iterable[Failure]) -> tuple[Expectations, ...]:
    """Gathers by scheme what messages print of the validation parameters, in order of first appearance."""
    found: dict[str | None, Expectations] = {}
    for failure in failures:
        known = found.get(failure.scheme) or Expectations(scheme=failure.scheme, source=LEARNT, learnt=True)
        found[failure.scheme] = _with_fields(known, failure.fields)
    return tuple(e for e in found.values() if e.issuers or e.audiences or e.metadata_address)


def _with_fields(known: Expectations, fields: Mapping[str, object]) -> Expectations:
    issuers, audiences = _printed_issuers(fields), _printed_audiences(fields)
    addresses = _printed(fields, "metadata_url")
    return replace(
        known,
        issuers=tuple(dict.fromkeys((*known.issuers, *issuers))),
        audiences=tuple(dict.fromkeys((*known.audiences, *audiences))),
        metadata_address=known.metadata_address or next(iter(addresses), None),
    )


def _printed_issuers(fields: Mapping[str, object]) -> tuple[str, ...]:
    return _printed(fields, "valid_issuer", "valid_issuers", "configuration_issuer")


def _printed_audiences(fields: Mapping[str, object]) -> tuple[str, ...]:
    return _printed(fields, "valid_audience", "valid_audiences")


def _printed(fields: Mapping[str, object], *names: str) -> tuple[str, ...]:
    found: list[str] = []
    for name in names:
        value = fields.get(name)
        found += [v for v in (value if isinstance(value, list | tuple) else (value,)) if isinstance(v, str) and v]
    return tuple(dict.fromkeys(found))


# --------------------------------------------------------------------------- the book


class Book:
    """The demands of every scheme, looked up by the scheme's name or by what a failure's message prints."""

    def __init__(
        self,
        configured: Iterable[Expectations] = (),
        learnt: Iterable[Expectations] = (),
        hosts: Mapping[str, frozenset[str]] | None = None,
    ) -> None:
        """Opens the book; :meth:`of` reads the last two from failures.

        Args:
            configured: What settings and configuration say.
            learnt: What messages print.
            hosts: By scheme, in lower case: the hosts of the issuers that its tokens name.
        """
        self.configured = tuple(configured)
        self.learnt = tuple(learnt)
        self._hosts = hosts or {}
        self._answers: dict[str | None, Expectations | None] = {}

    @classmethod
    def of(cls, configured: Iterable[Expectations], failures: Iterable[Failure]) -> Book:
        """Joins what is configured with what the failures' own messages print."""
        seen = tuple(failures)
        return cls(configured, learn(seen), _hosts_by_scheme(seen))

    def for_scheme(self, scheme: str | None) -> Expectations | None:
        """Returns the scheme's demands; None where nothing is known, or several fit and differ."""
        key = scheme.casefold() if scheme is not None else None
        if key not in self._answers:
            self._answers[key] = self._joined(self._configured_for(scheme), scheme)
        return self._answers[key]

    def for_failure(self, failure: Failure) -> Expectations | None:
        """Returns the demands of the failure's scheme; where the name does not tell, of the one its message fits."""
        by_name = self.for_scheme(failure.scheme)
        if by_name is not None and not by_name.learnt:
            return by_name
        own = _with_fields(Expectations(), failure.fields)
        return self._fitting(own, failure.scheme) or by_name

    def _configured_for(self, scheme: str | None) -> Expectations | None:
        if scheme is None:
            return _sole(self.configured)
        for candidates in self._named(scheme.casefold()):
            if candidates:
                return _sole(candidates)
        by_log = self._learnt_for(scheme)
        by_message = self._fitting(by_log, scheme) if by_log is not None else None
        return by_message or _sole_if_unnamed(self.configured) or self._left_over(scheme.casefold())

    def _named(self, scheme: str) -> Iterator[tuple[Expectations, ...]]:
        """The configured entries by how well their name fits, best first."""
        unnamed = tuple(e for e in self.configured if e.scheme is None)
        yield tuple(e for e in self.configured if e.scheme is not None and e.scheme.casefold() == scheme)
        yield tuple(e for e in unnamed if _last(e.section) == scheme)
        stem = _stem(scheme)
        yield tuple(e for e in unnamed if e.section and stem in {_stem(_last(e.section)), _stem(e.section)})

    def _left_over(self, scheme: str) -> Expectations | None:
        """The entry that no other scheme's name claims: the one its tokens' issuers belong to, or the only one."""
        named = {other: next(filter(None, self._named(other)), ()) for other in self._hosts}
        claimed = {e.section for entries in named.values() for e in entries}
        left = tuple(e for e in self.configured if e.scheme is None and e.section not in claimed and _own_stem(e))
        fitting = tuple(e for e in left if _hosts_of(e) & self._hosts.get(scheme, frozenset()))
        nameless = [other for other, entries in named.items() if not entries]
        return _sole(fitting) if fitting or nameless != [scheme] else _sole(left)

    def _fitting(self, seen: Expectations, scheme: str | None) -> Expectations | None:
        """The one configured entry that what the log prints belongs to; entries named for other schemes are out."""
        open_entries = [e for e in self.configured if e.scheme is None or scheme is None]
        scored = [(score, e) for e in open_entries if (score := _likeness(e, seen)) > 0]
        best = max((score for score, _ in scored), default=0)
        return _sole(tuple(e for score, e in scored if score == best))

    def _learnt_for(self, scheme: str | None) -> Expectations | None:
        named = tuple(e for e in self.learnt if (e.scheme or "").casefold() == (scheme or "").casefold())
        return _sole(named)

    def _joined(self, configured: Expectations | None, scheme: str | None) -> Expectations | None:
        """Lets the log fill in what the settings leave open."""
        learnt = self._learnt_for(scheme)
        if scheme is None and configured is None and self.configured:
            return None  # messages without a scheme mix the demands of all of them
        if configured is None or learnt is None:
            return configured or learnt
        filled = replace(
            configured,
            issuers=configured.issuers or (() if configuration_address(configured) else learnt.issuers),
            audiences=configured.audiences or learnt.audiences,
            metadata_address=configured.metadata_address or (None if configured.authority else learnt.metadata_address),
        )
        return configured if filled == configured else replace(filled, source=f"{configured.source}; {LEARNT}")


def _sole(entries: tuple[Expectations, ...]) -> Expectations | None:
    """The only entry, or the first of several that demand the same."""
    different = {replace(e, scheme=None, source="", section="") for e in entries}
    return entries[0] if len(different) == 1 else None


def _sole_if_unnamed(entries: tuple[Expectations, ...]) -> Expectations | None:
    return _sole(entries) if all(e.scheme is None for e in entries) else None


def _own_stem(entry: Expectations) -> str:
    """What is left of the section's name; nothing for AzureAd, Jwt and others that mean the default scheme."""
    return _stem(_last(entry.section)) if entry.section else ""


def _hosts_of(entry: Expectations) -> frozenset[str]:
    places = (configuration_address(entry) or "", *issuers_of(entry))
    return frozenset(host for p in places if (host := host_of(p)))


def _hosts_by_scheme(failures: Iterable[Failure]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for failure in failures:
        if failure.scheme is None:
            continue
        claims = failure.token.claims if failure.token is not None else {}
        said = (failure.fields.get("iss"), claims.get("iss"))
        hosts = (host_of(i) for i in said if isinstance(i, str))
        found.setdefault(failure.scheme.casefold(), set()).update(h for h in hosts if h)
    return {scheme: frozenset(hosts) for scheme, hosts in found.items()}


def _stem(name: str) -> str:
    return _DRESS.sub("", re.sub(r"[^a-z0-9]", "", name.casefold()))


def _likeness(entry: Expectations, seen: Expectations) -> int:
    address = configuration_address(entry)
    same_address = bool(
        address and seen.metadata_address and _folded_url(address) == _folded_url(seen.metadata_address)
    )
    issuers = {_folded_url(i) for i in issuers_of(entry)} & {_folded_url(i) for i in seen.issuers}
    audiences = set(entry.audiences) & set(seen.audiences)
    return 4 * same_address + 2 * bool(issuers) + bool(audiences)


def _folded_url(url: str) -> str:
    return url.casefold().rstrip("/")
