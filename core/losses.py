"""Loss functions, all from logits: value, gradient and the prediction that goes with them.

Blocks are feature-major, (outputs, samples). Values are means over the samples and stable for any
finite logit; the formulas are those of PyTorch's `cross_entropy`, `binary_cross_entropy_with_logits`
and `mse_loss`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from core.arrays import Array, Labels


class Kernel(Protocol):
    """A loss over batches of a fixed shape, in buffers of its own."""

    def __init__(self, outputs: int, samples: int, dtype: np.dtype) -> None: ...

    def value(self, z: Array, targets: Array) -> float:
        """Return the mean loss of the logits `z` over the samples."""

    def gradient(self, z: Array, targets: Array, delta: Array) -> None:
        """Write the gradient of that mean with respect to `z` into `delta`."""

    def correct(self, z: Array, targets: Array) -> int:
        """Return how many samples are classified as their targets say."""


@dataclass(frozen=True)
class Loss:
    """One entry of the registry."""

    name: str
    formula: str
    single_output: bool
    kernel: type[Kernel]

    def outputs(self, classes: int) -> int:
        """Return the number of output units for that many classes.

        Raises:
            ValueError: when the loss cannot tell that many classes apart.
        """
        if not self.single_output:
            return classes
        if classes != 2:
            raise ValueError(f"the data has {classes} classes and {self.name} tells two apart")
        return 1

    def targets(self, labels: Labels, classes: int, dtype: np.dtype) -> Array:
        """Return (samples, outputs) targets: the label itself, or one-hot rows."""
        if self.single_output:
            return labels.reshape(-1, 1).astype(dtype)
        return np.eye(classes, dtype=dtype)[labels]

    def probabilities(self, z: Array) -> Array:
        """Return (classes, samples) probabilities from (outputs, samples) logits."""
        if self.single_output:
            positive = 0.5 + 0.5 * np.tanh(0.5 * z)
            return np.concatenate([1 - positive, positive])
        if self.kernel is MeanSquaredErrorKernel:
            # least squares fits the one-hot rows themselves: what lies outside [0, 1] is cut off
            clipped = np.clip(z, 1e-6, 1)
            return np.asarray(clipped / clipped.sum(axis=0))
        exponentials = np.exp(z - z.max(axis=0))
        return np.asarray(exponentials / exponentials.sum(axis=0))


def _count_largest(z: Array, targets: Array, highest: Array, equal: np.ndarray) -> int:
    """Count the samples whose target unit has the largest logit; a tie goes to the first unit."""
    np.maximum.reduce(z, 0, out=highest)
    np.equal(z, highest, equal)
    if np.count_nonzero(equal) == z.shape[1]:
        np.multiply(equal, targets, equal, casting="unsafe")
        return int(np.count_nonzero(equal))
    return int(np.count_nonzero(z.argmax(0) == targets.argmax(0)))


class SoftmaxCrossEntropyKernel:
    """L = log Σ exp(z - m) + m - z_y with m = max z; dL/dz = (softmax(z) - target) / samples."""

    def __init__(self, outputs: int, samples: int, dtype: np.dtype) -> None:
        self._samples = np.array(1 / samples, dtype)
        self._ones = np.ones(outputs, dtype)
        # a sum of exponentials that is `samples` times too large divides by the batch size for free
        self._counts = np.full(outputs, samples, dtype)
        self._row = np.empty(samples, dtype)
        self._sums = np.empty(samples, dtype)
        self._block = np.empty((outputs, samples), dtype)
        self._scaled = np.empty((outputs, samples), dtype)
        self._equal = np.empty((outputs, samples), np.bool_)
        # NumPy buffers an operand that it has to repeat for every row; a product with a column of
        # ones repeats it into a block that is there already, and in less time
        self._repeat = np.ones((outputs, 1), dtype).dot
        self._flat_row = self._row.reshape(1, samples)
        self._flat_sums = self._sums.reshape(1, samples)

    def value(self, z: Array, targets: Array) -> float:
        row, sums, block = self._row, self._sums, self._block
        np.maximum.reduce(z, 0, out=row)
        self._repeat(self._flat_row, block)
        np.subtract(z, block, block)
        np.multiply(block, targets, self._scaled)
        np.exp(block, block)
        self._ones.dot(block, sums)
        np.log(sums, sums)
        self._ones.dot(self._scaled, row)
        np.subtract(sums, row, sums)
        return float(np.add.reduce(sums)) / sums.size

    def gradient(self, z: Array, targets: Array, delta: Array) -> None:
        block = self._block
        np.maximum.reduce(z, 0, out=self._row)
        self._repeat(self._flat_row, block)
        np.subtract(z, block, delta)
        np.exp(delta, delta)
        self._counts.dot(delta, self._sums)
        self._repeat(self._flat_sums, block)
        np.divide(delta, block, delta)
        np.multiply(targets, self._samples, block)
        np.subtract(delta, block, delta)

    def correct(self, z: Array, targets: Array) -> int:
        return _count_largest(z, targets, self._row, self._equal)


class BinaryCrossEntropyKernel:
    """L = max(z, 0) - z·t + log(1 + exp(-|z|)); dL/dz = (sigmoid(z) - t) / samples."""

    def __init__(self, outputs: int, samples: int, dtype: np.dtype) -> None:
        self._samples = np.array(1 / samples, dtype)
        self._half = np.array(0.5, dtype)
        self._zero = np.array(0.0, dtype)
        self._first = np.empty((outputs, samples), dtype)
        self._second = np.empty((outputs, samples), dtype)
        self._positive = np.empty((outputs, samples), np.bool_)

    def value(self, z: Array, targets: Array) -> float:
        first, second = self._first, self._second
        np.abs(z, first)
        np.negative(first, first)
        np.exp(first, first)
        np.log1p(first, first)
        np.maximum(z, self._zero, out=second)
        np.add(first, second, first)
        np.multiply(z, targets, second)
        np.subtract(first, second, first)
        return float(np.add.reduce(first[0])) / int(first.shape[1])

    def gradient(self, z: Array, targets: Array, delta: Array) -> None:
        half = self._half
        np.multiply(z, half, delta)
        np.tanh(delta, delta)
        np.multiply(delta, half, delta)
        np.add(delta, half, delta)
        np.subtract(delta, targets, delta)
        np.multiply(delta, self._samples, delta)

    def correct(self, z: Array, targets: Array) -> int:
        np.greater(z, self._zero, self._positive)
        np.equal(self._positive, targets, self._positive)
        return int(np.count_nonzero(self._positive))


class MeanSquaredErrorKernel:
    """L = mean over samples and outputs of (z - t)², without a factor of one half, as PyTorch's."""

    def __init__(self, outputs: int, samples: int, dtype: np.dtype) -> None:
        self._scale = np.array(2 / (outputs * samples), dtype)
        self._block = np.empty((outputs, samples), dtype)
        self._row = np.empty(samples, dtype)
        self._equal = np.empty((outputs, samples), np.bool_)

    def value(self, z: Array, targets: Array) -> float:
        block = self._block
        np.subtract(z, targets, block)
        flat = block.reshape(-1)
        return float(flat.dot(flat)) / block.size

    def gradient(self, z: Array, targets: Array, delta: Array) -> None:
        np.subtract(z, targets, delta)
        np.multiply(delta, self._scale, delta)

    def correct(self, z: Array, targets: Array) -> int:
        return _count_largest(z, targets, self._row, self._equal)


LOSSES: Final = {
    loss.name: loss
    for loss in (
        Loss(
            "softmax_cross_entropy",
            "-log softmax(z)[class], one output a class",
            False,
            SoftmaxCrossEntropyKernel,
        ),
        Loss(
            "binary_cross_entropy",
            "-log of the class's probability, one output for two classes",
            True,
            BinaryCrossEntropyKernel,
        ),
        Loss(
            "mean_squared_error",
            "mean (z - t)² against one-hot targets",
            False,
            MeanSquaredErrorKernel,
        ),
    )
}
