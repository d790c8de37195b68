"""Checkpoints that are saved with a run: few, evenly spaced, and dense before the newest position."""

from itertools import pairwise
from pathlib import Path

import numpy as np

from core import RunConfig, Trainer
from core.process.messages import Reopen, Start, State
from core.runs.catalogue import find
from core.runs.reader import read_run
from core.runs.saved_history import (
    MOST_OTHERS,
    MOST_RECENT,
    MOST_SEGMENTS,
    SavedHistory,
    read_saved_history,
)
from core.training.checkpoints import Checkpoint, Position
from tests.core.runs.test_autosaver import steps, travel, watching


def test_recent_checkpoints_lie_ever_further_back() -> None:
    trainer = Trainer(RunConfig(samples=20))
    start = Checkpoint.of(trainer)
    every = []
    for _ in range(100):
        trainer.train_epoch()
        every.append(Checkpoint.of(trainer, start.segment))
    history = SavedHistory((start,)).with_recent(every, Position(100))
    back = [100 - each.position.epoch for each in history.recent]
    assert back[0] == 1
    assert all(farther >= 4 * nearer for nearer, farther in pairwise(back))
    assert back[-1] > 50
    # within an epoch, the first step back leads to its start
    assert SavedHistory((start,)).with_recent(every, Position(100, 1)).recent[0] is every[-1]
    # those of a branch that is discarded go with it
    assert all(each.position.epoch <= 60 for each in history.up_to(Position(60), 0).recent)
    assert MOST_SEGMENTS + MOST_OTHERS + MOST_RECENT <= 32  # an earlier version reads no more


def test_the_first_step_back_after_a_resumption_starts_shortly_before_the_end(
    tmp_path: Path,
) -> None:
    # checkpoints are 20 ms apart: epochs of many batches put several of them into the second half
    config = RunConfig(samples=100, batch_size=1, epochs=100_000)
    with watching(tmp_path) as watcher:
        watcher.send(Start(config, paused=True))
        steps(watcher, 600)
        before = travel(watcher, 599)
        travel(watcher, 600)
    with watching(tmp_path) as watcher:
        watcher.send(Reopen(find(tmp_path)))
        watcher.until_state(State.PAUSED)
        np.testing.assert_array_equal(travel(watcher, 599).parameters, before.parameters)
    saved = read_run(find(tmp_path))
    history = read_saved_history(saved.path, saved.header, saved.trainer())
    assert history is not None
    epochs = [each.position.epoch for each in history if each.position.epoch < 600]
    # without recent checkpoints there is only the first one
    assert max(epochs) > 300
