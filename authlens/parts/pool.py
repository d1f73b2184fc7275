"""Processes that observe parts; what they see comes back in the order in which the parts were handed out."""

from __future__ import annotations

import mmap
import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from dataclasses import replace
from datetime import tzinfo
from itertools import cycle
from typing import Final, NamedTuple

import numpy as np  # noqa: F401 - every process begins with it, instead of loading it

from authlens.model import Layout, Part
from authlens.observe import Observed, observe
from authlens.parts import pieces
from authlens.parts.pieces import Piece
from authlens.processes import deafen, forking
from authlens.reading.source import PART

_AHEAD: Final = 2
"""So many parts a process are under way at once."""
_ROOM: Final = 2 * PART
"""No part is larger, bytes."""


class _Lent(NamedTuple):
    """A part whose bytes stand in memory that the processes share."""

    part: Part
    """Without its bytes."""
    begin: int
    end: int


class Pool:
    """As many processes as were asked for, and memory that they share."""

    def __init__(self, processes: int) -> None:
        """Nothing is started yet."""
        self._count = processes
        self._executor: ProcessPoolExecutor | None = None
        self._shared: mmap.mmap | None = None
        self._free: Iterator[int] = iter(())

    def start(self) -> None:
        """Starts what is not running; before any thread is begun, since the processes are forked where that is known."""
        if self._executor is not None:
            return
        context = forking()
        if context is not None:
            self._shared = mmap.mmap(-1, self._most * _ROOM)  # takes memory only where a part is written
            self._free = cycle(range(0, self._most * _ROOM, _ROOM))
        self._executor = ProcessPoolExecutor(self._count, context, _begin, (self._shared,))
        self._executor.submit(os.getpid)  # the processes are started by the first task

    def close(self) -> None:
        """Ends the processes; what they have not begun is not done."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)

    def observed(self, work: Iterable[Part | Piece], layout: Layout, zone: tzinfo) -> Iterator[Observed]:
        """What each part says, in their order.

        Raises:
            BrokenExecutor: A process died; after another ``start`` there are others.
        """
        waiting: deque[Future[Observed]] = deque()
        try:
            for one in work:
                waiting.append(self._submitted(one, layout, zone))
                if len(waiting) == self._most:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenExecutor:
            self._executor = None
            raise

    @property
    def _most(self) -> int:
        """So many parts are under way at once."""
        return self._count * _AHEAD

    def _submitted(self, one: Part | Piece, layout: Layout, zone: tzinfo) -> Future[Observed]:
        if self._executor is None:
            raise BrokenExecutor
        return self._executor.submit(_observed, self._lent(one) if isinstance(one, Part) else one, layout, zone)

    def _lent(self, part: Part) -> Part | _Lent:
        """The part in shared memory: through a pipe its bytes would go in small pieces."""
        if self._shared is None:
            return part
        begin = next(self._free)  # there are as many places as parts under way, which come back in order
        end = begin + len(part.data)
        self._shared[begin:end] = part.data
        return _Lent(replace(part, data=b""), begin, end)


# --------------------------------------------------------------------------- in the other processes

_borrowed: mmap.mmap | bytes = b""


def _begin(shared: mmap.mmap | None) -> None:
    """Takes the shared memory; an interrupt is not for this process."""
    global _borrowed  # noqa: PLW0603 - what a process begins with reaches its tasks in no other way
    _borrowed = shared or b""
    deafen()


def _observed(one: Part | Piece | _Lent, layout: Layout, zone: tzinfo) -> Observed:
    if isinstance(one, Piece):
        return observe(pieces.read(one), layout, zone=zone)
    if isinstance(one, _Lent):
        one = replace(one.part, data=_borrowed[one.begin : one.end])
    return observe(one, layout, zone=zone)
