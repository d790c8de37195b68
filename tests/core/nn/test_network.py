"""The network computes its formulas, in its public layout (samples, features)."""

import numpy as np
import pytest

from core.analysis.prediction_map import PredictionMap, classify
from core.nn.calls import run
from core.nn.gradcheck import Objective
from core.nn.losses import LOSSES
from core.nn.network import Network, TrainingStep, with_bias_row
from core.training.evaluation import Evaluation


def make(sizes: tuple[int, ...], activation: str, loss: str = "softmax_cross_entropy") -> Network:
    classes = 2 if loss == "binary_cross_entropy" else sizes[-1]
    return Network(sizes, activation, LOSSES[loss](classes), "float64")


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
    targets = network.loss.encode(y).T
    loss, accuracy = Evaluation(network, with_bias_row(x, network.dtype), targets).measure()
    assert loss == pytest.approx(0.4739349880)
    assert accuracy == 1
    gradient = Objective(network, x, y).gradient()
    d1 = -0.3774522757 * 0.6 * 0.7310585786 * 0.2689414214
    d2 = -0.3774522757 * -0.7 * 0.7310585786 * 0.2689414214
    assert gradient == pytest.approx(
        [d1, d2, 2 * d1, 2 * d2, d1, d2, -0.2759397242, -0.1015125515, -0.3774522757], abs=1e-9
    )


def test_the_textbook_solution_of_xor() -> None:
    # Goodfellow et al. 2016, section 6.1: W = [[1, 1], [1, 1]], c = (0, -1), w = (1, -2)
    network = Network((2, 2, 1), "relu", LOSSES["mean_squared_error"](0, 1), "float64")
    network.set_weights([[[1, 1], [1, 1]], [[1], [-2]]], [[0, -1], [0]])
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    assert network.hidden_outputs(x)[0].tolist() == [[0, 0], [1, 0], [1, 0], [2, 1]]
    assert network.predict(x)[:, 0].tolist() == [0, 1, 1, 0]


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
        network = Network((2, 4, loss(2).outputs), "relu", loss(2), "float64")
        network.parameters[:] = np.random.default_rng(1).normal(size=network.parameters.size)
        probabilities = network.predict(x)
        assert probabilities.shape == (50, 2), name
        assert probabilities.min() >= 0
        assert probabilities.sum(axis=1) == pytest.approx(np.ones(50))


def test_weights_of_another_shape_are_refused() -> None:
    network = make((2, 3, 2), "tanh")
    with pytest.raises(ValueError, match=r"\(2, 2\).*\(2, 3\)"):
        network.set_weights([np.zeros((2, 2)), np.zeros((3, 2))], [np.zeros(3), np.zeros(2)])
    with pytest.raises(ValueError, match="1 weight matrices and 1 bias vectors for 2 layers"):
        network.set_weights([np.zeros((2, 3))], [np.zeros(3)])


def test_evaluation_in_chunks_is_the_same_as_in_one() -> None:
    network = make((2, 5, 3), "tanh")
    rng = np.random.default_rng(2)
    network.parameters[:] = rng.normal(size=network.parameters.size)
    inputs = with_bias_row(rng.normal(size=(100, 2)), network.dtype)
    targets = network.loss.encode(rng.integers(0, 3, 100)).T
    whole = Evaluation(network, inputs, targets).measure()
    assert Evaluation(network, inputs, targets, chunk=32).measure() == pytest.approx(whole)


def test_evaluation_can_stop_between_two_chunks() -> None:
    network = make((2, 5, 3), "tanh")
    network.parameters[:] = np.random.default_rng(2).normal(size=network.parameters.size)
    x = np.random.default_rng(3).normal(size=(100, 2))
    targets = network.loss.encode(np.arange(100) % 3).T
    evaluation = Evaluation(network, with_bias_row(x, network.dtype), targets, chunk=30)
    steps = [evaluation.advance(0.0) for _ in range(4)]
    assert steps[:3] == [None, None, None]
    assert steps[3] == evaluation.measure()
    evaluation.advance(0.0)
    assert evaluation.measure() == steps[3]  # the partial measurement is discarded


def test_folded_batch_normalisation_agrees_with_the_formula() -> None:

    network = Network(
        (3, 4, 2), "tanh", LOSSES["softmax_cross_entropy"](2), "float64", batch_norm=True
    )
    rng = np.random.default_rng(4)
    network.parameters[:] = rng.normal(size=network.parameters.size)
    network.statistics[:] = rng.uniform(0.5, 2, network.statistics.size)
    x = rng.normal(size=(6, 3))
    norm = network.layers[0].norm
    assert norm is not None
    z = (x @ network.weights[0] - norm.mean) / np.sqrt(norm.variance + 1e-5)
    hidden = np.tanh(z * norm.gamma + norm.beta)
    assert network.hidden_outputs(x)[0] == pytest.approx(hidden, abs=1e-14)
    assert network.logits(x) == pytest.approx(hidden @ network.weights[1] + network.biases[1])
    assert network.biases[0].shape == (0,)


def test_batch_normalisation_of_the_reference() -> None:
    # torch.nn.BatchNorm1d, float64: two features as two linear units of one layer
    x = np.array([[1.0, 2.0], [3.0, 5.0], [6.0, -1.0], [2.0, 0.0]])
    loss = LOSSES["mean_squared_error"](0, 2)
    network = Network((2, 2, 2), "linear", loss, "float64", batch_norm=True)
    network.set_weights([np.eye(2), np.eye(2)], [[], [0, 0]])
    gradient = np.empty_like(network.parameters)
    step = TrainingStep(network, 4, gradient)
    run(step.calls(with_bias_row(x, network.dtype), np.zeros((2, 4))))
    assert step.layers[0].values[0] == pytest.approx(
        [-1.0690434404, 0, 1.6035651607, -0.5345217202]
    )
    assert network.statistics == pytest.approx([0.3, 0.15, 1.3666666667, 1.6])


def test_dropout_uses_the_same_mask_in_both_directions() -> None:
    loss = LOSSES["mean_squared_error"](0, 1)
    network = Network((1, 400, 1), "linear", loss, "float64")
    network.set_weights([np.ones((1, 400)), np.ones((400, 1))], [np.zeros(400), [0.0]])
    gradient = np.empty_like(network.parameters)
    step = TrainingStep(network, 1, gradient, [(0.25,)], [np.random.default_rng(0)])
    run(step.calls(with_bias_row(np.ones((1, 1)), network.dtype), np.zeros((1, 1))))
    hidden = step.layers[0].values[:, 0]
    kept = hidden != 0
    assert set(hidden.tolist()) == {0.0, 1 / 0.75}
    assert kept.mean() == pytest.approx(0.75, abs=0.06)
    # dL/dw of the first layer is 2·output·mask
    assert gradient[:400] == pytest.approx(2 * hidden.sum() * hidden)
    # the trained network drops nothing
    assert network.predict(np.ones((1, 1)))[0, 0] == 400


@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "mean_squared_error", "hinge"])
@pytest.mark.parametrize("classes", [2, 3])
def test_a_prediction_map_agrees_with_the_network(loss: str, classes: int) -> None:
    network = make((2, 5, classes), "tanh", loss)
    network.parameters[:] = np.random.default_rng(2).normal(size=network.parameters.size)
    x = np.random.default_rng(3).normal(size=(100, 2))
    shown = PredictionMap(network, x)
    network.parameters[:] += 0.1
    labels, certainty = classify(network, x)
    assert np.array_equal(shown.refresh().labels, labels)
    assert np.array_equal(labels, network.logits(x).argmax(axis=1))
    likeliest = network.predict(x).max(axis=1)
    assert certainty == pytest.approx((likeliest - 1 / classes) / (1 - 1 / classes), abs=1e-12)


def test_a_prediction_map_of_regression_shows_the_first_target() -> None:
    network = Network((2, 3, 2), "tanh", LOSSES["huber"](0, 2), "float64")
    network.parameters[:] = np.random.default_rng(2).normal(size=network.parameters.size)
    x = np.random.default_rng(3).normal(size=(10, 2))
    assert np.array_equal(PredictionMap(network, x).refresh().values, network.predict(x)[:, 0])
