"""Runs per second of a sweep, compared with scikit-learn's GridSearchCV on the same grid and epochs.

The grid is two shapes, three learning rates and ten seeds of moons. GridSearchCV trains an MLPClassifier
for each combination and each of ten splits, which are the samples of the seeds here: the same training
and test samples, batches, activation, optimiser and epochs. Both rank by the mean test accuracy.

Wall-clock time, including the start of processes. One and two cores are compared with ten times as many
seeds, since a sweep of a few seconds uses one core. The peer is measured for a tenth of the runs, and
with `--whole` for all of them, to compare the best settings.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")})

import argparse
import warnings
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from core.config.presets import preset
from core.datasets.prepare import prepare
from core.sweeps.execution import Workers
from core.sweeps.grid import Grid, seeds_from
from core.sweeps.statistics import ranked
from core.sweeps.sweep import Sweep
from core.sweeps.training import train_run

if TYPE_CHECKING:
    from core.config.run_config import RunConfig
    from core.sweeps.grid import Cell

SHAPES: Final = ((8,), (8, 8))
RATES: Final = (0.001, 0.01, 0.1)
SEEDS: Final = 10


def grid(epochs: int, seeds: int = SEEDS) -> tuple[Cell, ...]:
    base = preset("moons").config(epochs=epochs)
    axes = {"hidden": SHAPES, "learning_rate": RATES}
    return Grid(base, axes, seeds_from(0, seeds)).cells()


def alone(cells: tuple[Cell, ...]) -> float:
    """Return the seconds of all runs, one after another."""
    started = perf_counter()
    for cell in cells:
        for config in cell.runs:
            with np.errstate(all="ignore"):
                train_run(config, "")
    return perf_counter() - started


def swept(cells: tuple[Cell, ...], jobs: int) -> tuple[float, Sweep]:
    started = perf_counter()
    sweep = Sweep(cells, Workers(jobs))
    for _ in sweep.run():
        pass
    return perf_counter() - started, sweep


def grid_search(configs: list[RunConfig]) -> tuple[float, dict[tuple[object, ...], float]]:
    """Return the seconds of GridSearchCV with the samples of these configs, and the mean scores."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPClassifier

    parts, splits, start = [], [], 0
    for config in configs:
        data = prepare(config)
        train, test = len(data.y_train), len(data.y_test)
        splits.append(
            (np.arange(start, start + train), np.arange(start + train, start + train + test))
        )
        parts += [(data.x_train, data.y_train), (data.x_test, data.y_test)]
        start += train + test
    x, y = (np.concatenate(each) for each in zip(*parts, strict=True))
    epochs = configs[0].epochs
    network = MLPClassifier(
        activation="tanh",
        alpha=0.0,
        batch_size=int(configs[0].batch_size),
        max_iter=epochs,
        n_iter_no_change=epochs + 1,
        tol=0.0,
        random_state=0,
    )
    search = GridSearchCV(
        network,
        {"hidden_layer_sizes": SHAPES, "learning_rate_init": RATES},
        cv=splits,
        refit=False,
    )
    started = perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        search.fit(x.astype(np.float32), y)
    seconds = perf_counter() - started
    found = search.cv_results_
    places = [tuple(each.values()) for each in found["params"]]
    return seconds, dict(zip(places, found["mean_test_score"].tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=600)
    parser.add_argument(
        "--whole", action="store_true", help="measure all runs of GridSearchCV, too"
    )
    options = parser.parse_args()
    cells = grid(options.epochs)
    count = sum(len(cell.runs) for cell in cells)
    swept(grid(1, 1), 1)  # imports
    seconds = {"one core, one run after another": alone(cells)}
    seconds["one core, in lockstep"], sweep = swept(cells, 1)
    for name, each in seconds.items():
        print(f"{name:<35} {count / each:7.1f} runs/s ({each:.2f} s for {count} runs)")
    many = grid(options.epochs, 10 * SEEDS)
    for jobs in (1, 2):
        name = f"{jobs} core{'s' * (jobs > 1)}, in lockstep, {10 * count} runs"
        duration, _ = swept(many, jobs)
        print(f"{name:<35} {10 * count / duration:7.1f} runs/s ({duration:.2f} s)")
    tenth, _ = grid_search([cells[0].runs[0]])
    ours = min(seconds.values())
    print(
        f"{'GridSearchCV':<35} {len(cells) / tenth:7.1f} runs/s ({tenth:.2f} s for {len(cells)} runs)"
    )
    print(f"{count} runs in {ours / tenth:.2f} of the time of {len(cells)}; wanted below 1")
    if options.whole:
        _, scores = grid_search(list(cells[0].runs))
        best = ranked(sweep.summaries())
        ours_best = tuple(best[0].cell.changes.values())
        top = max(scores.values())
        theirs = [place for place, score in scores.items() if score > top - 1e-9]
        print("mean test accuracy of each combination, here and in GridSearchCV:")
        for summary in best:
            place = tuple(summary.cell.changes.values())
            print(
                f"  {summary.cell.label:<22} {100 * summary.score:5.1f} %   {100 * scores[place]:5.1f} %"
            )
        print(f"best here: {ours_best}; best of GridSearchCV: {' and '.join(map(str, theirs))}")


if __name__ == "__main__":
    main()
