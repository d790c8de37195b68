"""Keys that are typed at once, as over a slow line, do what they do when they are typed slowly.

The driver reads them with this parser, and the application hands them on through this queue.
"""

from __future__ import annotations

import re
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from textual._xterm_parser import XTermParser

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from textual.app import App
    from textual.events import Key, Paste
    from textual.message import Message
    from textual.message_pump import MessagePump

LONE_ESCAPE: Final = re.compile(r"(?<=\x1b)(?=[^\x1b\[O\]P_\\^X\x7fbf])")
"""Behind an escape that begins no sequence of a terminal, and no key that moves or deletes by words."""
LOOKING: Final = 0.1
"""Seconds between two looks at whether there is anything to do but to read."""
PATIENCE: Final = 1.0
"""Seconds after which a key is handed on although nobody knows what became of the one before."""


class EscapeParser(XTermParser):
    """Reads `esc` and a key right behind it as two keys; Textual takes them for alt and that key."""

    _before = ""

    @property
    def patience(self) -> float:
        """The seconds after which it wants to be asked whether an escape stands alone."""
        if self._timeout_time is None:
            return LOOKING
        return min(LOOKING, max(0.0, self._timeout_time - monotonic()))

    def feed(self, data: str) -> Iterable[Message]:
        """Return what was typed; see the base class."""
        parts = LONE_ESCAPE.split(self._before + data)
        parts[0] = parts[0][len(self._before) :]
        for at, part in enumerate(parts):
            if at and self._timeout_time is not None:
                self._timeout_time = 0.0  # the escape waits for nothing more
                yield from self.tick()
            if part or not data:
                yield from super().feed(part)
        self._before = data[-1:] if data.endswith("\x1b") else ""


class TypeAhead:
    """Hands a key on when the one before has done all it does, and what it opens has the focus.

    Textual gives a key to what has the focus when it arrives. Of a burst that is the screen below
    for all of them, even where the first opens a dialog for the others.
    """

    def __init__(self, app: App[Any], hand_on: Callable[[Key | Paste], Awaitable[None]]) -> None:
        """Take the application, and what it does with a key."""
        self._app = app
        self._hand_on = hand_on
        self._waiting: deque[Key | Paste] = deque()
        self._turn = 0
        self._is_busy = False

    async def take(self, key: Key | Paste) -> None:
        """Hand the key on, now or when it is its turn."""
        if self._is_busy:
            self._waiting.append(key)
            if len(self._waiting) == 1:
                turn = self._turn
                self._app.set_timer(PATIENCE, lambda: self._end(turn))
            return
        self._is_busy = True
        self._turn += 1
        below = self._app.screen
        target = self._app.focused or below
        await self._hand_on(key)
        # twice: what the key has said to its widget is said on in the second round
        way = [*target.ancestors_with_self] * 2
        self._follow(way, below, self._turn)

    async def give_up(self) -> None:
        """Wait no more for what the key before has led to: that failed."""
        await self._end(self._turn)

    def _follow(self, way: list[Any], below: MessagePump, turn: int) -> None:
        """Queue behind the key wherever it goes, up to the application, and in what it opens."""
        while way:
            if way.pop(0).call_later(self._follow, way, below, turn):
                return
        screen = self._app.screen
        if screen is below:
            self._app.call_later(self._end, turn)
        else:
            # its own queue begins when it is composed, and has given the focus
            self._follow([screen, self._app], screen, turn)

    async def _end(self, turn: int) -> None:
        if turn == self._turn and self._is_busy:
            self._is_busy = False
            while self._waiting and not self._is_busy:
                await self.take(self._waiting.popleft())
