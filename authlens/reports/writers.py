"""The reports that can be asked for, each by the option of its name."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TextIO

from authlens.reports.document import Document

Write = Callable[[Document, TextIO], None]


@dataclass(frozen=True, slots=True)
class Writer:
    """One kind of report."""

    name: str
    suffix: str
    module: str
    """Loaded by those who ask for the report."""

    def write(self, parts: Document, out: TextIO) -> None:
        """Writes the report."""
        write: Write = importlib.import_module(self.module).write
        write(parts, out)


WRITERS: Final = (
    Writer("html", ".html", "authlens.reports.html"),
    Writer("json", ".json", "authlens.reports.document"),
    Writer("jsonl", ".jsonl", "authlens.reports.jsonl"),
    Writer("csv", ".csv", "authlens.reports.csv"),
    Writer("markdown", ".md", "authlens.reports.markdown"),
    Writer("sarif", ".sarif", "authlens.reports.sarif"),
    Writer("junit", ".xml", "authlens.reports.junit"),
    Writer("prometheus", ".prom", "authlens.reports.prometheus"),
)
