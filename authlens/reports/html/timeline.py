"""When it happened: failures by cause over the period, and the moments that matter on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from authlens.diagnosis.moments import KEY_CHANGE
from authlens.durations import duration
from authlens.reports import charts, wording

SERIES: Final = 5
"""Causes with a colour of their own; the rest share one."""
_HABIT_S: Final = 3 * 86_400
"""Seconds after which a log can show a habit of the week."""

Times = Mapping[str, Sequence[float]]
"""Seconds since 1970 of the failures, by the id of their group."""


class Timeline:
    """The groups of a document on one axis of time; groups of one headline are one series."""

    def __init__(self, document: Mapping[str, Any], times: Times) -> None:
        """Puts all failures whose time is known on the axis.

        Args:
            document: Its ``groups`` and ``moments``.
            times: Of all failures that have one.
        """
        self._groups: Sequence[Mapping[str, Any]] = document["groups"]
        self._moments: Sequence[Mapping[str, Any]] = document["moments"]
        self._times = times
        self._every = [time for group in times.values() for time in group]
        self._axis = self._over()
        self._names = self._drawn()

    @property
    def bins(self) -> int:
        """How many steps the axis has; 0 where no time is known."""
        return self._axis.bins if self._axis else 0

    def series(self, group: Mapping[str, Any]) -> int:
        """Which colour a group has; the last is that of all causes without one."""
        name = wording.headline(group)
        return self._names.index(name) if name in self._names else len(self._names)

    def spark(self, group: Mapping[str, Any]) -> str:
        """The course of one group as an SVG path; empty where no time is known."""
        return charts.sparkline(self._axis.counts(self._times.get(group["id"], ()))) if self._axis else ""

    def view(self) -> dict[str, Any] | None:
        """Bars, their numbers as a table, and what happened when; None where no time is known."""
        axis = self._axis
        if axis is None:
            return None
        names, series = self._series(axis)
        bars, top = charts.stacked(axis, series, names)
        rows = [(axis.full_label(i), column) for i, column in enumerate(zip(*series, strict=True)) if any(column)]
        ticks = sorted({0, axis.bins // 4, axis.bins // 2, axis.bins * 3 // 4, axis.bins})
        return {
            "bars": bars,
            "bins": axis.bins,
            "top": top,
            "names": names,
            "totals": [sum(counts) for counts in series],
            "rows": rows,
            "ticks": [axis.label(tick) for tick in ticks],
            "step": duration(axis.step),
            "moments": [{**moment, "x": _drawn_at(axis, _seconds(moment["time"]))} for moment in self._moments],
        }

    def week(self) -> dict[str, Any] | None:
        """Failures by weekday and hour, where the log is long enough to show a habit."""
        if not self._every or max(self._every) - min(self._every) < _HABIT_S:
            return None
        table = charts.by_hour(self._every)
        top = max(max(row) for row in table)
        return {"rows": [[(n, -(-4 * n // top)) for n in row] for row in table], "top": top}

    def _over(self) -> charts.Axis | None:
        if not self._every:
            return None
        # A key may have come long before the log begins: that is told, and drawn only where it lies within.
        moments = [_seconds(moment["time"]) for moment in self._moments if moment["kind"] != KEY_CHANGE]
        return charts.Axis.over(min(self._every + moments), max(self._every + moments))

    def _drawn(self) -> list[str]:
        """The causes with a colour of their own, by their headlines, in the order of the page."""
        sizes: Counter[str] = Counter()
        for group in self._groups:
            sizes[wording.headline(group)] += len(self._times.get(group["id"], ()))
        largest = {name for name, size in sizes.most_common(SERIES) if size}
        return [name for name in sizes if name in largest]

    def _series(self, axis: charts.Axis) -> tuple[list[str], list[list[int]]]:
        times: list[list[float]] = [[] for _ in (*self._names, "other")]
        for group in self._groups:
            times[self.series(group)] += self._times.get(group["id"], ())
        names = [*self._names, "other causes"] if times[-1] else self._names
        return names, [axis.counts(of) for of in times[: len(names)]]


def _drawn_at(axis: charts.Axis, seconds: float) -> float | None:
    """Where a moment stands on the axis, in bins; None outside of it."""
    place = round((seconds - axis.start) / axis.step, 2)
    return place if 0 <= place <= axis.bins else None


def _seconds(time: str) -> float:
    return wording.seconds_between("1970-01-01T00:00:00Z", time)
