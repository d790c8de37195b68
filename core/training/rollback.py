"""What an epoch begins with: what the trainer goes back to when it diverges, or begins again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from core.nn.calls import Calls, call, run

if TYPE_CHECKING:
    from core.arrays import Array
    from core.nn.network import Network
    from core.nn.optimizers import Optimizer
    from core.training.batches import Batches
    from core.training.diagnostics import StepSizes


@dataclass(frozen=True)
class EpochSnapshot:
    """What an epoch that diverges goes back to.

    Attributes:
        arrays: parameters, slots and statistics, those of them that there are.
        steps: of the optimiser.
        shuffle: the state of the generator of the shuffles.
        masks: the state of the generator of the dropout masks.
        learning_rate: the rate of the epoch before; None if it was not recorded.
        last_step: as in a trainer's state, of the epoch before.
    """

    arrays: tuple[Array, ...]
    steps: int
    shuffle: dict[str, Any]
    masks: dict[str, Any]
    learning_rate: float | None = None
    last_step: tuple[StepSizes, ...] = ()


class EpochRollback:
    """Keeps what an epoch begins with, in buffers of its own.

    Attributes:
        learning_rate, last_step: those of the epoch before, which the trainer keeps here.
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
        self._keep: Calls = [call(np.copyto, copy, array) for array, copy in pairs]
        self._back: Calls = [call(np.copyto, array, copy) for array, copy in pairs]
        self.learning_rate: float | None = None
        self.last_step: tuple[StepSizes, ...] = ()
        self._optimizer, self._steps = optimizer, 0
        self._shuffle, self._masks = shuffle, masks
        # reading the state of a generator takes as long as three calls
        self._shuffles, self._drops = batches.order is not None, batches.drops
        self._shuffle_state, self._mask_state = _state(shuffle), _state(masks)

    def save(self) -> None:
        """Take a copy of everything as it is."""
        for each in self._keep:
            each()
        self._steps = self._optimizer.steps
        if self._shuffles:
            self._shuffle_state = _state(self._shuffle)
        if self._drops:
            self._mask_state = _state(self._masks)

    def restore(self) -> None:
        """Put everything back as it was kept."""
        run(self._back)
        self._optimizer.steps = self._steps
        if self._shuffles:
            self._shuffle.bit_generator.state = self._shuffle_state
        if self._drops:
            self._masks.bit_generator.state = self._mask_state

    def snapshot(self) -> EpochSnapshot:
        """Return what is kept, for a trainer's state."""
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
        """Keep what another state kept."""
        for copy, array in zip(self._copies, start.arrays, strict=True):
            copy[:] = array
        self._steps = start.steps
        self._shuffle_state, self._mask_state = dict(start.shuffle), dict(start.masks)
        self.learning_rate, self.last_step = start.learning_rate, start.last_step


def _state(rng: np.random.Generator) -> dict[str, Any]:
    return dict(rng.bit_generator.state)
