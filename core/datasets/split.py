"""The seeded split into a training, a test and a validation part that keeps the classes' proportions."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.datasets.dataset import DataError, Dataset

if TYPE_CHECKING:
    from core.arrays import Labels

SMALLEST = 8
"""A set with fewer samples is not parted: it is train and test at once."""


class Parts(NamedTuple):
    """The numbers of the samples of each part, in their order.

    Attributes:
        shared: whether the test part is the training part.
    """

    train: Labels
    test: Labels
    validation: Labels
    shared: bool = False


def part(
    data: Dataset, test_size: float, rng: np.random.Generator, validation_size: float = 0.0
) -> Parts:
    """Part a data set at random, so that each class gives the same share of itself to each part.

    Args:
        data: the whole set.
        test_size: the share for testing; of each class at least one sample stays for training, and
            at least one of all is tested with. With 0, the whole set is both parts.
        rng: decides which samples, and the order of all parts.
        validation_size: the share for validation, of which the same holds; the test part is the
            same whatever it is.
    """
    everything, nothing = np.arange(len(data.y)), np.empty(0, np.int64)
    if len(data.y) < SMALLEST or not test_size + validation_size:
        return Parts(everything, everything, nothing, shared=True)
    # numbers to predict are parted as one class would be
    groups = np.asarray(data.y if data.class_names else np.zeros(len(data.y)), np.int64)
    place = np.zeros(len(data.y), np.int8)
    sizes = np.bincount(groups, minlength=len(data.class_names))
    if sizes.max() < 2:
        raise DataError(
            f"{data.name}: each of the {len(sizes)} classes has one sample, which cannot be trained "
            "on and tested with; choose another target"
        )
    for_test = _shares(sizes, test_size) if test_size else np.zeros_like(sizes)
    for_validation = np.zeros_like(sizes)
    if validation_size:
        for_validation = _shares(sizes - for_test, validation_size / (1 - test_size))
    for group, (tested, validated) in enumerate(zip(for_test, for_validation, strict=True)):
        members = rng.permutation(np.flatnonzero(groups == group))
        place[members[:tested]] = 1
        place[members[tested : tested + validated]] = 2
    train, test, validation = (rng.permutation(np.flatnonzero(place == each)) for each in range(3))
    return Parts(train, test if test_size else train, validation, shared=not test_size)


def _shares(sizes: Labels, test_size: float) -> Labels:
    """Return how many of each class to test with: rounded down, the largest remainders first up."""
    most = np.maximum(sizes - 1, 0)  # a class that is never trained on cannot be learnt
    total = int(np.clip(round(sizes.sum() * test_size), 1, most.sum()))
    exact = sizes * (total / sizes.sum())
    counts: Labels = np.minimum(np.floor(exact).astype(np.int64), most)
    while counts.sum() < total:
        counts[np.where(counts < most, exact - counts, -np.inf).argmax()] += 1
    return counts
