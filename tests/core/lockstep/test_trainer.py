"""Runs that are trained at once have the numbers of single runs, and end on their own."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.lockstep import batches, evaluation, trainer
from core.lockstep.sharing import CannotShareError
from core.lockstep.trainer import Lockstep
from core.nn.activations import ACTIVATIONS
from core.nn.losses import LOSSES
from core.nn.optimizers import OPTIMIZERS
from core.training.state import EpochMetrics, TrainerState
from core.training.stopping import Stop

SMALL: dict[str, Any] = {"samples": 44, "hidden": (5,), "batch_size": 10}

CASES: dict[str, dict[str, Any]] = {
    **{f"optimizer {name}": {"optimizer": name} for name in OPTIMIZERS},
    **{f"loss {name}": {"loss": name, "label_smoothing": 0.1} for name in LOSSES},
    **{
        f"loss {name} of three classes": {"loss": name, "dataset": "spiral"}
        for name in LOSSES
        if name != "binary_cross_entropy"
    },
    **{
        f"{name}, a number": {"loss": name, "dataset": "bumps"}
        for name in ("mean_squared_error", "mean_absolute_error", "huber")
    },
    **{
        f"weighted {name}": {"loss": name, "class_weight": "balanced", "label_smoothing": 0.2}
        for name in ("softmax_cross_entropy", "binary_cross_entropy", "hinge")
    },
    **{f"activation {name}": {"activation": name} for name in ACTIVATIONS},
    "no hidden layer": {"hidden": ()},
    "batch normalisation": {"batch_norm": True, "hidden": (5, 4)},
    "batches of one sample": {"batch_norm": True, "batch_size": 1, "epochs": 20},
    "a last batch of one sample": {"batch_norm": True, "batch_size": 32},
    "dropout": {"dropout": (0.2, 0.5), "hidden": (5, 4)},
    "batch normalisation and dropout": {"batch_norm": True, "dropout": 0.3},
    "no biases": {"bias": False},
    "no biases and batch normalisation": {"bias": False, "batch_norm": True},
    "full batch": {"batch_size": "full"},
    "the same samples in all runs": {"data_seed": 3},
    "a full batch of the same samples": {"data_seed": 3, "batch_size": "full"},
    "validation samples": {"validation_size": 0.2, "patience": 90},
    "frozen layer": {"freeze": (2,), "optimizer": "momentum", "hidden": (5, 4)},
    "four inputs": {"dataset": "iris", "samples": None, "batch_size": 64, "epochs": 30},
}

DIFFERENT: list[dict[str, Any]] = [
    {"seed": 0},
    {"seed": 1, "learning_rate": 0.003, "l2": 0.01, "schedule": "cosine"},
    {"seed": 2, "initializer": "he_normal", "l1": 0.001, "schedule": "plateau", "decay_epochs": 2},
    {"seed": 3, "momentum": 0.5, "clip_norm": 0.1, "weight_decay": 0.1, "warmup": 5},
    {"seed": 4, "clip_value": 0.02, "momentum": 0.0, "dropout": 0.0},
]
"""Settings of runs that differ in everything that changes no shape."""


def single_runs(configs: list[RunConfig]) -> tuple[list[Trainer], list[list[EpochMetrics]]]:
    """Return the trainer of each run after its end, and its metrics."""
    trainers, metrics = [Trainer(config) for config in configs], []
    for each in trainers:
        rows = []
        while each.stopped is None:
            rows.append(each.train_epoch())
        metrics.append(rows)
    return trainers, metrics


def distance(ours: Any, theirs: Any) -> float:
    """Return the largest difference of two arrays relative to the largest number."""
    ours, theirs = np.asarray(ours, float), np.asarray(theirs, float)
    assert ours.shape == theirs.shape
    if not ours.size:
        return 0.0
    return float(np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-12))


def differences(lockstep: Lockstep, tolerance: float) -> list[str]:
    """Return everything in which a run differs from its single run."""
    found = []
    trainers, metrics = single_runs(lockstep.configs)
    for run, (each, rows) in enumerate(zip(trainers, metrics, strict=True)):
        ours, theirs = lockstep.lane_state(run), each.state()
        arrays = ("parameters", "slots", "statistics", "best_parameters", "best_statistics")
        found += [
            f"{name} of run {run}"
            for name in arrays
            if distance(getattr(ours, name), getattr(theirs, name)) > tolerance
        ]
        values = ("epoch", "steps", "batches", "stopped", "restored", "layer_steps", "waits_from")
        found += [
            f"{name} of run {run}"
            for name in values
            if getattr(ours, name) != getattr(theirs, name)
        ]
        if lockstep.epochs(run) != rows[-1].epoch:
            found.append(f"number of epochs of run {run}")
        for name in ("train_loss", "test_loss", "train_score", "learning_rate", "penalty"):
            expected = [getattr(row, name) for row in rows]
            if distance(lockstep.history.column(name)[: len(rows), run], expected) > tolerance:
                found.append(f"{name} of run {run}")
        final = each.measure()
        if distance(lockstep.metrics(run)[:7], final[:7]) > tolerance:
            found.append(f"final metrics of run {run}")
    return found


@pytest.mark.parametrize("case", CASES)
def test_runs_with_other_seeds_equal_single_runs(case: str) -> None:
    config = RunConfig(**{**SMALL, "dtype": "float64", "epochs": 100, **CASES[case]})
    lockstep = Lockstep([config.changed(seed=seed) for seed in range(3)])
    lockstep.run()
    assert differences(lockstep, 1e-12) == []


@pytest.mark.parametrize(
    "case", [*(f"optimizer {name}" for name in OPTIMIZERS), "frozen layer", "dropout"]
)
def test_runs_with_other_settings_equal_single_runs(case: str) -> None:
    config = RunConfig(**{**SMALL, "dtype": "float64", "epochs": 100, **CASES[case]})
    lockstep = Lockstep([config.changed(**changes) for changes in DIFFERENT])
    lockstep.run()
    assert differences(lockstep, 1e-12) == []


@pytest.mark.parametrize(
    "case", ["optimizer adam", "batch normalisation and dropout", "loss hinge"]
)
def test_runs_in_single_precision_equal_single_runs_to_rounding(case: str) -> None:
    config = RunConfig(**{**SMALL, "epochs": 20, **CASES[case]})
    lockstep = Lockstep([config.changed(**changes) for changes in DIFFERENT])
    lockstep.run()
    assert differences(lockstep, 1e-4) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden": (1,), "batch_size": 10},
        {"hidden": (1, 2), "batch_size": 32, "bias": False},
        {"hidden": (1,), "dataset": "iris", "samples": None, "batch_size": "full"},
        {"hidden": (8, 5), "batch_size": 32},
        {"hidden": (8,), "batch_size": 32, "dataset": "spiral", "data_seed": 3},
        {"hidden": (16, 16), "batch_size": "full", "activation": "relu"},
        {"hidden": (6,), "batch_size": 37, "dataset": "spiral"},  # the last batch has one sample
        {"hidden": (5,), "dataset": "iris", "samples": None, "batch_size": 40},
    ],
)
def test_weights_equal_those_of_single_runs_bit_for_bit(changes: dict[str, Any]) -> None:
    config = RunConfig(**{"samples": 150, "epochs": 20, **changes})
    lockstep = Lockstep([config.changed(seed=seed) for seed in range(8)])
    lockstep.run()
    for run, single in enumerate(single_runs(lockstep.configs)[0]):
        assert np.array_equal(lockstep.parameters(run), single.network.parameters)


ENDINGS: list[dict[str, Any]] = [
    {"epochs": 3},
    {"epochs": 17, "schedule": "linear"},
    {"patience": 2, "learning_rate": 0.2},
    {"patience": 2, "learning_rate": 0.2, "restore_best": False},
    {"target_loss": 0.5},
    {"target_accuracy": 0.6, "monitor": "train"},
    {"learning_rate": 1e7},
    {"epochs": 30, "seed": 9},
]


def endings(**changes: Any) -> list[RunConfig]:
    config = RunConfig(
        **{**SMALL, "dtype": "float64", "epochs": 30, "loss": "mean_squared_error", **changes}
    )
    return [config.changed(**each) for each in ENDINGS]


@pytest.mark.parametrize("changes", [{}, {"dropout": 0.2, "batch_norm": True, "optimizer": "sgd"}])
def test_each_run_ends_as_its_single_run(changes: dict[str, Any]) -> None:
    lockstep = Lockstep(endings(**changes))
    lockstep.run()
    assert lockstep.is_finished
    assert {Stop.EPOCHS, Stop.PATIENCE, Stop.DIVERGED} <= set(lockstep.stopped)
    assert differences(lockstep, 1e-12) == []


def test_a_run_alone_restores_the_weights_of_its_best_epoch_too() -> None:
    config = RunConfig(**SMALL, learning_rate=0.3, epochs=60, patience=3, restore_best=True)
    lockstep = Lockstep([config])
    lockstep.run()
    assert lockstep.lane_state(0).restored
    assert not differences(lockstep, 1e-6)


@pytest.mark.parametrize("changes", [{}, {"dropout": 0.2, "schedule": "inverse_time"}])
def test_a_run_that_diverges_has_the_state_before_that_epoch(changes: dict[str, Any]) -> None:
    config = RunConfig(
        **{**SMALL, "dtype": "float64", "epochs": 12, "loss": "mean_squared_error"},
        **{"activation": "linear", "optimizer": "momentum", "learning_rate": 0.3, **changes},
    )
    lockstep = Lockstep([config.changed(seed=0), config.changed(learning_rate=0.01)])
    lockstep.run()
    assert lockstep.stopped == [Stop.DIVERGED, Stop.EPOCHS]
    assert lockstep.epochs(0) > 1
    assert differences(lockstep, 1e-12) == []


def test_a_run_that_has_ended_stays_as_it_is() -> None:
    lockstep = Lockstep(endings())
    while lockstep.stopped[0] is None:
        lockstep.train_epoch()
    parameters, metrics = lockstep.parameters(0).copy(), lockstep.metrics(0)
    others = lockstep.parameters(7).copy()
    lockstep.run()
    assert np.array_equal(lockstep.parameters(0), parameters)
    assert lockstep.metrics(0)[:7] == metrics[:7]
    assert lockstep.history.train_loss[-1, 0] == metrics.train_loss
    assert lockstep.current("train_loss")[0] == metrics.train_loss
    epoch = lockstep.epoch
    lockstep.train_epoch()  # of no run
    assert (lockstep.epoch, lockstep.history.epochs) == (epoch, epoch)
    assert not np.array_equal(lockstep.parameters(7), others)


def test_training_can_be_interrupted_between_epochs() -> None:
    configs = [RunConfig(**SMALL, seed=seed, epochs=9) for seed in range(3)]
    whole, parts = Lockstep(configs), Lockstep(configs)
    whole.run()
    parts.run(lambda epoch: epoch < 4)
    assert (parts.epoch, parts.is_finished) == (4, False)
    parts.run()
    assert np.array_equal(parts.history.train_loss, whole.history.train_loss)
    assert np.array_equal(parts.parameters(2), whole.parameters(2))


def test_a_run_can_be_continued_by_its_own_trainer() -> None:
    configs = [
        RunConfig(
            **SMALL, seed=seed, epochs=9, dropout=0.2, optimizer="nesterov", momentum=momentum
        )
        for seed, momentum in enumerate((0.0, 0.5))
    ]
    lockstep = Lockstep(configs)
    lockstep.run(lambda epoch: epoch < 4)
    for run, config in enumerate(configs):
        single, continued = Trainer(config), lockstep.trainer(run)
        for _ in range(9):
            last = single.train_epoch()
        for _ in range(5):
            metrics = continued.train_epoch()
        assert distance(continued.network.parameters, single.network.parameters) < 1e-4
        assert metrics.epoch == last.epoch == 9
        assert continued.stopped is single.stopped is Stop.EPOCHS


def test_the_state_of_a_run_has_the_form_of_a_trainers() -> None:
    config = RunConfig(**SMALL, batch_norm=True, patience=3)
    lockstep = Lockstep([config, config.changed(seed=1)])
    lockstep.train_epoch()
    ours, theirs = lockstep.lane_state(1), Trainer(config.changed(seed=1)).state()
    for field in fields(TrainerState):
        mine, other = getattr(ours, field.name), getattr(theirs, field.name)
        assert isinstance(mine, type(other))
        if isinstance(mine, np.ndarray):
            assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
    lockstep.train_epoch()
    assert not np.array_equal(ours.parameters, lockstep.parameters(1))  # a copy


def test_stacks_and_windows_of_any_size_give_the_same_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    configs = [RunConfig(**SMALL, seed=seed, epochs=5, dtype="float64") for seed in range(5)]
    for module, name, value in (
        (trainer, "STACK_NUMBERS", 1),
        (trainer, "LEAST_RUNS", 2),
        (batches, "WINDOW_NUMBERS", 250),
        (evaluation, "BLOCK", 1),
        (evaluation, "LEAST_SAMPLES", 3),
    ):
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(evaluation, "CHUNK", 7)
    lockstep = Lockstep(configs)
    lockstep.run()
    assert differences(lockstep, 1e-12) == []


def test_data_of_different_shapes_are_rejected() -> None:
    few, many = RunConfig(samples=40), RunConfig(samples=44)
    data = [Trainer(few).data, Trainer(many).data]
    with pytest.raises(CannotShareError, match=r"30 training, 10 test samples.* 33 training, 11"):
        Lockstep([few, few.changed(seed=1)], data)
