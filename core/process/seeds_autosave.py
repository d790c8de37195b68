"""Saves runs of many seeds while they are trained: by their process, or by `train --seeds`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from core.process.autosave import ENDS, LAST_SAVE, WHILE_WRITING
from core.runs.autosaver import Autosaver, SaveOptions, SaveStatus
from core.runs.saved_seeds import SeedsSnapshot, rows_of
from core.training.stopping import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.lockstep.time_travel import LockstepTravel
    from core.lockstep.trainer import Lockstep
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun


class TrainedSeeds(Protocol):
    """Runs that are trained at once, as they are saved.

    Attributes:
        lockstep: trains them, and records all epochs.
        travel: records their checkpoints.
        state: their common status.
        revision: counter of changes to what is saved.
    """

    lockstep: Lockstep
    travel: LockstepTravel
    state: State
    revision: int


class SeedsAutosave:
    """Saves the current runs every few seconds, when they end, and at the end of the process.

    While they are at an earlier epoch, the newest one stays saved.
    """

    def __init__(self, send_status: Callable[[SaveStatus], None] = lambda _: None) -> None:
        """Save nothing until `configure`; `send_status` is called with each new status."""
        self._report = send_status
        self._autosaver: Autosaver | None = None
        self._sent_status = SaveStatus()
        self._saved_revision = self._saved_rows = 0
        self._saved_state: State | None = None
        self._at_rest: int | None = None  # revision that was saved with checkpoints

    def configure(self, options: SaveOptions) -> None:
        """Save all runs that start from here on."""
        self._autosaver = Autosaver(options)

    def start(self) -> None:
        """Start the thread that writes, with the priority that this process has now."""
        if self._autosaver is not None:
            self._autosaver.start()

    @property
    def status(self) -> SaveStatus:
        """Whether the runs are saved."""
        return SaveStatus() if self._autosaver is None else self._autosaver.status

    def begin(self, runs: TrainedSeeds) -> None:
        """Save new runs from here on."""
        self._reset(runs)
        if self._autosaver is not None:
            self._autosaver.begin(runs.lockstep.configs[0].source_name)
            self._autosaver.add_event(0, "began", f"{len(runs.lockstep.configs):,} seeds")

    def resume(self, runs: TrainedSeeds, saved: SavedRun, folder: RunFolder) -> None:
        """Continue to save runs in their folder."""
        self._reset(runs)
        self._saved_rows, self._saved_state = saved.header.epoch + 1, runs.state
        if self._autosaver is None:
            folder.close()
        else:
            self._autosaver.resume(saved, folder)
            # before the runs: if this process is killed now, the screen knows what space resumes
            self._send_status(self._autosaver.status)

    def add_event(self, runs: TrainedSeeds, kind: str, note: str) -> None:
        """Add an entry to the event log of the runs."""
        if self._autosaver is not None:
            self._autosaver.add_event(runs.lockstep.epoch, kind, note)

    def branch(self, epoch: int) -> None:
        """Save the epochs after this one again, since others replace them."""
        self._saved_rows = min(self._saved_rows, epoch + 1)

    def poll(self, runs: TrainedSeeds | None) -> None:
        """Save the runs if they are due, and report the status of earlier saves."""
        if self._autosaver is None:
            return
        self._send_status(self._autosaver.status)
        if runs is not None and self._is_new(runs):
            ended = runs.state in ENDS and runs.state is not self._saved_state
            if ended or not self._autosaver.due_in():
                self.save(runs, is_at_rest=runs.state is not State.TRAINING)

    def seconds_to_poll(self, runs: TrainedSeeds | None) -> float | None:
        """Return the seconds until `poll` has something to do; None if nothing is pending."""
        autosaver = self._autosaver
        if autosaver is None:
            return None
        if autosaver.busy or autosaver.status != self._sent_status:
            return WHILE_WRITING
        return autosaver.due_in() if runs is not None and self._is_new(runs) else None

    def save(self, runs: TrainedSeeds, *, is_at_rest: bool = True) -> None:
        """Save the newest epoch now, if it is not saved: others replace the runs, or they leave it.

        At rest, checkpoints are saved with it.
        """
        has_checkpoints = not is_at_rest or self._at_rest == runs.revision
        if self._autosaver is None or not self._is_new(runs, has_checkpoints=has_checkpoints):
            return
        lockstep = runs.lockstep
        end = lockstep.epoch + 1
        self._autosaver.add_epochs(rows_of(lockstep, self._saved_rows, end))
        snapshot = SeedsSnapshot.of(lockstep, runs.travel, runs.state, is_at_rest=is_at_rest)
        self._autosaver.save(snapshot)
        self._at_rest = runs.revision if is_at_rest else None
        self._saved_rows, self._saved_state = end, runs.state
        self._saved_revision = runs.revision

    def close(self, runs: TrainedSeeds | None, seconds: float = LAST_SAVE) -> None:
        """Save the last epoch, and wait at most so long until it is written."""
        if self._autosaver is None:
            return
        if runs is not None:
            self.save(runs)
        self._autosaver.close(seconds)
        self._send_status(self._autosaver.status)

    def _is_new(self, runs: TrainedSeeds, *, has_checkpoints: bool = True) -> bool:
        is_worth = runs.lockstep.epoch > 0 or self._saved_rows > 0
        is_saved = runs.revision == self._saved_revision and has_checkpoints
        return is_worth and not is_saved and not runs.travel.is_past

    def _reset(self, runs: TrainedSeeds) -> None:
        self._saved_revision, self._saved_rows, self._saved_state = runs.revision, 0, None
        self._at_rest = runs.revision

    def _send_status(self, status: SaveStatus) -> None:
        if status != self._sent_status:
            self._sent_status = status
            self._report(status)
