"""The bridge to the training process: an asyncio watcher that hands its events to the screen.

Frames are pulled: the screen asks for a `Progress` when it is ready to draw one, so there is never
more than one on its way, nothing piles up, and a run at rest costs nobody anything.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.process import Failed, Pull, TrainingProcess

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.process import Command, Event


class Link:
    """Owns one training process after another."""

    def __init__(
        self, process: TrainingProcess, when_clear: Callable[[Callable[[], None]], None]
    ) -> None:
        """Take a process, and what calls back when the line to the terminal can have a frame."""
        self._process = process
        self._when_clear = when_clear
        self._is_waiting = False
        self._pulled_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def process(self) -> TrainingProcess:
        """The process that runs now."""
        return self._process

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
                for event in process.receive():
                    failed = failed or isinstance(event, Failed)
                    tell(event)
        finally:
            loop.remove_reader(process.fileno())
        if not failed:
            reason = await asyncio.to_thread(process.why_it_ended)
            tell(Failed(reason))

    def send(self, command: Command) -> None:
        """Send a command to the process."""
        self._process.send(command)

    def pull(self, seconds_between: float) -> None:
        """Ask for the next `Progress`, no sooner than so long after the last, and on a clear line."""
        if self._is_waiting:
            return
        self._is_waiting = True
        loop = asyncio.get_running_loop()
        wait = self._pulled_at + seconds_between - loop.time()
        self._timer = loop.call_later(max(0.0, wait), self._when_clear, self._pull)

    def restart(self) -> None:
        """Replace a process that ended by a new one."""
        self._process.close()
        self._process = TrainingProcess()

    def close(self) -> None:
        """End the process."""
        if self._timer is not None:
            self._timer.cancel()
        self._process.close()

    def _pull(self) -> None:
        self._is_waiting = False
        self._pulled_at = asyncio.get_running_loop().time()
        self._process.send(Pull())
