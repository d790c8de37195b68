"""The settings table: a setting changed during a run acts as in a run that had it from the start.

Each row declares what changing it affects. Every setting is changed to every kind of value; then the
run continues in parallel with a twin that is built with the new value and restored to the same state.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.config.run_config import setting, settings
from core.config.settings import IN_PLACE
from core.config.value_types import words_of
from core.datasets import DataSplit
from core.datasets.prepare import prepare
from core.process.autosave import TrainingAutosave
from core.process.command_queue import CommandQueue
from core.process.commands import configure
from core.process.messages import Configure
from core.process.speed import EpochTimer
from core.process.training_run import TrainingRun
from core.training.state import EpochMetrics
from core.training.stopping import Best

BASE = RunConfig(samples=24, hidden=(3, 2), batch_size=7, epochs=50, noise=0.3)
PATIENT = {"patience": 20, "schedule": "plateau", "decay_epochs": 1, "learning_rate": 0.5}
UNEVEN = {"samples": 25}
"""The training samples are 10 of one class and 9 of the other."""
SPARSE = "a,b,c d,y\n" + "".join(f"{n},{n % 5 or ''},word {n % 3},{n % 2}\n" for n in range(16))

CASES: dict[str, list[tuple[dict[str, Any], list[Any]]]] = {
    "dataset": [({"noise": None}, ["xor", "circles", "blobs", "sine", "plane"])],
    "samples": [({}, [None, 8, 30])],
    "noise": [({}, [None, 0.0, 1.0])],
    "classes": [({"dataset": "blobs"}, [None, 2, 5])],
    "data_seed": [({}, [None, 0, 5]), ({"data_seed": 5}, [None, 6])],
    "test_size": [({}, [0.0, 0.5])],
    "validation_size": [(PATIENT, [0.0, 0.25]), ({"validation_size": 0.25}, [0.0, 0.5])],
    "features": [({}, [None, ("1",), ("2", "1")])],
    "exclude": [
        ({}, [None, (), ("1",)]),
        ({"data": "FILE"}, [None, (), ("a",), ("-a", "c d"), ("none", "b")]),
    ],
    "features_extra": [({}, [(), ("x1sq",), "all"]), ({"features_extra": ("x1sq",)}, [("sinx1",)])],
    "data": [({}, ["FILE"]), ({"data": "FILE"}, [None])],
    "target": [({"data": "FILE"}, [None, ("a",), ("a", "b")])],
    "task": [({"data": "FILE"}, [None, "classification", "regression"])],
    "missing": [({"data": "FILE"}, ["impute", "drop"])],
    "na": [({"data": "FILE"}, [None, ("3",), ("a=2", "none")])],
    "text": [({"data": "FILE"}, [None, "c d"])],
    "ngrams": [({"data": "FILE", "text": "c d"}, ["char", "word"])],
    "vocabulary": [({"data": "FILE", "text": "c d"}, [1, 10])],
    "delimiter": [({"data": "FILE"}, [None, ","])],
    "header": [({"data": "FILE"}, [None, True, False])],
    "encoding": [({"data": "FILE"}, [None, "latin-1"])],
    "decimal": [({"data": "FILE"}, [None, "point", "comma"])],
    "hidden": [({}, [(), (3,), (2, 3), (3, 2, 2)])],
    "activation": [
        ({}, [("relu", "tanh")]),
        ({"activation": ("relu", "elu")}, ["tanh"]),
        (PATIENT, []),
    ],
    "bias": [({}, []), ({"bias": False, "batch_norm": True}, [])],
    "dropout": [({}, [0.0, 0.3, (0.0, 0.5)]), ({"dropout": (0.5, 0.1)}, [0.0, 0.2])],
    "loss": [
        (PATIENT, []),
        ({"dataset": "sine"}, ["huber", "mean_absolute_error"]),
        ({"dataset": "blobs"}, ["hinge"]),
    ],
    "label_smoothing": [(PATIENT, [0.0, 0.2])],
    "class_weight": [
        (UNEVEN, []),
        ({**UNEVEN, "class_weight": "balanced", "label_smoothing": 0.1}, []),
        ({**UNEVEN, **PATIENT, "loss": "hinge"}, []),
    ],
    "huber_delta": [({**PATIENT, "dataset": "sine", "loss": "huber"}, [0.1, 2.0])],
    "learning_rate": [({}, [1e-6, 0.3, 1e6]), (PATIENT, [0.1])],
    "momentum": [
        ({"optimizer": name}, [None, 0.0, 0.5])
        for name in ("sgd", "momentum", "nesterov", "rmsprop")
    ],
    "weight_decay": [({"optimizer": "adamw", "schedule": "cosine"}, [0.0, 0.5])],
    "batch_size": [({}, ["full", 1, 5, 100]), ({"batch_size": "full"}, [7])],
    "clip_norm": [({}, [None, 0.01]), ({"clip_norm": 0.1}, [None, 1.0])],
    "clip_value": [({}, [None, 0.01]), ({"clip_value": 0.1}, [None, 1.0])],
    "freeze": [({}, [(1,), (1, 3), (1, 2, 3)]), ({"freeze": (2,)}, [(), (2, 3)])],
    "schedule": [({}, []), (PATIENT, [])],
    "decay": [({"schedule": name}, [None, 0.5]) for name in ("step", "exponential", "inverse_time")]
    + [(PATIENT, [0.5])],
    "decay_epochs": [({"schedule": name}, [None, 1, 9]) for name in ("step", "cosine", "plateau")],
    "warmup": [({}, [0, 3, 20]), ({"warmup": 4}, [0, 8])],
    "min_learning_rate": [({"schedule": name}, [0.0, 0.009]) for name in ("cosine", "plateau")],
    "l1": [(PATIENT, [0.0, 0.01, 1e6])],
    "l2": [(PATIENT, [0.0, 0.01, 1e6])],
    "penalize_biases": [({**PATIENT, "l1": 0.1, "l2": 1e6}, [])],
    "epochs": [({}, [1, 2, 3, 4, 100]), ({"schedule": "linear"}, [4, 9])],
    "target_loss": [({}, [None, 1e-9, 0.6, 100.0]), ({"target_loss": 1e-9}, [None])],
    "target_accuracy": [({}, [None, 0.0, 1.0]), ({"target_accuracy": 1.0}, [None])],
    "patience": [({}, [None, 1, 20]), (PATIENT, [None, 1])],
    "restore_best": [(PATIENT, []), ({**PATIENT, "restore_best": False}, [])],
    "monitor": [(PATIENT, [None, "test", "train"]), ({**PATIENT, "validation_size": 0.2}, [])],
    "diagnostics": [({}, []), ({"diagnostics": True}, [])],
    "seed": [({}, [0, 1, 2**63 - 1])],
}
"""Configurations in which a setting has an effect, and values; an empty list stands for all words."""


def values_of(name: str, values: list[Any]) -> list[Any]:
    """Return the values to try: all words of a setting for which none are listed."""
    values = values or list(words_of(setting(name).value_type))
    assert values, f"CASES lists no values of {name}"
    return values


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "sparse.csv"
    path.write_text(SPARSE)
    return str(path)


@cache
def prepared(config: RunConfig) -> DataSplit:
    return prepare(config)


def bits(trainer: Trainer) -> list[object]:
    """Everything that decides how a run continues, in a form that compares bit by bit."""
    state = trainer.state()
    arrays = [each.tobytes() for each in state.arrays]
    counts = (state.epoch, state.steps, state.layer_steps, state.learning_rate, state.plateau)
    batches = (state.batches.next, state.stopped, state.restored)
    data = [each.tobytes() for each in trainer.data.arrays]
    return [*arrays, *counts, *batches, *data, state.best, state.waits_from, state.limit]


def directly(trainer: Trainer, changes: dict[str, Any]) -> None:
    trainer.configure(trainer.config.changed(**changes))


def by_command(trainer: Trainer, changes: dict[str, Any]) -> None:
    """Change settings as the training process does for its screen."""
    command = Configure(changes)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        queue = CommandQueue(ours)
        run = TrainingRun(trainer, queue, EpochTimer(), TrainingAutosave(queue))
        run.start()
        configure(run, queue, command.changes)
        trainer.stopped = None  # the process finishes a run that has no epochs left


def restored(trainer: Trainer) -> Trainer:
    other = Trainer(trainer.config, trainer.data)
    other.restore(trainer.state())
    return other


Change = Callable[[Trainer, dict[str, Any]], None]
MOMENTS: dict[str, tuple[int, bool, Change]] = {
    "between two epochs": (0, False, directly),
    "within an epoch": (2, False, directly),
    "after a restore within an epoch": (2, True, directly),
    "through the training process": (1, False, by_command),
}


def test_the_classes_of_the_cases_with_class_weights_are_uneven() -> None:
    counts = prepared(BASE.changed(**UNEVEN)).class_counts[0]
    assert counts[0] != counts[1]


@contextmanager
def case(name: str, changes: dict[str, Any], value: Any) -> Iterator[None]:
    try:
        yield
    except AssertionError as error:
        error.add_note(f"{name} = {value!r} with {changes}")
        raise


@pytest.mark.parametrize("name", [each.name for each in settings()])
def test_a_changed_setting_acts_as_in_a_run_that_had_it_from_the_start(
    name: str, file: str
) -> None:
    for changes, values in CASES.get(name, [({}, [])]):
        base = BASE.changed(
            **{key: file if each == "FILE" else each for key, each in changes.items()}
        )
        for value in values_of(name, values):
            value = file if value == "FILE" else value
            with case(name, changes, value):
                for batches, is_restored, change in MOMENTS.values():
                    continues_like_its_twin(base, {name: value}, batches, is_restored, change)


def continues_like_its_twin(
    base: RunConfig, changes: dict[str, Any], batches: int, is_restored: bool, change: Change
) -> None:
    data = prepared(base)
    trainer = Trainer(base, data)
    rows, parameters = [trainer.untrained], [trainer.network.parameters.copy()]
    for _ in range(2):
        rows.append(trainer.train_epoch())
        parameters.append(trainer.network.parameters.copy())
    for _ in range(batches):
        if metrics := trainer.advance(0.0):
            rows.append(metrics)
            parameters.append(trainer.network.parameters.copy())
    if is_restored:
        trainer = restored(trainer)
    before, best, under_way = trainer.measure(), trainer.best, trainer.batches.next
    config, sizes = trainer.config.changed(**changes), trainer.network.sizes
    effects = trainer.config.effects(config)

    change(trainer, changes)

    twin = Trainer(config, prepared(config))
    if trainer.epoch:
        assert trainer.batches.next == (under_way if effects <= IN_PLACE else 0)
        compares = trainer.data is data and "loss" not in effects
        if not under_way:
            check_what_stays(trainer, base, before if compares else None)
        if compares:
            check_best(trainer, rows, parameters)
        keeps_best = compares and effects.isdisjoint({"best", "monitor"})
        assert trainer.best == (best if keeps_best else Best())
        twin.restore(trainer.state())
    else:  # a new run has begun
        assert "network" in effects or trainer.network.sizes != sizes
    for _ in range(2):
        assert bits(trainer) == bits(twin)
        np.testing.assert_equal(trainer.train_epoch()._asdict(), twin.train_epoch()._asdict())
    assert bits(trainer) == bits(twin)


def next_rate(trainer: Trainer, config: RunConfig) -> float:
    schedule = config.make_schedule()
    schedule.plateau = trainer.state().plateau
    return schedule.rate(trainer.epoch)


def check_what_stays(trainer: Trainer, old: RunConfig, before: EpochMetrics | None) -> None:
    """Numbers that the row promises to keep are the same, and the network did not diverge by itself."""
    effects = old.effects(trainer.config)
    after = trainer.measure()
    assert not trainer.diverged(after)
    if before is not None:
        assert after.train_loss == before.train_loss
        assert after.test_loss == before.test_loss
        np.testing.assert_equal(after.validation_loss, before.validation_loss)
        assert after.penalty == before.penalty or "penalty" in effects
        assert len(after.layers) == len(before.layers) or "measure" in effects
        if next_rate(trainer, old) != next_rate(trainer, trainer.config):
            assert after.learning_rate == next_rate(trainer, trainer.config)
        else:
            assert after.learning_rate == before.learning_rate or "rates" in effects


def check_best(trainer: Trainer, rows: list[EpochMetrics], parameters: list[Any]) -> None:
    """The best epoch, its weights and the plateau belong to losses that still compare."""
    state, monitored = trainer.state(), trainer.data.monitored(trainer.config.monitor)
    losses = [getattr(row, f"{monitored}_loss") for row in rows]
    best = state.best.epoch
    if best:
        assert losses[best] == state.best.loss
        if trainer.config.patience is not None and trainer.config.restore_best:
            np.testing.assert_array_equal(state.best_parameters, parameters[best])
    assert state.plateau.best in (inf, *losses)
