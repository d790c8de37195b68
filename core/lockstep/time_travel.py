"""Time travel of runs that are trained at once: back to any earlier epoch, bit for bit.

A past epoch is recomputed from the nearest checkpoint before it, with all changes of the learning rate
since then.
"""

from __future__ import annotations

from bisect import bisect_right
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Final

from core.lockstep.lanes import LaneStates
from core.training.checkpoints import OVERHEAD, SharedArrays, least_needed
from core.training.time_travel import CHECK_INTERVAL, LIMIT, SHARE, SPACING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from core.lockstep.state import LockstepState
    from core.lockstep.trainer import Lockstep

OVERHEAD_OF_RUN: Final = 1_500
"""Bytes of a checkpoint for each run, in addition to its arrays: mostly two generator states."""


class LockstepTravel:
    """Records runs from now on, and moves them within their history, which must be recorded."""

    def __init__(self, lockstep: Lockstep, limit: int = LIMIT) -> None:
        """Record the runs.

        Args:
            lockstep: trains them.
            limit: bytes of all checkpoints; the first one is kept in any case.
        """
        self._lockstep, self._limit = lockstep, limit
        self._arrays = SharedArrays()
        self._checkpoints: list[LockstepState] = []
        self._rates: dict[int, float] = {}  # changed after these epochs
        self._due = 0.0
        self._add_checkpoint()

    def resume(self, states: Iterable[LaneStates], rates: Mapping[int, float]) -> None:
        """Continue saved runs, whose epochs up to these states are in the history.

        Args:
            states: of some epochs in order, the newest last.
            rates: settings of the learning rate by the epoch from which they apply, which is 0 for the
                first: that with which these runs were created.
        """
        self._rates = dict(sorted(rates.items())[1:])
        for each in states:
            each.restore(self._lockstep, rates[max(at for at in rates if at <= each.epoch)])
            self._add_checkpoint()

    def states_of(self, epochs: Iterable[int]) -> list[LaneStates]:
        """Return the states of some checkpoints in the form in which they are saved."""
        wanted, here = set(epochs), self._lockstep.state()
        states = []
        for each in self._checkpoints:
            if each.epoch in wanted:
                self._lockstep.restore(each)
                states.append(LaneStates.of(self._lockstep))
        self._lockstep.restore(here)
        return states

    @property
    def rates(self) -> dict[int, float]:
        """Settings of the learning rate by the epoch from which they apply, in order."""
        return {0: self._checkpoints[0].configs[0].learning_rate} | self._rates

    @property
    def head(self) -> int:
        """The newest epoch that was trained."""
        return self._lockstep.history.epochs

    @property
    def is_past(self) -> bool:
        """Whether the runs are at an earlier epoch."""
        return self._lockstep.epoch < self.head

    @property
    def size(self) -> int:
        """Bytes of all checkpoints."""
        overhead = OVERHEAD + OVERHEAD_OF_RUN * len(self._lockstep.configs)
        return self._arrays.size + overhead * len(self._checkpoints)

    @property
    def epochs(self) -> list[int]:
        """Epochs of the checkpoints, in order."""
        return [each.epoch for each in self._checkpoints]

    def record_epoch(self) -> None:
        """Record an epoch that was just trained."""
        now = perf_counter()
        if now >= self._due:
            # processor time: a pause by the system is no cost of the checkpoint
            before = process_time()
            self._add_checkpoint()
            self._due = now + max(SPACING, SHARE * (process_time() - before))

    def branch(self) -> None:
        """Discard everything after the current epoch: the runs continue there."""
        epoch = self._lockstep.epoch
        self._lockstep.history.truncate(epoch)
        self._rates = {at: rate for at, rate in self._rates.items() if at <= epoch}
        self._keep([each for each in self._checkpoints if each.epoch <= epoch])

    def set_learning_rate(self, rate: float) -> None:
        """Change the learning rate of all runs; everything after the current epoch is discarded."""
        self.branch()
        self._lockstep.set_learning_rate(rate)
        self._rates[self._lockstep.epoch] = rate
        self._add_checkpoint()

    def travel(self, epoch: int, proceed: Callable[[float], bool]) -> None:
        """Go to the end of an epoch, at most the newest.

        Args:
            epoch: from 0.
            proceed: called every few milliseconds with the fraction that is done. If it returns False,
                the runs stay at the epoch that was reached.
        """
        lockstep = self._lockstep
        target = min(max(epoch, 0), self.head)
        if not self.is_past:
            self._add_checkpoint()
        nearest = self._checkpoints[bisect_right(self.epochs, target) - 1]
        if not nearest.epoch <= lockstep.epoch <= target:
            lockstep.restore(nearest)
        start, checked = lockstep.epoch, perf_counter()
        while lockstep.epoch < target:
            lockstep.train_epoch()
            if lockstep.epoch in self._rates:
                lockstep.set_learning_rate(self._rates[lockstep.epoch])
            self.record_epoch()  # a later call may start here
            now = perf_counter()
            if now - checked >= CHECK_INTERVAL:
                checked = now
                if not proceed((lockstep.epoch - start) / (target - start)):
                    return

    def _add_checkpoint(self) -> None:
        """Add the current epoch, which replaces a checkpoint of the same one."""
        state = self._lockstep.state()
        at = bisect_right(self.epochs, state.epoch)
        is_same = at > 0 and self._checkpoints[at - 1].epoch == state.epoch
        self._arrays.add(state.arrays)
        if is_same:
            self._arrays.remove(self._checkpoints[at - 1].arrays)
        self._checkpoints[at - is_same : at] = [state]
        while self.size > self._limit and len(self._checkpoints) > 1:
            self._thin()

    def _thin(self) -> None:
        dropped = {len(self._checkpoints) - 1}
        if len(self._checkpoints) > 2:
            dropped = least_needed(self.epochs, self._lockstep.epoch)
        self._keep([each for n, each in enumerate(self._checkpoints) if n not in dropped])

    def _keep(self, kept: list[LockstepState]) -> None:
        """Drop all other checkpoints."""
        known = {id(each) for each in kept}
        for each in self._checkpoints:
            if id(each) not in known:
                self._arrays.remove(each.arrays)
        self._checkpoints = kept
