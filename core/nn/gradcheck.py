"""Gradient check: backpropagation compared with central differences, for each tensor.

The measure is |a - n| / (|a| + |n|), with the Euclidean norms of the whole tensor, a from
backpropagation and n = (L(θ + h) - L(θ - h)) / 2h. With h = 1e-5 in float64 it is below 1e-7 for a
correct gradient, and 5e-3 for a gradient that is wrong by 1 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from core.nn.calls import run
from core.nn.network import TrainingStep, with_bias_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from core.arrays import Array, Labels
    from core.nn.network import Network
    from core.nn.regularization import Penalty

STEP: Final = 1e-5
TOLERANCE: Final = 1e-7
ROUNDING: Final = 1e-9
"""Norm below which both gradients of a tensor count as zero."""


@dataclass(frozen=True)
class TensorCheck:
    """Result of the check for one tensor.

    Attributes:
        layer: number of the layer, counted from 1.
        name: weights, biases, gamma or beta.
        size: number of elements.
        checked: number of elements that were compared.
        norm: norm of the whole gradient from backpropagation.
        ratio: |a - n| / (|a| + |n|); 0 if both are zero.
    """

    layer: int
    name: str
    size: int
    checked: int
    norm: float
    ratio: float

    @property
    def passed(self) -> bool:
        """Whether the two gradients agree."""
        return self.ratio < TOLERANCE


class Objective:
    """Mean training loss plus penalty as a function of the parameters.

    Batch normalisation uses the statistics of the batch, as in training; dropout is disabled.
    """

    def __init__(
        self, network: Network, x: Array, y: Labels | Array, penalty: Penalty | None = None
    ) -> None:
        """Allocate the buffers for all samples as one batch.

        Raises:
            ValueError: if the network does not use float64.
        """
        if network.dtype != np.float64:
            raise ValueError(
                f"the gradient check requires float64: the network uses {network.dtype}"
            )
        self.network, self._penalty = network, penalty
        self._gradient = np.empty_like(network.parameters)
        step = TrainingStep(network, len(y), self._gradient)
        targets = np.ascontiguousarray(network.loss.encode(y).T)
        logits = step.layers[-1].values
        self._calls = step.calls(with_bias_row(x, network.dtype), targets * step.target_scale)
        if penalty is not None:
            self._calls += penalty.calls(self._gradient)
        self._loss = network.loss.value(logits, targets)

    def gradient(self) -> Array:
        """Return a copy of the (parameters,) gradient from backpropagation."""
        run(self._calls)
        return self._gradient.copy()

    def value(self) -> float:
        """Return loss plus penalty at the current parameters."""
        run(self._calls)
        run(self._loss.calls)
        penalty = 0.0 if self._penalty is None else self._penalty.value()
        return self._loss.total() / self._loss.weight + penalty


def check_gradients(
    network: Network,
    x: Array,
    y: Labels | Array,
    penalty: Penalty | None = None,
    perturb: Callable[[Array], None] | None = None,
    most: int | None = None,
) -> Iterator[TensorCheck]:
    """Check the gradient of the mean loss over all samples plus the penalty, tensor by tensor.

    At a kink the two gradients differ although neither is wrong. A relu unit with zero biases and zero
    inputs is at a kink, so draw random biases first.

    Args:
        network: a float64 network; its parameters and statistics are unchanged afterwards.
        x: (samples, features).
        y: (samples,) class numbers, or (samples, targets) values.
        penalty: penalty added to the loss.
        perturb: changes the flat gradient before the comparison, to see the check fail.
        most: maximal number of elements of a tensor to compare, drawn at random; None for all.

    Raises:
        ValueError: if the network does not use float64.
    """
    rng = np.random.default_rng(0)
    objective = Objective(network, x, y, penalty)
    statistics = network.statistics.copy()
    gradient = objective.gradient()
    if perturb is not None:
        perturb(gradient)
    parameters = network.parameters
    try:
        for number, (layer, part) in enumerate(zip(network.layers, network.slices, strict=True), 1):
            start = part.start
            names = [("weights", layer.weights.size), ("biases", layer.biases.size)]
            if layer.norm is not None:
                names += [("gamma", layer.units), ("beta", layer.units)]
            for name, size in names:
                if not size:
                    continue
                indices = np.arange(start, start + size)
                if most is not None and size > most:
                    indices = np.sort(rng.choice(indices, most, replace=False))
                numeric = np.array(
                    [_slope(objective, parameters, index) for index in indices.tolist()]
                )
                norm = float(np.linalg.norm(gradient[start : start + size]))
                ratio = _ratio(gradient[indices], numeric)
                yield TensorCheck(number, name, size, len(indices), norm, ratio)
                start += size
    finally:
        network.statistics[:] = statistics


def _slope(objective: Objective, parameters: Array, index: int) -> float:
    value = float(parameters[index])
    parameters[index] = value + STEP
    above = objective.value()
    parameters[index] = value - STEP
    below = objective.value()
    parameters[index] = value
    return (above - below) / (2 * STEP)


def _ratio(analytic: Array, numeric: Array) -> float:
    scale = float(np.linalg.norm(analytic) + np.linalg.norm(numeric))
    if scale < ROUNDING:
        return 0.0
    return float(np.linalg.norm(analytic - numeric)) / scale
