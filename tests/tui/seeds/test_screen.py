"""The real application over the real processes: many seeds, one of them alone, and back."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from time import monotonic

import numpy as np
import pytest
from textual.pilot import Pilot

from core import RunConfig
from core.config.presets import PRESETS
from core.process.client import SEEDS_WORKER, TrainingProcess
from core.process.messages import State
from tests.tui.waiting import until
from tui.app import NnfsApp, SeedsOptions
from tui.drawing.palette import get_ink
from tui.drawing.rendering import TerminalLook
from tui.panels.boundary.map_drawing import GUTTER
from tui.panels.panel import Panel
from tui.screens.help import HelpScreen
from tui.seeds.keys import FOOTER, KEYS
from tui.seeds.model import LOSS, summary
from tui.seeds.panels import BARS, AgreementPanel, HistogramPanel, RunsPanel
from tui.seeds.screen import SeedsScreen

PATIENCE = 90
ENDLESS = PRESETS["moons"].config(epochs=100_000, samples=60)
SHORT = ENDLESS.changed(epochs=8)


class Driver:
    """A running application, with the questions that tests ask of it."""

    def __init__(self, app: NnfsApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def seeds(self) -> SeedsScreen:
        assert self.app.seeds is not None
        return self.app.seeds

    async def until(self, done: Callable[[], bool]) -> None:
        await until(self.pilot, done, self.text)

    async def until_state(self, state: State) -> None:
        await self.until(lambda: self.seeds.run.state is state and self.seeds.model.is_known)

    async def until_epoch(self, epoch: int) -> None:
        await self.until(lambda: self.seeds.model.epoch >= epoch)

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.text())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def is_front(self, screen: object) -> bool:
        return self.app.screen is screen

    def visible(self) -> list[str]:
        return [each.label for each in self.seeds.panels if each.display and each.size.area > 0]

    def panel(self, label: str) -> Panel:
        return next(each for each in self.seeds.panels if each.label == label)

    def text(self) -> str:
        size = self.app.screen._compositor.size
        strips = self.app.screen._compositor.render_strips(size)
        return "\n".join(strip.text.ljust(size.width) for strip in strips)


@asynccontextmanager
async def seeds_of(
    config: RunConfig,
    count: int,
    size: tuple[int, int] = (120, 40),
    *,
    paused: bool = False,
    look: TerminalLook | None = None,
) -> AsyncIterator[Driver]:
    """Run the program with `--seeds`."""
    options = SeedsOptions(count, TrainingProcess(SEEDS_WORKER), paused)
    app = NnfsApp(config, TrainingProcess(), speed=None, seeds=options, look=look)
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        yield driver
        assert not app.faults, app.faults[0].trace


async def test_all_seeds_train_and_the_sentence_says_how_many_have_learnt() -> None:
    async with seeds_of(SHORT, 7) as driver:
        await driver.until_state(State.FINISHED)
        await driver.shows("of 7 solved")
        text = driver.text()
        assert "7 runs · moons" in text
        assert "seeds 0 to 6" in text
        assert "agreement of 7 runs" in text
        assert "all agree on" in text
        assert "all 7 runs have ended, after 8 epochs" in text
        assert driver.visible() == ["agreement", "loss", "accuracy", "losses", "runs"]
        assert len(driver.seeds.model.spread) == 9
    assert summary(driver.seeds.model).splitlines()[1:] == [
        "not saved",
        "repeat: nnfs-tui moons --samples 60 --epochs 8 --seeds 7",
    ]


async def test_a_run_is_opened_and_the_others_are_there_when_it_is_left() -> None:
    async with seeds_of(ENDLESS, 5, paused=True) as driver:
        await driver.until_state(State.PAUSED)
        await driver.press("s", "s", "s")
        await driver.until_epoch(3)
        before = driver.seeds.model.lane
        await driver.press("]")
        await driver.until(lambda: driver.seeds.model.lane != before)
        seed, lane = driver.seeds.run.config.seed, driver.seeds.model.lane
        await driver.press("enter")
        training = driver.app.training
        await driver.until(lambda: driver.is_front(training) and training.run.current is not None)
        await driver.shows(f"seed {seed}, continued from epoch 3")
        assert training.run.state is State.PAUSED
        assert training.run.config.seed == seed
        assert [row.epoch for row in map(training.run.timeline.at, range(4))] == [0, 1, 2, 3]
        assert training.run.network is not None
        assert np.array_equal(training.run.network.parameters, driver.seeds.model.parameters[lane])
        await driver.press("s")
        await driver.until(lambda: training.run.head_epoch == 4)
        await driver.press("M")
        await driver.until(lambda: driver.is_front(driver.seeds))
        assert driver.seeds.model.epoch == 3
        await driver.press("escape")
        assert driver.is_front(training)
        # another one replaces it
        await driver.press("M", "[", "enter")
        await driver.until(lambda: training.run.config.seed != seed)
        await driver.shows("backspace restores the previous run")


@asynccontextmanager
async def seeds_of_a_run() -> AsyncIterator[Driver]:
    """Run the program with a single run, and show many seeds of it."""
    app = NnfsApp(ENDLESS, TrainingProcess(), speed=None)
    async with app.run_test(size=(120, 40)) as pilot:
        driver = Driver(app, pilot)
        await driver.until(lambda: app.training.run.current is not None)
        await driver.press("M")
        await driver.until(lambda: app.seeds is not None and app.seeds.model.is_known)
        await driver.until(lambda: app.training.run.state is State.PAUSED)
        yield driver


async def test_m_shows_many_seeds_of_a_run_and_escape_returns_to_it() -> None:
    async with seeds_of_a_run() as driver:
        app = driver.app
        assert driver.is_front(driver.seeds)
        await driver.until_epoch(3)
        assert "32 runs · moons" in driver.text()
        await driver.press("escape")
        await driver.until(lambda: driver.is_front(app.training))
        await driver.until(lambda: driver.seeds.run.state is State.PAUSED)
        # the same runs, until the network is another one
        trained = driver.seeds.model.epoch
        await driver.press("M")
        assert driver.is_front(driver.seeds)
        assert driver.seeds.model.epoch >= trained
        await driver.press("escape", ")")
        await driver.until(lambda: len(app.training.run.config.hidden) == 3)
        await driver.press("M")
        await driver.until(lambda: len(driver.seeds.model.config.hidden) == 3)
        assert not app.faults


async def test_a_run_that_is_opened_after_the_runs_were_left_is_not_shown() -> None:
    async with seeds_of_a_run() as driver:
        app = driver.app
        epoch = app.training.run.head_epoch
        process = driver.seeds._link.process.pid
        os.kill(process, signal.SIGSTOP)
        await driver.press("]", "enter", "M", "?")
        assert isinstance(app.screen, HelpScreen)
        os.kill(process, signal.SIGCONT)
        # the reply to the key that left them comes after the run
        await driver.until(lambda: driver.seeds.run.state is State.PAUSED)
        assert isinstance(app.screen, HelpScreen)
        assert app.training.run.head_epoch == epoch
        await driver.press("escape", "M", "enter")
        await driver.until(lambda: driver.is_front(app.training))
        assert app.training.run.note.count("backspace") == 1
        assert not app.faults


async def test_the_keys_act_on_all_runs() -> None:
    async with seeds_of(ENDLESS, 4) as driver:
        await driver.until_epoch(2)
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.press("+")
        await driver.shows("learning rate 0.02 in all runs")
        await driver.press("<")
        await driver.shows("speed: 1000 epochs/s")
        await driver.press("R")
        await driver.until(lambda: driver.seeds.model.config.seed == 4)
        await driver.shows("seeds 4 to 7")
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.press("r")
        await driver.until(lambda: driver.seeds.model.epoch == 0)
        await driver.until_state(State.PAUSED)
        await driver.press("?")
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.shows("all runs")
        await driver.press("escape", "e")
        await driver.shows("agreement = ")
        await driver.press("escape", "l")
        await driver.shows("loss axis")
        await driver.press("z")
        assert driver.visible() == ["agreement"]
        await driver.press("escape")
        assert "runs" in driver.visible()
        await driver.press("escape")
        await driver.shows("enter opens the selected run")


async def test_all_runs_go_back_in_time_and_continue_from_there() -> None:
    async with seeds_of(ENDLESS, 4, paused=True) as driver:
        await driver.until_state(State.PAUSED)
        model = driver.seeds.model
        await driver.press(*"sssSs")
        await driver.until_epoch(14)
        newest, curves = model.parameters.copy(), model.spread.curve("train_loss").copy()
        for keys, epoch in (("left", 13), ("shift+left", 3), ("home", 0), ("shift+right", 10)):
            await driver.press(keys)
            await driver.until(lambda at=epoch: model.epoch == at)  # type: ignore[misc]
        await driver.shows("epoch 10 of 14")
        assert "●" in driver.text()
        assert not np.array_equal(model.parameters, newest)
        assert np.array_equal(model.spread.curve("train_loss"), curves)
        assert model.run.network is not None
        assert np.array_equal(model.run.network.parameters, model.parameters[model.lane])
        await driver.press("colon", *"99", "enter")
        await driver.shows("expected a whole number from 0 to 14")
        await driver.press("backspace", "backspace", "6", "enter")
        await driver.until(lambda: model.epoch == 6)
        await driver.press("end")
        await driver.until(lambda: model.epoch == 14)
        assert np.array_equal(model.parameters, newest)
        # a click on a curve, then one on the bar
        panel = driver.panel("loss")
        await driver.pilot.click(panel, offset=(panel.size.width // 5, 3))
        await driver.until(lambda: model.past_epoch is not None)
        start, length = driver.seeds.status._bar
        await driver.pilot.click("#status", offset=(start + length - 1, 0))
        await driver.until(lambda: model.past_epoch is None)
        # training from the past discards what came after, and gives the same numbers again
        await driver.press("shift+left")
        await driver.until(lambda: model.epoch == 4)
        await driver.press("s")
        await driver.shows("The 10 epochs after it will be")
        await driver.press("n")
        assert len(model.spread) == 15
        await driver.press("s", "y")
        await driver.until(lambda: (model.epoch, model.head_epoch) == (5, 5))
        await driver.press(*"sssssssss")
        await driver.until_epoch(14)
        assert np.array_equal(model.parameters, newest)
        assert np.array_equal(model.spread.curve("train_loss"), curves)


async def test_runs_that_have_ended_or_are_training() -> None:
    async with seeds_of(SHORT.changed(epochs=30), 3) as driver:
        await driver.until_state(State.FINISHED)
        await driver.press("left", "space")
        await driver.shows("Continue from epoch 29?")
        await driver.press("y")
        await driver.until_state(State.FINISHED)
        # runs that are about to train are not taken back
        await driver.press("R", "left")
        model = driver.seeds.model
        await driver.until(lambda: (model.config.seed, model.epoch) == (3, 30))
        await driver.until_state(State.FINISHED)
        await driver.press("home", "enter")
        training = driver.app.training
        await driver.until(lambda: driver.is_front(training) and training.run.current is not None)
        assert training.run.head_epoch == 0
    async with seeds_of(ENDLESS, 3) as driver:
        await driver.until_epoch(2)
        await driver.press("left")
        assert "pause them (space) to go back in time" in driver.text()
        assert driver.seeds.run.state is State.TRAINING


async def test_the_sentence_is_shortened_by_whole_parts_where_it_has_no_room() -> None:
    async with seeds_of(SHORT, 3, (60, 16)) as driver:
        await driver.until_state(State.FINISHED)
        driver.seeds.model.verdict = "0 of 12 solved; 12 from 92.7 to 98.7 %, with a median of 96 %"
        driver.seeds.frames.paint_all()
        await driver.until(lambda: "0 of 12 solved; 12 from 92.7 to 98.7 % " in driver.text())
        assert "to 98.7 %," not in driver.text()
        # runs that are not counted are marked
        driver.seeds.model.verdict = "3 of 8 solved; 3 stuck at 98.7 %, 2 at 99.3 %, 1 diverged"
        driver.seeds.frames.paint_all()
        await driver.until(lambda: "3 of 8 solved; 3 stuck at 98.7 %, … " in driver.text())


@pytest.mark.parametrize("glyphs", ["unicode", "console"])
async def test_a_terminal_with_half_blocks_alone_has_a_histogram_of_halves(glyphs: str) -> None:
    async with seeds_of(SHORT, 12, look=TerminalLook(glyphs=glyphs)) as driver:
        await driver.until_state(State.FINISHED)
        panel = driver.panel("losses")
        assert isinstance(panel, HistogramPanel)
        driver.seeds.model.rows[LOSS] = [0.1] * 7 + [0.5] * 3 + [0.8] * 2
        network, data = driver.seeds.run.network, driver.seeds.run.data
        assert network is not None
        assert data is not None
        drawn = panel.draw_run(network, data, 40, 6)
        bars = {*drawn.glyphs[:5].ravel().tolist()} & {*BARS[1:]}
        assert bars == ({"▄", "█"} if glyphs == "console" else {"▂", "▄", "█"})


async def test_the_maps_say_what_their_numbers_are() -> None:
    async with seeds_of(SHORT, 6) as driver:
        await driver.shows("lowest loss first · training accuracy %")


async def test_a_click_selects_a_run() -> None:
    async with seeds_of(SHORT, 6) as driver:
        await driver.until_state(State.FINISHED)
        panel = driver.panel("runs")
        assert isinstance(panel, RunsPanel)
        last = driver.seeds.model.order()[-1]
        row, column = panel._tiles.place(5)
        await driver.pilot.click("#runs", offset=(column + 1, row + 1))
        await driver.until(lambda: driver.seeds.model.lane == last)
        await driver.shows(f"seed {last} selected")
        await driver.shows(f"seed {last}  loss")
        losses = driver.seeds.model.rows[LOSS]
        assert losses[last] == max(losses)


@pytest.mark.parametrize("size", [(60, 16), (40, 12), (10, 3), (1, 1), (200, 60), (80, 24)])
async def test_every_size_is_drawn(size: tuple[int, int]) -> None:
    async with seeds_of(SHORT, 3, size) as driver:
        await driver.until_state(State.FINISHED)
        for width, height in ((120, 40), size):
            await driver.pilot.resize_terminal(width, height)
            await driver.pilot.pause()
        if size[0] >= 40:
            assert "of 3" in driver.text()


@pytest.mark.parametrize(
    "config",
    [
        PRESETS["sine"].config(epochs=3, samples=40),
        PRESETS["iris"].config(epochs=3),
        PRESETS["diabetes"].config(epochs=3),
        PRESETS["moons"].config(epochs=3, hidden=()),
        PRESETS["xor"].config(epochs=3),
        ENDLESS.changed(epochs=60, learning_rate=1e6, optimizer="sgd", activation="relu"),
        ENDLESS.changed(epochs=3, data_seed=1, dropout=(0.2,), batch_norm=True),
    ],
    ids=["one feature", "three classes", "regression", "no layer", "xor", "diverges", "shared"],
)
async def test_every_kind_of_data_and_network_is_drawn(config: RunConfig) -> None:
    async with seeds_of(config, 3) as driver:
        await driver.until(lambda: driver.seeds.run.state in {State.FINISHED, State.DIVERGED})
        await driver.press("]", "t", "p", "l", "E", "tab", "z", "z")
        await driver.until(lambda: driver.seeds.model.lane != 0)
        if driver.seeds.run.state is State.DIVERGED:
            await driver.shows("all 3 runs have diverged")
            await driver.press("space")
            await driver.shows("all runs have ended")
            await driver.press("enter")
            await driver.until(lambda: driver.app.training.run.state is State.DIVERGED)


async def test_a_map_of_another_shape_with_as_many_pixels_has_its_own_points() -> None:
    async with seeds_of(SHORT, 3) as driver:
        await driver.until_state(State.FINISHED)
        network, data = driver.seeds.run.network, driver.seeds.run.data
        assert network is not None
        assert data is not None

        def drawn(*sizes: tuple[int, int]) -> list[str]:
            panel = AgreementPanel(driver.seeds.model, driver.seeds.options)
            for width, height in sizes:
                cells = panel.draw_run(network, data, GUTTER + width, 2 + height)
            return [get_ink(int(each)).background for each in cells.inks.ravel()]

        assert drawn((40, 12), (24, 20)) == drawn((24, 20))


async def test_the_process_may_be_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(11, "Resource temporarily unavailable")

    async with seeds_of(ENDLESS, 3) as driver:
        await driver.until_epoch(1)
        os.kill(driver.seeds._link.process.pid, signal.SIGKILL)
        await driver.shows("was killed")
        await driver.press("space")
        await driver.shows("r starts these runs again")
        with monkeypatch.context() as patch:
            patch.setattr(driver.seeds._link, "restart", fail)
            await driver.press("r")
            await driver.shows("r tries again")
        await driver.press("r")
        await driver.until(lambda: driver.seeds.run.state is not State.STOPPED)
        await driver.shows("of 3 solved")


async def test_runs_that_cannot_be_started_end_the_program_with_the_reason() -> None:
    options = SeedsOptions(2, TrainingProcess(SEEDS_WORKER))
    config = RunConfig(data="/nowhere/at/all.csv")
    app = NnfsApp(config, TrainingProcess(), seeds=options)
    async with app.run_test():
        deadline = monotonic() + PATIENCE
        while app.seeds is None or app.seeds.refused is None:
            assert monotonic() < deadline
            await asyncio.sleep(0.01)
    assert "no such file" in app.seeds.refused.reason


async def test_random_keys_at_any_size_leave_a_program_that_answers() -> None:
    random = Random(3)
    keys = [each for key in KEYS for each in key.keys.split(",") if each != "q"]
    async with seeds_of(ENDLESS.changed(epochs=300), 5) as driver:
        await driver.until_epoch(1)
        for _ in range(150):
            if random.random() < 0.1:
                size = random.randint(1, 200), random.randint(1, 60)
                await driver.pilot.resize_terminal(*size)
            else:
                await driver.app._press_keys([random.choice(keys)])
            assert not driver.app.faults, driver.app.faults[0].trace
        await driver.pilot.resize_terminal(120, 40)
        await driver.press("escape", "escape", "escape")
        if not driver.is_front(driver.seeds):
            await driver.press("M")
        await driver.until(lambda: driver.is_front(driver.seeds))
        await driver.press(*"<" * 20)  # at full speed, 300 epochs may end before the next look
        await driver.press("r")
        await driver.until(lambda: driver.seeds.run.state is not State.FINISHED)
        before = driver.seeds.run.state
        await driver.press("space")
        await driver.until(lambda: driver.seeds.run.state is not before)


def test_every_key_of_the_footer_has_a_handler() -> None:
    for key in FOOTER:
        for name in key.shown.split():
            assert name in {key.shown for key in KEYS}
