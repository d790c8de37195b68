"""Generators of regression data with one or two features.

Every generator returns uniformly distributed x, (samples, 1 or 2) float64, and y, (samples, 1)
float64, with added noise.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from core.datasets.dataset import DatasetInfo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array
    from core.datasets.dataset import Generator

BUMPS: Final = ((-0.6, 0.6, 1), (0.6, 0.6, -1), (-0.6, -0.6, -1), (0.6, -0.6, 1))
"""Centres of the Gaussian bumps, and the sign of each: hill or valley."""

TWO_GAUSSIANS: Final = ((0.5, 0.5, 1), (-0.5, -0.5, -1))
"""As `BUMPS`: one hill, one valley."""

STEP_EDGES: Final = (-1 / 3, 1 / 3)
STEP_LEVELS: Final = (-1.0, 1.0, 0.0)
"""The target before, between and after the edges."""


def plane(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Array]:
    """Return points of the square [-1, 1]² and the mean of their coordinates, with noise."""
    x = rng.uniform(-1, 1, (samples, 2))
    return x, x.mean(axis=1, keepdims=True) + rng.normal(0, noise, (samples, 1))


def hills(places: Sequence[tuple[float, float, int]], width: float) -> Generator:
    """Return a generator of points of the square [-1, 1]² and the heights of hills and valleys there.

    Args:
        places: centres of the Gaussians, and the sign of each.
        width: their standard deviation.
    """

    def draw(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Array]:
        x = rng.uniform(-1, 1, (samples, 2))
        height = sum(
            sign * np.exp(-((x - (across, up)) ** 2).sum(axis=1) / (2 * width**2))
            for across, up, sign in places
        )
        return x, np.reshape(height, (-1, 1)) + rng.normal(0, noise, (samples, 1))

    return draw


def sine(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Array]:
    """Return points of [-π, π] and two periods of sin 2x, with noise."""
    x = rng.uniform(-np.pi, np.pi, (samples, 1))
    return x, np.sin(2 * x) + rng.normal(0, noise, (samples, 1))


def step(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Array]:
    """Return points of [-1, 1] and a target with a step up and half a step down, with noise."""
    x = rng.uniform(-1, 1, (samples, 1))
    level = np.array(STEP_LEVELS)[np.searchsorted(STEP_EDGES, x)]
    return x, level + rng.normal(0, noise, (samples, 1))


_regression = partial(DatasetInfo, classes=0, targets=1)

DATASETS: Final = (
    _regression("plane", "regression: a plane that rises along the diagonal", plane, 200, 0.1),
    _regression(
        "bumps",
        "regression: alternating Gaussian hills and valleys",
        hills(BUMPS, 0.3),
        samples=300,
        noise=0.05,
    ),
    _regression(
        "two_gaussians",
        "regression: a Gaussian hill and a Gaussian valley",
        hills(TWO_GAUSSIANS, 0.4),
        samples=300,
        noise=0.05,
    ),
    _regression(
        "sine",
        "regression from one feature: two periods of a sine",
        sine,
        samples=200,
        noise=0.08,
        features=1,
    ),
    _regression(
        "step",
        "regression from one feature: a step up, and a half step down",
        step,
        samples=200,
        noise=0.05,
        features=1,
    ),
)
"""The data sets of this module, in the order of the listing."""
