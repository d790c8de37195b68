"""Saves a run that is trained without a screen."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

from core.process.status_text import why_stopped
from core.runs.autosaver import RunAutosave, RunSnapshot
from core.runs.saved_history import read_saved_history
from core.training.checkpoints import Checkpoint, Checkpoints, Position, SharedArrays
from core.training.epoch_log import tabulate
from core.training.stopping import State, Stop

if TYPE_CHECKING:
    from core.runs.autosaver import SaveOptions, SaveStatus
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun
    from core.training.state import EpochMetrics
    from core.training.trainer import Trainer

SPACING, SHARE = 0.03, 100
"""Seconds between two checkpoints, and their largest share of the time: one part in this many."""
MOST_CHECKPOINTS: Final = 40

LAST_SAVE: Final = 10.0
"""Seconds for the last save; longer than in the training process, as no screen waits for it."""


class HeadlessAutosave(RunAutosave):
    """Saves the run of a trainer.

    Attributes:
        newest: metrics of the last epoch that did not diverge, or of the restored weights.
    """

    def __init__(
        self,
        trainer: Trainer,
        newest: EpochMetrics,
        options: SaveOptions,
        resumed: tuple[SavedRun, RunFolder] | None = None,
    ) -> None:
        """Start to save a new run, or one that was resumed."""
        super().__init__(options)
        self._trainer, self.newest, self._last = trainer, newest, newest
        self._resumed = None if resumed is None else resumed[0].header
        self._rows: list[EpochMetrics] = [] if resumed else [newest]
        start = Checkpoint.of(trainer)
        if resumed is None:
            self.begin(start, trainer.config.describe(trainer.network.sizes))
        else:
            run, folder = resumed
            history = read_saved_history(run.path, run.header, trainer)
            self.resume(run, folder, start, history)
            start = start if history is None else history.starts[-1]
        self._segment = start.segment
        self._checkpoints, self._due = Checkpoints(start, SharedArrays()), 0.0

    @property
    def status(self) -> SaveStatus:
        """Whether the run is saved."""
        return self._autosaver.status

    def add_epoch(self, metrics: EpochMetrics) -> None:
        """Add an epoch that was trained."""
        trainer = self._trainer
        if trainer.stopped is not Stop.DIVERGED:
            self.newest = metrics if trainer.restored is None else trainer.measure()
        self._last = metrics
        self._rows.append(metrics)
        self._add_checkpoint_if_due()

    def _add_checkpoint_if_due(self) -> None:
        if (now := perf_counter()) >= self._due:
            self._checkpoints.add(Checkpoint.of(self._trainer, self._segment))
            if len(self._checkpoints) > MOST_CHECKPOINTS:
                self._checkpoints.thin(self._trainer.epoch)
            self._due = now + max(SPACING, SHARE * (perf_counter() - now))

    def poll(self) -> None:
        """Save the run if it is due."""
        if not self._autosaver.due_in():
            self._save_run()

    def close(self) -> str:
        """Save the end of the run, wait until it is written, and return the name of the saved run."""
        trainer = self._trainer
        if trainer.epoch or trainer.batches.next or trainer.stopped:
            if trainer.stopped is not None:
                note = why_stopped(trainer, self._last, names_keys=False)
                self._autosaver.add_event(trainer.epoch, self._state.lower(), note)
            if self.history is not None:
                head = Position(trainer.epoch, trainer.batches.next)
                self.history = self.history.with_recent(self._checkpoints, head)
            self._save_run()
        self._autosaver.close(LAST_SAVE)
        return "" if self.status.problem else self.status.name

    @property
    def _state(self) -> State:
        if self._trainer.stopped is None:
            return State.TRAINING
        diverged = self._trainer.stopped is Stop.DIVERGED
        return State.DIVERGED if diverged else State.FINISHED

    def _save_run(self) -> None:
        trainer, before = self._trainer, self._resumed
        snapshot = RunSnapshot(
            Checkpoint.of(trainer, self._segment),
            self.newest,
            self._state,
            ended=trainer.stopped,
            extension=trainer.config.epochs if before is None else before.extension,
            edited=before is not None and before.edited,
            loss_starts=(0,) if before is None else before.loss_starts,
        )
        if self._rows:
            self._autosaver.add_epochs(tabulate(self._rows))
            self._rows = []
        self.save(snapshot)
