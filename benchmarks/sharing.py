"""Processor time that a title, a recording and watchers cost.

    python -m benchmarks.sharing [--repeats N]

The title and the recording: of the program on the screen at the default speed, in the functions that
write them, since the difference of two runs is smaller than that of two runs without. Watchers: of
`train` in another process, while `follow` shows its saved run in pseudo-terminals; the peer is the same
without, turns alternate, and the minimum of the turns counts, since other load can only add to it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.report import line
from tests.terminal.terminal import Terminal, nnfs_tui

EPOCHS: Final = 300
TRAINED: Final = 60_000
WATCHERS: Final = 3


MEASURED: Final = """
import sys, time
from pathlib import Path
from tui.announcer import RunAnnouncer
from tui.cli.main import main
from tui.terminal.recording import Recording
from tui.terminal.title import TerminalTitle

spent = depth = 0

def measured(function):
    def call(*arguments, **named):
        global spent, depth
        depth += 1
        before = time.thread_time_ns()
        try:
            return function(*arguments, **named)
        finally:
            depth -= 1
            if not depth:
                spent += time.thread_time_ns() - before
    return call

log, what = Path(sys.argv.pop(1)), sys.argv.pop(1)
for each in {"title": (TerminalTitle, RunAnnouncer), "recording": (Recording,)}[what]:
    for name, function in [*vars(each).items()]:
        if callable(function):
            setattr(each, name, measured(function))
status = main()
log.write_text(str(spent / 1e6))
sys.exit(status)
"""
"""The program, which records the milliseconds in the methods of the title, or of the recording."""


def of_the_screen(what: str, *options: str) -> tuple[float, float]:
    """Return the processor time per epoch of a run on the screen, in ms, and the part of `what`."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        run = ("moons", "--no-save", "--paused", "--epochs", str(EPOCHS), *options)
        with Terminal(
            sys.executable, "-c", MEASURED, str(log), what, *run, emulate=False
        ) as terminal:
            while b"PAUSED" not in terminal.raw:
                terminal.read()
            before = terminal.cpu_seconds()
            terminal.press(" ")
            while b"FINISHED" not in terminal.raw[-20_000:]:
                terminal.read()
            seconds = terminal.cpu_seconds() - before
            terminal.press("q")
            terminal.wait()
        return 1000 * seconds / EPOCHS, float(log.read_text()) / EPOCHS


def of_training(watchers: int) -> float:
    """Return the processor time per epoch of `train`, in ms, while as many watch its run."""
    program = str(Path(sys.executable).with_name("nnfs-tui"))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        runs = Path(folder)
        command = [program, "train", "moons", "--epochs", str(TRAINED), "--run-dir", folder]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as training:
            while not any(runs.glob("*/state.npz")):
                os.sched_yield()
            options = ("--run-dir", folder)
            shown = [
                stack.enter_context(nnfs_tui("follow", *options, emulate=False))
                for _ in range(watchers)
            ]
            while True:
                for terminal in shown:
                    terminal.read(0.01)
                pid, _, usage = os.wait4(training.pid, 0 if not shown else os.WNOHANG)
                if pid:
                    training.returncode = 0
                    break
            for terminal in shown:
                terminal.press("q")
                terminal.wait()
    return 1000 * (usage.ru_utime + usage.ru_stime) / TRAINED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder:
        for what, options in {
            "title": ("--title",),
            "recording": ("--no-title", "--record", str(Path(folder) / "run.cast")),
        }.items():
            found = [of_the_screen(what, *options) for _ in range(repeats)]
            times, without = [each for each, _ in found], [each - part for each, part in found]
            label = f"moons with a {what} / without, per epoch"
            print(line(label, times, without, "ms", "≤ 1.01"), flush=True)
    watched, alone = [], []
    for _ in range(repeats):
        alone.append(of_training(0))
        watched.append(of_training(WATCHERS))
    label = f"train with {WATCHERS} watchers / without, per epoch"
    print(line(label, [min(watched)], [min(alone)], "ms", "≤ 1.01"))


if __name__ == "__main__":
    main()
