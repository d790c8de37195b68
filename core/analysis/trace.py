"""One sample's way through a network, forwards and back, with every number on the way.

The inspector asks here. Everything in a `Trace` is of one moment's parameters, which it copies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.nn.calls import run
from core.nn.layers import NORM_EPSILON, ForwardPass
from core.nn.network import with_bias_row
from core.training.diagnostics import DEAD, NEAR_BOUND

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.nn.activations import Activation
    from core.nn.network import Network


@dataclass(frozen=True)
class NormTrace:
    """How one sample is normalised: by running statistics, as in evaluation.

    Attributes:
        z: (units,) w·x, before the norm.
        mean, variance: (units,) running statistics.
        gamma, beta: (units,).
        scale: (units,) √(σ² + ε), float64.
        normed: (units,) (z - μ) / √(σ² + ε), float64.
        gamma_gradient, beta_gradient: (units,) dL/dγ and dL/dβ.
    """

    z: Array
    mean: Array
    variance: Array
    gamma: Array
    beta: Array
    scale: Array
    normed: Array
    gamma_gradient: Array
    beta_gradient: Array


@dataclass(frozen=True)
class LayerTrace:
    """One layer, for one sample; what goes forwards is in the network's precision, the rest float64.

    Attributes:
        activation: of all its units.
        inputs: (inputs,).
        weights: (inputs, units).
        biases: (units,), or (0,) where a norm follows.
        norm: the step between w·x and z, if there is one.
        z: (units,) what the activation is applied to.
        a: (units,) f(z).
        slope: (units,) f'(z).
        output_gradient: (units,) dL/da.
        delta: (units,) dL/dz, which is f'(z) · dL/da.
        sum_delta: (units,) dL/d(w·x + b): delta, or where there is a norm γ / √(σ² + ε) · delta.
    """

    activation: Activation
    inputs: Array
    weights: Array
    biases: Array
    norm: NormTrace | None
    z: Array
    a: Array
    slope: Array
    output_gradient: Array
    delta: Array
    sum_delta: Array

    @property
    def weight_gradient(self) -> Array:
        """(inputs, units) dL/dw for this sample."""
        return np.outer(self.inputs.astype(np.float64), self.sum_delta)

    @property
    def bias_gradient(self) -> Array:
        """(units,) dL/db for this sample, or (0,)."""
        return self.sum_delta if self.biases.size else np.empty(0)

    @property
    def weight_gradient_norm(self) -> float:
        """The Euclidean norm of the gradient of the layer's weights, without biases, γ and β."""
        # that of an outer product is the product of the two norms
        return float(
            np.linalg.norm(self.inputs.astype(np.float64)) * np.linalg.norm(self.sum_delta)
        )

    def products(self, unit: int) -> Array:
        """Return the (inputs,) terms of a unit's sum, float64."""
        return self.inputs.astype(np.float64) * self.weights[:, unit]


@dataclass(frozen=True)
class Trace:
    """One sample through the whole network.

    Attributes:
        layers: the outputs last.
        predictions: (classes,) probabilities, or (targets,) predicted values.
        targets: (rows,) what the loss compares the outputs with, as it encodes them.
        classes: how many there are, or 0 where numbers are predicted.
        loss: of this sample.
    """

    layers: tuple[LayerTrace, ...]
    predictions: Array
    targets: Array
    classes: int
    loss: float

    @property
    def predicted(self) -> int:
        """The predicted class: from the outputs, as the accuracy is counted."""
        z = self.layers[-1].z
        return int(z[0] > 0) if len(z) == 1 else int(z.argmax())


def trace_sample(network: Network, x_row: Array, y: Array | Labels | float) -> Trace:
    """Return what a trained network does with one sample, and the gradient of its loss.

    Dropout is off and norms use running statistics, as when the network is measured. The forward
    pass makes the engine's own calls; the backward pass is the chain rule, in float64.

    Args:
        network: its parameters are copied.
        x_row: (inputs,).
        y: the class number, or the (targets,) numbers to predict.
    """
    parameters, loss = network.parameters.copy(), network.loss
    network.fold()
    block = with_bias_row(np.asarray(x_row)[None], network.dtype)
    inputs, weights, sums, values = [], [], [], []
    for layer, part in zip(network.layers, network.slices, strict=True):
        z = layer.folded.T.dot(block)
        outputs = np.ones((layer.units + 1, 1), network.dtype)
        run(layer.activation.forward(z.copy(), outputs[:-1]))
        matrix = parameters[part][: layer.matrix.size].reshape(layer.matrix.shape)
        inputs.append(block[:-1, 0])
        weights.append(matrix)
        sums.append(z[:, 0])
        values.append(outputs[:-1, 0])
        block = outputs
    logits = sums[-1][:, None]
    label = np.asarray(y).reshape((1,) if loss.classes else (1, -1))
    targets = np.ascontiguousarray(loss.encode(label).T)
    value = loss.value(logits, targets.astype(network.dtype))
    run(value.calls)

    wide = logits.astype(np.float64)
    back = np.empty_like(wide)
    gradient = loss.gradient(wide, back)
    run([*gradient.before, *gradient.against(targets * gradient.scale), *gradient.after])
    toward = back[:, 0]
    layers: list[LayerTrace] = []
    for number in reversed(range(len(network.layers))):
        layer, matrix = network.layers[number], weights[number]
        slope = _slopes(layer.activation, sums[number], values[number])
        delta = toward * slope
        sum_delta, norm = delta, None
        if layer.norm is not None:
            dense = np.asarray(matrix.T.dot(inputs[number]))
            gamma, beta = parameters[network.slices[number]][matrix.size :].reshape(2, -1)
            mean, variance = layer.norm.mean.copy(), layer.norm.variance.copy()
            scale = np.sqrt(variance.astype(np.float64) + NORM_EPSILON)
            normed = (dense.astype(np.float64) - mean) / scale
            norm = NormTrace(
                dense, mean, variance, gamma, beta, scale, normed, delta * normed, delta
            )
            sum_delta = delta * gamma / scale
        layers.append(
            LayerTrace(
                layer.activation,
                inputs[number],
                matrix[: layer.inputs],
                matrix[layer.inputs :].reshape(-1),
                norm,
                sums[number],
                values[number],
                slope,
                toward,
                delta,
                sum_delta,
            )
        )
        toward = matrix[: layer.inputs].astype(np.float64).dot(sum_delta)
    predictions = loss.probabilities(logits)[:, 0]
    return Trace(tuple(layers[::-1]), predictions, targets[:, 0], loss.classes, value.total())


@dataclass(frozen=True)
class UnitStatistics:
    """What one unit gives over many samples.

    Attributes:
        outputs: (samples,).
        slopes: (samples,) of its activation.
        flat: the share of samples at which it has no slope.
        near_bound: the share at which it is near a bound of its activation; 0 if that has not two.
    """

    outputs: Array
    slopes: Array
    flat: float
    near_bound: float

    @property
    def dead(self) -> bool:
        """Whether it has no slope at any of the samples: see `core.training.diagnostics.DEAD`."""
        return self.flat == 1

    @property
    def saturated(self) -> bool:
        """Whether it is near a bound at more than half of the samples."""
        return self.near_bound > 0.5

    def histogram(self, groups: Labels, count: int, bins: int, low: float, high: float) -> Labels:
        """Return (count, bins) how many outputs of each group fall in each of the equal bins.

        What lies outside of low and high counts at the ends; what is not finite does not count.
        """
        finite = np.isfinite(self.outputs)
        scaled = (self.outputs[finite].astype(np.float64) - low) * (bins / (high - low))
        at = np.clip(scaled, 0, bins - 1).astype(np.int64)
        flat = np.bincount(groups[finite] * bins + at, minlength=count * bins)
        return np.asarray(flat.reshape(count, bins), np.int64)


def unit_statistics(network: Network, layer: int, unit: int, x: Array) -> UnitStatistics:
    """Return what a unit of a layer, both counted from 0, gives for (samples, inputs)."""
    network.fold()
    inputs = with_bias_row(x, network.dtype)
    its = ForwardPass(network.layers[0], len(x))
    run(its.forward(inputs))
    for each in network.layers[1 : layer + 1]:
        inputs, its = its.outputs, ForwardPass(each, len(x))
        run(its.forward(inputs))
    # without an input that it keeps, the activation wrote its values over it
    a = its.values[unit].copy()
    slopes = _slopes(its.layer.activation, its.logits[unit], a)
    if not len(a):
        return UnitStatistics(a, slopes, 0.0, 0.0)
    near_bound = 0.0
    if its.layer.activation.saturates:
        low = -1.0 if its.layer.activation.scale == "diverging" else 0.0
        share = (a - low) / (1 - low)
        near_bound = float(np.mean((share < NEAR_BOUND) | (share > 1 - NEAR_BOUND)))
    return UnitStatistics(a, slopes, float(np.mean(np.abs(slopes) < DEAD)), near_bound)


def _slopes(activation: Activation, z: Array, a: Array) -> Array:
    """Return f'(z), float64."""
    slopes = np.ones(len(a))
    run(activation.backward(z.astype(np.float64), a.astype(np.float64), slopes))
    return slopes
