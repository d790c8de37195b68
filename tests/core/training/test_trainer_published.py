"""Published networks give their published results, and each preset reaches its purpose."""

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.config.presets import PRESETS
from core.training.state import EpochMetrics


def train(trainer: Trainer, epochs: int) -> list[EpochMetrics]:
    return [trainer.train_epoch() for _ in range(epochs)]


def train_to_the_end(trainer: Trainer) -> list[EpochMetrics]:
    metrics = []
    while trainer.stopped is None:
        metrics.append(trainer.train_epoch())
    return metrics


def final(config: RunConfig) -> EpochMetrics:
    return train(Trainer(config), config.epochs)[-1]


def test_xor_is_learnt_from_98_of_100_seeds() -> None:
    learnt = [final(PRESETS["xor"].config(seed=seed)).train_score == 1 for seed in range(100)]
    assert sum(learnt) >= 98


@pytest.mark.parametrize(
    ("preset", "accuracy"), [("moons", 0.94), ("circles", 0.95), ("blobs", 0.95), ("spiral", 0.93)]
)
def test_a_preset_learns_over_seeds(preset: str, accuracy: float) -> None:
    results = [final(PRESETS[preset].config(seed=seed)).test_score for seed in range(10)]
    assert np.mean(results) >= accuracy


WILDML = {0: 0.432386632, 1: 0.378748643, 10: 0.305165746, 100: 0.143703788, 1000: 0.068946538}


def test_wildml_is_repeated_to_eight_decimals() -> None:
    # the tutorial's own loss includes its penalty
    trainer = Trainer(PRESETS["wildml"].config())
    rng = np.random.RandomState(0)
    for weights in trainer.network.weights:  # injected, as the tutorial draws them
        weights[:] = rng.randn(*weights.shape) / np.sqrt(len(weights))
    losses = [each.train_loss + each.penalty for each in train(trainer, 1001)]
    for iteration, expected in WILDML.items():
        assert losses[iteration] == pytest.approx(expected, abs=1e-8), iteration


def test_the_wildml_preset_ends_between_two_losses() -> None:
    config = PRESETS["wildml"].config(epochs=20_000)
    losses = [each.train_loss + each.penalty for each in train_to_the_end(Trainer(config))]
    assert losses[1000] == pytest.approx(WILDML[1000], abs=1e-8)
    assert np.ptp(losses[1200:1500]) > 0.01
    assert sorted(losses[-2:]) == pytest.approx([0.070758, 0.071316], abs=2e-6)


def test_the_keras_example_is_under_trained() -> None:
    results = []
    for seed in range(20):
        trainer = Trainer(PRESETS["iris-keras"].config(seed=seed))
        assert trainer.network.parameters.size == 2499
        results.append(train_to_the_end(trainer)[-1].test_score)
    assert 0.73 <= np.mean(results) <= 0.87


def test_iris_done_properly() -> None:
    results = [final(PRESETS["iris"].config(seed=seed)).test_score for seed in range(10)]
    assert np.mean(results) >= 0.95
