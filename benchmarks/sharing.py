"""Processor time that a title, a recording and watchers cost.

    python -m benchmarks.sharing [--repeats N]

The title and the recording: of the interface process, at the default speed, for as many epochs with as
without. Watchers: of `train` in another process, while `follow` shows its saved run in pseudo-terminals.
The peers are the same without; turns alternate, and the minimum of the turns counts, since other load
can only add to it.
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
from tests.terminal.terminal import nnfs_tui

EPOCHS: Final = 300
TRAINED: Final = 60_000
WATCHERS: Final = 3


def of_the_screen(*options: str) -> float:
    """Return the processor time per epoch of a run on the screen, in ms, without its start."""
    with nnfs_tui("moons", "--no-save", "--paused", *options, emulate=False) as terminal:
        while b"PAUSED" not in terminal.raw:
            terminal.read()
        before = terminal.cpu_seconds()
        terminal.press(" ")
        while b"FINISHED" not in terminal.raw[-20_000:]:
            terminal.read()
        seconds = terminal.cpu_seconds() - before
        terminal.press("q")
        terminal.wait()
    return 1000 * seconds / EPOCHS


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
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    epochs = ("--epochs", str(EPOCHS))
    with tempfile.TemporaryDirectory() as folder:
        recording = ("--record", str(Path(folder) / "run.cast"))
        cases = {
            "title": ("--title",),
            "recording": ("--no-title", *recording),
        }
        peer: list[float] = []
        found: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(repeats):
            peer.append(of_the_screen(*epochs, "--no-title"))
            for name, options in cases.items():
                found[name].append(of_the_screen(*epochs, *options))
    for name, times in found.items():
        label = f"moons with a {name} / without, per epoch"
        print(line(label, [min(times)], [min(peer)], "ms", "≤ 1.01"), flush=True)
    watched, alone = [], []
    for _ in range(repeats):
        alone.append(of_training(0))
        watched.append(of_training(WATCHERS))
    label = f"train with {WATCHERS} watchers / without, per epoch"
    print(line(label, [min(watched)], [min(alone)], "ms", "≤ 1.01"))


if __name__ == "__main__":
    main()
