"""Test score of each preset, compared with a linear model on the same split.

    python -m benchmarks.presets [preset ...]

Means over seeds 0 to 9 for data, split and initial weights; accuracy, or R² for regression. Presets
without test samples are omitted.
"""

from __future__ import annotations

import sys

import numpy as np

from core.analysis.baseline import measure_baseline
from core.config.presets import PRESETS
from core.training.trainer import Trainer

SEEDS = range(10)


def main() -> None:
    print(f"{'preset':<20}{'mean':>8}{'lowest':>8}{'linear':>8}{'ratio':>8}   of errors left")
    for name in sys.argv[1:] or PRESETS:
        if name == "wildml":
            continue  # 5,000 epochs of an example about its losses
        scores, lines = [], []
        for seed in SEEDS:
            trainer = Trainer(PRESETS[name].config(seed=seed))
            if trainer.data.shared:
                break
            metrics = trainer.train_epoch()
            while trainer.stopped is None:
                metrics = trainer.train_epoch()
            scores.append(metrics.test_score)
            lines.append(measure_baseline(trainer.data).test_score)
        if scores:
            mean, line = float(np.mean(scores)), float(np.mean(lines))
            left = (1 - mean) / (1 - line) if line < 1 else float("nan")
            print(f"{name:<20}{mean:>8.4f}{min(scores):>8.4f}{line:>8.4f}{left:>8.2f}")


if __name__ == "__main__":
    main()
