"""Evidence table × rules → findings: one cause a failure, what the evidence leaves open, what fails next.

The highest rule that matches names the cause. Where it decides (``certain``), the rest is excluded; where it does
not, the causes of the other matching rules are what the evidence leaves open, best first.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from authlens.catalogue.codes import lookup
from authlens.diagnosis import engine
from authlens.diagnosis.causes import CAUSES, MOST_ALTERNATIVES, UNDETERMINED
from authlens.diagnosis.diagnose_checks import also, following
from authlens.diagnosis.diagnose_words import OWN_SPOKEN, decided_by, evidence_rows, unknown
from authlens.diagnosis.evidence import OWN, EvidenceTable, frame
from authlens.diagnosis.evidence_values import Row
from authlens.diagnosis.explain import sentence
from authlens.diagnosis.rule import Concluder, Ruleset
from authlens.model import (
    Alternative,
    Checked,
    Confidence,
    Diagnosis,
    Evidence,
    Failure,
    Finding,
    Remediation,
    Severity,
    Verdict,
)

_CHECKS = ("iss.", "aud.", "sig.")
"""Causes that a comparison of values decides; a lifetime is told by the refusal itself."""
_HEADER_ONLY = (
    "The log holds only the header that the client was sent: it names the check that failed, and not why."
    " The API's own log, at Information, tells what it expected."
)


@dataclass(slots=True, eq=False)
class _Case:
    """Failures of equal evidence, as far as rules and words look at it."""

    row: Row
    rules: tuple[Concluder, ...] = ()
    """Those that match, the one that names the cause first."""
    count: int = 0
    said: Diagnosis = field(init=False)
    checked: dict[int, Checked] = field(default_factory=dict)
    """By the judgement's id: a judgement of the table, which is kept."""


def diagnose(table: EvidenceTable, ruleset: Ruleset) -> tuple[Finding, ...]:
    """The diagnosis of every failure, in the table's order."""
    cases = _cases(table, ruleset)
    _say(tuple(dict.fromkeys(cases)), ruleset)
    ids = identities(table.failures)
    return tuple(map(_finding, ids, table.failures, table.judgements, cases))


def _finding(identity: str, failure: Failure, judgement: Verdict | None, case: _Case) -> Finding:
    """The diagnosis of one failure; what is said is shared by those of equal evidence."""
    checked = case.checked.get(id(judgement))
    if checked is None:
        checked = case.checked[id(judgement)] = _checked(judgement, case)
    return Finding(identity, failure, case.said, checked)


def _checked(judgement: Verdict | None, case: _Case) -> Checked:
    """What the checks say beside the cause."""
    said = case.said
    open_causes = {said.cause, *(a.cause for a in said.alternatives)}
    return Checked(
        also=also(judgement, case.row, said.cause, open_causes),
        next=following(judgement, case.row, said.cause),
        checks=judgement.checks if judgement is not None else (),
    )


# --------------------------------------------------------------------------- matching


def _cases(table: EvidenceTable, ruleset: Ruleset) -> tuple[_Case, ...]:
    """Of each failure the case that it is one of."""
    own = sorted({*_asked(ruleset), *_spoken(ruleset)} & OWN)
    matched = engine.match(ruleset, table.frame()) if ruleset.correlations and len(table) else None
    known: dict[tuple[object, ...], _Case] = {}
    alike: dict[tuple[object, ...], _Case] = {}
    found = []
    for at, kind in enumerate(table.kinds):
        rules = matched[at] if matched is not None else ()
        seen = (id(rules), *table.differing(at, times="time" in own))
        case = alike.get(seen)
        if case is None:
            mine = table.own(at)
            key = (kind.number, id(rules), *map(mine.get, own))
            case = alike[seen] = known.setdefault(key, _Case({**kind.row, **mine}, rules))
        case.count += 1
        found.append(case)
    if matched is None:
        _match(tuple(known.values()), ruleset)
    return tuple(found)


def _match(cases: Sequence[_Case], ruleset: Ruleset) -> None:
    """Finds the rules of each case; those that agree in all that the rules ask about are matched once."""
    names = _asked(ruleset)
    numbers: dict[tuple[object, ...], int] = {}
    distinct: list[Row] = []
    positions = []
    for case in cases:
        number = numbers.setdefault(_values(case.row, names), len(distinct))
        if number == len(distinct):
            distinct.append(case.row)
        positions.append(number)
    matches = _few(ruleset, distinct) if len(distinct) <= _FEW else engine.match(ruleset, frame(names, distinct))
    for case, position in zip(cases, positions, strict=True):
        case.rules = matches[position]


def _values(row: Row, names: Iterable[str]) -> tuple[object, ...]:
    """What tells rows apart; 1 and True are two values."""
    return tuple([(value.__class__, value) for value in map(row.get, names)])


_FEW = 250
"""For so many rows of different evidence, loading pandas takes longer than doing without it."""


def _few(ruleset: Ruleset, rows: Sequence[Row]) -> list[tuple[Concluder, ...]]:
    """Equal matches are one object, as ``engine.match`` gives them."""
    known: dict[tuple[str, ...], tuple[Concluder, ...]] = {}
    return [known.setdefault(tuple(one.id for one in found), found) for found in engine.match_rows(ruleset, rows)]


def _spoken(ruleset: Ruleset) -> set[str]:
    """Fields that the words depend on."""
    return {*OWN_SPOKEN, *_placeholders(ruleset), *_grouping(ruleset)}


def _asked(ruleset: Ruleset) -> tuple[str, ...]:
    detections = [d for r in ruleset.rules for d in (r.detection, *(e.detection for e in r.exemptions))]
    return tuple(sorted({name for d in detections for item in d.items for name in item.fields}))


# --------------------------------------------------------------------------- saying


def _say(cases: Sequence[_Case], ruleset: Ruleset) -> None:
    """Puts each case into words, then lets the others speak for it."""
    speaker = _Speaker(ruleset)
    for case in cases:
        case.said = speaker.say(case.row, case.rules)
    _by_neighbours(cases)


class _Heard(dict[str, object]):
    """A row that notes which of its fields are looked at."""

    def __init__(self, row: Row) -> None:
        super().__init__(row)
        self.names: dict[str, None] = {}

    def get(self, name: str, default: object = None) -> Any:
        """The value, noted."""
        self.names[name] = None
        return super().get(name, default)

    def __getitem__(self, name: str) -> object:
        self.names[name] = None
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self.names[str(name)] = None
        return super().__contains__(name)


_ByValues = dict[tuple[object, ...], Diagnosis]


class _Speaker:
    """Turns a row and the rules that match it into words, once for rows that are equal in all that the words tell."""

    def __init__(self, ruleset: Ruleset) -> None:
        self._known: defaultdict[tuple[str, ...], dict[tuple[str, ...], _ByValues]] = defaultdict(dict)
        """By the rules that matched and the fields that were looked at."""
        self._remedies = ruleset.remedies()

    def say(self, row: Row, rules: tuple[Concluder, ...]) -> Diagnosis:
        """What is said of one row."""
        known = self._known[tuple(rule.id for rule in rules)]
        for names, said in known.items():
            found = said.get(_values(row, names))
            if found is not None:
                return found
        heard = _Heard(row)
        new = self._say(heard, rules) if rules else _undetermined(heard)
        names = tuple(heard.names)
        known.setdefault(names, {})[_values(row, names)] = new
        return new

    def _say(self, row: Row, rules: tuple[Concluder, ...]) -> Diagnosis:
        chosen = rules[0]
        if _is_left_open(row, chosen):
            left_open = replace(_undetermined(row), title=chosen.title, explanation=_HEADER_ONLY)
            return replace(left_open, alternatives=_among(_offered(row, rules)))
        alternatives = () if chosen.confidence is Confidence.CERTAIN else _alternatives(row, rules)
        general = self._remedies.get(chosen.cause, chosen)
        return Diagnosis(
            cause=chosen.cause,
            severity=chosen.severity,
            confidence=chosen.confidence,
            rule=chosen.id,
            title=chosen.title,
            explanation=sentence(chosen.explain, row),
            evidence=evidence_rows(chosen.cause, row),
            remediation=tuple(_filled(r, row) for r in chosen.remediation or general.remediation),
            references=chosen.references or general.references,
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


def _undetermined(row: Row) -> Diagnosis:
    return Diagnosis(
        cause=UNDETERMINED,
        severity=Severity.MEDIUM,
        confidence=Confidence.POSSIBLE,
        title="No rule knows this failure",
        explanation=unknown(row),
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


def _by_neighbours(cases: Sequence[_Case]) -> None:
    """Lets refusals that show their values speak for those of the same scheme and claim that hide them.

    Only the order of what is open changes: what another record shows does not decide this one.
    """
    shown: defaultdict[tuple[object, object], Counter[str]] = defaultdict(Counter)
    for case in cases:
        if case.said.confidence is Confidence.CERTAIN:
            shown[_neighbourhood(case.row)][case.said.cause] += case.count
    known: dict[tuple[object, ...], Diagnosis] = {}
    for case in cases:
        said, where = case.said, _neighbourhood(case.row)
        if (id(said), where) not in known:
            known[id(said), where] = _preferred(said, shown.get(where))
        case.said = known[id(said), where]


def _neighbourhood(row: Row) -> tuple[object, object]:
    return row.get("scheme"), row.get("says")


def _preferred(said: Diagnosis, shown: Counter[str] | None) -> Diagnosis:
    if said.confidence is Confidence.CERTAIN or not shown or len(shown) != 1:
        return said
    (cause, count), *_ = shown.items()
    why = f"{count} other refusals of this scheme with the same claim show their values: {cause}"
    note = Evidence(name="neighbours", found=why)
    if cause == said.cause:
        return replace(said, confidence=Confidence.LIKELY, evidence=(*said.evidence, note))
    return replace(said, evidence=(*said.evidence, note)) if _is_open(said, cause) else said


def _is_open(said: Diagnosis, cause: str) -> bool:
    return any(a.cause == cause for a in said.alternatives)


# --------------------------------------------------------------------------- ids


def identities(failures: Iterable[Failure]) -> tuple[str, ...]:
    """An id for each failure, from its evidence and never from its place; equal evidence gets ``-2``, ``-3``."""
    seen: dict[str, int] = {}
    words: dict[tuple[object, ...], tuple[str, bytes]] = {}
    out = []
    for failure in failures:
        kind = (id(failure.said), failure.scheme)
        shared = words.get(kind)
        if shared is None:
            shared = words[kind] = _words(failure)
        identity = _identity(failure, *shared)
        times = seen[identity] = seen.get(identity, 0) + 1
        out.append(identity if times == 1 else f"{identity}-{times}")
    return tuple(out)


def _words(failure: Failure) -> tuple[str, bytes]:
    """What a failure has in common with its kind, before and behind the moment and the request."""
    token = failure.token.sha256 if failure.token is not None else ""
    fields = (f"{name}={value}" for name, value in failure.fields.items())
    return (
        _SEPARATOR.join((failure.code or "", *failure.codes)),
        _bytes(_SEPARATOR.join((failure.scheme or "", token, *fields, *failure.exceptions))),
    )


def _identity(failure: Failure, before: str, behind: bytes) -> str:
    moment = failure.time.isoformat() if failure.time is not None else ""
    own = _bytes(_SEPARATOR.join((before, moment, failure.request_id or "", "")))
    return hashlib.blake2b(own + behind, digest_size=6).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


_SEPARATOR = "\x1f"
