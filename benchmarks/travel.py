"""Time to jump within 100,000 epochs of moons, and the cost of recording checkpoints.

    python -m benchmarks.travel

The peer of a jump is its time limit of one second; that of training with time travel is training
without it.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})

from time import perf_counter
from typing import Final

import numpy as np

from benchmarks.report import line, percentile
from core import Trainer
from core.config.presets import PRESETS
from core.training.time_travel import LIMIT, TimeTravel

EPOCHS: Final = 100_000
JUMPS: Final = 300


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


if __name__ == "__main__":
    main()
