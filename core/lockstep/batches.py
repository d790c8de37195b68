"""Mini-batches of several runs: each run has its own order of samples, and its own samples or none.

As in `core/training/batches.py`, rows are copied into buffers, a window of batches at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.arrays import buffer
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


FEW_INPUTS: Final = 3
"""Inputs of a batch that are copied feature by feature: with more, copies cost more than they gain.

BLAS's functions for AVX-512 multiply so few inputs in a third of the time if they are in this order.
"""

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
        self._size, self._samples = size, samples
        self.drops = any(map(any, dropouts))
        # NumPy's former generator shuffles with the same numbers, and begins in less time
        self._shuffles = [np.random.RandomState(each.bit_generator).shuffle for each in shuffles]
        shares_samples, alike = len(rows) == 1, _sums_alike(network)

        def step(count: int) -> TrainingStep:
            return TrainingStep(network, count, gradient, dropouts, masks)

        def program(
            step: TrainingStep, rows: Array, targets: Array, inputs: Array | None = None
        ) -> Calls:
            if inputs is None:
                inputs = rows.mT
            return [*step.calls(inputs, targets, rows if alike else inputs.mT), *update]

        full = step(size)
        self._scale = full.target_scale
        inputs, height = rows.shape[2], targets.shape[2]
        if size == samples:
            blocks = np.empty((height, runs, samples), targets.dtype).swapaxes(0, 1)
            np.multiply(targets.mT, constant(self._scale, blocks), blocks)
            rows = np.ascontiguousarray(rows[0] if shares_samples else rows)
            self._programs = [program(full, rows, blocks, inputs_of(rows, network))]
            self._is_whole = True
            return
        self._is_whole = False
        # one table of the rows of all runs, so that one call copies those of a window
        self._table = _table(rows, targets)
        self._natural = np.tile(np.arange(samples), (runs, 1))
        if not shares_samples:
            self._natural += samples * np.arange(runs)[:, None]
        self._orders = self._natural.copy()
        self._order_of = list(self._orders)
        width = self._table.shape[1]
        self._window = min(self._count, max(1, WINDOW_NUMBERS // (runs * size * width)))
        self._shown = buffer((runs, min(samples, self._window * size), width), rows.dtype)
        self._columns = slice(inputs, inputs + height), slice(inputs)
        copies_inputs = inputs <= FEW_INPUTS or not alike

        def blocks_of(batches: int, size: int) -> list[Array]:
            # in the order of the logits, see `outputs_of`
            targets = buffer((batches, height, runs, size), rows.dtype).swapaxes(1, 2)
            if not copies_inputs:
                return [targets]
            if alike:
                return [targets, buffer((batches, runs, inputs, size), rows.dtype)]
            return [targets, buffer((batches, runs, size, inputs), rows.dtype).mT]

        whole = min(self._window, samples // size)
        self._blocks = blocks_of(whole, size)
        shown = self._shown[..., :inputs]
        self._programs = [
            program(
                full, shown[:, at * size : (at + 1) * size], *(each[at] for each in self._blocks)
            )
            for at in range(whole)
        ]
        self._last: Calls = []
        rest = samples % size
        if rest:
            last = step(rest)
            self._last_scale = last.target_scale
            self._last_blocks = blocks_of(1, rest)
            start = (self._count - 1) % self._window * size
            part = shown[:, start : start + rest]
            self._last = program(last, part, *(each[0] for each in self._last_blocks))

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
            self._shuffles[run](self._order_of[run])
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
        chosen = self._orders[:, start : start + samples]
        if samples == self._shown.shape[1]:
            self._table.take(chosen, 0, self._shown, "clip")
        else:
            self._shown[:, :samples] = self._table[chosen]
        shown = self._shown[:, :samples]
        blocks = [each[:full] for each in self._blocks]
        self._arrange(shown[:, : full * size], blocks, self._scale)
        if rest:
            self._arrange(shown[:, full * size :], self._last_blocks, self._last_scale)
        return full, rest

    def _arrange(self, shown: Array, blocks: Sequence[Array], scale: float) -> None:
        """Copy rows to the blocks of targets and inputs, column by column for each batch."""
        batches, runs, _, size = blocks[0].shape
        split = shown.reshape(runs, batches, size, shown.shape[2]).transpose(1, 0, 3, 2)
        for block, columns in zip(blocks, self._columns, strict=False):
            np.copyto(block, split[:, :, columns])
        if scale != 1:
            np.multiply(blocks[0], constant(scale, blocks[0]), blocks[0])


def inputs_of(rows: Array, network: Network) -> Array:
    """Return (samples, inputs) rows as (inputs, samples), in memory in this order if sums allow it."""
    return np.ascontiguousarray(rows.mT) if _sums_alike(network) else rows.mT


def _sums_alike(network: Network) -> bool:
    """Whether the first layer rounds sums of inputs alike, however they are arranged in memory.

    BLAS has another function for a single unit, the product of a matrix and a vector. Its inputs need
    the arrangement of a single run.
    """
    return network.sizes[1] > 1


def _table(rows: Array, targets: Array) -> Array:
    """Return inputs and targets of all runs as rows of one table.

    Rows of 8, 16 or 32 bytes are copied in less time than shorter ones, so they are filled up to it.
    """
    *_, inputs = rows.shape
    height = targets.shape[-1]
    width, most = inputs + height, WIDE_ROW // rows.itemsize
    if width <= most:
        width = 1 << (width - 1).bit_length()
    table = buffer((*rows.shape[:-1], width), rows.dtype)
    table[...] = 0
    table[..., :inputs] = rows
    table[..., inputs : inputs + height] = targets
    return table.reshape(-1, width)
