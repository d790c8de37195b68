"""Training is reproducible, its state can be restored exactly, and divergence is detected."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core import RunConfig, Trainer
from core.config.presets import PRESETS
from core.training.state import EpochMetrics
from core.training.stopping import Stop

CONFIGS = (
    RunConfig(),
    RunConfig(optimizer="sgd", momentum=0.9, l2=1e-3, batch_size=20),
    RunConfig(dataset="xor", hidden=(4,), batch_size="full", loss="binary_cross_entropy"),
    RunConfig(dataset="spiral", activation="relu", initializer="he", dtype="float64"),
    RunConfig(dataset="blobs", hidden=(), loss="mean_squared_error", batch_size=1),
    RunConfig(
        hidden=(6, 5),
        activation=("relu", "gelu"),
        batch_norm=True,
        dropout=(0.2, 0.5),
        batch_size=149,
        optimizer="rmsprop",
        momentum=0.5,
        schedule="plateau",
        decay_epochs=1,
        l1=1e-4,
        clip_norm=0.5,
    ),
    RunConfig(
        dataset="bumps",
        optimizer="adamw",
        schedule="cosine",
        warmup=3,
        freeze=(2,),
        clip_value=0.01,
    ),
    RunConfig(dataset="plane", loss="huber", optimizer="nesterov", patience=2, batch_norm=True),
    RunConfig(optimizer="adagrad", dropout=0.3, schedule="inverse_time", diagnostics=True, l2=0.01),
    RunConfig(
        optimizer="momentum", loss="hinge", schedule="step", decay_epochs=2, target_loss=1e-6
    ),
    RunConfig(initializer="he_normal", label_smoothing=0.1, schedule="exponential"),
    RunConfig(schedule="linear", epochs=15, monitor="train", patience=3, restore_best=False),
    RunConfig(samples=25, class_weight="balanced", label_smoothing=0.1, batch_size=7),
    RunConfig(dataset="breast_cancer", hidden=(3,), class_weight="balanced", loss="hinge"),
    RunConfig(bias=False, l2=0.01, optimizer="momentum"),
    RunConfig(bias=False, batch_norm=True, hidden=(6,), batch_size=20),
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


@hypothesis_settings(max_examples=60, deadline=None)
@given(
    config=st.sampled_from(CONFIGS),
    before=st.integers(0, 9),
    batches=st.integers(0, 4),
    after=st.integers(1, 9),
)
def test_a_restored_trainer_continues_with_the_same_bits(
    config: RunConfig, before: int, batches: int, after: int
) -> None:
    straight, resumed = Trainer(config), Trainer(config)
    train(straight, before)
    for _ in range(batches):
        straight.advance(0.0)  # one batch, or one part of what is measured
    state = straight.state()
    expected = train(straight, after)
    train(resumed, 5)  # wherever it was
    resumed.restore(state)
    assert train(resumed, after) == expected
    assert_same(resumed, straight)


def assert_same(one: Trainer, other: Trainer) -> None:
    mine, theirs = one.state(), other.state()
    for name in ("parameters", "statistics", "slots", "best_parameters", "best_statistics"):
        assert np.array_equal(getattr(mine, name), getattr(theirs, name)), name
    for name in ("epoch", "steps", "plateau", "best", "waits_from"):
        assert getattr(mine, name) == getattr(theirs, name), name
    assert mine.batches.shuffle == theirs.batches.shuffle
    assert mine.batches.dropout == theirs.batches.dropout
    assert one.stopped == other.stopped


@pytest.mark.parametrize("config", CONFIGS, ids=RunConfig.describe)
def test_an_interrupted_epoch_gives_the_same_bits(config: RunConfig) -> None:
    whole, pieces = Trainer(config), Trainer(config)
    for _ in range(4):
        metrics = None
        while metrics is None:
            metrics = pieces.advance(0.0)
        assert metrics == whole.train_epoch()
    assert_same(whole, pieces)


def test_a_state_of_another_network_is_refused() -> None:
    state = Trainer(RunConfig(hidden=(3,))).state()
    with pytest.raises(ValueError, match="does not fit"):
        Trainer(RunConfig(hidden=(4,))).restore(state)


def test_the_last_short_batch_counts_with_its_own_size() -> None:
    # 150 training samples in batches of 100 and 50: the step on the second is a mean over 50
    config = RunConfig(batch_size=100, hidden=(), optimizer="sgd", dtype="float64")
    trainer = Trainer(config)
    network = trainer.network
    start = network.parameters.copy()
    trainer.train_epoch()
    order = trainer.batches.order
    assert order is not None
    x, y = trainer.data.x_train[order], trainer.data.y_train[order]
    w = start.reshape(3, 2).copy()
    for part in (slice(0, 100), slice(100, 150)):
        a = np.column_stack([x[part], np.ones(len(x[part]))])
        p = np.exp(a @ w) / np.exp(a @ w).sum(axis=1, keepdims=True)
        w -= 0.01 * a.T @ (p - np.eye(2)[y[part]]) / len(a)
    assert network.parameters == pytest.approx(w.ravel(), abs=1e-14)


def test_each_epoch_is_shuffled() -> None:
    trainer = Trainer(RunConfig())
    orders = []
    for _ in range(3):
        trainer.train_epoch()
        assert trainer.batches.order is not None
        orders.append(tuple(trainer.batches.order.tolist()))
    assert len(set(orders)) == 3
    assert all(sorted(order) == list(range(150)) for order in orders)


def test_metrics_are_those_of_the_network_after_the_epoch() -> None:
    trainer = Trainer(RunConfig(dtype="float64", l2=0.5))
    metrics = train(trainer, 3)[-1]
    probabilities = trainer.network.predict(trainer.data.x_test)
    y = trainer.data.y_test
    assert metrics.test_loss == pytest.approx(-np.log(probabilities[range(len(y)), y]).mean())
    assert metrics.test_score == np.mean(probabilities.argmax(axis=1) == y)


# a straight line between two lines is right, and its loss is zero, however large its weights are
@pytest.mark.parametrize("preset", sorted(set(PRESETS) - {"two-lines"}))
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
    assert after.batches == before.batches


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
    assert train(trainer, 100)[-1].test_score == 1


@pytest.mark.parametrize(("batch", "samples"), [(7, 100), (32, 128), (50, 100), (1, 9), (99, 100)])
def test_the_window_size_does_not_affect_results(
    monkeypatch: pytest.MonkeyPatch, batch: int, samples: int
) -> None:
    x = np.random.default_rng(0).normal(size=(samples, 2))
    y = (x[:, 0] > 0).astype(np.int64)
    config = RunConfig(batch_size=batch, dropout=0.2, dtype="float64")
    one = Trainer.from_data(config, x, y, x, y)
    monkeypatch.setattr("core.training.batches.WINDOW_SAMPLES", 3 * batch)
    several = Trainer.from_data(config, x, y, x, y)
    assert train(one, 3) == train(several, 3)
    assert_same(one, several)


def test_a_large_epoch_stops_after_one_batch() -> None:
    trainer = Trainer(RunConfig(samples=200_000, batch_size=100))
    seen = set()
    for _ in range(50):
        assert trainer.advance(0.0) is None
        seen.add(trainer.batches.next)
    assert seen == set(range(1, 51))
    assert trainer.epoch == 0
    assert trainer.share_of_epoch == pytest.approx(50 / 1500)


def test_weights_that_start_alike_stay_alike() -> None:
    trainer = Trainer(RunConfig(initializer="zeros", epochs=50, loss="binary_cross_entropy"))
    train(trainer, 50)
    for weights in trainer.network.weights[1:]:
        assert np.ptp(weights, axis=0) == pytest.approx(0, abs=1e-7)


def test_frozen_layers_stay_as_they_are_and_others_learn() -> None:
    config = RunConfig(optimizer="adamw", freeze=(1, 3), l1=0.01, l2=0.01, penalize_biases=True)
    trainer = Trainer(config)
    start = trainer.network.parameters.copy()
    train(trainer, 5)
    changed = [
        not np.array_equal(trainer.network.parameters[part], start[part])
        for part in trainer.network.slices
    ]
    assert changed == [False, True, False]
    trainer.configure(config.changed(freeze=()))
    train(trainer, 1)
    assert all(
        (trainer.network.parameters[part] != start[part]).any() for part in trainer.network.slices
    )


def test_the_penalty_is_reported_separately_from_the_loss() -> None:
    for biases in (False, True):
        config = RunConfig(l1=0.02, l2=0.3, penalize_biases=biases, dtype="float64")
        trainer = Trainer(config)
        metrics = train(trainer, 3)[-1]
        network = trainer.network
        counted = [*network.weights, *(network.biases if biases else [])]
        expected = sum(0.02 * np.abs(w).sum() + 0.15 * (w**2).sum() for w in counted)
        assert metrics.penalty == pytest.approx(expected)


def test_clipping_shortens_the_gradient_that_the_optimiser_sees() -> None:
    # the reference: g = (3, 4), (12), maximum 1
    from core.nn.calls import run
    from core.nn.regularization import clip_norm, clip_value

    gradient = np.array([3.0, 4.0, 12.0])
    run(clip_norm(gradient, 1.0))
    assert gradient == pytest.approx([0.2307692130, 0.3076922840, 0.9230768521])
    run(clip_norm(gradient, 5.0))
    assert gradient == pytest.approx([0.2307692130, 0.3076922840, 0.9230768521])
    run(clip_value(gradient, 0.3))
    assert gradient == pytest.approx([0.2307692130, 0.3, 0.3])


def test_a_target_or_patience_ends_the_run() -> None:
    trainer = Trainer(RunConfig(target_loss=0.3))
    metrics = train_to_the_end(trainer)
    assert trainer.stopped is Stop.TARGET_LOSS
    assert metrics[-1].test_loss <= 0.3 < min(each.test_loss for each in metrics[:-1])

    trainer = Trainer(RunConfig(target_accuracy=0.9, monitor="train"))
    metrics = train_to_the_end(trainer)
    assert trainer.stopped is Stop.TARGET_ACCURACY
    assert metrics[-1].train_score >= 0.9 > max(each.train_score for each in metrics[:-1])


@pytest.mark.parametrize("restore", [True, False])
def test_patience_restores_the_best_weights(restore: bool) -> None:
    config = RunConfig(
        patience=20, learning_rate=0.05, restore_best=restore, batch_norm=True, dtype="float64"
    )
    trainer = Trainer(config)
    metrics = train_to_the_end(trainer)
    losses = [each.test_loss for each in metrics]
    best = int(np.argmin(losses)) + 1
    assert trainer.stopped is Stop.PATIENCE
    assert (trainer.epoch, trainer.best.epoch) == (best + 20, best)
    assert trainer.restored == (best if restore else None)
    expected = min(losses) if restore else losses[-1]
    assert trainer.measure().test_loss == pytest.approx(expected, abs=1e-14)
    trainer.restart_patience()
    train(trainer, 19)
    assert trainer.stopped is None


def train_to_the_end(trainer: Trainer) -> list[EpochMetrics]:
    metrics = []
    while trainer.stopped is None:
        metrics.append(trainer.train_epoch())
    return metrics


def test_each_epoch_uses_the_rate_of_the_schedule() -> None:
    trainer = Trainer(RunConfig(schedule="step", decay_epochs=2, decay=0.5, learning_rate=0.08))
    assert trainer.measure().learning_rate == 0.08
    assert [each.learning_rate for each in train(trainer, 5)] == [0.08, 0.08, 0.04, 0.04, 0.02]


def test_diagnostics_describe_the_last_step() -> None:
    config = RunConfig(
        optimizer="sgd", batch_size="full", diagnostics=True, dtype="float64", clip_norm=1e-3
    )
    trainer = Trainer(config)
    train(trainer, 2)
    before = trainer.network.parameters.copy()
    layers = trainer.train_epoch().layers
    change = trainer.network.parameters - before
    whole = np.sqrt(sum(each.gradient_norm**2 for each in layers))
    assert np.linalg.norm(change) == pytest.approx(0.01 * 1e-3, rel=1e-3)  # clipped
    assert whole > 0.05  # and told as it was before
    for layer, part in zip(layers, trainer.network.slices, strict=True):
        ratio = np.linalg.norm(change[part]) / np.linalg.norm(before[part])
        assert layer.update_ratio == pytest.approx(ratio)


def test_dead_and_saturated_units_are_found() -> None:
    trainer = Trainer(RunConfig(hidden=(4, 5), activation=("relu", "tanh"), diagnostics=True))
    network = trainer.network
    network.weights[0][:, :3], network.biases[0][:3] = 0, -1  # these three never fire
    network.weights[1][:, 0], network.biases[1][0] = 0, 5
    first, second, output = trainer.measure().layers
    assert (first.dead, first.saturated) == (0.75, 0)
    assert second.saturated == pytest.approx(0.2)
    assert second.dead == pytest.approx(0.2)
    assert (output.dead, output.saturated) == (0, 0)
    assert Trainer(RunConfig()).train_epoch().layers == ()


def test_numbers_are_predicted_with_one_and_with_several_targets() -> None:
    metrics = train(Trainer(RunConfig(dataset="plane")), 60)[-1]
    assert metrics.test_score > 0.9
    x = np.random.default_rng(0).uniform(-1, 1, (200, 3))
    y = np.column_stack([x[:, 0] * x[:, 1], x.sum(axis=1)])
    trainer = Trainer.from_data(RunConfig(learning_rate=0.02), x[:150], y[:150], x[150:], y[150:])
    assert trainer.network.sizes == (3, 8, 8, 2)
    metrics = train(trainer, 200)[-1]
    predicted = trainer.network.predict(x[150:])
    parts = 1 - ((predicted - y[150:]) ** 2).sum(axis=0) / (
        (y[150:] - y[150:].mean(axis=0)) ** 2
    ).sum(axis=0)
    assert metrics.test_score == pytest.approx(parts.mean(), abs=1e-5)
    assert metrics.test_score > 0.95
    assert metrics.test_loss == pytest.approx(((predicted - y[150:]) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize(
    "changes", [{"clip_norm": 1.0}, {"batch_size": 10}, {"l1": 1e-6}, {"dropout": 0.01}]
)
def test_the_best_weights_outlive_a_change_that_rebuilds(changes: dict[str, Any]) -> None:
    trainer = Trainer(RunConfig(patience=5, batch_size=20))
    train(trainer, 30)
    best = trainer.best
    trainer.configure(trainer.config.changed(learning_rate=3.0))  # nothing gets better from here
    trainer.configure(trainer.config.changed(**changes))
    assert trainer.best == best
    train_to_the_end(trainer)
    assert trainer.restored == best.epoch
    assert trainer.measure().test_loss == pytest.approx(best.loss)


@pytest.mark.parametrize(
    "changes",
    [{"label_smoothing": 0.2}, {"activation": "relu"}, {"loss": "hinge"}, {"dataset": "circles"}],
)
def test_the_best_loss_is_reset_when_losses_are_not_comparable(changes: dict[str, Any]) -> None:
    trainer = Trainer(RunConfig(schedule="plateau", learning_rate=0.05, patience=20))
    train(trainer, 60)
    assert trainer.state().plateau.best < 1
    factor = trainer.state().plateau.factor
    trainer.configure(trainer.config.changed(**changes))
    assert trainer.best.loss == np.inf
    assert (trainer.state().plateau.best, trainer.state().plateau.factor) == (np.inf, factor)
    train(trainer, 19)
    assert trainer.stopped is None


def test_an_epoch_restored_halfway_rolls_back_to_its_start() -> None:
    config = RunConfig(optimizer="sgd", activation="relu", batch_size=20)
    trainer = Trainer(config)
    train(trainer, 2)
    start = trainer.network.parameters.copy()
    trainer.advance(0.0)
    state = trainer.state()
    for other in (Trainer(config), trainer):
        other.restore(state)
        other.configure(config.changed(learning_rate=1e6))
        with np.errstate(all="ignore"):
            other.train_epoch()
        assert other.stopped is Stop.DIVERGED
        assert other.epoch == 2
        assert np.array_equal(other.network.parameters, start)


def test_a_change_that_rebuilds_restarts_the_current_epoch() -> None:
    trainer = Trainer(RunConfig(optimizer="momentum", dropout=0.1))
    train(trainer, 2)
    before = trainer.state()
    for _ in range(3):
        trainer.advance(0.0)
    assert not np.array_equal(trainer.network.parameters, before.parameters)
    trainer.configure(trainer.config.changed(clip_norm=100.0))
    after = trainer.state()
    assert trainer.share_of_epoch == 0
    assert np.array_equal(after.parameters, before.parameters)
    assert np.array_equal(after.slots, before.slots)
    assert after.batches == before.batches


def test_a_tiny_learning_rate_changes_no_weight() -> None:
    trainer = Trainer(RunConfig(activation="relu", learning_rate=1e-40))
    before = trainer.network.parameters.copy()
    metrics = train(trainer, 3)[-1]
    assert trainer.stopped is None
    assert np.isfinite(metrics.train_loss)
    assert trainer.network.parameters == pytest.approx(before, abs=1e-7)


BAD_ARRAYS = {
    "expected one integer from 0": (np.zeros((4, 2)), np.array([-1, 1, -1, 1])),
    "expected one target for each": (np.zeros((4, 2)), np.array([0, 1, 1])),
    "samples, features": (np.zeros(4), np.array([0, 1, 0, 1])),
}


@pytest.mark.parametrize("sentence", BAD_ARRAYS)
def test_arrays_that_do_not_fit_are_refused_in_a_sentence(sentence: str) -> None:
    x, y = BAD_ARRAYS[sentence]
    with pytest.raises(ValueError, match=sentence):
        Trainer.from_data(RunConfig(), x, y, x, y)


def test_one_class_alone_can_be_trained_on() -> None:
    x, y = np.random.default_rng(0).normal(size=(9, 2)), np.zeros((9, 1), np.int64)
    trainer = Trainer.from_data(RunConfig(), x, y, x, y)
    assert train(trainer, 20)[-1].train_score == 1


def test_the_initialisation_of_many_parameters_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[tuple[str, float]] = []
    trainer = Trainer(RunConfig(), progress=lambda *report: reports.append(report))
    assert not reports
    monkeypatch.setattr("core.training.trainer.MANY_PARAMETERS", 50)
    trainer.configure(RunConfig(hidden=(10,)), lambda *report: reports.append(report))
    assert reports == [("initialising 52 parameters", 0.0)]
    with pytest.raises(KeyboardInterrupt):
        trainer.configure(RunConfig(hidden=(11,)), _interrupt)
    assert trainer.config.hidden == (10,)


def _interrupt(what: str, share: float) -> None:
    raise KeyboardInterrupt
