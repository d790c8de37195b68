"""Chance level: score and loss of the best constant prediction."""

from math import log

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.diagnosis.references import chance_level
from core.datasets.dataset import from_arrays


def test_the_chance_level_of_classes_is_their_entropy_and_the_majority_share() -> None:
    y = np.array([0] * 90 + [1] * 10)
    data = from_arrays(np.zeros((100, 2)), y, np.zeros((100, 2)), y, numbers=False)
    entropy = -(0.9 * log(0.9) + 0.1 * log(0.1))
    for loss in ("softmax_cross_entropy", "binary_cross_entropy"):
        assert chance_level(RunConfig(loss=loss), data) == pytest.approx((0.9, entropy))
    assert chance_level(RunConfig(loss="hinge"), data) == pytest.approx((0.9, 0.1))


def test_with_class_weights_it_is_that_of_equally_frequent_classes() -> None:
    y = np.array([0] * 90 + [1] * 10)
    data = from_arrays(np.zeros((100, 2)), y, np.zeros((100, 2)), y, numbers=False)
    for loss in ("softmax_cross_entropy", "binary_cross_entropy"):
        config = RunConfig(loss=loss, class_weight="balanced")
        assert chance_level(config, data) == pytest.approx((0.9, log(2)))
    config = RunConfig(loss="hinge", class_weight="balanced")
    assert chance_level(config, data).loss == pytest.approx(0.5)


def test_the_chance_level_of_numbers_is_their_variance() -> None:
    y = np.array([1.0, 2.0, 3.0, 10.0])
    data = from_arrays(np.zeros((4, 2)), y, np.zeros((4, 2)), y, numbers=True)
    assert chance_level(RunConfig(dataset="sine"), data) == pytest.approx((0.0, y.var()))
    absolute = chance_level(RunConfig(dataset="sine", loss="mean_absolute_error"), data)
    assert absolute == pytest.approx((0.0, np.abs(y - np.median(y)).mean()))


def test_no_constant_prediction_beats_the_chance_level() -> None:
    trainer = Trainer(RunConfig(dataset="iris", hidden=(), epochs=200))
    chance = chance_level(trainer.config, trainer.data)
    trainer.network.weights[0][:] = 0
    for biases in np.random.default_rng(0).normal(size=(20, 3)):
        trainer.network.biases[0][:] = biases
        metrics = trainer.measure()
        assert metrics.train_loss >= chance.loss
        assert metrics.train_score <= chance.score
