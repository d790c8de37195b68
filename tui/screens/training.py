"""The training screen: its panels, the frame clock, and what the keys of the view do."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Horizontal, Vertical

from core.process import BaselineFound, Branched, Loading, Moved, Progress, Run
from tui.faults import Fault, ReportsFaults
from tui.keys import bindings
from tui.panels.panel import Placement
from tui.panels.registry import PANELS
from tui.panels.view_options import ViewOptions
from tui.screens.arrangement import Arrangement
from tui.screens.status_bars import FooterLine, HeaderLine, LogLine, Notice, StatusLine
from tui.screens.view import ViewScreen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from textual import events
    from textual.app import ComposeResult
    from textual.binding import BindingType
    from textual.message import Message

    from core.config.run_config import RunConfig
    from core.process import Event, Refused
    from core.runs.autosaver import SaveOptions
    from tui.cli.run_log import RunLog
    from tui.drawing.canvas import Canvas
    from tui.process_link import ProcessLink
    from tui.terminal.flow_control import FlowControl


LONGEST_WAIT: Final = 0.2
"""Seconds after which panels are drawn although Textual has not reported the lines as drawn."""


class TrainingScreen(ViewScreen):
    """Shows one session in panels, as often as frames are due."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    AUTO_FOCUS = "#loss"

    def __init__(
        self,
        config: RunConfig,
        link: ProcessLink,
        *,
        speed: float | None = 30.0,
        frames_per_second: float = 10.0,
        paused: bool = False,
        run_log: RunLog | None = None,
        keeping: SaveOptions | None = None,
        resume: Path | None = None,
        flow_control: FlowControl | None = None,
    ) -> None:
        super().__init__(config, link, speed=speed, run_log=run_log, keeping=keeping)
        self._reopened = resume
        self.options = ViewOptions(layer=max(0, len(config.hidden) - 1))
        self._frame = 1 / frames_per_second
        self._paused = paused
        self._settling = self._is_frame = self._is_answer = False
        self._way_out: asyncio.TimerHandle | None = None
        self.refused: Refused | None = None
        self.panels = [panel(self.session, self.options) for panel in PANELS]
        self.arrangement = Arrangement(self, self.panels)
        self._header = HeaderLine(self.session)
        self._header.speed = speed
        self._status = StatusLine(self.session)
        self._flow_control = flow_control
        self._notice = Notice(self.session)
        self._log_line = LogLine(self.session)
        self._footer = FooterLine(self.session, self.options)
        self.lines: list[Canvas] = [
            self._header,
            self._status,
            self._log_line,
            self._footer,
        ]

    def compose(self) -> ComposeResult:
        """Place the panels."""
        header, status, log, footer = self.lines
        at = {
            place: [each for each in self.panels if each.placement is place] for place in Placement
        }
        yield header
        with Vertical(id="panels"):
            with Horizontal(id="top"):
                with Vertical(id="left"):
                    yield from at[Placement.LEFT]
                yield from (*at[Placement.CENTRE], *at[Placement.RIGHT])
            with Horizontal(id="bottom"):
                yield from at[Placement.BOTTOM]
        yield status
        yield log
        yield footer
        yield self._notice

    def on_mount(self) -> None:
        """Start the run: the process has been waiting for it."""
        self.arrangement.apply()
        if self._reopened is None:
            self.begin(self.session.config, paused=self._paused)
        else:
            self.resume(self._reopened, paused=self._paused)

    def on_resize(self, _: events.Resize) -> None:
        """Choose the layout for the size."""
        self.arrangement.apply()

    def on_screen_resume(self) -> None:
        """Catch up with what happened behind another screen."""
        self._paint_all()
        self._pull_if_moving()

    async def on_event(self, event: events.Event) -> None:
        """Hear an event; say what fails, for without this the whole program would end."""
        with self._guarded(event):
            await super().on_event(event)

    async def _on_message(self, message: Message) -> None:
        with self._guarded(message):
            await super()._on_message(message)

    @contextmanager
    def _guarded(self, message: object) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if not isinstance(self.app, ReportsFaults):
                raise
            self.app.report(Fault.of(f"{type(message).__name__} was not followed", error))

    def show_event(self, event: Event) -> None:
        with self._guarded(event):
            self._show(event)
        if not isinstance(event, Progress | Loading):
            self._pull_if_moving()

    def _show(self, event: Event) -> None:
        if isinstance(event, Run | BaselineFound | Moved | Branched):
            for panel in self.panels:
                panel.invalidate()
        if isinstance(event, Run):
            self.arrangement.apply()
            self.options.follow(event)
        if isinstance(event, Progress):
            if self.is_current:
                self._is_frame = True
                self._settle()
        elif isinstance(event, Loading):
            self.repaint_lines()
        else:
            self._paint_all()

    def pull(self) -> None:
        self._link.pull(self._frame)

    def action_show_line(self) -> None:
        """Show or hide what the line to the terminal carries."""
        self._status.flow_control = (
            self._flow_control if self._status.flow_control is None else None
        )
        self._status.repaint()

    def show_speed(self, speed: float | None) -> None:
        self._header.speed = speed

    def refuse(self, refused: Refused) -> None:
        if self.session.data is not None:
            self.show_note(refused.reason)  # there is a run to look at, though its process is gone
            return
        self.refused = refused
        self.app.exit()

    def _pull_if_moving(self) -> None:
        if not self.session.is_at_rest:
            self.pull()

    def repaint_lines(self) -> None:
        for line in self.lines:
            line.repaint()

    def _paint_all(self) -> None:
        """Draw everything as it is now: the lines first and alone, since they answer a key."""
        self.repaint_lines()
        # what answers a key often comes right behind a frame, whose panels then have to wait
        self._is_answer = self._settling
        self._settle()

    def _settle(self) -> None:
        """Draw the panels once what was drawn before is out."""
        if not self._settling:
            self._settling = True
            self._wait_for_lines()

    def _wait_for_lines(self) -> None:
        """Go on when the lines are drawn, or soon in any case."""
        # the screen itself knows nothing yet of what a line has to draw
        self.lines[-1].call_after_refresh(self._end_wait)
        # Textual hands that callback to the dialog on top, and loses it when the dialog is closed
        self._way_out = asyncio.get_running_loop().call_later(
            LONGEST_WAIT, self.call_later, self._end_wait
        )

    def _end_wait(self) -> None:
        if self._way_out is None:
            return  # it has ended the other way
        self._way_out.cancel()
        self._way_out = None
        if self._is_answer:
            self._is_answer = False
            self._wait_for_lines()
        else:
            self._paint_panels()

    def _paint_panels(self) -> None:
        is_frame, self._is_frame, self._settling = self._is_frame, False, False
        try:
            with self.app.batch_update():
                for panel in self.panels:
                    if panel.display:
                        panel.repaint()
                self._notice.repaint()
                if is_frame:
                    self.repaint_lines()
        finally:
            if is_frame:
                self._pull_if_moving()

    def show_note(self, note: str) -> None:
        self.session.note = note
        self._paint_all()

    def clear_note(self) -> None:
        """Forget what was said before."""
        if self.session.clear_note():
            self._log_line.repaint()
            self._footer.repaint()
