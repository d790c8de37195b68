"""Runs that are trained at once as states of their own trainers, the form in which they are saved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from core.lockstep.generators import GeneratorStates
from core.lockstep.state import LockstepState, StackState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy import float64
    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.lockstep.trainer import Lockstep
    from core.training.state import TrainerState

MOST_LANES: Final = 1000
"""Runs that a screen shows at once, at most."""


@dataclass(frozen=True)
class LaneStates:
    """Everything that determines further training, apart from the settings.

    Attributes:
        epoch: number of epochs trained by the runs that have not ended.
        states: of each run.
        to_replay: see `Lockstep.lane_state`.
        rates: (runs,) learning rates.
        rows: (columns, runs) metrics of the current weights, as in `History`.
        best_rows: the same of the best epoch of each run.
        groups: the runs of each stack: other groups may round differently.
    """

    epoch: int
    states: tuple[TrainerState, ...]
    to_replay: frozenset[int]
    rates: NDArray[float64]
    rows: NDArray[float64]
    best_rows: NDArray[float64]
    groups: tuple[tuple[int, ...], ...]

    @property
    def arrays(self) -> list[Array | Labels]:
        """All arrays."""
        own: list[Array | Labels] = [self.rates, self.rows, self.best_rows]
        return own + [array for each in self.states for array in each.arrays]

    @classmethod
    def of(cls, lockstep: Lockstep) -> LaneStates:
        """Return a copy of the current states."""
        state = lockstep.state()
        runs = range(len(state.configs))
        return cls(
            state.epoch,
            # those that have ended without the replay of their shuffles, which takes a while
            tuple(state.ended.get(run) or lockstep.lane_state(run) for run in runs),
            state.to_replay,
            state.rates,
            state.rows,
            state.best.rows,
            tuple(each.runs for each in state.stacks),
        )

    def restore(self, lockstep: Lockstep, rate: float) -> None:
        """Set runs with the same settings to these states.

        Args:
            lockstep: trains them.
            rate: their setting of the learning rate.
        """
        states = self.states
        lockstep.restore(
            LockstepState(
                self.epoch,
                tuple(config.changed(learning_rate=rate) for config in lockstep.configs),
                tuple(each.plateau for each in states),
                self.rates,
                self.rows,
                np.array([each.stopped is None for each in states]),
                tuple(each.stopped for each in states),
                {run: each for run, each in enumerate(states) if each.stopped is not None},
                self.to_replay,
                lockstep.state().best.replaced(states, self.best_rows),
                GeneratorStates(
                    tuple(each.batches.shuffle for each in states),
                    tuple(each.batches.dropout for each in states),
                ),
                tuple(_stacked(group, states) for group in self.groups),
            )
        )


def _stacked(group: tuple[int, ...], states: Sequence[TrainerState]) -> StackState:
    """Return the state of a stack; runs in it that have ended compute nothing useful."""
    of_group = [states[run] for run in group]
    return StackState(
        group,
        np.array([each.parameters for each in of_group]),
        np.array([each.statistics for each in of_group]),
        np.stack([each.slots for each in of_group], axis=1),
        next(each.steps for each in of_group if each.stopped is None),
    )
