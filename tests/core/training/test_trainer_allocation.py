"""Training, measuring and drawing a map allocate nothing after the first time."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.analysis.prediction_map import PredictionMap
from core.nn.activations import ACTIVATIONS
from core.nn.losses import LOSSES
from core.nn.optimizers import OPTIMIZERS

ALLOCATION_CASES: list[dict[str, Any]] = [
    *({"optimizer": name} for name in OPTIMIZERS),
    *({"activation": name} for name in ACTIVATIONS),
    *({"loss": name} for name in LOSSES if name != "binary_cross_entropy"),
    {"dataset": "moons", "loss": "binary_cross_entropy"},
    {"dataset": "moons"},
    {"dataset": "plane"},
    {"batch_norm": True, "l1": 1e-3},
    {"dropout": 0.3},
    {"clip_value": 0.1, "freeze": (1,)},
    {"clip_norm": 0.1, "label_smoothing": 0.1},
    {"class_weight": "balanced", "label_smoothing": 0.1},
    {"class_weight": "balanced", "dataset": "moons", "bias": False},
]


@pytest.mark.parametrize("case", ALLOCATION_CASES, ids=str)
def test_an_epoch_and_its_measures_allocate_nothing(case: dict[str, Any]) -> None:
    whole: dict[str, Any] = {"dataset": "blobs", "samples": 6_000, "hidden": (16, 8), **case}
    config = RunConfig(**{"l2": 1e-3, "batch_size": 2000, **whole})
    trainer = Trainer(config)
    # the smallest array of a step is one row of a batch: 2,000 samples of 4 bytes; what is left are
    # Python's own numbers and tuples
    assert most_allocated(trainer.train_epoch) < 6000
    # and the measure sees an array of that size
    assert most_allocated(lambda: np.empty(2000, np.float32)) >= 8000


@pytest.mark.parametrize("dataset", ["moons", "blobs", "plane"])
@pytest.mark.parametrize("loss", [None, "mean_squared_error"])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_a_map_allocates_nothing_after_the_first_time(
    dataset: str, loss: str | None, batch_norm: bool
) -> None:
    trainer = Trainer(RunConfig(dataset=dataset, loss=loss, batch_norm=batch_norm))
    shown = PredictionMap(trainer.network, np.random.default_rng(0).normal(size=(3000, 2)))
    assert most_allocated(shown.refresh) < 2000


def most_allocated(work: Callable[[], object]) -> int:
    """Return the peak of what the work allocates, in the best of a few tries.

    The test runner's own threads allocate now and then, and are counted too.
    """
    work()
    peaks = []
    tracemalloc.start()
    try:
        for _ in range(5):
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            work()
            peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        tracemalloc.stop()
    return min(peaks)
