"""Messages between the screen and the training process: commands to it, events from it.

All of them are frozen, so that both sides may keep them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from core.dataclass import dataclass
from core.training.stopping import State as State  # noqa: TC001 (exported)

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from core.analysis.baseline import Baseline
    from core.analysis.diagnosis.references import References
    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.datasets.edits import Edit
    from core.datasets.preparation import Preparation
    from core.runs.autosaver import ReplacedRun, SaveOptions
    from core.runs.comparison import Disagreement
    from core.training.next_step import NextStep
    from core.training.state import EpochMetrics, TrainerState
    from core.training.stopping import Stop


@dataclass(frozen=True)
class Start:
    """Start a new run at epoch 0, which replaces the current one."""

    config: RunConfig
    paused: bool = False


@dataclass(frozen=True)
class StartFrom:
    """Start a run that continues another one; answered like a `Start`, and always paused.

    Attributes:
        state: of the other run's trainer.
        table: (epochs, columns) its metrics from epoch 0, as `epoch_log.tabulate` returns them.
        note: where it comes from.
    """

    config: RunConfig
    state: TrainerState
    table: NDArray[np.float64]
    note: str


@dataclass(frozen=True)
class StartSeeds:
    """Train runs with consecutive seeds at once, which replace the current ones.

    This and the next two commands are handled by `core/process/seeds_worker.py`.

    Attributes:
        config: of the run with the lowest seed.
        count: number of runs.
    """

    config: RunConfig
    count: int
    paused: bool = False


@dataclass(frozen=True)
class SelectLane:
    """Report samples and epochs of one of the runs that are trained at once."""

    lane: int


@dataclass(frozen=True)
class OpenLane:
    """Pause, and report the complete state of one of the runs."""

    lane: int


@dataclass(frozen=True)
class CompareRuns:
    """Show several runs at a common epoch; sent once.

    This and the next command are handled by `core/process/compare_worker.py`.

    Attributes:
        sources: folders of saved runs, and configs of runs that are trained there.
        paused: whether those wait for a `Resume`.
    """

    sources: tuple[Path | RunConfig, ...]
    paused: bool = False


@dataclass(frozen=True)
class ComparePair:
    """Report the samples on which two of the runs disagree, from now on; None for no report."""

    pair: tuple[int, int] | None


@dataclass(frozen=True)
class ConfigureAutosave:
    """Save every run from here on; sent before the first `Start`."""

    options: SaveOptions


@dataclass(frozen=True)
class AdoptReplaced:
    """Make runs restorable that a process that has ended had replaced; sent before the first `Start`."""

    runs: tuple[ReplacedRun, ...]


@dataclass(frozen=True)
class Reopen:
    """Load a saved run, which replaces the current one; answered like a `Start`.

    Attributes:
        path: of its folder.
        paused: whether to pause it, even if it was training.
    """

    path: Path
    paused: bool = False


@dataclass(frozen=True)
class Follow(Reopen):
    """Show a saved run that another process trains, from its folder; nothing else changes it."""


@dataclass(frozen=True)
class Replay(Reopen):
    """Play a saved run from its start; nothing can change it."""


@dataclass(frozen=True)
class Restore:
    """Restore the run that the current one has replaced; answered like a `Start`."""


@dataclass(frozen=True)
class Pause:
    """Pause the run; no effect if it is not training."""


@dataclass(frozen=True)
class Resume:
    """Resume training, also after the end of the run; no effect if it is training."""


@dataclass(frozen=True)
class Step:
    """Train a number of epochs as fast as possible, then pause."""

    epochs: int


@dataclass(frozen=True)
class Configure:
    """Change settings during the run."""

    changes: dict[str, Any]


@dataclass(frozen=True)
class SetSpeed:
    """Limit the epochs per second; None for no limit."""

    epochs_per_second: float | None


@dataclass(frozen=True)
class Cancel:
    """Cancel loading or time travel; no effect if neither is running."""


@dataclass(frozen=True)
class StepBatch:
    """Train one batch, then pause."""


@dataclass(frozen=True)
class Seek:
    """Pause, and go to the end of an epoch, at most the newest."""

    epoch: int


@dataclass(frozen=True)
class EditParameter:
    """Set one value of the flat parameter vector."""

    index: int
    value: float


@dataclass(frozen=True)
class EditData:
    """Add, move or remove a training sample; the weights are kept."""

    edit: Edit


@dataclass(frozen=True)
class MeasureBaseline:
    """Request the `Baseline` of the current data."""


@dataclass(frozen=True)
class MeasureReferences:
    """Request the `References` of the current run, for its diagnosis.

    Attributes:
        request: number that the answer repeats: one to an earlier request may be on its way.
    """

    request: int = 0


@dataclass(frozen=True)
class WatchScreen:
    """Report whether the screen's process is stopped, so that it is continued to handle SIGTERM."""

    is_stopped: bool


@dataclass(frozen=True)
class RememberView:
    """Save the name of the screen's view with the run, for when it is resumed."""

    view: str


@dataclass(frozen=True)
class ShowNextStep:
    """Report whether the screen shows the next step; only then is it computed while the run rests."""

    is_shown: bool


@dataclass(frozen=True)
class Pull:
    """Request one `Progress`, as soon as there is something new."""


StateCommand: TypeAlias = (
    Start
    | StartFrom
    | StartSeeds
    | OpenLane
    | CompareRuns
    | Reopen
    | Restore
    | Pause
    | Resume
    | Step
    | StepBatch
)
"""Commands that can change whether the run is training."""

Command: TypeAlias = (
    StateCommand
    | SelectLane
    | ComparePair
    | ConfigureAutosave
    | AdoptReplaced
    | Configure
    | SetSpeed
    | Seek
    | EditParameter
    | EditData
    | Cancel
    | MeasureBaseline
    | MeasureReferences
    | WatchScreen
    | RememberView
    | ShowNextStep
    | Pull
)


@dataclass(frozen=True)
class Run:
    """Config and data from here on: sent at the start, and after a change of the config.

    Attributes:
        data: the samples, or a part if they are very many; None if they have not changed.
        fresh: whether the run starts at epoch 0, which invalidates all earlier epochs.
        note: what happened; empty at the start.
        answered: number of `Start`s and `Configure`s that were handled; a screen that has sent more
            has changed the config further.
        travelled: whether the config differs because of time travel, without a change.
        handled: as in `StateChanged`, if a `Start` or `Restore` was rejected: the state stays; else 0.
    """

    config: RunConfig
    data: DataSplit | None
    fresh: bool
    note: str
    answered: int = 0
    travelled: bool = False
    handled: int = 0


@dataclass(frozen=True)
class Progress:
    """Metrics of every epoch since the last `Progress`, and the network after them.

    Attributes:
        table: (epochs, columns) float64 rows as `epoch_log.tabulate` returns them, in order and
            without a gap, from epoch 0, the untrained network. Empty within a long epoch.
        parameters: (parameters,) a copy of the flat vector.
        statistics: (statistics,) a copy of the running statistics of normalised layers.
        epochs_per_second: over about the last second.
        share: fraction of the current epoch that is trained, if it is a long one; else 0.
        gradient: (parameters,) of the last step, after clipping, if the run is not training.
        measured: metrics of the current network, if the run is not training and no row has them:
            within an epoch (unless the data are large), after a change of the learning rate, or with
            diagnostics that were not saved.
    """

    table: NDArray[np.float64]
    parameters: Array
    statistics: Array
    epochs_per_second: float
    share: float = 0.0
    gradient: Array | None = None
    measured: EpochMetrics | None = None

    def rows(self) -> list[EpochMetrics]:
        """Return the metrics of each epoch."""
        from core.training.epoch_log import metrics_of

        return [metrics_of(row) for row in self.table]


@dataclass(frozen=True)
class SeedsRun:
    """Runs that are trained at once: sent at the start, and after a change of the learning rate.

    Attributes:
        config: of the run with the lowest seed.
        count: number of runs.
        preparations: of the samples of the first `seeds_run.MAPPED` runs, a single one if they share
            their samples; empty if they have not changed.
        note: what happened; empty at the start.
        answered: number of `StartSeeds` and `Configure` commands that were handled.
        handled: as in `StateChanged`, if a `StartSeeds` was rejected: the state stays; else 0.
    """

    config: RunConfig
    count: int
    preparations: tuple[Preparation, ...]
    note: str = ""
    answered: int = 0
    handled: int = 0


@dataclass(frozen=True)
class SeedsProgress:
    """Spread of the metrics over the runs since the last `SeedsProgress`, and the networks.

    Attributes:
        epoch: number of epochs trained.
        quartiles: (epochs, curves, 5) of the new epochs, the first of which may be epoch 0: the curves
            are the first of `lockstep.history.COLUMNS`, the numbers those of `summary.Spread`.
        rows: (columns, runs) metrics of the current weights.
        stopped: why each run ended, or None.
        verdict: a sentence on all runs.
        parameters, statistics: of the first `seeds_run.MAPPED` networks, with a leading axis of runs.
        lane: the selected run.
        table: its new epochs, as `epoch_log.tabulate` returns them.
        epochs_per_second: over about the last second.
        head_epoch: the newest epoch that was trained; the curves end there.
        moved: whether this answers a `Seek`: the table has all epochs of the selected run up to now.
    """

    epoch: int
    quartiles: NDArray[np.float32]
    rows: NDArray[np.float64]
    stopped: tuple[Stop | None, ...]
    verdict: str
    parameters: Array
    statistics: Array
    lane: int
    table: NDArray[np.float64]
    epochs_per_second: float
    head_epoch: int
    moved: bool = False


@dataclass(frozen=True)
class LaneSelected:
    """Samples and epochs of the selected run; later epochs are part of each `SeedsProgress`.

    Attributes:
        data: its samples, or a part if they are very many; None if they have not changed.
        table: all its epochs, as `epoch_log.tabulate` returns them.
    """

    lane: int
    config: RunConfig
    data: DataSplit | None
    table: NDArray[np.float64]


@dataclass(frozen=True)
class LaneOpened:
    """State and epochs of a run, for a `StartFrom`."""

    lane: int
    config: RunConfig
    state: TrainerState
    table: NDArray[np.float64]


@dataclass(frozen=True)
class ComparedRunOpened:
    """One of several runs that are compared, as it is saved, or before its training.

    Attributes:
        number: of the run, from 0.
        name: of its folder; empty if it is trained here.
        data: its samples, or a part if they are very many; None if they cannot be loaded.
        table: its epochs, as `epoch_log.tabulate` returns them.
        epoch: number of epochs trained.
        metrics: of its newest network.
        has_classes: whether its scores are accuracies.
        first: the earliest epoch of which the network can be computed.
        problem: why the data cannot be loaded.
    """

    number: int
    name: str
    config: RunConfig
    data: DataSplit | None
    table: NDArray[np.float64]
    epoch: int
    metrics: EpochMetrics
    has_classes: bool
    first: int = 0
    problem: str = ""


@dataclass(frozen=True)
class RunPosition:
    """The network of one of the compared runs at the common epoch, or at its own last one.

    Attributes:
        number: of the run, from 0.
        at: epoch of the network.
        parameters, statistics: copies of its flat vectors.
        table: epochs since the last position.
        epoch: number of epochs trained.
        metrics: of its newest network.
        is_training: whether it has more epochs to train.
    """

    number: int
    at: int
    parameters: Array
    statistics: Array
    table: NDArray[np.float64]
    epoch: int
    metrics: EpochMetrics
    is_training: bool


@dataclass(frozen=True)
class ComparedRunsMoved:
    """The compared runs at a common epoch.

    Attributes:
        epoch: the common one.
        positions: of the runs that have moved.
        epochs_per_second: over about the last second.
        pair: numbers of the runs of the disagreement.
        disagreement: of these runs, or None.
    """

    epoch: int
    positions: tuple[RunPosition, ...]
    epochs_per_second: float
    pair: tuple[int, int] | None = None
    disagreement: Disagreement | None = None


@dataclass(frozen=True)
class StateChanged:
    """Status of the run and the reason; sent after a `Progress` with all epochs so far.

    Attributes:
        stopped: why the run ended, or None.
        restored: the epoch whose weights were restored at the end, or None.
        handled: number of `StateCommand`s that were handled; a screen that has sent more has
            requested another state since.
    """

    state: State
    note: str = ""
    stopped: Stop | None = None
    restored: int | None = None
    handled: int = 0


@dataclass(frozen=True)
class Loading:
    """Progress of loading data, during which the current run is not trained.

    Attributes:
        what: such as `reading flowers.csv`.
        share: fraction that is done.
    """

    what: str
    share: float


@dataclass(frozen=True)
class Moved:
    """The network at the current position, after time travel or the edit of a parameter.

    Attributes:
        epoch: number of epochs trained at this position.
        head: the newest epoch.
        metrics: of this network, with diagnostics. They differ from the row of the epoch if the best
            weights were restored, and within an epoch.
        parameters: (parameters,) a copy of the flat vector.
        statistics: (statistics,) a copy of the running statistics of normalised layers.
        past: whether there is a newer position.
        share: fraction of the next epoch that is trained.
        edited: index of the parameter that was just edited, or None.
        was_edited: whether a parameter was edited up to this position.
        stopped: why the run ended here, or None.
        restored: the epoch whose weights were restored here, or None.
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
    """All epochs after this one were discarded, since training resumed from there."""

    epoch: int


@dataclass(frozen=True)
class Reopened:
    """A saved run was loaded; sent after its epochs.

    Attributes:
        name: of its folder; empty if the folder is temporary.
        edited: whether a parameter was edited.
        loss_starts: epochs from which losses are not comparable with those before.
        restored: whether another run had replaced it in this session.
        events: epoch, kind and note of each entry of its event log, oldest first.
    """

    name: str
    edited: bool
    loss_starts: tuple[int, ...]
    restored: bool = False
    events: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True)
class SaveStatusChanged:
    """Whether the run is saved; as `SaveStatus`.

    Attributes:
        name: of its folder; empty before the first save.
        problem: why it cannot be saved; empty if it can.
    """

    name: str
    problem: str = ""


@dataclass(frozen=True)
class ReplacedRunsChanged:
    """The runs that can be restored, the last one last."""

    runs: tuple[ReplacedRun, ...]


@dataclass(frozen=True)
class Refused:
    """The first run cannot be started or loaded."""

    reason: str
    no_memory: bool = False


@dataclass(frozen=True)
class BaselineFound:
    """Result of a linear model on the same split, or why there is none."""

    baseline: Baseline | None
    note: str


@dataclass(frozen=True)
class ReferencesMeasured:
    """References of the current run; None if they cannot be measured, or the run was changed since."""

    references: References | None
    request: int = 0


@dataclass(frozen=True)
class NextStepFound:
    """The next update of the run, which is at rest; None if it cannot be computed.

    Sent once for each position and config of a run at rest, if the screen shows it.
    """

    step: NextStep | None


@dataclass(frozen=True)
class Failed:
    """The training process exits because of an error."""

    reason: str


Event: TypeAlias = (
    Run
    | Progress
    | SeedsRun
    | SeedsProgress
    | LaneSelected
    | LaneOpened
    | ComparedRunOpened
    | ComparedRunsMoved
    | StateChanged
    | Moved
    | Branched
    | SaveStatusChanged
    | ReplacedRunsChanged
    | Reopened
    | Loading
    | BaselineFound
    | ReferencesMeasured
    | NextStepFound
    | Refused
    | Failed
)
