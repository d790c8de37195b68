"""Time from a key to the screen, compared with a minimal Textual application.

Measured for space to PAUSED and for h to the settings dialog.
"""

from __future__ import annotations

import argparse
import sys
from time import perf_counter

from benchmarks.report import line, percentile
from tests.terminal.terminal import Terminal, nnfs_tui

SMALLEST = """
from textual.app import App
from textual.screen import ModalScreen
from textual.widgets import Input, Static
class Dialog(ModalScreen):
    BINDINGS = [("escape", "dismiss")]
    def compose(self):
        yield Static("settings of the run")
        yield Input()
        yield Static("esc cancels")
class Smallest(App):
    BINDINGS = [("space", "toggle"), ("h", "open"), ("q", "quit")]
    def action_open(self):
        self.push_screen(Dialog())
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


def milliseconds_to_open(terminal: Terminal, times: int) -> list[float]:
    waits = []
    with terminal:
        terminal.until("TRAINING")
        terminal.press(" ")
        terminal.until("PAUSED")
        for _ in range(times + 1):
            terminal.until_quiet(0.2)
            started = perf_counter()
            terminal.press("h")
            terminal.until("settings of the run")
            terminal.until("esc cancels")
            waits.append(1e3 * (perf_counter() - started))
            terminal.until_quiet(0.2)
            terminal.press("esc")
            terminal.until(lambda text: "esc cancels" not in text)
    return waits[1:]  # the first time includes the import of the dialog


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
    ours = milliseconds_to_open(nnfs_tui("moons", *endless), presses // 2)
    peer = milliseconds_to_open(Terminal(sys.executable, "-c", SMALLEST), presses // 2)
    print(line("h to the settings, median", ours, peer, "ms", "≤ 150 ms"))


if __name__ == "__main__":
    main()
