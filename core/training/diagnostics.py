"""Diagnostics of each layer: gradient norm, relative update size, dead and saturated units.

Computed only if the setting `diagnostics` is on, since they cost two copies per step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.nn.calls import Calls, call, run
from core.nn.network import ForwardPasses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array
    from core.nn.activations import Activation
    from core.nn.network import Network

MOST_SAMPLES: Final = 2048
"""Maximum number of training samples for which dead and saturated units are counted."""

DEAD: Final = 1e-3
"""A unit is dead if the slope of its activation is smaller than this for every sample."""

NEAR_BOUND: Final = 0.025
"""Fraction of the range of an activation, at each end, in which a unit counts as saturated."""


class LayerDiagnostics(NamedTuple):
    """One layer after an epoch.

    Attributes:
        gradient_norm: Euclidean norm of the gradient in the last step of the epoch, with the penalty
            and before clipping; NaN before the first step.
        update_ratio: norm of the update in that step, divided by the norm of the parameters.
        dead: fraction of units whose activation has no slope for any training sample.
        saturated: fraction of units that are near a bound of their activation for more than half of
            the training samples; 0 for activations without two bounds.
    """

    gradient_norm: float
    update_ratio: float
    dead: float
    saturated: float


class StepSizes(NamedTuple):
    """Gradient norm and update ratio of a layer in its last step; NaN before the first."""

    gradient_norm: float
    update_ratio: float


class Diagnostics:
    """Measures the layers and the last step of one network."""

    def __init__(self, network: Network, gradient: Array, inputs: Array) -> None:
        """Prepare buffers and calls.

        Args:
            network: to measure.
            gradient: vector that each step writes.
            inputs: (features + 1, samples) of the training samples.
        """
        self._network, self._gradient = network, gradient
        # NaN until the first step
        self._seen = np.full_like(gradient, np.nan)
        self._before = np.full_like(network.parameters, np.nan)
        self._known: tuple[StepSizes, ...] = ()
        passes = ForwardPasses(network, min(inputs.shape[1], MOST_SAMPLES))
        self._layers = passes.layers
        self._slopes = [np.empty_like(each.values) for each in self._layers]
        self._forward = [*network.fold_calls, *passes.calls(inputs[:, :MOST_SAMPLES])]
        self._back = [
            each.layer.activation.backward(each.logits, each.values, slopes)
            for each, slopes in zip(self._layers, self._slopes, strict=True)
        ]

    def calls(self) -> Calls:
        """Return the calls of a step that copy the gradient and the parameters before the update."""
        return [
            call(np.copyto, self._seen, self._gradient),
            call(np.copyto, self._before, self._network.parameters),
        ]

    @property
    def last_step(self) -> tuple[StepSizes, ...]:
        """Step sizes of each layer, the outputs last."""
        if self._known and np.isnan(self._before).all():
            return self._known
        return tuple(self._step_sizes(part) for part in self._network.slices)

    def set_last_step(self, known: tuple[StepSizes, ...] = ()) -> None:
        """Set the sizes of the last step, until the next one; empty for unknown.

        Needed after restoring a state, and before the parameters change otherwise than by a step: the
        difference would be mistaken for an update.
        """
        self._known = known
        self._seen.fill(np.nan)
        self._before.fill(np.nan)

    def measure(self) -> tuple[LayerDiagnostics, ...]:
        """Return the diagnostics of each layer, the outputs last."""
        run(self._forward)
        steps = self.last_step
        return tuple(self._measure(number, step) for number, step in enumerate(steps))

    def _step_sizes(self, part: slice) -> StepSizes:
        before = self._before[part]
        change = self._network.parameters[part] - before
        size = float(np.linalg.norm(before))
        gradient_norm = float(np.linalg.norm(self._seen[part]))
        return StepSizes(gradient_norm, float(np.linalg.norm(change)) / size if size else 0.0)

    def _measure(self, number: int, step: StepSizes) -> LayerDiagnostics:
        slopes, values = self._slopes[number], self._layers[number].values
        slopes.fill(1)
        run(self._back[number])
        activation = self._layers[number].layer.activation
        dead = float(np.mean(np.abs(slopes).max(axis=1) < DEAD))
        saturated = float(np.mean(near_bound(activation, values).mean(axis=1) > 0.5))
        return LayerDiagnostics(*step, dead, saturated)


def near_bound(activation: Activation, values: Array) -> NDArray[np.bool_]:
    """Return which outputs are near a bound of their activation; none if it has no two bounds."""
    if not activation.saturates:
        return np.zeros(values.shape, np.bool_)
    low = -1.0 if activation.scale == "diverging" else 0.0
    share = (values - low) / (1 - low)
    near: NDArray[np.bool_] = (share < NEAR_BOUND) | (share > 1 - NEAR_BOUND)
    return near
