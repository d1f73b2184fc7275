"""When a log ends: the time of its last record, whether that tells of a refusal or not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from authlens.model import Layout, Part
from authlens.reading import envelopes
from authlens.reading.formats import registry
from authlens.reading.formats.base import LINE, Format, Place
from authlens.reading.runs import Feeds, Piece, Run, Sheaf
from authlens.reading.starts import Starting

TAIL = 64 * 1024
"""So much of the end is looked at, bytes."""


def last_time(part: Part, layout: Layout, zone: tzinfo) -> datetime | None:
    """When the last record of a part was written.

    None where the end shows no time, or makes sense only with all the rest (a table, a document).
    """
    tail = part.data[-TAIL:]
    run = Run(tail, (Piece(0, part.offset + len(part.data) - len(tail), part.line),), Feeds(tail))
    form, place = registry.of(layout), Place(part.source, "", zone, secondary=True, cut=False)
    streams = () if form.whole or not tail else _streams(run, layout, 0)
    return max((time for stream in streams if (time := _last(stream, form, place)) is not None), default=None)


def _streams(run: Run | Sheaf, layout: Layout, depth: int) -> Iterator[Run | Sheaf]:
    """What stands in the envelopes, by stream."""
    if depth == len(layout.envelopes):
        yield run
        return
    envelope = envelopes.of(layout.envelopes[depth], layout.prefix)
    begin = None if envelope.whole else min(_starts(envelope, run.data), default=None)
    if begin is not None:
        for stream in envelope.peel(run.slice(begin, len(run.data))).values():
            yield from _streams(stream, layout, depth + 1)


def _last(run: Run | Sheaf, form: Format, place: Place) -> datetime | None:
    end = len(run.data)
    for begin in _starts(form, run.data):
        times = (form.build(one, place)[0].time for one in form.divide(run.slice(begin, end)))
        if (time := max((t for t in times if t is not None), default=None)) is not None:
            return time
        end = begin
    return None


def _starts(form: Starting, data: bytes) -> Iterator[int]:
    """Where records, or envelopes, begin; the last first."""
    end = len(data)
    while end > 0:
        begin = data.rfind(form.terminator, 0, end - 1) + 1
        stop = end - data.endswith(form.terminator, 0, end)
        if form.starts(data, begin, min(stop, begin + LINE)):
            yield begin
        end = begin
