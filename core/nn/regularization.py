"""What happens to a gradient between backpropagation and the optimiser: penalties, clips, and freezing.

Each class gives the calls that the trainer puts into every step.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from core.nn.calls import Calls, call, constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array
    from core.nn.network import Network
    from core.nn.optimizers import Optimizer


class Penalty:
    """l1 · Σ|w| + l2/2 · Σw², with the gradient l1 · sign(w) + l2 · w and sign(0) = 0.

    Not divided by the number of samples, and over weights only unless biases are asked for; γ and β
    of a norm are never penalised. (Keras' l2 is half of ours; scikit-learn divides by the batch.)
    """

    def __init__(self, network: Network, l1: float, l2: float, biases: bool = False) -> None:
        self._parameters = network.parameters
        mask = network.weight_mask(biases)
        self._l1, self._l2 = l1, l2
        self._l1_mask = mask * mask.dtype.type(l1)
        self._l2_mask = mask * mask.dtype.type(l2)
        self._scratch = np.empty_like(mask)

    def calls(self, gradient: Array) -> Calls:
        """Return the calls that add the penalty's gradient."""
        scratch = self._scratch
        calls: Calls = []
        if self._l2:
            calls += [
                call(np.multiply, self._parameters, self._l2_mask, scratch),
                call(np.add, gradient, scratch, gradient),
            ]
        if self._l1:
            calls += [
                call(np.sign, self._parameters, scratch),
                call(np.multiply, scratch, self._l1_mask, scratch),
                call(np.add, gradient, scratch, gradient),
            ]
        return calls

    def value(self) -> float:
        """Return the penalty of the parameters as they are."""
        total, scratch = 0.0, self._scratch
        if self._l2:
            np.multiply(self._parameters, self._l2_mask, scratch)
            total += float(scratch.dot(self._parameters)) / 2
        if self._l1:
            np.abs(self._parameters, scratch)
            total += float(scratch.dot(self._l1_mask))
        return total


def clip_value(gradient: Array, limit: float) -> Calls:
    """Return the calls that cut every element off at ± the limit."""
    low, high = constant(-limit, gradient), constant(limit, gradient)
    return [
        call(np.maximum, gradient, low, out=gradient),
        call(np.minimum, gradient, high, out=gradient),
    ]


def clip_norm(gradient: Array, limit: float) -> Calls:
    """Return the call that shortens the whole gradient to a norm, as `clip_grad_norm_` does."""
    factor = constant(1, gradient)

    def shorten() -> None:
        norm = sqrt(float(gradient.dot(gradient)))
        share = limit / (norm + 1e-6)
        if share < 1:
            factor[...] = share
            np.multiply(gradient, factor, gradient)

    return [shorten]


class FrozenLayers:
    """Keeps the parameters of some layers, and the optimiser's state of them, as they are.

    As in PyTorch, a frozen layer that is normalised still follows its batches with its statistics.
    """

    def __init__(self, network: Network, optimizer: Optimizer, layers: Sequence[int]) -> None:
        """Take the numbers of the layers, 1 for the first hidden one."""
        parts = [network.slices[number - 1] for number in layers]
        self._held = [
            (view, view.copy())
            for part in parts
            for view in (network.parameters[part], *optimizer.slots[:, part])
        ]
        self._gradients = [optimizer.gradient[part] for part in parts]

    def zero_gradient(self) -> Calls:
        """Return the calls that go before clipping: the gradient there is none."""
        return [call(gradient.fill, 0) for gradient in self._gradients]

    def wrap(self, update: Calls) -> Calls:
        """Return an optimiser's calls between those that save and those that put back."""
        save = [call(np.copyto, copy, view) for view, copy in self._held]
        back = [call(np.copyto, view, copy) for view, copy in self._held]
        return [*save, *update, *back]
