"""Checkpoints of a run within a memory limit, dense around the current position and sparse elsewhere.

Used by `time_travel` in memory and by `core.runs.saved_history` on disk.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from secrets import randbits
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from core.dataclass import dataclass
from core.training.batches import batch_count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.training.state import TrainerState
    from core.training.trainer import Trainer

OVERHEAD: Final = 4000
"""Bytes of a checkpoint in addition to its arrays: two generator states and the Python objects."""

EVENNESS: Final = 8
"""The spacing grows with the distance plus an eighth of the length of the run, so at most ninefold.

With a spacing proportional to the distance alone, a few checkpoints would leave half of a run
uncovered."""

THINNED_SHARE: Final = 8
"""Thinning drops one checkpoint in this many, so that it is rarely needed."""


class Position(NamedTuple):
    """Position in a run: epochs trained, and batches trained of the next epoch."""

    epoch: int
    batch: int = 0


class Segment(NamedTuple):
    """Part of a run between two changes of its settings, parameters or data.

    Attributes:
        number: number of changes before it.
        id: unique number, which links a saved checkpoint to its segment.
        position: where the change was made; the checkpoint after it may be at the start of the epoch.
        is_edit: whether the change was the edit of a parameter.
    """

    number: int
    id: int
    position: Position
    is_edit: bool = False

    @classmethod
    def new(cls, number: int, position: Position, *, is_edit: bool = False) -> Segment:
        """Return a segment with a new id."""
        return cls(number, randbits(62), position, is_edit)


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """State of a run at one position, in memory or in a saved run."""

    segment: Segment
    config: RunConfig
    data: DataSplit
    state: TrainerState

    @classmethod
    def of(cls, trainer: Trainer, segment: Segment | None = None) -> Checkpoint:
        """Return a checkpoint of the trainer's current state; by default it starts a run."""
        position = Position(trainer.epoch, trainer.batches.next)
        segment = segment or Segment.new(0, position)
        return cls(segment, trainer.config, trainer.data, trainer.state())

    @property
    def position(self) -> Position:
        """Position in the run."""
        return Position(self.state.epoch, self.state.batches.next)

    @property
    def order(self) -> tuple[int, Position]:
        """Sort key. The segment comes first, since a change can restart the current epoch."""
        return self.segment.number, self.position

    @property
    def epochs(self) -> float:
        """Position in epochs, with the fraction of the current one."""
        batches = batch_count(self.config.batch_size, len(self.data.y_train))
        return self.state.epoch + self.state.batches.next / batches


class SharedArrays:
    """Counts the bytes of arrays, each of them once although several checkpoints share it."""

    def __init__(self) -> None:
        self.size = 0
        self._references: Counter[int] = Counter()

    def add(self, arrays: Iterable[Array | Labels]) -> None:
        """Add a reference to each array."""
        for array in arrays:
            self._references[id(array)] += 1
            if self._references[id(array)] == 1:
                self.size += array.nbytes

    def remove(self, arrays: Iterable[Array | Labels]) -> None:
        """Remove a reference to each array."""
        for array in arrays:
            self._references[id(array)] -= 1
            if not self._references[id(array)]:
                del self._references[id(array)]
                self.size -= array.nbytes

    def size_of(self, arrays: Iterable[Array | Labels]) -> int:
        """Return the bytes of those arrays, all different, that have a reference."""
        return sum(array.nbytes for array in arrays if id(array) in self._references)


class Checkpoints:
    """Checkpoints in the order of the run; never empty.

    Attributes:
        data: the samples that the checkpoints refer to.
    """

    def __init__(self, first: Checkpoint, data: SharedArrays) -> None:
        self.data = data
        self._states = SharedArrays()
        self._all: list[Checkpoint] = []
        self.add(first)

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Checkpoint]:
        return iter(self._all)

    def __reversed__(self) -> Iterator[Checkpoint]:
        return reversed(self._all)

    @property
    def first(self) -> Checkpoint:
        """The oldest checkpoint."""
        return self._all[0]

    @property
    def states_size(self) -> int:
        """Bytes of all checkpoints, without their data."""
        return self._states.size + OVERHEAD * len(self._all)

    def add(self, checkpoint: Checkpoint) -> None:
        """Insert a checkpoint, replacing one at the same position of the same segment.

        The newer one is more complete: when an epoch diverges, the position is as before, but the run
        has ended.
        """
        at = len(self._all)
        if at and checkpoint.order <= self._all[-1].order:
            at = bisect_left(self._all, checkpoint.order, key=lambda each: each.order)
        if at:
            checkpoint = _share_best(checkpoint, self._all[at - 1].state)
        self._states.add(checkpoint.state.arrays)
        self.data.add(checkpoint.data.arrays)
        if at < len(self._all) and self._all[at].order == checkpoint.order:
            self._release(self._all[at])
            self._all[at] = checkpoint
        else:
            self._all.insert(at, checkpoint)

    def drop_segment(self, number: int) -> None:
        """Drop all checkpoints of a segment."""
        self.filter(lambda each: each.segment.number != number)

    def filter(self, predicate: Callable[[Checkpoint], bool]) -> None:
        """Drop all checkpoints for which `predicate` is false."""
        remaining = []
        for each in self._all:
            if predicate(each):
                remaining.append(each)
            else:
                self._release(each)
        self._all = remaining

    def thin(self, focus: float) -> None:
        """Drop the checkpoints that leave the smallest gaps relative to their distance from `focus`.

        The first one is always kept, since all others can be computed from it, and the last one as long
        as there are others to drop.
        """
        if len(self._all) < 3:
            last = self._all[-1]
            self.filter(lambda each: each is not last)
            return
        dropped = least_needed([each.epochs for each in self._all], focus)
        removed = {id(self._all[number]) for number in dropped}
        self.filter(lambda each: id(each) not in removed)

    def _release(self, checkpoint: Checkpoint) -> None:
        self._states.remove(checkpoint.state.arrays)
        self.data.remove(checkpoint.data.arrays)


def least_needed(epochs: Sequence[float], focus: float) -> set[int]:
    """Return which checkpoints leave the smallest gaps relative to their distance from `focus`.

    The first and the last one are never among them.
    """
    at = np.array(epochs)
    distance = np.abs(at[1:-1] - focus) + (at[-1] - at[0]) / EVENNESS + 1e-9
    costs = (at[2:] - at[:-2]) / distance
    dropped: set[int] = set()
    for number in (np.argsort(costs, kind="stable") + 1).tolist():
        # dropping two neighbours would leave a wider gap than the cost of either accounts for
        if not {number - 1, number + 1} & dropped:
            dropped.add(number)
        if len(dropped) >= len(epochs) // THINNED_SHARE:
            break
    return dropped


def _share_best(checkpoint: Checkpoint, before: TrainerState) -> Checkpoint:
    """Replace the best weights by the arrays of the checkpoint before, if they are equal."""
    state = checkpoint.state
    if np.array_equal(state.best_parameters, before.best_parameters) and np.array_equal(
        state.best_statistics, before.best_statistics
    ):
        best = before.best_parameters, before.best_statistics
        state = replace(state, best_parameters=best[0], best_statistics=best[1])
        return replace(checkpoint, state=state)
    return checkpoint
