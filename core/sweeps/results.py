"""Outcomes of a sweep so far: collected where it is trained, and again where it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.config.errors import ConfigError
from core.dataclass import dataclass
from core.sweeps.halving import Rung, rungs
from core.sweeps.statistics import CellSummary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.config.run_config import RunConfig
    from core.sweeps.grid import Cell
    from core.sweeps.outcome import Outcome


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


class SweepResults:
    """Combinations of a grid with the outcomes of their runs.

    Attributes:
        cells: all combinations; with halving, each with the epochs of its last round.
        rounds: the rounds of successive halving; one without it.
        total: number of runs.
        trained: number of runs that this sweep has trained.
        finished: number of runs whose outcome is known.
    """

    def __init__(self, cells: Sequence[Cell], *, halving: bool = False) -> None:
        """Begin without outcomes.

        Raises:
            ConfigError: when combinations differ in the number of epochs that halving determines.
        """
        self.cells = list(cells)
        self._outcomes: list[dict[int, Outcome]] = [{} for _ in cells]  # by seed
        self.rounds: tuple[Rung, ...] = (Rung(len(self.cells), 0),)
        if halving:
            epochs = {run.epochs for cell in cells for run in cell.runs}
            if len(epochs) > 1:
                raise ConfigError(
                    "epochs", sorted(epochs), "one value, as halving determines the epochs"
                )
            self.rounds = rungs(len(self.cells), epochs.pop())
        seeds = len(self.cells[0].runs) if self.cells else 0
        self.total = sum(rung.cells for rung in self.rounds) * seeds
        self.trained = self.finished = 0

    def summaries(self) -> list[CellSummary]:
        """Return the combinations with the outcomes so far, in the order of the grid."""
        return [self.summary(number) for number in range(len(self.cells))]

    def summary(self, number: int) -> CellSummary:
        """Return one of the combinations with the outcomes so far."""
        cell, found = self.cells[number], self._outcomes[number]
        # they finish in any order
        seeds = dict.fromkeys(run.seed for run in cell.runs)
        outcomes = tuple(found[seed] for seed in seeds if seed in found)
        return CellSummary(cell, outcomes, found.get(cell.runs[0].seed))

    def begin_round(self, number: int, epochs: int) -> None:
        """Begin to train a combination with another number of epochs, from the initial weights."""
        self.cells[number] = self.cells[number].with_epochs(epochs)
        self._outcomes[number] = {}

    def add(self, run: FinishedRun) -> None:
        """Add an outcome; the first one of a round of halving replaces those of the last round."""
        if run.config.epochs != self.cells[run.cell].runs[0].epochs:
            self.begin_round(run.cell, run.config.epochs)
        self._outcomes[run.cell][run.config.seed] = run.outcome
        self.finished += 1
        self.trained += not run.stored
