"""Type-ahead: keys that arrive in a burst, as over a slow line, have the effect of keys typed slowly.

The application passes all keys through this queue.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import App
    from textual.dom import DOMNode
    from textual.events import Key, Paste

PATIENCE: Final = 1.0
"""Seconds after which the next key is delivered although the previous one has not been completed."""
CHECK_INTERVAL: Final = 0.1
"""Seconds between two checks, while keys are queued, whether the previous one can still complete."""
MOST_TYPED_AHEAD: Final = 4_000
"""Longest queue of keys. A longer burst is not typed but, for example, a pasted file."""


class TypeAhead:
    """Queue that delivers a key once the previous one is completed, and its dialog has the focus.

    Textual delivers a key to the widget that has the focus when the key arrives. For a burst that is the
    screen below, even if the first key opens a dialog for the others.
    """

    def __init__(self, app: App[Any], hand_on: Callable[[Key | Paste], Awaitable[None]]) -> None:
        """Create a queue for an application, given its handler of keys."""
        self._app = app
        self._deliver = hand_on
        self._waiting: deque[Key | Paste] = deque()
        self._is_busy = False
        self._given_up_at = 0.0
        self._below: DOMNode = app
        self._way: list[DOMNode] = []
        self._at: DOMNode = app
        self._step = 0
        self._check: asyncio.TimerHandle | None = None
        self._look_task: asyncio.Future[None] | None = None

    async def dispatch(self, key: Key | Paste) -> None:
        """Deliver the key, now or after those before it."""
        if self._is_busy:
            if len(self._waiting) < MOST_TYPED_AHEAD:
                self._waiting.append(key)
            self._look_again()
            return
        if not self._app.screen_stack:
            return  # the program is ending
        self._is_busy = True
        self._step += 1
        self._given_up_at = monotonic() + PATIENCE
        self._below = self._at = below = self._app.screen
        target = self._app.focused or below
        try:
            await self._deliver(key)
        finally:
            # twice: messages that the key caused in the first round are handled in the second
            self._way = [*target.ancestors_with_self] * 2
            self._follow(self._step)

    async def give_up(self) -> None:
        """Stop waiting for the previous key, whose handler failed."""
        await self._end(self._step)

    def _follow(self, step: int) -> None:
        """Pass through the queue of each node that handles the key, and of a screen that it opened."""
        if step != self._step:
            return  # it was given up
        self._step += 1
        while self._way:
            self._at = self._way.pop(0)
            if self._at.call_later(self._follow, self._step):
                return
        if not self._app.screen_stack:
            return  # the program is ending
        screen = self._app.screen
        if screen is self._below:
            self._at = self._app
            self._app.call_later(self._end, self._step)
        else:
            # its queue is processed once it is composed and has set the focus
            self._way, self._below = [screen, self._app], screen
            self._follow(self._step)

    def _look_again(self) -> None:
        if self._check is None:
            # not Textual's timer, which never fires if the process is interrupted while it starts
            loop = asyncio.get_running_loop()
            self._check = loop.call_later(CHECK_INTERVAL, self._start_look)

    def _start_look(self) -> None:
        self._look_task = asyncio.ensure_future(self._look())

    async def _look(self) -> None:
        """Give up the previous key if it cannot complete, so that no key waits forever."""
        self._check = None
        if monotonic() >= self._given_up_at:
            await self._end(self._step)
        elif not self._at.is_attached:
            self._follow(self._step)  # the node was removed together with its queue
        if self._is_busy and self._waiting:
            self._look_again()

    async def _end(self, step: int) -> None:
        if step == self._step and self._is_busy:
            self._is_busy = False
            while self._waiting and not self._is_busy:
                await self.dispatch(self._waiting.popleft())
            if self._waiting:
                self._look_again()
