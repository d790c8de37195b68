"""Base of the applications: the terminal, its colours, errors, signals, and an orderly exit."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from contextlib import suppress
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events
from textual._context import active_message_pump
from textual.app import App, ScreenStackError
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.filter import Monochrome, NoColor
from textual.screen import ModalScreen

from tui.announcer import AnnounceOptions, Announcer
from tui.drawing.rendering import CellRenderer, TerminalLook
from tui.drawing.textual_theme import WidgetFilter, css_variables, textual_theme
from tui.faults import Fault, ReportsFaults
from tui.terminal.capabilities import is_relayed, is_web, terminal_name
from tui.terminal.direct import DirectOutput
from tui.terminal.driver import DiffDriver, terminal_size
from tui.terminal.flow_control import FlowControl
from tui.terminal.screen_buffer import Area
from tui.terminal.suspend import ENDING, in_foreground, stop_until_foreground
from tui.terminal.title import TerminalTitle
from tui.terminal.type_ahead import TypeAhead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import FrameType

    from rich.console import RenderableType
    from textual.filter import LineFilter
    from textual.screen import Screen
    from textual.widget import Widget

    from tui.terminal.recording import Recording
    from tui.terminal.title import RunTitle

AT_ONCE: Final = frozenset({"ctrl+c", "ctrl+q", "ctrl+z"})
"""Keys that do not wait until the screen has handled earlier ones."""
TALL, BROAD = 32, 100
"""Rows and columns from which dialogs leave a part of the screen uncovered."""
EXIT_TIMEOUT: Final = 3.0
"""Seconds for an orderly exit after a signal, including the wait for the training process."""

START: Final = 2.0
"""Seconds without garbage collection, in which the first frames are drawn."""

DIALOG_RANK: Final = -1
"""Rank of a dialog's areas."""
DIALOG_TOP: Final = 2
"""Rows of a dialog that identify it: its title and the first line."""

RESIZE_CHECK: Final = 0.2
"""Seconds after a change of the terminal's size in which all screens have followed it."""


class ExitSignals:
    """Ends the application on a signal such as TERM or HUP.

    Attributes:
        received: the number of the signal, or 0.
        event_loop: of the application, once it runs.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self.received = 0
        self.event_loop: asyncio.AbstractEventLoop | None = None

    def install(self) -> None:
        """Handle the signals from now on."""
        for number in ENDING:
            signal.signal(number, self._on_signal)

    def exit(self) -> None:
        """Exit in order, with the status of a program ended by the signal."""
        self._app.exit(return_code=128 + self.received)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.event_loop is not None and self.event_loop.is_closed():
            raise SystemExit(128 + number)  # the screen is left already
        self.received = number
        # after a hang-up Textual may wait for ever to write to a terminal that no longer exists; the
        # training process ends by itself when its channel is closed
        deadline = Timer(EXIT_TIMEOUT, self._exit_now, (128 + number,))
        deadline.daemon = True
        deadline.start()
        if self.event_loop is not None:
            self.event_loop.call_soon_threadsafe(self.exit)

    def _exit_now(self, status: int) -> None:
        """Exit without the event loop, which does not respond; this runs in a thread."""
        if isinstance(self._app._driver, DiffDriver):
            self._app._driver.abandon_terminal()
        os._exit(status)


def _follow_terminal(app: App[None]) -> None:
    """Resize the application and its screens if they have missed the terminal's last change of size.

    The kernel may announce a change before the new size can be read. And Textual resizes the screens
    from a timer that never fires if the process is interrupted for 8 ms at the wrong moment.
    """
    if isinstance(app._driver, DiffDriver) and app.size != (size := terminal_size()):
        app.post_message(events.Resize(size, size))
    for screen in app.screen_stack:
        if screen.outer_size != app.size:
            screen.post_message(events.Resize(app.size, app.size))


class TerminalApp(ReportsFaults, App[None]):
    """Application with one main screen, which draws the cells that changed.

    Attributes:
        look: colours and glyphs of the terminal.
        renderer: draws with them.
        flow_control: measures the line to the terminal.
        exit_signals: end the application.
        has_failed: whether it ends because of an error.
        recording: of what is sent to the terminal, or None.
        main_screen: the screen below all dialogs.
        terminal_title: title of the terminal, by default none.
    """

    main_screen: Screen[None]

    CSS_PATH = Path(__file__).with_name("app.tcss")  # for subclasses in other folders too
    TITLE = "nnfs-tui"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (72, "-wide")]  # noqa: RUF012 (Textual's own type)
    BINDINGS: ClassVar[list[BindingType]] = [
        # also in a dialog
        Binding("ctrl+c,ctrl+q", "quit", "quit", show=False, priority=True),
        Binding("ctrl+z", "suspend_process", "suspend", show=False, priority=True),
        Binding("ctrl+l", "redraw", "redraw", show=False, priority=True),
    ]

    def __init__(
        self,
        look: TerminalLook | None = None,
        *,
        max_rate: float | None = None,
        recording: Recording | None = None,
    ) -> None:
        self.recording = recording
        self.look = look or TerminalLook()
        self.renderer = CellRenderer(self.look)
        self.cell_output = DirectOutput(self, self.renderer)
        App.__init__(self, driver_class=None if is_web(os.environ) else DiffDriver)
        ReportsFaults.__init__(self)
        own_theme = textual_theme(self.look)
        self.register_theme(own_theme)
        self.theme = own_theme.name
        # in the style sheets of Textual's widgets: no colours
        self.no_color = self.look.is_plain
        self._widget_form = WidgetFilter(self.look)
        self.animation_level = "none"
        self.flow_control = FlowControl(max_rate, is_blind=is_relayed(os.environ, terminal_name()))
        self.terminal_title = TerminalTitle(lambda: None)
        self._typed = TypeAhead(self, self._hand_on)
        self.exit_signals = ExitSignals(self)
        self.has_failed = False

    # --- overridden by applications

    def show_note(self, note: str) -> None:
        """Show a sentence on what happened."""

    def clear_note(self) -> None:
        """Remove that sentence, after a key."""

    def when_stopped(self) -> None:
        """Prepare for the stop of the program."""

    def when_continued(self) -> None:
        """Continue after the stop of the program."""

    # --- start

    def on_mount(self) -> None:
        """Show the main screen."""
        self.exit_signals.event_loop = asyncio.get_running_loop()
        self.exit_signals.event_loop.set_exception_handler(self._on_loop_error)
        if self._driver is not None and self._driver.can_suspend:
            # the driver's own handlers stop only this process, and set the terminal's modes a second
            # time after a SIGSTOP, so that they are never restored
            signal.signal(signal.SIGTSTP, _in_event_loop(self, self.action_suspend_process))
            signal.signal(signal.SIGCONT, _in_event_loop(self, self._continue))
        self.push_screen(self.main_screen)
        self.exit_signals.event_loop.call_later(START, _enable_garbage_collection)
        if self.exit_signals.received:
            self.exit_signals.exit()

    def get_css_variables(self) -> dict[str, str]:
        """Add the colours of the palette, as the terminal shows them."""
        return super().get_css_variables() | css_variables(self.look)

    def refresh_css(self, animate: bool = True) -> None:
        """Apply the style sheet, once there is a screen: before that, only the colours can change."""
        if self.screen_stack:
            super().refresh_css(animate)
        else:  # Textual parses it with the first screen, and would do so twice
            self.stylesheet.set_variables(self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the filters that limit Textual's own widgets to the terminal's colours and glyphs."""
        if self.look.is_plain:
            return [self._widget_form]
        # without Textual's grey for NO_COLOR, since an option can override NO_COLOR
        filters = [
            each
            for each in super().get_line_filters()
            if not isinstance(each, Monochrome | NoColor)
        ]
        return filters if self.look.glyphs == "unicode" else [*filters, self._widget_form]

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; keys wait until the screen has handled earlier ones."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif isinstance(event, events.Key) and event.key in AT_ONCE:
            await self._hand_on(event)
        else:
            await self._typed.dispatch(event)

    async def _hand_on(self, event: events.Key | events.Paste) -> None:
        if isinstance(event, events.Key):
            self.clear_note()
            if not isinstance(self.screen, ModalScreen):  # a dialog keeps its size
                self.set_class(self.flow_control.is_slow, "-slow")
        await super().on_event(event)

    def on_resize(self, event: events.Resize) -> None:
        """Send the whole screen: the terminal may have changed it with its size."""
        # not a breakpoint: Textual applies those to a dialog after drawing it once; `self.size` is set
        # by a later handler
        self.set_class(event.size.height >= TALL, "-tall")
        self.set_class(event.size.width >= BROAD, "-broad")
        if self.is_running and not self.cell_output.is_unused:
            # also at an unchanged size: a frame may have been drawn for a size between
            self.action_redraw()
        asyncio.get_running_loop().call_later(RESIZE_CHECK, _follow_terminal, self)

    def action_redraw(self) -> None:
        """Send the whole screen, after another program has written to the terminal."""
        if isinstance(self._driver, DiffDriver):
            self._driver.forget()
        if self.screen_stack:  # not at the end of the program
            self.screen.refresh(layout=True)

    def action_suspend_process(self) -> None:
        """Stop the program until the shell continues it."""
        if self._driver is None or not self._driver.can_suspend:
            return
        self._driver.suspend_application_mode()
        if self._stop(signal.SIGTSTP):
            self._driver.resume_application_mode()
            self.action_redraw()
            self.when_continued()

    def _continue(self) -> None:
        """Restore the screen after SIGSTOP, which cannot be handled, and SIGCONT."""
        if not isinstance(self._driver, DiffDriver):
            return
        if in_foreground() or self._stop():
            self._driver.reacquire_terminal()
            self.action_redraw()
            self.when_continued()
        else:
            self._driver.leave_to_shell()

    def _stop(self, number: signal.Signals | None = None) -> bool:
        """Stop until the program has the terminal; return False if a signal ends the program."""
        self.when_stopped()
        before = signal.signal(signal.SIGCONT, signal.SIG_DFL)
        try:
            return stop_until_foreground(lambda: self.exit_signals.received != 0, number)
        finally:
            signal.signal(signal.SIGCONT, before)

    def report(self, fault: Fault) -> None:
        """Record an error of the interface, and show it; the run continues."""
        self.keep(fault)
        self.show_note(fault.sentence)

    async def run_action(self, action: Any, *arguments: Any, **named: Any) -> bool:
        """Run the action of a key; if it fails, the key has no effect."""
        try:
            return await super().run_action(action, *arguments, **named)
        except Exception as error:
            name = action if isinstance(action, str) else action[1]
            self.report(Fault.of(f"{name.replace('_', ' ')} failed", error))
            return True

    @property
    def return_code(self) -> int | None:
        """The exit status, which is not 0 after an exception."""
        code = super().return_code
        return 1 if self.has_failed and not code else code

    def panic(self, *renderables: RenderableType) -> None:
        """End with an error message."""
        self.has_failed = True
        super().panic(*renderables)

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """End the program when a callback of the event loop fails.

        By default the error is only logged, and the screen stops: the failed callback would have
        scheduled the next one.
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
        # Textual ends the program for any error in a widget. An error in a dialog, including Textual's
        # own, closes only that dialog
        pump = active_message_pump.get(None)
        screen = None
        with suppress(ScreenStackError):  # before the first screen
            screen = pump.screen if isinstance(pump, DOMNode) and pump.is_attached else None
        if isinstance(screen, ModalScreen) and self.main_screen.is_attached and self.is_running:
            self.report(Fault.of("a dialog failed and was closed", error))
            self.call_later(_close_dialogs, self, screen)
        else:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self.has_failed = True
        super()._handle_exception(error)

    def pop_screen(self) -> AwaitComplete:
        """Close the screen on top, unless a dialog that is already closed asks for it.

        On a busy machine a dialog may handle a second `esc` after the first has closed it, and Textual
        would close the screen below, which then stays blank.
        """
        pump = active_message_pump.get(None)
        if isinstance(pump, DOMNode) and pump is not self:
            shown = {*pump.ancestors_with_self} & {*self.screen_stack}
            if not shown:
                return AwaitComplete()
        return super().pop_screen()

    def _when_line_is_clear(self, callback: Callable[[], None]) -> None:
        """Call back when the line to the terminal is ready for another frame."""
        if isinstance(self._driver, DiffDriver):
            self._driver.when_clear(callback)
        else:
            callback()


async def _close_dialogs(app: TerminalApp, lowest: ModalScreen[Any]) -> None:
    """Close a dialog that has failed, and those above it."""
    while lowest in app.screen_stack and isinstance(app.screen, ModalScreen):
        App.pop_screen(app)
    await app._typed.give_up()


def restore_terminal(app: App[None]) -> None:
    """Leave the screen, at the end of an application."""
    if isinstance(app._driver, DiffDriver):
        app._driver.stop_application_mode()


def announcer_of(
    app: TerminalApp, compute_title: Callable[[], RunTitle | None], options: AnnounceOptions | None
) -> Announcer:
    """Return what announces the run of an application; without options, it announces nothing."""
    announcer = Announcer(
        compute_title,
        options or AnnounceOptions(),
        os.environ,
        lambda codes: write_to_terminal(app, codes),
        lambda: app.app_focus,
    )
    app.terminal_title = announcer.title
    return announcer


def write_to_terminal(app: App[None], codes: str) -> None:
    """Send codes that change nothing on the screen, and the title if it is due."""
    if isinstance(app._driver, DiffDriver) and app._driver.is_open:
        if codes:
            app._driver.write(codes)
        asyncio.get_running_loop().call_soon(app._driver.pump)


def _enable_garbage_collection() -> None:
    if not gc.isenabled():
        gc.freeze()  # what was created at the start stays until the end
        gc.enable()


def _in_event_loop(
    app: TerminalApp, action: Callable[[], None]
) -> Callable[[int, FrameType | None], None]:
    """Return a signal handler that calls a function in the event loop."""
    loop = asyncio.get_running_loop()

    def handle(_: int, __: FrameType | None) -> None:
        loop.call_soon_threadsafe(app.call_later, action)

    return handle


def send_order(
    screen: Screen[object], lines: Iterable[Widget], panels: Iterable[Widget]
) -> list[Area]:
    """Return the areas of a screen, by rank.

    The lines come first, since they show the effect of a key; then the focused panel, then the others. A
    dialog is sent alone: its title, the focused field, and the rest. While the program ends, lines have
    no screen.
    """
    focused = screen.focused
    first = [line for line in lines if line.is_attached]
    second = [focused] if focused is not None else []
    dialog: list[Area] = []
    if any(line.screen is not screen for line in first):
        parts = [*_visible(screen.children)]
        dialog = [Area(*each.region[:3], DIALOG_TOP, DIALOG_RANK) for each in _shown(parts)]
        dialog += [Area(*each.region, DIALOG_RANK) for each in _shown([*second, *parts])]
        second = []
    ranked = ((first, 0), (second, 1), (list(panels), 2))
    return dialog + [
        Area(*widget.region, rank) for widgets, rank in ranked for widget in _shown(widgets)
    ]


def _shown(widgets: Iterable[Widget]) -> Iterator[Widget]:
    return (widget for widget in widgets if widget.display and widget.region.area)


def _visible(widgets: Iterable[Widget]) -> Iterator[Widget]:
    """Return the widgets, and of invisible ones the visible descendants."""
    for widget in widgets:
        if widget.visible:
            yield widget
        else:
            yield from _visible(widget.children)
