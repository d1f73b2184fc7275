"""What a rule pack holds once it is read: rules, correlations, site exceptions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from authlens.diagnosis.detection import Detection
from authlens.diagnosis.evidence_values import Row
from authlens.diagnosis.ruleset_yaml import Place
from authlens.model import Alternative, Confidence, Frozen, Remediation, Severity

TIME: Final = "time"
"""The field that correlations count along."""
PLACEHOLDER: Final = re.compile(r"\{\{|\}\}|\{([^{}]{0,100})\}|[{}]")
"""What stands for something else in ``Conclusion.explain``: ``{field}``, a doubled brace, or a stray one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What a match says: the cause, how sure, and what to do."""

    path: str
    title: str
    id: str
    name: str | None = None
    """A readable handle for filters and correlations to refer to."""
    status: str = "stable"
    cause: str
    severity: Severity
    confidence: Confidence
    precedence: int
    """Where several rules match, the highest names the cause."""
    group_by: tuple[str, ...] = ()
    """Failures of this cause that agree in these fields have one remedy."""
    explain: str = ""
    """With ``{field}`` where a value of the evidence belongs."""
    description: str = ""
    alternatives: tuple[Alternative, ...] = ()
    remediation: tuple[Remediation, ...] = ()
    """Where the rule says none, the first of its file for the same cause."""
    references: tuple[str, ...] = ()
    places: Mapping[str, Place] = field(default_factory=Frozen, compare=False, repr=False)
    """Where ``id``, ``precedence``, ``match[0]``… stand in the file."""
    pack: int = field(default=0, compare=False)
    """0 for the pack that is shipped, then in the order given."""

    @property
    def rank(self) -> tuple[int, str, str]:
        """Sorts the rule that names the cause first."""
        return (-self.precedence, self.cause, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Rows that a rule must match, and rows that it must not."""

    match: tuple[Row, ...] = ()
    no_match: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A Sigma filter: a site's exception, without which a rule does not match."""

    path: str
    title: str
    id: str | None = None
    rules: tuple[str, ...] | None = None
    """Ids or names; None for every rule."""
    detection: Detection
    places: Mapping[str, Place] = field(default_factory=Frozen, compare=False, repr=False)

    def concerns(self, rule: Conclusion) -> bool:
        """The exception applies to that rule."""
        return self.rules is None or rule.id in self.rules or rule.name in self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Conclusion):
    """One failure at a time."""

    detection: Detection
    exemptions: tuple[Exemption, ...] = ()
    tests: Examples = Examples()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesExamples:
    """Series of rows in which at least one failure must match, and series in which none may."""

    match: tuple[tuple[Row, ...], ...] = ()
    no_match: tuple[tuple[Row, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation(Conclusion):
    """Many failures together: how many matches, or distinct values, fall into one span of time."""

    kind: str
    """``event_count`` or ``value_count``."""
    rules: tuple[str, ...]
    """Ids or names of the rules whose matches are counted."""
    by: tuple[str, ...] = ()
    """``group-by``: fields in which the counted failures agree; missing values agree with each other."""
    timespan_s: int
    operator: str
    """``gt gte lt lte eq neq``."""
    count: int
    counted: str | None = None
    """The field whose distinct values ``value_count`` counts."""
    generate: bool = False
    """The counted rules still conclude on their own; by default, as in Sigma, they only feed this one."""
    tests: SeriesExamples = SeriesExamples()


Concluder: TypeAlias = Rule | Correlation


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruleset:
    """All packs together, later ones over earlier ones; rules in the order in which they name a cause."""

    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    filters: tuple[Exemption, ...] = ()

    def remedies(self) -> dict[str, Rule]:
        """By cause, the rule that says in general what to do: the first of its file, whatever its precedence."""
        found: dict[str, Rule] = {}
        for rule in sorted(self.rules, key=lambda rule: (rule.pack, rule.path, rule.places.get("id", Place()))):
            if rule.remediation:
                found.setdefault(rule.cause, rule)
        return found

    def find(self, reference: str) -> tuple[Concluder, ...]:
        """Those whose id, name or cause that is."""
        everyone: tuple[Concluder, ...] = (*self.rules, *self.correlations)
        return tuple(one for one in everyone if reference in {one.id, one.name, one.cause})
