"""Reading the values under a rule's keys: what is wrong is noted at its place, and a harmless value goes on."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from authlens.diagnosis.ruleset_yaml import Items, Node, Notes, Scalar, Table
from authlens.diagnosis.schema import FIELDS, Field, field


def known_field(name: str, node: Node, notes: Notes) -> Field | None:
    """The field of the name that the node says; one that the schema lacks is a fault."""
    found = field(name)
    if found is None:
        hint = notes.near(name, (each.name for each in FIELDS)) or "authlens rules fields lists them"
        notes.fault(node.place, f"there is no field {name[:100]!r}", hint)
    return found


def known_keys(table: Table, known: Collection[str], notes: Notes, of: str = "a rule") -> None:
    """Note keys that nothing reads."""
    for name, (key, _) in table.pairs.items():
        if name not in known:
            notes.fault(key.place, f"{of} has no key {name[:100]!r}", notes.near(name, known))


def required(table: Table, keys: Iterable[str], notes: Notes) -> None:
    """Note keys that are missing or null."""
    for key in keys:
        node = table.get(key)
        if node is None or (isinstance(node, Scalar) and node.value is None):
            notes.fault(node.place if node else table.place, f"{key!r} is missing")


def text_of(table: Table, key: str, notes: Notes, longest: int = 8000) -> str:
    """The text under a key, empty where there is none."""
    node = table.get(key)
    if node is None or (isinstance(node, Scalar) and node.value is None):
        return ""
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        notes.fault(node.place, f"{key!r} is text", "quote it")
        return ""
    if not node.value.strip() or len(node.value) > longest:
        notes.fault(node.place, f"{key!r} is text of 1 to {longest} characters")
    return node.value


def choice_of(table: Table, key: str, choices: tuple[str, ...], notes: Notes) -> str | None:
    """The word under a key where it is one of the choices, else None."""
    node = table.get(key)
    if node is None:
        return None
    if isinstance(node, Scalar) and node.text in choices:
        return node.text
    shown = node.text[:40] if isinstance(node, Scalar) else "a list or mapping"
    notes.fault(node.place, f"{key!r} is one of: {' '.join(choices)}", notes.near(shown, choices))
    return None


def strings_of(node: Node | None, key: str, notes: Notes) -> tuple[str, ...]:
    """The texts of a list, or of a single text."""
    if node is None:
        return ()
    found = []
    for each in node.nodes if isinstance(node, Items) else (node,):
        if isinstance(each, Scalar) and isinstance(each.value, str) and each.value.strip():
            found.append(each.value)
        else:
            notes.fault(each.place, f"{key!r} is a list of texts", "quote what looks like a number or a date")
    return tuple(found)


def tables_of(node: Node | None, key: str, known: Collection[str], wanted: Iterable[str], notes: Notes) -> list[Table]:
    """The mappings of a list, each with the keys it may and must have."""
    if node is None:
        return []
    found = []
    for each in node.nodes if isinstance(node, Items) else (node,):
        if isinstance(each, Table):
            known_keys(each, known, notes, f"an entry of {key!r}")
            required(each, wanted, notes)
            found.append(each)
        else:
            notes.fault(each.place, f"{key!r} is a list of mappings with {', '.join(known)}")
    return found
