"""Replays a saved run: trains it again along its segments, which gives the same network in each epoch.

The metrics are those of the run folder, in which nothing is written.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

from core.process import commands
from core.process.messages import (
    Moved,
    Pause,
    Progress,
    Pull,
    Refused,
    Reopened,
    Replay,
    Resume,
    Run,
    Seek,
    SetSpeed,
    State,
    StateChanged,
    StateCommand,
    Step,
    StepBatch,
)
from core.process.run_follower import reject
from core.process.speed import RateMeter
from core.process.training_run import thinned
from core.runs.atomic_files import RunError
from core.runs.reader import read_run
from core.runs.saved_history import read_time_travel

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.process.command_queue import CommandQueue
    from core.process.messages import Command
    from core.process.speed import EpochTimer

SLICE: Final = 0.01
"""Seconds of training between two checks for commands."""

READ_ONLY: Final = "a replay cannot be changed; nnfs-tui resume continues the run"
OVER: Final = "the replay is over; space plays it again"


class RunReplay:
    """Plays a saved run until the screen is closed."""

    def __init__(
        self,
        queue: CommandQueue,
        timer: EpochTimer,
        command: Replay,
        hand_over: Callable[[], object],
    ) -> None:
        self._queue, self._timer, self._path = queue, timer, command.path
        self._state = State.PAUSED if command.paused else State.TRAINING
        self._hand_over = hand_over
        self._rate = RateMeter()
        self._sent = -1  # the last epoch that the screen has
        self._events_sent = -1

    def run(self) -> None:
        """Play the run until the channel is closed."""
        queue = self._queue
        try:
            self._open()
        except (*commands.REFUSALS, RunError) as error:
            queue.post(Refused(commands.why_refused(error), isinstance(error, MemoryError)))
            return
        self._hand_over()
        while not queue.closed:
            wait = self._timer.wait() if self._state is State.TRAINING else None
            queue.receive_commands(0.0 if queue.waiting else wait)
            while queue.waiting and not queue.closed:
                self._handle(queue.waiting.pop(0))
            if self._state is State.TRAINING and not self._timer.wait():
                self._play()

    def _open(self) -> None:
        """Load the run, and go to its start, or to the first epoch that is saved.

        Raises:
            RunError: when it cannot be read, or its data have changed.
        """
        saved = self._saved = read_run(self._path)
        trainer = self._trainer = saved.trainer(self._queue.send_loading)
        self._travel, _ = read_time_travel(saved, trainer)
        self._rows = saved.epochs
        self._travel.travel(0, self._proceed)
        first = trainer.epoch
        note = f"replay of {self._path.name}"
        if first:
            note += f" from epoch {first:,}: older checkpoints are not saved"
        if moved := saved.header.kernels_warning:
            note += f"; {moved}"
        self._begin(note)
        self._set_state(self._state, note)

    @staticmethod
    def _proceed(_: float) -> bool:
        return True

    @property
    def _epoch(self) -> int:
        return self._trainer.epoch

    @property
    def _is_over(self) -> bool:
        return not self._travel.is_past

    # --- events to the screen

    def _begin(self, note: str) -> None:
        """Send the run up to the current epoch: the screen forgets what it knows of later ones."""
        trainer, queue = self._trainer, self._queue
        queue.post(Run(trainer.config, thinned(trainer.data), True, note, queue.answered))
        self._sent = self._events_sent = -1
        self._report()

    def _report(self) -> None:
        """Send the metrics since the last report, the network, and the changes on the way."""
        network, queue = self._trainer.network, self._queue
        # after the newest epoch also one that diverged
        end = self._epoch if not self._is_over else max(self._epoch, int(self._rows[-1, 0]))
        rows = self._rows[(self._rows[:, 0] > self._sent) & (self._rows[:, 0] <= end)]
        self._sent = max(self._sent, end)
        parameters, statistics = network.parameters.copy(), network.statistics.copy()
        queue.post(Progress(rows, parameters, statistics, self._rate.value))
        queue.pulled = False
        events = tuple(
            (each.epoch, each.kind, each.note)
            for each in self._saved.events
            if each.epoch <= self._epoch
        )
        if len(events) != self._events_sent:
            self._events_sent = len(events)
            starts = tuple(
                each for each in self._saved.header.loss_starts if each <= self._epoch + 1
            )
            queue.post(Reopened("", self._travel.is_edited, starts or (0,), False, events))

    def _set_state(self, state: State, note: str = "") -> None:
        self._state = state
        if state is State.TRAINING:
            self._timer.restart()
            self._rate.restart()
        header = self._saved.header
        over = state in {State.FINISHED, State.DIVERGED}
        stopped, restored = (header.stopped, header.restored) if over else (None, None)
        self._queue.post(StateChanged(state, note, stopped, restored, self._queue.handled))

    # --- playing

    def _play(self) -> None:
        """Play until the next epoch has to wait, or for a slice; report if the screen has pulled."""
        started = perf_counter()
        while not self._is_over:
            self._forward()
            now = perf_counter()
            self._rate.count(now)
            if self._timer.tick(now) or now - started > SLICE:
                break
        if self._is_over:
            self._end()
        elif self._queue.pulled:
            self._report()

    def _forward(self) -> None:
        """Go to the end of the next epoch, and report a change of the settings or the data."""
        trainer = self._trainer
        before = trainer.config, trainer.data
        self._travel.travel(self._epoch + 1, self._proceed, onward=True)
        self._report_settings(*before)

    def _report_settings(self, config: object, data: object) -> None:
        trainer, queue = self._trainer, self._queue
        if trainer.config is config and trainer.data is data:
            return
        if self._epoch > self._sent:
            self._report()
        other = None if trainer.data is data else thinned(trainer.data)
        queue.post(Run(trainer.config, other, False, "", queue.answered, travelled=True))

    def _end(self) -> None:
        self._report()
        diverged = self._saved.header.state is State.DIVERGED
        self._set_state(State.DIVERGED if diverged else State.FINISHED, OVER)

    # --- commands

    def _handle(self, command: Command) -> None:
        queue = self._queue
        queue.handled += isinstance(command, StateCommand)
        match command:
            case Pull():
                queue.pulled = True
            case SetSpeed():
                self._timer.set_speed(command.epochs_per_second)
                self._rate.restart()
            case Pause():
                self._pause()
            case Resume():
                self._resume()
            case Step() | StepBatch():
                self._step(command.epochs if isinstance(command, Step) else 1)
            case Seek():
                self._seek(command.epoch)
            case _:
                reject(queue, command, self._trainer.config, READ_ONLY)
                if isinstance(command, StateCommand):
                    self._set_state(self._state, READ_ONLY)

    def _rewind(self) -> None:
        """If the current epoch is before the last one that was played, forget those after it."""
        if self._is_over:
            self._travel.travel(0, self._proceed)
        if self._epoch < self._sent:
            self._begin("")

    def _pause(self) -> None:
        """Pause; a replay that ended just before the key stays so, since a Resume plays it again."""
        if self._is_over and self._state is not State.PAUSED:
            self._end()
        else:
            self._report()
            self._set_state(State.PAUSED)

    def _resume(self) -> None:
        self._rewind()
        self._set_state(State.TRAINING)

    def _step(self, epochs: int) -> None:
        self._rewind()
        for _ in range(epochs):
            if not self._is_over:
                self._forward()
        if self._is_over:
            self._end()
        else:
            self._report()
            self._set_state(State.PAUSED)

    def _seek(self, epoch: int) -> None:
        """Pause, and go to any epoch, also beyond the last one that was played."""
        trainer = self._trainer
        if self._state is not State.PAUSED:
            self._report()
            self._set_state(State.PAUSED)
        before = trainer.config, trainer.data
        self._travel.travel(epoch, self._proceed)
        self._report_settings(*before)
        if self._epoch > self._sent:
            self._report()
        network = trainer.network
        self._queue.post(
            Moved(
                self._epoch,
                self._sent,
                trainer.measure(),
                network.parameters.copy(),
                network.statistics.copy(),
                past=self._epoch < self._sent,
                share=trainer.share_of_epoch,
                was_edited=self._travel.is_edited,
            )
        )
