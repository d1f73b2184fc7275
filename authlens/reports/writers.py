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
    module: str
    """Loaded by those who ask for the report."""

    def write(self, parts: Document, out: TextIO) -> None:
        """Writes the report."""
        write: Write = importlib.import_module(self.module).write
        write(parts, out)


WRITERS: Final = (
    Writer("html", "authlens.reports.html"),
    Writer("json", "authlens.reports.document"),
    Writer("jsonl", "authlens.reports.jsonl"),
    Writer("csv", "authlens.reports.csv"),
    Writer("markdown", "authlens.reports.markdown"),
    Writer("sarif", "authlens.reports.sarif"),
    Writer("junit", "authlens.reports.junit"),
    Writer("prometheus", "authlens.reports.prometheus"),
)
