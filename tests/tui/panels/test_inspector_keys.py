"""Inspecting by keys and mouse in the application: all panels follow the cursor."""

import numpy as np
import pytest
from textual.widgets import Input

from core.config.presets import PRESETS
from core.process.messages import State
from tests.tui.screens.test_training import MOONS, Driver, running
from tui.panels.view_options import Cursor
from tui.screens.explain import ExplainScreen
from tui.screens.prompts import NumberScreen

IRIS = PRESETS["iris"].config(epochs=100_000_000)


async def inspected(driver: Driver, epochs: int = 20) -> None:
    """Train a little, pause, and look into the network."""
    await driver.until(lambda: driver.epoch >= epochs)
    await driver.press("space")
    await driver.until_state(State.PAUSED)
    await driver.press("i")
    await driver.settled()


def cursor(driver: Driver) -> Cursor:
    return driver.screen.options.cursor


@pytest.mark.parametrize(
    ("size", "labels"),
    [
        ((120, 40), ["boundary", "inspector", "network"]),
        ((80, 24), ["inspector"]),
        ((60, 16), ["inspector"]),
    ],
)
async def test_inspecting_takes_the_room_it_needs_and_gives_it_back(
    size: tuple[int, int], labels: list[str]
) -> None:
    async with running(MOONS, size, speed=300.0) as driver:
        await driver.until(lambda: driver.epoch >= 5)
        before = driver.visible()
        await inspected(driver)
        assert driver.visible() == labels
        assert driver.screen.focused is driver.panel("inspector")
        await driver.press("i")
        await driver.settled()
        assert driver.visible() == before


async def test_the_keys_move_through_units_layers_and_samples() -> None:
    async with running(MOONS, (120, 40), speed=300.0) as driver:
        await inspected(driver)
        assert cursor(driver) == Cursor(1, 0, 0)
        await driver.press("down", "down", "up")
        assert cursor(driver).unit == 1
        await driver.settled()
        await driver.shows("unit 2 · hidden 2")
        await driver.press("left_square_bracket")
        assert (cursor(driver).layer, driver.screen.options.layer) == (0, 0)
        await driver.press("right_square_bracket", "right_square_bracket")
        assert cursor(driver).layer == 2  # the outputs
        await driver.press("j", "j", "k")
        assert cursor(driver).sample == 1
        await driver.settled()
        await driver.shows(" sample 2 ")


async def test_the_next_wrong_sample_is_found_in_both_directions() -> None:
    async with running(MOONS.changed(noise=0.5), (120, 40), speed=300.0) as driver:
        await inspected(driver, 3)
        network, data = driver.session.network, driver.session.data
        assert network is not None
        assert data is not None
        wrong = np.flatnonzero(network.predict(data.x_train).argmax(axis=1) != data.y_train)
        assert wrong.size > 2
        await driver.press("n")
        first = cursor(driver).sample
        assert first == next(int(each) for each in wrong if each > 0)
        await driver.press("n")
        assert cursor(driver).sample == next(int(each) for each in wrong if each > first)
        await driver.press("N")
        assert cursor(driver).sample == first
        await driver.settled()
        await driver.shows(f"one of {wrong.size} misclassified")


async def test_all_panels_mark_the_sample() -> None:
    async with running(IRIS, (120, 40), speed=300.0) as driver:
        await inspected(driver)
        await driver.press("4")
        await driver.until(lambda: "hidden" in driver.visible())
        await driver.settled()
        for label in ("boundary", "hidden"):
            assert "◉" in "\n".join(driver.panel(label).shown.lines())


async def test_a_click_on_the_hidden_outputs_looks_at_that_unit_and_sample() -> None:
    async with running(MOONS, (120, 40), speed=300.0) as driver:
        await inspected(driver)
        await driver.press("4")
        await driver.until(lambda: "hidden" in driver.visible())
        await driver.settled()
        await driver.pilot.click("#hidden", offset=(20, 5))
        await driver.pilot.pause()
        assert cursor(driver).unit == 3
        assert cursor(driver).sample > 0


async def test_a_weight_is_edited_on_the_network_and_the_run_goes_on_with_it() -> None:
    async with running(MOONS, (120, 40), speed=300.0) as driver:
        await inspected(driver)
        await driver.press("i")
        panel = driver.panel("network")
        assert panel.display
        panel.focus()
        await driver.press("w", "enter")
        dialog = driver.front
        assert isinstance(dialog, NumberScreen)
        field = dialog.query_one(Input)
        field.value = "x"
        await driver.press("enter")
        assert driver.front is dialog
        field.value = "7.25"
        await driver.press("enter")
        await driver.until(
            lambda: (
                driver.session.network is not None
                and bool(np.any(driver.session.network.parameters == np.float32(7.25)))
            )
        )
        await driver.shows("seed 0 · edited")


async def test_units_and_layers_are_added_and_taken_away() -> None:
    async with running(MOONS, (120, 40), speed=100.0) as driver:
        await driver.press("right_curly_bracket")
        await driver.until_config("hidden", (8, 9))
        await driver.press("right_parenthesis")
        await driver.until_config("hidden", (8, 9, 9))
        await driver.press("left_parenthesis", "left_parenthesis", "left_parenthesis")
        await driver.until_config("hidden", ())
        await driver.press("left_parenthesis", "left_curly_bracket")
        await driver.shows("there is no hidden layer")
        await driver.press("right_parenthesis")
        await driver.until_config("hidden", (4,))


async def test_a_point_is_added_on_the_map_and_the_network_keeps_its_weights() -> None:
    async with running(MOONS, (120, 40), speed=300.0) as driver:
        await driver.until(lambda: driver.epoch >= 20)
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        if driver.session.share_of_epoch:
            await driver.press("s")  # the rest of the epoch: an edit would begin it again
            await driver.until(lambda: not driver.session.share_of_epoch)
            await driver.until_state(State.PAUSED)
        data, network = driver.session.data, driver.session.network
        assert data is not None
        assert network is not None
        weights = network.parameters.copy()
        driver.panel("boundary").focus()
        await driver.press("m", "left", "up", "k", "A")
        await driver.until(lambda: driver.session.data is not data)
        edited = driver.session.data
        assert edited is not None
        assert len(edited.y_train) == len(data.y_train) + 1
        assert edited.y_train[-1] == 1 or 1 in edited.y_train
        assert driver.session.network is not None
        assert np.array_equal(driver.session.network.parameters, weights)
        await driver.shows("the data are edited")


async def test_each_panel_explains_itself() -> None:
    async with running(MOONS, (120, 40), speed=100.0) as driver:
        for label in ("loss", "boundary", "hidden"):
            driver.panel(label).focus()
            await driver.press("e")
            assert isinstance(driver.front, ExplainScreen)
            await driver.press("e")
            assert driver.is_on_top()


async def test_both_passes_are_gone_through_unit_by_unit() -> None:
    async with running(MOONS.changed(hidden=(3, 2)), (120, 40), speed=300.0) as driver:
        await inspected(driver)
        await driver.press("u", "slash")
        await driver.settled()
        assert "forward and back" in driver.text()
        seen = []
        for _ in range(3 + 2 + 2 + 1 + 2 + 2 + 3):
            await driver.press("slash")
            await driver.pilot.pause()
            seen.append((cursor(driver).layer, cursor(driver).unit))
        forward = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0), (2, 1)]
        # the loss moves the cursor nowhere; then the way back
        assert seen == [*forward, (2, 1), (2, 0), (2, 1), (1, 0), (1, 1), (0, 0), (0, 1), (0, 2)]
        await driver.press("backslash")
        await driver.pilot.pause()
        assert cursor(driver).unit == 1


async def test_on_a_small_screen_a_panel_takes_the_place_of_the_inspector_and_gives_it_back() -> (
    None
):
    async with running(MOONS, (80, 24), speed=300.0) as driver:
        await inspected(driver)
        await driver.press("9")
        await driver.until(lambda: driver.visible() == ["boundary", "space"])
        assert driver.screen.focused is driver.panel("space")
        await driver.press("j")  # the cursor stays, and moves
        assert cursor(driver).sample == 1
        await driver.press("0")
        await driver.until(lambda: driver.visible() == ["network"])
        await driver.press("0")
        await driver.until(lambda: driver.visible() == ["boundary", "space"])
        await driver.press("9")
        await driver.until(lambda: driver.visible() == ["inspector"])
        await driver.press("5")  # what is measured only while it is shown
        await driver.until(lambda: driver.visible() == ["boundary", "layers"])
        await driver.until_config("diagnostics", True)
        await driver.press("i")
        await driver.until(lambda: driver.visible() == ["inspector"])
        assert driver.screen.options.inspecting
        await driver.press("i")
        await driver.until(lambda: "boundary" in driver.visible())


async def test_the_last_line_tells_what_one_can_do_while_inspecting() -> None:
    async with running(MOONS, (80, 24), speed=300.0) as driver:
        await driver.until(lambda: driver.epoch >= 3)
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.settled()
        last = driver.text().splitlines()[-1]
        assert "i inspect" in last
        assert "← → travel" in last
        await driver.press("i")
        await driver.settled()
        last = driver.text().splitlines()[-1]
        for told in ("i back", "↑ ↓ unit", "j k sample", "n wrong"):
            assert told in last


async def test_the_mouse_alone_inspects_and_travels() -> None:
    async with running(MOONS, (120, 40), speed=300.0) as driver:
        await driver.until(lambda: driver.epoch >= 20)

        async def click(word: str, beyond: int = 0) -> None:
            await driver.settled()
            line = driver.text().splitlines()[-1]
            await driver.pilot.click("#footer", offset=(line.index(word) + beyond, 0))
            await driver.pilot.pause()

        await click("space pause")
        await driver.until_state(State.PAUSED)
        # from within an epoch, the first step back is to its start
        head = driver.session.head_epoch + bool(driver.session.share_of_epoch)
        await click("← → travel")
        await driver.until(lambda: driver.session.past_epoch == head - 1)
        await click("← → travel", 2)
        await driver.until(lambda: driver.session.past_epoch is None)
        await click("i inspect")
        await driver.until(lambda: "inspector" in driver.visible())
        await click("j k sample")
        assert cursor(driver).sample == 1
        await driver.settled()
        bar = driver.text().splitlines()[-3].index("◂") + 1
        await driver.pilot.click("#status", offset=(bar, 0))
        await driver.until(lambda: driver.session.past_epoch == 0)
        await click("i back")
        await driver.until(lambda: "inspector" not in driver.visible())


async def test_what_was_said_is_let_go_at_the_next_key() -> None:
    async with running(MOONS, (120, 40), speed=300.0) as driver:
        await driver.until(lambda: driver.epoch >= 3)
        await driver.press("greater_than_sign")
        assert "speed: " in driver.text().splitlines()[-2]
        await driver.press("tab")
        assert not driver.text().splitlines()[-2].strip()
