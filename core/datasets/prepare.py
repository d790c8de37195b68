"""From a config to the data that a run trains on and is tested with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.datasets.registry import DATASETS
from core.datasets.split import split
from core.randomness import stream

if TYPE_CHECKING:
    from core.config import RunConfig
    from core.datasets.dataset import TrainTest


def prepare(config: RunConfig) -> TrainTest:
    """Draw the config's data set and part it, both from the config's seed."""
    data = DATASETS[config.dataset].draw(config.seed, config.samples, config.noise, config.classes)
    return split(data, config.test_size, stream(config.seed, "split"))
