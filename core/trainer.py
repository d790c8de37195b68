"""The trainer: one epoch at a time, its metrics, and its exact state in and out.

Scripts use it directly; the training process drives one for the screen. It prints nothing and waits
for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np

from core.datasets.dataset import TrainTest
from core.datasets.prepare import prepare
from core.initializers import INITIALIZERS
from core.losses import LOSSES
from core.network import Evaluation, Network, TrainingStep, columns
from core.optimizers import OPTIMIZERS
from core.randomness import stream

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.config import RunConfig
    from core.optimizers import Optimizer

DIVERGENCE: Final = 1e4
"""A loss this many times that of the untrained network (or of a loss of 1) counts as diverged.

Losses from logits stay finite however absurd the weights: bounded activations, and an optimiser that
normalises its steps, reach 10⁶ and stay there. Nobody wants to watch that as training.
"""


_IN_PLACE: Final = {"learning_rate", "momentum", "epochs"}
"""Settings whose change needs nothing rebuilt."""


class EpochMetrics(NamedTuple):
    """What is known of an epoch; losses leave the penalty out and are measured after the epoch."""

    epoch: int
    train_loss: float
    test_loss: float
    train_accuracy: float
    test_accuracy: float
    learning_rate: float


@dataclass(frozen=True)
class TrainerState:
    """Everything that decides how training goes on from here."""

    epoch: int
    parameters: Array
    slots: Array
    steps: int
    shuffle: dict[str, Any]


class Trainer:
    """Trains one network on one data set.

    Attributes:
        config: what defines the run.
        data: the training and test samples.
        network: the network being trained.
        epoch: how many epochs it was trained.
    """

    config: RunConfig
    data: TrainTest
    network: Network
    optimizer: Optimizer
    _shuffle_rng: np.random.Generator
    _own_data = False
    """Whether the samples were given, so that no setting draws others."""

    def __init__(self, config: RunConfig) -> None:
        self._begin(config, prepare(config))

    @classmethod
    def from_data(
        cls, config: RunConfig, x_train: Array, y_train: Labels, x_test: Array, y_test: Labels
    ) -> Self:
        """Train on given arrays, (samples, features) and (samples,) class numbers."""
        trainer = cls.__new__(cls)
        trainer._own_data = True
        classes = int(max(np.max(y_train), np.max(y_test))) + 1
        data = TrainTest(
            np.asarray(x_train, np.float64),
            np.asarray(y_train, np.int64),
            np.asarray(x_test, np.float64),
            np.asarray(y_test, np.int64),
            tuple(f"x{number}" for number in range(1, x_train.shape[1] + 1)),
            tuple(map(str, range(classes))),
        )
        trainer._begin(config, data)
        return trainer

    def train_epoch(self) -> EpochMetrics:
        """Train one pass over the training data and measure.

        When the loss diverges, everything goes back to before this epoch, so that the last good
        state is what is left; `diverged` tells.
        """
        optimizer = self.optimizer
        self._keep()
        if self._order is not None:
            self._shuffle(self._order)
        take_step, penalize = optimizer.step, self._penalize
        for step, inputs, targets in self._batches:
            step.compute_gradient(inputs, targets)
            if penalize is not None:
                penalize()
            take_step()
        self.epoch += 1
        metrics = self.measure()
        if self.diverged(metrics):
            self._go_back()
        return metrics

    def measure(self) -> EpochMetrics:
        """Return the metrics of the network as it is."""
        train = self._train_evaluation.measure()
        test = self._test_evaluation.measure() if self._test_evaluation is not None else train
        return EpochMetrics(
            self.epoch, train[0], test[0], train[1], test[1], self.optimizer.learning_rate
        )

    def diverged(self, metrics: EpochMetrics) -> bool:
        """Tell whether a loss is not finite, or beyond any use."""
        return not (metrics.train_loss < self._limit and isfinite(metrics.test_loss))

    def state(self) -> TrainerState:
        """Return a copy of everything that decides how training goes on."""
        return TrainerState(
            self.epoch,
            self.network.parameters.copy(),
            self.optimizer.slots.copy(),
            self.optimizer.steps,
            dict(self._shuffle_rng.bit_generator.state),
        )

    def restore(self, state: TrainerState) -> None:
        """Go to a state of this trainer, or of another with the same config.

        Raises:
            ValueError: when the state belongs to another network or optimiser.
        """
        shapes = state.parameters.shape, state.slots.shape
        if shapes != (self.network.parameters.shape, self.optimizer.slots.shape):
            raise ValueError(
                f"a state with parameters {shapes[0]} and slots {shapes[1]} does not fit "
                f"{self.network} and {self.config.optimizer}"
            )
        self.epoch = state.epoch
        self.network.parameters[:] = state.parameters
        self.optimizer.slots[:] = state.slots
        self.optimizer.steps = state.steps
        self._shuffle_rng.bit_generator.state = state.shuffle

    def configure(self, config: RunConfig) -> bool:
        """Take another config during the run.

        Trained weights are kept as long as the network's shape stays and no new draw of them is
        asked for; an optimiser of the same kind keeps its state.

        Returns:
            Whether the run began anew, at epoch 0 with new weights.
        """
        changes = self.config.differences(config)
        if {each.name for each in changes} <= _IN_PLACE:
            self.config = config
            self.optimizer.configure(learning_rate=config.learning_rate, momentum=config.momentum)
            return False
        effects = {each.effect for each in changes}
        draws = {each.name for each in changes if each.effect == "data" or each.name == "seed"}
        data = prepare(config) if draws and not self._own_data else self.data
        if "network" in effects or _sizes(config, data) != self.network.sizes:
            self._begin(config, data)
            return True
        network, optimizer, rng = self.network, self.optimizer, self._shuffle_rng
        kept, same_optimizer = self.epoch, config.optimizer == self.config.optimizer
        self._build(config, data)
        self.network.parameters[:] = network.parameters
        if same_optimizer:
            self.optimizer.slots[:] = optimizer.slots
            self.optimizer.steps = optimizer.steps
            self.optimizer.configure(learning_rate=config.learning_rate, momentum=config.momentum)
        self._shuffle_rng, self.epoch = rng, kept
        self._set_limit()
        return False

    def _begin(self, config: RunConfig, data: TrainTest) -> None:
        self._build(config, data)
        self.network.initialize(INITIALIZERS[config.initializer], stream(config.seed, "weights"))
        self._shuffle_rng = stream(config.seed, "shuffle")
        self.epoch = 0
        self._set_limit()

    def _set_limit(self) -> None:
        self._limit = DIVERGENCE * max(1.0, self.measure().train_loss)

    def _build(self, config: RunConfig, data: TrainTest) -> None:
        self.config, self.data = config, data
        self.network = build_network(config, data)
        loss, dtype = self.network.loss, self.network.dtype
        self.optimizer = OPTIMIZERS[config.optimizer](
            self.network.parameters, learning_rate=config.learning_rate, momentum=config.momentum
        )
        self._kept = self.network.parameters.copy(), self.optimizer.slots.copy()
        self._kept_steps = 0
        self._penalize = self._penalty(config.l2) if config.l2 else None

        classes = len(data.class_names)
        inputs = columns(data.x_train, dtype)
        targets = loss.targets(data.y_train, classes, dtype)
        self._train_evaluation = Evaluation(self.network, inputs, targets.T.copy())
        self._test_evaluation = None
        if not data.shared:
            test_targets = loss.targets(data.y_test, classes, dtype)
            self._test_evaluation = Evaluation(
                self.network, columns(data.x_test, dtype), test_targets.T.copy()
            )
        self._prepare_batches(inputs.T, targets)

    def _prepare_batches(self, rows: Array, targets: Array) -> None:
        """Lay out the views of every batch once, so that an epoch only refills what they show."""
        samples = len(rows)
        size = self.config.batch_size
        batch = samples if isinstance(size, str) else min(size, samples)
        self._rows, self._targets = rows, targets
        self._order = None
        self._shown, self._shown_targets = rows, targets
        if batch < samples:
            self._order = np.arange(samples)
            self._natural_order = self._order.copy()
            self._shown, self._shown_targets = np.empty_like(rows), np.empty_like(targets)
        # rows are drawn sample by sample, which is fast; the loss takes targets output by output,
        # in a block of one batch, which one copy for all batches makes of them
        full, outputs = samples // batch, targets.shape[1]
        whole = self._shown_targets[: full * batch].reshape(full, batch, outputs)
        rest = self._shown_targets[full * batch :]
        self._blocks = np.empty((full, outputs, batch), targets.dtype)
        self._last_block = np.empty((outputs, len(rest)), targets.dtype)
        self._block_views = whole.transpose(0, 2, 1), rest.T
        self._arrange_targets()

        steps: dict[int, TrainingStep] = {}
        self._batches = []
        for start in range(0, samples, batch):
            inputs = self._shown[start : start + batch].T
            count = inputs.shape[1]
            if count not in steps:
                steps[count] = TrainingStep(self.network, count, self.optimizer.gradient)
            block = self._blocks[start // batch] if count == batch else self._last_block
            self._batches.append((steps[count], inputs, block))

    def _shuffle(self, order: Labels) -> None:
        # from the natural order each time: then the generator alone is the state of the shuffles
        np.copyto(order, self._natural_order)
        self._shuffle_rng.shuffle(order)
        # every index is in range; the other modes would buffer the output
        self._rows.take(order, 0, self._shown, "clip")
        self._targets.take(order, 0, self._shown_targets, "clip")
        self._arrange_targets()

    def _arrange_targets(self) -> None:
        np.copyto(self._blocks, self._block_views[0])
        np.copyto(self._last_block, self._block_views[1])

    def _penalty(self, l2: float) -> Any:
        strength = self.network.weight_mask() * self.network.dtype.type(l2)
        scratch = np.empty_like(strength)
        gradient, parameters = self.optimizer.gradient, self.network.parameters

        def penalize() -> None:
            np.multiply(parameters, strength, scratch)
            np.add(gradient, scratch, gradient)

        return penalize

    def _keep(self) -> None:
        np.copyto(self._kept[0], self.network.parameters)
        np.copyto(self._kept[1], self.optimizer.slots)
        self._kept_steps = self.optimizer.steps
        if self._order is not None:
            self._kept_shuffle = self._shuffle_rng.bit_generator.state

    def _go_back(self) -> None:
        np.copyto(self.network.parameters, self._kept[0])
        np.copyto(self.optimizer.slots, self._kept[1])
        self.optimizer.steps = self._kept_steps
        if self._order is not None:
            self._shuffle_rng.bit_generator.state = self._kept_shuffle
        self.epoch -= 1


def build_network(config: RunConfig, data: TrainTest) -> Network:
    """Return the network that the config asks for on that data, all parameters at zero."""
    return Network(_sizes(config, data), config.activation, LOSSES[config.loss], config.dtype)


def _sizes(config: RunConfig, data: TrainTest) -> tuple[int, ...]:
    outputs = LOSSES[config.loss].outputs(len(data.class_names))
    return (data.x_train.shape[1], *config.hidden, outputs)
