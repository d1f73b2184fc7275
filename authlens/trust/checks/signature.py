"""Is the token signed by a key that the issuer publishes? (JsonWebTokenHandler.ValidateSignature and its elder brother).

PyJWT's algorithms verify, over the bytes as they stand in the log; everything else of PyJWT stays outside: it refuses
what the library accepts and stops at the first fault. Nothing is ever signed here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from authlens.model import Key
from authlens.segments import base64url
from authlens.trust.checks.case import FAIL, PASS, Answer, Case, failed, listed, passed, short, unknown, wanted
from authlens.trust.checks.decoding import signature_bytes, text_of
from authlens.trust.checks.library import Library
from authlens.trust.keys import PublicKey, public_key

if TYPE_CHECKING:
    from jwt.algorithms import Algorithm

PRESENT = "signature.present"
ACCEPTED = "algorithm.accepted"
PUBLISHED = "signature.kid-published"
USABLE = "signature.key-usable"
FITS = "algorithm.fits-key"
VALID = "signature.valid"
NAMES = (PRESENT, PUBLISHED, USABLE, ACCEPTED, FITS, VALID)

_SIGNED = passed(PRESENT)
_DIGESTS = ("256", "384", "512")
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_EDWARDS = ("Ed25519", "Ed448")
_FAMILIES = (("rsa", "RS"), ("ecdsa", "ES"), ("hmac", "HS"))
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MEANT = {
    **{f"{_MORE}{name}-sha{n}": f"{family}{n}" for n in _DIGESTS for name, family in _FAMILIES},
    **{f"http://www.w3.org/2007/05/xmldsig-more#sha{n}-rsa-MGF1": f"PS{n}" for n in _DIGESTS},
}
"""XML Signature's names, which the library takes for an ``alg`` too (SupportedAlgorithms), and what they mean."""

_MOST_VERIFIED = 65_536
_verified: dict[tuple[str, str, str, int], bool] = {}
_MOST_RINGS = 64
_MOST_PLANS = 1024
_LONGEST_NAMES = 512
_rings: dict[int, tuple[tuple[Key, ...], _Ring]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ring:
    """A key set, prepared to be searched for many tokens."""

    kids: str
    """All of them, for a person."""
    loaded: tuple[Key, ...]
    """What the library would load."""
    by_kid: Mapping[str, tuple[Key, ...]]
    """By lower-case kid, and for certificates by x5t as well."""
    plans: dict[tuple[object, ...], _Plan] = field(default_factory=dict)


class _Search(NamedTuple):
    """Which keys the library tries, and what surfaces when none verifies."""

    alg: str
    meant: str
    """The algorithm by its name in RFC 7518."""
    kid: str
    kids: str
    named: tuple[Key, ...]
    """Published keys with the token's kid, the first one first."""
    tried: tuple[Key, ...]
    """What the library tries: the named key, else all it has loaded."""
    fitting: tuple[tuple[Key, Answer], ...]
    """Those that the algorithm can be used with, each with what to say where it verifies the signature."""
    code: str


def checks(case: Case) -> tuple[Answer, ...]:
    """All questions about the signature; ``code`` is what a failure would surface as."""
    if not case.reading.header_known:
        return tuple(unknown(name, case.reading.why) for name in NAMES)
    if case.reading.signed is False:
        return _unsigned(case)
    plan = _plan(case)
    present = _SIGNED if case.reading.signed else unknown(PRESENT, case.reading.why, asked=False)
    valid = _valid(case, plan.search, plan.accepted)
    about_key = plan.if_verified if valid.check.verdict is PASS else plan.if_not
    return (present, *about_key, plan.accepted, plan.fits, valid)


def signer(case: Case) -> Key | None:
    """The published key that verifies the signature; None where none does, or where that cannot be told."""
    raw = case.reading.raw
    if raw is None or not case.reading.readable or case.reading.signed is False:
        return None
    search = _plan(case).search
    attempt = _attempt(raw, case, search)
    return None if attempt is None else next((key for key, _ in search.fitting if _verifies(attempt, key)), None)


class _Plan(NamedTuple):
    """What many tokens with the same header share."""

    search: _Search
    accepted: Answer
    fits: Answer
    if_verified: tuple[Answer, Answer]
    if_not: tuple[Answer, Answer]


def _plan(case: Case) -> _Plan:
    """Which keys to try and what to say of them: the same for all tokens of one header, one key set, one API."""
    header = case.reading.header
    kid, x5t = text_of(header.get("kid")) or "", text_of(header.get("x5t")) or ""
    alg = text_of(header.get("alg")) or ""
    ring, library, demands = _ring(case.keys or ()), case.library, case.expectations
    about_keys = (demands.has_keys, case.why_no_keys, case.keys is None)
    memo = (kid, x5t, alg, library.version, library.handler, demands.algorithms, about_keys, case.secret)
    plan = ring.plans.get(memo)
    if plan is None:
        search = _search(case, ring, alg, kid, x5t)
        plan = _Plan(
            search=search,
            accepted=_accepted(case, search),
            fits=_fits(case, search),
            if_verified=(_published(case, search, verified=True), _usable(case, search, verified=True)),
            if_not=(_published(case, search, verified=False), _usable(case, search, verified=False)),
        )
        if len(ring.plans) < _MOST_PLANS and len(kid) + len(x5t) + len(alg) <= _LONGEST_NAMES:
            ring.plans[memo] = plan
    return plan


def _unsigned(case: Case) -> tuple[Answer, ...]:
    found = f"alg {short(text_of(case.reading.header.get('alg'))) or 'missing'}, no signature"
    if case.expectations.require_signature:
        present = failed(PRESENT, "IDX10504", expected="a signature", found=found)
    else:
        present = passed(PRESENT, found=found, why="the settings accept unsigned tokens")
    return (present, *(unknown(name, "the token has no signature", asked=False) for name in NAMES[1:]))


# --------------------------------------------------------------------------- which keys


def _search(case: Case, ring: _Ring, alg: str, kid: str, x5t: str) -> _Search:
    named = tuple(
        key for name in (kid, x5t) if name for key in ring.by_kid.get(name.lower(), ()) if _names(key, kid, x5t)
    )
    matching = tuple(key for key in named if key.defect is None)
    any_key = bool(ring.loaded) or case.secret is not None
    tried = matching[:1] or ring.loaded
    meant = _MEANT.get(alg, alg)
    return _Search(
        alg=short(alg) or "",
        meant=meant,
        kid=short(kid) or "",
        kids=ring.kids,
        named=matching or named,
        tried=tried,
        fitting=tuple((key, passed(VALID, found=_about(key))) for key in tried if _fit(meant, key)),
        code=_code(case.library, kid=kid, matched=bool(matching), any_key=any_key),
    )


def _ring(keys: tuple[Key, ...]) -> _Ring:
    """Prepare a key set once; keys hold mappings and cannot be hashed, so the set's identity is the memo's key."""
    known = _rings.get(id(keys))
    if known is not None and known[0] is keys:
        return known[1]
    by_kid: dict[str, tuple[Key, ...]] = {}
    for key in keys:
        for name in {(key.kid or "").lower(), (key.x5t or "").lower() if "x5c" in key.jwk else ""} - {""}:
            by_kid[name] = (*by_kid.get(name, ()), key)
    ring = _Ring(
        kids=listed(tuple(key.kid for key in keys if key.kid)) or "no key is published",
        loaded=tuple(key for key in keys if key.defect is None),
        by_kid=by_kid,
    )
    if len(_rings) >= _MOST_RINGS:
        _rings.clear()
    _rings[id(keys)] = (keys, ring)
    return ring


def _names(key: Key, kid: str, x5t: str) -> bool:
    """JwtTokenUtilities.ResolveTokenSigningKey: certificates without regard to case, other keys ordinally."""
    if not key.kid:
        return False
    if "x5c" in key.jwk:
        return key.kid.lower() == kid.lower() or (x5t != "" and (key.x5t or "").lower() == x5t.lower())
    return key.kid in (kid, x5t)


def _code(library: Library, *, kid: str, matched: bool, any_key: bool) -> str:
    """What surfaces when no key verifies the signature."""
    if matched and kid:
        return "IDX10511"
    if kid and not library.checks_claims_first:
        return "IDX10501"  # even where no key is loaded at all
    if not any_key:
        return "IDX10500"
    if not kid and library.since(7, 2):
        return "IDX10517"
    return "IDX10503"


# --------------------------------------------------------------------------- the questions


def _published(case: Case, search: _Search, *, verified: bool) -> Answer:
    if case.keys is None:
        return unknown(PUBLISHED, case.why_no_keys, found=search.kid or None)
    if not search.kid:
        return unknown(PUBLISHED, "the token names no key (kid)", asked=False)
    if search.named:
        return passed(PUBLISHED, expected=search.kids, found=search.kid)
    if case.expectations.has_keys:
        return unknown(PUBLISHED, "the settings hold keys of their own, which are not read", found=search.kid)
    code = None if verified else search.code
    return failed(PUBLISHED, code, expected=search.kids, found=search.kid, why=_almost(case.keys, search.kid))


def _almost(keys: tuple[Key, ...], kid: str) -> str | None:
    """A kid that a person would call the same."""
    plain = kid.lower().rstrip("=")
    for key in keys:
        if key.kid and key.kid.lower().rstrip("=") == plain:
            return "a published kid differs only in case or padding"
        if key.x5t and plain in (key.x5t.lower(), _hexadecimal(key.x5t)):
            return "the kid is the thumbprint (x5t) of a published certificate, written otherwise"
        if key.thumbprint and key.thumbprint.lower() == plain:
            return "the kid is the thumbprint of a published key that has another kid"
    return None


def _hexadecimal(x5t: str) -> str:
    return base64url(x5t)[0].hex()


def _usable(case: Case, search: _Search, *, verified: bool) -> Answer:
    if not search.named:
        why = case.why_no_keys if case.keys is None else "no published key has the token's kid"
        return unknown(USABLE, why, asked=False)
    key = search.named[0]
    if key.defect:
        code = None if verified else search.code
        return failed(USABLE, code, expected="a key for signatures", found=_about(key), why=f"the key {key.defect}")
    return passed(USABLE, found=_about(key), why=key.notes[0] if key.notes else None)


def _accepted(case: Case, search: _Search) -> Answer:
    allowed = case.expectations.algorithms
    # TokenValidationParameters.ValidAlgorithms came with 6.6
    if not allowed or not case.library.since(6, 6):
        return passed(ACCEPTED, expected="any", found=search.alg)
    if search.alg in allowed:
        return passed(ACCEPTED, expected=wanted(allowed), found=search.alg)
    # IDX10696 is caught for each key, so that only the signature's own code surfaces
    return failed(ACCEPTED, search.code, expected=wanted(allowed), found=search.alg or "no alg")


def _fits(case: Case, search: _Search) -> Answer:
    symmetric = search.meant.startswith("HS")
    if symmetric and case.secret is not None:
        bits, least = len(case.secret) * 8, _least_secret(search.meant, case)
        if bits < least:
            return failed(FITS, search.code, expected=f"at least {least} bits", found=f"{bits} bits")
        return passed(FITS, found=f"{search.alg}, {bits} bits")
    if case.keys is None or not search.tried:
        why = case.why_no_keys if case.keys is None else "there is no key to compare with"
        return unknown(FITS, why, found=search.alg or None, asked=False)
    if any(_fit(search.meant, key) for key in search.tried):
        return passed(FITS, found=f"{search.alg} with {_about(search.tried[0])}")
    if case.expectations.has_keys and not (search.named and search.kid):
        return unknown(FITS, "the settings hold keys of their own, which are not read", found=search.alg)
    expected = listed(tuple(dict.fromkeys(_algorithms_of(key) for key in search.tried)))
    return failed(FITS, search.code, expected=expected, found=search.alg or "no alg")


def _valid(case: Case, search: _Search, accepted: Answer) -> Answer:
    raw = case.reading.raw
    if raw is None:
        return unknown(VALID, "the log holds no signature" if case.reading.readable else case.reading.why)
    if case.keys is None and case.secret is None:
        return unknown(VALID, case.why_no_keys)
    attempt = _attempt(raw, case, search)
    if attempt is None:
        return failed(VALID, _undecodable(case, search), expected="base64url", why="the signature is not base64url")
    if accepted.check.verdict is FAIL:
        return failed(VALID, search.code, why="no key is tried: the algorithm is not accepted")
    for key, verified in search.fitting:
        if _verifies(attempt, key):
            return verified
    if _verified_by_secret(attempt, case):
        return passed(VALID, found="the secret given")
    if case.expectations.has_keys and not (search.named and search.kid):
        return unknown(VALID, "the settings hold keys of their own, which are not read")
    tried = listed(tuple(_about(key) for key in search.tried)) or "no key"
    return failed(VALID, search.code, expected=f"a signature by {tried}", why=_why_not(attempt, case, search))


def _undecodable(case: Case, search: _Search) -> str:
    """The signature is decoded once, before any key is tried, until 6.22; then for each key, and the error is caught."""
    return "IDX10508" if case.library.old_handler or not case.library.spans else search.code


# --------------------------------------------------------------------------- verification


class _Attempt(NamedTuple):
    """One signature over one text."""

    sha256: str
    message: str
    signature: bytes
    alg: str


def _attempt(raw: str, case: Case, search: _Search) -> _Attempt | None:
    """None where the signature cannot be decoded."""
    message, _, encoded = raw.rpartition(".")
    signature = signature_bytes(encoded, case.library)
    return None if signature is None else _Attempt(case.token.sha256, message, signature, search.meant)


@cache
def _algorithm(name: str) -> Algorithm:
    from jwt.algorithms import get_default_algorithms  # noqa: PLC0415 - it brings a client, which no check needs

    return get_default_algorithms()[name]


def _verified_by_secret(attempt: _Attempt, case: Case) -> bool:
    if case.secret is None or attempt.alg not in ("HS256", "HS384", "HS512"):
        return False
    long_enough = len(case.secret) * 8 >= _least_secret(attempt.alg, case)
    message = attempt.message.encode("utf-8", "surrogatepass")
    return long_enough and bool(_algorithm(attempt.alg).verify(message, case.secret, attempt.signature))


def _verifies(attempt: _Attempt, key: Key) -> bool:
    """Verify, once for each distinct token and key."""
    if key.thumbprint is None:
        return False
    # the length too: two versions may decode one text to signatures of different lengths
    memo = (attempt.sha256, key.thumbprint, attempt.alg, len(attempt.signature))
    known = _verified.get(memo)
    if known is None:
        if len(_verified) >= _MOST_VERIFIED:
            _verified.clear()
        known = _verified[memo] = _verify(attempt, public_key(key))
    return known


def _verify(attempt: _Attempt, public: PublicKey | None) -> bool:
    if public is None:
        return False
    algorithm = _algorithm("EdDSA" if attempt.alg in _EDWARDS else attempt.alg)
    try:
        message = attempt.message.encode("utf-8", "surrogatepass")
        return bool(algorithm.verify(message, public, attempt.signature))
    except ValueError:  # a key too small for the digest
        return False


def _fit(alg: str, key: Key) -> bool:
    """The algorithm can be used with the key; from the key's type, for the library asks no more."""
    family, digest = alg[:2], alg[2:]
    if family in ("RS", "PS") and digest in _DIGESTS:
        return key.kty == "RSA"
    if alg in _CURVES:
        return key.kty == "EC" and key.crv == _CURVES[alg]
    return alg in ("EdDSA", *_EDWARDS) and key.kty == "OKP" and key.crv in _EDWARDS


def _algorithms_of(key: Key) -> str:
    if key.alg:
        return key.alg
    if key.kty == "RSA":
        return "RS256"
    return {curve: alg for alg, curve in _CURVES.items()}.get(key.crv or "", "EdDSA" if key.kty == "OKP" else "none")


def _least_secret(alg: str, case: Case) -> int:
    """Bits: 128 for all, until 6.30.1 asks for the digest's own size (IDX10720)."""
    return int(alg[2:]) if alg[2:] in _DIGESTS and case.library.since(6, 30, 1) else 128


def _why_not(attempt: _Attempt, case: Case, search: _Search) -> str | None:
    """Another published key that does verify, or what else is known of the failure."""
    for key in case.keys or ():
        if _fit(attempt.alg, key) and _verifies(attempt, key):
            return f"it verifies with {_about(key)}, {_passed_over(key, search)}"
    if attempt.alg.startswith("HS") and case.secret is None:
        return "the token is signed with a secret, and a published key set holds none"
    if "nonce" in case.reading.header:
        return "the header has a nonce: only the API the token is for (Microsoft Graph) can verify its signature"
    return _short_by(attempt, search.named[0]) if search.named else None


def _passed_over(key: Key, search: _Search) -> str:
    if key.defect:
        return f"which the library leaves out: the key {key.defect}"
    if key in search.named:
        return "which has the same kid as the first: only the first is tried"
    return "which the token does not name"


def _short_by(attempt: _Attempt, key: Key) -> str | None:
    """A signature of the wrong length was cut, or made with another key."""
    if key.bits is None:
        return None
    expected = (key.bits + 7) // 8 * (2 if key.kty == "EC" else 1)
    if len(attempt.signature) == expected:
        return None
    return f"the signature has {len(attempt.signature)} bytes instead of {expected}"


def _about(key: Key) -> str:
    """A key in a few words; its kid is untrusted text."""
    name = f"kid {short(key.kid[:64])}" if key.kid else f"thumbprint {(key.thumbprint or 'unknown')[:12]}"
    return f"{key.kty or 'key'} {name}"
