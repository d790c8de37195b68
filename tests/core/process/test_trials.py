"""Trials are made by a process of their own, which ends with the training process."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.diagnosis.trials import RunCopy, measure_references
from core.process.client import TrainingProcess
from core.process.messages import (
    Configure,
    MeasureReferences,
    ReferencesMeasured,
    SetSpeed,
    Start,
    State,
)
from tests.core.process.test_worker import PATIENCE, Watcher

ONE_UNIT = RunConfig(
    dataset="xor", hidden=(1,), learning_rate=0.1, batch_size="full", epochs=50, dtype="float64"
)
"""A run that remains stuck: one unit cannot separate the classes."""


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    process = TrainingProcess()
    yield Watcher(process)
    process.close()


def answers(watcher: Watcher) -> list[ReferencesMeasured]:
    return [event for event in watcher.events if isinstance(event, ReferencesMeasured)]


def children(pid: int) -> list[int]:
    folders = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in folders for child in each.read_text().split()]


def until_gone(pid: int) -> None:
    deadline = monotonic() + PATIENCE
    while (path := Path(f"/proc/{pid}/stat")).exists():
        if path.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        assert monotonic() < deadline, f"process {pid} has not ended"
        sleep(0.02)


def test_the_references_are_those_of_the_current_run(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(ONE_UNIT))
    watcher.until_state(State.FINISHED)
    watcher.events.clear()
    watcher.send(MeasureReferences())
    watcher.until(lambda: bool(answers(watcher)))
    trainer = Trainer(ONE_UNIT)
    while trainer.stopped is None:
        trainer.train_epoch()
    references = answers(watcher)[0].references
    assert references is not None
    assert references.trials
    assert references == measure_references(RunCopy.of(trainer))


def test_trials_change_no_number_of_the_run(watcher: Watcher) -> None:
    config = ONE_UNIT.changed(epochs=5000)
    watcher.send(SetSpeed(None), Start(config), MeasureReferences())
    watcher.until_state(State.FINISHED)
    trainer = Trainer(config)
    while trainer.stopped is None:
        trainer.train_epoch()
    assert np.array_equal(watcher.progress()[-1].parameters, trainer.network.parameters)


def test_the_references_of_a_run_that_was_changed_meanwhile_are_discarded(watcher: Watcher) -> None:
    watcher.send(Start(ONE_UNIT, paused=True), MeasureReferences(), Configure({"l2": 0.1}))
    watcher.until(lambda: bool(answers(watcher)))
    assert answers(watcher) == [ReferencesMeasured(None)]


def test_a_very_large_network_is_not_tried(watcher: Watcher) -> None:
    watcher.send(Start(ONE_UNIT.changed(hidden=(800, 800)), paused=True), MeasureReferences())
    watcher.until(lambda: bool(answers(watcher)))
    assert answers(watcher) == [ReferencesMeasured(None)]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="reads /proc")
@pytest.mark.parametrize("how", ["closed", "killed"])
def test_the_trials_end_with_the_training_process(how: str) -> None:
    process = TrainingProcess()
    watcher = Watcher(process)
    slow = RunConfig(dataset="digits", samples=None, hidden=(1,), epochs=100)
    watcher.send(Start(slow, paused=True), MeasureReferences())
    watcher.until(lambda: bool(children(process.pid)))
    (trials,) = children(process.pid)
    if how == "killed":
        os.kill(process.pid, signal.SIGKILL)
    process.close()
    until_gone(trials)
