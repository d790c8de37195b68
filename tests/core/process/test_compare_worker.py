"""Runs are compared at a common epoch: saved ones are computed again, and others are trained."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.arrays import Array
from core.process.client import COMPARE_WORKER, TrainingProcess
from core.process.messages import (
    ComparedRunOpened,
    ComparedRunsMoved,
    ComparePair,
    CompareRuns,
    Pause,
    Pull,
    Refused,
    Resume,
    RunPosition,
    Seek,
    SetSpeed,
    State,
    StateChanged,
    Step,
)
from core.runs.comparison import predictions_of
from tests.core.runs.test_reader import run_of, saved

CONFIG = RunConfig(dataset="moons", samples=60, hidden=(4,), epochs=30)
PATIENCE = 240


class Comparison:
    """A process that compares runs, and what it has reported."""

    def __init__(self) -> None:
        self.process = TrainingProcess(COMPARE_WORKER)
        self.events: list[Any] = []
        self.shown: dict[int, RunPosition] = {}
        self.epoch, self.checked = -1, 0

    def send(self, *commands: Any) -> None:
        for each in commands:
            self.process.send(each)

    def until(self, done: Callable[[], bool]) -> None:
        deadline = monotonic() + PATIENCE
        while not done():
            assert monotonic() < deadline, self.events[-3:]
            for event in self.process.receive(1):
                self.events.append(event)
                if isinstance(event, ComparedRunsMoved):
                    self.epoch = event.epoch
                    self.shown |= {each.number: each for each in event.positions}
                    self.send(Pull())

    def until_state(self, state: State) -> None:
        """Wait for a change to a state after that of the last call."""

        def found() -> bool:
            for at, event in enumerate(self.events[self.checked :], self.checked):
                if isinstance(event, StateChanged) and event.state is state:
                    self.checked = at + 1
                    return True
            return False

        self.until(found)

    def of(self, kind: type) -> list[Any]:
        return [each for each in self.events if isinstance(each, kind)]

    def seek(self, epoch: int) -> None:
        self.send(Seek(epoch))
        self.until(lambda: self.epoch == epoch)


@pytest.fixture
def comparison() -> Iterator[Comparison]:
    found = Comparison()
    yield found
    found.process.close()


def folder_of(parent: Path, epochs: int, **settings: object) -> Path:
    trainer = Trainer(CONFIG.changed(**settings))
    return saved(parent, trainer, run_of(trainer, epochs))


def weights(epoch: int, **settings: object) -> Array:
    trainer = Trainer(CONFIG.changed(**settings))
    for _ in range(epoch):
        trainer.train_epoch()
    return trainer.network.parameters.copy()


def test_saved_runs_are_opened_and_a_damaged_one_is_refused(
    comparison: Comparison, tmp_path: Path
) -> None:
    missing = tmp_path / "points.csv"
    missing.write_text(
        "x,y,kind\n" + "".join(f"0.{at},{at % 7},{'ab'[at % 2]}\n" for at in range(40))
    )
    paths = [
        folder_of(tmp_path, 8),
        folder_of(tmp_path, 5, data=str(missing), samples=None),
        tmp_path / "none",
    ]
    missing.write_text("x,y,kind\n1,2,a\n3,4,b\n")
    comparison.send(CompareRuns(tuple(paths)))
    comparison.until_state(State.PAUSED)
    first, second = comparison.of(ComparedRunOpened)
    assert (first.name, first.epoch, len(first.table)) == (paths[0].name, 8, 9)
    assert first.data is not None
    assert second.data is None
    assert "its data cannot be loaded" in second.problem
    assert len(second.table) == 6
    [refused] = comparison.of(Refused)
    assert "none" in refused.reason
    np.testing.assert_array_equal(comparison.shown[0].parameters, weights(8))


def test_runs_that_are_trained_equal_single_runs_in_each_epoch(comparison: Comparison) -> None:
    optimizers = ("sgd", "momentum", "adam")
    configs = tuple(CONFIG.changed(optimizer=each) for each in optimizers)
    comparison.send(SetSpeed(None), CompareRuns(configs), Pull())
    comparison.until_state(State.FINISHED)
    assert comparison.epoch == CONFIG.epochs
    tables: dict[int, list[list[float]]] = {number: [] for number in range(3)}
    for event in comparison.of(ComparedRunsMoved):
        for each in event.positions:
            tables[each.number] += each.table.tolist()
    starts = [each.metrics for each in comparison.of(ComparedRunOpened)]
    # the same initial weights
    assert len({(each.train_loss, each.test_loss) for each in starts}) == 1
    for number, optimizer in enumerate(optimizers):
        assert [row[0] for row in tables[number]] == [*range(1, CONFIG.epochs + 1)]
        shown = comparison.shown[number]
        assert not shown.is_training
        np.testing.assert_array_equal(shown.parameters, weights(30, optimizer=optimizer))
    comparison.seek(7)
    for number, optimizer in enumerate(optimizers):
        np.testing.assert_array_equal(
            comparison.shown[number].parameters, weights(7, optimizer=optimizer)
        )
    # it plays again from there, and trains nothing twice
    comparison.send(Step(3))
    comparison.until(lambda: comparison.epoch == 10)
    np.testing.assert_array_equal(comparison.shown[2].parameters, weights(10, optimizer="adam"))
    assert not len(comparison.shown[2].table)


def test_runs_of_different_lengths_share_a_time_axis(
    comparison: Comparison, tmp_path: Path
) -> None:
    paths = folder_of(tmp_path, 4), folder_of(tmp_path, 9, learning_rate=0.1)
    # without saved checkpoints, only the last network of a saved run is known
    comparison.send(CompareRuns((*paths, CONFIG.changed(seed=3)), paused=True))
    comparison.until_state(State.PAUSED)
    assert [each.first for each in comparison.of(ComparedRunOpened)] == [4, 9, 0]
    comparison.seek(6)
    assert [comparison.shown[each].at for each in range(3)] == [4, 9, 0]
    comparison.send(Step(2))
    comparison.until(lambda: comparison.shown[2].at == 2)
    np.testing.assert_array_equal(comparison.shown[2].parameters, weights(2, seed=3))


def test_a_pair_disagrees_on_the_samples_that_its_trainers_predict_differently(
    comparison: Comparison,
) -> None:
    rates = (0.001, 0.3)
    configs = tuple(CONFIG.changed(learning_rate=rate) for rate in rates)
    other = CONFIG.changed(seed=5)
    comparison.send(SetSpeed(None), CompareRuns((*configs, other)), Pull())
    comparison.until_state(State.FINISHED)
    comparison.seek(20)
    comparison.send(ComparePair((0, 1)))
    comparison.until(lambda: comparison.of(ComparedRunsMoved)[-1].pair == (0, 1))
    trainers = []
    for config in configs:
        trainer = Trainer(config)
        for _ in range(20):
            trainer.train_epoch()
        trainers.append(trainer)
    expected = predictions_of(*trainers)
    found = comparison.of(ComparedRunsMoved)[-1].disagreement
    assert found.samples == expected.samples
    assert found.samples
    assert expected.features is not None
    assert found.features.tolist() == expected.features.tolist()
    comparison.send(ComparePair((0, 2)))
    comparison.until(lambda: comparison.of(ComparedRunsMoved)[-1].pair == (0, 2))
    assert "samples differ" in comparison.of(ComparedRunsMoved)[-1].disagreement.reason


def test_all_runs_are_at_the_epoch_of_a_report_also_after_a_pause(comparison: Comparison) -> None:
    # an epoch takes longer than a slice, so commands arrive within one
    long = CONFIG.changed(samples=2000, hidden=(96, 96), batch_size=2, epochs=100)
    comparison.send(SetSpeed(None), CompareRuns((long, long.changed(seed=1))), Pull())
    for epoch in range(1, 4):
        comparison.until(lambda at=epoch: comparison.epoch >= at)  # type: ignore[misc]
        comparison.send(Pause(), ComparePair((0, 1)))
        comparison.until_state(State.PAUSED)
        comparison.until(lambda: comparison.of(ComparedRunsMoved)[-1].pair == (0, 1))
        comparison.send(Resume())
        comparison.until_state(State.TRAINING)
    comparison.send(Pause(), Seek(1))
    comparison.until(lambda: comparison.epoch == 1)
    at: dict[int, int] = {}
    moves = comparison.of(ComparedRunsMoved)
    for event in moves[2:]:  # after the first report with both runs
        at |= {each.number: each.at for each in event.positions}
        assert set(at.values()) == {event.epoch}
    np.testing.assert_array_equal(
        comparison.shown[0].parameters,
        weights(1, **{name: getattr(long, name) for name in ("samples", "hidden", "batch_size")}),
    )


def test_runs_that_are_over_are_played_from_the_start(comparison: Comparison) -> None:
    configs = (CONFIG, CONFIG.changed(epochs=20))
    comparison.send(SetSpeed(None), CompareRuns(configs), Pull())
    comparison.until_state(State.FINISHED)
    seen = len(comparison.events)
    comparison.send(Resume())
    comparison.until_state(State.TRAINING)
    comparison.until_state(State.FINISHED)
    moves = [each for each in comparison.events[seen:] if isinstance(each, ComparedRunsMoved)]
    assert (moves[0].epoch, moves[-1].epoch) == (0, 30)
    assert [comparison.shown[each].at for each in range(2)] == [30, 20]


def test_a_pause_does_not_change_that_runs_are_over(comparison: Comparison) -> None:
    comparison.send(SetSpeed(None), CompareRuns((CONFIG,)), Pull())
    comparison.until_state(State.FINISHED)
    handled = comparison.of(StateChanged)[-1].handled
    comparison.send(Pause())
    comparison.until(lambda: comparison.of(StateChanged)[-1].handled > handled)
    assert comparison.of(StateChanged)[-1].state is State.FINISHED
    comparison.seek(7)
    comparison.until_state(State.PAUSED)
    comparison.send(Pause())
    comparison.until_state(State.PAUSED)


def test_a_later_epoch_replaces_one_that_was_not_reached(comparison: Comparison) -> None:
    config = CONFIG.changed(samples=2000, hidden=(64, 64), epochs=100_000)
    comparison.send(SetSpeed(None), CompareRuns((config,)), Pull())
    comparison.until(lambda: comparison.epoch >= 30)
    comparison.send(Pause())
    comparison.until_state(State.PAUSED)
    comparison.seek(3)
    seen = len(comparison.events)
    os.kill(comparison.process.pid, signal.SIGSTOP)  # both commands are there when it continues
    comparison.send(Seek(29), Seek(4))
    os.kill(comparison.process.pid, signal.SIGCONT)
    comparison.until(lambda: comparison.epoch == 4)
    moves = [each for each in comparison.events[seen:] if isinstance(each, ComparedRunsMoved)]
    assert [each.epoch for each in moves] == [4]
    comparison.send(Resume())
    comparison.until(lambda: comparison.epoch >= 6)


def test_a_pause_cancels_the_way_to_an_epoch(comparison: Comparison) -> None:
    comparison.send(CompareRuns((CONFIG,), paused=True), Step(9))
    comparison.until(lambda: comparison.epoch == 9)
    # all of them arrive before one is handled
    os.kill(comparison.process.pid, signal.SIGSTOP)
    comparison.send(Seek(3), Pause(), Step(1))
    os.kill(comparison.process.pid, signal.SIGCONT)
    comparison.until(lambda: comparison.epoch != 9)
    assert comparison.epoch == 10
