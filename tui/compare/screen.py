"""The comparison: maps, curves and a table of several runs, and the difference of two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on

from core.analysis.planes import has_plane
from core.process.messages import ComparedRunOpened, ComparedRunsMoved, Loading
from tui.compare.controller import CompareController
from tui.compare.curves import CurvesPanel
from tui.compare.difference import DifferencePanel
from tui.compare.keys import ENDING, FOOTER, GROUPS, KEYS
from tui.compare.lines import CompareHeader, CompareLog, CompareStatus
from tui.compare.model import Board
from tui.compare.panels import BoardPanel, MapsPanel
from tui.compare.table import TABLE_FRAME, SettingsPanel
from tui.faults import reported
from tui.keys import bindings
from tui.panels.view_options import ViewOptions
from tui.screens.arrangement import LINES, Arrangement
from tui.screens.panel_screen import PanelScreen, TableFooter
from tui.screens.status_bars import Notice
from tui.screens.views import View, column, row

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.binding import BindingType

    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.process.messages import Event, Refused
    from tui.compare.model import ShownRun
    from tui.drawing.canvas import Canvas
    from tui.panels.panel import Panel
    from tui.process_link import ProcessLink
    from tui.screens.views import Split
    from tui.terminal.flow_control import FlowControl

PANELS: Final = (MapsPanel, CurvesPanel, SettingsPanel, DifferencePanel)

WIDE: Final = 100, 30
"""Columns and rows from which the second row has room for curves or the difference."""

LEAST_CURVES: Final = 12
"""Rows of curves in the second row."""


def layout_of(size: tuple[int, int], runs: int, *, has_pair: bool) -> Split:
    """Return the layout for a terminal: the table has the rows that it needs, the maps the others."""
    rows = size[1] - LINES
    is_wide = size[0] >= WIDE[0] and size[1] >= WIDE[1]
    needed = max(runs + TABLE_FRAME, LEAST_CURVES if has_pair else 0)
    bottom = max(1, min(needed, rows * 2 // 5))
    maps = max(1, rows - bottom)
    first, second = (5, 4) if is_wide else (1, 1)
    if not has_pair:
        top = row((first, "maps"), (second, "curves"))
        return column((maps, top), (bottom, "runs"))
    top = row((first, "maps"), (second, "difference"))
    return column((maps, top), (bottom, row((first, "runs"), (second, "curves"))))


class CompareArrangement(Arrangement):
    """Arrangement of the only view of this screen."""

    def __init__(self, screen: CompareScreen, panels: list[Panel]) -> None:
        super().__init__(screen, panels)
        self._board = screen.board
        self._needed = 0, False

    def apply(self) -> None:
        """Show the panels for which there is room, each with the rows that it needs."""
        super().apply()
        needed = len(self._board.runs), self._board.pair is not None
        if needed != self._needed and self._screen.is_mounted:
            self._needed = needed
            # a panel, since Textual keeps the arrangement of a container that is itself refreshed
            self._panels[0].refresh(layout=True)

    def _definition(self) -> View:
        board = self._board
        has_pair, size = board.pair is not None, self._screen.app.size
        names = ["maps", "runs", "curves"]
        if has_pair:
            names.insert(2, "difference")
        known = [each.data for each in board.runs if each.data is not None]
        if known and not any(map(has_plane, known)):
            names.remove("maps")
        layout = layout_of((size.width, size.height), len(board.runs), has_pair=has_pair)
        return View("compare", tuple(names), (((0, 0), layout),))


class CompareScreen(PanelScreen):
    """Shows several runs in panels, and passes keys to the controller.

    Attributes:
        board: the runs as they are shown.
        controller: sends commands to their process.
        refused: why there are no runs, if there are none.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    AUTO_FOCUS = "#runs"
    rows = keys = KEYS
    groups, kinds, ending = GROUPS, PANELS, ENDING
    # declared, because the table of keys and this module refer to one another
    board: Board
    controller: CompareController

    def __init__(
        self,
        sources: tuple[Path | RunConfig, ...],
        config: RunConfig,
        link: ProcessLink,
        *,
        frames_per_second: float,
        flow_control: FlowControl | None,
        redraw: Callable[[], None],
        open_run: Callable[[ShownRun], None],
        leave: Callable[[], object],
        speed: float | None = 30.0,
        paused: bool = False,
        sort: str = "",
    ) -> None:
        """Create the screen.

        Args:
            sources: folders of saved runs, and configs of runs that are trained while they are shown.
            config: of any of them.
            link: to a process that runs `core.process.compare_worker`.
            frames_per_second: at most.
            flow_control: measures the line to the terminal.
            redraw: sends the whole screen.
            open_run: shows a run on its own.
            leave: closes the screen.
            speed: epochs per second, or None for no limit.
            paused: whether runs that are trained wait for a key.
            sort: an outcome or a setting by which the runs are sorted.
        """
        super().__init__(link, frames_per_second)
        self._open_run, self._leave, self.redraw = open_run, leave, redraw
        board = self.board = Board.of([], config)
        board.sort = sort
        self.run = board.run
        self.refused: Refused | None = None
        self.controller = CompareController(sources, board, link, self, speed=speed, paused=paused)
        options = self.options = ViewOptions(show_test=False)
        self.panels = [
            MapsPanel(board, options),
            CurvesPanel(board, options),
            SettingsPanel(board, options),
            DifferencePanel(board, options),
        ]
        self.arrangement = CompareArrangement(self, self.panels)
        self.status = CompareStatus(board, flow_control)
        self.lines: list[Canvas] = [
            CompareHeader(board, lambda: self.controller.speed),
            self.status,
            CompareLog(board),
            TableFooter(self.run, options, KEYS, FOOTER),
        ]
        self.notice: Canvas = Notice(self.run)

    def on_mount(self) -> None:
        """Load the runs: the process is already waiting for them."""
        self.arrangement.apply()
        self.controller.launch()

    # --- what the controller asks for

    def show_event(self, event: Event) -> None:
        """Show the change made by an event that the board already includes."""
        with reported(self.app, f"{type(event).__name__} was not shown"):
            if isinstance(event, ComparedRunOpened):
                self.arrangement.apply()
            if isinstance(event, Loading):
                self.frames.paint_lines()
            elif isinstance(event, ComparedRunsMoved) and not self.run.is_at_rest:
                if self.is_current:
                    self.frames.paint_frame()
            else:
                self.frames.paint_all()

    def show_refusal(self, refused: Refused) -> None:
        """Leave, and show why there are no runs."""
        self.refused = refused
        self._leave()
        # of the screen that is shown then
        getattr(self.app, "show_note", self.show_note)(refused.reason)

    def close(self) -> None:
        """End the process of the runs."""
        self._link.close()

    # --- what keys and clicks ask for

    def _changed(self, note: str = "") -> None:
        """Show a change of the board."""
        self.controller.follow_pair()
        self.arrangement.apply()
        if note:
            self.run.note = note
        self.frames.paint_all()

    @on(BoardPanel.Changed)
    def _panel_changed(self, event: BoardPanel.Changed) -> None:
        self._changed(event.note)

    @on(BoardPanel.EpochChosen)
    @on(CompareStatus.EpochChosen)
    def _choose_epoch(self, event: BoardPanel.EpochChosen | CompareStatus.EpochChosen) -> None:
        self.controller.seek(event.epoch)

    def select_next(self, by: int) -> None:
        """Select another run."""
        self.board.select_next(by)
        self._changed()

    def mark(self) -> None:
        """Mark the selected run, or remove its mark."""
        board, run = self.board, self.board.selected
        if run is None:
            return
        board.mark(run)
        note = ""
        if len(board.marked) == 1 and len(board.runs) > 2:
            note = (
                f"run {board.marked[0].number} is marked: mark another one to see their difference"
            )
        self._changed(note)

    def toggle_only_marked(self) -> None:
        """Show only the marked runs as maps and curves, or all."""
        board = self.board
        if not board.marked:
            self.show_note("no run is marked: m marks the selected one")
            return
        board.toggle_only_marked()
        self._changed()

    def toggle_curve(self) -> None:
        """Show or hide the curve of the selected run."""
        if self.board.selected is not None:
            self.board.toggle_curve(self.board.selected)
            self._changed()

    def toggle_quantity(self) -> None:
        """Show the curves of the losses or of the scores."""
        board = self.board
        board.quantity = "score" if board.quantity == "loss" else "loss"
        board.changed()
        self._changed()

    def toggle_log(self) -> None:
        """Switch the loss between a linear and a logarithmic axis."""
        curves = next(each for each in self.panels if isinstance(each, CurvesPanel))
        is_log = self.board.is_log = not curves.has_log_axis
        self.board.changed()
        self._changed(f"loss axis: {'logarithmic' if is_log else 'linear'}")

    def sort(self) -> None:
        """Sort by the next column."""
        self.board.sort_by_next()
        self._changed()

    def reverse(self) -> None:
        """Reverse the order."""
        self.board.is_reversed = not self.board.is_reversed
        self.board.arrange()
        self._changed()

    @property
    def data_of_maps(self) -> DataSplit | None:
        """Samples of the selected run."""
        return None if self.board.selected is None else self.board.selected.data

    def open_selected(self) -> None:
        """Show the selected run on its own."""
        if self.board.selected is not None:
            self._open_run(self.board.selected)

    def go_back(self) -> None:
        """Cancel loading, restore an enlarged panel, or leave."""
        if self.controller.cancel():
            self.frames.paint_all()
        elif self.arrangement.is_zoomed:
            self.arrangement.end_zoom()
            self.arrangement.apply()
        else:
            self.leave()

    def leave(self) -> None:
        """Close the comparison."""
        self.controller.pause()
        self._leave()
