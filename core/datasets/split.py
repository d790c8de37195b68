"""Stratified random split into training, test and validation samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from core.datasets.dataset import DataError, Dataset

if TYPE_CHECKING:
    from core.arrays import Labels

SMALLEST = 8
"""A data set with fewer samples is not split: all samples are training and test samples."""


class Parts(NamedTuple):
    """Indices of the samples of each part, in shuffled order.

    Attributes:
        shared: whether the test samples are the training samples.
    """

    train: Labels
    test: Labels
    validation: Labels
    shared: bool = False


def part(
    data: Dataset, test_size: float, rng: np.random.Generator, validation_size: float = 0.0
) -> Parts:
    """Split a data set at random, with the same proportions of classes in each part.

    Args:
        data: the data set.
        test_size: fraction of test samples; at least one sample per class remains for training, and
            at least one sample is for testing. With 0, all samples are in both parts.
        rng: generator for the choice of samples and their order.
        validation_size: fraction of validation samples, with the same guarantees; it does not change
            the test samples.
    """
    everything, nothing = np.arange(len(data.y)), np.empty(0, np.int64)
    if len(data.y) < SMALLEST or not test_size + validation_size:
        return Parts(everything, everything, nothing, shared=True)
    # regression data are split like a single class
    groups = np.asarray(data.y if data.class_names else np.zeros(len(data.y)), np.int64)
    place = np.zeros(len(data.y), np.int8)
    sizes = np.bincount(groups, minlength=len(data.class_names))
    if sizes.max() < 2:
        raise DataError(
            f"{data.name}: each of the {len(sizes)} classes has one sample, too few for training "
            "and testing; choose another target"
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
    """Return the number of test samples per class: rounded down, then up at the largest remainders."""
    most = np.maximum(sizes - 1, 0)  # a class without training samples cannot be learnt
    total = int(np.clip(round(sizes.sum() * test_size), 1, most.sum()))
    exact = sizes * (total / sizes.sum())
    counts: Labels = np.minimum(np.floor(exact).astype(np.int64), most)
    while counts.sum() < total:
        counts[np.where(counts < most, exact - counts, -np.inf).argmax()] += 1
    return counts
