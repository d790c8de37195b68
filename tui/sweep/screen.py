"""The screen of a sweep: table, heat map and small maps, while another process trains it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on

from tui.faults import reported
from tui.keys import bindings
from tui.panels.view_options import ViewOptions
from tui.screens.arrangement import LINES, Arrangement
from tui.screens.panel_screen import PanelScreen, TableFooter
from tui.screens.status_bars import Notice
from tui.screens.views import View, column, row
from tui.sweep.columns import heading, option
from tui.sweep.controller import SweepController
from tui.sweep.heat_map import HeatMapPanel
from tui.sweep.keys import ENDING, FOOTER, GROUPS, KEYS
from tui.sweep.lines import SelectedCellLine, SweepHeader, SweepStatus
from tui.sweep.maps import MapsPanel, has_map
from tui.sweep.panel import SweepPanel
from tui.sweep.table import TablePanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.binding import BindingType

    from core.sweeps.messages import StartSweep
    from tui.process_link import ProcessLink
    from tui.screens.views import Split
    from tui.sweep.model import SweepModel
    from tui.terminal.flow_control import FlowControl

PANELS: Final = (TablePanel, HeatMapPanel, MapsPanel)

FRAME_SECONDS: Final = 0.4
"""Seconds between two frames: the numbers of a table that change more often cannot be read."""

LARGEST_SHARE: Final = 3, 5
"""Share of the rows that the table and the heat map have, at most."""

TABLE_FRAME: Final = 3
"""Rows of the frame and the headings of the table."""

HEAT_MAP_FRAME: Final = 4
"""The same of the heat map, with its legend."""

BLOCK: Final = 3
"""Rows of a value of the heat map, at most."""


def layout_of(size: tuple[int, int], model: SweepModel) -> Split:
    """Return the layout: table and heat map have the rows that they need, the maps the others."""
    rows = max(2, size[1] - LINES)
    most = max(1, rows * LARGEST_SHARE[0] // LARGEST_SHARE[1])
    needed = len(model.cells) + TABLE_FRAME
    if len(model.axes) < 2:
        top = min(needed, most)
        return column((top, "combinations"), (rows - top, "maps"))
    needed = max(needed, BLOCK * len(model.row_values) + HEAT_MAP_FRAME)
    top = min(needed, most)
    return column((top, row((4, "combinations"), (3, "heat-map"))), (rows - top, "maps"))


class SweepArrangement(Arrangement):
    """Arrangement of the only view of this screen."""

    def __init__(self, screen: SweepScreen) -> None:
        super().__init__(screen, screen.panels)
        self._sweep = screen.model

    def _definition(self) -> View:
        sweep = self._sweep
        names = ["combinations"]
        has_axes = len(sweep.axes) == 2
        if has_axes:
            names.append("heat-map")
        reports = sweep.reports.values()
        if not reports or any(map(has_map, reports)):
            names.append("maps")
        size = self._screen.app.size
        layout = layout_of((size.width, size.height), sweep)
        return View("sweep", tuple(names), (((0, 0), layout),))


class SweepScreen(PanelScreen):
    """Shows a sweep, and passes the requests of keys to its process.

    Attributes:
        model: the sweep as of the last event.
        controller: sends commands to the process of the sweep.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    # declared, because the table of keys and this module refer to one another
    controller: SweepController
    AUTO_FOCUS = "#combinations"
    keys = rows = KEYS
    groups, kinds, ending = GROUPS, PANELS, ENDING

    def __init__(
        self,
        model: SweepModel,
        start: StartSweep,
        link: ProcessLink,
        *,
        flow_control: FlowControl | None,
        redraw: Callable[[], None],
        open_cell: Callable[[int], None],
        when_shown: Callable[[], None],
    ) -> None:
        """Create the screen.

        Args:
            model: the sweep, without outcomes.
            start: the command that trains it.
            link: to a process that runs `core.sweeps.worker`.
            flow_control: measures the line to the terminal.
            redraw: sends the whole screen.
            open_cell: shows the runs of a combination.
            when_shown: called after a change was shown.
        """
        super().__init__(link, 1 / FRAME_SECONDS)
        self.model = model
        self.controller = SweepController(model, start, link, self)
        self.redraw, self._open_cell, self._when_shown = redraw, open_cell, when_shown
        self.run = model.run
        self.options = ViewOptions()
        self.panels = [each(model, self.options) for each in PANELS]
        self.arrangement = SweepArrangement(self)
        workers = start.workers
        is_on_cluster = workers.scheduler is not None
        self.status = SweepStatus(model, flow_control, is_on_cluster=is_on_cluster)
        where = workers.scheduler or f"{workers.count} process{'es' * (workers.count > 1)}"
        self.lines = [
            SweepHeader(model, where),
            self.status,
            SelectedCellLine(model),
            TableFooter(self.run, self.options, KEYS, FOOTER),
        ]
        self.notice = Notice(self.run)

    def on_mount(self) -> None:
        """Start the sweep: the process is already waiting for it."""
        self.arrangement.apply()
        self.controller.begin()

    # --- what the controller asks for

    def pull(self) -> None:
        """Request the next frame."""
        if not self._link.ended:
            super().pull()

    def show_progress(self) -> None:
        """Show the change made by an event that the model already includes."""
        is_at_rest = self.run.is_at_rest
        with reported(self.app, "the sweep was not shown"):
            if is_at_rest:
                for panel in self.panels:
                    panel.invalidate()
            self.arrangement.apply()
            self._when_shown()
        # after an error, too: otherwise no further progress would come
        if not self.is_current:
            self.frames.pull()
        elif is_at_rest:
            self.frames.paint_all()
        else:
            self.frames.paint_frame()

    # --- what keys ask for

    @on(SweepPanel.Selected)
    def _select(self, event: SweepPanel.Selected) -> None:
        self.model.selected = event.cell
        self._repaint()

    @on(SweepPanel.Moved)
    def _move(self, event: SweepPanel.Moved) -> None:
        self.model.move(event.by)
        self._repaint()

    @on(TablePanel.Sorted)
    def _sort(self, event: TablePanel.Sorted) -> None:
        self.model.sort_by(event.column)
        self._repaint()

    def _repaint(self) -> None:
        self.repaint_panels()
        self.frames.paint_lines()

    def sort_next(self) -> None:
        """Sort by the next column."""
        name, known = self.model.sort_by_next(), self.model.known
        if name in self.model.varied:
            name = option(name)
        elif known is not None and name not in {"runs", "epochs", "diverged"}:
            name = heading(name, known)
        self._repaint()
        self.show_note(f"sorted by {name}")

    def reverse(self) -> None:
        """Reverse the order of the table."""
        self.model.is_reversed = not self.model.is_reversed
        self._repaint()

    def open_selected(self) -> None:
        """Show the runs of the selected combination."""
        self._open_cell(self.model.selected)

    def select_best(self) -> None:
        """Select the best combination so far."""
        if self.model.best is not None:
            self.model.selected = self.model.best
            self._repaint()

    def next_axes(self) -> None:
        """Show the next two settings in the heat map."""
        if self.model.next_axes():
            self._repaint()
            self.show_note("heat map: {} × {}".format(*map(option, self.model.pair)))
        else:
            self.show_note("another heat map needs three settings with several values")

    def go_back(self) -> None:
        """Restore an enlarged panel, or exit."""
        if self.arrangement.is_zoomed:
            self.arrangement.end_zoom()
            self.arrangement.apply()
        else:
            self.app.exit()
