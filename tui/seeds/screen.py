"""The screen of many seeds: curves with a band, the map of their agreement, and a map of each run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on

from core.analysis.planes import has_plane
from core.process.messages import LaneOpened, LaneSelected, Loading, SeedsProgress, SeedsRun
from tui.faults import reported
from tui.keys import bindings
from tui.panels.curve import CurvePanel
from tui.panels.view_options import ViewOptions
from tui.screens import dialogs
from tui.screens.arrangement import Arrangement
from tui.screens.panel_screen import PanelScreen, TableFooter
from tui.screens.status_bars import Notice, StatusLine
from tui.screens.views import View, column, row
from tui.seeds.controller import SeedsController
from tui.seeds.curves import SpreadLoss, SpreadScore
from tui.seeds.keys import FOOTER, GROUPS, KEYS, SAVED
from tui.seeds.lines import SeedsHeader, SeedsStatus, SelectedLine
from tui.seeds.panels import AgreementPanel, HistogramPanel, LaneActivations, RunsPanel
from tui.seeds.view import SeedsViewController

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual.binding import BindingType

    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.process.messages import Event, Refused
    from core.runs.autosaver import SaveOptions
    from tui.process_link import ProcessLink
    from tui.terminal.flow_control import FlowControl

PANELS: Final = (
    AgreementPanel,
    SpreadLoss,
    SpreadScore,
    HistogramPanel,
    RunsPanel,
    LaneActivations,
)

_CURVES: Final = column((4, "loss"), (3, "accuracy"), (3, "losses"))

LAYOUTS: Final = (
    (
        (170, 45),
        column(
            (3, row((5, "agreement"), (4, _CURVES), (4, "hidden"))),
            (2, "runs"),
        ),
    ),
    ((100, 30), column((5, row((6, "agreement"), (5, _CURVES))), (3, "runs"))),
    ((0, 0), column((3, row((1, "agreement"), (1, _CURVES))), (2, "runs"))),
)

WITH_HIDDEN: Final = 170, 45
"""Columns and rows from which there is room for a hidden layer."""


class SeedsArrangement(Arrangement):
    """Arrangement of the only view of this screen."""

    def _definition(self) -> View:
        size = self._screen.app.size
        names = ["agreement", "runs", "loss", "losses", "accuracy"]
        is_large = size.width >= WITH_HIDDEN[0] and size.height >= WITH_HIDDEN[1]
        if is_large and self._panels[0].run.config.hidden:
            names.append("hidden")
        data = self._panels[0].run.data
        if data is not None and not has_plane(data):
            names.remove("agreement")
        return View("seeds", tuple(names), LAYOUTS)


class SeedsScreen(PanelScreen):
    """Shows many runs in panels, and passes keys to the controller.

    Attributes:
        refused: why there are no runs, if there are none.
        controller: sends commands to the process of the runs.
        view: changes what the panels show.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(KEYS)
    # declared, because the table of keys and this module refer to one another
    controller: SeedsController
    view: SeedsViewController
    AUTO_FOCUS = "#agreement"
    keys = rows = KEYS
    groups, kinds, ending = GROUPS, PANELS, SAVED

    def __init__(
        self,
        config: RunConfig,
        count: int,
        link: ProcessLink,
        *,
        speed: float | None,
        frames_per_second: float,
        paused: bool,
        flow_control: FlowControl | None,
        redraw: Callable[[], None],
        save_options: SaveOptions | None,
        resume: Path | None,
        when_shown: Callable[[], None],
        open_run: Callable[[LaneOpened], None],
        leave: Callable[[], bool],
    ) -> None:
        """Create the screen.

        Args:
            config: of the run with the lowest seed.
            count: number of runs.
            link: to a process that runs `core.process.seeds_worker`.
            speed: epochs per second, or None for no limit.
            frames_per_second: at most.
            paused: whether the runs wait for a key.
            flow_control: measures the line to the terminal.
            redraw: sends the whole screen.
            save_options: of the runs; None to save none.
            resume: folder of the runs to continue, or None for new ones.
            when_shown: called after an event was shown.
            open_run: shows a run on its own.
            leave: shows the single run again; returns False if there is none.
        """
        super().__init__(link, frames_per_second)
        self._paused, self._open_run, self._leave = paused, open_run, leave
        self._resume, self._when_shown = resume, when_shown
        self.redraw = redraw
        self.refused: Refused | None = None
        self.controller = SeedsController(
            config, count, link, self, speed=speed, save_options=save_options
        )
        self.model = self.controller.model
        self.run = self.model.run
        self.options = ViewOptions(layer=max(0, len(config.hidden) - 1), show_test=False)
        model, options = self.model, self.options
        hidden = LaneActivations(self.run, options)
        self.panels = [
            AgreementPanel(model, options),
            SpreadLoss(model, options),
            SpreadScore(model, options),
            HistogramPanel(model, options),
            RunsPanel(model, options),
            hidden,
        ]
        self.arrangement = SeedsArrangement(self, self.panels)
        self.view = SeedsViewController(self)
        self.status = SeedsStatus(model, flow_control)
        self.lines = [
            SeedsHeader(model, lambda: self.controller.speed),
            self.status,
            SelectedLine(model),
            TableFooter(self.run, options, KEYS, FOOTER),
        ]
        self.notice = Notice(self.run)

    def on_mount(self) -> None:
        """Start the runs: the process is already waiting for them."""
        self.arrangement.apply()
        self.controller.launch(paused=self._paused, resume=self._resume)

    @on(RunsPanel.Selected)
    def _select(self, event: RunsPanel.Selected) -> None:
        self.controller.select(event.lane)

    @on(CurvePanel.TravelRequested)
    @on(StatusLine.TravelRequested)
    def _go_to_epoch(self, event: CurvePanel.TravelRequested | StatusLine.TravelRequested) -> None:
        self.controller.travel.seek(event.epoch)

    # --- what the controller asks for

    def confirm(self, question: str, act: Callable[[], object]) -> None:
        """Ask a yes-or-no question, and act on yes."""
        dialogs.confirm(self, question, act)

    def show_event(self, event: Event) -> None:
        """Show the change made by an event that the model already includes."""
        with reported(self.app, f"{type(event).__name__} was not shown"):
            self._show(event)
            self._when_shown()
        if not isinstance(event, SeedsProgress | Loading):
            self.frames.pull()

    def _show(self, event: Event) -> None:
        if isinstance(event, SeedsRun | LaneSelected):
            for panel in self.panels:
                panel.invalidate()
            self.arrangement.apply()
        if isinstance(event, SeedsProgress) and not event.moved:
            if self.is_current:
                self.frames.paint_frame()
        elif isinstance(event, Loading):
            self.frames.paint_lines()
        else:
            self.frames.paint_all()

    def show_refusal(self, refused: Refused) -> None:
        """Show why there are no runs; without any, and without a single run, exit with the reason."""
        if self.model.first is not None:
            self.show_note(refused.reason)
        elif self._leave():
            # of the screen that is shown now
            getattr(self.app, "show_note", self.show_note)(refused.reason)
        else:
            self.refused = refused
            self.app.exit()

    def close(self) -> None:
        """End the process of the runs, and record their last epochs."""
        for event in self._link.close():
            self.model.apply(event)

    def open_run(self, opened: LaneOpened) -> None:
        """Show a run on its own."""
        with reported(self.app, "the run was not opened"):
            self._open_run(opened)

    @property
    def data_of_maps(self) -> DataSplit | None:
        """Samples of the first run."""
        return self.model.first

    def go_back(self) -> None:
        """Cancel loading, restore an enlarged panel, or pause and return to the single run."""
        if self.controller.cancel():
            return
        if self.arrangement.is_zoomed:
            self.arrangement.end_zoom()
            self.arrangement.apply()
        elif self._leave():
            self.controller.pause()
        else:
            self.show_note("enter opens the selected run on its own; q quits")
