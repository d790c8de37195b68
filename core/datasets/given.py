"""From arrays that a script gives to the shape in which data travels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.datasets.dataset import TrainTest

if TYPE_CHECKING:
    from core.arrays import Array, Labels


def given(
    x_train: Array,
    y_train: Array | Labels,
    x_test: Array,
    y_test: Array | Labels,
    *,
    numbers: bool,
) -> TrainTest:
    """Return arrays, (samples, features) and (samples,) or (samples, targets), as data.

    Args:
        x_train: the training inputs.
        y_train: class numbers from 0; or, in floating point, numbers to predict.
        x_test: the test inputs.
        y_test: their classes, or numbers.
        numbers: whether numbers in floating point are to be predicted, and not to be taken as classes.
    """
    x_train, x_test = np.asarray(x_train, np.float64), np.asarray(x_test, np.float64)
    features = tuple(f"x{number}" for number in range(1, x_train.shape[1] + 1))
    if numbers and np.issubdtype(np.asarray(y_train).dtype, np.floating):
        y_train, y_test = (np.asarray(y, np.float64) for y in (y_train, y_test))
        y_train, y_test = (y.reshape(len(y), -1) for y in (y_train, y_test))
        targets = tuple(f"y{number}" for number in range(1, y_train.shape[1] + 1))
        return TrainTest(x_train, y_train, x_test, y_test, features, (), targets)
    y_train, y_test = np.asarray(y_train, np.int64), np.asarray(y_test, np.int64)
    classes = int(max(np.max(y_train), np.max(y_test))) + 1
    return TrainTest(x_train, y_train, x_test, y_test, features, tuple(map(str, range(classes))))
