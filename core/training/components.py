"""Network, optimiser, batches and measurements of a trainer, built from its config and its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.memory import memory_for
from core.nn.initializers import INITIALIZERS
from core.nn.network import Network, parameter_count, with_bias_row
from core.nn.optimizers import OPTIMIZERS
from core.nn.regularization import FrozenLayers, Penalty, clip_norm, clip_value
from core.randomness import stream
from core.training.batches import Batches
from core.training.diagnostics import Diagnostics
from core.training.evaluation import SplitEvaluation
from core.training.rollback import EpochRollback
from core.training.state import EpochMetrics

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.nn.calls import Calls
    from core.nn.initializers import Draws
    from core.training.diagnostics import StepSizes
    from core.training.evaluation import SplitMeasures


class Components:
    """Everything whose calls and buffers depend on the config or the data.

    The trainer builds other ones when a setting changes that they depend on, and copies the weights.

    Attributes:
        network: the network being trained, its weights zero at first.
        optimizer: updates its parameters.
        batches: the batches of an epoch, and the position in the current one.
        evaluation: measures the network on all parts of the data.
        epoch_start: state at the start of the current epoch.
    """

    def __init__(
        self,
        config: RunConfig,
        data: DataSplit,
        layer_steps: tuple[int, ...],
        shuffle: np.random.Generator,
        masks: np.random.Generator,
    ) -> None:
        """Build all of them.

        Args:
            config: all settings of the run.
            data: its samples.
            layer_steps: as in `TrainerState`.
            shuffle: generator of the orders of the samples.
            masks: generator of the dropout masks.
        """
        self._config = config
        self.network = network = build_network(config, data)
        counts = enumerate(layer_steps, 1)
        missed = [0 if number in config.freeze else count for number, count in counts]
        delays = [each for each in zip(network.slices, missed, strict=True) if each[1]]
        self.optimizer = optimizer = OPTIMIZERS[config.optimizer](
            network.parameters, config.hyperparameters(), delays
        )
        parts = [
            (with_bias_row(x, network.dtype), network.loss.encode(y).astype(network.dtype))
            for x, y in data.parts
        ]
        self.evaluation = SplitEvaluation(
            network, parts, has_validation=data.x_validation is not None
        )
        inputs, targets = parts[0]
        self._penalty: Penalty | None = None
        if config.l1 or config.l2:
            self._penalty = Penalty(network, config.l1, config.l2, config.penalize_biases)
        self._diagnostics: Diagnostics | None = None
        if config.diagnostics:
            self._diagnostics = Diagnostics(network, optimizer.gradient, inputs)
        samples, rows = len(data.y_train), inputs.T
        if not network.biases[0].size:
            # without biases, the column of ones is unused
            rows = np.ascontiguousarray(rows[:, :-1])
        self.batches = Batches(
            network,
            rows,
            targets,
            samples if isinstance(config.batch_size, str) else config.batch_size,
            optimizer.gradient,
            self._update_calls(),
            shuffle=shuffle,
            dropout=config.dropouts,
            masks=masks,
        )
        self.epoch_start = EpochRollback(network, optimizer, self.batches, shuffle, masks)

    def _update_calls(self) -> Calls:
        """Return the calls after backpropagation in each step."""
        config, optimizer = self._config, self.optimizer
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

    @property
    def last_step(self) -> tuple[StepSizes, ...]:
        """Gradient norm and update ratio of each layer in the last step; empty without diagnostics."""
        return () if self._diagnostics is None else self._diagnostics.last_step

    def set_last_step(self, known: tuple[StepSizes, ...] = ()) -> None:
        """Set the sizes of the last step, as in `Diagnostics`."""
        if self._diagnostics is not None:
            self._diagnostics.set_last_step(known)

    def copy_weights(self, before: Components) -> None:
        """Copy the parameters, and the optimiser's state unless its algorithm differs."""
        self.network.parameters[:] = before.network.parameters
        self.network.statistics[:] = before.network.statistics
        if type(self.optimizer) is type(before.optimizer):
            self.optimizer.slots[:] = before.optimizer.slots
            self.optimizer.steps = before.optimizer.steps

    def metrics(self, epoch: int, measures: SplitMeasures) -> EpochMetrics:
        """Return the metrics of the current network, after it was measured."""
        train, test, validation = measures
        return EpochMetrics(
            epoch,
            train.loss,
            test.loss,
            train.score,
            test.score,
            self.optimizer.learning_rate,
            0.0 if self._penalty is None else self._penalty.value(),
            *validation,
            () if self._diagnostics is None else self._diagnostics.measure(),
        )


def layer_steps_after(
    layer_steps: tuple[int, ...], steps: int, before: RunConfig, after: RunConfig
) -> tuple[int, ...]:
    """Return `layer_steps` of a `TrainerState` after a change of the config.

    Args:
        layer_steps: those until then.
        steps: number of steps of the optimiser until then.
        before: config until then.
        after: config from then on.
    """
    if before.optimizer != after.optimizer:
        return (0,) * len(layer_steps)  # a new optimiser starts with its first step
    return tuple(
        # freezing and unfreezing swap the number of steps taken and the number missed
        steps - count if (number in before.freeze) != (number in after.freeze) else count
        for number, count in enumerate(layer_steps, 1)
    )


def parameters_of(config: RunConfig, data: DataSplit) -> int:
    """Return the number of parameters of the network for a config and data."""
    return parameter_count(sizes_of(config, data), batch_norm=config.batch_norm, bias=config.bias)


def memory_of_training(config: RunConfig, data: DataSplit) -> AbstractContextManager[None]:
    """Return a context that turns MemoryError into NotEnoughMemory with the size of the run."""
    sizes, parameters = sizes_of(config, data), parameters_of(config, data)
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


def build_network(config: RunConfig, data: DataSplit, runs: int | None = None) -> Network:
    """Return the network for a config and data, with all weights zero; `runs` as in `Network`."""
    counts = data.class_counts[0]
    loss = config.loss_for(len(data.class_names), len(data.target_names), counts)
    return Network(
        sizes_of(config, data),
        config.activations,
        loss,
        config.dtype,
        batch_norm=config.batch_norm,
        bias=config.bias,
        runs=runs,
    )


def initialize(network: Network, config: RunConfig) -> None:
    """Draw the initial weights of a run."""
    initializer = INITIALIZERS[config.initializer]
    rng: Draws = (
        np.random.RandomState(config.seed % 2**32)
        if initializer.legacy
        else stream(config.seed, "weights")
    )
    network.initialize(initializer, rng)


def sizes_of(config: RunConfig, data: DataSplit) -> tuple[int, ...]:
    """Return the units per layer of the network for a config and data, the inputs first.

    Raises:
        ConfigError: when the loss does not fit the data.
    """
    loss = config.loss_for(len(data.class_names), len(data.target_names))
    return (data.x_train.shape[1], *config.hidden, loss.outputs)
