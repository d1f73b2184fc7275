"""The searches of a rule and their condition, read strictly: what would silently never match is a fault."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

import re2

from authlens.diagnosis.condition import GrammarError, parse_condition, search_name_fault
from authlens.diagnosis.detection import Detection, Item, Search
from authlens.diagnosis.plain import parse_time
from authlens.diagnosis.ruleset_keys import known_field
from authlens.diagnosis.ruleset_yaml import Items, Node, Notes, Place, Scalar, Table
from authlens.diagnosis.schema import Field
from authlens.model import Frozen

COMPARISONS: Final = frozenset({"gt", "gte", "lt", "lte"})
_WITH_PARTS: Final = frozenset({"contains", "startswith", "endswith"})
_ALONE: Final = frozenset({"re", "cidr", "exists"})
"""Sigma wants these before any other modifier."""
_RELATIONS: Final = COMPARISONS | _WITH_PARTS | _ALONE
_OF_TEXT: Final = _WITH_PARTS | {"re", "cidr"}
_MODIFIERS: Final = (
    *("contains", "startswith", "endswith", "re", "cidr", "exists", "fieldref"),
    *("gt", "gte", "lt", "lte", "neq", "all", "cased"),
)
_EXCLUDED: Final = {
    "exists": frozenset(_MODIFIERS) - {"exists"},
    **dict.fromkeys(("re", "cidr", *COMPARISONS), frozenset({"cased", "fieldref"})),
}
"""What a relation cannot be joined with."""
_SPECIAL: Final = re.compile(r"\\([*?\\])|[*?]")
"""In a plain value: what a backslash makes literal, and a bare wildcard."""
_LARGEST: Final = 2**63
_MOST_MODIFIERS: Final = 6
_MOST_SEARCHES: Final = 200
_MOST_ITEMS: Final = 500
_MOST_EXPRESSIONS: Final = 200
"""Of one file."""
_MODIFIERS_HINT: Final = "there are: " + " ".join(_MODIFIERS)


def detection_of(node: Node | None, notes: Notes) -> Detection | None:
    """The searches and condition of a rule, or None where a fault was noted."""
    if node is None:
        return None
    if not isinstance(node, Table):
        notes.fault(node.place, "searches and their condition are a mapping")
        return None
    searches = {
        name: Search(name, _alternatives_of(value, notes))
        for name, (key, value) in node.pairs.items()
        if name != "condition" and _named(name, key, notes)
    }
    condition = node.get("condition")
    items = sum(len(alternative) for search in searches.values() for alternative in search.alternatives)
    if len(searches) > _MOST_SEARCHES or items > _MOST_ITEMS:
        notes.fault(node.place, f"more than {_MOST_SEARCHES} searches or {_MOST_ITEMS} comparisons")
        return None
    if not searches:
        if not node.pairs.keys() - {"condition"}:
            notes.fault(node.place, "there is no search")
    elif condition is None:
        notes.fault(node.place, "there is no condition")
    elif not isinstance(condition, Scalar) or not isinstance(condition.value, str):
        notes.fault(condition.place, "a condition is one line of text")
    else:
        return _with_condition(searches, condition, notes)
    return None


def _with_condition(searches: dict[str, Search], condition: Scalar, notes: Notes) -> Detection | None:
    text = condition.text
    try:
        tree = parse_condition(text, searches)
    except GrammarError as error:
        notes.fault(condition.at(error.offset), f"condition: {error}", error.hint)
        return None
    return Detection(searches=Frozen(searches), condition=tree, text=" ".join(text.split()))


def _named(name: str, key: Scalar, notes: Notes) -> bool:
    wrong = search_name_fault(name)
    if wrong:
        notes.fault(key.place, f"{name[:100]!r} cannot name a search: {wrong}")
    return not wrong


def _alternatives_of(node: Node, notes: Notes) -> tuple[tuple[Item, ...], ...]:
    tables = node.nodes if isinstance(node, Items) else (node,)
    if not tables:
        notes.fault(node.place, "the search is empty")
    return tuple(_items(each, notes) for each in tables)


def _items(node: Node, notes: Notes) -> tuple[Item, ...]:
    if not isinstance(node, Table):
        notes.fault(node.place, "a search names fields; words without a field are not supported")
        return ()
    if not node.pairs:
        notes.fault(node.place, "the search is empty")
    found = (_item(key, value, notes) for key, value in node.pairs.values())
    return tuple(item for item in found if item)


def _item(key: Scalar, node: Node, notes: Notes) -> Item | None:
    name, *modifiers = key.text.split("|")
    field = known_field(name, key, notes)
    before = notes.count
    if modifiers:
        _modifiers(modifiers, key.place, notes)
    if field is None or notes.count > before:
        return None
    values = node.nodes if isinstance(node, Items) else (node,)
    reading = _Values(field, modifiers, key, notes)
    operands = tuple(reading.operand(value) for value in values)
    if not values:
        notes.fault(node.place, "the list is empty")
    reading.whole(operands)
    return None if notes.count > before else reading.item(operands)


def _modifiers(modifiers: list[str], place: Place, notes: Notes) -> None:
    if len(modifiers) > _MOST_MODIFIERS:
        notes.fault(place, f"more than {_MOST_MODIFIERS} modifiers")
        return
    for at, modifier in enumerate(modifiers):
        if modifier not in _MODIFIERS:
            hint = "; ".join(filter(None, (notes.near(modifier, _MODIFIERS), _MODIFIERS_HINT)))
            notes.fault(place, f"there is no modifier {modifier!r}", hint)
        elif modifier in modifiers[:at]:
            notes.fault(place, f"the modifier {modifier!r} stands here twice")
        elif modifier in _ALONE and at > 0:
            notes.fault(place, f"{modifier!r} stands first, as Sigma wants it")
        elif modifier == "fieldref" and set(modifiers[:at]) & _WITH_PARTS:
            notes.fault(place, "'fieldref' stands before contains, startswith and endswith, as Sigma wants it")
    relations = [each for each in modifiers if each in _RELATIONS]
    if len(relations) > 1:
        notes.fault(place, f"{' and '.join(relations)} exclude each other")
    for relation in relations:
        clash = _EXCLUDED.get(relation, frozenset()).intersection(modifiers)
        if clash:
            notes.fault(place, f"{relation!r} cannot be joined with {' '.join(sorted(clash))}")


class _Values:
    """Reads the values of one item by the type of its field."""

    def __init__(self, field: Field, modifiers: list[str], key: Scalar, notes: Notes) -> None:
        self.field, self.modifiers, self.key, self.notes = field, modifiers, key, notes
        self.relation = next((each for each in modifiers if each in _RELATIONS), "equals")

    @property
    def place(self) -> Place:
        """Of the item, for what concerns all of it."""
        return self.key.place

    @property
    def textual(self) -> bool:
        return self.field.type in {"string", "strings"}

    def operand(self, node: Node) -> Any:
        """The value as ``Item`` wants it; None for null (or where a fault was noted)."""
        if not isinstance(node, Scalar):
            self.notes.fault(node.place, "a value is a single word, number or text")
            return None
        if node.value is None:
            return self._null(node)
        if self.relation == "exists":
            return self._typed(node, bool, "true or false")
        if "fieldref" in self.modifiers:
            return self._reference(node)
        return self._value(node)

    def _null(self, node: Scalar) -> None:
        if set(self.modifiers) - {"neq"}:
            self.notes.fault(
                node.place,
                "null stands for a missing field and takes no modifier but neq",
                f"write {self.field.name}|exists: false in an entry of its own",
            )

    def _typed(self, node: Scalar, wanted: type | tuple[type, ...], words: str, hint: str = "") -> Any:
        value: Any = node.value
        if isinstance(value, wanted) and isinstance(value, bool) is (wanted is bool):
            if not isinstance(value, int | float) or abs(value) < _LARGEST:
                return value
            words = "a number of 64 bits"
        self.notes.fault(node.place, f"{self.field.name!r} is compared with {words}, not {node.text[:40]!r}", hint)
        return None

    def _reference(self, node: Scalar) -> str | None:
        other = known_field(node.text, node, self.notes)
        if other is not None and _family(other) != _family(self.field):
            self.notes.fault(
                node.place,
                f"{self.field.name!r} ({self.field.type}) is not comparable with {other.name!r} ({other.type})",
            )
        if self.relation != "equals" and not self.textual:
            self._no_text()
        return other.name if other else None

    def _value(self, node: Scalar) -> Any:
        if self.relation in COMPARISONS:
            return self._comparison(node)
        if self.relation in _OF_TEXT and not self.textual:
            self._no_text()
            return None
        match self.field.type:
            case "boolean":
                return self._typed(node, bool, "true or false")
            case "integer" | "number":
                return self._typed(node, (int, float), "a number", "without quotes")
            case "time":
                return self._instant(node)
            case "string" | "strings":
                return self._string(node)

    def _no_text(self) -> None:
        self.notes.fault(
            self.place, f"{self.relation!r} compares text, and {self.field.name!r} is of type {self.field.type}"
        )

    def _comparison(self, node: Scalar) -> Any:
        if self.field.type not in {"integer", "number", "time"}:
            self.notes.fault(
                self.place,
                f"{self.relation!r} compares numbers and times, and {self.field.name!r} is of type {self.field.type}",
            )
            return None
        hint = "seconds since 1970, since Sigma compares numbers only" if self.field.type == "time" else ""
        return self._typed(node, (int, float), "a number", hint)

    def _instant(self, node: Scalar) -> datetime | None:
        text = self._typed(node, str, "a time in quotes")
        found = parse_time(text) if text else None
        if text and found is None:
            self.notes.fault(node.place, f"not a time: {node.text[:40]!r}", 'write it as "2024-05-31T12:00:00Z"')
        return found

    def _string(self, node: Scalar) -> str | None:
        text: str | None = self._typed(node, str, "text", "quote it")
        if text is None:
            return None
        if self.relation == "re":
            return self._pattern(node, text)
        if self.relation == "cidr":
            return self._tested(node, text)
        plain = self._unescaped(node, text)
        if plain == "" and self.relation in _WITH_PARTS:
            self.notes.fault(node.place, f"every text {self.relation} the empty text")
        return plain

    def _pattern(self, node: Scalar, text: str) -> str | None:
        if text == "":
            self.notes.fault(node.place, "every text holds the empty expression")
        if self.notes.expressions == _MOST_EXPRESSIONS:
            self.notes.fault(node.place, f"the file has more than {_MOST_EXPRESSIONS} expressions")
            return None
        self.notes.expressions += 1
        return self._tested(node, text)

    def _tested(self, node: Scalar, text: str) -> str | None:
        """Compile the operand once, at its own place."""
        try:
            Item.build(field=self.field.name, relation=self.relation, operands=(text,))
        except re2.error as error:
            words = _words(error)
            hint = "RE2 knows no look-around and no back-references" if "(?" in words or "escape" in words else ""
            self.notes.fault(node.place, f"the linear-time engine refuses this expression: {words}", hint)
            return None
        except ValueError as error:
            self.notes.fault(node.place, f"not a network: {error}")
            return None
        return text

    def _unescaped(self, node: Scalar, text: str) -> str:
        """The text as Sigma reads it: a backslash makes ``*``, ``?`` and itself literal."""
        if not _SPECIAL.search(text):
            return text
        if any(found[1] is None for found in _SPECIAL.finditer(text)):
            hint = "write contains, startswith, endswith or re; for the character itself \\* or \\?"
            self.notes.fault(node.place, f"a bare wildcard in {text[:60]!r}", hint)
        return _SPECIAL.sub(lambda found: found[1] or found[0], text)

    def whole(self, operands: tuple[Any, ...]) -> None:
        """Faults that show in all values together."""
        self._casing(operands)
        if "cased" in self.modifiers and not self.textual:
            self.notes.fault(self.place, f"'cased' concerns text, and {self.field.name!r} is of type {self.field.type}")
        if self.relation == "exists" and len(operands) != 1:
            self.notes.fault(self.place, "'exists' takes one value, true or false")
        if (
            "all" in self.modifiers
            and self.relation == "equals"
            and len(set(operands)) > 1
            and "fieldref" not in self.modifiers
        ):
            self.notes.fault(
                self.place,
                "no value equals two different ones, so this never holds",
                "write one search for each, joined by 'and'",
            )

    def _casing(self, operands: tuple[Any, ...]) -> None:
        if not self.field.cased or "cased" in self.modifiers or self.relation in _ALONE:
            return
        if any(isinstance(each, str) for each in operands):
            written = "|".join((self.field.name, "cased", *self.modifiers))
            self.notes.fault(
                self.place, f"a difference in case is a root cause in {self.field.name!r}", f"write {written}"
            )

    def item(self, operands: tuple[Any, ...]) -> Item:
        """The item; all its operands have been tested."""
        line, column = self.place
        return Item.build(
            field=self.field.name,
            relation=self.relation,
            operands=operands,
            cased="cased" in self.modifiers,
            every="all" in self.modifiers,
            negated="neq" in self.modifiers,
            reference="fieldref" in self.modifiers,
            line=line,
            column=column,
        )


def _family(field: Field) -> str:
    return {"strings": "string", "integer": "number"}.get(field.type, field.type)


def _words(error: Exception) -> str:
    text = error.args[0] if error.args else ""
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
