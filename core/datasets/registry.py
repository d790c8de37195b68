"""Registry of the built-in data sets, by name."""

from __future__ import annotations

from typing import Final

from core.datasets import bundled, toy, toy_regression

DATASETS: Final = {
    info.name: info
    for info in (*toy.DATASETS, *toy_regression.DATASETS, *bundled.DATASETS, toy.MOONS_LEGACY)
}
