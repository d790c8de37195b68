"""Main loop of the process that compares runs, besides the training process.

It brings all runs to a common epoch. Playing goes to the next one: of saved runs it computes the network
again, as a replay does, and others it trains. Commands are handled between two slices; an epoch that
some runs have reached is reported when all have, also after a pause.
"""

from __future__ import annotations

import os
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Final

from core.process import commands
from core.process.command_queue import Cancelled, CommandQueue, serve
from core.process.compared_runs import PlayedRun, open_saved
from core.process.messages import (
    ComparedRunsMoved,
    ComparePair,
    CompareRuns,
    Loading,
    Pause,
    Pull,
    Refused,
    Resume,
    Seek,
    SetSpeed,
    State,
    StateChanged,
    StateCommand,
    Step,
    WatchScreen,
)
from core.process.parent_signals import WHILE_STOPPED, continue_parent_to_end
from core.process.speed import EpochTimer, RateMeter
from core.process.worker import NICENESS, SLICE
from core.runs.atomic_files import RunError
from core.runs.comparison import predictions_of

if TYPE_CHECKING:
    from core.config.run_config import RunConfig
    from core.process.messages import Command
    from core.runs.comparison import Disagreement

REFUSALS: Final = (*commands.REFUSALS, RunError)

COMPARING: Final = 10
"""The samples of two runs are compared for at most one part in this many of the time."""

SHOWN_AFTER: Final = 0.3
"""Seconds after which the way to an epoch is reported."""

OVER: Final = "all runs are at their last epoch; space plays them from the start"


def main(descriptor: int) -> None:
    """Serve the channel at a file descriptor until the other end closes it."""
    os.nice(NICENESS)
    serve(descriptor, lambda queue: CompareLoop(queue).run())


class CompareLoop:
    """Handles commands, and plays all runs at once."""

    def __init__(self, queue: CommandQueue) -> None:
        self._queue = queue
        self._timer, self._rate = EpochTimer(), RateMeter()
        self._runs: dict[int, PlayedRun] = {}
        self._state = State.PAUSED
        self._epoch = 0
        self._target: int | None = None
        self._steps_left = 0
        self._on_way: list[PlayedRun] = []
        self._pair: tuple[int, int] | None = None
        self._has_new = False
        self._compare_due = 0.0
        self._screen_is_stopped = False

    def run(self) -> None:
        """Run until the channel is closed."""
        queue = self._queue
        while not queue.closed:
            queue.receive_commands(self._idle_time())
            while queue.waiting and not queue.closed:
                self._handle(queue.waiting.pop(0))
            if self._screen_is_stopped:
                continue_parent_to_end()
            if self._target is not None:
                self._go(self._target)
            elif self._is_playing:
                self._play()
            if queue.pulled:
                self._report_news()

    @property
    def _is_playing(self) -> bool:
        return self._state is State.TRAINING or self._steps_left > 0 or bool(self._on_way)

    def _idle_time(self) -> float | None:
        """Return the seconds until there is something to do; None to wait for a command."""
        if self._queue.waiting or self._target is not None:
            return 0.0
        watching = WHILE_STOPPED if self._screen_is_stopped else None
        if not self._is_playing:
            return watching
        wait = 0.0 if self._on_way or self._steps_left else self._timer.wait()
        return wait if watching is None else min(wait, watching)

    # --- commands

    def _handle(self, command: Command) -> None:
        queue = self._queue
        queue.handled += isinstance(command, StateCommand)
        match command:
            case CompareRuns():
                self._open(command)
            case ComparePair():
                self._pair, self._compare_due = command.pair, 0.0
                self._has_new = True
                self._report_news()
            case Pull():
                queue.pulled = True
            case SetSpeed():
                self._timer.set_speed(command.epochs_per_second)
                self._rate.restart()
            case WatchScreen():
                self._screen_is_stopped = command.is_stopped
            case Pause():
                self._stay()
                # the runs may have finished just before the key: they are played again by a Resume
                is_over = self._state is State.FINISHED
                self._set_state(
                    State.FINISHED if is_over else State.PAUSED, OVER if is_over else ""
                )
            case Resume():
                self._resume()
            case Step():
                self._set_state(State.PAUSED)
                self._steps_left = command.epochs
            case Seek():
                self._on_way, self._steps_left = [], 0
                if self._state is not State.PAUSED:
                    self._set_state(State.PAUSED)
                self._target = command.epoch

    def _open(self, command: CompareRuns) -> None:
        queue = self._queue
        for number, source in enumerate(command.sources):
            try:
                self._open_one(number, source)
            except Cancelled:
                break
            except REFUSALS as error:
                reason = commands.why_refused(error)
                queue.post(Refused(reason, isinstance(error, MemoryError)))
        trains = any(not each.is_over for each in self._runs.values()) and not command.paused
        self._set_state(State.TRAINING if trains else State.PAUSED)

    def _open_one(self, number: int, source: Path | RunConfig) -> None:
        queue = self._queue
        if isinstance(source, Path):
            opened, played = open_saved(number, source, queue.send_loading)
        else:
            played = PlayedRun.of_config(number, source, queue.send_loading)
            opened = played.opened()
        queue.post(opened)
        if played is not None:
            self._runs[number] = played
            self._epoch = max(each.at for each in self._runs.values())
            self._report()

    def _resume(self) -> None:
        self._set_state(State.TRAINING)
        if self._runs and all(each.is_over for each in self._runs.values()):
            self._target = 0

    def _set_state(self, state: State, note: str = "") -> None:
        self._state, self._steps_left = state, 0
        if state is State.TRAINING:
            self._target = None
            self._timer.restart()
            self._rate.restart()
        else:
            self._report_news()
        self._queue.post(StateChanged(state, note, handled=self._queue.handled))

    # --- epochs

    def _go(self, epoch: int) -> None:
        """Bring all runs to an epoch, unless another command arrives meanwhile."""
        queue, started = self._queue, perf_counter()
        runs = list(self._runs.values())
        for done, run in enumerate(runs):

            def proceed(share: float, done: int = done) -> bool:
                queue.receive_commands(0)
                if perf_counter() - started > SHOWN_AFTER:
                    share = (done + share) / len(runs)
                    queue.post(Loading(f"computing epoch {epoch:,}", share))
                return not queue.closed and not any(
                    not isinstance(each, Pull) for each in queue.waiting
                )

            if not run.go(epoch, proceed):
                return  # the next command may ask for another epoch; otherwise it continues
        self._target, self._epoch = None, epoch
        self._compare_due = 0.0
        self._has_new = True
        self._report()

    def _stay(self) -> None:
        """End the way to an epoch, which may be long: each run stays where it is."""
        if self._target is not None:
            self._target, self._has_new = None, True
            self._epoch = max((each.at for each in self._runs.values()), default=0)

    def _play(self) -> None:
        """Go to the next epochs until one has to wait or to be reported, or for a slice."""
        end = perf_counter() + SLICE
        while (now := perf_counter()) < end:
            if not self._on_way:
                if not self._steps_left and self._timer.wait():
                    return
                self._on_way = [each for each in self._runs.values() if not each.is_over]
                if not self._on_way:
                    self._set_state(State.FINISHED, OVER)
                    return
                self._epoch = 1 + max(each.at for each in self._on_way)
            run = self._on_way[0]
            if run.forward(self._epoch, end):
                self._on_way.pop(0)
            if not self._on_way:
                self._has_new = True
                self._rate.count(now)
                if self._steps_left:
                    self._steps_left -= 1
                    if not self._steps_left:
                        self._report()
                        return
                elif (
                    self._state is not State.TRAINING
                    or self._timer.tick(perf_counter())
                    or self._queue.pulled
                ):
                    return

    def _report_news(self) -> None:
        """Report what has changed since the last report, unless only some runs are at the epoch."""
        if self._has_new and not self._on_way:
            self._report()

    def _report(self) -> None:
        queue = self._queue
        queue.pulled = self._has_new = False
        positions = tuple(
            each for run in self._runs.values() if (each := run.position()) is not None
        )
        pair, found = self._pair, None
        if pair is not None and perf_counter() >= self._compare_due:
            found = self._compare(pair)
        queue.post(ComparedRunsMoved(self._epoch, positions, self._rate.value, pair, found))

    def _compare(self, pair: tuple[int, int]) -> Disagreement | None:
        runs = [self._runs[each] for each in pair if each in self._runs]
        if len(runs) < len(pair):
            return None
        started = perf_counter()
        found = predictions_of(*(each.trainer for each in runs))
        now = perf_counter()
        self._compare_due = now + COMPARING * (now - started)
        return found
