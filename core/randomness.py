"""Random streams: each kind of random choice in a run has its own generator.

A new stream, or a different number of draws from one, does not change the numbers of the others.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

Purpose = Literal["data", "split", "weights", "shuffle", "dropout", "sweep", "fresh"]

_KEYS: Final[dict[Purpose, int]] = {
    "data": 0,
    "split": 1,
    "weights": 2,
    "shuffle": 3,
    "dropout": 4,
    "sweep": 5,
    "fresh": 6,
}


def stream(seed: int, purpose: Purpose) -> np.random.Generator:
    """Return the generator for a purpose: a child of `SeedSequence(seed)` with a fixed key."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_KEYS[purpose],)))
