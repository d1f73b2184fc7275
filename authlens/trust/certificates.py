"""Certificates of keys (RFC 5280): read, and no chain of them followed."""

from __future__ import annotations

import base64
import hashlib
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.utils import CryptographyDeprecationWarning

Certified: TypeAlias = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
"""The kinds of keys whose certificates the library takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What is asked of a certificate."""

    public: Certified | None
    """None where it is of another kind, or cannot be read."""
    until: date
    """Its last day."""
    x5t: str
    """Its thumbprint in base64url (RFC 7517 section 4.8)."""


def of_der(encoded: str) -> Certificate | None:
    """The certificate in an item of ``x5c`` (RFC 7517 section 4.7); None where there is none."""
    try:
        found = _certificate(x509.load_der_x509_certificate, base64.b64decode(encoded, validate=False))
    except (ValueError, UnsupportedAlgorithm):
        return None
    # SHA-1 is what x5t is: a name, no proof
    thumbprint = hashlib.sha1(found.public_bytes(Encoding.DER), usedforsecurity=False).digest()
    return Certificate(
        public=_public_of(found),
        until=found.not_valid_after_utc.date(),
        x5t=base64.urlsafe_b64encode(thumbprint).rstrip(b"=").decode(),
    )


def der_of_pem(data: bytes) -> str:
    """A certificate as an item of ``x5c``.

    Raises:
        ValueError: There is none.
        UnsupportedAlgorithm: It is of a kind that cannot be read.
    """
    found = _certificate(x509.load_pem_x509_certificate, data)
    return base64.b64encode(found.public_bytes(Encoding.DER)).decode()


def key_of_pem(data: bytes) -> Certified | None:
    """A bare public key; None where it is of another kind.

    Raises:
        ValueError: There is none.
        UnsupportedAlgorithm: It is of a kind that cannot be read.
    """
    loaded = load_pem_public_key(data)
    return loaded if isinstance(loaded, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)) else None


def _certificate(load: Callable[[bytes], x509.Certificate], data: bytes) -> x509.Certificate:
    """A certificate whose version and dates can be read, too; every other is a ValueError."""
    with warnings.catch_warnings():
        # It warns of odd certificates on standard error; what is odd about a published one is for the report to say.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        try:
            certificate = load(data)
            _ = certificate.version, certificate.not_valid_after_utc
        except x509.InvalidVersion as error:  # which is no ValueError
            raise ValueError(str(error)) from error
    return certificate


def _public_of(certificate: x509.Certificate) -> Certified | None:
    try:
        found = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, (rsa.RSAPublicKey, ec.EllipticCurvePublicKey)) else None
