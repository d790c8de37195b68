"""Time to jump within a run and to step back in a resumed one, and the cost of recording checkpoints.

    python -m benchmarks.travel

The peer of a jump is its time limit of one second; that of training with time travel is training
without it. The peer of the first step back, from the key to the screen, is the second one.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})

import tempfile
from time import perf_counter
from typing import Final

import numpy as np

from benchmarks.report import line, percentile
from core import Trainer
from core.config.presets import PRESETS
from core.training.time_travel import LIMIT, TimeTravel
from tests.terminal.terminal import epoch_of, nnfs_tui

EPOCHS: Final = 100_000
JUMPS: Final = 300
LENGTHS: Final = {"xor": 100_000, "moons": 20_000, "digits": 500}
"""Epochs of the runs that are resumed."""
RESUMED: Final = 7
"""Times that a run is resumed."""
LEFT: Final = "\x1b[D"


def steps_back(folder: str, epochs: int) -> tuple[float, float]:
    """Resume a run of so many epochs; return the seconds of its first and of its second step back."""
    steps = []
    with nnfs_tui("resume", "--run-dir", folder) as terminal:
        terminal.until(lambda text: "? help" in text and epoch_of(text) == epochs)
        terminal.until_quiet(0.5)
        for epoch in (epochs - 1, epochs - 2):
            started = perf_counter()
            terminal.press(LEFT)
            terminal.until(lambda text, wanted=epoch: epoch_of(text) == wanted)  # type: ignore[misc]
            steps.append(perf_counter() - started)
            terminal.until_quiet(0.5)
        terminal.press("q")
        terminal.wait()
    return steps[0], steps[1]


def print_steps_back(preset: str, epochs: int) -> None:
    options = "--speed", "max", "--epochs", str(epochs), "--run-dir"
    with tempfile.TemporaryDirectory() as folder:
        with nnfs_tui(preset, *options, folder) as terminal:
            terminal.until(lambda text: "FINISHED" in text and epoch_of(text) == epochs)
            terminal.press("q")
            terminal.wait()
        first, second = zip(*(steps_back(folder, epochs) for _ in range(RESUMED)), strict=True)
        name = f"first step back of {preset}, {epochs:,} epochs"
        print(line(name, list(first), list(second), "s", "≤ 0.05 s"))


def main() -> None:
    config = PRESETS["moons"].config(epochs=10 * EPOCHS)
    with_history: list[float] = []
    without: list[float] = []
    for _ in range(3):
        for history_too, times in ((True, with_history), (False, without)):
            trainer = Trainer(config)
            history = TimeTravel(trainer)
            started = perf_counter()
            for _ in range(5_000):
                trainer.train_epoch()
                if history_too:
                    history.record_epoch()
            times.append((perf_counter() - started) / 5_000 * 1e6)
    print(line("an epoch with history, without", with_history, without, "µs", "1"))
    trainer = Trainer(config)
    history = TimeTravel(trainer)
    for _ in range(EPOCHS):
        trainer.train_epoch()
        history.record_epoch()
    rng = np.random.default_rng(0)
    jumps = []
    for target in rng.integers(0, EPOCHS + 1, JUMPS).tolist():
        started = perf_counter()
        history.travel(target, lambda _: True)
        jumps.append(perf_counter() - started)
    print(line(f"a jump within {EPOCHS:,} epochs", jumps, [1.0], "s", "at most 1"))
    print(f"p95 {percentile(jumps, 0.95):.4f} s, longest {max(jumps):.4f} s")
    print(f"checkpoints {history.size / 2**20:.1f} MiB of {LIMIT / 2**20:.0f}")
    for preset, epochs in LENGTHS.items():
        print_steps_back(preset, epochs)


if __name__ == "__main__":
    main()
