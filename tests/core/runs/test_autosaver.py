"""The training process saves its run: however it ends, the run can be resumed bit for bit."""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.config.run_config import MOST_EPOCHS
from core.datasets.edits import AddPoint
from core.process.autosave import TrainingAutosave
from core.process.client import TrainingProcess
from core.process.command_queue import CommandQueue
from core.process.commands import resume
from core.process.messages import (
    Branched,
    Configure,
    ConfigureAutosave,
    EditData,
    EditParameter,
    Moved,
    Progress,
    Pull,
    Refused,
    Reopen,
    Reopened,
    Restore,
    Resume,
    SaveStatusChanged,
    Seek,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
    StepBatch,
)
from core.process.speed import EpochTimer
from core.process.training_run import TrainingRun
from core.runs.atomic_files import RunError
from core.runs.autosaver import SaveOptions
from core.runs.catalogue import find, list_runs
from core.runs.folder import STATE, RunFolder
from core.runs.reader import read_header, read_run
from core.training.epoch_log import EpochLog
from tests.core.process.test_worker import ENDLESS, Watcher
from tests.core.runs.test_reader import assert_same, rewritten, saved


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@contextmanager
def watching(parent: Path) -> Iterator[Watcher]:
    process = TrainingProcess()
    watcher = Watcher(process)
    watcher.send(SetSpeed(None), ConfigureAutosave(SaveOptions(parent, 100)))
    try:
        yield watcher
    finally:
        process.close()


def timeline_of(watcher: Watcher) -> EpochLog:
    timeline = EpochLog()
    for event in watcher.events:
        if isinstance(event, Progress):
            timeline.extend(event.table)
        if isinstance(event, Branched):
            timeline.truncate(event.epoch + 1)
    return timeline


def kept(watcher: Watcher) -> list[SaveStatusChanged]:
    return [
        event for event in watcher.events if isinstance(event, SaveStatusChanged) and event.name
    ]


def steps(watcher: Watcher, epochs: int) -> Progress:
    """Train some epochs, and return the `Progress` after them."""
    start = max((row.epoch for row in watcher.rows()), default=0)
    watcher.send(Step(epochs))
    watcher.until(lambda: any(row.epoch == start + epochs for row in watcher.rows()))
    return watcher.progress()[-1]


def travel(watcher: Watcher, epoch: int) -> Moved:
    """Go to an epoch, and return the event."""
    watcher.events.clear()
    watcher.send(Seek(epoch))
    found: list[Moved] = []

    def told() -> bool:
        found[:] = [event for event in watcher.events if isinstance(event, Moved)]
        return bool(found)

    watcher.until(told)
    watcher.events.clear()
    return found[-1]


def test_a_run_resumes_where_the_screen_left_it(parent: Path) -> None:
    config = RunConfig(dropout=0.1, epochs=1000)
    with watching(parent) as watcher:
        watcher.send(Start(config, paused=True))
        steps(watcher, 7)
        watcher.send(StepBatch(), StepBatch(), Configure({"learning_rate": 0.02}))
        watcher.until(lambda: len(watcher.runs()) == 2)
        watcher.send(EditParameter(3, 0.25), EditData(AddPoint((0.5, 0.25), 1)))
        watcher.until(lambda: len(watcher.runs()) == 3)
        wanted = steps(watcher, 5)
        before = timeline_of(watcher)
    (listed,) = list_runs(parent)
    assert (listed.used, listed.damaged) == (False, "")
    with watching(parent) as watcher:
        watcher.send(Reopen(listed.path))
        watcher.until_state(State.PAUSED)
        assert np.array_equal(watcher.progress()[-1].parameters, wanted.parameters)
    with watching(parent) as watcher:
        watcher.send(Reopen(listed.path))
        watcher.until(lambda: any(isinstance(event, Reopened) for event in watcher.events))
        after = timeline_of(watcher)
        for name in ("epoch", "train_loss", "test_loss", "train_score"):
            np.testing.assert_array_equal(after.column(name), before.column(name))
        (told,) = (event for event in watcher.events if isinstance(event, Reopened))
        assert (told.name, told.edited, told.loss_starts) == (listed.name, True, (0, 8))
        # the curves mark the changes of its event log
        assert [(epoch, kind) for epoch, kind, _ in told.events] == [
            *[(0, "began"), (7, "changed"), (7, "edited"), (7, "changed")]
        ]
        assert told.events[1][2].startswith("learning rate 0.01 → 0.02: trained weights kept")
        watcher.events.clear()
        watcher.send(Step(3))
        watcher.until(lambda: any(row.epoch == 15 for row in watcher.rows()))
        again = watcher.progress()[-1]
    trainer = read_run(listed.path).trainer()
    assert trainer.epoch == 15
    np.testing.assert_array_equal(trainer.network.parameters, again.parameters)
    notes = [event.kind for event in read_run(listed.path).events]
    assert notes == ["began", "changed", "edited", "changed"]


def after_death(parent: Path, die: Callable[[TrainingProcess], object]) -> tuple[int, Path]:
    """Train until something is saved, kill the process, and return the epochs it had reported."""
    with watching(parent) as watcher:
        watcher.send(Start(ENDLESS), Pull())
        watcher.until(lambda: bool(kept(watcher)))
        watcher.send(Pull())
        die(watcher.process)
        while not watcher.process.ended:
            watcher.events += watcher.process.receive(0.05)
        return watcher.rows()[-1].epoch, find(parent)


def test_a_killed_process_leaves_what_was_saved_last(parent: Path) -> None:
    _, path = after_death(parent, lambda process: os.kill(process.pid, signal.SIGKILL))
    at = read_run(path).header.epoch
    assert at > 0
    with watching(parent) as watcher:
        watcher.send(Reopen(path, paused=True))
        watcher.until_state(State.PAUSED)
        again = steps(watcher, 2)
    trainer = Trainer(ENDLESS)
    for _ in range(at + 2):
        trainer.train_epoch()
    np.testing.assert_array_equal(again.parameters, trainer.network.parameters)


def test_a_stopped_process_saves_when_its_screen_exits(parent: Path) -> None:
    process = TrainingProcess()
    watcher = Watcher(process)
    watcher.send(SetSpeed(None), ConfigureAutosave(SaveOptions(parent, 100)), Start(ENDLESS))
    epoch = 0
    while epoch <= 3:  # one answer may come before the fourth epoch
        watcher.events.clear()
        watcher.send(Pull())
        watcher.until(lambda: bool(watcher.rows()))
        epoch = watcher.rows()[-1].epoch
    assert not process.is_stopped
    os.kill(process.pid, signal.SIGSTOP)
    watcher.until(lambda: process.is_stopped)
    process.close()
    assert not list_runs(parent)[0].used


@pytest.mark.parametrize(
    ("config", "state"),
    [
        (RunConfig(epochs=6), State.FINISHED),
        (RunConfig(epochs=60, target_loss=0.5), State.FINISHED),
        (RunConfig(epochs=400, patience=2, learning_rate=0.3), State.FINISHED),
        (RunConfig(learning_rate=1e6, optimizer="sgd", activation="relu"), State.DIVERGED),
    ],
)
def test_a_finished_run_is_finished_after_reopening_and_can_be_extended(
    parent: Path, config: RunConfig, state: State
) -> None:
    def go_on(watcher: Watcher, epoch: int) -> None:
        watcher.events.clear()
        watcher.send(Configure({"learning_rate": 0.01}), Step(4))
        watcher.until(lambda: any(row.epoch == epoch + 4 for row in watcher.rows()))

    with watching(parent) as watcher:
        watcher.send(Start(config))
        over = watcher.until_state(state)
    path, other = find(parent), parent.with_name("other")
    epoch = read_run(path).header.epoch
    with watching(parent) as watcher:
        watcher.send(Reopen(path))
        again = watcher.until_state(state)
        assert (again.stopped, again.restored) == (over.stopped, over.restored)
        go_on(watcher, epoch)
    with watching(other) as watcher:
        watcher.send(Start(config))
        watcher.until_state(state)
        go_on(watcher, epoch)
    resumed, never_stopped = read_run(path), read_run(find(other))
    assert_same(resumed.trainer(), never_stopped.trainer())
    np.testing.assert_array_equal(resumed.rows, never_stopped.rows)


def test_a_run_with_the_maximum_number_of_epochs_can_be_resumed(parent: Path) -> None:
    def claim(header: dict[str, Any]) -> None:
        header["state"]["epoch"] = MOST_EPOCHS + 2

    trainer = Trainer(RunConfig(epochs=MOST_EPOCHS))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        exchange = CommandQueue(ours)
        run = TrainingRun(trainer, exchange, EpochTimer(), TrainingAutosave(exchange))
        run.start()
        trainer.restore(replace(trainer.state(), epoch=MOST_EPOCHS))
        assert resume(run, MOST_EPOCHS + 1) == ""
    assert trainer.train_epoch().epoch == MOST_EPOCHS + 1
    path = saved(parent, trainer, [trainer.untrained])
    rewritten(path / STATE, claim)
    assert read_header(path).epoch == MOST_EPOCHS + 2
    with pytest.raises(RunError, match="end at epoch 0, expected all up to epoch 100,000,002"):
        read_run(path)


def test_the_newest_epoch_is_saved_during_time_travel(parent: Path) -> None:
    with watching(parent) as watcher:
        watcher.send(Start(RunConfig(), paused=True))
        steps(watcher, 20)
        travel(watcher, 5)
    header = read_run(find(parent)).header
    assert header.epoch == 20


def test_time_travel_reaches_every_epoch_before_the_resumption(parent: Path) -> None:
    def at_every_epoch(watcher: Watcher) -> list[Moved]:
        return [travel(watcher, epoch) for epoch in (16, 0, 3, 7, 9, 11, 12, 14, 16)]

    with watching(parent) as watcher:
        watcher.send(Start(RunConfig(dropout=0.1), paused=True))
        steps(watcher, 7)
        watcher.send(Configure({"learning_rate": 0.02, "optimizer": "momentum"}))
        steps(watcher, 4)
        watcher.send(EditParameter(3, 0.25))
        steps(watcher, 1)
        watcher.send(EditData(AddPoint((0.5, 0.25), 1)), Configure({"batch_size": 20}))
        steps(watcher, 6)
        travel(watcher, 14)
        watcher.send(Step(2))
        watcher.until(lambda: any(row.epoch == 16 for row in watcher.rows()))
        before = at_every_epoch(watcher)
    for _ in range(2):  # and once more, from what the resumed run has kept
        with watching(parent) as watcher:
            watcher.send(Reopen(find(parent)))
            watcher.until_state(State.PAUSED)
            after = at_every_epoch(watcher)
        for one, other in zip(before, after, strict=True):
            assert (one.epoch, one.head, one.was_edited) == (
                other.epoch,
                other.head,
                other.was_edited,
            )
            np.testing.assert_array_equal(one.parameters, other.parameters)
    (find(parent) / "past.npz").write_bytes(b"gone")
    with watching(parent) as watcher:
        watcher.send(Reopen(find(parent)))
        watcher.until_state(State.PAUSED)
        assert {moved.epoch for moved in at_every_epoch(watcher)} == {16}


def test_the_discarded_branch_is_reported_after_reopening(parent: Path) -> None:
    with watching(parent) as watcher:
        watcher.send(Start(RunConfig(), paused=True))
        steps(watcher, 20)
        travel(watcher, 5)
        watcher.send(Step(3))
        watcher.until(lambda: any(row.epoch == 8 for row in watcher.rows()))
    with watching(parent) as watcher:
        watcher.send(Reopen(find(parent)))
        watcher.until_state(State.PAUSED)
        told = [type(event).__name__ for event in watcher.events]
        assert told.count("Branched") == 1
        assert len(timeline_of(watcher)) == 9


def test_each_saved_run_has_its_own_folder(parent: Path) -> None:
    with watching(parent) as watcher:
        watcher.send(Start(RunConfig(epochs=3)))
        watcher.until_state(State.FINISHED)
        watcher.send(Configure({"hidden": (3,)}))
        watcher.until_state(State.FINISHED)
        watcher.send(Start(RunConfig(dataset="xor", epochs=2)))
        watcher.until_state(State.FINISHED)
        watcher.send(Start(RunConfig(dataset="xor", epochs=2), paused=True), Pull())
        watcher.until_state(State.PAUSED)
    headers = [run.header for run in list_runs(parent) if run.header is not None]
    assert sorted((each.epoch, each.sizes) for each in headers) == [
        (2, (2, 8, 8, 2)),
        (3, (2, 3, 2)),
        (3, (2, 8, 8, 2)),
    ]


@pytest.mark.parametrize("keeps", [True, False])
def test_a_replaced_run_is_restored_and_the_one_before_it(parent: Path, keeps: bool) -> None:
    """Each is restored bit for bit, with its curves and its history, even with --no-save."""
    process = TrainingProcess()
    watcher = Watcher(process)
    watcher.send(SetSpeed(None), *([ConfigureAutosave(SaveOptions(parent, 1))] if keeps else []))

    def restored() -> tuple[Reopened, str]:
        watcher.events.clear()
        watcher.send(Restore())
        notes: list[str] = []

        def told() -> bool:
            notes[:] = [each.note for each in watcher.events if isinstance(each, StateChanged)]
            return bool(notes) and "restored" in notes[-1]

        watcher.until(told)
        return next(each for each in watcher.events if isinstance(each, Reopened)), notes[-1]

    watcher.send(Start(RunConfig(dropout=0.1), paused=True))
    first = steps(watcher, 12)
    watcher.send(Configure({"hidden": (3,)}))
    watcher.until(lambda: len(watcher.runs()) == 2)
    assert "backspace restores" in watcher.runs()[-1].note
    watcher.events.clear()
    second = steps(watcher, 3)
    for _ in range(9):  # untrained networks are not worth a folder
        watcher.send(Start(RunConfig(seed=2), paused=True))
    watcher.until(lambda: len(watcher.runs()) == 9)
    told, note = restored()
    assert (told.restored, bool(told.name)) == (True, keeps)
    assert note.startswith("moons of epoch 3 restored")
    assert np.array_equal(watcher.progress()[-1].parameters, second.parameters)
    restored()
    assert list(timeline_of(watcher).column("epoch")) == list(range(13))
    assert np.array_equal(watcher.progress()[-1].parameters, first.parameters)
    assert travel(watcher, 5).epoch == 5
    travel(watcher, 12)
    watcher.send(Restore())
    watcher.until(lambda: bool(watcher.runs()))
    assert "no run was replaced" in watcher.runs()[-1].note
    process.close()
    # the others were replaced soon after their start
    assert [run.header and run.header.epoch for run in list_runs(parent)] == [12] * keeps


def test_a_run_that_cannot_be_resumed_is_rejected_with_a_reason(parent: Path) -> None:
    with watching(parent) as watcher:
        watcher.send(Start(RunConfig(epochs=3)))
        watcher.until_state(State.FINISHED)
    path = find(parent)
    held = RunFolder.open(path)
    for reason in ("is in use by another nnfs-tui", "state.npz: it is damaged"):
        with watching(parent) as watcher:
            watcher.send(Reopen(path))
            watcher.until(lambda: any(isinstance(event, Refused) for event in watcher.events))
            (refused,) = (event for event in watcher.events if isinstance(event, Refused))
            assert reason in refused.reason
        held.close()
        (path / "state.npz").write_bytes(b"PK nothing")


def test_a_run_that_cannot_be_saved_continues(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with watching(tmp_path / "file") as watcher:
        watcher.send(Start(RunConfig(epochs=300)))
        watcher.until_state(State.FINISHED)
        watcher.until(lambda: any(isinstance(event, SaveStatusChanged) for event in watcher.events))
        (told,) = (event for event in watcher.events if isinstance(event, SaveStatusChanged))
        assert told.problem.startswith("this run is not saved: ")
        watcher.send(Resume())
        watcher.until_state(State.FINISHED)
