"""Failures over time as numbers: bins, and shapes for SVG drawn from them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

MOST_BINS: Final = 60
HEIGHT: Final = 100
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400)
_DAY: Final = 86_400
_FIRST: Final = int(datetime.min.replace(tzinfo=UTC).timestamp())
_LAST: Final = int(datetime.max.replace(tzinfo=UTC, microsecond=0).timestamp())


@dataclass(frozen=True, slots=True)
class Axis:
    """A period cut into equal bins whose borders are round times."""

    start: int
    """Seconds since 1970."""
    step: int
    """Seconds a bin."""
    bins: int

    @classmethod
    def over(cls, first: float, last: float, most: int = MOST_BINS) -> Axis:
        """The finest round division of a period that needs no more than so many bins."""
        step = next((s for s in _STEPS if (last - first) / s < most - 1), _DAY)
        while (last - first) / step >= most - 1:
            step *= 2
        start = int(first // step) * step
        return cls(start, step, int((last - start) // step) + 1)

    def place(self, seconds: float) -> int:
        """In which bin a time lies."""
        return min(self.bins - 1, max(0, int((seconds - self.start) // self.step)))

    def counts(self, times: Iterable[float]) -> list[int]:
        """How many of the times lie in each bin."""
        out = [0] * self.bins
        for time in times:
            out[self.place(time)] += 1
        return out

    def label(self, place: int) -> str:
        """When a bin begins."""
        time = self._begins(place)
        if self.step >= _DAY:
            return time.strftime("%Y-%m-%d")
        day = "%m-%d " if self.step * self.bins > _DAY else ""
        return time.strftime(day + ("%H:%M:%S" if self.step < 60 else "%H:%M"))

    def full_label(self, place: int) -> str:
        """When a bin begins, with its date."""
        return self._begins(place).strftime("%Y-%m-%d %H:%M:%S" if self.step < 60 else "%Y-%m-%d %H:%M")

    def _begins(self, place: int) -> datetime:
        return datetime.fromtimestamp(min(max(self.start + place * self.step, _FIRST), _LAST), UTC)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle: ``series`` says whose it is."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


def stacked(axis: Axis, series: Sequence[Sequence[int]], names: Sequence[str]) -> tuple[list[Bar], int]:
    """Bars one on the other in a box of ``bins`` × 100, and the highest sum."""
    top = max((sum(column) for column in zip(*series, strict=True)), default=0)
    bars: list[Bar] = []
    for place in range(axis.bins if top else 0):
        floor = float(HEIGHT)
        for number, counts in enumerate(series):
            if counts[place]:
                height = max(HEIGHT * counts[place] / top, 1.0)
                floor -= height
                title = f"{axis.full_label(place)} UTC: {counts[place]:,} {names[number]}"
                bars.append(Bar(place + 0.08, round(floor, 2), 0.84, round(height, 2), number, title))
    return bars, top


def sparkline(counts: Sequence[int]) -> str:
    """The outline of an area in a box of ``len(counts)`` × 100, as an SVG path of steps."""
    top = max(counts, default=0)
    if not top:
        return ""
    path = ["M0 100"]
    for place, number in enumerate(counts):
        height = round(100 - 96 * number / top if number else 100, 1)
        path.append(f"V{height:g}H{place + 1}")
    return "".join((*path, "V100Z"))


WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def by_hour(times: Iterable[float]) -> list[list[int]]:
    """Seven weekdays of 24 hours, UTC."""
    out = [[0] * 24 for _ in WEEKDAYS]
    for time in times:
        hour = int(time // 3600)
        out[(hour // 24 + 3) % 7][hour % 24] += 1  # 1970 began on a Thursday
    return out
