"""Two runs with the same commands stay equal, although one of them is ended and resumed repeatedly."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Thread
from time import monotonic
from typing import Any

import numpy as np
import pytest

from core import RunConfig
from core.datasets.edits import AddPoint, Edit, MovePoint, RemovePoint
from core.process.channel import Channel
from core.process.command_queue import CommandQueue
from core.process.messages import (
    Command,
    Configure,
    ConfigureAutosave,
    EditData,
    EditParameter,
    Event,
    Moved,
    Reopen,
    Run,
    SaveStatusChanged,
    Seek,
    Start,
    StepBatch,
)
from core.process.worker import TrainingLoop
from core.runs import autosaver, saved_history
from core.runs.autosaver import SaveOptions
from core.runs.catalogue import find
from core.runs.reader import read_run
from tests.core.runs.test_reader import assert_same

PATIENCE = 90

CONFIGS = [
    RunConfig(samples=40, hidden=(4,), batch_size=10, patience=2, learning_rate=0.2),
    RunConfig(samples=40, hidden=(4,), batch_size=10, dropout=0.2, batch_norm=True, epochs=6),
    RunConfig(samples=40, hidden=(3,), batch_size=16, activation="relu", optimizer="momentum"),
    RunConfig(dataset="sine", samples=40, hidden=(3,), batch_size=16, schedule="cosine", epochs=4),
]

CHANGES: list[dict[str, Any]] = [
    *({"learning_rate": rate} for rate in (0.001, 0.1, 1e6)),
    {"optimizer": "adam"},
    {"batch_size": 13},
    {"activation": "sigmoid"},
    {"patience": None},
    {"class_weight": "balanced"},
    {"epochs": 5},
    {"noise": 0.3},
]

AT_THE_END: list[Command] = [StepBatch(), Seek(10**9), Configure({})]


@contextmanager
def serving(parent: Path) -> Iterator[Channel]:
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    thread = Thread(target=TrainingLoop(CommandQueue(theirs)).run)
    with np.errstate(all="ignore"):
        thread.start()
    channel.post(ConfigureAutosave(SaveOptions(parent, None)))
    try:
        yield channel
    finally:
        channel.close()
        thread.join(PATIENCE)
        theirs.close()


def obeyed(channel: Channel, commands: list[Command], answers: int) -> list[Event]:
    """Return the events after commands; the last, a `Configure`, sets `answered` to `answers`."""
    for command in commands:
        channel.post(command)
    events: list[Event] = []
    deadline = monotonic() + PATIENCE
    while not any(isinstance(each, Run) and each.answered == answers for each in events):
        assert monotonic() < deadline
        events += channel.receive(0.1)
    return events


def anything(random: Random) -> list[Command]:
    kind = random.choice(["batches"] * 6 + ["change", "change", "weight", "sample"] + ["seek"] * 2)
    if kind == "batches":
        return [StepBatch()] * random.randint(1, 9)
    if kind == "change":
        return [Configure(random.choice(CHANGES))]
    if kind == "weight":
        return [EditParameter(random.randrange(10), random.choice([0.3, -2.0, 1e9]))]
    if kind == "sample":
        row, place = random.randrange(20), (0.5, 0.25)
        edits: list[Edit] = [AddPoint(place, 1), MovePoint(row, place), RemovePoint(row)]
        return [EditData(random.choice(edits))]
    return [Seek(random.choice([0, 1, 2, 3, 5, 8, 10**9]))]


def seen(events: list[Event]) -> list[tuple[object, ...]]:
    """Return each position that was reported, and the network there."""
    return [
        (each.epoch, each.head, each.share, each.past, each.was_edited, each.parameters.tobytes())
        for each in events
        if isinstance(each, Moved)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_a_resumed_run_equals_one_that_never_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(
        saved_history, "MOST_SEGMENTS", 1000
    )  # what is given up cannot be gone back to
    random = Random(seed)
    config = CONFIGS[seed % len(CONFIGS)]
    chapters = [
        # at the newest moment, which is the one that is kept
        [*(each for _ in range(9) for each in anything(random)), *AT_THE_END]
        for _ in range(3)
    ]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    wanted: list[list[tuple[object, ...]]] = []
    with serving(whole) as channel:
        channel.post(Start(config, paused=True))
        asked = 1
        for chapter in chapters:
            asked += sum(isinstance(each, Configure) for each in chapter)
            wanted.append(seen(obeyed(channel, chapter, asked)))
    for chapter, shown in zip(chapters, wanted, strict=True):
        asked = 1 + sum(isinstance(each, Configure) for each in chapter)
        with serving(parts) as channel:
            there = parts.exists()
            channel.post(Reopen(find(parts)) if there else Start(config, paused=True))
            assert seen(obeyed(channel, chapter, asked)) == shown
    one, other = read_run(find(whole)), read_run(find(parts))
    assert_same(one.trainer(), other.trainer())
    np.testing.assert_array_equal(one.epochs, other.epochs)
    assert one.header.loss_starts == other.header.loss_starts


def test_batches_of_a_long_epoch_are_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(autosaver, "INTERVAL", 0.0)
    parent = tmp_path / "runs"
    with serving(parent) as channel:
        channel.post(Start(RunConfig(samples=100_000, batch_size=1)))
        events: list[Event] = []
        deadline = monotonic() + PATIENCE
        while not any(isinstance(each, SaveStatusChanged) and each.name for each in events):
            assert monotonic() < deadline
            events += channel.receive(0.1)
        first = read_run(find(parent)).header
        while (later := read_run(find(parent)).header).batch <= first.batch:
            assert monotonic() < deadline
            assert later.epoch == first.epoch
