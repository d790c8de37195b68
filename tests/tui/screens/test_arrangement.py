"""Layouts from 40×12 to 400×100 for every panel and dialog; below that, a message."""

from collections.abc import Callable
from functools import partial

from textual.screen import ModalScreen

from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.screens.test_training import MOONS, Driver, running
from tui.panels.panel import Panel

IRIS = PRESETS["iris"].config(epochs=100_000_000)
DIALOGS = {
    "h": "settings",
    "question_mark": "keys and panels",
    "e": "what it shows",
    "v": "data",
    "A": "ask the network",
    "colon": "go to epoch",
    "P": "plane of the map",
    "ctrl+s": "save the data",
}
SIZES = [(80, 24), (400, 100), (40, 12)]
DIALOG_SIZES = [(80, 24), (200, 60), (40, 12)]
"""Dialogs with a maximum size, which a larger screen does not change."""


async def paused(driver: Driver) -> None:
    await driver.until(lambda: driver.epoch > 10)
    await driver.press("space")
    await driver.until_state(State.PAUSED)
    await driver.settled()


def check_layout(driver: Driver) -> None:
    """Check that all widgets are inside the screen, do not overlap, and are drawn."""
    shown = [*(p for p in driver.screen.panels if p.display), *driver.screen.lines]
    regions = [each.region for each in shown]
    for at, region in enumerate(regions):
        assert region.area
        assert driver.app.screen.region.contains_region(region)
        assert not any(region.overlaps(other) for other in regions[at + 1 :])
    assert all((each.shown.width, each.shown.height) == each.size for each in shown)
    assert not driver.app.faults


async def at_each_size(
    driver: Driver, sizes: list[tuple[int, int]], look: Callable[[], None]
) -> None:
    """Check 40×12 last, because the next dialog starts there."""
    for size in sizes:
        await driver.pilot.resize_terminal(*size)
        await driver.until(lambda size=size: driver.app.screen._compositor.size == size)  # type: ignore[misc]
        await driver.settled()
        look()


async def test_every_panel_has_a_form_at_every_size() -> None:
    async with running(IRIS, SIZES[-1], speed=100.0) as driver:
        await paused(driver)
        for panel in driver.screen.panels:
            shown, key = panel.display, panel.key
            if not shown:
                await driver.press(key)
                await driver.until(partial(getattr, panel, "display"))
            panel.focus()

            def look(panel: Panel = panel) -> None:
                check_layout(driver)
                assert panel.display
                assert f" {panel.border_name} " in driver.text()
                assert any(each.strip(" │╭╮╰╯─") for each in panel.shown.lines()[1:-1])

            await at_each_size(driver, SIZES, look)
            if panel.label not in {"loss", "accuracy", "boundary", "hidden"}:
                await driver.pilot.resize_terminal(120, 40)
                await driver.press(key)
                await driver.until(lambda panel=panel: not panel.display)  # type: ignore[misc]
                await driver.pilot.resize_terminal(*SIZES[-1])


async def test_every_dialog_fits_or_scrolls_at_every_size() -> None:
    async with running(IRIS, SIZES[-1]) as driver:
        await paused(driver)
        for key, title in DIALOGS.items():
            await driver.press(key)
            await driver.until(lambda: isinstance(driver.front, ModalScreen))

            def look(title: str = title) -> None:
                assert title in driver.text()
                box = driver.front.children[0].region
                assert driver.front.region.contains_region(box), title
                lines = driver.text().split("\n")
                assert lines[box.y][box.x] == "╭"
                assert lines[box.bottom - 1][box.right - 1] == "╯"
                focused = driver.front.focused
                assert focused is None or box.contains_region(focused.region), title

            await at_each_size(driver, DIALOG_SIZES, look)
            await driver.press("escape")
            await driver.until(driver.is_on_top)


async def test_a_tight_terminal_shows_one_panel_at_a_time() -> None:
    async with running(MOONS, (40, 12), speed=100.0) as driver:
        await paused(driver)
        assert driver.visible() == ["loss"]
        for key, label in (
            ("tab", "accuracy"),
            ("3", "boundary"),
            ("5", "layers"),
            ("i", "inspector"),
        ):
            await driver.press(key)
            await driver.until(lambda label=label: driver.visible() == [label])  # type: ignore[misc]
        await driver.press("i", "3")
        await driver.until(lambda: driver.visible() == ["boundary"])
        await driver.pilot.resize_terminal(80, 24)
        await driver.until(lambda: "loss" in driver.visible() and "boundary" in driver.visible())
        check_layout(driver)


async def test_no_size_is_too_small_to_go_on_in() -> None:
    async with running(MOONS, (40, 12), speed=100.0) as driver:
        await driver.press("question_mark")
        for size in ((39, 12), (1, 1), (1, 40), (200, 1), (2, 2), (40, 11), (3, 3)):
            await driver.pilot.resize_terminal(*size)
            await driver.press("tab")
        await driver.press("escape")
        for size in ((1, 1), (1, 40), (200, 1), (2, 2), (40, 11), (3, 3)):
            await driver.pilot.resize_terminal(*size)
            await driver.press("tab", "z", "i")
        await driver.pilot.resize_terminal(40, 12)
        before = driver.epoch
        await driver.until(lambda: driver.epoch > before and "TRAINING" in driver.text())
