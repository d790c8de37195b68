"""The past of a run: checkpoints, and an exact way back to any epoch.

The training process has one beside its trainer. A past epoch is the nearest checkpoint before it,
trained on again with every change that was made since then, at the very batch at which it was made.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Final

from core.training.batches import batch_count
from core.training.checkpoints import OVERHEAD, Checkpoint, Checkpoints, Held, Position

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import Array, Labels
    from core.datasets.dataset import DataSplit
    from core.runs.saved_history import SavedHistory
    from core.training.trainer import Trainer

LIMIT: Final = 64 * 2**20
"""Bytes that the past may take, beside the data that the run is trained on now.

One checkpoint there is, however large; the oldest data are given up with the epochs that were trained
on them."""

SPACING: Final = 0.02
"""Seconds of training between two checkpoints, at least: taking and filing one is some 0.1 ms.

A way to an epoch trains for so long at most where nothing was thinned out: nobody sees it."""

SHARE: Final = 50
"""Taking checkpoints of a large network is to cost at most one part in so many of the time."""

LOOKING: Final = 0.02
"""Seconds between two questions whether to go on."""


@dataclass(frozen=True)
class _Change:
    place: Position
    after: Position
    apply: Callable[[], object]
    is_edit: bool
    arrays: tuple[Array | Labels, ...]


class TimeTravel:
    """Remembers the run of one trainer from where it stands.

    Attributes:
        head: the newest moment that was reached.
    """

    head: Position

    def __init__(self, trainer: Trainer, limit: int = LIMIT, *, was_edited: bool = False) -> None:
        self._trainer, self._limit = trainer, limit
        self._changes: list[_Change] = []
        self._applied = 0
        self._was_edited = was_edited
        self._present: DataSplit = trainer.data
        self._data = Held()
        self._checkpoints = Checkpoints(self._checkpoint(), self._data)
        self._due = 0.0
        self.head = self._here

    @classmethod
    def reaching_back(cls, trainer: Trainer, past: SavedHistory) -> TimeTravel:
        """Return the history of a run that was kept, with what was kept of its past.

        Args:
            trainer: at the newest moment.
            past: its changes counted from 0.
        """
        history = cls(trainer, was_edited=past.was_edited)
        newest = history._checkpoints.first
        for each in (*past.starts, *past.ends):
            place, samples = each.place, len(each.data.y_train)
            at = place.epoch + place.batch / batch_count(each.config.batch_size, samples)
            history._checkpoints.add(
                Checkpoint(place, each.number, at, each.config, each.data, each.state)
            )
        for cut, start in list(zip(past.segments, past.starts, strict=True))[1:]:
            # it was changed to this, whatever it was that did it
            apply = partial(trainer.return_to, start.config, start.data, start.state)
            arrays = start.data.arrays
            history._changes.append(_Change(cut.place, start.place, apply, cut.is_edit, arrays))
            history._data.add(arrays)
        history._applied = len(history._changes)
        history._checkpoints.keep(lambda each: each is not newest)
        history._keep()
        return history

    @property
    def applied(self) -> int:
        """How many changes were made before the moment at which the trainer stands."""
        return self._applied

    @property
    def here(self) -> Position:
        """The moment at which the trainer stands."""
        return self._here

    @property
    def size(self) -> int:
        """The bytes of the past, without the data that the newest moment is trained on."""
        return self._checkpoints.states_size + self._size_beside

    @property
    def first(self) -> Position:
        """The earliest moment that can be gone back to: where the run was begun, or resumed."""
        return self._checkpoints.first.place

    @property
    def is_past(self) -> bool:
        """Whether the trainer stands before the newest moment."""
        return self._here < self.head or self._applied < len(self._changes)

    @property
    def is_edited(self) -> bool:
        """Whether a parameter was given another value before the moment at which the trainer stands."""
        return self._was_edited or any(each.is_edit for each in self._changes[: self._applied])

    @property
    def rolled_back_to(self) -> Position | None:
        """Where the last change was made in an epoch that was given up, for it diverged; or None."""
        last = self._changes[self._applied - 1].after if self._applied else self._here
        return last if last > self._here else None

    def record_epoch(self) -> None:
        """Take an epoch that was just trained in; call it after each, at the head."""
        here = self._here
        if here < self.head:
            # it diverged, and of its batches nothing is left
            self._checkpoints.add(self._checkpoint())
            self.branch()
        self.head = here
        self._keep_if_due()

    def change(
        self, apply: Callable[[], object], *, is_edit: bool = False, place: Position | None = None
    ) -> None:
        """Change the trainer, and remember it; what lay in the future of this moment is gone.

        Args:
            apply: changes the trainer, each time in the same way; if it raises, nothing happened.
            is_edit: whether it gives a parameter another value.
            place: the moment at which it is made, if that is not the one at which the trainer stands.
        """
        data, elsewhere = self._trainer.data, place is not None
        place = self._here if place is None else place
        apply()
        self.branch(place)
        arrays = self._trainer.data.arrays
        self._changes.append(_Change(place, self._here, apply, is_edit, arrays))
        self._data.add(arrays)
        self._applied += 1
        self.head = self._here
        if elsewhere or self._trainer.data is not data:
            self._keep()  # what was before can be given up without what follows
        else:
            self._bound()

    def branch(self, place: Position | None = None) -> None:
        """Forget the future: the run goes on from here."""
        here = self._here if place is None else place
        for each in self._changes[self._applied :]:
            self._data.remove(each.arrays)
        del self._changes[self._applied :]
        self._checkpoints.keep(lambda each: each.place <= here and each.changes <= self._applied)
        self.head, self._present = here, self._trainer.data

    def travel(self, epoch: int, go_on: Callable[[float], bool]) -> None:
        """Bring the trainer to the end of an epoch, or to the newest moment.

        Args:
            epoch: from 0; at the head's and beyond, the newest moment is meant; before the oldest that
                is remembered, that.
            go_on: is asked every few milliseconds, with the share that is done, whether to; if not,
                the trainer stays at the last epoch that it has reached, or where it set out from.
        """
        if not self.is_past:
            self.head = self._here  # which may be within an epoch
            self._keep()
        # within an epoch the end of the one before can be gone back to, too
        target = max(Position(epoch), self._checkpoints.first.place)
        if newest := target >= self.head:
            target = self.head
        start = next(each for each in reversed(self._checkpoints) if newest or each.place <= target)
        self._return_to(start)
        # one that began the epoch anew counts at its beginning, with all that were made before it
        made = len(self._changes) if newest else self._made_before(target)
        while self._applied < made:
            change = self._changes[self._applied]
            if not self._train_to(change.place, start, target, go_on):
                return
            change.apply()
            self._applied += 1
        self._train_to(target, start, target, go_on)

    @property
    def _here(self) -> Position:
        return Position(self._trainer.epoch, self._trainer.batches.next)

    @property
    def _size_beside(self) -> int:
        """The bytes of changes, and of data that are no longer those of the newest moment."""
        present = self._data.within(self._present.arrays)
        remembered = len(self._changes) - self._checkpoints.first.changes
        return self._data.size - present + OVERHEAD * remembered

    def _made_before(self, place: Position) -> int:
        """Return how many changes were made by the end of an epoch."""
        made = [number for number, each in enumerate(self._changes, 1) if each.after <= place]
        return max(made, default=0)

    def _return_to(self, checkpoint: Checkpoint) -> None:
        self._trainer.return_to(checkpoint.config, checkpoint.data, checkpoint.state)
        self._applied = checkpoint.changes

    def _train_to(
        self, place: Position, start: Checkpoint, target: Position, go_on: Callable[[float], bool]
    ) -> bool:
        """Train to a moment; tell False if somebody stopped it before."""
        trainer = self._trainer
        whole = max(1, target.epoch - start.place.epoch)
        asked = perf_counter()
        while self._here < place:
            # in the last epoch a batch at a time, so as to stop at the one that is meant
            until = asked + LOOKING if trainer.epoch < place.epoch else 0.0
            if trainer.advance(until) is not None and self._here < place:
                self._keep_if_due()  # the next way may begin here
            if perf_counter() - asked >= LOOKING:
                asked = perf_counter()
                done = trainer.epoch + trainer.share_of_epoch - start.place.epoch
                if not go_on(min(1.0, done / whole)):
                    self._stop_short(start)
                    return False
        return True

    def _stop_short(self, start: Checkpoint) -> None:
        """Go to the end of the last whole epoch on a way that is given up."""
        begun = Position(self._trainer.epoch)
        if self._made_before(begun) == self._applied and start.place <= begun:
            self._trainer.abandon_epoch()
        else:
            # a change was made within the epoch that is under way, or nothing before is remembered
            self._return_to(start)

    def _checkpoint(self) -> Checkpoint:
        trainer = self._trainer
        at = trainer.epoch + trainer.share_of_epoch
        state = trainer.state()
        return Checkpoint(self._here, self._applied, at, trainer.config, trainer.data, state)

    def _keep_if_due(self) -> None:
        if (now := perf_counter()) >= self._due:
            self._keep()
            taken = perf_counter() - now
            self._due = now + max(SPACING, SHARE * taken)

    def _keep(self) -> None:
        self._checkpoints.add(self._checkpoint())
        self._bound()

    def _bound(self) -> None:
        """Keep the past within its limit: at the most half of it changes and data, the rest states."""
        if self._size_beside > self._limit // 2:
            self._forget()
        checkpoints, trainer = self._checkpoints, self._trainer
        while self.size > self._limit and len(checkpoints) > 1:
            checkpoints.thin(trainer.epoch + trainer.share_of_epoch)

    def _forget(self) -> None:
        """Give up the oldest data, and with them the epochs that were trained on them."""
        if self.is_past:
            return  # it was within the limit when the newest moment was left
        self._checkpoints.add(self._checkpoint())
        while self._size_beside > self._limit // 2:
            oldest = self._checkpoints.first.changes
            if oldest == len(self._changes):
                return
            self._checkpoints.drop(oldest)
            for number in range(oldest, self._checkpoints.first.changes):
                change = self._changes[number]
                self._data.remove(change.arrays)
                self._changes[number] = replace(change, apply=_gone, arrays=())


def _gone() -> None:
    """Stand for a change before the oldest moment that is remembered."""
