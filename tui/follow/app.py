"""Application that follows a run of another program: reads its log, draws, and handles keys."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Final, TypeVar

from textual.binding import Binding, BindingType
from textual.screen import Screen

from tui.drawing.canvas import Canvas
from tui.faults import reported
from tui.follow.announcer import FollowAnnouncer, title_of
from tui.follow.view import FollowView
from tui.terminal.screen_buffer import Area
from tui.terminal_app import TerminalApp, announcer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual import events
    from textual.app import ComposeResult

    from tui.announcer import AnnounceOptions
    from tui.drawing.cells import Cells
    from tui.drawing.rendering import TerminalLook
    from tui.follow.model import FollowModel
    from tui.terminal.recording import Recording

Value = TypeVar("Value")

READING: Final = 0.03
"""Seconds of one look at the files: a key is not delayed for longer."""

AGAIN: Final = 0.005
"""Seconds until the next look while parts of a file are still to be read."""

BETWEEN_LOOKS: Final = 0.1
BETWEEN_FRAMES: Final = 0.3
"""Seconds between two frames; digits that change more often are hard to read."""

AT_REST: Final = 2.0
"""Seconds between two frames while nothing is added: only the time since then changes."""

NOTE_SECONDS: Final = 4.0

RECENT: Final = (None, 1000, 100)
SMOOTHINGS: Final = (None, 0.6, 0.9, 0.97)
LOG_AXIS: Final = (None, True, False)
PAGE: Final = 10


class FollowCanvas(Canvas):
    """The whole screen."""

    def __init__(self, view: FollowView) -> None:
        super().__init__(id="follow")
        self._view = view

    def draw(self, width: int, height: int) -> Cells:
        return self._view.draw(width, height)

    def on_click(self, event: events.Click) -> None:
        """Set the cursor to the step under the pointer."""
        for block in self._view.blocks:
            column, row, width, height = block.place
            if column <= event.x < column + width and row <= event.y < row + height:
                self._view.options.cursor = block.step_at(event.x)
                self.repaint()


class FollowScreen(Screen[None]):
    """Reads the log at regular intervals, and draws what changed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "app.quit", show=False),
        Binding("up,k", "select(-1)", show=False),
        Binding("down,j", "select(1)", show=False),
        Binding("pageup", f"select(-{PAGE})", show=False),
        Binding("pagedown", f"select({PAGE})", show=False),
        Binding("home", "select(-100000)", show=False),
        Binding("end", "select(100000)", show=False),
        Binding("l", "toggle_log", show=False),
        Binding("f", "smooth", show=False),
        Binding("E", "next_range", show=False),
        Binding("m", "toggle_cursor", show=False),
        Binding("left", "move_cursor(-1)", show=False),
        Binding("right", "move_cursor(1)", show=False),
        Binding("ctrl+left", "move_cursor(-10)", show=False),
        Binding("ctrl+right", "move_cursor(10)", show=False),
        Binding("z", "zoom", show=False),
        Binding("question_mark", "help", show=False),
        Binding("escape", "go_back", show=False),
    ]

    def __init__(
        self,
        model: FollowModel,
        when_clear: Callable[[Callable[[], None]], None],
        when_changed: Callable[[], None],
    ) -> None:
        """Create the screen.

        Args:
            model: of the run.
            when_clear: calls back when the terminal is ready for a frame.
            when_changed: called after something new was read.
        """
        super().__init__()
        self._when_clear, self._when_changed = when_clear, when_changed
        self.model = model
        self.view = FollowView(model)
        self.canvas = FollowCanvas(self.view)
        self._timer: asyncio.TimerHandle | None = None
        self._drawn = 0.0
        self._has_changed = True
        self._is_requested = False
        self._note_ends = 0.0

    def compose(self) -> ComposeResult:
        """Place the canvas."""
        yield self.canvas

    def on_mount(self) -> None:
        """Start to read."""
        self._look()

    def on_unmount(self) -> None:
        """Stop to read."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """Read what is new, and draw it if the last frame is old enough and the line is clear."""
        with reported(self.app, "the log was not read"):
            if self.model.read(READING):
                self._has_changed = True
                self._when_changed()
            if self.model.follower.changed_run:
                self.model.follower.changed_run = False
                self.say("a newer run has started in this folder")
            if self.view.note and monotonic() > self._note_ends:
                self.view.note, self._has_changed = "", True
        wait = AGAIN if self.model.follower.is_behind else BETWEEN_LOOKS
        self._timer = asyncio.get_running_loop().call_later(wait, self._look)
        interval = BETWEEN_FRAMES if self._has_changed else AT_REST
        if monotonic() - self._drawn >= interval and not self._is_requested:
            self._is_requested = True
            self._when_clear(self._draw)

    def _draw(self) -> None:
        self._is_requested = self._has_changed = False
        self._drawn = monotonic()
        if self.is_attached:
            self.canvas.repaint()

    # --- keys

    def action_select(self, by: int) -> None:
        """Choose another metric."""
        self.view.selected += by
        self.canvas.repaint()

    def action_toggle_log(self) -> None:
        """Change the axis."""
        options = self.view.options
        is_log = self.view.blocks[0].has_log_axis
        options.logarithmic = not is_log if options.logarithmic is None else None
        words = {None: "axis: as the values need it", True: "axis: logarithmic"}
        self.say(words.get(options.logarithmic, "axis: linear"))

    def action_smooth(self) -> None:
        """Change the smoothed line."""
        options = self.view.options
        options.smoothing = _after(SMOOTHINGS, options.smoothing)
        weight = options.smoothing
        self.say("no smoothed line" if weight is None else f"smoothed with weight {weight:g}")

    def action_next_range(self) -> None:
        """Change the number of steps that are shown."""
        options = self.view.options
        options.recent = _after(RECENT, options.recent)
        what = self.model.unit
        self.say(
            f"all {what}s" if options.recent is None else f"the last {options.recent:,} {what}s"
        )

    def action_toggle_cursor(self) -> None:
        """Show or hide the cursor."""
        options = self.view.options
        options.cursor = self.model.newest_step if options.cursor is None else None
        self.canvas.repaint()

    def action_move_cursor(self, columns: int) -> None:
        """Move the cursor by columns."""
        options, newest = self.view.options, self.model.newest_step
        if options.cursor is not None and newest is not None:
            moved = options.cursor + columns * self.view.blocks[0].steps_per_cell
            options.cursor = min(max(moved, self.view.blocks[0].span[0]), newest)
            self.canvas.repaint()

    def action_zoom(self) -> None:
        """Show only the first curve, or everything."""
        self.view.is_zoomed = not self.view.is_zoomed
        self.canvas.repaint()

    def action_help(self) -> None:
        """Show or hide the keys."""
        self.view.shows_help = not self.view.shows_help
        self.canvas.repaint()

    def action_go_back(self) -> None:
        """Close the help, end the cursor, or show everything."""
        view = self.view
        if view.shows_help:
            view.shows_help = False
        elif view.options.cursor is not None:
            view.options.cursor = None
        else:
            view.is_zoomed = False
        self.canvas.repaint()

    def say(self, note: str) -> None:
        """Show a sentence instead of the diagnosis, for some seconds."""
        self.view.note, self._note_ends = note, monotonic() + NOTE_SECONDS
        self.canvas.repaint()


class FollowApp(TerminalApp):
    """Follows a run until the user quits."""

    def __init__(
        self,
        model: FollowModel,
        look: TerminalLook | None = None,
        *,
        max_rate: float | None = None,
        recording: Recording | None = None,
        announce: AnnounceOptions | None = None,
    ) -> None:
        super().__init__(look, max_rate=max_rate, recording=recording)
        announcer = FollowAnnouncer(model, announcer_of(self, lambda: title_of(model), announce))
        self.main_screen = self.following = FollowScreen(
            model, self._when_line_is_clear, announcer.update
        )
        self.following.view.look = self.look

    def show_note(self, note: str) -> None:
        self.following.say(note)

    def clear_note(self) -> None:
        self.following.view.note = ""

    def action_command_palette(self) -> None:
        """Open nothing: the keys are few."""

    def send_order(self) -> list[Area]:
        """Return the areas of the screen in the order in which they are sent: the lines first."""
        width, height = self.size
        lines = [Area(0, height - 3, width, 3, 0), Area(0, 0, width, 1, 0)]
        return [*lines, Area(0, 1, width, max(0, height - 4), 1)]


def _after(values: tuple[Value, ...], value: Value) -> Value:
    return values[(values.index(value) + 1) % len(values)]
