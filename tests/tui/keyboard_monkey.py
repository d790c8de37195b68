"""Random keys, clicks, wheels, resizes and typed text, at any size of the terminal.

`python -m tests.tui.keyboard_monkey SEED...` plays 10,000 times from each seed, another preset each.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import monotonic

from textual.screen import ModalScreen

from core import RunConfig
from core.process.messages import State
from tests.tui.screens.test_training import PATIENCE, Driver, running
from tui.keys import CHANGE, KEYS
from tui.panels.registry import PANELS

CHANGING = frozenset({"r", "R", "backspace", "A", "P", "F", "ctrl+s", "ctrl+z", "q", "ctrl+c"})
"""Keys outside the group CHANGE that change the run, open a field to type in, or end the program;
after the others a run must come to the same numbers, for they change what is seen or when."""

OURS = re.compile(r'/(tui|core)/[^"]*\.py"')
GUARDS = re.compile(r"in (on_event|_on_message|run_action|_guarded|_handle_exception)$")

ENDS = frozenset({"q", "ctrl+c", "ctrl+q", "ctrl+z"})
TYPED = (
    "a",
    "Z",
    "7",
    "0",
    "1",
    ".",
    ",",
    "-",
    "e",
    " ",
    "=",
    "[",
    "]",
    "\\",
    "/",
    "é",
    "语",
    "א",
    "\u0301",
)
EDITING = (
    *("backspace", "delete", "home", "end", "enter", "tab", "shift+tab", "up", "down", "left"),
    *("right", "pageup", "pagedown", "ctrl+left", "ctrl+right", "ctrl+up", "ctrl+down", "escape"),
    *("ctrl+k", "ctrl+u", "ctrl+a", "ctrl+s", "ctrl+p", "f1", "f12", "shift+up", "ctrl+home"),
)
SIZES = (
    (1, 1),
    (1, 40),
    (120, 1),
    (2, 2),
    (39, 11),
    (40, 12),
    (60, 16),
    (80, 24),
    (120, 40),
    (200, 60),
)


def keys_of(*, harmless: bool) -> list[str]:
    """Return what the tables bind, in the screen and in the panels."""
    keys = [
        key
        for row in KEYS
        if row.handler and (not harmless or (row.group != CHANGE and row.shown not in CHANGING))
        for key in row.keys.split(",")
    ]
    for panel in PANELS:
        if panel._merged_bindings is not None:
            keys += panel._merged_bindings.key_to_bindings
    if harmless:
        # on the map, the network and in the dialogs these change data, weights or settings
        changing = {"A", "M", "delete", "backspace", "enter"}
        # a panel's key may change the run where another panel has the focus
        changing |= {key for row in KEYS if row.group == CHANGE for key in row.keys.split(",")}
        keys = [key for key in keys if key not in changing]
    return [key for key in keys if key not in ENDS]


class Monkey:
    """Plays on a running application, and remembers what it did last."""

    def __init__(self, driver: Driver, seed: int, *, harmless: bool) -> None:
        self._driver = driver
        self._random = Random(seed)
        self._harmless = harmless
        self._keys = keys_of(harmless=harmless)
        self.last: deque[object] = deque(maxlen=60)

    async def play(self, times: int) -> None:
        """Do so many things, and look now and then whether the program still answers."""
        for at in range(times):
            await self._act()
            self._look_for_faults()
            if self._driver.app._exit:
                return  # the command palette can quit, too
            if at % 200 == 199:
                await self.answers()

    async def answers(self) -> None:
        """Check that escape returns to the run, and space pauses or resumes it."""
        driver = self._driver
        driver.app.animation_level = "none"
        deadline = monotonic() + PATIENCE
        while isinstance(driver.app.screen, ModalScreen) or driver.app.screen is driver.app.seeds:
            assert monotonic() < deadline, f"stuck in {driver.app.screen}"
            await driver.press("escape")
        # reading a set, or drawing it again for each of many keys, takes time
        await driver.until(lambda: driver.session.loading is None, 10 * PATIENCE)
        await driver.pilot.resize_terminal(120, 40)
        state = driver.session.state
        if state in {State.TRAINING, State.PAUSED} and driver.session.past_epoch is None:
            await driver.press("space")
            await driver.until(lambda: driver.session.state is not state)

    def _look_for_faults(self) -> None:
        """Fail for what this program did wrong; Textual's own widgets have faults of their own."""
        app = self._driver.app
        assert app._exception is None
        for fault in app.faults:
            called = [line for line in fault.trace if line.lstrip().startswith("File ")]
            ours = [line for line in called if OURS.search(line) and not GUARDS.search(line)]
            assert not ours, "\n".join(fault.trace)
        app.faults.clear()

    async def _act(self) -> None:
        kind = self._random.random()
        modal = isinstance(self._driver.app.screen, ModalScreen)
        if kind < 0.05:
            await self._resize()
        elif kind < 0.12:
            await self._mouse()
        elif modal and self._random.random() < 0.6:
            await self._press(self._random.choice(self._edits()))
        else:
            await self._press(self._random.choice(self._keys))

    def _edits(self) -> tuple[str, ...]:
        if self._harmless:
            return ("escape", "up", "down", "tab", "left", "right", "y", *TYPED[:6])
        return (*TYPED, *EDITING)

    async def _press(self, key: str) -> None:
        self.last.append(key)
        # most keys come before the screen has answered the one before
        await self._driver.app._press_keys([key])
        if self._random.random() < 0.2:
            await self._driver.pilot.pause()

    async def _resize(self) -> None:
        if self._random.random() < 0.5:
            size = self._random.choice(SIZES)
        else:
            size = self._random.randint(1, 220), self._random.randint(1, 70)
        self.last.append(size)
        await self._driver.pilot.resize_terminal(*size)

    async def _mouse(self) -> None:
        width, height = self._driver.app.size
        at = self._random.randrange(width), self._random.randrange(height)
        pilot, kind = self._driver.pilot, self._random.choice(("click", "hover", "down", "up"))
        if self._harmless:
            kind = "hover"  # a click on the footer or on the map does what a key does
        self.last.append((kind, at))
        match kind:
            case "click":
                await pilot.click(offset=at, times=self._random.choice((1, 1, 2)))
            case "hover":
                await pilot.hover(offset=at)
            case "down":
                await pilot.mouse_down(offset=at)
            case "up":
                await pilot.mouse_up(offset=at)


@contextmanager
def elsewhere() -> Iterator[None]:
    """Work in a folder of its own, where whatever is saved goes."""
    before, home = Path.cwd(), os.environ.get("HOME", "")
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        os.environ["HOME"] = folder
        try:
            yield
        finally:
            os.chdir(before)
            os.environ["HOME"] = home


async def play_with_everything(seed: int, times: int, config: RunConfig) -> None:
    """Play with everything, from a seed."""
    monkey = None
    try:
        with elsewhere():
            async with running(config, speed=200.0) as driver:
                monkey = Monkey(driver, seed, harmless=False)
                await monkey.play(times)
                if not driver.app._exit:
                    await monkey.answers()
    except BaseException:
        if monkey is not None:
            sys.stderr.write(f"seed {seed}, the last of what was done: {list(monkey.last)}\n")
        raise


if __name__ == "__main__":
    from core.config.presets import PRESETS

    for number in map(int, sys.argv[1:]):
        names = list(PRESETS)
        name = names[number % len(names)]
        sys.stdout.write(f"seed {number}: {name}\n")
        sys.stdout.flush()
        asyncio.run(play_with_everything(number, 10_000, PRESETS[name].config(epochs=2000)))
