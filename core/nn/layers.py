"""Layers over their slices of the network's parameters, and their passes over batches.

A layer is dense, then normalised over the batch if it is asked for, then its activation, then
dropout in training. Outputs are stored feature-major, (units + 1, samples), with a last row of ones,
and dense parameters as (inputs + 1, units), with the biases as the last row: so one product computes
Wᵀa + b, one product the gradient of both, and every view is contiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.nn.calls import Call, Calls, broadcast, call, constant

if TYPE_CHECKING:
    from core.arrays import Array
    from core.nn.activations import Activation

NORM_EPSILON: Final = 1e-5
NORM_MOMENTUM: Final = 0.1
"""The weight of the new batch in the running statistics, as PyTorch counts it."""


class BatchNorm:
    """y = γ·(z - μ) / √(σ² + ε) + β, per unit (Ioffe & Szegedy 2015, Algorithm 1).

    In training μ and σ² are the batch's, σ² with 1/N; the running statistics follow them with a
    weight of 0.1, and hold σ² with 1/(N-1), as PyTorch's `BatchNorm1d`. (Keras weights a new batch
    with 0.01, uses ε = 1e-3 and keeps 1/N.) A batch of one sample has no variance: it is normalised
    by the running statistics and leaves them alone, where PyTorch would raise.

    Attributes:
        gamma, beta: (units,) views into the network's parameters.
        mean, variance: (units,) views into the network's statistics.
    """

    def __init__(self, units: int, parameters: Array, statistics: Array) -> None:
        self.gamma, self.beta = parameters.reshape(2, units)
        self.mean, self.variance = statistics.reshape(2, units)

    @staticmethod
    def size(units: int) -> int:
        """Return the number of parameters, and of statistics."""
        return 2 * units

    def initialize(self) -> None:
        """Start as the identity."""
        self.gamma[:], self.beta[:] = 1, 0
        self.mean[:], self.variance[:] = 0, 1


class Layer:
    """One layer, with parameters that live in the network's flat vector.

    Attributes:
        weights: (inputs, units).
        biases: (units,), or (0,) where a norm follows, whose β does their work.
        norm: what normalises the pre-activations, if anything does.
    """

    def __init__(
        self,
        inputs: int,
        units: int,
        activation: Activation,
        parameters: Array,
        statistics: Array | None = None,
    ) -> None:
        self.inputs, self.units, self.activation = inputs, units, activation
        self.norm: BatchNorm | None = None
        rows = inputs + 1 if statistics is None else inputs
        self.matrix = parameters[: rows * units].reshape(rows, units)
        self.weights = self.matrix[:inputs]
        self.biases = self.matrix[inputs:].reshape(-1)
        self.folded = self.matrix
        if statistics is not None:
            self.norm = BatchNorm(units, parameters[rows * units :], statistics)
            self.folded = np.empty((inputs + 1, units), parameters.dtype)

    @staticmethod
    def size(inputs: int, units: int, normed: bool = False) -> int:
        """Return the number of parameters."""
        return inputs * units + BatchNorm.size(units) if normed else (inputs + 1) * units

    def fold(self) -> Calls:
        """Return the calls that bring `folded` up to date.

        With running statistics a norm is linear, so that a dense layer can do its work too:
        `folded` is the (inputs + 1, units) matrix of the two together.
        """
        norm = self.norm
        if norm is None:
            return []
        scale, block = np.empty_like(norm.gamma), np.empty_like(self.weights)
        weights, biases = self.folded[:-1], self.folded[-1]
        return [
            call(np.add, norm.variance, constant(NORM_EPSILON, scale), scale),
            call(np.sqrt, scale, scale),
            call(np.divide, norm.gamma, scale, scale),
            broadcast(scale[None], block),
            call(np.multiply, self.weights, block, weights),
            call(np.multiply, norm.mean, scale, scale),
            call(np.subtract, norm.beta, scale, biases),
        ]


class ForwardPass:
    """One layer's outputs for batches of `samples`, as a trained network computes them."""

    def __init__(self, layer: Layer, samples: int) -> None:
        self.layer = layer
        self.outputs = np.ones((layer.units + 1, samples), layer.matrix.dtype)
        self.values = self.outputs[:-1]
        self.logits = self.values
        if layer.activation.keeps_input:
            self.logits = np.empty_like(self.values)
        self.activate = layer.activation.forward(self.logits, self.values)
        self._dot = layer.folded.T.dot

    def forward(self, inputs: Array) -> Calls:
        """Return the calls that compute `outputs` from (inputs + 1, samples), which end in ones."""
        return [call(self._dot, inputs, self.logits), *self.activate]


class TrainingPass:
    """One layer's outputs and gradients for batches of `samples` in training.

    Attributes:
        outputs: (units + 1, samples), what the layer above sees.
        values: the outputs without their row of ones.
        delta: (units, samples) dL/d(outputs), which the layer above fills in.
        after_dense: the calls of the forward pass after `dense`.
    """

    def __init__(
        self,
        layer: Layer,
        samples: int,
        gradient: Array,
        dropout: float = 0.0,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.layer = layer
        dtype = layer.matrix.dtype
        self.outputs = np.ones((layer.units + 1, samples), dtype)
        self.values = self.outputs[:-1]
        self.delta = np.empty_like(self.values)
        drops = dropout > 0 and rng is not None
        # with dropout the activation's own values are kept beside those that are passed on
        activated = np.empty_like(self.values) if drops else self.values
        keeps = layer.activation.keeps_input
        self.logits = np.empty_like(self.values) if keeps else activated
        self._gradient = gradient[: layer.matrix.size].reshape(layer.matrix.shape)
        self.after_dense: Calls = []
        self._back: Calls = []
        if layer.norm is not None:
            forward, backward = _norm_calls(
                layer.norm, self.logits, self.delta, gradient[layer.matrix.size :]
            )
            self.after_dense += forward
            self._back += backward
        activation = layer.activation
        self.after_dense += activation.forward(self.logits, activated)
        self._back[:0] = activation.backward(self.logits, activated, self.delta)
        if drops and rng is not None:
            mask, draw = _mask_calls(self.delta, dropout, rng)
            self.after_dense += [*draw, call(np.multiply, activated, mask, self.values)]
            self._back.insert(0, call(np.multiply, self.delta, mask, self.delta))

    def dense(self, inputs: Array) -> Call:
        """Return the call that computes Wᵀa + b from (inputs + 1, samples), which end in ones."""
        inputs = inputs[: len(self.layer.matrix)]
        return call(self.layer.matrix.T.dot, inputs, self.logits)

    def backward(self, below: TrainingPass | None) -> Calls:
        """Return the calls that turn `delta` into dL/dz, and fill in the delta `below`."""
        if below is None:
            return self._back
        return [*self._back, call(self.layer.weights.dot, self.delta, below.delta)]

    def gradient(self, inputs: Array) -> Call:
        """Return the call that writes the gradient of weights and biases, after `backward`."""
        inputs = inputs[: len(self.layer.matrix)]
        return call(inputs.dot, self.delta.T, self._gradient)


def _mask_calls(like: Array, rate: float, rng: np.random.Generator) -> tuple[Array, Calls]:
    """Return the mask of inverted dropout, 0 or 1 / (1 - rate), and the calls that draw it anew."""
    mask = np.empty_like(like)
    return mask, [
        call(rng.random, dtype=mask.dtype, out=mask),
        call(np.subtract, mask, constant(rate, mask), mask),
        call(np.heaviside, mask, constant(1, mask), mask),  # 1 where the draw reaches the rate
        call(np.multiply, mask, constant(1 / (1 - rate), mask), mask),
    ]


def _norm_calls(norm: BatchNorm, z: Array, delta: Array, gradient: Array) -> tuple[Calls, Calls]:
    """Return the calls that normalise `z` in place, and those that take `delta` back through it."""
    units, samples = z.shape
    dtype = z.dtype
    normal = np.empty_like(z)
    scale, shift, block = np.empty((units, 1), dtype), np.empty((units, 1), dtype), np.empty_like(z)
    gamma, beta = norm.gamma[:, None], norm.beta[:, None]
    gamma_gradient, beta_gradient = gradient.reshape(2, units)
    epsilon = constant(NORM_EPSILON, z)
    ones, share = np.ones(samples, dtype), np.full(samples, 1 / samples, dtype)

    def inverse_root(variance: Array) -> Calls:
        return [
            call(np.add, variance[:, None], epsilon, scale),
            call(np.sqrt, scale, scale),
            call(np.reciprocal, scale, scale),
        ]

    centre: Calls
    if samples == 1:
        centre = [call(np.subtract, z, norm.mean[:, None], z), *inverse_root(norm.variance)]
        update: Calls = []
    else:
        mean, variance, scratch = (np.empty(units, dtype) for _ in range(3))
        centre = [
            call(z.dot, share, mean),
            broadcast(mean[:, None], block),
            call(np.subtract, z, block, z),
            call(np.multiply, z, z, block),
            call(block.dot, share, variance),
            *inverse_root(variance),
        ]
        update = [
            *_update_running_statistic(norm.mean, mean, NORM_MOMENTUM, scratch),
            *_update_running_statistic(
                norm.variance, variance, NORM_MOMENTUM, scratch, samples / (samples - 1)
            ),
        ]
    forward = [
        *centre,
        broadcast(scale, block),
        call(np.multiply, z, block, normal),
        broadcast(gamma, block),
        call(np.multiply, normal, block, z),
        broadcast(beta, block),
        call(np.add, z, block, z),
        *update,
    ]
    # dL/dz = γ / √(σ² + ε) · (dy - mean dy - z'·mean(dy·z')), z' the normalised z
    backward = [
        call(np.multiply, delta, normal, block),
        call(block.dot, ones, gamma_gradient),
        call(delta.dot, ones, beta_gradient),
    ]
    if samples > 1:
        backward += [
            call(np.multiply, gamma_gradient[:, None], constant(1 / samples, z), shift),
            broadcast(shift, block),
            call(np.multiply, normal, block, block),
            call(np.subtract, delta, block, delta),
            call(np.multiply, beta_gradient[:, None], constant(1 / samples, z), shift),
            broadcast(shift, block),
            call(np.subtract, delta, block, delta),
        ]
    backward += [
        call(np.multiply, scale, gamma, shift),
        broadcast(shift, block),
        call(np.multiply, delta, block, delta),
    ]
    return forward, backward


def _update_running_statistic(
    running: Array, batch: Array, momentum: float, scratch: Array, correction: float = 1.0
) -> Calls:
    return [
        call(np.multiply, running, constant(1 - momentum, running), running),
        call(np.multiply, batch, constant(momentum * correction, running), scratch),
        call(np.add, running, scratch, running),
    ]
