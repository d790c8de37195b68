"""Connection to the training process in the event loop: sends commands and receives events.

Frames are pulled: the screen requests a `Progress` when it is ready to draw one. At most one is on its
way, so none pile up, and a run at rest costs nothing.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from core.process.client import TrainingProcess
from core.process.messages import Failed, Pull

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.process.messages import Command, Event


SILENCE: Final = 2.0
"""Seconds without an event after which the link checks whether the process is stopped (SIGSTOP)."""
LONGEST_WAIT: Final = 1.0
"""Seconds after which a frame is requested although the line was not reported as clear."""


def _ignore(pid: int) -> None:
    del pid


class ProcessLink:
    """Owns one training process after another.

    Attributes:
        when_stopped: called with the process id of a process that is stopped and does not answer.
    """

    def __init__(
        self, process: TrainingProcess | None, when_clear: Callable[[Callable[[], None]], None]
    ) -> None:
        """Connect to a process; `when_clear` calls back when the terminal is ready for a frame.

        Without a process, one is started when it is first used.
        """
        self._started = process
        self._when_clear = when_clear
        self._is_waiting = False
        self._pulled_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timeout: asyncio.TimerHandle | None = None
        self._check: asyncio.TimerHandle | None = None
        self._events = self._events_when_sent = 0
        self.when_stopped: Callable[[int], None] = _ignore

    @property
    def process(self) -> TrainingProcess:
        """The current process."""
        return self.start()

    def start(self) -> TrainingProcess:
        """Return the current process; start the first one if there is none yet.

        Raises:
            OSError: when the system cannot start one.
        """
        if self._started is None:
            self._started = TrainingProcess()
        return self._started

    @property
    def ended(self) -> bool:
        """Whether the current process has ended."""
        return self._started is not None and self._started.ended

    async def listen(self, on_event: Callable[[Event], None]) -> None:
        """Pass on every event of the process until it ends, then `Failed` with the reason."""
        process = self.process
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        descriptor = process.fileno()  # it may be closed before this ends
        loop.add_reader(descriptor, readable.set)
        failed = False
        try:
            while not process.ended:
                await readable.wait()
                readable.clear()
                self._events += 1
                for event in process.receive():
                    failed = failed or isinstance(event, Failed)
                    on_event(event)
        finally:
            loop.remove_reader(descriptor)
            loop.remove_writer(descriptor)
        if not failed:
            reason = await asyncio.to_thread(process.why_it_ended)
            on_event(Failed(reason))

    def send(self, command: Command) -> None:
        """Send a command to the process, also before the event loop runs."""
        self.process.send(command)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return
        if self.process.backlog:
            # the process is not reading now; what it reads later may have no reply
            loop.add_writer(self.process.fileno(), self._send_rest)
        self._events_when_sent = self._events
        if self._check is None:
            self._check = loop.call_later(SILENCE, self._check_stopped)

    def pull(self, seconds_between: float) -> None:
        """Request the next `Progress`, at least this long after the last, and on a clear line."""
        if self._is_waiting:
            return
        self._is_waiting = True
        loop = asyncio.get_running_loop()
        wait = max(0.0, self._pulled_at + seconds_between - loop.time())
        self._timer = loop.call_later(wait, self._when_clear, self._pull)
        self._timeout = loop.call_later(wait + LONGEST_WAIT, self._pull)

    def restart(self) -> None:
        """Replace a process that has ended with a new one."""
        self.process.close()
        self._started = type(self.process)(self.process.module)

    def close(self) -> list[Event]:
        """End the process, and return its last events."""
        for timer in (self._timer, self._timeout, self._check):
            if timer is not None:
                timer.cancel()
        self._is_waiting = False  # for a process that is started afterwards
        return [] if self._started is None else self._started.close()

    def _pull(self) -> None:
        if not self._is_waiting:
            return  # already requested
        self._is_waiting = False
        if self._timeout is not None:
            self._timeout.cancel()
        self._pulled_at = asyncio.get_running_loop().time()
        self.send(Pull())

    def _send_rest(self) -> None:
        self.process.send_rest()
        if not self.process.backlog:
            asyncio.get_running_loop().remove_writer(self.process.fileno())

    def _check_stopped(self) -> None:
        self._check = None
        if self._events > self._events_when_sent or self.process.ended:
            return
        if self.process.is_stopped:
            self.when_stopped(self.process.pid)
        else:
            # busy, or the command has no reply; it may still be stopped later
            self._check = asyncio.get_running_loop().call_later(SILENCE, self._check_stopped)
