"""Which format a layout names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from authlens.reading.formats import blocks, event, jsonl, text, xml

if TYPE_CHECKING:
    from datetime import tzinfo

    from authlens.model import Layout, Record
    from authlens.reading.formats.base import Format, Glance, Place
    from authlens.reading.runs import Run

INFERRED = frozenset({"serilog-text", "text"})
"""Text formats whose heads the log itself shows; there may be several, one a line of ``Layout.head``."""

_SHOWN = INFERRED | {xml.OWN}


@dataclass(frozen=True, slots=True)
class Mixed:
    """Several loggers that write into one log: a record begins where any of them begins one."""

    formats: tuple[Format, ...]
    mark: re.Pattern[bytes]
    limit: int
    terminator: bytes = b"\n"
    whole: bool = False

    def starts(self, data: bytes, begin: int, end: int) -> bool:
        """Whether any format has a record begin here."""
        return any(form.starts(data, begin, end) for form in self.formats)

    def divide(self, run: Run) -> Iterable[Run]:
        """As the format does that the record is in."""
        return self._of(run.data).divide(run)

    def glance(self, data: bytes, begin: int, end: int, zone: tzinfo) -> Glance | None:
        """As the format does that the record is in, and which that is."""
        number = self._number(data, begin, end)
        glance = self.formats[number].glance(data, begin, end, zone)
        return glance and glance._replace(rest=b"%d " % number + glance.rest)

    def build(self, run: Run, place: Place) -> tuple[Record, int]:
        """As the format does that the record is in."""
        return self._of(run.data).build(run, place)

    def _of(self, data: bytes) -> Format:
        return self.formats[self._number(data, 0, len(data))]

    def _number(self, data: bytes, begin: int, end: int) -> int:
        feed = data.find(b"\n", begin, end)
        stop = end if feed < 0 else feed
        return next((n for n, form in enumerate(self.formats) if form.starts(data, begin, stop)), 0)


@lru_cache(maxsize=64)
def of(layout: Layout) -> Format:
    """The format that reads what the envelopes of a layout hold."""
    # An object over several lines begins with a brace alone, which any object's line might be too.
    forms = tuple(sorted(_formats(layout), key=lambda form: not isinstance(form, jsonl.Indented)))
    if len(forms) == 1:
        return forms[0]
    forms = tuple(replace(f, terminator=b"\n") if isinstance(f, xml.Events) else f for f in forms)
    mark = re.compile(b"|".join(b"(?:" + form.mark.pattern + b")" for form in forms))
    return Mixed(forms, mark, max(form.limit for form in forms))


def _formats(layout: Layout) -> Iterator[Format]:
    for name in layout.format.split("+"):
        heads = layout.head.split("\n") if name in _SHOWN and layout.head else [None]
        yield from (_one(replace(layout, format=name, head=head)) for head in heads)


def _one(layout: Layout) -> Format:
    if layout.format in jsonl.INDENTED:
        return jsonl.Indented(layout.format)
    if layout.format in event.FORMATS:
        return jsonl.Json(layout.format)
    if layout.format in xml.FORMATS:
        return xml.Events(layout.format, xml.FORMATS[layout.format])
    if layout.format == xml.OWN and layout.head is not None:
        return xml.Events(layout.format, layout.head)
    if layout.format in blocks.FORMATS:
        return blocks.Blocks(layout.format)
    return text.of(layout)
