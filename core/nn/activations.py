"""Activation functions and their derivatives.

Blocks are feature-major, (units, samples). Each function returns the calls that write into the
caller's buffers; scratch buffers are allocated once, so that a training step allocates nothing.
Constants and the derivatives at kinks are PyTorch's.
"""

from __future__ import annotations

from math import pi, sqrt
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from core.arrays import buffer_like
from core.dataclass import dataclass
from core.memory import SCIPY, importing
from core.nn.calls import Calls, call, constant

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import Array

Scale = Literal["diverging", "unit", "positive", "unbounded"]
"""Range of an activation: [-1, 1], [0, 1], [0, ∞) or (-∞, ∞)."""

LEAKY_SLOPE: Final = 0.01
ELU_ALPHA: Final = 1.0
SELU_ALPHA: Final = 1.6732632423543772848170429916717
SELU_SCALE: Final = 1.0507009873554804934193349852946


@dataclass(frozen=True)
class Activation:
    """One entry of the registry.

    Attributes:
        name: value of the setting `activation`.
        formula: formula and description, shown in the help.
        scale: range of f.
        forward: maps (z, a) to the calls that write a = f(z). Unless `keeps_input`, `a` may be `z`.
        backward: maps (z, a, delta) to the calls that multiply `delta` = dL/da by f'(z), which gives
            dL/dz, in place.
        keeps_input: whether `backward` reads z; if not, it computes f'(z) from a = f(z) alone.
    """

    name: str
    formula: str
    scale: Scale
    forward: Callable[[Array, Array], Calls]
    backward: Callable[[Array, Array, Array], Calls]
    keeps_input: bool = False

    @property
    def saturates(self) -> bool:
        """Whether f has two horizontal asymptotes, near which the derivative vanishes."""
        return self.scale in {"diverging", "unit"}


def _linear(z: Array, a: Array) -> Calls:
    return [] if a is z else [call(np.copyto, a, z)]


def _linear_back(z: Array, a: Array, delta: Array) -> Calls:
    del z, a, delta  # f' = 1
    return []


def _tanh(z: Array, a: Array) -> Calls:
    return [call(np.tanh, z, a)]


def _tanh_back(z: Array, a: Array, delta: Array) -> Calls:
    # f' = 1 - a². delta - delta·a·a takes as many calls, and none combines a block with a scalar
    del z
    scratch = buffer_like(a)
    return [
        call(np.multiply, delta, a, scratch),
        call(np.multiply, scratch, a, scratch),
        call(np.subtract, delta, scratch, delta),
    ]


def _sigmoid(z: Array, a: Array) -> Calls:
    # (1 + tanh(z/2)) / 2 never overflows
    half = constant(0.5, a)
    return [
        call(np.multiply, z, half, a),
        call(np.tanh, a, a),
        call(np.multiply, a, half, a),
        call(np.add, a, half, a),
    ]


def _sigmoid_back(z: Array, a: Array, delta: Array) -> Calls:
    # f' = a - a²
    del z
    scratch = buffer_like(a)
    return [
        call(np.multiply, a, a, scratch),
        call(np.subtract, a, scratch, scratch),
        call(np.multiply, delta, scratch, delta),
    ]


def _relu(z: Array, a: Array) -> Calls:
    return [call(np.maximum, z, constant(0, a), out=a)]


def _relu_back(z: Array, a: Array, delta: Array) -> Calls:
    del z
    slope = buffer_like(a)
    # a is never negative, so f' = sign(a)
    return [call(np.sign, a, slope), call(np.multiply, delta, slope, delta)]


def _leaky_relu(z: Array, a: Array) -> Calls:
    scratch = buffer_like(a)
    return [
        call(np.multiply, z, constant(LEAKY_SLOPE, a), scratch),
        call(np.maximum, z, scratch, out=a),
    ]


def _leaky_relu_back(z: Array, a: Array, delta: Array) -> Calls:
    # f' = 0.01 + 0.99·[a > 0]
    del z
    slope = buffer_like(a)
    return [
        call(np.heaviside, a, constant(0, a), slope),
        call(np.multiply, slope, constant(1 - LEAKY_SLOPE, a), slope),
        call(np.add, slope, constant(LEAKY_SLOPE, a), slope),
        call(np.multiply, delta, slope, delta),
    ]


def _elu(z: Array, a: Array) -> Calls:
    below, zero = buffer_like(a), constant(0, a)
    return [
        call(np.minimum, z, zero, out=below),
        call(np.expm1, below, below),
        call(np.maximum, z, zero, out=a),
        call(np.add, a, below, a),
    ]


def _elu_back(z: Array, a: Array, delta: Array) -> Calls:
    # f' = min(a, 0) + 1
    del z
    slope = buffer_like(a)
    return [
        call(np.minimum, a, constant(0, a), out=slope),
        call(np.add, slope, constant(ELU_ALPHA, a), slope),
        call(np.multiply, delta, slope, delta),
    ]


def _selu(z: Array, a: Array) -> Calls:
    below, zero = buffer_like(a), constant(0, a)
    return [
        call(np.minimum, z, zero, out=below),
        call(np.expm1, below, below),
        call(np.multiply, below, constant(SELU_ALPHA * SELU_SCALE, a), below),
        call(np.maximum, z, zero, out=a),
        call(np.multiply, a, constant(SELU_SCALE, a), a),
        call(np.add, a, below, a),
    ]


def _selu_back(z: Array, a: Array, delta: Array) -> Calls:
    # f' = a + scale·alpha where z <= 0, and scale where z > 0
    del z
    slope, above = buffer_like(a), buffer_like(a)
    zero, at_zero = constant(0, a), SELU_ALPHA * SELU_SCALE
    return [
        call(np.minimum, a, zero, out=slope),
        call(np.add, slope, constant(at_zero, a), slope),
        call(np.heaviside, a, zero, above),
        call(np.multiply, above, constant(at_zero - SELU_SCALE, a), above),
        call(np.subtract, slope, above, slope),
        call(np.multiply, delta, slope, delta),
    ]


def _softplus(z: Array, a: Array) -> Calls:
    return [call(np.logaddexp, z, constant(0, a), a)]


def _softplus_back(z: Array, a: Array, delta: Array) -> Calls:
    # f' = sigmoid(z) = 1 - exp(-f)
    del z
    slope = buffer_like(a)
    return [
        call(np.negative, a, slope),
        call(np.expm1, slope, slope),
        call(np.negative, slope, slope),
        call(np.multiply, delta, slope, delta),
    ]


def _normal_cdf(z: Array, out: Array) -> Calls:
    with importing(SCIPY):
        from scipy.special import erf  # NumPy has no erf; SciPy is imported only if it is used

    half = constant(0.5, out)
    return [
        call(np.multiply, z, constant(sqrt(0.5), out), out),
        call(erf, out, out),
        call(np.multiply, out, half, out),
        call(np.add, out, half, out),
    ]


def _gelu(z: Array, a: Array) -> Calls:
    return [*_normal_cdf(z, a), call(np.multiply, z, a, a)]


def _gelu_back(z: Array, a: Array, delta: Array) -> Calls:
    # f' = Φ(z) + z·φ(z)
    cdf, slope = buffer_like(a), buffer_like(a)
    return [
        *_normal_cdf(z, cdf),
        call(np.multiply, z, z, slope),
        call(np.multiply, slope, constant(-0.5, a), slope),
        call(np.exp, slope, slope),
        call(np.multiply, slope, constant(1 / sqrt(2 * pi), a), slope),
        call(np.multiply, slope, z, slope),
        call(np.add, slope, cdf, slope),
        call(np.multiply, delta, slope, delta),
    ]


def _swish(z: Array, a: Array) -> Calls:
    return [*_sigmoid(z, a), call(np.multiply, z, a, a)]


def _swish_back(z: Array, a: Array, delta: Array) -> Calls:
    # f' = σ(z) + f·(1 - σ(z))
    sigmoid, slope = buffer_like(a), buffer_like(a)
    return [
        *_sigmoid(z, sigmoid),
        call(np.multiply, a, sigmoid, slope),
        call(np.subtract, a, slope, slope),
        call(np.add, slope, sigmoid, slope),
        call(np.multiply, delta, slope, delta),
    ]


ACTIVATIONS: Final = {
    activation.name: activation
    for activation in (
        Activation("tanh", "tanh(z): from -1 to 1, steepest at 0", "diverging", _tanh, _tanh_back),
        Activation("sigmoid", "1 / (1 + exp(-z)): from 0 to 1", "unit", _sigmoid, _sigmoid_back),
        Activation("relu", "max(z, 0): zero below 0, a line above", "positive", _relu, _relu_back),
        Activation(
            "leaky_relu",
            "max(z, 0.01·z): a relu whose units cannot die",
            "unbounded",
            _leaky_relu,
            _leaky_relu_back,
        ),
        # Clevert et al. 2016
        Activation(
            "elu", "z above 0, exp(z) - 1 below: smooth down to -1", "unbounded", _elu, _elu_back
        ),
        # Klambauer et al. 2017
        Activation(
            "selu",
            "1.0507·(z above 0, 1.6733·(exp(z) - 1) below): keeps mean 0 and variance 1",
            "unbounded",
            _selu,
            _selu_back,
        ),
        # Hendrycks & Gimpel 2016, with the error function instead of its tanh approximation
        Activation(
            "gelu",
            "z·Φ(z), Φ the normal cdf: a smooth relu with a dip below 0",
            "unbounded",
            _gelu,
            _gelu_back,
            True,
        ),
        Activation(
            "softplus", "log(1 + exp(z)): a smooth relu", "positive", _softplus, _softplus_back
        ),
        # Ramachandran et al. 2017; PyTorch calls it SiLU
        Activation(
            "swish",
            "z / (1 + exp(-z)): similar to gelu, and cheaper (SiLU)",
            "unbounded",
            _swish,
            _swish_back,
            True,
        ),
        Activation(
            "linear",
            "z: several linear layers equal a single one",
            "unbounded",
            _linear,
            _linear_back,
        ),
    )
}
