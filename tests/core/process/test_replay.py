"""Replay of a saved run: the same network in each epoch, changes on the way, and an untouched folder."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.process.client import TrainingProcess
from core.process.messages import (
    Configure,
    ConfigureAutosave,
    Moved,
    Pause,
    Progress,
    Pull,
    Refused,
    Replay,
    Resume,
    Run,
    Seek,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
)
from core.runs.autosaver import SaveOptions
from tests.core.process.test_run_follower import model_of, state_of
from tests.core.process.test_worker import Watcher

CONFIG = RunConfig(dataset="xor", hidden=(4,), epochs=60)


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    found = Watcher(TrainingProcess())
    yield found
    found.process.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a run whose learning rate was changed after epoch 20."""
    parent = tmp_path_factory.mktemp("runs")
    trainer = Watcher(TrainingProcess())
    trainer.send(SetSpeed(None), ConfigureAutosave(SaveOptions(parent)), Start(CONFIG, True))
    trainer.until_state(State.PAUSED)
    trainer.send(Step(20))
    trainer.until(lambda: bool(trainer.rows()) and trainer.rows()[-1].epoch == 20)
    trainer.send(Configure({"learning_rate": 0.2}), Resume())
    trainer.until_state(State.FINISHED)
    trainer.process.close()
    [found] = parent.iterdir()
    return found


def original(epoch: int) -> Trainer:
    """Return a trainer of the same run after an epoch."""
    trainer = Trainer(CONFIG)
    for at in range(epoch):
        if at == 20:
            trainer.configure(CONFIG.changed(learning_rate=0.2))
        trainer.train_epoch()
    return trainer


def newest(watcher: Watcher) -> np.ndarray:
    found = [each.parameters for each in watcher.events if isinstance(each, Progress | Moved)]
    return found[-1]


def test_each_epoch_has_the_same_network_and_changes_are_marked(
    watcher: Watcher, folder: Path
) -> None:
    before = state_of(folder)
    watcher.send(Replay(folder, paused=True))
    watcher.until(lambda: any(isinstance(each, StateChanged) for each in watcher.events))
    assert model_of(watcher).head_epoch == 0
    for epoch in (1, 19, 20, 21, 40, 59, 60):
        steps = epoch - model_of(watcher).head_epoch
        watcher.send(Step(steps))
        watcher.until(lambda epoch=epoch: model_of(watcher).head_epoch == epoch)  # type: ignore[misc]
        watcher.until(lambda: isinstance(watcher.events[-1], StateChanged))
        assert np.array_equal(newest(watcher), original(epoch).network.parameters)
        assert model_of(watcher).changes.epochs == ([20] if epoch >= 20 else [])
        assert model_of(watcher).config.learning_rate == (
            0.2 if epoch >= 20 else CONFIG.learning_rate
        )
    assert model_of(watcher).state is State.FINISHED
    assert state_of(folder) == before


def test_time_travel_and_playing_on_from_the_past(watcher: Watcher, folder: Path) -> None:
    watcher.send(SetSpeed(None), Replay(folder, paused=True), Step(30), Seek(7))
    watcher.until(lambda: any(isinstance(each, Moved) for each in watcher.events))
    model = model_of(watcher)
    assert (model.past_epoch, model.head_epoch) == (7, 30)
    assert np.array_equal(newest(watcher), original(7).network.parameters)
    watcher.send(Step(2))
    watcher.until(lambda: model_of(watcher).head_epoch == 9)
    assert model_of(watcher).config.learning_rate == CONFIG.learning_rate
    watcher.send(Resume(), Pull())
    watcher.until(lambda: model_of(watcher).state is State.FINISHED)
    assert model_of(watcher).head_epoch == 60
    assert np.array_equal(newest(watcher), original(60).network.parameters)
    watcher.events.clear()
    watcher.send(Pause())  # which came too late
    watcher.until(lambda: any(isinstance(each, StateChanged) for each in watcher.events))
    assert {each.state for each in watcher.events if isinstance(each, StateChanged)} == {
        State.FINISHED
    }
    watcher.events.clear()
    watcher.send(Resume())  # from the start
    watcher.until(lambda: any(isinstance(each, Run) and each.fresh for each in watcher.events))
    watcher.until(lambda: model_of(watcher).state is State.FINISHED)


def test_nothing_can_be_changed(watcher: Watcher, folder: Path) -> None:
    watcher.send(Replay(folder, paused=True))
    watcher.until_state(State.PAUSED)
    watcher.send(Configure({"learning_rate": 9.0}), Start(CONFIG))
    watcher.until(
        lambda: any(isinstance(each, Run) and each.answered == 3 for each in watcher.events)
    )
    assert all(each.config == CONFIG for each in watcher.events if isinstance(each, Run))


def test_a_run_that_does_not_exist(watcher: Watcher, tmp_path: Path) -> None:
    watcher.send(Replay(tmp_path / "nothing"))
    watcher.until(lambda: any(isinstance(each, Refused) for each in watcher.events))
