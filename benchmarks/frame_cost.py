"""Processor time per frame of the interface process, compared with a minimal Textual application.

    python -m benchmarks.frame_cost [--frames N] [--size COLUMNSxROWS] [preset ...]

Each program runs in a pseudo-terminal that is read but not emulated, and measures its own processor time
between two frames, so that other programs and the training process do not count. The minimal application
refreshes every row of the same area ten times a second.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Final

from benchmarks.report import line
from tests.terminal.terminal import Terminal

WARM_UP: Final = 30
"""Frames before the measurement."""
ENDLESS: Final = ("--epochs", "100000000")

SMALLEST: Final = """
import sys
from itertools import cycle
from benchmarks.frame_cost import Counter
from rich.segment import Segment
from rich.style import Style
from textual.app import App
from textual.strip import Strip
from textual.widget import Widget

STYLES = [Style.parse(f"color({16 + 3 * at}) on color({200 - 3 * at})") for at in range(16)]
count = Counter(*sys.argv[1:])

class Picture(Widget):
    frame = 0
    def render_line(self, y):
        at = self.frame + y
        pieces = self.size.width // 8
        return Strip([Segment("▀" * 8, STYLES[(at + x) % 16]) for x in range(pieces)], 8 * pieces)

class Smallest(App):
    def compose(self):
        yield Picture()
    def on_mount(self):
        self.set_interval(0.1, self.show)
    def show(self):
        picture = self.query_one(Picture)
        picture.frame += 1
        picture.refresh()
        count()
Smallest().run()
"""


class Counter:
    """Counts frames, writes their processor time to a file, and ends the program."""

    def __init__(self, path: str, frames: str) -> None:
        self._path, self._frames = Path(path), int(frames)
        self._count, self._start = 0, 0.0

    def __call__(self) -> None:
        self._count += 1
        if self._count == WARM_UP:
            self._start = process_time()
        elif self._count == WARM_UP + self._frames:
            taken = 1e3 * (process_time() - self._start) / self._frames
            self._path.write_text(str(taken))
            os.kill(os.getpid(), signal.SIGTERM)


def count_frames(path: str, frames: str, *arguments: str) -> None:
    """Run the program, and count its frames."""
    from tui.cli.main import main as run
    from tui.screens.frames import FrameClock

    count, paint = Counter(path, frames), FrameClock._paint_panels

    def counted(self: FrameClock) -> None:
        paint(self)
        count()

    FrameClock._paint_panels = counted  # type: ignore[method-assign]
    sys.argv = ["nnfs-tui", *arguments]
    sys.exit(run())


def milliseconds(program: tuple[str, ...], frames: int, rest: tuple[str, ...], size: str) -> float:
    columns, rows = map(int, size.split("x"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "milliseconds"
        command = sys.executable, *program, str(path), str(frames), *rest
        with Terminal(*command, size=(columns, rows), emulate=False) as terminal:
            while not path.exists() and terminal.read():
                pass
            terminal.wait()
        return float(path.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--size", default="120x40")
    parser.add_argument("presets", nargs="*", metavar="preset")
    options = parser.parse_args()
    counted = "-c", "import sys; from benchmarks.frame_cost import *; count_frames(*sys.argv[1:])"
    for name in options.presets or ("moons", "digits"):
        ours, peer = [], []
        for _ in range(options.repeats):
            arguments = (name, *ENDLESS)
            ours.append(milliseconds(counted, options.frames, arguments, options.size))
            peer.append(milliseconds(("-c", SMALLEST), options.frames, (), options.size))
        print(line(f"frame of {name}, {options.size}", ours, peer, "ms", "≤ 7 ms, ratio ≤ 1.5"))


if __name__ == "__main__":
    main()
