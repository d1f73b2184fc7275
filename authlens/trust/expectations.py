"""What each scheme of the API demands of a token: from settings files, authlens.toml and the log itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from authlens import vendors
from authlens.errors import Fault, FaultsError
from authlens.model import Expectations, Failure
from authlens.trust import settings, settings_forms
from authlens.trust.addresses import folded
from authlens.trust.settings_forms import last_part
from authlens.urls import WELL_KNOWN, authority_of, host_of

LEARNT = "learnt from the log"
ISSUERS = ("valid_issuer", "valid_issuers", "configuration_issuer")
"""Fields of a message that print the issuers which the application accepts."""
AUDIENCES = ("valid_audience", "valid_audiences")
"""Fields of a message that print the audiences which the application accepts."""

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
    sections, faults = settings.read(wanted)
    found = settings_forms.expectations(sections)
    notes = list(settings_forms.notes(sections))
    if wanted and not found and not faults:
        notes.append(f"{', '.join(wanted)}: no section says which tokens the API accepts")
    return Settings(expectations=found, faults=faults, notes=tuple(notes))


def configuration_address(expectations: Expectations) -> str | None:
    """Returns the address that the application loads its metadata from, or None where it loads none."""
    if expectations.metadata_address:
        return expectations.metadata_address
    authority = expectations.authority
    if not authority:
        return None
    return authority.removesuffix("/") + WELL_KNOWN


def issuers_of(expectations: Expectations) -> tuple[str, ...]:
    """Returns the issuers configured, and the one that the authority's document is certain to name."""
    address = configuration_address(expectations) or ""
    derived = vendors.issuer_of(authority_of(address))
    return tuple(dict.fromkeys((*expectations.issuers, *((derived,) if derived else ()))))


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
    for failure in _different(failures):
        known = found.get(failure.scheme) or Expectations(scheme=failure.scheme, source=LEARNT, learnt=True)
        found[failure.scheme] = _with_fields(known, failure.fields)
    return tuple(e for e in found.values() if e.issuers or e.audiences or e.metadata_address)


def _different(failures: Iterable[Failure]) -> Iterator[Failure]:
    """Of each scheme the first failure of every kind."""
    seen: set[tuple[object, ...]] = set()
    for failure in failures:
        kind = (failure.scheme, id(failure.said))
        if kind not in seen:
            seen.add(kind)
            yield failure


def _with_fields(known: Expectations, fields: Mapping[str, object]) -> Expectations:
    issuers, audiences = _printed_issuers(fields), _printed_audiences(fields)
    addresses = printed(fields, "metadata_url")
    return replace(
        known,
        issuers=tuple(dict.fromkeys((*known.issuers, *issuers))),
        audiences=tuple(dict.fromkeys((*known.audiences, *audiences))),
        metadata_address=known.metadata_address or next(iter(addresses), None),
    )


def _printed_issuers(fields: Mapping[str, object]) -> tuple[str, ...]:
    return printed(fields, *ISSUERS)


def _printed_audiences(fields: Mapping[str, object]) -> tuple[str, ...]:
    return printed(fields, *AUDIENCES)


def printed(fields: Mapping[str, object], *names: str) -> tuple[str, ...]:
    """All texts that the fields of these names hold, each once."""
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
        yield tuple(e for e in unnamed if last_part(e.section) == scheme)
        stem = _stem(scheme)
        yield tuple(e for e in unnamed if e.section and stem in {_stem(last_part(e.section)), _stem(e.section)})

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
    return _stem(last_part(entry.section)) if entry.section else ""


def _hosts_of(entry: Expectations) -> frozenset[str]:
    places = (configuration_address(entry) or "", *issuers_of(entry))
    return frozenset(host for p in places if (host := host_of(p)))


def _hosts_by_scheme(failures: Iterable[Failure]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for failure in _different(failures):
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
    same_address = bool(address and seen.metadata_address and folded(address) == folded(seen.metadata_address))
    issuers = {folded(i) for i in issuers_of(entry)} & {folded(i) for i in seen.issuers}
    audiences = set(entry.audiences) & set(seen.audiences)
    return 4 * same_address + 2 * bool(issuers) + bool(audiences)
