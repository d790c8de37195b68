"""A sweep: trains the missing runs of a grid, and collects the outcomes of all of them."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.config.run_config import RunConfig
from core.datasets.prepare import load
from core.sweeps.execution import Monitor, Workers, train
from core.sweeps.outcome import Outcome, data_digest, differing, run_key
from core.sweeps.results import FinishedRun as FinishedRun
from core.sweeps.results import SweepResults
from core.sweeps.statistics import ranked
from core.sweeps.store import OutcomeStore
from core.sweeps.training import FileData

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from core.datasets.files import Source
    from core.sweeps.grid import Cell
    from core.sweeps.reports import Reports


class Sweep(SweepResults):
    """The runs of a grid. The caller iterates over `run`, and may stop at any time.

    Attributes:
        monitor: follows the training on a cluster.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        workers: Workers | None = None,
        folder: Path | None = None,
        *,
        halving: bool = False,
        send_files: bool = True,
        known: Sequence[Outcome] = (),
        reports: Reports | None = None,
    ) -> None:
        """Plan a sweep.

        Args:
            cells: all combinations.
            workers: where runs are trained; None for all cores of this machine.
            folder: folder of all saved runs, where outcomes are stored; None to store nothing.
            halving: whether only the best combinations are trained for all epochs.
            send_files: whether the samples of a file are sent to the workers, which need not be able to
                read it.
            known: outcomes that are not in the folder.
            reports: receives the state of runs while they train; None to report nothing.

        Raises:
            ConfigError: when combinations differ in the number of epochs that halving determines.
        """
        super().__init__(cells, halving=halving)
        self._workers = Workers() if workers is None else workers
        self._folder, self._send_files = folder, send_files
        self._known = {each.key: each for each in known}
        self._reports = reports
        self.monitor = Monitor()
        self._stores: dict[str, OutcomeStore] = {}
        self._files: dict[tuple[Source | None, str], FileData | None] = {}

    @property
    def seconds_left(self) -> float | None:
        """Estimated seconds until all runs have finished on a cluster; None if it is unknown."""
        left, tasks = self.monitor.seconds_left, self.monitor.tasks
        if left is None or tasks is None or not tasks.missing:
            return None
        # the runs of other files and of later rounds are not divided into tasks yet
        return left * (self.total - self.finished) / tasks.missing

    @property
    def problem(self) -> str:
        """Why outcomes are not stored, or an empty string."""
        return next((each.problem for each in self._stores.values() if each.problem), "")

    def run(self) -> Generator[FinishedRun, None, None]:
        """Train the missing runs; yield each run as its outcome is known, stored ones first.

        Raises:
            ConfigError, DataError, NotEnoughMemory: when a run cannot be trained.
            SweepError: when the workers fail. Outcomes so far are stored.
        """
        with ExitStack() as stack:
            stack.callback(self._close)
            remaining = list(range(len(self.cells)))
            for rung in self.rounds:
                if rung.epochs:
                    remaining = self._best(remaining, rung.cells)
                    for number in remaining:
                        self.begin_round(number, rung.epochs)
                yield from self._train(remaining)

    def repeat(self, numbers: Sequence[int]) -> Generator[None, None, None]:
        """Train the first run of some combinations again on this machine, to report its weights."""
        workers = replace(self._workers, scheduler=None)
        groups: dict[tuple[Source | None, str], list[tuple[RunConfig, str]]] = {}
        for number in numbers:
            config = self.cells[number].runs[0]
            file = self._file(config)
            run = config, run_key(config, "" if file is None else file.digest)
            groups.setdefault(_source(config), []).append(run)
        for source, runs in groups.items():
            outcomes = train(runs, workers, self._files[source], self._reports)
            with closing(outcomes):
                for outcome in outcomes:
                    if self._reports is not None:
                        self._reports.end(outcome.key)
                    yield

    def _train(self, numbers: Sequence[int]) -> Iterator[FinishedRun]:
        """Train the missing runs of some combinations, with the samples of one file after another."""
        groups: dict[tuple[Source | None, str], dict[str, list[tuple[int, RunConfig]]]] = {}
        for number in numbers:
            for at, config in enumerate(self.cells[number].runs):
                file = self._file(config)
                key = run_key(config, "" if file is None else file.digest)
                if self._reports is not None and at == 0:
                    self._reports.watch(key, number)
                known = self._store(config).get(key) or self._known.get(key)
                if known is None:
                    # two names of one file have the same runs, which are trained once
                    missing = groups.setdefault(_source(config), {})
                    missing.setdefault(key, []).append((number, config))
                else:
                    yield self._finish(number, config, known, stored=True)
        for source, missing in groups.items():
            yield from self._train_missing(missing, self._files[source])

    def _train_missing(
        self, missing: dict[str, list[tuple[int, RunConfig]]], file: FileData | None
    ) -> Iterator[FinishedRun]:
        runs = [(same[0][1], key) for key, same in missing.items()]
        training = train(runs, self._workers, file, self._reports, self.monitor)
        with closing(training) as outcomes:
            for outcome in outcomes:
                if self._reports is not None:
                    self._reports.end(outcome.key)
                same = missing[outcome.key]
                self._store(same[0][1]).add(outcome, differing(same[0][1], RunConfig()))
                for number, config in same:
                    yield self._finish(number, config, outcome, stored=False)

    def _finish(
        self, number: int, config: RunConfig, outcome: Outcome, *, stored: bool
    ) -> FinishedRun:
        run = FinishedRun(number, config, outcome, stored)
        self.add(run)
        return run

    def _best(self, numbers: Sequence[int], count: int) -> list[int]:
        """Return the best of some combinations, in the order of the grid."""
        summaries = {number: self.summary(number) for number in numbers}
        by_cell = {id(each): number for number, each in summaries.items()}
        best = ranked(summaries.values())[:count]
        return sorted(by_cell[id(each)] for each in best)

    def _file(self, config: RunConfig) -> FileData | None:
        """Return the samples of the file of a run; each file is read once."""
        source = _source(config)
        if source not in self._files:
            file = None
            if config.data is not None:
                samples = load(config)
                file = FileData(data_digest(samples), samples if self._send_files else None)
            self._files[source] = file
        return self._files[source]

    def _store(self, config: RunConfig) -> OutcomeStore:
        name = config.source_name
        if name not in self._stores:
            self._stores[name] = OutcomeStore(self._folder, name)
        return self._stores[name]

    def _close(self) -> None:
        for each in self._stores.values():
            each.close()


def _source(config: RunConfig) -> tuple[Any, str]:
    """Return the settings that determine what is read of a file."""
    return config.source, config.missing if config.data is not None else ""
