"""The training screen: panels and lines that show a run, and the keys that control it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on

from core.config.presets import introduction
from core.process.messages import (
    BaselineFound,
    Branched,
    EditData,
    Follow,
    Loading,
    Moved,
    Progress,
    Reopen,
    Replay,
    Run,
    Start,
    StartFrom,
)
from tui.controller import RunController
from tui.faults import reported
from tui.keys import KEYS, PANEL_KEYS, bindings
from tui.panels.boundary.panel import BoundaryPanel
from tui.panels.curve import CurvePanel
from tui.panels.layers import LayersPanel
from tui.panels.network.panel import NetworkPanel
from tui.panels.panel import Panel
from tui.panels.registry import PANELS
from tui.panels.view_options import ViewOptions
from tui.screens import dialogs
from tui.screens.arrangement import Arrangement
from tui.screens.exporter import Exporter
from tui.screens.live import LiveScreen
from tui.screens.status_bars import FooterLine, HeaderLine, LogLine, Notice, StatusLine
from tui.screens.view import CursorController, ViewController

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from textual import events
    from textual.binding import BindingType

    from core.config.run_config import RunConfig
    from core.process.messages import Event, Refused
    from core.runs.autosaver import SaveOptions
    from tui.controller import EventLog
    from tui.process_link import ProcessLink
    from tui.terminal.flow_control import FlowControl


class TrainingScreen(LiveScreen):
    """Shows a run in panels, and passes keys to the controllers.

    Attributes:
        keys: the table of keys.
        run: the state of the run, as last reported.
        controller: sends commands to the training process.
        view: changes which panels are shown, and of what.
        cursor: moves the cursor on a unit and a sample.
        exporter: writes the run to a file.
        refused: why there is no run, if there is none.
        first_command: starts the first run.
        show_seeds: shows many seeds of the run.
    """

    keys = KEYS
    rows = (*KEYS, *PANEL_KEYS)
    BINDINGS: ClassVar[list[BindingType]] = bindings(rows)
    AUTO_FOCUS = "#loss"
    # declared, because the table of keys and this module refer to one another
    controller: RunController
    view: ViewController
    cursor: CursorController
    exporter: Exporter
    status: StatusLine
    options: ViewOptions
    redraw: Callable[[], None]
    show_seeds: Callable[[], None]

    def __init__(
        self,
        config: RunConfig,
        link: ProcessLink,
        *,
        speed: float | None = 30.0,
        frames_per_second: float = 10.0,
        paused: bool = False,
        run_log: EventLog | None = None,
        save_options: SaveOptions | None = None,
        resume: Path | None = None,
        shown_as: str = "",
        view: str = "",
        flow_control: FlowControl | None = None,
        redraw: Callable[[], None],
        show_seeds: Callable[[], None],
        when_shown: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(link, frames_per_second)
        reopen = {"followed": Follow, "replay": Replay}.get(shown_as, Reopen)
        self.first_command: Start | StartFrom | Reopen = Start(config, paused)
        if resume is not None:
            self.first_command = reopen(resume, paused)
        self.show_seeds = show_seeds
        self.redraw, self._when_shown = redraw, when_shown
        self.controller = RunController(
            config, link, self, speed=speed, log=run_log, save_options=save_options
        )
        self.run = self.controller.run
        self.run.shown_as = shown_as
        self.refused: Refused | None = None
        self.options = ViewOptions(layer=max(0, len(config.hidden) - 1))
        self.panels = [panel(self.run, self.options) for panel in PANELS]
        self.arrangement = Arrangement(self, self.panels, view)
        self.exporter = Exporter(self)
        self.view, self.cursor = ViewController(self), CursorController(self)
        self._header = HeaderLine(self.run, lambda: self.arrangement.view)
        self.status = StatusLine(self.run, flow_control)
        self._header.speed = speed
        self._log_line = LogLine(self.run, self.options)
        self._footer = FooterLine(self.run, self.options)
        self.lines = [self._header, self.status, self._log_line, self._footer]
        self.notice = Notice(self.run)

    def on_mount(self) -> None:
        """Start the run: the process is already waiting for it."""
        if self.controller.settings.requested.diagnostics:
            self.view.show_layers(shown=True)
        self.view.update()
        if isinstance(self.first_command, Start):
            self._log_line.introduce(introduction(self.first_command.config))
        self.controller.launch(self.first_command)

    def on_unmount(self) -> None:
        """Cancel an export: the program does not wait for it to end."""
        self.exporter.cancel()

    def on_resize(self, _: events.Resize) -> None:
        """Choose the layout for the size."""
        self.view.update()

    # --- what the controller asks for

    def show_event(self, event: Event) -> None:
        """Show the change made by an event that the run model already includes."""
        with reported(self.app, "the run was not diagnosed"):
            if self.controller.diagnosis.update():
                self.view.update()
        with reported(self.app, f"{type(event).__name__} was not shown"):
            self._show(event)
        if self._when_shown is not None:
            self._when_shown()
        if not isinstance(event, Progress | Loading):
            self.frames.pull()

    def _show(self, event: Event) -> None:
        if isinstance(event, Run | BaselineFound | Moved | Branched):
            for panel in self.panels:
                panel.invalidate()
            self.view.measure_layers(again=isinstance(event, Run) and event.fresh)
        if isinstance(event, Run):
            self.options.follow(event)
            self.view.update()
            dialogs.refresh_data(self, event.note)
        if isinstance(event, Progress):
            if self.is_current:
                self.frames.paint_frame()
        elif isinstance(event, Loading):
            self.frames.paint_lines()
        else:
            self.frames.paint_all()

    def show_speed(self, speed: float | None) -> None:
        """Show the requested speed."""
        self._header.speed = speed

    def show_refusal(self, refused: Refused) -> None:
        """Show why the process has no run; without data to look at, exit with the reason."""
        if self.run.data is not None:
            self.show_note(refused.reason)
            return
        self.refused = refused
        self.app.exit()

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""
        self.run.note = note
        self.frames.paint_all()

    def clear_note(self) -> None:
        """Remove the sentence, unless it describes the state of the run."""
        if self.run.clear_note():
            self._log_line.repaint()
            self._footer.repaint()

    def confirm(self, question: str, act: Callable[[], object]) -> None:
        """Ask a yes-or-no question, and act on yes."""
        dialogs.confirm(self, question, act)

    # --- what panels and lines ask for

    @on(CurvePanel.TravelRequested)
    @on(StatusLine.TravelRequested)
    def _travel(self, event: CurvePanel.TravelRequested | StatusLine.TravelRequested) -> None:
        self.controller.travel.seek(event.epoch)

    @on(Panel.CursorMoved)
    def _set_cursor(self, event: Panel.CursorMoved) -> None:
        self.cursor.set(event.cursor, inspects=event.inspects)

    @on(NetworkPanel.EditRequested)
    def _edit_parameter(self, event: NetworkPanel.EditRequested) -> None:
        dialogs.edit_parameter(self, event)

    @on(LayersPanel.RemedyChosen)
    def _apply_remedy(self, event: LayersPanel.RemedyChosen) -> None:
        self.controller.diagnosis.apply(event.remedy)

    @on(BoundaryPanel.DataEdited)
    def _edit_data(self, event: BoundaryPanel.DataEdited) -> None:
        self.controller.confirm_branch(
            "Change the data at", lambda: self.controller.send(EditData(event.edit))
        )

    @on(BoundaryPanel.NotePosted)
    def _show_sentence(self, event: BoundaryPanel.NotePosted) -> None:
        self.show_note(event.note)
