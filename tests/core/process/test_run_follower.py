"""A saved run that another process trains, as its followers see it."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core import RunConfig
from core.process.client import TrainingProcess
from core.process.messages import (
    Branched,
    Configure,
    ConfigureAutosave,
    Follow,
    Pause,
    Progress,
    Reopen,
    Run,
    Seek,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
)
from core.runs.autosaver import SaveOptions
from core.runs.folder import STATE
from tests.core.process.test_worker import Watcher
from tui.cli.main import main
from tui.run_model import RunModel

CONFIG = RunConfig(dataset="xor", hidden=(4,), epochs=1_000_000)


@pytest.fixture
def watchers() -> Iterator[list[Watcher]]:
    found = [Watcher(TrainingProcess()) for _ in range(2)]
    yield found
    for each in found:
        each.process.close()


def model_of(watcher: Watcher) -> RunModel:
    """Return the run as the screen knows it."""
    model = RunModel(CONFIG)
    for event in watcher.events:
        model.apply(event)
    return model


def state_of(folder: Path) -> dict[str, tuple[int, int]]:
    return {each.name: (each.stat().st_mtime_ns, each.stat().st_size) for each in folder.iterdir()}


def test_a_follower_shows_what_the_training_process_saves(
    watchers: list[Watcher], tmp_path: Path
) -> None:
    trainer, follower = watchers
    trainer.send(SetSpeed(None), ConfigureAutosave(SaveOptions(tmp_path)), Start(CONFIG, True))
    trainer.until_state(State.PAUSED)
    trainer.send(Step(20))
    trainer.until_state(State.PAUSED)
    trainer.until(lambda: bool([*tmp_path.glob(f"*/{STATE}")]))
    [folder] = tmp_path.iterdir()
    follower.send(Follow(folder))
    follower.until(lambda: model_of(follower).state is State.PAUSED)
    own = trainer.rows()[-1]
    model = model_of(follower)
    assert model.timeline.at(20).train_loss == own.train_loss
    assert model.head_epoch == 20

    trainer.send(Step(10), Configure({"learning_rate": 0.5}), Step(5))
    follower.until(
        lambda: model_of(follower).head_epoch == 35 and bool(model_of(follower).changes.epochs)
    )
    model = model_of(follower)
    assert model.config.learning_rate == 0.5
    trainer.until(lambda: bool(trainer.rows()) and trainer.rows()[-1].epoch == 35)
    parameters = [each.parameters for each in trainer.events if isinstance(each, Progress)][-1]
    assert model.network is not None
    assert np.array_equal(model.network.parameters, parameters)


def test_commands_have_no_effect_and_nothing_is_written(
    watchers: list[Watcher], tmp_path: Path
) -> None:
    assert main(["train", "xor", "--epochs", "30", "--run-dir", str(tmp_path)]) == 0
    [folder] = tmp_path.iterdir()
    before = state_of(folder)
    follower = watchers[0]
    follower.send(Follow(folder))
    follower.until(lambda: model_of(follower).head_epoch == 30)
    follower.events.clear()
    follower.send(Configure({"learning_rate": 9.0}), Pause(), Step(3), Seek(2), Start(CONFIG))
    follower.until(
        lambda: any(isinstance(each, Run) and each.answered == 3 for each in follower.events)
    )
    assert not follower.rows()
    notes = [each.note for each in follower.events if isinstance(each, StateChanged | Run)]
    assert any("only shown here" in note for note in notes)
    assert all(each.config != CONFIG for each in follower.events if isinstance(each, Run))
    assert state_of(folder) == before


def test_a_run_that_is_resumed_or_branched_is_followed_on(
    watchers: list[Watcher], tmp_path: Path
) -> None:
    trainer, follower = watchers
    assert main(["train", "xor", "--epochs", "30", "--run-dir", str(tmp_path)]) == 0
    [folder] = tmp_path.iterdir()
    follower.send(Follow(folder))
    follower.until(lambda: model_of(follower).state is State.FINISHED)
    trainer.send(ConfigureAutosave(SaveOptions(tmp_path)), Reopen(folder, paused=True))
    trainer.until(lambda: any(isinstance(each, StateChanged) for each in trainer.events))
    trainer.send(Seek(10), Configure({"learning_rate": 0.3}), Step(4))
    follower.until(lambda: model_of(follower).head_epoch == 14)
    assert any(
        isinstance(each, Branched) or (isinstance(each, Run) and each.fresh)
        for each in follower.events
    )
    trainer.until(lambda: bool(trainer.rows()) and trainer.rows()[-1].epoch == 14)
    assert model_of(follower).timeline.at(14).train_loss == trainer.rows()[-1].train_loss


def test_a_folder_that_cannot_be_read_is_refused(watchers: list[Watcher], tmp_path: Path) -> None:
    (tmp_path / STATE).write_bytes(os.urandom(100))
    watchers[0].send(Follow(tmp_path))
    watchers[0].until(lambda: any("Refused" in type(each).__name__ for each in watchers[0].events))
