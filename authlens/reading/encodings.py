"""How a text is encoded, and the same text in UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import chain

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def encoding(head: bytes) -> str:
    """Of a text that begins so, by its mark or by its zeros; ``binary`` where it is none."""
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    sample = head[:65536]
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    half = max(1, len(sample) // 2)
    if odd > half * 0.4 and even < half * 0.1:
        return "utf-16-le"
    if even > half * 0.4 and odd < half * 0.1:
        return "utf-16-be"
    sample = sample.replace(_HOLE, b"")  # what was never written, or was cut away, reads as zeros
    controls = sum(sample.count(bytes((c,))) for c in (*range(9), *range(14, 27), 28, 29, 31))
    return "binary" if controls > max(2, len(sample) // 50) else "utf-8"


_HOLE = bytes(8)


def returns(head: bytes) -> bool:
    """Whether carriage returns end the lines, as old Macs and some serial consoles write them."""
    return b"\r" in head and b"\n" not in head


def transcoded(head: bytes, chunks: Iterator[bytes], name: str) -> Iterator[bytes]:
    """All of a text in UTF-8, with line feeds; ``name`` is its encoding."""
    if name == "utf-8":
        whole = chain((head,) if head else (), chunks)
        yield from (chunk.replace(b"\r", b"\n") for chunk in whole) if returns(head) else whole
        return
    decoder = codecs.getincrementaldecoder(name)(errors="replace")
    mark = next((m for m, marked in _MARKS if marked == name and head.startswith(m)), b"")
    yield decoder.decode(head[len(mark) :]).encode(errors="replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode(errors="replace")
    yield decoder.decode(b"", final=True).encode(errors="replace")
