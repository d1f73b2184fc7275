"""Evidence table × rules → findings: one cause a failure, what the evidence leaves open, what fails next.

The highest rule that matches names the cause. Where it decides (``certain``), the rest is excluded; where it does
not, the causes of the other matching rules are what the evidence leaves open, best first.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from authlens.catalogue.codes import lookup
from authlens.diagnosis import engine
from authlens.diagnosis.causes import CAUSES, UNDETERMINED
from authlens.diagnosis.diagnose_checks import also, following
from authlens.diagnosis.diagnose_words import decided_by, evidence_rows, read_by_words
from authlens.diagnosis.evidence import OWN, EvidenceTable, Row
from authlens.diagnosis.explain import sentence
from authlens.diagnosis.rule import Concluder, Ruleset
from authlens.model import Alternative, Confidence, Evidence, Failure, Finding, Judgement, Remediation, Severity

MOST_ALTERNATIVES = 6
_CHECKS = ("iss.", "aud.", "sig.")
"""Causes that a comparison of values decides; a lifetime is told by the refusal itself."""
_NOBODY = "No rule knows this failure; its text is shown as it stands."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """What is said of all failures with the same evidence."""

    cause: str
    severity: Severity
    confidence: Confidence
    rule: str | None = None
    title: str = ""
    explanation: str = ""
    evidence: tuple[Evidence, ...] = ()
    remediation: tuple[Remediation, ...] = ()
    references: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    group_key: tuple[str, ...] = ()


def diagnose(table: EvidenceTable, ruleset: Ruleset) -> tuple[Finding, ...]:
    """The diagnosis of every failure, in the table's order."""
    speaker = _Speaker(ruleset)
    matched = _matches(table, ruleset)
    said = [speaker.say(*one) for one in zip(table.shared, table.rows, matched, strict=True)]
    said = _by_neighbours(table, said)
    ids = identities(table.failures)
    return tuple(
        _finding(i, failure, row, judgement, one)
        for i, failure, row, judgement, one in zip(ids, table.failures, table.rows, table.judgements, said, strict=True)
    )


def _finding(identity: str, failure: Failure, row: Row, judgement: Judgement | None, said: _Said) -> Finding:
    open_causes = {said.cause, *(a.cause for a in said.alternatives)}
    return Finding(
        id=identity,
        failure=failure,
        cause=said.cause,
        severity=said.severity,
        confidence=said.confidence,
        rule=said.rule,
        title=said.title,
        explanation=said.explanation,
        evidence=said.evidence,
        remediation=said.remediation,
        references=said.references,
        alternatives=said.alternatives,
        also=also(judgement, row, said.cause, open_causes),
        next=following(judgement, row, said.cause),
        checks=judgement.checks if judgement is not None else (),
        group_key=said.group_key,
    )


# --------------------------------------------------------------------------- matching


def _matches(table: EvidenceTable, ruleset: Ruleset) -> list[tuple[Concluder, ...]]:
    """The rules of every row; rows that agree in all that the rules ask about are matched once."""
    if not len(table):
        return []
    if ruleset.correlations:
        return list(engine.match(ruleset, table.frame()))
    names = _asked(ruleset)
    if not names:
        return [()] * len(table)
    own = tuple(n for n in names if n in OWN)
    numbers: dict[tuple[object, ...], int] = {}
    distinct: list[Row] = []
    positions = []
    for shared, row in zip(table.shared, table.rows, strict=True):
        key = (shared, *(row.get(n) for n in own))
        number = numbers.setdefault(key, len(distinct))
        if number == len(distinct):
            distinct.append(row)
        positions.append(number)
    matches = _few(ruleset, distinct) if len(distinct) <= _FEW else engine.match(ruleset, table.frame(names, distinct))
    return [matches[p] for p in positions]


_FEW = 250
"""For so many rows of different evidence, loading pandas takes longer than doing without it."""


def _few(ruleset: Ruleset, rows: Sequence[Row]) -> list[tuple[Concluder, ...]]:
    """Equal matches are one object, as ``engine.match`` gives them."""
    known: dict[tuple[str, ...], tuple[Concluder, ...]] = {}
    return [known.setdefault(tuple(one.id for one in found), found) for found in engine.match_rows(ruleset, rows)]


def _asked(ruleset: Ruleset) -> tuple[str, ...]:
    detections = [d for r in ruleset.rules for d in (r.detection, *(e.detection for e in r.exemptions))]
    return tuple(sorted({name for d in detections for item in d.items for name in item.fields}))


# --------------------------------------------------------------------------- saying


class _Speaker:
    """Turns a row and the rules that match it into words, once for equal evidence."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._known: dict[tuple[object, ...], _Said] = {}
        self._remedies: dict[str, tuple[tuple[Remediation, ...], tuple[str, ...]]] = {}
        for rule in ruleset.rules:
            if rule.remediation and rule.cause not in self._remedies:
                self._remedies[rule.cause] = (rule.remediation, rule.references)
        spoken = {*read_by_words(), *_placeholders(ruleset), *_grouping(ruleset)}
        self._own = tuple(sorted(spoken & OWN))

    def say(self, shared: int, row: Row, rules: tuple[Concluder, ...]) -> _Said:
        """What is said of one row; equal evidence is worded once."""
        key: tuple[object, ...] = (shared, id(rules), *(row.get(n) for n in self._own))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._say(row, rules) if rules else _undetermined(row)
        return found

    def _say(self, row: Row, rules: tuple[Concluder, ...]) -> _Said:
        chosen = rules[0]
        if _is_left_open(row, chosen):
            return replace(_undetermined(row), alternatives=_among(_offered(row, rules)))
        alternatives = () if chosen.confidence is Confidence.CERTAIN else _alternatives(row, rules)
        remedies, references = self._remedies.get(chosen.cause, ((), ()))
        return _Said(
            cause=chosen.cause,
            severity=chosen.severity,
            confidence=chosen.confidence,
            rule=chosen.id,
            title=chosen.title,
            explanation=sentence(chosen.explain, row),
            evidence=evidence_rows(chosen.cause, row),
            remediation=tuple(_filled(r, row) for r in chosen.remediation or remedies),
            references=chosen.references or references,
            alternatives=alternatives,
            group_key=(chosen.cause, *(_text(row.get(n)) for n in chosen.group_by)),
        )


def _alternatives(row: Row, rules: tuple[Concluder, ...]) -> tuple[Alternative, ...]:
    """The other causes that the evidence leaves open, best first, each once."""
    return _among(one for one in _offered(row, rules) if one.cause != rules[0].cause)


def _among(offered: Iterable[Alternative]) -> tuple[Alternative, ...]:
    found: dict[str, Alternative] = {}
    for one in offered:
        found.setdefault(one.cause, one)
    return tuple(found.values())[:MOST_ALTERNATIVES]


def _is_left_open(row: Row, chosen: Concluder) -> bool:
    """A response header alone names the check that failed; which of its causes it was, it does not tell."""
    open_ = chosen.confidence is not Confidence.CERTAIN and chosen.cause.startswith(_CHECKS)
    return row.get("log.header_only") is True and open_


def _offered(row: Row, rules: tuple[Concluder, ...]) -> Iterator[Alternative]:
    for named in rules[0].alternatives:
        yield replace(named, decided_by=named.decided_by or decided_by(named.cause, row))
    for rule in rules:
        yield Alternative(cause=rule.cause, why=sentence(rule.explain, row), decided_by=decided_by(rule.cause, row))


def _known_causes(row: Row) -> tuple[Alternative, ...]:
    """What the catalogue says that the code can stand for, where no rule tells more."""
    entry = lookup(str(row.get("code") or ""))
    causes = entry.causes if entry is not None else ()
    return tuple(
        Alternative(cause=cause, why=f"{row['code']} can stand for it.", decided_by=decided_by(cause, row))
        for cause in causes[:MOST_ALTERNATIVES]
        if cause in CAUSES
    )


def _undetermined(row: Row) -> _Said:
    return _Said(
        cause=UNDETERMINED,
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,
        title="No rule knows this failure",
        explanation=_NOBODY,
        evidence=evidence_rows(UNDETERMINED, row),
        alternatives=_known_causes(row),
        group_key=(UNDETERMINED, _text(row.get("code")), _text(row.get("says")), _text(row.get("scheme"))),
    )


def _filled(remedy: Remediation, row: Row) -> Remediation:
    return Remediation(stack=remedy.stack, steps=tuple(sentence(step, row) for step in remedy.steps))


def _text(value: object) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _placeholders(ruleset: Ruleset) -> set[str]:
    found: set[str] = set()
    for rule in (*ruleset.rules, *ruleset.correlations):
        for template in (rule.explain, *(step for r in rule.remediation for step in r.steps)):
            found.update(part.partition("}")[0] for part in template.split("{")[1:])
    return found


def _grouping(ruleset: Ruleset) -> set[str]:
    return {name for rule in (*ruleset.rules, *ruleset.correlations) for name in rule.group_by}


# --------------------------------------------------------------------------- neighbours


def _by_neighbours(table: EvidenceTable, said: Sequence[_Said]) -> list[_Said]:
    """Lets refusals that show their values speak for those of the same scheme and claim that hide them.

    Only the order of what is open changes: what another record shows does not decide this one.
    """
    shown: defaultdict[tuple[object, object], Counter[str]] = defaultdict(Counter)
    for row, one in zip(table.rows, said, strict=True):
        if one.confidence is Confidence.CERTAIN:
            shown[_neighbourhood(row)][one.cause] += 1
    return [_preferred(one, shown.get(_neighbourhood(row))) for row, one in zip(table.rows, said, strict=True)]


def _neighbourhood(row: Row) -> tuple[object, object]:
    return row.get("scheme"), row.get("says")


def _preferred(said: _Said, shown: Counter[str] | None) -> _Said:
    if said.confidence is Confidence.CERTAIN or not shown or len(shown) != 1:
        return said
    (cause, count), *_ = shown.items()
    why = f"{count} other refusals of this scheme with the same claim show their values: {cause}"
    note = Evidence(name="neighbours", found=why)
    if cause == said.cause:
        return replace(said, confidence=Confidence.LIKELY, evidence=(*said.evidence, note))
    return replace(said, evidence=(*said.evidence, note)) if _is_open(said, cause) else said


def _is_open(said: _Said, cause: str) -> bool:
    return any(a.cause == cause for a in said.alternatives)


# --------------------------------------------------------------------------- ids


def identities(failures: Iterable[Failure]) -> tuple[str, ...]:
    """An id for each failure, from its evidence and never from its place; equal evidence gets ``-2``, ``-3``."""
    seen: Counter[str] = Counter()
    out = []
    for failure in failures:
        identity = _identity(failure)
        seen[identity] += 1
        out.append(identity if seen[identity] == 1 else f"{identity}-{seen[identity]}")
    return tuple(out)


def _identity(failure: Failure) -> str:
    token = failure.token.sha256 if failure.token is not None else ""
    moment = failure.time.isoformat() if failure.time is not None else ""
    parts = (
        failure.code or "",
        *failure.codes,
        moment,
        failure.request_id or "",
        failure.scheme or "",
        token,
        *(f"{name}={value}" for name, value in failure.fields.items()),
        *failure.exceptions,
    )
    return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=6).hexdigest()
