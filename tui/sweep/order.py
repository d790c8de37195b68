"""Order of the rows of the table of a sweep."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from core.sweeps.statistics import last_if_unknown, sortable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.sweeps.statistics import CellSummary

RUNS: Final = "runs"
EPOCHS: Final = "epochs"
DIVERGED: Final = "diverged"
"""Columns besides the settings and the numbers of outcomes."""

_UNKNOWN: Final = 9
"""Type of a value that is not known: after all types of `sortable`."""


def in_order(
    summaries: Sequence[CellSummary], column: str | None, *, is_reversed: bool
) -> list[int]:
    """Return the numbers of the combinations; those without a value are last in both directions.

    Args:
        summaries: of all combinations.
        column: by which to sort; None for the score that decides, and among equal ones the lower loss.
        is_reversed: whether the best ones are last.
    """
    if column is None:
        keys = [
            (-each.epochs, last_if_unknown(-each.score), last_if_unknown(each.loss))
            for each in summaries
        ]
        order = sorted(range(len(summaries)), key=keys.__getitem__)
        if is_reversed:
            known = [each for each in order if summaries[each].outcomes]
            return [*reversed(known), *(each for each in order if not summaries[each].outcomes)]
        return order
    values = [_value(each, column) for each in summaries]
    is_down = descends(column) is not is_reversed
    # stable, so that equal ones keep the order of the grid
    order = sorted(range(len(values)), key=values.__getitem__, reverse=is_down)
    known = [each for each in order if values[each][0] != _UNKNOWN]
    return [*known, *(each for each in range(len(values)) if values[each][0] == _UNKNOWN)]


def descends(column: str) -> bool:
    """Return whether the best value of a column is the largest one."""
    return column.endswith("_score")


def _value(summary: CellSummary, column: str) -> tuple[int, Any]:
    """Return the value of a column, after a number of its type."""
    if column in summary.cell.changes:
        return sortable(summary.cell.changes[column])
    match column:
        case "runs":
            return 1, len(summary.outcomes)
        case "epochs":
            return 1, summary.epochs
        case "diverged":
            return 1, summary.diverged
    value = summary.of(column).mean
    return (1, value) if isfinite(value) else (_UNKNOWN, 0)
