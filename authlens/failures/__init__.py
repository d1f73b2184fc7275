"""Records that tell of refusals become failures: one scheme refusing one token in one request.

Which records tell of the same refusal is decided by their *roles* (what a host writes, and in which order), the
request they belong to and the text they quote (``rules``); nearness alone decides nothing. What a log cannot tell
(two requests with one hidden text and no ids) is joined in order and the link is marked as not sure.
"""

from __future__ import annotations

from collections.abc import Iterable

from authlens.failures.joiner import Joiner
from authlens.model import Failure
from authlens.sightings import Sighting


def join(sightings: Iterable[Sighting]) -> tuple[Failure, ...]:
    """The failures of one log, in the order of their first record; ``sightings`` in the order in which it was written."""
    joiner = Joiner()
    for sighting in sightings:
        joiner.feed(sighting)
    return joiner.close()
