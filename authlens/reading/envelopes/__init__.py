"""Peels what platforms wrap around the lines of a log.

An envelope is known by its content, never by a file's name. Streams that it tells apart (containers, pods,
units, processes) are kept apart and each is put together again; every byte of a payload remembers which line
of the source it came from.
"""

from __future__ import annotations

from authlens.reading.envelopes.base import Envelope
from authlens.reading.envelopes.documents import Document, holds_list, is_container
from authlens.reading.envelopes.frames import Literals, Octets, Reversed
from authlens.reading.envelopes.journal import ENTRIES
from authlens.reading.envelopes.known import OBJECTS, of_object
from authlens.reading.envelopes.prefixes import LINE_PREFIXES, learned
from authlens.reading.envelopes.tables import Table, cells, rows

__all__ = ["BY_LINE", "ENTRIES", "Envelope", "cells", "holds_list", "is_container", "of", "of_object", "rows"]

_DOCUMENTS: dict[str, Envelope] = {
    "json-document": Document(),
    "csv": Table(),
    "octets": Octets(),
    "reversed": Reversed(),
}
BY_LINE: dict[str, Envelope] = {**ENTRIES, **LINE_PREFIXES, "literals": Literals()}
"""What each line, or the first of several, gives away; in the order in which they are tried."""
_ENVELOPES: dict[str, Envelope] = {**BY_LINE, **OBJECTS, **_DOCUMENTS}


def of(name: str, prefix: str | None = None) -> Envelope:
    """The envelope of a name of ``Layout.envelopes``; ``prefix`` is ``Layout.prefix``."""
    return learned(prefix) if name == "prefix" and prefix is not None else _ENVELOPES[name]
