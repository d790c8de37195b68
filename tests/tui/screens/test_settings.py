"""The dialog of the settings, in the real application."""

import re

import numpy as np
import pytest
from textual.events import MouseScrollDown

from core.config.presets import preset
from core.config.run_config import setting, settings
from tests.tui.screens.test_training import MOONS, Driver, running
from tui.screens.settings import SettingsScreen
from tui.screens.settings_list import SettingsList
from tui.screens.settings_rows import IMPORTANT
from tui.terminal.flow_control import FlowControl

SMALL = [(120, 40), (80, 24)]


async def opened(driver: Driver) -> SettingsScreen:
    await driver.press("h")
    assert isinstance(driver.front, SettingsScreen)
    return driver.front


async def found(driver: Driver, words: str) -> str:
    """Look for a setting, and return the row that is the current one then, as it is shown."""
    await driver.press("slash", *words, "enter")
    return row(driver)


def row(driver: Driver) -> str:
    """Return the current row; the field has a row of its own on top of it."""
    return next(line for line in driver.text().split("\n") if "│ ▸" in line)


def wheel(rows: SettingsList) -> MouseScrollDown:
    return MouseScrollDown(rows, 3, 3, 0, 0, 0, shift=False, meta=False, ctrl=False)


async def test_the_dialog_follows_the_size_of_the_terminal() -> None:
    async with running(MOONS, (80, 24), speed=30.0) as driver:
        frame = (await opened(driver)).children[0]
        await driver.pilot.resize_terminal(120, 40)
        # in a large terminal, panels next to it stay visible
        await driver.until(lambda: frame.outer_size == (80, 24))
        await driver.pilot.resize_terminal(110, 28)
        await driver.until(lambda: frame.outer_size == (110, 28))


async def test_the_dialog_is_smaller_on_a_slow_line_and_shows_the_most_important_settings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FlowControl, "is_slow", True)
    async with running(MOONS, (120, 40), paused=True) as driver:
        dialog = await opened(driver)
        await driver.until(lambda: dialog.children[0].outer_size == (80, 20))
        await driver.until(
            lambda: all(f" {each.replace('_', ' ')} " in driver.text() for each in IMPORTANT)
        )
        monkeypatch.setattr(FlowControl, "is_slow", False)
        await driver.press("down")
        assert dialog.children[0].outer_size == (80, 20)  # until the next dialog
        await driver.press("escape")
        frame = (await opened(driver)).children[0]
        await driver.until(lambda: frame.outer_size == (80, 24))


async def test_every_setting_has_a_row_that_can_be_reached() -> None:
    async with running(MOONS, (80, 24), paused=True) as driver:
        rows = (await opened(driver)).rows
        await driver.press(*["pagedown"] * 9)
        hidden = len(MOONS.idle)
        assert f"… {hidden} settings without effect here" in row(driver)
        await driver.press("space")
        assert f"▾ {hidden} settings without effect here" in row(driver)
        await driver.press("home")
        reached = []
        for _ in range(len(settings()) + 1):
            if rows.current is not None:
                reached.append(rows.current.name)
                text = rows.current.write(getattr(MOONS, reached[-1]))
                assert reached[-1].replace("_", " ") in row(driver)
                assert reached[-1] == "features_extra" or text in row(driver)
            await driver.press("down")
        assert reached[: len(IMPORTANT)] == [*IMPORTANT]
        assert sorted(reached) == sorted(each.name for each in settings())
        assert set(reached[-hidden:]) == set(MOONS.idle)
        await driver.press("pageup", "tab", "shift+tab", "up", "pagedown", "pagedown")
        assert rows.current == setting(reached[-1])


async def test_a_setting_that_gains_an_effect_leaves_the_fold_under_the_cursor() -> None:
    async with running(MOONS, (80, 24), paused=True) as driver:
        dialog = await opened(driver)
        dialog.go_to("patience")
        dialog.go_to("schedule")  # with rows below it
        at = driver.text().split("\n").index(row(driver))
        assert "decay" not in driver.text()
        await driver.press("s")  # step
        lines = driver.text().split("\n")
        assert "◂ step ▸" in lines[at]
        assert "auto (0.1)" in lines[at + 1]
        assert "auto (100)" in lines[at + 2]
        dialog.go_to("huber_delta")  # without an effect: the fold opens
        await driver.shows("no effect with this loss")


async def test_differences_from_the_preset_are_marked_and_auto_is_explained() -> None:
    config = preset("xor").config(learning_rate=0.5)
    async with running(config, (120, 40), paused=True) as driver:
        dialog = await opened(driver)
        await driver.shows("• differs from preset xor")
        (marked,) = [line for line in driver.text().split("\n") if "•" in line][
            1:
        ]  # after the title
        assert re.search("learning rate +•0.5 ", marked)
        assert "preset: 0.1" in driver.text()
        dialog.go_to("hidden")
        assert "•" not in row(driver)
        await driver.press("5")
        assert "•5" in row(driver)
        dialog.go_to("samples")
        await driver.shows("auto: 4. number of samples")
        dialog.go_to("seed")
        await driver.shows("auto (4)")


@pytest.mark.parametrize("size", [(120, 40), (60, 16)])
async def test_the_border_names_the_keys_of_the_row(size: tuple[int, int]) -> None:
    async with running(MOONS, size, paused=True) as driver:
        dialog = await opened(driver)
        for name, keys in (
            ("hidden", "type a value"),
            ("activation", "type a value"),
            ("optimizer", "← → changes"),
            ("features_extra", "space switches"),
        ):
            dialog.go_to(name)
            await driver.shows(keys)
        await driver.press(*["pagedown"] * 9)
        await driver.shows("space opens")
        await driver.press("slash")
        await driver.shows("enter edits the setting found")
        await driver.press("escape", "escape")
        driver.session.shown_as = "replay"
        await opened(driver)
        await driver.shows("replay: read-only")


@pytest.mark.parametrize("words", ["noise 0.3", "noise=0.3", "lr 0.3", "L2 0.3"])
async def test_a_value_after_a_search_is_that_of_the_setting_found(words: str) -> None:
    async with running(MOONS, (80, 24), paused=True) as driver:
        dialog = await opened(driver)
        value = words.replace("=", " ").partition(" ")[2]
        before = dict(dialog.rows.texts)
        await driver.press("slash", *words, "down")  # only moves
        assert dialog.rows.texts == before
        changed = dialog.rows.current
        assert changed is not None
        await driver.press(*value)  # in its field
        assert dialog.rows.texts[changed.name] == value
        await driver.press("backspace", *"1", "escape", "slash")
        await driver.press(*words, "enter")
        assert dialog.rows.current == changed
        assert dialog.rows.texts[changed.name] == value
        await driver.press("enter")
        await driver.until_config(changed.name, 0.3)


async def test_a_value_in_the_search_field_is_applied_or_refused_by_ctrl_s() -> None:
    async with running(MOONS, (80, 24), paused=True) as driver:
        dialog = await opened(driver)
        await driver.press("slash", *"epochs many")
        await driver.shows("epochs: expected a whole number from 1")
        await driver.press("ctrl+s")
        assert driver.front is dialog
        await driver.press(*["backspace"] * 4, *"123456")
        await driver.shows("enter changes epochs to 123456")
        await driver.press("ctrl+s")
        assert driver.is_on_top()
        await driver.until_config("epochs", 123456)


async def test_a_value_is_typed_or_chosen_and_checked_beside_it() -> None:
    async with running(MOONS, (120, 40), paused=True) as driver:
        dialog = await opened(driver)
        await found(driver, "learning rate")
        await driver.press(*"-3")
        assert "-3 " in row(driver)
        assert "expected a number above 0" in row(driver)
        await driver.press("enter")
        assert driver.front is dialog
        await driver.press("backspace", "backspace", *"0.003")
        assert "accepted" not in row(driver)
        await found(driver, "activation")
        await driver.press(*"relu,gelu")
        assert "schedule" in await found(driver, "schedule")
        assert "◂ constant ▸" in row(driver)
        await driver.press("right", "left", "c")  # the next word with that letter
        assert "◂ cosine ▸" in row(driver)
        await found(driver, "batch norm")
        await driver.press("space")
        await found(driver, "batch size")
        await driver.press(*"full", "enter")
        assert driver.is_on_top()
        await driver.until_config("activation", ("relu", "gelu"))
        config = driver.session.config
        assert (config.schedule, config.batch_norm) == ("cosine", True)
        assert (config.learning_rate, config.batch_size) == (0.003, "full")


@pytest.mark.parametrize("size", SMALL)
async def test_what_two_settings_mean_together_is_checked_and_forgotten(
    size: tuple[int, int],
) -> None:
    async with running(MOONS.changed(dataset="spiral"), size, paused=True) as driver:
        dialog = await opened(driver)
        dialog.go_to("loss")
        await driver.press("b", "ctrl+s")
        assert driver.front is dialog
        assert "loss" in dialog.rows.values.errors
        await driver.press("h")
        assert not dialog.rows.values.errors
        await driver.press("b")
        dialog.go_to("dataset")
        await driver.press("m", "m")
        assert dialog.rows.texts["dataset"] == "moons"
        assert not dialog.rows.values.errors
        dialog.go_to("classes")
        await driver.press("3", "ctrl+s")
        await driver.shows("expected 2 or auto for moons")
        assert dialog.rows.current == setting("classes")
        await driver.press(*"auto", "enter")  # in place of what was wrong
        await driver.until_config("loss", "binary_cross_entropy")


async def test_settings_are_found_and_escape_brings_all_back() -> None:
    async with running(MOONS, (60, 16), paused=True) as driver:
        dialog = await opened(driver)
        await driver.press("slash", *"clip")
        text = driver.text()
        assert "clip norm" in text
        assert "clip value" in text
        assert "momentum" not in text
        await driver.press(*" zebra")
        await driver.shows("no setting has that")
        await driver.press("escape")
        assert driver.front is dialog
        await driver.shows("freeze")
        dialog.go_to("data")
        await driver.press("slash", "a")
        assert dialog.rows.texts["data"] == "/a"  # a path has it in it
        await driver.press("escape")
        assert driver.is_on_top()
        assert driver.session.config == MOONS


async def test_the_mouse_goes_to_a_row_changes_it_and_scrolls() -> None:
    async with running(MOONS, (80, 24), paused=True) as driver:
        dialog = await opened(driver)
        rows = dialog.rows
        lines = driver.text().split("\n")
        at = next(y for y, line in enumerate(lines) if " optimizer " in line)
        top = rows.region.y
        await driver.pilot.click(rows, offset=(3, at - top))
        assert rows.current == setting("optimizer")
        before = rows.texts["optimizer"]
        await driver.pilot.click(rows, offset=(30, at - top))
        assert rows.texts["optimizer"] != before
        await driver.pilot.click(rows, offset=(21, at - top))
        assert rows.texts["optimizer"] == before
        rows.post_message(wheel(rows))
        await driver.until(lambda: "optimizer " in driver.text().split("\n")[at - 3])


async def test_features_are_added_by_space_and_by_a_click() -> None:
    async with running(MOONS, speed=100.0) as driver:
        dialog = await opened(driver)
        rows = dialog.rows
        dialog.go_to("features_extra")
        await driver.press("space", "right", "right", "space")
        assert rows.texts["features_extra"] == "x1sq,x1x2"
        await driver.shows("■x₁² □x₂² ■x₁x₂")
        line = row(driver)
        y = driver.text().split("\n").index(line)
        for switch in ("□sin x₂", "■x₁²"):
            await driver.pilot.click(offset=(line.index(switch), y))
        assert rows.texts["features_extra"] == "x1x2,sinx2"
        await driver.press("left", "left", "space")  # from the one that was clicked: sin x₁
        assert rows.texts["features_extra"] == "x1x2,sinx1,sinx2"
        await driver.press("ctrl+s")
        assert driver.is_on_top()
        await driver.until_config("features_extra", ("x1x2", "sinx1", "sinx2"))
        session = driver.session
        assert session.network is not None
        assert session.data is not None
        assert session.network.sizes == (5, 8, 8, 2)
        await driver.shows("5 inputs → 8 → 8 tanh → 2 classes")
        x = session.data.preparation.features(session.data.x_train)
        more = [x[:, 0] * x[:, 1], np.sin(x[:, 0]), np.sin(x[:, 1])]
        assert session.data.x_train == pytest.approx(np.column_stack([x, *more]))


@pytest.mark.parametrize(
    ("width", "keys"),
    [(40, "type a value · esc cancels"), (60, "type a value · enter applies all · esc cancels")],
)
async def test_the_keys_of_the_dialog_are_complete_at_every_width(width: int, keys: str) -> None:
    async with running(MOONS, (width, 16), paused=True) as driver:
        await driver.press("h")
        await driver.shows(f"{keys} ─╯")
