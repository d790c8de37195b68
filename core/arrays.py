"""Array types of the engine, its buffers, and evenly spaced indices."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike

Array: TypeAlias = NDArray[np.floating[Any]]
"""Floating-point values in the network's precision."""

Labels: TypeAlias = NDArray[np.int64]
"""Class numbers, counted from 0."""


CACHE_LINE: Final = 64
"""Bytes of a line of the processor's cache, and of its longest vectors."""


def buffer(shape: Sequence[int], dtype: DTypeLike) -> Array:
    """Return a new array, not initialised, that starts with a line of the cache.

    NumPy aligns to 16 bytes; with vectors that cross lines, an addition of arrays takes up to half as
    long again.
    """
    count = prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(count + CACHE_LINE, np.uint8)
    start = -memory.ctypes.data % CACHE_LINE
    return memory[start : start + count].view(dtype).reshape(shape)


def buffer_like(array: Array) -> Array:
    """Return a `buffer` with the shape and the type of an array."""
    return buffer(array.shape, array.dtype)


def evenly_spaced(count: int, most: int) -> Labels:
    """Return at most `most` indices from 0 to count - 1, evenly spaced, in ascending order."""
    if count <= most:
        return np.arange(count)
    return np.linspace(0, count - 1, most).round().astype(np.int64)
