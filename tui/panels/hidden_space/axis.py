"""An axis of the hidden space: it follows the samples, though by steps and seldom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tui.drawing.curves import axis_top

if TYPE_CHECKING:
    from core.arrays import Array

PADDING: Final = 0.06
"""What is shown beyond the range at each end, as a share of it: there saturated units crowd."""
SHRINKS: Final = 0.6
"""The range becomes shorter once the samples fill less than this of it."""


class AxisRange:
    """An axis that follows what is on it by steps, and rarely: each step moves everything."""

    def __init__(self) -> None:
        self.low, self.high = -1.0, 1.0
        self._fitted = False

    def fit(self, values: Array) -> None:
        """Take in all values."""
        ends = -float(values.min(initial=0.0)), float(values.max(initial=0.0))
        now = -self.low, self.high
        least = 0.05 * max(*ends, 1e-9)
        fitted = []
        for end, held in zip(ends, now, strict=True):
            keeps = self._fitted and held * SHRINKS <= max(end, least) <= held
            fitted.append(held if keeps else axis_top(max(end, least)))
        self.low, self.high, self._fitted = -fitted[0], fitted[1], True

    def hold(self, low: float, high: float) -> None:
        """Stay at these ends."""
        self.low, self.high, self._fitted = low, high, False

    def shares(self, values: Array) -> Array:
        """Return where values lie: from 0 at the left or lower edge to 1."""
        length = (self.high - self.low) * (1 + 2 * PADDING)
        return np.asarray((values - self.low) / length + PADDING / (1 + 2 * PADDING))

    def values(self, shares: Array) -> Array:
        """Return the values that lie there."""
        length = (self.high - self.low) * (1 + 2 * PADDING)
        return np.asarray(self.low + (shares - PADDING / (1 + 2 * PADDING)) * length)
