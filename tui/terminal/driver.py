"""Textual driver for Unix terminals that sends only changed cells, at the rate of the line."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import termios
from codecs import getincrementaldecoder
from collections import deque
from contextlib import suppress
from shutil import get_terminal_size
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from textual.drivers.linux_driver import LinuxDriver
from textual.events import CursorPosition, Key
from textual.geometry import Size

from tui.faults import Fault, ReportsFaults
from tui.terminal.clipboard import CLIPBOARD, through_multiplexer
from tui.terminal.flow_control import CURSOR_QUERY, FlowControl
from tui.terminal.input_parser import EscapeParser
from tui.terminal.screen_buffer import ScreenBuffer, is_frame
from tui.terminal.title import TerminalTitle

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from collections.abc import Callable, Sequence

    from textual.app import App
    from textual.message import Message

    from tui.drawing.rendering import TerminalLook
    from tui.terminal.recording import Recording
    from tui.terminal.screen_buffer import Area

RESET: Final = (
    b"\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[<u"
    b"\x1b[m\x1b[?1049l\x1b[?25h\x1b[?1004l"
)
"""Disables every mode that the program enables."""
SYNC_START, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"
"""Markers of output that a terminal with synchronised output shows in one go."""
FULL: Final = 0.05
"""Seconds until the next attempt to write to a terminal that accepts no output."""
MOST_QUEUED: Final = 200
"""Queued messages of the application above which no input is read."""
QUEUE_CHECK_INTERVAL: Final = 0.01
"""Seconds between two checks of a full queue."""
LONGEST_HOLD: Final = 0.5
"""Seconds after which a frame is drawn although the previous one has not been sent completely."""
REPLY_WAIT: Final = 15.0
"""Seconds to wait for replies at the end, at most, so that they do not go to the shell."""
PASTE_ON, PASTE_OFF, WRAP_OFF = "\x1b[?2004h", "\x1b[?2004l", "\x1b[?7l"
"""Bracketed paste and no line wrapping, as set by Textual's driver."""
MOUSE: Final = ("\x1b[?1002h", "\x1b[?1006h")
"""Reports of buttons and drags, in decimal numbers; a mouse that only moves sends nothing."""


class RestoresCells(Protocol):
    """Part of the application that writes cells into the screen buffer without Textual."""

    def restore(self) -> None:
        """Write again what a frame of Textual may have replaced by older cells."""


@runtime_checkable
class HasSendOrder(Protocol):
    """Application with flow control, a terminal look, a title, and an order in which areas are sent."""

    flow_control: FlowControl
    look: TerminalLook
    recording: Recording | None
    terminal_title: TerminalTitle
    cell_output: RestoresCells

    def send_order(self) -> Sequence[Area]:
        """Return the areas of the screen, by rank and then in order."""


def terminal_size() -> Size:
    """Columns and rows of the terminal now."""
    return Size(*get_terminal_size())


class DiffDriver(LinuxDriver):
    """Driver that stores Textual's frames and sends their differences when the line is free.

    Attributes:
        buffer: the screen.
        is_open: whether output is sent.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._event_loop = asyncio.get_running_loop()
        self._watched = app if isinstance(app, HasSendOrder) else None
        self._flow_control = (
            self._watched.flow_control if self._watched is not None else FlowControl()
        )
        self._title = (
            self._watched.terminal_title
            if self._watched is not None
            else TerminalTitle(lambda: None)
        )
        self._output = sys.stderr.fileno() if sys.__stderr__ is None else sys.__stderr__.fileno()
        colours = self._watched.look.colours if self._watched is not None else "truecolor"
        self._recording = self._watched.recording if self._watched is not None else None
        self.buffer = ScreenBuffer(to_256=colours == "256")
        self.is_open = self._is_synchronized = self._has_terminal = False
        self._settings: list[Any] | None = None
        self._timer: TimerHandle | None = None
        self._replies: deque[float] = deque()
        self._reply_came = Event()
        self._held: Callable[[], None] | None = None
        self._held_until = 0.0

    def write(self, data: str) -> None:
        """Send a mode or a query; store a frame."""
        if is_frame(data):
            size = terminal_size()
            before = self.buffer.size
            if before != size:
                self.buffer.resize(*size)
                if self._recording is not None:
                    self._recording.resized(*size)
            self.buffer.apply(data)
            if self._watched is not None:
                self._watched.cell_output.restore()
            # the first frame is a whole screen
            is_outdated = before not in {size, (0, 0)} or self.buffer.overflowed
            if is_outdated and self._app.screen_stack:
                # part of a screen, or drawn for an outdated size, which Textual does not notice
                self._app.call_later(self._app.screen.refresh, layout=True)
            # at once: the response to a key must not wait until all panels are drawn
            self.pump()
        elif data in {SYNC_START, SYNC_END}:
            self._is_synchronized = True
        else:
            is_copy = data.startswith(CLIPBOARD)
            super().write(through_multiplexer(data, os.environ) if is_copy else data)

    def forget(self) -> None:
        """Send the whole screen again, since the content of the terminal is unknown."""
        self.buffer.invalidate()
        self._pump_in(0.0)

    def when_clear(self, callback: Callable[[], None]) -> None:
        """Call back when everything has been sent and the line is free, or after `LONGEST_HOLD` seconds.

        A new callback replaces the previous one.
        """
        self._held, self._held_until = callback, monotonic() + LONGEST_HOLD
        self._pump_in(0.0)

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._has_terminal = True
        # clears the shell's output on terminals without an alternate screen
        super().write(f"{self._title.start()}\x1b[H\x1b[2J")
        with suppress(termios.error):
            self._settings = termios.tcgetattr(self.fileno)
        self.buffer.resize(0, 0)
        self._flow_control.reset()
        self._replies.clear()
        self.is_open = True
        if self._flow_control.should_query(monotonic()):
            # before anything is drawn: measures the round trip of the idle line
            super().write(CURSOR_QUERY)
            self._flow_control.on_query(monotonic())

    def stop_application_mode(self) -> None:
        """Restore the terminal, unless the program ends while suspended."""
        if self._has_terminal:
            try:
                self.disable_input()
                # without an alternate screen, the shell would write over the screen's content
                last_row = get_terminal_size().lines
                super().write(f"{self._title.stop()}\x1b[m\x1b[H\x1b[J\x1b[{last_row}H")
                super().stop_application_mode()
            except BaseException:
                self.exit_event.set()  # the interpreter waits for the input thread
                raise
            finally:
                self._has_terminal = False

    def reacquire_terminal(self) -> None:
        """Set up the terminal after a stop (SIGSTOP) that left no time to restore it for the shell.

        The input thread is not replaced: with the shell's line settings it may be waiting for a whole
        line.
        """
        if self._settings is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._settings)
        super().write("\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[H\x1b[2J")
        self._enable_mouse_support()
        super().write(f"{PASTE_ON}{WRAP_OFF}")
        self._flow_control.reset()
        self._replies.clear()
        self._title.forget()  # the shell may have set its own; the one before is still saved
        self.forget()

    def abandon_terminal(self) -> None:
        """Restore the terminal at once, from any thread, if it accepts output."""
        if not self._has_terminal:
            return
        with suppress(termios.error, OSError):
            if self.attrs_before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, self.attrs_before)
            if self._accepts_output():
                os.write(self._output, self._title.stop().encode() + RESET)

    def leave_to_shell(self) -> None:
        """End in the background: keep the line settings, which are the shell's."""
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # modes are still disabled
        self.attrs_before = None

    def disable_input(self) -> None:
        """Stop reading input, after waiting for the last replies, which would go to the shell."""
        if not self._has_terminal:
            return
        if self.is_open:
            self.is_open = False
            self._disable_mouse_support()
            super().write(PASTE_OFF)
            deadline = min(self._flow_control.reply_deadline, monotonic() + REPLY_WAIT)
            while self._flow_control.pending_queries and (left := deadline - monotonic()) > 0:
                self._reply_came.wait(left)
                self._handle_replies()
        super().disable_input()

    def _enable_mouse_support(self) -> None:
        if self._mouse:
            for mode in MOUSE:
                super().write(mode)

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            for mode in MOUSE:
                super().write(mode.replace("h", "l"))

    def run_input_thread(self) -> None:
        """Read input as the base class does, but with a parser for untrusted input."""
        decode = getincrementaldecoder("utf-8")("surrogateescape").decode
        parser = self._new_parser()
        while not self.exit_event.is_set():
            self._wait_for_application()
            is_readable = select.select([self.fileno], [], [], parser.patience)[0]
            data = os.read(self.fileno, 4096) if is_readable else b""
            if is_readable and not data:
                # the terminal is gone; the kernel signals that only to the processes which it controls
                os.kill(os.getpid(), signal.SIGHUP)
                return
            try:
                messages = parser.feed(decode(data)) if is_readable else parser.tick()
            except Exception as error:  # no input may end the program
                parser, messages = self._new_parser(), []
                self._report(Fault.of("a key was ignored", error))
            for message in messages:
                self.process_message(message)

    def _wait_for_application(self) -> None:
        """Wait while the application's queue is full: a flood of keys would fill the memory."""
        while self.is_open and self._app.message_queue_size > MOST_QUEUED:
            if self.exit_event.wait(QUEUE_CHECK_INTERVAL):
                return

    def _new_parser(self) -> EscapeParser:
        return EscapeParser(is_reply_due=lambda: self._flow_control.pending_queries > 0)

    def _report(self, fault: Fault) -> None:
        if isinstance(self._app, ReportsFaults):
            self._event_loop.call_soon_threadsafe(self._app.call_later, self._app.report, fault)

    def process_message(self, message: Message) -> None:
        """Consume replies to cursor queries, and pass on everything else. Runs in the input thread."""
        if isinstance(message, CursorPosition):
            self._replies.append(monotonic())
            self._reply_came.set()
            if self.is_open:
                self._event_loop.call_soon_threadsafe(self.pump)
        else:
            if isinstance(message, Key) and message.key == "enter":
                self._flow_control.on_enter(monotonic())
            super().process_message(message)

    def _handle_replies(self) -> None:
        self._reply_came.clear()
        while self._replies:
            self._flow_control.on_reply(self._replies.popleft())

    def _pump_in(self, seconds: float) -> None:
        self._cancel_timer()
        self._timer = self._event_loop.call_later(seconds, self.pump)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def pump(self) -> None:
        """Send as much as flow control allows, and schedule the next attempt."""
        self._cancel_timer()
        if not self.is_open:
            return
        self._handle_replies()
        now = monotonic()
        try:
            self._send_all_allowed(now)
        finally:
            # after a failure, too, the rest is sent later
            title_due = self._title.due_in(now)
            if self._timer is None and (
                self.buffer.has_changes or self._held is not None or title_due is not None
            ):
                self._schedule_check(now, title_due)

    def _send_all_allowed(self, now: float) -> None:
        room = self._flow_control.budget(now)
        while room and (self.buffer.has_changes or self._title.due_in(now) == 0.0):
            if not self._accepts_output():
                self._pump_in(FULL)
                room = 0
                break
            if self.buffer.has_changes and self._flow_control.should_query(now):
                super().write(CURSOR_QUERY)
                self._flow_control.on_query(now)
            else:
                self._send(room, now)
            room = self._flow_control.budget(now)
        waits, held = self.buffer.has_changes, self._held
        if held is not None and ((room and not waits) or now >= self._held_until):
            self._held = None
            held()

    def _schedule_check(self, now: float, title_due: float | None) -> None:
        """Schedule the next attempt, in case that no reply arrives before."""
        again = self._flow_control.next_check(now)
        if title_due is not None:
            title_due = max(title_due, FULL)
            again = title_due if again is None else min(again, title_due)
        if self._held is not None:
            again = min(LONGEST_HOLD if again is None else again, self._held_until - now)
        if again is not None:
            self._pump_in(max(0.0, again))

    def _send(self, room: int, now: float) -> None:
        areas = self._watched.send_order() if self._watched is not None else ()
        is_frame_due = self.buffer.has_changes
        data = self.buffer.next_update(room, areas)
        if self._recording is not None and data:
            self._recording.sent(data)
        if self._is_synchronized and data:
            data = f"{SYNC_START}{data}{SYNC_END}"
        data = self._title.update(now) + data
        super().write(data + CURSOR_QUERY if self._flow_control.is_measuring else data)
        self._flow_control.on_send(len(data.encode()), now)
        if is_frame_due and not self.buffer.has_changes:
            self._flow_control.on_frame_shown(now)

    def _accepts_output(self) -> bool:
        """Return whether the terminal accepts output; otherwise the writer thread's queue would grow."""
        return bool(select.select([], [self._output], [], 0)[1])
