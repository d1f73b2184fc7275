"""Words beside a cause: the rows of the evidence table, and what would decide between open causes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from authlens.catalogue.codes import Entry, lookup
from authlens.diagnosis.evidence_values import Row
from authlens.durations import duration
from authlens.model import Evidence
from authlens.trust.checks import nearmiss

PII = "IdentityModelEventSource.ShowPII = true (shows issuers, audiences, key ids and times)"
ARTIFACT = "IdentityModelEventSource.LogCompleteSecurityArtifact = true (shows the token itself; not in production)"
SWITCH = 'AppContext.SetSwitch("Switch.Microsoft.IdentityModel.DoNotScrubExceptions", true) (shows the audiences)'
SETTINGS = "--settings appsettings.json (what this API expects)"
KEYS = "--bundle FILE or --jwks FILE (what the issuer publishes{})"
TOKEN = "one such token, by authlens token"  # noqa: S105 - a sentence
LINES = "Microsoft.IdentityModel.LoggingExtensions (the library's own lines tell why a document was not read)"
SECRET = "--secret-file FILE (the shared secret, compared with the one that the API tried)"  # noqa: S105 - a sentence
CLOCKS = "date -u on the API's host, beside the Date header that the identity provider answers with (curl -sI)"
FETCH = "curl -v {} from the API's own host or container (what it really gets there)"
PACKAGES = "dotnet list package --include-transitive (versions of Microsoft.IdentityModel.* that differ)"
ANSWER = "error and error_description of the identity provider's answer, or its own log of this sign-in"

_NOBODY = "No rule knows this failure; its text is shown as it stands."
_PLACES = {
    "authority": "is published where the application reads its keys",
    "issuer": "is published by the token's issuer",
    "application": "is published only at the address of this application (?appid=)",
    "policy": "is published only for another user flow",
    "elsewhere": "is published by another issuer",
    "nowhere": "is in none of the key sets at hand",
}
_SIGN_IN = ("client", "grant", "sign-in-error", "nonce-state", "hash")
"""Claims about a sign-in, of which no token and no setting tells more."""
_MOMENT = "%Y-%m-%d %H:%M"
_STATES = {"ok": "is read without fault now", "missing": "is not among the documents at hand"}
OWN_SPOKEN = frozenset({"clock.distance_s", "clock.skew_s", "request.accepted_by"})
"""Of the fields in which failures of one kind differ, those that these words tell."""


# --------------------------------------------------------------------------- what no rule knows


def unknown(row: Row) -> str:
    """What is said of a failure that no rule knows: what its code means, and where to look for the cause."""
    entry = lookup(str(row.get("code") or ""))
    return (
        _NOBODY if entry is None else f"{_NOBODY} {_meaning(entry)} Look first at {' and at '.join(entry.look_first)}."
    )


def _meaning(entry: Entry) -> str:
    """By what was written of it by hand; what is derived from its text says no more than that text, save what it proves."""
    if not entry.by_hand and entry.proves.startswith("That "):
        return f"{entry.code} tells t{entry.proves[1:]}"
    return f"{entry.code}: {entry.meaning}"


# --------------------------------------------------------------------------- what would decide


def decided_by(cause: str, row: Row) -> tuple[str, ...]:
    """What evidence would confirm or exclude the cause, the cheapest first."""
    family = cause.partition(".")[0]
    return tuple(dict.fromkeys(_deciders(family, cause, row)))[:4]


def _deciders(family: str, cause: str, row: Row) -> Iterator[str]:
    if row.get("says") in _SIGN_IN:
        yield ANSWER
        return
    yield from _in_the_log(family, row)
    yield from _on_the_host(family, cause, row)
    yield from _beside_the_log(family, row)
    if not row.get("token.shown") and family not in ("meta", "lib"):
        yield from ((ARTIFACT, TOKEN) if cause != "flow.other-scheme" else (TOKEN,))


def _in_the_log(family: str, row: Row) -> Iterator[str]:
    """Switches that make the next failure tell it."""
    if row.get("hidden"):
        yield PII
    if family == "aud" and row.get("aud.scrubbed"):
        yield SWITCH


def _on_the_host(family: str, cause: str, row: Row) -> Iterator[str]:
    """What to look at where the API runs."""
    if cause == "life.clock-skew":
        yield CLOCKS
    if family == "lib":
        yield PACKAGES
    if family == "meta":
        yield FETCH.format(row.get("fetch.url") or row.get("meta.address") or "the metadata address")


def _beside_the_log(family: str, row: Row) -> Iterator[str]:
    """What to give to authlens in addition, or to let the API log."""
    if family == "sig" and (row.get("keys_tried.symmetric") or row.get("alg.family") == "hmac"):
        yield SECRET
    if family in ("meta", "iss", "aud", "lib") and not row.get("expected.known"):
        yield SETTINGS
    if family in ("sig", "meta") and (row.get("jwks.place") is None or row.get("meta.state") in (None, "missing")):
        url = row.get("idp.keys_url")
        yield KEYS.format("" if url is None else f": {url}")
    if family in ("meta", "lib", "sig") and row.get("says") in ("issuer-not-configured", "no-keys", "metadata"):
        yield LINES


# --------------------------------------------------------------------------- evidence beside the claim


def evidence_rows(cause: str, row: Row) -> tuple[Evidence, ...]:
    """Expected beside found, in words, as far as they bear on the cause."""
    family = cause.partition(".")[0]
    wanted = _BY_FAMILY.get(family, (_issuer, _audience))
    made = (make(row) for make in (*wanted, _kind, _library))
    return tuple(one for one in made if one is not None)


def _list(value: object) -> str | None:
    if value is None:
        return None
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _issuer(row: Row) -> Evidence | None:
    iss, expected = row.get("iss"), row.get("expected.issuers")
    if iss is None and expected is None:
        return None
    known = expected if isinstance(expected, tuple) else ()
    difference = _difference(known, str(iss), nearmiss.issuer) if iss is not None and known else None
    return Evidence(name="issuer", expected=_list(expected), found=_list(iss) or _unseen(row), difference=difference)


def _audience(row: Row) -> Evidence | None:
    aud, expected = row.get("aud"), row.get("expected.audiences")
    if aud is None and expected is None:
        return None
    known = expected if isinstance(expected, tuple) else ()
    difference = None
    if isinstance(aud, tuple) and known:
        difference = _difference(known, aud[0], nearmiss.audience)
    found = _list(aud) or ("none" if row.get("aud.known") else _unseen(row))
    return Evidence(name="audience", expected=_list(expected), found=found, difference=difference)


def _difference(expected: tuple[str, ...], found: str, kind_of: Callable[[str, str], str | None]) -> str:
    if found in expected:
        return "is the same"
    return nearmiss.nearest(expected, found, kind_of) or "is another value altogether"


def _unseen(row: Row) -> str:
    return "hidden by the library" if row.get("hidden") or row.get("aud.scrubbed") else "not in the log"


def _key(row: Row) -> Evidence | None:
    kid, kids = row.get("kid"), row.get("jwks.kids")
    if kid is None and kids is None:
        return None
    place = _PLACES.get(str(row.get("jwks.place")))
    rotation, as_of = row.get("jwks.rotation"), row.get("jwks.as_of")
    when = f"as of {as_of:{_MOMENT}}Z" if isinstance(as_of, datetime) and place else None
    told = "; ".join(str(w) for w in (place, rotation, when) if w is not None) or None
    return Evidence(name="key id", expected=_list(kids), found=_list(kid) or _unseen(row), difference=told)


def _tried(row: Row) -> Evidence | None:
    kinds = row.get("keys_tried.type")
    if kinds is None:
        return None
    return Evidence(
        name="keys tried", found=_list(row.get("keys_tried.kid")) or _list(kinds), difference=_of_tried(row)
    )


def _of_tried(row: Row) -> str | None:
    """What the thumbprints tell of the keys that the application had loaded."""
    if row.get("jwks.other_key_same_kid"):
        return "under the token's key id another key was tried than the one that is published"
    if row.get("keys_tried.of_issuer") is False and row.get("jwks.place") != "authority":
        return "none is a key that the token's issuer publishes"
    if row.get("keys_tried.stale"):
        since = row.get("keys_tried.stale_text")
        return "some are no longer published" + (f": {since}" if since is not None else "")
    return None


def _secret(row: Row) -> Evidence | None:
    text = row.get("secret.text")
    return None if text is None else Evidence(name="secret", expected="the secret given", found=str(text))


def _algorithm(row: Row) -> Evidence | None:
    if row.get("alg") is None and row.get("key_bits") is None:
        return None
    bits, least = row.get("key_bits"), row.get("min_bits")
    expected = f"a key of at least {least} bits" if least is not None else None
    found = " with ".join(w for w in (_list(row.get("alg")), f"{bits} bits" if bits is not None else None) if w)
    return Evidence(name="algorithm", expected=expected, found=found)


def _verified(row: Row) -> Evidence | None:
    answer = row.get("jwks.signature")
    if answer is None:
        return None
    return Evidence(name="signature", expected="verifies with a published key", found=str(answer))


def _clock(row: Row) -> Evidence | None:
    distance = row.get("clock.distance_s")
    if not isinstance(distance, int):
        return None
    late = row.get("says") == "expired"
    limit = row.get("valid_to") or row.get("exp") if late else row.get("valid_from") or row.get("nbf")
    words = f"{duration(distance)} {'after exp' if late else 'before nbf'}"
    skew = row.get("clock.skew_s")
    tolerance = f"tolerance {duration(skew) if isinstance(skew, int) else 'not known'}"
    name = "valid until" if late else "valid from"
    found = (
        f"used at {_list(row.get('current_time'))}"
        if row.get("current_time") is not None
        else "used at the record's time"
    )
    return Evidence(name=name, expected=_list(limit), found=found, difference=f"{words} ({tolerance})")


def _expiry(row: Row) -> Evidence | None:
    text = row.get("exp.text")
    return None if text is None else Evidence(name="exp", expected="seconds since 1970", found=str(text))


def _metadata(row: Row) -> Evidence | None:
    address = row.get("meta.address") or row.get("fetch.url")
    if address is None:
        return None
    found = row.get("fetch.text") or row.get("meta.text") or _STATES.get(str(row.get("meta.state")), "not known")
    return Evidence(name="metadata", expected=_list(address), found=_list(found))


def _assembly(row: Row) -> Evidence | None:
    text = row.get("assembly.text")
    return None if text is None else Evidence(name="library", found=str(text))


def _form(row: Row) -> Evidence | None:
    text = row.get("form.text") or row.get("token.defect")
    return None if text is None else Evidence(name="form", expected="a JWT of three parts", found=str(text))


def _claim(row: Row) -> Evidence | None:
    name = row.get("claim.name")
    return None if name is None else Evidence(name="claim", found=str(name))


def _accepted(row: Row) -> Evidence | None:
    scheme = row.get("request.accepted_by")
    return None if scheme is None else Evidence(name="accepted by", found=str(scheme))


def _kind(row: Row) -> Evidence | None:
    kind = row.get("token.kind")
    return None if kind in (None, "unknown") else Evidence(name="kind of token", found=str(kind))


def _library(row: Row) -> Evidence | None:
    version = row.get("library.version")
    return None if version is None else Evidence(name="Microsoft.IdentityModel", found=str(version))


_BY_FAMILY: dict[str, tuple[Callable[[Row], Evidence | None], ...]] = {
    "sig": (_issuer, _audience, _key, _tried, _secret, _algorithm, _verified, _metadata),
    "life": (_clock, _expiry),
    "iss": (_issuer, _metadata),
    "aud": (_audience, _issuer),
    "meta": (_metadata, _issuer),
    "form": (_form, _claim, _issuer),
    "lib": (_assembly, _metadata),
    "flow": (_accepted, _issuer),
}
