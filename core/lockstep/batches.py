"""Mini-batches of several runs: each run has its own order of samples, and its own samples or none.

As in `core/training/batches.py`, rows are copied into buffers, a window of batches at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.nn.calls import constant
from core.nn.network import TrainingStep
from core.training.batches import batch_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.arrays import Array
    from core.nn.calls import Calls
    from core.nn.network import Network

WINDOW_NUMBERS: Final = 1 << 18
"""Inputs and targets of all runs in the buffers: 1 MB in float32."""


WIDE_ROW: Final = 32
"""Bytes of the longest row that NumPy copies at once."""


class StackedBatches:
    """Runs the training steps of an epoch, for all runs of a stack.

    Attributes:
        drops: whether dropout masks are drawn.
    """

    def __init__(
        self,
        network: Network,
        rows: Array,
        targets: Array,
        batch_size: int | str,
        gradient: Array,
        update: Calls,
        *,
        shuffles: Sequence[np.random.Generator],
        dropouts: Sequence[Sequence[float]],
        masks: Sequence[np.random.Generator],
    ) -> None:
        """Build the calls of all batches of a window.

        Args:
            network: to train.
            rows: (runs, samples, inputs), or (1, samples, inputs) for the same samples in all runs; the
                last column ones unless the first layer has no biases.
            targets: (runs, samples, rows) or (1, samples, rows), as encoded by the loss.
            batch_size: samples per batch, or `full` for all of them.
            gradient: (runs, parameters), written by each step.
            update: calls at the end of each step, which update the parameters.
            shuffles: generator of the orders of each run.
            dropouts: for each run, the rate of each hidden layer.
            masks: generator of the dropout masks of each run.
        """
        runs, samples = len(shuffles), rows.shape[1]
        self._count = batch_count(batch_size, samples)
        size = samples if isinstance(batch_size, str) else min(batch_size, samples)
        self._size = size
        self.drops = any(map(any, dropouts))
        self._shuffles, self._samples = list(shuffles), samples
        self._shares_samples = len(rows) == 1

        def step(count: int) -> TrainingStep:
            return TrainingStep(network, count, gradient, dropouts, masks)

        full = step(size)
        height = targets.shape[2]
        if size == samples:
            blocks = np.empty((runs, height, samples), targets.dtype)
            self._arrange(targets.mT, blocks, full.target_scale)
            inputs = (rows[0] if self._shares_samples else rows).mT
            self._programs = [[*full.calls(inputs, blocks), *update]]
            self._is_whole = True
            return
        self._is_whole = False
        # one table of the rows of all runs, so that one call copies those of a window
        self._table = _table(rows, targets)
        width, inputs = self._table.shape[1], rows.shape[2]
        self._natural = np.arange(samples)
        self._orders = np.tile(self._natural, (runs, 1))
        self._order_of = list(self._orders)
        self._first_rows = np.arange(runs)[:, None] * (0 if self._shares_samples else samples)
        self._window = min(self._count, max(1, WINDOW_NUMBERS // (runs * size * width)))
        self._chosen = np.empty((runs, min(samples, self._window * size)), np.intp)
        self._shown = np.empty((*self._chosen.shape, width), rows.dtype)
        shown = self._shown[..., :inputs]
        self._shown_targets = self._shown[..., inputs : inputs + height]
        self._blocks = np.empty((self._window, runs, height, size), rows.dtype)
        self._scale = full.target_scale
        whole = min(self._window, samples // size)
        self._programs = [
            [*full.calls(shown[:, at * size : (at + 1) * size].mT, self._blocks[at]), *update]
            for at in range(whole)
        ]
        self._last: Calls = []
        rest = samples % size
        if rest:
            last = step(rest)
            start = (self._count - 1) % self._window * size
            self._last_block = np.empty((runs, height, rest), rows.dtype)
            self._last_scale = last.target_scale
            calls = last.calls(shown[:, start : start + rest].mT, self._last_block)
            self._last = [*calls, *update]

    @property
    def calls(self) -> int:
        """Number of calls per step."""
        return len(self._programs[0])

    @property
    def shuffled(self) -> bool:
        """Whether the samples are shuffled."""
        return not self._is_whole

    def train_epoch(self, active: Sequence[int]) -> None:
        """Train one epoch; only the active runs shuffle their samples."""
        if self._is_whole:
            for each in self._programs[0]:
                each()
            return
        # from the natural order, as a single run does
        np.copyto(self._orders, self._natural)
        for run in active:
            self._shuffles[run].shuffle(self._order_of[run])
        for start in range(0, self._samples, self._window * self._size):
            full, rest = self._load(start)
            for calls in self._programs[:full]:
                for each in calls:
                    each()
            if rest:
                for each in self._last:
                    each()

    def _load(self, start: int) -> tuple[int, int]:
        """Copy the samples of a window to the buffers; return its full batches and other samples."""
        size = self._size
        samples = min(self._samples - start, self._window * size)
        full, rest = divmod(samples, size)
        chosen = self._chosen[:, :samples]
        np.add(self._orders[:, start : start + samples], self._first_rows, chosen)
        if samples == self._chosen.shape[1]:
            self._table.take(chosen, 0, self._shown, "clip")
        else:
            self._shown[:, :samples] = self._table[chosen]
        targets = self._shown_targets[:, :samples]
        split = targets[:, : full * size].reshape(len(targets), full, size, targets.shape[2])
        self._arrange(split.transpose(1, 0, 3, 2), self._blocks[:full], self._scale)
        if rest:
            self._arrange(targets[:, full * size :].mT, self._last_block, self._last_scale)
        return full, rest

    @staticmethod
    def _arrange(targets: Array, blocks: Array, scale: float) -> None:
        np.copyto(blocks, targets)
        if scale != 1:
            np.multiply(blocks, constant(scale, blocks), blocks)


def _table(rows: Array, targets: Array) -> Array:
    """Return inputs and targets of all runs as rows of one table.

    Rows of 8, 16 or 32 bytes are copied in less time than shorter ones, so they are filled up to it.
    """
    *_, inputs = rows.shape
    height = targets.shape[-1]
    width, most = inputs + height, WIDE_ROW // rows.itemsize
    if width <= most:
        width = 1 << (width - 1).bit_length()
    table = np.zeros((*rows.shape[:-1], width), rows.dtype)
    table[..., :inputs] = rows
    table[..., inputs : inputs + height] = targets
    return table.reshape(-1, width)
