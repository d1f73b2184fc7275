"""The reports that can be asked for, each by the option of its name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TextIO

from authlens.reports import document
from authlens.reports.document import Document


@dataclass(frozen=True, slots=True)
class Writer:
    """One kind of report."""

    name: str
    suffix: str
    write: Callable[[Document, TextIO], None]


def _html(parts: Document, out: TextIO) -> None:
    from authlens.reports.html import write  # noqa: PLC0415 - jinja2 is loaded by those who ask for a page

    write(parts, out)


WRITERS: Final = (
    Writer("html", ".html", _html),
    Writer("json", ".json", document.write),
)
