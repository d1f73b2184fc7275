"""Texts of very many entries, made by several processes at once and told in order.

The processes are forked, so that nothing is handed over but the texts; where that cannot be, or where there are few,
this process makes them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from authlens import processes

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess

MANY: Final = 4096
"""Fewer entries are told faster than a process is begun."""
CHUNK: Final = 64
"""Entries that a process makes at a time."""

Make = Callable[[range], "str | None"]
"""The text of a range of entries, in ASCII; None where a helper must not make it."""


def told(count: int, make: Callable[[range], str], help_out: Make, jobs: int | None) -> Iterator[str]:
    """The texts of all entries, those of a range at a time.

    Args:
        count: How many there are.
        make: Makes texts in this process.
        help_out: The same in a helper; where it gives None the helper ends, and this process makes what is left.
        jobs: At most so many processes at once, this one included; as many as there are cores where it is None.
    """
    chunks = [range(at, min(at + CHUNK, count)) for at in range(0, count, CHUNK)]
    jobs = jobs or processes.cores()
    helpers = _helpers(chunks, help_out, jobs) if jobs > 1 and count >= MANY else []
    share = len(helpers) + 1
    try:
        for at, chunk in enumerate(chunks):
            found = helpers[at % share - 1].take() if at % share else None
            yield make(chunk) if found is None else found
    finally:
        for helper in helpers:
            helper.end()


class _Helper:
    """A process that makes the texts of some ranges, in order."""

    def __init__(self, process: ForkProcess, texts: Connection) -> None:
        self._process = process
        self._texts = texts

    def take(self) -> str | None:
        """The text of its next range; None where it has ended."""
        try:
            return self._texts.recv_bytes().decode("ascii")
        except (EOFError, OSError):
            return None

    def end(self) -> None:
        """Ends it, whatever it is doing."""
        self._texts.close()
        self._process.terminate()
        self._process.join()


def _helpers(chunks: Sequence[range], make: Make, jobs: int) -> list[_Helper]:
    """Every process but this one takes its turn at the chunks."""
    context = processes.forking()
    if context is None:
        return []
    helpers = []
    for turn in range(1, jobs):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=_help, args=(chunks[turn::jobs], make, sender), daemon=True)
        process.start()
        sender.close()
        helpers.append(_Helper(process, receiver))
    return helpers


def _help(chunks: Sequence[range], make: Make, out: Connection) -> None:
    processes.deafen()
    for chunk in chunks:
        text = make(chunk)
        if text is None:
            return
        try:
            out.send_bytes(text.encode("ascii"))
        except OSError:  # nobody wants to know any more
            return
