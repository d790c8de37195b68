"""Complete state of several runs that are trained at once, between two epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from core.dataclass import dataclass

if TYPE_CHECKING:
    from numpy import bool_, float64
    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.lockstep.best import BestEpochs
    from core.lockstep.generators import GeneratorStates
    from core.nn.schedules import PlateauState
    from core.training.state import TrainerState
    from core.training.stopping import Stop


class StackState(NamedTuple):
    """State of a stack; runs that have ended are part of it until it is made smaller."""

    runs: tuple[int, ...]
    parameters: Array
    statistics: Array
    slots: Array
    steps: int


@dataclass(frozen=True, eq=False)
class LockstepState:
    """Everything that determines further training.

    Attributes:
        configs: settings of each run.
        ended: state of the trainer of each run that has ended.
        to_replay: see `Lockstep.lane_state`.
        stacks: the groups in which the other runs are trained: other groups may round differently.
    """

    epoch: int
    configs: tuple[RunConfig, ...]
    plateaus: tuple[PlateauState, ...]
    rates: NDArray[float64]
    rows: NDArray[float64]
    active: NDArray[bool_]
    stopped: tuple[Stop | None, ...]
    ended: dict[int, TrainerState]
    to_replay: frozenset[int]
    best: BestEpochs
    generators: GeneratorStates
    stacks: tuple[StackState, ...]

    @property
    def arrays(self) -> tuple[Array | Labels, ...]:
        """All arrays of the state, of which other states of the same runs may share some."""
        stacks = [each for stack in self.stacks for each in stack[1:4]]
        ended = [each for state in self.ended.values() for each in state.arrays]
        return (self.rates, self.rows, *self.best.arrays, *stacks, *ended)
