"""The colours of what a layer's units give: every panel that shows outputs takes them from here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.analysis.prediction_map import quantize
from tui.drawing.curves import nice_ceiling
from tui.drawing.palette import ACCENT, DIVERGING, SEQUENTIAL

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.nn.activations import Activation
    from tui.panels.hysteresis import Quantize


@dataclass(frozen=True)
class OutputScale:
    """Colours from the lowest to the highest value of a layer's units.

    Attributes:
        line: the colour of a curve.
    """

    colours: tuple[str, ...]
    low: float
    high: float
    line: str = ACCENT

    @classmethod
    def of(cls, activation: Activation, values: Array) -> OutputScale:
        """Return the scale of an activation that gives these values: by steps, so that it stays."""
        high = 1.0
        if not activation.saturates:
            sizes = np.abs(values)
            largest = float(sizes.max(initial=0.1, where=np.isfinite(sizes)))
            high = nice_ceiling(min(largest, 1e30))
        if activation.scale in {"diverging", "unbounded"}:
            return cls(DIVERGING, -high, high)
        return cls(SEQUENTIAL, 0.0, high)

    def levels(self, values: Array, by: Quantize = quantize) -> Labels:
        """Return the number of the colour of each value."""
        return by(values, len(self.colours), self.low, self.high)
