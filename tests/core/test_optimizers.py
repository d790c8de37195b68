"""Optimisers against their formulas, written out the long way."""

import numpy as np
import pytest

from core.optimizers import OPTIMIZERS, SGD, Adam

GRADIENTS = np.random.default_rng(0).normal(size=(100, 5))
START = np.random.default_rng(1).normal(size=5)


def run(name: str, **settings: float) -> np.ndarray:
    parameters = START.copy()
    optimizer = OPTIMIZERS[name](parameters, **{"momentum": 0.0, **settings})
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
    assert run("sgd", learning_rate=0.05, momentum=0.9) == pytest.approx(parameters, abs=1e-12)


def test_adam_follows_its_formula() -> None:
    # Kingma & Ba 2015, Algorithm 1
    parameters, m, v = START.copy(), np.zeros(5), np.zeros(5)
    for step, gradient in enumerate(GRADIENTS, start=1):
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        parameters -= 0.01 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    assert run("adam", learning_rate=0.01) == pytest.approx(parameters, abs=1e-12)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_a_new_learning_rate_counts_from_the_next_step(kind: type[SGD] | type[Adam]) -> None:
    parameters = START.copy()
    optimizer = kind(parameters, learning_rate=0.1, momentum=0.0)
    optimizer.gradient[:] = 1.0
    optimizer.step()
    before = parameters.copy()
    optimizer.configure(learning_rate=0.001, momentum=0.0)
    optimizer.gradient[:] = 1.0
    optimizer.step()
    assert before - parameters == pytest.approx(np.full(5, 0.001), rel=1e-6)
