"""Forward and backward pass of a single sample, with all intermediate values, for the inspector.

A `Trace` is computed from a copy of the parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.dataclass import dataclass
from core.nn.calls import run
from core.nn.layers import NORM_EPSILON, ForwardPass
from core.nn.network import with_bias_row
from core.training.diagnostics import DEAD, near_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.nn.activations import Activation
    from core.nn.network import Network


@dataclass(frozen=True)
class NormTrace:
    """Batch normalisation of one sample by running statistics, as in evaluation.

    Attributes:
        z: (units,) w·x, before normalisation.
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
    """One layer for one sample; the forward pass in the network's precision, the rest in float64.

    Attributes:
        activation: activation of the units.
        inputs: (inputs,).
        weights: (inputs, units).
        biases: (units,); (0,) for a layer without biases.
        norm: batch normalisation between w·x and z, or None.
        z: (units,) input of the activation.
        a: (units,) f(z).
        slope: (units,) f'(z).
        output_gradient: (units,) dL/da.
        delta: (units,) dL/dz, which is f'(z) · dL/da.
        sum_delta: (units,) dL/d(w·x + b): delta, or γ / √(σ² + ε) · delta with batch normalisation.
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
        """dL/dw for this sample, (inputs, units)."""
        return np.outer(self.inputs.astype(np.float64), self.sum_delta)

    @property
    def bias_gradient(self) -> Array:
        """dL/db for this sample, (units,); (0,) for a layer without biases."""
        return self.sum_delta if self.biases.size else np.empty(0)

    @property
    def weight_gradient_norm(self) -> float:
        """Euclidean norm of the gradient of the layer's weights, without biases, γ and β."""
        # the norm of an outer product is the product of the two norms
        return float(
            np.linalg.norm(self.inputs.astype(np.float64)) * np.linalg.norm(self.sum_delta)
        )

    def products(self, unit: int) -> Array:
        """Return the (inputs,) float64 products of the weighted sum of a unit."""
        return self.inputs.astype(np.float64) * self.weights[:, unit]


@dataclass(frozen=True)
class Trace:
    """Forward and backward pass of one sample.

    Attributes:
        layers: all layers, the output layer last.
        predictions: (classes,) probabilities, or (targets,) predicted values.
        targets: (rows,) targets encoded by the loss.
        classes: number of classes; 0 for regression.
        loss: loss of this sample, times its class weight.
        weight: class weight of this sample, 1 without class weights.
    """

    layers: tuple[LayerTrace, ...]
    predictions: Array
    targets: Array
    classes: int
    loss: float
    weight: float

    @property
    def predicted(self) -> int:
        """Predicted class, computed from the logits as for the accuracy."""
        z = self.layers[-1].z
        return int(z[0] > 0) if len(z) == 1 else int(z.argmax())


def trace_sample(network: Network, x_row: Array, y: Array | Labels | float) -> Trace:
    """Return the forward pass of one sample and the gradient of its loss.

    Dropout is disabled and batch normalisation uses running statistics, as in evaluation. The forward
    pass uses the engine's calls; the backward pass is the chain rule in float64.

    With class weights, both are of w·L, w the weight of the sample's class: a step follows the sum of
    these gradients over the batch, divided by the sum of the weights.

    Args:
        network: its parameters are copied.
        x_row: (inputs,).
        y: class number, or (targets,) values.
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
    weight = 1.0
    if loss.class_weights:
        weight = loss.class_weights[int(label[0])]
        targets[-2] = 1  # the divisor: the sum of the weights, without which w would cancel out

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
    plain = loss.plain_targets(targets)[:, 0]
    return Trace(tuple(layers[::-1]), predictions, plain, loss.classes, value.total(), weight)


@dataclass(frozen=True)
class UnitStatistics:
    """Outputs of one unit for many samples.

    Attributes:
        outputs: (samples,).
        positive: (samples,) whether z, the input of the activation, is positive.
        slopes: (samples,) derivatives of the activation.
        flat: share of the samples at which the derivative is zero.
        near_bound: share of the samples at which the output is near a bound of the activation; 0 for
            an activation without two bounds.
    """

    outputs: Array
    positive: NDArray[np.bool_]
    slopes: Array
    flat: float
    near_bound: float

    @property
    def dead(self) -> bool:
        """Whether the derivative is zero for all samples; see `core.training.diagnostics.DEAD`."""
        return self.flat == 1

    @property
    def saturated(self) -> bool:
        """Whether the output is near a bound for more than half of the samples."""
        return self.near_bound > 0.5

    def histogram(self, groups: Labels, count: int, bins: int, low: float, high: float) -> Labels:
        """Return the (count, bins) number of outputs of each group in equal bins from low to high.

        Values outside the range count in the first or last bin; values that are not finite are ignored.
        """
        finite = np.isfinite(self.outputs)
        scaled = (self.outputs[finite].astype(np.float64) - low) * (bins / (high - low))
        at = np.clip(scaled, 0, bins - 1).astype(np.int64)
        flat = np.bincount(groups[finite] * bins + at, minlength=count * bins)
        return np.asarray(flat.reshape(count, bins), np.int64)


def unit_statistics(network: Network, layer: int, unit: int, x: Array) -> UnitStatistics:
    """Return the statistics of a unit of a layer, both counted from 0, for (samples, inputs)."""
    network.fold()
    inputs = with_bias_row(x, network.dtype)
    its = ForwardPass(network.layers[0], len(x))
    for each in network.layers[1 : layer + 1]:
        run(its.forward(inputs))
        inputs, its = its.outputs, ForwardPass(each, len(x))
    dense, *activate = its.forward(inputs)
    dense()
    positive = its.logits[unit] > 0
    run(activate)
    # unless the activation keeps its input, z was overwritten with a
    a = its.values[unit].copy()
    slopes = _slopes(its.layer.activation, its.logits[unit], a)
    if not len(a):
        return UnitStatistics(a, positive, slopes, 0.0, 0.0)
    near = float(np.mean(near_bound(its.layer.activation, a)))
    return UnitStatistics(a, positive, slopes, float(np.mean(np.abs(slopes) < DEAD)), near)


def _slopes(activation: Activation, z: Array, a: Array) -> Array:
    """Return f'(z), float64."""
    slopes = np.ones(len(a))
    run(activation.backward(z.astype(np.float64), a.astype(np.float64), slopes))
    return slopes
