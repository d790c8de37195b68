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
