"""What the screen knows of the run: told by the training process's events, read by every panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.process import Failed, Progress, Run, State, StateChanged
from core.timeline import Timeline
from core.trainer import build_network

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.datasets import TrainTest
    from core.network import Network
    from core.process import Event
    from core.trainer import EpochMetrics


class Session:
    """The run as it was last told.

    Attributes:
        config: what runs.
        data: its samples, or None before the process told.
        network: a copy of the network, with the parameters of the last `Progress`.
        timeline: every epoch's metrics.
        state: what the run is doing.
        note: what happened last, in a sentence.
    """

    def __init__(self, config: RunConfig) -> None:
        self.config = config
        self.data: TrainTest | None = None
        self.network: Network | None = None
        self.timeline = Timeline()
        self.state = State.TRAINING
        self.note = ""
        self.epochs_per_second = 0.0
        self._void: int | None = None  # the epoch that diverged, while it is the last one told

    def apply(self, event: Event) -> None:
        """Take an event of the training process."""
        match event:
            case Run():
                self._begin(event)
            case Progress():
                self.timeline.extend(event.table)
                if self._void is not None and event.table[0][0] <= self._void:
                    self._void = None
                self.epochs_per_second = event.epochs_per_second
                if self.network is not None:
                    self.network.parameters[:] = event.parameters
            case StateChanged():
                self.state = event.state
                last = self.timeline.last()
                if event.state is State.DIVERGED and last is not None:
                    self._void = last.epoch
                if event.note:
                    self.note = event.note
            case Failed():
                self.state = State.STOPPED
                self.note = f"{event.reason}; r starts a new one"

    @property
    def at_rest(self) -> bool:
        """Whether nothing changes until somebody presses a key."""
        return self.state is not State.TRAINING

    @property
    def metrics(self) -> EpochMetrics | None:
        """The metrics of the network that is shown: those of the last epoch that did not diverge."""
        count = self.epochs_to_plot
        return self.timeline.at(count - 1) if count else None

    @property
    def epochs_to_plot(self) -> int:
        """How many rows of the timeline belong on a curve: not the one that diverged."""
        return len(self.timeline) - (self._void is not None)

    def _begin(self, run: Run) -> None:
        self.config = run.config
        self.note = run.note or self.note
        if run.data is not None:
            self.data = run.data
        if run.fresh:
            self.timeline = Timeline()
            self.epochs_per_second = 0.0
            self._void = None
        if self.data is not None:
            before, self.network = self.network, build_network(run.config, self.data)
            if before is not None and before.sizes == self.network.sizes and not run.fresh:
                self.network.parameters[:] = before.parameters
