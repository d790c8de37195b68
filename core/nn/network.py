"""The multilayer perceptron: its layers, its forward pass, and the training step with backpropagation.

`Network` takes and returns (samples, features) arrays; the feature-major layout is internal. The
trainer creates one `TrainingStep` per batch size.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from core.arrays import buffer
from core.nn.activations import ACTIVATIONS
from core.nn.calls import Calls, run
from core.nn.layers import BatchNorm, ForwardPass, Layer, TrainingPass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from core.arrays import Array
    from core.nn.initializers import Draws, Initializer
    from core.nn.losses import Loss


class Network:
    """A multilayer perceptron with linear outputs (the logits).

    Attributes:
        sizes: units per layer, the inputs first.
        loss: loss function, which also defines how logits become predictions.
        parameters: all trained parameters in one flat vector: for each layer, the weights row by row,
            then the biases if there are any, or γ and β with batch normalisation.
            With several runs, (runs, parameters); all views have the leading axis, too.
        slices: for each layer, its slice of `parameters`.
        statistics: running means and variances of batch normalisation in one flat vector.
        weights: for each layer, the (inputs, units) view into `parameters`.
        biases: for each layer, the (units,) view into `parameters`; (0,) for a layer without biases.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: str | Sequence[str],
        loss: Loss,
        dtype: np.dtype | str = "float32",
        *,
        batch_norm: bool = False,
        bias: bool = True,
        runs: int | None = None,
    ) -> None:
        """Create the network with all weights zero.

        Args:
            sizes: units per layer, the inputs first, `loss.outputs` last.
            activation: name of the activation of all hidden layers, or one name per hidden layer.
            loss: loss function.
            dtype: float32 or float64.
            batch_norm: whether the hidden layers use batch normalisation, whose β replaces biases.
            bias: whether the other layers have biases.
            runs: number of networks to train at once, as a leading axis of all arrays; None for a
                single one, without that axis.

        Raises:
            ValueError: if the number of activations or of outputs does not match.
        """
        self.sizes = tuple(sizes)
        hidden = len(self.sizes) - 2
        names = [activation] * hidden if isinstance(activation, str) else list(activation)
        if len(names) != hidden:
            raise ValueError(f"{len(names)} activations for {hidden} hidden layers")
        if self.sizes[-1] != loss.outputs:
            raise ValueError(f"{self.sizes[-1]} outputs: {loss.name} requires {loss.outputs}")
        self.loss = loss
        self.dtype = np.dtype(dtype)
        normed = [batch_norm] * hidden + [False]
        self.slices = _slices(self.sizes, normed, bias)
        axis = () if runs is None else (runs,)
        self.parameters = buffer((*axis, self.slices[-1].stop), self.dtype)
        self.parameters[...] = 0
        normed_units = sum(
            size for size, is_normed in zip(self.sizes[1:], normed, strict=True) if is_normed
        )
        self.statistics = np.zeros((*axis, BatchNorm.size(normed_units)), self.dtype)
        self.layers = []
        start = 0
        for (inputs, units), name, part, is_normed in zip(
            pairwise(self.sizes), [*names, "linear"], self.slices, normed, strict=True
        ):
            statistics = None
            if is_normed:
                stop = start + BatchNorm.size(units)
                statistics = self.statistics[..., start:stop]
                start = stop
            self.layers.append(
                Layer(
                    inputs,
                    units,
                    ACTIVATIONS[name],
                    self.parameters[..., part],
                    statistics,
                    bias=bias,
                )
            )
        self.layers[-1].is_last = True
        self.weights = [layer.weights for layer in self.layers]
        self.biases = [layer.biases for layer in self.layers]
        for layer in self.layers:
            if layer.norm is not None:
                layer.norm.initialize()
        self._fold = [each for layer in self.layers for each in layer.fold()]

    def __repr__(self) -> str:
        shape = "-".join(map(str, self.sizes))
        names = dict.fromkeys(layer.activation.name for layer in self.layers[:-1])
        return f"Network({', '.join([shape, *names])}, {self.parameters.shape[-1]} parameters)"

    @property
    def classes(self) -> int:
        """Number of classes; 0 for regression."""
        return self.loss.classes

    def initialize(self, initializer: Initializer, rng: Draws) -> None:
        """Draw new weights, starting with the first layer; set biases to 0 and norms to the identity."""
        for layer in self.layers:
            layer.weights[:] = initializer.draw(rng, layer.inputs, layer.units)
            layer.biases[:] = 0
            if layer.norm is not None:
                layer.norm.initialize()

    def set_weights(self, weights: Sequence[ArrayLike], biases: Sequence[ArrayLike]) -> None:
        """Copy (inputs, units) weights and (units,) biases into each layer.

        Raises:
            ValueError: if the number of layers or a shape does not match.
        """
        if not len(weights) == len(biases) == len(self.layers):
            raise ValueError(
                f"{len(weights)} weight matrices and {len(biases)} bias vectors "
                f"for {len(self.layers)} layers"
            )
        for layer, weight, bias in zip(self.layers, weights, biases, strict=True):
            if np.shape(weight) != layer.weights.shape or np.shape(bias) != layer.biases.shape:
                raise ValueError(
                    f"weights of shape {np.shape(weight)} and biases of shape {np.shape(bias)}: "
                    f"the layer requires {layer.weights.shape} and {layer.biases.shape}"
                )
            layer.weights[:] = weight
            layer.biases[:] = bias

    def weight_mask(self, biases: bool = False) -> Array:
        """Return an array like `parameters`, 1 for weights (and optionally biases), 0 elsewhere."""
        mask = np.zeros_like(self.parameters)
        for layer, part in zip(self.layers, self.slices, strict=True):
            matrix = layer.matrix if biases else layer.weights
            mask[..., part][..., : matrix.shape[-2] * layer.units] = 1
        return mask

    def fold(self) -> None:
        """Update the matrices for evaluation of layers with batch normalisation; see `Layer.fold`."""
        run(self._fold)

    @property
    def fold_calls(self) -> Calls:
        """The calls of `fold`."""
        return self._fold

    def logits(self, x: Array) -> Array:
        """Return the (samples, outputs) logits of (samples, features) inputs."""
        return self._layer_outputs(x)[-1]

    def predict(self, x: Array) -> Array:
        """Return (samples, classes) probabilities, or (samples, targets) predicted values."""
        return self.loss.probabilities(self.logits(x).T).T

    def hidden_outputs(self, x: Array) -> list[Array]:
        """Return the outputs of each hidden layer, (samples, units)."""
        return self._layer_outputs(x)[:-1]

    def _layer_outputs(self, x: Array) -> list[Array]:
        passes = ForwardPasses(self, len(x))
        self.fold()
        run(passes.calls(with_bias_row(x, self.dtype)))
        return [each.values.T for each in passes.layers]


def parameter_count(sizes: Sequence[int], *, batch_norm: bool, bias: bool) -> int:
    """Return the number of parameters of a network with these units per layer."""
    return int(_slices(sizes, [batch_norm] * (len(sizes) - 2) + [False], bias)[-1].stop)


def with_bias_row(x: Array, dtype: np.dtype) -> Array:
    """Return (samples, features) inputs as a (features + 1, samples) block, the last row ones."""
    rows = np.ones((len(x), x.shape[1] + 1), dtype)
    rows[:, :-1] = x
    return rows.T


class ForwardPasses:
    """Evaluation of the network for batches of one size, in its own buffers.

    Attributes:
        layers: the forward pass of each layer.
        logits: (outputs, samples), the values of the last layer.
    """

    def __init__(self, network: Network, samples: int) -> None:
        self.layers = [ForwardPass(layer, samples) for layer in network.layers]
        self.logits: Array = self.layers[-1].values

    def calls(self, inputs: Array) -> Calls:
        """Return the calls for (features + 1, samples) inputs; run `Network.fold` before them."""
        calls: Calls = []
        for each in self.layers:
            calls += each.forward(inputs)
            inputs = each.outputs
        return calls


class TrainingStep:
    """Forward pass, loss and backward pass for batches of one size; writes the flat gradient.

    The list of calls is the following program, written out layer by layer:

        for layer in layers:            z = W.T @ a_below + b;  a = f(z)
        delta = loss.gradient(z, targets)
        for layer in reversed(layers):  delta *= df(z);  dW = a_below @ delta.T;  delta = W @ delta

    The first line is `dense` and `after_dense` of a `TrainingPass`, the third `backward` and `gradient`.
    """

    def __init__(
        self,
        network: Network,
        samples: int,
        gradient: Array,
        dropout: Sequence[Sequence[float]] = ((),),
        rngs: Sequence[np.random.Generator] = (),
    ) -> None:
        """Allocate the buffers and build the calls that all batches share.

        Args:
            network: its parameters are read at each run of the calls.
            samples: batch size.
            gradient: (parameters,), written at each run of the calls.
            dropout: for each run, the dropout rate of each hidden layer.
            rngs: random stream of dropout of each run.
        """
        rates = [[*each, *[0.0] * (len(network.layers) - len(each))] for each in dropout]
        self.samples = samples
        self.layers = [
            TrainingPass(layer, samples, gradient[..., part], of_layer, rngs)
            for layer, part, of_layer in zip(
                network.layers, network.slices, zip(*rates, strict=True), strict=True
            )
        ]
        last = self.layers[-1]
        self._loss = network.loss.gradient(last.values, last.delta)
        self.target_scale = self._loss.scale
        # all calls that read neither inputs nor targets, which batches share:
        # for layer in layers; the first layer's `dense` reads the inputs
        self._forward = list(self.layers[0].after_dense)
        for below, layer in pairwise(self.layers):
            self._forward += [layer.dense(below.outputs), *layer.after_dense]
        # the gradient of the loss, before and after the calls that read the targets
        self._forward += self._loss.before
        self._backward = list(self._loss.after)
        # for layer in reversed(layers); the first layer's `gradient` reads the inputs
        for below, layer in reversed([*pairwise(self.layers)]):
            self._backward += [*layer.backward(below), layer.gradient(below.outputs)]
        self._backward += self.layers[0].backward(None)

    def calls(self, inputs: Array, targets: Array, rows: Array | None = None) -> Calls:
        """Return the calls that write the gradient of the mean loss over a batch.

        Args:
            inputs: (features + 1, samples), the last row ones.
            targets: (rows, samples) encoded by the loss, times `target_scale`.
            rows: (samples, features + 1), the inputs again, for the gradient: its sums over the samples
                depend on the order in memory.
        """
        first = self.layers[0]
        return [
            first.dense(inputs),
            *self._forward,
            *self._loss.against(targets),
            *self._backward,
            first.gradient(inputs if rows is None else rows.mT),
        ]


def _slices(sizes: Sequence[int], normed: Sequence[bool], bias: bool) -> list[slice]:
    slices, start = [], 0
    for (inputs, units), is_normed in zip(pairwise(sizes), normed, strict=True):
        stop = start + Layer.size(inputs, units, is_normed, bias)
        slices.append(slice(start, stop))
        start = stop
    return slices
