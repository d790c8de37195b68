"""Frequency of advice in healthy runs: every preset, at 25 epochs of each run.

    python -m benchmarks.advice [preset ...]

Seeds 0 to 19, with and without diagnostics. All counts should be 0, except for wildml, whose learning
rate is deliberately too high: with seed 1 its loss jumps up every other epoch.
"""

from __future__ import annotations

import sys
from collections import Counter
from time import perf_counter

import numpy as np

from core.analysis.advice import advise
from core.config.presets import PRESETS
from core.training.epoch_log import EpochLog, tabulate
from core.training.state import EpochMetrics
from core.training.trainer import Trainer

SEEDS = range(20)
MOMENTS = 25
LONG = 100_000


def main() -> None:
    costs: list[float] = []
    print(f"{'preset':<20}{'moments':>8}   advice given")
    for name in sys.argv[1:] or PRESETS:
        found: Counter[str] = Counter()
        moments = 0
        for seed in SEEDS:
            trainer = Trainer(PRESETS[name].config(seed=seed, diagnostics=True))
            config, has_classes = trainer.config, trainer.data.has_classes
            epoch_log, asked = (
                EpochLog(),
                {config.epochs * k // MOMENTS for k in range(MOMENTS + 1)},
            )
            metrics = trainer.untrained
            epoch_log.extend(tabulate([metrics]))
            while trainer.stopped is None:
                metrics = trainer.train_epoch()
                epoch_log.extend(tabulate([metrics]))
                if trainer.epoch not in asked:
                    continue
                moments += 1
                began = perf_counter()
                advice = advise(config, epoch_log, metrics.layers, has_classes)
                costs.append(perf_counter() - began)
                found.update(each.kind for each in advice)
                without = advise(config, epoch_log, (), has_classes)
                found.update(f"{each.kind} (without diagnostics)" for each in without)
        told_of = ", ".join(f"{kind} {count}" for kind, count in found.most_common())
        print(f"{name:<20}{moments:>8}   {told_of or '–'}", flush=True)
    print(
        f"one call: {1e6 * np.median(costs):.0f} µs; after {LONG:,} epochs: {1e6 * cost():.0f} µs"
    )


def cost() -> float:
    """Return the seconds of one call after a long run; the target is below 1 ms."""
    rng = np.random.default_rng(0)
    table = tabulate([EpochMetrics(0, 1.0, 1.0, 0.9, 0.9, 0.01)]).repeat(LONG, axis=0)
    table[:, 0], table[:, 1:3] = np.arange(LONG), rng.uniform(0.1, 0.2, (LONG, 2))
    epoch_log, config, costs = EpochLog(), PRESETS["moons"].config(epochs=LONG), []
    epoch_log.extend(table)
    for _ in range(100):
        began = perf_counter()
        advise(config, epoch_log, (), has_classes=True)
        costs.append(perf_counter() - began)
    return float(np.median(costs))


if __name__ == "__main__":
    main()
