"""Keeps a run that is trained without a screen, as the training process keeps one beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.runs.autosaver import Autosaver
from core.runs.saved_history import SavedHistory, Station
from core.runs.saved_history_file import read_saved_history
from core.runs.snapshot import Doing, RunSnapshot
from core.training.epoch_log import tabulate
from core.training.stopping import Stop

if TYPE_CHECKING:
    from core.runs.autosaver import SaveOptions, SaveStatus
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun
    from core.training.state import EpochMetrics
    from core.training.trainer import Trainer

LAST_SAVE: Final = 10.0
"""Seconds that the last save may take: nobody waits for a screen here."""


class HeadlessAutosave:
    """Hands the run of a trainer to a keeper, if it is to be kept.

    Attributes:
        newest: the metrics after the last epoch that was good, of the best weights if restored.
    """

    def __init__(
        self,
        trainer: Trainer,
        newest: EpochMetrics,
        keeping: SaveOptions | None,
        kept: tuple[SavedRun, RunFolder] | None = None,
    ) -> None:
        """Begin to keep a run, or go on with one that was kept."""
        self._trainer, self.newest = trainer, newest
        self._autosaver = None if keeping is None else Autosaver(keeping)
        self._kept = None if kept is None else kept[0].header
        self._rows: list[EpochMetrics] = [] if kept else [newest]
        config = trainer.config
        if self._autosaver is None:
            return
        self._past = self._past_of(kept[0] if kept else None)
        self._segment = self._past.starts[-1].number
        if kept is not None:
            self._autosaver.resume(*kept)
            return
        self._autosaver.begin(config.source_name)
        self._autosaver.add_event(0, "began", config.describe(trainer.network.sizes))

    @property
    def status(self) -> SaveStatus | None:
        """What became of it, if it is to be kept."""
        return None if self._autosaver is None else self._autosaver.status

    def add_epoch(self, metrics: EpochMetrics) -> None:
        """Take an epoch that is over."""
        trainer = self._trainer
        if trainer.stopped is not Stop.DIVERGED:
            self.newest = metrics if trainer.restored is None else trainer.measure()
        if self._autosaver is not None:
            self._rows.append(metrics)

    def poll(self) -> None:
        """Save if it is time to; call it now and then."""
        if self._autosaver is not None and not self._autosaver.due_in():
            self._save(self._autosaver)

    def close(self) -> str:
        """Save the end, wait until it is written, and return the name of the run that is saved."""
        keeper, trainer = self._autosaver, self._trainer
        if keeper is None:
            return ""
        if trainer.epoch or trainer.batches.next or trainer.stopped:
            if trainer.stopped is not None:
                keeper.add_event(trainer.epoch, self._doing, f"{trainer.stopped}".replace("_", " "))
            self._save(keeper)
        keeper.close(LAST_SAVE)
        return "" if keeper.status.problem else keeper.status.name

    @property
    def _doing(self) -> Doing:
        if self._trainer.stopped is None:
            return Doing.TRAINING
        diverged = self._trainer.stopped is Stop.DIVERGED
        return Doing.DIVERGED if diverged else Doing.FINISHED

    def _past_of(self, kept: SavedRun | None) -> SavedHistory:
        trainer, past, edited = self._trainer, None, False
        if kept is not None:
            past, edited = read_saved_history(kept.path, kept.header, trainer), kept.header.edited
        start = Station(0, trainer.config, trainer.data, trainer.state())
        return past or SavedHistory.started(start, was_edited=edited)

    def _save(self, keeper: Autosaver) -> None:
        trainer, before = self._trainer, self._kept
        edited = before is not None and before.edited
        moment = RunSnapshot.of(
            trainer,
            self.newest,
            self._doing,
            ended=trainer.stopped,
            span=trainer.config.epochs if before is None else before.span,
            edited=edited,
            comparable_parts=(0,) if before is None else before.comparable_parts,
        )
        here = Station(self._segment, moment.config, moment.data, moment.state)
        self._past = self._past.extended(here, was_edited=edited)
        if self._rows:
            keeper.add_epochs(tabulate(self._rows))
            self._rows = []
        keeper.save(replace(moment, history=self._past))
