"""A stack of runs: networks, optimisers, batches and measurements as arrays with a leading axis."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from core.lockstep.batches import StackedBatches, inputs_of
from core.lockstep.evaluation import StackedEvaluation
from core.lockstep.state import StackState
from core.nn.calls import Calls, call, run
from core.nn.network import with_bias_row
from core.nn.optimizers import OPTIMIZERS, Hyperparameters
from core.nn.regularization import FrozenLayers, Penalty, clip_norms, clip_value
from core.training.components import build_network, initialize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.nn.network import Network


class Stack:
    """Runs that are trained together, in one flat list of calls.

    Attributes:
        runs: number of each run among all that are trained at once.
        columns: the same as an index of an array.
        network: the stacked network.
        slots: (slots, runs, parameters) state of the optimiser.
        start_steps: number of steps at the start of the epoch.
    """

    def __init__(
        self,
        runs: Sequence[int],
        configs: Sequence[RunConfig],
        data: Sequence[DataSplit],
        shuffles: Sequence[np.random.Generator],
        masks: Sequence[np.random.Generator],
    ) -> None:
        """Build the calls; the weights are zero.

        Args:
            runs: see above.
            configs: config of each run.
            data: samples of each run.
            shuffles: generator of the orders of each run.
            masks: generator of the dropout masks of each run.
        """
        self.runs = list(runs)
        are_consecutive = self.runs == list(range(runs[0], runs[0] + len(runs)))
        self.columns: slice | NDArray[np.intp] = np.array(runs)
        if are_consecutive:  # a slice is faster
            self.columns = slice(runs[0], runs[0] + len(runs))
        first, count = configs[0], len(configs)
        self._configs, self._first_data = configs, data[0]
        self.network = network = build_network(first, data[0], count)
        rates = [config.make_schedule() for config in configs]
        hyperparameters = [config.hyperparameters() for config in configs]
        self._differ = any(
            (each, rate) != (hyperparameters[0], rates[0])
            for each, rate in zip(hyperparameters, rates, strict=True)
        )
        # a plateau lowers the rate of one run
        self._differ |= any(rate.formula.name == "plateau" for rate in rates)
        self._optimizer = OPTIMIZERS[first.optimizer](
            network.parameters.reshape(-1),
            hyperparameters[0],
            runs=count if self._differ else None,
        )
        defaults = self._optimizer.default_momentum
        self._momentums = np.array(
            [defaults if each.momentum is None else each.momentum for each in hyperparameters]
        )
        self._decays = np.array([each.weight_decay for each in hyperparameters])
        self.slots = self._optimizer.slots.reshape(-1, *network.parameters.shape)
        self._gradient = self._optimizer.gradient.reshape(network.parameters.shape)
        self._penalty = _penalty(network, configs)
        parts = _parts(network, configs, data)
        self._evaluations = [
            StackedEvaluation(network, inputs, targets) for inputs, targets in parts
        ]
        self._has_test = not data[0].shared
        self._has_validation = data[0].x_validation is not None
        self._zeros = np.zeros(count)
        self._nothing = np.full(count, np.nan), np.full(count, np.nan)
        self.set_rates([rate.rate(0) for rate in rates])
        inputs, targets = parts[0]
        rows = _stacked(inputs).mT
        if not network.biases[0].shape[-1]:
            rows = np.ascontiguousarray(rows[..., :-1])
        self.batches = StackedBatches(
            network,
            rows,
            _stacked(targets).mT,
            first.batch_size,
            self._gradient,
            self._update_calls(),
            shuffles=shuffles,
            dropouts=[config.dropouts for config in configs],
            masks=masks,
        )
        held = [network.parameters, self.slots, network.statistics]
        self._start = [each.copy() for each in held]
        self._begin_epoch: Calls = [
            call(np.copyto, copy, each)
            for each, copy in zip(held, self._start, strict=True)
            if each.size
        ]
        self.start_steps = 0

    @property
    def steps(self) -> int:
        """Number of steps taken, the same for all runs."""
        return self._optimizer.steps

    def initialize(self) -> None:
        """Draw the initial weights of each run, with its own random stream."""
        single = build_network(self._configs[0], self._first_data)
        for at, config in enumerate(self._configs):
            initialize(single, config)
            self.network.parameters[at] = single.parameters
            self.network.statistics[at] = single.statistics

    def set_rates(self, rates: Sequence[float]) -> None:
        """Set the learning rate of each run."""
        if self._differ:
            self._optimizer.configure_runs(np.array(rates), self._momentums, self._decays)
        else:
            config = self._configs[0].hyperparameters()
            self._optimizer.configure(
                Hyperparameters(rates[0], config.momentum, config.weight_decay)
            )

    def train_epoch(self, active: Sequence[int]) -> None:
        """Train one epoch; runs that are not active (positions in the stack) compute nothing useful."""
        self.start_steps = self.steps
        run(self._begin_epoch)
        self.batches.train_epoch(active)

    def at_start(self, at: int) -> tuple[Array, Array, Array]:
        """Return parameters, slots and statistics of a run at the start of the epoch."""
        parameters, slots, statistics = self._start
        return parameters[at], slots[:, at], statistics[at]

    def slots_of(self, at: int, slots: Array) -> Array:
        """Return a copy of the slots of a run, as its own optimiser would have them."""
        slots = slots.copy()
        velocity = self._optimizer.velocity
        if velocity is not None and not self._momentums[at]:
            slots[velocity] = 0  # other runs of the stack have momentum
        return slots

    def measure(self, rates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the (columns, runs) row of `History` for the current parameters.

        Args:
            rates: learning rate of each run.
        """
        measured = [each.measure() for each in self._evaluations]
        train = measured[0]
        test = measured[1] if self._has_test else train
        validation = measured[-1] if self._has_validation else self._nothing
        penalty = self._zeros if self._penalty is None else self._penalty.values()
        return np.array([train[0], test[0], train[1], test[1], rates, penalty, *validation])

    def state(self) -> StackState:
        """Return a copy of the state between two epochs."""
        network = self.network
        arrays = network.parameters.copy(), network.statistics.copy(), self.slots.copy()
        return StackState(tuple(self.runs), *arrays, self.steps)

    def restore(self, state: StackState) -> None:
        """Restore a state of a stack of the same runs."""
        self.network.parameters[:] = state.parameters
        self.network.statistics[:] = state.statistics
        self.slots[:] = state.slots
        self._optimizer.steps = state.steps

    def copy_from(self, other: Stack, rows: Sequence[int]) -> None:
        """Copy the state of runs of another stack, which are those of this one."""
        self.network.parameters[:] = other.network.parameters[rows]
        self.network.statistics[:] = other.network.statistics[rows]
        self.slots[:] = other.slots[:, rows]
        self._optimizer.steps = other.steps

    def _update_calls(self) -> Calls:
        """Return the calls after backpropagation in each step, in the order of a single run."""
        configs, gradient = self._configs, self._gradient
        calls: Calls = []
        frozen = configs[0].freeze
        freeze = FrozenLayers(self.network, self._optimizer, frozen) if frozen else None
        if self._penalty is not None:
            calls += self._penalty.calls(gradient)
        if freeze is not None:
            calls += freeze.zero_gradient()
        values = [inf if each.clip_value is None else each.clip_value for each in configs]
        if min(values) < inf:
            calls += clip_value(gradient, np.reshape(values, (-1, 1)))
        norms = [inf if each.clip_norm is None else each.clip_norm for each in configs]
        if min(norms) < inf:
            calls += clip_norms(gradient, np.array(norms))
        update = self._optimizer.calls
        return calls + (update if freeze is None else freeze.wrap(update))


def _penalty(network: Network, configs: Sequence[RunConfig]) -> Penalty | None:
    l1 = np.array([[config.l1] for config in configs])
    l2 = np.array([[config.l2] for config in configs])
    if not (l1.any() or l2.any()):
        return None
    return Penalty(network, l1, l2, configs[0].penalize_biases)


def _parts(
    network: Network, configs: Sequence[RunConfig], data: Sequence[DataSplit]
) -> list[tuple[Array, Array]]:
    """Return inputs and encoded targets of each part, stacked unless all runs share their samples."""
    distinct = list(data) if any(each is not data[0] for each in data) else [data[0]]
    parts = []
    for number in range(len(distinct[0].parts)):
        inputs, targets = [], []
        for config, each in zip(configs, distinct, strict=False):
            x, y = each.parts[number]
            # class weights may depend on the split
            loss = config.loss_for(
                len(each.class_names), len(each.target_names), each.class_counts[0]
            )
            inputs.append(with_bias_row(x, network.dtype))
            targets.append(loss.encode(y).astype(network.dtype).T)
        if len(distinct) == 1:
            parts.append((inputs_of(inputs[0].T, network), np.ascontiguousarray(targets[0])))
        else:
            rows = np.stack([each.T for each in inputs])
            parts.append((inputs_of(rows, network), np.stack(targets)))
    return parts


def _stacked(block: Array) -> Array:
    return block if block.ndim == 3 else block[None]
