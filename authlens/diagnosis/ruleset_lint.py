"""What in a valid rule its author should look at again."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from authlens.diagnosis.condition import BOOLEANS, names_in
from authlens.diagnosis.detection import Detection, Item, walk
from authlens.diagnosis.rule import Correlation, Exemption, Rule
from authlens.errors import Fault

_LARGEST_TABLE: Final = 1 << 16
"""Rows times items; beyond, every ``neq`` that ``exists`` does not guard is told."""
_MOST_TOLD: Final = 20
"""Of one rule."""


def warnings_of(one: Rule | Exemption) -> Iterator[Fault]:
    """Searches that the condition does not use, and ``neq`` that a missing field makes true."""
    for name in one.detection.searches.keys() - set(names_in(one.detection.condition)):
        search = one.detection.searches[name]
        item = next((item for alternative in search.alternatives for item in alternative), None)
        if item:
            yield _warning(one, item, f"the condition does not use the search {name!r}", "")
    negated = [item for item in one.detection.items if item.negated]
    for item in negated[:_MOST_TOLD]:
        if _decides(one.detection, item):
            message = f"'neq' holds where {item.field!r} is missing, and that decides whether the rule matches"
            yield _warning(one, item, message, f"add {item.field}|exists: true if a missing field should not match")


def silenced(rules: Sequence[Rule], correlations: Iterable[Correlation]) -> Iterator[Fault]:
    """Rules that a correlation of another pack keeps from concluding on their own."""
    for one in correlations:
        place = one.places.get("correlation")
        for rule in rules:
            if not one.generate and rule.pack != one.pack and (rule.id in one.rules or rule.name in one.rules):
                yield Fault(
                    path=one.path,
                    line=place.line if place else 1,
                    column=place.column if place else 1,
                    message=f"{rule.title!r} no longer concludes on its own, since this correlation counts it",
                    hint="generate: true keeps both",
                )


def _warning(one: Rule | Exemption, item: Item, message: str, hint: str) -> Fault:
    return Fault(path=one.path, line=item.line, column=item.column, message=message, hint=hint)


def _decides(detection: Detection, item: Item) -> bool:
    """Whether some row without the field matches, and would not if ``neq`` wanted the field to be there.

    The items on other fields are taken as free of each other.
    """
    items = tuple(dict.fromkeys(detection.items))
    free = [each for each in items if item.field not in each.fields]
    if len(items) << min(len(free), 64) > _LARGEST_TABLE:
        return not any(each.relation == "exists" and each.field == item.field for each in items)
    fixed = {each: each.holds(None, *(None for _ in each.fields[1:])) for each in items if each.field == item.field}
    fixed |= {each: each.negated for each in items if item.field in each.fields[1:]}
    for truths in itertools.product((False, True), repeat=len(free)):
        world = {**fixed, **dict(zip(free, truths, strict=True))}
        if _outcome(detection, world) and not _outcome(detection, {**world, item: False}):
            return True
    return False


def _outcome(detection: Detection, world: dict[Item, bool]) -> bool:
    return walk(detection, world.__getitem__, BOOLEANS)
