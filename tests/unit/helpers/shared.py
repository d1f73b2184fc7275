"""Failures and findings by all that can be said of them, wherever the model keeps it."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from authlens.model import Checked, Diagnosis, Failure, Finding, Said

_PARTS: dict[type, dict[str, type]] = {
    Failure: {"said": Said},
    Finding: {"diagnosis": Diagnosis, "checked": Checked},
}
One = TypeVar("One", Failure, Finding)


def made(kind: type[One], **values: Any) -> One:
    """A failure or finding with these values."""
    parts = {part: shared(**_taken(values, shared)) for part, shared in _PARTS[kind].items()}
    return kind(**values, **parts)


def changed(one: One, **values: Any) -> One:
    """The same with other values."""
    parts = {part: _taken(values, shared) for part, shared in _PARTS[type(one)].items()}
    values |= {part: replace(getattr(one, part), **given) for part, given in parts.items()}
    return one._replace(**values) if isinstance(one, Failure) else replace(one, **values)


def _taken(values: dict[str, Any], shared: type) -> dict[str, Any]:
    """What of the values belongs to a shared part; it is taken out of them."""
    names = {f.name for f in fields(shared)}
    return {name: values.pop(name) for name in sorted(names & values.keys())}
