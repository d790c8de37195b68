"""Time travel by keys: while paused, exact, and continued only on request."""

import numpy as np

from core.process.messages import State
from core.training.trainer import Trainer
from tests.tui.screens.test_training import MOONS, Driver, running
from tui.drawing import number_format
from tui.screens.prompts import ConfirmScreen, EpochScreen


async def at_rest(driver: Driver, epochs: int = 40) -> int:
    """Train a little, pause between two epochs, and return the epoch."""
    await driver.until(lambda: driver.epoch >= epochs)
    await driver.press("space")
    await driver.until_state(State.PAUSED)
    if driver.session.share_of_epoch:
        await driver.press("s")  # the rest of the epoch: arrows count from its end
        await driver.until(lambda: not driver.session.share_of_epoch)
        await driver.until_state(State.PAUSED)
    await driver.settled()
    return driver.session.head_epoch


async def shown_epoch(driver: Driver, epoch: int) -> None:
    await driver.until(
        lambda: driver.session.metrics is not None and driver.session.metrics.epoch == epoch
    )


async def test_arrows_go_through_the_epochs_and_the_network_is_that_of_each() -> None:
    async with running(MOONS, speed=300.0) as driver:
        head = await at_rest(driver)
        trainer = Trainer(MOONS)
        networks = [trainer.network.parameters.copy()]
        for _ in range(head):
            trainer.train_epoch()
            networks.append(trainer.network.parameters.copy())
        places = [("left", head - 1), ("left", head - 2), ("shift+left", head - 12)]
        places += [("right", head - 11), ("home", 0), ("shift+right", 10), ("end", head)]
        for key, epoch in places:
            await driver.press(key)
            await shown_epoch(driver, epoch)
            network = driver.session.network
            assert network is not None
            assert np.array_equal(network.parameters, networks[epoch])
        await driver.settled()
        assert "●▸" in driver.text()  # the bar is at its end


async def test_the_status_and_the_curves_say_where_one_is() -> None:
    async with running(MOONS, speed=300.0) as driver:
        head = await at_rest(driver)
        await driver.press("home")
        await shown_epoch(driver, 0)
        await driver.settled()
        text = driver.text()
        assert f"0 of {head:,}" in text
        assert "◂●─" in text
        first = driver.session.timeline.at(0)
        assert f"train {first.train_loss:.4f}" in text


async def test_while_it_trains_the_arrows_say_that_it_has_to_pause() -> None:
    async with running(MOONS, speed=100.0) as driver:
        await driver.until(lambda: driver.epoch > 3)
        await driver.press("left")
        assert "pause it (space) to go back in time" in driver.text()
        assert driver.session.state is State.TRAINING


async def test_any_epoch_and_the_best_can_be_asked_for() -> None:
    async with running(MOONS, speed=300.0) as driver:
        await at_rest(driver)
        await driver.press("colon")
        assert isinstance(driver.front, EpochScreen)
        await driver.press(*"999999", "enter")
        await driver.shows("invalid value '999999': expected a whole number from 0 to")
        await driver.press(*["backspace"] * 6, "7", "enter")
        assert driver.is_on_top()
        await shown_epoch(driver, 7)
        best = driver.session.best
        assert best is not None
        await driver.press("colon", *"best", "enter")
        await shown_epoch(driver, best.epoch)


async def test_going_on_from_the_past_is_asked_for_and_leaves_the_old_future_in_sight() -> None:
    async with running(MOONS, speed=300.0) as driver:
        head = await at_rest(driver)
        await driver.press("shift+left")
        await shown_epoch(driver, head - 10)
        await driver.press("s")
        assert isinstance(driver.front, ConfirmScreen)
        await driver.shows(f"Continue from epoch {head - 10:,}?")
        await driver.press("n")
        assert driver.session.head_epoch == head
        await driver.press("s", "y")
        await driver.until(lambda: driver.session.head_epoch == head - 9)
        old = driver.session.old_branch
        assert old is not None
        assert len(old) == head + 1
        assert driver.session.past_epoch is None


async def test_a_change_in_the_past_begins_another_future() -> None:
    async with running(MOONS, speed=300.0) as driver:
        head = await at_rest(driver)
        await driver.press("shift+left")
        await shown_epoch(driver, head - 10)
        await driver.press("plus")
        assert f"Change the run at epoch {head - 10:,}? The 10 epochs" in driver.text()
        await driver.press("n")
        assert driver.session.head_epoch == head
        assert driver.session.config.learning_rate == 0.01
        await driver.press("plus", "y")
        await driver.until_config("learning_rate", 0.02)
        assert driver.session.head_epoch == head - 10
        assert driver.session.old_branch is not None


async def test_a_curve_is_read_at_any_epoch_and_enter_goes_there() -> None:
    async with running(MOONS, speed=300.0) as driver:
        head = await at_rest(driver)
        await driver.press("m")  # the loss panel has the focus
        panel = driver.panel("loss")
        reader = getattr(panel, "cursor_epoch")  # noqa: B009 (of a curve panel)
        assert reader == head
        await driver.press("left", "left", "left")
        epoch = getattr(panel, "cursor_epoch")  # noqa: B009
        assert epoch < head
        row = driver.session.timeline.at(epoch)
        await driver.settled()
        await driver.shows(f"at epoch {epoch:,}")
        await driver.shows("← → move  enter go to epoch")
        await driver.shows(f"─ {number_format.loss(row.train_loss)} ")
        assert driver.session.past_epoch is None  # reading is no travelling
        await driver.press("enter")
        await shown_epoch(driver, epoch)
        await driver.press("m", "left")
        await shown_epoch(driver, epoch - 1)  # the arrows are the screen's again
