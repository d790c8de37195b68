"""Scores of classes of different sizes, of which the largest alone gives a high accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.analysis.confusion import balanced_accuracy, confusion_matrix, macro_f1
from core.analysis.prediction_map import classify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.datasets import DataSplit
    from core.nn.network import Network

UNEVEN: Final = 0.1
"""Excess of the largest class over an equal share from which it is reported: below it, the share says
little more than the number of classes. Two classes are uneven from 60:40 on."""


CHUNK: Final = 4096
"""Samples that are predicted at once."""


def majority_share(train: Sequence[int], part: Sequence[int] | None = None) -> float | None:
    """Return the accuracy of always predicting the most frequent class of the training samples.

    Args:
        train: number of training samples of each class; empty for regression.
        part: number of samples of each class in the part to predict; None for the training samples.

    Returns:
        None for regression, without samples, and for classes of about equal size.
    """
    part = train if part is None else part
    classes, samples = sum(count > 0 for count in train), sum(part)
    if classes < 2 or not samples or max(train) / sum(train) < 1 / classes + UNEVEN:
        return None
    return part[train.index(max(train))] / samples


class UnevenScores(NamedTuple):
    """Scores of one part of the data, if its classes are uneven.

    Attributes:
        majority_share: accuracy of always predicting the most frequent class.
        balanced_accuracy: mean recall of the classes.
        macro_f1: mean F1 of the classes.
    """

    majority_share: float
    balanced_accuracy: float
    macro_f1: float


@np.errstate(all="ignore")  # outputs of a network that diverged may overflow
def uneven_scores(network: Network, data: DataSplit) -> dict[str, UnevenScores]:
    """Return the scores of train, test and validation samples, as far as there are any.

    Empty for regression and for classes of about equal size, where the accuracy is enough.
    """
    parts = {"train": (data.x_train, data.y_train), "test": (data.x_test, data.y_test)}
    if data.x_validation is not None and data.y_validation is not None:
        parts["validation"] = data.x_validation, data.y_validation
    if majority_share(data.class_counts[0]) is None:
        return {}
    scores, classes = {}, len(data.class_names)
    for name, (x, targets) in parts.items():
        y = np.asarray(targets, np.int64)
        counts = np.bincount(y, minlength=classes)
        share = majority_share(data.class_counts[0], counts.tolist())
        if share is None:
            continue
        matrix = np.zeros((classes, classes), np.int64)
        for start in range(0, len(y), CHUNK):
            part = slice(start, start + CHUNK)
            predicted, _ = classify(network, x[part])
            matrix += confusion_matrix(y[part], predicted, classes)
        scores[name] = UnevenScores(share, balanced_accuracy(matrix), macro_f1(matrix))
    return scores
