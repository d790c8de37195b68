"""Trains runs of a sweep, in the process in which it is called: also on a worker of a cluster."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace
from math import inf, isnan, nan
from time import perf_counter
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from core.config.errors import ConfigError
from core.dataclass import dataclass
from core.datasets import DATASETS
from core.datasets.dataset import DataError
from core.datasets.prepare import load, prepare
from core.lockstep.sharing import CannotShareError
from core.lockstep.trainer import Lockstep
from core.nn.network import with_bias_row
from core.randomness import stream
from core.sweeps.outcome import Outcome, Scores, data_digest
from core.sweeps.tasks import gains_from_lockstep, lanes_of
from core.training.components import build_network
from core.training.evaluation import Evaluation
from core.training.stopping import Stop
from core.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Generator, Hashable, Sequence

    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets.dataset import Dataset, DataSplit
    from core.nn.network import Network
    from core.sweeps.reports import Reporter
    from core.training.state import EpochMetrics

FRESH_SAMPLES: Final = 20_000
"""Number of new samples on which a network without test samples is tested. With 2,000, the standard
error of an accuracy is half a percentage point, as much as overfitting costs in textbook examples."""

REPORTED_SAMPLES: Final = 2000
"""The same while it trains, where the score is shown with a small map and measured often."""

MOST_NUMBERS: Final = 4_000_000
"""Numbers in the data sets that a process keeps: each combination has the same ones for its seeds."""

MOST_FRESH: Final = 16
"""Number of fresh data sets that a process keeps."""


@dataclass(frozen=True)
class FileData:
    """The samples of a file for the workers of a sweep.

    Attributes:
        digest: of the samples.
        samples: those, or None if each worker reads the file, under the same path.
    """

    digest: str
    samples: Dataset | None


Steps: TypeAlias = "Generator[int, None, list[Outcome]]"
"""Training of runs that can be continued after each epoch, whose number it yields."""


class Stopwatch:
    """Measures the time of training, without that between two epochs."""

    def __init__(self) -> None:
        self._seconds, self._started = 0.0, perf_counter()

    def start(self) -> None:
        """Continue."""
        self._started = perf_counter()

    def stop(self) -> float:
        """Pause, and return the seconds so far."""
        self._seconds += perf_counter() - self._started
        return self._seconds


_data: OrderedDict[tuple[object, ...], DataSplit] = OrderedDict()
_fresh: OrderedDict[tuple[object, ...], Dataset | None] = OrderedDict()


def train_runs(
    runs: Sequence[tuple[RunConfig, str]], file: FileData | None, reporter: Reporter | None = None
) -> list[Outcome]:
    """Train some runs to their end, and return their outcomes in the same order.

    Args:
        runs: config and key of each run.
        file: the file with their samples, or None for a built-in data set.
        reporter: sends the state of runs while they train; None to report nothing.
    """
    if reporter is not None:
        reporter.begin(key for _, key in runs)
    groups: dict[Hashable, list[int]] = {}
    for number, (config, _) in enumerate(runs):
        groups.setdefault(lanes_of(config), []).append(number)
    outcomes: dict[int, Outcome] = {}
    with np.errstate(all="ignore"):  # a divergence is detected by the loss
        for numbers in groups.values():
            group = [runs[number] for number in numbers]
            outcomes |= zip(numbers, _finished(group_steps(group, file, reporter)), strict=True)
    return [outcomes[number] for number in range(len(runs))]


def _finished(steps: Steps) -> list[Outcome]:
    """Train to the end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            outcomes: list[Outcome] = end.value
            return outcomes


def group_steps(
    runs: Sequence[tuple[RunConfig, str]], file: FileData | None, reporter: Reporter | None
) -> Steps:
    """Train runs that differ in no shape: in lockstep, if that takes less time.

    A single run, too: the weights are the same, but losses are summed in another order, and must not
    depend on the division into tasks.
    """
    configs = [config.changed(diagnostics=False) for config, _ in runs]
    data = [data_of(config, file) for config in configs]
    if gains_from_lockstep(configs[0], data[0]):
        # samples may have different shapes: the vocabulary of texts depends on their split
        with suppress(CannotShareError):
            return (
                yield from _lockstep_steps(
                    Lockstep(configs, data), [key for _, key in runs], reporter
                )
            )
    outcomes: list[Outcome] = []
    for config, key in runs:
        outcomes += yield from _run_steps(config, key, file, reporter)
    return outcomes


def _lockstep_steps(lockstep: Lockstep, keys: Sequence[str], reporter: Reporter | None) -> Steps:
    clock = Stopwatch()
    size = lockstep.parameters(0).size
    lanes = [
        lane for lane, key in enumerate(keys) if reporter is not None and reporter.shows(key, size)
    ]
    while not lockstep.is_finished:
        lockstep.train_epoch()
        if reporter is not None and lanes and reporter.is_due(keys[0]):
            for lane in lanes:
                _report_lane(reporter, lockstep, lane, keys[lane])
        clock.stop()
        yield lockstep.epoch
        clock.start()
    if reporter is not None:
        for lane in lanes:
            _report_lane(reporter, lockstep, lane, keys[lane], has_ended=True)
    seconds = clock.stop() / len(keys)
    return [
        Outcome(
            key,
            lockstep.metrics(run).epoch,
            seconds,
            str(lockstep.stopped[run]),
            Scores.of(lockstep.metrics(run)),
            *_best_of(lockstep, run),
            _fresh_score_of(lockstep, run),
            lockstep.data[run].has_classes,
            lockstep.data[run].shared,
            len(keys),
        )
        for run, key in enumerate(keys)
    ]


def _best_of(lockstep: Lockstep, run: int) -> tuple[Scores, int]:
    """Return the scores at the epoch with the lowest monitored loss, and that epoch."""
    part = lockstep.data[run].monitored(lockstep.configs[run].monitor)
    # without the epoch in which it diverged
    losses = lockstep.history.column(f"{part}_loss")[: lockstep.metrics(run).epoch, run]
    if not np.isfinite(losses).any():
        return Scores(), 0
    best = int(np.argmin(np.where(np.isnan(losses), inf, losses))) + 1
    return Scores.of(lockstep.history.metrics(best, run)), best


def _report_lane(
    reporter: Reporter, lockstep: Lockstep, run: int, key: str, *, has_ended: bool = False
) -> None:
    """Report a run that is trained in lockstep."""
    metrics = lockstep.metrics(run)
    fresh = _fresh_score_of(lockstep, run, REPORTED_SAMPLES)
    reporter.report(
        key,
        lockstep.configs[run],
        lockstep.data[run],
        epoch=metrics.epoch,
        score=metrics.test_score if isnan(fresh) else fresh,
        parameters=lockstep.parameters(run),
        statistics=lockstep.statistics(run),
        has_ended=has_ended,
    )


def _fresh_score_of(lockstep: Lockstep, run: int, most: int = FRESH_SAMPLES) -> float:
    config, data = lockstep.configs[run], lockstep.data[run]
    if not data.shared:
        return nan
    network = build_network(config, data)
    network.parameters[:] = lockstep.parameters(run)
    network.statistics[:] = lockstep.statistics(run)
    return fresh_score(config, data, network, most)


def train_run(
    config: RunConfig, key: str, file: FileData | None = None, reporter: Reporter | None = None
) -> Outcome:
    """Train a run to its end.

    Args:
        config: of the run.
        key: of its outcome.
        file: the file with its samples, or None for a built-in data set.
        reporter: sends its state while it trains; None to report nothing.
    """
    return _finished(_run_steps(config, key, file, reporter))[0]


def _run_steps(
    config: RunConfig, key: str, file: FileData | None, reporter: Reporter | None
) -> Steps:
    """Train a run alone."""
    data = data_of(config, file)
    clock = Stopwatch()
    trainer = Trainer(config.changed(diagnostics=False), data)
    if reporter is not None and not reporter.shows(key, trainer.network.parameters.size):
        reporter = None
    best, lowest, best_epoch = Scores(), inf, 0
    part = data.monitored(config.monitor)
    while trainer.stopped is None:
        metrics = trainer.advance(inf)
        if metrics is None:
            continue
        if reporter is not None and reporter.is_due(key):
            _report(reporter, trainer, key, metrics)
        loss, _ = metrics.on(part)
        if loss < lowest and trainer.stopped is not Stop.DIVERGED:
            best, lowest, best_epoch = Scores.of(metrics), loss, metrics.epoch
        clock.stop()
        yield metrics.epoch
        clock.start()
    seconds = clock.stop()
    # not those of the last epoch: it may have diverged, or the best weights were restored
    measured = trainer.measure()
    if reporter is not None:
        _report(reporter, trainer, key, measured, has_ended=True)
    outcome = Outcome(
        key,
        trainer.epoch,
        seconds,
        str(trainer.stopped),
        Scores.of(measured),
        best,
        best_epoch,
        fresh_score(config, data, trainer.network),
        data.has_classes,
        data.shared,
    )
    return [outcome]


def _report(
    reporter: Reporter,
    trainer: Trainer,
    key: str,
    metrics: EpochMetrics,
    *,
    has_ended: bool = False,
) -> None:
    network, config = trainer.network, trainer.config
    fresh = fresh_score(config, trainer.data, network, REPORTED_SAMPLES)
    reporter.report(
        key,
        config,
        trainer.data,
        epoch=trainer.epoch,
        score=metrics.test_score if isnan(fresh) else fresh,
        parameters=network.parameters,
        statistics=network.statistics,
        has_ended=has_ended,
    )


def data_of(config: RunConfig, file: FileData | None = None) -> DataSplit:
    """Return the samples of a run, from memory if another run had the same.

    Raises:
        DataError: when the file on this machine has other samples.
    """
    key = (config.data_key, "" if file is None else file.digest)
    if key not in _data:
        loaded = None if file is None else file.samples or _read(config, file.digest)
        _data[key] = prepare(config, loaded=loaded)
        while len(_data) > 1 and sum(map(_numbers, _data.values())) > MOST_NUMBERS:
            _data.popitem(last=False)
    _data.move_to_end(key)
    return _data[key]


def _numbers(data: DataSplit) -> int:
    return sum(each.size for each in data.arrays)


def _read(config: RunConfig, digest: str) -> Dataset:
    loaded = load(config)
    if data_digest(loaded) != digest:
        raise DataError(f"{config.data} on a worker differs from the file on this machine")
    return loaded


def fresh_score(
    config: RunConfig, data: DataSplit, network: Network, most: int = FRESH_SAMPLES
) -> float:
    """Return the score of a network on new samples that neither training nor testing has used.

    NaN if there are test samples, and if the data set is fixed or read from a file, so that no more
    samples can be drawn. With `most`, only so many of them are used.
    """
    if not data.shared:
        return nan
    key = (config.data_key,)
    if key not in _fresh:
        _fresh[key] = _draw_fresh(config)
        if len(_fresh) > MOST_FRESH:
            _fresh.popitem(last=False)
    fresh = _fresh[key]
    if fresh is None:
        return nan
    few = slice(None, None, max(1, len(fresh.y) // most))  # they may be ordered by class
    inputs = with_bias_row(data.preparation.inputs(fresh.x[few]), network.dtype)
    y = fresh.y[few]
    if not data.has_classes:
        y = data.preparation.targets(np.asarray(y))
    targets: Array = network.loss.encode(y).astype(network.dtype)
    return Evaluation(network, inputs, targets.T).measure().score


def _draw_fresh(config: RunConfig) -> Dataset | None:
    info = DATASETS[config.dataset]
    is_fixed = info.fixed is not None and config.samples is None
    if config.data is not None or info.generate is None or is_fixed:
        return None
    # a seed of its own, as the same one would draw the samples of the run again
    seed = int(stream(config.draw_seed, "fresh").integers(2**32))
    try:
        drawn = load(replace(config, data_seed=seed, samples=FRESH_SAMPLES))
    except (ConfigError, DataError):
        return None
    return drawn
