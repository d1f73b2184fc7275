"""One failure a line, each as ``failures`` of the document tells it."""

from __future__ import annotations

from typing import TextIO

from authlens.reports.document import Document


def write(parts: Document, out: TextIO) -> None:
    """Writes JSON Lines; memory does not grow with the failures."""
    out.writelines(parts.texts("\n"))
    out.write("\n" if parts.findings else "")
