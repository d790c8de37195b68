"""The run that there is: its trainer, its past, its state, and what of it has not been told."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final

from core.process.autosave import DOING
from core.process.messages import Branched, Moved, Progress, Run, State, StateChanged
from core.process.speed import RateMeter
from core.process.status_text import why_stopped
from core.runs.saved_history_file import read_saved_history
from core.runs.snapshot import RunSnapshot
from core.training.epoch_log import tabulate
from core.training.stopping import Stop
from core.training.time_travel import TimeTravel

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.config.settings import Effect
    from core.datasets import DataSplit
    from core.nn.optimizers import Optimizer
    from core.process.autosave import RunAutosave
    from core.process.command_queue import CommandQueue
    from core.process.speed import EpochTimer
    from core.runs.folder import RunFolder
    from core.runs.reader import SavedRun
    from core.training.checkpoints import Position
    from core.training.state import EpochMetrics
    from core.training.trainer import Trainer

LONG_EPOCH: Final = 0.3
"""Seconds after which an epoch under way counts as a long one, whose progress is told."""

MOST_SHOWN: Final = 20_000
"""Samples of a part that the screen is given, at most; also fewer, if each has very many inputs."""

MOST_NUMBERS_SHOWN: Final = 4_000_000

MOST_MEASURED: Final = 100_000_000
"""Samples times parameters that are measured at once, in some 0.2 s, for a run that stands still."""

ENOUGH_ROWS: Final = 50_000
"""Rows that wait for a screen that does not pull, before they are sent all the same."""


class TrainingRun:
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
        revision: counts everything after which it is not as it was saved.
        parts: the epochs from which losses mean something else than before.
        record: where it is kept.
    """

    time_travel: TimeTravel
    ended: Stop | None
    rows: list[EpochMetrics]
    newest: EpochMetrics
    newest_of_head: EpochMetrics

    def __init__(
        self, trainer: Trainer, exchange: CommandQueue, clock: EpochTimer, record: RunAutosave
    ) -> None:
        self.trainer, self._queue, self._timer = trainer, exchange, clock
        self.autosave = record
        self.revision = 0
        self.state = State.PAUSED
        self.steps_left = 0
        self.span = trainer.config.epochs
        self.stepped: Optimizer | None = None
        self.rate = RateMeter()
        self.began = 0.0
        self.ended = None
        self.rows = []
        self.comparable_parts: tuple[int, ...] = (0,)
        self._sent_config = trainer.config

    def start(self) -> None:
        """Take note that the trainer stands at epoch 0, with other weights."""
        self.time_travel = TimeTravel(self.trainer)
        self.ended = None
        self.newest = self.newest_of_head = self.trainer.untrained
        self.rows = [self.newest]
        self.comparable_parts = (0,)
        self._sent_config = self.trainer.config
        self.autosave.begin(self)
        self.autosave.add_event(
            self, "began", self._sent_config.describe(self.trainer.network.sizes)
        )

    def resume_from(self, kept: SavedRun, folder: RunFolder) -> None:
        """Take note that the trainer stands where a kept run was saved."""
        header, past = kept.header, read_saved_history(kept.path, kept.header, self.trainer)
        if past is None:
            self.time_travel = TimeTravel(self.trainer, was_edited=header.edited)
        else:
            self.time_travel = TimeTravel.reaching_back(self.trainer, past)
        self.newest = self.newest_of_head = header.metrics
        self.ended, self.span = header.ended, header.span
        self.comparable_parts = header.comparable_parts
        self.autosave.resume(self, kept, folder, past)

    def change(
        self, apply: Callable[[], object], *, is_edit: bool = False, place: Position | None = None
    ) -> None:
        """Change the trainer; the history remembers it, and so does what is kept of that.

        Args:
            apply: changes the trainer, each time in the same way; if it raises, nothing happened.
            is_edit: whether it gives a parameter another value.
            place: where it is made, if not here.
        """
        here = self.time_travel.here
        self.time_travel.change(apply, is_edit=is_edit, place=place)
        place = here if place is None else place
        self.revision += 1
        self.autosave.changed(self, place, is_edit=is_edit)

    @property
    def active(self) -> bool:
        """Whether it trains."""
        return self.steps_left > 0 or self.state is State.TRAINING

    @property
    def is_measured_at_once(self) -> bool:
        """Whether measuring the network takes no time that somebody would notice."""
        samples = sum(self.trainer.data.all_samples)
        return samples * self.trainer.network.parameters.size <= MOST_MEASURED

    def finish_epoch(self, metrics: EpochMetrics) -> bool:
        """Take an epoch in that is over; tell whether the run is, too."""
        trainer = self.trainer
        self.revision += 1
        self.rows.append(metrics)
        diverged = trainer.stopped is Stop.DIVERGED
        if diverged and (place := self.time_travel.rolled_back_to) is not None:
            # the way here leads through those changes, and back from behind them
            state = trainer.state()
            back = partial(trainer.return_to, trainer.config, trainer.data, state)
            self.change(back, place=place)
        self.time_travel.record_epoch()
        if not diverged:
            # what is saved and listed is of the network that is there
            self.newest = metrics if trainer.restored is None else trainer.measure()
        if trainer.stopped is None:
            return False
        self._timer.last = perf_counter()
        self.steps_left = 0
        self.ended = trainer.stopped
        ended = State.DIVERGED if diverged else State.FINISHED
        self.set_state(ended, why_stopped(trainer, metrics))
        return True

    def set_state(self, state: State, note: str = "") -> None:
        """Go to a state, and tell it, after all epochs up to here."""
        if self.state is State.DIVERGED and not self.rows:
            # the epoch that diverged never was: what comes next follows the one before it
            self.rows = [self.trainer.measure()]
        if state is not self.state and state in {State.FINISHED, State.DIVERGED}:
            self.autosave.add_event(self, str(state).lower(), note)
        self.state = state
        self.revision += 1
        if state is State.TRAINING:
            self._timer.restart()
            self.rate.restart()
        self.report(force=True)
        self.send_state(note)

    def send_state(self, note: str = "") -> None:
        """Tell what the run is doing, and why."""
        stopped, restored = self.trainer.stopped, self.trainer.restored
        self._queue.post(StateChanged(self.state, note, stopped, restored))

    def report(self, *, force: bool = False) -> None:
        """Send what is new, when it was pulled or has to be known."""
        trainer, exchange = self.trainer, self._queue
        share = trainer.share_of_epoch
        if share and not force and perf_counter() - self.began < LONG_EPOCH:
            share = 0.0
        measured = self._measured_at_rest(share) if force and not self.active else None
        if not self.rows and measured is None and not (share and (force or self.active)):
            return  # what is at rest was sent when it came to rest
        too_many = len(self.rows) >= ENOUGH_ROWS and not exchange.backlog
        if force or exchange.pulled or too_many:
            network, rows = trainer.network, tabulate(self.rows)
            self.autosave.add_epochs(rows)
            at_rest = force and self.stepped is trainer.optimizer
            exchange.post(
                Progress(
                    rows,
                    network.parameters.copy(),
                    network.statistics.copy(),
                    self.rate.value,
                    share,
                    trainer.optimizer.gradient.copy() if at_rest else None,
                    measured,
                )
            )
            self.rows = []
            exchange.pulled = False

    def _measured_at_rest(self, share: float) -> EpochMetrics | None:
        """Return the metrics of the network as it is, where the last row does not have them."""
        trainer, newest = self.trainer, self.newest
        if share:
            return trainer.measure() if self.is_measured_at_once else None
        if trainer.restored is not None or newest.epoch != trainer.epoch:
            return None  # they are those of another row
        if trainer.config.diagnostics and not newest.layers and self.is_measured_at_once:
            self.newest = newest._replace(layers=trainer.measure().layers)
        rate = trainer.optimizer.learning_rate  # another one after a change of it
        is_told = self.newest is newest and rate == newest.learning_rate
        return None if is_told else self.newest._replace(learning_rate=rate)

    def send_run(
        self, data: DataSplit | None, *, fresh: bool, note: str, travelled: bool = False
    ) -> None:
        """Tell what runs from here on, with the samples if the screen has others."""
        effects = self._sent_config.effects(self.trainer.config)
        self._sent_config = self.trainer.config
        if not (travelled or fresh) and (effects or data is not None):
            self._note_change(effects, note, drawn=data is not None)
        if data is not None:
            inputs = data.x_train.shape[1]
            data = data.thinned(min(MOST_SHOWN, max(100, MOST_NUMBERS_SHOWN // max(1, inputs))))
        answered = self._queue.answered
        self._queue.post(Run(self.trainer.config, data, fresh, note, answered, travelled))

    def send_moved(self, edited: int | None = None) -> EpochMetrics:
        """Tell which network is shown from here on; return its metrics."""
        trainer, network = self.trainer, self.trainer.network
        past, measured = self.time_travel.is_past, trainer.measure()
        if edited is not None:
            self.revision += 1
            value = float(network.parameters[edited])
            self.autosave.add_event(self, "edited", f"parameter {edited} is {value:.6g} now")
        self._queue.post(
            Moved(
                trainer.epoch,
                self.time_travel.head.epoch,
                measured,
                network.parameters.copy(),
                network.statistics.copy(),
                past,
                trainer.share_of_epoch,
                edited,
                self.time_travel.is_edited,
                None if past else trainer.stopped,
                None if past else trainer.restored,
            )
        )
        return measured

    def send_branched(self, epoch: int) -> None:
        """Tell that the run goes on from a past epoch; what came after it is no longer of it."""
        self.ended = None
        self.revision += 1
        self.comparable_parts = tuple(each for each in self.comparable_parts if each <= epoch + 1)
        self.autosave.branched(self)
        self.autosave.add_event(self, "branched", f"the run goes on from epoch {epoch:,}")
        self._queue.post(Branched(epoch))

    def snapshot(self) -> RunSnapshot:
        """Return everything of it that is kept."""
        return RunSnapshot.of(
            self.trainer,
            self.newest,
            DOING[self.state],
            ended=self.ended,
            span=self.span,
            edited=self.time_travel.is_edited,
            comparable_parts=self.comparable_parts,
            history=self.autosave.history,
        )

    def _note_change(self, effects: frozenset[Effect], note: str, *, drawn: bool) -> None:
        self.revision += 1
        if drawn or "loss" in effects:
            # behind the last row that the screen has, which may be of an epoch that diverged
            end = self.trainer.epoch + 1 + (self.state is State.DIVERGED)
            self.comparable_parts = (*(each for each in self.comparable_parts if each < end), end)
        self.autosave.add_event(self, "changed", note)
