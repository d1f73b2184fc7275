"""The library's own lines: what they tell of the refusal behind them, and of refusals that no host's record tells."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence

from authlens.failures.opened import Open
from authlens.sightings import DISPATCHER, Sighting

_MOST_LINES = 200
"""So many of the library's lines before a host's record are kept for one request."""
_MOST_REQUESTS = 2000
"""Of so many requests at once the library's lines are kept."""
_FETCH = ("document_url", "metadata_url", "http_status")


class Lines:
    """The library's lines of each request that no host's record followed yet."""

    def __init__(self) -> None:
        """None is kept."""
        self._kept: OrderedDict[tuple[str, str | None], deque[Sighting]] = OrderedDict()

    def keep(self, s: Sighting) -> None:
        """Takes the next line."""
        key = (s.stream, s.request_id)
        lines = self._kept.get(key)
        if lines is None:
            lines = self._kept[key] = deque(maxlen=_MOST_LINES)
            if len(self._kept) > _MOST_REQUESTS:
                self._kept.popitem(last=False)
        lines.append(s)

    def before(self, s: Sighting) -> Sequence[Sighting]:
        """The lines that tell of the same refusal as the host's record behind them, each once."""
        return self._kept.pop((s.stream, s.request_id), ()) if self._kept else ()


class Chains:
    """In a log without any host record the library's errors count; what wraps or repeats another joins it."""

    def __init__(self) -> None:
        """No line was seen."""
        self._out: list[Open] = []
        self._chain: list[Sighting] = []
        self._serial = 0
        self._context: deque[Sighting] = deque(maxlen=_MOST_LINES)
        self._fresh = True

    def feed(self, serial: int, s: Sighting) -> None:
        """Takes the library's next line."""
        if gives_no_reason(s):
            self._context.append(s)
            self._fresh = True
        elif self._chain and not _ends(self._chain[-1], s, fresh=self._fresh):
            self._chain.append(s)
            self._serial = serial
            self._fresh = False
        else:
            self._flush()
            self._chain, self._serial, self._fresh = [s], serial, False

    def close(self) -> list[Open]:
        """Every failure, in order."""
        self._flush()
        return self._out

    def _flush(self) -> None:
        if not self._chain:
            return
        told = self._chain[-1]
        o = Open(told, self._serial, 0)
        o.library = [*self._context, *self._chain[:-1]]
        self._out.append(o)
        self._context.clear()
        self._chain = []


def uncounted(chains: Sequence[Open], opened: Sequence[Open]) -> list[Open]:
    """Of a log without handlers the library's failures, but for those that a host's line repeats, which they join."""
    out = []
    told = 0
    for chain in chains:
        s = chain.sightings[0]
        while told < len(opened) and opened[told].serial <= chain.serial:
            told += 1
        later = opened[told] if told < len(opened) else None
        if later is not None and any(s is kept for kept in later.library) and _same_document(later, s):
            continue
        if later is not None and s.key and later.sightings[0].key and later.quotes(s.key):
            told += 1
            later.library = [*chain.library, s]
        else:
            out.append(chain)
    return out


def gives_no_reason(s: Sighting) -> bool:
    """Whether a line only informs; OpenIddict tells its reasons at every level, trace included."""
    return not (s.logger or "").startswith(DISPATCHER) and only_informs(s)


def only_informs(s: Sighting) -> bool:
    """Whether a line of the library tells of no error."""
    return s.level in ("trace", "debug", "information") or all(m.informational for m in s.statement.messages)


def _ends(last: Sighting, s: Sighting, *, fresh: bool) -> bool:
    """Whether ``s`` belongs to another failure than ``last``."""
    if _is_metadata(last):
        return False
    if _is_metadata(s):
        return True  # documents are fetched before a token is validated
    if "InnerException: " in s.statement.text:
        return False
    return fresh or s.key != last.key


def _same_document(o: Open, s: Sighting) -> bool:
    """Whether a failure quotes the same fetch: code, address and status; headers and dates may be of another moment."""
    if not _is_metadata(s):
        return False
    fetched = next(m for m in s.statement.messages if m.code)
    return any(
        m.code == fetched.code and all(m.fields.get(name) == fetched.fields.get(name) for name in _FETCH)
        for seen in o.sightings
        for m in seen.statement.messages
    )


def _is_metadata(s: Sighting) -> bool:
    """A document could not be fetched: what fails for that reason comes after it."""
    code = next((m.code for m in s.statement.messages if m.code), None) or ""
    return code.startswith("IDX208") or code in ("IDX10261", "IDX20108")
