"""The lines around the panels of a sweep: what is trained, how far it is, the selected combination."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.process.messages import State
from tui.drawing import number_format
from tui.drawing.canvas import Canvas
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.palette import ACCENT, ALARM, BRIGHT, DIM, TEXT, ink
from tui.screens.description import RATE, description
from tui.screens.status_bars import (
    STATE_COLOURS,
    StatusLine,
    note_ink,
    wrapped_notes,
)
from tui.sweep.columns import heading, number_columns, number_text, option, score_text

if TYPE_CHECKING:
    from tui.sweep.model import SweepModel
    from tui.terminal.flow_control import FlowControl

KNOWN_SHARE: Final = 0.01
"""Share of the sweep that is trained before the time that is left is shown: the start is slower."""

BAR: Final = 12
"""Columns of the bar of finished runs."""


class SweepHeader(Canvas):
    """The grid, and the settings that all runs have in common."""

    def __init__(self, sweep: SweepModel, workers: str) -> None:
        super().__init__(id="header")
        self._sweep, self._workers = sweep, workers

    def draw(self, width: int, height: int) -> Cells:
        cells, sweep = Cells(width, height), self._sweep
        seeds = len(sweep.cells[0].runs)
        count = len(sweep.cells)
        grid = f"{count:,} combination{'s' * (count > 1)}"
        axes = " × ".join(map(option, sweep.varied))
        forms = [
            f"sweep of {axes}: {grid}" if axes else f"sweep: {grid}",
            f"sweep: {grid}",
        ]
        many = f" × {seeds:,} seeds" if seeds > 1 else ""
        name = sweep.run.config.source_name
        room = width - 2
        text = next((each for each in forms if len(each + many) + len(name) + 3 <= room), grid)
        text = f"{name} · {text}{many}"
        rest = description(sweep.run, room, RATE).split(" · ", 2)[2:]
        right = self._workers
        if not sweep.varied and rest and len(text) + len(rest[0]) + len(right) + 5 <= room:
            text = f"{text} · {rest[0]}"
        cells.write(0, 1, cut(text, room), ink(BRIGHT, bold=True))
        if len(text) + len(right) + 3 <= room:
            cells.write_right(0, width - 1, right, ink(DIM))
        return cells


class SweepStatus(StatusLine):
    """State of the sweep, the numbers of its runs, the time that is left, and the best combination."""

    def __init__(
        self, sweep: SweepModel, flow_control: FlowControl | None, *, is_on_cluster: bool
    ) -> None:
        super().__init__(sweep.run, flow_control)
        self._sweep, self._is_on_cluster = sweep, is_on_cluster

    def draw(self, width: int, height: int) -> Cells:
        cells, sweep, run = Cells(width, height), self._sweep, self.run
        state = run.state
        column = max(cells.write(0, 1, state.value, ink(STATE_COLOURS[state], bold=True)), 9)
        end = self.write_rates(cells, width)
        gap = 3 if width >= 110 else 2
        finished, total = sweep.results.finished, sweep.results.total
        if width >= 90 and total:
            done = finished + _shares(sweep)
            column = self._write_bar(cells, column + gap - 1, min(1.0, done / total))
        for words, number in self._parts(finished, total):
            if column + gap + cell_width(words) > end:
                break
            column = cells.write(0, column + gap, words, number)
        return cells

    def _parts(self, finished: int, total: int) -> list[tuple[str, int]]:
        """Return the numbers, the most important first."""
        sweep = self._sweep
        text, dim = ink(TEXT), ink(DIM)
        parts = [(f"{finished:,} of {total:,} runs", text)]
        if self.run.state is State.TRAINING:
            if sweep.running:  # on a cluster, it is not known
                parts.append((f"{sweep.running:,} training", text))
            if left := self._remaining():
                parts.append((left, text))
        if sweep.diverged:
            parts.append((f"{sweep.diverged:,} diverged", ink(ALARM)))
        if (known := sweep.known) is not None:
            label = known.cell.label
            parts.append((f"best {score_text(known)}  {label}".rstrip(), ink(BRIGHT, bold=True)))
        if self.run.state is not State.TRAINING and sweep.results.trained:
            parts.append((f"{sweep.seconds:.1f} s", dim))
        return parts

    def _remaining(self) -> str:
        sweep = self._sweep
        if self._is_on_cluster:
            return number_format.clock(sweep.seconds_left)
        shares = _shares(sweep)
        done, missing = sweep.results.trained + shares, sweep.missing - shares
        is_known = done >= KNOWN_SHARE * (done + missing)
        return number_format.eta(sweep.seconds, done, missing) if is_known else ""

    def _write_bar(self, cells: Cells, column: int, share: float) -> int:
        full = int(share * BAR)
        column = cells.write(0, column, "━" * full, ink(ACCENT))
        return cells.write(0, column, "─" * (BAR - full), ink(DIM))


def _shares(sweep: SweepModel) -> float:
    """Return how many runs are trained, counting the shares of those that are known to train."""
    return sum(
        min(1.0, each.epoch / each.config.epochs)
        for cell, each in sweep.reports.items()
        if not sweep.summary(cell).outcomes
    )


class SelectedCellLine(Canvas):
    """The last event or, without one, the selected combination."""

    def __init__(self, sweep: SweepModel) -> None:
        super().__init__(id="log")
        self._sweep = sweep

    def draw(self, width: int, height: int) -> Cells:
        cells, sweep = Cells(width, height), self._sweep
        rows = wrapped_notes(sweep.run.note, width)
        if rows:
            cells.write(0, 1, rows[0], note_ink(sweep.run))
            return cells
        summary = sweep.summary(sweep.selected)
        label = summary.cell.label or sweep.run.config.source_name
        column = cells.write(0, 1, cut(label, width - 2), ink(ACCENT, bold=True))
        for words in self._parts():
            if column + cell_width(words) + 2 > width - 1:
                break
            column = cells.write(0, column + 2, words, ink(DIM))
        return cells

    def _parts(self) -> list[str]:
        sweep = self._sweep
        summary, report = sweep.summary(sweep.selected), sweep.reports.get(sweep.selected)
        parts = []
        if summary.outcomes:
            parts += [
                f"{heading(name, summary)} {number_text(name, summary.of(name), summary)}"
                for name in number_columns(summary)[:3]
            ]
        elif report is not None:
            parts.append(f"epoch {report.epoch:,} of {summary.epochs:,}")
        else:
            parts.append("not trained yet")
        rank = sweep.order().index(sweep.selected) + 1
        parts.append(f"row {rank} of {len(sweep.cells):,}")
        return parts
