"""The real process that trains many seeds at once: every run is that of its own trainer."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import TypeVar

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.config.presets import PRESETS
from core.process.client import TrainingProcess
from core.process.messages import (
    Command,
    Configure,
    ConfigureAutosave,
    Event,
    LaneOpened,
    LaneSelected,
    OpenLane,
    Pause,
    Progress,
    Pull,
    Refused,
    Reopen,
    Resume,
    SaveStatusChanged,
    SeedsProgress,
    SeedsRun,
    Seek,
    SelectLane,
    SetSpeed,
    StartFrom,
    StartSeeds,
    State,
    StateChanged,
    Step,
)
from core.process.seeds_run import MAPPED, MOST_METRICS, most_epochs
from core.runs.autosaver import SaveOptions
from core.runs.reader import read_any, read_header
from core.training.epoch_log import tabulate
from core.training.stopping import Stop

PATIENCE = 90
MOONS = PRESETS["moons"].config(epochs=12, samples=60)
E = TypeVar("E")


class Watcher:
    """Sends commands to a process, and records its events."""

    def __init__(self, process: TrainingProcess) -> None:
        self.process = process
        self.events: list[Event] = []

    def send(self, *commands: Command) -> None:
        for command in commands:
            self.process.send(command)

    def until(self, done: Callable[[], bool]) -> None:
        deadline = monotonic() + PATIENCE
        while not done():
            assert monotonic() < deadline, self.events[-3:]
            assert not self.process.ended, self.process.why_it_ended()
            self.events += self.process.receive(0.05)

    def next(self, kind: type[E]) -> E:
        """Return the first event of a kind, and drop it and those before it."""
        self.until(lambda: any(isinstance(each, kind) for each in self.events))
        while not isinstance(event := self.events.pop(0), kind):
            pass
        return event

    def until_state(self, state: State) -> StateChanged:
        while (change := self.next(StateChanged)).state is not state:
            pass
        return change


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    process = TrainingProcess("core.process.seeds_worker")
    yield Watcher(process)
    process.close()


def own_run(config: RunConfig, epochs: int) -> Trainer:
    trainer = Trainer(config)
    for _ in range(epochs):
        trainer.train_epoch()
    return trainer


def test_all_runs_are_trained_to_their_end(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), StartSeeds(MOONS, 5))
    run = watcher.next(SeedsRun)
    assert (run.config, run.count, len(run.preparations)) == (MOONS, 5, 5)
    selected = watcher.next(LaneSelected)
    assert selected.data is not None
    assert len(selected.data.y_train) == len(own_run(MOONS, 0).data.y_train)
    assert watcher.until_state(State.FINISHED).note == "all 5 runs have ended, after 12 epochs"


def test_the_networks_are_those_of_single_runs(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), StartSeeds(MOONS, 3, paused=True), SelectLane(2), Step(7))
    progress = watcher.next(SeedsProgress)
    assert progress.epoch == 0
    assert progress.quartiles.shape == (1, 4, 5)
    selected = watcher.next(LaneSelected)
    assert (selected.lane, selected.config.seed) == (2, MOONS.seed + 2)
    progress = watcher.next(SeedsProgress)
    trainers = [own_run(MOONS.changed(seed=seed), 7) for seed in range(3)]
    assert progress.epoch == 7
    for lane, trainer in enumerate(trainers):
        np.testing.assert_allclose(
            progress.parameters[lane], trainer.network.parameters, rtol=1e-3, atol=1e-4
        )
    losses = [trainer.measure().train_loss for trainer in trainers]
    np.testing.assert_allclose(progress.rows[0], losses, rtol=1e-3)
    np.testing.assert_allclose(
        progress.quartiles[-1, 0], np.quantile(losses, [0, 0.25, 0.5, 0.75, 1]), rtol=1e-3
    )
    expected = tabulate([trainers[2].measure()])
    np.testing.assert_allclose(progress.table[-1], expected[0], rtol=1e-3, atol=1e-3)
    assert progress.table[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_a_run_that_is_opened_continues_as_if_it_had_been_alone(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), StartSeeds(MOONS, 3, paused=True), Step(5))
    while watcher.next(SeedsProgress).epoch < 5:
        pass
    watcher.send(OpenLane(1))
    opened = watcher.next(LaneOpened)
    assert opened.table[:, 0].tolist() == list(range(6))
    process = TrainingProcess()
    try:
        alone = Watcher(process)
        alone.send(SetSpeed(None), StartFrom(opened.config, opened.state, opened.table, "seed 1"))
        first = alone.next(Progress)
        assert [row.epoch for row in first.rows()] == list(range(6))
        assert alone.until_state(State.PAUSED).note == "seed 1"
        alone.send(Resume())
        last = alone.next(Progress)
        while not len(last.table) or last.table[-1, 0] < MOONS.epochs:
            last = alone.next(Progress)
        alone.until_state(State.FINISHED)
        expected = own_run(opened.config, MOONS.epochs)
        np.testing.assert_allclose(
            last.parameters, expected.network.parameters, rtol=1e-2, atol=1e-3
        )
    finally:
        process.close()


def test_runs_that_share_their_samples_send_them_once(watcher: Watcher) -> None:
    watcher.send(StartSeeds(MOONS.changed(data_seed=3), 4, paused=True), SelectLane(1))
    assert len(watcher.next(SeedsRun).preparations) == 1
    assert watcher.next(LaneSelected).data is not None
    assert watcher.next(LaneSelected).data is None


def test_the_learning_rate_changes_in_all_runs(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), StartSeeds(MOONS, 2, paused=True), Step(2))
    while watcher.next(SeedsProgress).epoch < 2:
        pass
    watcher.send(Configure({"learning_rate": 0.125}), Step(3))
    run = watcher.next(SeedsRun)
    assert run.config.learning_rate == 0.125
    assert "all runs" in run.note
    progress = watcher.next(SeedsProgress)
    assert (progress.epoch, progress.table[-1, 5]) == (5, 0.125)
    trainer = own_run(MOONS, 2)
    trainer.configure(MOONS.changed(learning_rate=0.125))
    for _ in range(3):
        trainer.train_epoch()
    np.testing.assert_allclose(
        progress.parameters[0], trainer.network.parameters, rtol=1e-3, atol=1e-3
    )


def reached(watcher: Watcher, epoch: int) -> SeedsProgress:
    while (progress := watcher.next(SeedsProgress)).epoch < epoch:
        pass
    return progress


def moved(watcher: Watcher) -> SeedsProgress:
    while not (progress := watcher.next(SeedsProgress)).moved:
        pass
    return progress


def test_runs_that_were_in_the_past_continue_with_the_bits_of_a_twin(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), StartSeeds(MOONS, 4, paused=True))
    seen = []
    for epoch in range(1, 10):
        watcher.send(Step(1))
        seen.append(reached(watcher, epoch))
    watcher.send(Seek(3))
    past = moved(watcher)
    assert (past.epoch, past.head_epoch) == (3, 9)
    assert watcher.next(StateChanged).state is State.PAUSED
    assert np.array_equal(past.parameters, seen[2].parameters)
    assert np.array_equal(past.rows, seen[2].rows, equal_nan=True)
    assert past.table[:, 0].tolist() == [0, 1, 2, 3]
    assert past.verdict == seen[2].verdict
    assert not len(past.quartiles)
    # back at the newest epoch, nothing was lost
    watcher.send(Seek(99))
    newest = moved(watcher)
    assert (newest.epoch, newest.head_epoch) == (9, 9)
    assert np.array_equal(newest.parameters, seen[8].parameters)
    watcher.send(Seek(3), Step(6))
    moved(watcher)
    branched = watcher.next(SeedsProgress)
    assert (branched.epoch, branched.head_epoch) == (3, 3)
    again = reached(watcher, 9)
    assert np.array_equal(again.parameters, seen[8].parameters)
    assert np.array_equal(again.rows, seen[8].rows, equal_nan=True)
    assert len(again.quartiles) == 6
    watcher.send(Seek(5), OpenLane(2))
    opened = watcher.next(LaneOpened)
    assert (opened.state.epoch, len(opened.table)) == (5, 6)
    assert np.array_equal(opened.state.parameters, seen[4].parameters[2])


def test_the_end_and_the_learning_rate_are_part_of_the_past(watcher: Watcher) -> None:
    watcher.send(SetSpeed(None), StartSeeds(MOONS, 3, paused=True), Step(4))
    reached(watcher, 4)
    watcher.send(Configure({"learning_rate": 0.125}), Resume())
    watcher.until_state(State.FINISHED)
    watcher.events.clear()
    watcher.send(Seek(2))
    assert watcher.next(SeedsRun).config == MOONS
    assert moved(watcher).epoch == 2
    assert watcher.next(StateChanged).state is State.PAUSED
    watcher.send(Seek(12))
    assert watcher.next(SeedsRun).config.learning_rate == 0.125
    assert moved(watcher).epoch == 12
    assert watcher.until_state(State.FINISHED).note == "all 3 runs have ended, after 12 epochs"


def test_when_all_runs_diverge_it_says_so_and_a_reset_starts_over(watcher: Watcher) -> None:
    wild = MOONS.changed(learning_rate=1e6, optimizer="sgd", activation="relu", epochs=200)
    watcher.send(SetSpeed(None), StartSeeds(wild, 4))
    assert "all 4 runs have diverged" in watcher.until_state(State.DIVERGED).note
    watcher.send(Resume(), Step(1))
    assert "diverged" in watcher.next(StateChanged).note
    watcher.send(OpenLane(3))
    opened = watcher.next(LaneOpened)
    assert opened.state.stopped is Stop.DIVERGED
    watcher.send(StartSeeds(MOONS, 4))
    watcher.until_state(State.FINISHED)


def test_a_thousand_runs_report_a_bounded_number_of_networks(watcher: Watcher) -> None:
    config = PRESETS["xor"].config(epochs=50)
    watcher.send(SetSpeed(None), StartSeeds(config, 1000, paused=True), Step(3))
    progress = watcher.next(SeedsProgress)
    progress = watcher.next(SeedsProgress)
    assert progress.parameters.shape[0] == MAPPED
    assert progress.rows.shape[1] == 1000
    assert "of 1,000 solved" in progress.verdict


def test_metrics_have_a_bounded_size(watcher: Watcher) -> None:
    assert most_epochs(1000) * 1000 * 8 <= MOST_METRICS
    watcher.send(StartSeeds(MOONS.changed(epochs=10**8), 10, paused=True))
    run = watcher.next(SeedsRun)
    assert run.config.epochs == most_epochs(10)
    assert "the runs end after" in run.note


def test_runs_that_cannot_be_trained_at_once_are_refused(watcher: Watcher) -> None:
    watcher.send(StartSeeds(MOONS.changed(diagnostics=True), 2))
    assert "diagnostics" in watcher.next(Refused).reason
    watcher.send(StartSeeds(MOONS, 2), Pause(), Pull())
    watcher.until_state(State.PAUSED)
    watcher.send(StartSeeds(MOONS.changed(diagnostics=True), 2))
    assert "diagnostics" in watcher.next(SeedsRun).note  # those before continue


def last_progress(watcher: Watcher, state: State) -> SeedsProgress:
    """Return the last report before the runs have reached a state."""
    watcher.until(lambda: any(getattr(each, "state", None) is state for each in watcher.events))
    return [each for each in watcher.events if isinstance(each, SeedsProgress)][-1]


def reopened(path: Path, *commands: Command) -> SeedsProgress:
    """Return the last report of a new process that resumes runs, carries out commands and closes."""
    process = TrainingProcess("core.process.seeds_worker")
    watcher = Watcher(process)
    watcher.send(SetSpeed(None), ConfigureAutosave(SaveOptions(path.parent)), Reopen(path))
    for each in (watcher.next(SeedsRun), watcher.next(LaneSelected)):
        assert each is not None
    watcher.send(*commands)
    found = last_progress(watcher, State.FINISHED)
    process.close()
    return found


def test_saved_runs_continue_as_if_they_had_not_stopped(watcher: Watcher, tmp_path: Path) -> None:
    watcher.send(SetSpeed(None), StartSeeds(MOONS, 3))
    expected = last_progress(watcher, State.FINISHED)
    process = TrainingProcess("core.process.seeds_worker")
    other = Watcher(process)
    options = ConfigureAutosave(SaveOptions(tmp_path))
    other.send(options, SetSpeed(None), StartSeeds(MOONS, 3, paused=True), Step(7))
    other.until(lambda: any(getattr(each, "epoch", 0) == 7 for each in other.events))
    (last,) = [each for each in process.close() if isinstance(each, SaveStatusChanged)][-1:]
    assert (last.problem, [each.name for each in tmp_path.iterdir()]) == ("", [last.name])
    path = tmp_path / last.name
    # to an earlier epoch and back, then to the end: what is saved is that of the end
    again = reopened(path, Seek(2), Seek(7), Resume())
    assert again.epoch == expected.epoch == 12
    assert again.parameters.tobytes() == expected.parameters.tobytes()
    assert again.rows.tobytes() == expected.rows.tobytes()
    ended = reopened(path)
    assert ended.quartiles.shape == (13, 4, 5)
    assert ended.parameters.tobytes() == expected.parameters.tobytes()
    assert ended.stopped == expected.stopped


def test_the_screen_knows_that_resumed_runs_are_saved_before_it_shows_them(tmp_path: Path) -> None:
    process = TrainingProcess("core.process.seeds_worker")
    watcher = Watcher(process)
    watcher.send(ConfigureAutosave(SaveOptions(tmp_path)), SetSpeed(None), StartSeeds(MOONS, 2))
    watcher.until_state(State.FINISHED)
    process.close()
    (path,) = tmp_path.iterdir()
    again = TrainingProcess("core.process.seeds_worker")
    other = Watcher(again)
    other.send(ConfigureAutosave(SaveOptions(tmp_path)), Reopen(path))
    other.until(lambda: any(isinstance(each, SeedsRun) for each in other.events))
    again.close()
    kinds = [type(each) for each in other.events]
    assert kinds.index(SaveStatusChanged) < kinds.index(SeedsRun)


def test_runs_that_others_replace_are_saved(tmp_path: Path) -> None:
    process = TrainingProcess("core.process.seeds_worker")
    watcher = Watcher(process)
    watcher.send(ConfigureAutosave(SaveOptions(tmp_path)), SetSpeed(None), StartSeeds(MOONS, 2))
    watcher.until_state(State.FINISHED)
    watcher.send(StartSeeds(MOONS.changed(seed=2), 2))
    watcher.until_state(State.FINISHED)
    process.close()
    headers = [read_header(each) for each in tmp_path.iterdir()]
    assert {(each.config.seed, each.epoch, each.seeds) for each in headers} == {
        (0, 12, 2),
        (2, 12, 2),
    }


def test_the_end_is_one_event_however_often_it_is_left_and_reached(tmp_path: Path) -> None:
    process = TrainingProcess("core.process.seeds_worker")
    watcher = Watcher(process)
    watcher.send(ConfigureAutosave(SaveOptions(tmp_path)), SetSpeed(None), StartSeeds(MOONS, 2))
    watcher.until_state(State.FINISHED)
    watcher.send(Seek(2))
    watcher.until_state(State.PAUSED)
    watcher.send(Seek(99))
    watcher.until_state(State.FINISHED)
    watcher.send(Seek(9), Resume())
    watcher.until_state(State.FINISHED)
    process.close()
    (path,) = tmp_path.iterdir()
    events = [(each.epoch, each.kind) for each in read_any(path).events]
    assert events == [(0, "began"), (12, "finished"), (9, "branched"), (12, "finished")]


def test_a_folder_that_cannot_be_resumed_is_refused(watcher: Watcher, tmp_path: Path) -> None:
    watcher.send(Reopen(tmp_path))
    assert "has no saved run" in watcher.next(Refused).reason
