"""Generators of two-dimensional classification data.

Every generator returns x, (samples, 2) float64, and y, (samples,) class numbers in ascending order.
Sizes of classes differ by at most one sample.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.datasets.dataset import Dataset, DatasetInfo, numbered

if TYPE_CHECKING:
    from core.arrays import Array, Labels

CIRCLES_FACTOR: Final = 0.5
"""Radius of the inner circle; that of the outer one is 1."""

SPIRAL_TURN: Final = 1.6
"""Angle of a spiral arm, in units of π."""

LINES_APART: Final = 0.6
"""Distance between the two parallel lines, each of length 2."""


def xor_points() -> tuple[Array, Labels]:
    """Return the four corners of the unit square; those with exactly one coordinate at 1 are class 1."""
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([0, 1, 1, 0])


def xor(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Labels]:
    """Return Gaussian clouds around the four corners of XOR."""
    corners, labels = xor_points()
    corner = np.array([0, 3, 1, 2])[_balanced(samples, 4)]
    x = corners[corner] + rng.normal(0, noise, (samples, 2))
    order = np.argsort(labels[corner], kind="stable")
    return x[order], labels[corner][order]


def moons(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Labels]:
    """Return two interleaved half circles, distributed as scikit-learn's `make_moons`."""
    outer = np.linspace(0, np.pi, samples // 2)
    inner = np.linspace(0, np.pi, samples - samples // 2)
    x = np.concatenate(
        [
            np.column_stack([np.cos(outer), np.sin(outer)]),
            np.column_stack([1 - np.cos(inner), 0.5 - np.sin(inner)]),
        ]
    )
    y = np.repeat([0, 1], [outer.size, inner.size])
    return x + rng.normal(0, noise, x.shape), y


def moons_legacy(rng: np.random.RandomState, samples: int, noise: float) -> tuple[Array, Labels]:
    """Return exactly the numbers of scikit-learn's `make_moons` with this generator."""
    outer = np.linspace(0, np.pi, samples // 2)
    inner = np.linspace(0, np.pi, samples - samples // 2)
    x = np.vstack(
        [
            np.append(np.cos(outer), 1 - np.cos(inner)),
            np.append(np.sin(outer), 1 - np.sin(inner) - 0.5),
        ]
    ).T
    y = np.repeat([0, 1], [outer.size, inner.size])
    order = np.arange(samples)
    rng.shuffle(order)
    return x[order] + rng.normal(scale=noise, size=x.shape), y[order]


def circles(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Labels]:
    """Return a circle inside another, distributed as `make_circles` with `CIRCLES_FACTOR`."""
    sizes = [samples // 2, samples - samples // 2]
    x = np.concatenate(
        [
            radius * _on_circle(np.linspace(0, 2 * np.pi, size, endpoint=False))
            for radius, size in zip((1.0, CIRCLES_FACTOR), sizes, strict=True)
        ]
    )
    return x + rng.normal(0, noise, x.shape), np.repeat([0, 1], sizes)


def blobs(
    rng: np.random.Generator, samples: int, noise: float, classes: int
) -> tuple[Array, Labels]:
    """Return Gaussian clouds of deviation `noise` around evenly spaced centres on the unit circle."""
    y = _balanced(samples, classes)
    x = _on_circle(2 * np.pi * y / classes) + rng.normal(0, noise, (samples, 2))
    return x, y


def spiral(
    rng: np.random.Generator, samples: int, noise: float, classes: int
) -> tuple[Array, Labels]:
    """Return one spiral arm per class, starting at the centre; noise grows with the radius."""
    y = _balanced(samples, classes)
    sizes = np.bincount(y, minlength=classes)
    along = np.concatenate([np.linspace(0.05, 1, size) for size in sizes])
    angle = SPIRAL_TURN * np.pi * along + 2 * np.pi * y / classes + rng.normal(0, noise, samples)
    return along[:, None] * _on_circle(angle), y


def checkerboard(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Labels]:
    """Return points of the square [-1, 1]² with the classes of a 4 by 4 checkerboard.

    The lower left square is of class 0. Noise is added after classes are assigned.
    """
    y = _balanced(samples, 2)
    square = np.arange(samples) % 8  # the eight squares of a class in equal shares
    row = square // 2
    column = square % 2 * 2 + (row + y) % 2
    within = rng.uniform(0, 1, (samples, 2))
    x = (np.column_stack([column, row]) + within) / 2 - 1
    return x + rng.normal(0, noise, x.shape), y


def gaussian_quantiles(
    rng: np.random.Generator, samples: int, noise: float, classes: int
) -> tuple[Array, Labels]:
    """Return a standard Gaussian cloud split by radius, as scikit-learn's `make_gaussian_quantiles`.

    The classes are rings with equally many samples, from the centre. Noise is added after classes
    are assigned.
    """
    x = rng.normal(0, 1, (samples, 2))
    x = x[np.argsort((x**2).sum(axis=1), kind="stable")]
    return x + rng.normal(0, noise, x.shape), _balanced(samples, classes)


def two_lines(rng: np.random.Generator, samples: int, noise: float) -> tuple[Array, Labels]:
    """Return two parallel segments along the diagonal.

    They are linearly separable if the noise is small compared to `LINES_APART`, as by default.
    """
    y = _balanced(samples, 2)
    along, across = rng.uniform(-1, 1, samples), LINES_APART * (0.5 - y)
    x = np.column_stack([along - across, along + across]) / np.sqrt(2)
    return x + rng.normal(0, noise, x.shape), y


def _balanced(samples: int, groups: int) -> Labels:
    """Return sorted group numbers; sizes of groups differ by at most one."""
    return np.sort(np.arange(samples) % groups)


def _on_circle(angle: Array) -> Array:
    return np.column_stack([np.cos(angle), np.sin(angle)])


DATASETS: Final = (
    DatasetInfo(
        "xor",
        "the four corners of a square, opposite corners in the same class; a noisy cloud with --samples",
        xor,
        samples=4,
        noise=0.15,
        fixed=lambda: Dataset(*xor_points(), numbered("x", 2), ("0", "1")),
    ),
    DatasetInfo("moons", "two interleaving half circles", moons, 200, 0.2),
    DatasetInfo("circles", "a circle inside another one", circles, 200, 0.1),
    DatasetInfo(
        "blobs",
        "one round cloud per class, on a circle (--classes)",
        blobs,
        samples=300,
        noise=0.25,
        classes=4,
        any_classes=True,
    ),
    DatasetInfo(
        "spiral",
        "one spiral arm per class (--classes)",
        spiral,
        samples=300,
        noise=0.15,
        classes=3,
        any_classes=True,
    ),
    DatasetInfo(
        "checkerboard",
        "two classes on the squares of a 4 by 4 checkerboard",
        checkerboard,
        600,
        0.01,
    ),
    DatasetInfo(
        "gaussian_quantiles",
        "rings of a Gaussian distribution, equally many samples in each (--classes)",
        gaussian_quantiles,
        samples=300,
        noise=0.03,
        classes=3,
        any_classes=True,
    ),
    DatasetInfo("two_lines", "two parallel lines, linearly separable", two_lines, 200, 0.05),
)
"""The data sets of this module, in the order of the listing."""

MOONS_LEGACY: Final = DatasetInfo(
    "moons_legacy",
    "scikit-learn's make_moons with NumPy's RandomState(seed), as in older tutorials",
    moons_legacy,
    200,
    0.2,
    legacy=True,
)
