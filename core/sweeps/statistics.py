"""Mean and spread of the outcomes of each combination, their ranking, and the table of two settings."""

from __future__ import annotations

from functools import cached_property
from math import inf, isfinite, nan, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

from core.dataclass import dataclass
from core.sweeps.outcome import Scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.sweeps.grid import Cell
    from core.sweeps.outcome import Outcome

PARTS = ("train", "test", "validation", "fresh")


class Statistic(NamedTuple):
    """Mean and standard deviation over the seeds.

    Attributes:
        mean: NaN without a finite number.
        deviation: of the sample, with n - 1 in its denominator; NaN for fewer than two numbers.
    """

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Statistic:
        """Return that of the finite ones among some numbers."""
        finite = [each for each in values if isfinite(each)]
        if not finite:
            return cls(nan, nan)
        mean = sum(finite) / len(finite)
        if len(finite) < 2:
            return cls(mean, nan)
        squares = sum((each - mean) ** 2 for each in finite)
        return cls(mean, sqrt(squares / (len(finite) - 1)))


@dataclass(frozen=True)
class CellSummary:
    """The outcomes of one combination of settings.

    Attributes:
        cell: the combination.
        outcomes: of its runs that have finished, in the order of their seeds.
        first: that of the first run, or None if it has not finished.
    """

    cell: Cell
    outcomes: tuple[Outcome, ...]
    first: Outcome | None

    def of(self, column: str) -> Statistic:
        """Return mean and deviation of a column, as in `value_of`."""
        return Statistic.of(value_of(each, column) for each in self.outcomes)

    @property
    def diverged(self) -> int:
        """Number of runs that have diverged."""
        return sum(each.diverged for each in self.outcomes)

    @property
    def epochs(self) -> int:
        """Number of epochs of its runs, unless they stop early."""
        return self.cell.runs[0].epochs

    @cached_property
    def part(self) -> str:
        """The samples whose score decides: validation samples if there are any, else test samples.

        Where the test samples are the training samples, fresh samples, if any could be drawn.
        """
        if any(isfinite(each.final.validation_score) for each in self.outcomes):
            return "validation"
        if any(each.shared and isfinite(each.fresh_score) for each in self.outcomes):
            return "fresh"
        return "test"

    @property
    def score(self) -> float:
        """Mean score on these samples; NaN without a run that has finished."""
        return self.of(f"{self.part}_score").mean

    @property
    def loss(self) -> float:
        """Mean loss on these samples; that of the test samples, if it was not measured."""
        return self.of(f"{'test' if self.part == 'fresh' else self.part}_loss").mean


def value_of(outcome: Outcome, column: str) -> float:
    """Return a number of an outcome: a score, `best_` and a score, or a field; raises KeyError."""
    scores, name = outcome.final, column
    if column.startswith("best_") and column != "best_epoch":
        scores, name = outcome.best, column.removeprefix("best_")
    if name in Scores._fields:
        return float(getattr(scores, name))
    if column not in {"epochs", "best_epoch", "seconds", "fresh_score"}:
        raise KeyError(column)
    return float(getattr(outcome, column))


def ranked(summaries: Iterable[CellSummary], column: str | None = None) -> list[CellSummary]:
    """Return the combinations, the best first; those without a finished run are last.

    Those with more epochs are before others: successive halving has kept them.

    Args:
        summaries: of the combinations.
        column: by which to sort: the name of a number, of which scores descend and others ascend, or of
            a setting that varies; None for the score that decides, and among equal ones the lower loss.
    """
    summaries = list(summaries)
    if column is None:
        return sorted(
            summaries,
            key=lambda each: (
                -each.epochs,
                last_if_unknown(-each.score),
                last_if_unknown(each.loss),
            ),
        )
    if any(column in each.cell.changes for each in summaries):
        return sorted(summaries, key=lambda each: sortable(each.cell.changes.get(column)))
    sign = -1 if column.endswith("_score") else 1
    return sorted(summaries, key=lambda each: last_if_unknown(sign * each.of(column).mean))


def last_if_unknown(value: float) -> float:
    """Return a value as a key to sort by: infinity if it is not finite."""
    return value if isfinite(value) else inf


def sortable(value: Any) -> tuple[int, Any]:
    """Return a key to sort the values of a setting, whose types may differ."""
    if value is None:
        return 0, 0
    if isinstance(value, bool | int | float):
        return 1, value
    if isinstance(value, tuple) and all(isinstance(each, int) for each in value):
        return 2, (len(value), value)
    return 3, str(value)


@dataclass(frozen=True)
class HeatMap:
    """The score that decides, for two of the settings.

    Attributes:
        rows, columns: names of the settings.
        row_values, column_values: their values.
        scores: of each pair the best score over all values of other settings; NaN without one.
    """

    rows: str
    columns: str
    row_values: tuple[Any, ...]
    column_values: tuple[Any, ...]
    scores: tuple[tuple[float, ...], ...]


def heat_map(summaries: Sequence[CellSummary], rows: str, columns: str) -> HeatMap:
    """Return the scores for two of the settings that vary."""
    row_values = tuple(dict.fromkeys(each.cell.changes[rows] for each in summaries))
    column_values = tuple(dict.fromkeys(each.cell.changes[columns] for each in summaries))
    best: dict[tuple[Any, Any], float] = {}
    for each in summaries:
        place = each.cell.changes[rows], each.cell.changes[columns]
        if isfinite(each.score):
            best[place] = max(each.score, best.get(place, -inf))
    scores = tuple(
        tuple(best.get((row, column), nan) for column in column_values) for row in row_values
    )
    return HeatMap(rows, columns, row_values, column_values, scores)
