"""Key presses and clicks end when all that they led to, within the application, has been painted.

Textual's own Pilot guesses: it waits until the process has used little time for 20 ms, which on a
loaded machine is too early, and during a run up to a second too late.
"""

import asyncio

import pytest
import textual.app
import textual.pilot
from textual._context import active_app


async def nothing_left_to_do(*_: float) -> None:
    """Wait until the application waits for the world: no callback is due, and nothing to be painted.

    What the training process has yet to answer, and what a thread computes, is of the world: a test
    waits for those by `Driver.until` and `Driver.shows`.
    """
    due: list[object] = getattr(asyncio.get_running_loop(), "_ready")  # noqa: B009 (not in the stubs)
    while True:
        await asyncio.sleep(0)
        if due:
            continue
        app = active_app.get()
        if not app.screen_stack or app._exit:
            return  # a program that ends paints no more
        if app._resize_timer is not None:
            app._check_resize()  # it waits for 8 ms, should there be another size
            continue
        screen = app.screen
        if not (
            screen._dirty_widgets
            or screen._layout_required
            or screen._repaint_required
            or screen._scroll_required
            or screen._recompose_required
            or screen._callbacks
        ):
            return
        screen._on_timer_update()  # what the screen's own clock would do within 17 ms


@pytest.fixture(autouse=True)
def steady_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every Pilot wait like this."""
    for module in (textual.app, textual.pilot):
        monkeypatch.setattr(module, "wait_for_idle", nothing_left_to_do)
