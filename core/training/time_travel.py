"""Time travel: brings a trainer back to any earlier epoch of its run, bit for bit.

A past epoch is recomputed from the nearest checkpoint before it. Every change since then is applied
again at the batch at which it was made.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final

from core.dataclass import dataclass
from core.training.checkpoints import (
    OVERHEAD,
    Checkpoint,
    Checkpoints,
    Position,
    Segment,
    SharedArrays,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from core.arrays import Array, Labels
    from core.datasets.dataset import DataSplit
    from core.training.trainer import Trainer

LIMIT: Final = 64 * 2**20
"""Bytes of all checkpoints, in addition to the current data.

At least one checkpoint is kept, however large. The oldest data are dropped together with the epochs
that were trained on them."""

SPACING: Final = 0.02
"""Minimum seconds of training between two checkpoints; taking and storing one costs about 0.1 ms.

Recomputing an epoch therefore takes about this long where no checkpoint was thinned out."""

SHARE: Final = 50
"""Checkpoints of a large network cost at most one part in this many of the training time."""

CHECK_INTERVAL: Final = 0.02
"""Seconds between two calls of `proceed` while an epoch is recomputed."""


@dataclass(frozen=True)
class _Change:
    """A change of the trainer, which begins a segment.

    Attributes:
        segment: begins with it.
        after: position after the change.
        apply: applies it again; None once its data were dropped.
        arrays: samples that it refers to.
    """

    segment: Segment
    after: Position
    apply: Callable[[], object] | None
    arrays: tuple[Array | Labels, ...]


class TimeTravel:
    """Records the run of one trainer, and moves the trainer within it.

    Attributes:
        head: the newest position that was reached.
    """

    head: Position

    def __init__(self, trainer: Trainer, limit: int = LIMIT, *, was_edited: bool = False) -> None:
        """Record a run from the trainer's current state on."""
        self._trainer, self._limit = trainer, limit
        self._start = Segment.new(0, self.position)
        self._changes: list[_Change] = []
        self._applied = 0
        self._was_edited = was_edited
        self._current_data: DataSplit = trainer.data
        self._data = SharedArrays()
        self._checkpoints = Checkpoints(self.checkpoint(), self._data)
        self._due = 0.0
        self.head = self.position

    @classmethod
    def from_checkpoints(
        cls,
        trainer: Trainer,
        starts: Sequence[Checkpoint],
        others: Sequence[Checkpoint],
        *,
        was_edited: bool,
    ) -> TimeTravel:
        """Continue a saved run.

        Args:
            trainer: in the newest state of the run.
            starts: the first checkpoint of each segment, numbered from 0.
            others: further checkpoints.
            was_edited: whether a parameter was edited before the first checkpoint.
        """
        self = cls(trainer, was_edited=was_edited)
        newest = self._checkpoints.first
        for each in (*starts, *others):
            self._checkpoints.add(each)
        self._start = starts[0].segment
        for each in starts[1:]:
            # restores the state after the change, whatever kind of change it was
            apply = partial(trainer.return_to, each.config, each.data, each.state)
            self._changes.append(_Change(each.segment, each.position, apply, each.data.arrays))
            self._data.add(each.data.arrays)
        self._applied = len(self._changes)
        self._checkpoints.filter(lambda each: each is not newest)
        self._add_checkpoint()
        return self

    @property
    def segment(self) -> Segment:
        """The segment of the current position."""
        return self._changes[self._applied - 1].segment if self._applied else self._start

    @property
    def position(self) -> Position:
        """The trainer's current position."""
        return Position(self._trainer.epoch, self._trainer.batches.next)

    @property
    def size(self) -> int:
        """Bytes of everything recorded, without the data of the newest position."""
        return self._checkpoints.states_size + self._changes_size

    @property
    def first(self) -> Position:
        """The earliest position that can be reached: the start of the run, or where it was resumed."""
        return self._checkpoints.first.position

    @property
    def checkpoints(self) -> Iterable[Checkpoint]:
        """The checkpoints, in the order of the run."""
        return self._checkpoints

    @property
    def is_past(self) -> bool:
        """Whether the trainer is before the newest position."""
        return self.position < self.head or self._applied < len(self._changes)

    @property
    def is_edited(self) -> bool:
        """Whether a parameter was edited before the current position."""
        applied = self._changes[: self._applied]
        return self._was_edited or any(each.segment.is_edit for each in applied)

    @property
    def rolled_back_to(self) -> Position | None:
        """Position of the last change, if it was within an epoch that diverged and was rolled back."""
        last = self._changes[self._applied - 1].after if self._applied else self.position
        return last if last > self.position else None

    def checkpoint(self) -> Checkpoint:
        """Return a checkpoint of the current state."""
        return Checkpoint.of(self._trainer, self.segment)

    def record_epoch(self) -> None:
        """Record an epoch, or a batch, that was just trained at the head."""
        if self.position < self.head:
            # it diverged, and its batches were rolled back
            self._checkpoints.add(self.checkpoint())
            self.branch()
        self.head = self.position
        self._add_checkpoint_if_due()

    def change(
        self,
        apply: Callable[[], object],
        *,
        is_edit: bool = False,
        position: Position | None = None,
    ) -> None:
        """Change the trainer and record the change; everything after this position is discarded.

        Args:
            apply: changes the trainer, with the same effect each time; if it raises, nothing changes.
            is_edit: whether it edits a parameter.
            position: where it is made, if not at the current position.
        """
        data, elsewhere = self._trainer.data, position is not None
        position = self.position if position is None else position
        apply()
        self.branch(position)
        arrays = self._trainer.data.arrays
        segment = Segment.new(len(self._changes) + 1, position, is_edit=is_edit)
        self._changes.append(_Change(segment, self.position, apply, arrays))
        self._data.add(arrays)
        self._applied += 1
        self.head = self.position
        if elsewhere or self._trainer.data is not data:
            self._add_checkpoint()  # so that what is before it can be dropped
        else:
            self._limit_size()

    def branch(self, position: Position | None = None) -> None:
        """Discard everything after a position, by default the current one: the run continues there."""
        end = self.position if position is None else position
        for each in self._changes[self._applied :]:
            self._data.remove(each.arrays)
        del self._changes[self._applied :]
        self._checkpoints.filter(
            lambda each: each.position <= end and each.segment.number <= self._applied
        )
        self.head, self._current_data = end, self._trainer.data

    def travel(self, epoch: int, proceed: Callable[[float], bool], *, onward: bool = False) -> None:
        """Move the trainer to the end of an epoch.

        Args:
            epoch: from 0. The newest position is used for the head's epoch and beyond, the oldest one
                for epochs before it.
            proceed: called every few milliseconds with the fraction that is done. If it returns False,
                the trainer stays at the last complete epoch that was reached, or at the checkpoint.
            onward: whether the epoch is a later one, for which the trainer need not go back to a
                checkpoint first.
        """
        if not self.is_past:
            self.head = self.position  # which may be within an epoch
            self._add_checkpoint()
        # from within an epoch, the end of the previous one can be reached too
        target = max(Position(epoch), self._checkpoints.first.position)
        if newest := target >= self.head:
            target = self.head
        # at the newest position, the state may be more than what training gives, such as best weights
        onward = onward and not newest
        last = self.position if onward else target
        start = next(
            each for each in reversed(self._checkpoints) if newest or each.position <= last
        )
        if not onward:
            self._return_to(start)
        # a change that restarted an epoch belongs to its start, with all changes before it
        count = len(self._changes) if newest else self._changes_until(target)
        while self._applied < count:
            change = self._changes[self._applied]
            if not self._train_to(change.segment.position, start, target, proceed):
                return
            if change.apply is not None:
                change.apply()
            self._applied += 1
        self._train_to(target, start, target, proceed)

    @property
    def _changes_size(self) -> int:
        """Bytes of the changes, and of data other than those of the newest position."""
        current = self._data.size_of(self._current_data.arrays)
        remaining = len(self._changes) - self._checkpoints.first.segment.number
        return self._data.size - current + OVERHEAD * remaining

    def _changes_until(self, position: Position) -> int:
        """Return the number of changes up to a position."""
        numbers = [n for n, each in enumerate(self._changes, 1) if each.after <= position]
        return max(numbers, default=0)

    def _return_to(self, checkpoint: Checkpoint) -> None:
        self._trainer.return_to(checkpoint.config, checkpoint.data, checkpoint.state)
        self._applied = checkpoint.segment.number

    def _train_to(
        self,
        position: Position,
        start: Checkpoint,
        target: Position,
        proceed: Callable[[float], bool],
    ) -> bool:
        """Train up to a position; return False if that was cancelled."""
        trainer = self._trainer
        epochs = max(1, target.epoch - start.position.epoch)
        checked = perf_counter()
        while self.position < position:
            # batch by batch in the last epoch, to stop at the right one
            until = checked + CHECK_INTERVAL if trainer.epoch < position.epoch else 0.0
            if trainer.advance(until) is not None and self.position < position:
                self._add_checkpoint_if_due()  # a later call of `travel` may start here
            if perf_counter() - checked >= CHECK_INTERVAL:
                checked = perf_counter()
                done = trainer.epoch + trainer.share_of_epoch - start.position.epoch
                if not proceed(min(1.0, done / epochs)):
                    self._stop_early(start)
                    return False
        return True

    def _stop_early(self, start: Checkpoint) -> None:
        """Go to the end of the last complete epoch after `travel` was cancelled."""
        epoch_start = Position(self._trainer.epoch)
        if self._changes_until(epoch_start) == self._applied and start.position <= epoch_start:
            self._trainer.abandon_epoch()
        else:
            # a change was made within the current epoch, or its start is before all checkpoints
            self._return_to(start)

    def _add_checkpoint_if_due(self) -> None:
        if (now := perf_counter()) >= self._due:
            self._add_checkpoint()
            duration = perf_counter() - now
            self._due = now + max(SPACING, SHARE * duration)

    def _add_checkpoint(self) -> None:
        self._checkpoints.add(self.checkpoint())
        self._limit_size()

    def _limit_size(self) -> None:
        """Keep the size within the limit: at most half of it for changes and data, the rest states."""
        if self._changes_size > self._limit // 2:
            self._drop_oldest_data()
        checkpoints, trainer = self._checkpoints, self._trainer
        while self.size > self._limit and len(checkpoints) > 1:
            checkpoints.thin(trainer.epoch + trainer.share_of_epoch)

    def _drop_oldest_data(self) -> None:
        """Drop the oldest data, and the epochs that were trained on them."""
        if self.is_past:
            return  # the size was within the limit at the newest position
        self._checkpoints.add(self.checkpoint())
        while self._changes_size > self._limit // 2:
            oldest = self._checkpoints.first.segment.number
            if oldest == len(self._changes):
                return
            self._checkpoints.drop_segment(oldest)
            for number in range(oldest, self._checkpoints.first.segment.number):
                change = self._changes[number]
                self._data.remove(change.arrays)
                self._changes[number] = replace(change, apply=None, arrays=())
