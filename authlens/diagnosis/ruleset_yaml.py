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


@dataclass(slots=True)
class _Placed:
    """What stands at a place, which is worked out for the few that are asked for it."""

    mark: yaml.Mark

    @property
    def place(self) -> Place:
        """Its beginning."""
        return Place(self.mark.line + 1, self.mark.column + 1)


@dataclass(slots=True)
class Scalar(_Placed):
    """One value, typed as YAML 1.1 types it."""

    value: Plain
    text: str
    quoted: bool = False

    def at(self, offset: int) -> Place:
        """Where a character of the text stands; the beginning, where the text spans lines."""
        place = self.place
        return place if "\n" in self.text else Place(place.line, place.column + self.quoted + offset)


@dataclass(slots=True)
class Items(_Placed):
    """A sequence."""

    nodes: list[Node]


@dataclass(slots=True)
class Table(_Placed):
    """A mapping; its keys are strings whatever they look like."""

    pairs: dict[str, tuple[Scalar, Node]]

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
        _compose(_decode(data), found, notes)
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


def _compose(text: str, found: list[Node], notes: Notes) -> None:
    """Add the documents of the text to those found, as far as they can be read."""
    try:
        events = iter(_PARSER(text).get_event, None)  # what yaml.parse yields, without its step in Python for each
        _read(events, found, notes)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _Placed(mark).place if mark else Place()
        raise _UnreadableError(place, f"not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:  # a character that YAML forbids
        raise _UnreadableError(_forbidden(text), "not YAML: a control character") from error


def _forbidden(text: str) -> Place:
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if not found:
        return Place()
    return Place(text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start()))


def _read(events: Iterator[Any], found: list[Node], notes: Notes) -> None:
    """Put every value where it belongs: one loop, since the loading of rules spends half of its time here."""
    nodes: list[Node] = found  # of the collection being read, where it is no mapping
    pairs: dict[str, tuple[Scalar, Node]] | None = None  # of the collection being read, where it is a mapping
    key: Scalar | None = None  # whose value comes next
    outer: list[tuple[list[Node], dict[str, tuple[Scalar, Node]] | None, Scalar | None, Node]] = []
    for count, event in enumerate(events):
        if count > MAX_NODES:
            raise _UnreadableError(_Placed(event.start_mark).place, f"the file has more than {MAX_NODES} values")
        kind = type(event)
        if kind is _SCALAR:
            node: Node = _scalar(event)
        elif kind in _ENDS:
            nodes, pairs, key, node = outer.pop()
        elif kind in _WITH_ANCHOR:
            opened = _opened(event, len(outer))
            outer.append((nodes, pairs, key, opened))
            nodes, pairs, key = (opened.nodes, None, None) if isinstance(opened, Items) else (nodes, opened.pairs, None)
            continue
        else:
            continue
        if pairs is None:
            nodes.append(node)
        elif key is not None:
            if key.text in pairs:
                notes.fault(key.place, f"the key {key.text!r} stands here twice")
            pairs[key.text], key = (key, node), None
        elif isinstance(node, Scalar):
            key = node
        else:
            raise _UnreadableError(node.place, "a key must be a plain word")


_SCALAR: Final = yaml.ScalarEvent
_ENDS: Final = frozenset({yaml.MappingEndEvent, yaml.SequenceEndEvent})
_WITH_ANCHOR: Final = frozenset({yaml.MappingStartEvent, yaml.SequenceStartEvent, yaml.AliasEvent})
"""What begins a collection, or stands for one."""


def _opened(event: Any, depth: int) -> Items | Table:
    if event.anchor is not None or event.tag is not None:
        raise _named(event)
    mark = event.start_mark
    if depth >= MAX_DEPTH:
        raise _UnreadableError(_Placed(mark).place, f"nested deeper than {MAX_DEPTH} levels")
    return Table(mark, {}) if isinstance(event, yaml.MappingStartEvent) else Items(mark, [])


def _named(event: Any) -> _UnreadableError:
    """What is said of an anchor, an alias or a tag."""
    place = _Placed(event.start_mark).place
    if event.anchor is not None:
        return _UnreadableError(place, "anchors and aliases are not supported", "write the value out")
    return _UnreadableError(place, f"tags are not supported: {event.tag}")


_SCALARS: Final = yaml.constructor.SafeConstructor()
_TYPED: Final = {
    "tag:yaml.org,2002:null": _SCALARS.construct_yaml_null,
    "tag:yaml.org,2002:bool": _SCALARS.construct_yaml_bool,
    "tag:yaml.org,2002:int": _SCALARS.construct_yaml_int,
    "tag:yaml.org,2002:float": _SCALARS.construct_yaml_float,
    "tag:yaml.org,2002:timestamp": _SCALARS.construct_yaml_timestamp,
}


def _scalar(event: Any) -> Scalar:
    if event.anchor is not None or event.tag is not None:
        raise _named(event)
    mark, text = event.start_mark, event.value
    if not event.implicit[0]:
        return Scalar(mark, text, text, event.style in _QUOTES)
    return Scalar(mark, _typed(text, mark) if text[:1] in _IMPLICIT else text, text)


_QUOTES: Final = ("'", '"')


def _typed(text: str, mark: yaml.Mark) -> Plain:
    """The value that YAML 1.1 gives a text without quotes."""
    for tag, pattern in _IMPLICIT[text[:1]]:
        if pattern.match(text):
            return _constructed(text, tag, mark)
    return text


def _constructed(text: str, tag: str, mark: yaml.Mark) -> Plain:
    if len(text) > _LONGEST_VALUE:  # sexagesimal numbers take quadratic time
        raise _UnreadableError(_Placed(mark).place, f"not a value: {text[:40]}…", "quote it")
    try:
        value: Plain = _TYPED[tag](yaml.ScalarNode(tag, text))
    except (ValueError, OverflowError) as error:  # 2024-13-45, or a number of thousands of digits
        raise _UnreadableError(_Placed(mark).place, f"not a value: {text[:40]}", "quote it") from error
    return value


_IMPLICIT: Final = {
    first: typed
    for first, patterns in yaml.SafeLoader.yaml_implicit_resolvers.items()
    if (typed := [(tag, pattern) for tag, pattern in patterns if tag in _TYPED])
}
"""By the first character of a text, what types it may have."""
