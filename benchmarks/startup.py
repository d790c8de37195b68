"""Time from the command to the first full frame, compared with a minimal Textual application."""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

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


def seconds_until(terminal: Terminal, *texts: str) -> float:
    started = perf_counter()
    with terminal:
        terminal.until(lambda screen: all(text in screen for text in texts))
        return perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=11)
    repeats = parser.parse_args().repeats
    for preset in ("xor", "moons", "spiral"):
        ours, peer = [], []
        for _ in range(repeats):
            # a curve's axis, the map's legend, the class strip and the status, all with data
            whole = "┤", " wrong", "class ", " epoch ", "? help"
            ours.append(seconds_until(nnfs_tui(preset), *whole))
            peer.append(seconds_until(Terminal(sys.executable, "-c", SMALLEST), "epoch"))
        print(line(f"first full frame of {preset}", ours, peer, "s", "≤ 0.8 s"))


if __name__ == "__main__":
    main()
