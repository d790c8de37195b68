"""Commands that change the current run: the messages to the screen, and those in the event log."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import RunConfig
from core.process.channel import Channel
from core.process.command_queue import CommandQueue
from core.process.messages import (
    Command,
    Configure,
    ConfigureAutosave,
    Event,
    Progress,
    Resume,
    Run,
    SetSpeed,
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
