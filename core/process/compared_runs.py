"""Several runs at a common epoch: saved ones are played again, and others are trained."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.process.messages import ComparedRunOpened, RunPosition
from core.process.training_run import thinned
from core.runs.atomic_files import RunError
from core.runs.reader import read_run
from core.runs.saved_history import read_time_travel
from core.training import epoch_log
from core.training.epoch_log import tabulate
from core.training.stopping import Stop
from core.training.time_travel import TimeTravel
from core.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from core.config.run_config import RunConfig
    from core.datasets.dataset import ProgressCallback
    from core.runs.reader import SavedRun
    from core.training.state import EpochMetrics


def _proceed(_: float) -> bool:
    return True


@dataclass(eq=False)
class PlayedRun:
    """A run whose network of any epoch can be computed.

    Attributes:
        number: of the run, from 0.
        trainer: at the epoch that is shown.
        travel: brings it to others.
        metrics: of the newest network.
        is_saved: whether nothing is trained beyond the newest epoch.
    """

    number: int
    trainer: Trainer
    travel: TimeTravel
    metrics: EpochMetrics
    is_saved: bool
    _rows: list[EpochMetrics] = field(default_factory=list)
    _sent: int = -1

    @classmethod
    def of_config(cls, number: int, config: RunConfig, progress: ProgressCallback) -> PlayedRun:
        """Prepare to train a run.

        Raises:
            ConfigError, DataError, MemoryError, Cancelled: when that is impossible.
        """
        trainer = Trainer(config.changed(diagnostics=False), progress=progress)
        metrics = trainer.measure()
        return cls(number, trainer, TimeTravel(trainer), metrics, is_saved=False)

    @classmethod
    def of_saved(cls, number: int, saved: SavedRun, progress: ProgressCallback) -> PlayedRun:
        """Load a saved run at its newest epoch.

        Raises:
            RunError: when its data have changed.
            MemoryError, Cancelled: when it cannot be loaded.
        """
        trainer = saved.trainer(progress)
        travel, _ = read_time_travel(saved, trainer)
        return cls(number, trainer, travel, saved.header.metrics, is_saved=True)

    @property
    def at(self) -> int:
        """The epoch that is shown."""
        return self.trainer.epoch

    @property
    def epoch(self) -> int:
        """The newest epoch."""
        return self.travel.head.epoch if self.travel.is_past else self.trainer.epoch

    @property
    def is_trained(self) -> bool:
        """Whether there is nothing left to train."""
        return self.is_saved or (not self.travel.is_past and self.trainer.stopped is not None)

    @property
    def is_over(self) -> bool:
        """Whether there is no later epoch."""
        return not self.travel.is_past and (self.is_saved or self.trainer.stopped is not None)

    def opened(self) -> ComparedRunOpened:
        """Return the description of a run that is trained here."""
        trainer, row = self.trainer, self.metrics
        data = thinned(trainer.data)
        has_classes = trainer.data.has_classes
        table = tabulate([row])
        return ComparedRunOpened(self.number, "", trainer.config, data, table, 0, row, has_classes)

    def forward(self, epoch: int, until: float) -> bool:
        """Go towards the end of an epoch; return whether it is reached, or there is none."""
        if self.is_over or self.at >= epoch:
            return True
        if self.travel.is_past:
            self.travel.travel(epoch, _proceed, onward=True)
            return True
        metrics = self.trainer.advance(until)
        if metrics is None:
            return False
        self._rows.append(metrics)
        self.travel.record_epoch()
        ended = self.trainer.stopped
        is_last = ended is not None and (ended is Stop.DIVERGED or self.trainer.restored)
        # not that of the last epoch: it has diverged, or the best weights were restored
        self.metrics = self.trainer.measure() if is_last else metrics
        return self.at >= epoch or ended is not None

    def go(self, epoch: int, proceed: Callable[[float], bool]) -> bool:
        """Go to an epoch, the first or the last one instead of others; return whether it is reached."""
        wanted = min(max(epoch, self.travel.first.epoch), self.epoch)
        self.trainer.abandon_epoch()
        if self.at != wanted or (wanted == self.epoch and self.travel.is_past):
            self.travel.travel(wanted, proceed)
        return self.at == wanted

    def position(self) -> RunPosition | None:
        """Return the network, if it has changed since the last call."""
        if self.at == self._sent and not self._rows:
            return None
        self._sent = self.at
        rows, self._rows = self._rows, []
        network = self.trainer.network
        return RunPosition(
            self.number,
            self.at,
            network.parameters.copy(),
            network.statistics.copy(),
            tabulate(rows) if rows else np.empty((0, len(epoch_log.COLUMNS))),
            self.epoch,
            self.metrics,
            is_training=not self.is_trained,
        )


def open_saved(
    number: int, path: Path, progress: ProgressCallback
) -> tuple[ComparedRunOpened, PlayedRun | None]:
    """Return a saved run; without its network if its data cannot be loaded.

    Raises:
        RunError: when it cannot be read.
        MemoryError, Cancelled: when it cannot be loaded.
    """
    saved = read_run(path)
    header, problem, played = saved.header, "", None
    try:
        played = PlayedRun.of_saved(number, saved, progress)
    except RunError as error:
        problem = str(error)
    first = header.epoch if played is None else played.travel.first.epoch
    opened = ComparedRunOpened(
        number,
        path.name,
        header.config,
        None if played is None else thinned(played.trainer.data),
        saved.epochs,
        header.epoch,
        header.metrics,
        header.has_classes,
        first,
        problem,
    )
    return opened, played
