"""Which format a layout names."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from authlens.reading.formats import blocks, jsonl, text, xml

if TYPE_CHECKING:
    from authlens.model import Layout
    from authlens.reading.formats.base import Format


@lru_cache(maxsize=64)
def of(layout: Layout) -> Format:
    """The format that reads what the envelopes of a layout hold."""
    if layout.format in jsonl.INDENTED:
        return jsonl.Indented(layout.format)
    if layout.format in jsonl.FORMATS:
        return jsonl.Json(layout.format)
    if layout.format in xml.FORMATS:
        return xml.Events(layout.format)
    if layout.format in blocks.FORMATS:
        return blocks.Blocks(layout.format)
    return text.of(layout)
