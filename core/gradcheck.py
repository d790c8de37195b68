"""Backpropagation against central differences, tensor by tensor.

The comparison is |a - n| / (|a| + |n|) in the Euclidean norm of a whole tensor: with h = 1e-5 in
float64 it stays below 1e-7 where the gradient is right, and a gradient that is 1 % off gives 5e-3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from core.network import Evaluation, TrainingStep, columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import Array, Labels
    from core.network import Network

STEP: Final = 1e-5
TOLERANCE: Final = 1e-7


@dataclass(frozen=True)
class TensorCheck:
    """One tensor's gradient by backpropagation and by differences.

    Attributes:
        ratio: |a - n| / (|a| + |n|); 0 where both are zero.
    """

    name: str
    ratio: float

    @property
    def passed(self) -> bool:
        """Whether the two agree."""
        return self.ratio < TOLERANCE


def check_gradients(
    network: Network,
    x: Array,
    y: Labels,
    l2: float = 0.0,
    spoil: Callable[[Array], None] | None = None,
) -> list[TensorCheck]:
    """Compare the gradient of the mean loss over all samples, and the penalty, in every tensor.

    Args:
        network: in float64; its parameters are the same afterwards.
        x: (samples, features).
        y: (samples,) class numbers.
        l2: the penalty's factor, l2/2 · Σw².
        spoil: changes the flat gradient before the comparison, to see the check fail.

    Raises:
        ValueError: when the network computes in less than float64, where this cannot tell.
    """
    if network.dtype != np.float64:
        raise ValueError(f"the check needs float64; the network computes in {network.dtype}")
    inputs = columns(x, network.dtype)
    targets = network.loss.targets(y, network.classes, network.dtype).T
    parameters, mask = network.parameters, network.weight_mask()
    gradient = np.empty_like(parameters)
    TrainingStep(network, len(y), gradient).compute_gradient(inputs, targets)
    gradient += l2 * mask * parameters
    if spoil is not None:
        spoil(gradient)

    evaluation = Evaluation(network, inputs, targets)

    def loss() -> float:
        return evaluation.measure()[0] + l2 / 2 * float(np.sum(mask * parameters**2))

    numeric = np.empty_like(gradient)
    for index, value in enumerate(parameters.tolist()):
        parameters[index] = value + STEP
        above = loss()
        parameters[index] = value - STEP
        numeric[index] = (above - loss()) / (2 * STEP)
        parameters[index] = value
    checks = []
    for number, (layer, part) in enumerate(zip(network.layers, network.slices, strict=True), 1):
        shape = layer.matrix.shape
        analytic, differences = gradient[part].reshape(shape), numeric[part].reshape(shape)
        for name, rows in (("weights", slice(None, -1)), ("biases", slice(-1, None))):
            ratio = _ratio(analytic[rows], differences[rows])
            checks.append(TensorCheck(f"layer {number} {name}", ratio))
    return checks


def _ratio(analytic: Array, numeric: Array) -> float:
    scale = float(np.linalg.norm(analytic) + np.linalg.norm(numeric))
    return float(np.linalg.norm(analytic - numeric)) / scale if scale else 0.0
