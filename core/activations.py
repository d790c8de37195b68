"""Activation functions: what a layer does to its pre-activations, and the derivative of it.

Layers call these on feature-major blocks, (units, samples), in buffers that the caller owns, so that
a training step allocates nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from core.arrays import Array

Scale = Literal["diverging", "unit", "positive", "unbounded"]
"""The values an activation can give: [-1, 1], [0, 1], [0, ∞) or (-∞, ∞)."""


class Kernel(Protocol):
    """An activation whose constants have the layer's precision."""

    def __init__(self, dtype: np.dtype) -> None: ...

    def forward(self, z: Array, a: Array) -> None:
        """Write f(z) into `a`, which may be `z` itself."""

    def backward(self, a: Array, delta: Array, scratch: Array) -> None:
        """Turn dL/da into dL/dz: multiply `delta` in place by f'(z), given a = f(z)."""


@dataclass(frozen=True)
class Activation:
    """One entry of the registry: its name, what it is, the values it gives, and its kernel."""

    name: str
    formula: str
    scale: Scale
    kernel: type[Kernel]


class LinearKernel:
    """f(z) = z."""

    def __init__(self, dtype: np.dtype) -> None:
        del dtype  # the identity has no constants

    def forward(self, z: Array, a: Array) -> None:
        if a is not z:
            np.copyto(a, z)

    def backward(self, a: Array, delta: Array, scratch: Array) -> None:
        pass


class TanhKernel:
    """f(z) = tanh z, f' = 1 - a²."""

    def __init__(self, dtype: np.dtype) -> None:
        del dtype

    def forward(self, z: Array, a: Array) -> None:
        np.tanh(z, a)

    def backward(self, a: Array, delta: Array, scratch: Array) -> None:
        # delta - delta·a·a instead of delta·(1 - a²): the same number of calls, but none of them
        # mixes an array with a scalar, which costs NumPy twice as much as two equal shapes
        np.multiply(delta, a, scratch)
        np.multiply(scratch, a, scratch)
        np.subtract(delta, scratch, delta)


class SigmoidKernel:
    """f(z) = 1 / (1 + e⁻ᶻ), computed as (1 + tanh(z/2)) / 2, which overflows nowhere; f' = a - a²."""

    def __init__(self, dtype: np.dtype) -> None:
        self.half = np.array(0.5, dtype)

    def forward(self, z: Array, a: Array) -> None:
        np.multiply(z, self.half, a)
        np.tanh(a, a)
        np.multiply(a, self.half, a)
        np.add(a, self.half, a)

    def backward(self, a: Array, delta: Array, scratch: Array) -> None:
        np.multiply(a, a, scratch)
        np.subtract(a, scratch, scratch)
        np.multiply(delta, scratch, delta)


class ReluKernel:
    """f(z) = max(z, 0), with f'(0) = 0 as in PyTorch and scikit-learn."""

    def __init__(self, dtype: np.dtype) -> None:
        self.zero = np.array(0.0, dtype)

    def forward(self, z: Array, a: Array) -> None:
        np.maximum(z, self.zero, out=a)

    def backward(self, a: Array, delta: Array, scratch: Array) -> None:
        np.sign(a, scratch)  # a is never negative, so its sign is the derivative
        np.multiply(delta, scratch, delta)


ACTIVATIONS: Final = {
    activation.name: activation
    for activation in (
        Activation("tanh", "tanh(z)", "diverging", TanhKernel),
        Activation("sigmoid", "1 / (1 + exp(-z))", "unit", SigmoidKernel),
        Activation("relu", "max(z, 0)", "positive", ReluKernel),
        Activation("linear", "z", "unbounded", LinearKernel),
    )
}
