"""The run that there is: its trainer, its past, its state, and what of it has not been told."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

from core.history import History
from core.process.messages import Moved, Progress, Run, State, StateChanged
from core.process.notes import why_stopped
from core.process.pace import Pace
from core.stopping import Stop
from core.timeline import tabulate

if TYPE_CHECKING:
    from core.datasets import TrainTest
    from core.epoch import EpochMetrics
    from core.optimizers import Optimizer
    from core.process.exchange import Exchange
    from core.process.pace import Clock
    from core.trainer import Trainer

LONG_EPOCH: Final = 0.3
"""Seconds after which an epoch under way counts as a long one, whose progress is told."""

MOST_SHOWN: Final = 20_000
"""Samples of a part that the screen is given, at most; also fewer, if each has very many inputs."""

MOST_NUMBERS_SHOWN: Final = 4_000_000

MOST_MEASURED: Final = 100_000_000
"""Samples times parameters that are measured at once, in some 0.2 s, for a run that stands still."""

ENOUGH_ROWS: Final = 50_000
"""Rows that wait for a screen that does not pull, before they are sent all the same."""


class LiveRun:
    """One run, from its start until another takes its place.

    Attributes:
        trainer: what trains.
        history: its past.
        state: what the run is doing.
        steps_left: epochs that are still to be trained before it stands still again.
        span: how many epochs are trained once more by a run that goes on past its end.
        ended: why the run was over when it last stood at its end, or None.
        rows: the epochs that the screen has not been told.
        newest: the metrics after the last whole epoch, at the place in time where the run stands.
        newest_of_head: the same of the newest moment, while the run stands in its past.
        stepped: the optimiser whose gradient is that of the last step, or None.
        pace: the epochs per second that it reaches.
        began: when the epoch under way began.
    """

    history: History
    ended: Stop | None
    rows: list[EpochMetrics]
    newest: EpochMetrics
    newest_of_head: EpochMetrics

    def __init__(self, trainer: Trainer, exchange: Exchange, clock: Clock) -> None:
        self.trainer, self._exchange, self._clock = trainer, exchange, clock
        self.state = State.PAUSED
        self.steps_left = 0
        self.span = trainer.config.epochs
        self.stepped: Optimizer | None = None
        self.pace = Pace()
        self.began = 0.0
        self.begin_anew()

    def begin_anew(self) -> None:
        """Take note that the trainer stands at epoch 0, with other weights."""
        self.history = History(self.trainer)
        self.ended = None
        self.newest = self.newest_of_head = self.trainer.untrained
        self.rows = [self.newest]

    @property
    def active(self) -> bool:
        """Whether it trains."""
        return self.steps_left > 0 or self.state is State.TRAINING

    @property
    def is_measured_at_once(self) -> bool:
        """Whether measuring the network takes no time that somebody would notice."""
        samples = sum(self.trainer.data.all_samples)
        return samples * self.trainer.network.parameters.size <= MOST_MEASURED

    def take(self, metrics: EpochMetrics) -> bool:
        """Take an epoch in that is over; tell whether the run is, too."""
        trainer = self.trainer
        self.rows.append(metrics)
        self.history.note()
        if trainer.stopped is not Stop.DIVERGED:
            self.newest = metrics
        if trainer.stopped is None:
            return False
        self._clock.last = perf_counter()
        self.steps_left = 0
        self.ended = trainer.stopped
        ended = State.DIVERGED if trainer.stopped is Stop.DIVERGED else State.FINISHED
        self.set_state(ended, why_stopped(trainer, metrics))
        return True

    def set_state(self, state: State, note: str = "") -> None:
        """Go to a state, and tell it, after all epochs up to here."""
        if self.state is State.DIVERGED and not self.rows:
            # the epoch that diverged never was: what comes next follows the one before it
            self.rows = [self.trainer.measure()]
        self.state = state
        if state is State.TRAINING:
            self._clock.restart()
            self.pace.restart()
        self.report(force=True)
        stopped, restored = self.trainer.stopped, self.trainer.restored
        self._exchange.post(StateChanged(state, note, stopped, restored))

    def report(self, *, force: bool = False) -> None:
        """Send what is new, when it was pulled or has to be known."""
        trainer, exchange = self.trainer, self._exchange
        share = trainer.share_of_epoch
        if share and not force and perf_counter() - self.began < LONG_EPOCH:
            share = 0.0
        if not self.rows and not share:
            return
        too_many = len(self.rows) >= ENOUGH_ROWS and not exchange.backlog
        if force or exchange.pulled or too_many:
            network, rows = trainer.network, tabulate(self.rows)
            at_rest = force and self.stepped is trainer.optimizer
            within = force and not self.active and bool(share) and self.is_measured_at_once
            exchange.post(
                Progress(
                    rows,
                    network.parameters.copy(),
                    network.statistics.copy(),
                    self.pace.value,
                    share,
                    trainer.optimizer.gradient.copy() if at_rest else None,
                    trainer.measure() if within else None,
                )
            )
            self.rows = []
            exchange.pulled = False

    def tell_run(
        self, data: TrainTest | None, *, fresh: bool, note: str, travelled: bool = False
    ) -> None:
        """Tell what runs from here on, with the samples if the screen has others."""
        if data is not None:
            inputs = data.x_train.shape[1]
            data = data.thinned(min(MOST_SHOWN, max(100, MOST_NUMBERS_SHOWN // max(1, inputs))))
        answered = self._exchange.answered
        self._exchange.post(Run(self.trainer.config, data, fresh, note, answered, travelled))

    def tell_moved(self, edited: int | None = None) -> EpochMetrics:
        """Tell which network is shown from here on; return its metrics."""
        trainer, network = self.trainer, self.trainer.network
        past, measured = self.history.is_past, trainer.measure()
        self._exchange.post(
            Moved(
                trainer.epoch,
                self.history.head.epoch,
                measured,
                network.parameters.copy(),
                network.statistics.copy(),
                past,
                trainer.share_of_epoch,
                edited,
                self.history.is_edited,
                None if past else trainer.stopped,
                None if past else trainer.restored,
            )
        )
        return measured
