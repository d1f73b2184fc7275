"""The examples that a rule carries, checked against the schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from authlens.diagnosis.evidence_values import Row
from authlens.diagnosis.plain import parse_time
from authlens.diagnosis.ruleset_keys import known_field, known_keys
from authlens.diagnosis.ruleset_yaml import Items, Node, Notes, Scalar, Table
from authlens.diagnosis.schema import Field, Type
from authlens.model import Frozen

_MOST: Final = 200
"""Examples of one kind in a rule."""


def examples_of(node: Node | None, notes: Notes) -> dict[str, tuple[Row, ...]]:
    """The rows under ``match`` and ``no_match``."""
    return _examples(node, notes, lambda each: _row(each, notes))


def series_of(node: Node | None, notes: Notes) -> dict[str, tuple[tuple[Row, ...], ...]]:
    """The series of rows under ``match`` and ``no_match`` of a correlation."""

    def series(each: Node) -> tuple[Row, ...]:
        if not isinstance(each, Items):
            notes.fault(each.place, "an example of a correlation is a list of failures")
            return ()
        return tuple(_row(row, notes) for row in each.nodes)

    return _examples(node, notes, series)


def _examples(node: Node | None, notes: Notes, read: Callable[[Node], Any]) -> dict[str, tuple[Any, ...]]:
    if node is None:
        return {}
    if not isinstance(node, Table):
        notes.fault(node.place, "'tests' is a mapping with 'match' and 'no_match'")
        return {}
    known_keys(node, ("match", "no_match"), notes, "'tests'")
    found = {}
    for kind in ("match", "no_match"):
        examples = node.get(kind)
        if isinstance(examples, Items) and len(examples.nodes) > _MOST:
            notes.fault(examples.place, f"more than {_MOST} examples")
        elif isinstance(examples, Items) and examples.nodes:
            found[kind] = tuple(read(each) for each in examples.nodes)
        else:
            notes.fault(examples.place if examples else node.place, f"there is no example under tests: {kind}")
    return found


def _row(node: Node, notes: Notes) -> Row:
    if not isinstance(node, Table):
        notes.fault(node.place, "an example is a mapping of fields to values")
        return Frozen()
    row = {}
    for name, (key, value) in node.pairs.items():
        field = known_field(name, key, notes)
        if field is not None:
            row[name] = _example_value(field, value, notes)
    return Frozen(row)


def _example_value(field: Field, node: Node, notes: Notes) -> object:
    if isinstance(node, Items) and field.type == "strings":
        return tuple(_example_scalar(field, each, notes) for each in node.nodes)
    value = _example_scalar(field, node, notes)
    return (value,) if field.type == "strings" and value is not None else value


_EXAMPLES: Final[Mapping[Type, tuple[type, ...]]] = {
    "string": (str,),
    "strings": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "time": (datetime,),
}


def _example_scalar(field: Field, node: Node, notes: Notes) -> object:
    value: object = node.value if isinstance(node, Scalar) else node
    if field.type == "time":
        value = _instant(value)
    fits = isinstance(value, _EXAMPLES[field.type]) and isinstance(value, bool) is (field.type == "boolean")
    if value is not None and not fits:
        shown = node.text[:40] if isinstance(node, Scalar) else "a list or mapping"
        notes.fault(node.place, f"{field.name!r} is of type {field.type}, not {shown!r}")
    return value


def _instant(value: object) -> object:
    if isinstance(value, str):
        return parse_time(value) or value
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), tzinfo=UTC)
    if isinstance(value, datetime) and value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    return value
