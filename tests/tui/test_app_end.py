"""The end of the program: what is still on its way meets an application without screens."""

import asyncio
import signal

import pytest
from textual import events
from textual.widgets import Static

from core import RunConfig
from core.process.client import TrainingProcess
from tui.app import NnfsApp
from tui.terminal_app import ExitSignals, send_order


async def test_keys_frames_and_redraws_after_the_end_are_ignored() -> None:
    process = TrainingProcess()
    app = NnfsApp(RunConfig(), process)
    try:
        async with app.run_test() as pilot:
            await pilot.pause()
            screen, lines, panels = app.screen, app.training.lines, app.training.panels
            app.exit()
            # the screen goes first, and a frame that it had drawn is sent after that
            detached = Static()
            assert all(area.rank for area in send_order(screen, [detached, *lines], panels))
        assert not app.screen_stack
        assert app.send_order() == []
        app.action_redraw()
        key = events.Key("x", "x")
        await app._typed.dispatch(key)
        # a key whose widget was removed with the screen
        app._typed._at = detached
        await app._typed._look()
    finally:
        process.close()


def test_a_signal_after_the_screen_was_left_ends_the_program() -> None:
    signals = ExitSignals(NnfsApp(RunConfig(), None))
    signals.event_loop = asyncio.new_event_loop()
    signals.event_loop.close()
    with pytest.raises(SystemExit, match=str(128 + signal.SIGTERM)):
        signals._on_signal(signal.SIGTERM, None)
