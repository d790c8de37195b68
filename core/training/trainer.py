"""Trainer of a network: epochs, metrics, changes of settings, and exact copies of its state.

Scripts and `nnfs-tui train` use it directly; the training process drives it batch by batch. It prints
nothing and never waits.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf, isfinite
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from core.config.settings import IN_PLACE
from core.datasets.dataset import from_arrays
from core.datasets.prepare import no_progress, prepare
from core.nn.losses import LOSSES
from core.nn.schedules import PlateauState
from core.randomness import stream
from core.training.components import (
    Components,
    initialize,
    layer_steps_after,
    memory_of_training,
    parameters_of,
    sizes_of,
)
from core.training.state import EpochMetrics, TrainerState
from core.training.stopping import Best, EarlyStopping, Stop

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit, ProgressCallback
    from core.nn.network import Network
    from core.nn.optimizers import Optimizer
    from core.nn.schedules import Schedule
    from core.training.batches import Batches
    from core.training.evaluation import SplitMeasures

MANY_PARAMETERS: Final = 5_000_000
"""Number of parameters from which their initialisation is reported, since it takes noticeable time."""

DIVERGENCE: Final = 1e4
"""A loss this many times that of the untrained network (or of a loss of 1) counts as diverged.

Losses from logits can stay finite for arbitrarily bad weights: with bounded activations, and an
optimiser that normalises its steps, they reach 10⁶ and stay there.
"""


class Trainer:
    """Trains one network on one data set.

    Attributes:
        config: all settings of the run.
        data: training, test and validation samples.
        network: the network being trained.
        optimizer: updates its parameters.
        batches: the batches of an epoch, and the position in the current one.
        epoch: number of epochs trained.
        stopped: why the run ended with the last epoch, or None.
        restored: the epoch whose weights were restored when the run ended, or None.
        untrained: metrics of the network before training.
    """

    config: RunConfig
    data: DataSplit
    network: Network
    optimizer: Optimizer
    batches: Batches
    epoch: int
    stopped: Stop | None
    restored: int | None
    untrained: EpochMetrics
    _components: Components
    _schedule: Schedule
    _stopping: EarlyStopping
    _layer_steps: tuple[int, ...]
    """As in `TrainerState`."""
    _own_data = False
    """Whether the samples were passed in, so that no setting changes them."""

    def __init__(
        self,
        config: RunConfig,
        data: DataSplit | None = None,
        progress: ProgressCallback = no_progress,
    ) -> None:
        """Draw or read the data, and initialise the weights.

        Args:
            config: all settings of the run.
            data: what `prepare(config)` has returned, if it was called before.
            progress: called while the data are loaded; an exception cancels loading.

        Raises:
            ConfigError: when a setting does not fit the data.
            DataError: when a file has no usable data.
            NotEnoughMemory: when the data or the network are too large.
        """
        self._begin(config, prepare(config, progress) if data is None else data, progress)

    @classmethod
    def from_data(
        cls,
        config: RunConfig,
        x_train: Array,
        y_train: Labels | Array,
        x_test: Array,
        y_test: Labels | Array,
    ) -> Self:
        """Train on arrays instead of the data set of the config.

        Args:
            config: all settings of the run.
            x_train: (samples, features).
            y_train: (samples,) integer classes from 0; or floating point targets of shape (samples,)
                or (samples, targets), unless the loss of the config is for classes only.
            x_test: like `x_train`.
            y_test: like `y_train`.
        """
        trainer = cls.__new__(cls)
        trainer._own_data = True
        numbers = config.loss is None or LOSSES[config.loss].supports_regression
        trainer._begin(config, from_arrays(x_train, y_train, x_test, y_test, numbers=numbers))
        return trainer

    def train_epoch(self) -> EpochMetrics:
        """Train to the end of the current or the next epoch, and return its metrics.

        If the loss diverges, the state before this epoch is restored, and `stopped` is set.
        """
        # divergence is detected by the loss; BLAS kernels that process whole registers also raise
        # floating point flags for unused lanes
        with np.errstate(all="ignore"):
            metrics = self.advance(inf)
            while metrics is None:
                metrics = self.advance(inf)
        return metrics

    def advance(self, until: float) -> EpochMetrics | None:
        """Train and measure until a time of `perf_counter`; at least one batch or chunk of samples.

        Returns:
            The metrics at the end of the epoch, or None within it.
        """
        if not self.batches.next:
            self._begin_epoch()
        if not self.batches.advance(until):
            return None
        measures = self._components.evaluation.advance(until)
        return None if measures is None else self._end_epoch(measures)

    @property
    def best(self) -> Best:
        """The epoch with the lowest monitored loss so far."""
        return self._stopping.best

    @property
    def share_of_epoch(self) -> float:
        """Fraction of the current epoch that is trained; 0 between two epochs."""
        return self.batches.next / self.batches.count

    def abandon_epoch(self) -> None:
        """Go back to the start of the current epoch."""
        if not self.batches.next:
            return
        start, components = self._components.epoch_start, self._components
        start.restore()
        self.batches.next = 0
        components.evaluation.restart()
        self._show_rate(start.learning_rate)
        components.set_last_step(start.last_step)

    def measure(self) -> EpochMetrics:
        """Return the metrics of the current network.

        The learning rate is that of the last step, or of the next one before the first step and after
        a change of the settings.
        """
        with np.errstate(all="ignore"):
            return self._components.metrics(self.epoch, self._components.evaluation.measure())

    def diverged(self, metrics: EpochMetrics) -> bool:
        """Return whether a loss is not finite, or above the limit of divergence."""
        within = metrics.train_loss + metrics.penalty < self._limit
        validated = self.data.x_validation is None or isfinite(metrics.validation_loss)
        return not (within and isfinite(metrics.test_loss) and validated)

    def state(self) -> TrainerState:
        """Return a copy of everything that determines further training, also within an epoch."""
        components, stopping = self._components, self._stopping
        return TrainerState(
            self.epoch,
            self.network.parameters.copy(),
            self.network.statistics.copy(),
            self.optimizer.slots.copy(),
            self.optimizer.steps,
            self.batches.state(),
            self._schedule.plateau,
            stopping.best,
            stopping.waits_from,
            stopping.best_parameters.copy(),
            stopping.best_statistics.copy(),
            self._limit,
            components.epoch_start.snapshot() if self.batches.next else None,
            self.stopped,
            self.restored,
            self._layer_steps,
            self.optimizer.learning_rate,
            components.last_step,
        )

    def restore(self, state: TrainerState) -> None:
        """Restore a state of this trainer, or of another one with the same config.

        Raises:
            ValueError: when the state does not fit the network or the optimiser.
        """
        shapes = state.parameters.shape, state.slots.shape
        if shapes != (self.network.parameters.shape, self.optimizer.slots.shape):
            raise ValueError(
                f"a state with parameters {shapes[0]} and slots {shapes[1]} does not fit "
                f"{self.network} and {self.config.optimizer}"
            )
        if state.layer_steps != self._layer_steps:
            self._layer_steps = state.layer_steps
            self._build(self.config, self.data)  # the calls of a step depend on them
        components, stopping = self._components, self._stopping
        self.epoch = state.epoch
        self.network.parameters[:] = state.parameters
        self.network.statistics[:] = state.statistics
        self.optimizer.slots[:] = state.slots
        self.optimizer.steps = state.steps
        self.batches.restore(state.batches)
        self._schedule.plateau = state.plateau
        stopping.best, stopping.waits_from = state.best, state.waits_from
        stopping.best_parameters[:] = state.best_parameters
        stopping.best_statistics[:] = state.best_statistics
        self._limit = state.limit
        if state.start is not None:
            components.epoch_start.load(state.start)
        self.stopped, self.restored = state.stopped, state.restored
        components.evaluation.restart()
        self._show_rate(state.learning_rate)
        components.set_last_step(state.last_step)

    def return_to(self, config: RunConfig, data: DataSplit, state: TrainerState) -> None:
        """Restore a state of this run, with its config and its data."""
        if config is not self.config or data is not self.data:
            self._build(config, data)
        self.restore(state)

    def set_data(self, data: DataSplit) -> None:
        """Replace the samples by others with the same features, classes and targets."""
        plateau = self._schedule.plateau
        self._rebuild(self.config, data)
        self._schedule.plateau = PlateauState(plateau.factor)
        self._own_data = True
        self._set_limit()
        self._stopping.restart(self.epoch)

    def set_parameter(self, index: int, value: float) -> None:
        """Set one value of the flat parameter vector."""
        self._components.set_last_step(self._components.last_step)
        self.network.parameters[index] = value
        self.stopped = self.restored = None
        self._components.evaluation.restart()

    def configure(
        self,
        config: RunConfig,
        progress: ProgressCallback = no_progress,
        data: DataSplit | None = None,
    ) -> bool:
        """Change the config during the run; if it raises, nothing changes.

        The weights are kept unless the shape of the network or the initialisation changes, and the
        state of the optimiser unless its algorithm changes. After a change of learning-rate schedules
        or stopping, the current epoch continues; after any other change it is restarted.

        Args:
            config: the new one.
            progress: called while other data are loaded; an exception cancels loading.
            data: what `prepare(config)` has returned, if it was called before.

        Returns:
            Whether the run was restarted, at epoch 0 with new weights.

        Raises:
            ConfigError: when a setting does not fit the data.
            DataError: when a file has no usable data.
            NotEnoughMemory: when there is not enough memory for both networks.
        """
        before = self.__dict__.copy()
        try:
            return self._configure(config, progress, data)
        except BaseException:
            self.__dict__ = before
            raise

    def _configure(
        self, config: RunConfig, progress: ProgressCallback, data: DataSplit | None
    ) -> bool:
        effects = self.config.effects(config)
        draws = self.config.data_key != config.data_key and not self._own_data
        if data is None:
            data = prepare(config, progress) if draws else self.data
        draws = data is not self.data
        sizes = sizes_of(config, data)
        waited = self.stopped is Stop.PATIENCE
        self.stopped = self.restored = None
        plateau = self._schedule.plateau if config.schedule == self.config.schedule else None
        incomparable = draws or not effects.isdisjoint({"loss", "monitor"})
        if effects <= IN_PLACE:
            self.config, self._schedule = config, config.make_schedule()
        else:
            if "network" in effects or sizes != self.network.sizes:
                self._begin(config, data, progress)
                return True
            self._rebuild(config, data)
            if draws or not effects.isdisjoint({"loss", "penalty"}):
                self._set_limit()
        if plateau is not None:
            self._schedule.plateau = PlateauState(plateau.factor) if incomparable else plateau
        if incomparable or "best" in effects:
            self._stopping.restart(self.epoch)
        elif waited:
            self._stopping.waits_from = self.epoch
        self._show_rate(None if "rates" in effects else self.optimizer.learning_rate)
        return False

    def restart_patience(self) -> None:
        """Restart counting epochs for patience, to continue a run that has ended."""
        self.stopped = self.restored = None
        self._stopping.waits_from = self.epoch

    def _begin(
        self, config: RunConfig, data: DataSplit, progress: ProgressCallback = no_progress
    ) -> None:
        parameters = parameters_of(config, data)
        if parameters >= MANY_PARAMETERS:
            progress(f"initialising {parameters:,} parameters", 0.0)
        with memory_of_training(config, data):
            self._shuffle_rng = stream(config.seed, "shuffle")
            self._mask_rng = stream(config.seed, "dropout")
            self._layer_steps = (0,) * (len(config.hidden) + 1)
            self._build(config, data)
            self._stopping = EarlyStopping(self.network)
            initialize(self.network, config)
            self.epoch = 0
            self.stopped = self.restored = None
            self._set_rate()
            self.untrained = self._set_limit()

    def _rebuild(self, config: RunConfig, data: DataSplit) -> None:
        self.abandon_epoch()
        before = self._components
        rate, last_step = self.optimizer.learning_rate, before.last_step
        self._layer_steps = layer_steps_after(
            self._layer_steps, self.optimizer.steps, self.config, config
        )
        with memory_of_training(config, data):
            self._build(config, data)
        self._components.copy_weights(before)
        self._show_rate(rate)  # which may also reset a velocity
        self._components.set_last_step(last_step)

    def _set_limit(self) -> EpochMetrics:
        """Set the limit of divergence from the current network, and return its metrics."""
        metrics = self.measure()
        self._limit = DIVERGENCE * max(1.0, metrics.train_loss + metrics.penalty)
        return metrics

    def _build(self, config: RunConfig, data: DataSplit) -> None:
        self.config, self.data = config, data
        self._schedule = config.make_schedule()
        self._components = new = Components(
            config, data, self._layer_steps, self._shuffle_rng, self._mask_rng
        )
        self.network, self.optimizer, self.batches = new.network, new.optimizer, new.batches

    def _set_rate(self) -> None:
        rate = self._schedule.rate(self.epoch)
        self.optimizer.configure(replace(self.config.hyperparameters(), learning_rate=rate))

    def _show_rate(self, rate: float | None) -> None:
        """Set the learning rate to display until the next epoch; None for that of the next step."""
        if rate is None or self._schedule.constant or self.batches.next:
            self._set_rate()
        else:
            self.optimizer.configure(replace(self.config.hyperparameters(), learning_rate=rate))

    def _begin_epoch(self) -> None:
        self.stopped = None
        start = self._components.epoch_start
        if not self._schedule.constant:
            start.learning_rate = self.optimizer.learning_rate
            self._set_rate()
        start.last_step = self._components.last_step
        start.save()
        self.batches.begin()

    def _end_epoch(self, measures: SplitMeasures) -> EpochMetrics:
        components, config = self._components, self.config
        metrics = components.metrics(self.epoch + 1, measures)
        if self.diverged(metrics):
            self.abandon_epoch()
            self.stopped = Stop.DIVERGED
            return metrics
        self.epoch += 1
        self.batches.next = 0
        loss, score = metrics.on(self.data.monitored(config.monitor))
        self._schedule.observe(loss)
        self.stopped = self._stopping.finish_epoch(self.epoch, loss, score, config, self.network)
        if self.stopped is Stop.PATIENCE and config.restore_best and self.best.epoch:
            components.set_last_step()  # those of the best epoch are unknown
            self._stopping.restore_weights(self.network)
            self.restored = self.best.epoch
        return metrics
