"""The trace of a sample agrees with the engine, and its gradient with central differences."""

from itertools import product

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.trace import Trace, trace_sample, unit_statistics
from core.nn.activations import ACTIVATIONS
from core.nn.gradcheck import STEP, Objective
from core.nn.initializers import INITIALIZERS
from core.nn.losses import LOSSES
from core.nn.network import Network
from core.training.diagnostics import DEAD
from tests.core.nn.test_gradcheck import a_loss, network_and_data

COMBINATIONS = list(product(ACTIVATIONS, LOSSES))


def of_one(
    activation: str, loss: str, *, batch_norm: bool = False, numbers: bool = False
) -> tuple[Network, np.ndarray, np.ndarray, Trace]:
    network, x, y = network_and_data(
        (5, 4), activation, a_loss(loss, numbers=numbers), batch_norm=batch_norm
    )
    rng = np.random.default_rng(11)
    network.statistics[:] = rng.uniform(0.5, 1.5, network.statistics.size)
    return network, x, y, trace_sample(network, x[2], y[2])


def flat_gradient(trace: Trace) -> np.ndarray:
    parts = []
    for layer in trace.layers:
        parts += [layer.weight_gradient.ravel(), layer.bias_gradient]
        if layer.norm is not None:
            parts += [layer.norm.gamma_gradient, layer.norm.beta_gradient]
    return np.concatenate(parts)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "normed"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_forward_pass_equals_the_engines_bit_for_bit(
    activation: str, batch_norm: bool, dtype: str
) -> None:
    rng = np.random.default_rng(4)
    loss = a_loss("softmax_cross_entropy")
    network = Network((3, 6, 5, 3), activation, loss, dtype, batch_norm=batch_norm)
    network.initialize(INITIALIZERS["glorot"], rng)
    network.statistics[:] = rng.uniform(0.5, 1.5, network.statistics.size)
    for row in rng.normal(size=(5, 3)):
        trace = trace_sample(network, row, 1)
        hidden = network.hidden_outputs(row[None])
        for layer, outputs in zip(trace.layers, hidden, strict=False):
            assert layer.a.dtype == network.dtype
            assert np.array_equal(layer.a, outputs[0])
        assert np.array_equal(trace.layers[-1].z, network.logits(row[None])[0])
        assert np.array_equal(trace.predictions, network.predict(row[None])[0])


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "normed"])
@pytest.mark.parametrize(("activation", "loss"), COMBINATIONS)
def test_its_loss_and_gradient_agree_with_central_differences(
    activation: str, loss: str, batch_norm: bool
) -> None:
    network, x, y, trace = of_one(activation, loss, batch_norm=batch_norm)
    compare(network, x, y, trace)


@pytest.mark.parametrize(
    "loss", [name for name, loss in LOSSES.items() if loss.supports_regression]
)
@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "normed"])
def test_regression_agrees_with_central_differences(loss: str, batch_norm: bool) -> None:
    network, x, y, trace = of_one("tanh", loss, batch_norm=batch_norm, numbers=True)
    compare(network, x, y, trace)
    assert np.array_equal(trace.predictions, network.predict(x[2:3])[0])


def compare(network: Network, x: np.ndarray, y: np.ndarray, trace: Trace) -> None:
    objective = Objective(network, x[2:3], y[2:3])
    assert trace.loss == pytest.approx(objective.value(), rel=1e-12, abs=1e-14)
    gradient = flat_gradient(trace)
    assert gradient == pytest.approx(objective.gradient(), rel=1e-9, abs=1e-12)
    numeric = np.empty_like(gradient)
    for place, value in enumerate(network.parameters.tolist()):
        network.parameters[place] = value + STEP
        above = objective.value()
        network.parameters[place] = value - STEP
        numeric[place] = (above - objective.value()) / (2 * STEP)
        network.parameters[place] = value
    scale = np.linalg.norm(gradient) + np.linalg.norm(numeric)
    assert np.linalg.norm(gradient - numeric) <= 1e-7 * scale + 1e-9
    for layer in trace.layers:
        norm = layer.weight_gradient_norm
        assert norm == pytest.approx(np.linalg.norm(layer.weight_gradient), rel=1e-9)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "normed"])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_weighted_sum_is_the_sum_of_its_products(activation: str, batch_norm: bool) -> None:
    *_, trace = of_one(activation, "softmax_cross_entropy", batch_norm=batch_norm)
    for below, layer in zip((None, *trace.layers), trace.layers, strict=False):
        if below is not None:
            assert np.array_equal(layer.inputs, below.a)
        for unit in range(len(layer.z)):
            total = layer.products(unit).sum()
            if layer.norm is None:
                assert layer.z[unit] == pytest.approx(total + layer.biases[unit], rel=1e-12)
                continue
            norm = layer.norm
            assert norm.z[unit] == pytest.approx(total, rel=1e-12)
            z = norm.gamma[unit] * norm.normed[unit] + norm.beta[unit]
            assert layer.z[unit] == pytest.approx(z, rel=1e-10)
        assert layer.delta == pytest.approx(layer.slope * layer.output_gradient)
    for layer, above in zip(trace.layers, trace.layers[1:], strict=False):
        assert layer.output_gradient == pytest.approx(above.weights @ above.sum_delta)


def test_a_trace_does_not_change_with_the_network() -> None:
    network, _, _, trace = of_one("tanh", "softmax_cross_entropy", batch_norm=True)
    before = [layer.weights.copy() for layer in trace.layers], trace.layers[0].norm
    assert before[1] is not None
    gamma, mean = before[1].gamma.copy(), before[1].mean.copy()
    network.parameters += 1
    network.statistics += 1
    for layer, weights in zip(trace.layers, before[0], strict=True):
        assert np.array_equal(layer.weights, weights)
    assert np.array_equal(before[1].gamma, gamma)
    assert np.array_equal(before[1].mean, mean)


def test_the_targets_are_the_smoothed_labels() -> None:
    loss = LOSSES["softmax_cross_entropy"](3, label_smoothing=0.3)
    network, x, y = network_and_data((4,), "tanh", loss)
    trace = trace_sample(network, x[0], y[0])
    assert trace.targets.sum() == pytest.approx(1)
    expected = -(trace.targets * np.log(trace.predictions)).sum()
    assert trace.loss == pytest.approx(expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", LOSSES)
def test_with_class_weights_a_step_follows_the_weighted_mean_of_the_traced_gradients(
    name: str, smoothing: float
) -> None:
    classes = 2 if name == "binary_cross_entropy" else 3
    weights = (0.4, 2.5, 1.1)[:classes]
    loss = LOSSES[name](classes, label_smoothing=smoothing, class_weights=weights)
    network, x, y = network_and_data((5, 4), "tanh", loss)
    traces = [trace_sample(network, row, label) for row, label in zip(x, y, strict=True)]
    assert [each.weight for each in traces] == [weights[label] for label in y]
    total = sum(weights[label] for label in y)
    objective = Objective(network, x, y)
    assert sum(each.loss for each in traces) / total == pytest.approx(objective.value(), rel=1e-12)
    gradient = sum(map(flat_gradient, traces), np.zeros(network.parameters.size)) / total
    assert gradient == pytest.approx(objective.gradient(), rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("batch_norm", [False, True], ids=["plain", "normed"])
def test_a_network_without_biases_is_traced(batch_norm: bool) -> None:
    network, x, y = network_and_data(
        (5, 4), "tanh", a_loss("hinge"), batch_norm=batch_norm, bias=False
    )
    trace = trace_sample(network, x[2], y[2])
    compare(network, x, y, trace)
    assert not any(layer.biases.size for layer in trace.layers)
    assert np.array_equal(trace.layers[-1].z, network.logits(x[2:3])[0])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_statistics_of_a_unit_agree_with_the_diagnostics(activation: str) -> None:
    config = RunConfig(dataset="moons", hidden=(6, 5), activation=activation, diagnostics=True)
    trainer = Trainer(config)
    trainer.network.parameters[:] *= 6
    measured = trainer.measure().layers
    x = trainer.data.x_train
    for number, size in enumerate((6, 5)):
        facts = [unit_statistics(trainer.network, number, unit, x) for unit in range(size)]
        outputs = trainer.network.hidden_outputs(x)[number]
        assert np.array_equal(np.column_stack([each.outputs for each in facts]), outputs)
        assert np.mean([each.dead for each in facts]) == pytest.approx(measured[number].dead)
        saturated = np.mean([each.saturated for each in facts])
        assert saturated == pytest.approx(measured[number].saturated)
        for each in facts:
            assert each.flat == np.mean(np.abs(each.slopes) < DEAD)


def test_dead_relu_and_saturated_tanh_units_are_recognised() -> None:
    x = np.random.default_rng(0).normal(size=(50, 2))
    for activation in ("relu", "tanh"):
        loss = LOSSES["softmax_cross_entropy"](2)
        network = Network((2, 2, 2), activation, loss, "float64")
        network.layers[0].biases[:] = -20, 0
        network.layers[0].weights[:] = 0.1
        first, second = (unit_statistics(network, 0, unit, x) for unit in (0, 1))
        assert first.dead
        assert first.saturated == (activation == "tanh")
        assert not second.dead
        assert not second.saturated


def test_every_finite_output_is_in_one_bin_of_its_group() -> None:
    network, x, y = network_and_data((4,), "tanh", a_loss("hinge"), samples=200)
    x[3] = np.nan
    facts = unit_statistics(network, 0, 1, x)
    counts = facts.histogram(y, 3, 7, -0.5, 0.5)
    assert counts.shape == (3, 7)
    assert counts.sum(axis=1).tolist() == [
        int(((y == label) & np.isfinite(facts.outputs)).sum()) for label in range(3)
    ]
    assert counts[:, 0].sum() >= (facts.outputs < -0.5).sum()
