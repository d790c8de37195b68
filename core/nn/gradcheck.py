"""Backpropagation against central differences, tensor by tensor.

The comparison is |a - n| / (|a| + |n|) in the Euclidean norm of a whole tensor: with h = 1e-5 in
float64 it stays below 1e-7 where the gradient is right, and a gradient that is 1 % off gives 5e-3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

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
"""A tensor whose gradient is smaller than this is zero, by both ways of computing it."""


@dataclass(frozen=True)
class TensorCheck:
    """One tensor's gradient by backpropagation and by differences.

    Attributes:
        layer: its layer's number, 1 for the first.
        name: what it is: weights, biases, gamma or beta.
        size: how many numbers it has.
        checked: how many of them were looked at.
        norm: of the whole gradient by backpropagation.
        ratio: |a - n| / (|a| + |n|); 0 where both are zero.
    """

    layer: int
    name: str
    size: int
    checked: int
    norm: float
    ratio: float

    @property
    def passed(self) -> bool:
        """Whether the two agree."""
        return self.ratio < TOLERANCE


class Objective:
    """The mean loss of a network in training, with its penalty, as a function of its parameters.

    Batch statistics are the batch's own, as in training, and dropout is left out.
    """

    def __init__(
        self, network: Network, x: Array, y: Labels | Array, penalty: Penalty | None = None
    ) -> None:
        """Take all samples as one batch.

        Raises:
            ValueError: when the network computes in less than float64.
        """
        if network.dtype != np.float64:
            raise ValueError(f"the check needs float64; the network computes in {network.dtype}")
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
        """Return a copy of the gradient by backpropagation."""
        run(self._calls)
        return self._gradient.copy()

    def value(self) -> float:
        """Return the loss and the penalty of the parameters as they are."""
        run(self._calls)
        run(self._loss.calls)
        penalty = 0.0 if self._penalty is None else self._penalty.value()
        return self._loss.total() / self._loss.samples + penalty


def check_gradients(
    network: Network,
    x: Array,
    y: Labels | Array,
    penalty: Penalty | None = None,
    spoil: Callable[[Array], None] | None = None,
    most: int | None = None,
) -> Iterator[TensorCheck]:
    """Compare the gradients of the mean loss over all samples, and the penalty, tensor by tensor.

    At a kink the two differ and neither is wrong: a relu unit whose biases and inputs are zero has one
    there, so draw biases first.

    Args:
        network: in float64; its parameters and statistics are the same afterwards.
        x: (samples, features).
        y: (samples,) class numbers, or (samples, targets) numbers.
        penalty: what is added to the loss.
        spoil: changes the flat gradient before the comparison, to see the check fail.
        most: how many numbers of a tensor to look at, drawn at random; None for all.

    Raises:
        ValueError: when the network computes in less than float64, where this cannot tell.
    """
    rng = np.random.default_rng(0)
    objective = Objective(network, x, y, penalty)
    statistics = network.statistics.copy()
    gradient = objective.gradient()
    if spoil is not None:
        spoil(gradient)
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
                places = np.arange(start, start + size)
                if most is not None and size > most:
                    places = np.sort(rng.choice(places, most, replace=False))
                numeric = np.array(
                    [_slope(objective, parameters, place) for place in places.tolist()]
                )
                norm = float(np.linalg.norm(gradient[start : start + size]))
                ratio = _ratio(gradient[places], numeric)
                yield TensorCheck(number, name, size, len(places), norm, ratio)
                start += size
    finally:
        network.statistics[:] = statistics


def _slope(objective: Objective, parameters: Array, place: int) -> float:
    value = float(parameters[place])
    parameters[place] = value + STEP
    above = objective.value()
    parameters[place] = value - STEP
    below = objective.value()
    parameters[place] = value
    return (above - below) / (2 * STEP)


def _ratio(analytic: Array, numeric: Array) -> float:
    scale = float(np.linalg.norm(analytic) + np.linalg.norm(numeric))
    if scale < ROUNDING:
        return 0.0
    return float(np.linalg.norm(analytic - numeric)) / scale
