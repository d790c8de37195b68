"""The two shapes in which data travels: a whole set, and its train and test parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.arrays import Array, Labels


@dataclass(frozen=True)
class Dataset:
    """Labelled samples.

    Attributes:
        x: (samples, features) float64.
        y: (samples,) class numbers.
        feature_names: one name per column of `x`.
        class_names: one name per class; `y` counts into it.
    """

    x: Array
    y: Labels
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]


@dataclass(frozen=True)
class TrainTest:
    """A data set in two parts; for a set too small to part, both are the whole of it.

    Attributes:
        shared: whether the test part is the training part.
    """

    x_train: Array
    y_train: Labels
    x_test: Array
    y_test: Labels
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    shared: bool = False
