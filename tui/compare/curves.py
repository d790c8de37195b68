"""Curves of several runs in one plot, with a legend that shows or hides each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tui.compare.model import GREY
from tui.compare.panels import MARKED, BoardPanel
from tui.drawing import number_format
from tui.drawing.axes import epoch_span
from tui.drawing.cells import Cells, cell_width, cut
from tui.drawing.curves import Plot, draw_curves, epoch_at, gutter_width
from tui.drawing.palette import ACCENT, BRIGHT, DIM, READER, TEXT, ink
from tui.drawing.traces import LogColumn, all_values, trace
from tui.panels.curve import LONGEST_AXIS, loss_axis, score_axis
from tui.panels.curve_parts import write_cut_value
from tui.panels.explanation import Explanation

if TYPE_CHECKING:
    from textual import events

    from tui.compare.model import Board, ShownRun
    from tui.drawing.axes import ValueAxis
    from tui.drawing.traces import Trace
    from tui.panels.panel import StyledText
    from tui.panels.view_options import ViewOptions

LEGEND_FROM: Final = 58
"""Columns of a panel from which the legend is next to the plot."""

LEGEND_WIDTH: Final = 18, 40
"""Columns of the legend, at least and at most."""

ENTRY: Final = 14
"""Columns of an entry below the plot."""

PLOT_ROWS: Final = 5
"""Rows that a legend leaves to the plot."""


class CurvesPanel(BoardPanel):
    """Loss or score of all runs."""

    label = "curves"
    summary = "loss, or with a accuracy or R², of all runs after each epoch, with a legend"
    placeholder = "The curves of all runs."
    footer = (("x", "hide curve"), ("a", "accuracy"), ("l", "log axis"))
    least_size = 24, 7
    redraw_interval = 0.3

    def __init__(self, board: Board, options: ViewOptions) -> None:
        super().__init__(board, options)
        self._axis: tuple[ValueAxis | None, tuple[object, ...]] = None, ()
        self._gutter = 6
        self._entries: list[tuple[int, int, int, ShownRun]] = []
        self._plot_width = 0
        self.span = 0, 1

    def explanation(self) -> Explanation:
        return Explanation(
            "Loss, or accuracy (a), of all runs after each epoch, on the test samples, or on the "
            "validation samples if all runs have some. Each run has a colour, which the legend names "
            "with the run's value at the epoch that is shown.",
            "compare the slopes at the start, which depend on the learning rate and the optimiser, and "
            "the lowest points. A curve that rises again belongs to a network that fits the noise of "
            "its training samples.",
            "eight runs have a colour, since more are too similar; the curves of others are grey, and "
            "the selected one of them is bright: hide a coloured curve (x), then hide and show another, "
            "which takes its colour",
            "x or a click on the legend shows or hides a curve · a accuracy · l log or linear axis · ← "
            "→ or a click on the plot chooses the epoch",
        )

    @property
    def border_name(self) -> str:
        board = self.board
        name = "loss"
        if board.quantity == "score":
            kinds = {each.has_classes for each in board.runs}
            name = "score" if len(kinds) > 1 else "accuracy" if kinds == {True} else "R²"
        return f"{board.part} {name}"

    def footer_keys(self) -> tuple[tuple[str, str], ...]:
        board = self.board
        hidden = board.selected is not None and board.selected.curve is None
        other = "loss" if board.quantity == "score" else "accuracy"
        return (("x", f"{'show' if hidden else 'hide'} curve"), ("a", other), ("l", "log axis"))

    @property
    def has_log_axis(self) -> bool:
        """Whether the axis that is shown is logarithmic."""
        axis = self._axis[0]
        return axis is not None and axis.logarithmic

    def title(self) -> StyledText:
        shown = sum(each.curve is not None for each in self.board.visible)
        count = len(self.board.visible)
        return [] if shown == count else [(f"{shown} of {count} curves ", ink(DIM))]

    def title_right(self) -> StyledText:
        words: StyledText = []
        if self.board.epoch is not None:
            words.append((f" epoch {self.board.epoch:,} ", ink(READER)))
        return [*words, (" log ", ink(DIM))] if self.has_log_axis else words

    def draw_board(self, width: int, height: int) -> Cells:
        cells, self._entries = Cells(width, height), []
        runs = self.board.visible
        plot_width, plot_height = width, height
        if width >= LEGEND_FROM:
            longest = max(cell_width(self._words(each)) for each in runs)
            least, most = LEGEND_WIDTH
            room = min(most, width * 2 // 5)
            plot_width = width - max(least, min(longest + 12, room)) - 1
            self._draw_column(cells, runs, plot_width + 1)
        elif height > PLOT_ROWS + 1:
            across = max(1, width // ENTRY)
            rows = min(-(-len(runs) // across), height - PLOT_ROWS, 3)
            plot_height = height - rows
            self._draw_rows(cells, runs, plot_height, across)
        self._plot_width = plot_width
        cells.place(0, 0, self._draw_plot(runs, plot_width, plot_height))
        return cells

    # --- the plot

    def _draw_plot(self, runs: list[ShownRun], width: int, height: int) -> Cells:
        board = self.board
        shown = [each for each in runs if each.curve is not None and len(each.log)]
        # the selected one on top, and grey ones below all others
        shown = sorted(shown, key=lambda each: (each is board.selected, each.curve != GREY))
        last = max((each.epoch for each in shown), default=1)
        growing = [each.config.epochs for each in shown if each.is_training]
        self.span = epoch_span(last, None, max(growing)) if growing else (0, max(1, last))
        gutter = self._gutter
        for _ in range(2):
            columns = 2 * max(1, width - gutter)
            traces = [
                trace(
                    LogColumn(each.log, f"{board.part}_{board.quantity}", self._count(each)),
                    self._colour(each),
                    columns,
                    self.span,
                )
                for each in shown
            ]
            axis = self._steady_axis(traces, max(1, min(4, height // 3)))
            if gutter_width(axis) == gutter:
                break
            gutter = gutter_width(axis)
        self._gutter = gutter
        plot = Plot(axis, self.span, width, height)
        cells = draw_curves(traces, plot, (), board.epoch)
        if not plot.is_too_small:
            write_cut_value(cells, plot, traces, self._format)
        return cells

    def _colour(self, run: ShownRun) -> str:
        """Return the colour of a curve: the selected grey one is bright."""
        return BRIGHT if run.curve == GREY and run is self.board.selected else run.colour

    @staticmethod
    def _count(run: ShownRun) -> int:
        """Return the number of epochs of a curve: without one that has diverged."""
        return min(len(run.log), run.epoch + 1)

    @property
    def _has_classes(self) -> bool:
        return all(each.has_classes for each in self.board.runs)

    def _format(self, value: float) -> str:
        if self.board.quantity == "loss":
            return number_format.loss(value)
        return number_format.score(value, has_classes=self._has_classes)

    def _steady_axis(self, traces: list[Trace], ticks: int) -> ValueAxis:
        """Return the axis for some curves: the previous one, as long as it is not much too long."""
        board = self.board
        low, high = all_values(traces)
        low, high = low[np.isfinite(low)], high[np.isfinite(high)]
        if not low.size or not high.size:
            low = high = np.ones(1)
        if board.quantity == "loss":
            axis = loss_axis(low, high, ticks, board.is_log, was_log=self.has_log_axis)
        else:
            axis = score_axis(low, high, ticks, has_classes=self._has_classes)
        key = board.quantity, ticks, axis.logarithmic, self.run.is_at_rest
        held, of = self._axis
        if held is not None and of == key and held.low <= axis.low and axis.high <= held.high:
            longest = LONGEST_AXIS * (axis.high - axis.low)
            is_kept = not self.run.is_at_rest and held.high - held.low <= longest
            axis = held if is_kept else axis
        self._axis = axis, key
        return axis

    # --- the legend

    def _words(self, run: ShownRun) -> str:
        mark = MARKED if run in self.board.marked else ""
        return f"{mark}{run.number} {self.board.label(run)}"

    def _draw_column(self, cells: Cells, runs: list[ShownRun], column: int) -> None:
        """Draw the legend next to the plot, as many entries as fit, with values."""
        board, end = self.board, cells.width
        at = runs.index(board.selected) if board.selected in runs else 0
        first = min(max(0, at - cells.height + 1), max(0, len(runs) - cells.height))
        for row, run in enumerate(runs[first : first + cells.height]):
            value = run.text_of(board.quantity, board.part)
            room = end - column - 2 - len(value) - 1
            self._draw_entry(cells, row, column, run, room)
            cells.write_right(row, end, value, ink(TEXT if run.curve is not None else DIM))
            self._entries.append((row, column, end, run))

    def _draw_rows(self, cells: Cells, runs: list[ShownRun], top: int, across: int) -> None:
        """Draw the legend below the plot."""
        size = cells.width // across
        for at, run in enumerate(runs[: across * (cells.height - top)]):
            row, column = top + at // across, at % across * size
            self._draw_entry(cells, row, column, run, size - 3)
            self._entries.append((row, column, column + size - 1, run))

    def _draw_entry(self, cells: Cells, row: int, column: int, run: ShownRun, room: int) -> None:
        is_shown, is_selected = run.curve is not None, run is self.board.selected
        glyph = "─" if is_shown else "·"
        column = cells.write(row, column, glyph, ink(self._colour(run), bold=is_selected))
        glyph = "▸" if is_selected else " "
        column = cells.write(row, column, glyph, ink(ACCENT, bold=True))
        words = ink(BRIGHT, bold=True) if is_selected else ink(TEXT if is_shown else DIM)
        cells.write(row, column, cut(self._words(run), room), words)

    def on_click(self, event: events.Click) -> None:
        """Show or hide the curve whose name is under the pointer, or choose the epoch there."""
        row, column = event.y - 1, event.x - 1
        for at, start, end, run in self._entries:
            if row == at and start <= column < end:
                self.board.selected = run
                self.board.toggle_curve(run)
                self.post_message(self.Changed())
                return
        if self._gutter <= column < self._plot_width:
            epoch = epoch_at(column, self.span, self._gutter, self._plot_width)
            self.post_message(self.EpochChosen(min(epoch, self.board.last)))
