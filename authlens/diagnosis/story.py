"""A group told in one sentence that an operator acts on: what is the case, how often, since when, whether it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from authlens.model import Moment

_STORM = 10
"""So many refusals of one token are one client that does not give up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the sentence tells; as text, the sentence."""

    lead: str
    """What is the case, in sentences of which the first is taken."""
    count: int
    first: datetime | None
    last: datetime | None
    restart: datetime | None = None
    """That ended it."""
    ongoing: bool = False
    kid: str | None = None
    """The one key that all name."""
    token: int = 0
    """How many of the refusals show one and the same token."""
    change: Moment | None = None
    """When that key came or went."""

    def __str__(self) -> str:
        lead = _first_sentence(self.lead).rstrip(".")
        return f"{lead}: {self._how_often(lead)}{self._when()}{self._storm()}{self._change()}."

    def _how_often(self, lead: str) -> str:
        often = "1 request refused" if self.count == 1 else f"{self.count:,} requests refused"
        named = self.kid is None or self.kid in lead or self.count == 1
        return often if named else f"{often} for key {self.kid}"

    def _when(self) -> str:
        first, last = self.first, self.last
        if first is None or last is None:
            return ""
        none = f", none after the restart at {_clock(self.restart, beside=last)}" if self.restart is not None else ""
        if first == last:
            return f" at {_clock(first)}{none}"
        tail = "and still so when the log ends" if self.ongoing else f"the last at {_clock(last, beside=first)}{none}"
        return f" since {_clock(first)}, {tail}"

    def _storm(self) -> str:
        """A client that sends one token again and again makes most of it."""
        if self.token < _STORM or 2 * self.token <= self.count:
            return ""
        return f"; {'all' if self.token == self.count else f'{self.token:,} of them'} with one and the same token"

    def _change(self) -> str:
        return f"; at {_clock(self.change.time)} {self.change.text}" if self.change is not None else ""


def _first_sentence(text: str) -> str:
    """Up to the first full stop that ends a sentence, and not an address or a number."""
    for at, char in enumerate(text):
        behind = text[at + 2 : at + 3]
        if char == "." and text[at + 1 : at + 2] == " " and (behind.isupper() or behind == "("):
            return text[:at]
    return text


def _clock(at: datetime, beside: datetime | None = None) -> str:
    """UTC; without the day where the moment beside it has the same."""
    same_day = beside is not None and at.date() == beside.date()
    return at.strftime("%H:%M:%S" if same_day else "%Y-%m-%d %H:%M:%S") + " UTC"
