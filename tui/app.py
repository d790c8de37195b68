"""The application: one training screen, the command palette, and a clean end however it comes."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from threading import Timer
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events
from textual._context import active_message_pump
from textual.app import App, ScreenStackError, SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.filter import Monochrome, NoColor
from textual.screen import ModalScreen

from tui.drawing.rendering import CellRenderer, TerminalLook
from tui.drawing.terminal_text import key_name
from tui.drawing.textual_theme import WidgetFilter, css_variables, textual_theme
from tui.faults import Fault, ReportsFaults
from tui.keys import KEYS
from tui.process_link import ProcessLink
from tui.screens.send_order import send_order
from tui.screens.training import TrainingScreen
from tui.terminal.capabilities import is_relayed, terminal_name
from tui.terminal.driver import DiffDriver
from tui.terminal.flow_control import FlowControl
from tui.terminal.suspend import ENDING, in_foreground, stop_until_foreground
from tui.terminal.type_ahead import TypeAhead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path
    from types import FrameType

    from rich.console import RenderableType
    from textual.filter import LineFilter
    from textual.screen import Screen

    from core.config.run_config import RunConfig
    from core.process import TrainingProcess
    from core.runs.autosaver import SaveOptions
    from tui.cli.run_log import RunLog
    from tui.terminal.screen_buffer import Area

AT_ONCE: Final = frozenset({"ctrl+c", "ctrl+q", "ctrl+z"})
"""Keys that wait for no other."""
LAST_WORDS: Final = 3.0
"""Seconds that an orderly end may take after a signal; the training process is waited for in them."""


class NnfsApp(ReportsFaults, App[None]):
    """Watches one training process; ends it when it goes."""

    CSS_PATH = "app.tcss"
    TITLE = "nnfs-tui"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide")]  # noqa: RUF012 (Textual's own type)
    BINDINGS: ClassVar[list[BindingType]] = [
        # at once, and from any dialog
        Binding("ctrl+c,ctrl+q", "quit", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, priority=True),
    ]

    def __init__(
        self,
        config: RunConfig,
        process: TrainingProcess,
        *,
        speed: float | None = 30.0,
        frames_per_second: float = 10.0,
        max_rate: float | None = None,
        paused: bool = False,
        run_log: RunLog | None = None,
        look: TerminalLook | None = None,
        keeping: SaveOptions | None = None,
        resume: Path | None = None,
    ) -> None:
        self.look = look or TerminalLook()
        self.renderer = CellRenderer(self.look)
        App.__init__(self, driver_class=DiffDriver)
        ReportsFaults.__init__(self)
        own_theme = textual_theme(self.look)
        self.register_theme(own_theme)
        self.theme = own_theme.name
        # what the widgets' own style sheets call the lack of colours
        self.no_color = self.look.is_plain
        self._widget_form = WidgetFilter(self.look)
        self.animation_level = "none"
        self.flow_control = FlowControl(max_rate, is_blind=is_relayed(os.environ, terminal_name()))
        self.link = ProcessLink(process, self._when_line_is_clear)
        self._typed = TypeAhead(self, self._hand_on)
        self.signal_received = 0
        self.has_failed = False
        self._event_loop: asyncio.AbstractEventLoop | None = None
        self.training = TrainingScreen(
            config,
            self.link,
            speed=speed,
            frames_per_second=frames_per_second,
            paused=paused,
            run_log=run_log,
            keeping=keeping,
            resume=resume,
            flow_control=self.flow_control,
            redraw=self.action_redraw,
        )
        self.training.options.halves = self.renderer.has_halves

    def on_mount(self) -> None:
        """Show the run."""
        self._event_loop = asyncio.get_running_loop()
        self._event_loop.set_exception_handler(self._on_loop_error)
        if self._driver is not None and self._driver.can_suspend:
            # the driver's own handlers stop without the training process, and take the terminal a
            # second time after a SIGSTOP, so that its modes are never restored
            signal.signal(signal.SIGTSTP, self._on_signal(self.action_suspend_process))
            signal.signal(signal.SIGCONT, self._on_signal(self._continue))
        self.push_screen(self.training)
        if self.signal_received:
            self._leave()

    def get_css_variables(self) -> dict[str, str]:
        """Add the palette, as the terminal shows it."""
        return super().get_css_variables() | css_variables(self.look)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what brings Textual's own widgets to what the terminal shows."""
        if self.look.is_plain:
            return [self._widget_form]
        # Textual's grey for NO_COLOR is not wanted: whoever asks for colours by an option gets them
        filters = [
            each
            for each in super().get_line_filters()
            if not isinstance(each, Monochrome | NoColor)
        ]
        return filters if self.look.glyphs == "unicode" else [*filters, self._widget_form]

    def on_unmount(self) -> None:
        """Leave no process behind, and know the epochs that it trained last, which it has saved."""
        if isinstance(self._driver, DiffDriver):
            # the training process may have to end a long batch, and a signal's deadline may come first
            self._driver.stop_application_mode()
        for event in self.link.close():
            self.training.controller.record(event)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Offer everything that has a key in the command palette, too."""
        # the others would lay the screen out against its own keys, say their help twice, or change
        # the colours of half of the screen
        for command in super().get_system_commands(screen):
            if command.title == "Screenshot":
                yield command
        seen = set()
        for row, key in enumerate(KEYS):
            if key.bound and key.help not in seen and not key.shown.isdigit():
                seen.add(key.help)

                def press(row: int = row) -> None:
                    self.training.action_press(row)

                yield SystemCommand(
                    key.help.capitalize(), f"key: {key_name(key.shown, self.look)}", press
                )

    async def on_event(self, event: events.Event) -> None:
        """Let go of what was said before a key was pressed; what that one does may say more."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif isinstance(event, events.Key) and event.key in AT_ONCE:
            await self._hand_on(event)
        else:
            await self._typed.dispatch(event)

    async def _hand_on(self, event: events.Key | events.Paste) -> None:
        if isinstance(event, events.Key):
            self.training.clear_note()
        await super().on_event(event)

    def send_order(self) -> list[Area]:
        """Return what a person looks at, the first first."""
        return send_order(self.screen, self.training.lines, self.training.panels)

    def on_resize(self) -> None:
        """Trust nothing that the terminal showed before it changed its size."""
        self._forget_screen()

    def action_redraw(self) -> None:
        """Draw the whole screen again, after something else has written on it."""
        self._forget_screen()
        self.screen.refresh(layout=True)

    def action_suspend_process(self) -> None:
        """Stop, with the training, until the shell continues both."""
        if self._driver is None or not self._driver.can_suspend:
            return
        self._driver.suspend_application_mode()
        if self._stop(signal.SIGTSTP):
            self._driver.resume_application_mode()
            self.action_redraw()
            self.training.controller.resume_after_suspend()

    def _continue(self) -> None:
        """Take the terminal again after a stop that was not announced (SIGSTOP)."""
        if not isinstance(self._driver, DiffDriver):
            return
        if in_foreground() or self._stop():
            self._driver.reacquire_terminal()
            self.action_redraw()
            self.training.controller.resume_after_suspend()
        else:
            self._driver.leave_to_shell()

    def _stop(self, number: signal.Signals | None = None) -> bool:
        """Stop until the program has the terminal; return False if it is to end instead."""
        self.training.controller.pause_for_suspend()
        before = signal.signal(signal.SIGCONT, signal.SIG_DFL)
        try:
            return stop_until_foreground(lambda: self.signal_received != 0, number)
        finally:
            signal.signal(signal.SIGCONT, before)

    def _on_signal(self, action: Callable[[], None]) -> Callable[[int, FrameType | None], None]:
        def later(_: int, __: FrameType | None) -> None:
            if self._event_loop is not None:
                self._event_loop.call_soon_threadsafe(self.call_later, action)

        return later

    def report(self, fault: Fault) -> None:
        """Remember what failed, and say so; the run goes on."""
        self.keep(fault)
        self.training.show_note(fault.sentence)

    async def run_action(self, action: Any, *arguments: Any, **named: Any) -> bool:
        """Do what a key asks for; where that fails, the key does nothing."""
        try:
            return await super().run_action(action, *arguments, **named)
        except Exception as error:
            told = action if isinstance(action, str) else action[1]
            self.report(Fault.of(f"{told.replace('_', ' ')} did not work", error))
            return True

    @property
    def return_code(self) -> int | None:
        """The exit status; after an exception never 0, whatever happened since."""
        code = super().return_code
        return 1 if self.has_failed and not code else code

    def panic(self, *renderables: RenderableType) -> None:
        """End with an error message."""
        self.has_failed = True
        super().panic(*renderables)

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End where a callback of the event loop fails, as where a message's handler does.

        By default that is logged. The screen would stand still: no callback comes after it.
        """
        error = context.get("exception")
        if "handle" not in context or not isinstance(error, Exception):
            loop.default_exception_handler(context)
            return
        try:
            raise error
        except Exception as raised:
            self._fail(raised)

    def _handle_exception(self, error: Exception) -> None:
        # Textual ends the program for whatever fails in a widget. What fails in a dialog, one of its
        # own among them, costs that dialog alone
        pump = active_message_pump.get(None)
        screen = None
        with suppress(ScreenStackError):  # before the first
            screen = pump.screen if isinstance(pump, DOMNode) and pump.is_attached else None
        if isinstance(screen, ModalScreen) and self.training.is_attached and self.is_running:
            self.report(Fault.of("a dialog was closed", error))
            self.call_later(self._close, screen)
        else:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.has_failed = True
        super()._handle_exception(error)

    async def _close(self, dialog: ModalScreen[Any]) -> None:
        while dialog in self.screen_stack and isinstance(self.screen, ModalScreen):
            self.pop_screen()
        await self._typed.give_up()

    def _when_line_is_clear(self, callback: Callable[[], None]) -> None:
        """Call back when the line to the terminal is ready for another frame."""
        if isinstance(self._driver, DiffDriver):
            self._driver.when_clear(callback)
        else:
            callback()

    def _forget_screen(self) -> None:
        if isinstance(self._driver, DiffDriver):
            self._driver.forget()

    def leave_on_signals(self) -> None:
        """End in order when the system says so, or at once if the terminal takes nothing any more."""
        for number in ENDING:
            signal.signal(number, self._note_signal)

    def _note_signal(self, number: int, _: FrameType | None) -> None:
        self.signal_received = number
        # after a hang-up Textual may wait for ever to write its last words to a terminal that is
        # gone; the training process ends by itself when its channel is closed
        deadline = Timer(LAST_WORDS, self._end_now, (128 + number,))
        deadline.daemon = True
        deadline.start()
        if self._event_loop is not None:
            self._event_loop.call_soon_threadsafe(self._leave)

    def _end_now(self, status: int) -> None:
        """End without the event loop, which does not come to it; this runs in a thread."""
        if isinstance(self._driver, DiffDriver):
            self._driver.abandon_terminal()
        os._exit(status)

    def _leave(self) -> None:
        self.exit(return_code=128 + self.signal_received)
