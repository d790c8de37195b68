"""Trainer of several runs at once, epoch by epoch; each run has the numbers of its own `Trainer`."""

from __future__ import annotations

from dataclasses import astuple, replace
from math import inf
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.datasets.prepare import load, no_progress, prepare
from core.lockstep.best import BestEpochs
from core.lockstep.generators import Generators
from core.lockstep.history import COLUMNS, RATE, History
from core.lockstep.sharing import CannotShareError, obstacle
from core.lockstep.stack import Stack
from core.lockstep.state import LockstepState
from core.memory import memory_for
from core.nn.network import parameter_count
from core.nn.optimizers import OPTIMIZERS
from core.randomness import stream
from core.training.components import build_network, sizes_of
from core.training.state import EpochMetrics, TrainerState
from core.training.stopping import Stop
from core.training.trainer import DIVERGENCE, Trainer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit, ProgressCallback

STACK_NUMBERS: Final = 1 << 17
"""Outputs of one step in a stack: more leave the processor's cache, and take longer than two stacks."""

LEAST_RUNS: Final = 16
"""Runs of a stack, even if they are large: each call is shared by so many."""


class Lockstep:
    """Trains several runs at once.

    Attributes:
        configs: settings of each run.
        data: samples of each run.
        epoch: number of epochs trained by the runs that have not ended.
        history: metrics of all runs after each epoch; empty if they are not recorded.
        untrained: (columns, runs) metrics before training, as in `History`.
        stopped: why each run ended, or None.
        stacks: the runs that have not ended, in groups that are trained one after the other.
    """

    def __init__(
        self,
        configs: Sequence[RunConfig],
        data: Sequence[DataSplit] | None = None,
        progress: ProgressCallback = no_progress,
        *,
        record: bool = True,
    ) -> None:
        """Draw or read the data, and initialise the weights.

        Args:
            configs: settings of each run.
            data: what `prepared` has returned, if it was called before.
            progress: called while the data are loaded; an exception cancels loading.
            record: whether `history` has the metrics of each epoch: 64 bytes per run and epoch.

        Raises:
            CannotShareError: when the runs cannot be trained at once.
            ConfigError: when a setting does not fit the data.
            DataError: when a file has no usable data.
            NotEnoughMemory: when the data or the networks are too large.
        """
        reason = obstacle(configs)
        if reason:
            raise CannotShareError(reason)
        self.configs = list(configs)
        self.data = prepared(configs, progress) if data is None else list(data)
        _check_shapes(self.configs, self.data)
        count = len(configs)
        self.epoch = 0
        self.history, self._record = History(count), record
        self.stopped: list[Stop | None] = [None] * count
        self._generators = Generators(configs)
        self._schedules = [config.make_schedule() for config in configs]
        self._varies = any(not each.constant for each in self._schedules)
        self._observes = any(each.formula.name == "plateau" for each in self._schedules)
        self._rates = np.array([each.rate(0) for each in self._schedules])
        self._ended: dict[int, TrainerState] = {}
        # diverged runs whose state has the generator of the shuffles after the diverged epoch
        self._to_replay: set[int] = set()
        self._active = np.ones(count, np.bool_)
        self._rules = _Rules(self.configs, self.data)
        distinct = len({id(each) for each in self.data})
        with _memory_of(self.configs, self.data[0], distinct), np.errstate(all="ignore"):
            self.stacks = self._make_stacks()
            blank = build_network(self.configs[0], self.data[0])
            for stack in self.stacks:
                stack.initialize()
            self._rows = self.untrained = self._measure()
            self._best = BestEpochs(blank, self._rows, self._rules.keeps_best)
        losses = self.untrained[0] + self.untrained[5]
        # a NaN as with `max(1.0, loss)`
        self._limits = DIVERGENCE * np.where(losses > 1, losses, 1.0)

    @property
    def is_finished(self) -> bool:
        """Whether all runs have ended."""
        return not self._active.any()

    @property
    def active(self) -> NDArray[np.bool_]:
        """Whether each run has not ended yet, (runs,)."""
        return self._active.copy()

    def run(self, on_epoch: Callable[[int], bool | None] | None = None) -> None:
        """Train until all runs have ended.

        Args:
            on_epoch: called after each epoch with its number; False stops training after it, and a
                later call of `run` continues.
        """
        while not self.is_finished:
            self.train_epoch()
            if on_epoch is not None and on_epoch(self.epoch) is False:
                return

    def train_epoch(self) -> None:
        """Train and measure one epoch of all runs that have not ended; nothing if there is none."""
        if self.is_finished:
            return
        # divergence is detected by the loss
        with np.errstate(all="ignore"):
            self._train_epoch()

    def _train_epoch(self) -> None:
        rates_before = self._rates
        self._set_rates()
        drops = any(stack.batches.drops for stack in self.stacks)
        masks_before = self._generators.mask_states() if drops else None
        for stack in self.stacks:
            active_rows = list(range(len(stack.runs)))
            if self._ended:
                active_rows = np.flatnonzero(self._active[stack.columns]).tolist()
            stack.train_epoch(active_rows)
        self.epoch += 1
        ended = len(self._ended)
        active = self._active.copy()
        rows = self._measure()
        if ended:
            rows = np.where(active, rows, self._rows)
        # an epoch that is trained again after a return to an earlier one has the same metrics
        if self._record and self.epoch > self.history.epochs:
            self.history.append(rows)
        diverged = active & self._rules.diverged(rows, self._limits)
        if diverged.any():
            for run in np.flatnonzero(diverged).tolist():
                rate = float(rates_before[run])
                masks = None if masks_before is None else masks_before[run]
                self._ended[run] = self._state_before(run, rate, masks)
                self.stopped[run] = Stop.DIVERGED
            # a diverged run has the metrics of its weights, those before the epoch
            self._rows = np.where(diverged, self._rows, rows)
            self._active &= ~diverged
        else:
            self._rows = rows
        self._stop_runs(rows)
        if len(self._ended) > ended:
            self._compact()

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of all runs from here on, as the setting of a single run does."""
        self.configs = [config.changed(learning_rate=rate) for config in self.configs]
        schedules = [config.make_schedule() for config in self.configs]
        for schedule, before in zip(schedules, self._schedules, strict=True):
            schedule.plateau = before.plateau
        self._schedules = schedules
        self._rates = np.array([each.rate(self.epoch) for each in schedules])
        for stack in self.stacks:
            stack.set_rates(self._rates[stack.columns].tolist())

    def metrics(self, run: int) -> EpochMetrics:
        """Return the metrics of the current weights of a run, as `Trainer.measure`."""
        state = self._ended.get(run)
        epoch = self.epoch if state is None else state.epoch
        return EpochMetrics(epoch, *self._rows[:, run].tolist())

    def current(self, name: str) -> NDArray[np.float64]:
        """Return a field of `EpochMetrics` for the current weights of all runs, (runs,)."""
        return np.array(self._rows[COLUMNS.index(name)])

    def epochs(self, run: int) -> int:
        """Return the number of epochs that a run was trained, including the one in which it diverged."""
        state = self._ended.get(run)
        if state is None:
            return self.epoch
        return state.epoch + (state.stopped is Stop.DIVERGED)

    def parameters(self, run: int) -> Array:
        """Return the (parameters,) current weights of a run: a view, valid until the next epoch."""
        if run in self._ended:
            return self._ended[run].parameters
        stack, at = self._position(run)
        return np.asarray(stack.network.parameters[at])

    def statistics(self, run: int) -> Array:
        """Return the running statistics of batch normalisation of a run, like `parameters`."""
        if run in self._ended:
            return self._ended[run].statistics
        stack, at = self._position(run)
        return np.asarray(stack.network.statistics[at])

    def lane_state(self, run: int) -> TrainerState:
        """Return the state of the run's own trainer after the last epoch."""
        state = self._ended.get(run)
        if state is None:
            return self._state(run)
        if run in self._to_replay:
            shuffle = _shuffle_state(self.configs[run], self.data[run], state.epoch)
            state = replace(state, batches=replace(state.batches, shuffle=shuffle))
            self._ended[run] = state
            self._to_replay.remove(run)
        return state

    def trainer(self, run: int) -> Trainer:
        """Return the run's own trainer, which continues it alone."""
        trainer = Trainer(self.configs[run], self.data[run])
        trainer.restore(self.lane_state(run))
        return trainer

    def state(self) -> LockstepState:
        """Return a copy of everything that determines further training."""
        return LockstepState(
            self.epoch,
            tuple(self.configs),
            tuple(each.plateau for each in self._schedules),
            self._rates.copy(),
            self._rows.copy(),
            self.active,
            tuple(self.stopped),
            dict(self._ended),
            frozenset(self._to_replay),
            self._best.copy(),
            self._generators.states(),
            tuple(stack.state() for stack in self.stacks),
        )

    def restore(self, state: LockstepState) -> None:
        """Restore an earlier state of these runs; `history` keeps the later epochs."""
        self.epoch, self.configs = state.epoch, list(state.configs)
        groups = [list(each.runs) for each in state.stacks]
        if [stack.runs for stack in self.stacks] != groups:
            self.stacks = [self._stack(runs) for runs in groups]
        self._schedules = [config.make_schedule() for config in self.configs]
        for schedule, plateau in zip(self._schedules, state.plateaus, strict=True):
            schedule.plateau = plateau
        self._rates, self._rows = state.rates.copy(), state.rows.copy()
        self._active, self.stopped = state.active.copy(), list(state.stopped)
        self._ended, self._to_replay = dict(state.ended), set(state.to_replay)
        self._best = state.best.copy()
        self._generators.restore(state.generators)
        for stack, saved in zip(self.stacks, state.stacks, strict=True):
            stack.set_rates(self._rates[stack.columns].tolist())
            stack.restore(saved)

    def _state(
        self, run: int, stopped: Stop | None = None, restored: int | None = None
    ) -> TrainerState:
        """Return the state of a run between two epochs."""
        stack, at = self._position(run)
        network = stack.network
        best = self._best.weights(run)
        current = network.parameters[at], network.statistics[at]
        parameters, statistics = current if restored is None else best
        return TrainerState(
            self.epoch,
            parameters.copy(),
            statistics.copy(),
            stack.slots_of(at, stack.slots[:, at]),
            stack.steps,
            self._generators.batches(run),
            self._schedules[run].plateau,
            self._best.of(run),
            0,
            best[0].copy(),
            best[1].copy(),
            float(self._limits[run]),
            None,
            stopped,
            restored,
            (0,) * (len(self.configs[run].hidden) + 1),
            float(self._rates[run]),
        )

    def _state_before(self, run: int, rate: float, masks: dict[str, Any] | None) -> TrainerState:
        """Return the state of a run before this epoch, in which it has diverged."""
        stack, at = self._position(run)
        parameters, slots, statistics = stack.at_start(at)
        epochs = self.epoch - 1
        batches = self._generators.batches(run)
        if stack.batches.shuffled:
            self._to_replay.add(run)
        if masks is not None:
            batches = replace(batches, dropout=masks)
        return replace(
            self._state(run, Stop.DIVERGED),
            epoch=epochs,
            parameters=parameters.copy(),
            statistics=statistics.copy(),
            slots=stack.slots_of(at, slots),
            steps=stack.start_steps,
            batches=batches,
            learning_rate=rate,
        )

    def _set_rates(self) -> None:
        """Set the learning rates of the next epoch."""
        if not self._varies:
            return
        self._rates = np.array([each.rate(self.epoch) for each in self._schedules])
        for stack in self.stacks:
            stack.set_rates(self._rates[stack.columns].tolist())

    def _measure(self) -> NDArray[np.float64]:
        """Return the (columns, runs) metrics of all runs; of those that have ended, any values."""
        rows = np.empty((len(COLUMNS), len(self.configs)))
        for stack in self.stacks:
            rows[:, stack.columns] = stack.measure(self._rates[stack.columns])
        return rows

    def _stop_runs(self, rows: NDArray[np.float64]) -> None:
        """Compare the epoch with the best of each run, and end those that have reached their end."""
        active = self._active
        loss, score = self._rules.monitored(rows)
        if self._observes:
            for run in np.flatnonzero(active).tolist():
                self._schedules[run].observe(float(loss[run]))
        self._best.compare(self.epoch, loss, rows, active, self.stacks)
        best_epoch = self._best.epoch
        for run, stop in self._rules.verdicts(self.epoch, loss, score, best_epoch, active):
            best = int(best_epoch[run])
            restored = None
            if stop is Stop.PATIENCE and self._rules.keeps_best[run] and best:
                restored = best
                rate = self._rows[RATE, run]
                self._rows[:, run] = self._best.rows[:, run]
                self._rows[RATE, run] = rate
            self._ended[run] = self._state(run, stop, restored)
            self.stopped[run] = stop
            active[run] = False

    def _position(self, run: int) -> tuple[Stack, int]:
        """Return the stack of a run that has not ended, and its position in it."""
        for stack in self.stacks:
            if run in stack.runs:
                return stack, stack.runs.index(run)
        raise IndexError(f"run {run} of {len(self.configs)}")

    def _make_stacks(self) -> list[Stack]:
        """Return stacks of about equal size, whose steps fit into the processor's cache."""
        config, data = self.configs[0], self.data[0]
        samples = len(data.y_train)
        batch = samples if isinstance(config.batch_size, str) else min(config.batch_size, samples)
        most = max(LEAST_RUNS, STACK_NUMBERS // (batch * sum(sizes_of(config, data))))
        count = -(-len(self.configs) // most)
        parts = np.array_split(np.arange(len(self.configs)), count)
        return [self._stack(part.tolist()) for part in parts]

    def _stack(self, runs: list[int]) -> Stack:
        return Stack(
            runs,
            [self.configs[run] for run in runs],
            [self.data[run] for run in runs],
            [self._generators.shuffles[run] for run in runs],
            [self._generators.masks[run] for run in runs],
        )

    def _compact(self) -> None:
        """Build smaller stacks where half of the runs have ended."""
        stacks = []
        for stack in self.stacks:
            rows = np.flatnonzero(self._active[stack.columns]).tolist()
            if 2 * len(rows) > len(stack.runs):
                stacks.append(stack)
            elif rows:
                smaller = self._stack([stack.runs[row] for row in rows])
                smaller.copy_from(stack, rows)
                if self._varies:
                    smaller.set_rates(self._rates[smaller.columns].tolist())
                stacks.append(smaller)
        self.stacks = stacks


def _shuffle_state(config: RunConfig, data: DataSplit, epochs: int) -> dict[str, Any]:
    """Return the state of the generator of the shuffles after so many epochs.

    Repeating the shuffles of a run that has diverged takes less time than to save the state of every
    generator before every epoch.
    """
    rng = stream(config.seed, "shuffle")
    order = np.arange(len(data.y_train))
    for _ in range(epochs):
        rng.shuffle(order)
    return dict(rng.bit_generator.state)


class _Rules:
    """The conditions that end each run, as arrays.

    Attributes:
        keeps_best: whether the weights of the best epoch are restored at the end.
    """

    def __init__(self, configs: Sequence[RunConfig], data: Sequence[DataSplit]) -> None:
        rules = [config.stop_rule for config in configs]
        parts = [each.monitored(config.monitor) for config, each in zip(configs, data, strict=True)]
        self._losses = np.array([COLUMNS.index(f"{part}_loss") for part in parts])
        self._scores = np.array([COLUMNS.index(f"{part}_score") for part in parts])
        self._same_part = len(set(parts)) == 1
        self._runs = np.arange(len(configs))
        self._validated = data[0].x_validation is not None
        self._epochs = np.array([rule.epochs for rule in rules])
        self._target_loss = _limits([rule.target_loss for rule in rules], -inf)
        self._target_accuracy = _limits([rule.target_accuracy for rule in rules], inf)
        self._patience = _limits([rule.patience for rule in rules], inf)
        self.keeps_best = np.array(
            [config.patience is not None and config.restore_best for config in configs]
        )
        limits = [each[1:] for each in map(astuple, rules)]
        self._only_epochs = all(each == (None, None, None) for each in limits)
        self._first_end = min(rule.epochs for rule in rules)

    def monitored(
        self, rows: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return monitored loss and score of each run."""
        if self._same_part:
            return rows[self._losses[0]], rows[self._scores[0]]
        return rows[self._losses, self._runs], rows[self._scores, self._runs]

    def diverged(self, rows: NDArray[np.float64], limits: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which runs have diverged, as `Trainer.diverged`."""
        train, test, penalty, validation = (
            rows[COLUMNS.index(name)]
            for name in ("train_loss", "test_loss", "penalty", "validation_loss")
        )
        healthy = (train + penalty < limits) & np.isfinite(test)
        if self._validated:
            healthy &= np.isfinite(validation)
        return np.asarray(~healthy)

    def verdicts(
        self,
        epoch: int,
        loss: NDArray[np.float64],
        score: NDArray[np.float64],
        best_epoch: NDArray[np.int64],
        active: NDArray[np.bool_],
    ) -> list[tuple[int, Stop]]:
        """Return the runs that end after an epoch, and why, as `StopRule.verdict`."""
        if self._only_epochs and epoch < self._first_end:
            return []
        conditions = {
            Stop.TARGET_LOSS: loss <= self._target_loss,
            Stop.TARGET_ACCURACY: score >= self._target_accuracy,
            Stop.PATIENCE: epoch - best_epoch >= self._patience,
            Stop.EPOCHS: epoch >= self._epochs,
        }
        ends = np.logical_or.reduce(list(conditions.values())) & active
        return [
            (run, next(stop for stop, which in conditions.items() if which[run]))
            for run in np.flatnonzero(ends).tolist()
        ]


def _limits(values: Sequence[float | None], off: float) -> NDArray[np.float64]:
    return np.array([off if value is None else value for value in values], np.float64)


def prepared(configs: Sequence[RunConfig], progress: ProgressCallback) -> list[DataSplit]:
    """Return the samples of each run; runs with equal data settings share them.

    Raises:
        ConfigError, DataError, NotEnoughMemory: as `prepare`.
    """
    known: dict[Any, DataSplit] = {}
    first = configs[0]
    # a file is read once, and split for each seed
    loaded = None if first.data is None else load(first, progress)
    known[first.data_key] = prepare(first, progress, loaded)
    report_every = max(1, len(configs) // 20)
    distinct = len({config.data_key for config in configs})
    with _memory_of(configs, known[first.data_key], distinct):
        for number, config in enumerate(configs):
            if not number % report_every:
                progress(f"preparing the samples of {len(configs):,} runs", number / len(configs))
            if config.data_key not in known:
                known[config.data_key] = prepare(config, no_progress, loaded)
    return [known[config.data_key] for config in configs]


def _check_shapes(configs: Sequence[RunConfig], data: Sequence[DataSplit]) -> None:
    """Raise CannotShareError if samples or networks differ in their shapes."""

    def described(config: RunConfig, each: DataSplit) -> str:
        sizes = "-".join(map(str, sizes_of(config, each)))
        validation = 0 if each.y_validation is None else len(each.y_validation)
        test = "" if each.shared else f", {len(each.y_test):,} test"
        validated = f", {validation:,} validation" if validation else ""
        return f"{sizes} and {len(each.y_train):,} training{test}{validated} samples"

    first = described(configs[0], data[0])
    for config, each in zip(configs, data, strict=True):
        other = described(config, each)
        if other != first:
            raise CannotShareError(
                "runs trained at once have networks and data of the same shapes, but one has "
                f"{first}, and another {other}"
            )


def _memory_of(
    configs: Sequence[RunConfig], data: DataSplit, distinct: int
) -> AbstractContextManager[None]:
    """Return a context that turns MemoryError into NotEnoughMemory with the size of the runs.

    Args:
        configs: settings of the runs.
        data: samples of one of them.
        distinct: number of runs with samples of their own.
    """
    config, count = configs[0], len(configs)
    sizes = sizes_of(config, data)
    parameters = parameter_count(sizes, batch_norm=config.batch_norm, bias=config.bias)
    numbers = count * parameters * (4 + 2 * OPTIMIZERS[config.optimizer].slot_count)
    numbers += distinct * sum(data.all_samples) * (sizes[0] + sizes[-1])
    prepared = distinct * sum(array.nbytes for array in data.arrays)
    samples = sum(data.all_samples)
    return memory_for(
        f"{count:,} runs with {parameters:,} parameters and {samples:,} samples each",
        numbers * np.dtype(config.dtype).itemsize + prepared,
        "choose fewer runs, fewer units in hidden or fewer samples, or give all runs the same data "
        "with data_seed",
    )
