"""Losses agree with published values, and stay finite for any logit."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from core.losses import LOSSES


def value_of(name: str, logits: ArrayLike, labels: list[int]) -> float:
    z = np.array(logits, float).T.copy()
    loss = LOSSES[name]
    targets = loss.targets(np.array(labels), max(2, len(z)), z.dtype).T
    return loss.kernel(len(z), len(labels), z.dtype).value(z, targets)


def test_softmax_cross_entropy_of_the_reference() -> None:
    # torch.nn.functional.cross_entropy, float64
    logits = [[2.0, 1.0, 0.1], [-1.0, 3.0, 0.5], [1000.0, 0.0, -1000.0]]
    assert value_of("softmax_cross_entropy", logits, [0, 2, 0]) == pytest.approx(1.0042347819)


def test_binary_cross_entropy_of_the_reference() -> None:
    # torch.nn.functional.binary_cross_entropy_with_logits, float64
    logits = [[-800.0], [-3.0], [0.0], [0.5], [40.0], [800.0]]
    labels = [0, 1, 1, 0, 1, 0]
    assert value_of("binary_cross_entropy", logits, labels) == pytest.approx(134.1193019194)


def test_mean_squared_error_is_the_mean_over_all_elements() -> None:
    # one-hot targets (1, 0) and (0, 1): ((2-1)² + 1² + 0.5² + (3-1)²) / 4
    logits = [[2.0, 1.0], [0.5, 3.0]]
    assert value_of("mean_squared_error", logits, [0, 1]) == pytest.approx(6.25 / 4)


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_losses_and_gradients_are_finite_at_a_thousand(name: str, dtype: str) -> None:
    loss = LOSSES[name]
    outputs = loss.outputs(2)
    z = np.array([[1000.0, -1000.0, 0.0, 1000.0]] * outputs, dtype)
    if outputs == 2:
        z[1] *= -1
    kernel = loss.kernel(outputs, 4, z.dtype)
    targets = loss.targets(np.array([0, 1, 1, 1]), 2, z.dtype).T
    delta = np.empty_like(z)
    with np.errstate(all="raise", under="ignore"):
        assert np.isfinite(kernel.value(z, targets))
        kernel.gradient(z, targets, delta)
        assert np.isfinite(loss.probabilities(z)).all()
    assert np.isfinite(delta).all()


def test_a_tie_goes_to_the_first_class() -> None:
    z = np.zeros((3, 6))
    kernel = LOSSES["softmax_cross_entropy"].kernel(3, 6, z.dtype)
    targets = np.eye(3)[[0, 0, 1, 1, 2, 2]].T
    assert kernel.correct(z, targets) == 2


def test_binary_cross_entropy_refuses_three_classes() -> None:
    with pytest.raises(ValueError, match="3 classes"):
        LOSSES["binary_cross_entropy"].outputs(3)
