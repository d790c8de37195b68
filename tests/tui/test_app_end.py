"""The end of the program: what is still on its way meets an application without screens."""

from textual import events
from textual.widgets import Static

from core import RunConfig
from core.process.client import TrainingProcess
from tui.app import NnfsApp
from tui.terminal_app import send_order


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
