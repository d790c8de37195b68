"""Changes of the terminal's size that the program could miss."""

import sys
from functools import partial

from tests.terminal.terminal import Terminal

LATE = """
import os, sys
from time import monotonic

current = os.get_terminal_size
known = [None, None, 0.0]

def late(descriptor=1):
    size = current(descriptor)
    if size != known[1]:
        known[1:] = size, monotonic()
    if known[0] is None or monotonic() > known[2] + 0.1:
        known[0] = size
    return known[0]

os.get_terminal_size = late
sys.argv = ["nnfs-tui", "xor", "--epochs", "100000000", "--no-save"]
from tui.cli.main import main
sys.exit(main())
"""
"""The program, with a kernel that announces a new size 0.1 s before it can be read."""


def fills(columns: int, rows: int, text: str) -> bool:
    """Return whether the text is a whole screen of panels of that size."""
    shown = [row.rstrip() for row in text.split("\n")]
    panels = shown[1:-3]
    return (
        len(shown) == rows
        and "TRAINING" in shown[-3]
        and all(len(row) == columns and row[0] in "╭│╰" and row[-1] in "╮│╯" for row in panels)
    )


def test_a_size_that_can_be_read_only_after_its_signal_is_adopted() -> None:
    with Terminal(sys.executable, "-c", LATE) as terminal:
        for columns, rows in ((80, 24), (120, 40), (100, 30)):
            terminal.resize(columns, rows)
            terminal.until(partial(fills, columns, rows))


BETWEEN = """
import sys
from tui.cli.main import main
from tui.terminal.direct import DirectOutput
from tui.terminal.driver import DiffDriver
from tui.terminal.screen_buffer import is_frame

write, size = DiffDriver.write, DirectOutput._terminal_size

def write_late(self, data):
    output = self._app.cell_output
    if is_frame(data) and len(self._app.screen_stack) > 2:
        # a widget asks before the driver knows the size for which the screen has its layout
        self.buffer.resize(48, 25)
        DirectOutput._terminal_size = lambda self: (48, 25)
        output._stack = []
        output.covers(self._app.main_screen.panels[0])
        DirectOutput._terminal_size = size
    write(self, data)

DiffDriver.write = write_late
sys.argv = ["nnfs-tui", "moons", "--epochs", "100000000", "--no-save"]
sys.exit(main())
"""
"""The program, whose driver learns the size of the terminal after the layout, under each dialog."""


def test_a_layout_before_the_size_of_the_terminal_does_not_end_the_program() -> None:
    with Terminal(sys.executable, "-c", BETWEEN) as terminal:
        terminal.until("TRAINING")
        terminal.press(":")
        terminal.until("go to epoch")
        terminal.press("7", "8", "9", "6")
        terminal.until("7896")
        terminal.press("esc")
        terminal.until(lambda text: "go to epoch" not in text)
        terminal.until(partial(fills, 120, 40))
