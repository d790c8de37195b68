"""The network computes what its formulas say, seen from outside as (samples, features)."""

import numpy as np
import pytest

from core.losses import LOSSES
from core.network import Evaluation, Network, TrainingStep, columns


def make(sizes: tuple[int, ...], activation: str, loss: str = "softmax_cross_entropy") -> Network:
    return Network(sizes, activation, LOSSES[loss], "float64")


def test_a_network_worked_out_by_hand() -> None:
    # 2-2-1, sigmoid hidden units, binary cross-entropy, one sample x = (1, 2) of class 1:
    #   z1 = 1·0.1 + 2·0.2 + 0.5 = 1.0      a1 = σ(1.0) = 0.7310585786
    #   z2 = 1·0.3 - 2·0.4 - 0.5 = -1.0     a2 = σ(-1.0) = 0.2689414214
    #   z  = 0.6·a1 - 0.7·a2 + 0.25 = 0.5003761522
    #   p  = σ(z) = 0.6225477243, loss = -ln p = 0.4739349880
    # and back, with dL/dz = p - 1 = -0.3774522757:
    #   dL/dw_out = (p - 1)·(a1, a2) = (-0.2759397242, -0.1015125515)
    #   dL/dz1 = (p - 1)·0.6·a1(1 - a1), dL/dz2 = (p - 1)·(-0.7)·a2(1 - a2)
    network = make((2, 2, 1), "sigmoid", "binary_cross_entropy")
    network.set_weights([[[0.1, 0.3], [0.2, -0.4]], [[0.6], [-0.7]]], [[0.5, -0.5], [0.25]])
    x, y = np.array([[1.0, 2.0]]), np.array([1])
    assert network.hidden_outputs(x)[0] == pytest.approx(np.array([[0.7310585786, 0.2689414214]]))
    assert network.logits(x)[0, 0] == pytest.approx(0.5003761522)
    assert network.predict(x)[0] == pytest.approx([1 - 0.6225477243, 0.6225477243])
    targets = network.loss.targets(y, 2, network.dtype).T
    loss, accuracy = Evaluation(network, columns(x, network.dtype), targets).measure()
    assert loss == pytest.approx(0.4739349880)
    assert accuracy == 1
    gradient = np.empty_like(network.parameters)
    TrainingStep(network, 1, gradient).compute_gradient(columns(x, network.dtype), targets)
    d1 = -0.3774522757 * 0.6 * 0.7310585786 * 0.2689414214
    d2 = -0.3774522757 * -0.7 * 0.7310585786 * 0.2689414214
    assert gradient == pytest.approx(
        [d1, d2, 2 * d1, 2 * d2, d1, d2, -0.2759397242, -0.1015125515, -0.3774522757], abs=1e-9
    )


def test_the_textbook_solution_of_xor() -> None:
    # Goodfellow et al. 2016, section 6.1: W = [[1, 1], [1, 1]], c = (0, -1), w = (1, -2)
    network = make((2, 2, 1), "relu", "binary_cross_entropy")
    network.set_weights([[[1, 1], [1, 1]], [[1], [-2]]], [[0, -1], [0]])
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert network.hidden_outputs(x)[0].tolist() == [[0, 0], [1, 0], [1, 0], [2, 1]]
    assert network.logits(x)[:, 0].tolist() == [0, 1, 1, 0]


def test_weights_and_biases_are_views_into_the_flat_vector() -> None:
    network = make((2, 3, 2), "tanh")
    network.parameters[:] = np.arange(17)
    assert network.weights[0].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert network.biases[0].tolist() == [6, 7, 8]
    network.weights[1][0, 1] = -1
    assert network.parameters[10] == -1
    assert network.weight_mask().tolist() == [1] * 6 + [0] * 3 + [1] * 6 + [0] * 2


def test_probabilities_are_probabilities_for_every_loss() -> None:
    x = np.random.default_rng(0).normal(size=(50, 2)) * 100
    for name, loss in LOSSES.items():
        network = Network((2, 4, loss.outputs(2)), "relu", loss, "float64")
        network.parameters[:] = np.random.default_rng(1).normal(size=network.parameters.size)
        probabilities = network.predict(x)
        assert probabilities.shape == (50, 2), name
        assert probabilities.min() >= 0
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(50))


def test_weights_of_another_shape_are_refused() -> None:
    network = make((2, 3, 2), "tanh")
    with pytest.raises(ValueError, match=r"\(2, 2\).*\(2, 3\)"):
        network.set_weights([np.zeros((2, 2)), np.zeros((3, 2))], [np.zeros(3), np.zeros(2)])
    with pytest.raises(ValueError, match="1 weight matrices and 1 biases given for 2 layers"):
        network.set_weights([np.zeros((2, 3))], [np.zeros(3)])


def test_evaluation_in_chunks_is_the_same_as_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    network = make((2, 5, 3), "tanh")
    rng = np.random.default_rng(2)
    network.parameters[:] = rng.normal(size=network.parameters.size)
    inputs = columns(rng.normal(size=(100, 2)), network.dtype)
    targets = network.loss.targets(rng.integers(0, 3, 100), 3, network.dtype).T
    whole = Evaluation(network, inputs, targets).measure()
    monkeypatch.setattr(Evaluation, "CHUNK", 32)
    parts = Evaluation(network, inputs, targets).measure()
    assert parts == pytest.approx(whole)
