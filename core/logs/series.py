"""Metrics by step: each metric has its own steps, since programs log them at different intervals."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_POINTS: Final = 1_000_000
"""Points of a metric; beyond, every second one of the older half is dropped."""

MOST_SERIES: Final = 1_000
"""Metrics of a table; further ones are ignored."""

LONGEST_NAME: Final = 200
LARGEST_STEP: Final = 2**53
"""Steps beyond, in either direction, are no count of anything: their row is ignored."""


class Points(NamedTuple):
    """Steps in increasing order, and the value of a metric at each."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]


NO_POINTS: Final = Points(np.empty(0, np.int64), np.empty(0))


class Series:
    """Values of one metric.

    A step that was logged before gets the new value. A step before the last one means that the run was
    restarted from there: all later values are dropped.
    """

    def __init__(self) -> None:
        self._steps, self._values = array("q"), array("d")
        self._points: Points | None = NO_POINTS

    def __len__(self) -> int:
        return len(self._steps)

    def add(self, step: int, value: float) -> None:
        """Add the value at a step."""
        self._points = None
        if self._steps and step <= self._steps[-1]:
            self.truncate(step)
        self._steps.append(step)
        self._values.append(value)
        if len(self._steps) > MOST_POINTS:
            half = MOST_POINTS // 2
            del self._steps[:half:2]
            del self._values[:half:2]

    def truncate(self, step: int) -> None:
        """Drop the values from a step on."""
        at = bisect_left(self._steps, step)
        del self._steps[at:]
        del self._values[at:]
        self._points = None

    def prepend(self, older: Series) -> None:
        """Add values from before the first one; steps that exist already are ignored."""
        if self._steps:
            older.truncate(self._steps[0])
        room = max(0, MOST_POINTS - len(self._steps))
        self._steps = older._steps[max(0, len(older) - room) :] + self._steps
        self._values = older._values[max(0, len(older) - room) :] + self._values
        self._points = None

    @property
    def points(self) -> Points:
        """All values, in arrays that do not change any more."""
        if self._points is None:
            self._points = Points(np.array(self._steps, np.int64), np.array(self._values))
        return self._points


class MetricTable:
    """Metrics of a run by name, in the order in which they appeared.

    Attributes:
        series: by name.
        step_name: what a step is: `step`, `epoch` or `iteration`.
        rows: number of rows or records with a metric.
        damaged: number of lines or records that could not be read.
        planned: number of epochs that the run will have, if it says so.
        ended: reason why the run has ended, if it says so.
        newest_step: step of the newest row.
    """

    def __init__(self) -> None:
        self.series: dict[str, Series] = {}
        self.step_name = "step"
        self.rows = self.damaged = 0
        self.planned: int | None = None
        self.ended = ""
        self.newest_step: int | None = None

    def add(self, name: str, step: int, value: float) -> None:
        """Add a value."""
        series = self.series.get(name)
        if series is None:
            if len(self.series) >= MOST_SERIES:
                return
            series = self.series[name] = Series()
        series.add(step, value)

    def finish_row(self, step: int) -> None:
        """Count a row."""
        self.rows += 1
        self.newest_step = step

    def truncate(self, step: int) -> None:
        """Drop everything from a step on."""
        for series in self.series.values():
            series.truncate(step)

    def prepend(self, older: MetricTable) -> None:
        """Add older rows of the same file."""
        self.rows += older.rows
        self.damaged += older.damaged
        self.planned = self.planned if self.planned is not None else older.planned
        for name, series in older.series.items():
            if name in self.series:
                self.series[name].prepend(series)
            elif len(self.series) < MOST_SERIES:
                self.series[name] = series


def printable(name: str) -> str:
    """Return the name of a metric, shortened, with control characters escaped."""
    name = name[:LONGEST_NAME]
    if name.isprintable():
        return name
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in name)


def as_step(value: float) -> int | None:
    """Return a number as a step, or None if it is none."""
    return int(value) if -LARGEST_STEP < value < LARGEST_STEP else None
