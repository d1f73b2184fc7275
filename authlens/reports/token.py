"""What there is to say of one token, for people and programs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from authlens import vendors
from authlens.model import Token
from authlens.redact import Pseudonyms
from authlens.reports.cleaning import rfc3339
from authlens.reports.document import Document
from authlens.reports.lines import labelled, table, wrap
from authlens.reports.notes import digest
from authlens.reports.wording import count, moment, stack, visible

if TYPE_CHECKING:  # what is reported on lives a floor above
    from authlens.inspection import Inspection

SCHEMA: Final = "authlens.token/1"
_DATES: Final = frozenset({"exp", "nbf", "iat", "auth_time"})
_WORDS: Final = {"pass": "pass", "fail": "FAIL", "unknown": "?"}
_FIRST: Final = frozenset({"aspnetcore", "identity-provider"})
"""Stacks whose steps are shown; --json has all of them."""
_KINDS: Final = {
    "id": "an ID token: it is for the application that signs in, and no API should accept it",
    "refresh": "a refresh token: it is for its issuer alone",
    "logout": "a logout token: it ends sessions and opens nothing",
    "graph": "a token for Microsoft Graph: no other API can verify it",
    "org-server": "a token of Okta's org server: only Okta can verify it",
}
"""Those that an API is not meant to get."""
_MANY = 5
"""Checks."""
_LONGEST_VALUE = 400
_COLUMN = 10


def told(found: Inspection, *, pseudonym_key: str | None = None, show_values: bool = False) -> dict[str, Any]:
    """The whole answer as one value, without secrets and, unless asked, without people."""
    parts = Document(found.result, pseudonym_key=pseudonym_key, show_values=show_values)
    finding, demands, judgement = found.finding, found.demands, found.judgement
    failure = parts.failure(finding)
    tail = parts.tail()
    names = Pseudonyms(key=pseudonym_key, show=show_values)
    return {
        "schema": SCHEMA,
        "tool": {"name": "authlens", "version": found.result.version, "now": rfc3339(found.at)},
        "library": ".".join(map(str, found.library)),
        "valid": judgement.valid,
        "code": judgement.code,
        "scheme": demands.scheme if demands is not None else None,
        "schemes": found.schemes,
        "expectations": demands.source if demands is not None else None,
        "kind": _kind(finding.failure.token),
        "token": failure["token"],
        "cause": _cause(failure, finding.title, finding.explanation, names) if judgement.valid is False else None,
        "alternatives": failure["alternatives"] if judgement.valid is False else [],
        "also": failure["also"] if judgement.valid is False else [],
        "next": failure["next"] if judgement.valid is False else None,
        "remediation": [{"stack": r.stack, "steps": list(map(names.text, r.steps))} for r in finding.remediation]
        if judgement.valid is False
        else [],
        "issuers": tail["issuers"],
        "notes": tail["notes"],
        "unusable": tail["unusable"],
    }


def _kind(token: Token | None) -> str:
    """What sort of token it claims to be, by the words of :func:`authlens.vendors.token_kind`."""
    if token is None or not token.claims:
        return "unknown"
    issuer = token.claims.get("iss")
    vendor = vendors.identify(issuer) if isinstance(issuer, str) else None
    return vendors.token_kind(vendor, token.header, token.claims)


def _cause(failure: Mapping[str, Any], title: str, explanation: str, names: Pseudonyms) -> dict[str, Any]:
    return {
        "cause": failure["cause"],
        "severity": failure["severity"],
        "confidence": failure["confidence"],
        "rule": failure["rule"],
        "title": names.text(title),
        "explanation": names.text(explanation),
    }


def to_json(answer: Mapping[str, Any]) -> str:
    """The answer as ``authlens.token/1``."""
    return json.dumps(answer, indent=1, ensure_ascii=True) + "\n"


# --------------------------------------------------------------------------- for people


def lines(answer: Mapping[str, Any], width: int) -> Iterator[str]:
    """Verdict, what the token says, every check, the cause, what to do."""
    return (line.rstrip() for line in _lines(answer, width))


def _lines(answer: Mapping[str, Any], width: int) -> Iterator[str]:
    token = answer["token"]
    yield from wrap(_verdict(answer), width)
    yield from wrap(_against(answer), width)
    yield ""
    yield from _members("header", token["header"], width)
    yield from _members("claims", token["claims"], width)
    if answer["kind"] in _KINDS:
        yield from labelled("kind", _KINDS[answer["kind"]], width, column=_COLUMN)
    if token["defect"]:
        yield from labelled("defect", visible(token["defect"]), width, column=_COLUMN)
    yield ""
    yield from table(_rows(token["checks"]), width)
    if answer["cause"]:
        yield ""
        yield from _because(answer, width)
    for note in digest(answer["notes"]):
        yield from labelled("note", visible(note), width, column=_COLUMN)


def _rows(checks: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """One row a check; of many that one reason leaves open (the token cannot be read) the first stands for all."""
    said = [(_WORDS[c["verdict"]], c["name"], _said(c)) for c in checks]
    alike = Counter(text for word, _, text in said if word == _WORDS["unknown"])
    seen: set[str] = set()
    rows = []
    for word, name, text in said:
        many = word == _WORDS["unknown"] and alike[text] > _MANY
        if many and text in seen:
            continue
        seen.add(text)
        rows.append((word, f"{name} and {alike[text] - 1} more" if many else name, text))
    return rows


def _verdict(answer: Mapping[str, Any]) -> str:
    token = answer["token"]
    name = f"token {token['sha256'][:12]} ({token['form']})"
    library = f"Microsoft.IdentityModel {answer['library']}"
    if answer["valid"]:
        return f"Accepted: {name} passes every check of {library}."
    if answer["valid"] is False:
        return f"Refused: of {name}, {library} would report {answer['code'] or 'no code'}."
    open_checks = sum(c["verdict"] == "unknown" for c in token["checks"])
    return f"Undecided: nothing is wrong with {name}, but {count(open_checks, 'check')} could not be decided."


def _against(answer: Mapping[str, Any]) -> str:
    when = f"at {moment(answer['tool']['now'])} UTC"
    if not answer["expectations"]:
        return f"Judged {when}, without knowing what the API expects (--settings, --jwks, --bundle)."
    scheme = f"scheme {visible(answer['scheme'])} of " if answer["scheme"] else ""
    several = answer["schemes"] > 1
    best = f", which it fits best of {answer['schemes']} (--scheme names another)" if several else ""
    return f"Judged {when}, by {scheme}{visible(answer['expectations'])}{best}."


def _members(label: str, members: Mapping[str, Any], width: int) -> Iterator[str]:
    names = [visible(name) for name in members]
    inner = min(24, max(map(len, names), default=0)) + 2
    for number, (name, value) in enumerate(members.items()):
        head = f"{label if number == 0 else '':<{_COLUMN}}{visible(name):<{inner}}"
        yield from labelled(head, _value(name, value), width, column=_COLUMN + inner)


def _value(name: str, value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = visible(text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…")
    return f"{text} ({_date(value)})" if name in _DATES and _date(value) else text


def _date(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return None


def _said(check: Mapping[str, Any]) -> str:
    sides = [f"{side} {visible(str(check[side]))}" for side in ("expected", "found") if check[side]]
    text = ", ".join(sides)
    if check["why"]:
        text = f"{text}: {visible(check['why'])}" if text else visible(check["why"])
    return f"{check['code']}: {text}" if check["code"] else text


def _because(answer: Mapping[str, Any], width: int) -> Iterator[str]:
    cause = answer["cause"]
    yield from wrap(f"{cause['severity'].upper()}  {visible(cause['title'])}", width, rest=2)
    yield from labelled("cause", f"{cause['cause']}, {cause['confidence']}", width, column=_COLUMN)
    yield from labelled("why", visible(cause["explanation"]), width, column=_COLUMN)
    for remedy in [r for r in answer["remediation"] if r["stack"] in _FIRST] or answer["remediation"][:1]:
        yield from labelled("do", f"{stack(remedy['stack'])}:", width, column=_COLUMN)
        for number, step in enumerate(remedy["steps"], 1):
            yield from labelled("", f"{number}. {visible(step)}", width, column=_COLUMN)
    for other in answer["alternatives"]:
        yield from labelled("or", f"{other['cause']}: {visible(other['why'])}", width, column=_COLUMN)
    for also in answer["also"]:
        code = f"{also['code']}, " if also["code"] else ""
        yield from labelled("also", f"{code}{also['cause']}: {visible(also['why'])}", width, column=_COLUMN)
    if answer["next"]:
        code = answer["next"]["code"]
        yield from labelled("then", f"fails with {code or answer['next']['cause']}", width, column=_COLUMN)
