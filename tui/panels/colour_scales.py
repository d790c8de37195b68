"""Colour scales: the colours of predicted numbers and of unit outputs, shared by all panels."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.prediction_map import quantize
from core.dataclass import dataclass
from tui.drawing.axes import axis_top, nice_ceiling
from tui.drawing.palette import ACCENT, DIVERGING, SEQUENTIAL

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.datasets import DataSplit
    from core.nn.activations import Activation
    from tui.run_model import RunModel

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

    def levels(self, outputs: Array) -> Labels:
        """Return the colour index of each network output."""
        low, high = ((end - self._shift) / self._scale for end in (self.low, self.high))
        return quantize(outputs, len(self.colours), low, high)


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

    @classmethod
    def fitted(cls, activation: Activation, largest: float, low: float, high: float) -> OutputScale:
        """Return the part of the scale up to `largest` that is needed between two values.

        A step of colour is the same on both sides of zero, which keeps the neutral colour.
        """
        if activation.scale == "positive":
            return cls(SEQUENTIAL, 0.0, largest)
        middle, step = len(DIVERGING) // 2, 2 * largest / len(DIVERGING)
        below, above = (min(middle, max(0, ceil(end / step - 0.5 - 1e-9))) for end in (-low, high))
        colours = DIVERGING[middle - below : middle + above + 1]
        return cls(colours, -(below + 0.5) * step, (above + 0.5) * step)

    def levels(self, values: Array) -> Labels:
        """Return the colour index of each value."""
        return quantize(values, len(self.colours), self.low, self.high)


ROOM: Final = 1.1
"""Factor by which a scale that has become too small exceeds the largest value."""
LEAST_FILLED: Final = 0.5
"""Share of a scale below which the largest value makes it smaller."""


class FittedScale:
    """Scale of the outputs of a layer that follows them in steps; at rest it fits exactly.

    A scale that followed each epoch would recolour everything in every frame.
    """

    def __init__(self, run: RunModel) -> None:
        self._run = run
        self._activation: Activation | None = None
        self._largest = self._low = self._high = 0.0

    def fit(self, activation: Activation, values: Array) -> OutputScale:
        """Return the scale of these outputs."""
        if activation.saturates:
            return OutputScale.of(activation, values)
        finite = np.isfinite(values)
        low = max(float(values.min(initial=0.0, where=finite)), -1e30)
        high = min(float(values.max(initial=0.0, where=finite)), 1e30)
        largest = max(-low, high, 0.1)
        held = self._largest
        if self._run.is_at_rest or activation is not self._activation:
            self._activation = activation
            self._largest, self._low, self._high = axis_top(largest), low, high
        elif not LEAST_FILLED * held <= largest <= held:
            self._largest, self._low, self._high = axis_top(ROOM * largest), low, high
        else:
            self._low, self._high = min(low, self._low), max(high, self._high)
        return OutputScale.fitted(activation, self._largest, self._low, self._high)
