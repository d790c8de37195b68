"""The confusion matrix and its scores: accuracy, balanced accuracy, precision, recall and F1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Labels


def confusion_matrix(true: Labels, predicted: Labels, classes: int) -> Labels:
    """Return the (classes, classes) int64 number of samples of each true and predicted class.

    Rows are true classes, columns predicted classes, as in scikit-learn's `confusion_matrix`.

    Args:
        true: (samples,) class numbers from 0.
        predicted: (samples,) class numbers from 0.
        classes: number of classes, including those that do not occur.

    Raises:
        ValueError: if a class number is not below `classes`, or the lengths differ.
    """
    if len(true) != len(predicted):
        raise ValueError(f"{len(true)} true and {len(predicted)} predicted classes")
    for labels in (true, predicted):
        if labels.size and not 0 <= labels.min() <= labels.max() < classes:
            raise ValueError(f"class numbers must be between 0 and {classes - 1}")
    pairs = np.bincount(true * classes + predicted, minlength=classes * classes)
    return pairs.reshape(classes, classes).astype(np.int64, copy=False)


def accuracy(matrix: Labels) -> float:
    """Return the share of samples on the diagonal; NaN without samples."""
    samples = int(matrix.sum())
    return int(matrix.trace()) / samples if samples else float("nan")


def balanced_accuracy(matrix: Labels) -> float:
    """Return the mean recall over the classes that occur; NaN without samples.

    Each class counts equally, however many samples it has: always predicting one of k classes gives
    1 / k (Brodersen et al. 2010; scikit-learn's `balanced_accuracy_score`).
    """
    recalls = recall(matrix)
    recalls = recalls[np.isfinite(recalls)]
    return float(recalls.mean()) if recalls.size else float("nan")


def precision(matrix: Labels) -> NDArray[np.float64]:
    """Return (classes,) TP / (TP + FP): share of the samples predicted as a class that belong to it.

    NaN for a class that is never predicted (Manning, Raghavan & Schütze 2008, section 8.3).
    """
    return _ratio(matrix.diagonal(), matrix.sum(axis=0))


def recall(matrix: Labels) -> NDArray[np.float64]:
    """Return (classes,) TP / (TP + FN): share of the samples of a class that are predicted as it.

    NaN for a class without samples (Manning, Raghavan & Schütze 2008, section 8.3).
    """
    return _ratio(matrix.diagonal(), matrix.sum(axis=1))


def f1(matrix: Labels) -> NDArray[np.float64]:
    """Return (classes,) 2 TP / (2 TP + FP + FN), the harmonic mean of precision and recall.

    NaN for a class that neither occurs nor is predicted; 0 for a class without a correct prediction,
    where the harmonic mean would be 0/0 (as scikit-learn's `f1_score`).
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
    # stable sort of the negated counts: equal counts remain in the order of the classes
    order = np.argsort(-counts, kind="stable")[:most]
    pairs = ((*divmod(at, len(matrix)), int(counts[at])) for at in order.tolist())
    return [(true, taken_for, count) for true, taken_for, count in pairs if count]


def _ratio(part: Labels, whole: Labels) -> NDArray[np.float64]:
    undefined = np.full(len(part), np.nan)
    np.divide(part, whole, out=undefined, where=whole != 0)
    return undefined
