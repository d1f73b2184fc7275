"""Reads ASP.NET Core settings files the way its configuration does: keys without case, later files over earlier.

Only values that say what a scheme demands of a token are kept; of all others, secrets above all, nothing but the
presence of a value is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath

from authlens.errors import Fault
from authlens.model import Frozen
from authlens.trust import settings_json
from authlens.trust.settings_json import UnreadableError

# https://learn.microsoft.com/aspnet/core/fundamentals/configuration: keys are compared without regard to case.
_KEPT = frozenset(
    (
        *(
            "authority",
            "authorityurl",
            "issueruri",
            "metadataaddress",
            "metadataurl",
            "metadata",
            "configurationurl",
            "discoveryurl",
        ),
        *("wellknown", "openidconfiguration", "issuer", "issuers", "validissuer", "validissuers"),
        *("audience", "audiences", "validaudience", "validaudiences", "apiname", "apiresource"),
        *("instance", "tenantid", "tenant", "domain", "clientid", "allowedtenants"),
        *("signupsigninpolicyid", "susipolicyid", "policy", "policyid", "defaultpolicy", "signinpolicyid"),
        *(
            "oktadomain",
            "authorizationserverid",
            "realm",
            "auth-server-url",
            "authserverurl",
            "serverurl",
            "url",
            "resource",
        ),
        *("verify-token-audience", "region", "userpoolid", "projectid"),
        *("clockskew", "clockskewseconds", "clockskewminutes", "clockskewinseconds", "clockskewinminutes"),
        *("validtypes", "validalgorithms", "algorithms", "requireexpirationtime", "requiresignedtokens"),
        *("validateissuer", "validateaudience", "validatelifetime"),
    )
)
_SECRET_BY_NAME = re.compile(
    r"(?:signingkeys?|issuersigningkeys?|securitykey|secretkey|symmetrickey|privatekey|publickey|jwtkey|certificate|"
    r"secret|tokenkey|key|thumbprint|pfx|pem)",
    re.IGNORECASE,
)
_INDEX = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of the settings: its own values and lists, by lower-cased key."""

    path: str
    """As written: ``Authentication:Schemes:Bearer``."""
    source: str
    """The files that said it, in order."""
    values: Mapping[str, str] = field(default_factory=Frozen)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=Frozen)
    keys: bool = False
    """Signing keys stand in it; they are not kept."""
    members: tuple[str, ...] = ()
    """Lower-cased names of everything directly in it."""


def read(paths: tuple[str, ...]) -> tuple[tuple[Section, ...], tuple[Fault, ...]]:
    """Reads files in order and returns the sections of every application in them, with the faults found."""
    sections: list[Section] = []
    faults: list[Fault] = []
    for files in _applications(paths):
        entries: dict[str, _Entry] = {}
        for path in files:
            try:
                _overlay(entries, path)
            except UnreadableError as unreadable:
                faults.append(unreadable.fault)
        sections.extend(_sections(entries))
    return tuple(sections), tuple(faults)


# --------------------------------------------------------------------------- files


def _applications(paths: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Groups files by application: one that has a file of this name already is another one."""
    groups: list[list[str]] = []
    for path in dict.fromkeys(paths):
        name, folder = PurePath(path).name.lower(), PurePath(path).parent
        lacking = [g for g in groups if name not in {PurePath(p).name.lower() for p in g}]
        beside = [g for g in lacking if folder in {PurePath(p).parent for p in g}]
        if own := (beside or lacking[-1:]):
            own[-1].append(path)
        else:
            groups.append([path])
    yield from (tuple(sorted(g, key=_environment_later)) for g in groups)


def _environment_later(path: str) -> bool:
    """``appsettings.Production.json`` lies over ``appsettings.json`` in whatever order they are named."""
    return PurePath(path).name.lower() != "appsettings.json"


def _overlay(entries: dict[str, _Entry], path: str) -> None:
    for key, value in _flatten(_unwrap(settings_json.read(path), path)):
        if value is None:
            entries.pop(key.lower(), None)
            continue
        text = _text_of(value) if _wanted(key) else ""
        first = entries.get(key.lower())
        spelling = key if first is None else first.key
        entries[key.lower()] = _Entry(key=spelling, value=text, filled=value != "", path=path)


# --------------------------------------------------------------------------- keys


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    key: str
    value: str
    """Empty where it is not one of those kept."""
    filled: bool
    """Something stood there."""
    path: str


def _unwrap(document: object, path: str) -> Mapping[str, object]:
    """Finds the settings in what platforms export: App Service's list of names, ``Values``, launch profiles."""
    if isinstance(document, list):
        pairs = [(d.get("name"), d.get("value")) for d in document if isinstance(d, dict)]
        return {name: value for name, value in pairs if isinstance(name, str)}
    if isinstance(document, dict):
        merged = {name: value for name, value in document.items() if name not in {"Values", "profiles"}}
        for inner in _environments(document):
            merged.update(inner)
        return merged
    raise UnreadableError(Fault(path=path, message="is not JSON: the top level is no object"))


def _environments(document: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    values = document.get("Values")
    if isinstance(values, dict):
        yield values
    profiles = document.get("profiles")
    for profile in profiles.values() if isinstance(profiles, dict) else ():
        variables = profile.get("environmentVariables") if isinstance(profile, dict) else None
        if isinstance(variables, dict):
            yield variables


def _flatten(value: object, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yields colon-separated keys; the depth was bounded when the text was read."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flatten(inner, _join(prefix, name.replace("__", ":")))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flatten(inner, _join(prefix, str(index)))
    elif prefix:
        yield prefix, value


def _join(prefix: str, name: str) -> str:
    return f"{prefix}:{name}" if prefix else name


def _wanted(key: str) -> bool:
    """Only values under these names are kept, and none inside a section of keys."""
    names = key.lower().split(":")
    own = names[-2] if _INDEX.fullmatch(names[-1]) and len(names) > 1 else names[-1]
    # A secret may hide under a harmless name: {"SigningKeys": [{"Issuer": …, "Value": …}]}
    return own in _KEPT and not any(_SECRET_BY_NAME.fullmatch(name) for name in names[:-1])


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _without_password(str(value).strip())


def _without_password(value: str) -> str:
    scheme, mark, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}" if mark else value


# --------------------------------------------------------------------------- sections


@dataclass(slots=True)
class _Gathering:
    path: str
    values: dict[str, str] = field(default_factory=dict)
    lists: dict[str, dict[int, str]] = field(default_factory=dict)
    files: dict[str, None] = field(default_factory=dict)
    members: dict[str, None] = field(default_factory=dict)
    keys: bool = False


def _sections(entries: Mapping[str, _Entry]) -> Iterator[Section]:
    """Gathers the entries by the section they stand in, in the order in which sections first appear."""
    gathered: dict[str, _Gathering] = {}
    for entry in entries.values():
        _gather(gathered, entry)
    for found in gathered.values():
        yield Section(
            path=found.path,
            source=", ".join(found.files),
            values=Frozen(found.values),
            lists=Frozen({k: tuple(v for _, v in sorted(items.items())) for k, items in found.lists.items()}),
            keys=found.keys,
            members=tuple(found.members),
        )


def _gather(gathered: dict[str, _Gathering], entry: _Entry) -> None:
    parts = entry.key.split(":")
    for depth in range(len(parts)):
        section = _open(gathered, parts[:depth])
        section.members[parts[depth].lower()] = None
        if _SECRET_BY_NAME.fullmatch(parts[depth]):
            section.keys = section.keys or entry.filled
            section.files[entry.path] = None
            return
    in_list = _INDEX.fullmatch(parts[-1]) is not None and len(parts) > 1
    owner = _open(gathered, parts[: -2 if in_list else -1])
    owner.files[entry.path] = None
    if entry.value and in_list:
        owner.lists.setdefault(parts[-2].lower(), {})[int(parts[-1])] = entry.value
    elif entry.value:
        owner.values[parts[-1].lower()] = entry.value


def _open(gathered: dict[str, _Gathering], parts: list[str]) -> _Gathering:
    path = ":".join(parts)
    return gathered.setdefault(path.lower(), _Gathering(path=path))
