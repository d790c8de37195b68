"""Baseline: score of a linear model on the same split, for comparison with the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.arrays import evenly_spaced
from core.dataclass import dataclass
from core.memory import SCIKIT_LEARN, importing

if TYPE_CHECKING:
    from core.arrays import Array
    from core.datasets.dataset import DataSplit

MAX_VALUES: Final = 4_000_000
"""Maximal number of values (samples × inputs) to fit; above it, only some of the samples are used."""


@dataclass(frozen=True)
class Baseline:
    """A fitted linear model.

    Attributes:
        name: name of the model.
        train_score, test_score: accuracy, or R² for regression.
        has_classes: whether the scores are accuracies.
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
    """Fit logistic regression, or ridge regression, with scikit-learn's default settings.

    Only the original features are used: derived ones (products, squares) would make it nonlinear.

    Raises:
        ValueError: if all training samples have the same class.
    """
    x_train, x_test = _features_alone(data, data.x_train), _features_alone(data, data.x_test)
    most = max(1, MAX_VALUES // max(1, x_train.shape[1]))
    few = evenly_spaced(len(x_train), most)
    if data.has_classes:
        with importing(SCIKIT_LEARN):
            from sklearn.linear_model import LogisticRegression  # takes a second to import

        model, name = LogisticRegression(max_iter=1000), "logistic regression"
    else:
        with importing(SCIKIT_LEARN):
            from sklearn.linear_model import Ridge

        model, name = Ridge(), "ridge regression"
    model.fit(x_train[few], data.y_train[few])
    train, test = model.score(x_train, data.y_train), model.score(x_test, data.y_test)
    return Baseline(name, float(train), float(test), data.has_classes)


def _features_alone(data: DataSplit, x: Array) -> Array:
    return x[:, : x.shape[1] - len(data.preparation.extra)]
