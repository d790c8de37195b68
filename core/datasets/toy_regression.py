"""Generators of regression data with one or two features.

Every generator returns uniformly distributed x, (samples, 1 or 2) float64, and y, (samples, 1)
float64, with added noise. The last argument, the number of classes, is ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.datasets.dataset import DatasetInfo

if TYPE_CHECKING:
    from core.arrays import Array

BUMPS: Final = ((-0.6, 0.6, 1), (0.6, 0.6, -1), (-0.6, -0.6, -1), (0.6, -0.6, 1))
"""Centres of the Gaussian bumps, and the sign of each: hill or valley."""

TWO_GAUSSIANS: Final = ((0.5, 0.5, 1), (-0.5, -0.5, -1))
"""As `BUMPS`: one hill, one valley."""

STEP_EDGES: Final = (-1 / 3, 1 / 3)
STEP_LEVELS: Final = (-1.0, 1.0, 0.0)
"""The target before, between and after the edges."""


def plane(
    rng: np.random.Generator, samples: int, noise: float, classes: int
) -> tuple[Array, Array]:
    """Return points of the square [-1, 1]² and the mean of their coordinates, with noise."""
    del classes
    x = rng.uniform(-1, 1, (samples, 2))
    return x, x.mean(axis=1, keepdims=True) + rng.normal(0, noise, (samples, 1))


def bumps(
    rng: np.random.Generator, samples: int, noise: float, classes: int
) -> tuple[Array, Array]:
    """Return points of the square [-1, 1]² and the heights of four bumps, with noise."""
    del classes
    x = rng.uniform(-1, 1, (samples, 2))
    return x, _height(x, BUMPS, 0.3) + rng.normal(0, noise, (samples, 1))


def two_gaussians(
    rng: np.random.Generator, samples: int, noise: float, classes: int
) -> tuple[Array, Array]:
    """Return points of the square [-1, 1]² and the height of a hill and a valley, with noise."""
    del classes
    x = rng.uniform(-1, 1, (samples, 2))
    return x, _height(x, TWO_GAUSSIANS, 0.4) + rng.normal(0, noise, (samples, 1))


def sine(rng: np.random.Generator, samples: int, noise: float, classes: int) -> tuple[Array, Array]:
    """Return points of [-π, π] and two periods of sin 2x, with noise."""
    del classes
    x = rng.uniform(-np.pi, np.pi, (samples, 1))
    return x, np.sin(2 * x) + rng.normal(0, noise, (samples, 1))


def step(rng: np.random.Generator, samples: int, noise: float, classes: int) -> tuple[Array, Array]:
    """Return points of [-1, 1] and a target with a step up and half a step down, with noise."""
    del classes
    x = rng.uniform(-1, 1, (samples, 1))
    level = np.array(STEP_LEVELS)[np.searchsorted(STEP_EDGES, x)]
    return x, level + rng.normal(0, noise, (samples, 1))


def _height(x: Array, places: tuple[tuple[float, float, int], ...], width: float) -> Array:
    """Return (samples, 1) sums of Gaussians of deviation `width` and height ±1 at these places."""
    height = sum(
        sign * np.exp(-((x - (across, up)) ** 2).sum(axis=1) / (2 * width**2))
        for across, up, sign in places
    )
    return np.reshape(height, (-1, 1))


DATASETS: Final = (
    DatasetInfo(
        "plane",
        "regression: a plane that rises along the diagonal",
        plane,
        samples=200,
        noise=0.1,
        classes=0,
        targets=1,
    ),
    DatasetInfo(
        "bumps",
        "regression: alternating Gaussian hills and valleys",
        bumps,
        samples=300,
        noise=0.05,
        classes=0,
        targets=1,
    ),
    DatasetInfo(
        "two_gaussians",
        "regression: a Gaussian hill and a Gaussian valley",
        two_gaussians,
        samples=300,
        noise=0.05,
        classes=0,
        targets=1,
    ),
    DatasetInfo(
        "sine",
        "regression from one feature: two periods of a sine",
        sine,
        samples=200,
        noise=0.08,
        classes=0,
        targets=1,
        features=1,
    ),
    DatasetInfo(
        "step",
        "regression from one feature: a step up, and a half step down",
        step,
        samples=200,
        noise=0.05,
        classes=0,
        targets=1,
        features=1,
    ),
)
"""The data sets of this module, in the order of the listing."""
