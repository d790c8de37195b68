"""A sweep: trains the missing runs of a grid, and collects the outcomes of all of them."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.config.errors import ConfigError
from core.config.run_config import RunConfig
from core.datasets.prepare import load
from core.sweeps.execution import Workers, train
from core.sweeps.halving import Rung, rungs
from core.sweeps.outcome import Outcome, data_digest, differing, run_key
from core.sweeps.statistics import CellSummary, ranked
from core.sweeps.store import OutcomeStore
from core.sweeps.training import FileData

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

    from core.datasets.files import Source
    from core.sweeps.grid import Cell


@dataclass(frozen=True)
class FinishedRun:
    """A run of a sweep whose outcome is known.

    Attributes:
        cell: number of its combination.
        config: its settings.
        outcome: of the run.
        stored: whether it was trained by an earlier sweep.
    """

    cell: int
    config: RunConfig
    outcome: Outcome
    stored: bool


class Sweep:
    """The runs of a grid. The caller iterates over `run`, and may stop at any time.

    Attributes:
        cells: all combinations; with halving, each with the epochs of its last round.
        total: number of runs.
        trained: number of runs that this sweep has trained.
        finished: number of runs whose outcome is known.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        workers: Workers | None = None,
        folder: Path | None = None,
        *,
        halving: bool = False,
        send_files: bool = True,
    ) -> None:
        """Plan a sweep.

        Args:
            cells: all combinations.
            workers: where runs are trained; None for all cores of this machine.
            folder: folder of all saved runs, where outcomes are stored; None to store nothing.
            halving: whether only the best combinations are trained for all epochs.
            send_files: whether the samples of a file are sent to the workers, which need not be able to
                read it.

        Raises:
            ConfigError: when combinations differ in the number of epochs that halving determines.
        """
        self.cells = list(cells)
        self._workers = Workers() if workers is None else workers
        self._folder, self._send_files = folder, send_files
        self._outcomes: list[dict[str, Outcome]] = [{} for _ in cells]
        self._stores: dict[str, OutcomeStore] = {}
        self._files: dict[tuple[Source | None, str], FileData | None] = {}
        self._rungs: tuple[Rung, ...] = (Rung(len(self.cells), 0),)
        if halving:
            epochs = {run.epochs for cell in cells for run in cell.runs}
            if len(epochs) > 1:
                raise ConfigError(
                    "epochs", sorted(epochs), "one value, as halving determines the epochs"
                )
            self._rungs = rungs(len(self.cells), epochs.pop())
        seeds = len(self.cells[0].runs) if self.cells else 0
        self.total = sum(rung.cells for rung in self._rungs) * seeds
        self.trained = self.finished = 0

    @property
    def rounds(self) -> tuple[Rung, ...]:
        """The rounds of successive halving; one without it."""
        return self._rungs

    @property
    def problem(self) -> str:
        """Why outcomes are not stored, or an empty string."""
        return next((each.problem for each in self._stores.values() if each.problem), "")

    def summaries(self) -> list[CellSummary]:
        """Return the combinations with the outcomes so far, in the order of the grid."""
        return [self._summary(number) for number in range(len(self.cells))]

    def run(self) -> Generator[FinishedRun, None, None]:
        """Train the missing runs; yield each run as its outcome is known, stored ones first.

        Raises:
            ConfigError, DataError, NotEnoughMemory: when a run cannot be trained.
            SweepError: when the workers fail. Outcomes so far are stored.
        """
        with ExitStack() as stack:
            stack.callback(self._close)
            remaining = list(range(len(self.cells)))
            for rung in self._rungs:
                if rung.epochs:
                    remaining = self._best(remaining, rung.cells)
                    for number in remaining:
                        self.cells[number] = self.cells[number].with_epochs(rung.epochs)
                        self._outcomes[number] = {}
                yield from self._train(remaining)

    def _train(self, numbers: Sequence[int]) -> Iterator[FinishedRun]:
        """Train the missing runs of some combinations, with the samples of one file after another."""
        groups: dict[tuple[Source | None, str], dict[str, list[tuple[int, RunConfig]]]] = {}
        for number in numbers:
            for config in self.cells[number].runs:
                file = self._file(config)
                key = run_key(config, "" if file is None else file.digest)
                known = self._store(config).get(key)
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
        with closing(train(runs, self._workers, file)) as outcomes:
            for outcome in outcomes:
                self.trained += 1
                same = missing[outcome.key]
                self._store(same[0][1]).add(outcome, differing(same[0][1], RunConfig()))
                for number, config in same:
                    yield self._finish(number, config, outcome, stored=False)

    def _finish(
        self, number: int, config: RunConfig, outcome: Outcome, *, stored: bool
    ) -> FinishedRun:
        self._outcomes[number][outcome.key] = outcome
        self.finished += 1
        return FinishedRun(number, config, outcome, stored)

    def _summary(self, number: int) -> CellSummary:
        return CellSummary(self.cells[number], tuple(self._outcomes[number].values()))

    def _best(self, numbers: Sequence[int], count: int) -> list[int]:
        """Return the best of some combinations, in the order of the grid."""
        summaries = {number: self._summary(number) for number in numbers}
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
