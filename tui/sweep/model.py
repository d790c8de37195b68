"""State of a sweep on the screen: outcomes so far, order of the table, selection, and small maps."""

from __future__ import annotations

from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING, Final

from core.process.messages import State
from core.sweeps.results import SweepResults
from core.sweeps.statistics import last_if_unknown, ranked
from tui.run_model import RunModel
from tui.sweep.columns import number_columns, varied_settings
from tui.sweep.order import DIVERGED, EPOCHS, RUNS, in_order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.sweeps.grid import Cell
    from core.sweeps.messages import SweepProgress
    from core.sweeps.reports import RunReport
    from core.sweeps.results import FinishedRun
    from core.sweeps.statistics import CellSummary

ORDER_SECONDS: Final = 2.0
"""Seconds for which the order of the rows stays while runs finish: rows that move cannot be read."""


class SweepModel:
    """A sweep as of the last event.

    Attributes:
        results: combinations and outcomes.
        rows: the runs that have finished, as they came.
        run: state and note of the sweep, for the lines of the screen.
        running: number of runs that are trained now.
        seconds_left: estimated time until the end on a cluster; None if it is unknown.
        problem: why outcomes are not stored, or an empty string.
        failure: why the sweep ended early, or an empty string.
        selected: number of the selected combination: the best one until the user selects another.
        column: by which the table is sorted; None for the score that decides.
        is_reversed: whether the table is in the reverse order.
        axes: settings of the heat map, its rows first; fewer than two if there is none.
        reports: newest state of the first run of some combinations, with its samples.
    """

    def __init__(
        self, cells: Sequence[Cell], *, halving: bool = False, column: str | None = None
    ) -> None:
        self._cells, self._halving = cells, halving
        self.run = RunModel(cells[0].runs[0])
        self.column, self.is_reversed = column, False
        self._chosen: int | None = None
        self.reports: dict[int, RunReport] = {}
        self.restart()
        self.varied = varied_settings(self._summaries)
        # after halving, scores with different numbers of epochs would be compared
        self.axes = () if halving else tuple(self.varied[:2])

    def restart(self) -> None:
        """Begin again without outcomes, which are reported again."""
        self.results = SweepResults(self._cells, halving=self._halving)
        self.rows: list[FinishedRun] = []
        self._summaries = self.results.summaries()
        self.running, self.problem, self.failure = 0, "", ""
        self.seconds_left: float | None = None
        self.run.state = State.TRAINING
        self._order: list[int] = []
        self._order_of: tuple[object, ...] = ()
        self._ordered_at = 0.0
        self._best: int | None = None
        self.started = monotonic()
        self.ended: float | None = None

    def apply(self, event: SweepProgress) -> None:
        """Update the model by an event of the process."""
        for run in event.finished:
            self.results.add(run)
            self.rows.append(run)
        for number in {run.cell for run in event.finished}:
            self._summaries[number] = self.results.summary(number)
        if event.finished:
            self._best = None
        for cell, report in event.reports:
            before = self.reports.get(cell)
            self.reports[cell] = report if report.data is not None else _described(report, before)
        self.running, self.problem = event.running, event.problem
        self.seconds_left = event.seconds_left
        if event.has_ended:
            self.end(event.failure)

    def end(self, failure: str = "") -> None:
        """Record that nothing more is trained."""
        self.running, self.failure = 0, failure
        self.ended = monotonic() if self.ended is None else self.ended
        self.run.state = State.STOPPED if failure else State.FINISHED

    def resume(self) -> None:
        """Record that runs are trained again, whose outcomes are known."""
        self.run.state = State.TRAINING

    # --- what is shown

    @property
    def cells(self) -> list[Cell]:
        """All combinations."""
        return self.results.cells

    @property
    def missing(self) -> int:
        """Number of runs that have not finished."""
        return self.results.total - self.results.finished

    @property
    def diverged(self) -> int:
        """Number of runs that have diverged."""
        return sum(each.diverged for each in self._summaries)

    @property
    def seconds(self) -> float:
        """Seconds since the start, until the end."""
        return (monotonic() if self.ended is None else self.ended) - self.started

    @property
    def known(self) -> CellSummary | None:
        """A combination with outcomes, from which follows what is measured."""
        best = self.best
        return None if best is None else self._summaries[best]

    def summary(self, number: int) -> CellSummary:
        """Return a combination with its outcomes."""
        return self._summaries[number]

    def summaries(self) -> Sequence[CellSummary]:
        """Return all combinations, in the order of the grid."""
        return self._summaries

    @property
    def best(self) -> int | None:
        """The best combination so far: of those with all runs, if there is one."""
        if self._best is None and self.rows:
            found = [number for number, each in enumerate(self._summaries) if each.outcomes]
            whole = [
                number
                for number in found
                if len(self._summaries[number].outcomes) == len(self.cells[number].runs)
            ]
            by_id = {id(self._summaries[number]): number for number in whole or found}
            best = ranked(self._summaries[number] for number in whole or found)[0]
            self._best = by_id[id(best)]
        return self._best

    def columns(self) -> list[str]:
        """Return the columns of the table: settings, then numbers, then counts."""
        known = self.known
        numbers = [] if known is None else number_columns(known)
        epochs = [EPOCHS] if len(self.results.rounds) > 1 else []
        diverged = [DIVERGED] if self.diverged else []
        return [*self.varied, *numbers, *epochs, RUNS, *diverged]

    # --- order

    def order(self) -> list[int]:
        """Return the combinations in the order of the rows of the table."""
        asked = self.column, self.is_reversed
        state = *asked, len(self.rows), self.run.state
        if self._order and state == self._order_of:
            return self._order
        is_due = self.run.is_at_rest or monotonic() - self._ordered_at > ORDER_SECONDS
        if not self._order or self._order_of[:2] != asked or is_due:
            self._order = in_order(self._summaries, self.column, is_reversed=self.is_reversed)
            self._order_of = state
            self._ordered_at = monotonic()
        return self._order

    def sort_by(self, column: str) -> None:
        """Sort by a column, or reverse the order if it is sorted by it."""
        if self.sorted_column == column:
            self.is_reversed = not self.is_reversed
        else:
            self.column, self.is_reversed = column, False

    @property
    def sorted_column(self) -> str | None:
        """The column by which the table is sorted, also if it is the score that decides."""
        known = self.known
        if self.column is None and known is not None:
            return f"{known.part}_score"
        return self.column

    def sort_by_next(self, by: int = 1) -> str:
        """Sort by the next column, and return it."""
        columns = self.columns()
        column = self.sorted_column
        at = columns.index(column) + by if column in columns else 0
        self.column, self.is_reversed = columns[at % len(columns)], False
        return self.column

    # --- selection

    @property
    def selected(self) -> int:
        """Number of the selected combination."""
        if self._chosen is not None:
            return self._chosen
        return 0 if self.best is None else self.best

    @selected.setter
    def selected(self, number: int) -> None:
        self._chosen = number

    def move(self, by: int) -> None:
        """Select the combination some rows below."""
        order = self.order()
        at = order.index(self.selected) + by
        self.selected = order[min(max(at, 0), len(order) - 1)]

    def next_axes(self) -> bool:
        """Choose the next pair of settings for the heat map; return whether there is another one."""
        pairs = [
            (row, column) for at, row in enumerate(self.varied) for column in self.varied[at + 1 :]
        ]
        if len(pairs) < 2 or len(self.axes) < 2:
            return False
        self.axes = pairs[(pairs.index(self.pair) + 1) % len(pairs)]
        return True

    @property
    def row_values(self) -> tuple[object, ...]:
        """Values of the first setting of the heat map."""
        rows, _ = self.pair
        return tuple(dict.fromkeys(each.changes[rows] for each in self.cells))

    @property
    def pair(self) -> tuple[str, str]:
        """The settings of the heat map."""
        rows, columns = self.axes
        return rows, columns

    def at(self, row: object, column: object) -> int | None:
        """Return the combination that the heat map shows for two values: the best one of several.

        Before one has finished, the one that is most like the selected one.
        """
        rows, columns = self.pair
        found = [
            number
            for number, each in enumerate(self.cells)
            if each.changes[rows] == row and each.changes[columns] == column
        ]
        if not found:
            return None
        chosen = self.cells[self.selected].changes

        def rank(number: int) -> tuple[float, int]:
            changes = self.cells[number].changes
            alike = sum(changes[name] == chosen[name] for name in changes)
            return last_if_unknown(-self._summaries[number].score), -alike

        return min(found, key=rank)


def _described(report: RunReport, before: RunReport | None) -> RunReport:
    """Return a report with the samples of an earlier one."""
    return report if before is None else replace(report, data=before.data)
