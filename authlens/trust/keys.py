"""Key sets (RFC 7517) → keys, each with what is wrong with it and what Microsoft's library makes of it.

A document is hostile: sizes are bounded, certificates are read but no chain is followed, and private members are
noticed and dropped where they are met. What the library leaves out (JsonWebKeySet.GetSigningKeys: ``use`` other than
``sig``, ``oct``, OKP, keys it cannot build) has a ``defect`` that says so.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from authlens.model import Frozen, Key
from authlens.segments import Repeated, base64url

if TYPE_CHECKING:
    from authlens.trust.certificates import Certificate

PublicKey: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey

MOST_KEYS = 200
"""Further keys of a set are not read."""
LONGEST = 16_384
"""Characters of one member; a certificate chain's parts are below it."""
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""RFC 7518, sections 6.2.2, 6.3.2 and 6.4: what a key set never publishes."""
THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")
"""RFC 7638 with SHA-256, in base64url."""

_CURVES: dict[str, tuple[type[ec.EllipticCurve], int]] = {
    "P-256": (ec.SECP256R1, 32),
    "P-384": (ec.SECP384R1, 48),
    "P-521": (ec.SECP521R1, 66),
}
_EDWARDS = {"Ed25519": 256, "Ed448": 456}
_THUMBPRINTED = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_LEAST_BITS = 1024
_GOOD_BITS = 2048
_MOST_BITS = 16_384

_built: dict[str, PublicKey | None] = {}
_MOST_BUILT = 4096


def parse(document: Mapping[str, object]) -> tuple[Key, ...]:
    """Read a key set, a single key, or Google's map of ``kid`` to certificate."""
    entries = document.get("keys")
    if isinstance(entries, (list, tuple)):
        return _ambiguous(tuple(_key(entry) for entry in entries[:MOST_KEYS]))
    if "kty" in document:
        return (_key(document),)
    return tuple(
        _from_pem(pem, kid)
        for kid, pem in list(document.items())[:MOST_KEYS]
        if isinstance(pem, str) and "BEGIN" in pem
    )


def public_key(key: Key) -> PublicKey | None:
    """The key that signatures are verified with; None where the members make none."""
    if key.thumbprint is None:
        return None
    if key.thumbprint not in _built:
        if len(_built) >= _MOST_BUILT:
            _built.clear()
        _built[key.thumbprint] = _material(dict(key.jwk)).public
    return _built[key.thumbprint]


# --------------------------------------------------------------------------- one key


@dataclass(slots=True, kw_only=True)
class _Material:
    """What a key's members make: the key itself, its size, and what is wrong."""

    public: PublicKey | None = None
    bits: int | None = None
    defect: str | None = None
    notes: list[str] = field(default_factory=list)


def _key(entry: object) -> Key:
    if not isinstance(entry, Mapping):
        return Key(defect="is no JSON object")
    members = {
        str(name): value for name, value in entry.items() if name not in PRIVATE_MEMBERS and not _too_long(value)
    }
    certificate, chain_note = _leaf(members.get("x5c"))
    if certificate is not None and not {"n", "e", "x", "y"} & members.keys():
        members |= _members_of(certificate.public)
    material = _material(members)
    if certificate is not None:
        _compare(material, certificate)
    if chain_note:
        material.notes.append(chain_note)
    private = any(name in entry for name in PRIVATE_MEMBERS)
    if private and members.get("kty") != "oct":
        material.notes.insert(0, "the set publishes its private members")
    return Key(
        kid=_text(members, "kid"),
        kty=_text(members, "kty"),
        alg=_text(members, "alg"),
        use=_text(members, "use"),
        crv=_text(members, "crv"),
        bits=material.bits,
        thumbprint=_thumbprint(members) if material.public is not None else None,
        x5t=_text(members, "x5t") or (certificate.x5t if certificate else None),
        issuer=_text(members, "issuer"),
        jwk=Frozen(members),
        private=private,
        defect=_repeats(entry) or material.defect or _not_for_signatures(members),
        notes=tuple(material.notes),
    )


def _repeats(entry: Mapping[str, object]) -> str | None:
    return "names a member twice: two readers may see two different keys" if isinstance(entry, Repeated) else None


def _too_long(value: object) -> bool:
    return isinstance(value, str) and len(value) > LONGEST


def _text(members: Mapping[str, object], name: str) -> str | None:
    value = members.get(name)
    return value if isinstance(value, str) and value else None


def _not_for_signatures(members: Mapping[str, object]) -> str | None:
    use = members.get("use")
    if isinstance(use, str) and use not in ("", "sig"):
        return f"is for {'encryption' if use == 'enc' else repr(use[:20])}, not for signatures (use)"
    operations = members.get("key_ops")
    if isinstance(operations, (list, tuple)) and operations and "verify" not in operations:
        return "may not be used to verify signatures (key_ops)"
    return None


def _material(members: Mapping[str, object]) -> _Material:
    kty = members.get("kty")
    if kty == "RSA":
        return _rsa(members)
    if kty == "EC":
        return _ec(members)
    if kty == "OKP":
        return _okp(members)
    if kty == "oct":
        return _Material(defect="is a symmetric secret: the library leaves it out, and whoever reads it can sign")
    if kty is None:
        return _Material(defect="has no kty")
    return _Material(defect=f"has an unknown kty: {str(kty)[:20]}")


def _number(members: Mapping[str, object], name: str) -> tuple[int | None, str | None]:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        return None, f"has no {name}"
    data, defect = base64url(value)
    return int.from_bytes(data, "big"), f"{name} {defect}" if defect else None


def _rsa(members: Mapping[str, object]) -> _Material:
    modulus, wrong_n = _number(members, "n")
    exponent, wrong_e = _number(members, "e")
    if modulus is None or exponent is None:
        return _Material(defect=wrong_n or wrong_e)
    material = _Material(bits=modulus.bit_length(), notes=[note for note in (wrong_n, wrong_e) if note])
    if defect := _weak(modulus, exponent):
        material.defect = defect
        return material
    if modulus.bit_length() < _GOOD_BITS:
        material.notes.append(f"has {modulus.bit_length()} bits; RFC 7518 asks for {_GOOD_BITS}")
    try:
        material.public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except (ValueError, UnsupportedAlgorithm):
        material.defect = "n and e make no RSA key"
    return material


def _weak(modulus: int, exponent: int) -> str | None:
    """What must not be computed with: it costs without bound, or anyone can forge."""
    bits = modulus.bit_length()
    if bits > _MOST_BITS:
        return f"has {bits} bits; more than {_MOST_BITS} are refused"
    if bits < _LEAST_BITS:
        return f"has {bits} bits; the library refuses fewer than {_LEAST_BITS} (IDX10631)"
    if modulus % 2 == 0:
        return "has an even modulus: it is no RSA key"
    if exponent < 3 or exponent % 2 == 0 or exponent.bit_length() > 64:
        return "has an exponent that no RSA key has"
    return None


def _ec(members: Mapping[str, object]) -> _Material:
    curve = members.get("crv")
    if not isinstance(curve, str) or curve not in _CURVES:
        return _Material(defect=f"has a curve that the library does not know: {str(curve)[:20]}")
    kind, size = _CURVES[curve]
    x, wrong_x = _number(members, "x")
    y, wrong_y = _number(members, "y")
    if x is None or y is None:
        return _Material(defect=wrong_x or wrong_y)
    material = _Material(bits=kind().key_size, notes=[note for note in (wrong_x, wrong_y) if note])
    for name in ("x", "y"):
        if len(base64url(str(members[name]))[0]) != size:
            material.notes.append(f"{name} has not the {size} bytes of {curve}")
    try:
        material.public = ec.EllipticCurvePublicNumbers(x, y, kind()).public_key()
    except (ValueError, UnsupportedAlgorithm):
        material.defect = f"is no point on {curve}"
    return material


def _okp(members: Mapping[str, object]) -> _Material:
    curve = members.get("crv")
    if not isinstance(curve, str) or curve not in _EDWARDS:
        return _Material(defect=f"never signs ({str(curve)[:20]})")
    value = members.get("x")
    data = base64url(value)[0] if isinstance(value, str) else b""
    material = _Material(bits=_EDWARDS[curve], defect=f"is an {curve} key: the library leaves it out")
    try:
        kind = ed25519.Ed25519PublicKey if curve == "Ed25519" else ed448.Ed448PublicKey
        material.public = kind.from_public_bytes(data)
    except (ValueError, UnsupportedAlgorithm):
        material.defect = f"x makes no {curve} key"
    return material


def _thumbprint(members: Mapping[str, object]) -> str | None:
    """RFC 7638 with SHA-256: what RsaSecurityKey and ECDsaSecurityKey show as InternalId from 6.8 on."""
    names = _THUMBPRINTED.get(str(members.get("kty")), ())
    values = {name: str(members[name]) for name in names}
    text = json.dumps(values, separators=(",", ":"), sort_keys=True)
    return _encoded(hashlib.sha256(text.encode()).digest())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --------------------------------------------------------------------------- certificates


def _leaf(chain: object) -> tuple[Certificate | None, str | None]:
    """The certificate that holds the key: the first of ``x5c`` (RFC 7517 section 4.7)."""
    if not isinstance(chain, (list, tuple)) or not chain:
        return None, None
    from authlens.trust import certificates  # noqa: PLC0415 - what reads them is slow to load, and few keys have one

    first = chain[0]
    found = certificates.of_der(first) if isinstance(first, str) and len(first) <= LONGEST else None
    return found, "its certificate (x5c) cannot be read" if found is None else None


def _compare(material: _Material, certificate: Certificate) -> None:
    found = certificate.public
    if found is None:
        material.notes.append("its certificate (x5c) holds no RSA or EC key")
    elif material.public is not None and found != material.public:
        material.defect = "its certificate (x5c) holds another key than its members"
    material.notes.append(f"its certificate is valid until {certificate.until.isoformat()}")


def _members_of(public: PublicKey | None) -> dict[str, object]:
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _encoded(_bytes(numbers.n)), "e": _encoded(_bytes(numbers.e))}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        for name, (kind, size) in _CURVES.items():
            if isinstance(public.curve, kind):
                x, y = point.x.to_bytes(size, "big"), point.y.to_bytes(size, "big")
                return {"kty": "EC", "crv": name, "x": _encoded(x), "y": _encoded(y)}
    return {}


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _from_pem(pem: str, kid: str | None) -> Key:
    """A key from a certificate or a bare public key."""
    from authlens.trust import certificates  # noqa: PLC0415 - for the reason above

    data = pem.encode("utf-8", "replace")[: 4 * LONGEST]
    try:
        if b"CERTIFICATE" in data[:64]:
            found = _key({"kid": kid, "x5c": (certificates.der_of_pem(data),)})
        else:
            found = _key({"kid": kid, **_members_of(certificates.key_of_pem(data))})
    except (ValueError, UnsupportedAlgorithm):
        return Key(kid=kid, defect="is PEM that cannot be read")
    return replace(found, private="PRIVATE" in pem[:64])


def _ambiguous(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    """The library takes the first key that has the token's ``kid``."""
    counts = Counter(key.kid for key in keys if key.kid)
    return tuple(
        replace(key, notes=(*key.notes, note)) if (note := _about_kid(key, counts, len(keys))) else key for key in keys
    )


def _about_kid(key: Key, counts: Counter[str], size: int) -> str | None:
    if key.kid and counts[key.kid] > 1:
        return "shares its kid with another key of the set: only the first is tried"
    if not key.kid and size > 1:
        return "has no kid: a token cannot name it"
    return None
