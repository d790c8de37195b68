"""Predictions of the network on a grid of inputs, for maps.

Panels choose the resolution and compute only visible maps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from core.arrays import evenly_spaced
from core.nn.calls import Calls, call, constant, run
from core.nn.network import ForwardPasses, with_bias_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.nn.network import Network


class Predictions(Protocol):
    """Predictions at the points of a map: of one network, as `PredictionMap`, or of several."""

    labels: Labels
    values: Array

    @property
    def logits(self) -> Array:
        """(outputs, points), between whose signs or maxima the predicted class changes."""

    def refresh(self) -> Predictions:
        """Update labels and values for the current parameters."""


class PredictionMap:
    """Predictions at a fixed set of inputs, updated without allocation.

    Attributes:
        labels: (points,) predicted classes; all zero for regression.
        values: (points,) certainty of each prediction, from 0 (guess) to 1; for regression, the
            predicted values.
    """

    def __init__(self, network: Network, x: Array, target: int = 0) -> None:
        """Allocate the buffers for (points, inputs); `target` is the output shown for regression."""
        self.network, self.target = network, target
        points = len(x)
        self._passes = ForwardPasses(network, points)
        self._calls = [*network.fold_calls, *self._passes.calls(with_bias_row(x, network.dtype))]
        z = self._passes.logits
        self.labels = np.zeros(points, np.int64)
        self.values = np.zeros(points, z.dtype)
        if not network.classes:
            self._calls.append(call(np.copyto, self.values, z[target]))
        else:
            self._calls += self._pick(z)
            self._calls += network.loss.certainty(z, self.values)

    def refresh(self) -> PredictionMap:
        """Update labels and values for the current parameters."""
        run(self._calls)
        return self

    @property
    def logits(self) -> Array:
        """(outputs, points) logits of the last refresh."""
        return self._passes.logits

    def _pick(self, z: Array) -> Calls:
        """Return the calls that predict the classes from the logits, as for the accuracy."""
        if len(z) == 1:
            above = np.empty(z.shape[1], np.bool_)
            return [
                call(np.greater, z[0], constant(0, z), above),
                call(np.copyto, self.labels, above),
            ]
        # argmax along the last axis needs no buffer
        rows = np.empty(z.T.shape, z.dtype)
        return [call(np.copyto, rows, z.T), call(np.argmax, rows, 1, self.labels)]


def classify(network: Network, x: Array) -> tuple[Labels, Array]:
    """Return (samples,) predicted classes and their certainty, from 0 (guess) to 1."""
    shown = PredictionMap(network, x).refresh()
    return shown.labels, shown.values


def quantize(values: Array, levels: int, low: float, high: float) -> NDArray[np.int64]:
    """Return the level number of each value, for `levels` equal intervals from low to high."""
    return level_of(scaled(values, levels, low, high), levels)


def scaled(values: Array, levels: int, low: float, high: float) -> Array:
    """Return each value in units of a level, from 0 at the lowest value; what is no number is 0."""
    found: Array = np.minimum(np.fmax((values - low) * (levels / (high - low)), 0), levels)
    return found


def level_of(scaled_values: Array, levels: int) -> NDArray[np.int64]:
    """Return the level number of each value that `scaled` has returned."""
    return np.asarray(np.minimum(scaled_values, levels - 1).astype(np.int64))


def in_class_order(y: Labels | Array, most: int) -> Labels:
    """Return at most `most` sample numbers, evenly spaced, sorted by class or target value."""
    order = np.argsort(y, kind="stable")
    return order[evenly_spaced(len(order), most)]
