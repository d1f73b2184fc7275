"""The text of a rule file as nodes that know their line and column.

Rule files come from users and from packs they found somewhere. They are read event by event with
bounds on size, depth and number of nodes, without recursion; anchors and aliases (with which a few
lines can stand for gigabytes) and tags (which can name types) are refused, and so are duplicate keys.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

from authlens.errors import Fault

MAX_BYTES: Final = 1 << 20
MAX_NODES: Final = 50_000
MAX_DEPTH: Final = 24
MAX_FAULTS: Final = 100
"""Told of one file."""
_LONGEST_VALUE: Final = 64
"""Of a number, time or other unquoted value that is no text, characters."""

_PARSER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Plain: TypeAlias = str | int | float | bool | date | None


class Place(NamedTuple):
    """Where something stands in its file; both count from 1."""

    line: int = 1
    column: int = 1


class Scalar(NamedTuple):
    """One value, typed as YAML 1.1 types it."""

    value: Plain
    text: str
    place: Place
    quoted: bool = False

    def at(self, offset: int) -> Place:
        """Where a character of the text stands; the beginning, where the text spans lines."""
        if "\n" in self.text:
            return self.place
        return Place(self.place.line, self.place.column + self.quoted + offset)


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence."""

    nodes: tuple[Node, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; its keys are strings whatever they look like."""

    pairs: dict[str, tuple[Scalar, Node]]
    place: Place

    def get(self, key: str) -> Node | None:
        """The value under the key, or None."""
        pair = self.pairs.get(key)
        return pair[1] if pair else None


Node: TypeAlias = Scalar | Items | Table


@dataclass(slots=True)
class Notes:
    """What is wrong with one file, collected while it is read."""

    path: str
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    count: int = 0
    """Of all faults; no more than ``MAX_FAULTS`` are kept."""
    expressions: int = 0
    """Regular expressions read so far: each costs memory."""

    def fault(self, place: Place, message: str, hint: str = "") -> None:
        """Record a reason to refuse the file."""
        self.count += 1
        if self.count < MAX_FAULTS:
            self.faults.append(self._fault(place, message, hint))
        elif self.count == MAX_FAULTS:
            self.faults.append(self._fault(place, "more faults follow", "mend these first"))

    def warn(self, place: Place, message: str, hint: str = "") -> None:
        """Record something that the author should look at."""
        if len(self.warnings) < MAX_FAULTS:
            self.warnings.append(self._fault(place, message, hint))

    def near(self, word: str, known: Iterable[str]) -> str:
        """``did_you_mean``, which takes its time, only where the fault will be kept."""
        return did_you_mean(word, known) if self.count < MAX_FAULTS else ""

    def _fault(self, place: Place, message: str, hint: str) -> Fault:
        return Fault(path=self.path, line=place.line, column=place.column, message=message, hint=hint)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known word, or two that are about as near, or an empty string."""
    near = difflib.get_close_matches(word[:100], list(known), n=2, cutoff=0.6)
    likeness = [difflib.SequenceMatcher(a=word[:100], b=each).ratio() for each in near]
    close = [each for each, how in zip(near, likeness, strict=True) if how > likeness[0] - 0.1]
    return f"did you mean {' or '.join(close)}?" if close else ""


class _UnreadableError(Exception):
    """The text cannot be read any further."""

    def __init__(self, place: Place, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.place, self.message, self.hint = place, message, hint


def documents(data: bytes, notes: Notes) -> tuple[Node, ...]:
    """The documents of a file; those after a fault of syntax are lost, and the fault is noted."""
    found: list[Node] = []
    try:
        found.extend(_compose(_events(_decode(data)), notes))
    except _UnreadableError as error:
        notes.fault(error.place, error.message, error.hint)
    return tuple(found)


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise _UnreadableError(Place(), f"the file is larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _UnreadableError(Place(line), "the file is not UTF-8") from error


def _events(text: str) -> Iterator[Any]:
    try:
        loader = _PARSER(text)
        yield from iter(loader.get_event, None)  # what yaml.parse yields, without its step in Python for each
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place()
        raise _UnreadableError(place, f"not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:  # a character that YAML forbids
        raise _UnreadableError(_forbidden(text), "not YAML: a control character") from error


def _forbidden(text: str) -> Place:
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if not found:
        return Place()
    return Place(text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start()))


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been read."""

    place: Place
    mapping: bool
    nodes: list[Node] = field(default_factory=list)
    pairs: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)
    key: Scalar | None = None

    def closed(self) -> Node:
        """All of it."""
        return Table(self.pairs, self.place) if self.mapping else Items(tuple(self.nodes), self.place)


def _compose(events: Iterator[Any], notes: Notes) -> Iterator[Node]:
    stack: list[_Open] = []
    for count, event in enumerate(events):
        if count > MAX_NODES:
            raise _UnreadableError(_place(event), f"the file has more than {MAX_NODES} values")
        kind = type(event)
        if kind is yaml.ScalarEvent:
            node: Node = _scalar(event)
        elif kind in _ENDS:
            node = stack.pop().closed()
        else:
            if kind in _WITH_ANCHOR:
                stack.append(_opened(event, len(stack)))
            continue
        if stack:
            _put(stack[-1], node, notes)
        else:
            yield node


_ENDS: Final = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})
_WITH_ANCHOR: Final = frozenset({yaml.MappingStartEvent, yaml.SequenceStartEvent, yaml.AliasEvent})
"""What begins a collection, or stands for one."""


def _opened(event: Any, depth: int) -> _Open:
    place = _plain_place(event)
    if depth >= MAX_DEPTH:
        raise _UnreadableError(place, f"nested deeper than {MAX_DEPTH} levels")
    return _Open(place, isinstance(event, yaml.MappingStartEvent))


def _put(parent: _Open, node: Node, notes: Notes) -> None:
    if not parent.mapping:
        parent.nodes.append(node)
    elif parent.key is None:
        if not isinstance(node, Scalar):
            raise _UnreadableError(node.place, "a key must be a plain word")
        parent.key = node
    else:
        key, parent.key = parent.key, None
        if key.text in parent.pairs:
            notes.fault(key.place, f"the key {key.text!r} stands here twice")
        parent.pairs[key.text] = (key, node)


def _place(event: Any) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1)


def _plain_place(event: Any) -> Place:
    """The place of what has neither anchor nor tag."""
    if event.anchor is not None:
        raise _UnreadableError(_place(event), "anchors and aliases are not supported", "write the value out")
    if event.tag is not None:
        raise _UnreadableError(_place(event), f"tags are not supported: {event.tag}")
    return _place(event)


_SCALARS: Final = yaml.constructor.SafeConstructor()
_TYPED: Final = {
    "tag:yaml.org,2002:null": _SCALARS.construct_yaml_null,
    "tag:yaml.org,2002:bool": _SCALARS.construct_yaml_bool,
    "tag:yaml.org,2002:int": _SCALARS.construct_yaml_int,
    "tag:yaml.org,2002:float": _SCALARS.construct_yaml_float,
    "tag:yaml.org,2002:timestamp": _SCALARS.construct_yaml_timestamp,
}


def _scalar(event: Any) -> Scalar:
    place, text = _plain_place(event), event.value
    if not event.implicit[0]:
        return Scalar(text, text, place, event.style in _QUOTES)
    tag = _implicit_tag(text)
    return Scalar(text if tag is None else _typed(text, tag, place), text, place)


_QUOTES: Final = ("'", '"')


def _typed(text: str, tag: str, place: Place) -> Plain:
    if len(text) > _LONGEST_VALUE:  # sexagesimal numbers take quadratic time
        raise _UnreadableError(place, f"not a value: {text[:40]}…", "quote it")
    try:
        value: Plain = _TYPED[tag](yaml.ScalarNode(tag, text))
    except (ValueError, OverflowError) as error:  # 2024-13-45, or a number of thousands of digits
        raise _UnreadableError(place, f"not a value: {text[:40]}", "quote it") from error
    return value


def _implicit_tag(text: str) -> str | None:
    """The type that YAML 1.1 gives an unquoted value, None for a string."""
    for tag, pattern in _IMPLICIT.get(text[:1], ()):
        if tag in _TYPED and pattern.match(text):
            return str(tag)
    return None


_IMPLICIT: Final = yaml.SafeLoader.yaml_implicit_resolvers
"""By the first character of a value."""
