"""The current run: trainer, time travel, status, and the epochs that were not reported yet."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from core.process.messages import (
    Branched,
    Moved,
    Progress,
    Reopened,
    Run,
    State,
    StateChanged,
)
from core.process.speed import RateMeter
from core.process.status_text import why_stopped
from core.runs.autosaver import RunSnapshot
from core.runs.folder import RunFolder
from core.runs.reader import read_run, without_superseded
from core.runs.saved_history import read_time_travel
from core.training.epoch_log import metrics_of, tabulate
from core.training.stopping import Stop
from core.training.time_travel import TimeTravel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from core.config.settings import Effect
    from core.datasets import DataSplit
    from core.nn.optimizers import Optimizer
    from core.process.autosave import TrainingAutosave
    from core.process.command_queue import CommandQueue
    from core.process.speed import EpochTimer
    from core.runs.reader import SavedRun
    from core.training.checkpoints import Position
    from core.training.state import EpochMetrics, TrainerState
    from core.training.trainer import Trainer

LONG_EPOCH: Final = 0.3
"""Seconds after which the progress within an epoch is reported."""

MOST_SHOWN: Final = 20_000
"""Maximum number of samples per part that the screen receives; fewer if each has many inputs."""

MOST_NUMBERS_SHOWN: Final = 4_000_000

MOST_MEASURED: Final = 100_000_000
"""Samples times parameters that are measured for a run at rest: about 0.2 s."""

MOST_UNSENT: Final = 50_000
"""Epochs after which a report is sent to a screen that does not pull."""


MOST_EVENTS: Final = 2_000
"""Newest entries of the event log of a saved run that the screen receives."""

PATIENCE: Final = 3.0
"""Seconds to wait for a training process whose screen has exited, and which saves before it exits."""

BRANCH: Final = 2
"""Minimum number of epochs by which rows jump back at a branch: by 1 after an epoch that diverged."""


class TrainingRun:
    """One run, until another replaces it.

    Attributes:
        trainer: trains the network.
        time_travel: records the run, and moves the trainer within it.
        state: status of the run.
        steps_left: epochs to train before the run pauses again.
        extension: epochs that are added when training continues after the last one.
        ended: why the run had ended when it last stopped, or None.
        rows: metrics of the epochs that were not reported yet.
        newest: metrics of the last complete epoch at the current position.
        newest_of_head: the same at the newest position, while the run is in its past.
        stepped: the optimiser whose gradient belongs to the last step, or None.
        rate: measured epochs per second.
        epoch_started: time at which the current epoch started.
        revision: counter of changes to what is saved.
        reported: number of reports about the position, the config or the data.
        loss_starts: epochs from which losses are not comparable with those before.
        autosave: saves the run.
    """

    time_travel: TimeTravel
    ended: Stop | None
    rows: list[EpochMetrics]
    newest: EpochMetrics
    newest_of_head: EpochMetrics

    def __init__(
        self,
        trainer: Trainer,
        queue: CommandQueue,
        timer: EpochTimer,
        autosave: TrainingAutosave,
    ) -> None:
        self.trainer, self._queue, self._timer = trainer, queue, timer
        self.autosave = autosave
        self.revision = self.reported = 0
        self.state = State.PAUSED
        self.steps_left = 0
        self.extension = trainer.config.epochs
        self.stepped: Optimizer | None = None
        self.rate = RateMeter()
        self.epoch_started = 0.0
        self.ended = None
        self.rows = []
        self.loss_starts: tuple[int, ...] = (0,)
        self._sent_config = trainer.config

    def start(self) -> None:
        """Start recording at epoch 0, after the trainer got new weights."""
        self.time_travel = TimeTravel(self.trainer)
        self.ended = None
        self.newest = self.newest_of_head = self.trainer.untrained
        self.rows = [self.newest]
        self.loss_starts = (0,)
        self._sent_config = self.trainer.config
        self.autosave.begin_run(self)

    def start_from(self, state: TrainerState, table: NDArray[np.float64]) -> None:
        """Start recording at the state of another run, and report its epochs as those of this one."""
        trainer = self.trainer
        trainer.restore(state)
        self.time_travel = TimeTravel(trainer)
        self.ended = state.stopped
        self.rows = [metrics_of(row) for row in table]
        self.newest = self.newest_of_head = trainer.measure()
        if state.stopped is not None:
            self.state = State.DIVERGED if state.stopped is Stop.DIVERGED else State.FINISHED
        self.loss_starts = (0,)
        self._sent_config = trainer.config
        self.autosave.begin_run(self)

    def resume_from(self, saved: SavedRun, folder: RunFolder) -> None:
        """Continue recording a saved run, after the trainer was restored."""
        header = saved.header
        self.time_travel, history = read_time_travel(saved, self.trainer)
        self.newest = self.newest_of_head = header.metrics
        self.ended, self.extension = header.ended, header.extension
        self.loss_starts = header.loss_starts
        self.autosave.resume_run(self, saved, folder, history)

    def change(
        self,
        apply: Callable[[], object],
        *,
        is_edit: bool = False,
        position: Position | None = None,
    ) -> None:
        """Change the trainer, and record it in the saved history too; see `TimeTravel.change`."""
        self.time_travel.change(apply, is_edit=is_edit, position=position)
        self.revision += 1
        self.autosave.add_change(self)

    @property
    def active(self) -> bool:
        """Whether it is training."""
        return self.steps_left > 0 or self.state is State.TRAINING

    @property
    def is_fast_to_measure(self) -> bool:
        """Whether the network can be measured without a noticeable delay."""
        samples = sum(self.trainer.data.all_samples)
        return samples * self.trainer.network.parameters.size <= MOST_MEASURED

    def finish_epoch(self, metrics: EpochMetrics) -> bool:
        """Record an epoch; return whether the run has ended with it."""
        trainer = self.trainer
        self.revision += 1
        self.rows.append(metrics)
        diverged = trainer.stopped is Stop.DIVERGED
        if diverged and (position := self.time_travel.rolled_back_to) is not None:
            # time travel has to apply the changes of the epoch first, and then roll it back
            state = trainer.state()
            back = partial(trainer.return_to, trainer.config, trainer.data, state)
            self.change(back, position=position)
        self.time_travel.record_epoch()
        if not diverged:
            # saved runs are listed with the metrics of their current weights
            self.newest = metrics if trainer.restored is None else trainer.measure()
        if trainer.stopped is None:
            return False
        self._timer.last = perf_counter()
        self.steps_left = 0
        self.ended = trainer.stopped
        ended = State.DIVERGED if diverged else State.FINISHED
        self.set_state(ended, why_stopped(trainer, metrics))
        return True

    def set_state(self, state: State, note: str = "") -> None:
        """Change the status, and report it after all epochs so far."""
        if self.state is State.DIVERGED and not self.rows:
            # the diverged epoch was rolled back: the next one follows the epoch before it
            self.rows = [self.trainer.measure()]
        if state is not self.state and state in {State.FINISHED, State.DIVERGED}:
            self.autosave.add_event(self, str(state).lower(), note)
        self.state = state
        self.revision += 1
        if state is State.TRAINING:
            self._timer.restart()
            self.rate.restart()
        self.report(force=True)
        self.send_state(note)

    def send_state(self, note: str = "") -> None:
        """Report the status."""
        stopped, restored = self.trainer.stopped, self.trainer.restored
        self._queue.post(StateChanged(self.state, note, stopped, restored, self._queue.handled))

    def report(self, *, force: bool = False) -> None:
        """Send new epochs if the screen has pulled, or in any case with `force`."""
        trainer, queue = self.trainer, self._queue
        share = trainer.share_of_epoch
        if share and not force and perf_counter() - self.epoch_started < LONG_EPOCH:
            share = 0.0
        measured = self._measured_at_rest(share) if force and not self.active else None
        if not self.rows and measured is None and not (share and (force or self.active)):
            return  # everything was sent when the run stopped
        too_many = len(self.rows) >= MOST_UNSENT and not queue.backlog
        if force or queue.pulled or too_many:
            network, rows = trainer.network, tabulate(self.rows)
            self.autosave.add_epochs(rows)
            self.reported += 1
            at_rest = force and self.stepped is trainer.optimizer
            queue.post(
                Progress(
                    rows,
                    network.parameters.copy(),
                    network.statistics.copy(),
                    self.rate.value,
                    share,
                    trainer.optimizer.gradient.copy() if at_rest else None,
                    measured,
                )
            )
            self.rows = []
            queue.pulled = False

    def _measured_at_rest(self, share: float) -> EpochMetrics | None:
        """Return the metrics of the current network, or None if the last row has them."""
        trainer, newest = self.trainer, self.newest
        if share:
            return trainer.measure() if self.is_fast_to_measure else None
        if trainer.restored is not None or newest.epoch != trainer.epoch:
            return None  # they belong to another row
        if trainer.config.diagnostics and not newest.layers and self.is_fast_to_measure:
            self.newest = newest._replace(layers=trainer.measure().layers)
        rate = trainer.optimizer.learning_rate  # differs after a change of the setting
        is_sent = self.newest is newest and rate == newest.learning_rate
        return None if is_sent else self.newest._replace(learning_rate=rate)

    def send_run(
        self,
        data: DataSplit | None,
        *,
        fresh: bool,
        note: str,
        travelled: bool = False,
        handled: int = 0,
    ) -> None:
        """Report the config, and the samples if the screen has others."""
        self.reported += fresh or data is not None or self.trainer.config != self._sent_config
        effects = self._sent_config.effects(self.trainer.config)
        self._sent_config = self.trainer.config
        if not (travelled or fresh) and (effects or data is not None):
            self._record_settings(effects, note, data_changed=data is not None)
        if data is not None:
            data = thinned(data)
        answered = self._queue.answered
        self._queue.post(Run(self.trainer.config, data, fresh, note, answered, travelled, handled))

    def send_moved(self, edited: int | None = None) -> EpochMetrics:
        """Report the network at the current position, and return its metrics."""
        trainer, network = self.trainer, self.trainer.network
        past, measured = self.time_travel.is_past, trainer.measure()
        if edited is not None:
            self.revision += 1
            value = float(network.parameters[edited])
            self.autosave.add_event(self, "edited", f"parameter {edited} set to {value:.6g}")
        self.reported += 1
        self._queue.post(
            Moved(
                trainer.epoch,
                self.time_travel.head.epoch,
                measured,
                network.parameters.copy(),
                network.statistics.copy(),
                past,
                trainer.share_of_epoch,
                edited,
                self.time_travel.is_edited,
                None if past else trainer.stopped,
                None if past else trainer.restored,
            )
        )
        return measured

    def branch_from_past(self) -> None:
        """If the current position is in the past, discard everything after it."""
        if self.time_travel.is_past:
            self.time_travel.branch()
            self.send_branched(self.trainer.epoch)

    def send_branched(self, epoch: int) -> None:
        """Report that everything after an epoch was discarded."""
        self.ended = None
        self.revision += 1
        self.loss_starts = tuple(each for each in self.loss_starts if each <= epoch + 1)
        self.autosave.branch(self)
        self.autosave.add_event(self, "branched", f"training resumed from epoch {epoch:,}")
        self._queue.post(Branched(epoch))

    def snapshot(self) -> RunSnapshot:
        """Return the newest state to save, without the history."""
        return RunSnapshot(
            self.time_travel.checkpoint(),
            self.newest,
            self.state,
            ended=self.ended,
            extension=self.extension,
            edited=self.time_travel.is_edited,
            loss_starts=self.loss_starts,
        )

    def _record_settings(
        self, effects: frozenset[Effect], note: str, *, data_changed: bool
    ) -> None:
        self.revision += 1
        if data_changed or "loss" in effects:
            # after the last row that the screen has, which may be of an epoch that diverged
            end = self.trainer.epoch + 1 + (self.state is State.DIVERGED)
            self.loss_starts = (*(each for each in self.loss_starts if each < end), end)
        if note:
            self.autosave.add_event(self, "changed", note)


def thinned(data: DataSplit) -> DataSplit:
    """Return as many samples as the screen receives."""
    inputs = data.x_train.shape[1]
    return data.thinned(min(MOST_SHOWN, max(100, MOST_NUMBERS_SHOWN // max(1, inputs))))


def reopen(
    path: Path,
    queue: CommandQueue,
    timer: EpochTimer,
    autosave: TrainingAutosave,
    *,
    paused: bool,
    restored: bool = False,
) -> TrainingRun:
    """Return the run that is saved in a folder, and report it to the screen.

    Args:
        path: of the folder.
        queue: to the screen.
        timer: keeps the speed.
        autosave: continues to save it.
        paused: whether to pause it, even if it was training.
        restored: whether another run had replaced it in this session.

    Raises:
        RunError: when another process uses it, it is damaged, or its data have changed.
        Cancelled: when loading the data was cancelled.
    """
    folder = RunFolder.open(path, PATIENCE)
    try:
        saved = read_run(path)
        run = TrainingRun(saved.trainer(queue.send_loading), queue, timer, autosave)
    except BaseException:
        folder.close()
        raise
    header = saved.header
    run.state = header.state
    run.resume_from(saved, folder)
    run.send_run(run.trainer.data, fresh=True, note="")
    _send_rows(run, queue, saved)
    run.report(force=True)  # the fraction of the current epoch
    first = run.time_travel.first
    name = folder.name if autosave.is_on else ""
    events = tuple((each.epoch, each.kind, each.note) for each in saved.events[-MOST_EVENTS:])
    queue.post(Reopened(name, header.edited, header.loss_starts, restored, events))
    note = f"{folder.name} resumed at epoch {header.epoch:,}"
    if restored:
        note = f"{header.config.source_name} of epoch {header.epoch:,} restored"
        note += "; space resumes it" * (run.state is State.TRAINING)
    if first.epoch or first.batch:
        note += f"; time travel goes back to epoch {first.epoch:,}"
    if moved := header.kernels_warning:
        note += f"; {moved}"
        autosave.add_event(run, "moved", moved)
    if run.state is State.TRAINING:
        run.set_state(State.PAUSED if paused else State.TRAINING, note)
    else:
        run.send_state(note)
    return run


def _send_rows(run: TrainingRun, queue: CommandQueue, saved: SavedRun) -> None:
    """Send all epochs, including those that the last branch discarded, which stay visible."""
    rows, last = saved.rows, saved.last_measured
    jumps = np.flatnonzero(np.diff(rows[:, 0]) <= -BRANCH) + 1
    if len(jumps):
        at = int(jumps[-1])
        _send(run, queue, without_superseded(rows[:at]))
        queue.post(Branched(max(0, int(rows[at, 0]) - 1)))
        rows = rows[at:]
    rows = without_superseded(rows)
    _send(run, queue, rows)
    if len(rows) and rows[-1, 0] > last:
        queue.post(Branched(last))  # no epoch was trained after the branch


def _send(run: TrainingRun, queue: CommandQueue, rows: NDArray[np.float64]) -> None:
    network = run.trainer.network
    parameters, statistics = network.parameters.copy(), network.statistics.copy()
    queue.post(Progress(rows, parameters, statistics, 0.0))
