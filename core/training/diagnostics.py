"""How each layer fares: the size of its gradient and of its updates, and units that learn no more.

Asked for by a setting, for it costs two copies a step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.nn.calls import Calls, call, run
from core.nn.network import ForwardPasses

if TYPE_CHECKING:
    from core.arrays import Array
    from core.nn.network import Network

MOST_SAMPLES: Final = 2048
"""Training samples that dead and saturated units are looked for with."""

DEAD: Final = 1e-3
"""A unit whose activation has a smaller slope at every sample cannot learn."""

NEAR_BOUND: Final = 0.025
"""Share of an activation's range, at each end, in which a unit counts as saturated."""


class LayerDiagnostics(NamedTuple):
    """One layer after an epoch.

    Attributes:
        gradient_norm: Euclidean norm of the gradient of the epoch's last step, with the penalty and
            before clipping; NaN before the first step.
        update_ratio: norm of that step's change of the parameters, by the norm of the parameters.
        dead: share of units whose activation has no slope at any training sample.
        saturated: share of units that are near a bound of their activation at more than half of the
            training samples; 0 for activations that have no two bounds.
    """

    gradient_norm: float
    update_ratio: float
    dead: float
    saturated: float


class StepSizes(NamedTuple):
    """Of one layer's last step; both NaN before the first."""

    gradient_norm: float
    update_ratio: float


class Diagnostics:
    """Watches the steps of one network."""

    def __init__(self, network: Network, gradient: Array, inputs: Array) -> None:
        """Take the vector of gradients, and all training inputs, (features + 1, samples)."""
        self._network, self._gradient = network, gradient
        # before the first step nothing is known
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
        """Return the calls that go into a step, before the gradient is clipped and used."""
        return [
            call(np.copyto, self._seen, self._gradient),
            call(np.copyto, self._before, self._network.parameters),
        ]

    @property
    def last_step(self) -> tuple[StepSizes, ...]:
        """Each layer's step sizes, the outputs last."""
        if self._known and np.isnan(self._before).all():
            return self._known
        return tuple(self._step_sizes(part) for part in self._network.slices)

    def show_step(self, known: tuple[StepSizes, ...] = ()) -> None:
        """Take the sizes of a last step that was not taken here, until the next; empty: unknown.

        Also for parameters that are about to be changed by other things than a step: a difference to
        them is no update.
        """
        self._known = known
        self._seen.fill(np.nan)
        self._before.fill(np.nan)

    def measure(self) -> tuple[LayerDiagnostics, ...]:
        """Return a layer's diagnostics each, the outputs last."""
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
        saturated = 0.0
        if activation.saturates:
            low = -1.0 if activation.scale == "diverging" else 0.0
            share = (values - low) / (1 - low)
            near = (share < NEAR_BOUND) | (share > 1 - NEAR_BOUND)
            saturated = float(np.mean(near.mean(axis=1) > 0.5))
        return LayerDiagnostics(
            *step,
            float(np.mean(np.abs(slopes).max(axis=1) < DEAD)),
            saturated,
        )
