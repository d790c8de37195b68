"""Waiting for what another process, a thread or a file has yet to do."""

import asyncio
from collections.abc import Callable
from time import monotonic

from textual.pilot import Pilot

from tests.terminal.terminal import PATIENCE


async def until(
    pilot: Pilot[None],
    done: Callable[[], object],
    text: Callable[[], str],
    patience: float = PATIENCE,
) -> None:
    """Wait for a condition, and until all that the application does about it is on the screen.

    Args:
        pilot: of the application.
        done: the condition.
        text: returns what is on the screen, for the message of a failure.
        patience: seconds.
    """
    deadline = monotonic() + patience
    while not done():
        assert monotonic() < deadline, text()
        await asyncio.sleep(0.02)  # `pilot.pause` would take as much processor time as a frame
    await pilot.pause()
