"""Optimisers on the flat parameter vector, by PyTorch's formulas and names.

An optimiser owns the gradient vector that backpropagation fills and the state that it keeps beside
the parameters (`slots`); `step` changes the parameters in place and allocates nothing.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from core.arrays import Array


class Optimizer:
    """What the trainer sees of any optimiser.

    Attributes:
        gradient: (parameters,) the vector that backpropagation writes into.
        slots: (kinds, parameters) the state kept from step to step.
        steps: how many steps were taken.
    """

    name: str
    gradient: Array
    slots: Array

    def __init__(self, parameters: Array, learning_rate: float) -> None:
        self.parameters = parameters
        self.steps = 0
        self._rate = np.array(0.0, parameters.dtype)
        self.learning_rate = learning_rate

    def step(self) -> None:
        """Move the parameters by the gradient."""
        raise NotImplementedError

    def configure(self, *, learning_rate: float, momentum: float) -> None:
        """Take new settings; the slots are kept."""
        del momentum  # only SGD has one
        self.learning_rate = learning_rate
        self._rate[...] = learning_rate


class SGD(Optimizer):
    """b = μ·b + g; θ -= η·b, as `torch.optim.SGD` without dampening."""

    name = "sgd"

    def __init__(self, parameters: Array, *, learning_rate: float, momentum: float) -> None:
        super().__init__(parameters, learning_rate)
        self.gradient = np.zeros_like(parameters)
        self.slots = np.zeros((1, parameters.size), parameters.dtype)
        self._velocity = self.slots[0]
        self._scratch = np.empty_like(parameters)
        self._momentum = np.array(0.0, parameters.dtype)
        self.configure(learning_rate=learning_rate, momentum=momentum)

    def configure(self, *, learning_rate: float, momentum: float) -> None:
        super().configure(learning_rate=learning_rate, momentum=momentum)
        self._momentum[...] = momentum
        self._plain = momentum == 0
        if self._plain:
            self._velocity[:] = 0  # a velocity left over would come back with the next momentum

    def step(self) -> None:
        direction = self.gradient
        if not self._plain:
            direction = self._velocity
            np.multiply(direction, self._momentum, direction)
            np.add(direction, self.gradient, direction)
        np.multiply(direction, self._rate, self._scratch)
        np.subtract(self.parameters, self._scratch, self.parameters)
        self.steps += 1


class Adam(Optimizer):
    """Kingma & Ba 2015, Algorithm 1, with ε outside the root and after the bias correction.

    Both moments lie in one (2, parameters) array and are kept unnormalised, M = m / (1 - β₁) and
    V = v / (1 - β₂), so that one multiplication and one addition update the two. The factors left
    out, and both bias corrections, fold into two scalars a step:
    θ -= η·c₁ / √c₂ · M / (√V + ε / √c₂) with c = (1 - β) / (1 - βᵗ).
    """

    name = "adam"
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8

    def __init__(self, parameters: Array, *, learning_rate: float, momentum: float) -> None:
        super().__init__(parameters, learning_rate)
        size, dtype = parameters.size, parameters.dtype
        self._terms = np.zeros((2, size), dtype)  # the gradient, and its square
        self.gradient, self._square = self._terms
        self.slots = np.zeros((2, size), dtype)
        self._first, self._second = self.slots
        self._decays = np.repeat(np.array([[self.beta1], [self.beta2]], dtype), size, axis=1)
        self._scratch = np.empty_like(parameters)
        self._factor, self._offset = np.array(0.0, dtype), np.array(0.0, dtype)
        self.configure(learning_rate=learning_rate, momentum=momentum)

    def step(self) -> None:
        self.steps += 1
        slots, scratch = self.slots, self._scratch
        np.multiply(self.gradient, self.gradient, self._square)
        np.multiply(slots, self._decays, slots)
        np.add(slots, self._terms, slots)
        first = (1 - self.beta1) / (1 - self.beta1**self.steps)
        root = sqrt((1 - self.beta2) / (1 - self.beta2**self.steps))
        self._factor[...] = self.learning_rate * first / root
        self._offset[...] = self.epsilon / root
        np.sqrt(self._second, scratch)
        np.add(scratch, self._offset, scratch)
        np.divide(self._first, scratch, scratch)
        np.multiply(scratch, self._factor, scratch)
        np.subtract(self.parameters, scratch, self.parameters)


OPTIMIZERS: Final[dict[str, Any]] = {optimizer.name: optimizer for optimizer in (SGD, Adam)}
