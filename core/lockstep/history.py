"""Metrics of several runs, as arrays with one row per epoch and one column per run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.training.state import EpochMetrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS: Final = (
    "train_loss",
    "test_loss",
    "train_score",
    "test_score",
    "learning_rate",
    "penalty",
    "validation_loss",
    "validation_score",
)
"""Fields of `EpochMetrics`, in its order."""

RATE: Final = COLUMNS.index("learning_rate")


class History:
    """The metrics after each epoch; after a run has ended, its last row repeats.

    The row in which a run diverged has the loss that was too large; later rows are those of its weights,
    which are those before that epoch.
    """

    def __init__(self, runs: int) -> None:
        self._values = np.full((16, len(COLUMNS), runs), np.nan)
        self.epochs = 0

    def append(self, rows: NDArray[np.float64]) -> None:
        """Append an epoch, (columns, runs)."""
        if self.epochs == len(self._values):
            more = np.full((max(16, self.epochs), *self._values.shape[1:]), np.nan)
            self._values = np.concatenate([self._values, more])
        self._values[self.epochs] = rows
        self.epochs += 1

    def extend(self, values: NDArray[np.float64]) -> None:
        """Append epochs, (epochs, columns, runs)."""
        self._values = np.concatenate([self._values[: self.epochs], values])
        self.epochs = len(self._values)

    def truncate(self, epochs: int) -> None:
        """Drop all epochs after the first ones."""
        self.epochs = min(epochs, self.epochs)

    def rows(self, start: int, stop: int | None = None) -> NDArray[np.float64]:
        """Return (epochs, columns, runs) values, without the first `start` epochs."""
        return np.asarray(self._values[start : self.epochs if stop is None else stop])

    def table(self, run: int, start: int, stop: int) -> NDArray[np.float64]:
        """Return epochs of a run after epoch `start`, as `epoch_log.tabulate` does."""
        values = self._values[start:stop, :, run]
        return np.column_stack([np.arange(start + 1, start + 1 + len(values)), values])

    def column(self, name: str) -> NDArray[np.float64]:
        """Return (epochs, runs) values of a field of `EpochMetrics`."""
        return np.asarray(self._values[: self.epochs, COLUMNS.index(name)])

    @property
    def train_loss(self) -> NDArray[np.float64]:
        """Mean losses on the training samples, (epochs, runs)."""
        return self.column("train_loss")

    @property
    def test_loss(self) -> NDArray[np.float64]:
        """Mean losses on the test samples, (epochs, runs)."""
        return self.column("test_loss")

    @property
    def train_score(self) -> NDArray[np.float64]:
        """Accuracies or R² on the training samples, (epochs, runs)."""
        return self.column("train_score")

    @property
    def test_score(self) -> NDArray[np.float64]:
        """Accuracies or R² on the test samples, (epochs, runs)."""
        return self.column("test_score")

    def metrics(self, epoch: int, run: int) -> EpochMetrics:
        """Return the metrics of a run after an epoch, counted from 1."""
        return EpochMetrics(epoch, *self._values[epoch - 1, :, run].tolist())
