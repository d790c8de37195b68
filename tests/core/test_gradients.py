"""Backpropagation is right, for every combination, and the check would tell if it were not."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.activations import ACTIVATIONS
from core.gradcheck import TOLERANCE, check_gradients
from core.initializers import INITIALIZERS
from core.losses import LOSSES
from core.network import Network


def network_and_data(
    hidden: tuple[int, ...], activation: str, loss_name: str, seed: int = 3
) -> tuple[Network, np.ndarray, np.ndarray]:
    loss = LOSSES[loss_name]
    classes = 2 if loss.single_output else 3
    rng = np.random.default_rng(seed)
    network = Network((3, *hidden, loss.outputs(classes)), activation, loss, "float64")
    network.initialize(INITIALIZERS["glorot"], rng)
    for biases in network.biases:
        biases[:] = rng.normal(0, 0.3, biases.shape)
    return network, rng.normal(size=(7, 3)), rng.integers(0, classes, 7)


@pytest.mark.parametrize(
    ("activation", "loss", "l2", "hidden"),
    list(product(ACTIVATIONS, LOSSES, (0.0, 0.1), ((), (5,), (5, 4)))),
)
def test_every_combination_agrees_with_central_differences(
    activation: str, loss: str, l2: float, hidden: tuple[int, ...]
) -> None:
    network, x, y = network_and_data(hidden, activation, loss)
    before = network.parameters.copy()
    checks = check_gradients(network, x, y, l2)
    assert len(checks) == 2 * (len(hidden) + 1)
    assert {check.name: check.ratio for check in checks if not check.passed} == {}
    assert np.array_equal(network.parameters, before)


@settings(max_examples=25, deadline=None)
@given(
    hidden=st.lists(st.integers(1, 9), max_size=4).map(tuple),
    activation=st.sampled_from(["tanh", "sigmoid", "linear"]),
    loss=st.sampled_from(sorted(LOSSES)),
    seed=st.integers(0, 10_000),
)
def test_any_architecture_agrees_along_a_random_direction(
    hidden: tuple[int, ...], activation: str, loss: str, seed: int
) -> None:
    from core.network import Evaluation, TrainingStep, columns

    network, x, y = network_and_data(hidden, activation, loss, seed)
    inputs = columns(x, network.dtype)
    targets = network.loss.targets(y, network.classes, network.dtype).T
    gradient = np.empty_like(network.parameters)
    TrainingStep(network, len(y), gradient).compute_gradient(inputs, targets)
    direction = np.random.default_rng(seed).normal(size=gradient.size)
    direction /= np.linalg.norm(direction)
    evaluation = Evaluation(network, inputs, targets)
    start = network.parameters.copy()
    network.parameters[:] = start + 1e-5 * direction
    above = evaluation.measure()[0]
    network.parameters[:] = start - 1e-5 * direction
    slope = (above - evaluation.measure()[0]) / 2e-5
    assert slope == pytest.approx(gradient @ direction, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("tensor", [0, 1, 2, 3])
def test_a_gradient_that_is_one_percent_wrong_is_caught(tensor: int) -> None:
    network, x, y = network_and_data((5,), "tanh", "softmax_cross_entropy")
    sizes = [15, 5, 15, 3]
    start = sum(sizes[:tensor])

    def spoil(gradient: np.ndarray) -> None:
        gradient[start : start + sizes[tensor]] *= 1.01

    checks = check_gradients(network, x, y, spoil=spoil)
    assert [check.passed for check in checks] == [at != tensor for at in range(4)]
    assert checks[tensor].ratio == pytest.approx(0.01 / 2.01, rel=1e-3)
    assert checks[tensor].ratio > 1000 * TOLERANCE


def test_the_check_refuses_single_precision() -> None:
    network = Network((2, 3, 2), "tanh", LOSSES["softmax_cross_entropy"], "float32")
    with pytest.raises(ValueError, match="float64"):
        check_gradients(network, np.zeros((1, 2)), np.zeros(1, int))
