"""Facts about keys: where the token's key is published, which keys the application tried, whether those are stale.

``InternalId`` in "Keys tried" is the RFC 7638 thumbprint of the key from Microsoft.IdentityModel 6.8 on (for an
``X509SecurityKey`` the certificate's x5t), printed even where other values are hidden; earlier versions print a
GUID there, which says nothing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from authlens import urls, vendors
from authlens.diagnosis.evidence_scheme import Scheme, usable
from authlens.diagnosis.evidence_values import as_text
from authlens.model import Key, KeySet
from authlens.trust.documents import Documents
from authlens.trust.keys import THUMBPRINT
from authlens.trust.shelf import Found

_X5T = re.compile(r"[A-Za-z0-9_-]{27}")
_SYMMETRIC = ("SymmetricSecurityKey",)
_BIG_ENOUGH_BITS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One key of "Keys tried"."""

    type: str
    kid: str | None
    internal_id: str | None


def tried(fields: Mapping[str, object]) -> tuple[Tried, ...]:
    """The keys that the message says were tried; empty where it does not show them."""
    listed = fields.get("keys_tried")
    if isinstance(listed, list | tuple):
        return tuple(_one(entry) for entry in listed if isinstance(entry, Mapping))
    types = fields.get("key_types")
    if isinstance(types, list | tuple):
        return tuple(Tried(type=_short(str(name)), kid=None, internal_id=None) for name in types)
    return ()


def _one(entry: Mapping[str, object]) -> Tried:
    return Tried(
        type=_short(str(entry.get("type") or "")),
        kid=as_text(entry.get("kid")),
        internal_id=as_text(entry.get("internal_id")),
    )


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def about_tried(keys: tuple[Tried, ...], kid: str | None, scheme: Scheme) -> dict[str, object]:
    """The fields ``keys_tried.…`` of a row."""
    if not keys:
        return {}
    symmetric = [k for k in keys if k.type.endswith(_SYMMETRIC)]
    asymmetric = [k for k in keys if k.type and k not in symmetric]
    published = tuple(k for k in scheme.keys.keys if usable(k))
    ids = tuple(dict.fromkeys(k.kid for k in keys if k.kid))
    return {
        "keys_tried.type": tuple(dict.fromkeys(k.type for k in keys if k.type)) or None,
        "keys_tried.kid": ids or None,
        "keys_tried.internal_id": tuple(dict.fromkeys(k.internal_id for k in keys if k.internal_id)) or None,
        "keys_tried.has_kid": _has_kid(keys, kid),
        "keys_tried.symmetric": bool(symmetric),
        "keys_tried.asymmetric": bool(asymmetric),
        "keys_tried.x509": any(k.type == "X509SecurityKey" for k in keys),
        "keys_tried.current": _current(asymmetric, published),
        "keys_tried.stale": _stale(asymmetric, published),
        "keys_tried.big_enough": _big_enough(asymmetric, published),
    }


def _has_kid(keys: Iterable[Tried], kid: str | None) -> bool | None:
    named = [k.kid for k in keys if k.kid]
    return kid in named if kid and named else None


def _current(asymmetric: list[Tried], published: tuple[Key, ...]) -> bool | None:
    """Every key that is published now was tried."""
    if not published or not any(_comparable(k) for k in asymmetric):
        return None
    return all(any(same(t, key) for t in asymmetric) for key in published)


def _stale(asymmetric: list[Tried], published: tuple[Key, ...]) -> bool | None:
    """Some key that was tried is no longer published."""
    comparable = [k for k in asymmetric if _comparable(k)]
    if not published or not comparable:
        return None
    return any(not any(same(t, key) for key in published) for t in comparable)


def _big_enough(asymmetric: list[Tried], published: tuple[Key, ...]) -> bool | None:
    if not asymmetric:
        return None
    found = [key for t in asymmetric for key in published if same(t, key)]
    if not found:
        return None
    return all(key.kty == "EC" or (key.bits or 0) >= _BIG_ENOUGH_BITS for key in found)


def _comparable(one: Tried) -> bool:
    return bool(one.kid or (one.internal_id and _is_fingerprint(one.internal_id)))


def _is_fingerprint(text: str) -> bool:
    return bool(THUMBPRINT.fullmatch(text) or _X5T.fullmatch(text))


def same(one: Tried, key: Key) -> bool:
    """The tried key is this published one: by its fingerprint where the log shows it, else by its id."""
    by_print = _same_print(one, key)
    return by_print if by_print is not None else bool(one.kid and one.kid == key.kid)


def _same_print(one: Tried, key: Key) -> bool | None:
    shown = one.internal_id or ""
    if THUMBPRINT.fullmatch(shown) and key.thumbprint:
        return shown == key.thumbprint
    if _X5T.fullmatch(shown) and key.x5t:
        return shown == key.x5t
    return None


def holding(keys: Iterable[Tried], schemes: Sequence[Scheme]) -> tuple[Scheme, ...]:
    """The schemes that load exactly the keys which were tried, or else those that share most of them."""
    comparable = [k for k in keys if _comparable(k)]
    scored = [(_overlap(comparable, s), s) for s in schemes if s.keys.keys] if comparable else []
    best = max((score for score, _ in scored), default=0.0)
    return tuple(s for score, s in scored if score == best) if best > 0 else ()


def _overlap(comparable: Sequence[Tried], scheme: Scheme) -> float:
    published = [k for k in scheme.keys.keys if usable(k)]
    common = sum(any(same(t, key) for t in comparable) for key in published)
    strangers = len({t.kid or t.internal_id for t in comparable if not any(same(t, key) for key in published)})
    return common / (len(published) + strangers) if published else 0.0


def of_issuer(keys: Iterable[Tried], published: KeySet | None) -> bool | None:
    """Whether the application had loaded any key that the token's issuer publishes or published, by thumbprint or id."""
    comparable = [k for k in keys if _comparable(k) and not k.type.endswith(_SYMMETRIC)]
    known = (*published.keys, *published.former) if published is not None else ()
    if not comparable or not known:
        return None
    return any(same(t, key) for t in comparable for key in known)


def replaced(keys: Iterable[Tried], kid: str | None, scheme: Scheme) -> bool | None:
    """Whether the key published under the token's id is another than the one tried under it."""
    mine = [k for k in keys if kid and k.kid == kid]
    theirs = [k for k in scheme.keys.keys if k.kid == kid]
    answers = [a for t in mine for k in theirs if (a := _same_print(t, k)) is not None]
    return None if not answers else not any(answers)


def place(
    kid: str | None, issuer: str | None, published: KeySet | None, scheme: Scheme, documents: Documents
) -> str | None:
    """Where the token's key is published, seen from the scheme that refused it.

    ``authority``: in the set that the application loads; ``issuer``: in that of the token's own issuer, where the
    application's is not known; ``application``: only at an address with ``appid``; ``policy``: only for another B2C
    policy; ``elsewhere``: only by another issuer; ``nowhere``: in none of the sets at hand; None: not known.
    """
    if not kid:
        return None
    if _holds(scheme.keys, kid):
        return "authority"
    own = published is not None and _holds(published, kid)
    if own and not scheme.keys.keys and scheme.address is None:
        return "issuer"
    found = documents.find_kid(kid)
    if found:
        return _place_of(found, issuer, scheme)
    if own:
        return "issuer" if not scheme.keys.keys else "elsewhere"
    known = bool(scheme.keys.keys) or bool(published and published.keys)
    return "nowhere" if known else None


def _holds(keys: KeySet, kid: str) -> bool:
    return any(key.kid == kid for key in keys.keys)


def _place_of(found: tuple[Found, ...], issuer: str | None, scheme: Scheme) -> str:
    mine = scheme.keys.documents[-1].url if scheme.keys.documents else ""
    if any(_for_application(f.url) and _base(f.url) == _base(mine) for f in found):
        return "application"
    if any(_other_policy(f.url, mine) for f in found):
        return "policy"
    if not scheme.keys.keys:
        return "application" if all(_for_application(f.url) for f in found) else "issuer"
    if issuer and all(_for_application(f.url) for f in found) and any(f.issuer == issuer for f in found):
        return "application"
    return "elsewhere"


def _for_application(url: str) -> bool:
    return urls.parameter(urls.split(url).query, "appid") is not None


def _base(url: str) -> str:
    return url.partition("?")[0].casefold()


def _other_policy(url: str, mine: str) -> bool:
    """Two key sets of one B2C tenant, each of a policy (user flow) of its own."""
    one, other = urls.split(url.casefold()), urls.split(mine.casefold())
    if not mine or one.netloc != other.netloc:
        return False
    return _policy(one.path, one.query) is not None and _policy(one.path, one.query) != _policy(other.path, other.query)


def _policy(path: str, query: str) -> str | None:
    if named := urls.parameter(query, "p"):
        return named
    parts = [p for p in path.split("/") if p.startswith(("b2c_", "b2c-"))]
    return parts[0] if parts else None


def shared(published: KeySet | None, scheme: Scheme) -> bool | None:
    """Whether two issuers sign with the same keys (tenants of one Entra cloud do); None where a set is unknown."""
    if published is None or not published.keys or not scheme.keys.keys:
        return None
    theirs = {key.thumbprint or key.kid for key in published.keys}
    return any((key.thumbprint or key.kid) in theirs for key in scheme.keys.keys)


def looks_like_entra(keys: Iterable[Tried], kid: str | None) -> bool:
    """Certificates with an SHA-1 thumbprint as id, as Entra publishes its keys; or nothing shows what they look like."""
    shown = tuple(keys)
    ids = [k.kid for k in shown if k.kid] or ([kid] if kid else [])
    if not shown and not ids:
        return True
    return any(k.type == "X509SecurityKey" for k in shown) or any(_X5T.fullmatch(i) for i in ids)


@functools.lru_cache(maxsize=4096)
def vendor(value: str) -> vendors.Vendor | None:
    """The vendor of an issuer or address, as far as its form tells."""
    return vendors.resembling(value)


def family(value: str | None) -> str | None:
    """The vendor family of an issuer or address, or None."""
    found = vendor(value) if value else None
    return found.family if found else None
