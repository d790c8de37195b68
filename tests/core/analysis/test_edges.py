"""The strongest edges of a network, and the index of each in the flat parameter vector."""

import numpy as np
import pytest

from core.analysis.edges import count_edges, edges, parameter_index
from core.nn.losses import LOSSES
from core.nn.network import Network


def make(
    *sizes: int, batch_norm: bool = False, dtype: str = "float64", bias: bool = True
) -> Network:
    loss = LOSSES["softmax_cross_entropy"](sizes[-1])
    network = Network(sizes, "tanh", loss, dtype, batch_norm=batch_norm, bias=bias)
    network.parameters[:] = np.random.default_rng(3).normal(size=network.parameters.size)
    return network


@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("sizes", [(2, 3), (2, 8, 8, 2), (5, 1, 4)])
def test_an_index_points_at_its_parameter(sizes: tuple[int, ...], batch_norm: bool) -> None:
    network = make(*sizes, batch_norm=batch_norm)
    seen = set()
    for number, layer in enumerate(network.layers):
        for unit in range(layer.units):
            for source in range(layer.inputs):
                index = parameter_index(network, number, source, unit)
                seen.add(index)
                network.parameters[index] = 77.0
                assert network.weights[number][source, unit] == 77.0
                network.parameters[index] = 1.0
            index = parameter_index(network, number, None, unit)
            seen.add(index)
            network.parameters[index] = 77.0
            biases = layer.biases if layer.norm is None else layer.norm.beta
            assert biases[unit] == 77.0
            network.parameters[index] = 1.0
            if layer.norm is None:
                with pytest.raises(IndexError, match="no γ"):
                    parameter_index(network, number, None, unit, gamma=True)
                continue
            index = parameter_index(network, number, None, unit, gamma=True)
            seen.add(index)
            network.parameters[index] = 77.0
            assert layer.norm.gamma[unit] == 77.0
            network.parameters[index] = 1.0
    assert len(seen) == network.parameters.size


@pytest.mark.parametrize("place", [(-1, 0, 0), (2, 0, 0), (0, 2, 0), (0, -1, 0), (1, None, 2)])
def test_an_index_of_a_missing_weight_raises(place: tuple[int, int | None, int]) -> None:
    with pytest.raises(IndexError):
        parameter_index(make(2, 3, 2), *place)


def test_without_biases_each_parameter_is_a_weight() -> None:
    network = make(2, 3, 2, bias=False)
    assert network.parameters.size == count_edges(network)
    assert sorted(each.index for each in edges(network, 100)) == list(range(2 * 3 + 3 * 2))
    with pytest.raises(IndexError, match="no biases"):
        parameter_index(network, 0, None, 1)
    # batch normalisation has a β, the outputs have none
    network = make(2, 3, 2, bias=False, batch_norm=True)
    assert parameter_index(network, 0, None, 1) == 2 * 3 + 3 + 1
    with pytest.raises(IndexError, match="no biases"):
        parameter_index(network, 1, None, 1)


def test_the_strongest_edges_of_each_layer_come_first() -> None:
    network = make(2, 3, 2)
    network.weights[0][:] = [[0.1, -0.5, 0.2], [0.3, 0.4, -0.05]]
    network.weights[1][:] = [[100.0, 10.0], [-60.0, 0.0], [90.0, 1.0]]
    found = edges(network, 5)
    assert [(each.layer, each.source, each.target) for each in found] == [
        (0, 0, 1),
        (1, 0, 0),
        (1, 2, 0),
        (0, 1, 1),
        (0, 1, 0),  # 0.6, as strong as (1, 1, 0), and before it
    ]
    assert [each.strength for each in found] == pytest.approx([1, 1, 0.9, 0.8, 0.6])
    assert [each.weight for each in found] == pytest.approx([-0.5, 100, 90, 0.4, 0.3])
    for each in found:
        assert network.parameters[each.index] == each.weight


def test_there_are_no_more_edges_than_weights() -> None:
    network = make(2, 8, 8, 2)
    assert len(edges(network, 1000)) == count_edges(network) == 96
    assert edges(network, 0) == []


def test_only_edges_between_the_given_units_are_included() -> None:
    network = make(6, 5, 4)
    found = edges(network, 1000, [range(2, 4), range(1, 3), None])
    assert {(each.layer, each.source, each.target) for each in found} == {
        (0, source, target) for source in (2, 3) for target in (1, 2)
    }
    largest = np.abs(network.weights[0]).max()
    for each in found:
        assert each.weight == network.weights[0][each.source, each.target]
        assert each.strength == pytest.approx(abs(each.weight) / largest)


def test_without_units_a_layer_has_no_edges_and_the_others_keep_theirs() -> None:
    network = make(3, 4, 5, 2)
    assert edges(network, 1000, [[], range(4), None, None]) == []
    assert edges(network, 1000, [range(3), [], range(5), None]) == []
    found = edges(network, 1000, [range(3), [], [1, 2], [0]])
    assert {(each.layer, each.source, each.target) for each in found} == {(2, 1, 0), (2, 2, 0)}


def test_a_layer_of_zeros_or_nan_has_no_strong_edge() -> None:
    network = make(2, 2, 2)
    network.weights[0][:] = 0
    network.weights[1][:] = [[np.nan, np.inf], [1.0, -2.0]]
    found = {(each.layer, each.source, each.target): each.strength for each in edges(network, 99)}
    assert found == {
        **{(0, source, target): 0.0 for source in (0, 1) for target in (0, 1)},
        (1, 0, 0): 0.0,
        (1, 0, 1): 0.0,
        (1, 1, 0): 0.5,
        (1, 1, 1): 1.0,
    }
