"""The training process itself: takes commands, trains at the pace asked for, reports when pulled.

Started by `client.TrainingProcess`. It looks at its commands every few milliseconds, never waits for
the screen, and ends when the screen's end of the channel is closed.
"""

from __future__ import annotations

import os
import socket
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.datasets import edited
from core.datasets.dataset import DataError
from core.datasets.prepare import prepare
from core.history import History
from core.kinds import ConfigError
from core.process.background import BaselineInBackground
from core.process.channel import Channel
from core.process.messages import (
    Branched,
    Cancel,
    Configure,
    EditData,
    EditParameter,
    Failed,
    Loading,
    MeasureBaseline,
    Moved,
    Pause,
    Progress,
    Pull,
    Refused,
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
from core.process.notes import describe_change, idle_settings, why_stopped
from core.process.pace import Pace
from core.stopping import Stop
from core.timeline import tabulate
from core.trainer import Trainer

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.datasets import TrainTest
    from core.datasets.edited import Edit
    from core.epoch import EpochMetrics
    from core.optimizers import Optimizer
    from core.process.messages import Command

SLICE: Final = 0.004
"""Seconds of training between two looks at the commands, when epochs are shorter than that."""

HANDOVER: Final = 2.0
"""Seconds that a start may wait for the screen to take the samples: it can show nothing before."""

LONG_EPOCH: Final = 0.3
"""Seconds after which an epoch under way counts as a long one, whose progress is told."""

SAME_NUMBERS: Final = {
    *("optimizer", "learning_rate", "momentum", "weight_decay", "batch_size", "clip_norm"),
    *("clip_value", "freeze", "schedule", "decay", "decay_epochs", "warmup", "min_learning_rate"),
    *("dropout", "epochs", "target_loss", "target_accuracy", "patience", "restore_best", "monitor"),
}
"""Settings whose change leaves the metrics of a run at rest as they are."""

MOST_SHOWN: Final = 20_000
"""Samples of a part that the screen is given, at most; also fewer, if each has very many inputs."""

MOST_NUMBERS_SHOWN: Final = 4_000_000

WHILE_MEASURING: Final = 0.05
"""Seconds between two looks at a baseline that is being measured."""

ENOUGH_ROWS: Final = 50_000
"""Rows that wait for a screen that does not pull, before they are sent all the same."""


class Cancelled(Exception):  # noqa: N818 (it is what was asked for)
    """Loading was ended, by somebody or by what came after it."""


def main(descriptor: int) -> None:
    """Serve the channel at that file descriptor until its other end is closed."""
    channel = Channel(socket.socket(fileno=descriptor))
    try:
        with np.errstate(all="ignore"):  # a run that diverges says so by its loss
            TrainingLoop(channel).run()
    except Exception as error:
        channel.post(Failed(f"{type(error).__name__}: {error}"))
        raise
    finally:
        # nothing is left to save, and taking an interpreter down takes longer than quitting may
        if channel.closed:
            os._exit(0)


class TrainingLoop:
    """One run after another, as the commands say."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._trainer: Trainer | None = None
        self._history: History
        self._state = State.PAUSED
        self._steps_left = 0
        self._span = 0
        self._answered = 0
        self._last = 0.0
        self._interval = 0.0
        self._due = 0.0
        self._began = 0.0
        self._pulled = False
        self._ended: Stop | None = None
        self._rows: list[EpochMetrics] = []
        self._newest: EpochMetrics
        self._pace = Pace()
        self._waiting: list[Command] = []
        self._stepped: Optimizer | None = None  # whose gradient is that of the last step
        self._measuring: BaselineInBackground | None = None

    def run(self) -> None:
        """Serve until the channel is closed."""
        while True:
            self._waiting += self._channel.receive(self._idle_time())
            while self._waiting:
                self._obey(self._waiting.pop(0))
            if self._channel.closed:
                return
            if self._measuring is not None and self._measuring.found is not None:
                self._tell_baseline(self._measuring)
            # a command may have come before the next epoch is due
            if self._trainer is not None and self._idle_time() == 0:
                self._train(self._trainer)
                self._report()

    @property
    def _active(self) -> bool:
        return self._steps_left > 0 or self._state is State.TRAINING

    def _idle_time(self) -> float | None:
        if not self._active:
            return None if self._measuring is None else WHILE_MEASURING
        if self._steps_left or not self._interval:
            return 0
        wait = max(0.0, self._due - perf_counter())
        return wait if self._measuring is None else min(wait, WHILE_MEASURING)

    def _obey(self, command: Command) -> None:
        match command:
            case Start():
                self._answered += 1
                self._start(command.config, command.paused)
            case Pause():
                self._pause()
            case Resume():
                self._resume()
            case Step():
                self._step(command.epochs)
            case StepBatch():
                self._step_batch()
            case Configure():
                self._answered += 1
                self._configure(command.changes)
            case SetSpeed():
                speed = command.epochs_per_second
                self._interval = 0.0 if speed is None else 1 / speed
                self._due = max(perf_counter(), self._last + self._interval)
                self._pace.restart()
            case Seek():
                self._seek(command.epoch)
            case EditParameter():
                self._edit(command.index, command.value)
            case EditData():
                self._edit_data(command.edit)
            case MeasureBaseline():
                self._measure_baseline()
            case Cancel():
                pass  # nothing is being loaded
            case Pull():
                self._pulled = True
                self._report()

    def _start(self, config: RunConfig, paused: bool) -> None:
        self._report(force=True)  # the last epochs of the run before
        before = self._trainer
        same = before is not None and before.config.data_key == config.data_key
        data = before.data if before is not None and same else None
        try:
            trainer = Trainer(config, data, self._tell_loading)
        except _REFUSALS as error:
            reason = _why_refused(error)
            if before is None and any(isinstance(each, Start) for each in self._waiting):
                pass  # what comes next is what is wanted
            elif before is None:
                self._channel.post(Refused(reason))
            else:
                self._tell_run(before, None, fresh=False, note=reason)
            return
        self._trainer = trainer
        self._history = History(trainer)
        self._stepped = None
        self._span = config.epochs
        self._rows = [trainer.untrained]
        self._newest = trainer.untrained
        self._steps_left = 0
        self._ended = None
        self._pace = Pace()
        self._tell_run(trainer, trainer.data, fresh=True, note=idle_settings(config))
        self._set_state(State.PAUSED if paused else State.TRAINING)
        self._channel.flush(HANDOVER)

    def _pause(self) -> None:
        if self._active and self._trainer is not None:
            self._steps_left = 0
            share, epoch = self._trainer.share_of_epoch, self._trainer.epoch + 1
            within = f"paused within epoch {epoch:,}, {share:.0%} of its batches are trained"
            self._set_state(State.PAUSED, within if share else "")

    def _resume(self) -> None:
        trainer = self._trainer
        if trainer is not None and not self._active:
            self._leave_past(trainer)
            at_end = trainer.epoch >= trainer.config.epochs
            end = trainer.epoch + self._span if at_end else trainer.config.epochs
            self._set_state(State.TRAINING, self._go_on(trainer, end))

    def _step(self, epochs: int) -> None:
        trainer = self._trainer
        if trainer is not None:
            self._leave_past(trainer)
            self._steps_left += epochs
            end = max(trainer.epoch + self._steps_left, trainer.config.epochs)
            self._set_state(State.PAUSED, self._go_on(trainer, end))

    def _step_batch(self) -> None:
        trainer = self._trainer
        if trainer is None:
            return
        self._leave_past(trainer)
        if self._state is not State.PAUSED:
            self._set_state(State.PAUSED)  # measures what a diverged epoch went back to
        self._steps_left = 0
        self._go_on(trainer, max(trainer.epoch + 1, trainer.config.epochs))
        metrics = trainer.advance(0.0)
        while metrics is None and trainer.batches.next == trainer.batches.count:
            metrics = trainer.advance(0.0)  # what is left of the epoch is measuring
        self._stepped = trainer.optimizer
        if metrics is None:
            self._history.note()
            number, count = trainer.batches.next, trainer.batches.count
            told = (
                f"batch {number:,} of {count:,} of epoch {trainer.epoch + 1:,}; losses and scores "
                f"are those of epoch {trainer.epoch:,}"
            )
            self._set_state(State.PAUSED, told)
        elif not self._take(trainer, metrics):
            self._set_state(State.PAUSED, f"the last batch of epoch {metrics.epoch:,}")

    def _go_on(self, trainer: Trainer, end: int) -> str:
        """Lift what would end the run at once, and say so."""
        changes: dict[str, Any] = {}
        notes = []
        stopped, self._ended = self._ended, None
        if stopped in {Stop.TARGET_LOSS, Stop.TARGET_ACCURACY}:
            if getattr(trainer.config, stopped.value) is not None:
                changes[stopped.value] = None
            notes.append(f"the run goes on without its {stopped.value.replace('_', ' ')}")
        if stopped is Stop.PATIENCE:
            self._history.change(trainer.wait_anew)
            notes.append("the run goes on, and patience begins anew")
        if end > trainer.config.epochs:
            changes["epochs"] = end
            notes.append(f"the run goes on to epoch {end:,}")
        note = "; ".join(notes)
        if changes:
            config = trainer.config.changed(**changes)
            self._history.change(lambda: trainer.configure(config))
            self._tell_run(trainer, None, fresh=False, note=note)
        return note

    def _configure(self, changes: dict[str, Any]) -> None:
        trainer = self._trainer
        if trainer is None:
            return
        before, data = trainer.config, trainer.data
        try:
            config = before.changed(**changes)
        except ConfigError as error:
            # each side checked what it knew: two changes may rule each other out
            self._tell_run(trainer, None, fresh=False, note=str(error))
            return
        self._report(force=True)  # the last epochs, with the parameters that belong to them
        share, restored = trainer.share_of_epoch, trainer.restored
        try:
            fresh = self._reconfigure(trainer, config)
        except _REFUSALS as error:
            self._tell_run(trainer, None, False, _why_refused(error))
            return
        if fresh:
            self._history = History(trainer)
            self._rows = [trainer.untrained]
            self._newest = trainer.untrained
            self._ended = None
        if config.epochs != before.epochs:
            self._span = config.epochs
        note = describe_change(before, config, fresh=fresh)
        if share and not trainer.share_of_epoch and not fresh:
            note += f"; epoch {trainer.epoch + 1:,} begins again"
        self._tell_run(trainer, trainer.data if trainer.data is not data else None, fresh, note)
        changed = {each.name for each in before.differences(config)}
        other_numbers = restored is not None or not changed <= SAME_NUMBERS
        if not self._active and not self._rows:
            # what the network computes may have changed with the data or the activation
            self._newest = trainer.measure() if other_numbers else self._newest
            self._rows = [self._newest]
        over = trainer.epoch >= config.epochs
        if self._state in {State.FINISHED, State.DIVERGED}:
            rest = State.FINISHED if over else State.PAUSED
            self._set_state(State.TRAINING if fresh else rest, note)
        elif self._state is State.TRAINING and over:
            trainer.stopped = Stop.EPOCHS
            self._set_state(State.FINISHED, note)
        elif not self._active:
            self._report(force=True)

    def _tell_run(
        self,
        trainer: Trainer,
        data: TrainTest | None,
        fresh: bool,
        note: str,
        *,
        travelled: bool = False,
    ) -> None:
        if data is not None:
            inputs = data.x_train.shape[1]
            data = data.thinned(min(MOST_SHOWN, max(100, MOST_NUMBERS_SHOWN // max(1, inputs))))
        self._channel.post(Run(trainer.config, data, fresh, note, self._answered, travelled))

    def _reconfigure(self, trainer: Trainer, config: RunConfig) -> bool:
        """Take another config, which the history remembers; tell whether the run began anew."""
        before, fresh = trainer.config, False
        draws = before.data_key != config.data_key
        data = prepare(config, self._tell_loading) if draws else trainer.data

        def apply() -> None:
            nonlocal fresh
            fresh = trainer.configure(config, data=data)

        epoch, was_past = trainer.epoch, self._history.is_past
        self._history.change(apply)  # may be refused, and then nothing has happened
        if was_past:
            self._ended = None
            self._channel.post(Branched(epoch))
        return fresh

    def _leave_past(self, trainer: Trainer) -> None:
        """Let the run go on from where it stands; what was trained beyond is no longer of it."""
        if self._history.is_past:
            self._ended = None
            self._history.branch()
            self._channel.post(Branched(trainer.epoch))

    def _seek(self, epoch: int) -> None:
        trainer = self._trainer
        if trainer is None:
            return
        self._steps_left = 0
        if self._state is not State.PAUSED:
            self._set_state(State.PAUSED)
        self._report(force=True)
        before = trainer.config, trainer.data

        def go_on(share: float) -> bool:
            try:
                self._tell_loading(f"training again to epoch {epoch:,}", share)
            except Cancelled:
                return False
            # another way that is asked for next makes this one needless
            following = (one for one in self._waiting if not isinstance(one, Pull | SetSpeed))
            return not isinstance(next(following, None), Seek)

        self._history.travel(epoch, go_on)
        self._stepped = None  # the gradients of checkpoints are not kept
        other_data = trainer.data is not before[1]
        if trainer.config is not before[0] or other_data:
            data = trainer.data if other_data else None
            self._tell_run(trainer, data, fresh=False, note="", travelled=True)
        self._newest = trainer.measure()
        self._tell_moved(trainer)

    def _edit(self, index: int, value: float) -> None:
        trainer = self._trainer
        if trainer is None or not 0 <= index < trainer.network.parameters.size:
            return
        self._report(force=True)
        self._leave_past(trainer)
        self._history.change(lambda: trainer.set_parameter(index, value))
        self._newest = trainer.measure()
        self._tell_moved(trainer, index)
        if not self._active and not trainer.batches.next:
            self._rows = [self._newest]  # within an epoch its row would be of no epoch's end
            self._report(force=True)

    def _edit_data(self, edit: Edit) -> None:
        trainer = self._trainer
        if trainer is None:
            return
        before = trainer.data
        try:
            data = edited.apply(before, edit)
        except ValueError as error:
            self._tell_run(trainer, None, fresh=False, note=str(error))
            return

        def change() -> None:
            trainer.wait_anew()
            trainer.take_data(data)

        self._report(force=True)
        share = trainer.share_of_epoch
        self._leave_past(trainer)
        self._history.change(change)
        note = f"{edited.describe(before, edit)}; the data are edited"
        if share:
            note += f"; epoch {trainer.epoch + 1:,} begins again"
        self._tell_run(trainer, data, fresh=False, note=note)
        if self._active:
            return
        self._newest = trainer.measure()
        self._rows = [self._newest]
        if self._state in {State.FINISHED, State.DIVERGED}:
            over = trainer.epoch >= trainer.config.epochs
            self._set_state(State.FINISHED if over else State.PAUSED, note)
        else:
            self._report(force=True)

    def _tell_moved(self, trainer: Trainer, edited: int | None = None) -> None:
        network = trainer.network
        parameters, statistics = network.parameters.copy(), network.statistics.copy()
        head, past = self._history.head.epoch, self._history.is_past
        share = trainer.share_of_epoch
        moved = Moved(trainer.epoch, head, parameters, statistics, past, share, edited)
        self._channel.post(moved)

    def _tell_loading(self, what: str, share: float) -> None:
        """Say how far loading is, and look whether it is to go on."""
        self._channel.post(Loading(what, share))
        self._waiting += self._channel.receive(0)
        for at, each in enumerate(self._waiting):
            if isinstance(each, Cancel):
                # with it goes what was to be loaded after this
                before, self._waiting = self._waiting[:at], self._waiting[at + 1 :]
                dropped = [one for one in before if isinstance(one, Configure)]
                self._answered += len(dropped)
                self._waiting[:0] = [one for one in before if one not in dropped]
                raise Cancelled
        if self._channel.closed or any(isinstance(each, Start) for each in self._waiting):
            raise Cancelled

    def _measure_baseline(self) -> None:
        if self._trainer is not None and self._measuring is None:
            self._measuring = BaselineInBackground(self._trainer.data)

    def _tell_baseline(self, measured: BaselineInBackground) -> None:
        self._measuring = None
        if self._trainer is not None and measured.data is not self._trainer.data:
            self._measure_baseline()  # it was of data that are gone
        elif measured.found is not None:
            self._channel.post(measured.found)

    def _set_state(self, state: State, note: str = "") -> None:
        if self._state is State.DIVERGED and self._trainer is not None and not self._rows:
            # the epoch that diverged never was: what comes next follows the one before it
            self._rows = [self._trainer.measure()]
        self._state = state
        if state is State.TRAINING:
            self._due = perf_counter()
            self._pace.restart()
        self._report(force=True)
        stopped, restored = None, None
        if self._trainer is not None:
            stopped, restored = self._trainer.stopped, self._trainer.restored
        self._channel.post(StateChanged(state, note, stopped, restored))

    def _train(self, trainer: Trainer) -> None:
        """Train for one slice, or until something has to be told."""
        stop = perf_counter() + SLICE
        while True:
            if not trainer.batches.next:
                self._began = perf_counter()
            metrics = trainer.advance(stop)
            if metrics is None:
                return
            self._stepped = trainer.optimizer
            if self._take(trainer, metrics):
                return
            now = self._last = perf_counter()
            if self._steps_left:
                self._steps_left -= 1
                if not self._steps_left:
                    self._set_state(State.PAUSED)
                    return
            else:
                self._pace.count(now)
                if self._interval:
                    # a machine that was busy elsewhere must not make up for it in a burst
                    self._due = max(self._due + self._interval, now - 0.1)
                    if self._due > now:
                        return
            if now >= stop:
                return

    def _take(self, trainer: Trainer, metrics: EpochMetrics) -> bool:
        """Take an epoch in that is over; tell whether the run is, too."""
        self._rows.append(metrics)
        self._history.note()
        if trainer.stopped is not Stop.DIVERGED:
            self._newest = metrics
        if trainer.stopped is None:
            return False
        self._last = perf_counter()
        self._steps_left = 0
        self._ended = trainer.stopped
        ended = State.DIVERGED if trainer.stopped is Stop.DIVERGED else State.FINISHED
        self._set_state(ended, why_stopped(trainer, metrics))
        return True

    def _report(self, force: bool = False) -> None:
        """Send what is new, when it was pulled or has to be known."""
        trainer = self._trainer
        if trainer is None:
            return
        share = trainer.share_of_epoch
        if share and not force and perf_counter() - self._began < LONG_EPOCH:
            share = 0.0
        if not self._rows and not share:
            return
        too_many = len(self._rows) >= ENOUGH_ROWS and not self._channel.backlog
        if force or self._pulled or too_many:
            network, rows = trainer.network, tabulate(self._rows)
            at_rest = force and self._stepped is trainer.optimizer
            self._channel.post(
                Progress(
                    rows,
                    network.parameters.copy(),
                    network.statistics.copy(),
                    self._pace.value,
                    share,
                    trainer.optimizer.gradient.copy() if at_rest else None,
                )
            )
            self._rows = []
            self._pulled = False


_REFUSALS: Final = (ConfigError, DataError, MemoryError, Cancelled)
"""What may come of loading data; the run that there is goes on."""


def _why_refused(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "these data are too large for the memory of this machine"
    return str(error) or "loading was cancelled"
