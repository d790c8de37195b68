"""The real application over the real process: saved runs side by side, and a race of optimisers."""

import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from shutil import rmtree

import numpy as np
import pytest
from textual.pilot import Pilot

from core import RunConfig, Trainer
from core.process.messages import Loading, SetSpeed, State
from core.runs.catalogue import list_runs
from tests.core.runs.test_reader import run_of, saved
from tests.tui.waiting import until
from tui.compare.app import CompareApp
from tui.compare.keys import FOOTER, KEYS
from tui.compare.model import BoardView
from tui.compare.run_list import KEYS as LIST_KEYS
from tui.compare.run_list import RunListScreen
from tui.compare.screen import CompareScreen
from tui.panels.panel import Panel
from tui.screens.help import HelpScreen

PATIENCE = 90
CONFIG = RunConfig(samples=60, hidden=(4,), epochs=30)
RATES = (0.3, 0.01, 0.001)


class Driver:
    """A running application, with the questions that tests ask of it."""

    def __init__(self, app: CompareApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> CompareScreen:
        assert self.app.comparing is not None
        return self.app.comparing

    async def until(self, done: Callable[[], bool]) -> None:
        await until(self.pilot, done, self.text)

    async def until_opened(self) -> None:
        await self.until(
            lambda: self.app.comparing is not None and self.screen.controller.is_opened
        )

    async def until_epoch(self, epoch: int | None) -> None:
        await self.until(lambda: self.screen.board.epoch == epoch)

    async def shows(self, text: str) -> None:
        await self.until(lambda: text in self.text())

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def visible(self) -> list[str]:
        return [each.label for each in self.screen.panels if each.display and each.size.area > 0]

    def panel(self, label: str) -> Panel:
        return next(each for each in self.screen.panels if each.label == label)

    def text(self) -> str:
        size = self.app.screen._compositor.size
        strips = self.app.screen._compositor.render_strips(size)
        return "\n".join(strip.text.ljust(size.width) for strip in strips)


@asynccontextmanager
async def comparison_of(
    *sources: Path | RunConfig,
    size: tuple[int, int] = (120, 40),
    parent: Path | None = None,
    paused: bool = False,
    speed: float | None = None,
    view: BoardView | None = None,
) -> AsyncIterator[Driver]:
    """Run the program, with the list of runs if there are no sources."""
    runs = [] if sources or parent is None else list_runs(parent)
    app = CompareApp(
        sources, CONFIG, runs=runs, parent=parent, speed=speed, paused=paused, view=view
    )
    async with app.run_test(size=size) as pilot:
        driver = Driver(app, pilot)
        yield driver
        assert not app.faults, app.faults[0].trace


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """Return saved runs that differ in their learning rate."""
    found = []
    for at, rate in enumerate(RATES):
        trainer = Trainer(CONFIG.changed(learning_rate=rate))
        path = saved(tmp_path, trainer, run_of(trainer, 6 + at))
        found.append(path.rename(tmp_path / f"{'abc'[at]}-run"))
    return found


async def test_saved_runs_are_shown_with_maps_curves_and_settings(folders: list[Path]) -> None:
    async with comparison_of(*folders) as driver:
        await driver.until_opened()
        text = driver.text()
        assert driver.visible() == ["maps", "curves", "runs"]
        for words in ("3 runs · moons", "1 lr 0.3", "2 lr 0.01", "c-run", "epoch 8 of 8"):
            assert words in text, words
        await driver.press("down", "m", "down", "m")
        await driver.shows("samples")
        assert driver.visible() == ["maps", "curves", "runs", "difference"]
        assert "disagree on" in driver.text()
        await driver.press("v")
        assert "1 lr 0.3" not in driver.panel("maps").shown.lines()[-3]
        assert len(driver.screen.board.visible) == 2
        await driver.press("v", "s", "s")
        assert driver.screen.board.sort == "epochs"
        await driver.press("a")
        await driver.shows("test accuracy")


async def test_the_legend_and_the_headings_can_be_clicked(folders: list[Path]) -> None:
    async with comparison_of(*folders) as driver:
        await driver.until_opened()
        board = driver.screen.board
        rows = driver.text().splitlines()
        place = next(
            (row, line.index("2 lr 0.01")) for row, line in enumerate(rows) if "▸1" in line
        )
        await driver.pilot.click(offset=(place[1], place[0]))
        assert board.runs[1].curve is None
        assert board.selected is board.runs[1]
        rows = driver.text().splitlines()
        row = next(at for at, line in enumerate(rows) if " lr " in line and "trained" in line)
        await driver.pilot.click(offset=(rows[row].index(" lr ") + 1, row))
        assert board.sort == "learning_rate"
        assert [each.config.learning_rate for each in board.runs] == sorted(RATES)
        # a second click on the selected run marks it
        rows = driver.text().splitlines()
        row = next(at for at, line in enumerate(rows) if "a-run" in line)
        await driver.pilot.click(offset=(40, row))
        await driver.pilot.click(offset=(40, row))
        assert [each.name for each in board.marked] == ["a-run"]


async def test_a_race_trains_all_runs_from_the_same_weights() -> None:
    configs = [CONFIG.changed(optimizer=each) for each in ("sgd", "momentum", "adam")]
    async with comparison_of(*configs) as driver:
        await driver.until(lambda: driver.screen.run.state is State.FINISHED)
        board = driver.screen.board
        for words in ("1 sgd", "2 momentum", "3 adam", "epoch 30 of 30"):
            await driver.shows(words)
        assert len({each.log.at(0).train_loss for each in board.runs}) == 1
        await driver.press("home")
        await driver.until_epoch(0)
        assert len({each.text_of("loss", "train") for each in board.runs}) == 1
        await driver.press("right", "right", "shift+right")
        await driver.until_epoch(12)
        trainer = Trainer(configs[2])
        for _ in range(12):
            trainer.train_epoch()
        network = board.runs[2].network
        assert network is not None
        np.testing.assert_array_equal(network.parameters, trainer.network.parameters)
        await driver.press("end")
        await driver.until_epoch(None)


async def test_what_cannot_be_shown_of_an_epoch_is_said(folders: list[Path]) -> None:
    async with comparison_of(folders[0], CONFIG.changed(seed=4), paused=True) as driver:
        await driver.until_opened()
        await driver.press("space")
        await driver.until(lambda: driver.screen.run.state is State.FINISHED)
        await driver.press("left")
        await driver.until_epoch(29)
        await driver.shows("run 1 has ended before: the last network is shown")
        await driver.press("home")
        await driver.shows("run 1 from epoch 6: no earlier checkpoint is saved")


async def test_runs_of_which_none_can_be_shown_are_left_with_the_reason(
    folders: list[Path],
) -> None:
    config = RunConfig(data="/nowhere/at/all.csv")
    async with comparison_of(config, config.changed(seed=1)) as driver:
        await driver.until(lambda: driver.screen.refused is not None)
        await driver.until(lambda: not driver.app.is_running or driver.app._exit)
    refused = driver.screen.refused
    assert refused is not None
    assert "no such file" in refused.reason
    async with comparison_of(parent=folders[0].parent) as driver:
        for each in folders:
            rmtree(each)
        await driver.press("space", "space", "enter")
        await driver.shows("cannot be opened as a run folder")
        await driver.shows("2 marked")


async def test_the_process_may_be_killed_while_it_loads_and_keys_still_answer() -> None:
    async with comparison_of(CONFIG, CONFIG.changed(seed=1), paused=True) as driver:
        os.kill(driver.screen._link.process.pid, signal.SIGKILL)
        driver.screen.controller.on_event(Loading("loading", 0.5))
        await driver.shows("STOPPED")
        assert "LOADING" not in driver.text()
        await driver.shows("was killed")
        await driver.press("space")
        await driver.shows("the process has ended: the runs stay as they are")
        driver.screen.controller.pause_for_suspend()
        driver.screen.controller.resume_after_suspend()


async def test_runs_are_paused_while_the_program_is_stopped() -> None:
    async with comparison_of(CONFIG.changed(epochs=10_000_000)) as driver:
        controller = driver.screen.controller
        await driver.until(lambda: driver.screen.run.state is State.TRAINING)
        controller.pause_for_suspend()
        await driver.until(lambda: driver.screen.run.state is State.PAUSED)
        controller.resume_after_suspend()
        await driver.until(lambda: driver.screen.run.state is State.TRAINING)
        await driver.press("space")
        await driver.until(lambda: driver.screen.run.state is State.PAUSED)
        controller.pause_for_suspend()
        controller.resume_after_suspend()
        assert not controller.is_training


async def test_runs_that_end_while_the_program_stops_are_not_played_again() -> None:
    async with comparison_of(CONFIG, speed=None) as driver:
        run, controller = driver.screen.run, driver.screen.controller
        await driver.until(lambda: run.state is State.FINISHED)
        driver.screen._link.send(SetSpeed(0.1))  # runs that are played again would not end
        run.state = State.TRAINING  # the screen does not know the end yet
        controller.pause_for_suspend()
        controller.resume_after_suspend()
        await driver.until(lambda: controller._requested_state is None)
        assert run.state is State.FINISHED
        assert not controller.is_training


async def test_escape_does_not_leave_if_loading_has_just_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tui.compare.controller.GRACE", 1e9)
    async with comparison_of(CONFIG) as driver:
        controller = driver.screen.controller
        await driver.until(lambda: driver.screen.run.state is State.FINISHED)
        controller.on_event(Loading("computing epoch 9", 0.5))
        controller.seek(9)
        await driver.until_epoch(9)
        await driver.press("escape")
        await driver.shows("loading has just ended; esc leaves")
        assert driver.app.is_running
        await driver.press("escape")
        await driver.until(lambda: not driver.app.is_running)


async def test_runs_are_marked_in_the_list_and_opened(folders: list[Path]) -> None:
    async with comparison_of(parent=folders[0].parent) as driver:
        assert "compare saved runs" in driver.text()
        await driver.press("enter")
        assert "mark two or more" in driver.text()
        await driver.press("space", "space")
        assert "2 marked" in driver.text()
        await driver.press("enter")
        await driver.until_opened()
        await driver.shows("difference 1 and 2")
        await driver.press("escape")
        assert driver.app.comparing is None
        await driver.shows("2 marked")
        await driver.press("enter")
        await driver.until_opened()
        await driver.press("enter")
        await driver.until(lambda: driver.app.chosen is not None)
        assert driver.app.chosen is not None
        assert driver.app.chosen.path in folders


def test_many_seeds_saved_as_one_are_not_marked(folders: list[Path]) -> None:
    runs = list_runs(folders[0].parent)
    summary = runs[1].summary
    assert summary is not None
    runs[1] = replace(runs[1], summary=summary._replace(seeds=8))
    screen = RunListScreen(runs, folders[0].parent, print)
    canvas = screen.canvas
    canvas.selected = 1
    canvas.mark()
    assert not canvas.marked
    assert "nnfs-tui resume" in canvas.note
    canvas.selected = 0
    screen.action_mark_alike()
    assert canvas.marked == [0, 2]


async def test_the_list_explains_its_keys(folders: list[Path]) -> None:
    async with comparison_of(parent=folders[0].parent, size=(60, 16)) as driver:
        assert "? help  q quit" in driver.text()
        await driver.press("question_mark")
        assert isinstance(driver.app.screen, HelpScreen)
        for _, _, sentence in LIST_KEYS[:5]:
            assert sentence.split(";")[0] in driver.text()
        assert "what the panels show" not in driver.text()
        await driver.press("escape")


async def test_a_table_with_few_rows_says_how_many_there_are(folders: list[Path]) -> None:
    async with comparison_of(*folders, size=(60, 16)) as driver:
        await driver.until_opened()
        await driver.shows("↑ ↓ 2 more, ")


async def test_marks_selection_and_order_are_the_same_after_a_run_was_open(
    folders: list[Path],
) -> None:
    async with comparison_of(*folders) as driver:
        await driver.until_opened()
        await driver.press("a", "s", "S", "down", "m", "down", "m", "v", "enter")
        assert driver.app.comparing is not None
        board = driver.app.comparing.board
        view, order = board.view(), [each.name for each in board.runs]
        assert len(view.marked) == 2
    async with comparison_of(*folders, view=view) as driver:
        await driver.until_opened()
        assert driver.app.comparing is not None
        board = driver.app.comparing.board
        assert board.view() == view
        assert [each.name for each in board.runs] == order
        await driver.shows("the marked runs")
        await driver.shows("difference")


async def test_help_names_all_keys_and_the_footer_is_pressed(folders: list[Path]) -> None:
    assert {name for key in FOOTER for name in key.shown.split()} <= {key.shown for key in KEYS}
    async with comparison_of(*folders) as driver:
        await driver.until_opened()
        await driver.press("?")
        assert isinstance(driver.app.screen, HelpScreen)
        await driver.press("escape")
        rows = driver.text().splitlines()
        await driver.pilot.click(offset=(rows[-1].index("accuracy"), len(rows) - 1))
        assert driver.screen.board.quantity == "score"
        for panel in driver.screen.panels:
            assert panel.explanation().lines()


@pytest.mark.parametrize("size", [(80, 24), (200, 60), (60, 16), (40, 12), (20, 6)])
async def test_any_keys_at_any_size(folders: list[Path], size: tuple[int, int]) -> None:
    keys = sorted(
        {name for key in KEYS for name in key.keys.split(",")} - {"q", "escape", "enter", "i"}
    )
    chosen = Random(size[0]).choices(keys, k=40)
    names = {"<": "less_than_sign", ">": "greater_than_sign", "?": "question_mark"}
    async with comparison_of(*folders, CONFIG, size=size, paused=True) as driver:
        await driver.until_opened()
        for at, key in enumerate(chosen):
            await driver.press(names.get(key, key))
            if at % 10 == 5:
                await driver.pilot.resize_terminal(*(120, 40) if at % 20 == 5 else size)
            if isinstance(driver.app.screen, HelpScreen):
                await driver.press("escape")
