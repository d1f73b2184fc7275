"""The texts themselves: each with its placeholders, the versions that can write it, and how a text is cut by it.

The data comes from ``.dev/build_catalogue.py``. A code's templates are compiled when the code is first met.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from authlens.model import Frozen

DATA: Final = Path(__file__).parent / "data"
SLOT: Final = re.compile(r"\{(\w+)(?:[,:][^{}]*)?\}")
_SPACES: Final = re.compile(r"\s+")
_FOUNDATION: Final = len("ID4037")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How the arguments of a text are printed in a run of releases, by placeholder number."""

    first: int
    last: int
    args: str
    """``N`` always shown, ``P`` hidden by the PII switch, ``A`` and ``U`` security artifacts, ``F`` no filter exists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One text that some releases write under one code; releases are positions in ``releases()``."""

    code: str | None
    text: str
    literals: tuple[str, ...]
    """What stands around the placeholders: one more than there are gaps."""
    squeezed: tuple[str, ...]
    """The same with white space squeezed to single blanks."""
    slots: tuple[int, ...]
    """For every gap the position of its value in ``Message.values``; a number may be used twice."""
    width: int
    """How many different placeholders there are."""
    kinds: tuple[str, ...]
    """For every gap the field that it fills, or ``-``."""
    says: Mapping[str, object]
    """Fields that the text states without a placeholder."""
    spans: tuple[tuple[int, int], ...]
    versions: tuple[str, str] | None
    quiet: bool
    """It tells of a step, not of a refusal."""
    shown: tuple[Shown, ...] = ()
    types: tuple[tuple[int, int, tuple[str, ...]], ...] = ()
    """Exception types thrown with it, by releases."""
    role: str = ""
    """For host texts: ``refusal``, ``wrapper``, ``context`` or ``cookie``."""
    loose: tuple[tuple[int, int], ...] = ()
    """``spans`` together with those of the texts that differ in white space only."""
    begins: bool = False
    """Another text of its code begins with this one."""

    straight: bool = True
    """The placeholders are numbered in the order of the text, each used once."""

    @property
    def repeats(self) -> bool:
        """Whether a placeholder is used twice."""
        return self.width < len(self.slots)


@cache
def data(name: str) -> Any:
    """A file of the data, parsed once."""
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def releases() -> tuple[str, ...]:
    """The releases at which some text changed, oldest first; ``4.0.x`` is a branch without tags."""
    return tuple(data("templates.json")["releases"])


@cache
def known() -> frozenset[str]:
    """Every code that has a text."""
    return frozenset(data("templates.json")["codes"])


@cache
def templates(code: str) -> tuple[Template, ...]:
    """The texts of a code, the most specific first; none for an unknown code."""
    rows = [_template(code, row) for row in data("templates.json")["codes"].get(code, ())]
    return tuple(_with_alike(t, rows) for t in rows)


def is_foundation(code: str) -> bool:
    """Whether a code is one of Windows Identity Foundation's, whose releases are those of .NET Framework."""
    return len(code) == _FOUNDATION and code not in openiddict()


def _with_alike(template: Template, rows: Sequence[Template]) -> Template:
    """A blank at the end is lost easily: texts that differ in nothing else count as one."""
    if len(rows) == 1:
        return template
    same = [t.spans for t in rows if t.text.rstrip() == template.text.rstrip()]
    alike = [t.spans for t in rows if _words(t) == _words(template)]
    spans, loose = (tuple(sorted({s for one in group for s in one})) for group in (same, alike))
    start = _words(template).rstrip(".'")
    begins = any(_words(t).startswith(start) and len(_words(t).rstrip(".'")) > len(start) for t in rows)
    return replace(template, spans=spans, loose=loose, begins=begins, versions=named(spans) or template.versions)


def _words(template: Template) -> str:
    return "".join(template.text.split())


@cache
def host_templates() -> tuple[Template, ...]:
    """The texts without a code that hosts write about refused tokens."""
    return tuple(_template(None, row) for row in data("hosts.json")["messages"])


@cache
def openiddict() -> Mapping[str, Mapping[str, Any]]:
    """OpenIddict's numbers that concern validation: ``text`` and whether it is ``quiet``."""
    return Frozen(data("hosts.json")["openiddict"])


def _template(code: str | None, row: Mapping[str, Any]) -> Template:
    text: str = row["text"]
    pieces = SLOT.split(text)
    literals = tuple(p.replace("{{", "{").replace("}}", "}") for p in pieces[::2])
    names = pieces[1::2]
    numbers = sorted(set(names), key=lambda n: int(n) if n.isdigit() else names.index(n))
    fields: Mapping[str, str] = row.get("fields", {})
    spans = tuple((a, b) for a, b in row.get("ranges", ()))
    given = row.get("versions")
    return Template(
        code=code,
        text=text,
        literals=literals,
        squeezed=tuple(_SPACES.sub(" ", p) for p in literals),
        slots=tuple(numbers.index(n) for n in names),
        straight=names == numbers,
        width=len(numbers),
        kinds=tuple(fields.get(n, "-") for n in names),
        says=Frozen(row.get("says", {})),
        spans=spans,
        loose=spans,
        versions=(given[0], given[1]) if given else named(spans),
        quiet=bool(row.get("quiet")),
        shown=tuple(Shown(first=a, last=b, args=args) for a, b, args in row.get("shown", ())),
        types=tuple((a, b, tuple(types)) for a, b, types in row.get("types", ())),
        role=row.get("role", ""),
    )


def named(spans: Sequence[tuple[int, int]]) -> tuple[str, str] | None:
    """The first and last release of some spans, None where there are none."""
    return between(min(a for a, _ in spans), max(b for _, b in spans)) if spans else None


def whole(spans: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """From the first to the last release of some spans, None where there are none; unknown names are the oldest."""
    order = {name: number for number, name in enumerate(releases())}
    ends = sorted((name for span in spans for name in span), key=lambda name: order.get(name, -1))
    return (ends[0], ends[-1]) if ends else None


def between(first: int, last: int) -> tuple[str, str]:
    """The names of two releases."""
    names = releases()
    return (names[first], names[last])
