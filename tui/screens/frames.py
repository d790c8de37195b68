"""Frame clock of the training screen: the lines are drawn first and alone, then the panels."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from textual.app import App

    from tui.drawing.canvas import Canvas
    from tui.panels.panel import Panel
    from tui.run_model import RunModel

LONGEST_WAIT: Final = 0.2
"""Seconds after which panels are drawn although Textual has not reported the lines as drawn."""
NUMBERS_INTERVAL: Final = 0.2
"""Least seconds between two frames that change numbers of lines and titles: more could not be read."""


class Framed(Protocol):
    """A screen of panels, with lines above and below them."""

    run: RunModel
    lines: list[Canvas]
    notice: Canvas

    @property
    def app(self) -> App[Any]:
        """The application."""

    @property
    def panels(self) -> Sequence[Panel]:
        """The panels."""

    def pull(self) -> None:
        """Request the next frame."""

    def call_later(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> bool:
        """Call back after the messages that are already waiting."""


class FrameClock:
    """Draws what changed, and requests the next frame once one is drawn.

    Attributes:
        is_waiting: whether panels are still to be drawn.
    """

    def __init__(self, screen: Framed) -> None:
        self._screen = screen
        self.is_waiting = self._is_frame = self._is_reply = self._is_pending = False
        self._timeout: asyncio.TimerHandle | None = None
        self._due = 0.0

    def pull(self) -> None:
        """Request the next frame, unless the run is at rest."""
        if not self._screen.run.is_at_rest:
            self._screen.pull()

    def paint_lines(self) -> None:
        """Draw the lines above and below the panels."""
        for line in self._screen.lines:
            line.repaint()

    def paint_frame(self) -> None:
        """Draw a frame: the panels, then, if numbers change in it, the lines, of the same epoch."""
        self._is_frame = True
        self._start_wait()

    def paint_all(self) -> None:
        """Draw everything: the lines first and alone, since they answer a key."""
        self.paint_lines()
        # a reply often arrives right after a frame, whose panels then have to wait
        self._is_reply = self.is_waiting
        self._start_wait()

    def _start_wait(self) -> None:
        if not self.is_waiting:
            self.is_waiting = True
            self._wait_for_lines()

    def _wait_for_lines(self) -> None:
        """Continue once the lines are drawn, or after LONGEST_WAIT at the latest."""
        self._is_pending = True
        output = self._screen.lines[-1].output
        if self._covers(self._screen.lines) or (output is not None and output.is_unused):
            asyncio.get_running_loop().call_soon(self._end_wait)  # after they are sent
            return
        # called on a line, because the screen does not know yet which lines are to be drawn
        self._screen.lines[-1].call_after_refresh(self._end_wait)
        # Textual passes that callback to the topmost dialog, and loses it when the dialog is closed
        self._timeout = asyncio.get_running_loop().call_later(
            LONGEST_WAIT, self._screen.call_later, self._end_wait
        )

    def _covers(self, widgets: Iterable[Canvas]) -> bool:
        """Return whether changes of all these widgets bypass Textual."""
        output = self._screen.lines[-1].output
        return output is not None and all(map(output.covers, widgets))

    def _end_wait(self) -> None:
        if not self._is_pending:
            return  # the wait has already ended
        self._is_pending = False
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
        if self._is_reply:
            self._is_reply = False
            self._wait_for_lines()
        else:
            self._paint_panels()

    def _paint_panels(self) -> None:
        is_frame, self._is_frame, self.is_waiting = self._is_frame, False, False
        shown = [panel for panel in self._screen.panels if panel.display]
        now = monotonic()
        shows_numbers = not is_frame or self._screen.run.is_at_rest or now >= self._due
        if is_frame and shows_numbers:
            self._due = now + NUMBERS_INTERVAL
        # the end of a batch wakes the application up, also if Textual draws nothing
        batch = nullcontext() if self._covers(shown) else self._screen.app.batch_update()
        try:
            with batch:
                for panel in shown:
                    panel.shows_numbers = shows_numbers
                    panel.repaint()
                self._screen.notice.repaint()
                if is_frame and shows_numbers:
                    self.paint_lines()
        finally:
            if is_frame:
                self.pull()
