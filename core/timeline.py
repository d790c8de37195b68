"""Every epoch's metrics, in columns that grow: what the curves and the status line read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.trainer import EpochMetrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLUMNS: Final = EpochMetrics._fields


class Timeline:
    """The metrics of epochs 0 to n in order, without a gap."""

    def __init__(self) -> None:
        self._rows = np.empty((256, len(COLUMNS)))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def extend(self, rows: Sequence[EpochMetrics] | NDArray[np.float64]) -> None:
        """Append epochs; one that is there already gives way, with all that came after it."""
        if not len(rows):
            return
        start = min(int(rows[0][0]), self._count)
        stop = start + len(rows)
        if stop > len(self._rows):
            grown = np.empty((max(stop, 2 * len(self._rows)), len(COLUMNS)))
            grown[:start] = self._rows[:start]
            self._rows = grown
        self._rows[start:stop] = rows
        self._count = stop

    def column(self, name: str) -> NDArray[np.float64]:
        """Return one column of all epochs; a view, to read and not to keep."""
        return self._rows[: self._count, COLUMNS.index(name)]

    def last(self) -> EpochMetrics | None:
        """Return the newest epoch, or None before there is one."""
        return self.at(self._count - 1) if self._count else None

    def at(self, index: int) -> EpochMetrics:
        """Return the epoch at a place in the timeline."""
        epoch, *values = self._rows[index].tolist()
        return EpochMetrics(int(epoch), *values)
