"""The command of a run and the numbers of panels reach the clipboard of the terminal."""

import base64
import re
import shlex

import pytest

from core import RunConfig
from core.process.messages import State
from tests.terminal.terminal import nnfs_tui
from tests.tui.screens.test_training import MOONS, running
from tests.tui.sessions import session_after
from tui.panels.copied_numbers import copied_numbers
from tui.panels.view_options import Cursor, ViewOptions
from tui.screens.share import ShareScreen
from tui.terminal.clipboard import through_multiplexer

COPY = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


def copied(raw: bytes) -> list[str]:
    return [base64.b64decode(each).decode() for each in COPY.findall(raw)]


def test_the_command_is_shown_and_copied_in_the_terminal() -> None:
    with nnfs_tui("xor", "--lr", "0.2", "--hidden", "3", "--paused") as terminal:
        terminal.until("PAUSED")
        terminal.press("L")
        text = terminal.until("the command of this run")
        assert "nnfs-tui xor --hidden 3 --lr 0.2" in text
        terminal.until(lambda _: copied(bytes(terminal.raw)))
        assert copied(bytes(terminal.raw)) == ["nnfs-tui xor --hidden 3 --lr 0.2"]
        terminal.press("esc")
        terminal.until(lambda text: "the command of this run" not in text)


async def test_changes_on_the_way_are_named() -> None:
    async with running(MOONS) as driver:
        await driver.press("+")
        await driver.until_config("learning_rate", 0.02)
        await driver.press("L")
        await driver.until(lambda: isinstance(driver.front, ShareScreen))
        await driver.shows("--lr 0.02")
        await driver.shows("which the command does not repeat")
        await driver.press("escape")
        assert driver.is_on_top()


@pytest.mark.parametrize(
    "config",
    [RunConfig(hidden=(3, 2)), RunConfig(dataset="bumps"), RunConfig(dataset="iris", hidden=())],
    ids=lambda config: config.dataset,
)
def test_the_table_is_copied_with_its_headings(config: RunConfig) -> None:
    run = session_after(config, 2)
    heading, *rows = copied_numbers("table", run, ViewOptions()).splitlines()
    assert run.data is not None
    assert run.network is not None
    assert len(rows) == len(run.data.y_train)
    names = heading.split("\t")
    assert all(len(row.split("\t")) == len(names) for row in rows)
    units = sum(config.hidden)
    outputs = run.network.hidden_outputs(run.data.x_train)
    if units:
        at = names.index("hidden 1 unit 1")
        assert float(rows[1].split("\t")[at]) == float(outputs[0][1, 0])


def test_the_inspector_is_copied_with_a_sum_that_adds_up() -> None:
    run, options = session_after(RunConfig(), 2), ViewOptions()
    options.cursor = Cursor(1, 3, 5)
    lines = [line.split("\t") for line in copied_numbers("inspector", run, options).splitlines()]
    products = [float(line[3]) for line in lines[1:] if len(line) == 5]
    (z,) = (float(line[1]) for line in lines if line[0] == "z")
    assert sum(products) == pytest.approx(z, abs=1e-5)


async def test_copying_says_where_it_works() -> None:
    async with running(MOONS) as driver:
        await driver.press("space")
        await driver.until_state(State.PAUSED)
        await driver.press("T")
        await driver.shows("T copies the numbers of the table (8) and the inspector (i)")
        await driver.press("8")
        driver.panel("table").focus()
        await driver.press("T")
        await driver.shows("lines of the table are copied")


def test_a_multiplexer_passes_the_text_on() -> None:
    sequence = "\x1b]52;c;QQ==\x07"
    assert through_multiplexer(sequence, {}) == sequence
    wrapped = through_multiplexer(sequence, {"TMUX": "/tmp/tmux"})
    assert wrapped == f"{sequence}\x1bPtmux;\x1b{sequence}\x1b\\"
    assert through_multiplexer(sequence, {"STY": "1"}) == f"\x1bP{sequence}\x1b\\"


def test_the_command_can_be_split_by_a_shell() -> None:
    run = session_after(RunConfig(), 1)
    assert shlex.split(ShareScreen(run)._command)[0] == "nnfs-tui"
