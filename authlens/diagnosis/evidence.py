"""Failures + expectations + documents → the evidence table: one row a failure, by the names of ``schema.FIELDS``.

Everything that rules cannot compute is computed here, in the rooms ``evidence_…`` beside this one: what a failure
claims whatever its number, near misses, facts about keys and clocks, what the rest of the log shows. A value that
cannot be had is missing, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from authlens.diagnosis import evidence_course, evidence_log, evidence_secrets, evidence_times, schema
from authlens.diagnosis.evidence_known import Known
from authlens.diagnosis.evidence_row import RowBuilder
from authlens.diagnosis.evidence_scheme import Scheme
from authlens.diagnosis.evidence_values import Row
from authlens.model import Failure, Frozen, Verdict
from authlens.trust.documents import Documents
from authlens.trust.expectations import Book

if TYPE_CHECKING:
    import pandas as pd

OWN = frozenset(
    (
        *("time", "level", "logger", "host", "client"),
        *("clock.distance_s", "clock.skew_s", "clock.beyond_s", "clock.whole_hours"),
        *("clock.since_issue_s", "clock.host_median_s", "clock.host_offset_s"),
        *("request.other_scheme", "request.accepted_by", "request.succeeded", "client.share"),
    )
)
"""Fields in which failures of one kind may differ."""


@dataclass(slots=True, eq=False)
class Kind:
    """Failures of one source and scheme whose records say the same: what is found out of one holds for all."""

    first: Failure
    """With what is its own only."""
    count: int = 0
    scheme: Scheme = field(init=False)
    alike: evidence_course.Alike = field(init=False)
    number: int = field(init=False)
    """Kinds of one number have equal rows."""
    row: dict[str, object] = field(init=False, repr=False)
    """All but the fields in ``OWN``."""
    judged: dict[datetime | None, Verdict | None] = field(default_factory=dict, repr=False)
    """What the validator would say, by the second at which it is asked."""

    def own(self, failure: Failure) -> Failure:
        """One of the kind with what is its own only."""
        return failure if failure.said is self.first.said else failure._replace(said=self.first.said)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceTable:
    """One row of evidence and one judgement a failure."""

    failures: tuple[Failure, ...]
    kinds: tuple[Kind, ...] = field(repr=False)
    """Of each failure."""
    other_scheme: tuple[bool, ...] = field(repr=False)
    """Of each failure, whether another scheme refused the same request."""
    course: evidence_course.Course = field(repr=False)
    judgements: tuple[Verdict | None, ...] = field(repr=False)
    """What Microsoft's validator would say of the token, where the log shows its claims."""

    def __len__(self) -> int:
        """How many failures there are."""
        return len(self.failures)

    @property
    def rows(self) -> Sequence[Row]:
        """All the evidence of each failure, made when it is looked at."""
        return _Rows(self)

    def own(self, at: int) -> Row:
        """The evidence that a failure does not share with all of its kind: the fields in ``OWN``."""
        failure, kind = self.failures[at], self.kinds[at]
        found = {
            "time": failure.time,
            "level": failure.level,
            "logger": failure.logger,
            "host": failure.host,
            "client": failure.client,
            **evidence_times.clock(kind.alike[1], kind.own(failure), kind.scheme.skew_s),
            **evidence_log.request(failure, self.other_scheme[at]),
            **self.course.of_host(kind.alike, failure.host),
            "client.share": self.course.of_client(kind.alike, failure.client),
        }
        return {name: value for name, value in found.items() if value is not None}

    def differing(self, at: int, *, times: bool) -> tuple[object, ...]:
        """Equal for failures of equal evidence, quick to make; ``times``: the moment itself is evidence, too."""
        failure, kind = self.failures[at], self.kinds[at]
        moment = failure.time if times or kind.alike[1] in evidence_times.LIFETIMES else None
        outcome, others = id(failure.outcome), self.other_scheme[at]
        return id(kind), moment, failure.level, failure.logger, failure.host, failure.client, outcome, others

    def frame(self) -> pd.DataFrame:
        """The table as the rule engine reads it."""
        return frame((f.name for f in schema.FIELDS), self.rows)


def frame(names: Iterable[str], rows: Sequence[Row]) -> pd.DataFrame:
    """Rows of evidence as the rule engine reads them."""
    import pandas as pd  # noqa: PLC0415 - half a second that only diagnosing needs

    return pd.DataFrame({n: pd.Series([r.get(n) for r in rows], dtype=object) for n in names})


def build(
    failures: Sequence[Failure],
    *,
    book: Book,
    documents: Documents,
    given: evidence_secrets.Given | None = None,
    rest: evidence_course.Rest | None = None,
) -> EvidenceTable:
    """Computes the evidence of all failures; pure but for the documents that are looked up on the way.

    Args:
        failures: In the order of their records.
        book: What each scheme expects; what the log itself reveals is added here.
        documents: What the issuers publish.
        given: A shared secret to verify and compare with.
        rest: What the log shows besides refusals.
    """
    known = Known(Book.of(book.configured, failures), documents, given)
    kinds = _kinds(failures)
    different = tuple(dict.fromkeys(kinds))
    _describe(different, known)
    course = _course(failures, kinds, different, rest or evidence_course.Rest())
    return EvidenceTable(
        failures=tuple(failures),
        kinds=kinds,
        course=course,
        other_scheme=evidence_log.other_scheme(failures, [k.first.fields for k in kinds]),
        judgements=tuple([_judgement(f, k, known) for f, k in zip(failures, kinds, strict=True)]),
    )


class _Rows(Sequence[Row]):
    """The rows of a table."""

    def __init__(self, table: EvidenceTable) -> None:
        self._table = table

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        return Frozen({**self._table.kinds[at].row, **self._table.own(at)})


def _kinds(failures: Iterable[Failure]) -> tuple[Kind, ...]:
    """Of each failure its kind."""
    known: dict[tuple[object, ...], Kind] = {}
    found = []
    for failure in failures:
        key = (id(failure.said), failure.scheme, failure.origin.path, failure.request_id is None)
        kind = known.get(key)
        if kind is None:
            kind = known[key] = Kind(evidence_log.own(failure))
        kind.count += 1
        found.append(kind)
    return tuple(found)


def _judgement(failure: Failure, kind: Kind, known: Known) -> Verdict | None:
    """What the validator would say at the second of the failure, which is asked once for all of the kind."""
    at = evidence_times.of_request(failure, kind.first.said.fields)
    second = at and at.replace(microsecond=0)
    if second not in kind.judged:
        kind.judged[second] = known.judge(kind.own(failure), kind.scheme)
    return kind.judged[second]


def _describe(kinds: Sequence[Kind], known: Known) -> None:
    """Finds out what is the case for each kind."""
    around = evidence_log.Surroundings((kind.first, kind.count) for kind in kinds)
    builder = RowBuilder(known, around)
    for kind in kinds:
        kind.scheme = known.scheme(kind.first)
    for kind in kinds:
        kind.number, kind.row = builder.row(kind.first, kind.scheme)
        kind.alike = kind.first.scheme, str(kind.row["says"])


def _course(
    failures: Iterable[Failure], kinds: Sequence[Kind], different: Iterable[Kind], rest: evidence_course.Rest
) -> evidence_course.Course:
    """Adds to each kind's row how the refusals that are alike run over the log."""
    course = evidence_course.Course(rest)
    for failure, kind in zip(failures, kinds, strict=True):
        course.count(kind.alike, failure, kind.first.token, _clock(failure, kind))
    for kind in different:
        told = course.fields(kind.alike, kind.first.token)
        kind.row.update((name, value) for name, value in told.items() if value is not None)
    return course


def _clock(failure: Failure, kind: Kind) -> Row:
    """When the token was used, where a lifetime was refused and that tells something of a host or a token."""
    says = kind.alike[1]
    if says not in evidence_times.LIFETIMES or not (failure.host or kind.first.token):
        return {}
    return evidence_times.clock(says, kind.own(failure), kind.scheme.skew_s)
