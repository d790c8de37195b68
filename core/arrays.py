"""Array types of the engine, and evenly spaced indices."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[np.floating[Any]]
"""Floating-point values in the network's precision."""

Labels: TypeAlias = NDArray[np.int64]
"""Class numbers, counted from 0."""


def evenly_spaced(count: int, most: int) -> Labels:
    """Return at most `most` indices from 0 to count - 1, evenly spaced, in ascending order."""
    if count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).round().astype(np.int64)
