"""A TOML document that knows where its keys stand, so that a fault has a line and a column."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from authlens.errors import Fault


@dataclass(frozen=True, slots=True)
class Toml:
    """A TOML document that knows where its keys stand."""

    path: Path
    text: str
    values: Mapping[str, Any]
    places: Mapping[tuple[str | int, ...], tuple[int, int]]

    @classmethod
    def parse(cls, path: Path, text: str, faults: list[Fault]) -> Toml | None:
        """Reads a document; what is wrong with it is added to ``faults``."""
        try:
            return cls(path, text, tomllib.loads(text), dict(_places(text)))
        except tomllib.TOMLDecodeError as error:
            what, line, column = _toml_error(str(error), text)
            faults.append(
                Fault(
                    path=str(path), line=line, column=column, message=f"{what}.", hint="Correct it; the file is TOML."
                )
            )
        except RecursionError:
            faults.append(Fault(path=str(path), message="is nested too deeply."))
        return None

    def at(self, place: tuple[str, ...]) -> Mapping[str, Any] | None:
        """The table there."""
        value: Any = self.values
        for key in place:
            value = value.get(key) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else None

    def place(self, place: tuple[str | int, ...]) -> tuple[int, int]:
        """Line and column of a key, else of the nearest table around it."""
        while place and place not in self.places:
            place = place[:-1]
        return self.places.get(place, (1, 1))

    def fault(self, place: tuple[str | int, ...], message: str, hint: str = "") -> Fault:
        """What is wrong with a key."""
        line, column = self.place(place)
        return Fault(path=str(self.path), line=line, column=column, message=message, hint=hint)


def _toml_error(error: str, text: str) -> tuple[str, int, int]:
    match = re.search(r" \(at (?:line (\d{1,9}), column (\d{1,9})|end of document)\)$", error)
    if match is None:
        return error, 1, 1
    what = error[: match.start()]
    if match.group(1):
        return what, int(match.group(1)), int(match.group(2))
    lines = text.split("\n")
    return what, len(lines), len(lines[-1]) + 1


_HEADER = re.compile(r"[ \t]{0,40}(\[\[?)([^\[\]#]{1,200})\]")
_KEY = re.compile(
    r"[ \t]{0,80}((?:[A-Za-z0-9_\-]{1,80}|\"[^\"\n]{0,80}\"|'[^'\n]{0,80}')(?:[ \t]{0,9}\.[^=\n]{1,200})?)[ \t]{0,40}="
)


def _places(text: str) -> Iterator[tuple[tuple[str | int, ...], tuple[int, int]]]:
    """Where tables and keys of a valid document begin; texts and lists over several lines are passed over."""
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    inside = ""  # what must come before keys are looked for again
    for number, line in enumerate(text.split("\n"), 1):
        if inside:
            inside = _still_inside(inside, line)
            continue
        if (header := _HEADER.match(line)) is not None:
            table = _parts(header.group(2))
            if header.group(1) == "[[":
                counts[table] = counts.get(table, -1) + 1
                yield table, (number, header.start(1) + 1)
                table = (*table, counts[table])
            yield table, (number, header.start(1) + 1)
        elif (key := _KEY.match(line)) is not None:
            yield (*table, *_parts(key.group(1))), (number, key.start(1) + 1)
            inside = _opens(line[key.end() :])


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _opens(value: str) -> str:
    """What a value leaves open at the end of its line."""
    for quote in ('"""', "'''"):
        if value.lstrip().startswith(quote):
            return quote if value.count(quote) == 1 else ""
    bare = re.sub(r"\"[^\"\n]{0,2000}\"|'[^'\n]{0,2000}'|#.*", "", value)
    return "]" * max(0, bare.count("[") - bare.count("]"))


def _still_inside(inside: str, line: str) -> str:
    if inside[0] != "]":
        return "" if inside in line else inside
    bare = re.sub(r"\"[^\"\n]{0,2000}\"|'[^'\n]{0,2000}'|#.*", "", line)
    return "]" * max(0, len(inside) + bare.count("[") - bare.count("]"))
