"""The real application over the real processes: a sweep, its table, heat map and maps, and its runs."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from core.config.presets import preset
from core.config.run_config import RunConfig
from core.process.messages import State
from core.sweeps.client import SweepProcess
from core.sweeps.execution import Workers
from core.sweeps.grid import Grid
from core.sweeps.messages import StartSweep, SweepProgress
from tests.core.sweeps.test_worker import wait_until_gone
from tests.tui.waiting import until
from tui.keymap import Keymap
from tui.panels.panel import Panel
from tui.screens.help import HelpScreen
from tui.sweep.app import SweepApp
from tui.sweep.heat_map import HeatMapPanel
from tui.sweep.keys import FOOTER, KEYS
from tui.sweep.lines import SweepStatus
from tui.sweep.model import SweepModel
from tui.sweep.screen import SweepScreen

PATIENCE = 90
SMALL = RunConfig(dataset="moons", samples=40, epochs=5)
AXES: dict[str, tuple[Any, ...]] = {
    "hidden": ((2,), (3,), (4,)),
    "learning_rate": (0.01, 0.1),
}
ENDLESS = SMALL.changed(epochs=100_000_000)


class Driver:
    """A running application, with the questions that tests ask of it."""

    def __init__(self, app: SweepApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def sweep(self) -> SweepScreen:
        assert self.app.sweep is not None
        return self.app.sweep

    @property
    def model(self) -> SweepModel:
        return self.sweep.model

    async def until(self, done: Callable[[], object]) -> None:
        await until(self.pilot, done, self.text)

    async def until_ended(self) -> None:
        await self.until(lambda: self.model.run.state is not State.TRAINING)

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.text())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def panel(self, label: str) -> Panel:
        return next(each for each in self.sweep.panels if each.label == label)

    def visible(self) -> list[str]:
        return [each.label for each in self.sweep.panels if each.display and each.size.area > 0]

    def text(self) -> str:
        size = self.app.screen._compositor.size
        strips = self.app.screen._compositor.render_strips(size)
        return "\n".join(strip.text.ljust(size.width) for strip in strips)


@asynccontextmanager
async def sweep_of(
    base: RunConfig,
    axes: dict[str, tuple[Any, ...]],
    folder: Path | None = None,
    *,
    seeds: tuple[int, ...] = (0,),
    size: tuple[int, int] = (120, 40),
    workers: int = 1,
    keymap: Keymap | None = None,
) -> AsyncIterator[Driver]:
    grid = Grid(base, axes, seeds)
    start = StartSweep(grid, None, Workers(workers), folder)
    process = SweepProcess()
    app = SweepApp(SweepModel(grid.cells()), start, process, speed=None, keymap=keymap)
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        yield driver
        assert not app.faults, app.faults[0].trace
    wait_until_gone(process.pid)


async def test_the_table_the_heat_map_and_the_maps_of_a_sweep(tmp_path: Path) -> None:
    async with sweep_of(SMALL, AXES, tmp_path, seeds=(0, 1)) as driver:
        await driver.until_ended()
        await driver.shows("12 of 12 runs")
        text = driver.text()
        assert "sweep of hidden × lr: 6 combinations × 2 seeds" in text
        assert driver.visible() == ["combinations", "heat-map", "maps"]
        assert "test accuracy %▾" in text
        assert text.count("★") == 2  # in the table and on a map
        assert "heat map hidden × lr" in text
        rows = [line for line in text.splitlines() if "±" in line and "│" in line]
        assert len(rows) == 6
        scores = [float(line.split("±")[0].split()[-1]) for line in rows]
        assert scores == sorted(scores, reverse=True)
        assert sorted(driver.model.reports) == [*range(6)]
        assert all(each.has_ended for each in driver.model.reports.values())


async def test_the_selection_is_shared_by_table_heat_map_and_maps() -> None:
    async with sweep_of(SMALL, AXES) as driver:
        await driver.until_ended()
        assert driver.model.selected == driver.model.best
        await driver.press("home")
        first = driver.model.selected
        await driver.press("down")
        assert driver.model.selected == driver.model.order()[1] != first
        driver.model.selected = 0
        await driver.press("tab")
        assert driver.sweep.focused is driver.panel("heat-map")
        await driver.press("right")
        assert driver.model.selected == 1
        await driver.press("down", "left")
        assert driver.model.selected == 2
        await driver.press("tab", "right", "right")
        assert driver.model.selected == 4
        await driver.press("b")
        assert driver.model.selected == driver.model.best


async def test_a_heading_sorts_by_key_and_by_mouse() -> None:
    async with sweep_of(SMALL, AXES) as driver:
        await driver.until_ended()
        lines = driver.text().splitlines()
        await driver.pilot.click(offset=(lines[2].index("test loss") + 2, 2))
        await driver.pilot.pause()
        assert driver.model.sorted_column == "test_loss"
        assert "test loss▴" in driver.text()
        await driver.pilot.click(offset=(lines[2].index("test loss") + 2, 2))
        await driver.pilot.pause()
        assert "test loss▾" in driver.text()
        await driver.press("s")
        assert (
            driver.model.sorted_column
            == driver.model.columns()[driver.model.columns().index("test_loss") + 1]
        )
        before = driver.model.order()
        await driver.press("S")
        assert driver.model.order() != before
        await driver.pilot.click(offset=(5, 4))
        await driver.pilot.pause()
        assert driver.model.selected == driver.model.order()[1]


async def test_a_run_is_opened_and_left_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError(11, "Resource temporarily unavailable")

    async with sweep_of(SMALL, {"hidden": ((2,), (3,))}) as driver:
        await driver.until_ended()
        driver.model.selected = 1
        with monkeypatch.context() as patch:
            patch.setattr("tui.process_link.TrainingProcess", fail)
            await driver.press("enter")
            await driver.shows("the runs cannot be opened (Resource temporarily unavailable)")
        await driver.press("enter")
        training = driver.app.training
        await driver.until(lambda: training.run.state is State.FINISHED)
        assert training.run.config.hidden == (3,)
        assert training.run.network is not None
        report = driver.model.reports[1]
        assert training.run.network.parameters.tolist() == report.parameters.tolist()
        await driver.press("M")
        await driver.until(lambda: driver.app.screen is driver.sweep)
        driver.model.selected = 0
        await driver.press("enter")
        await driver.until(lambda: training.run.config.hidden == (2,))


async def test_the_runs_of_a_combination_are_compared_and_one_of_them_opens() -> None:
    async with sweep_of(SMALL, {"hidden": ((2,), (3,))}, seeds=(5, 9)) as driver:
        await driver.until_ended()
        for number in (1, 0):
            await compare_and_open(driver, number)


async def compare_and_open(driver: Driver, number: int) -> None:
    """Open a combination, then its second run, and return to the sweep."""
    driver.model.selected = number
    await driver.press("enter")
    screen, training = driver.app.comparing, driver.app.training
    assert screen is not None
    board = screen.board
    await driver.until(lambda: len(board.runs) == 2 and board.run.is_at_rest)
    assert [each.config.seed for each in board.runs] == [5, 9]
    assert {each.config.hidden for each in board.runs} == {(2 + number,)}
    expected = driver.model.reports[number].parameters.tolist()

    def is_trained() -> bool:
        network = board.runs[0].network
        return network is not None and network.parameters.tolist() == expected

    await driver.until(is_trained)
    await driver.press("down", "enter")
    config = driver.model.cells[number].runs[1]
    await driver.until(lambda: driver.app.screen is training and training.run.config == config)
    await driver.until(lambda: training.run.is_at_rest)
    await driver.press("M")
    await driver.until(lambda: driver.app.screen is screen)
    await driver.press("escape")
    await driver.until(lambda: driver.app.screen is driver.sweep)
    await driver.until(lambda: screen._link.ended)


async def test_many_seeds_of_a_combination_are_opened_together_and_one_of_them_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.sweep.app.MOST_COMPARED", 2)
    async with sweep_of(SMALL, {"hidden": ((2,), (3,))}, seeds=(5, 6, 7)) as driver:
        await driver.until_ended()
        driver.model.selected = 1
        await driver.press("enter")
        seeds = driver.app.seeds
        assert seeds is not None
        await driver.until(lambda: seeds.run.state is State.FINISHED and seeds.model.is_known)
        assert (seeds.model.config.hidden, seeds.model.config.seed, seeds.model.count) == (
            (3,),
            5,
            3,
        )
        assert seeds.model.parameters[0].tolist() == driver.model.reports[1].parameters.tolist()
        await driver.press("enter")
        training = driver.app.training
        await driver.until(lambda: driver.app.screen is training and training.run.current)
        await driver.press("M")
        await driver.until(lambda: driver.app.screen is seeds)
        await driver.press("escape")
        await driver.until(lambda: driver.app.screen is driver.sweep)
        # another combination replaces it
        driver.model.selected = 0
        await driver.press("enter")
        await driver.until(lambda: seeds.model.config.hidden == (2,))


async def test_the_screen_is_left_while_runs_train_and_shows_their_maps(tmp_path: Path) -> None:
    axes = {"hidden": ((2,), (3,))}
    async with sweep_of(ENDLESS, axes, tmp_path, size=(80, 24)) as driver:
        await driver.until(lambda: driver.model.reports)
        epoch = driver.model.reports[0].epoch
        await driver.until(lambda: driver.model.reports[0].epoch > epoch)
        await driver.shows("2 training")
        await driver.press("?")
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.press("escape", "z")
        assert driver.visible() == ["combinations"]
        await driver.press("escape", "m")
        await driver.shows("after the end of the sweep")
        await driver.press("escape")
        assert not driver.app.is_running or driver.app._exit


async def test_progress_that_cannot_be_shown_is_followed_by_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with sweep_of(ENDLESS, {"hidden": ((2,), (3,))}) as driver:
        with monkeypatch.context() as patch:
            patch.setattr(driver.sweep.arrangement, "apply", lambda: 1 / 0)
            await driver.until(lambda: driver.app.faults)
        epoch = max((each.epoch for each in driver.model.reports.values()), default=0)
        await driver.until(
            lambda: any(each.epoch > epoch for each in driver.model.reports.values())
        )
        driver.app.faults.clear()


async def test_earlier_runs_are_trained_again_for_their_maps(tmp_path: Path) -> None:
    axes = {"hidden": ((2,), (3,))}
    async with sweep_of(SMALL, axes, tmp_path) as driver:
        await driver.until_ended()
        weights = driver.model.reports[1].parameters.tolist()
    async with sweep_of(SMALL, axes, tmp_path) as driver:
        await driver.until(lambda: len(driver.model.reports) == 2)
        await driver.until_ended()
        assert driver.model.results.trained == 0
        assert driver.model.reports[1].parameters.tolist() == weights
        assert "again" not in driver.text().splitlines()[-2]


async def test_a_sweep_whose_process_is_killed_continues(tmp_path: Path) -> None:
    axes = {"epochs": (5, 100_000_000)}
    async with sweep_of(SMALL, axes, tmp_path) as driver:
        await driver.until(lambda: driver.model.results.finished == 1)
        process = driver.sweep._link.process
        process._process.kill()
        await driver.shows("finished runs are kept, r continues")
        assert driver.model.run.state is State.STOPPED
        wait_until_gone(process.pid)
        await driver.press("r")
        await driver.until(lambda: driver.model.running == 1)
        assert driver.model.results.finished == 1
        assert "r continues" not in driver.text()
        await driver.press("r")
        await driver.shows("the sweep has not failed")
        await driver.press("q")


@pytest.mark.parametrize(
    "size", [(120, 40), (80, 24), (200, 60), (60, 16), (40, 12), (20, 6), (5, 3)]
)
async def test_each_size(size: tuple[int, int]) -> None:
    async with sweep_of(SMALL, {**AXES, "l2": (0.0, 0.1)}, size=size) as driver:
        await driver.until_ended()
        assert "combinations" in driver.visible() or size < (40, 12)
        for key in ("tab", "a", "tab", "right", "z", "shift+tab", "z", "e", "escape", "end", "F"):
            await driver.press(key)
        if size >= (60, 16):
            assert "q quit" in driver.text()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("xor", {"epochs": 3}),
        ("sine", {"epochs": 3}),
        ("moons", {"epochs": 3, "hidden": ()}),
        ("digits", {"epochs": 1, "hidden": (2,)}),
    ],
)
async def test_other_data(name: str, changes: dict[str, Any]) -> None:
    axes = {"learning_rate": (0.01, 0.1, 1e6)}
    async with sweep_of(preset(name).config(**changes), axes, size=(80, 24)) as driver:
        await driver.until_ended()
        await driver.shows("3 of 3 runs")


async def test_nothing_is_cut_off_or_unexplained_in_a_small_terminal() -> None:
    axes = {"hidden": ((2,), (4,), (8,), (8, 8)), "learning_rate": (0.001, 0.01, 0.1)}
    async with sweep_of(SMALL, axes, seeds=(0, 1), size=(60, 16)) as driver:
        await driver.until_ended()
        await driver.shows("maps 9 of 12 · seed 0")
        text = driver.text()
        labels = next(line for line in text.splitlines() if line.count(".") == 9)
        assert "%" not in labels  # in all of them or in none
        maps = next(line for line in text.splitlines() if "maps 9 of 12" in line)
        assert "test accuracy %" in maps
        legend = text.splitlines()[6]
        assert legend.rstrip("│ ").endswith(" 6 of 12")  # of the blocks of the heat map
    async with sweep_of(SMALL, axes, seeds=(0, 1), size=(70, 24)) as driver:
        await driver.until_ended()
        await driver.shows("  test % ")
    async with sweep_of(SMALL, axes, seeds=(0, 1)) as driver:
        await driver.until_ended()
        await driver.shows("maps seed 0")
        assert driver.text().count(" %") >= 12
        assert "─ hidden, lr ─" in driver.text()
        await driver.press("tab", "z")
        await driver.shows("all panels")
        panel = driver.panel("heat-map")
        assert isinstance(panel, HeatMapPanel)
        high, wide = panel._block
        assert (high, wide) > (5, 30)


async def test_a_lost_worker_is_a_sentence_until_the_next_key() -> None:
    async with sweep_of(SMALL.changed(epochs=1_000_000), AXES) as driver:
        sentence = "a worker is lost, 1 is left; 2 tasks are repeated"
        driver.sweep.controller.on_event(SweepProgress((), 1, notes=(sentence,)))
        await driver.shows(sentence)
        await driver.press("down")
        assert "a worker is lost" not in driver.text()


def test_the_remaining_time_of_a_cluster_is_that_of_its_tasks() -> None:
    model = SweepModel(Grid(SMALL, AXES, (0,)).cells())
    model.started -= 60
    line = SweepStatus(model, None, is_on_cluster=True)
    for seconds, text in ((None, ""), (75.0, "ETA 1:15")):
        model.apply(SweepProgress((), 0, seconds_left=seconds))
        drawn = line.draw(120, 1).lines()[0]
        assert ("ETA" in drawn, text in drawn) == (bool(text), True)


async def test_only_the_keys_of_actions_that_the_screen_has_are_those_of_the_user() -> None:
    keymap = Keymap({"step": ("space",), "pause": ("s",), "quit": ("Q",)})
    async with sweep_of(SMALL, AXES, keymap=keymap) as driver:
        await driver.until_ended()
        await driver.shows("Q quit")
        assert "s sort" in driver.text()
        await driver.press("s")
        await driver.shows("sorted by")
        hints = {each.title: each.help for each in driver.app.get_system_commands(driver.sweep)}
        assert hints["Sort the table by the next column"] == "key: s"
        await driver.press("?")
        await driver.shows(" s  sort the table by the next column")


def test_the_footer_shows_only_keys_of_the_table() -> None:
    for key in FOOTER:
        for name in key.shown.split():
            assert name in {key.shown for key in KEYS}
    assert len({key.action for key in KEYS}) == len(KEYS)
