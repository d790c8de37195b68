"""Commands that change the current run: the messages to the screen, and those in the event log."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event as Signal
from typing import Any

import pytest

from core import RunConfig, Trainer
from core.datasets.edits import RemovePoint
from core.process import worker
from core.process.channel import Channel
from core.process.command_queue import CommandQueue
from core.process.messages import (
    Command,
    Configure,
    ConfigureAutosave,
    EditData,
    EditParameter,
    Event,
    NextStepFound,
    Progress,
    Pull,
    Resume,
    Run,
    Seek,
    SetSpeed,
    ShowNextStep,
    Start,
    State,
    StateChanged,
    Step,
    StepBatch,
)
from core.process.worker import TrainingLoop
from core.runs.autosaver import SaveOptions
from core.runs.catalogue import find
from core.runs.reader import read_run
from core.runs.saved_history import SavedHistory
from core.training.next_step import NextStep, prepare_next_step

SMALL = RunConfig(dataset="xor", hidden=(4,), batch_size=1, epochs=3)


class Loop:
    """The training loop in this process, which runs only while it handles commands."""

    def __init__(self) -> None:
        ours, self._theirs = socket.socketpair()
        self._channel = Channel(ours)
        self.loop = TrainingLoop(CommandQueue(self._theirs))

    def events_after(self, *commands: Command) -> list[Event]:
        """Return the events after some commands, and one slice of training."""
        for each in commands:
            self._channel.post(each)
        self.loop._queue.receive_commands(0)
        self.loop._run_once()
        return self._channel.receive()

    def close(self) -> None:
        self._channel.close()
        self.loop.run()
        self._theirs.close()


@pytest.fixture
def loop() -> Iterator[Loop]:
    started = Loop()
    yield started
    started.close()


def finish(loop: Loop) -> StateChanged:
    """Train to the end of the run."""
    events = loop.events_after(SetSpeed(None), Start(SMALL))
    while True:
        for each in events:
            if isinstance(each, StateChanged) and each.state is State.FINISHED:
                return each
        events = loop.events_after()


def notes(events: list[Event]) -> list[str]:
    return [each.note for each in events if isinstance(each, Run)]


def test_measuring_the_layers_of_a_finished_run_leaves_its_status_and_note(loop: Loop) -> None:
    assert finish(loop).note == "finished after 3 epochs"
    events = loop.events_after(Configure({"diagnostics": True}))
    assert notes(events) == [""]
    assert not any(isinstance(each, StateChanged) for each in events)
    progress = [row for each in events if isinstance(each, Progress) for row in each.rows()]
    assert [len(row.layers) for row in progress] == [2]


def test_a_change_of_the_diagnostics_within_an_epoch_names_only_its_restart(loop: Loop) -> None:
    loop.events_after(Start(SMALL, paused=True), StepBatch())
    events = loop.events_after(Configure({"diagnostics": True}))
    assert notes(events) == ["epoch 1 is restarted"]
    loop.events_after(StepBatch())
    events = loop.events_after(Configure({"l2": 0.1}))
    assert notes(events) == ["l2 0 → 0.1: trained weights kept; epoch 1 is restarted"]


def test_a_change_without_a_message_is_not_in_the_event_log(tmp_path: Path) -> None:
    loop = Loop()
    loop.events_after(ConfigureAutosave(SaveOptions(tmp_path, None)))
    finish(loop)
    loop.events_after(Configure({"diagnostics": True}), Configure({"l2": 0.1}))
    loop.close()
    saved = read_run(find(tmp_path))
    assert saved.header.config.diagnostics
    assert [each.note for each in saved.events if each.kind == "changed"] == [
        "l2 0 → 0.1: trained weights kept"
    ]


@pytest.mark.parametrize("paused", [True, False])
def test_the_last_save_selects_the_recent_checkpoints_once(
    paused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop()
    options = ConfigureAutosave(SaveOptions(tmp_path, None))
    endless = SMALL.changed(epochs=10**6)
    loop.events_after(options, SetSpeed(None), Start(endless, paused=paused), Step(1))
    selected = []
    select = SavedHistory.with_recent

    def with_recent(history: SavedHistory, *arguments: Any) -> SavedHistory:
        selected.append(history)
        return select(history, *arguments)

    monkeypatch.setattr(SavedHistory, "with_recent", with_recent)
    if not paused:
        loop.events_after(Resume())
    selected.clear()
    loop.close()
    assert len(selected) == 1


def steps(events: list[Event]) -> list[NextStepFound]:
    return [each for each in events if isinstance(each, NextStepFound)]


def test_the_next_step_is_computed_only_for_a_screen_that_shows_it(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = []

    def counted(trainer: Trainer) -> Callable[[], NextStep | None]:
        computed.append(trainer.epoch)
        return prepare_next_step(trainer)

    monkeypatch.setattr(worker, "prepare_next_step", counted)
    monkeypatch.setattr(worker, "SLICE", 5.0)
    loop.events_after(Start(SMALL, paused=True), Step(1))
    loop.events_after(StepBatch(), Configure({"l2": 0.1}))
    assert computed == []
    (found,) = steps(loop.events_after(ShowNextStep(is_shown=True)))
    assert found.step is not None
    assert (found.step.epoch, found.step.batch) == (1, 1)
    # not twice for the same position, nor after a change that is rejected
    events = loop.events_after(SetSpeed(3.0), Pull(), Configure({"hidden": (-1,)}))
    assert not steps(events)
    assert len(computed) == 1
    for change in (
        Configure({"l2": 0.0}),
        EditParameter(0, 1.0),
        Seek(0),
        EditData(RemovePoint(0)),
    ):
        assert len(steps(loop.events_after(change))) == 1
    loop.events_after(ShowNextStep(is_shown=False), StepBatch())
    assert len(computed) == 5


def test_no_command_waits_for_the_next_step(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, begun = Signal(), []

    def slow(trainer: Trainer) -> Callable[[], NextStep | None]:
        compute = prepare_next_step(trainer)
        begun.append(trainer.epoch)

        def computed() -> NextStep | None:
            assert may_end.wait(30)
            return compute()

        return computed

    monkeypatch.setattr(worker, "prepare_next_step", slow)
    assert not steps(loop.events_after(ShowNextStep(is_shown=True), Start(SMALL, paused=True)))
    events = loop.events_after(StepBatch())  # handled meanwhile
    assert any(isinstance(each, StateChanged) for each in events)
    assert not steps(events)
    may_end.set()
    found: list[NextStepFound] = []
    monkeypatch.setattr(worker, "SLICE", 5.0)
    while not found:
        found = steps(loop.events_after())
    # the step that was computed at first is outdated
    assert [each.step.batch for each in found if each.step is not None] == [2]
    assert len(begun) == 2
