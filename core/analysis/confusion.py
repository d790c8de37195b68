"""Which classes are taken for which: the confusion matrix, and the scores that are read from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Labels


def confusion_matrix(true: Labels, predicted: Labels, classes: int) -> Labels:
    """Return a (classes, classes) int64 array: samples of each true class, by predicted class.

    Rows are true classes, columns predicted ones, as in scikit-learn's `confusion_matrix`.

    Args:
        true: (samples,) class numbers from 0.
        predicted: (samples,) class numbers from 0.
        classes: how many there are, whether they occur or not.

    Raises:
        ValueError: when a class number is not below `classes`, or the lengths differ.
    """
    if len(true) != len(predicted):
        raise ValueError(f"{len(true)} true and {len(predicted)} predicted classes given")
    for given in (true, predicted):
        if given.size and not 0 <= given.min() <= given.max() < classes:
            raise ValueError(f"class numbers from 0 to {classes - 1} are accepted")
    pairs = np.bincount(true * classes + predicted, minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int64, copy=False)


def accuracy(matrix: Labels) -> float:
    """Return the share of samples on the diagonal; NaN where there are none."""
    samples = int(matrix.sum())
    return int(matrix.trace()) / samples if samples else float("nan")


def precision(matrix: Labels) -> NDArray[np.float64]:
    """Return (classes,) TP / (TP + FP): how many of those taken for a class are of it.

    NaN where nothing is taken for the class (Manning, Raghavan & Schütze 2008, section 8.3).
    """
    return _ratio(matrix.diagonal(), matrix.sum(axis=0))


def recall(matrix: Labels) -> NDArray[np.float64]:
    """Return (classes,) TP / (TP + FN): how many of a class are taken for it.

    NaN where the class has no samples (Manning, Raghavan & Schütze 2008, section 8.3).
    """
    return _ratio(matrix.diagonal(), matrix.sum(axis=1))


def f1(matrix: Labels) -> NDArray[np.float64]:
    """Return (classes,) 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall.

    NaN for a class that neither occurs nor is predicted; 0 for one of which none is right, where
    the harmonic mean would be 0/0 (scikit-learn's `f1_score` does the same).
    """
    return _ratio(2 * matrix.diagonal(), matrix.sum(axis=0) + matrix.sum(axis=1))


def macro_f1(matrix: Labels) -> float:
    """Return the mean F1 over the classes that occur or are predicted; NaN if none is."""
    scores = f1(matrix)
    scores = scores[np.isfinite(scores)]
    return float(scores.mean()) if scores.size else float("nan")


def most_confused(matrix: Labels, most: int) -> list[tuple[int, int, int]]:
    """Return (true class, predicted class, samples) of the most frequent errors, largest first."""
    errors = matrix.copy()
    np.fill_diagonal(errors, 0)
    counts = errors.ravel()
    # a stable sort of the negated counts: among equals the order of the classes
    order = np.argsort(-counts, kind="stable")[:most]
    pairs = ((*divmod(at, len(matrix)), int(counts[at])) for at in order.tolist())
    return [(true, taken_for, count) for true, taken_for, count in pairs if count]


def _ratio(part: Labels, whole: Labels) -> NDArray[np.float64]:
    undefined = np.full(len(part), np.nan)
    np.divide(part, whole, out=undefined, where=whole != 0)
    return undefined
