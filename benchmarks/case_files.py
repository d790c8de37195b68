"""Test score of each data file in a folder, compared with scikit-learn's MLP on the same split.

    python -m benchmarks.case_files FOLDER [--notes] [FILE ...]

Each file is loaded without options and trained as by `nnfs-tui train FILE`. Means over seeds 0 to 4 for
split and initial weights; accuracy, or R² for regression. `chance` is the share of the most frequent
class among the test samples, or 0. With `--notes`, the notes on each file are printed.
The status is 1 if a file is refused.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.config.errors import ConfigError
from core.config.presets import DEFAULT, PRESETS
from core.datasets.dataset import DataError
from core.training.trainer import Trainer

if TYPE_CHECKING:
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit

SEEDS: Final = range(5)


def trained(config: RunConfig) -> tuple[Trainer, float]:
    """Return a trainer at the end of its run, and the test score."""
    trainer = Trainer(config)
    score = trainer.train_epoch().test_score
    while trainer.stopped is None:
        score = trainer.train_epoch().test_score
    return trainer, score


def peer_score(data: DataSplit, config: RunConfig) -> float:
    """Return the test score of scikit-learn's MLP with as many hidden units and epochs."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    peer: Any = (MLPClassifier if data.has_classes else MLPRegressor)(
        hidden_layer_sizes=config.hidden,
        activation="tanh",
        learning_rate_init=config.learning_rate,
        batch_size=min(int(config.batch_size), len(data.y_train)),
        max_iter=config.epochs,
        n_iter_no_change=config.epochs,
        random_state=config.seed,
    )
    y_train, y_test = (
        y if data.has_classes or y.shape[1] > 1 else y[:, 0] for y in (data.y_train, data.y_test)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged
        return float(peer.fit(data.x_train, y_train).score(data.x_test, y_test))


def chance(data: DataSplit) -> float:
    """Return the share of the most frequent class among the test samples; 0 for regression."""
    return float(np.bincount(data.y_test).max() / len(data.y_test)) if data.has_classes else 0.0


def measured(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return a line on a file, and its notes.

    Raises:
        DataError: if the file is refused.
    """
    scores = []
    for seed in SEEDS:
        config = PRESETS[DEFAULT].config(data=str(path), seed=seed)
        trainer, score = trained(config)
        data = trainer.data
        scores.append((score, peer_score(data, config), chance(data)))
    ours, peer, lowest = np.mean(scores, axis=0).tolist()
    summary = data.summary
    assert summary is not None
    inputs, outputs = trainer.network.sizes[0], trainer.network.sizes[-1]
    target = f"{outputs} classes" if data.has_classes else ", ".join(data.target_names)
    line = f"{summary.samples:>7}{inputs:>7}  {target:<22.22}{lowest:>8.3f}{ours:>8.3f}{peer:>8.3f}"
    return line, summary.notes


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--notes", action="store_true")
    parser.add_argument("file", nargs="*")
    given = parser.parse_args()
    status = 0
    heading = f"{'samples':>7}{'inputs':>7}  {'target':<22}{'chance':>8}{'ours':>8}{'peer':>8}"
    print(f"{'file':<26}{heading}")
    for path in sorted(given.folder.iterdir()):
        if given.file and path.name not in given.file:
            continue
        try:
            line, notes = measured(path)
        except (DataError, ConfigError) as error:
            status, line, notes = 1, f"refused: {error}", ()
        print(f"{path.name:<26.26}{line}", flush=True)
        for note in notes if given.notes else ():
            print(f"    {note}")
    return status


if __name__ == "__main__":
    sys.exit(main())
