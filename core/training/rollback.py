"""Snapshot of the start of an epoch, to which the trainer rolls back if it diverges or is restarted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.dataclass import dataclass
from core.nn.calls import Calls, call, run

if TYPE_CHECKING:
    from core.arrays import Array
    from core.nn.network import Network
    from core.nn.optimizers import Optimizer
    from core.training.batches import Batches
    from core.training.diagnostics import StepSizes


@dataclass(frozen=True)
class EpochSnapshot:
    """State at the start of an epoch.

    Attributes:
        arrays: parameters, slots and statistics, without empty ones.
        steps: number of steps of the optimiser.
        shuffle: state of the generator of the shuffles.
        masks: state of the generator of the dropout masks.
        learning_rate: of the previous epoch; None if it was not recorded.
        last_step: of the previous epoch, as in `TrainerState`.
    """

    arrays: tuple[Array, ...]
    steps: int
    shuffle: dict[str, Any]
    masks: dict[str, Any]
    learning_rate: float | None = None
    last_step: tuple[StepSizes, ...] = ()


class EpochRollback:
    """Saves and restores the start of an epoch, in preallocated buffers.

    Attributes:
        learning_rate, last_step: of the previous epoch; set by the trainer.
    """

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer,
        batches: Batches,
        shuffle: np.random.Generator,
        masks: np.random.Generator,
    ) -> None:
        arrays = [network.parameters, optimizer.slots, network.statistics]
        pairs = [(array, array.copy()) for array in arrays if array.size]
        self._copies = [copy for _, copy in pairs]
        self._save_calls: Calls = [call(np.copyto, copy, array) for array, copy in pairs]
        self._restore_calls: Calls = [call(np.copyto, array, copy) for array, copy in pairs]
        self.learning_rate: float | None = None
        self.last_step: tuple[StepSizes, ...] = ()
        self._optimizer, self._steps = optimizer, 0
        self._shuffle, self._masks = shuffle, masks
        # reading the state of a generator takes as long as three calls, so only if it is used
        self._shuffles, self._drops = batches.order is not None, batches.drops
        self._shuffle_state, self._mask_state = _state(shuffle), _state(masks)

    def save(self) -> None:
        """Copy the current state."""
        for each in self._save_calls:
            each()
        self._steps = self._optimizer.steps
        if self._shuffles:
            self._shuffle_state = _state(self._shuffle)
        if self._drops:
            self._mask_state = _state(self._masks)

    def restore(self) -> None:
        """Restore the copied state."""
        run(self._restore_calls)
        self._optimizer.steps = self._steps
        if self._shuffles:
            self._shuffle.bit_generator.state = self._shuffle_state
        if self._drops:
            self._masks.bit_generator.state = self._mask_state

    def snapshot(self) -> EpochSnapshot:
        """Return the copied state, for `TrainerState`."""
        arrays = tuple(copy.copy() for copy in self._copies)
        return EpochSnapshot(
            arrays,
            self._steps,
            dict(self._shuffle_state),
            dict(self._mask_state),
            self.learning_rate,
            self.last_step,
        )

    def load(self, start: EpochSnapshot) -> None:
        """Replace the copied state by that of a `TrainerState`."""
        for copy, array in zip(self._copies, start.arrays, strict=True):
            copy[:] = array
        self._steps = start.steps
        self._shuffle_state, self._mask_state = dict(start.shuffle), dict(start.masks)
        self.learning_rate, self.last_step = start.learning_rate, start.last_step


def _state(rng: np.random.Generator) -> dict[str, Any]:
    return dict(rng.bit_generator.state)
