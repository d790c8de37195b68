"""The seeded split into a training and a test part that keeps the proportions of the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.datasets.dataset import Dataset, TrainTest

if TYPE_CHECKING:
    from core.arrays import Labels

SMALLEST = 8
"""A set with fewer samples is not parted: it is train and test at once."""


def split(data: Dataset, test_size: float, rng: np.random.Generator) -> TrainTest:
    """Part a data set at random, so that each class gives the same share of itself for testing.

    Args:
        data: the whole set.
        test_size: the share for testing; of each class at least one sample stays for training, and
            at least one of all is tested with. With 0, the whole set is both parts.
        rng: decides which samples, and the order of both parts.
    """
    names = data.feature_names, data.class_names, data.target_names
    if len(data.y) < SMALLEST or not test_size:
        return TrainTest(data.x, data.y, data.x, data.y, *names, shared=True)
    in_test = np.zeros(len(data.y), bool)
    # numbers to predict are parted as one class would be
    groups = data.y if data.class_names else np.zeros(len(data.y), np.int64)
    wanted = _shares(np.bincount(groups, minlength=len(data.class_names)), test_size)
    for group, count in enumerate(wanted):
        members = rng.permutation(np.flatnonzero(groups == group))
        in_test[members[:count]] = True
    train = rng.permutation(np.flatnonzero(~in_test))
    test = rng.permutation(np.flatnonzero(in_test))
    return TrainTest(data.x[train], data.y[train], data.x[test], data.y[test], *names)


def _shares(sizes: Labels, test_size: float) -> Labels:
    """Return how many of each class to test with: rounded down, the largest remainders first up."""
    most = np.maximum(sizes - 1, 0)  # a class that is never trained on cannot be learnt
    total = int(np.clip(round(sizes.sum() * test_size), 1, most.sum()))
    exact = sizes * (total / sizes.sum())
    counts: Labels = np.minimum(np.floor(exact).astype(np.int64), most)
    while counts.sum() < total:
        counts[np.where(counts < most, exact - counts, -1.0).argmax()] += 1
    return counts
