"""State of the run on the screen: updated by events of the training process, read by every panel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.analysis.imbalance import majority_share
from core.process.messages import (
    BaselineFound,
    Branched,
    Failed,
    Loading,
    Moved,
    NextStepFound,
    Progress,
    Reopened,
    ReplacedRunsChanged,
    Run,
    SaveStatusChanged,
    State,
    StateChanged,
)
from core.training.components import build_network
from core.training.epoch_log import EpochLog, layers_of, metrics_of
from tui.diagnosis import RunDiagnosis
from tui.run_changes import DATA, WEIGHT, RunChanges

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.analysis.baseline import Baseline
    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.nn.network import Network
    from core.process.messages import Event
    from core.runs.autosaver import ReplacedRun
    from core.training.diagnostics import LayerDiagnostics
    from core.training.next_step import NextStep
    from core.training.state import EpochMetrics
    from core.training.stopping import Stop


MOST_LAYER_ROWS: Final = 400
"""Largest number of epochs whose diagnostics are stored."""


class RunModel:
    """The run as of the last event.

    Attributes:
        config: configuration of the run.
        data: its samples, or None before the first event.
        network: a copy of the network, with the parameters of the last `Progress`.
        timeline: metrics of all epochs.
        state: status of the run.
        note: last message, one sentence.
        start_note: message that precedes the note of the first run.
        layers: diagnostics of each layer after the last epoch, if they are enabled.
        comparable_from: first epoch whose loss is comparable with that of the epoch shown.
        layers_over_time: (epochs, layers, measures) diagnostics of some earlier epochs.
        share_of_epoch: share of the current epoch that is trained.
        stopped: reason why the run ended, or None.
        restored: best epoch, whose weights were restored when the run stopped, or None.
        loading: progress of loading, or None.
        gradient: flat gradient of the last step, while the run is paused.
        next_step: the next update of the run while it is at rest, if a panel shows it and it can be
            computed; see `step_ahead`.
        edited: whether the user had edited a parameter by the epoch shown.
        past_epoch: epoch shown, if not the newest.
        old_branch: epochs of the branch that was abandoned when training resumed from an earlier epoch.
        baseline: results of a linear model, once requested.
        saved_as: name of the saved run, or "".
        resumed_at: epoch at which a saved run was resumed, or None.
        save_problem: reason why the run is not being saved, or "".
        replaced: runs that can be restored, the last one last.
        diagnosis: state of the run, and its problems.
        changes: changes of the settings, the data and the weights.
        shown_as: `followed` if another process trains the run, `replay` if a saved run is played; or "".
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.data: DataSplit | None = None
        self.network: Network | None = None
        self.timeline = EpochLog()
        self.state = State.TRAINING
        self.note = self.start_note = ""
        self._standing = ""  # note that is valid as long as the state
        self.layers: tuple[LayerDiagnostics, ...] = ()
        self.epochs_per_second = 0.0
        self.share_of_epoch = 0.0
        self.stopped: Stop | None = None
        self.restored: int | None = None
        self.loading: Loading | None = None
        self.past_epoch: int | None = None
        self.gradient: Array | None = None
        self.next_step: NextStep | None = None
        self.edited = False
        self.old_branch: EpochLog | None = None
        self.baseline: Baseline | None = None
        self.saved_as = self.save_problem = ""
        self.replaced: tuple[ReplacedRun, ...] = ()
        self.resumed_at: int | None = None
        self.layers_over_time: NDArray[np.float64] = np.empty((0, 0, 0))
        self._layer_epochs: NDArray[np.float64] = np.empty(0)
        self._thinning = 1
        self._measured: EpochMetrics | None = None  # of the network shown, if no row has them
        self._best: int | None = None
        self._parts = [0]  # epochs from which losses are not comparable with earlier ones
        self._passing = False
        self._void: int | None = None  # the epoch that diverged, while it is the last one
        self.diagnosis = RunDiagnosis(self)
        self.changes = RunChanges()
        self.shown_as = ""

    def apply(self, event: Event) -> None:
        """Update the model by an event of the training process."""
        if isinstance(event, NextStepFound):
            self.next_step = event.step
            return
        is_rejected = isinstance(event, Run) and event.data is None and event.config == self.config
        if isinstance(event, Run | Progress | Moved) and not is_rejected:
            self.next_step = None  # the process finds that of the new position or settings
        self._apply(event)
        self.diagnosis.apply(event)

    def _apply(self, event: Event) -> None:
        match event:
            case Run():
                self._begin(event)
            case Progress():
                self._extend(event)
                self.epochs_per_second = event.epochs_per_second
                self.share_of_epoch = event.share
                self.gradient = event.gradient
                self._measured = event.measured
                if event.measured is not None and event.measured.layers:
                    self.layers = event.measured.layers
                if self.network is not None:
                    self.network.parameters[:] = event.parameters
                    self.network.statistics[:] = event.statistics
            case Moved():
                self._move(event)
            case Branched():
                self._branch(event.epoch)
            case StateChanged():
                self._change_state(event)
            case Reopened():
                self.saved_as = event.name
                self.resumed_at = None if event.restored else self.head_epoch
                self.edited, self._parts = event.edited, list(event.loss_starts)
                self.changes.restore(event.events)
                self._find_best()
            case SaveStatusChanged():
                if event.problem or self.save_problem:
                    self.note = event.problem or "the run is being saved again"
                self.saved_as, self.save_problem = event.name, event.problem
            case ReplacedRunsChanged():
                self.replaced = event.runs
            case Loading():
                self.loading = event
            case BaselineFound():
                self.baseline = event.baseline
                self.note = event.note or self.note
            case Failed():
                self.loading = None
                self.state = State.STOPPED
                saved = "space resumes the saved run, " if self.saved_as else ""
                self.note = self._standing = f"{event.reason}; {saved}r starts a new one"

    def clear_note(self) -> bool:
        """Clear the note, except one that is valid as long as the state; return whether it changed."""
        before, self.note = self.note, self._standing
        return before != self.note

    @property
    def current(self) -> tuple[Network, DataSplit] | None:
        """Network and data, or None before the first epoch."""
        if self.network is None or self.data is None or not len(self.timeline):
            return None
        return self.network, self.data

    @property
    def step_ahead(self) -> NextStep | None:
        """The next update of the network shown, or None while it trains or if it is not known."""
        step, network = self.next_step, self.network
        if step is None or network is None or not self.is_at_rest:
            return None
        # weights that are not those of the process belong to no step
        is_current = np.array_equal(step.parameters, network.parameters, equal_nan=True)
        return step if is_current else None

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing changes until the user presses a key."""
        return self.state is not State.TRAINING

    @property
    def metrics(self) -> EpochMetrics | None:
        """Metrics of the visible network.

        These are the metrics of the last epoch, unless it diverged, the weights of the best epoch were
        restored, or the network shown was measured separately.
        """
        count = self.epochs_to_plot
        if self._measured is not None:
            return self._measured
        if self.past_epoch is not None and self.past_epoch < count:
            return self.timeline.at(self.past_epoch)
        if self.restored is not None and self.restored < count:
            return self.timeline.at(self.restored)
        return self.timeline.at(count - 1) if count else None

    @property
    def best(self) -> EpochMetrics | None:
        """The epoch with the lowest monitored loss among those comparable with the epoch shown."""
        return None if self._best is None else self.timeline.at(self._best)

    @property
    def comparable_from(self) -> int:
        """First epoch whose loss is comparable with that of the epoch shown."""
        return self._part[0]

    @property
    def epochs_to_plot(self) -> int:
        """Number of epochs on a curve: all except one that diverged."""
        return len(self.timeline) - (self._void is not None)

    @property
    def monitored(self) -> str:
        """The part whose loss determines the best epoch and early stopping."""
        return "test" if self.data is None else self.data.monitored(self.config.monitor)

    @property
    def majority(self) -> float | None:
        """Share of the most frequent class in the test samples, if the classes are uneven."""
        return None if self.data is None else majority_share(*self.data.class_counts)

    @property
    def description(self) -> str:
        """Description of the run in one line."""
        text = self.config.describe(() if self.network is None else self.network.sizes)
        return f"{text} · edited" if self.is_edited else text

    @property
    def is_edited(self) -> bool:
        """Whether the user has edited a parameter or the data."""
        summary = self.data.summary if self.data is not None else None
        return self.edited or (summary is not None and summary.name.endswith("(edited)"))

    @property
    def head_epoch(self) -> int:
        """The newest trained epoch."""
        return max(0, self.epochs_to_plot - 1)

    def _change_state(self, event: StateChanged) -> None:
        self.state = event.state
        self.stopped, self.restored = event.stopped, event.restored
        last = self.timeline.last()
        if event.state is State.DIVERGED and last is not None:
            self._void = last.epoch
            self.layers = ()  # they are of the epoch that diverged
        elif event.restored is not None:
            self.layers = ()  # they are of the last network, not of the restored one
        if event.note or self._passing:
            self.note = event.note
        self._standing = event.note if self.is_at_rest else ""
        # a note on a pause is valid until the pause ends
        self._passing = event.state is State.PAUSED and bool(event.note)

    def _branch(self, epoch: int) -> None:
        self.old_branch = self.timeline.copy()
        self.timeline.truncate(epoch + 1)
        self.changes.branch(epoch)
        self.past_epoch = None
        if self.resumed_at is not None:
            self.resumed_at = min(self.resumed_at, epoch)
        self._parts = [each for each in self._parts if each <= epoch + 1]
        self._forget_layers(epoch + 1)
        self._find_best()

    def _move(self, moved: Moved) -> None:
        part, self.edited = self._part, moved.was_edited
        if moved.edited is not None:
            self.changes.record(moved.epoch, WEIGHT)
        self.gradient = None
        self.past_epoch = moved.epoch if moved.past else None
        self.share_of_epoch = moved.share
        self.stopped, self.restored = moved.stopped, moved.restored
        self._measured = moved.metrics._replace(layers=())
        whose = moved.epoch if moved.restored is None else moved.restored
        of_epoch = moved.restored is not None or (moved.past and not moved.share)
        if of_epoch and whose < len(self.timeline):
            rate = self.timeline.at(whose).learning_rate
            self._measured = self._measured._replace(epoch=whose, learning_rate=rate)
        if part != self._part:
            self._find_best()
        if self._passing:
            self.note, self._standing, self._passing = (
                "",
                "",
                False,
            )  # it was about the previous position
        self.loading = None
        self.layers = moved.metrics.layers if moved.restored is None else ()
        if self.network is not None:
            self.network.parameters[:] = moved.parameters
            self.network.statistics[:] = moved.statistics

    @property
    def _part(self) -> tuple[int, int]:
        """The first and, exclusively, the last epoch comparable with the one shown.

        An epoch after which the loss was changed belongs to the following part, as its first network.
        """
        shown = self.past_epoch
        if shown is None:
            return self._parts[-1], len(self.timeline)
        after = next((each for each in self._parts[1:] if each - 1 > shown), None)
        if after is None:
            return self._parts[-1], len(self.timeline)
        return self._parts[self._parts.index(after) - 1], after - 1

    def _extend(self, progress: Progress) -> None:
        table = progress.table
        if not len(table):
            return
        start = int(table[0, 0])
        self.timeline.extend(table)
        self.past_epoch = None
        self.layers = metrics_of(table[-1]).layers
        self._forget_layers(start)
        self._remember_layers(layers_of(table), table[:, 0])
        if self._void is not None and start <= self._void:
            self._void = None
        if self._best is not None and not start > self._best >= self.comparable_from:
            start = 0  # it was measured again, or is of another part
        self._find_best(start)

    def _remember_layers(self, measured: NDArray[np.float64], epochs: NDArray[np.float64]) -> None:
        """Store the diagnostics of some epochs, evenly thinned."""
        if not measured.shape[1]:  # without diagnostics
            self.layers_over_time, self._layer_epochs, self._thinning = measured[:0], epochs[:0], 1
            return
        if measured.shape[1:] != self.layers_over_time.shape[1:]:
            self.layers_over_time, self._layer_epochs = measured[:0], epochs[:0]
            self._thinning = 1
        known = np.concatenate([self.layers_over_time, measured[:: self._thinning]])
        epochs = np.concatenate([self._layer_epochs, epochs[:: self._thinning]])
        while len(known) > MOST_LAYER_ROWS:
            known, epochs, self._thinning = known[::2], epochs[::2], self._thinning * 2
        self.layers_over_time, self._layer_epochs = known, epochs

    def _forget_layers(self, start: int) -> None:
        """Drop the diagnostics from an epoch on, which are outdated."""
        keep = self._layer_epochs < start
        self.layers_over_time, self._layer_epochs = (
            self.layers_over_time[keep],
            self._layer_epochs[keep],
        )

    def _find_best(self, start: int = 0) -> None:
        """Update the best epoch from `start` on; from 0, search all epochs."""
        if not start:
            self._best = None
        monitored = f"{self.monitored}_loss"
        part, stop = self._part
        first = max(start, 1, part)  # without the untrained network
        at = self.timeline.lowest(monitored, first, stop)
        known = [each for each in (self._best, at) if each is not None]
        if known:
            self._best = min(known, key=lambda each: getattr(self.timeline.at(each), monitored))

    def _begin(self, run: Run) -> None:
        monitored, earlier, self.config = self.monitored, self.config, run.config
        self.loading = None
        effects = earlier.effects(run.config)
        if run.fresh or effects or run.data is not None:
            self.restored = None  # but not after a rejected change
        if run.data is not None:
            self.data = run.data
            self.baseline = None
        if run.fresh:
            self.changes.clear()
        elif not run.travelled:
            is_setting = self.changes.record_settings(self.head_epoch, earlier, run.config)
            if run.data is not None and not is_setting:
                self.changes.record(self.head_epoch, DATA)
        if not run.fresh and not run.travelled and (run.data is not None or "loss" in effects):
            # losses before and after are not comparable
            if self._parts[-1] != len(self.timeline):
                self._parts.append(len(self.timeline))
            self._best = None
        if monitored != self.monitored:
            self._find_best()
        notes = filter(None, (self.start_note, run.note))
        self.note, self.start_note = " · ".join(notes) or self.note, ""
        if run.fresh:
            self._standing, self._passing = "", False
            self.timeline = EpochLog()
            self.layers = ()
            self.epochs_per_second = self.share_of_epoch = 0.0
            self._best = self.past_epoch = self.old_branch = self._measured = None
            self._parts = [0]
            self.resumed_at = None
            self.gradient, self.edited = None, False
            self._forget_layers(0)
            self._void = None
        if self.data is not None:
            before, self.network = self.network, build_network(run.config, self.data)
            if before is not None and before.sizes == self.network.sizes and not run.fresh:
                self.network.parameters[:] = before.parameters
                self.network.statistics[:] = before.statistics
