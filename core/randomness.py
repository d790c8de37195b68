"""Random streams: each random choice of a run draws from a generator of its own.

A stream added later, or one that draws more, leaves the numbers of the others as they are.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

Purpose = Literal["data", "split", "weights", "shuffle", "dropout"]

_KEYS: Final[dict[Purpose, int]] = {"data": 0, "split": 1, "weights": 2, "shuffle": 3, "dropout": 4}


def stream(seed: int, purpose: Purpose) -> np.random.Generator:
    """Return the generator for one purpose: a child of `SeedSequence(seed)` with a fixed place."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_KEYS[purpose],)))
