"""The ``authlens.scan/1`` document: everything a scan found, without secrets and, unless asked, without people.

The other reports are made from it, so that redaction happens here and nowhere else.
"""

from __future__ import annotations

import enum
import io
import json
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any, Final, TextIO, TypeVar

from authlens import model
from authlens.redact import TECHNICAL, Pseudonyms, is_personal, leaves, mask
from authlens.reports.baseline import SCHEMA, Baseline

MOST_ALTERNATIVES: Final = 6
UNDETERMINED: Final = "undetermined"
"""The cause of what no rule knows; its failures are shown with their text."""
LONGEST_TEXT: Final = 8192
"""Characters of one text in the document; what is cut is said."""
LONGEST_LIST: Final = 500
DEEPEST: Final = 24
"""Levels of one value; a hostile token nests deeper."""
_MOST_BITS: Final = 1024
SEVERITIES: Final = tuple(s.value for s in model.Severity)
"""Worst first."""

# fmt: off
_FIELDS: Final = (
    "kid", "alg", "typ", "iss", "aud", "sub", "exp", "nbf", "iat",
    "valid_issuer", "valid_issuers", "configuration_issuer", "valid_audience", "valid_audiences",
    "valid_to", "valid_from", "current_time",
    "keys_tried", "keys_tried_count", "key_types", "keys_in_tvp", "keys_in_configuration", "key_bits", "min_bits",
    "metadata_url", "document_url", "http_status", "socket_error", "ssl_policy_error", "retry_at",
    "exception_type", "inner_exception_types", "parameter_name",
    "context_nonce", "payload_nonce", "require_nonce", "context_state", "require_state",
    "missing_type", "missing_method", "assembly", "assembly_version",
)
# fmt: on
_PLACE: Final = {name: place for place, name in enumerate(_FIELDS)}
_STRUCTURAL: Final = ("valid_issuer", "valid_issuers", "configuration_issuer", "valid_audience", "valid_audiences")
_MEANT: Final = frozenset({"nonce", "c_nonce", "at_hash", "c_hash", "s_hash"})
"""Claims that look like a secret and are none."""

_MEMBERS: Final = (
    *("id", "group", "time", "time_assumed", "code", "codes", "level", "source", "repeats"),
    *("scheme", "request_id", "host", "client", "logger", "exceptions"),
    *("cause", "severity", "confidence", "alternatives", "also", "outcome", "fields", "args", "hidden"),
    *("token", "library", "links", "next", "rule", "text"),
)
"""Of a failure, in the document's order."""

Clean = Callable[[str], str]
T = TypeVar("T")


class Document:
    """A result as the document says it: the short parts at once, the failures one by one."""

    def __init__(
        self,
        result: model.Result,
        *,
        pseudonym_key: str | None = None,
        show_values: bool = False,
        baseline: Baseline | None = None,
    ) -> None:
        """Puts the failures in order of time; people are named by that order.

        Args:
            result: What a scan found.
            pseudonym_key: Makes pseudonyms stable across runs.
            show_values: Shows personal values; never signatures, whole tokens or secrets.
            baseline: What was known before; without one nothing is marked.
        """
        self.result = result
        self.baseline = baseline
        self.findings: Sequence[model.Finding] = sorted(result.findings, key=_by_time)
        self._names = Pseudonyms(key=pseudonym_key, show=show_values)
        self._clean: _Recent[tuple[Clean, Clean]] = _Recent()
        self._kinds: _Recent[_Common] = _Recent()
        self._tokens: _Recent[_Told] = _Recent()
        self._groups = _by_key(result)
        if not show_values:
            for failure in _different(finding.failure for finding in self.findings):
                for value in _people(failure, _technical(failure)):
                    self._names.name(value)

    # ------------------------------------------------------------------ parts

    def head(self) -> dict[str, Any]:
        """All that stands before ``failures``."""
        return self._head

    def tail(self) -> dict[str, Any]:
        """All that stands behind ``failures``."""
        return self._tail

    @cached_property
    def _head(self) -> dict[str, Any]:
        result = self.result
        return {
            "schema": SCHEMA,
            "tool": {"name": "authlens", "version": result.version, "now": rfc3339(result.now)},
            "inputs": [self._input(report) for report in result.inputs],
            "summary": self._summary(),
            "groups": [self._a_group(group) for group in sorted(result.groups, key=_by_weight)],
        }

    def failures(self) -> Iterator[dict[str, Any]]:
        """The failures in order of time; those without a time last, by place."""
        return map(self._failure, self.findings)

    def texts(self) -> Iterator[str]:
        """The same as JSON; what failures share is put into words once."""
        return map(self._text, self.findings)

    def failure(self, finding: model.Finding) -> dict[str, Any]:
        """One failure as ``failures`` tells it."""
        return self._failure(finding)

    def cleaner(self, finding: model.Finding) -> Clean:
        """How a text about one failure is freed of secrets and, unless asked, of people."""
        keep = _technical(finding.failure)
        return self._cleaners(tuple(_people(finding.failure, keep)), keep)[0]

    def pseudonym(self, finding: model.Finding, value: str) -> str:
        """What to call the person of this value, where it is a person's."""
        return value if value in _technical(finding.failure) else cut(self._names.name(value))

    def group_of(self, finding: model.Finding) -> str | None:
        """The id of the group that a failure belongs to."""
        return self._groups.get(_key_of(finding))

    def first_of(self, group: Mapping[str, Any]) -> dict[str, Any] | None:
        """The earliest failure of a group as ``head`` tells it."""
        found = self._firsts.get(group["id"])
        return self._failure(found) if found is not None else None

    @cached_property
    def _firsts(self) -> Mapping[str, model.Finding]:
        out: dict[str, model.Finding] = {}
        for finding in self.findings:
            group = self.group_of(finding)
            if group is not None:
                out.setdefault(group, finding)
        return out

    @cached_property
    def _tail(self) -> dict[str, Any]:
        exposures = sorted(self.result.exposures, key=lambda e: (SEVERITIES.index(e.severity), e.kind, e.id))
        return {
            "exposures": [self._exposure(exposure) for exposure in exposures],
            "issuers": [_issuer(report) for report in sorted(self.result.issuers, key=lambda r: r.issuer)],
            "notes": [self._names.text(note) for note in self.result.notes],
            "unusable": [self._names.text(text) for text in self.result.unusable],
            "interrupted": self.result.interrupted,
            "moments": [
                {"time": rfc3339(m.time), "kind": m.kind, "text": cut(self._names.text(m.text))}
                for m in sorted(self.result.moments)
            ],
        }

    def _summary(self) -> dict[str, Any]:
        """Counts that add up: failures = the sum by code, by cause and by severity."""
        findings = self.findings
        times = [f.failure.time for f in findings if f.failure.time is not None]
        severities = Counter(f.severity.value for f in findings)
        causes = Counter(f.cause for f in findings)
        return {
            "failures": len(findings),
            "groups": len(self.result.groups),
            "tokens": len({f.failure.token.sha256 for f in findings if f.failure.token is not None}),
            "issuers": len(self.result.issuers),
            "exposures": len(self.result.exposures),
            "first": rfc3339(min(times, default=None)),
            "last": rfc3339(max(times, default=None)),
            "by_code": _sorted(Counter(f.failure.code or "none" for f in findings)),
            "by_cause": _sorted(causes),
            "by_severity": {severity: severities[severity] for severity in SEVERITIES},
            "undetermined": causes[UNDETERMINED],
            **self._news(),
        }

    def _news(self) -> dict[str, Any]:
        """How much of it is new, where there is a baseline."""
        known = self.baseline
        if known is None:
            return {}
        return {
            "new": {
                "failures": sum(f.id not in known.failures for f in self.findings),
                "groups": sum(g.id not in known.groups for g in self.result.groups),
                "exposures": sum(e.id not in known.exposures for e in self.result.exposures),
            }
        }

    def _known(self, kind: str, identity: str) -> dict[str, bool]:
        """Whether it was there before; nothing where there is no baseline."""
        return {} if self.baseline is None else {"known": identity in getattr(self.baseline, kind)}

    # ------------------------------------------------------------------ one of each

    def _input(self, report: model.InputReport) -> dict[str, Any]:
        ledger, layout = report.ledger, report.layout
        skipped = sum(ledger.skipped.values(), model.Amount())
        rest = model.Amount(
            bytes=ledger.read.bytes - ledger.used.bytes - skipped.bytes,
            lines=ledger.read.lines - ledger.used.lines - skipped.lines,
        )
        return {
            "path": report.path,
            "bytes": ledger.read.bytes,
            "lines": ledger.read.lines,
            "records": ledger.records,
            "format": layout.format if layout else None,
            "envelope": "/".join(layout.envelopes) or None if layout else None,
            "encoding": layout.encoding if layout else None,
            "failures": report.failures,
            "repeats": report.repeats,
            "informational": report.informational,
            "filtered": report.filtered,
            "used": _amount(ledger.used),
            "unmatched": _amount(rest),
            "skipped": {reason: _amount(ledger.skipped[reason]) for reason in sorted(ledger.skipped)},
            "first": rfc3339(report.first),
            "last": rfc3339(report.last),
            "auth_events": "seen" if ledger.auth_seen else "none",
            "error": report.error,
        }

    def _a_group(self, group: model.Group) -> dict[str, Any]:
        keep = (*group.issuers, *group.audiences, *group.kids)

        def clean(text: str) -> str:
            return cut(self._names.text(text, keep=keep))

        return {
            "id": group.id,
            "cause": group.cause,
            "severity": group.severity.value,
            "confidence": group.confidence.value,
            "title": clean(group.title),
            "count": group.count,
            "first": rfc3339(group.first),
            "last": rfc3339(group.last),
            "ongoing": group.ongoing,
            "codes": list(group.codes),
            **{
                name: [cut(mask(value, blobs=False)) for value in getattr(group, name)]
                for name in ("issuers", "audiences", "kids", "schemes", "hosts", "sources")
            },
            "explanation": clean(group.explanation),
            "evidence": [
                {"name": e.name, "expected": _or(e.expected, clean), "found": _or(e.found, clean)}
                | {"difference": _or(e.difference, clean)}
                for e in group.evidence
            ],
            "remediation": [{"stack": r.stack, "steps": [clean(s) for s in r.steps]} for r in group.remediation],
            "references": list(group.references),
            "alternatives": _alternatives(group.alternatives, clean),
            "next": _also(group.next, clean) if group.next else None,
            "failures": list(group.failures),
            **self._known("groups", group.id),
            **self._new_of(group),
        }

    def _new_of(self, group: model.Group) -> dict[str, int]:
        known = self.baseline
        return {} if known is None else {"new": sum(f not in known.failures for f in group.failures)}

    def _failure(self, finding: model.Finding) -> dict[str, Any]:
        common = self._common(finding)
        token = self._token(finding, common)
        return {**common.members, **self._own(finding, common, token and token.value)}

    def _text(self, finding: model.Finding) -> str:
        common = self._common(finding)
        own = self._own(finding, common, self._token(finding, common))
        if common.form is None:
            common.form = _form(common.members, own.keys())
        return common.form % tuple([_JSON[value.__class__](value) for value in own.values()])

    def _own(self, finding: model.Finding, common: _Common, token: Any) -> dict[str, Any]:
        """What is said of this failure alone, in the document's order."""
        failure, origin, outcome = finding.failure, finding.failure.origin, finding.failure.outcome
        client = failure.client
        return {
            "id": finding.id,
            "group": self.group_of(finding),
            "time": rfc3339(failure.time),
            "time_assumed": failure.time_assumed,
            "level": failure.level,
            "source": {
                "path": origin.path,
                "line": origin.line,
                "offset": origin.offset,
                "lines": failure.lines,
                "cut": failure.cut,
            },
            "repeats": failure.repeats,
            "scheme": _or(failure.scheme, _short),
            "request_id": _or(failure.request_id, _short),
            "host": _or(failure.host, _short),
            "client": client if client is None or client in common.keep else self._names.name(client),
            "logger": _or(failure.logger, _short),
            "also": [_also(also, common.clean) for also in finding.also],
            "outcome": {"status": outcome.status, "accepted_by": _or(outcome.accepted_by, _short)},
            "token": token,
            "links": [
                {"path": link.path, "line": link.line, "role": link.role.value, "sure": link.sure}
                for link in failure.links
            ],
            "next": _also(finding.next, common.clean) if finding.next else None,
            **self._known("failures", finding.id),
        }

    def _common(self, finding: model.Finding) -> _Common:
        """What is said of all failures of one kind with one cause."""
        kind = (
            *finding.failure.kind,
            finding.failure.client,  # who may stand in the texts
            *(id(finding.alternatives), finding.cause, finding.severity, finding.confidence, finding.rule),
        )
        return self._kinds.of(kind, lambda: self._new_common(finding))

    def _new_common(self, finding: model.Finding) -> _Common:
        failure = finding.failure
        keep = _technical(failure)
        clean, value = self._cleaners(tuple(_people(failure, keep)), keep)
        said = {
            "code": failure.code,
            "codes": list(failure.codes),
            "exceptions": [_short(e) for e in failure.exceptions],
            "cause": finding.cause,
            "severity": finding.severity.value,
            "confidence": finding.confidence.value,
            "alternatives": _alternatives(finding.alternatives, clean),
            "fields": self._fields(failure.fields, keep, value),
            "args": [clean(a) for a in failure.args],
            "hidden": list(failure.hidden),
            "library": {"version": failure.library.version, "sure": failure.library.sure},
            "rule": finding.rule,
            "text": clean(failure.statement.text) if finding.cause == UNDETERMINED else None,
            **self._known("failures", finding.id),
        }
        return _Common(keep=keep, clean=clean, members={**dict.fromkeys(_MEMBERS), **said})

    def _cleaners(self, people: tuple[str, ...], keep: frozenset[str]) -> tuple[Clean, Clean]:
        """How texts of a failure of these people are cleaned, free texts and values; failures share most texts."""
        return self._clean.of(
            (people, keep),
            lambda: (
                _remembering(lambda text: cut(self._names.text(text, known=people, keep=keep))),
                _remembering(lambda text: cut(self._names.text(text, known=people, keep=keep, blobs=False))),
            ),
        )

    def _fields(self, fields: Mapping[str, object], keep: frozenset[str], clean: Clean) -> dict[str, Any]:
        known = sorted(fields, key=lambda name: (_PLACE.get(name, len(_PLACE)), name))
        return {
            name: self._keys(fields[name]) if name == "keys_tried" else self._member(name, fields[name], keep, clean)
            for name in known
        }

    def _keys(self, keys: object) -> Any:
        """The keys tried; what stands for a symmetric key is the thumbprint of a secret and is not shown."""
        shown = self.plain(keys, _short)
        for key in shown if isinstance(shown, list) else ():
            if isinstance(key, dict) and "Symmetric" in str(key.get("type")) and key.get("internal_id"):
                key["internal_id"] = "[secret]"
        return shown

    def _token(self, finding: model.Finding, common: _Common) -> _Told | None:
        token = finding.failure.token
        if token is None:
            return None
        same = (token.sha256, token.form, id(finding.checks))  # of findings that are kept, so ids do not return
        make = self._new_token
        return self._tokens.of(same, lambda: _Told(make(token, finding.checks, common.keep, common.clean)))

    def _new_token(
        self, token: model.Token, checks: Sequence[model.Check], keep: frozenset[str], clean: Clean
    ) -> dict[str, Any]:
        return {
            "sha256": token.sha256,
            "form": token.form.value,
            "header": self._members(token.header, keep, clean),
            "claims": self._members(token.claims, keep, clean),
            "checks": [
                {
                    "name": check.name,
                    "verdict": check.verdict.value,
                    "expected": _or(check.expected, clean),
                    "found": _or(check.found, clean),
                    "why": _or(check.why, clean),
                    "code": check.code,
                }
                for check in checks
            ],
            "defect": _or(token.defect, clean),
        }

    def _exposure(self, exposure: model.Exposure) -> dict[str, Any]:
        return {
            "id": exposure.id,
            "kind": exposure.kind,
            "severity": exposure.severity.value,
            "subject": cut(self._names.text(exposure.subject)),
            "until": rfc3339(exposure.until),
            "count": exposure.count,
            "steps": [cut(self._names.text(step)) for step in exposure.steps],
            "failures": list(exposure.failures),
            **self._known("exposures", exposure.id),
        }

    # ------------------------------------------------------------------ values

    def _members(
        self, members: Mapping[str, object], keep: frozenset[str], clean: Clean, depth: int = 0
    ) -> dict[str, Any]:
        return {
            _short(str(name)): self._member(str(name), value, keep, clean, depth) for name, value in members.items()
        }

    def _member(self, name: str, value: object, keep: frozenset[str], clean: Clean, depth: int = 0) -> Any:
        """One claim or field; a person's is named by pseudonym, whatever lies in it."""
        if is_personal(name):
            return self.plain(value, lambda text: text if text in keep else cut(self._names.name(text)), number=str)
        if isinstance(value, Mapping) and depth < DEEPEST:
            return self._members(value, keep, clean, depth + 1)
        if name in _MEANT and isinstance(value, str):
            return cut(mask(value, blobs=False))
        return self.plain(value, clean, depth=depth)

    def plain(self, value: object, clean: Clean, *, depth: int = 0, number: Callable[[int], str] | None = None) -> Any:
        """The value as JSON can say it, each text cleaned, bounded in length and depth."""
        if isinstance(value, str) and not isinstance(value, enum.Enum):
            return clean(value)
        if isinstance(value, Mapping | list | tuple):
            return self._nested(value, clean, depth, number)
        found = _scalar(value)
        if number is not None and isinstance(found, int) and not isinstance(found, bool):
            return clean(number(found))
        return clean(found) if isinstance(found, str) and not isinstance(value, datetime) else found

    def _nested(
        self,
        value: Mapping[Any, Any] | Sequence[Any],
        clean: Clean,
        depth: int,
        number: Callable[[int], str] | None,
    ) -> Any:
        if depth >= DEEPEST:
            return "[nested too deeply]"
        if isinstance(value, Mapping):
            items = list(value.items())[:LONGEST_LIST]
            return {_short(str(k)): self.plain(v, clean, depth=depth + 1, number=number) for k, v in items}
        kept = [self.plain(v, clean, depth=depth + 1, number=number) for v in value[:LONGEST_LIST]]
        return kept + ([f"[{len(value) - LONGEST_LIST} more]"] if len(value) > LONGEST_LIST else [])


def _scalar(value: object) -> Any:
    """A single value as JSON can say it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, int):
        return value if value.bit_length() <= _MOST_BITS else "[a very large number]"
    if isinstance(value, float) and math.isfinite(value):
        return value
    return str(value)


def document(result: model.Result, *, pseudonym_key: str | None = None, show_values: bool = False) -> dict[str, Any]:
    """The whole document as one value.

    Args:
        result: What a scan found.
        pseudonym_key: Makes pseudonyms stable across runs.
        show_values: Shows personal values; never signatures, whole tokens or secrets.
    """
    parts = Document(result, pseudonym_key=pseudonym_key, show_values=show_values)
    return {**parts.head(), "failures": list(parts.failures()), **parts.tail()}


def to_json(result: model.Result, *, pseudonym_key: str | None = None, show_values: bool = False) -> str:
    """The whole document as text; equal results give equal text."""
    out = io.StringIO()
    write(Document(result, pseudonym_key=pseudonym_key, show_values=show_values), out)
    return out.getvalue()


def write(parts: Document, out: TextIO) -> None:
    """Writes the document as JSON, an entry of a list a line; memory does not grow with the failures."""
    out.write("{\n")
    for name, value in parts.head().items():
        _write_member(name, value, out)
        out.write(",\n")
    out.write(' "failures": ')
    _write_list(parts.texts(), out)
    for name, value in parts.tail().items():
        out.write(",\n")
        _write_member(name, value, out)
    out.write("\n}\n")


def _write_member(name: str, value: Any, out: TextIO) -> None:
    out.write(f' "{name}": ')
    if isinstance(value, list):
        _write_list(map(dump, value), out)
    else:
        out.write(dump(value))


def _write_list(texts: Iterable[str], out: TextIO) -> None:
    before = "[\n  "
    for text in texts:
        out.write(before)
        out.write(text)
        before = ",\n  "
    out.write("[]" if before.startswith("[") else "\n ]")


dump = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode  # ASCII: a terminal is safe from it


# --------------------------------------------------------------------------- what failures share


@dataclass(slots=True)
class _Common:
    """What the document says of all failures of one kind."""

    keep: frozenset[str]
    """Values that are no person's."""
    clean: Clean
    members: dict[str, Any]
    """All of a failure's members, in order; those that are each failure's own are empty."""
    form: str | None = None
    """The same as JSON, with a ``%s`` for each that is empty."""


class _Told:
    """A part of the document that many failures have in common; as text when that is asked for."""

    __slots__ = ("_text", "value")

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value
        self._text: str | None = None

    def text(self) -> str:
        """As JSON."""
        if self._text is None:
            self._text = dump(self.value)
        return self._text


class _Recent(OrderedDict[tuple[Any, ...], T]):
    """What was asked for last; made again where it was asked for too long ago."""

    def of(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """The value of the key."""
        found = self.get(key)
        if found is not None:
            self.move_to_end(key)
            return found
        if len(self) >= _MOST_RECENT:
            self.popitem(last=False)
        return self.setdefault(key, make())


def _form(members: Mapping[str, Any], own: Collection[str]) -> str:
    texts = (
        f"{dump(name)}: {'%s' if name in own else dump(value).replace('%', '%%')}" for name, value in members.items()
    )
    return "{" + ", ".join(texts) + "}"


def _object(value: Mapping[str, Any]) -> str:
    return "{" + ", ".join([f'"{name}": {_JSON[one.__class__](one)}' for name, one in value.items()]) + "}"


def _list(values: Sequence[Any]) -> str:
    return "[" + ", ".join([_JSON[one.__class__](one) for one in values]) + "]"


_JSON: Final[Mapping[type, Callable[[Any], str]]] = {
    str: json.encoder.encode_basestring_ascii,
    int: repr,
    bool: {False: "false", True: "true"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
    dict: _object,
    list: _list,
    _Told: _Told.text,
}
"""``dump`` for the small values that are each failure's own."""
_MOST_RECENT: Final = 512


def _different(failures: Iterable[model.Failure]) -> Iterator[model.Failure]:
    """The first failure of each kind and client."""
    seen: set[tuple[Any, ...]] = set()
    for failure in failures:
        kind = (failure.kind, failure.client)
        if kind not in seen:
            seen.add(kind)
            yield failure


def _by_key(result: model.Result) -> dict[tuple[str, ...], str]:
    """The ids of the groups by what their failures have in common."""
    first = {group.failures[0]: group.id for group in result.groups if group.failures}
    return {_key_of(finding): first[finding.id] for finding in result.findings if finding.id in first}


def _key_of(finding: model.Finding) -> tuple[str, ...]:
    return finding.group_key or (finding.cause,)


# --------------------------------------------------------------------------- helpers


def rfc3339(time: datetime | None) -> str | None:
    """A time in UTC with ``Z``; fractions of a second only where there are any."""
    if time is None:
        return None
    return (time if time.tzinfo is UTC else time.astimezone(UTC)).isoformat()[: -len("+00:00")] + "Z"


def cut(text: str, longest: int = LONGEST_TEXT) -> str:
    """The text, or its beginning and how much is missing. Mask before cutting."""
    return text if len(text) <= longest else f"{text[:longest]}… [{len(text) - longest} more characters]"


def _short(text: str) -> str:
    return cut(mask(text, blobs=False), 1024)


def _or(text: str | None, clean: Clean) -> str | None:
    return None if text is None else clean(text)


def _by_time(finding: model.Finding) -> tuple[Any, ...]:
    failure = finding.failure
    time = failure.time
    return (time is None, time or _EPOCH, failure.origin, finding.id)


_EPOCH = datetime.fromtimestamp(0, UTC)


def _by_weight(group: model.Group) -> tuple[Any, ...]:
    return (SEVERITIES.index(group.severity), -group.count, group.cause, group.id)


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts[name] for name in sorted(counts)}


def _amount(amount: model.Amount) -> dict[str, int]:
    return {"bytes": amount.bytes, "lines": amount.lines}


def _alternatives(alternatives: Iterable[model.Alternative], clean: Clean) -> list[dict[str, Any]]:
    return [
        {"cause": a.cause, "why": clean(a.why), "decided_by": [clean(d) for d in a.decided_by]} for a in alternatives
    ][:MOST_ALTERNATIVES]


def _also(also: model.Also, clean: Clean) -> dict[str, Any]:
    return {"cause": also.cause, "code": also.code, "why": clean(also.why)}


def _issuer(report: model.IssuerReport) -> dict[str, Any]:
    documents = sorted(report.documents, key=lambda d: (d.url, d.source))
    keys = sorted(report.keys, key=lambda k: (k.kid or "", k.thumbprint or ""))
    return {
        "issuer": cut(mask(report.issuer, blobs=False)),
        "documents": [
            {"url": cut(mask(d.url)), "status": d.status, "as_of": rfc3339(d.as_of)}
            | {"source": d.source, "error": _or(d.error, mask)}
            for d in documents
        ],
        "keys": [_key(key) for key in keys],
    }


def _key(key: model.Key) -> dict[str, Any]:
    """A published key; the thumbprint of a symmetric one would tell the secret."""
    return {
        "kid": _or(key.kid, _short),
        "kty": _or(key.kty, _short),
        "alg": _or(key.alg, _short),
        "use": _or(key.use, _short),
        "thumbprint": None if key.kty == "oct" else key.thumbprint,
        "published_from": rfc3339(key.published_from),
        "published_until": rfc3339(key.published_until),
        "defect": _or(key.defect, _short),
    }


def _technical(failure: model.Failure) -> frozenset[str]:
    """Values that are no person's, whatever they look like."""
    mappings = [failure.fields, *((failure.token.header, failure.token.claims) if failure.token else ())]
    found = [value for mapping in mappings for name, value in mapping.items() if name in _NO_PERSON]
    return frozenset(text for value in found for text in leaves(value))


_NO_PERSON: Final = frozenset((*TECHNICAL, *_STRUCTURAL))


def _people(failure: model.Failure, keep: frozenset[str]) -> list[str]:
    """The personal values of one failure, in order of appearance, but for those that are no person's."""
    found = [failure.client] if failure.client else []
    for mapping in (failure.fields, failure.token.claims if failure.token else {}):
        for name, value in mapping.items():
            if is_personal(name):
                found += leaves(value)
    return [value for value in dict.fromkeys(found) if value and value not in keep]


def _remembering(clean: Clean) -> Clean:
    """The same function, quick for the texts that it saw last."""
    return lru_cache(maxsize=256)(clean)
