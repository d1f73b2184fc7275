"""Facts about the two names that must fit: the token's issuer and its audiences, against what the API expects."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from authlens import urls, vendors
from authlens.diagnosis.evidence_keys import family
from authlens.diagnosis.evidence_scheme import Scheme
from authlens.model import Failure, Token, TokenForm
from authlens.trust.checks import nearmiss
from authlens.trust.expectations import AUDIENCES, ISSUERS, printed

FORM = ("slash", "case", "whitespace", "scheme", "port", "list")
"""Kinds of difference that a person overlooks."""
_ORDER = (
    *FORM,
    "api-scheme",
    "v1-v2",
    "tenant-template",
    "host-alias",
    "path",
    "tenant",
    "realm",
    "environment",
    "other",
)
_GUID = re.compile(vendors.GUID)
_INTERNAL = ("local", "internal", "lan", "intranet", "corp", "home", "svc", "cluster", "docker", "localdomain", "test")
_VALID_ISSUER = re.compile(r"Valid Issuer: '(?P<valid>True|False)'")
_HTTPS = re.compile(r"^https?://")
_EMPTY = ("empty", "null", "Null", "")
_EMPTY_HEADER = "The audience 'empty' is invalid"
"""What ASP.NET Core's bearer handler tells the client of a token without audiences, which the library prints like this."""
_AUDIENCE_CODES = ("IDX10214", "IDX10215")
_SCRUBBED = "app-context-switches"


# --------------------------------------------------------------------------- issuer


def issuer(
    says: str, failure: Failure, scheme: Scheme, others: frozenset[str], anywhere: frozenset[str]
) -> dict[str, object]:
    """The fields ``iss.…`` and ``expected.issuers``.

    ``others`` are the issuers that the API's other schemes expect, ``anywhere`` those that any scheme does.
    """
    iss = _text(failure.fields.get("iss"))
    expected = printed(failure.fields, *ISSUERS) or scheme.issuers
    row: dict[str, object] = {"expected.issuers": expected or None, "idp.header": family(_replicated(failure.token))}
    if iss is None:
        row["iss.relation"] = _relation_as_said(failure)
        return row
    row["iss.shape"] = _issuer_shape(iss)
    judged = _without_templates(expected) if (failure.code or "").startswith(("IDX4", "IDW")) else expected
    if judged:
        miss = _issuer_miss(judged, iss)
        row["iss.miss"] = miss
        row["iss.relation"] = _relation(says, iss, miss, others)
    elif iss in others:
        row["iss.relation"] = "other-scheme"
    elif scheme.expectations is None and iss in anywhere:
        row["iss.relation"] = "expected"  # by one of the schemes; the log does not say which one refused it
    return row


def _replicated(token: Token | None) -> str | None:
    """The issuer that the header of an encrypted token repeats (RFC 7519, 5.3)."""
    return _text(token.header.get("iss")) if token is not None and token.form is TokenForm.ENCRYPTED else None


def _relation_as_said(failure: Failure) -> str | None:
    """What IDX10515 and IDX10516 say of an issuer that they do not print."""
    found = _VALID_ISSUER.search(failure.statement.text) if failure.code in ("IDX10515", "IDX10516") else None
    return {"True": "expected", "False": "foreign"}[found["valid"]] if found else None


def _issuer_shape(iss: str) -> str:
    if re.fullmatch(r"-?\d{1,40}(?:\.\d{1,40})?", iss):
        return "number"
    return "uri" if "://" in iss else "name"


def _without_templates(expected: tuple[str, ...]) -> tuple[str, ...]:
    """Validators for Entra issuers fill the tenant in."""
    return tuple(e for e in expected if "{" not in e)


def _issuer_miss(expected: tuple[str, ...], iss: str) -> str:
    if iss in expected:
        return "equal"
    return _nearest(expected, iss, nearmiss.issuer)


def _relation(says: str, iss: str, miss: str, others: frozenset[str]) -> str:
    if miss == "equal":
        return "expected"
    if says != "issuer" and (miss in FORM or miss in ("v1-v2", "tenant-template", "host-alias")):
        return "expected"
    return "other-scheme" if iss in others else "foreign"


def _nearest(expected: tuple[str, ...], found: str, kind_of: Callable[[str, str], str | None]) -> str:
    kinds = [_refined(kind_of(value, found), value, found) for value in expected]
    return min(kinds, key=_ORDER.index, default="other")


def _refined(kind: str | None, expected: str, found: str) -> str:
    if kind in ("host-alias", "v1-v2") and _cloud(expected) != _cloud(found):
        return "environment"
    if kind in (None, "realm") and (same := _same_service(expected, found)):
        return same
    if kind in ("realm", None) and nearmiss.same_place(expected, found):
        return "path"
    if kind is None:
        return "environment" if _may_be_own_domain(expected, found) else "other"
    if kind != "host-alias" or _is_internal(expected) or _is_internal(found):
        return kind
    # Two public names are two installations, unless one tenant's id stands in both or their keys say otherwise
    return "host-alias" if _GUID.search(urls.split(found).path) or _without_www(expected, found) else "environment"


def _cloud(url: str) -> str | None:
    """Which of the separate clouds of Entra an issuer lies in, by its top-level domain; None elsewhere."""
    host = urls.host_of(url)
    known = _ENTRA_HOST.fullmatch(host)
    return known and (known["national"] or "public")


_ENTRA_HOST = re.compile(
    r"(?:login|sts)\.(?:(?:partner\.)?microsoftonline|chinacloudapi|windows)\.(?:com|net|(?P<national>us|cn|de))",
    re.IGNORECASE,
)
"""https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud"""


def _may_be_own_domain(expected: str, found: str) -> bool:
    """One name is a hosted provider's, the other has the same path on a host of nobody known."""
    known = [family(url) for url in (expected, found)]
    return known.count(None) == 1 and _path(expected) is not None and _path(expected) == _path(found)


def _path(url: str) -> str | None:
    """The path of an https address, without a slash at its end."""
    parts = urls.split(url)
    return parts.path.rstrip("/") if parts.scheme == "https" else None


def _without_www(expected: str, found: str) -> bool:
    one, other = (urls.host_of(url).removeprefix("www.") for url in (expected, found))
    return one == other


def _same_service(expected: str, found: str) -> str | None:
    """Google names itself with and without https; AD FS has one name for ID tokens, another for access tokens."""
    if _HTTPS.sub("", expected) == _HTTPS.sub("", found):
        return "scheme"
    both = (expected, found)
    if all("/adfs" in url for url in both) and urls.host_of(expected) == urls.host_of(found):
        return "host-alias"
    return None


def by_keys(miss: object, *, shared: object) -> object:
    """What the key sets of two issuers say of a difference between their names.

    Where both publish the same keys they are one installation under two names; where they do not, they are two.
    """
    if shared is True and miss in ("environment", "other", "path", "realm"):
        return "host-alias"
    return "environment" if shared is False and miss == "host-alias" else miss


def _is_internal(url: str) -> bool:
    """A host name that only a network of its own knows: an address, a single label, a private suffix."""
    host = urls.host_of(url).strip("[]")
    if re.fullmatch(r"[xX*]{1,4}(?:\.[xX*]{1,4}){3}", host):
        return True  # an address that was masked
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.rpartition(".")[2].casefold() in _INTERNAL
    return True


# --------------------------------------------------------------------------- audience


def audience(failure: Failure, scheme: Scheme, *, token_shown: bool) -> dict[str, object]:
    """The fields ``aud.…`` and ``expected.audiences``."""
    fields = failure.fields
    scrubbed = _scrubbed(failure)
    # Where the message leaves the audiences out, only the token itself can show them
    found = () if scrubbed and not token_shown else printed(fields, "aud")
    expected = printed(fields, *AUDIENCES) or scheme.audiences
    empty = not found and (_printed_empty(failure) or (token_shown and "aud" not in failure.hidden))
    row: dict[str, object] = {
        "expected.audiences": expected or None,
        "aud.known": bool(found) or empty,
        "aud.scrubbed": scrubbed,
    }
    if empty:
        row["aud.shape"] = "empty"
    if not found:
        return row
    row["aud.shape"] = _audience_shape(found)
    if any(a.rstrip("/").lower() in vendors.GRAPH_AUDIENCES for a in found):
        row["token.kind"] = "graph"
    row["idp.audience"] = family(found[0]) if len(found) == 1 else None
    iss = _text(fields.get("iss"))
    if iss is not None:
        row["aud.is_issuer"] = iss.rstrip("/") in {a.rstrip("/") for a in found}
    if expected:
        row["aud.miss"] = _audience_miss(expected, found)
    return row


def _printed_empty(failure: Failure) -> bool:
    """The message itself, or the header that the client was sent, says that the token's list of audiences is empty."""
    if failure.code is None:
        return _EMPTY_HEADER in failure.statement.text
    for message in failure.statement.messages:
        if message.code in _AUDIENCE_CODES and message.values:
            return message.values[0] in _EMPTY
    return False


def _scrubbed(failure: Failure) -> bool:
    return failure.code in _AUDIENCE_CODES and _SCRUBBED in failure.statement.text


def _audience_shape(found: tuple[str, ...]) -> str:
    if len(found) > 1:
        return "several"
    if "://" in found[0] or found[0].startswith("urn:"):
        return "uri"
    return "guid" if _GUID.fullmatch(found[0]) else "name"


def _audience_miss(expected: tuple[str, ...], found: tuple[str, ...]) -> str:
    if set(expected) & set(found):
        return "api-scheme" if _by_version(expected, found) else "equal"
    kinds = [_audience_kind(e, f) for e in expected for f in found]
    return min(kinds, key=_ORDER.index)


def _by_version(expected: tuple[str, ...], found: tuple[str, ...]) -> bool:
    """Microsoft.Identity.Web takes both forms of a client id, but only one for each version of token."""
    return any({f.removeprefix("api://"), f"api://{f.removeprefix('api://')}"} <= set(expected) for f in found)


def _audience_kind(expected: str, found: str) -> str:
    kind = _refined(nearmiss.audience(expected, found), expected, found)
    if kind == "port" and nearmiss.is_default_port(expected, found):
        return "port"
    if kind in ("port", "realm", "environment", "path"):
        return "other"  # another port, path or public host is another API
    if kind == "api-scheme" and not (_GUID.search(expected) and _GUID.search(found)):
        return "scheme"
    return kind


# --------------------------------------------------------------------------- both


def _text(value: object) -> str | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None
