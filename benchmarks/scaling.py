"""Time per epoch for up to a million samples and up to a million parameters; the peer is linear growth.

`ratio` compares the time per sample, or per parameter, with a smaller size: linear growth gives 1. Small
sizes take longer per sample, since the number of calls decides.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})

from math import inf
from time import perf_counter
from typing import Final

import numpy as np

from core import RunConfig, Trainer

SAMPLES: Final = (1_000, 10_000, 100_000, 300_000, 1_000_000)
WIDTHS: Final = (30, 97, 312, 560, 996)
"""Units of each of two hidden layers: about a thousand to a million parameters."""


def seconds_per_epoch(trainer: Trainer, least: float = 1.0) -> tuple[float, float]:
    """Return the time of training alone, and with the evaluation of both parts."""

    def alone() -> None:
        trainer.batches.begin()
        trainer.batches.advance(inf)
        trainer.batches.next = 0

    times = []
    for work in (alone, trainer.train_epoch):
        work()
        taken: list[float] = []
        while sum(taken) < least or len(taken) < 3:
            started = perf_counter()
            work()
            taken.append(perf_counter() - started)
        times.append(sorted(taken)[len(taken) // 2])
    return times[0], times[1]


def table(unit: str, rows: list[tuple[int, Trainer]]) -> None:
    print(f"{unit:>12}{'ms/epoch':>12}{'measured':>12}{f'ns/{unit[:-1]}':>16}{'ratio':>8}")
    before = 0.0
    for count, trainer in rows:
        alone, measured = seconds_per_epoch(trainer)
        each = alone / count * 1e9
        ratio = f"{each / before:.2f}" if before else "–"
        print(
            f"{count:>12,}{alone * 1e3:>12,.2f}{measured * 1e3:>12,.2f}{each:>16,.1f}{ratio:>8}",
            flush=True,
        )
        before = each


def main() -> None:
    print("moons, 2-8-8-2, tanh, softmax, Adam, batch 32")
    config = RunConfig(epochs=10**8)
    table(
        "samples",
        [(n, Trainer(config.changed(samples=n, test_size=0))) for n in SAMPLES],
    )
    print("\n1,024 samples of 20 features, two hidden layers, tanh, softmax, Adam, batch 64")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(1024, 20)), rng.integers(0, 2, 1024)
    rows = []
    for width in WIDTHS:
        config = RunConfig(hidden=(width, width), batch_size=64, epochs=10**8, learning_rate=1e-4)
        trainer = Trainer.from_data(config, x, y, x[:64], y[:64])
        rows.append((trainer.network.parameters.size, trainer))
    table("parameters", rows)


if __name__ == "__main__":
    main()
