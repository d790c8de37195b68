"""A screen of panels that show what a background process reports: frames, keys and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from textual import on, work
from textual.screen import Screen

from tui.faults import reported
from tui.screens.arrangement import PanelArea
from tui.screens.frames import FrameClock
from tui.screens.status_bars import FooterLine

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual import events
    from textual.app import ComposeResult
    from textual.message import Message

    from core.process.messages import Event
    from tui.drawing.canvas import Canvas
    from tui.panels.panel import Panel
    from tui.process_link import ProcessLink
    from tui.run_model import RunModel
    from tui.screens.arrangement import Arrangement


class Controller(Protocol):
    """Receiver of the events of the process."""

    def on_event(self, event: Event) -> None:
        """Handle an event."""


class LiveScreen(Screen[None]):
    """A header, panels, a status line, a sentence and a footer, drawn as events arrive.

    Attributes:
        rows: the tables of keys, in the order of the bindings.
        controller: handles the events of the process.
        run: what the lines describe.
        panels: in the order of their keys.
        arrangement: places them.
        lines: header, status line, line of sentences, and footer.
        notice: what covers the panels while there is no run.
        frames: draws what changed.
    """

    rows: ClassVar[Sequence[Any]]
    controller: Controller
    run: RunModel
    panels: list[Panel]
    arrangement: Arrangement
    lines: list[Canvas]
    notice: Canvas

    def __init__(self, link: ProcessLink, frames_per_second: float) -> None:
        """Create the screen.

        Args:
            link: to the process.
            frames_per_second: at most.
        """
        super().__init__()
        self._link, self._frame = link, 1 / frames_per_second
        self.frames = FrameClock(self)

    def compose(self) -> ComposeResult:
        """Place the panels."""
        header, status, log, footer = self.lines
        yield header
        yield PanelArea(self.arrangement, self.panels)
        yield status
        yield log
        yield footer
        yield self.notice

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
        """Call the handler of a row of the tables of keys."""
        key = self.rows[row]
        if key.handler is not None:
            self.press(key.handler, key.shown)

    @on(FooterLine.Pressed)
    def _press_in_footer(self, event: FooterLine.Pressed) -> None:
        self.press(event.handler, event.key)

    def press(self, handler: Callable[[Any], object], key: str) -> None:
        """Call the handler of a key; if it fails, the key has no effect."""
        with reported(self.app, f"key {key} failed"):
            handler(self)

    # --- what the controller asks for

    @work(exclusive=True, group="training")
    async def listen(self) -> None:
        """Pass every event of the process to the controller, until the process ends."""
        await self._link.listen(self.controller.on_event)

    def pull(self) -> None:
        """Request the next frame."""
        self._link.pull(self._frame)
