"""Main loop of the training process: handles commands, trains, and reports when the screen pulls.

Started by `client.TrainingProcess`. It checks for commands every few milliseconds, never waits for the
screen, and exits when the screen closes the channel.
"""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING, Final

from core.memory import NotEnoughMemory, start_thread
from core.process import commands
from core.process.autosave import TrainingAutosave
from core.process.command_queue import CommandQueue, serve
from core.process.exit_thread import ExitThread
from core.process.messages import (
    AdoptReplaced,
    BaselineFound,
    Configure,
    ConfigureAutosave,
    EditData,
    EditParameter,
    Follow,
    MeasureBaseline,
    MeasureReferences,
    NextStepFound,
    Pause,
    Pull,
    ReferencesMeasured,
    Refused,
    RememberView,
    Reopen,
    Replay,
    Restore,
    Resume,
    Seek,
    SetSpeed,
    ShowNextStep,
    Start,
    StartFrom,
    State,
    StateCommand,
    Step,
    StepBatch,
    WatchScreen,
)
from core.process.parent_signals import WHILE_STOPPED, continue_parent_to_end
from core.process.replay import RunReplay
from core.process.run_follower import RunFollower
from core.process.speed import EpochTimer
from core.process.status_text import idle_settings, warning_of
from core.process.training_run import TrainingRun, reopen
from core.runs.atomic_files import RunError
from core.training.batches import oversized
from core.training.components import memory_of_training
from core.training.next_step import prepare_next_step
from core.training.trainer import Trainer

if TYPE_CHECKING:
    from core.datasets import DataSplit
    from core.process.messages import Command
    from core.process.trials import TrialsProcess

SLICE: Final = 0.004
"""Maximum seconds of training between two checks for commands."""

HANDOVER: Final = 2.0
"""Seconds to wait until the screen has received the samples, without which it can show nothing."""

NICENESS: Final = 10
"""Nice value while training: a run at full speed slows down neither its screen nor those of others."""

WITHOUT_MEMORY: Final = 5.0
"""Seconds between two attempts to save a run at rest after running out of memory."""

WHILE_MEASURING: Final = 0.05
"""Seconds between two checks whether the baseline or the references are measured."""

WHILE_COMPUTING: Final = 0.01
"""Seconds between two checks whether the next step is computed."""


def main(descriptor: int) -> None:
    """Serve the channel at a file descriptor until the other end closes it."""
    serve(descriptor, lambda queue: TrainingLoop(queue, niceness=NICENESS).run())


class TrainingLoop:
    """Handles commands, and trains one run after another."""

    def __init__(self, queue: CommandQueue, niceness: int = 0) -> None:
        """Serve a queue; from the first run on, add `niceness` to the nice value of the process."""
        self._queue, self._niceness = queue, niceness
        self._timer = EpochTimer()
        self._run: TrainingRun | None = None
        self._baseline: BaselineThread | None = None
        self._trials: TrialsProcess | None = None
        self._autosave = TrainingAutosave(self._queue)
        self._screen_is_stopped = False
        self._exit_thread: ExitThread | None = None
        self._shows_next_step = False
        self._next_step: NextStepThread | None = None
        self._next_step_sent: tuple[TrainingRun, int] | None = None

    def run(self) -> None:
        """Run until the channel is closed."""
        queue = self._queue
        while True:
            try:
                queue.receive_commands(self._idle_time())
                self._run_once()
            except MemoryError as error:
                self._pause_without_memory(error)
            if queue.closed:
                if self._run is not None:
                    self._run.report(force=True)  # the screen prints a summary
                if self._exit_thread is None:
                    self._close()
                else:
                    self._exit_thread.exit_after(self._close)
                return

    def _close(self) -> None:
        """Save the run, and end the trials."""
        self._autosave.close(self._run)
        if self._trials is not None:
            self._trials.close()

    def _run_once(self) -> None:
        """Handle the waiting commands, and train for one slice."""
        queue = self._queue
        while queue.waiting:
            self._handle(queue.waiting.pop(0))
        if queue.closed:
            return
        self._autosave.poll(self._run)
        if self._screen_is_stopped:
            continue_parent_to_end()
        if self._baseline is not None and self._baseline.found is not None:
            self._send_baseline(self._baseline)
        if self._trials is not None and (self._trials.poll() or self._is_outdated(self._trials)):
            self._send_references(self._trials)
        # the commands may have come before the next epoch is due
        if self._run is not None and self._until_next(self._run) == 0:
            self._train(self._run)
            self._run.report()
        if self._run is not None and not (self._run.active or queue.waiting):
            self._find_next_step(self._run)

    def _find_next_step(self, run: TrainingRun) -> None:
        """Report the next step of a run at rest if the screen shows it, once for each position."""
        position = run, run.reported
        if self._next_step is None:
            if not self._shows_next_step or self._next_step_sent == position:
                return
            self._next_step = NextStepThread(run)
        thread = self._next_step
        found = thread.wait(SLICE)
        if found is None:
            return
        self._next_step, self._next_step_sent = None, (thread.run, thread.reported)
        if self._next_step_sent == position:
            self._queue.post(found)
        else:  # the run has changed meanwhile
            self._find_next_step(run)

    def _pause_without_memory(self, error: MemoryError) -> None:
        """Pause the run at the start of the current epoch, so that the user can make it smaller."""
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
        except MemoryError as reported:
            note = commands.why_refused(reported)
        try:
            run.set_state(State.PAUSED, note)
        except MemoryError:  # too little even for a copy of the parameters
            run.state = State.PAUSED
            run.send_state(note)
        if not was_active:  # saving failed: wait for a command that frees memory
            self._queue.receive_commands(WITHOUT_MEMORY)

    def _idle_time(self) -> float | None:
        """Return the seconds until there is something to do; None to wait for a command."""
        run = self._run
        wait = None if run is None else self._until_next(run)
        if wait == 0:
            return 0.0
        is_measuring = self._baseline is not None or self._trials is not None
        measuring = WHILE_MEASURING if is_measuring else None
        watching = WHILE_STOPPED if self._screen_is_stopped else None
        is_computing = self._next_step is not None and run is not None and not run.active
        computing = WHILE_COMPUTING if is_computing else None
        waits = (wait, measuring, computing, watching, self._autosave.seconds_to_poll(run))
        return min((each for each in waits if each is not None), default=None)

    def _until_next(self, run: TrainingRun) -> float | None:
        """Return the seconds until the next epoch is due; None while the run is paused or has ended."""
        if not run.active:
            return None
        return 0.0 if run.steps_left else self._timer.wait()

    def _handle(self, command: Command) -> None:
        self._queue.handled += isinstance(command, StateCommand)
        match command:
            case Start() | StartFrom():
                self._queue.answered += 1
                self._start(command)
            case Reopen():
                self._queue.answered += 1
                self._reopen(command)
            case Restore():
                self._queue.answered += 1
                if self._run is not None:
                    self._restore(self._run)
            case ConfigureAutosave() | AdoptReplaced() | RememberView():
                self._configure_autosave(command)
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
            case ShowNextStep():
                self._shows_next_step = command.is_shown
            case WatchScreen():
                self._screen_is_stopped = command.is_stopped
            # a Cancel comes too late: nothing is being loaded
            case _ if self._run is not None:
                self._handle_in_run(self._run, command)

    def _configure_autosave(
        self, command: ConfigureAutosave | AdoptReplaced | RememberView
    ) -> None:
        match command:
            case ConfigureAutosave():
                self._autosave.configure(command.options)
            case AdoptReplaced():
                self._autosave.adopt(command.runs)
            case RememberView():
                self._autosave.view = command.view

    def _handle_in_run(self, run: TrainingRun, command: Command) -> None:
        """Handle a command that needs a run."""
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
                commands.seek(run, self._queue, command.epoch)
            case EditParameter():
                commands.edit_parameter(run, command.index, command.value)
            case EditData():
                commands.edit_data(run, command.edit)
            case MeasureBaseline():
                self._measure_baseline(run)
            case MeasureReferences():
                self._measure_references(run, command.request)

    def _start(self, command: Start | StartFrom) -> None:
        queue, before, config = self._queue, self._run, command.config
        data = None
        if before is not None:
            before.report(force=True)  # its last epochs
            if before.trainer.config.data_key == config.data_key:
                data = before.trainer.data
        try:
            trainer = Trainer(config, data, queue.send_loading)
        except commands.REFUSALS as error:
            reason = commands.why_refused(error)
            if before is not None:
                before.send_run(None, fresh=False, note=reason, handled=queue.handled)
            elif not any(isinstance(each, Start | StartFrom) for each in queue.waiting):
                no_memory = isinstance(error, MemoryError)
                queue.post(Refused(reason, no_memory))  # else the next one supersedes it
            return
        if before is not None:
            self._autosave.save_final(self._autosave.final_snapshot(before))
        run = self._run = TrainingRun(trainer, queue, self._timer, self._autosave)
        if isinstance(command, StartFrom):
            run.start_from(command.state, command.table)
            run.send_run(trainer.data, fresh=True, note=command.note)
            run.set_state(run.state, command.note)
            self._hand_over()
            return
        run.start()
        whole = oversized(config.batch_size, len(trainer.data.y_train))
        notes = warning_of(trainer.data), idle_settings(config), whole
        note = "; ".join(filter(None, notes))
        run.send_run(trainer.data, fresh=True, note=note)
        run.set_state(State.PAUSED if command.paused else State.TRAINING)
        self._hand_over()

    def _reopen(self, command: Reopen) -> None:
        queue, before = self._queue, self._run
        if isinstance(command, Follow):
            RunFollower(queue, command, self._hand_over).run()
            return
        if isinstance(command, Replay):
            RunReplay(queue, self._timer, command, self._hand_over).run()
            return
        path, paused = command.path, command.paused
        try:
            if before is not None:
                raise RunError("a saved run needs a training process of its own")
            self._run = reopen(path, queue, self._timer, self._autosave, paused=paused)
        except (*commands.REFUSALS, RunError) as error:
            queue.post(Refused(commands.why_refused(error), isinstance(error, MemoryError)))
            return
        self._hand_over()

    def _hand_over(self) -> None:
        """Wait until the screen has the run; from then on, screens precede training."""
        self._queue.flush(HANDOVER)
        if self._niceness:
            # these threads keep the priority of now: at its end, the screen waits for the last save
            self._autosave.start()
            with suppress(NotEnoughMemory):  # the end then takes longer on a busy computer
                self._exit_thread = ExitThread()
            # not earlier: on a busy computer, the first frame would wait for it
            os.nice(self._niceness)
            self._niceness = 0

    def _restore(self, run: TrainingRun) -> None:
        """Restore the previous run; the current one is saved if any of it was trained."""
        queue, autosave = self._queue, self._autosave
        run.report(force=True)
        try:
            path = autosave.last_replaced()
            autosave.save_newest(run)
            self._run = reopen(path, queue, self._timer, autosave, paused=True, restored=True)
        except (*commands.REFUSALS, RunError) as error:
            reason = commands.why_refused(error)
            run.send_run(None, fresh=False, note=reason, handled=queue.handled)
            return
        self._hand_over()

    def _pause(self, run: TrainingRun) -> None:
        if run.active:
            run.steps_left = 0
            share, epoch = run.trainer.share_of_epoch, run.trainer.epoch + 1
            note = f"paused within epoch {epoch:,}, {100 * share:.0f} % of its batches are trained"
            run.set_state(State.PAUSED, note + _loss_epoch(run) if share else "")

    def _resume(self, run: TrainingRun) -> None:
        trainer = run.trainer
        if run.state is not State.TRAINING:
            run.steps_left = 0
            run.branch_from_past()
            at_end = trainer.epoch >= trainer.config.epochs
            end = trainer.epoch + run.extension if at_end else trainer.config.epochs
            run.set_state(State.TRAINING, commands.resume(run, end))

    def _step(self, run: TrainingRun, epochs: int) -> None:
        trainer = run.trainer
        run.branch_from_past()
        run.steps_left += epochs
        end = max(trainer.epoch + run.steps_left, trainer.config.epochs)
        run.set_state(State.PAUSED, commands.resume(run, end))

    def _step_batch(self, run: TrainingRun) -> None:
        trainer = run.trainer
        run.branch_from_past()
        if run.state is not State.PAUSED:
            run.set_state(
                State.PAUSED
            )  # measures the network to which a diverged epoch was rolled back
        run.steps_left = 0
        commands.resume(run, max(trainer.epoch + 1, trainer.config.epochs))
        metrics = trainer.advance(0.0)
        while metrics is None and trainer.batches.next == trainer.batches.count:
            metrics = trainer.advance(0.0)  # after the last batch only measuring is left
        run.stepped = trainer.optimizer
        if metrics is None:
            run.time_travel.record_epoch()
            number, count = trainer.batches.next, trainer.batches.count
            note = f"batch {number:,} of {count:,} of epoch {trainer.epoch + 1:,}"
            run.set_state(State.PAUSED, note + _loss_epoch(run))
        elif not run.finish_epoch(metrics):
            run.set_state(State.PAUSED, f"the last batch of epoch {metrics.epoch:,}")

    def _measure_baseline(self, run: TrainingRun) -> None:
        if self._baseline is None:
            self._baseline = BaselineThread(run.trainer.data)

    def _send_baseline(self, measured: BaselineThread) -> None:
        self._baseline = None
        if self._run is not None and measured.data is not self._run.trainer.data:
            self._measure_baseline(self._run)  # the data have changed meanwhile
        elif measured.found is not None:
            self._queue.post(measured.found)

    def _measure_references(self, run: TrainingRun, request: int) -> None:
        from core.analysis.diagnosis.trials import RunCopy, can_be_tried
        from core.process.trials import TrialsProcess  # only a run that looks stuck needs it

        if self._trials is not None:
            self._trials.close()
            self._trials = None
        if not can_be_tried(run.trainer):
            self._queue.post(ReferencesMeasured(None, request))
            return
        try:
            self._trials = TrialsProcess(RunCopy.of(run.trainer), request)
        except (OSError, MemoryError):
            self._queue.post(ReferencesMeasured(None, request))

    def _is_outdated(self, trials: TrialsProcess) -> bool:
        """Return whether the settings or the data have changed since the trials were requested."""
        trainer = None if self._run is None else self._run.trainer
        if trainer is None:
            return True
        copy = trials.copy
        is_same = copy.config is trainer.config and copy.data.edits == trainer.data.edits
        return not is_same and not copy.is_of(trainer)

    def _send_references(self, trials: TrialsProcess) -> None:
        trials.close()
        self._trials = None
        outdated = self._is_outdated(trials)
        references = None if outdated else trials.references
        self._queue.post(ReferencesMeasured(references, trials.request))

    def _train(self, run: TrainingRun) -> None:
        """Train for one slice, or until there is something to report."""
        trainer, timer = run.trainer, self._timer
        stop = perf_counter() + SLICE
        while True:
            if not trainer.batches.next:
                run.epoch_started = perf_counter()
            metrics = trainer.advance(stop)
            if metrics is None:
                return
            run.stepped = trainer.optimizer
            if run.finish_epoch(metrics):
                return
            now = timer.last = perf_counter()
            if run.steps_left:
                run.steps_left -= 1
                if not run.steps_left:
                    run.set_state(State.PAUSED)
                    return
            else:
                run.rate.count(now)
                if timer.tick(now):
                    return
            if now >= stop:
                return


class BaselineThread:
    """Fits a linear model in a thread, since importing scikit-learn takes a second.

    Attributes:
        data: the samples.
        found: the result, or None until there is one.
    """

    def __init__(self, data: DataSplit) -> None:
        self.found: BaselineFound | None = None
        self.data = data
        try:
            start_thread(Thread(target=self._measure, daemon=True))
        except NotEnoughMemory as error:
            self._reject(error)

    def _measure(self) -> None:
        from core.analysis.baseline import measure_baseline

        try:
            baseline = measure_baseline(self.data)
            self.found = BaselineFound(baseline, str(baseline))
        except Exception as error:
            # no error of scikit-learn may end the run
            self._reject(error)

    def _reject(self, error: Exception) -> None:
        self.found = BaselineFound(None, f"no linear model can be fitted to these data: {error}")


class NextStepThread:
    """Computes the next step of a run at rest in a thread, so that no command waits for it.

    Attributes:
        run: the run.
        reported: as it was when the computation began; another number means another position.
    """

    def __init__(self, run: TrainingRun) -> None:
        self.run, self.reported = run, run.reported
        self._compute = prepare_next_step(run.trainer)
        self._found: NextStepFound | None = None
        self._thread = Thread(target=self._find, daemon=True)
        try:
            start_thread(self._thread)
        except NotEnoughMemory:
            self._found = NextStepFound(None)

    def wait(self, seconds: float) -> NextStepFound | None:
        """Return the result, or None if it is not there within some time."""
        if self._found is None:
            self._thread.join(seconds)
        return self._found

    def _find(self) -> None:
        step = None
        try:
            step = self._compute()
        finally:
            self._found = NextStepFound(step)


def _loss_epoch(run: TrainingRun) -> str:
    """Return which epoch the displayed losses belong to, within an epoch."""
    if run.is_fast_to_measure:
        return ""
    return f"; losses and scores are those of epoch {run.trainer.epoch:,}"
