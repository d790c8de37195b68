"""The past of a run: checkpoints that thin out with age, and an exact way back to any epoch.

The training process has one beside its trainer. A past epoch is the nearest checkpoint before it,
trained on again with every change that was made since then, at the very batch at which it was made.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.config import RunConfig
    from core.datasets.dataset import TrainTest
    from core.epoch import TrainerState
    from core.trainer import Trainer

LIMIT: Final = 64 * 2**20
"""Bytes that all checkpoints together may take."""

OVERHEAD: Final = 4000
"""Bytes of a checkpoint beside its arrays: two states of generators, and the objects around them."""

SPACING: Final = 0.005
"""Seconds of training between two checkpoints, at least: taking one is 30 µs."""

LOOKING: Final = 0.02
"""Seconds between two questions whether to go on."""

SPARED: Final = 4
"""Thinning leaves one in so many of the checkpoints, the newest, as they are."""


class Place(NamedTuple):
    """A moment of a run: so many epochs, and so many batches of the next one, are trained."""

    epoch: int
    batch: int = 0


@dataclass(frozen=True)
class _Change:
    place: Place
    after: Place
    apply: Callable[[], object]


@dataclass(frozen=True)
class _Checkpoint:
    place: Place
    changes: int
    config: RunConfig
    data: TrainTest
    state: TrainerState
    size: int


class History:
    """Remembers the run of one trainer from where it stands.

    Attributes:
        head: the newest moment that was reached.
    """

    head: Place

    def __init__(self, trainer: Trainer, limit: int = LIMIT) -> None:
        self._trainer, self._limit = trainer, limit
        self._checkpoints: list[_Checkpoint] = []
        self._changes: list[_Change] = []
        self._applied = 0
        self._size = 0
        self._due = 0.0
        self.head = self._here
        self._keep()

    @property
    def size(self) -> int:
        """The bytes of all checkpoints."""
        return self._size

    @property
    def is_past(self) -> bool:
        """Whether the trainer stands before the newest moment."""
        return self._here < self.head or self._applied < len(self._changes)

    def note(self) -> None:
        """Take an epoch that was just trained in; call it after each, at the head."""
        self.head = self._here
        if perf_counter() >= self._due:
            self._keep()

    def change(self, apply: Callable[[], object]) -> None:
        """Change the trainer, and remember it; what lay in the future of this moment is gone.

        Args:
            apply: changes the trainer, each time in the same way; if it raises, nothing happened.
        """
        place = self._here
        apply()
        self.branch(place)
        self._changes.append(_Change(place, self._here, apply))
        self._applied += 1
        self.head = self._here

    def branch(self, place: Place | None = None) -> None:
        """Forget the future: the run goes on from here."""
        here = self._here if place is None else place
        del self._changes[self._applied :]
        kept = [
            each
            for each in self._checkpoints
            if each.place <= here and each.changes <= self._applied
        ]
        self._checkpoints = kept
        self._size = sum(each.size for each in kept)
        self.head = here

    def travel(self, epoch: int, go_on: Callable[[float], bool]) -> None:
        """Bring the trainer to the end of an epoch, or to the newest moment.

        Args:
            epoch: from 0; at the head's and beyond, the newest moment is meant.
            go_on: is asked every few milliseconds, with the share that is done, whether to; if not,
                the trainer stays at the epoch that it has reached.
        """
        if not self.is_past:
            self.head = self._here  # which may be within an epoch
            self._keep()
        # within an epoch the end of the one before can be gone back to, too
        newest = Place(epoch) >= self.head
        target = self.head if newest else Place(max(0, epoch))
        start = next(each for each in reversed(self._checkpoints) if newest or each.place <= target)
        self._trainer.return_to(start.config, start.data, start.state)
        self._applied = start.changes
        # one that began the epoch anew counts at its beginning, with all that were made before it
        made = [
            number
            for number, each in enumerate(self._changes, start=1)
            if newest or each.after <= target
        ]
        while self._applied < max(made, default=0):
            change = self._changes[self._applied]
            if not self._train_to(change.place, start.place, target, go_on):
                return
            change.apply()
            self._applied += 1
        self._train_to(target, start.place, target, go_on)

    @property
    def _here(self) -> Place:
        return Place(self._trainer.epoch, self._trainer.batches.next)

    def _train_to(
        self, place: Place, start: Place, target: Place, go_on: Callable[[float], bool]
    ) -> bool:
        """Train to a moment; tell False if somebody stopped it at the end of an epoch before."""
        trainer = self._trainer
        whole = max(1, target.epoch - start.epoch)
        asked, goes_on = perf_counter(), True
        while trainer.epoch < place.epoch:
            trainer.advance(asked + LOOKING)
            if goes_on and perf_counter() - asked >= LOOKING:
                asked = perf_counter()
                done = trainer.epoch + trainer.share_of_epoch - start.epoch
                goes_on = go_on(done / whole)
            if not goes_on and not trainer.batches.next:
                return False
        while trainer.batches.next < place.batch:
            trainer.advance(0.0)  # one batch
        return True

    def _keep(self) -> None:
        last = self._checkpoints[-1] if self._checkpoints else None
        if last is not None and (last.place, last.changes) == (self._here, self._applied):
            return
        trainer, state = self._trainer, self._trainer.state()
        size = OVERHEAD + state.nbytes
        self._checkpoints.append(
            _Checkpoint(self._here, self._applied, trainer.config, trainer.data, state, size)
        )
        self._size += size
        while self._size > self._limit and len(self._checkpoints) > 2:
            self._thin()
        self._due = perf_counter() + SPACING

    def _thin(self) -> None:
        """Drop every other checkpoint but the newest ones; the first stays, for the rest needs it."""
        count = len(self._checkpoints)
        spared = max(1, count // SPARED)
        old, new = self._checkpoints[: count - spared], self._checkpoints[count - spared :]
        self._checkpoints = [*(old[::2] if len(old) > 1 else old), *new]
        if len(self._checkpoints) == count:  # two are left over of which none can be spared
            del self._checkpoints[1]
        self._size = sum(each.size for each in self._checkpoints)
