"""Curves reduced to the columns of dots of a plot, whatever the number of epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from core.dataclass import dataclass
from core.training.packed_column import (
    EVEN_HIGH,
    EVEN_LOW,
    MEAN,
    ODD_HIGH,
    ODD_LOW,
    Blocks,
    single_ranges,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from core.training.epoch_log import EpochLog

    Numbers = NDArray[np.float64]

MANY: Final = 4
"""Smallest number of epochs per column of dots at which a curve may have branches."""

BLOCKS_PER_COLUMN: Final = 2
"""Smallest number of blocks in a column of dots: an extreme is at most half a column off."""


class Source(Protocol):
    """Values of a curve."""

    def blocks(self, start: int, stop: int, size: float) -> Blocks:
        """Return the ranges of blocks of at most `size` epochs, from `start` to before `stop`."""


@dataclass(frozen=True)
class LogColumn:
    """A column of the first `count` epochs of a log."""

    log: EpochLog
    name: str
    count: int

    def blocks(self, start: int, stop: int, size: float) -> Blocks:
        """Return the ranges of blocks."""
        return self.log.blocks(self.name, start, min(stop, self.count), size)


@dataclass(frozen=True)
class Values:
    """One value per epoch from epoch 0."""

    values: Numbers

    def blocks(self, start: int, stop: int, size: float) -> Blocks:
        """Return each epoch as a block."""
        del size
        shown = self.values[start:stop]
        return Blocks(np.arange(start, start + len(shown)), single_ranges(shown, start))


@dataclass(frozen=True)
class Constant:
    """The same value in the first `count` epochs."""

    value: float
    count: int

    def blocks(self, start: int, stop: int, size: float) -> Blocks:
        """Return the ends, between which a line is drawn."""
        del size
        ends = np.array([start, max(start, min(stop, self.count) - 1)])
        return Blocks(ends, single_ranges(np.full(2, self.value), 0)[:, [0, 0]])


@dataclass(frozen=True)
class Trace:
    """A curve in the columns of dots that contain epochs with finite values.

    A run that alternates between two losses has two bands in a column: from `low` to `lower_top` and
    from `upper_bottom` to `high`. With one band these are `high` and `low`.

    Attributes:
        columns: (n,) numbers of the columns, increasing.
        low, high: (n,) minimum and maximum.
        lower_top, upper_bottom: (n,) inner edges of two bands.
        mean: (n,) mean.
        colour: role of the colour.
    """

    columns: NDArray[np.int64]
    low: Numbers
    high: Numbers
    lower_top: Numbers
    upper_bottom: Numbers
    mean: Numbers
    colour: str

    @property
    def bands(self) -> list[tuple[Numbers, Numbers]]:
        """Return the bottom and the top of the band, or of both."""
        if self.lower_top is self.high:
            return [(self.low, self.high)]
        return [(self.low, self.lower_top), (self.upper_bottom, self.high)]


def trace(source: Source, colour: str, columns: int, span: tuple[int, int]) -> Trace:
    """Reduce a curve to columns of dots.

    Args:
        source: the curve.
        colour: role of its colour.
        columns: number of columns of dots for the span.
        span: epochs at the left and the right edge.
    """
    first, last = span
    columns = max(columns, 2)
    per_column = max(last - first, 1) / (columns - 1)
    blocks = source.blocks(first, last + 1, per_column / BLOCKS_PER_COLUMN)
    known = ~np.isnan(blocks.ranges[MEAN])
    ranges = blocks.ranges[:, known].astype(np.float64)
    epochs = np.maximum(blocks.epochs[known], first)
    if not epochs.size:
        none = np.empty(0)
        return Trace(np.empty(0, np.int64), none, none, none, none, none, colour)
    column = (epochs - first) * (columns - 1) // max(last - first, 1)
    starts = np.concatenate([[0], np.flatnonzero(np.diff(column)) + 1])
    even_low, odd_low = np.minimum.reduceat(ranges[[EVEN_LOW, ODD_LOW]], starts, axis=1)
    even_high, odd_high = np.maximum.reduceat(ranges[[EVEN_HIGH, ODD_HIGH]], starts, axis=1)
    counts = np.diff(np.append(starts, epochs.size))
    mean = np.add.reduceat(ranges[MEAN] / np.repeat(counts, counts), starts)
    low, high = np.minimum(even_low, odd_low), np.maximum(even_high, odd_high)
    lower_top, upper_bottom = high, low
    if per_column >= MANY:
        with np.errstate(invalid="ignore"):
            gap = np.maximum(odd_low - even_high, even_low - odd_high)
            spread = np.maximum(even_high - even_low, odd_high - odd_low)
        apart = np.isfinite(gap) & (gap > spread)
        if apart.any():
            even_is_lower = odd_low > even_high
            lower_top = np.where(apart, np.where(even_is_lower, even_high, odd_high), high)
            upper_bottom = np.where(apart, np.where(even_is_lower, odd_low, even_low), low)
    return Trace(column[starts], low, high, lower_top, upper_bottom, mean, colour)


def smoothed(raw: Trace, weight: float, colour: str) -> Trace:
    """Return the exponential moving average of the means of a curve's columns.

    As in TensorBoard, the average moves over the points of the picture, so that the same weight smooths
    a run of a hundred epochs as much as one of a million; and it is divided by the sum of its weights,
    without which it would begin at zero.
    """
    average, sum_of_weights, found = 0.0, 0.0, []
    for value in raw.mean.tolist():
        average = weight * average + (1 - weight) * value
        sum_of_weights = weight * sum_of_weights + (1 - weight)
        found.append(average / sum_of_weights)
    line = np.array(found)
    return Trace(raw.columns, line, line, line, line, line, colour)


def all_values(traces: Iterable[Trace]) -> tuple[Numbers, Numbers]:
    """Return the minima and the maxima in all columns of some curves, ordered by column."""
    shown = list(traces)
    if not shown:
        return np.empty(0), np.empty(0)
    order = np.argsort(np.concatenate([each.columns for each in shown]), kind="stable")
    low = np.concatenate([each.low for each in shown])[order]
    return low, np.concatenate([each.high for each in shown])[order]
