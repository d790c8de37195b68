"""Predictions of many networks are those of each alone; their agreement is a share of them."""

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.lockstep.agreement import Agreement, LanePredictions
from core.lockstep.trainer import Lockstep

CONFIGS = {
    "two classes": RunConfig(dataset="moons", samples=60),
    "three classes": RunConfig(dataset="iris"),
    "one output": RunConfig(dataset="moons", samples=60, loss="binary_cross_entropy"),
    "batch norm": RunConfig(dataset="moons", samples=60, batch_norm=True, preprocess="standard"),
    "numbers": RunConfig(dataset="sine", samples=40, preprocess="standard"),
}


def trained(config: RunConfig) -> tuple[Lockstep, list[Trainer]]:
    lockstep = Lockstep([config.changed(seed=seed) for seed in range(4)])
    for _ in range(3):
        lockstep.train_epoch()
    return lockstep, [lockstep.trainer(run) for run in range(4)]


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_each_network_predicts_what_it_predicts_alone(config: RunConfig) -> None:
    lockstep, trainers = trained(config)
    first = lockstep.data[0]
    points = first.preparation.features(first.x_test)
    preparations = [each.preparation for each in lockstep.data]
    parameters = np.array([lockstep.parameters(run) for run in range(4)])
    statistics = np.array([lockstep.statistics(run) for run in range(4)])
    found = LanePredictions(config, first, preparations, points, 3)
    found.refresh(parameters, statistics)
    for run, trainer in enumerate(trainers[:3]):
        preparation = trainer.data.preparation
        outputs = trainer.network.predict(preparation.inputs(points))
        if first.has_classes:
            assert found.labels[run].tolist() == outputs.argmax(axis=1).tolist()
            np.testing.assert_allclose(found.probabilities()[run], outputs, atol=1e-5)
        else:
            in_units = preparation.in_units(outputs)[:, 0]
            np.testing.assert_allclose(found.values[run], in_units, atol=1e-4)


class Given(LanePredictions):
    """Predictions that a test has chosen."""

    def __init__(self, labels: list[list[int]], values: list[list[float]]) -> None:
        self.count = len(labels)
        self.labels, self.values = np.array(labels), np.array(values)

    def refresh(self, parameters: np.ndarray, statistics: np.ndarray) -> LanePredictions:
        return self


def agreement(
    given: Given, classes: int, counted: list[bool], units: tuple[float, float] = (0, 1)
) -> Agreement:
    none = np.empty((given.count, 0))
    return Agreement(given, classes, lambda: (none, none, np.array(counted)), units).refresh()


def test_agreement_is_the_share_of_the_most_frequent_class() -> None:
    labels = [[0, 0, 1, 1], [0, 0, 1, 0], [0, 1, 1, 1], [0, 1, 1, 0]]
    given = Given(labels, [[0.0] * 4] * 4)
    shown = agreement(given, 2, [True] * 4)
    assert shown.labels[[0, 2]].tolist() == [0, 1]
    assert shown.values.tolist() == [1, 0, 1, 0]
    assert shown.unanimous == 0.5
    # runs that have diverged have no vote, unless all have
    assert agreement(given, 2, [True, True, False, False]).values.tolist() == [1, 1, 1, 0]
    assert agreement(given, 2, [False] * 4).values.tolist() == [1, 0, 1, 0]
    assert agreement(given, 4, [True] * 4).values[1] == pytest.approx((0.5 - 0.25) / 0.75)


def test_of_numbers_it_is_the_median_as_an_output() -> None:
    given = Given([[0, 0]] * 3, [[1.0, 5.0], [2.0, 6.0], [9.0, 70.0]])
    assert agreement(given, 0, [True] * 3, (1.0, 0.5)).values.tolist() == [2.0, 10.0]
