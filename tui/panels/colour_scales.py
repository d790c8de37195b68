"""Colour scales: the colours of predicted numbers and of unit outputs, shared by all panels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.prediction_map import quantize
from tui.drawing.curves import nice_ceiling
from tui.drawing.palette import ACCENT, DIVERGING, SEQUENTIAL

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.activations import Activation
    from tui.panels.hysteresis import Quantize

HIGHER: Final = "▲△"
"""Markers of samples whose value is above the prediction: training, test."""
LOWER: Final = "▼▽"


@dataclass(frozen=True)
class NumberScale:
    """Colours of the values of one regression target.

    They depend on the training targets alone, and therefore stay fixed while the network learns.

    Attributes:
        colours: from the lowest to the highest value.
        low, high: values at both ends, in the units of the target.
    """

    colours: tuple[str, ...]
    low: float
    high: float
    _shift: float
    _scale: float

    @classmethod
    def of(cls, data: DataSplit, target: int) -> NumberScale:
        """Return the scale of a target."""
        shift, scale = data.preparation.target_units(target)
        y = np.asarray(data.y_train, np.float64)[:, target]
        low, high = float(y.min()) * scale + shift, float(y.max()) * scale + shift
        if low < 0 < high:
            largest = max(-low, high)
            return cls(DIVERGING, -largest, largest, shift, scale)
        return cls(SEQUENTIAL, low, max(high, low + 1e-9), shift, scale)

    def levels(self, outputs: Array, by: Quantize = quantize) -> Labels:
        """Return the colour index of each network output."""
        low, high = ((end - self._shift) / self._scale for end in (self.low, self.high))
        return by(outputs, len(self.colours), low, high)


@dataclass(frozen=True)
class OutputScale:
    """Colours of the outputs of a layer's units.

    Attributes:
        colours: from the lowest to the highest value.
        low, high: values at both ends.
        line: colour of a curve.
    """

    colours: tuple[str, ...]
    low: float
    high: float
    line: str = ACCENT

    @classmethod
    def of(cls, activation: Activation, values: Array) -> OutputScale:
        """Return the scale of an activation; its range grows in steps so that colours seldom change."""
        high = 1.0
        if not activation.saturates:
            sizes = np.abs(values)
            largest = float(sizes.max(initial=0.1, where=np.isfinite(sizes)))
            high = nice_ceiling(min(largest, 1e30))
        if activation.scale in {"diverging", "unbounded"}:
            return cls(DIVERGING, -high, high)
        return cls(SEQUENTIAL, 0.0, high)

    def levels(self, values: Array, by: Quantize = quantize) -> Labels:
        """Return the colour index of each value."""
        return by(values, len(self.colours), self.low, self.high)
