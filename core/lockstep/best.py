"""The best epoch of each of several runs, with its weights if the end of a run restores them."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from core.training.stopping import Best

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.lockstep.stack import Stack
    from core.nn.network import Network
    from core.training.state import TrainerState


class BestEpochs:
    """The epochs with the lowest monitored loss.

    Attributes:
        epoch: (runs,) its number; 0 before training.
        rows: (columns, runs) its metrics, as in `History`; only recorded with weights.
    """

    def __init__(
        self, network: Network, rows: NDArray[np.float64], keeps_weights: NDArray[np.bool_]
    ) -> None:
        """Begin before training.

        Args:
            network: of any of the runs.
            rows: (columns, runs) metrics before training.
            keeps_weights: whether the end of each run restores its weights, (runs,).
        """
        count = len(keeps_weights)
        self._keeps = keeps_weights
        self.epoch = np.zeros(count, np.int64)
        self.rows = rows.copy()
        self._loss = np.full(count, inf)
        self._records = bool(keeps_weights.any())
        held = count if self._records else 1
        self._parameters = np.tile(network.parameters, (held, 1))
        self._statistics = np.tile(network.statistics, (held, 1))

    @property
    def arrays(self) -> tuple[Array | Labels, ...]:
        """All arrays."""
        return self.epoch, self.rows, self._loss, self._parameters, self._statistics

    def of(self, run: int) -> Best:
        """Return number and loss of the best epoch of a run."""
        return Best(int(self.epoch[run]), float(self._loss[run]))

    def weights(self, run: int) -> tuple[Array, Array]:
        """Return parameters and statistics after the best epoch of a run, which it may restore."""
        at = run if self._records else 0
        return self._parameters[at], self._statistics[at]

    def compare(
        self,
        epoch: int,
        loss: NDArray[np.float64],
        rows: NDArray[np.float64],
        active: NDArray[np.bool_],
        stacks: Sequence[Stack],
    ) -> None:
        """Compare the best epoch of each active run with the last one.

        Args:
            epoch: number of the last epoch.
            loss: its monitored losses, (runs,).
            rows: (columns, runs) its metrics.
            active: whether each run has not ended.
            stacks: the current weights.
        """
        better = active & (loss < self._loss)
        self._loss[better], self.epoch[better] = loss[better], epoch
        if not self._records:
            return
        np.copyto(self.rows, rows, where=better)
        better &= self._keeps
        if not better.any():
            return
        for stack in stacks:
            runs = np.array(stack.runs)
            at = np.flatnonzero(better[runs])
            self._parameters[runs[at]] = stack.network.parameters[at]
            self._statistics[runs[at]] = stack.network.statistics[at]

    def replaced(self, states: Sequence[TrainerState], rows: NDArray[np.float64]) -> BestEpochs:
        """Return the best epochs of these runs in other states.

        Args:
            states: of their trainers.
            rows: (columns, runs) metrics of the best epochs.
        """
        copy = self.copy()
        copy.epoch[:] = [each.best.epoch for each in states]
        copy._loss[:] = [each.best.loss for each in states]
        copy.rows[:] = rows
        for at in range(len(copy._parameters)):
            copy._parameters[at] = states[at].best_parameters
            copy._statistics[at] = states[at].best_statistics
        return copy

    def copy(self) -> BestEpochs:
        """Return a copy, which later epochs do not change."""
        copy = object.__new__(BestEpochs)
        copy._keeps, copy._records = self._keeps, self._records
        copy.epoch, copy.rows, copy._loss = self.epoch.copy(), self.rows.copy(), self._loss.copy()
        copy._parameters, copy._statistics = self._parameters.copy(), self._statistics.copy()
        return copy
