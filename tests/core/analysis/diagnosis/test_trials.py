"""Trials start from the run as it is, with the data that the program would prepare."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.diagnosis.result import Cause
from core.analysis.diagnosis.trials import (
    RunCopy,
    measure_references,
    neighbour_agreement,
    outcome_of,
    spellings_of_one_class,
    standardised,
)


@pytest.mark.parametrize("dataset", ["wine", "diabetes"])
def test_standardised_samples_are_those_that_preprocessing_prepares(dataset: str) -> None:
    raw, scaled = (
        Trainer(RunConfig(dataset=dataset, preprocess=how)).data for how in ("none", "standard")
    )
    made = standardised(raw)
    for one, other in zip(made.arrays, scaled.arrays, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_trials_can_start_within_an_epoch() -> None:
    trainer = Trainer(RunConfig(hidden=(1,), epochs=20, batch_size=10))
    for _ in range(3):
        trainer.train_epoch()
    trainer.advance(0.0)
    assert trainer.share_of_epoch
    references = measure_references(RunCopy.of(trainer))
    assert references.epoch == 3
    assert references.unchanged is not None


def test_trials_of_many_samples_use_some_of_them() -> None:
    trainer = Trainer(RunConfig(samples=20_000, hidden=(1,), validation_size=0.1, epochs=10))
    assert len(trainer.data.y_train) == 13_000
    copy = RunCopy.of(trainer)
    assert len(copy.data.y_train) == len(copy.data.x_train) == 5_000
    assert copy.is_of(trainer)
    assert measure_references(copy).current is not None


def test_a_copy_of_other_data_or_settings_is_recognised() -> None:
    trainer = Trainer(RunConfig(samples=60))
    copy = RunCopy.of(trainer)
    assert copy.is_of(trainer)
    trainer.configure(trainer.config.changed(l2=0.1))
    assert not copy.is_of(trainer)
    trainer.configure(copy.config)
    assert copy.is_of(trainer)
    trainer.set_data(replace(trainer.data, x_train=trainer.data.x_train + 1))
    assert copy.data is not trainer.data


def test_neighbours_agree_unless_classes_are_noise() -> None:
    clear = Trainer(RunConfig(dataset="blobs")).data
    assert neighbour_agreement(clear) > 0.95
    labels = np.random.default_rng(0).integers(0, 2, len(clear.y_train))
    assert neighbour_agreement(replace(clear, y_train=labels)) < 0.65


def test_a_cancelled_measurement_stops() -> None:
    trainer = Trainer(RunConfig(epochs=1000))
    trainer.train_epoch()

    def cancel() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        measure_references(RunCopy.of(trainer), cancel)


def test_spellings_of_one_class_differ_only_in_case_and_blanks() -> None:
    assert spellings_of_one_class(("Yes", "no", "yes ", "maybe")) == ("Yes", "yes ")
    assert spellings_of_one_class(("a", "b")) == ()


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"epochs": 12, "seed": 3}, Cause.TOO_SHORT),
        ({"epochs": 20, "learning_rate": 1e6}, Cause.RATE_HIGH),
        ({"learning_rate": 1e6, "activation": "relu", "optimizer": "sgd"}, Cause.RATE_HIGH),
        ({"epochs": 20, "l2": 1.0}, Cause.PENALTY),
    ],
)
def test_few_epochs_and_rates_far_too_high_are_named(changes: dict[str, Any], cause: Cause) -> None:
    trainer = Trainer(RunConfig().changed(**changes))
    while not trainer.stopped:
        trainer.train_epoch()
    found = measure_references(RunCopy.of(trainer))
    assert found.trials[-1].cause is cause


def test_a_bad_last_epoch_of_an_unchanged_run_does_not_count_alone() -> None:
    config = RunConfig(
        dataset="gaussian_quantiles",
        hidden=(16, 16),
        activation="gelu",
        learning_rate=0.02,
        batch_norm=True,
        seed=2,
        epochs=200,
    )
    trainer = Trainer(config)
    for _ in range(25):
        trainer.train_epoch()
    found = measure_references(RunCopy.of(trainer))
    trainer.configure(config.changed(epochs=225))
    while trainer.epoch < 225:
        trainer.train_epoch()
    assert found.unchanged is not None
    assert found.unchanged.progress > outcome_of(trainer).progress + 0.05
