"""Scores of a network: accuracy for classification, R² for regression.

`Evaluation` runs the calls of each chunk and adds up the counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.nn.calls import Calls, broadcast, call, constant, matvec

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.arrays import Array
    from core.nn.losses import Loss


class Correct:
    """Number of correctly classified samples in a chunk; a tie counts as the first class."""

    def __init__(self, loss: Loss, z: Array, targets: Array) -> None:
        self._z = z
        self._labels = loss.labels(targets)
        self._right: NDArray[np.bool_] = np.empty(z.shape, np.bool_)
        self._two_classes = loss.classes == 2
        self.calls = self._compare_two() if self._two_classes else self._compare_many()

    def _compare_two(self) -> Calls:
        z, right = self._z, self._right[..., 0, :]
        first = constant(0, z) if z.shape[-2] == 1 else z[..., 0, :]
        second_is_right = self._labels.astype(np.bool_)
        return [
            call(np.greater, z[..., -1, :], first, right),
            call(np.equal, right, second_is_right, right),
        ]

    def _compare_many(self) -> Calls:
        z = self._z
        *runs, outputs, samples = z.shape
        row, block = np.empty((*runs, 1, samples), z.dtype), np.empty_like(z)
        self._onehot = self._labels[..., None, :] == np.arange(outputs)[:, None]
        return [
            call(np.maximum.reduce, z, -2, out=row[..., 0, :]),
            broadcast(row, block),
            call(np.equal, z, block, self._right),
        ]

    def count(self) -> int:
        right = self._right
        if self._two_classes:
            return int(np.count_nonzero(right[0]))
        if np.count_nonzero(right) == right.shape[1]:
            np.logical_and(right, self._onehot, right)
            return int(np.count_nonzero(right))
        # at least two outputs are equal
        return int(np.count_nonzero(self._z.argmax(axis=0) == self._labels))

    def counts(self) -> NDArray[np.int64]:
        """Return the number for each of several runs."""
        right = self._right
        if self._two_classes:
            return np.asarray(np.count_nonzero(right[..., 0, :], axis=-1), np.int64)
        runs, _, samples = right.shape
        highest = np.count_nonzero(right, axis=(-2, -1))
        counts = np.asarray(np.count_nonzero(right & self._onehot, axis=(-2, -1)), np.int64)
        for run in np.flatnonzero(highest != samples):  # at least two outputs are equal
            labels = np.broadcast_to(self._labels, (runs, samples))[run]
            counts[run] = np.count_nonzero(self._z[run].argmax(axis=0) == labels)
        return counts


class SquaredErrors:
    """Sum of squared errors of each target in a chunk."""

    def __init__(self, z: Array, targets: Array) -> None:
        self._block = np.empty_like(z)
        self._sums = np.empty(z.shape[:-1], z.dtype)
        ones = np.ones(z.shape[-1], z.dtype)
        self.calls = [
            call(np.subtract, z, targets, self._block),
            call(np.multiply, self._block, self._block, self._block),
            matvec(self._block, ones, self._sums),
        ]

    def count(self) -> NDArray[np.float64]:
        return np.asarray(self._sums, np.float64)

    counts = count


def squared_deviations(targets: Array) -> NDArray[np.float64]:
    """Return the sum of squared deviations from the mean of each of (targets, samples)."""
    return np.asarray(np.var(targets, axis=-1, dtype=np.float64) * targets.shape[-1], np.float64)


def r_squared(errors: NDArray[np.float64], deviations: NDArray[np.float64]) -> float:
    """Return the coefficient of determination, 1 - errors / deviations, averaged over the targets.

    A constant target counts as 1 if it is predicted exactly, and as 0 otherwise, as in scikit-learn's
    `r2_score`.
    """
    parts = [
        1 - error / deviation if deviation else float(error == 0)
        for error, deviation in zip(errors.tolist(), deviations.tolist(), strict=True)
    ]
    return sum(parts) / len(parts)
