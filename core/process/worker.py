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

from core.kinds import ConfigError
from core.process.channel import Channel
from core.process.messages import (
    Configure,
    Failed,
    Pause,
    Progress,
    Pull,
    Resume,
    Run,
    SetSpeed,
    Start,
    State,
    StateChanged,
    Step,
)
from core.trainer import Trainer

if TYPE_CHECKING:
    from core.config import RunConfig, Setting
    from core.datasets import TrainTest
    from core.process.messages import Command
    from core.trainer import EpochMetrics

SLICE: Final = 0.004
"""Seconds of training between two looks at the commands, when epochs are shorter than that."""

HANDOVER: Final = 2.0
"""Seconds that a start may wait for the screen to take the samples: it can show nothing before."""

ENOUGH_ROWS: Final = 50_000
"""Rows that wait for a screen that does not pull, before they are sent all the same."""


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
        self._state = State.PAUSED
        self._steps_left = 0
        self._span = 0
        self._answered = 0
        self._last = 0.0
        self._interval = 0.0
        self._due = 0.0
        self._pulled = False
        self._rows: list[EpochMetrics] = []
        self._pace = Pace()

    def run(self) -> None:
        """Serve until the channel is closed."""
        while True:
            for command in self._channel.receive(self._idle_time()):
                self._obey(command)
            if self._channel.closed:
                return
            # a command may have come before the next epoch is due
            if self._trainer is not None and self._idle_time() == 0:
                self._train(self._trainer)
                self._report()

    @property
    def _active(self) -> bool:
        return self._steps_left > 0 or self._state is State.TRAINING

    def _idle_time(self) -> float | None:
        if not self._active:
            return None
        if self._steps_left or not self._interval:
            return 0
        return max(0.0, self._due - perf_counter())

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
            case Configure():
                self._answered += 1
                self._configure(command.changes)
            case SetSpeed():
                speed = command.epochs_per_second
                self._interval = 0.0 if speed is None else 1 / speed
                self._due = max(perf_counter(), self._last + self._interval)
                self._pace.restart()
            case Pull():
                self._pulled = True
                self._report()

    def _start(self, config: RunConfig, paused: bool) -> None:
        self._report(force=True)  # the last epochs of the run before
        trainer = self._trainer = Trainer(config)
        self._span = config.epochs
        self._rows = [trainer.measure()]
        self._steps_left = 0
        self._pace = Pace()
        self._tell_run(trainer, trainer.data, fresh=True, note="")
        self._set_state(State.PAUSED if paused else State.TRAINING)
        self._channel.flush(HANDOVER)

    def _pause(self) -> None:
        if self._active:
            self._steps_left = 0
            self._set_state(State.PAUSED)

    def _resume(self) -> None:
        if self._trainer is not None and not self._active:
            trainer = self._trainer
            at_end = trainer.epoch >= trainer.config.epochs
            note = self._extend(trainer, trainer.epoch + self._span) if at_end else ""
            self._set_state(State.TRAINING, note)

    def _step(self, epochs: int) -> None:
        if self._trainer is None:
            return
        self._steps_left += epochs
        end = self._trainer.epoch + self._steps_left
        note = self._extend(self._trainer, end) if end > self._trainer.config.epochs else ""
        self._set_state(State.PAUSED, note)

    def _extend(self, trainer: Trainer, end: int) -> str:
        """Move the end of a run that would go past it."""
        trainer.configure(trainer.config.changed(epochs=end))
        note = f"the run goes on to epoch {end:,}"
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
        fresh = trainer.configure(config)
        if fresh:
            self._rows = [trainer.measure()]
        if config.epochs != before.epochs:
            self._span = config.epochs
        note = _describe(before, config, fresh)
        self._tell_run(trainer, trainer.data if trainer.data is not data else None, fresh, note)
        over = trainer.epoch >= config.epochs
        if self._state in {State.FINISHED, State.DIVERGED}:
            rest = State.FINISHED if over else State.PAUSED
            self._set_state(State.TRAINING if fresh else rest, note)
        elif self._state is State.TRAINING and over:
            self._set_state(State.FINISHED, note)
        elif not self._active:
            # what the network computes may have changed with the data or the activation
            self._rows = self._rows or [trainer.measure()]
            self._report(force=True)

    def _tell_run(self, trainer: Trainer, data: TrainTest | None, fresh: bool, note: str) -> None:
        self._channel.post(Run(trainer.config, data, fresh, note, self._answered))

    def _set_state(self, state: State, note: str = "") -> None:
        if self._state is State.DIVERGED and self._trainer is not None and not self._rows:
            # the epoch that diverged never was: what comes next follows the one before it
            self._rows = [self._trainer.measure()]
        self._state = state
        if state is State.TRAINING:
            self._due = perf_counter()
            self._pace.restart()
        self._report(force=True)
        self._channel.post(StateChanged(state, note))

    def _train(self, trainer: Trainer) -> None:
        """Train for one slice, or until something has to be told."""
        rows, stop = self._rows, perf_counter() + SLICE
        last = trainer.config.epochs
        while True:
            metrics = trainer.train_epoch()
            rows.append(metrics)
            if trainer.epoch != metrics.epoch:
                self._steps_left = 0
                self._set_state(State.DIVERGED, _why_diverged(metrics))
                return
            now = self._last = perf_counter()
            if self._steps_left:
                self._steps_left -= 1
                if not self._steps_left:
                    self._set_state(State.FINISHED if trainer.epoch >= last else State.PAUSED)
                    return
                if now >= stop:
                    return
                continue
            self._pace.count(now)
            if trainer.epoch >= last:
                self._set_state(State.FINISHED, f"finished after {trainer.epoch:,} epochs")
                return
            if self._interval:
                # a machine that was busy elsewhere must not make up for it in a burst
                self._due = max(self._due + self._interval, now - 0.1)
                if self._due > now:
                    return
            if now >= stop:
                return

    def _report(self, force: bool = False) -> None:
        """Send what is new, when it was pulled or has to be known."""
        if self._trainer is None or not self._rows:
            return
        too_many = len(self._rows) >= ENOUGH_ROWS and not self._channel.backlog
        if force or self._pulled or too_many:
            parameters = self._trainer.network.parameters.copy()
            table = np.array(self._rows, np.float64)
            self._channel.post(Progress(table, parameters, self._pace.value))
            self._rows = []
            self._pulled = False


class Pace:
    """Epochs per second over the last one to two seconds."""

    def __init__(self) -> None:
        self.value = 0.0
        self.restart()

    def restart(self) -> None:
        """Forget the past: what follows goes at another pace."""
        self._marks = [(perf_counter(), 0)]
        self._count = 0

    def count(self, now: float) -> None:
        """Count one epoch, over at that time."""
        self._count += 1
        start, before = self._marks[0]
        if now - start > 0.2:
            self.value = (self._count - before) / (now - start)
        if now - self._marks[-1][0] > 1:
            self._marks = [self._marks[-1], (now, self._count)]


def _describe(before: RunConfig, after: RunConfig, fresh: bool) -> str:
    changes = "; ".join(
        f"{each.name.replace('_', ' ')} {_shown(each, before)} → {_shown(each, after)}"
        for each in after.differences(before)
    )
    return changes + (": a new network, from epoch 0" if fresh else ": trained weights kept")


def _shown(setting: Setting, config: RunConfig) -> str:
    value = getattr(config, setting.name)
    return f"{value:g}" if isinstance(value, float) else setting.write(value)


def _why_diverged(metrics: EpochMetrics) -> str:
    loss = (
        f"loss {metrics.train_loss:.3g}" if np.isfinite(metrics.train_loss) else "loss not finite"
    )
    return f"diverged at epoch {metrics.epoch:,} ({loss}): try a lower learning rate (−), then r"
