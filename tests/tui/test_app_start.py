"""The start of the application."""

import gc

import pytest

import tui.terminal_app
from tests.tui.screens.test_training import MOONS, running


async def test_garbage_is_collected_again_after_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tui.terminal_app, "START", 0.3)
    gc.disable()
    try:
        async with running(MOONS, speed=100.0) as driver:
            await driver.until(gc.isenabled)
            assert gc.get_freeze_count()
    finally:
        gc.unfreeze()
        gc.enable()
