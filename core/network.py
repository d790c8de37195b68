"""The network: dense layers over one flat parameter vector.

Whoever uses a `Network` sees (samples, features); the feature-major layout stays inside. The trainer
takes `TrainingStep`s from here, one for each batch size.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from core.activations import ACTIVATIONS
from core.layers import Dense, ForwardPass, TrainingPass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from core.arrays import Array
    from core.initializers import Initializer
    from core.losses import Kernel, Loss


class Network:
    """A multilayer perceptron with linear outputs (the logits).

    Attributes:
        sizes: units per layer, the inputs first.
        parameters: every weight and bias, one flat vector; layer by layer, each layer's weights
            row by row and then its biases.
        weights: per layer the (inputs, units) view into `parameters`.
        biases: per layer the (units,) view.
    """

    def __init__(
        self, sizes: Sequence[int], activation: str, loss: Loss, dtype: np.dtype | str = "float32"
    ) -> None:
        self.sizes = tuple(sizes)
        self.loss = loss
        self.dtype = np.dtype(dtype)
        self.slices = _slices(self.sizes)
        self.parameters = np.zeros(self.slices[-1].stop, self.dtype)
        names = [activation] * (len(self.sizes) - 2) + ["linear"]
        self.layers = [
            Dense(inputs, units, ACTIVATIONS[name], self.parameters[part])
            for (inputs, units), name, part in zip(
                pairwise(self.sizes), names, self.slices, strict=True
            )
        ]
        self.weights = [layer.weights for layer in self.layers]
        self.biases = [layer.biases for layer in self.layers]

    def __repr__(self) -> str:
        shape = "-".join(map(str, self.sizes))
        return (
            f"Network({shape}, {self.layers[0].activation.name}, {self.parameters.size} parameters)"
        )

    @property
    def classes(self) -> int:
        """How many classes `predict` gives probabilities for."""
        return 2 if self.loss.single_output else self.sizes[-1]

    def initialize(self, initializer: Initializer, rng: np.random.Generator) -> None:
        """Draw new weights, layer by layer from the first, and set the biases to zero."""
        for layer in self.layers:
            layer.weights[:] = initializer.draw(rng, layer.inputs, layer.units)
            layer.biases[:] = 0

    def set_weights(self, weights: Sequence[ArrayLike], biases: Sequence[ArrayLike]) -> None:
        """Copy given weights, (inputs, units) per layer, and biases, (units,) per layer, in.

        Raises:
            ValueError: when the number of layers or a shape does not fit.
        """
        if not len(weights) == len(biases) == len(self.layers):
            raise ValueError(
                f"{len(weights)} weight matrices and {len(biases)} biases given "
                f"for {len(self.layers)} layers"
            )
        for layer, weight, bias in zip(self.layers, weights, biases, strict=True):
            if np.shape(weight) != layer.weights.shape or np.shape(bias) != layer.biases.shape:
                raise ValueError(
                    f"weights {np.shape(weight)} and biases {np.shape(bias)} given for a layer of "
                    f"{layer.weights.shape} and {layer.biases.shape}"
                )
            layer.weights[:] = weight
            layer.biases[:] = bias

    def weight_mask(self) -> Array:
        """Return a flat vector that is 1 at each weight and 0 at each bias."""
        mask = np.ones_like(self.parameters)
        for layer, part in zip(self.layers, self.slices, strict=True):
            mask[part].reshape(layer.matrix.shape)[-1] = 0
        return mask

    def logits(self, x: Array) -> Array:
        """Return the (samples, outputs) logits of (samples, features) inputs."""
        return self._layer_outputs(x)[-1]

    def predict(self, x: Array) -> Array:
        """Return (samples, classes) probabilities for (samples, features) inputs."""
        return self.loss.probabilities(self.logits(x).T).T

    def hidden_outputs(self, x: Array) -> list[Array]:
        """Return one (samples, units) array per hidden layer."""
        return self._layer_outputs(x)[:-1]

    def _layer_outputs(self, x: Array) -> list[Array]:
        outputs = []
        values = columns(x, self.dtype)
        for layer in self.layers:
            values = ForwardPass(layer, len(x)).forward(values)
            outputs.append(values[:-1].T)
        return outputs


def columns(x: Array, dtype: np.dtype) -> Array:
    """Return (samples, features) inputs as the (features + 1, samples) block that layers take."""
    rows = np.ones((len(x), x.shape[1] + 1), dtype)
    rows[:, :-1] = x
    return rows.T


class TrainingStep:
    """Forward, loss and backward over batches of one size; leaves the gradient in a flat vector."""

    def __init__(self, network: Network, samples: int, gradient: Array) -> None:
        self.samples = samples
        self.passes = [
            TrainingPass(layer, samples, gradient[part])
            for layer, part in zip(network.layers, network.slices, strict=True)
        ]
        self.loss: Kernel = network.loss.kernel(network.sizes[-1], samples, network.dtype)
        last = self.passes[-1]
        self._logits, self._delta = last.values, last.delta
        self._forward = [each.forward for each in self.passes]

    def compute_gradient(self, inputs: Array, targets: Array) -> None:
        """Write the gradient of the mean loss over the batch.

        Args:
            inputs: (features + 1, samples), the last row ones.
            targets: (outputs, samples).
        """
        values = inputs
        for forward in self._forward:
            values = forward(values)
        self.loss.gradient(self._logits, targets, self._delta)
        passes = self.passes
        for index in range(len(passes) - 1, 0, -1):
            below = passes[index - 1]
            passes[index].backward(below.outputs, below)
        passes[0].backward(inputs, None)


class Evaluation:
    """Loss and accuracy of a network on a fixed data set, in chunks, in buffers of its own."""

    CHUNK = 4096

    def __init__(self, network: Network, inputs: Array, targets: Array) -> None:
        """Take all inputs, (features + 1, samples), and targets, (outputs, samples)."""
        self.samples = inputs.shape[1]
        self._parts = []
        passes: dict[int, tuple[list[ForwardPass], Kernel]] = {}
        for start in range(0, self.samples, self.CHUNK):
            part = slice(start, min(start + self.CHUNK, self.samples))
            size = part.stop - part.start
            if size not in passes:
                passes[size] = (
                    [ForwardPass(layer, size) for layer in network.layers],
                    network.loss.kernel(network.sizes[-1], size, network.dtype),
                )
            self._parts.append((inputs[:, part], targets[:, part], *passes[size]))

    def measure(self) -> tuple[float, float]:
        """Return the mean loss and the share of correct predictions with the current parameters."""
        total, correct = 0.0, 0
        for inputs, targets, passes, loss in self._parts:
            values = inputs
            for each in passes:
                values = each.forward(values)
            logits = passes[-1].values
            total += loss.value(logits, targets) * inputs.shape[1]
            correct += loss.correct(logits, targets)
        return total / self.samples, correct / self.samples


def _slices(sizes: Sequence[int]) -> list[slice]:
    slices, start = [], 0
    for inputs, units in pairwise(sizes):
        stop = start + Dense.size(inputs, units)
        slices.append(slice(start, stop))
        start = stop
    return slices
