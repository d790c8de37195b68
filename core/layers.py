"""A dense layer over its slice of the network's parameters, and its passes over batches.

Activations are stored feature-major, (units + 1, samples), with a last row of ones, and a layer's
parameters as (inputs + 1, units), with the biases as the last row: so one product computes Wᵀa + b,
one product the gradient of both, and every view is contiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from core.activations import Activation
    from core.arrays import Array


class Dense:
    """a' = f(Wᵀa + b): `inputs` to `units`, with parameters that live in the network's flat vector."""

    def __init__(self, inputs: int, units: int, activation: Activation, parameters: Array) -> None:
        self.inputs = inputs
        self.units = units
        self.activation = activation
        self.kernel = activation.kernel(parameters.dtype)
        self.matrix = parameters.reshape(inputs + 1, units)
        self.weights = self.matrix[:-1]
        self.biases = self.matrix[-1]

    @staticmethod
    def size(inputs: int, units: int) -> int:
        """Return the number of parameters."""
        return (inputs + 1) * units


class ForwardPass:
    """One layer's outputs for batches of `samples`, in a buffer of its own."""

    def __init__(self, layer: Dense, samples: int) -> None:
        self.layer = layer
        self.outputs = np.ones((layer.units + 1, samples), layer.matrix.dtype)
        self.values = self.outputs[:-1]
        # bound methods: the lookups cost as much as a tenth of the product on networks this small
        self._dot = layer.matrix.T.dot
        self._activate = layer.kernel.forward

    def forward(self, inputs: Array) -> Array:
        """Return (units + 1, samples) outputs for (inputs + 1, samples) inputs; both end in ones."""
        values = self.values
        self._dot(inputs, values)
        self._activate(values, values)
        return self.outputs


class TrainingPass(ForwardPass):
    """A forward pass that can also go back: it keeps its inputs, deltas and gradient buffers."""

    def __init__(self, layer: Dense, samples: int, gradient: Array) -> None:
        super().__init__(layer, samples)
        self.gradient = gradient.reshape(layer.inputs + 1, layer.units)
        self.delta = np.empty_like(self.values)
        self._delta_transposed = self.delta.T
        self._scratch = np.empty_like(self.values)
        self._differentiate = layer.kernel.backward
        self._dot_back = layer.weights.dot

    def backward(self, inputs: Array, below: TrainingPass | None) -> None:
        """Take dL/da in `delta`; write the gradient, and dL/da of the layer `below`."""
        self._differentiate(self.values, self.delta, self._scratch)
        inputs.dot(self._delta_transposed, self.gradient)
        if below is not None:
            self._dot_back(self.delta, below.delta)
