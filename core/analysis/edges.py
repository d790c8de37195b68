"""The strongest edges of a network, and the index of a weight or bias in its parameter vector."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from core.nn.network import Network

HELD: Final = 0.25
"""Share by which a unit must be stronger than one that is held to precede it."""


@dataclass(frozen=True)
class Edge:
    """One weight.

    Attributes:
        layer: number of the layer, counted from 0.
        source: unit of the layer below, or input.
        target: unit of the layer.
        weight: value of the weight.
        strength: |weight| relative to the largest of the layer, from 0 to 1; 0 if it is not finite.
        index: index in the network's flat parameter vector.
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
    """Return the index of a weight or a bias in the flat parameter vector.

    Args:
        network: the network.
        layer: number of the layer, counted from 0.
        source: unit of the layer below; None for the bias, or for β with batch normalisation.
        unit: unit of the layer.
        gamma: whether to return the index of γ instead of β.

    Raises:
        IndexError: if there is no such layer or unit, or no γ, bias or β.
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
    if not network.layers[layer].has_offsets:
        raise IndexError(f"layer {layer} has no biases")
    # γ is stored between the weights and β
    rows = inputs + (normalised and not gamma)
    return int(start + rows * units + unit)


def edges(
    network: Network, most: int, within: Sequence[Sequence[int] | None] | None = None
) -> list[Edge]:
    """Return at most `most` edges, the strongest first.

    Strength is relative to the largest weight of the layer, since scales differ between layers.

    Args:
        network: the network.
        most: maximal number of edges.
        within: for each layer of units, inputs first, the units whose edges are included, or None for
            no units; without it, all units of all layers.
    """
    strengths, places = [], []
    for layer, weights in enumerate(network.weights):
        inputs, units = weights.shape
        chosen = (range(inputs), range(units)) if within is None else within[layer:][:2]
        # without a type, an empty list would be an array of floats, which is no index
        ends = [np.asarray(each, dtype=np.intp) for each in chosen if each is not None]
        if len(ends) < 2:
            continue
        sizes = np.abs(weights.astype(np.float64))
        sizes[~np.isfinite(sizes)] = 0.0
        part = sizes[np.ix_(*ends)]
        strengths.append((part / (sizes.max(initial=0.0) or 1.0)).ravel())
        rows, columns = (each.ravel() for each in np.meshgrid(*ends, indexing="ij"))
        places.append(np.stack([np.full_like(rows, layer), rows, columns]))
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


def strongest_units(network: Network, layer: int, held: Collection[int] = ()) -> list[int]:
    """Return the units of a layer in the order of the magnitudes of their outgoing weights.

    Args:
        network: the network.
        layer: 0 for the inputs; the outputs, which have no such weights, keep their order.
        held: units that stay in front of slightly stronger ones.
    """
    if layer == len(network.weights):
        return list(range(network.sizes[-1]))
    sums = np.abs(network.weights[layer].astype(np.float64)).sum(axis=1)
    sums[~np.isfinite(sums)] = 0.0
    sums[list(held)] *= 1 + HELD
    return [int(unit) for unit in np.argsort(-sums, kind="stable")]


def count_edges(network: Network) -> int:
    """Return the number of weights."""
    return sum(weights.size for weights in network.weights)
