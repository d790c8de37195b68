"""Initial weights have the distribution that their formula states."""

from math import sqrt

import numpy as np
import pytest

from core.nn.initializers import INITIALIZERS

VARIANCES = {"glorot": 2 / 500, "he": 2 / 300, "lecun": 1 / 300}


@pytest.mark.parametrize(("kind", "variance"), VARIANCES.items())
def test_uniform_weights_fill_their_range(kind: str, variance: float) -> None:
    weights = INITIALIZERS[kind].draw(np.random.default_rng(0), 300, 200)
    assert weights.shape == (300, 200)
    bound = sqrt(3 * variance)
    assert bound * 0.999 < np.abs(weights).max() <= bound
    assert weights.var() == pytest.approx(variance, rel=0.02)


@pytest.mark.parametrize(("kind", "variance"), VARIANCES.items())
def test_normal_weights_are_not_truncated(kind: str, variance: float) -> None:
    weights = INITIALIZERS[f"{kind}_normal"].draw(np.random.default_rng(0), 300, 200)
    assert weights.var() == pytest.approx(variance, rel=0.02)
    assert np.abs(weights).max() > 3.5 * sqrt(variance)


def test_zeros_are_zero() -> None:
    assert not INITIALIZERS["zeros"].draw(np.random.default_rng(0), 3, 4).any()
