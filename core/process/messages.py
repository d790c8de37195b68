"""What travels between the screen and the training process: commands one way, events the other.

All of it is frozen: a message is a fact, and both sides may keep it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from core.analysis.baseline import Baseline
    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.datasets.edits import Edit
    from core.runs.autosaver import SaveOptions
    from core.training.state import EpochMetrics
    from core.training.stopping import Stop


class State(StrEnum):
    """What a run is doing, in one word."""

    TRAINING = "TRAINING"
    PAUSED = "PAUSED"
    FINISHED = "FINISHED"
    DIVERGED = "DIVERGED"
    STOPPED = "STOPPED"


@dataclass(frozen=True)
class Start:
    """Begin a run at epoch 0, in place of the one there is; also the answer to `reset`."""

    config: RunConfig
    paused: bool = False


@dataclass(frozen=True)
class ConfigureAutosave:
    """Keep every run from here on, as it says; before the first `Start`."""

    options: SaveOptions


@dataclass(frozen=True)
class Reopen:
    """Go on with a kept run, in place of the one there is; answered as a `Start` is.

    Attributes:
        path: of its folder.
        paused: whether it stands still, though it was training.
    """

    path: Path
    paused: bool = False


@dataclass(frozen=True)
class Restore:
    """Go back to the last run whose place another took, where it was then; answered as a `Start` is."""


@dataclass(frozen=True)
class Pause:
    """Stand still; nothing changes for a run that does."""


@dataclass(frozen=True)
class Resume:
    """Go on, past the end of a run too; nothing changes for one that trains."""


@dataclass(frozen=True)
class Step:
    """Pause, then train that many epochs as fast as possible."""

    epochs: int


@dataclass(frozen=True)
class Configure:
    """Go on with other values of some settings, from the next epoch."""

    changes: dict[str, Any]


@dataclass(frozen=True)
class SetSpeed:
    """Keep to that many epochs a second; None for as many as the machine makes."""

    epochs_per_second: float | None


@dataclass(frozen=True)
class Cancel:
    """End loading, or a way through time, that is under way; nothing changes when none is."""


@dataclass(frozen=True)
class StepBatch:
    """Pause, then train one batch."""


@dataclass(frozen=True)
class Seek:
    """Pause, and go to the end of that epoch, or to the newest that was trained."""

    epoch: int


@dataclass(frozen=True)
class EditParameter:
    """Give one number of the flat parameter vector another value."""

    index: int
    value: float


@dataclass(frozen=True)
class EditData:
    """Add, move or remove a training sample, and go on with the same weights."""

    edit: Edit


@dataclass(frozen=True)
class MeasureBaseline:
    """Ask for the `Baseline` of the data there are."""


@dataclass(frozen=True)
class WatchScreen:
    """Say whether the screen's process is stopped; a signal that ends it then has it continued."""

    is_stopped: bool


@dataclass(frozen=True)
class Pull:
    """Ask for one `Progress`, as soon as there is something new."""


Command: TypeAlias = (
    Start
    | ConfigureAutosave
    | Reopen
    | Restore
    | Pause
    | Resume
    | Step
    | StepBatch
    | Configure
    | SetSpeed
    | Seek
    | EditParameter
    | EditData
    | Cancel
    | MeasureBaseline
    | WatchScreen
    | Pull
)


@dataclass(frozen=True)
class Run:
    """What runs from here on: sent at a start, and when a change of the config took effect.

    Attributes:
        data: the samples, or some of very many, or None when they are those of the `Run` before.
        fresh: whether the run began at epoch 0, so that what was known of earlier epochs is void.
        note: what happened, in a sentence; empty at a start.
        answered: how many `Start`s and `Configure`s the process has carried out; a screen that has
            sent more is ahead of this config.
        travelled: whether it is so because somebody went back in time, and nothing was changed.
    """

    config: RunConfig
    data: DataSplit | None
    fresh: bool
    note: str
    answered: int = 0
    travelled: bool = False


@dataclass(frozen=True)
class Progress:
    """Every epoch's metrics since the last `Progress`, and the network as it is after them.

    Attributes:
        table: (epochs, columns) float64, a row an epoch as `timeline.tabulate` makes them, in order
            and without a gap; the first of a run is epoch 0, the untrained network. There may be
            no row, within a long epoch.
        parameters: (parameters,) a copy of the flat vector.
        statistics: (statistics,) a copy of what normalised layers follow.
        epochs_per_second: over the last second or so.
        share: how much of the epoch under way is trained, if it is a long one; else 0.
        gradient: (parameters,) of the last step, clipping included, if the run stands still.
        measured: the metrics of the network as it is, if the run stands still and no row has them:
            within an epoch (if its data are not very many), after a change of the learning rate, or
            with diagnostics that were not saved.
    """

    table: NDArray[np.float64]
    parameters: Array
    statistics: Array
    epochs_per_second: float
    share: float = 0.0
    gradient: Array | None = None
    measured: EpochMetrics | None = None

    def rows(self) -> list[EpochMetrics]:
        """Return the table, epoch by epoch."""
        from core.training.epoch_log import metrics_of

        return [metrics_of(row) for row in self.table]


@dataclass(frozen=True)
class StateChanged:
    """The run's state, and why it is so; a `Progress` with all epochs up to here came before.

    Attributes:
        stopped: what ended the run, if it has ended.
        restored: the epoch whose weights were brought back at the end, if any were.
    """

    state: State
    note: str = ""
    stopped: Stop | None = None
    restored: int | None = None


@dataclass(frozen=True)
class Loading:
    """Data are being read; the run there is stands still meanwhile.

    Attributes:
        what: such as `reading flowers.csv`.
        share: how much of it is done.
    """

    what: str
    share: float


@dataclass(frozen=True)
class Moved:
    """The network that is shown is that of a past epoch, or the newest again.

    Attributes:
        epoch: which.
        head: the newest that was trained.
        metrics: of that very network, with its diagnostics: at the end of a run, or within an epoch,
            those of no epoch.
        parameters: (parameters,) a copy of the flat vector.
        statistics: (statistics,) a copy of what normalised layers follow.
        past: whether there is anything newer.
        share: how much of the next epoch is trained.
        edited: which parameter somebody gave another value, if that is why.
        was_edited: whether somebody did at that moment, or before it.
        stopped: why the run is over, if it is and that is its end.
        restored: the epoch whose weights were brought back there, if any were.
    """

    epoch: int
    head: int
    metrics: EpochMetrics
    parameters: Array
    statistics: Array
    past: bool
    share: float
    edited: int | None = None
    was_edited: bool = False
    stopped: Stop | None = None
    restored: int | None = None


@dataclass(frozen=True)
class Branched:
    """The run goes on from a past epoch; what came after it is no longer of this run."""

    epoch: int


@dataclass(frozen=True)
class Reopened:
    """A kept run is here again; what was known of its epochs came before.

    Attributes:
        name: of its folder; empty if that is removed at the end.
        edited: whether a parameter was given another value.
        parts: the epochs from which losses mean something else than before.
        restored: whether another run had taken its place in this session.
    """

    name: str
    edited: bool
    parts: tuple[int, ...]
    restored: bool = False


@dataclass(frozen=True)
class SaveStatusChanged:
    """Where the run is kept, or that it is not.

    Attributes:
        name: of its folder; empty before there is one.
        problem: why it is not kept now, in a sentence; empty when it is.
    """

    name: str
    problem: str = ""


@dataclass(frozen=True)
class Refused:
    """A run cannot begin, or a kept one not go on, and there is none; the reason is a sentence."""

    reason: str
    no_memory: bool = False


@dataclass(frozen=True)
class BaselineFound:
    """What a linear model reaches on the same split, or why there is none."""

    baseline: Baseline | None
    note: str


@dataclass(frozen=True)
class Failed:
    """The training process cannot go on; it ends after this."""

    reason: str


Event: TypeAlias = (
    Run
    | Progress
    | StateChanged
    | Moved
    | Branched
    | SaveStatusChanged
    | Reopened
    | Loading
    | BaselineFound
    | Refused
    | Failed
)
