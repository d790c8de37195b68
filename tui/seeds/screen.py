"""The screen of many seeds: curves with a band, the map of their agreement, and a map of each run."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on, work
from textual.screen import Screen

from core.process.messages import LaneOpened, LaneSelected, Loading, SeedsProgress, SeedsRun
from tui.faults import reported
from tui.panels.view_options import ViewOptions
from tui.screens.arrangement import Arrangement, PanelArea
from tui.screens.frames import FrameClock
from tui.screens.status_bars import FooterLine, Notice
from tui.screens.views import View, column, row
from tui.seeds.controller import SeedsController
from tui.seeds.curves import SpreadLoss, SpreadScore
from tui.seeds.keys import KEYS, bindings
from tui.seeds.lines import SeedsFooter, SeedsHeader, SeedsStatus, SelectedLine
from tui.seeds.panels import AgreementPanel, HistogramPanel, LaneActivations, RunsPanel, has_plane
from tui.seeds.view import SeedsViewController

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.message import Message

    from core.config.run_config import RunConfig
    from core.process.messages import Event, Refused
    from tui.drawing.canvas import Canvas
    from tui.panels.panel import Panel
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


class SeedsScreen(Screen[None]):
    """Shows many runs in panels, and passes keys to the controller.

    Attributes:
        keys: the table of keys.
        refused: why there are no runs, if there are none.
        controller: sends commands to the process of the runs.
        options: of the panels.
        view: changes what the panels show.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    # declared, because the table of keys and this module refer to one another
    controller: SeedsController
    view: SeedsViewController
    status: SeedsStatus
    redraw: Callable[[], None]
    arrangement: SeedsArrangement
    AUTO_FOCUS = "#agreement"
    keys = KEYS

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
            open_run: shows a run on its own.
            leave: shows the single run again; returns False if there is none.
        """
        super().__init__()
        self._link, self._frame = link, 1 / frames_per_second
        self._paused, self._open_run, self._leave = paused, open_run, leave
        self.redraw = redraw
        self.refused: Refused | None = None
        self.controller = SeedsController(config, count, link, self, speed=speed)
        self.model = self.controller.model
        self.run = self.model.run
        self.options = ViewOptions(layer=max(0, len(config.hidden) - 1), show_test=False)
        model, options = self.model, self.options
        hidden = LaneActivations(self.run, options)
        self.panels: list[Panel] = [
            AgreementPanel(model, options),
            SpreadLoss(model, options),
            SpreadScore(model, options),
            HistogramPanel(model, options),
            RunsPanel(model, options),
            hidden,
        ]
        self.arrangement = SeedsArrangement(self, self.panels)
        self.view = SeedsViewController(self)
        self.frames = FrameClock(self)
        self.status = SeedsStatus(model, flow_control)
        self.lines: list[Canvas] = [
            SeedsHeader(model, lambda: self.controller.speed),
            self.status,
            SelectedLine(model),
            SeedsFooter(model, options),
        ]
        self.notice: Canvas = Notice(self.run)

    def compose(self) -> ComposeResult:
        """Place the panels."""
        header, status, log, footer = self.lines
        yield header
        yield PanelArea(self.arrangement, self.panels)
        yield status
        yield log
        yield footer
        yield self.notice

    def on_mount(self) -> None:
        """Start the runs: the process is already waiting for them."""
        self.arrangement.apply()
        self.controller.launch(paused=self._paused)

    def on_resize(self, _: events.Resize) -> None:
        """Choose the layout for the size."""
        self.arrangement.apply()

    def on_screen_resume(self) -> None:
        """Show what happened while another screen was on top."""
        self.frames.paint_all()
        self.frames.pull()

    # --- errors

    async def on_event(self, event: events.Event) -> None:
        """Handle an event, or report that it could not be handled."""
        with reported(self.app, f"{type(event).__name__} was not handled"):
            await super().on_event(event)

    async def _on_message(self, message: Message) -> None:
        with reported(self.app, f"{type(message).__name__} was not handled"):
            await super()._on_message(message)

    # --- keys

    def action_press(self, row: int) -> None:
        """Call the handler of a row of the table of keys."""
        self._press(KEYS[row].handler, KEYS[row].shown)

    @on(FooterLine.Pressed)
    def _press_in_footer(self, event: FooterLine.Pressed) -> None:
        self._press(event.handler, event.key)

    def _press(self, handler: Callable[..., object] | None, key: str) -> None:
        """Call the handler of a key; if it fails, the key has no effect."""
        if handler is not None:
            with reported(self.app, f"key {key} failed"):
                handler(self)

    @on(RunsPanel.Selected)
    def _select(self, event: RunsPanel.Selected) -> None:
        self.controller.select(event.lane)

    # --- what the controller asks for

    @work(exclusive=True, group="training")
    async def listen(self) -> None:
        """Pass every event of the process to the controller, until the process ends."""
        await self._link.listen(self.controller.on_event)

    def pull(self) -> None:
        """Request the next frame."""
        self._link.pull(self._frame)

    def show_event(self, event: Event) -> None:
        """Show the change made by an event that the model already includes."""
        with reported(self.app, f"{type(event).__name__} was not shown"):
            self._show(event)
        if not isinstance(event, SeedsProgress | Loading):
            self.frames.pull()

    def _show(self, event: Event) -> None:
        if isinstance(event, SeedsRun | LaneSelected):
            for panel in self.panels:
                panel.invalidate()
            self.arrangement.apply()
        if isinstance(event, SeedsProgress):
            if self.is_current:
                self.frames.paint_frame()
        elif isinstance(event, Loading):
            for line in self.lines:
                line.repaint()
        else:
            self.frames.paint_all()

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""
        self.run.note = note
        if self.is_mounted:
            self.frames.paint_all()

    def clear_note(self) -> None:
        """Remove the sentence, unless it describes the state of the runs."""
        if self.run.clear_note():
            for line in self.lines[2:]:
                line.repaint()

    def show_refusal(self, refused: Refused) -> None:
        """Show why there are no runs; without any, and without a single run, exit with the reason."""
        if self.model.first is None and not self._leave():
            self.refused = refused
            self.app.exit()
        else:
            self.show_note(refused.reason)

    def close(self) -> None:
        """End the process of the runs, and record their last epochs."""
        for event in self._link.close():
            self.model.apply(event)

    def open_run(self, opened: LaneOpened) -> None:
        """Show a run on its own."""
        self._open_run(opened)

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
