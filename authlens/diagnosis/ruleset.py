"""Rule packs → one ``Ruleset``, with all faults of all files reported at once.

The pack that is shipped comes first, then those of the user, in their order; a rule that comes later
replaces the one of the same id.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from authlens.diagnosis.detection import matches_row
from authlens.diagnosis.engine import match_rows
from authlens.diagnosis.evidence_values import Row
from authlens.diagnosis.rule import Concluder, Correlation, Exemption, Rule, Ruleset
from authlens.diagnosis.ruleset_lint import silenced, warnings_of
from authlens.diagnosis.ruleset_reader import read
from authlens.diagnosis.ruleset_yaml import MAX_BYTES, Notes, Place, did_you_mean, documents
from authlens.errors import Fault, FaultsError

_SUFFIXES: Final = frozenset({".yml", ".yaml"})
_EXAMPLES: Final = re.compile(rb"^tests:\r?(?:\n [^\n]*)+", re.MULTILINE)
"""The examples of a rule as the shipped files write them: a third of the pack, which a scan need not even parse."""
_MAX_FILES: Final = 1_000
_MAX_RULES: Final = 1_000
"""In all packs: each is held against the examples of those of its precedence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What ``authlens rules check`` found."""

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    ruleset: Ruleset
    """What could be read; fit for use only where there are no faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """One example of a rule, tried."""

    __test__ = False  # not a test of ours, whatever pytest thinks of the name

    rule: Concluder
    kind: str
    """``match`` or ``no_match``."""
    index: int
    """From 0, among the examples of this kind."""
    rows: tuple[Row, ...] = field(repr=False)
    """One row; several for a correlation."""
    matched: bool
    overruled_by: Concluder | None = None
    """The rule that names another cause for this example, though this one matches."""
    place: Place

    @property
    def passed(self) -> bool:
        """The rule does what its example says."""
        return self.matched is (self.kind == "match")


def shipped() -> Path:
    """The folder of the pack that comes with authlens."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "_rules"
    return inside if inside.is_dir() else package.parent / "rules"  # an editable install has no copy


def load(paths: Sequence[Path] = (), *, default: bool = True, examples: bool = True) -> Ruleset:
    """The rules of the shipped pack (unless ``default`` is false) and of the files and folders given.

    Args:
        paths: Of the user.
        default: With the pack that is shipped.
        examples: False where nobody asks for those of the shipped pack: alone, it is then read without them, since
            they were tried when it was made. Beside another pack they are read: they show where two rules clash.

    Raises:
        FaultsError: All faults of all files, in the order of files and lines.
    """
    reading = _read(paths, default=default, examples=examples or bool(paths))
    faults, ruleset = reading.finish()
    if faults:
        raise FaultsError(faults, hint="authlens rules check shows them with what to write instead")
    return ruleset


def check(paths: Sequence[Path] = (), *, default: bool = True) -> Checked:
    """Read what ``load`` would read, and tell the faults and warnings instead of raising them."""
    reading = _read(paths, default=default, examples=True)
    faults, ruleset = reading.finish()
    return Checked(faults=faults, warnings=reading.warnings(ruleset), ruleset=ruleset)


def _read(paths: Sequence[Path], *, default: bool, examples: bool) -> _Reading:
    reading = _Reading(examples=examples)
    packs = [(0, shipped())] if default else []
    packs += [(number, Path(path)) for number, path in enumerate(paths, start=1)]
    for number, path in packs:
        reading.pack(number, path)
    return reading


def run_tests(ruleset: Ruleset) -> tuple[TestResult, ...]:
    """Try the examples of every rule; the site's exceptions do not count here."""
    rules = (result for rule in ruleset.rules for result in _rule_tests(rule, ruleset))
    series = (result for one in ruleset.correlations for result in _series_tests(one, ruleset))
    return (*rules, *series)


# --------------------------------------------------------------------------- reading


class _Reading:
    """Everything read so far, and what is wrong with it."""

    def __init__(self, *, examples: bool) -> None:
        self.examples = examples
        self.notes: list[Notes] = []
        self.found: dict[str, Concluder] = {}
        self.filters: dict[str, Exemption] = {}
        self.faults: list[Fault] = []

    def pack(self, number: int, path: Path) -> None:
        """Read a file, or the files of a folder."""
        try:
            files = _files(path)
        except OSError as error:
            self._note(path).fault(Place(), f"cannot be read: {error.strerror or error}")
            return
        if len(files) > _MAX_FILES:
            self._note(path).fault(Place(), f"more than {_MAX_FILES} rule files")
        elif not files:
            hint = "rule files end in .yml or .yaml" if number else "authlens is not installed whole: install it again"
            self._note(path).fault(Place(), "there is no rule file here", hint)
        seen: dict[str, Concluder] = {}
        for file in files[:_MAX_FILES]:
            self._file(file, number, seen)
        self.found.update(seen)

    def _note(self, path: Path) -> Notes:
        notes = Notes(str(path))
        self.notes.append(notes)
        return notes

    def _file(self, file: Path, number: int, seen: dict[str, Concluder]) -> None:
        notes = self._note(file)
        try:
            with file.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            notes.fault(Place(), f"cannot be read: {error.strerror or error}")
            return
        found = documents(data if self.examples else _EXAMPLES.sub(_emptied, data), notes)
        if not found and not notes.faults:
            notes.warn(Place(), "the file holds no rule")
        for document in found:
            one = read(document, notes, number, examples=self.examples)
            if len(self.found) + len(seen) >= _MAX_RULES:
                notes.fault(document.place, f"more than {_MAX_RULES} rules in all")
                return
            if isinstance(one, Exemption):
                self.filters[one.id or f"{file}:{document.place.line}"] = one
            elif one is not None:
                self._add(one, seen, notes)

    def _add(self, one: Concluder, seen: dict[str, Concluder], notes: Notes) -> None:
        earlier = seen.setdefault(one.id, one)
        if earlier is not one:
            place = one.places.get("id", Place())
            notes.fault(place, f"the id {one.id} is already taken in this pack", f"by {_where(earlier, 'id')}")

    # ----------------------------------------------------------------------- the whole

    def finish(self) -> tuple[tuple[Fault, ...], Ruleset]:
        """All faults, and what could be read."""
        concluders = _with_remedies(self.found.values())
        rules = [one for one in concluders if isinstance(one, Rule)]
        correlations = [one for one in concluders if isinstance(one, Correlation)]
        self._names(self.found.values())
        self._references(rules, correlations)
        self.faults.extend(_ties(rules))
        faults = sorted({*self.faults, *(fault for notes in self.notes for fault in notes.faults)})
        ruleset = Ruleset(
            rules=tuple(sorted((self._exempted(rule) for rule in rules), key=lambda rule: rule.rank)),
            correlations=tuple(sorted(correlations, key=lambda one: one.rank)),
            filters=tuple(self.filters.values()),
        )
        return tuple(faults), ruleset

    def warnings(self, ruleset: Ruleset) -> tuple[Fault, ...]:
        """What the author of a file should look at again."""
        found = {warning for notes in self.notes for warning in notes.warnings}
        detecting: list[Rule | Exemption] = [*ruleset.rules, *ruleset.filters]
        found.update(warning for one in detecting for warning in warnings_of(one))
        found.update(silenced(ruleset.rules, ruleset.correlations))
        return tuple(sorted(found))

    def _exempted(self, rule: Rule) -> Rule:
        concerned = tuple(each for each in self.filters.values() if each.concerns(rule))
        return replace(rule, exemptions=concerned) if concerned else rule

    def _names(self, concluders: Iterable[Concluder]) -> None:
        taken: dict[str, Concluder] = {}
        for one in concluders:
            if one.name and (earlier := taken.setdefault(one.name, one)) is not one:
                hint = f"by {_where(earlier, 'name')}"
                self.faults.append(_fault(one, "name", f"the name {one.name!r} is already taken", hint))

    def _references(self, rules: Sequence[Rule], correlations: Sequence[Correlation]) -> None:
        known = {name for rule in rules for name in (rule.id, rule.name) if name}
        for one in correlations:
            self._refer(one, "correlation", one.rules, known)
        for each in self.filters.values():
            self._refer(each, "rules", each.rules or (), known)

    def _refer(self, one: Correlation | Exemption, key: str, wanted: Iterable[str], known: set[str]) -> None:
        for name in wanted:
            if name not in known:
                hint = did_you_mean(name, sorted(known)) or "rules are named by id or by name"
                self.faults.append(_fault(one, key, f"there is no rule {name[:100]!r}", hint))


def _with_remedies(concluders: Iterable[Concluder]) -> list[Concluder]:
    """A rule that says no remedy takes the first one of its file for the same cause, with its references."""
    whole = list(concluders)
    remedies: dict[tuple[str, str], Concluder] = {}
    for one in whole:
        if one.remediation:
            remedies.setdefault((one.path, one.cause), one)
    return [_with_remedy(one, remedies.get((one.path, one.cause), one)) for one in whole]


def _with_remedy(one: Concluder, other: Concluder) -> Concluder:
    if one.remediation or one is other:
        return one
    return replace(one, remediation=other.remediation, references=one.references or other.references)


def _emptied(found: re.Match[bytes]) -> bytes:
    """What follows keeps its line."""
    return b"\n" * found[0].count(b"\n")


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES and each.is_file())
    return [path] if path.is_file() else []


def _where(one: Concluder, key: str) -> str:
    return f"{one.path}:{one.places.get(key, Place()).line}"


def _fault(one: Concluder | Exemption, key: str, message: str, hint: str = "") -> Fault:
    place = one.places.get(key, Place())
    return Fault(path=one.path, line=place.line, column=place.column, message=message, hint=hint)


def _ties(rules: Iterable[Rule]) -> Iterator[Fault]:
    """Pairs of rules that name two causes for one example, with nothing to prefer either."""
    ranks: dict[int, list[Rule]] = defaultdict(list)
    for rule in rules:
        ranks[rule.precedence].append(rule)
    for equals in ranks.values():
        if len({rule.cause for rule in equals}) > 1:
            yield from _ties_among(equals)


def _ties_among(rules: list[Rule]) -> Iterator[Fault]:
    told: set[tuple[str, str]] = set()
    for source in rules:
        for row in (*source.tests.match, *source.tests.no_match):
            matching = [rule for rule in rules if matches_row(rule.detection, row)]
            for first, second in itertools.combinations(matching, 2):
                if first.cause != second.cause and (first.id, second.id) not in told:
                    told.add((first.id, second.id))
                    yield _tie(first, second, source)


def _tie(first: Rule, second: Rule, source: Rule) -> Fault:
    message = (
        f"an example of {source.title[:60]!r} matches this rule ({second.cause}) and {first.path} ({first.cause}), "
        f"both of precedence {second.precedence}"
    )
    return _fault(second, "precedence", message, "give the one that should name the cause a higher precedence")


# --------------------------------------------------------------------------- examples


def _rule_tests(rule: Rule, ruleset: Ruleset) -> Iterator[TestResult]:
    for kind, rows in (("match", rule.tests.match), ("no_match", rule.tests.no_match)):
        for index, row in enumerate(rows):
            matched = matches_row(rule.detection, row)
            yield TestResult(
                rule=rule,
                kind=kind,
                index=index,
                rows=(row,),
                matched=matched,
                overruled_by=_overruling(rule, row, ruleset) if matched else None,
                place=rule.places.get(f"{kind}[{index}]", Place()),
            )


def _overruling(rule: Rule, row: Row, ruleset: Ruleset) -> Rule | None:
    first = next((each for each in ruleset.rules if matches_row(each.detection, row)), rule)
    return None if first.cause == rule.cause else first


def _series_tests(one: Correlation, ruleset: Ruleset) -> Iterator[TestResult]:
    plain = Ruleset(rules=tuple(replace(rule, exemptions=()) for rule in ruleset.rules), correlations=(one,))
    for kind, examples in (("match", one.tests.match), ("no_match", one.tests.no_match)):
        for index, rows in enumerate(examples):
            yield TestResult(
                rule=one,
                kind=kind,
                index=index,
                rows=rows,
                matched=any(one in found for found in match_rows(plain, rows)),
                place=one.places.get(f"{kind}[{index}]", Place()),
            )
