"""Mini-batches of an epoch: shuffled for each epoch, and interruptible after each batch.

Rows are copied into buffers, a window of batches at a time. Each batch of a window is a flat list of
calls on views of the buffers, so a new epoch only refills the buffers, and the memory does not grow
with the number of samples.
"""

from __future__ import annotations

from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from core.dataclass import dataclass
from core.nn.calls import constant
from core.nn.network import TrainingStep

if TYPE_CHECKING:
    from core.arrays import Array, Labels
    from core.nn.calls import Calls
    from core.nn.network import Network

WINDOW_SAMPLES: Final = 65_536
WINDOW_BATCHES: Final = 4_096


@dataclass(frozen=True)
class BatchesState:
    """Position within an epoch: part of a trainer's state.

    Attributes:
        next: number of the next batch; 0 between two epochs.
        shuffle: state of the generator of the shuffles.
        dropout: state of the generator of the dropout masks.
        order: order of the samples within an epoch; None between two epochs or for a full batch.
    """

    next: int
    shuffle: dict[str, Any]
    dropout: dict[str, Any]
    order: Labels | None


def batch_count(size: int | str, samples: int) -> int:
    """Return the number of batches per epoch; the size `full` is one batch of all samples."""
    return 1 if isinstance(size, str) else -(-samples // min(size, samples))


def oversized(size: int | str, samples: int) -> str:
    """Return a message if a batch size is larger than the training set, else an empty string."""
    if isinstance(size, str) or size <= samples:
        return ""
    return f"batch size {size:,} is larger than the training set: each step uses all {samples:,} samples"


class Batches:
    """Runs training steps over the batches of one epoch after another.

    Attributes:
        count: number of batches per epoch.
        next: number of the next batch.
        order: (samples,) the order of the epoch, or None if one batch has all samples.
        drops: whether dropout masks are drawn.
    """

    def __init__(
        self,
        network: Network,
        rows: Array,
        targets: Array,
        size: int,
        gradient: Array,
        update: Calls,
        *,
        shuffle: np.random.Generator,
        dropout: tuple[float, ...],
        masks: np.random.Generator,
    ) -> None:
        """Build the calls of all batches.

        Args:
            network: to train.
            rows: (samples, features + 1), the last column ones; without that column if the first layer
                has no biases.
            targets: (samples, rows) as encoded by the loss.
            size: samples per batch; the last one may have fewer.
            gradient: vector that each step writes.
            update: calls at the end of each step, which update the parameters.
            shuffle: generator of the orders.
            dropout: rate of each hidden layer.
            masks: generator of the dropout masks.
        """
        samples = len(rows)
        size = min(size, samples)
        self.count = -(-samples // size)
        self.next = 0
        self._rows, self._targets, self._size = rows, targets, size
        self._shuffle, self._masks = shuffle, masks
        self.drops = any(dropout)
        self.order: Labels | None = None
        self._natural = np.arange(samples)
        self._window = max(1, min(WINDOW_SAMPLES // size, WINDOW_BATCHES, self.count))
        self._loaded = -1
        if size < samples:
            self.order = self._natural.copy()
            shown = min(samples, self._window * size)
            self._shown = np.empty((shown, rows.shape[1]), rows.dtype)
            self._shown_targets = np.empty((shown, targets.shape[1]), targets.dtype)
        else:
            self._shown, self._shown_targets = rows, targets

        def step(samples: int) -> TrainingStep:
            return TrainingStep(network, samples, gradient, [dropout], [masks])

        full = step(size)
        height = targets.shape[1]
        whole = min(self._window, samples // size)
        self._blocks = np.empty((whole, height, size), targets.dtype)
        self._scale = full.target_scale
        self._programs = [
            [*full.calls(self._inputs(at * size, size), self._blocks[at]), *update]
            for at in range(whole)
        ]
        # the last window may have fewer batches, and the last of those fewer samples
        self._last_number, position = divmod(self.count - 1, self._window)
        rest = samples % size
        self._last_block = np.empty((height, rest), targets.dtype)
        self._last_scale = 1.0
        self._last = self._programs[: position if rest else position + 1]
        if rest:
            last = step(rest)
            self._last_scale = last.target_scale
            calls = last.calls(self._inputs(position * size, rest), self._last_block)
            self._last.append([*calls, *update])

    @property
    def calls(self) -> int:
        """Number of calls per step."""
        return len(self._programs[0])

    def begin(self) -> None:
        """Shuffle the samples for the next epoch."""
        self.next = 0
        if self.order is not None:
            self._loaded = -1
            # always from the natural order, so that the generator is the only state of the shuffles
            np.copyto(self.order, self._natural)
            self._shuffle.shuffle(self.order)

    def advance(self, until: float) -> bool:
        """Train batches until a time of `perf_counter`; return whether the epoch is complete."""
        at, window = self.next, self._window
        if self.count == 1 and not at and self._loaded == 0:
            # a full batch needs no copy, and there is only one, so no time to check
            for each in self._last[0]:
                each()
            self.next = 1
            return True
        while at < self.count:
            number, start = divmod(at, window)
            if self._loaded != number:
                self._load(number)
            programs = self._last if number == self._last_number else self._programs
            for calls in islice(programs, start, None) if start else programs:
                for each in calls:
                    each()
                at += 1
                if perf_counter() >= until:
                    self.next = at
                    return at >= self.count
        self.next = at
        return True

    def state(self) -> BatchesState:
        """Return a copy of the state that determines all further batches."""
        started = self.next > 0
        return BatchesState(
            self.next,
            dict(self._shuffle.bit_generator.state),
            dict(self._masks.bit_generator.state),
            self.order.copy() if started and self.order is not None else None,
        )

    def restore(self, state: BatchesState) -> None:
        """Restore a state."""
        self.next, self._loaded = state.next, -1
        self._shuffle.bit_generator.state = state.shuffle
        self._masks.bit_generator.state = state.dropout
        if self.order is not None and state.order is not None:
            self.order[:] = state.order

    def _inputs(self, start: int, count: int) -> Array:
        return self._shown[start : start + count].T

    def _load(self, number: int) -> None:
        """Copy the rows and targets of a window into the buffers."""
        size, start = self._size, number * self._window * self._size
        samples = min(len(self._rows) - start, self._window * size)
        if self.order is not None:
            part = self.order[start : start + samples]
            # all indices are valid; the mode `raise` would buffer the output
            self._rows.take(part, 0, self._shown[:samples], "clip")
            self._targets.take(part, 0, self._shown_targets[:samples], "clip")
        full = samples // size
        height = self._targets.shape[1]
        whole = self._shown_targets[: full * size].reshape(full, size, height).transpose(0, 2, 1)
        self._arrange(whole, self._blocks[:full], self._scale)
        if samples > full * size:
            rest = self._shown_targets[full * size : samples].T
            self._arrange(rest, self._last_block, self._last_scale)
        self._loaded = number

    @staticmethod
    def _arrange(targets: Array, blocks: Array, scale: float) -> None:
        np.copyto(blocks, targets)
        if scale != 1:
            # in place, since a transposed view as input would need a buffer
            np.multiply(blocks, constant(scale, blocks), blocks)
