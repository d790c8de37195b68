"""State, cause and remedies of real runs; healthy runs have no findings."""

import random
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.diagnosis.diagnose import diagnose
from core.analysis.diagnosis.references import (
    Chance,
    Outcome,
    References,
    Trial,
    chance_level,
)
from core.analysis.diagnosis.result import Cause, Diagnosis, RunState
from core.analysis.diagnosis.trials import RunCopy, measure_references
from core.training.epoch_log import EpochLog, tabulate
from core.training.state import EpochMetrics

XOR: dict[str, object] = {
    "dataset": "xor",
    "hidden": (4,),
    "learning_rate": 0.1,
    "batch_size": "full",
    "epochs": 300,
}


def train(trainer: Trainer, epochs: int) -> EpochLog:
    epoch_log = EpochLog()
    rows = [trainer.untrained]
    with np.errstate(all="ignore"):
        while trainer.stopped is None and trainer.epoch < epochs:
            rows.append(trainer.train_epoch())
    epoch_log.extend(tabulate(rows))
    return epoch_log


def diagnosed(settings: dict[str, object], epochs: int | None = None) -> tuple[Trainer, Diagnosis]:
    """Train and diagnose, with trials if the run looks stuck."""
    config = RunConfig(**settings)  # type: ignore[arg-type]
    trainer = Trainer(config)
    epoch_log = train(trainer, config.epochs if epochs is None else epochs)
    has_classes = trainer.data.has_classes
    references = References(chance_level(config, trainer.data))
    found = diagnose(config, epoch_log, has_classes=has_classes, references=references)
    if found.wants_references:
        references = measure_references(RunCopy.of(trainer))
        found = diagnose(config, epoch_log, has_classes=has_classes, references=references)
    return trainer, found


SICK: dict[str, tuple[Cause, dict[str, object]]] = {
    "xor without hidden layer": (Cause.NO_HIDDEN_LAYER, {**XOR, "hidden": ()}),
    "xor with linear activations": (Cause.LINEAR_ACTIVATION, {**XOR, "activation": "linear"}),
    "xor with one unit": (Cause.TOO_FEW_UNITS, {**XOR, "hidden": (1,)}),
    "xor with frozen layers": (Cause.FROZEN, {**XOR, "freeze": (1, 2)}),
    "xor with a penalty": (Cause.PENALTY, {**XOR, "l2": 1.0}),
    "xor with small steps": (Cause.RATE_LOW, {**XOR, "learning_rate": 1e-5}),
    "xor with zeros": (Cause.ZERO_WEIGHTS, {**XOR, "initializer": "zeros"}),
    "moons with a steep decay": (
        Cause.DECAY,
        {"schedule": "inverse_time", "decay": 1000.0, "epochs": 200},
    ),
    "wine with raw inputs": (
        Cause.INPUTS,
        {"dataset": "wine", "preprocess": "none", "activation": "relu", "epochs": 40},
    ),
    "moons with a warm-up": (Cause.WARMUP, {"warmup": 10_000, "epochs": 200}),
    "blobs with long steps": (Cause.RATE_HIGH, {"dataset": "blobs", "learning_rate": 1000.0}),
}


@pytest.mark.parametrize("name", SICK)
def test_the_cause_of_a_sick_run_is_found_and_its_remedy_helps(name: str) -> None:
    cause, settings = SICK[name]
    trainer, found = diagnosed(settings)
    assert found.state in {RunState.AT_CHANCE, RunState.LINEAR, RunState.HALFWAY}
    assert [each.cause for each in found.findings] == [cause]
    remedy = found.findings[0].remedies[0]
    changed = trainer.config.changed(**remedy.changes)
    if remedy.needs_reset:
        trainer = Trainer(changed)
    else:
        trainer.configure(changed.changed(epochs=2 * trainer.epoch))
    train(trainer, trainer.config.epochs)
    assert trainer.measure().train_score >= 0.95


def test_a_run_that_has_learnt_has_no_findings_and_needs_no_trials() -> None:
    _, found = diagnosed(XOR)
    assert (found.state, found.findings, found.wants_references) == (RunState.LEARNT, (), False)


def test_a_plateau_that_the_run_will_leave_is_no_problem() -> None:
    settings = {**XOR, "activation": "sigmoid", "optimizer": "sgd", "learning_rate": 1.0}
    trainer, found = diagnosed({**settings, "epochs": 3000}, epochs=150)
    assert trainer.measure().train_score < 0.9
    assert (found.state, found.findings) == (RunState.LEARNING, ())


def test_after_few_epochs_it_is_too_early_to_tell() -> None:
    _, found = diagnosed({**XOR, "hidden": ()}, epochs=10)
    assert (found.state, found.findings, found.tell_at) == (RunState.TOO_EARLY, (), 31)
    assert not found.wants_references


def test_trials_do_not_change_the_run() -> None:
    trainer = Trainer(RunConfig(**{**XOR, "hidden": (1,)}))  # type: ignore[arg-type]
    train(trainer, 100)
    before = trainer.state()
    measure_references(RunCopy.of(trainer))
    after = trainer.state()
    assert all(
        np.array_equal(one, other) for one, other in zip(before.arrays, after.arrays, strict=True)
    )
    assert before.batches == after.batches


def test_a_rising_test_curve_is_reported_and_stopping_early_helps() -> None:
    settings = {"samples": 60, "noise": 0.4, "hidden": (32, 32), "epochs": 400}
    trainer, found = diagnosed(settings)
    (finding,) = found.findings
    assert finding.cause is Cause.OVERFITTING
    epoch, times = map(
        float, re.findall(r"epoch ([0-9]+), now ([0-9.]+) times", finding.sentence)[0]
    )
    assert "test loss lowest at" in finding.sentence
    assert "`:best` restores those weights" in finding.sentence
    (remedy,) = finding.remedies
    assert remedy.needs_reset
    stopped = Trainer(trainer.config.changed(**remedy.changes))
    train(stopped, stopped.config.epochs)
    assert stopped.restored == epoch
    assert trainer.measure().test_loss > 0.5 * times * stopped.measure().test_loss


def test_labels_without_a_pattern_are_noise() -> None:
    _, found = diagnosed({"dataset": "circles", "noise": 3.0, "epochs": 60})
    assert [each.cause for each in found.findings] == [Cause.NOISE]
    assert found.findings[0].remedies[0].options == "--noise auto"


def test_a_run_that_diverged_is_diagnosed_with_and_without_trials() -> None:
    config = RunConfig(
        dataset="bumps",
        hidden=(32, 32),
        activation="relu",
        optimizer="sgd",
        learning_rate=3.0,
        epochs=20,
    )
    trainer = Trainer(config)
    epoch_log = train(trainer, config.epochs)
    early = diagnose(config, epoch_log, has_classes=False)
    late = diagnose(
        config,
        epoch_log,
        has_classes=False,
        references=measure_references(RunCopy.of(trainer)),
    )
    for found in (early, late):
        assert found.state is RunState.DIVERGED
        assert found.findings[0].cause is Cause.RATE_HIGH
        assert found.findings[0].remedies[0].changes["learning_rate"] < config.learning_rate
    assert (early.wants_references, late.wants_references) == (True, False)


def test_a_rare_class_that_is_never_predicted_is_imbalance(tmp_path: Path) -> None:
    rng = random.Random(1)
    labels = [int(row % 20 == 0) for row in range(400)]
    rows = (f"{rng.gauss(1.6 * each, 1)},{rng.gauss(1.6 * each, 1)},{each}" for each in labels)
    file = tmp_path / "rare.csv"
    file.write_text("\n".join(["a,b,class", *rows]), encoding="utf-8")
    trainer, found = diagnosed({"data": str(file), "hidden": (4,), "l2": 0.05, "epochs": 200})
    assert trainer.measure().train_score >= 0.94
    assert [each.cause for each in found.findings] == [Cause.IMBALANCE]
    assert found.findings[0].remedies[0].options == "--class-weight balanced"


def scored(*scores: float) -> EpochLog:
    """Return the epochs of a run with these accuracies, 50 epochs each."""
    epoch_log = EpochLog()
    every = [score for score in scores for _ in range(50)]
    epoch_log.extend(
        tabulate(
            [
                EpochMetrics(at, 1.2 - each, 1.2 - each, each, each, 0.1)
                for at, each in enumerate(every)
            ]
        )
    )
    return epoch_log


def tried(cause: Cause, *, run: float, wider: float, linear: float) -> References:
    """Return references in which a change makes as much progress as the wider network."""

    def outcome(progress: float) -> Outcome:
        score = 0.5 + 0.5 * progress
        return Outcome(score, score, progress, progress, 50)

    return References(
        Chance(0.5, 0.7),
        60,
        current=outcome(run),
        unchanged=outcome(run),
        best=outcome(wider),
        linear=outcome(linear),
        trials=(Trial(cause, {"learning_rate": 0.5}, True, outcome(wider)),),
    )


@pytest.mark.parametrize(
    ("run", "linear", "state"),
    [
        (0.6, 0.2, None),
        (0.4, 0.2, RunState.HALFWAY),
        (0.6, 0.58, RunState.LINEAR),
        (0.05, 0.0, RunState.AT_CHANCE),
    ],
)
def test_a_run_far_above_guessing_is_not_stuck_unless_a_cause_is_shown(
    run: float, linear: float, state: RunState | None
) -> None:
    epoch_log = scored(0.5, 0.5 + 0.5 * run)

    def found(cause: Cause) -> Diagnosis:
        references = tried(cause, run=run, wider=0.95, linear=linear)
        return diagnose(RunConfig(), epoch_log, has_classes=True, references=references)

    batch_norm = found(Cause.BATCH_NORM)
    assert bool(batch_norm.findings) == (state is not None)
    unknown = found(Cause.NOT_FOUND)
    causes = [each.cause for each in unknown.findings]
    if state is None:
        assert (unknown.state, causes) == (RunState.LEARNING, [])
        assert "a wider network 97.5 %" in unknown.sentence
    else:
        assert (unknown.state, causes) == (state, [Cause.NOT_FOUND])
    # with a cause, all of them are problems
    assert [each.cause for each in found(Cause.TOO_FEW_UNITS).findings] == [Cause.TOO_FEW_UNITS]


def test_a_run_that_leaves_chance_level_after_the_trials_is_not_said_to_be_at_it() -> None:
    references = tried(Cause.RATE_LOW, run=0.05, wider=0.95, linear=0.0)
    states = [
        diagnose(RunConfig(), scored(0.5, end), has_classes=True, references=references).state
        for end in (0.52, 0.82)
    ]
    assert states == [RunState.AT_CHANCE, RunState.HALFWAY]


def after_trials(
    *scores: float, run: float, linear: float = 0.0, config: RunConfig | None = None
) -> Diagnosis:
    """Return the diagnosis of a run whose learning rate was found to be too low at epoch 60."""
    references = tried(Cause.RATE_LOW, run=run, wider=0.95, linear=linear)
    return diagnose(config or RunConfig(), scored(*scores), has_classes=True, references=references)


def test_a_run_that_passes_the_linear_model_after_the_trials_is_not_compared_with_it() -> None:
    states = [after_trials(0.5, end, run=0.5, linear=0.5).state for end in (0.75, 0.84, 0.93)]
    # at the end, the change would help only a little
    assert states == [RunState.LINEAR, RunState.HALFWAY, RunState.LEARNING]
    assert not after_trials(0.5, 0.93, run=0.5, linear=0.5).findings


def test_a_run_that_falls_to_chance_level_after_the_trials_is_not_said_to_be_halfway() -> None:
    found = after_trials(0.7, 0.51, run=0.4)
    assert found.state is RunState.AT_CHANCE
    assert found.wants_references  # another cause than before
    assert not after_trials(0.5, 0.7, run=0.4).wants_references


def learnt(progress: float) -> References:
    """Return references of a run that had learnt at epoch 60, without trials."""
    outcome = Outcome(0.5 + 0.5 * progress, 0.5 + 0.5 * progress, progress, progress, 0)
    return References(Chance(0.5, 0.7), 60, current=outcome, unchanged=outcome)


@pytest.mark.parametrize(
    ("now", "state", "again"),
    [
        (0.94, RunState.LEARNT, False),
        (0.75, RunState.LEARNING, True),
        (0.51, RunState.AT_CHANCE, True),
    ],
)
def test_a_run_that_had_learnt_at_the_trials_may_have_lost_it(
    now: float, state: RunState, again: bool
) -> None:
    found = diagnose(RunConfig(), scored(0.94, now), has_classes=True, references=learnt(0.88))
    assert (found.state, found.wants_references) == (state, again)


def test_a_change_that_was_made_since_the_trials_is_no_remedy() -> None:
    references = tried(Cause.TOO_SHORT, run=0.4, wider=0.95, linear=0.2)
    (trial,) = references.trials
    references = replace(references, trials=(replace(trial, changes={"epochs": 300}),))
    epoch_log = scored(0.5, 0.7)

    def found(epochs: int) -> Diagnosis:
        config = RunConfig(epochs=epochs)
        return diagnose(config, epoch_log, has_classes=True, references=references)

    assert [each.cause for each in found(100).findings] == [Cause.TOO_SHORT]
    assert (found(300).state, found(300).findings) == (RunState.LEARNING, ())


def test_a_run_that_diverges_after_the_trials_has_not_their_cause() -> None:
    references = tried(Cause.RATE_LOW, run=0.05, wider=0.95, linear=0.0)
    epoch_log = scored(0.5, 0.52)
    epoch_log.extend(tabulate([EpochMetrics(100, np.inf, np.inf, 0.5, 0.5, 0.1)]))
    found = diagnose(RunConfig(), epoch_log, has_classes=True, references=references)
    assert [each.cause for each in found.findings] == [Cause.RATE_HIGH]
    assert found.wants_references


def test_epochs_before_the_trials_have_their_diagnosis_with_its_epoch() -> None:
    references = tried(Cause.RATE_LOW, run=0.2, wider=0.95, linear=0.0)
    found = diagnose(RunConfig(), scored(0.5), has_classes=True, references=references)
    assert found.state is RunState.HALFWAY
    assert found.sentence.startswith("Stuck halfway at epoch 60: training accuracy 60.0 %, ")
    assert [each.cause for each in found.findings] == [Cause.RATE_LOW]


def test_a_run_at_chance_level_that_is_learning_names_the_trial_which_shows_it() -> None:
    references = tried(Cause.RATE_LOW, run=0.02, wider=0.95, linear=0.0)
    continued = Outcome(0.96, 0.96, 0.92, 0.92, 300)
    references = replace(references, unchanged=continued, trials=())
    found = diagnose(RunConfig(), scored(0.5, 0.51), has_classes=True, references=references)
    assert found.state is RunState.LEARNING
    assert ", 96.0 % at epoch 360 in a trial" in found.sentence


def test_the_accuracy_of_balanced_classes_is_not_compared_with_the_majority() -> None:
    config = RunConfig(class_weight="balanced")
    rows = [EpochMetrics(at, 0.3, 0.3, 0.9, 0.9, 0.1) for at in range(200)]
    epoch_log = EpochLog()
    epoch_log.extend(tabulate(rows))
    references = References(Chance(0.95, 0.7))
    found = diagnose(config, epoch_log, has_classes=True, references=references)
    assert found.state is RunState.LEARNING


def test_a_run_that_has_lost_what_it_had_learnt_has_no_low_learning_rate() -> None:
    references = tried(Cause.RATE_LOW, run=0.6, wider=0.95, linear=0.58)

    def found(*scores: float) -> Diagnosis:
        return diagnose(RunConfig(), scored(*scores), has_classes=True, references=references)

    lost, never = found(0.5, 0.99, 0.8), found(0.5, 0.7, 0.8)
    assert [each.cause for each in lost.findings] == [Cause.RATE_HIGH]
    assert "80.0 % (mean of the last 5 epochs), 99.0 % before, a linear model" in lost.sentence
    assert [each.cause for each in never.findings] == [Cause.RATE_LOW]
    assert "before" not in never.sentence


def test_a_run_that_fits_its_samples_by_heart_is_not_stuck(tmp_path: Path) -> None:
    draw = random.Random(2)
    rows = [",".join(f"{draw.gauss(0, 1):.3f}" for _ in range(3)) for _ in range(200)]
    content = "".join(f"{row},{int(at % 20 == 0)}\n" for at, row in enumerate(rows))
    (tmp_path / "rare.csv").write_text("a,b,c,y\n" + content)
    _, found = diagnosed(
        {"data": str(tmp_path / "rare.csv"), "class_weight": "balanced", "hidden": (32, 32)}
    )
    # few test samples of the rare class are right or wrong by chance
    assert found.state is RunState.LEARNT
    assert {each.cause for each in found.findings} <= {Cause.OVERFITTING}
