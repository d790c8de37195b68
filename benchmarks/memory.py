"""Memory of the trainer, of evaluation and of a map over 100,000 epochs of moons.

The peer of each figure is the beginning of the same run: constant memory gives a ratio of 1.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})

import gc
import resource
import tracemalloc
from pathlib import Path
from typing import Final

import numpy as np

from core import Trainer
from core.analysis.prediction_map import PredictionMap
from core.config.presets import PRESETS

EPOCHS: Final = 100_000
PAGE: Final = resource.getpagesize()


def resident_kib() -> float:
    """Return the resident set size in KiB; its peak on systems without /proc."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * PAGE / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    trainer = Trainer(PRESETS["moons"].config(epochs=EPOCHS))
    grid = PredictionMap(trainer.network, np.random.default_rng(0).normal(size=(120 * 60, 2)))
    for _ in range(1_000):
        trainer.train_epoch()
    grid.refresh()
    gc.collect()
    first = resident_kib()
    print(f"{'epochs':>9}{'resident':>14}{'ratio':>8}")
    print(f"{trainer.epoch:>9,}{first:>10,.0f} KiB{1.0:>8.3f}")
    while trainer.epoch < EPOCHS:
        for _ in range(EPOCHS // 10 if trainer.epoch >= EPOCHS // 10 else EPOCHS // 10 - 1_000):
            trainer.train_epoch()
            grid.refresh()
        now = resident_kib()
        print(f"{trainer.epoch:>9,}{now:>10,.0f} KiB{now / first:>8.3f}", flush=True)

    tracemalloc.start()
    for name, work in (
        ("an epoch with both measures", trainer.train_epoch),
        ("a map of 120 × 60", grid.refresh),
        ("a new array of the map's size", lambda: np.empty(120 * 60, np.float32)),
    ):
        work()
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        work()
        peak = tracemalloc.get_traced_memory()[1] - before
        print(f"{name:<33}{peak:>8,} bytes at its peak")
    tracemalloc.stop()


if __name__ == "__main__":
    main()
