"""Time from the command to the first full frame, compared with a minimal Textual application.

Also the processor time of the process of the screen until then (on Linux).
"""

from __future__ import annotations

import argparse
import os
import sys
from time import perf_counter
from typing import NamedTuple

from benchmarks.report import line
from tests.terminal.terminal import Terminal, nnfs_tui

SMALLEST = """
from textual.app import App
from textual.widgets import Static
class Smallest(App):
    def compose(self):
        yield Static("epoch")
Smallest().run()
"""


class Start(NamedTuple):
    """Seconds until the first full frame: those that passed, and those of processor time."""

    passed: float
    processor: float


def start(terminal: Terminal, *texts: str) -> Start:
    """Start a program, and return how long it takes until the screen shows all texts."""
    started = perf_counter()
    with terminal:
        terminal.until(lambda screen: all(text in screen for text in texts))
        return Start(perf_counter() - started, terminal.cpu_seconds(with_children=False))


def main() -> None:
    # after its first start, a program has compiled files
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=11)
    repeats = parser.parse_args().repeats
    for preset in ("xor", "moons", "spiral"):
        ours, peer = [], []
        for _ in range(repeats):
            # a curve's axis, the map's legend, the class strip and the status, all with data
            whole = "┤", " wrong", "class ", " epoch ", "? help"
            ours.append(start(nnfs_tui(preset), *whole))
            peer.append(start(Terminal(sys.executable, "-c", SMALLEST), "epoch"))
        for what, at, wanted in (
            ("first full frame of", 0, "≤ 0.6 s"),
            ("processor time until that of", 1, "≤ 0.38 s"),
        ):
            mine, theirs = ([each[at] for each in every] for every in (ours, peer))
            print(line(f"{what} {preset}", mine, theirs, "s", wanted))


if __name__ == "__main__":
    main()
