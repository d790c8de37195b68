"""Inputs z of the activation of one unit at fixed points: where z = 0, the unit changes its side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.nn.calls import run
from core.nn.layers import ForwardPass
from core.nn.network import with_bias_row

if TYPE_CHECKING:
    from core.arrays import Array
    from core.nn.calls import Calls
    from core.nn.network import Network


class UnitInput:
    """Evaluation of the layers below a layer, and of z = w·a + b of one of its units."""

    def __init__(self, network: Network, x: Array, layer: int) -> None:
        """Allocate the buffers for (points, inputs); layer 0 is the first hidden one."""
        self._layer = network.layers[layer]
        self._calls: Calls = list(network.fold_calls)
        self._below = with_bias_row(x, network.dtype)
        for each in network.layers[:layer]:
            below = ForwardPass(each, len(x))
            self._calls += below.forward(self._below)
            self._below = below.outputs

    def at(self, unit: int) -> Array:
        """Return the (points,) z of a unit with the current parameters."""
        with np.errstate(all="ignore"):
            run(self._calls)
            z: Array = self._layer.folded[:, unit] @ self._below
        return z
