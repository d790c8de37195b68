"""The screen that follows the log of another program."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui import waiting
from tui.follow.app import FollowApp
from tui.follow.model import FollowModel

SIZES = [(120, 40), (80, 24), (200, 60), (60, 16), (40, 12), (20, 6), (5, 3)]


def rows(start: int, stop: int) -> str:
    return "".join(
        f"{at},{1 / (at + 1)},{0.5 + at / 900},{1.2 / (at + 1)}\n" for at in range(start, stop)
    )


def write_log(path: Path, count: int = 300) -> None:
    path.write_text("epoch,loss,accuracy,val_loss\n" + rows(0, count))


def shown(app: FollowApp) -> str:
    return "\n".join(app.following.canvas.shown.lines())


async def until(pilot: Pilot[None], done: Callable[[], bool]) -> None:
    await waiting.until(pilot, done, partial(shown, pilot.app))  # type: ignore[arg-type]


def drive(
    path: Path,
    act: Callable[[FollowApp, Pilot[None]], Awaitable[None]],
    size: tuple[int, int] = (120, 40),
) -> None:
    async def run() -> None:
        app = FollowApp(FollowModel(path, planned=600))
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: bool(app.following.canvas.shown.width))
            await act(app, pilot)
        assert not app.faults

    # not asyncio.run, which also removes the loop of the asynchronous tests, without closing it
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        runner.run(run())


def test_curves_metrics_and_what_they_show(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_log(path)

    async def act(app: FollowApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "epoch 299 of 600" in shown(app))
        text = shown(app)
        for words in (
            "─ loss ─ train 0.0033 ─ validation 0.0040",
            "◆ best 299",
            "learning:",
            "FOLLOWING",
        ):
            assert words in text
        assert sum("⠀" < glyph <= "⣿" for glyph in text) > 100
        with path.open("a") as stream:
            stream.write(rows(300, 310))
        await until(pilot, lambda: "epoch 309 of 600" in shown(app))

    drive(path, act)


def test_keys(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    write_log(path)

    async def act(app: FollowApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "epoch 299" in shown(app))
        for key, words in {
            "down": "╭─ accuracy ─ 0.8322",
            "up": "╭─ loss ─",
            "l": "axis: linear",
            "f": "smoothed with weight 0.6",
            "E": "the last 1,000 epochs",
            "m": "at epoch 299",
            "ctrl+left": "at epoch 2",
            "question_mark": "only the first curve",
        }.items():
            await pilot.press(key)
            await until(pilot, lambda words=words: words in shown(app))  # type: ignore[misc]
        await pilot.press("escape")
        await until(pilot, lambda: "╭─ loss" in shown(app))
        await pilot.press("escape", "z")
        await until(pilot, lambda: "accuracy" not in shown(app))
        await pilot.press("z")
        await pilot.click(offset=(20, 8))
        await until(pilot, lambda: "at epoch" in shown(app))
        await pilot.press("q")

    drive(path, act)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "epoch,loss\n",
        "epoch,loss\n1,nan\n2,nan\n",
        "epoch,loss\n0,1\n",
        "a,b\n1,2\n",
        "step,x\n-5,-1\n7,-2\n",
    ],
)
def test_any_content_is_shown_in_any_size(tmp_path: Path, content: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(content)

    async def act(app: FollowApp, pilot: Pilot[None]) -> None:
        for width, height in SIZES:
            for key in ("m", "f", "l", "question_mark", "escape"):
                await pilot.press(key)
            await pilot.resize_terminal(width, height)
            await until(pilot, lambda w=width: app.following.canvas.shown.width == w)  # type: ignore[misc]
        if content.startswith("a"):
            await pilot.resize_terminal(120, 40)
            await until(pilot, lambda: "no header with a column epoch" in shown(app))

    drive(path, act)


@pytest.mark.parametrize(
    ("log", "found", "wide", "narrow"),
    [
        (
            "epoch,loss,val_acc\n0,0.9,0.25\n1,0.8,0.75\n2,0.7,0.5\n",
            "[│▸] ?acc (.*?)│",
            ["0.5000", "0.7500", "1"],
            ["–", "0.5000", "0.7500", "1"],
        ),
        (
            "epoch,train_loss,val_loss\n0,0.9,0.95\n1,0.5,0.625\n2,0.25,0.75\n",
            "▸ ?loss (.*?)│",
            ["0.7500", "0.6250", "1"],
            ["0.2500", "0.7500", "0.6250", "1"],
        ),
    ],
)
def test_without_room_for_both_the_newest_value_is_of_the_samples_of_the_best(
    tmp_path: Path, log: str, found: str, wide: list[str], narrow: list[str]
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(log)

    async def act(app: FollowApp, pilot: Pilot[None]) -> None:
        for width, values in ((120, wide), (80, narrow)):
            await pilot.resize_terminal(width, 40)
            await until(pilot, lambda w=width: app.following.canvas.shown.width == w)  # type: ignore[misc]
            (row,) = re.findall(found, shown(app))
            assert row.split() == values

    drive(path, act)


def test_a_folder_that_is_still_empty(tmp_path: Path) -> None:
    async def act(app: FollowApp, pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "WAITING" in shown(app))
        write_log(tmp_path / "log.csv", 5)
        await until(pilot, lambda: "epoch 4 of 600" in shown(app))

    drive(tmp_path, act)
