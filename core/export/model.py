"""The trained network of a run as plain arrays, with the preparation of its inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from core.dataclass import dataclass
from core.nn.calls import run

if TYPE_CHECKING:
    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.datasets.preparation import Preparation
    from core.nn.network import Network

Output = Literal["softmax", "sigmoid", "clipped", "value"]
"""How logits become predictions: see `output_of`."""


@dataclass(frozen=True)
class ExportedLayer:
    """A dense layer: f(x·W + b).

    Attributes:
        weights: W, (inputs, units).
        biases: b, (units,).
        activation: name of f, as in the setting `activation`.
    """

    weights: Array
    biases: Array
    activation: str


@dataclass(frozen=True)
class ExportedModel:
    """A trained network, from features in original units to predictions.

    Attributes:
        config: settings of the run.
        title: description of the run in one line.
        layers: inputs first. Batch normalisation is merged into weights and biases.
        output: how logits become predictions.
        preparation: the mapping from features to inputs.
        features: one name per feature.
        classes: one name per class; empty for regression.
        targets: one name per target value; empty for classification.
    """

    config: RunConfig
    title: str
    layers: tuple[ExportedLayer, ...]
    output: Output
    preparation: Preparation
    features: tuple[str, ...]
    classes: tuple[str, ...]
    targets: tuple[str, ...]

    @classmethod
    def of(cls, config: RunConfig, network: Network, data: DataSplit) -> ExportedModel:
        """Return a copy of a network and of the preparation of its data."""
        run(network.fold_calls)
        layers = tuple(
            ExportedLayer(layer.folded[:-1].copy(), layer.folded[-1].copy(), layer.activation.name)
            for layer in network.layers
        )
        return cls(
            config,
            config.describe(network.sizes),
            layers,
            output_of(network),
            data.preparation,
            data.feature_names,
            data.class_names,
            data.target_names,
        )

    @property
    def inputs(self) -> int:
        """Number of inputs of the network."""
        return len(self.layers[0].weights)

    @property
    def scale(self) -> tuple[Array, Array, Array]:
        """Shift, scale and replacement of missing values, (features,) each.

        An input is (feature - shift) / scale. Inputs computed from others are not included.
        """
        preparation = self.preparation
        count = self.inputs - len(preparation.extra)
        if not preparation.shift.size:
            return np.zeros(count), np.ones(count), np.zeros(count)
        return preparation.shift, preparation.scale, preparation.fill

    @property
    def target_scale(self) -> tuple[Array, Array] | None:
        """Shift and scale of regression targets, (targets,) each; None for classes."""
        if self.classes:
            return None
        preparation, count = self.preparation, len(self.targets)
        if not preparation.target_shift.size:
            return np.zeros(count), np.ones(count)
        return preparation.target_shift, preparation.target_scale


def output_of(network: Network) -> Output:
    """Return how the logits of a network become predictions.

    `softmax` and `sigmoid` give probabilities; `clipped` is for outputs that were fitted to one-hot
    rows: clipped to [0, 1], then divided by their sum; `value` is for regression.
    """
    loss = network.loss
    if not loss.classes:
        return "value"
    if loss.outputs == 1:
        return "sigmoid"
    return "clipped" if loss.supports_regression else "softmax"
