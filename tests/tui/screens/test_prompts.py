"""Prompts in the real application: a rejected value of any length leaves the reason visible."""

from collections.abc import Callable

import pytest
from textual.screen import ModalScreen
from textual.widgets import Input

from core.analysis.planes import PlaneChoice
from core.config.presets import PRESETS
from core.config.run_config import RunConfig
from tests.tui.screens.test_training import running
from tests.tui.sessions import session_after
from tui.run_model import RunModel
from tui.screens.ask import AskScreen
from tui.screens.plane import PlaneScreen
from tui.screens.prompts import EpochScreen, NumberScreen, SaveScreen

IRIS = PRESETS["iris"].config(epochs=3)


def plane(session: RunModel) -> PlaneScreen:
    assert session.data is not None
    return PlaneScreen(session.data, PlaneChoice(0, 1), 0)


@pytest.mark.parametrize("size", [(40, 12), (120, 40)])
@pytest.mark.parametrize(
    ("dialog", "field", "wanted"),
    [
        (EpochScreen, "Input", "a whole number from 0 to"),
        (lambda _: NumberScreen("a weight", 1.0), "Input", "a finite number"),
        (lambda _: SaveScreen(), "Input", "a CSV file"),
        (AskScreen, "#question", "expected a number"),
        (plane, "#held", "training sample from 1 to"),
    ],
)
async def test_a_long_invalid_value_does_not_hide_what_is_expected(
    dialog: Callable[[RunModel], ModalScreen[object]],
    field: str,
    wanted: str,
    size: tuple[int, int],
) -> None:
    async with running(IRIS, size) as driver:
        await driver.until(lambda: driver.session.head_epoch > 0)
        screen = dialog(driver.session)
        driver.app.push_screen(screen)
        await driver.until(lambda: driver.front is screen)
        screen.query_one(field, Input).focus()
        screen.query_one(field, Input).value = "x" * 5000
        await driver.press("enter")
        x, y, width, height = screen.query_one("#about").region
        rows = driver.text().splitlines()[y : y + height]
        shown = " ".join(" ".join(row[x : x + width] for row in rows).split())
        assert "invalid" in shown or "not a valid file name" in shown
        assert wanted in shown


def test_the_only_epoch_of_a_new_run_is_no_range() -> None:
    session = session_after(RunConfig(), 0)
    screen = EpochScreen(session)
    assert screen.read("0") == 0
    with pytest.raises(ValueError, match="'3': expected 0, the untrained network"):
        screen.read("3")
