"""Each optimiser agrees with its textbook formula, written out."""

import numpy as np
import pytest

from core.nn.optimizers import BLOCK, OPTIMIZERS, Hyperparameters

GRADIENTS = np.random.default_rng(0).normal(size=(100, 5))
START = np.random.default_rng(1).normal(size=5)


def run(name: str, **settings: float) -> np.ndarray:
    parameters = START.copy()
    optimizer = OPTIMIZERS[name](parameters, Hyperparameters(**settings))
    for gradient in GRADIENTS:
        optimizer.gradient[:] = gradient
        optimizer.step()
    return parameters


def test_plain_gradient_descent() -> None:
    assert run("sgd", learning_rate=0.1) == pytest.approx(START - 0.1 * GRADIENTS.sum(axis=0))


def test_momentum_follows_its_formula() -> None:
    parameters, velocity = START.copy(), np.zeros(5)
    for gradient in GRADIENTS:
        velocity = 0.9 * velocity + gradient
        parameters -= 0.05 * velocity
    expected = pytest.approx(parameters, abs=1e-12)
    assert run("sgd", learning_rate=0.05, momentum=0.9) == expected
    assert run("momentum", learning_rate=0.05) == expected


def test_nesterov_follows_its_formula() -> None:
    parameters, velocity = START.copy(), np.zeros(5)
    for gradient in GRADIENTS:
        velocity = 0.8 * velocity + gradient
        parameters -= 0.05 * (gradient + 0.8 * velocity)
    assert run("nesterov", learning_rate=0.05, momentum=0.8) == pytest.approx(parameters, abs=1e-12)


def test_adagrad_follows_its_formula() -> None:
    parameters, squares = START.copy(), np.zeros(5)
    for gradient in GRADIENTS:
        squares += gradient**2
        parameters -= 0.05 * gradient / (np.sqrt(squares) + 1e-10)
    assert run("adagrad", learning_rate=0.05) == pytest.approx(parameters, abs=1e-12)


def test_rmsprop_follows_its_formula() -> None:
    parameters, squares, velocity = START.copy(), np.zeros(5), np.zeros(5)
    for gradient in GRADIENTS:
        squares = 0.99 * squares + 0.01 * gradient**2
        velocity = 0.5 * velocity + gradient / (np.sqrt(squares) + 1e-8)
        parameters -= 0.01 * velocity
    assert run("rmsprop", learning_rate=0.01, momentum=0.5) == pytest.approx(parameters, abs=1e-12)


@pytest.mark.parametrize(("name", "decay"), [("adam", 0.0), ("adamw", 0.1)])
def test_adam_follows_its_formula(name: str, decay: float) -> None:
    # Kingma & Ba 2015, Algorithm 1; Loshchilov & Hutter 2019
    parameters, m, v = START.copy(), np.zeros(5), np.zeros(5)
    for step, gradient in enumerate(GRADIENTS, start=1):
        parameters *= 1 - 0.01 * decay
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        parameters -= 0.01 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    result = run(name, learning_rate=0.01, weight_decay=0.1)
    assert result == pytest.approx(parameters, abs=1e-12)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_large_network_updated_in_blocks_gives_the_same_numbers(name: str) -> None:
    size = 2 * BLOCK + 100
    rng = np.random.default_rng(2)
    parameters, gradients = rng.normal(size=size), rng.normal(size=(3, size))
    settings = Hyperparameters(0.01, 0.5, 0.1)
    whole = parameters.copy()
    large = OPTIMIZERS[name](whole, settings)
    part = slice(BLOCK - 3, BLOCK + 5)
    few = parameters[part].copy()
    small = OPTIMIZERS[name](few, settings)
    for gradient in gradients:
        large.gradient[:], small.gradient[:] = gradient, gradient[part]
        large.step()
        small.step()
    assert whole[part] == pytest.approx(few, abs=1e-15)
    assert not np.any(whole == parameters)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_a_new_learning_rate_applies_from_the_next_step(name: str) -> None:
    parameters = START.copy()
    optimizer = OPTIMIZERS[name](parameters, Hyperparameters(0.1))
    optimizer.gradient[:] = 1.0
    optimizer.step()
    before = parameters.copy()
    optimizer.configure(Hyperparameters(0.001))
    optimizer.gradient[:] = 1.0
    optimizer.step()
    assert before - parameters == pytest.approx(np.full(5, 0.001), rel=1e-6)


def test_momentum_can_be_switched_on_and_off() -> None:
    parameters = np.zeros(1)
    optimizer = OPTIMIZERS["sgd"](parameters, Hyperparameters(1.0))

    def moved(momentum: float) -> float:
        optimizer.configure(Hyperparameters(1.0, momentum))
        optimizer.gradient[:] = 1.0
        before = parameters[0]
        optimizer.step()
        return float(before - parameters[0])

    assert [moved(0.0), moved(0.5), moved(0.5), moved(0.0), moved(0.5)] == [1, 1, 1.5, 1, 1]


def test_each_optimiser_has_a_description_of_its_own() -> None:
    formulas = {each.formula for each in OPTIMIZERS.values()}
    assert len(formulas) == len(OPTIMIZERS)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
@pytest.mark.parametrize("size", [3, 5000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_learning_rate_of_zero_changes_no_parameter(name: str, size: int, dtype: str) -> None:
    parameters = np.random.default_rng(0).normal(size=size).astype(dtype)
    before = parameters.copy()
    optimizer = OPTIMIZERS[name](parameters, Hyperparameters(0.0))
    for _ in range(3):
        optimizer.gradient[:] = 1.5
        optimizer.step()
    assert np.array_equal(parameters, before)
