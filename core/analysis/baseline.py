"""What a linear model reaches on the same split: the line that a network has to get above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.arrays import evenly_spaced

if TYPE_CHECKING:
    from core.arrays import Array
    from core.datasets.dataset import DataSplit

MAX_VALUES: Final = 4_000_000
"""Inputs of all training samples together that it is fitted to; with more, to some of the samples."""


@dataclass(frozen=True)
class Baseline:
    """A fitted linear model.

    Attributes:
        name: what it is, in a word or two.
        train_score, test_score: accuracy, or R².
        has_classes: which of the two it is.
    """

    name: str
    train_score: float
    test_score: float
    has_classes: bool

    def __str__(self) -> str:
        scores = (self.train_score, self.test_score)
        if self.has_classes:
            train, test = (f"{100 * score:.1f} %" for score in scores)
            return f"{self.name}: accuracy {train} train, {test} test"
        train, test = (f"{score:.3f}".replace("-", "−") for score in scores)
        return f"{self.name}: R² {train} train, {test} test"


def measure_baseline(data: DataSplit) -> Baseline:
    """Fit logistic regression, or ridge regression to numbers, with scikit-learn's own settings.

    It takes the features alone, without what is made of them: those would bend its line.

    Raises:
        ValueError: when the training samples are all of one class.
    """
    x_train, x_test = _features_alone(data, data.x_train), _features_alone(data, data.x_test)
    most = max(1, MAX_VALUES // max(1, x_train.shape[1]))
    few = evenly_spaced(len(x_train), most)
    if data.has_classes:
        from sklearn.linear_model import LogisticRegression  # a second to import

        model, name = LogisticRegression(max_iter=1000), "logistic regression"
    else:
        from sklearn.linear_model import Ridge

        model, name = Ridge(), "ridge regression"
    model.fit(x_train[few], data.y_train[few])
    train, test = model.score(x_train, data.y_train), model.score(x_test, data.y_test)
    return Baseline(name, float(train), float(test), data.has_classes)


def _features_alone(data: DataSplit, x: Array) -> Array:
    return x[:, : x.shape[1] - len(data.preparation.extra)]
