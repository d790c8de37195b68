"""The two shapes in which data travels: a whole set, and its train and test parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.arrays import Array, Labels


@dataclass(frozen=True)
class Dataset:
    """Samples with classes, or with numbers to predict.

    Attributes:
        x: (samples, features) float64.
        y: (samples,) class numbers, or (samples, targets) float64.
        feature_names: one name per column of `x`.
        class_names: one name per class, `y` counts into it; empty where `y` is numbers.
        target_names: one name per column of `y`; empty where `y` is classes.
    """

    x: Array
    y: Labels | Array
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    target_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class TrainTest:
    """A data set in two parts; for a set too small to part, both are the whole of it.

    Attributes:
        shared: whether the test part is the training part.
    """

    x_train: Array
    y_train: Labels | Array
    x_test: Array
    y_test: Labels | Array
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]
    target_names: tuple[str, ...] = ()
    shared: bool = False

    @property
    def has_classes(self) -> bool:
        """Whether classes are told apart, and not numbers predicted."""
        return bool(self.class_names)
