"""Training: the same every time, exact in state, gentle on memory, honest about divergence."""

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core import RunConfig, Trainer
from core.presets import PRESETS
from core.trainer import EpochMetrics

CONFIGS = (
    RunConfig(),
    RunConfig(optimizer="sgd", momentum=0.9, l2=1e-3, batch_size=20),
    RunConfig(dataset="xor", hidden=(4,), batch_size="full", loss="binary_cross_entropy"),
    RunConfig(dataset="spiral", activation="relu", initializer="he", dtype="float64"),
    RunConfig(dataset="blobs", hidden=(), loss="mean_squared_error", batch_size=1),
)


def train(trainer: Trainer, epochs: int) -> list[EpochMetrics]:
    return [trainer.train_epoch() for _ in range(epochs)]


@pytest.mark.parametrize("config", CONFIGS, ids=RunConfig.describe)
def test_the_same_config_gives_the_same_bits(config: RunConfig) -> None:
    first, second = Trainer(config), Trainer(config)
    assert train(first, 12) == train(second, 12)
    assert np.array_equal(first.network.parameters, second.network.parameters)


def test_another_seed_gives_another_run() -> None:
    assert train(Trainer(RunConfig(seed=1)), 3) != train(Trainer(RunConfig(seed=2)), 3)


@hypothesis_settings(max_examples=20, deadline=None)
@given(config=st.sampled_from(CONFIGS), before=st.integers(0, 9), after=st.integers(1, 9))
def test_a_restored_state_goes_on_as_if_it_had_never_stopped(
    config: RunConfig, before: int, after: int
) -> None:
    straight, resumed = Trainer(config), Trainer(config)
    train(straight, before)
    state = straight.state()
    expected = train(straight, after)
    train(resumed, 5)  # wherever it was
    resumed.restore(state)
    assert train(resumed, after) == expected
    assert np.array_equal(resumed.network.parameters, straight.network.parameters)
    assert np.array_equal(resumed.optimizer.slots, straight.optimizer.slots)


def test_a_state_of_another_network_is_refused() -> None:
    state = Trainer(RunConfig(hidden=(3,))).state()
    with pytest.raises(ValueError, match="does not fit"):
        Trainer(RunConfig(hidden=(4,))).restore(state)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("loss", ["softmax_cross_entropy", "mean_squared_error"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu", "linear"])
def test_a_training_step_allocates_nothing(activation: str, optimizer: str, loss: str) -> None:
    config = RunConfig(
        dataset="blobs",
        samples=4000,
        hidden=(64, 32),
        activation=activation,
        optimizer=optimizer,
        loss=loss,
        momentum=0.5,
        l2=1e-3,
        batch_size=500,
    )
    trainer = Trainer(config)
    trainer.train_epoch()

    def steps() -> None:
        trainer._keep()
        assert trainer._order is not None
        trainer._shuffle(trainer._order)
        for step, inputs, targets in trainer._batches:
            step.compute_gradient(inputs, targets)
            assert trainer._penalize is not None
            trainer._penalize()
            trainer.optimizer.step()

    # the smallest array of a step is one row of a batch: 500 samples of 4 bytes
    assert most_allocated(steps) < 2000
    # and the measure sees an array of that size
    assert most_allocated(lambda: np.empty(500, np.float32)) >= 2000


def most_allocated(work: Callable[[], object]) -> int:
    """Return the peak of what the work allocates, in the best of a few tries.

    The test runner's own threads allocate now and then, and are counted too.
    """
    work()
    peaks = []
    tracemalloc.start()
    try:
        for _ in range(5):
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            work()
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    return min(peaks)


def test_the_last_short_batch_counts_with_its_own_size() -> None:
    # 150 training samples in batches of 100 and 50: the step on the second is a mean over 50
    config = RunConfig(batch_size=100, hidden=(), optimizer="sgd", dtype="float64")
    trainer = Trainer(config)
    network = trainer.network
    start = network.parameters.copy()
    trainer.train_epoch()
    assert trainer._order is not None
    x, y = trainer.data.x_train[trainer._order], trainer.data.y_train[trainer._order]
    w = start.reshape(3, 2).copy()
    for part in (slice(0, 100), slice(100, 150)):
        a = np.column_stack([x[part], np.ones(len(x[part]))])
        p = np.exp(a @ w) / np.exp(a @ w).sum(axis=1, keepdims=True)
        w -= 0.01 * a.T @ (p - np.eye(2)[y[part]]) / len(a)
    assert network.parameters == pytest.approx(w.ravel(), abs=1e-14)


def test_each_epoch_is_shuffled_anew() -> None:
    trainer = Trainer(RunConfig())
    orders = []
    for _ in range(3):
        trainer.train_epoch()
        assert trainer._order is not None
        orders.append(tuple(trainer._order.tolist()))
    assert len(set(orders)) == 3
    assert all(sorted(order) == list(range(150)) for order in orders)


def test_metrics_are_those_of_the_network_after_the_epoch() -> None:
    trainer = Trainer(RunConfig(dtype="float64", l2=0.5))
    metrics = train(trainer, 3)[-1]
    probabilities = trainer.network.predict(trainer.data.x_test)
    y = trainer.data.y_test
    assert metrics.test_loss == pytest.approx(-np.log(probabilities[range(len(y)), y]).mean())
    assert metrics.test_accuracy == np.mean(probabilities.argmax(axis=1) == y)


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_a_learning_rate_of_a_million_diverges_and_leaves_the_last_good_state(
    preset: str,
) -> None:
    trainer = Trainer(PRESETS[preset].config())
    train(trainer, 3)
    trainer.configure(trainer.config.changed(learning_rate=1e6))
    before = trainer.state()
    metrics = trainer.train_epoch()
    assert trainer.diverged(metrics)
    assert metrics.epoch == 4
    after = trainer.state()
    assert after.epoch == before.epoch == 3
    assert np.array_equal(after.parameters, before.parameters)
    assert np.array_equal(after.slots, before.slots)
    assert after.steps == before.steps > 0
    assert after.shuffle == before.shuffle


def test_a_loss_that_is_not_a_number_is_divergence() -> None:
    config = RunConfig(activation="relu", optimizer="sgd", learning_rate=1e6)
    trainer = Trainer(config)
    with np.errstate(all="ignore"):
        metrics = trainer.train_epoch()
    assert not np.isfinite(metrics.train_loss)
    assert trainer.diverged(metrics)
    assert np.isfinite(trainer.network.parameters).all()


def test_a_live_change_keeps_the_weights_and_a_new_shape_does_not() -> None:
    trainer = Trainer(RunConfig())
    train(trainer, 5)
    weights = trainer.network.parameters.copy()
    for changes in (
        {"learning_rate": 0.5},
        {"batch_size": 10},
        {"l2": 0.1},
        {"activation": "relu"},
        {"optimizer": "sgd", "momentum": 0.5},
        {"dataset": "circles"},
        {"noise": 0.3},
    ):
        assert not trainer.configure(trainer.config.changed(**changes)), changes
        assert np.array_equal(trainer.network.parameters, weights), changes
        assert trainer.epoch == 5
    assert trainer.configure(trainer.config.changed(dataset="spiral"))
    assert list(trainer.network.sizes) == [2, 8, 8, 3]
    assert trainer.epoch == 0
    train(trainer, 2)
    assert trainer.configure(trainer.config.changed(hidden=(4,)))
    assert list(trainer.network.sizes) == [2, 4, 3]


def test_changing_the_learning_rate_keeps_the_optimisers_state() -> None:
    changed, plain = Trainer(RunConfig()), Trainer(RunConfig())
    train(changed, 3)
    train(plain, 3)
    changed.configure(changed.config.changed(learning_rate=0.02))
    changed.configure(changed.config.changed(learning_rate=0.01))
    assert train(changed, 3) == train(plain, 3)


def test_momentum_that_was_switched_off_leaves_no_velocity_behind() -> None:
    trainer = Trainer(RunConfig(optimizer="sgd", momentum=0.9))
    train(trainer, 5)
    assert np.abs(trainer.optimizer.slots).max() > 0
    trainer.configure(trainer.config.changed(momentum=0.0))
    assert np.abs(trainer.optimizer.slots).max() == 0
    trainer.configure(trainer.config.changed(activation="relu"))
    assert np.abs(trainer.optimizer.slots).max() == 0


def test_own_arrays_stay_whatever_is_changed() -> None:
    x, y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
    trainer = Trainer.from_data(RunConfig(), x, y, x, y)
    for changes in ({"seed": 1}, {"noise": 0.5}, {"dataset": "spiral"}):
        trainer.configure(trainer.config.changed(**changes))
        assert np.array_equal(trainer.data.x_train, x)


def test_own_arrays_can_be_trained_on() -> None:
    x = np.array([[-1.0], [-2.0], [1.0], [2.0]])
    y = np.array([0, 0, 1, 1])
    config = RunConfig(hidden=(), learning_rate=0.1, batch_size="full")
    trainer = Trainer.from_data(config, x, y, x, y)
    assert trainer.network.sizes == (1, 2)
    assert train(trainer, 100)[-1].test_accuracy == 1


def final(config: RunConfig) -> EpochMetrics:
    return train(Trainer(config), config.epochs)[-1]


def test_xor_is_learnt_from_98_of_100_seeds() -> None:
    learnt = [final(PRESETS["xor"].config(seed=seed)).train_accuracy == 1 for seed in range(100)]
    assert sum(learnt) >= 98


@pytest.mark.parametrize(
    ("preset", "accuracy"), [("moons", 0.94), ("circles", 0.95), ("blobs", 0.95), ("spiral", 0.93)]
)
def test_a_preset_learns_over_seeds(preset: str, accuracy: float) -> None:
    results = [final(PRESETS[preset].config(seed=seed)).test_accuracy for seed in range(10)]
    assert np.mean(results) >= accuracy
