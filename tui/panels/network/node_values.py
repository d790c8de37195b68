"""Values of the nodes of the network panel, and their colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.prediction_map import quantize
from core.arrays import evenly_spaced
from core.nn.calls import run
from core.nn.network import ForwardPasses, with_bias_row
from tui.drawing.palette import CLASS_FIELDS, DIVERGING, UNCERTAIN, class_fields
from tui.panels.colour_scales import NumberScale, OutputScale

if TYPE_CHECKING:
    from core.arrays import Array
    from core.datasets import DataSplit
    from core.nn.network import Network

MOST_SAMPLES: Final = 256
"""Largest number of training samples for the mean output of a node."""


class NodeValues:
    """Output of each node: mean over some training samples, or value for one of them."""

    def __init__(self, network: Network, data: DataSplit, sample: int | None) -> None:
        self._key = network, data, sample
        if sample is None:
            x = data.x_train[evenly_spaced(len(data.x_train), MOST_SAMPLES)]
        else:
            x = data.x_train[sample : sample + 1]
        self._loss = network.loss
        largest = np.abs(data.x_train[:2000]).max(axis=0, initial=0.0)
        self.largest_inputs = np.where(np.isfinite(largest) & (largest > 0), largest, 1.0)
        self._inputs = x.mean(axis=0)
        self._passes = ForwardPasses(network, len(x))
        self._calls = [*network.fold_calls, *self._passes.calls(with_bias_row(x, network.dtype))]

    def shows(self, network: Network, data: DataSplit, sample: int | None) -> bool:
        """Return whether the values were computed for these arguments."""
        return self._key[0] is network and self._key[1] is data and self._key[2] == sample

    def refresh(self) -> list[Array]:
        """Return the values per layer, the inputs first, probabilities or predicted values last."""
        with np.errstate(all="ignore"):
            run(self._calls)
            last = self._loss.probabilities(self._passes.logits)
            if len(last) != len(self._passes.logits):
                last = last[1:]  # a single output for two classes
            hidden = [each.values.mean(axis=1) for each in self._passes.layers[:-1]]
            return [self._inputs, *hidden, last.mean(axis=1)]


def backgrounds(
    network: Network, data: DataSplit, states: NodeValues, layer: int, values: Array
) -> list[str]:
    """Return the colour of each node of a layer, 0 for the inputs."""
    values = np.asarray(values, np.float64)
    if layer == 0:
        levels = quantize(values / states.largest_inputs, len(DIVERGING), -1.0, 1.0)
        return [DIVERGING[level] for level in levels.tolist()]
    if layer < len(network.sizes) - 1:
        scale = OutputScale.of(network.layers[layer - 1].activation, values)
        return [scale.colours[level] for level in scale.levels(values).tolist()]
    if data.has_classes:
        levels = quantize(values, 1 + len(CLASS_FIELDS[0]), 0.0, 1.0)
        first = 1 if len(values) == 1 else 0
        return [
            (UNCERTAIN, *class_fields(label))[level]
            for label, level in enumerate(levels.tolist(), first)
        ]
    colours = []
    for target in range(len(values)):
        own = NumberScale.of(data, target)
        colours.append(own.colours[int(own.levels(values[target : target + 1])[0])])
    return colours
