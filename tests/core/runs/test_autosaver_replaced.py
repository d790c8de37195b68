"""Replaced runs: which can be restored, which outlast the session, and what a killed process leaves."""

import os
import signal
from dataclasses import replace
from errno import EACCES
from math import inf
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.process.client import TrainingProcess
from core.process.messages import (
    AdoptReplaced,
    Command,
    ConfigureAutosave,
    ReplacedRunsChanged,
    Restore,
    SetSpeed,
    Start,
    StateChanged,
)
from core.runs import autosaver, catalogue
from core.runs.atomic_files import RunError
from core.runs.autosaver import Autosaver, ReplacedRun, SaveOptions
from core.runs.catalogue import list_runs
from core.training.epoch_log import tabulate
from core.training.stopping import Stop
from tests.core.process.test_worker import Watcher
from tests.core.runs.test_autosaver import steps
from tests.core.runs.test_catalogue import PATIENCE, some_runs
from tests.core.runs.test_reader import moment_of

XOR = RunConfig(dataset="xor", batch_size="full", epochs=10**6)


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def until_written(saver: Autosaver, count: int) -> None:
    deadline = monotonic() + PATIENCE
    while len(saver.replaced) < count:
        assert monotonic() < deadline
        sleep(0.005)


def begin(saver: Autosaver, *, ended: Stop | None = None) -> None:
    """Begin a run, and save its first epoch."""
    trainer = Trainer(XOR)
    saver.begin("xor")
    saver.add_epochs(tabulate([trainer.untrained, trainer.train_epoch()]))
    saver.save(replace(moment_of(trainer), ended=ended))


def test_of_replaced_runs_only_long_or_ended_ones_outlast_the_session(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosaver, "BRIEF", inf)
    saver = Autosaver(SaveOptions(parent, 100))
    begin(saver)
    begin(saver, ended=Stop.EPOCHS)
    begin(saver)
    until_written(saver, 2)
    monkeypatch.setattr(autosaver, "BRIEF", 0.0)
    begin(saver)
    until_written(saver, 3)
    assert [each.is_brief for each in saver.replaced] == [True, False, False]
    brief = saver.replaced[0].path
    assert brief.is_dir()
    assert saver.close(PATIENCE)
    assert len(list_runs(parent)) == 3  # with the last one
    assert not brief.exists()


def test_brief_runs_displace_no_saved_run_and_do_not_accumulate(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosaver, "BRIEF", inf)
    monkeypatch.setattr(autosaver, "MOST_REPLACED", 3)
    before = some_runs(parent, 2)
    saver = Autosaver(SaveOptions(parent, 3))
    for number in range(8):
        begin(saver)
        until_written(saver, min(number, 3))
        assert all(each.is_dir() for each in before)
        assert len(list_runs(parent)) <= len(before) + 5
    assert saver.close(PATIENCE)
    assert {*before} < {run.path for run in list_runs(parent)}
    assert len(list_runs(parent)) == 3


def test_a_dropped_run_whose_folder_is_out_of_reach_does_not_end_the_session(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(autosaver, "BRIEF", inf)
    monkeypatch.setattr(autosaver, "MOST_REPLACED", 1)
    saver = Autosaver(SaveOptions(parent, 100))
    begin(saver)
    begin(saver)
    until_written(saver, 1)
    dropped = saver.replaced[0].path

    def refuse(path: Path) -> None:
        raise RunError(f"{path.name} is in use")

    stat = Path.stat

    def denied(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if self == dropped:
            raise PermissionError(EACCES, "permission denied")
        return stat(self, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(catalogue, "remove", refuse)
    monkeypatch.setattr(Path, "stat", denied)
    begin(saver)
    assert saver.close(PATIENCE)


def test_resets_and_restores_in_turn_leave_one_run(parent: Path) -> None:
    process = TrainingProcess()
    watcher = Watcher(process)
    watcher.send(SetSpeed(None), ConfigureAutosave(SaveOptions(parent, 100)))
    watcher.send(Start(XOR, paused=True))
    steps(watcher, 5)
    for _ in range(3):
        watcher.events.clear()
        watcher.send(Start(XOR.changed(seed=1), paused=True))
        steps(watcher, 2)
        watcher.send(Restore())
        watcher.until(lambda: "xor of epoch 5 restored" in notes(watcher))
    process.close()
    (run,) = list_runs(parent)
    assert run.header is not None
    assert run.header.epoch == 5


def notes(watcher: Watcher) -> str:
    return " ".join(event.note for event in watcher.events if isinstance(event, StateChanged))


@pytest.mark.parametrize("saves", [True, False])
def test_a_new_process_restores_what_a_killed_one_had_replaced(parent: Path, saves: bool) -> None:
    first: list[Command] = [ConfigureAutosave(SaveOptions(parent, 100))] if saves else []
    process = TrainingProcess()
    watcher = Watcher(process)
    watcher.send(SetSpeed(None), *first)
    watcher.send(Start(XOR, paused=True))
    wanted = steps(watcher, 5)
    watcher.send(Start(XOR.changed(seed=1), paused=True))
    found: list[ReplacedRun] = []

    def told() -> bool:
        found[:] = [
            run
            for event in watcher.events
            if isinstance(event, ReplacedRunsChanged)
            for run in event.runs
        ]
        return bool(found)

    watcher.until(told)
    os.kill(process.pid, signal.SIGKILL)
    process.close()
    process = TrainingProcess()
    watcher = Watcher(process)
    watcher.send(SetSpeed(None), *first, AdoptReplaced(tuple(found)), Start(XOR, paused=True))
    steps(watcher, 1)
    watcher.send(Restore())
    watcher.until(lambda: "xor of epoch 5 restored" in notes(watcher))
    assert np.array_equal(watcher.progress()[-1].parameters, wanted.parameters)
    process.close()
    assert len(list_runs(parent)) == saves
    assert found[0].path.exists() == saves
