"""Random keys at any size raise no exception, block no screen and change no result.

The long version is `python -m tests.tui.keyboard_monkey`.
"""

from core import Trainer
from core.process.messages import State
from tests.tui.keyboard_monkey import Monkey, keys_of, play_with_everything
from tests.tui.screens.test_training import MOONS, running


async def test_any_keys_at_any_size_leave_a_program_that_answers() -> None:
    await play_with_everything(1, 250, MOONS.changed(epochs=2000))


async def test_looking_changes_no_result() -> None:
    config = MOONS.changed(dropout=(0.1,))
    async with running(config, speed=100.0) as driver:
        monkey = Monkey(driver, 2, harmless=True)
        await monkey.play(150)
        await monkey.answers()
        if driver.session.state is State.TRAINING:
            await driver.press("space")
            await driver.until_state(State.PAUSED)
        await driver.press("end")
        await driver.until(lambda: driver.session.past_epoch is None)
        await driver.press("s")  # to the end of an epoch that is trained in part
        await driver.until(lambda: not driver.session.share_of_epoch)
        await driver.settled()
        told, network = driver.session.timeline, driver.session.network
        trainer = Trainer(config)
        expected = [trainer.measure(), *(trainer.train_epoch() for _ in range(len(told) - 1))]
        for name in ("train_loss", "test_loss"):
            assert told.column(name).tolist() == [getattr(each, name) for each in expected]
        assert network is not None
        assert network.parameters.tolist() == trainer.network.parameters.tolist()


def test_the_keys_that_only_look_are_some_of_all() -> None:
    harmless, everything = set(keys_of(harmless=True)), set(keys_of(harmless=False))
    assert {"space", "m", "z", "left", "U"} <= harmless < everything
    assert not {"A", "d", "plus", "R", "q", "enter"} & harmless
