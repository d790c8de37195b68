"""Suspected causes: their order, and changes that can be applied."""

from typing import Any

import pytest

from core import RunConfig, Trainer
from core.analysis.diagnosis.result import Cause
from core.analysis.diagnosis.suspects import Evidence, Suspect, suspects
from core.config.run_config import setting
from core.training.diagnostics import LayerDiagnostics

RUNS: dict[str, dict[str, Any]] = {
    "usual": {},
    "many settings": {
        "freeze": (1,),
        "initializer": "zeros",
        "warmup": 100,
        "schedule": "exponential",
        "l1": 0.1,
        "l2": 0.1,
        "clip_norm": 1.0,
        "dropout": (0.5, 0.0),
    },
    "steep decay": {"schedule": "inverse_time", "decay": 1000.0},
    "no hidden layer": {"hidden": ()},
    "linear": {"activation": "linear", "optimizer": "sgd"},
    "deep": {"hidden": (8,) * 6, "activation": ("sigmoid",) * 6, "batch_norm": True},
    "full batch": {"batch_size": "full", "optimizer": "momentum", "momentum": 0.99},
    "raw": {"dataset": "wine", "preprocess": "none", "learning_rate": 1e-6},
    "raw targets": {"dataset": "diabetes", "preprocess": "none", "learning_rate": 10.0},
    "noise": {"noise": 2.0, "activation": "relu", "batch_size": 1000},
}
TROUBLED = Evidence((LayerDiagnostics(1e3, 1e-3, 0.9, 0.9),) * 7, 1e-3, grew=True)


def found(settings: dict[str, Any], evidence: Evidence = TROUBLED) -> list[Suspect]:
    trainer = Trainer(RunConfig(**settings))
    return list(suspects(trainer.config, trainer.data, evidence))


@pytest.mark.parametrize("name", RUNS)
def test_every_suspect_changes_something_and_is_a_valid_config(name: str) -> None:
    config = RunConfig(**RUNS[name])
    all_suspects = found(RUNS[name])
    assert len(all_suspects) > 3
    for suspect in all_suspects:
        changed = config.changed(**suspect.changes)
        assert config.differences(changed), suspect


@pytest.mark.parametrize("name", RUNS)
def test_no_suspect_that_starts_a_new_run_hides_it(name: str) -> None:
    for suspect in found(RUNS[name]):
        if {setting(each).effect for each in suspect.changes} & {"network", "data"}:
            assert suspect.needs_reset, suspect


def test_the_settings_of_the_user_are_suspected_first() -> None:
    causes = list(dict.fromkeys(each.cause for each in found(RUNS["many settings"])))
    assert causes[:7] == [
        Cause.FROZEN,
        Cause.ZERO_WEIGHTS,
        Cause.WARMUP,
        Cause.DECAY,
        Cause.PENALTY,
        Cause.CLIPPING,
        Cause.DROPOUT,
    ]
    assert causes.index(Cause.RATE_LOW) < causes.index(Cause.TOO_FEW_UNITS)


@pytest.mark.parametrize(("name", "cause"), [("raw", Cause.INPUTS), ("raw targets", Cause.TARGETS)])
def test_unscaled_data_are_standardised_before_anything_else(name: str, cause: Cause) -> None:
    first = found(RUNS[name])[0]
    assert (first.cause, first.changes) == (cause, {"preprocess": "standard"})


def test_standardised_data_are_not_suspected() -> None:
    causes = {each.cause for each in found({"dataset": "wine"})}
    assert not causes & {Cause.INPUTS, Cause.TARGETS}


def test_a_class_that_is_predicted_alone_is_suspected_first() -> None:
    first = found({}, Evidence(majority=0.95, majority_only=True))[0]
    assert (first.cause, first.changes) == (Cause.IMBALANCE, {"class_weight": "balanced"})
