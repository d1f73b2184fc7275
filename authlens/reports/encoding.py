"""JSON in pieces: what many entries have in common is put into words once.

A tree of plain values (dict, list, str, int, float, bool, None) may hold :class:`Told` parts. As a value it is the
same without them; as text it is what ``dump`` would say of that value.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, Final, TextIO, TypeVar

T = TypeVar("T")

dump = json.JSONEncoder(ensure_ascii=True, allow_nan=False).encode  # ASCII: a terminal is safe from it
_MOST_RECENT: Final = 512
_CHUNK: Final = 64
"""Texts of entries, and what stands before each, that are written at once."""


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


def opened(tree: Any) -> Any:
    """The value that a tree stands for."""
    if isinstance(tree, Told):
        return tree.value
    if isinstance(tree, dict):
        return {name: opened(one) for name, one in tree.items()}
    return [opened(one) for one in tree] if isinstance(tree, list) else tree


def encode(tree: Any) -> str:
    """The tree as JSON."""
    return _JSON.get(tree.__class__, dump)(tree)


class Form:
    """An object as JSON with gaps in place of some of its members."""

    __slots__ = ("_pieces",)

    def __init__(self, members: Mapping[str, Any], gaps: Collection[str]) -> None:
        """``gaps`` names the members that are filled in, in the order of ``members``."""
        self._pieces = [""]
        for before, (name, value) in zip(chain("{", repeat(", ")), members.items(), strict=False):
            self._pieces[-1] += f"{before}{_quoted(name)}: "
            if name in gaps:
                self._pieces += ("", "")
            else:
                self._pieces[-1] += encode(value)
        self._pieces[-1] += "}"

    def filled(self, values: Iterable[Any]) -> str:
        """The object with these values in its gaps."""
        pieces = self._pieces.copy()
        pieces[1::2] = map(encode, values)
        return "".join(pieces)


_quoted: Final = json.encoder.encode_basestring_ascii


def _object(value: Mapping[str, Any]) -> str:
    return (
        "{"
        + ", ".join([f"{_quoted(name)}: {_JSON.get(one.__class__, dump)(one)}" for name, one in value.items()])
        + "}"
    )


def _list(values: Iterable[Any]) -> str:
    return "[" + ", ".join([_JSON.get(one.__class__, dump)(one) for one in values]) + "]"


_JSON: Final[Mapping[type, Callable[[Any], str]]] = {
    str: _quoted,
    int: repr,
    bool: {False: "false", True: "true"}.__getitem__,
    type(None): {None: "null"}.__getitem__,
    dict: _object,
    list: _list,
    Told: Told.text,
}
"""What trees are made of; ``dump`` tells all else."""


class Recent(OrderedDict[tuple[Any, ...], T]):
    """What was asked for last; made again where it was asked for too long ago."""

    def of(self, key: tuple[Any, ...], make: Callable[[], T]) -> T:
        """The value of the key."""
        found = self.get(key)
        if found is not None:
            self.move_to_end(key)
            return found
        if len(self) >= _MOST_RECENT:
            self.popitem(last=False)
        return self.setdefault(key, make())


# --------------------------------------------------------------------------- writing


def write_member(name: str, value: Any, out: TextIO) -> None:
    """Writes a member of the document, a list with an entry a line."""
    if isinstance(value, list):
        write_list(name, map(dump, value), out)
    else:
        out.write(f" {dump(name)}: {dump(value)}")


def write_list(name: str, texts: Iterable[str], out: TextIO) -> None:
    """Writes a list whose entries are JSON already, an entry a line."""
    before = f" {dump(name)}: [\n  "
    pieces: list[str] = []
    for text in texts:
        pieces += (before, text)
        before = ",\n  "
        if len(pieces) > _CHUNK:
            out.write("".join(pieces))
            pieces.clear()
    out.write("".join(pieces))
    out.write("\n ]" if before.startswith(",") else f" {dump(name)}: []")
