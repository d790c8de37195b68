"""State of many runs on the screen: updated by events of their process, read by every panel."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Final

import numpy as np

from core.config.command_line import command_of
from core.lockstep.history import COLUMNS
from core.lockstep.summary import explained
from core.process.messages import (
    LaneSelected,
    Progress,
    Run,
    SeedsProgress,
    SeedsRun,
    StateChanged,
)
from core.process.seeds_run import CURVES, MAPPED
from core.training.stopping import Stop
from tui.run_model import RunModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.datasets.preparation import Preparation
    from core.process.messages import Event
    from core.training.state import EpochMetrics

SORT_INTERVAL: Final = 5.0
"""Seconds for which the order of the runs stays while they train: pictures that move cannot be read."""

LOSS: Final = COLUMNS.index("train_loss")
SCORE: Final = COLUMNS.index("train_score")
TEST_LOSS: Final = COLUMNS.index("test_loss")
TEST_SCORE: Final = COLUMNS.index("test_score")


class SpreadLog:
    """Spread of the curves over the runs after each epoch, from epoch 0."""

    def __init__(self) -> None:
        self._values = np.empty((64, CURVES, 5), np.float32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def extend(self, rows: NDArray[np.float32]) -> None:
        """Append epochs, (epochs, curves, 5)."""
        end = self._count + len(rows)
        if end > len(self._values):
            longer = np.empty((max(end, 2 * len(self._values)), CURVES, 5), np.float32)
            longer[: self._count] = self._values[: self._count]
            self._values = longer
        self._values[self._count : end] = rows
        self._count = end

    def truncate(self, count: int) -> None:
        """Drop all epochs after the first ones."""
        self._count = min(count, self._count)

    def curve(self, name: str) -> NDArray[np.float32]:
        """Return the (epochs, 5) spread of a field of `EpochMetrics`."""
        return self._values[: self._count, COLUMNS.index(name)]


class SeedsModel:
    """The runs as of the last event.

    Attributes:
        config: of the run with the lowest seed.
        count: number of runs.
        lane: number of the selected run.
        run: the selected run, for panels that show a single one; its status is that of all runs.
        first: samples of the first run, which define what the maps show.
        preparations: of the samples of the first runs, a single one if they share them.
        epoch: number of epochs trained.
        past_epoch: the same, if the newest is a later one.
        rows: (columns, runs) metrics of the current weights.
        stopped: why each run ended, or None.
        verdict: a sentence on all runs.
        spread: of the curves.
        parameters, statistics: of the networks of the first runs, with a leading axis.
        learning_rate: of all runs.
    """

    def __init__(self, config: RunConfig, count: int) -> None:
        self.config, self.count = config, count
        self.lane = 0
        self.run = RunModel(config)
        self.first: DataSplit | None = None
        self.preparations: tuple[Preparation, ...] = ()
        self._clear()

    def _clear(self) -> None:
        self.epoch = 0
        self.past_epoch: int | None = None
        self.rows = np.full((len(COLUMNS), self.count), np.nan)
        self.stopped: tuple[Stop | None, ...] = (None,) * self.count
        self.verdict = ""
        self._state: StateChanged | None = None
        self.spread = SpreadLog()
        self.parameters: Array = np.empty((0, 0))
        self.statistics: Array = np.empty((0, 0))
        self._order: list[int] = []
        self._sorted_at = 0.0

    def apply(self, event: Event) -> None:
        """Update the model by an event of the process."""
        match event:
            case SeedsRun():
                self._begin(event)
            case LaneSelected():
                self._select(event)
            case SeedsProgress():
                self._extend(event)
            case _:
                self._state = event if isinstance(event, StateChanged) else self._state
                self.run.apply(event)

    @property
    def shown(self) -> int:
        """Number of runs that can be selected."""
        return min(self.count, MAPPED)

    @property
    def head_epoch(self) -> int:
        """The newest epoch that was trained."""
        return max(0, len(self.spread) - 1)

    @property
    def share_of_epoch(self) -> float:
        """Share of the current epoch that is trained: commands are handled between two epochs."""
        return 0.0

    @property
    def best(self) -> EpochMetrics | None:
        """The best epoch: runs do not have it in common."""
        return None

    @property
    def state_note(self) -> str:
        """The note on the current status, such as why the runs have ended."""
        return "" if self._state is None else self._state.note

    @property
    def is_known(self) -> bool:
        """Whether there is something to draw."""
        return bool(len(self.spread)) and self.run.current is not None

    @property
    def healthy(self) -> NDArray[np.bool_]:
        """Whether each run has not diverged."""
        return np.array([each is not Stop.DIVERGED for each in self.stopped])

    @property
    def losses(self) -> NDArray[np.float64]:
        """Training losses of the runs that have not diverged."""
        losses = self.rows[LOSS][self.healthy]
        return np.asarray(losses[np.isfinite(losses)])

    def networks(self) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Return parameters and statistics of the first networks, and which have not diverged."""
        return self.parameters, self.statistics, self.healthy[: self.shown]

    def order(self) -> list[int]:
        """Return the runs that can be selected, the lowest loss first, those that diverged last."""
        now = monotonic()
        is_due = self.run.is_at_rest or now - self._sorted_at > SORT_INTERVAL
        if is_due or len(self._order) != self.shown:
            losses = np.where(self.healthy, self.rows[LOSS], np.inf)[: self.shown]
            self._order = np.argsort(losses, kind="stable").tolist()
            self._sorted_at = now
        return self._order

    def seed_of(self, lane: int) -> int:
        """Return the seed of a run."""
        return int((self.config.seed + lane) % 2**63)

    def _begin(self, event: SeedsRun) -> None:
        if event.preparations:
            self.config, self.count = event.config, event.count
            self.preparations, self.first = event.preparations, None
            self._clear()
        else:
            self.config = event.config
            config = self.run.config.changed(learning_rate=event.config.learning_rate)
            self.run.apply(Run(config, None, fresh=False, note=""))
        if event.note:
            self.run.note = event.note

    def _select(self, event: LaneSelected) -> None:
        run, self.lane = self.run, event.lane
        note = run.note
        run.apply(Run(event.config, event.data, fresh=True, note=""))
        if self.first is None:
            self.first = run.data
        self._show_lane(event.table)
        if self._state is not None:
            run.apply(self._state)  # its note is valid as long as the state
        run.note = note

    def _extend(self, event: SeedsProgress) -> None:
        self.epoch, self.rows, self.stopped = event.epoch, event.rows, event.stopped
        self.verdict = event.verdict
        self.past_epoch = event.epoch if event.epoch < event.head_epoch else None
        self.spread.truncate(event.head_epoch + 1 - len(event.quartiles))
        self.spread.extend(event.quartiles)
        self.parameters, self.statistics = event.parameters, event.statistics
        self.run.epochs_per_second = event.epochs_per_second
        if event.moved:
            # its later epochs are not sent; a note was about another epoch
            self.run.apply(Run(self.run.config, None, fresh=True, note=""))
            self.run.note = ""
        if event.lane == self.lane:
            self._show_lane(event.table)

    def _show_lane(self, table: NDArray[np.float64]) -> None:
        network = self.run.network
        if network is None:
            return
        parameters, statistics = network.parameters, network.statistics
        if self.lane < len(self.parameters):  # else the networks are on their way
            parameters, statistics = self.parameters[self.lane], self.statistics[self.lane]
        self.run.apply(Progress(table, parameters, statistics, self.run.epochs_per_second))


def summary(seeds: SeedsModel) -> str:
    """Return how many runs have learnt, and the command line that repeats them."""
    config, count = seeds.config, seeds.count
    shown = f"{count:,} run{'s' * (count > 1)} of {config.source_name}, after epoch {seeds.epoch:,}"
    learnt = f"{shown}: {explained(seeds.verdict) or 'nothing was trained'}"
    run = seeds.run
    saved = f"saved: nnfs-tui resume {run.saved_as}" if run.saved_as else "not saved"
    repeat = f"repeat: {command_of(config)} --seeds {count}"
    return "\n".join((learnt, run.save_problem or saved, repeat))
