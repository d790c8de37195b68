"""From a key to the screen: space to PAUSED and back, beside the smallest Textual application."""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

from benchmarks.report import line, percentile
from tests.terminal.terminal import Terminal, nnfs_tui

SMALLEST = """
from textual.app import App
from textual.widgets import Static
class Smallest(App):
    BINDINGS = [("space", "toggle"), ("q", "quit")]
    state = "TRAINING"
    def compose(self):
        yield Static(self.state)
    def action_toggle(self):
        self.state = "PAUSED" if self.state == "TRAINING" else "TRAINING"
        self.query_one(Static).update(self.state)
Smallest().run()
"""


def milliseconds(terminal: Terminal, presses: int) -> list[float]:
    waits = []
    with terminal:
        terminal.until("TRAINING")
        terminal.written_within(1.0)
        for press in range(presses):
            awaited = "PAUSED" if press % 2 == 0 else "TRAINING"
            terminal.written_within(0.25 + 0.013 * (press % 10))
            started = perf_counter()
            terminal.press(" ")
            terminal.until(awaited)
            waits.append(1e3 * (perf_counter() - started))
    return waits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presses", type=int, default=40)
    presses = parser.parse_args().presses
    endless = ("--epochs", "100000000")
    for name, options in (("30 epochs/s", ()), ("max speed", ("--speed", "max"))):
        ours = milliseconds(nnfs_tui("moons", *endless, *options), presses)
        peer = milliseconds(Terminal(sys.executable, "-c", SMALLEST), presses)
        shares = [percentile(ours, 0.95)], [percentile(peer, 0.95)]
        print(line(f"space to PAUSED and back, {name}, median", ours, peer, "ms", "–"))
        print(line(f"space to PAUSED and back, {name}, p95", *shares, "ms", "≤ 100 ms"))


if __name__ == "__main__":
    main()
