"""The training process itself: takes commands, trains at the pace asked for, reports when pulled.

Started by `client.TrainingProcess`. It looks at its commands every few milliseconds, never waits for
the screen, and ends when the screen's end of the channel is closed.
"""

from __future__ import annotations

import os
import socket
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from core.memory import reserve_for_products
from core.process import commands
from core.process.autosave import RunAutosave
from core.process.background import BaselineInBackground
from core.process.channel import Channel
from core.process.command_queue import CommandQueue
from core.process.messages import (
    Cancel,
    Configure,
    ConfigureAutosave,
    EditData,
    EditParameter,
    Failed,
    MeasureBaseline,
    Pause,
    Pull,
    Refused,
    Reopen,
    Restore,
    Resume,
    Seek,
    SetSpeed,
    Start,
    State,
    Step,
    StepBatch,
    WatchScreen,
)
from core.process.parent_signals import (
    WHILE_STOPPED,
    continue_parent_to_end,
    continue_when_orphaned,
)
from core.process.speed import EpochTimer
from core.process.status_text import idle_settings
from core.process.training_run import TrainingRun
from core.process.travel import leave_past, seek
from core.runs import lock
from core.runs.atomic_files import RunError
from core.training.trainer import Trainer, memory_of_training

if TYPE_CHECKING:
    from pathlib import Path

    from core.config.run_config import RunConfig
    from core.process.messages import Command

SLICE: Final = 0.004
"""Seconds of training between two looks at the commands, when epochs are shorter than that."""

HANDOVER: Final = 2.0
"""Seconds that a start may wait for the screen to take the samples: it can show nothing before."""

WITHOUT_MEMORY: Final = 5.0
"""Seconds until a run at rest that could not be saved for lack of memory is saved again."""

WHILE_MEASURING: Final = 0.05
"""Seconds between two looks at a baseline that is being measured."""


def main(descriptor: int) -> None:
    """Serve the channel at that file descriptor until its other end is closed."""
    channel = Channel(socket.socket(fileno=descriptor))
    continue_when_orphaned()
    lock.screen = os.getppid()
    reserve_for_products()
    try:
        with np.errstate(all="ignore"):  # a run that diverges says so by its loss
            TrainingLoop(channel).run()
    except Exception as error:
        channel.post(Failed(f"{type(error).__name__}: {error}"))
        raise
    finally:
        # all is saved, and taking an interpreter down takes longer than quitting may
        if channel.closed:
            os._exit(0)


class TrainingLoop:
    """One run after another, as the commands say."""

    def __init__(self, channel: Channel) -> None:
        self._queue = CommandQueue(channel)
        self._timer = EpochTimer()
        self._run: TrainingRun | None = None
        self._measuring: BaselineInBackground | None = None
        self._record = RunAutosave(self._queue)
        self._screen_is_stopped = False

    def run(self) -> None:
        """Serve until the channel is closed."""
        exchange = self._queue
        while True:
            try:
                exchange.receive(self._idle_time())
                self._serve()
            except MemoryError as error:
                self._pause_without_memory(error)
            if exchange.closed:
                if self._run is not None:
                    self._run.report(force=True)  # the screen says what is saved
                self._record.close(self._run)
                return

    def _serve(self) -> None:
        """Carry out what has come, and train for one slice."""
        exchange = self._queue
        while exchange.waiting:
            self._handle(exchange.waiting.pop(0))
        if exchange.closed:
            return
        self._record.poll(self._run)
        if self._screen_is_stopped:
            continue_parent_to_end()
        if self._measuring is not None and self._measuring.found is not None:
            self._send_baseline(self._measuring)
        # a command may have come before the next epoch is due
        if self._run is not None and self._until_next(self._run) == 0:
            self._train(self._run)
            self._run.report()

    def _pause_without_memory(self, error: MemoryError) -> None:
        """Pause the run where the epoch under way began, so that the user can make it smaller."""
        run = self._run
        if run is None:
            self._queue.post(Refused(commands.why_refused(error), no_memory=True))
            return
        trainer, was_active = run.trainer, run.active
        trainer.abandon_epoch()
        run.steps_left = 0
        try:
            with memory_of_training(trainer.config, trainer.data):
                raise error
        except MemoryError as told:
            note = commands.why_refused(told)
        try:
            run.set_state(State.PAUSED, note)
        except MemoryError:  # not even for a copy of the parameters
            run.state = State.PAUSED
            run.send_state(note)
        if not was_active:  # saving failed: a command may make room for it
            self._queue.receive(WITHOUT_MEMORY)

    def _idle_time(self) -> float | None:
        """Return the seconds until there is something to do; None: until a command comes."""
        run = self._run
        wait = None if run is None else self._until_next(run)
        if wait == 0:
            return 0.0
        measuring = None if self._measuring is None else WHILE_MEASURING
        watching = WHILE_STOPPED if self._screen_is_stopped else None
        waits = (wait, measuring, watching, self._record.seconds_to_poll(run))
        return min((each for each in waits if each is not None), default=None)

    def _until_next(self, run: TrainingRun) -> float | None:
        """Return the seconds until the run is to be trained on; None while it stands still."""
        if not run.active:
            return None
        return 0.0 if run.steps_left else self._timer.wait()

    def _handle(self, command: Command) -> None:
        match command:
            case Start():
                self._queue.answered += 1
                self._start(command.config, command.paused)
            case Reopen():
                self._queue.answered += 1
                self._reopen(command.path, command.paused)
            case Restore():
                self._queue.answered += 1
                if self._run is not None:
                    self._restore(self._run)
            case ConfigureAutosave():
                self._record.configure(command.options)
            case Configure():
                self._queue.answered += 1
                if self._run is not None:
                    commands.configure(self._run, self._queue, command.changes)
            case SetSpeed():
                self._timer.set_speed(command.epochs_per_second)
                if self._run is not None:
                    self._run.rate.restart()
            case Pull():
                self._queue.pulled = True
                if self._run is not None:
                    self._run.report()
            case WatchScreen():
                self._screen_is_stopped = command.is_stopped
            case Cancel():
                pass  # nothing is being loaded
            case _ if self._run is not None:
                self._handle_in_run(self._run, command)

    def _handle_in_run(self, run: TrainingRun, command: Command) -> None:
        """Carry out what can only be done to a run."""
        match command:
            case Pause():
                self._pause(run)
            case Resume():
                self._resume(run)
            case Step():
                self._step(run, command.epochs)
            case StepBatch():
                self._step_batch(run)
            case Seek():
                seek(run, self._queue, command.epoch)
            case EditParameter():
                commands.edit_parameter(run, command.index, command.value)
            case EditData():
                commands.edit_data(run, command.edit)
            case MeasureBaseline():
                self._measure_baseline(run)

    def _start(self, config: RunConfig, paused: bool) -> None:
        exchange, before = self._queue, self._run
        data = None
        if before is not None:
            before.report(force=True)  # its last epochs
            if before.trainer.config.data_key == config.data_key:
                data = before.trainer.data
        try:
            trainer = Trainer(config, data, exchange.send_loading)
        except commands.REFUSALS as error:
            reason = commands.why_refused(error)
            if before is not None:
                before.send_run(None, fresh=False, note=reason)
            elif not any(isinstance(each, Start) for each in exchange.waiting):
                no_memory = isinstance(error, MemoryError)
                exchange.post(Refused(reason, no_memory))  # else what comes next is what is wanted
            return
        if before is not None:
            self._record.save_final(self._record.final_snapshot(before))
        run = TrainingRun(trainer, exchange, self._timer, self._record)
        run.start()
        self._run = run
        run.send_run(trainer.data, fresh=True, note=idle_settings(config))
        run.set_state(State.PAUSED if paused else State.TRAINING)
        exchange.flush(HANDOVER)

    def _reopen(self, path: Path, paused: bool) -> None:
        from core.process.reopen import reopen  # a start has no need of it

        exchange, before = self._queue, self._run
        try:
            if before is not None:
                raise RunError("a kept run goes on in a training process of its own")
            self._run = reopen(path, exchange, self._timer, self._record, paused=paused)
        except (*commands.REFUSALS, RunError) as error:
            exchange.post(Refused(commands.why_refused(error), isinstance(error, MemoryError)))
            return
        exchange.flush(HANDOVER)

    def _restore(self, run: TrainingRun) -> None:
        """Go back to the run before this one, which is saved if anything of it was trained."""
        from core.process.reopen import reopen

        exchange, record = self._queue, self._record
        run.report(force=True)
        try:
            path = record.last_replaced()
            record.save_newest(run)
            self._run = reopen(path, exchange, self._timer, record, paused=True, restored=True)
        except (*commands.REFUSALS, RunError) as error:
            run.send_run(None, fresh=False, note=commands.why_refused(error))
            return
        exchange.flush(HANDOVER)

    def _pause(self, run: TrainingRun) -> None:
        if run.active:
            run.steps_left = 0
            share, epoch = run.trainer.share_of_epoch, run.trainer.epoch + 1
            told = f"paused within epoch {epoch:,}, {share:.0%} of its batches are trained"
            run.set_state(State.PAUSED, told + _whose_losses(run) if share else "")

    def _resume(self, run: TrainingRun) -> None:
        trainer = run.trainer
        if run.state is not State.TRAINING:
            run.steps_left = 0
            leave_past(run)
            at_end = trainer.epoch >= trainer.config.epochs
            end = trainer.epoch + run.span if at_end else trainer.config.epochs
            run.set_state(State.TRAINING, commands.resume(run, end))

    def _step(self, run: TrainingRun, epochs: int) -> None:
        trainer = run.trainer
        leave_past(run)
        run.steps_left += epochs
        end = max(trainer.epoch + run.steps_left, trainer.config.epochs)
        run.set_state(State.PAUSED, commands.resume(run, end))

    def _step_batch(self, run: TrainingRun) -> None:
        trainer = run.trainer
        leave_past(run)
        if run.state is not State.PAUSED:
            run.set_state(State.PAUSED)  # measures what a diverged epoch went back to
        run.steps_left = 0
        commands.resume(run, max(trainer.epoch + 1, trainer.config.epochs))
        metrics = trainer.advance(0.0)
        while metrics is None and trainer.batches.next == trainer.batches.count:
            metrics = trainer.advance(0.0)  # what is left of the epoch is measuring
        run.stepped = trainer.optimizer
        if metrics is None:
            run.time_travel.record_epoch()
            number, count = trainer.batches.next, trainer.batches.count
            told = f"batch {number:,} of {count:,} of epoch {trainer.epoch + 1:,}"
            run.set_state(State.PAUSED, told + _whose_losses(run))
        elif not run.finish_epoch(metrics):
            run.set_state(State.PAUSED, f"the last batch of epoch {metrics.epoch:,}")

    def _measure_baseline(self, run: TrainingRun) -> None:
        if self._measuring is None:
            self._measuring = BaselineInBackground(run.trainer.data)

    def _send_baseline(self, measured: BaselineInBackground) -> None:
        self._measuring = None
        if self._run is not None and measured.data is not self._run.trainer.data:
            self._measure_baseline(self._run)  # it was of data that are gone
        elif measured.found is not None:
            self._queue.post(measured.found)

    def _train(self, run: TrainingRun) -> None:
        """Train for one slice, or until something has to be told."""
        trainer, clock = run.trainer, self._timer
        stop = perf_counter() + SLICE
        while True:
            if not trainer.batches.next:
                run.began = perf_counter()
            metrics = trainer.advance(stop)
            if metrics is None:
                return
            run.stepped = trainer.optimizer
            if run.finish_epoch(metrics):
                return
            now = clock.last = perf_counter()
            if run.steps_left:
                run.steps_left -= 1
                if not run.steps_left:
                    run.set_state(State.PAUSED)
                    return
            else:
                run.rate.count(now)
                if clock.tick(now):
                    return
            if now >= stop:
                return


def _whose_losses(run: TrainingRun) -> str:
    """Return what is to be said of the losses that are shown within an epoch."""
    if run.is_measured_at_once:
        return ""
    return f"; losses and scores are those of epoch {run.trainer.epoch:,}"
