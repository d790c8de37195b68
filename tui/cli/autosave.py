"""Keeps a run that is trained without a screen, as the training process keeps one beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from core.runs.autosaver import Keeper
from core.runs.saved_history import Past, Station
from core.runs.saved_history_file import read_past
from core.runs.snapshot import Doing, Moment
from core.training.epoch_log import tabulate
from core.training.stopping import Stop

if TYPE_CHECKING:
    from core.runs.autosaver import Keeping, News
    from core.runs.folder import RunFolder
    from core.runs.reader import KeptRun
    from core.training.state import EpochMetrics
    from core.training.trainer import Trainer

LAST_SAVE: Final = 10.0
"""Seconds that the last save may take: nobody waits for a screen here."""


class KeptTraining:
    """Hands the run of a trainer to a keeper, if it is to be kept.

    Attributes:
        newest: the metrics after the last epoch that was good, of the best weights if restored.
    """

    def __init__(
        self,
        trainer: Trainer,
        newest: EpochMetrics,
        keeping: Keeping | None,
        kept: tuple[KeptRun, RunFolder] | None = None,
    ) -> None:
        """Begin to keep a run, or go on with one that was kept."""
        self._trainer, self.newest = trainer, newest
        self._keeper = None if keeping is None else Keeper(keeping)
        self._kept = None if kept is None else kept[0].header
        self._rows: list[EpochMetrics] = [] if kept else [newest]
        config = trainer.config
        if self._keeper is None:
            return
        self._past = self._past_of(kept[0] if kept else None)
        self._segment = self._past.starts[-1].number
        if kept is not None:
            self._keeper.go_on(*kept)
            return
        self._keeper.begin(config.source_name)
        self._keeper.event(0, "began", config.describe(trainer.network.sizes))

    @property
    def news(self) -> News | None:
        """What became of it, if it is to be kept."""
        return None if self._keeper is None else self._keeper.news

    def take(self, metrics: EpochMetrics) -> None:
        """Take an epoch that is over."""
        trainer = self._trainer
        if trainer.stopped is not Stop.DIVERGED:
            self.newest = metrics if trainer.restored is None else trainer.measure()
        if self._keeper is not None:
            self._rows.append(metrics)

    def look(self) -> None:
        """Save if it is time to; call it now and then."""
        if self._keeper is not None and not self._keeper.due_in():
            self._save(self._keeper)

    def close(self) -> str:
        """Save the end, wait until it is written, and return the name of the run that is saved."""
        keeper, trainer = self._keeper, self._trainer
        if keeper is None:
            return ""
        if trainer.epoch or trainer.batches.next or trainer.stopped:
            if trainer.stopped is not None:
                keeper.event(trainer.epoch, self._doing, f"{trainer.stopped}".replace("_", " "))
            self._save(keeper)
        keeper.close(LAST_SAVE)
        return "" if keeper.news.problem else keeper.news.name

    @property
    def _doing(self) -> Doing:
        if self._trainer.stopped is None:
            return Doing.TRAINING
        diverged = self._trainer.stopped is Stop.DIVERGED
        return Doing.DIVERGED if diverged else Doing.FINISHED

    def _past_of(self, kept: KeptRun | None) -> Past:
        trainer, past, edited = self._trainer, None, False
        if kept is not None:
            past, edited = read_past(kept.path, kept.header, trainer), kept.header.edited
        start = Station(0, trainer.config, trainer.data, trainer.state())
        return past or Past.begun(start, was_edited=edited)

    def _save(self, keeper: Keeper) -> None:
        trainer, before = self._trainer, self._kept
        edited = before is not None and before.edited
        moment = Moment.of(
            trainer,
            self.newest,
            self._doing,
            ended=trainer.stopped,
            span=trainer.config.epochs if before is None else before.span,
            edited=edited,
            parts=(0,) if before is None else before.parts,
        )
        here = Station(self._segment, moment.config, moment.data, moment.state)
        self._past = self._past.reached(here, was_edited=edited)
        if self._rows:
            keeper.rows(tabulate(self._rows))
            self._rows = []
        keeper.save(replace(moment, past=self._past))
