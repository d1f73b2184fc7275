"""The token's type, and what stands in its header that a reader should know of."""

from __future__ import annotations

from functools import lru_cache

from authlens.trust.checks.case import Answer, Case, failed, listed, passed, short, unknown, wanted
from authlens.trust.checks.decoding import text_of

_NO_CRIT = passed("header.critical-understood")
_NO_KEY = passed("header.no-key-of-its-own")
_KEYS_OF_ITS_OWN = ("jku", "x5u", "jwk")


def checks(case: Case) -> tuple[Answer, ...]:
    """The type (Validators.ValidateTokenType), then what no version of the library looks at."""
    return (_type_accepted(case), _critical(case), _key_of_its_own(case))


def _type_accepted(case: Case) -> Answer:
    name = "type.accepted"
    types = case.expectations.types
    # TokenValidationParameters.ValidTypes came with 5.6
    if not types or not case.library.since(5, 6):
        return _any_type(text_of(case.reading.header.get("typ")))
    if not case.reading.header_known:
        return unknown(name, case.reading.why, expected=wanted(types))
    found = text_of(case.reading.header.get("typ")) or ""
    if not found.strip():
        return failed(name, "IDX10256", expected=wanted(types), found="no typ")
    if found not in types:  # ordinal: "application/at+jwt" is not "at+jwt", though RFC 9068 means the same by it
        why = "differs only in case" if found.lower() in {t.lower() for t in types} else None
        return failed(name, "IDX10257", expected=wanted(types), found=short(found), why=why)
    return passed(name, expected=wanted(types), found=short(found))


@lru_cache(maxsize=64)
def _any_type(found: str | None) -> Answer:
    return passed("type.accepted", expected="any", found=short(found))


def _critical(case: Case) -> Answer:
    """RFC 7515 section 4.1.11 asks to refuse what is not understood; the library does not."""
    found = case.reading.header.get("crit")
    if found is None:
        return _NO_CRIT
    names = found if isinstance(found, tuple) else (found,)
    return failed(_NO_CRIT.check.name, None, expected="no crit", found=listed(tuple(str(n) for n in names)))


def _key_of_its_own(case: Case) -> Answer:
    """A token that brings or names its own key proves nothing (RFC 8725 section 3.10); it is never fetched."""
    if case.reading.header.keys().isdisjoint(_KEYS_OF_ITS_OWN):
        return _NO_KEY
    found = tuple(member for member in _KEYS_OF_ITS_OWN if member in case.reading.header)
    why = "it is neither used nor fetched"
    return failed(_NO_KEY.check.name, None, expected="no jku, x5u or jwk", found=listed(found), why=why)
