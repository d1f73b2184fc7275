"""How an issuer or audience misses the expected one: the kind of difference, and words for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from authlens.vendors import GUID

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,20})://(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[^/:?#\[\]\s]{1,255})(?P<port>:\d{1,5})?(?P<path>/[^\t\r\n]*)?"
)
# Entra: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference, claim iss
_ENTRA_V1 = re.compile(r"https://sts\.(?:windows\.net|chinacloudapi\.cn|microsoftonline\.us)/(?P<tenant>[^/]{1,100})/?")
_ENTRA_V2 = re.compile(
    r"https://login\.(?:microsoftonline\.(?:com|us|de)|windows\.net|partner\.microsoftonline\.cn|chinacloudapi\.cn)"
    r"/(?P<tenant>[^/]{1,100})(?P<version>/v2\.0)?/?"
)
_TEMPLATES = ("common", "organizations", "consumers", "{tenantid}", "{tenant}", "{tid}")
_API = re.compile(
    rf"(?:api://|spn://|spn:)(?P<name>(?:[^/\s]{{1,255}}/)?(?P<guid>{GUID})|[^\s]{{1,255}}?)/?", re.IGNORECASE
)
_LONGEST = 2048
"""Characters of a claim that is compared; a longer one is no issuer and no audience."""
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}

_ANY_GUID = re.compile(GUID)
_DEFAULT_SCOPE = "/.default"
"""What Entra's scope has behind the App ID URI: https://learn.microsoft.com/entra/identity-platform/scopes-oidc"""

_WORDS = {
    "slash": "differs only by a final slash",
    "case": "differs only in upper and lower case",
    "whitespace": "differs only in white space",
    "scheme": "differs only in http against https",
    "port": "differs only in the port",
    "host-alias": "has the same path on another host",
    "v1-v2": "is the same Entra tenant, but the other version of the token (v1 against v2)",
    "tenant": "is another Entra tenant",
    "tenant-template": "the expected issuer stands for any tenant and is compared literally",
    "api-scheme": "differs only in api:// in front of the application's id",
    "list": "several values stand in one string",
    "realm": "is on the same host, but another path: realm, tenant or policy",
}


def issuer(expected: str, found: str) -> str | None:
    """The kind of near miss between two issuers, or None where they are equal or have nothing in common."""
    if expected == found or not expected or not found:
        return None
    return _spelling(expected, found) or _entra(expected, found) or _url(expected, found)


def audience(expected: str, found: str) -> str | None:
    """The kind of near miss between two audiences, or None where they are equal or have nothing in common."""
    if expected == found or not expected or not found:
        return None
    return _spelling(expected, found) or _api_scheme(expected, found) or _url(expected, found)


def difference(expected: str, found: str) -> str:
    """Words for the difference of two values, for a person."""
    if expected == found:
        return "is the same"
    kind = issuer(expected, found) or audience(expected, found)
    return _WORDS[kind] if kind else "is another value altogether"


@lru_cache(maxsize=1024)
def nearest(expected: tuple[str, ...], found: str, kind_of: Callable[[str, str], str | None]) -> str | None:
    """Words for the nearest miss among several expected values; None where none is near."""
    if len(found) > _LONGEST:
        return None
    kinds = [kind for value in expected if (kind := kind_of(value, found))]
    return _WORDS[min(kinds, key=list(_WORDS).index)] if kinds else None


def _spelling(expected: str, found: str) -> str | None:
    """The same but for what a person does not see."""
    if expected.strip() == found.strip():
        return "whitespace"
    if expected.rstrip("/") == found.rstrip("/"):
        return "slash"
    if expected.lower() == found.lower():
        return "case"
    if expected.rstrip("/").lower() == found.rstrip("/").lower():
        return "case"
    if _in_list(expected, found) or _in_list(found, expected):
        return "list"
    return None


def _in_list(several: str, one: str) -> bool:
    parts = re.split(r"[,;\s]+", several.strip("[] "))
    return len(parts) > 1 and one in (part.strip("\"'") for part in parts)


# --------------------------------------------------------------------------- Entra


@dataclass(frozen=True, slots=True)
class _Entra:
    version: str
    tenant: str


def _entra_issuer(text: str) -> _Entra | None:
    if found := _ENTRA_V1.fullmatch(text):
        return _Entra("v1", found["tenant"].lower())
    if found := _ENTRA_V2.fullmatch(text):
        return _Entra("v2" if found["version"] else "v1", found["tenant"].lower())
    return None


def _entra(expected: str, found: str) -> str | None:
    ours, theirs = _entra_issuer(expected), _entra_issuer(found)
    if ours is None or theirs is None:
        return None
    if ours.tenant in _TEMPLATES:
        return "tenant-template"
    if ours.tenant != theirs.tenant:
        return "tenant"
    return "v1-v2" if ours.version != theirs.version else "host-alias"


def _api_scheme(expected: str, found: str) -> str | None:
    """Entra's v1 tokens name the App ID URI, v2 tokens the application's id."""
    scope, name = sorted((expected, found), key=len, reverse=True)
    if scope.endswith(_DEFAULT_SCOPE) and _ANY_GUID.search(scope):
        expected, found = scope.removesuffix(_DEFAULT_SCOPE), name
        if expected == found:
            return "api-scheme"
    for one, other in ((expected, found), (found, expected)):
        api = _API.fullmatch(one)
        if api and other.rstrip("/").lower() in {(api["guid"] or "").lower(), api["name"].rstrip("/").lower()} - {""}:
            return "api-scheme"
    return None


# --------------------------------------------------------------------------- URLs


def _url(expected: str, found: str) -> str | None:
    ours, theirs = _URL.fullmatch(expected), _URL.fullmatch(found)
    if ours is None or theirs is None:
        return None
    if "{tenantid}" in expected.lower() and ours["host"].lower() == theirs["host"].lower():
        return "tenant-template"
    same = {part for part in ("scheme", "host", "port", "path") if _part(ours, part) == _part(theirs, part)}
    if same >= {"host", "path", "port"}:
        if "scheme" in same:
            return "port" if ours["port"] != theirs["port"] else None
        return "scheme" if {ours["scheme"].lower(), theirs["scheme"].lower()} == {"http", "https"} else None
    if same >= {"host", "path"}:
        return "port" if "scheme" in same else "scheme"
    web = {ours["scheme"].lower(), theirs["scheme"].lower()} <= {"http", "https"}  # the name in api://name is no host
    if web and "path" in same and (_part(ours, "path") or _related(ours["host"].lower(), theirs["host"].lower())):
        return "host-alias"
    return "realm" if "host" in same else None


def is_default_port(expected: str, found: str) -> bool:
    """Two addresses differ only in that one names the port that the other leaves out: both mean one place."""
    ours, theirs = _URL.fullmatch(expected), _URL.fullmatch(found)
    if ours is None or theirs is None or ours["port"] == theirs["port"]:
        return False
    return all(_part(ours, part) == _part(theirs, part) for part in ("scheme", "host", "port", "path"))


def same_place(expected: str, found: str) -> bool:
    """The paths are one but for %20 and its like, or for /auth, with which Keycloak began its paths up to 16."""
    ours, theirs = _URL.fullmatch(expected), _URL.fullmatch(found)
    if ours is None or theirs is None or ours["host"].lower() != theirs["host"].lower():
        return False
    return _plain_path(ours) == _plain_path(theirs)


def _plain_path(url: re.Match[str]) -> str:
    path = unquote(_part(url, "path"))
    return path.replace("/auth/realms/", "/realms/", 1)


def _part(url: re.Match[str], name: str) -> str:
    if name == "port":
        default = _DEFAULT_PORTS.get(url["scheme"].lower(), "")
        return "" if url["port"] in (None, default) else url["port"]
    text = url[name] or ""
    return text.rstrip("/") if name == "path" else text.lower()


def _related(one: str, other: str) -> bool:
    """Two names of one machine: an internal host (one label, localhost, an address) beside a public one."""
    one, other = one.removeprefix("www."), other.removeprefix("www.")
    if _INTERNAL.fullmatch(one) or _INTERNAL.fullmatch(other):
        return True
    return one.partition(".")[0] == other.partition(".")[0]


_INTERNAL = re.compile(
    r"localhost|\[[0-9a-f:.]{2,45}\]|[a-z0-9_-]{1,63}|\d{1,3}(?:\.\d{1,3}){3}|.{1,200}\.(?:local|internal|svc|cluster\.local|lan|intranet|docker)"
)
