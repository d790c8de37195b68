"""What a view of the network needs, computed from one snapshot of its parameters.

The screen asks here at its own resolution, and only for what is visible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.arrays import evenly_spaced
from core.nn.calls import Calls, call, constant, run
from core.nn.network import ForwardPasses, with_bias_row

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.nn.network import Network


class PredictionMap:
    """What a network predicts at a set of inputs, again and again without allocating anything.

    Attributes:
        labels: (points,) predicted classes; for numbers, all zero.
        values: (points,) how certain each is, 0 for a guess and 1 for sure; for numbers, the
            predicted one.
    """

    def __init__(self, network: Network, x: Array, target: int = 0) -> None:
        """Lay out the passes for (points, inputs), and choose which of several numbers is meant."""
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
        """Compute everything with the network's parameters as they are."""
        run(self._calls)
        return self

    def _pick(self, z: Array) -> Calls:
        """Return the calls that choose a class: from the logits, as the accuracy is counted."""
        if len(z) == 1:
            above = np.empty(z.shape[1], np.bool_)
            return [
                call(np.greater, z[0], constant(0, z), above),
                call(np.copyto, self.labels, above),
            ]
        # along the last axis it needs no buffer of its own
        rows = np.empty(z.T.shape, z.dtype)
        return [call(np.copyto, rows, z.T), call(np.argmax, rows, 1, self.labels)]


def classify(network: Network, x: Array) -> tuple[Labels, Array]:
    """Return (samples,) predicted classes, and how certain each is: 0 for a guess, 1 for sure."""
    shown = PredictionMap(network, x).refresh()
    return shown.labels, shown.values


def quantize(values: Array, levels: int, low: float, high: float) -> NDArray[np.int64]:
    """Return the number of the level, of `levels` equal ones from low to high, of each value."""
    finite = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    scaled = (finite - low) * (levels / (high - low))
    return np.asarray(np.clip(scaled, 0, levels - 1), np.int64)


def in_class_order(y: Labels | Array, most: int) -> Labels:
    """Return at most that many sample numbers, sorted by class, or value, and spread evenly."""
    order = np.argsort(y, kind="stable")
    return order[evenly_spaced(len(order), most)]
