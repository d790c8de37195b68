"""The training process travels to past epochs exactly, and resumes from there."""

from collections.abc import Iterator

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.process.client import TrainingProcess
from core.process.messages import (
    Branched,
    Configure,
    EditParameter,
    Moved,
    Progress,
    Resume,
    Run,
    Seek,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
    StepBatch,
)
from tests.core.process.test_worker import Watcher


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    process = TrainingProcess()
    yield Watcher(process)
    process.close()


def trained(watcher: Watcher, config: RunConfig) -> list[np.ndarray]:
    """Train to the end, and return the parameters of every epoch."""
    watcher.send(SetSpeed(None), Start(config))
    watcher.until_state(State.FINISHED)
    trainer = Trainer(config)
    parameters = [trainer.network.parameters.copy()]
    for _ in range(config.epochs):
        trainer.train_epoch()
        parameters.append(trainer.network.parameters.copy())
    return parameters


def moved(watcher: Watcher, epoch: int) -> Moved:
    watcher.events.clear()
    watcher.send(Seek(epoch))
    found: list[Moved] = []

    def told() -> bool:
        found[:] = [event for event in watcher.events if isinstance(event, Moved)]
        return bool(found)

    watcher.until(told)
    return found[-1]


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(epochs=300),
        RunConfig(epochs=200, dropout=0.2, batch_norm=True, optimizer="adagrad"),
    ],
)
def test_every_past_epoch_has_the_same_parameters(watcher: Watcher, config: RunConfig) -> None:
    parameters = trained(watcher, config)
    for epoch in (0, 1, 120, 119, config.epochs, 37):
        event = moved(watcher, epoch)
        assert (event.epoch, event.head) == (epoch, config.epochs)
        assert np.array_equal(event.parameters, parameters[epoch])


def test_a_missing_epoch_is_the_nearest_one(watcher: Watcher) -> None:
    trained(watcher, RunConfig(epochs=20))
    assert moved(watcher, -5).epoch == 0
    assert moved(watcher, 10**9).epoch == 20


def test_resuming_from_the_past_without_a_change_gives_the_same_bits(
    watcher: Watcher,
) -> None:
    config = RunConfig(epochs=100)
    parameters = trained(watcher, config)
    moved(watcher, 40)
    watcher.events.clear()
    watcher.send(Resume())
    watcher.until_state(State.FINISHED)
    assert np.array_equal(watcher.progress()[-1].parameters, parameters[100])


def test_resuming_from_the_past_reports_a_branch(watcher: Watcher) -> None:
    trained(watcher, RunConfig(epochs=100))
    moved(watcher, 40)
    watcher.events.clear()
    watcher.send(Step(1))
    watcher.until(lambda: bool(watcher.rows()))
    branched = [event for event in watcher.events if isinstance(event, Branched)]
    assert [each.epoch for each in branched] == [40]
    assert watcher.rows()[0].epoch == 41
    assert moved(watcher, 10**9).epoch == 41


def test_settings_of_the_past_are_reported(watcher: Watcher) -> None:
    config = RunConfig(epochs=60)
    trained(watcher, config)
    watcher.send(Configure({"learning_rate": 0.1, "activation": "relu", "epochs": 120}), Resume())
    watcher.until_state(State.FINISHED)
    event = moved(watcher, 30)
    runs = [each for each in watcher.events if isinstance(each, Run)]
    assert runs[-1].config.activation == "tanh"
    assert runs[-1].config.learning_rate == 0.01
    trainer = Trainer(config)
    for _ in range(60):
        trainer.train_epoch()
        if trainer.epoch == 30:
            assert np.array_equal(event.parameters, trainer.network.parameters)
    trainer.configure(trainer.config.changed(learning_rate=0.1, activation="relu", epochs=120))
    for _ in range(30):
        trainer.train_epoch()
    assert np.array_equal(moved(watcher, 90).parameters, trainer.network.parameters)


def test_an_edited_weight_is_reported_and_undone_by_time_travel(watcher: Watcher) -> None:
    parameters = trained(watcher, RunConfig(epochs=50))
    watcher.events.clear()
    watcher.send(EditParameter(3, 7.5))
    watcher.until(lambda: any(isinstance(event, Progress) for event in watcher.events))
    edited = next(event for event in watcher.events if isinstance(event, Moved))
    assert edited.parameters[3] == 7.5
    assert watcher.rows()[-1].epoch == 50
    assert np.array_equal(moved(watcher, 49).parameters, parameters[49])
    again = moved(watcher, 50).parameters
    assert again[3] == 7.5
    assert np.array_equal(np.delete(again, 3), np.delete(parameters[50], 3))


def test_time_travel_pauses_the_run(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), Start(RunConfig(epochs=100_000_000)))
    watcher.until_state(State.TRAINING)
    event = moved(watcher, 0)
    states = [each.state for each in watcher.events if isinstance(each, StateChanged)]
    assert states[-1] is State.PAUSED
    assert np.array_equal(event.parameters, Trainer(RunConfig()).network.parameters)


def test_single_batches_give_the_same_epoch(watcher: Watcher) -> None:
    config = RunConfig(epochs=50)
    trainer = Trainer(config)
    watcher.send(SetSpeed(None), Start(config, paused=True))
    watcher.until_state(State.PAUSED)
    batches = trainer.batches.count
    for number in range(1, batches + 1):
        watcher.send(StepBatch())
        state = watcher.until_state(State.PAUSED)
        told = f"batch {number} of {batches}" if number < batches else "the last batch of epoch 1"
        assert told in state.note
        progress = watcher.progress()[-1]
        while trainer.batches.next < number and not trainer.epoch:
            trainer.advance(0.0)
        assert np.array_equal(progress.parameters, trainer.network.parameters)
        assert progress.gradient is not None
        assert np.array_equal(progress.gradient, trainer.optimizer.gradient)
        # the losses are those of these very parameters, too
        if number < batches:
            assert progress.measured is not None
            assert progress.measured[:7] == trainer.measure()[:7]  # without NaN
        assert "those of epoch" not in state.note
    assert watcher.rows()[-1].epoch == 1
    assert trainer.epoch == 1
    watcher.send(Resume())
    watcher.until_state(State.FINISHED)
    again = Trainer(config)
    for _ in range(50):
        again.train_epoch()
    assert np.array_equal(watcher.progress()[-1].parameters, again.network.parameters)


def test_an_unknown_gradient_is_not_sent(watcher: Watcher) -> None:
    trained(watcher, RunConfig(epochs=20))
    assert watcher.progress()[-1].gradient is not None
    moved(watcher, 10)
    watcher.events.clear()
    watcher.send(Configure({"activation": "relu"}))
    watcher.until(lambda: bool(watcher.progress()))
    assert watcher.progress()[-1].gradient is None


def test_metrics_of_the_past_belong_to_its_network(watcher: Watcher) -> None:
    config = RunConfig(patience=5, learning_rate=0.1, epochs=5000)
    watcher.send(SetSpeed(None), Start(config))
    ended = watcher.until_state(State.FINISHED)
    trainer = Trainer(config)
    rows = [trainer.measure()]
    while trainer.stopped is None:
        rows.append(trainer.train_epoch())
    past = moved(watcher, trainer.epoch - 2)
    assert past.metrics[:7] == rows[trainer.epoch - 2][:7]  # without NaN
    assert (past.stopped, past.restored) == (None, None)
    again = moved(watcher, 10**9)
    assert np.array_equal(again.parameters, trainer.network.parameters)
    assert again.metrics.test_loss == trainer.measure().test_loss
    assert again.metrics.test_loss == rows[trainer.best.epoch].test_loss
    assert (again.stopped, again.restored) == (ended.stopped, trainer.best.epoch)


def test_the_row_of_an_epoch_is_unchanged_after_travel_from_within_the_next(
    watcher: Watcher,
) -> None:
    watcher.send(SetSpeed(None), Start(RunConfig(epochs=50), paused=True), Step(3))
    watcher.until(lambda: any(row.epoch == 3 for row in watcher.rows()))
    watcher.send(StepBatch())
    watcher.until(lambda: any(each.measured is not None for each in watcher.progress()))
    third = next(row for row in watcher.rows() if row.epoch == 3)
    moved(watcher, 1)
    assert moved(watcher, 10**9).share > 0
    watcher.send(Configure({"learning_rate": 0.02}))
    watcher.until(lambda: bool(watcher.rows()))
    assert watcher.rows()[-1] == third


def test_an_epoch_before_an_edit_is_not_edited(watcher: Watcher) -> None:
    trained(watcher, RunConfig(epochs=20))
    watcher.send(EditParameter(3, 7.5))
    watcher.until(lambda: any(isinstance(each, Moved) for each in watcher.events))
    assert not moved(watcher, 19).was_edited
    assert moved(watcher, 20).was_edited
