"""Columns of metrics in a compact form, and their ranges in blocks of epochs.

A run may have millions of epochs. A full chunk of a column is therefore stored in the smallest form
that is exact, and with the minimum and maximum of each block of epochs, so that a curve is drawn from a
few hundred blocks instead of from every epoch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Labels

CHUNK: Final = 4096
"""Epochs of a chunk. It is even, so that even epochs have even positions in each chunk."""

BLOCK: Final = 16
"""Epochs of the smallest block, and blocks of one level in a block of the next."""

MOST_CODES: Final = 256

_LARGEST: Final = float(np.finfo(np.float32).max)


class PackedColumn:
    """The values of one chunk: a constant, a count from a number on, codes of few values, or numbers."""

    __slots__ = ("_codes", "_step", "_values")

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._codes: NDArray[np.uint8] | None = None
        self._step = 0.0
        first = values[0]
        if ((values == first) | (np.isnan(values) & np.isnan(first))).all():
            self._values: NDArray[np.floating] = values[:1].copy()
            return
        if np.array_equal(values, first + np.arange(len(values))):
            self._values, self._step = values[:1].copy(), 1.0
            return
        with np.errstate(over="ignore"):
            narrow = values.astype(np.float32)
        if np.array_equal(narrow, values, equal_nan=True):
            # a network of 32-bit numbers has losses of 32 bits
            self._values = narrow
            return
        # an accuracy has as many values as there are samples
        is_likely = len(np.unique(values[: 2 * MOST_CODES])) <= MOST_CODES
        table = np.unique(values) if is_likely else values
        if len(table) <= MOST_CODES:
            self._values, self._codes = table, np.searchsorted(table, values).astype(np.uint8)
        else:
            self._values = values.copy()

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays."""
        return self._values.nbytes + (0 if self._codes is None else self._codes.nbytes)

    def values(self) -> NDArray[np.float64]:
        """Return all values."""
        if self._codes is not None:
            return np.asarray(self._values[self._codes], np.float64)
        if len(self._values) == 1:
            return self.pick(np.arange(CHUNK))
        return np.asarray(self._values, np.float64)

    def pick(self, positions: Labels) -> NDArray[np.float64]:
        """Return the values at some positions."""
        if self._codes is not None:
            return np.asarray(self._values[self._codes[positions]], np.float64)
        if len(self._values) == 1:
            return np.asarray(float(self._values[0]) + self._step * positions, np.float64)
        return np.asarray(self._values[positions], np.float64)


class Blocks(NamedTuple):
    """Ranges of a column in consecutive blocks of epochs.

    A run that alternates between two losses has separate ranges of even and of odd epochs. The range of
    a block without finite values is from infinity to minus infinity, and its mean is NaN.

    Attributes:
        epochs: (blocks,) the first epoch of each block.
        ranges: (5, blocks) minimum and maximum of the even epochs, then of the odd ones, and the mean.
    """

    epochs: NDArray[np.int64]
    ranges: NDArray[np.floating]


EVEN_LOW, EVEN_HIGH, ODD_LOW, ODD_HIGH, MEAN = range(5)
"""Rows of `Blocks.ranges`."""


def ranges_of(values: NDArray[np.float64], size: int) -> NDArray[np.float32]:
    """Return the ranges of blocks of `size` values; the first value is of an even epoch.

    The last block may be shorter.
    """
    short = -len(values) % size
    padded = np.concatenate([values, np.full(short, np.nan)]) if short else values
    pairs, axis = _by_parity(padded.reshape(-1, size // 2, 2))
    finite = np.isfinite(pairs)
    whole = bool(finite.all())
    numbers = np.clip(pairs, -_LARGEST, _LARGEST)
    below = numbers if whole else np.where(finite, numbers, np.inf)
    above = numbers if whole else np.where(finite, numbers, -np.inf)
    found = np.empty((5, len(padded) // size), np.float32)
    found[[EVEN_LOW, ODD_LOW]] = below.min(axis=axis)
    found[[EVEN_HIGH, ODD_HIGH]] = above.max(axis=axis)
    sums = numbers if whole else np.where(finite, numbers, 0)
    counts = size if whole else finite.sum(axis=axis).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found[MEAN] = sums.sum(axis=axis).sum(axis=0) / counts
    return found


def _by_parity(pairs: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Return (blocks, values, 2) values in an order that NumPy reduces fast, and the axis to reduce.

    What remains are (2, blocks) values.
    """
    blocks, length, _ = pairs.shape
    if blocks >= length:
        return np.ascontiguousarray(pairs.transpose(1, 2, 0)), 0
    return np.ascontiguousarray(pairs.transpose(2, 0, 1)), 2


def joined(ranges: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the ranges of blocks that are `BLOCK` times as long; the number of blocks is a multiple."""
    # NumPy reduces the first axis much faster than a short last one
    groups = np.ascontiguousarray(ranges.reshape(5, -1, BLOCK).transpose(2, 0, 1))
    found = np.empty(groups.shape[1:], np.float32)
    lows, highs = slice(EVEN_LOW, ODD_LOW + 1, 2), slice(EVEN_HIGH, ODD_HIGH + 1, 2)
    found[lows], found[highs] = groups[:, lows].min(axis=0), groups[:, highs].max(axis=0)
    means = groups[:, MEAN].astype(np.float64)
    known = ~np.isnan(means)
    with np.errstate(invalid="ignore", divide="ignore"):
        found[MEAN] = np.where(known, means, 0).sum(axis=0) / known.sum(axis=0)
    return found


def single_ranges(values: NDArray[np.float64], first: int) -> NDArray[np.float64]:
    """Return the ranges of blocks of one epoch each; the first value is of the epoch `first`."""
    finite = np.isfinite(values)
    low, high = np.where(finite, values, np.inf), np.where(finite, values, -np.inf)
    even = (np.arange(first, first + len(values)) % 2) == 0
    return np.stack(
        [
            np.where(even, low, np.inf),
            np.where(even, high, -np.inf),
            np.where(even, np.inf, low),
            np.where(even, -np.inf, high),
            np.where(finite, values, np.nan),
        ]
    )
