"""The bridge to the training process: an asyncio watcher that hands its events to the screen.

Frames are pulled: the screen asks for a `Progress` when it is ready to draw one, so there is never
more than one on its way, nothing piles up, and a run at rest costs nobody anything.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from core.process import Failed, Pull, TrainingProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.process import Command, Event


SILENCE: Final = 2.0
"""Seconds without an answer after which it is looked whether somebody has stopped the process."""
LONGEST_WAIT: Final = 1.0
"""Seconds after which a frame is asked for although the line was not reported as clear."""


def _nobody_minds(pid: int) -> None:
    del pid


class ProcessLink:
    """Owns one training process after another.

    Attributes:
        when_stopped: is told the number of a process that does not answer, for somebody stopped it.
    """

    def __init__(
        self, process: TrainingProcess, when_clear: Callable[[Callable[[], None]], None]
    ) -> None:
        """Take a process, and what calls back when the line to the terminal can have a frame."""
        self._process = process
        self._when_clear = when_clear
        self._is_waiting = False
        self._pulled_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._way_out: asyncio.TimerHandle | None = None
        self._doubt: asyncio.TimerHandle | None = None
        self._heard = self._heard_when_asked = 0
        self.when_stopped: Callable[[int], None] = _nobody_minds

    @property
    def process(self) -> TrainingProcess:
        """The process that runs now."""
        return self._process

    @property
    def ended(self) -> bool:
        """Whether that process has ended."""
        return self._process.ended

    async def listen(self, tell: Callable[[Event], None]) -> None:
        """Tell every event of the process until it ends, and then why it did."""
        process = self._process
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(process.fileno(), readable.set)
        failed = False
        try:
            while not process.ended:
                await readable.wait()
                readable.clear()
                self._heard += 1
                for event in process.receive():
                    failed = failed or isinstance(event, Failed)
                    tell(event)
        finally:
            loop.remove_reader(process.fileno())
            loop.remove_writer(process.fileno())
        if not failed:
            reason = await asyncio.to_thread(process.why_it_ended)
            tell(Failed(reason))

    def send(self, command: Command) -> None:
        """Send a command to the process."""
        loop = asyncio.get_running_loop()
        self._process.send(command)
        if self._process.backlog:
            # it does not read now, and what it reads later may have no answer that would be noticed
            loop.add_writer(self._process.fileno(), self._send_rest)
        self._heard_when_asked = self._heard
        if self._doubt is None:
            self._doubt = loop.call_later(SILENCE, self._doubt_it)

    def pull(self, seconds_between: float) -> None:
        """Ask for the next `Progress`, no sooner than so long after the last, and on a clear line."""
        if self._is_waiting:
            return
        self._is_waiting = True
        loop = asyncio.get_running_loop()
        wait = max(0.0, self._pulled_at + seconds_between - loop.time())
        self._timer = loop.call_later(wait, self._when_clear, self._pull)
        self._way_out = loop.call_later(wait + LONGEST_WAIT, self._pull)

    def restart(self) -> None:
        """Replace a process that ended by a new one."""
        self._process.close()
        self._process = TrainingProcess()

    def close(self) -> list[Event]:
        """End the process, and return what it said last."""
        for timer in (self._timer, self._way_out, self._doubt):
            if timer is not None:
                timer.cancel()
        return self._process.close()

    def _pull(self) -> None:
        if not self._is_waiting:
            return  # it was asked for the other way
        self._is_waiting = False
        if self._way_out is not None:
            self._way_out.cancel()
        self._pulled_at = asyncio.get_running_loop().time()
        self.send(Pull())

    def _send_rest(self) -> None:
        self._process.send_rest()
        if not self._process.backlog:
            asyncio.get_running_loop().remove_writer(self._process.fileno())

    def _doubt_it(self) -> None:
        self._doubt = None
        if self._heard > self._heard_when_asked or self._process.ended:
            return
        if self._process.is_stopped:
            self.when_stopped(self._process.pid)
        else:
            # it may be busy, or have nothing to answer; whether it is stopped later is to be seen, too
            self._doubt = asyncio.get_running_loop().call_later(SILENCE, self._doubt_it)
