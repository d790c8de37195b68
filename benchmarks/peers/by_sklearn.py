"""scikit-learn's MLPClassifier, epoch by epoch and at once; two classes have one logistic output."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.peers.case import Contender

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.peers.case import Case, Layers


def outputs(case: Case) -> int | None:
    """Return the output units of scikit-learn, None for one per class."""
    return 1 if case.classes == 2 else None


def contenders(case: Case) -> list[Contender]:
    """Return both ways to train."""
    return [_by_epoch(case), _at_once(case)]


def _by_epoch(case: Case) -> Contender:
    model, start = _started(case), case.start(outputs(case))

    def train(epochs: int) -> None:
        for _ in range(epochs):
            model.partial_fit(case.x, case.y)

    def follow(order: NDArray[np.int64], epochs: int) -> None:
        model.set_params(shuffle=False)
        for _ in range(epochs):
            model.partial_fit(case.x[order], case.y[order])
        model.set_params(shuffle=True)

    return Contender(
        "sklearn partial_fit",
        lambda: _set(model, start),
        train,
        follow,
        lambda: _layers(model),
        outputs(case),
    )


def _at_once(case: Case) -> Contender:
    model, start = _started(case), case.start(outputs(case))

    def fit(order: NDArray[np.int64] | slice, epochs: int, shuffle: bool) -> None:
        model.set_params(max_iter=epochs, warm_start=True, shuffle=shuffle)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(case.x[order], case.y[order])

    return Contender(
        "sklearn fit",
        lambda: _set(model, start),
        lambda epochs: fit(slice(None), epochs, True),
        lambda order, epochs: fit(order, epochs, False),
        lambda: _layers(model),
        outputs(case),
    )


def _classifier(case: Case) -> MLPClassifier:
    return MLPClassifier(
        case.hidden,
        activation="tanh",
        alpha=0,
        batch_size=min(case.batch, case.samples),
        learning_rate_init=case.rate,
        tol=0,
        n_iter_no_change=10**8,
    )


def _started(case: Case) -> MLPClassifier:
    model = _classifier(case)
    model.partial_fit(case.x, case.y, classes=np.arange(case.classes))
    return model


def _set(model: MLPClassifier, start: Layers) -> None:
    """Set the initial weights, and those of the optimiser to zero, in place."""
    for number, (weights, biases) in enumerate(start):
        model.coefs_[number][...] = weights
        model.intercepts_[number][...] = biases
    optimizer = model._optimizer
    optimizer.t = 0
    for each in (*optimizer.ms, *optimizer.vs):
        each[...] = 0


def _layers(model: MLPClassifier) -> Layers:
    return list(zip(model.coefs_, model.intercepts_, strict=True))
