"""Runs with consecutive seeds that are trained at once: status, reports to the screen, selected run."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from core.lockstep.history import COLUMNS
from core.lockstep.summary import quartiles, results_of, table_of, verdict
from core.process.messages import (
    LaneOpened,
    LaneSelected,
    SeedsProgress,
    SeedsRun,
    State,
    StateChanged,
)
from core.process.speed import RateMeter
from core.process.status_text import end_of_all
from core.process.training_run import MOST_NUMBERS_SHOWN, MOST_SHOWN, PATIENCE
from core.runs.saved_seeds import open_seeds
from core.training.stopping import Stop

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from core.datasets import DataSplit
    from core.lockstep.time_travel import LockstepTravel
    from core.lockstep.trainer import Lockstep
    from core.process.command_queue import CommandQueue
    from core.process.seeds_autosave import SeedsAutosave
    from core.process.speed import EpochTimer

MAPPED: Final = 64
"""Number of runs whose networks the screen receives: the first ones, since their seeds are arbitrary."""

MOST_METRICS: Final = 1 << 27
"""Numbers in the metrics of all epochs and runs, at most: 1 GB."""

CURVES: Final = 4
"""Columns of `History` whose spread is reported: losses and scores of both parts."""

NO_EPOCHS: Final = np.empty((0, CURVES, 5), np.float32)
"""Spread of no new epochs."""

SORTED_AT_ONCE: Final = 1000
"""Epochs whose spread is computed at once, which bounds the memory for it."""


def most_epochs(count: int) -> int:
    """Return the largest number of epochs whose metrics are stored for so many runs."""
    return max(1, MOST_METRICS // (8 * count))


class SeedsTraining:
    """Runs that are trained at once, until others replace them.

    Attributes:
        lockstep: trains them.
        travel: takes them to earlier epochs.
        state: their common status: a run that has ended waits for the others.
        steps_left: epochs to train before they pause again.
        revision: counter of changes to what is saved.
        rate: measured epochs per second.
    """

    def __init__(
        self,
        lockstep: Lockstep,
        travel: LockstepTravel,
        queue: CommandQueue,
        timer: EpochTimer,
        autosave: SeedsAutosave,
    ) -> None:
        self.lockstep, self.travel = lockstep, travel
        self._queue, self._timer, self._autosave = queue, timer, autosave
        self.state = State.PAUSED
        self.steps_left = self.revision = 0
        self.rate = RateMeter()
        self._note = ""
        self._lane = 0
        self._sent_epoch = self._sent_of_lane = -1
        self._sent_data: DataSplit | None = None

    @property
    def active(self) -> bool:
        """Whether they are training."""
        return self.steps_left > 0 or self.state is State.TRAINING

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing left to train."""
        return self.lockstep.is_finished

    def send_start(self, note: str) -> None:
        """Report the runs, before training."""
        data = self.lockstep.data[:MAPPED]
        shared = all(each is data[0] for each in data)
        preparations = tuple(each.preparation for each in (data[:1] if shared else data))
        configs = self.lockstep.configs
        answered = self._queue.answered
        self._queue.post(SeedsRun(configs[0], len(configs), preparations, note, answered))
        self.select(0)

    def train(self, seconds: float) -> None:
        """Train for some time, or until the next epoch is not due yet."""
        stop, lockstep = perf_counter() + seconds, self.lockstep
        while True:
            lockstep.train_epoch()
            self.travel.record_epoch()
            self.revision += 1
            now = self._timer.last = perf_counter()
            if lockstep.is_finished:
                self.end()
                self._autosave.add_event(self, str(self.state).lower(), self._note)
                return
            if self.steps_left:
                self.steps_left -= 1
                if not self.steps_left:
                    self.set_state(State.PAUSED)
                    return
            else:
                self.rate.count(now)
                if self._timer.tick(now):
                    return
            if now >= stop:
                return

    def end(self, note: str = "") -> None:
        """Report that all runs have ended; a note replaces the sentence on that."""
        self.steps_left = 0
        state, ended = end_of_all(self.lockstep.stopped, self.lockstep.epoch)
        self.set_state(state, note or ended)

    def set_state(self, state: State, note: str = "") -> None:
        """Change the status, and report it after all epochs so far."""
        self.state, self._note = state, note
        self.revision += 1
        if state is State.TRAINING:
            self._timer.restart()
            self.rate.restart()
        self.report(force=True)
        self.repeat_state()

    def repeat_state(self) -> None:
        """Report the status again, in answer to a command without an effect."""
        self._queue.post(StateChanged(self.state, self._note, handled=self._queue.handled))

    def set_learning_rate(self, rate: float) -> None:
        """Change the learning rate of all runs, and report it."""
        self.branch()
        self.travel.set_learning_rate(rate)
        configs = self.lockstep.configs
        note = f"learning rate {rate:g} in all runs; trained weights kept"
        self.revision += 1
        self._autosave.add_event(self, "changed", note)
        self._queue.post(SeedsRun(configs[0], len(configs), (), note, self._queue.answered))

    def reject(self, note: str) -> None:
        """Report that a command had no effect."""
        configs, queue = self.lockstep.configs, self._queue
        queue.post(SeedsRun(configs[0], len(configs), (), note, queue.answered, queue.handled))

    def select(self, lane: int) -> None:
        """Report one of the first runs, and its new epochs from now on."""
        lockstep = self.lockstep
        self._lane = min(max(lane, 0), min(MAPPED, len(lockstep.configs)) - 1)
        whole = lockstep.data[self._lane]
        data, self._sent_data = None if whole is self._sent_data else whole, whole
        if data is not None:
            inputs = max(1, data.x_train.shape[1])
            data = data.thinned(min(MOST_SHOWN, max(100, MOST_NUMBERS_SHOWN // inputs)))
        table = table_of(lockstep, self._lane)
        self._sent_of_lane = lockstep.epoch
        self._queue.post(LaneSelected(self._lane, lockstep.configs[self._lane], data, table))

    def open(self, lane: int) -> None:
        """Pause, and report the complete state of a run."""
        lockstep = self.lockstep
        if self.active:
            self.steps_left = 0
            self.set_state(State.PAUSED)
        if 0 <= lane < len(lockstep.configs):
            state, table = lockstep.lane_state(lane), table_of(lockstep, lane)
            self._queue.post(LaneOpened(lane, lockstep.configs[lane], state, table))

    def seek(self, epoch: int) -> None:
        """Pause, go to the end of an epoch, at most the newest, and report it."""
        lockstep, queue = self.lockstep, self._queue
        self.steps_left = 0
        self.report(force=True)
        self._autosave.save(self)
        before = lockstep.configs[0]
        self.travel.travel(epoch, partial(queue.send_seeking, epoch))
        config = lockstep.configs[0]
        if config != before:
            queue.post(SeedsRun(config, len(lockstep.configs), (), "", queue.answered))
        self._sent_epoch = self._sent_of_lane = lockstep.epoch
        table = table_of(lockstep, self._lane)
        queue.post(self._progress(NO_EPOCHS, table, moved=True))
        if lockstep.is_finished:
            self.end()
        else:
            self.set_state(State.PAUSED)

    def branch(self) -> None:
        """Discard the epochs after the current one, before the runs continue there."""
        if self.travel.is_past:
            self.travel.branch()
            self.revision += 1
            epoch = self.lockstep.epoch
            self._autosave.branch(epoch)
            self._autosave.add_event(self, "branched", f"training resumed from epoch {epoch:,}")
            table = table_of(self.lockstep, self._lane, epoch)
            self._queue.post(self._progress(NO_EPOCHS, table))

    def report(self, *, force: bool = False) -> None:
        """Send new epochs if the screen has pulled, or in any case with `force`."""
        lockstep, queue = self.lockstep, self._queue
        is_new = lockstep.epoch > self._sent_epoch
        if not (force or queue.pulled) or not is_new:
            return
        table = table_of(lockstep, self._lane, self._sent_of_lane)
        queue.post(self._progress(self._quartiles(), table))
        self._sent_epoch = self._sent_of_lane = lockstep.epoch
        queue.pulled = False

    def _progress(
        self, spread: NDArray[np.float32], table: NDArray[np.float64], *, moved: bool = False
    ) -> SeedsProgress:
        lockstep = self.lockstep
        parameters, statistics = self._networks()
        return SeedsProgress(
            lockstep.epoch,
            spread,
            np.array([lockstep.current(name) for name in COLUMNS]),
            tuple(lockstep.stopped),
            verdict(results_of(lockstep), has_classes=lockstep.data[0].has_classes),
            parameters,
            statistics,
            self._lane,
            table,
            self.rate.value,
            self.travel.head,
            moved,
        )

    def _networks(self) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        lockstep = self.lockstep
        lanes = range(min(MAPPED, len(lockstep.configs)))
        parameters = np.array([lockstep.parameters(lane) for lane in lanes])
        return parameters, np.array([lockstep.statistics(lane) for lane in lanes])

    def _quartiles(self) -> NDArray[np.float32]:
        """Return the spread of the unreported epochs over the runs that have not diverged."""
        lockstep, start = self.lockstep, max(self._sent_epoch, 0)
        healthy = np.array([each is not Stop.DIVERGED for each in lockstep.stopped])
        parts = [lockstep.untrained[None, :CURVES]] if self._sent_epoch < 0 else []
        for at in range(start, lockstep.epoch, SORTED_AT_ONCE):
            stop = min(at + SORTED_AT_ONCE, lockstep.epoch)
            parts.append(lockstep.history.rows(at, stop)[:, :CURVES])
        spreads = [quartiles(np.where(healthy, part, np.nan)) for part in parts]
        return np.concatenate(spreads).astype(np.float32)


def reopen(
    path: Path,
    queue: CommandQueue,
    timer: EpochTimer,
    autosave: SeedsAutosave,
    *,
    paused: bool,
) -> SeedsTraining:
    """Return the runs that are saved in a folder, and report them to the screen.

    Args:
        path: of the folder.
        queue: to the screen.
        timer: keeps the speed.
        autosave: continues to save them.
        paused: whether to pause them, even if they were training.

    Raises:
        RunError: when another process uses them, they are damaged, or their data have changed.
        Cancelled: when loading the data was cancelled.
    """
    folder, saved, lockstep, travel = open_seeds(path, PATIENCE, queue.send_loading)
    header, was_training = saved.header, saved.header.state is State.TRAINING
    runs = SeedsTraining(lockstep, travel, queue, timer, autosave)
    runs.state = header.state
    note = f"{folder.name} resumed at epoch {header.epoch:,}"
    moved = header.kernels_warning
    autosave.resume(runs, saved, folder)
    if moved:
        note += f"; {moved}"
        autosave.add_event(runs, "moved", moved)
    runs.send_start("")
    if lockstep.is_finished:
        runs.end(note)
    else:
        runs.set_state(State.TRAINING if was_training and not paused else State.PAUSED, note)
    return runs
