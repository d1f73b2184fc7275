"""JSON in pieces: what many entries have in common is put into words once.

A tree of plain values (dict, list, str, int, float, bool, None) may hold :class:`Told` parts. As a value it is the
same without them; as text it is what ``dump`` would say of that value.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, TextIO, TypeVar

T = TypeVar("T")

dump = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode  # ASCII: a terminal is safe from it
_MOST_RECENT: Final = 512
BETWEEN: Final = ",\n  "
"""Stands between two entries of a list."""


class Told:
    """A part that many entries have in common, as a value and as text; each is made when it is first asked for."""

    __slots__ = ("_text", "_tree", "_value")

    def __init__(self, tree: Any) -> None:
        """``tree`` is not changed any more."""
        self._tree = tree
        self._value: Any = None
        self._text: str | None = None

    @property
    def value(self) -> Any:
        """Plain."""
        if self._value is None:
            self._value = opened(self._tree)
        return self._value

    def text(self) -> str:
        """As JSON."""
        if self._text is None:
            self._text = encode(self._tree)
        return self._text


@lru_cache(maxsize=4096)
def record(names: tuple[str, ...], *values: Any) -> Told:
    """A small object of texts, tuples of texts and Nones; equal ones are one."""
    return Told({name: list(v) if isinstance(v, tuple) else v for name, v in zip(names, values, strict=True)})


class Gap:
    """Stands in a tree where each entry has a value of its own."""


GAP: Final = Gap()
_GAP: Final = "\0"
"""A gap as text: JSON escapes this character wherever it stands."""
_NOTHING: Final[Iterator[Any]] = iter(())


def opened(tree: Any, own: Iterator[Any] = _NOTHING) -> Any:
    """The value that a tree stands for; ``own`` fills its gaps."""
    if isinstance(tree, Told):
        return tree.value
    if isinstance(tree, dict):
        return {name: opened(one, own) for name, one in tree.items()}
    if isinstance(tree, list):
        return [opened(one, own) for one in tree]
    return opened(next(own)) if tree is GAP else tree


def encode(tree: Any) -> str:
    """The tree as JSON."""
    return _JSON[tree.__class__](tree)


class Form:
    """What many entries have in common, with gaps; each entry fills them with its own values, from left to right."""

    __slots__ = ("_pieces", "_tree")

    def __init__(self, tree: Any) -> None:
        """``tree`` is not changed any more."""
        self._tree = tree
        self._pieces: list[str] = []

    def value(self, own: Iterable[Any]) -> Any:
        """The entry."""
        return opened(self._tree, iter(own))

    def text(self, own: Iterable[Any]) -> str:
        """The entry as JSON."""
        if not self._pieces:
            self._pieces = encode(self._tree).replace(_GAP, f"{_GAP}{_GAP}").split(_GAP)
        pieces = self._pieces.copy()
        pieces[1::2] = [_JSON[one.__class__](one) for one in own]
        return "".join(pieces)


_quoted: Final = json.encoder.encode_basestring_ascii


def _object(value: Mapping[str, Any]) -> str:
    return "{" + ", ".join([f"{_quoted(name)}: {_JSON[one.__class__](one)}" for name, one in value.items()]) + "}"


def _list(values: Iterable[Any]) -> str:
    return "[" + ", ".join([_JSON[one.__class__](one) for one in values]) + "]"


class _Encoders(dict[type, Callable[[Any], str]]):
    """By what a part of a tree is."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        return dump


_JSON: Final = _Encoders(
    {
        str: _quoted,
        int: repr,
        bool: {False: "false", True: "true"}.__getitem__,
        type(None): {None: "null"}.__getitem__,
        dict: _object,
        list: _list,
        Told: Told.text,
        Gap: lambda _: _GAP,
    }
)
"""What trees are made of; ``dump`` tells all else."""


class Recent(OrderedDict[tuple[Any, ...], T]):
    """What was made last, by what it was made of; made again where that is too long ago."""

    def keep(self, key: tuple[Any, ...], made: T) -> T:
        """What was made, remembered until many others were made."""
        if len(self) >= _MOST_RECENT:
            self.popitem(last=False)
        self[key] = made
        return made


# --------------------------------------------------------------------------- writing


def write_member(name: str, value: Any, out: TextIO) -> None:
    """Writes a member of the document, a list with an entry a line."""
    if isinstance(value, list):
        write_list(name, [BETWEEN.join(map(dump, value))] if value else [], out)
    else:
        out.write(f" {dump(name)}: {dump(value)}")


def write_list(name: str, texts: Iterable[str], out: TextIO) -> None:
    """Writes a list whose entries are JSON already, with ``BETWEEN`` between any two: an entry a line."""
    before = f" {dump(name)}: [\n  "
    end = f" {dump(name)}: []"
    for text in texts:
        out.write(before)
        out.write(text)
        before, end = "", "\n ]"
    out.write(end)
