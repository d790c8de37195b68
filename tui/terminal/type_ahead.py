"""Order of keys: keys that are typed at once, as over a slow line, act as if typed slowly.

The application passes each key on through this queue.
"""

from __future__ import annotations

from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from textual.app import App
    from textual.dom import DOMNode
    from textual.events import Key, Paste
    from textual.timer import Timer

PATIENCE: Final = 1.0
"""Seconds after which a key is handed on although it is not known what became of the one before."""
CHECK_INTERVAL: Final = 0.1
"""Seconds between two looks, while keys wait, at whether what the first of them waits for can come."""
MOST_TYPED_AHEAD: Final = 4_000
"""Keys that wait for those before them. More at once are no keys but, say, a file that was pasted."""


class TypeAhead:
    """Hands a key on when the one before has done all it does, and what it opens has the focus.

    Textual gives a key to what has the focus when it arrives. Of a burst that is the screen below
    for all of them, even where the first opens a dialog for the others.
    """

    def __init__(self, app: App[Any], hand_on: Callable[[Key | Paste], Awaitable[None]]) -> None:
        """Take the application, and what it does with a key."""
        self._app = app
        self._deliver = hand_on
        self._waiting: deque[Key | Paste] = deque()
        self._is_busy = False
        self._given_up_at = 0.0
        self._below: DOMNode = app
        self._way: list[DOMNode] = []
        self._at: DOMNode = app
        self._step = 0
        self._timer: Timer | None = None

    async def dispatch(self, key: Key | Paste) -> None:
        """Hand the key on, now or when it is its turn."""
        if self._is_busy:
            if len(self._waiting) < MOST_TYPED_AHEAD:
                self._waiting.append(key)
            self._look_again()
            return
        self._is_busy = True
        self._step += 1
        self._given_up_at = monotonic() + PATIENCE
        self._below = self._at = below = self._app.screen
        target = self._app.focused or below
        try:
            await self._deliver(key)
        finally:
            # twice: what the key has said to its widget is said on in the second round
            self._way = [*target.ancestors_with_self] * 2
            self._follow(self._step)

    async def give_up(self) -> None:
        """Wait no more for what the key before has led to: that failed."""
        await self._end(self._step)

    def _follow(self, step: int) -> None:
        """Queue behind the key wherever it goes, up to the application, and in what it opens."""
        if step != self._step:
            return  # it was taken for lost
        self._step += 1
        while self._way:
            self._at = self._way.pop(0)
            if self._at.call_later(self._follow, self._step):
                return
        screen = self._app.screen
        if screen is self._below:
            self._at = self._app
            self._app.call_later(self._end, self._step)
        else:
            # its own queue begins when it is composed, and has given the focus
            self._way, self._below = [screen, self._app], screen
            self._follow(self._step)

    def _look_again(self) -> None:
        if self._timer is None:
            self._timer = self._app.set_timer(CHECK_INTERVAL, self._look)

    async def _look(self) -> None:
        """See to it that no key waits for what never comes."""
        self._timer = None
        if monotonic() >= self._given_up_at:
            await self._end(self._step)
        elif not self._at.is_attached:
            self._follow(self._step)  # it was closed, and its queue with it
        if self._is_busy and self._waiting:
            self._look_again()

    async def _end(self, step: int) -> None:
        if step == self._step and self._is_busy:
            self._is_busy = False
            while self._waiting and not self._is_busy:
                await self.dispatch(self._waiting.popleft())
            if self._waiting:
                self._look_again()
