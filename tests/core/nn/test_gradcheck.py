"""Backpropagation agrees with central differences for every combination, and the check can fail."""

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.nn.activations import ACTIVATIONS
from core.nn.gradcheck import TOLERANCE, Objective, check_gradients
from core.nn.initializers import INITIALIZERS
from core.nn.losses import LOSSES, Loss
from core.nn.network import Network
from core.nn.regularization import Penalty

PENALTIES: tuple[dict[str, Any], ...] = (
    {},
    {"l2": 0.1},
    {"l1": 0.05},
    {"l1": 0.05, "l2": 0.1, "biases": True},
)


def a_loss(name: str, *, numbers: bool = False, **options: Any) -> Loss:
    if numbers:
        return LOSSES[name](0, 2, **options)
    return LOSSES[name](2 if name == "binary_cross_entropy" else 3, **options)


def network_and_data(
    hidden: tuple[int, ...],
    activation: str | tuple[str, ...],
    loss: Loss,
    *,
    batch_norm: bool = False,
    bias: bool = True,
    seed: int = 3,
    samples: int = 7,
) -> tuple[Network, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = (3, *hidden, loss.outputs)
    network = Network(sizes, activation, loss, "float64", batch_norm=batch_norm, bias=bias)
    network.initialize(INITIALIZERS["glorot"], rng)
    for layer in network.layers:
        layer.biases[:] = rng.normal(0, 0.3, layer.biases.shape)
        if layer.norm is not None:
            layer.norm.gamma[:] = rng.uniform(0.5, 1.5, layer.units)
            layer.norm.beta[:] = rng.normal(0, 0.3, layer.units)
    x = rng.normal(size=(samples, 3))
    if loss.classes:
        return network, x, rng.integers(0, loss.classes, samples)
    return network, x, rng.normal(size=(samples, 2))


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "normed"])
@pytest.mark.parametrize("penalty", PENALTIES, ids=str)
@pytest.mark.parametrize(("activation", "loss"), list(product(ACTIVATIONS, LOSSES)))
def test_every_combination_agrees_with_central_differences(
    activation: str, loss: str, penalty: dict[str, Any], batch_norm: bool
) -> None:
    hidden = (5, 4)
    network, x, y = network_and_data(hidden, activation, a_loss(loss), batch_norm=batch_norm)
    before = network.parameters.copy(), network.statistics.copy()
    added = Penalty(network, **{"l1": 0.0, "l2": 0.0, **penalty}) if penalty else None
    checks = list(check_gradients(network, x, y, added))
    assert len(checks) == (2 + 2 * 3 if batch_norm else 2 * 3)
    assert {(check.layer, check.name): check.ratio for check in checks if not check.passed} == {}
    assert np.array_equal(network.parameters, before[0])
    assert np.array_equal(network.statistics, before[1])


@pytest.mark.parametrize(
    "loss", [name for name, loss in LOSSES.items() if loss.supports_regression]
)
@pytest.mark.parametrize("hidden", [(), (5,)])
def test_regression_agrees_with_central_differences(loss: str, hidden: tuple[int, ...]) -> None:
    network, x, y = network_and_data(hidden, "tanh", a_loss(loss, numbers=True, huber_delta=0.5))
    assert all(check.passed for check in check_gradients(network, x, y))


@pytest.mark.parametrize(
    ("loss", "classes"),
    [("softmax_cross_entropy", 2), ("softmax_cross_entropy", 3), ("binary_cross_entropy", 2)],
)
def test_label_smoothing_agrees_with_central_differences(loss: str, classes: int) -> None:
    network, x, y = network_and_data((4,), "tanh", LOSSES[loss](classes, label_smoothing=0.2))
    assert all(check.passed for check in check_gradients(network, x, y))


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("loss", LOSSES)
def test_weighted_classes_agree_with_central_differences(loss: str, smoothing: float) -> None:
    classes = 2 if loss == "binary_cross_entropy" else 3
    weights = (0.4, 2.5, 1.1)[:classes]
    weighted = LOSSES[loss](classes, label_smoothing=smoothing, class_weights=weights)
    network, x, y = network_and_data((4,), "tanh", weighted)
    assert len(set(y.tolist())) > 1
    assert all(check.passed for check in check_gradients(network, x, y))
    other, _, _ = network_and_data((4,), "tanh", LOSSES[loss](classes, label_smoothing=smoothing))
    assert Objective(network, x, y).value() != Objective(other, x, y).value()


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "normed"])
@pytest.mark.parametrize("hidden", [(), (4,), (5, 4)])
@pytest.mark.parametrize("loss", LOSSES)
def test_layers_without_biases_agree_with_central_differences(
    loss: str, hidden: tuple[int, ...], batch_norm: bool
) -> None:
    network, x, y = network_and_data(
        hidden, "tanh", a_loss(loss), batch_norm=batch_norm, bias=False
    )
    checks = list(check_gradients(network, x, y))
    assert all(check.passed for check in checks)
    names = ["weights", *(["gamma", "beta"] if batch_norm else [])] * len(hidden)
    assert [check.name for check in checks] == [*names, "weights"]


def test_each_layer_can_have_its_own_activation() -> None:
    mixed = ("relu", "tanh", "gelu")
    network, x, y = network_and_data((4, 5, 3), mixed, a_loss("softmax_cross_entropy"))
    assert [layer.activation.name for layer in network.layers] == [*mixed, "linear"]
    assert all(check.passed for check in check_gradients(network, x, y))


def test_a_batch_of_one_sample_is_normalised_by_the_running_statistics() -> None:
    network, x, y = network_and_data(
        (4,), "tanh", a_loss("softmax_cross_entropy"), batch_norm=True, samples=1
    )
    network.statistics[:] = np.random.default_rng(5).uniform(0.5, 1.5, network.statistics.size)
    before = network.statistics.copy()
    objective = Objective(network, x, y)
    loss = objective.value()
    assert np.array_equal(network.statistics, before)
    assert loss == pytest.approx(-np.log(network.predict(x)[0, y[0]]), abs=1e-14)
    assert all(check.passed for check in check_gradients(network, x, y))


@settings(max_examples=60, deadline=None)
@given(
    layers=st.lists(
        st.tuples(
            st.integers(1, 9), st.sampled_from(["tanh", "sigmoid", "gelu", "swish", "softplus"])
        ),
        max_size=4,
    ),
    loss=st.sampled_from(sorted(LOSSES)),
    batch_norm=st.booleans(),
    l2=st.sampled_from([0.0, 0.3]),
    seed=st.integers(0, 10_000),
)
def test_any_architecture_agrees_along_a_random_direction(
    layers: list[tuple[int, str]], loss: str, batch_norm: bool, l2: float, seed: int
) -> None:
    hidden, activations = tuple(size for size, _ in layers), tuple(name for _, name in layers)
    network, x, y = network_and_data(
        hidden, activations, a_loss(loss), batch_norm=batch_norm, seed=seed
    )
    objective = Objective(network, x, y, Penalty(network, 0.0, l2))
    gradient = objective.gradient()
    direction = np.random.default_rng(seed).normal(size=gradient.size)
    direction /= np.linalg.norm(direction)
    start = network.parameters.copy()
    values = []
    for step in (1e-5, -1e-5, 1e-6, -1e-6):
        network.parameters[:] = start + step * direction
        values.append(objective.value())
    slopes = (values[0] - values[1]) / 2e-5, (values[2] - values[3]) / 2e-6
    # near a kink of the loss the two step sizes give different slopes: no comparison is possible
    assume(abs(slopes[0] - slopes[1]) < 1e-6)
    assert slopes[0] == pytest.approx(gradient @ direction, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("tensor", [0, 1, 2, 3, 4, 5])
def test_a_gradient_that_is_one_percent_wrong_is_caught(tensor: int) -> None:
    network, x, y = network_and_data(
        (5,), "tanh", a_loss("softmax_cross_entropy"), batch_norm=tensor > 3
    )
    sizes = [15, 5, 5, 15, 3] if tensor > 3 else [15, 5, 15, 3]
    at = tensor - 3 if tensor > 3 else tensor
    start = sum(sizes[:at])

    def perturb(gradient: np.ndarray) -> None:
        gradient[start : start + sizes[at]] *= 1.01

    checks = list(check_gradients(network, x, y, perturb=perturb))
    assert [check.passed for check in checks] == [each != at for each in range(len(sizes))]
    assert checks[at].ratio == pytest.approx(0.01 / 2.01, rel=1e-3)
    assert checks[at].ratio > 1000 * TOLERANCE


def test_the_check_refuses_single_precision() -> None:
    network = Network((2, 3, 2), "tanh", LOSSES["softmax_cross_entropy"](2), "float32")
    with pytest.raises(ValueError, match="float64"):
        list(check_gradients(network, np.zeros((1, 2)), np.zeros(1, int)))
