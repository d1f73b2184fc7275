"""Peels what platforms wrap around the lines of a log."""

from __future__ import annotations

from typing import Protocol

from authlens.reading.runs import Run


class Envelope(Protocol):
    """How one kind of envelope is taken off."""

    @property
    def whole(self) -> bool:
        """It wraps the document, not each line."""

    def peel(self, run: Run) -> dict[str, Run]:
        """The payloads of whole lines, by stream."""


_ENVELOPES: dict[str, Envelope] = {}


def of(name: str) -> Envelope:
    """The envelope of a name of ``Layout.envelopes``."""
    return _ENVELOPES[name]
