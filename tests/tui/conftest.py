"""Key presses and clicks end when all that they led to, within the application, has been painted.

Textual's own Pilot guesses: it waits until the process has used little time for 20 ms, which on a
loaded machine is too early, and during a run up to a second too late.
"""

import asyncio

import pytest
import textual.app
import textual.pilot
from rich.console import RenderableType
from textual._compositor import Compositor
from textual._context import active_app, visible_screen_stack
from textual.geometry import Region
from textual.screen import Screen


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


compose = Compositor.render_update


def render_widgets(
    compositor: Compositor,
    full: bool = False,
    screen_stack: list[Screen[object]] | None = None,
    simplify: bool = False,
) -> RenderableType | None:
    """Render the widgets that have changed, but compose no frame that is not read.

    What a test reads is composed when it reads it. The lines of all screens below a dialog would take
    half of the time of the tests.
    """
    if full:  # of a picture
        return compose(compositor, full, screen_stack, simplify)
    visible_screen_stack.set([] if screen_stack is None else screen_stack)
    changed = list(compositor._dirty_regions)
    compositor._dirty_regions.clear()
    crop = Region.from_union(changed) if changed else Region()
    for widget, (region, clip) in compositor.visible_widgets.items():
        shown = region.intersection(clip)
        if widget is not compositor.root and shown.overlaps(crop):
            widget.render_lines(shown.translate(-region.offset))
    return None


@pytest.fixture(autouse=True)
def steady_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every Pilot wait like this."""
    for module in (textual.app, textual.pilot):
        monkeypatch.setattr(module, "wait_for_idle", nothing_left_to_do)
    monkeypatch.setattr(Compositor, "render_update", render_widgets)
