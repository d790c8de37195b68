"""Trainer of a network: epochs, metrics, changes of settings, and exact copies of its state.

Scripts and `nnfs-tui train` use it directly; the training process drives it batch by batch. It prints
nothing and never waits.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import inf, isfinite
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from core.config.settings import IN_PLACE
from core.datasets.dataset import from_arrays
from core.datasets.prepare import no_progress, prepare
from core.memory import memory_for
from core.nn.initializers import INITIALIZERS
from core.nn.losses import LOSSES
from core.nn.network import Network, with_bias_row
from core.nn.optimizers import OPTIMIZERS
from core.nn.regularization import FrozenLayers, Penalty, clip_norm, clip_value
from core.nn.schedules import PlateauState
from core.randomness import stream
from core.training.batches import Batches
from core.training.diagnostics import Diagnostics
from core.training.evaluation import NOT_MEASURED, Evaluation, Measure
from core.training.rollback import EpochRollback
from core.training.state import EpochMetrics, TrainerState
from core.training.stopping import Best, Stop

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit, ProgressCallback
    from core.nn.calls import Calls
    from core.nn.initializers import Draws
    from core.nn.optimizers import Optimizer
    from core.nn.schedules import Schedule

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
        best: the epoch with the lowest monitored loss so far.
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
    best: Best
    untrained: EpochMetrics
    _schedule: Schedule
    _best_parameters: Array
    _best_statistics: Array
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
        self._begin(config, prepare(config, progress) if data is None else data)

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
        batches, measures = self.batches, self._measures
        if not batches.next:
            self._begin_epoch()
        if not batches.advance(until):
            return None
        for evaluation in self._evaluations[len(measures) :]:
            measure = evaluation.advance(until)
            if measure is None:
                return None
            measures.append(measure)
        return self._end_epoch()

    @property
    def share_of_epoch(self) -> float:
        """Fraction of the current epoch that is trained; 0 between two epochs."""
        return self.batches.next / self.batches.count

    def abandon_epoch(self) -> None:
        """Go back to the start of the current epoch."""
        if self.batches.next:
            self._roll_back()

    def measure(self) -> EpochMetrics:
        """Return the metrics of the current network.

        The learning rate is that of the last step, or of the next one before the first step and after
        a change of the settings.
        """
        with np.errstate(all="ignore"):
            return self._metrics([evaluation.measure() for evaluation in self._evaluations])

    def diverged(self, metrics: EpochMetrics) -> bool:
        """Return whether a loss is not finite, or above the limit of divergence."""
        within = metrics.train_loss + metrics.penalty < self._limit
        validated = self.data.x_validation is None or isfinite(metrics.validation_loss)
        return not (within and isfinite(metrics.test_loss) and validated)

    def state(self) -> TrainerState:
        """Return a copy of everything that determines further training, also within an epoch."""
        return TrainerState(
            self.epoch,
            self.network.parameters.copy(),
            self.network.statistics.copy(),
            self.optimizer.slots.copy(),
            self.optimizer.steps,
            self.batches.state(),
            self._schedule.plateau,
            self.best,
            self._waits_from,
            self._best_parameters.copy(),
            self._best_statistics.copy(),
            self._limit,
            self._start.snapshot() if self.batches.next else None,
            self.stopped,
            self.restored,
            self._layer_steps,
            self.optimizer.learning_rate,
            () if self._diagnostics is None else self._diagnostics.last_step,
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
        layer_steps = state.layer_steps
        if layer_steps is None:
            layer_steps = self._guess_layer_steps(state)
        if layer_steps != self._layer_steps:
            self._layer_steps = layer_steps
            self._build(self.config, self.data)  # the calls of a step depend on them
        self.epoch = state.epoch
        self.network.parameters[:] = state.parameters
        self.network.statistics[:] = state.statistics
        self.optimizer.slots[:] = state.slots
        self.optimizer.steps = state.steps
        self.batches.restore(state.batches)
        self._schedule.plateau = state.plateau
        self.best, self._waits_from = state.best, state.waits_from
        self._best_parameters[:] = state.best_parameters
        self._best_statistics[:] = state.best_statistics
        self._limit = state.limit
        if state.start is not None:
            self._start.load(state.start)
        self.stopped, self.restored = state.stopped, state.restored
        self._reset_evaluations()
        self._show_rate(state.learning_rate)
        if self._diagnostics is not None:
            self._diagnostics.set_last_step(state.last_step)

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
        self._reset_best()

    def set_parameter(self, index: int, value: float) -> None:
        """Set one value of the flat parameter vector."""
        if self._diagnostics is not None:
            self._diagnostics.set_last_step(self._diagnostics.last_step)
        self.network.parameters[index] = value
        self.stopped = self.restored = None
        if self.batches.next:
            self._reset_evaluations()

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
        if self.stopped is Stop.PATIENCE:
            self._waits_from = self.epoch
        self.stopped = self.restored = None
        plateau = self._schedule.plateau if config.schedule == self.config.schedule else None
        incomparable = draws or not effects.isdisjoint({"loss", "monitor"})
        if effects <= IN_PLACE:
            self.config, self._schedule = config, config.make_schedule()
            self._monitored = data.monitored(config.monitor)
        else:
            if "network" in effects or sizes != self.network.sizes:
                self._begin(config, data)
                return True
            self._rebuild(config, data)
            if draws or not effects.isdisjoint({"loss", "penalty"}):
                self._set_limit()
        if plateau is not None:
            self._schedule.plateau = PlateauState(plateau.factor) if incomparable else plateau
        if incomparable or "best" in effects:
            self._reset_best()
        self._show_rate(None if "rates" in effects else self.optimizer.learning_rate)
        return False

    def restart_patience(self) -> None:
        """Restart counting epochs for patience, to continue a run that has ended."""
        self.stopped = self.restored = None
        self._waits_from = self.epoch

    def _begin(self, config: RunConfig, data: DataSplit) -> None:
        with memory_of_training(config, data):
            self._draw(config, data)

    def _draw(self, config: RunConfig, data: DataSplit) -> None:
        self._shuffle_rng = stream(config.seed, "shuffle")
        self._mask_rng = stream(config.seed, "dropout")
        self._layer_steps = (0,) * (len(config.hidden) + 1)
        self._build(config, data)
        initializer = INITIALIZERS[config.initializer]
        rng: Draws = (
            np.random.RandomState(config.seed % 2**32)
            if initializer.legacy
            else stream(config.seed, "weights")
        )
        self.network.initialize(initializer, rng)
        self.epoch = 0
        self.stopped = self.restored = None
        self._reset_best()
        self._set_rate()
        self.untrained = self._set_limit()

    def _rebuild(self, config: RunConfig, data: DataSplit) -> None:
        if self.batches.next:
            self._roll_back()  # restart the current epoch
        network, optimizer, kind = self.network, self.optimizer, self.config.optimizer
        best = self._best_parameters, self._best_statistics
        rate = optimizer.learning_rate
        last_step = () if self._diagnostics is None else self._diagnostics.last_step
        self._layer_steps = self._layer_steps_under(config)
        with memory_of_training(config, data):
            self._build(config, data)
        self._best_parameters[:], self._best_statistics[:] = best
        self.network.parameters[:] = network.parameters
        self.network.statistics[:] = network.statistics
        if kind == config.optimizer:
            self.optimizer.slots[:] = optimizer.slots
            self.optimizer.steps = optimizer.steps
        self._show_rate(rate)  # which may also reset a velocity
        if self._diagnostics is not None:
            self._diagnostics.set_last_step(last_step)

    def _layer_steps_under(self, config: RunConfig) -> tuple[int, ...]:
        """Return `layer_steps` for another config."""
        if config.optimizer != self.config.optimizer:
            return (0,) * len(self._layer_steps)  # a new optimiser starts with its first step

        steps, before = self.optimizer.steps, self.config
        return tuple(
            # freezing and unfreezing swap the number of steps taken and the number missed
            steps - count if (number in before.freeze) != (number in config.freeze) else count
            for number, count in enumerate(self._layer_steps, 1)
        )

    def _guess_layer_steps(self, state: TrainerState) -> tuple[int, ...]:
        """Return the `layer_steps` of a state that was saved without them."""
        frozen = self.config.freeze
        return tuple(
            state.steps if number in frozen and state.slots[:, part].any() else 0
            for number, part in enumerate(self.network.slices, 1)
        )

    def _set_limit(self) -> EpochMetrics:
        """Set the limit of divergence from the current network, and return its metrics."""
        metrics = self.measure()
        self._limit = DIVERGENCE * max(1.0, metrics.train_loss + metrics.penalty)
        return metrics

    def _build(self, config: RunConfig, data: DataSplit) -> None:
        self.config, self.data = config, data
        self._monitored = data.monitored(config.monitor)
        self.network = network = build_network(config, data)
        counts = enumerate(self._layer_steps, 1)
        missed = [0 if number in config.freeze else count for number, count in counts]
        delays = [each for each in zip(network.slices, missed, strict=True) if each[1]]
        self.optimizer = OPTIMIZERS[config.optimizer](
            network.parameters, config.hyperparameters(), delays
        )
        self._schedule = config.make_schedule()
        self._best_parameters = network.parameters.copy()
        self._best_statistics = network.statistics.copy()

        parts = [(data.x_train, data.y_train)]
        if not data.shared:
            parts.append((data.x_test, data.y_test))
        if data.x_validation is not None and data.y_validation is not None:
            parts.append((data.x_validation, data.y_validation))
        laid_out = [
            (with_bias_row(x, network.dtype), network.loss.encode(y).astype(network.dtype))
            for x, y in parts
        ]
        self._evaluations = [Evaluation(network, x, y.T) for x, y in laid_out]
        inputs, targets = laid_out[0]
        self._measures: list[Measure] = []
        self._penalty: Penalty | None = None
        if config.l1 or config.l2:
            self._penalty = Penalty(network, config.l1, config.l2, config.penalize_biases)
        self._diagnostics: Diagnostics | None = None
        if config.diagnostics:
            self._diagnostics = Diagnostics(network, self.optimizer.gradient, inputs)
        samples, rows = len(data.y_train), inputs.T
        if network.layers[0].norm is not None:
            rows = np.ascontiguousarray(
                rows[:, :-1]
            )  # without biases, the column of ones is unused
        self.batches = Batches(
            network,
            rows,
            targets,
            samples if isinstance(config.batch_size, str) else config.batch_size,
            self.optimizer.gradient,
            self._update_calls(),
            shuffle=self._shuffle_rng,
            dropout=config.dropouts,
            masks=self._mask_rng,
        )
        self._start = EpochRollback(
            network, self.optimizer, self.batches, self._shuffle_rng, self._mask_rng
        )

    def _update_calls(self) -> Calls:
        """Return the calls after backpropagation in each step."""
        config, optimizer = self.config, self.optimizer
        gradient = optimizer.gradient
        calls: Calls = []
        freeze = FrozenLayers(self.network, optimizer, config.freeze) if config.freeze else None
        if self._penalty is not None:
            calls += self._penalty.calls(gradient)
        if freeze is not None:
            calls += freeze.zero_gradient()
        if self._diagnostics is not None:
            calls += self._diagnostics.calls()
        if config.clip_value is not None:
            calls += clip_value(gradient, config.clip_value)
        if config.clip_norm is not None:
            calls += clip_norm(gradient, config.clip_norm)
        update = optimizer.calls
        return calls + (update if freeze is None else freeze.wrap(update))

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
        if not self._schedule.constant:
            self._start.learning_rate = self.optimizer.learning_rate
            self._set_rate()
        if self._diagnostics is not None:
            self._start.last_step = self._diagnostics.last_step
        self._start.save()
        self.batches.begin()

    def _end_epoch(self) -> EpochMetrics:
        self.epoch += 1
        self.batches.next = 0
        metrics = self._metrics(self._measures)
        self._measures = []
        if self.diverged(metrics):
            self.epoch -= 1
            self._roll_back()
            self.stopped = Stop.DIVERGED
            return metrics
        if self._monitored == "train":
            loss, score = metrics.train_loss, metrics.train_score
        elif self._monitored == "test":
            loss, score = metrics.test_loss, metrics.test_score
        else:
            loss, score = metrics.validation_loss, metrics.validation_score
        self._schedule.observe(loss)
        if loss < self.best.loss:
            self.best = Best(self.epoch, loss)
            if self.config.patience is not None and self.config.restore_best:
                np.copyto(self._best_parameters, self.network.parameters)
                np.copyto(self._best_statistics, self.network.statistics)
        since = max(self.best.epoch, self._waits_from)
        self.stopped = self.config.stop_rule.verdict(self.epoch, loss, score, since)
        if self.stopped is Stop.PATIENCE and self.config.restore_best and self.best.epoch:
            if self._diagnostics is not None:
                self._diagnostics.set_last_step()  # those of the best epoch are unknown
            np.copyto(self.network.parameters, self._best_parameters)
            np.copyto(self.network.statistics, self._best_statistics)
            self.restored = self.best.epoch
        return metrics

    def _roll_back(self) -> None:
        self._start.restore()
        self.batches.next = 0
        self._reset_evaluations()
        self._show_rate(self._start.learning_rate)
        if self._diagnostics is not None:
            self._diagnostics.set_last_step(self._start.last_step)

    def _metrics(self, measures: list[Measure]) -> EpochMetrics:
        train = measures[0]
        test = train if self.data.shared else measures[1]
        validation = NOT_MEASURED if self.data.x_validation is None else measures[-1]
        return EpochMetrics(
            self.epoch,
            train.loss,
            test.loss,
            train.score,
            test.score,
            self.optimizer.learning_rate,
            0.0 if self._penalty is None else self._penalty.value(),
            *validation,
            () if self._diagnostics is None else self._diagnostics.measure(),
        )

    def _reset_evaluations(self) -> None:
        self._measures = []
        for evaluation in self._evaluations:
            evaluation.restart()

    def _reset_best(self) -> None:
        self.best, self._waits_from = Best(), self.epoch


def memory_of_training(config: RunConfig, data: DataSplit) -> AbstractContextManager[None]:
    """Return a context that turns MemoryError into NotEnoughMemory with the size of the run."""
    sizes = sizes_of(config, data)
    parameters = sum((before + 1) * units for before, units in pairwise(sizes))
    slots = OPTIMIZERS[config.optimizer].slot_count
    # parameters, gradient, and copies for the best epoch and the start of the epoch, with the slots
    numbers = parameters * (4 + 2 * slots)
    samples = len(data.y_train) if isinstance(config.batch_size, str) else config.batch_size
    numbers += sum(data.all_samples) * (sizes[0] + sizes[-1])
    numbers += 2 * min(samples, len(data.y_train)) * sum(sizes)
    advice = "choose fewer units in hidden, a smaller batch size or fewer samples"
    return memory_for(
        f"{parameters:,} parameters and {sum(data.all_samples):,} samples",
        numbers * np.dtype(config.dtype).itemsize,
        advice,
    )


def build_network(config: RunConfig, data: DataSplit) -> Network:
    """Return the network for a config and data, with all weights zero."""
    loss = config.loss_for(len(data.class_names), len(data.target_names))
    return Network(
        sizes_of(config, data), config.activations, loss, config.dtype, batch_norm=config.batch_norm
    )


def sizes_of(config: RunConfig, data: DataSplit) -> tuple[int, ...]:
    """Return the units per layer of the network for a config and data, the inputs first.

    Raises:
        ConfigError: when the loss does not fit the data.
    """
    loss = config.loss_for(len(data.class_names), len(data.target_names))
    return (data.x_train.shape[1], *config.hidden, loss.outputs)
