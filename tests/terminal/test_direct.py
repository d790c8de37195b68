"""Cells that bypass Textual: the real program, compared with what Textual draws."""

import sys
from pathlib import Path

import pytest

from tests.terminal.terminal import Terminal, epoch_of, nnfs_tui

COUNTED = """
import sys
from pathlib import Path
from tui.cli.main import main
from tui.screens.frames import FrameClock
from tui.terminal.driver import DiffDriver
from tui.terminal.screen_buffer import is_frame

log = Path(sys.argv.pop(1)).open("wb", buffering=0)
write, paint = DiffDriver.write, FrameClock._paint_panels

def counted(self, data):
    if is_frame(data):
        log.write(b"T")
    write(self, data)

def painted(self):
    log.write(b"P")
    paint(self)

DiffDriver.write, FrameClock._paint_panels = counted, painted
sys.exit(main())
"""
"""The program, which records frames of Textual (T) and drawings of the panels (P)."""


def test_frames_bypass_textual_also_around_a_dialog(tmp_path: Path) -> None:
    log = tmp_path / "log"
    arguments = "moons", "--epochs", "100000000", "--fps", "20"
    only_panels = 8 * "P"
    with Terminal(sys.executable, "-c", COUNTED, str(log), *arguments) as terminal:
        terminal.until(lambda _: log.exists() and log.read_text().endswith(only_panels))
        terminal.press("?")
        terminal.until("pause or resume")
        # the panels that the dialog leaves visible still show the run
        start = len(log.read_text())
        terminal.until(lambda _: log.read_text()[start:].endswith(only_panels))
        terminal.press("esc")
        terminal.until(lambda text: "pause or resume" not in text)
        terminal.until(lambda _: log.read_text().endswith(only_panels))
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.until_redrawn_the_same()


@pytest.mark.parametrize(
    "options",
    [
        ("--colors", "256"),
        ("--colors", "truecolor", "--background", "light"),
        ("--colors", "16"),
        ("--ascii",),
    ],
)
def test_the_screen_is_the_one_that_textual_draws(options: tuple[str, ...]) -> None:
    run = "iris", "--epochs", "100000000", "--fps", "30", *options
    with nnfs_tui(*run) as terminal:
        terminal.until("? help")
        terminal.until(lambda text: epoch_of(text) > 20)
        terminal.press("7", "t")
        terminal.resize(110, 36)
        terminal.written_within(0.5)
        terminal.press("h")
        terminal.until("settings of the run")
        terminal.written_within(0.3)
        terminal.press("esc", " ")
        terminal.until("PAUSED")
        terminal.until_redrawn_the_same()


def test_a_message_over_the_panels_leaves_a_complete_screen(tmp_path: Path) -> None:
    arguments = "xor", "--epochs", "100000000", "--fps", "30"
    with nnfs_tui(*arguments, XDG_DOWNLOAD_DIR=str(tmp_path), HOME=str(tmp_path)) as terminal:
        terminal.until("? help")
        terminal.press("\x10")  # ctrl+p
        terminal.until("find a command")
        terminal.press("screenshot")
        terminal.until("Save an SVG")
        terminal.press("enter")
        terminal.until("Saved screenshot")
        # cells that change below the message must not appear above it
        terminal.written_within(1.0)
        assert "Saved screenshot" in terminal.text()
        assert "epoch" in next(tmp_path.rglob("*.svg")).read_text()
        terminal.until(lambda text: "Saved screenshot" not in text)
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.until_redrawn_the_same()


def test_panels_around_a_dialog_are_up_to_date_after_keys_and_resizes() -> None:
    with nnfs_tui("moons", "--epochs", "100000000", "--fps", "20") as terminal:
        terminal.until(lambda text: epoch_of(text) > 0)
        for size in ((120, 40), (100, 34)):  # lower ones have no room next to the dialog
            terminal.press("h")
            terminal.until("settings of the run")
            terminal.press("\x1b[B", "\x1b[B")  # down
            terminal.resize(*size)
            first = epoch_of(terminal.text())
            terminal.until(lambda text, first=first: epoch_of(text) > first + 20)  # type: ignore[misc]
            terminal.press("esc")
            terminal.until(lambda text: "settings of the run" not in text)
        terminal.press(" ")
        terminal.until("PAUSED")
        terminal.press("?")
        terminal.until("pause or resume")
        terminal.press("esc")
        terminal.until(lambda text: "pause or resume" not in text)
        terminal.until_redrawn_the_same()
