"""The colours of a predicted number, and what they mean in the target's own units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.prediction_map import quantize
from tui.drawing.palette import DIVERGING, SEQUENTIAL

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from tui.panels.hysteresis import Quantize

HIGHER: Final = "▲△"
"""A sample whose number is higher than the predicted one: of the training, of the test part."""
LOWER: Final = "▼▽"


@dataclass(frozen=True)
class NumberScale:
    """Colours from the lowest to the highest number.

    They follow from the training samples alone, and so stay while the network learns.

    Attributes:
        low, high: what the two ends mean, in the target's own units.
    """

    colours: tuple[str, ...]
    low: float
    high: float
    _shift: float
    _scale: float

    @classmethod
    def of(cls, data: DataSplit, target: int) -> NumberScale:
        """Return the scale of one of the numbers to predict."""
        shift, scale = data.preparation.target_units(target)
        y = np.asarray(data.y_train, np.float64)[:, target]
        low, high = float(y.min()) * scale + shift, float(y.max()) * scale + shift
        if low < 0 < high:
            largest = max(-low, high)
            return cls(DIVERGING, -largest, largest, shift, scale)
        return cls(SEQUENTIAL, low, max(high, low + 1e-9), shift, scale)

    def levels(self, outputs: Array, by: Quantize = quantize) -> Labels:
        """Return the number of the colour of each output of a network."""
        low, high = ((end - self._shift) / self._scale for end in (self.low, self.high))
        return by(outputs, len(self.colours), low, high)
