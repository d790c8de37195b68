"""Hands the live run to its keeper, every few seconds and at every end, and says what came of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.process.messages import SaveStatusChanged, State
from core.runs.autosaver import Autosaver, SaveOptions, SaveStatus
from core.runs.saved_history import SavedHistory, Station
from core.runs.snapshot import Doing, RunSnapshot
from core.training.checkpoints import Position
from core.training.epoch_log import tabulate

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from core.process.command_queue import CommandQueue
    from core.process.training_run import TrainingRun
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun
    from core.training.state import EpochMetrics

DOING: Final = {
    State.TRAINING: Doing.TRAINING,
    State.PAUSED: Doing.PAUSED,
    State.FINISHED: Doing.FINISHED,
    State.DIVERGED: Doing.DIVERGED,
}

ENDS: Final = {State.FINISHED, State.DIVERGED}

WHILE_WRITING: Final = 0.1
"""Seconds between two looks at what the keeper has to say."""

LAST_SAVE: Final = 1.5
"""Seconds that the last save may take, after the screen is gone."""


LAST_REPLACED: Final = 10.0
"""Seconds that a run which is to be restored may take to be written."""

HEARD: Final = 0.2
"""Seconds in which a screen that waits for it hears what came of that."""


def _revision_of(run: TrainingRun) -> tuple[int, Position]:
    """Return what is another after everything by which a run is no longer as it was saved."""
    return run.revision, run.time_travel.here


def _checkpoint(run: TrainingRun) -> Station:
    trainer = run.trainer
    return Station(run.time_travel.applied, trainer.config, trainer.data, trainer.state())


class RunAutosave:
    """Outlives the runs, one of which it keeps at a time.

    Without `keep`, a run is saved only when another takes its place, and only until the process ends.

    Attributes:
        past: what is kept of the past of the run that there is.
        keeps: whether runs are saved for later sessions.
    """

    def __init__(self, exchange: CommandQueue) -> None:
        self._exchange = exchange
        self._autosaver = Autosaver(SaveOptions(None, only_replaced=True))
        self.keeps = False
        self._told = SaveStatus()
        self._saved = (0, Position(0))
        self._state: State | None = None
        self._handed = 0
        self.history: SavedHistory | None = None

    def configure(self, keeping: SaveOptions) -> None:
        """Keep the runs that begin from here on."""
        self._autosaver, self.keeps = Autosaver(keeping), True

    def begin(self, run: TrainingRun) -> None:
        """Keep another run."""
        self._follow(run)
        self.history = SavedHistory.started(_checkpoint(run))
        self._autosaver.begin(run.trainer.config.source_name)

    def resume(
        self, run: TrainingRun, kept: SavedRun, folder: RunFolder, past: SavedHistory | None
    ) -> None:
        """Keep a run on in the folder that it was read from, with the past that was found there."""
        self._follow(run)
        edited = kept.header.edited
        self.history = past or SavedHistory.started(_checkpoint(run), was_edited=edited)
        self._autosaver.resume(kept, folder)
        self._state = run.state

    def add_epochs(self, table: NDArray[np.float64]) -> None:
        """Take the epochs that the screen is told now, of which the first may have been taken before."""
        self._autosaver.add_epochs(table[self._handed :])
        self._handed = 0

    def changed(self, run: TrainingRun, place: Position, *, is_edit: bool) -> None:
        """Take a change that was made at that place."""
        if self.history is not None:
            self.history = self.history.changed(place, _checkpoint(run), is_edit=is_edit)

    def branched(self, run: TrainingRun) -> None:
        """Give the future up, as the run has."""
        if self.history is not None:
            self.history = self.history.branched(run.time_travel.here, run.time_travel.applied)

    def add_event(self, run: TrainingRun, what: str, note: str) -> None:
        """Take what happened to the run, in a word and a sentence."""
        self._autosaver.add_event(run.trainer.epoch, what, note)

    def poll(self, run: TrainingRun | None) -> None:
        """Save what is due, and say what came of what was saved."""
        keeper = self._autosaver
        if not self.keeps:
            return
        self._send_status(keeper.status)
        if run is not None and self._is_new(run):
            ended = run.state in ENDS and run.state is not self._state
            if ended or not keeper.due_in():
                self._save(run, keeper)

    def seconds_to_poll(self, run: TrainingRun | None) -> float | None:
        """Return the seconds until there is something to look at; None for never."""
        keeper = self._autosaver
        if not self.keeps:
            return None
        if keeper.busy or keeper.status != self._told:
            return WHILE_WRITING
        return keeper.due_in() if run is not None and self._is_new(run) else None

    def save_newest(self, run: TrainingRun) -> None:
        """Save the newest moment now, before somebody leaves it for the past."""
        if self._is_new(run):
            self._save(run, self._autosaver)

    def final_snapshot(self, run: TrainingRun) -> RunSnapshot | None:
        """Return what is to be saved if another run takes the place of this one.

        A run of which no epoch was trained is not worth a folder.
        """
        worth = run.trainer.epoch > 0 or self._autosaver.has_snapshot or run.state in ENDS
        if not (worth and self._is_new(run)):
            return None
        self._take_untold(run.rows, self._autosaver)
        return self._moment(run)[0]

    def save_final(self, moment: RunSnapshot | None) -> None:
        """Save the last moment of a run that gives way to another."""
        if moment is not None:
            self._autosaver.save(moment)

    @property
    def can_restore(self) -> bool:
        """Whether there is a run whose place another took."""
        return self._autosaver.can_restore

    def last_replaced(self) -> Path:
        """Return the folder of the last run whose place another took.

        Raises:
            RunError: when there is none, or it could not be written.
        """
        return self._autosaver.last_replaced(LAST_REPLACED)

    def close(self, run: TrainingRun | None) -> None:
        """Save the last moment, and wait until it is written."""
        if not self.keeps:
            self._autosaver.close(LAST_SAVE)
            return
        if run is not None:
            self.save_newest(run)
        self._autosaver.close(LAST_SAVE)
        self._send_status(self._autosaver.status)
        self._exchange.flush(HEARD)

    def _send_status(self, news: SaveStatus) -> None:
        if news != self._told:
            self._told = news
            self._exchange.post(SaveStatusChanged(news.name, news.problem))

    def _follow(self, run: TrainingRun) -> None:
        self._saved, self._state, self._handed = _revision_of(run), None, 0

    def _is_new(self, run: TrainingRun) -> bool:
        """Tell whether there is something that is not saved; the past is not, it has its future."""
        if _revision_of(run) == self._saved or run.time_travel.is_past:
            return False
        if self._autosaver.has_snapshot:
            return True
        trainer = run.trainer
        return trainer.epoch > 0 or trainer.batches.next > 0 or run.state in ENDS

    def _take_untold(self, rows: list[EpochMetrics], keeper: Autosaver) -> None:
        if len(rows) > self._handed:
            keeper.add_epochs(tabulate(rows[self._handed :]))
            self._handed = len(rows)

    def _save(self, run: TrainingRun, keeper: Autosaver) -> None:
        self._take_untold(run.rows, keeper)
        moment, self.history = self._moment(run)
        keeper.save(moment)
        self._saved, self._state = _revision_of(run), run.state

    def _moment(self, run: TrainingRun) -> tuple[RunSnapshot, SavedHistory | None]:
        """Return the run as it is, and its past up to here."""
        moment, past, trainer = run.snapshot(), self.history, run.trainer
        if past is not None:
            here = Station(run.time_travel.applied, trainer.config, trainer.data, moment.state)
            past = past.extended(here, was_edited=moment.edited)
        return replace(moment, history=past), past
