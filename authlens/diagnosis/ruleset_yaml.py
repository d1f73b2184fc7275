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
        yield from yaml.parse(text, Loader=_PARSER)
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


def _compose(events: Iterator[Any], notes: Notes) -> Iterator[Node]:
    stack: list[_Open] = []
    for count, event in enumerate(events):
        if count > MAX_NODES:
            raise _UnreadableError(_place(event), f"the file has more than {MAX_NODES} values")
        node = _step(event, stack)
        if node is None:
            continue
        if stack:
            _put(stack[-1], node, notes)
        else:
            yield node


def _step(event: Any, stack: list[_Open]) -> Node | None:
    """The node that the event completes, or None."""
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise _UnreadableError(_place(event), "anchors and aliases are not supported", "write the value out")
    if isinstance(event, yaml.ScalarEvent):
        return _scalar(event)
    if isinstance(event, yaml.CollectionStartEvent):
        _refuse_tag(event)
        if len(stack) >= MAX_DEPTH:
            raise _UnreadableError(_place(event), f"nested deeper than {MAX_DEPTH} levels")
        stack.append(_Open(_place(event), isinstance(event, yaml.MappingStartEvent)))
        return None
    if isinstance(event, yaml.CollectionEndEvent):
        done = stack.pop()
        return Table(done.pairs, done.place) if done.mapping else Items(tuple(done.nodes), done.place)
    return None


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
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _refuse_tag(event: Any) -> None:
    if event.tag is not None:
        raise _UnreadableError(_place(event), f"tags are not supported: {event.tag}")


_SCALARS: Final = yaml.constructor.SafeConstructor()
_TYPED: Final = {
    "tag:yaml.org,2002:null": _SCALARS.construct_yaml_null,
    "tag:yaml.org,2002:bool": _SCALARS.construct_yaml_bool,
    "tag:yaml.org,2002:int": _SCALARS.construct_yaml_int,
    "tag:yaml.org,2002:float": _SCALARS.construct_yaml_float,
    "tag:yaml.org,2002:timestamp": _SCALARS.construct_yaml_timestamp,
}


def _scalar(event: Any) -> Scalar:
    _refuse_tag(event)
    place = _place(event)
    tag = _implicit_tag(event.value) if event.implicit[0] else None
    if tag is None:
        return Scalar(event.value, event.value, place, quoted=event.style in {"'", '"'})
    if len(event.value) > _LONGEST_VALUE:  # sexagesimal numbers take quadratic time
        raise _UnreadableError(place, f"not a value: {event.value[:40]}…", "quote it")
    try:
        value: Plain = _TYPED[tag](yaml.ScalarNode(tag, event.value))
    except (ValueError, OverflowError) as error:  # 2024-13-45, or a number of thousands of digits
        raise _UnreadableError(place, f"not a value: {event.value[:40]}", "quote it") from error
    return Scalar(value, event.value, place)


def _implicit_tag(text: str) -> str | None:
    """The type that YAML 1.1 gives an unquoted value, None for a string."""
    for tag, pattern in yaml.SafeLoader.yaml_implicit_resolvers.get(text[:1], ()):
        if tag in _TYPED and pattern.match(text):
            return str(tag)
    return None
