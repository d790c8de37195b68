"""Saves the runs of the process that trains many seeds, and reports the status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.process.autosave import ENDS, LAST_SAVE, LAST_STATUS, WHILE_WRITING
from core.process.messages import SaveStatusChanged, State
from core.runs.autosaver import Autosaver, SaveOptions, SaveStatus
from core.runs.saved_seeds import SeedsSnapshot, rows_of

if TYPE_CHECKING:
    from core.process.command_queue import CommandQueue
    from core.process.seeds_run import SeedsTraining
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun


class SeedsAutosave:
    """Saves the current runs every few seconds, when they end, and at the end of the process.

    While they are at an earlier epoch, the newest one stays saved.
    """

    def __init__(self, queue: CommandQueue) -> None:
        self._queue = queue
        self._autosaver: Autosaver | None = None
        self._sent_status = SaveStatus()
        self._saved_revision = self._saved_rows = 0
        self._saved_state: State | None = None

    def configure(self, options: SaveOptions) -> None:
        """Save all runs that start from here on."""
        self._autosaver = Autosaver(options)

    def start(self) -> None:
        """Start the thread that writes, with the priority that this process has now."""
        if self._autosaver is not None:
            self._autosaver.start()

    def begin(self, runs: SeedsTraining) -> None:
        """Save new runs from here on."""
        self._reset(runs)
        if self._autosaver is not None:
            self._autosaver.begin(runs.lockstep.configs[0].source_name)
            self._autosaver.add_event(0, "began", f"{len(runs.lockstep.configs):,} seeds")

    def resume(self, runs: SeedsTraining, saved: SavedRun, folder: RunFolder) -> None:
        """Continue to save runs in their folder."""
        self._reset(runs)
        self._saved_rows, self._saved_state = saved.header.epoch + 1, runs.state
        if self._autosaver is None:
            folder.close()
        else:
            self._autosaver.resume(saved, folder)

    def add_event(self, runs: SeedsTraining, kind: str, note: str) -> None:
        """Add an entry to the event log of the runs."""
        if self._autosaver is not None:
            self._autosaver.add_event(runs.lockstep.epoch, kind, note)

    def branch(self, epoch: int) -> None:
        """Save the epochs after this one again, since others replace them."""
        self._saved_rows = min(self._saved_rows, epoch + 1)

    def poll(self, runs: SeedsTraining | None) -> None:
        """Save the runs if they are due, and report the status of earlier saves."""
        if self._autosaver is None:
            return
        self._send_status(self._autosaver.status)
        if runs is not None and self._is_new(runs):
            ended = runs.state in ENDS and runs.state is not self._saved_state
            if ended or not self._autosaver.due_in():
                self.save(runs)

    def seconds_to_poll(self, runs: SeedsTraining | None) -> float | None:
        """Return the seconds until `poll` has something to do; None if nothing is pending."""
        autosaver = self._autosaver
        if autosaver is None:
            return None
        if autosaver.busy or autosaver.status != self._sent_status:
            return WHILE_WRITING
        return autosaver.due_in() if runs is not None and self._is_new(runs) else None

    def save(self, runs: SeedsTraining) -> None:
        """Save the newest epoch now, if it is not saved: others replace the runs, or they leave it."""
        if self._autosaver is None or not self._is_new(runs):
            return
        lockstep = runs.lockstep
        end = lockstep.epoch + 1
        self._autosaver.add_epochs(rows_of(lockstep, self._saved_rows, end))
        self._autosaver.save(SeedsSnapshot.of(lockstep, runs.travel, runs.state))
        self._saved_rows, self._saved_state = end, runs.state
        self._saved_revision = runs.revision

    def close(self, runs: SeedsTraining | None) -> None:
        """Save the last epoch, and wait until it is written."""
        if self._autosaver is None:
            return
        if runs is not None:
            self.save(runs)
        self._autosaver.close(LAST_SAVE)
        self._send_status(self._autosaver.status)
        self._queue.flush(LAST_STATUS)

    def _is_new(self, runs: SeedsTraining) -> bool:
        is_worth = runs.lockstep.epoch > 0 or self._saved_rows > 0
        return is_worth and runs.revision != self._saved_revision and not runs.travel.is_past

    def _reset(self, runs: SeedsTraining) -> None:
        self._saved_revision, self._saved_rows, self._saved_state = runs.revision, 0, None

    def _send_status(self, status: SaveStatus) -> None:
        if status != self._sent_status:
            self._sent_status = status
            self._queue.post(SaveStatusChanged(status.name, status.problem))
