"""Penalties, gradient clipping and frozen layers: the calls between backpropagation and the update."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from core.nn.calls import Calls, call, constant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from core.arrays import Array
    from core.nn.network import Network
    from core.nn.optimizers import Optimizer


class Penalty:
    """l1 · Σ|w| + l2/2 · Σw²; its gradient is l1 · sign(w) + l2 · w, with sign(0) = 0.

    The penalty is not divided by the number of samples. It covers the weights, optionally the biases,
    never γ and β. (Keras' l2 is half of this one; scikit-learn divides by the batch size.)
    """

    def __init__(
        self, network: Network, l1: ArrayLike, l2: ArrayLike, biases: bool = False
    ) -> None:
        """Allocate the buffers.

        Args:
            network: its parameters are read at each run of the calls.
            l1: factor, a number, or (runs, 1) for several runs.
            l2: like `l1`.
            biases: whether the penalty covers the biases, too.
        """
        self._parameters = network.parameters
        mask = network.weight_mask(biases)
        self._l1, self._l2 = bool(np.any(l1)), bool(np.any(l2))
        self._l1_mask = mask * np.asarray(l1, mask.dtype)
        self._l2_mask = mask * np.asarray(l2, mask.dtype)
        self._scratch = np.empty_like(mask)

    def calls(self, gradient: Array) -> Calls:
        """Return the calls that add the gradient of the penalty to `gradient`, (parameters,)."""
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
        """Return the penalty of the current parameters."""
        total, scratch = 0.0, self._scratch
        if self._l2:
            np.multiply(self._parameters, self._l2_mask, scratch)
            total += float(scratch.dot(self._parameters)) / 2
        if self._l1:
            np.abs(self._parameters, scratch)
            total += float(scratch.dot(self._l1_mask))
        return total

    def values(self) -> NDArray[np.float64]:
        """Return the penalty of each of several runs."""
        total, scratch = np.zeros(len(self._parameters)), self._scratch
        if self._l2:
            np.multiply(self._parameters, self._l2_mask, scratch)
            total += np.vecdot(scratch, self._parameters).astype(np.float64) / 2
        if self._l1:
            np.abs(self._parameters, scratch)
            total += np.vecdot(scratch, self._l1_mask)
        return total


def clip_value(gradient: Array, limit: ArrayLike) -> Calls:
    """Return the calls that clip each element to ±limit, a number or (runs, 1)."""
    high = np.array(limit, gradient.dtype)
    low = -high
    return [
        call(np.maximum, gradient, low, out=gradient),
        call(np.minimum, gradient, high, out=gradient),
    ]


def clip_norm(gradient: Array, limit: float) -> Calls:
    """Return the call that scales the gradient to a norm of at most `limit`, as `clip_grad_norm_`."""
    factor = constant(1, gradient)

    def shorten() -> None:
        norm = sqrt(float(gradient.dot(gradient)))
        share = limit / (norm + 1e-6)
        if share < 1:
            factor[...] = share
            np.multiply(gradient, factor, gradient)

    return [shorten]


def clip_norms(gradient: Array, limits: NDArray[np.float64]) -> Calls:
    """Return the call that does the same for each of several runs, with its own limit."""
    factors = np.ones((len(gradient), 1), gradient.dtype)

    def shorten() -> None:
        norms = np.sqrt(np.vecdot(gradient, gradient).astype(np.float64))
        shares = limits / (norms + 1e-6)
        factors[:, 0] = np.where(shares < 1, shares, 1)
        np.multiply(gradient, factors, gradient)

    return [shorten]


class FrozenLayers:
    """Layers whose parameters and optimiser state do not change.

    As in PyTorch, the running statistics of a frozen layer are still updated.
    """

    def __init__(self, network: Network, optimizer: Optimizer, layers: Sequence[int]) -> None:
        """Freeze the layers with these numbers, counted from 1."""
        parts = [network.slices[number - 1] for number in layers]
        shape = network.parameters.shape
        slots = optimizer.slots.reshape(-1, *shape)
        self._held = [
            (view, view.copy())
            for part in parts
            for view in (network.parameters[..., part], *slots[..., part])
        ]
        gradient = optimizer.gradient.reshape(shape)
        self._gradients = [gradient[..., part] for part in parts]

    def zero_gradient(self) -> Calls:
        """Return the calls that set the gradient of frozen layers to 0, run before clipping."""
        return [call(gradient.fill, 0) for gradient in self._gradients]

    def wrap(self, update: Calls) -> Calls:
        """Return the optimiser's calls, preceded and followed by those that save and restore."""
        save = [call(np.copyto, copy, view) for view, copy in self._held]
        back = [call(np.copyto, view, copy) for view, copy in self._held]
        return [*save, *update, *back]
