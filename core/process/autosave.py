"""Saves the run of the training process every few seconds and at its end, and reports the status."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.process.messages import ReplacedRunsChanged, SaveStatusChanged, State
from core.runs.autosaver import Autosaver, ReplacedRun, RunAutosave, SaveOptions, SaveStatus
from core.training.checkpoints import Position
from core.training.epoch_log import tabulate

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from core.process.command_queue import CommandQueue
    from core.process.training_run import TrainingRun
    from core.runs.autosaver import RunSnapshot
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun
    from core.runs.saved_history import SavedHistory
    from core.training.state import EpochMetrics

ENDS: Final = {State.FINISHED, State.DIVERGED}

WHILE_WRITING: Final = 0.1
"""Seconds between two checks whether a snapshot is written."""

LAST_SAVE: Final = 1.5
"""Seconds for the last save, after the screen has exited."""

LAST_REPLACED: Final = 10.0
"""Seconds to wait until a run that is to be restored is written."""

LAST_STATUS: Final = 0.2
"""Seconds for the screen to receive the status of the last save."""


class TrainingAutosave(RunAutosave):
    """Saves one run after another.

    Until `configure` is called, a run is saved only when another replaces it, and only until the
    process exits.

    Attributes:
        is_on: whether runs are saved for later sessions.
    """

    def __init__(self, queue: CommandQueue) -> None:
        super().__init__(SaveOptions(None, only_replaced=True))
        self._queue = queue
        self.is_on = False
        self._sent_status = SaveStatus()
        self._sent_replaced: tuple[ReplacedRun, ...] = ()
        self._saved: tuple[int, Position, str] = (0, Position(0), "")
        self._saved_state: State | None = None
        self._saved_rows = 0

    def configure(self, options: SaveOptions) -> None:
        """Save all runs that start from here on."""
        self._autosaver, self.is_on = Autosaver(options), True

    def adopt(self, replaced: tuple[ReplacedRun, ...]) -> None:
        """Make runs restorable that a process that has ended had replaced."""
        self._autosaver.adopt(replaced)

    def begin_run(self, run: TrainingRun) -> None:
        """Save a new run from here on."""
        self._reset(run)
        trainer = run.trainer
        self.begin(run.time_travel.checkpoint(), trainer.config.describe(trainer.network.sizes))

    def resume_run(
        self, run: TrainingRun, saved: SavedRun, folder: RunFolder, history: SavedHistory | None
    ) -> None:
        """Continue to save a run in its folder."""
        self._reset(run)
        self.resume(saved, folder, run.time_travel.checkpoint(), history)
        self._saved_state = run.state

    def add_epochs(self, table: NDArray[np.float64]) -> None:
        """Add the epochs that are being reported; a snapshot may already include the first of them."""
        self._autosaver.add_epochs(table[self._saved_rows :])
        self._saved_rows = 0

    def add_change(self, run: TrainingRun) -> None:
        """Add the change that was just recorded to the history."""
        if self.history is not None:
            self.history = self.history.with_change(run.time_travel.checkpoint())

    def branch(self, run: TrainingRun) -> None:
        """Discard the history after the current position."""
        if self.history is not None:
            travel = run.time_travel
            self.history = self.history.up_to(travel.position, travel.segment.number)

    def add_event(self, run: TrainingRun, kind: str, note: str) -> None:
        """Add an entry to the event log of the run."""
        self._autosaver.add_event(run.trainer.epoch, kind, note)

    def poll(self, run: TrainingRun | None) -> None:
        """Save the run if it is due, and report the status of earlier saves."""
        self._send_replaced()
        if not self.is_on:
            return
        self._send_status(self._autosaver.status)
        if run is not None and self._is_new(run):
            ended = run.state in ENDS and run.state is not self._saved_state
            if ended or not self._autosaver.due_in():
                self._save_run(run)

    def seconds_to_poll(self, run: TrainingRun | None) -> float | None:
        """Return the seconds until `poll` has something to do; None if nothing is pending."""
        if self._autosaver.busy or self._autosaver.replaced != self._sent_replaced:
            return WHILE_WRITING
        if not self.is_on:
            return None
        if self._autosaver.status != self._sent_status:
            return WHILE_WRITING
        return self._autosaver.due_in() if run is not None and self._is_new(run) else None

    def save_newest(self, run: TrainingRun) -> None:
        """Save the newest position now, before time travel leaves it."""
        if self._is_new(run):
            self._save_run(run)

    def final_snapshot(self, run: TrainingRun) -> RunSnapshot | None:
        """Return the snapshot to save if another run replaces this one.

        None for a run without a trained epoch, or if everything is saved.
        """
        worth = run.trainer.epoch > 0 or self._autosaver.has_snapshot or run.state in ENDS
        if not (worth and self._is_new(run)):
            return None
        self._add_unsent(run.rows)
        self._add_recent_checkpoints(run)
        return self.with_history(run.snapshot())

    def save_final(self, snapshot: RunSnapshot | None) -> None:
        """Save the last snapshot of a run that is being replaced."""
        if snapshot is not None:
            self._autosaver.save(snapshot)

    @property
    def can_restore(self) -> bool:
        """Whether a replaced run can be restored."""
        return self._autosaver.can_restore

    def last_replaced(self) -> Path:
        """Return the folder of the last replaced run.

        Raises:
            RunError: when there is none, or it could not be written.
        """
        return self._autosaver.last_replaced(LAST_REPLACED)

    def close(self, run: TrainingRun | None) -> None:
        """Save the last snapshot, and wait until it is written."""
        if not self.is_on:
            self._autosaver.close(LAST_SAVE)
            return
        if run is not None and self._is_new(run):
            self._save_run(run, is_last=True)
        self._autosaver.close(LAST_SAVE)
        self._send_status(self._autosaver.status)
        self._queue.flush(LAST_STATUS)

    def _send_status(self, status: SaveStatus) -> None:
        if status != self._sent_status:
            self._sent_status = status
            self._queue.post(SaveStatusChanged(status.name, status.problem))

    def _send_replaced(self) -> None:
        replaced = self._autosaver.replaced
        if replaced != self._sent_replaced:
            self._sent_replaced = replaced
            self._queue.post(ReplacedRunsChanged(replaced))

    def _reset(self, run: TrainingRun) -> None:
        self._saved, self._saved_state, self._saved_rows = self._revision_of(run), None, 0

    def _revision_of(self, run: TrainingRun) -> tuple[int, Position, str]:
        """Return a value that changes whenever the run has something new to save."""
        return run.revision, run.time_travel.position, self.view

    def _is_new(self, run: TrainingRun) -> bool:
        """Return whether there is something to save; in the past, the newest position is saved."""
        if self._revision_of(run) == self._saved or run.time_travel.is_past:
            return False
        if self._autosaver.has_snapshot:
            return True
        trainer = run.trainer
        return trainer.epoch > 0 or trainer.batches.next > 0 or run.state in ENDS

    def _add_unsent(self, rows: list[EpochMetrics]) -> None:
        """Add epochs that were not reported yet, so that the snapshot includes them."""
        if len(rows) > self._saved_rows:
            self._autosaver.add_epochs(tabulate(rows[self._saved_rows :]))
            self._saved_rows = len(rows)

    def _add_recent_checkpoints(self, run: TrainingRun) -> None:
        """Add the checkpoints that make the first steps back fast after the run is resumed."""
        if self.history is not None:
            travel = run.time_travel
            self.history = self.history.with_recent(travel.checkpoints, travel.position)

    def _save_run(self, run: TrainingRun, *, is_last: bool = False) -> None:
        self._add_unsent(run.rows)
        if is_last or not run.active:
            self._add_recent_checkpoints(run)
        self.save(run.snapshot())
        self._saved, self._saved_state = self._revision_of(run), run.state
