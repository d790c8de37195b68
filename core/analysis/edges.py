"""Which edges of a network are worth drawing, and where a weight or a bias stands in its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.nn.network import Network


@dataclass(frozen=True)
class Edge:
    """One weight.

    Attributes:
        layer: counted from 0 for the first layer of weights.
        source: the unit of the layer before, or the input.
        target: the unit of the layer.
        weight: its value.
        strength: |weight| by the largest of the layer, from 0 to 1; 0 where it is not finite.
        index: its place in the network's flat parameter vector.
    """

    layer: int
    source: int
    target: int
    weight: float
    strength: float
    index: int


def parameter_index(
    network: Network, layer: int, source: int | None, unit: int, *, gamma: bool = False
) -> int:
    """Return the place of a weight, or of a bias, in the flat parameter vector.

    Args:
        network: whose.
        layer: counted from 0 for the first layer of weights.
        source: the unit of the layer before; None for the bias, or β of a normalised layer.
        unit: of the layer.
        gamma: whether γ is meant where there is no source, and not β.

    Raises:
        IndexError: when there is no such layer or unit, or no γ.
    """
    if not 0 <= layer < len(network.layers):
        raise IndexError(f"layer {layer} of {len(network.layers)}")
    inputs, units = network.sizes[layer : layer + 2]
    if not 0 <= unit < units or not 0 <= (source or 0) < inputs:
        raise IndexError(f"({source}, {unit}) of {inputs} × {units} weights")
    start = network.slices[layer].start
    if source is not None:
        return int(start + source * units + unit)
    normalised = network.layers[layer].norm is not None
    if gamma and not normalised:
        raise IndexError(f"layer {layer} is not normalised: it has no γ")
    # γ stands between the weights and β
    rows = inputs + (normalised and not gamma)
    return int(start + rows * units + unit)


def edges(network: Network, most: int, within: Sequence[range | None] | None = None) -> list[Edge]:
    """Return at most that many edges, the strongest first.

    A layer's weights are measured by its largest one: those of another layer may all be larger.

    Args:
        network: whose weights.
        most: edges to return.
        within: per layer of units, the inputs first, those between which edges are wanted, or None
            for none of them; all of all layers if it is left out.
    """
    strengths, places = [], []
    for layer, weights in enumerate(network.weights):
        inputs, units = weights.shape
        sources, targets = (range(inputs), range(units)) if within is None else within[layer:][:2]
        if sources is None or targets is None:
            continue
        sizes = np.abs(weights.astype(np.float64))
        sizes[~np.isfinite(sizes)] = 0.0
        part = sizes[sources.start : sources.stop, targets.start : targets.stop]
        strengths.append((part / (sizes.max(initial=0.0) or 1.0)).ravel())
        rows, columns = np.indices(part.shape).reshape(2, -1)
        places.append(
            np.stack([np.full_like(rows, layer), rows + sources.start, columns + targets.start])
        )
    if not strengths:
        return []
    strength, place = np.concatenate(strengths), np.concatenate(places, axis=1)
    order = np.argsort(-strength, kind="stable")[: max(0, most)]
    return [
        Edge(
            layer,
            source,
            target,
            float(network.weights[layer][source, target]),
            share,
            parameter_index(network, layer, source, target),
        )
        for share, (layer, source, target) in zip(
            strength[order].tolist(), place[:, order].T.tolist(), strict=True
        )
    ]


def count_edges(network: Network) -> int:
    """Return how many weights there are."""
    return sum(weights.size for weights in network.weights)
