"""State, cause and remedies of real runs; healthy runs have no findings."""

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.diagnosis.diagnose import diagnose
from core.analysis.diagnosis.references import References, chance_level
from core.analysis.diagnosis.result import Cause, Diagnosis, RunState
from core.analysis.diagnosis.trials import RunCopy, measure_references
from core.training.epoch_log import EpochLog, tabulate

XOR = {
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


SICK = {
    "xor without hidden layer": (Cause.NO_HIDDEN_LAYER, {**XOR, "hidden": ()}),
    "xor with linear activations": (Cause.LINEAR_ACTIVATION, {**XOR, "activation": "linear"}),
    "xor with one unit": (Cause.TOO_FEW_UNITS, {**XOR, "hidden": (1,)}),
    "xor with frozen layers": (Cause.FROZEN, {**XOR, "freeze": (1, 2)}),
    "xor with a penalty": (Cause.PENALTY, {**XOR, "l2": 1.0}),
    "xor with small steps": (Cause.RATE_LOW, {**XOR, "learning_rate": 1e-5}),
    "xor with zeros": (Cause.ZERO_WEIGHTS, {**XOR, "initializer": "zeros"}),
}


@pytest.mark.parametrize("name", SICK)
def test_the_cause_of_a_sick_run_is_found_and_its_remedy_helps(name: str) -> None:
    cause, settings = SICK[name]
    trainer, found = diagnosed(settings)
    assert found.state in {RunState.AT_CHANCE, RunState.HALFWAY}
    assert [each.cause for each in found.findings] == [cause]
    remedy = found.findings[0].remedies[0]
    changed = trainer.config.changed(**remedy.changes)
    if remedy.needs_reset:
        trainer = Trainer(changed)
    else:
        trainer.configure(changed.changed(epochs=2 * trainer.epoch))
    train(trainer, trainer.config.epochs)
    assert trainer.measure().train_score == 1


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
