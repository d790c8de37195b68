"""Some past states of a run, within a bound of bytes: dense around one moment, sparser away from it.

The history of a run keeps its checkpoints here. Arrays that several of them share count once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.training.state import TrainerState

OVERHEAD: Final = 4000
"""Bytes of a checkpoint beside its arrays: two states of generators, and the objects around them."""

EVENNESS: Final = 8
"""The spacing grows ninefold over the whole length: by as much as the distance and an eighth of all.

In pure proportion to the distance, a handful of checkpoints would leave half of a run without any."""

AT_ONCE: Final = 8
"""Thinning drops one in so many, which makes it rare."""


class Position(NamedTuple):
    """A moment of a run: so many epochs, and so many batches of the next one, are trained."""

    epoch: int
    batch: int = 0


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A state of a run.

    Attributes:
        place: when it was.
        changes: how many changes were made before it.
        at: the place in epochs.
        config, data, state: what the run was then.
    """

    place: Position
    changes: int
    at: float
    config: RunConfig
    data: DataSplit
    state: TrainerState

    @property
    def order(self) -> tuple[int, Position]:
        """What checkpoints stand in order by: a change may let an epoch that had begun begin anew."""
        return self.changes, self.place


class Held:
    """Counts the bytes of arrays, each once however often it is held."""

    def __init__(self) -> None:
        self.size = 0
        self._times: Counter[int] = Counter()

    def add(self, arrays: Iterable[Array | Labels]) -> None:
        """Hold some arrays, once more."""
        for array in arrays:
            self._times[id(array)] += 1
            if self._times[id(array)] == 1:
                self.size += array.nbytes

    def remove(self, arrays: Iterable[Array | Labels]) -> None:
        """Hold some arrays once less."""
        for array in arrays:
            self._times[id(array)] -= 1
            if not self._times[id(array)]:
                del self._times[id(array)]
                self.size -= array.nbytes

    def within(self, arrays: Iterable[Array | Labels]) -> int:
        """Return the bytes of those of some distinct arrays that are held."""
        return sum(array.nbytes for array in arrays if id(array) in self._times)


class Checkpoints:
    """Checkpoints in the order of the run; there is always one.

    Attributes:
        data: the samples that they hold.
    """

    def __init__(self, first: Checkpoint, data: Held) -> None:
        self.data = data
        self._states = Held()
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
        """The oldest one."""
        return self._all[0]

    @property
    def states_size(self) -> int:
        """The bytes of all of them, but for their data."""
        return self._states.size + OVERHEAD * len(self._all)

    def add(self, checkpoint: Checkpoint) -> None:
        """Put one in its place, or in that of one of the same moment, which knew less.

        When an epoch diverges, the run stands where it stood before, but is over.
        """
        at = len(self._all)
        if at and checkpoint.order <= self._all[-1].order:
            at = bisect_left(self._all, checkpoint.order, key=lambda each: each.order)
        if at:
            checkpoint = _sharing(checkpoint, self._all[at - 1].state)
        self._states.add(checkpoint.state.arrays)
        self.data.add(checkpoint.data.arrays)
        if at < len(self._all) and self._all[at].order == checkpoint.order:
            self._let_go(self._all[at])
            self._all[at] = checkpoint
        else:
            self._all.insert(at, checkpoint)

    def drop(self, changes: int) -> None:
        """Drop all from between two changes."""
        self.keep(lambda each: each.changes != changes)

    def keep(self, wanted: Callable[[Checkpoint], bool]) -> None:
        """Drop all that are not wanted."""
        kept = []
        for each in self._all:
            if wanted(each):
                kept.append(each)
            else:
                self._let_go(each)
        self._all = kept

    def thin(self, focus: float) -> None:
        """Drop those without which the gaps are smallest for their distance from a moment.

        The first stays, for all others follow from it, and the last does while there are others.
        """
        if len(self._all) < 3:
            last = self._all[-1]
            self.keep(lambda each: each is not last)
            return
        at = np.array([each.at for each in self._all])
        distance = np.abs(at[1:-1] - focus) + (at[-1] - at[0]) / EVENNESS + 1e-9
        costs = (at[2:] - at[:-2]) / distance
        dropped: set[int] = set()
        for number in (np.argsort(costs, kind="stable") + 1).tolist():
            # two neighbours would leave a wider gap than either was thought to
            if not {number - 1, number + 1} & dropped:
                dropped.add(number)
            if len(dropped) >= len(self._all) // AT_ONCE:
                break
        gone = {id(self._all[number]) for number in dropped}
        self.keep(lambda each: id(each) not in gone)

    def _let_go(self, checkpoint: Checkpoint) -> None:
        self._states.remove(checkpoint.state.arrays)
        self.data.remove(checkpoint.data.arrays)


def _sharing(checkpoint: Checkpoint, before: TrainerState) -> Checkpoint:
    """Let the best weights be the same arrays as before, where they are equal."""
    state = checkpoint.state
    if np.array_equal(state.best_parameters, before.best_parameters) and np.array_equal(
        state.best_statistics, before.best_statistics
    ):
        best = before.best_parameters, before.best_statistics
        state = replace(state, best_parameters=best[0], best_statistics=best[1])
        return replace(checkpoint, state=state)
    return checkpoint
