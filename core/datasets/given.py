"""From arrays that a script gives to the shape in which data travels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.datasets.dataset import DataSplit

if TYPE_CHECKING:
    from core.arrays import Array, Labels


def from_arrays(
    x_train: Array,
    y_train: Array | Labels,
    x_test: Array,
    y_test: Array | Labels,
    *,
    numbers: bool,
) -> DataSplit:
    """Return arrays, (samples, features) and (samples,) or (samples, targets), as data.

    Args:
        x_train: the training inputs.
        y_train: class numbers from 0; or, in floating point, numbers to predict.
        x_test: the test inputs.
        y_test: their classes, or numbers.
        numbers: whether numbers in floating point are to be predicted, and not to be taken as classes.

    Raises:
        ValueError: when shapes do not fit one another, or classes are no whole numbers from 0.
    """
    _check_shapes(x_train, y_train, x_test, y_test)
    x_train, x_test = np.asarray(x_train, np.float64), np.asarray(x_test, np.float64)
    features = tuple(f"x{number}" for number in range(1, x_train.shape[1] + 1))
    if numbers and np.issubdtype(np.asarray(y_train).dtype, np.floating):
        y_train, y_test = (np.asarray(y, np.float64) for y in (y_train, y_test))
        y_train, y_test = (y.reshape(len(y), -1) for y in (y_train, y_test))
        targets = tuple(f"y{number}" for number in range(1, y_train.shape[1] + 1))
        return DataSplit(x_train, y_train, x_test, y_test, features, (), targets)
    y_train, y_test = _labels(y_train), _labels(y_test)
    classes = max(2, int(max(np.max(y_train), np.max(y_test))) + 1)
    return DataSplit(x_train, y_train, x_test, y_test, features, tuple(map(str, range(classes))))


def _check_shapes(
    x_train: Array, y_train: Array | Labels, x_test: Array, y_test: Array | Labels
) -> None:
    shapes = [np.shape(each) for each in (x_train, y_train, x_test, y_test)]
    inputs = shapes[0], shapes[2]
    if not all(len(shape) == 2 for shape in inputs) or inputs[0][1] != inputs[1][1]:
        raise ValueError(
            f"inputs of shapes {inputs[0]} and {inputs[1]} given; both are (samples, features)"
        )
    for x, y in (shapes[:2], shapes[2:]):
        if not y or x[0] != y[0] or not x[0]:
            raise ValueError(f"{x[0]} inputs and targets of shape {y} given; there is one for each")


def _labels(y: Array | Labels) -> Labels:
    labels = np.asarray(y).reshape(len(y), -1)
    if labels.shape[1] != 1 or np.any(labels != np.floor(labels)) or labels.min() < 0:
        raise ValueError("classes are whole numbers from 0, one for each sample")
    return np.asarray(labels[:, 0], np.int64)
