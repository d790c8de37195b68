"""Time travel is exact: parameters, optimiser and generators, bit for bit, across all changes."""

from functools import partial
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import RunConfig, Trainer
from core.training import time_travel as past
from core.training.checkpoints import Position
from core.training.state import TrainerState
from core.training.stopping import Stop
from core.training.time_travel import LIMIT, TimeTravel

CONFIGS = [
    RunConfig(samples=60, hidden=(4,), epochs=400),
    RunConfig(samples=60, hidden=(4, 3), batch_norm=True, dropout=0.2, optimizer="sgd"),
    RunConfig(samples=60, schedule="plateau", decay_epochs=2, patience=5, epochs=400),
    RunConfig(dataset="xor", hidden=(4,), batch_size="full", learning_rate=0.1),
]


def same(one: TrainerState, other: TrainerState) -> bool:
    arrays = ("parameters", "statistics", "slots", "best_parameters", "best_statistics")
    rest = ("epoch", "steps", "plateau", "best", "waits_from", "limit", "stopped", "restored")
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
        and all(getattr(one, name) == getattr(other, name) for name in rest)
        and one.batches.next == other.batches.next
        and one.batches.shuffle == other.batches.shuffle
        and one.batches.dropout == other.batches.dropout
    )


def go_on(share: float) -> bool:
    assert -1e-9 <= share <= 1 + 1e-9
    return True


def train(trainer: Trainer, history: TimeTravel, epochs: int) -> list[TrainerState]:
    states = []
    for _ in range(epochs):
        trainer.train_epoch()
        history.record_epoch()
        states.append(trainer.state())
    return states


@pytest.mark.parametrize("config", CONFIGS)
@pytest.mark.parametrize("limit", [0, 40_000, 64 * 2**20])
def test_time_travel_restores_every_epoch(config: RunConfig, limit: int) -> None:
    trainer = Trainer(config)
    history = TimeTravel(trainer, limit)
    states = [trainer.state(), *train(trainer, history, 60)]
    for epoch in (60, 0, 1, 59, 30, 31, 7, 60, 45):
        history.travel(epoch, go_on)
        assert same(trainer.state(), states[epoch]), epoch
        assert history.is_past is (epoch < 60)


def test_the_checkpoints_stay_within_their_limit_and_thin_out_with_age() -> None:
    trainer = Trainer(RunConfig(samples=60, hidden=(4,)))
    one = TimeTravel(trainer).size
    history = TimeTravel(trainer, 40 * one)
    history._due = 0
    for _ in range(500):
        trainer.train_epoch()
        history._due = 0  # as if each epoch took its time
        history.record_epoch()
        assert history.size <= 40 * one
    epochs = [each.position.epoch for each in history._checkpoints]
    assert epochs[0] == 0
    assert epochs[-1] == 500
    gaps = np.diff(epochs)
    assert gaps[: len(gaps) // 2].mean() > 3 * gaps[-len(gaps) // 4 :].mean()


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_changes_are_applied_again_at_the_same_batch(data: st.DataObject) -> None:
    trainer = Trainer(RunConfig(samples=60, hidden=(4,), batch_size=10))
    history = TimeTravel(trainer, data.draw(st.sampled_from([100_000, 10**7])))
    states = {0: trainer.state()}
    for _ in range(data.draw(st.integers(1, 5))):
        for _ in range(data.draw(st.integers(0, 6))):
            trainer.train_epoch()
            history.record_epoch()
            states[trainer.epoch] = trainer.state()
        batches = data.draw(st.integers(0, 4))
        for _ in range(batches):
            trainer.advance(0.0)
        kind = data.draw(st.sampled_from(["rate", "activation", "weight", "wait", "data"]))
        if kind == "rate":
            config = trainer.config.changed(learning_rate=data.draw(st.sampled_from([0.1, 0.003])))
            history.change(partial(trainer.configure, config))
        elif kind == "activation":
            name = data.draw(st.sampled_from(["relu", "sigmoid"]))
            config = trainer.config.changed(activation=name)
            history.change(partial(trainer.configure, config))
        elif kind == "weight":
            history.change(lambda: trainer.set_parameter(3, 0.5))
        elif kind == "data":
            config = trainer.config.changed(data_seed=data.draw(st.integers(0, 3)))
            history.change(partial(trainer.configure, config))
        else:
            history.change(trainer.restart_patience)
        if not trainer.batches.next:
            states[trainer.epoch] = trainer.state()
    present = trainer.state()
    for epoch in data.draw(st.lists(st.sampled_from(sorted(states)), min_size=1, max_size=4)):
        if epoch < trainer.epoch or epoch < history.head.epoch:
            history.travel(epoch, go_on)
            assert same(trainer.state(), states[epoch])
    history.travel(10**9, go_on)
    assert same(trainer.state(), present)
    assert not history.is_past


def test_a_change_in_the_past_discards_later_epochs() -> None:
    trainer = Trainer(RunConfig(samples=60, hidden=(4,)))
    history = TimeTravel(trainer)
    before = train(trainer, history, 20)
    history.travel(10, go_on)
    config = trainer.config.changed(learning_rate=0.1)
    history.change(lambda: trainer.configure(config))
    assert history.head == Position(10)
    after = train(trainer, history, 10)
    assert not same(after[-1], before[-1])
    history.travel(15, go_on)
    assert same(trainer.state(), after[4])
    history.travel(5, go_on)
    assert same(trainer.state(), before[4])


@pytest.fixture
def checked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make travel ask many times within an epoch, on a fast machine, too."""
    monkeypatch.setattr(past, "CHECK_INTERVAL", 0.001)


@pytest.mark.usefixtures("checked_often")
def test_cancelled_travel_ends_at_a_complete_epoch() -> None:
    trainer = Trainer(RunConfig(samples=2000, batch_size=1, epochs=400))
    history = TimeTravel(trainer, 0)
    states = train(trainer, history, 6)
    history.travel(5, lambda share: share < 0.5)
    assert 0 < trainer.epoch < 5
    assert same(trainer.state(), states[trainer.epoch - 1])
    assert history.is_past


def test_travel_from_within_an_epoch_reaches_its_start_and_the_newest_batch() -> None:
    trainer = Trainer(RunConfig(samples=60, hidden=(4,), batch_size=10))
    history = TimeTravel(trainer)
    states = train(trainer, history, 5)
    trainer.advance(0.0)
    trainer.advance(0.0)
    newest = trainer.state()
    history.travel(5, go_on)
    assert same(trainer.state(), states[4])
    assert history.is_past
    history.travel(6, go_on)
    assert same(trainer.state(), newest)
    assert not history.is_past


def test_few_checkpoints_cover_the_whole_run() -> None:
    trainer = Trainer(RunConfig(samples=20, hidden=(2,), batch_size="full", epochs=1000))
    history = TimeTravel(trainer, 8 * TimeTravel(trainer).size)
    for _ in range(500):
        trainer.train_epoch()
        history._due = 0  # as if each epoch took its time
        history.record_epoch()
        places = [each.position.epoch for each in history._checkpoints]
        if trainer.epoch >= 50:
            assert len(places) >= 7
            assert np.diff(places).max() <= trainer.epoch / 2


def test_large_states_stay_within_the_limit() -> None:
    trainer = Trainer(RunConfig(samples=20, hidden=(1000, 300), batch_size="full", epochs=1000))
    history = TimeTravel(trainer)
    one = trainer.state().parameters.nbytes
    assert history.size > 4 * one > 4 * 2**20
    states = [trainer.state()]
    for _ in range(30):
        trainer.train_epoch()
        history._due = 0
        history.record_epoch()
        assert history.size <= LIMIT
        states.append(trainer.state())
    # the weights that patience would bring back are the same in all of them
    assert len(history._checkpoints) >= LIMIT // (3.2 * one) - 1
    for epoch in (11, 10, 30, 0, 29):
        history.travel(epoch, go_on)
        assert history.size <= LIMIT
        assert same(trainer.state(), states[epoch])


def test_the_oldest_data_are_dropped_with_their_epochs() -> None:
    trainer = Trainer(RunConfig(samples=5000, hidden=(2,), batch_size="full", epochs=1000))
    data = sum(each.nbytes for each in trainer.data.arrays)
    limit = 6 * data
    history = TimeTravel(trainer, limit)
    assert history.size < data  # what it is trained on now is there anyway
    states = {0: trainer.state()}
    for number in range(1, 8):
        history._due = inf  # not one that is due by chance
        config = trainer.config.changed(data_seed=number)
        history.change(partial(trainer.configure, config))
        assert history.size <= limit
        states[trainer.epoch] = trainer.state()
        for _ in range(5):
            trainer.train_epoch()
            history.record_epoch()
            states[trainer.epoch] = trainer.state()
    assert history.size > 2 * data
    history.travel(0, go_on)
    first = trainer.epoch
    assert 0 < first < 35
    for epoch in (first, 35, first + 3, 20, first):
        history.travel(epoch, go_on)
        assert same(trainer.state(), states[epoch])
        assert history.size <= limit + data


def test_restarting_patience_is_applied_again() -> None:
    trainer = Trainer(RunConfig(samples=60, patience=3, learning_rate=0.3, epochs=1000))
    history = TimeTravel(trainer)
    while trainer.stopped is None:
        trainer.train_epoch()
        history.record_epoch()
    end, ended = trainer.epoch, trainer.state()
    history.travel(0, go_on)
    history.travel(end, go_on)
    assert same(trainer.state(), ended)  # the best weights are back, and it is known why
    config = trainer.config.changed(clip_norm=5.0)
    history.change(lambda: trainer.configure(config))
    changed = trainer.state()
    history.travel(end - 1, go_on)
    history.travel(end, go_on)
    assert same(trainer.state(), changed)


@pytest.fixture(scope="module")
def slow() -> tuple[Trainer, TimeTravel, list[TrainerState]]:
    """Return a run of two long epochs, with a change within the second, and no checkpoints."""
    trainer = Trainer(RunConfig(samples=200_000, hidden=(2,), batch_size=10, epochs=100))
    history = TimeTravel(trainer, 12_000)
    states = [trainer.state(), *train(trainer, history, 1)]
    for _ in range(5):
        trainer.advance(0.0)
    history.change(lambda: trainer.set_parameter(3, 0.5), is_edit=True)
    while trainer.batches.next < trainer.batches.count // 2:
        trainer.advance(0.0)
    assert len(history._checkpoints) == 1
    return trainer, history, [*states, trainer.state()]


@pytest.mark.usefixtures("checked_often")
def test_cancelling_travel_does_not_wait_for_the_end_of_an_epoch(
    slow: tuple[Trainer, TimeTravel, list[TrainerState]],
) -> None:
    trainer, history, states = slow
    batches: list[int] = []

    def give_up(share: float) -> bool:
        batches.append(trainer.batches.next)
        return False

    history.travel(1, give_up)
    assert len(batches) == 1
    assert 0 < batches[0] < trainer.batches.count
    assert same(trainer.state(), states[0])
    assert history.is_past


@pytest.mark.usefixtures("checked_often")
def test_travel_cancelled_within_a_changed_epoch_returns_to_the_checkpoint(
    slow: tuple[Trainer, TimeTravel, list[TrainerState]],
) -> None:
    trainer, history, states = slow
    history.travel(10**9, lambda share: trainer.epoch < 1 or trainer.batches.next <= 5)
    assert same(trainer.state(), states[0])
    history.travel(10**9, go_on)
    assert same(trainer.state(), states[2])


def test_a_diverged_epoch_leaves_no_checkpoint() -> None:
    trainer = Trainer(RunConfig(samples=60, hidden=(4,), batch_size=10, optimizer="sgd"))
    history = TimeTravel(trainer)
    states = [trainer.state(), *train(trainer, history, 3)]
    history.change(partial(trainer.configure, trainer.config.changed(learning_rate=1e6)))
    for _ in range(3):
        trainer.advance(0.0)
        history._due = 0
        history.record_epoch()
    (diverged,) = train(trainer, history, 1)
    assert trainer.stopped is Stop.DIVERGED
    for epoch in (1, 3, 10**9):
        history.travel(epoch, go_on)
        assert same(trainer.state(), states[epoch] if epoch < 3 else diverged), epoch
    assert not history.is_past


def test_travel_from_within_an_epoch_stops_at_the_first_checkpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(past, "CHECK_INTERVAL", 0.0)
    trainer = Trainer(RunConfig(samples=60, hidden=(4,), batch_size=10))
    trainer.train_epoch()
    for _ in range(3):
        trainer.advance(0.0)
    history, first = TimeTravel(trainer), trainer.state()  # a run that was resumed
    history.change(partial(trainer.configure, trainer.config.changed(activation="relu")))
    present = trainer.state()
    history.travel(0, go_on)
    assert same(trainer.state(), present)  # which has no batch yet
    trainer.restore(first)
    history = TimeTravel(trainer)
    history._due = inf
    train(trainer, history, 2)
    history.travel(2, lambda share: False)
    assert same(trainer.state(), first)  # where the way began
    history.branch()


def test_before_an_edit_a_run_is_not_edited() -> None:
    trainer = Trainer(RunConfig(samples=60))
    history = TimeTravel(trainer)
    train(trainer, history, 5)
    told = [history.is_edited]
    history.change(lambda: trainer.set_parameter(3, 0.5), is_edit=True)
    train(trainer, history, 5)
    told.append(history.is_edited)
    for epoch in (4, 5):
        history.travel(epoch, go_on)
        told.append(history.is_edited)
    assert told == [False, True, False, True]
