"""Metrics of every epoch in growing columns, which the curves and the status line read."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.training.diagnostics import LayerDiagnostics
from core.training.state import EpochMetrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLUMNS: Final = EpochMetrics._fields[:-1]
"""The metrics with one number per epoch: all except the diagnostics of the layers."""

_WIDTH: Final = len(COLUMNS)
_PER_LAYER: Final = len(LayerDiagnostics._fields)


def tabulate(rows: Sequence[EpochMetrics]) -> NDArray[np.float64]:
    """Return the metrics as (epochs, columns) numbers: `COLUMNS`, then the diagnostics of each layer.

    All rows must have the same number of layers.
    """
    if not rows:
        return np.empty((0, _WIDTH))
    if not rows[0].layers:
        return np.array([row[:_WIDTH] for row in rows])
    return np.array([[*row[:_WIDTH], *(x for each in row.layers for x in each)] for row in rows])


def metrics_of(row: NDArray[np.float64]) -> EpochMetrics:
    """Return the metrics of one row of `tabulate`."""
    epoch, *values = row.tolist()
    rest = values[_WIDTH - 1 :]
    layers = tuple(
        LayerDiagnostics(*rest[start : start + _PER_LAYER])
        for start in range(0, len(rest), _PER_LAYER)
    )
    # the same NaN object for all, since otherwise rows without validation would never be equal
    metrics: list[Any] = [nan if value != value else value for value in values[: _WIDTH - 1]]
    return EpochMetrics(int(epoch), *metrics)._replace(layers=layers)


def layers_of(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the diagnostics in a table as (epochs, layers, measures); possibly without layers."""
    return table[:, _WIDTH:].reshape(len(table), -1, _PER_LAYER)


def in_order(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a table without the rows that later ones of the same or an earlier epoch supersede."""
    later = np.minimum.accumulate(rows[::-1, 0])[::-1]
    return rows[rows[:, 0] < np.append(later[1:], np.inf)]


class EpochLog:
    """Metrics of the epochs 0 to n, in order and without a gap."""

    def __init__(self) -> None:
        self._rows = np.empty((256, _WIDTH))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def extend(self, table: NDArray[np.float64]) -> None:
        """Append the rows of a table; if its first epoch exists, it replaces that and all later ones."""
        if not len(table):
            return
        start = min(int(table[0, 0]), self._count)
        stop = start + len(table)
        if stop > len(self._rows):
            grown = np.empty((max(stop, 2 * len(self._rows)), _WIDTH))
            grown[:start] = self._rows[:start]
            self._rows = grown
        self._rows[start:stop] = table[:, :_WIDTH]
        self._count = stop

    def truncate(self, count: int) -> None:
        """Drop all epochs except the first `count`."""
        self._count = min(self._count, count)

    def copy(self) -> EpochLog:
        """Return a copy."""
        other = EpochLog()
        other._rows, other._count = self._rows[: self._count].copy(), self._count
        return other

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one column of all epochs, as a view that is valid until the next change."""
        return self._rows[: self._count, COLUMNS.index(name)]

    def last(self) -> EpochMetrics | None:
        """Return the newest epoch, or None if there is none."""
        return self.at(self._count - 1) if self._count else None

    def at(self, index: int) -> EpochMetrics:
        """Return the epoch at an index, without its diagnostics."""
        return metrics_of(self._rows[index])
