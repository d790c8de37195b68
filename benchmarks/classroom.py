"""Many users on one server: time from a key to the screen, and frames per second, by the number of runs.

    python -m benchmarks.classroom [--seconds N] [runs ...]

The runs are default runs at default speed, each in a pseudo-terminal that is read but not emulated. Keys
are space to PAUSED and space to TRAINING, in one run after another; output that follows a pause of
`APART` seconds counts as a frame. The target is 24 runs on two cores.
"""

from __future__ import annotations

import argparse
import os
import select
from contextlib import ExitStack
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Final

from benchmarks.report import percentile
from tests.terminal.terminal import nnfs_tui

if TYPE_CHECKING:
    from tests.terminal.terminal import Terminal

ENDLESS: Final = ("--epochs", "100000000", "--no-save")
APART: Final = 0.03
SETTLED: Final = 5.0
"""Seconds between the first frame of the last run and the first key."""
LOST: Final = 10.0
"""Seconds after which a key counts as lost."""


class Class:
    """Some runs, which are read together."""

    def __init__(self, runs: int, stack: ExitStack) -> None:
        self.runs = runs
        self._stack = stack
        self._terminals: list[Terminal] = []
        self._frames = 0
        self._written: list[float] = []

    def start(self) -> None:
        """Start the runs one after another, and wait until all of them train."""
        for _ in range(self.runs):
            terminal = self._stack.enter_context(nnfs_tui(*ENDLESS, emulate=False))
            self._terminals.append(terminal)
            self._written.append(0.0)
            deadline = monotonic() + 60
            while b"TRAINING" not in terminal.raw and monotonic() < deadline:
                self.read(0.1)
        self.read(SETTLED)

    def read(self, seconds: float) -> None:
        """Read all output for a while."""
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            ready = select.select(self._terminals, [], [], left)[0]
            for number, terminal in enumerate(self._terminals):
                if terminal in ready:
                    now = monotonic()
                    self._frames += now - self._written[number] > APART
                    self._written[number] = now
                    terminal.read(0)
            if ready:
                return

    def measure(self, seconds: float) -> tuple[list[float], float]:
        """Return the seconds that each key took, and the frames per second of a run."""
        random, waits = Random(0), []
        start, self._frames = monotonic(), 0
        while monotonic() < start + seconds:
            terminal = random.choice(self._terminals)
            for word in (b"PAUSED", b"TRAINING"):
                at, pressed = len(terminal.raw), monotonic()
                terminal.press(" ")
                while word not in terminal.raw[at:] and monotonic() < pressed + LOST:
                    self.read(LOST)
                waits.append(monotonic() - pressed)
                pause = monotonic() + random.uniform(0.1, 0.3)
                while (left := pause - monotonic()) > 0:
                    self.read(left)
        return waits, self._frames / (monotonic() - start) / self.runs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("runs", type=int, nargs="*", default=[1, 6, 12, 18, 24])
    options = parser.parse_args()
    for runs in options.runs:
        with ExitStack() as stack:
            room = Class(runs, stack)
            room.start()
            waits, frames = room.measure(options.seconds)
        print(
            f"{runs:>3} runs on {os.cpu_count()} cores: key {1e3 * percentile(waits, 0.5):.0f} ms, "
            f"p95 {1e3 * percentile(waits, 0.95):.0f} ms (n = {len(waits)}; wanted ≤ 200 ms), "
            f"{frames:.1f} frames/s",
            flush=True,
        )


if __name__ == "__main__":
    main()
