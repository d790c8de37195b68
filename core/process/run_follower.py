"""Follows a saved run that another process trains: reads its folder again after each save.

Nothing is written and nothing is locked, so the other process notices nothing.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

import numpy as np

from core.process import commands
from core.process.messages import (
    BaselineFound,
    Branched,
    Configure,
    Follow,
    MeasureBaseline,
    MeasureReferences,
    Moved,
    Progress,
    ReferencesMeasured,
    Refused,
    Reopen,
    Reopened,
    Restore,
    Run,
    Seek,
    Start,
    StartFrom,
    State,
    StateChanged,
    StateCommand,
)
from core.process.training_run import MOST_EVENTS, thinned
from core.runs.atomic_files import RunError
from core.runs.folder import STATE
from core.runs.lock import in_use
from core.runs.reader import read_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from core.config.run_config import RunConfig
    from core.process.command_queue import CommandQueue
    from core.process.messages import Command
    from core.runs.reader import SavedRun
    from core.training.trainer import Trainer

BETWEEN_LOOKS: Final = 0.5
"""Seconds between two looks at the folder: a run is saved at most every two seconds."""

LOOKING: Final = 0.2
"""Largest share of the time that is spent on reading: the files of a long run are large."""

PATIENCE: Final = 5.0
"""Seconds for which a folder may be unreadable, since its files are not replaced at the same moment."""

FIRST_PATIENCE: Final = 1.0
"""The same before anything is shown."""

STALLED_AFTER: Final = 10.0
"""Usual intervals between two saves after which the run counts as stalled."""

LEAST_SILENCE: Final = 20.0
"""Seconds below which a missing save means nothing: a large epoch delays it."""

READ_ONLY: Final = "another process trains this run: it is only shown here"


class RunFollower:
    """Shows the newest saved state of a run until the screen is closed."""

    def __init__(
        self, queue: CommandQueue, command: Follow, hand_over: Callable[[], object]
    ) -> None:
        """Prepare to follow a run; `hand_over` is called when the screen has its first state."""
        self._hand_over: Callable[[], object] | None = hand_over
        self._queue, self._path = queue, command.path
        self._shown: SavedRun | None = None
        self._trainer: Trainer | None = None
        self._rows: NDArray[np.float64] = np.empty((0, 0))
        self._seen: tuple[int, int] | None = None
        self._state, self._note = State.PAUSED, ""
        self._due = 0.0
        self._unreadable_since: float | None = None
        self._rate, self._interval = 0.0, 0.0
        self._changed = monotonic()

    def run(self) -> None:
        """Follow the run until the channel is closed."""
        queue = self._queue
        while not queue.closed:
            if (started := monotonic()) >= self._due:
                self._look()
                took = monotonic() - started
                self._due = monotonic() + max(BETWEEN_LOOKS, took / LOOKING)
            queue.receive_commands(max(0.0, self._due - monotonic()))
            while queue.waiting and not queue.closed:
                self._handle(queue.waiting.pop(0))

    def _handle(self, command: Command) -> None:
        """Answer a command; none has an effect on the run."""
        queue = self._queue
        queue.handled += isinstance(command, StateCommand)
        if isinstance(command, Seek):
            self._send_position()
        elif self._shown is not None:
            reject(queue, command, self._shown.header.config, READ_ONLY)
        if isinstance(command, StateCommand) and not isinstance(command, Start | StartFrom):
            self._send_state(READ_ONLY)

    # --- the folder

    def _look(self) -> None:
        """Read the folder if it was saved since the last time, and report what is new."""
        try:
            found = (self._path / STATE).stat()
            seen = found.st_ino, found.st_mtime_ns
        except OSError:
            self._report_problem(f"{self._path.name} cannot be read: it may have been removed")
            return
        if seen != self._seen:
            try:
                self._show(read_run(self._path))
            except (RunError, *commands.REFUSALS) as error:
                self._report_problem(commands.why_refused(error))
                return
            self._seen, self._unreadable_since = seen, None
        self._update_state()
        if self._hand_over is not None:
            self._hand_over()
            self._hand_over = None

    def _report_problem(self, reason: str) -> None:
        """Report why there is nothing new, unless that has just begun: a save may be in progress."""
        now = monotonic()
        if self._unreadable_since is None:
            self._unreadable_since = now
        if now - self._unreadable_since < (PATIENCE if self._shown is not None else FIRST_PATIENCE):
            return
        if self._shown is None:
            self._queue.post(Refused(reason))
        elif reason != self._note:
            self._state, self._note = State.STOPPED, reason
            self._send_state(reason)

    def _show(self, saved: SavedRun) -> None:
        before, queue = self._shown, self._queue
        header = saved.header
        is_same = before is not None and (
            before.header.config == header.config and before.header.edits == header.edits
        )
        if self._trainer is None or not is_same:
            self._trainer = saved.trainer(queue.send_loading)
            self._rows = np.empty((0, saved.rows.shape[1]))
            queue.post(Run(header.config, thinned(self._trainer.data), True, "", queue.answered))
        else:
            saved.restore(self._trainer)
        self._measure_rate(saved)
        self._shown = saved
        self._send_rows(saved.epochs)
        if before is None or not is_same or before.events != saved.events:
            events = tuple((each.epoch, each.kind, each.note) for each in saved.events)
            queue.post(
                Reopened("", header.edited, header.loss_starts, False, events[-MOST_EVENTS:])
            )
            self._note = "\0"  # the state is sent again, after the events

    def _measure_rate(self, saved: SavedRun) -> None:
        before, now = self._shown, monotonic()
        if before is not None:
            seconds = saved.header.saved - before.header.saved
            epochs = saved.header.epoch - before.header.epoch
            self._rate = epochs / seconds if seconds > 0 and epochs > 0 else 0.0
            self._interval = max(self._interval, min(now - self._changed, LEAST_SILENCE))
        self._changed = now

    def _send_rows(self, rows: NDArray[np.float64]) -> None:
        """Send the epochs that the screen does not have, after the last one that is still valid."""
        count = min(len(rows), len(self._rows))
        differs = (rows[:count] != self._rows[:count]) & ~(
            np.isnan(rows[:count]) & np.isnan(self._rows[:count])
        )
        wrong = np.flatnonzero(differs.any(axis=1))
        same = int(wrong[0]) if wrong.size else count
        if same < len(self._rows) and same > 0:
            self._queue.post(Branched(int(self._rows[same - 1, 0])))
        self._rows = rows
        self._send_progress(rows[same:])

    def _send_progress(self, rows: NDArray[np.float64]) -> None:
        if self._trainer is None:
            return
        network = self._trainer.network
        self._queue.post(
            Progress(rows, network.parameters.copy(), network.statistics.copy(), self._rate)
        )

    def _send_position(self) -> None:
        """Report the newest state again: there is no time travel."""
        if self._trainer is None or self._shown is None:
            return
        header, network = self._shown.header, self._trainer.network
        self._queue.post(
            Moved(
                header.epoch,
                header.epoch,
                header.metrics,
                network.parameters.copy(),
                network.statistics.copy(),
                past=False,
                share=0.0,
                was_edited=header.edited,
                stopped=header.stopped,
                restored=header.restored,
            )
        )
        self._send_state("the past of a run that is followed is not shown; replay shows it")

    # --- the state

    def _update_state(self) -> None:
        """Report whether the run is training, and whether its process is still there."""
        if self._shown is None:
            return
        header, name = self._shown.header, self._path.name
        state, note = header.state, ""
        if state is State.TRAINING and not in_use(self._path):
            state, note = (
                State.PAUSED,
                f"no process trains {name} now; it is shown again if one does",
            )
        elif state is State.TRAINING:
            silence = monotonic() - self._changed
            limit = max(LEAST_SILENCE, STALLED_AFTER * self._interval)
            if self._interval and silence > limit:
                state, note = State.PAUSED, f"STALLED: {name} was not saved for {limit:.0f} s"
        else:
            note = f"{name} is {state.lower()} in its own process" if in_use(self._path) else ""
        if (state, note) != (self._state, self._note):
            self._state, self._note = state, note
            self._send_state(note)

    def _send_state(self, note: str) -> None:
        header = self._shown.header if self._shown is not None else None
        stopped = header.stopped if header is not None else None
        restored = header.restored if header is not None else None
        self._queue.post(StateChanged(self._state, note, stopped, restored, self._queue.handled))


def reject(queue: CommandQueue, command: Command, config: RunConfig, note: str) -> None:
    """Answer a command that has no effect on a run that is only shown."""
    match command:
        case Start() | StartFrom() | Reopen() | Restore() | Configure():
            queue.answered += 1
            queue.post(Run(config, None, False, note, queue.answered, handled=queue.handled))
        case MeasureBaseline():
            queue.post(BaselineFound(None, note))
        case MeasureReferences():
            queue.post(ReferencesMeasured(None, command.request))
