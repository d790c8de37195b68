"""An error in the interface stops the part that failed, and neither the run nor the program."""

from pathlib import Path

import pytest

from core.process.messages import State
from tests.tui.screens.test_training import MOONS, Driver, running
from tui.panels.boundary.panel import BoundaryPanel
from tui.screens.prompts import EpochScreen
from tui.screens.view import CursorController, ViewController


def fail(*_: object, **__: object) -> None:
    raise ZeroDivisionError("by\x1b[31m nothing")


async def until_says(driver: Driver, *told: str) -> None:
    await driver.until(lambda: all(each in " ".join(driver.text().split()) for each in told))


async def until_failed(driver: Driver, times: int) -> None:
    await driver.until(lambda: len(driver.app.faults) == times)


async def until_trains(driver: Driver) -> None:
    before = driver.epoch
    await driver.until(lambda: driver.epoch > before)


async def test_a_panel_that_cannot_be_drawn_says_so_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(MOONS, speed=100.0) as driver:
        for name in ("draw_content", "title", "border_name"):
            with monkeypatch.context() as patch:
                patch.setattr(
                    BoundaryPanel, name, property(fail) if name == "border_name" else fail
                )
                await driver.until(lambda: driver.panel("boundary").fault is not None)
                await until_says(driver, "this cannot be drawn", "ZeroDivisionError: by·[31m")
                await until_trains(driver)
                assert driver.panel("loss").fault is None
                assert driver.text().count("╭") == len(driver.visible())
            await driver.until(lambda: driver.panel("boundary").fault is None)
            assert "ZeroDivisionError" not in driver.text()
        driver.app.faults.clear()


async def test_the_explanation_of_a_panel_tells_where_it_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(MOONS, (120, 60)) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        driver.panel("boundary").focus()
        monkeypatch.setattr(BoundaryPanel, "draw_content", fail)
        driver.panel("boundary").repaint()
        await until_says(driver, "e shows details")
        await driver.press("e")
        await until_says(driver, "boundary: what it shows", "Traceback")
        await driver.press("end")
        await until_says(driver, Path(__file__).name)
        await driver.press("escape")
        assert driver.is_on_top()
        driver.app.faults.clear()


async def test_a_key_that_fails_says_so_and_the_run_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with running(MOONS, speed=100.0) as driver:
        monkeypatch.setattr(ViewController, "toggle_log_loss", fail)
        monkeypatch.setattr(CursorController, "set", fail)
        await driver.press("l")
        await until_says(driver, "key l failed (ZeroDivisionError: by·[31m nothing)")
        await driver.press("i")
        await driver.until(lambda: "inspector" in driver.visible())
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        driver.app.faults.clear()


async def test_a_dialog_that_fails_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(MOONS, speed=100.0) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        for count, (name, keys) in enumerate(
            (("on_input_submitted", ["7", "enter"]), ("compose", [])), start=1
        ):
            with monkeypatch.context() as patch:
                patch.setattr(EpochScreen, name, fail)
                await driver.press("colon", *keys)
                await until_failed(driver, count)
                await driver.until(driver.is_on_top)
                await until_says(driver, "a dialog failed and was closed (ZeroDivisionError")
        await driver.press("colon", "0", "enter")
        await driver.until(lambda: driver.session.past_epoch == 0)
        driver.app.faults.clear()
