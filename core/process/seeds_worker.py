"""Main loop of the process that trains many seeds at once, besides the training process.

Like that one, it checks for commands between two slices of training, never waits for the screen, and
exits when the screen closes the channel. Commands are handled between two epochs.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from core.lockstep.sharing import CannotShareError
from core.lockstep.time_travel import LockstepTravel
from core.lockstep.trainer import Lockstep
from core.process import commands
from core.process.autosave import LAST_STATUS
from core.process.command_queue import CommandQueue, serve
from core.process.messages import (
    Configure,
    ConfigureAutosave,
    OpenLane,
    Pause,
    Pull,
    Refused,
    Reopen,
    Resume,
    SaveStatusChanged,
    Seek,
    SelectLane,
    SetSpeed,
    StartSeeds,
    State,
    StateCommand,
    Step,
    WatchScreen,
)
from core.process.parent_signals import WHILE_STOPPED, continue_parent_to_end
from core.process.seeds_autosave import SeedsAutosave
from core.process.seeds_run import SeedsTraining, most_epochs, reopen
from core.process.speed import EpochTimer
from core.process.worker import NICENESS, SLICE
from core.runs.atomic_files import RunError
from core.runs.saved_seeds import seeds_of

if TYPE_CHECKING:
    from core.process.messages import Command

REFUSALS: Final = (*commands.REFUSALS, CannotShareError)


def main(descriptor: int) -> None:
    """Serve the channel at a file descriptor until the other end closes it."""
    serve(descriptor, lambda queue: SeedsLoop(queue, niceness=NICENESS).run())


class SeedsLoop:
    """Handles commands, and trains all runs at once."""

    def __init__(self, queue: CommandQueue, niceness: int = 0) -> None:
        """Serve a queue; from the first runs on, add `niceness` to the nice value of the process."""
        self._queue, self._niceness = queue, niceness
        self._autosave = SeedsAutosave(
            lambda status: queue.post(SaveStatusChanged(status.name, status.problem))
        )
        self._timer = EpochTimer()
        self._runs: SeedsTraining | None = None
        self._screen_is_stopped = False

    def run(self) -> None:
        """Run until the channel is closed."""
        queue = self._queue
        while not queue.closed:
            try:
                queue.receive_commands(self._idle_time())
                self._run_once()
            except MemoryError as error:
                self._pause_without_memory(error)
        if self._runs is not None:
            self._runs.report(force=True)  # the screen prints a summary
        self._autosave.close(self._runs)
        queue.flush(LAST_STATUS)

    def _run_once(self) -> None:
        """Handle the waiting commands, and train for one slice."""
        queue = self._queue
        while queue.waiting and not queue.closed:
            self._handle(queue.waiting.pop(0))
        if self._screen_is_stopped:
            continue_parent_to_end()
        if queue.closed:
            return
        runs = self._runs
        self._autosave.poll(runs)
        if runs is not None and self._until_next(runs) == 0:
            runs.train(SLICE)
            runs.report()

    def _idle_time(self) -> float | None:
        """Return the seconds until there is something to do; None to wait for a command."""
        wait = None if self._runs is None else self._until_next(self._runs)
        watching = WHILE_STOPPED if self._screen_is_stopped else None
        waits = (wait, watching, self._autosave.seconds_to_poll(self._runs))
        return min((each for each in waits if each is not None), default=None)

    def _until_next(self, runs: SeedsTraining) -> float | None:
        """Return the seconds until the next epoch is due; None at rest."""
        if not runs.active:
            return None
        return 0.0 if runs.steps_left else self._timer.wait()

    def _pause_without_memory(self, error: MemoryError) -> None:
        """Pause, so that the user can choose fewer runs."""
        reason, runs = commands.why_refused(error), self._runs
        if runs is None:
            self._queue.post(Refused(reason, no_memory=True))
            return
        runs.steps_left, runs.state = 0, State.PAUSED
        runs.reject(reason)
        runs.repeat_state()

    def _handle(self, command: Command) -> None:
        queue, runs = self._queue, self._runs
        queue.handled += isinstance(command, StateCommand)
        match command:
            case StartSeeds():
                queue.answered += 1
                self._start(command)
            case Reopen():
                queue.answered += 1
                self._reopen(command)
            case ConfigureAutosave():
                self._autosave.configure(command.options)
            case SetSpeed():
                self._timer.set_speed(command.epochs_per_second)
                if runs is not None:
                    runs.rate.restart()
            case Pull():
                queue.pulled = True
                if runs is not None:
                    runs.report()
            case WatchScreen():
                self._screen_is_stopped = command.is_stopped
            case Configure():
                queue.answered += 1
                if runs is not None:
                    runs.set_learning_rate(command.changes["learning_rate"])
            # a Cancel comes too late: nothing is being loaded
            case _ if runs is not None:
                _handle_in_runs(runs, command)

    def _start(self, command: StartSeeds) -> None:
        self._give_way()
        queue, before = self._queue, self._runs
        most = most_epochs(command.count)
        config, note = command.config, ""
        if config.epochs > most:
            config = config.changed(epochs=most)
            note = f"the runs end after {most:,} epochs: metrics of more do not fit into the memory"
        try:
            configs = seeds_of(config, command.count)
            lockstep = Lockstep(configs, progress=queue.send_loading)
        except REFUSALS as error:
            reason = _why_refused(error)
            if before is not None:
                before.reject(reason)
            elif not any(isinstance(each, StartSeeds) for each in queue.waiting):
                queue.post(Refused(reason, isinstance(error, MemoryError)))
            return
        if before is not None:
            self._autosave.save(before)
        runs = self._runs = SeedsTraining(
            lockstep, LockstepTravel(lockstep), queue, self._timer, self._autosave
        )
        self._autosave.begin(runs)
        runs.send_start(note)
        runs.set_state(State.PAUSED if command.paused else State.TRAINING, note)

    def _reopen(self, command: Reopen) -> None:
        """Load saved runs, which are the first of this process."""
        self._give_way()
        queue, path = self._queue, command.path
        try:
            self._runs = reopen(path, queue, self._timer, self._autosave, paused=command.paused)
        except (*REFUSALS, RunError) as error:
            queue.post(Refused(_why_refused(error), isinstance(error, MemoryError)))

    def _give_way(self) -> None:
        """Lower the priority of this thread: screens precede training."""
        if self._niceness:
            # the thread that saves keeps that of now: at its end, the screen waits for it
            self._autosave.start()
            os.nice(self._niceness)
            self._niceness = 0


def _why_refused(error: Exception) -> str:
    is_sentence = isinstance(error, CannotShareError | RunError)
    return str(error) if is_sentence else commands.why_refused(error)


def _handle_in_runs(runs: SeedsTraining, command: Command) -> None:
    """Handle a command that needs runs; those that have ended cannot be trained further."""
    match command:
        case Pause() if runs.active:
            runs.steps_left = 0
            runs.set_state(State.PAUSED)
        case Resume() if not runs.has_ended and runs.state is not State.TRAINING:
            runs.branch()
            runs.steps_left = 0
            runs.set_state(State.TRAINING)
        case Step() if not runs.has_ended:
            runs.branch()
            runs.steps_left += command.epochs
            runs.set_state(State.PAUSED)
        case Pause() | Resume() | Step():
            runs.repeat_state()
        case Seek():
            runs.seek(command.epoch)
        case SelectLane():
            runs.select(command.lane)
        case OpenLane():
            runs.open(command.lane)
