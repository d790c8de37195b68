"""A layer of the network, with its forward pass and its backward pass over a batch.

A layer computes z = Wᵀa + b, optionally batch normalisation of z, then the activation f(z) and, during
training, dropout. Outputs are stored feature-major, (units + 1, samples), with a last row of ones;
W and b as one (inputs + 1, units) matrix with b as the last row. One matrix product therefore computes
Wᵀa + b, another one the gradient of both, and every view is contiguous. A layer without biases has the
matrix W alone, and ignores the row of ones.

All arrays may have a leading axis of runs; the shapes below omit it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.arrays import buffer, buffer_like
from core.nn.calls import Call, Calls, broadcast, call, constant, matmul, matvec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array
    from core.nn.activations import Activation

NORM_EPSILON: Final = 1e-5
NORM_MOMENTUM: Final = 0.1
"""Weight of the new batch in the running statistics, as in PyTorch."""


class BatchNorm:
    """y = γ·(z - μ) / √(σ² + ε) + β for each unit (Ioffe & Szegedy 2015, Algorithm 1).

    During training, μ and σ² are the mean and variance (with 1/N) of the batch. The running statistics
    used for evaluation are exponential averages with weight 0.1, σ² with 1/(N-1), as in PyTorch's
    `BatchNorm1d`. (Keras: weight 0.01, ε = 1e-3, 1/N.) A batch of one sample has no variance: it is
    normalised by the running statistics and does not update them, where PyTorch raises.

    Attributes:
        gamma, beta: (units,) views into the network's parameters.
        mean, variance: (units,) views into the network's running statistics.
    """

    def __init__(self, units: int, parameters: Array, statistics: Array) -> None:
        self.gamma, self.beta = parameters[..., :units], parameters[..., units:]
        self.mean, self.variance = statistics[..., :units], statistics[..., units:]

    @staticmethod
    def size(units: int) -> int:
        """Return the number of parameters, which is also the number of running statistics."""
        return 2 * units

    def initialize(self) -> None:
        """Set γ and β, and the running statistics, to the identity."""
        self.gamma[...], self.beta[...] = 1, 0
        self.mean[...], self.variance[...] = 0, 1


class Layer:
    """The parameters of one layer, as views into the network's flat vector.

    Attributes:
        weights: W, (inputs, units).
        biases: b, (units,); (0,) without biases, or with batch normalisation, whose β replaces b.
        matrix: W and b, (inputs + 1, units); W alone if the layer has no b.
        norm: batch normalisation of z, or None.
        folded: the (inputs + 1, units) matrix for evaluation, see `fold`.
        is_last: whether there is no layer above, which would need a row of ones.
    """

    is_last = False

    def __init__(
        self,
        inputs: int,
        units: int,
        activation: Activation,
        parameters: Array,
        statistics: Array | None = None,
        *,
        bias: bool = True,
    ) -> None:
        self.inputs, self.units, self.activation = inputs, units, activation
        self.norm: BatchNorm | None = None
        rows = inputs + 1 if statistics is None and bias else inputs
        runs = parameters.shape[:-1]
        self.matrix = parameters[..., : rows * units].reshape(*runs, rows, units)
        self.weights = self.matrix[..., :inputs, :]
        self.biases = parameters[..., inputs * units : rows * units]
        self.folded = self.matrix
        if statistics is not None:
            self.norm = BatchNorm(units, parameters[..., rows * units :], statistics)
        if rows == inputs:
            self.folded = np.zeros((*runs, inputs + 1, units), parameters.dtype)

    @staticmethod
    def size(inputs: int, units: int, normed: bool = False, bias: bool = True) -> int:
        """Return the number of parameters of a layer."""
        return inputs * units + BatchNorm.size(units) if normed else (inputs + bias) * units

    @property
    def has_offsets(self) -> bool:
        """Whether units have a b or a β."""
        return self.norm is not None or self.biases.shape[-1] > 0

    def fold(self) -> Calls:
        """Return the calls that update `folded`, the matrix used for evaluation.

        With running statistics, batch normalisation is linear and is merged into W and b:
        W·γ / √(σ² + ε) and β - μ·γ / √(σ² + ε). A layer without b or β has a row of zeros.
        """
        norm = self.norm
        if norm is None:
            has_own_row = self.folded is self.matrix
            return [] if has_own_row else [call(np.copyto, self.folded[..., :-1, :], self.weights)]
        scale, block = np.empty_like(norm.gamma), np.empty_like(self.weights)
        weights, biases = self.folded[..., :-1, :], self.folded[..., -1, :]
        return [
            call(np.add, norm.variance, constant(NORM_EPSILON, scale), scale),
            call(np.sqrt, scale, scale),
            call(np.divide, norm.gamma, scale, scale),
            broadcast(scale[..., None, :], block),
            call(np.multiply, self.weights, block, weights),
            call(np.multiply, norm.mean, scale, scale),
            call(np.subtract, norm.beta, scale, biases),
        ]


class ForwardPass:
    """Evaluation of one layer for batches of one size: a = f(Wᵀa_below + b).

    Attributes:
        outputs: (units + 1, samples), the last row ones: inputs of the layer above, if there is one.
        values: (units, samples), the outputs without the row of ones.
        logits: (units, samples) z; overwritten with f(z) unless the activation keeps its input.
    """

    def __init__(self, layer: Layer, samples: int) -> None:
        self.layer = layer
        self.outputs = outputs_of(layer, samples)
        self.values = self.outputs[..., : layer.units, :]
        self.logits = self.values
        if layer.activation.keeps_input:
            self.logits = np.empty_like(self.values)
        self.activate = _activate(layer.activation, self.logits, self.values, self.outputs)
        self._matrix = layer.folded.mT

    def forward(self, inputs: Array) -> Calls:
        """Return the calls that compute `outputs` from (inputs + 1, samples), the last row ones."""
        return [matmul(self._matrix, inputs, self.logits), *self.activate]


class TrainingPass:
    """Forward and backward pass of one layer for batches of one size during training.

    The forward pass is `dense`, z = Wᵀa_below + b, and `after_dense`, a = f(z). The backward pass is
    `backward`, dL/dz = dL/da · f'(z) and dL/da_below = W · dL/dz, and `gradient`,
    dL/dW = a_below · (dL/dz)ᵀ and dL/db = Σ dL/dz over the samples.

    Attributes:
        outputs: (units + 1, samples), the last row ones: inputs of the layer above, if there is one.
        values: (units, samples), the outputs without the row of ones.
        delta: (units, samples) dL/da, written by the layer above or the loss; `backward` turns it
            into dL/dz in place.
        after_dense: the calls of the forward pass after `dense`: normalisation, f and dropout.
    """

    def __init__(
        self,
        layer: Layer,
        samples: int,
        gradient: Array,
        dropout: Sequence[float] = (0.0,),
        rngs: Sequence[np.random.Generator] = (),
    ) -> None:
        """Allocate the buffers.

        Args:
            layer: its parameters are read at each run of the calls.
            samples: batch size.
            gradient: (parameters,) of the layer.
            dropout: rate of each run.
            rngs: random stream of dropout of each run; empty for no dropout.
        """
        self.layer = layer
        self.outputs = outputs_of(layer, samples)
        self.values = self.outputs[..., : layer.units, :]
        has_dropout = any(dropout) and len(rngs) > 0
        # dropout needs a second buffer: f'(z) is computed from the values before dropout
        activated = np.empty_like(self.values) if has_dropout else self.values
        keeps = layer.activation.keeps_input
        self.logits = np.empty_like(self.values) if keeps else activated
        activation = layer.activation
        # the rows of all runs of a stack are adjacent only with those of ones, whose delta stays 0
        if activated.ndim > 2 and self.logits is self.values and activation.name != "linear":
            delta = buffer_like(self.outputs)
            delta[...] = 0
            self.delta = delta[..., :-1, :]
            slope = activation.backward(self.outputs, self.outputs, delta)
        else:
            self.delta = np.empty_like(self.values)
            slope = activation.backward(self.logits, activated, self.delta)
        size = layer.matrix.shape[-2] * layer.units
        self._gradient = gradient[..., :size].reshape(layer.matrix.shape)
        # the backward pass has the reverse order of the forward pass, so its calls are put in front
        self.after_dense: Calls = []
        self._back: Calls = []
        if layer.norm is not None:
            forward, backward = _norm_calls(
                layer.norm, self.logits, self.delta, gradient[..., size:]
            )
            self.after_dense += forward
            self._back[:0] = backward
        self.after_dense += _activate(activation, self.logits, activated, self.outputs)
        self._back[:0] = slope
        if has_dropout:
            mask, draw = _mask_calls(self.delta, dropout, rngs)
            self.after_dense += [*draw, call(np.multiply, activated, mask, self.values)]
            self._back[:0] = [call(np.multiply, self.delta, mask, self.delta)]

    def dense(self, inputs: Array) -> Call:
        """Return the call that computes z = Wᵀa + b from (inputs + 1, samples), the last row ones."""
        matrix = self.layer.matrix
        return matmul(matrix.mT, inputs[..., : matrix.shape[-2], :], self.logits)

    def backward(self, below: TrainingPass | None) -> Calls:
        """Return the calls that turn `delta` into dL/dz, then write W · dL/dz to the delta `below`."""
        if below is None:
            return self._back
        return [*self._back, matmul(self.layer.weights, self.delta, below.delta)]

    def gradient(self, inputs: Array) -> Call:
        """Return the call that writes dL/dW and dL/db, to be run after `backward`.

        Args:
            inputs: (inputs + 1, samples) outputs of the layer below; its row of ones gives dL/db.
        """
        inputs = inputs[..., : self.layer.matrix.shape[-2], :]
        return matmul(inputs, self.delta.mT, self._gradient)


def outputs_of(layer: Layer, samples: int) -> Array:
    """Return a new (units + 1, samples) block for the outputs of a layer, the last row ones.

    The last layer has no such row. In a stack, each of its rows is one block of all runs, since losses
    compute row by row; a product of one sample would round differently.
    """
    runs = layer.matrix.shape[:-2]
    if layer.is_last and samples > 1:
        return buffer((layer.units, *runs, samples), layer.matrix.dtype).swapaxes(0, -2)
    outputs = buffer((*runs, layer.units + (not layer.is_last), samples), layer.matrix.dtype)
    outputs[...] = 1
    return outputs


def _activate(activation: Activation, z: Array, a: Array, outputs: Array) -> Calls:
    """Return the calls that write a = f(z).

    In a stack, rows of units and of ones alternate: all of them at once, and the ones again, take half
    the time of the rows of units alone.
    """
    calls = activation.forward(z, a)
    if a.ndim == 2 or not calls or z is not a or not np.shares_memory(a, outputs):
        return calls
    return [*activation.forward(outputs, outputs), call(outputs[..., -1, :].fill, 1)]


def _mask_calls(
    like: Array, rates: Sequence[float], rngs: Sequence[np.random.Generator]
) -> tuple[Array, Calls]:
    """Return the mask of inverted dropout, 0 or 1 / (1 - rate), and the calls that redraw it."""
    mask = np.empty_like(like)
    masks = [mask] if like.ndim == 2 else list(mask)
    kept = [1 / (1 - rate) for rate in rates]
    low, factor = constant(rates[0], mask), constant(kept[0], mask)
    if any(rate != rates[0] for rate in rates):
        low, factor = (np.array(each, mask.dtype).reshape(-1, 1, 1) for each in (rates, kept))
    return mask, [
        # a run without dropout draws nothing: any mask above the rate 0 drops no output
        *(
            call(rng.random, dtype=each.dtype, out=each) if rate else call(each.fill, 1)
            for each, rate, rng in zip(masks, rates, rngs, strict=True)
        ),
        call(np.subtract, mask, low, mask),
        call(np.heaviside, mask, constant(1, mask), mask),  # 1 where the draw is at least the rate
        call(np.multiply, mask, factor, mask),
    ]


def _norm_calls(norm: BatchNorm, z: Array, delta: Array, gradient: Array) -> tuple[Calls, Calls]:
    """Return the calls that normalise z in place, and those that turn dL/dy in `delta` into dL/dz."""
    *runs, units, samples = z.shape
    dtype = z.dtype
    normal, block = np.empty_like(z), np.empty_like(z)
    scale, shift = np.empty((*runs, units, 1), dtype), np.empty((*runs, units, 1), dtype)
    gamma, beta = norm.gamma[..., None], norm.beta[..., None]
    gamma_gradient, beta_gradient = gradient[..., :units], gradient[..., units:]
    epsilon = constant(NORM_EPSILON, z)
    ones, share = np.ones(samples, dtype), np.full(samples, 1 / samples, dtype)

    def inverse_root(variance: Array) -> Calls:
        return [
            call(np.add, variance[..., None], epsilon, scale),
            call(np.sqrt, scale, scale),
            call(np.reciprocal, scale, scale),
        ]

    centre: Calls
    if samples == 1:
        centre = [call(np.subtract, z, norm.mean[..., None], z), *inverse_root(norm.variance)]
        update: Calls = []
    else:
        mean, variance, scratch = (np.empty((*runs, units), dtype) for _ in range(3))
        centre = [
            matvec(z, share, mean),
            broadcast(mean[..., None], block),
            call(np.subtract, z, block, z),
            call(np.multiply, z, z, block),
            matvec(block, share, variance),
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
    # dL/dz = γ / √(σ² + ε) · (dy - mean(dy) - z'·mean(dy·z')), with z' the normalised z, dy = dL/dy
    backward = [
        call(np.multiply, delta, normal, block),
        matvec(block, ones, gamma_gradient),
        matvec(delta, ones, beta_gradient),
    ]
    if samples > 1:
        backward += [
            call(np.multiply, gamma_gradient[..., None], constant(1 / samples, z), shift),
            broadcast(shift, block),
            call(np.multiply, normal, block, block),
            call(np.subtract, delta, block, delta),
            call(np.multiply, beta_gradient[..., None], constant(1 / samples, z), shift),
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
    """Return the calls for running = (1 - momentum)·running + momentum·correction·batch."""
    return [
        call(np.multiply, running, constant(1 - momentum, running), running),
        call(np.multiply, batch, constant(momentum * correction, running), scratch),
        call(np.add, running, scratch, running),
    ]
