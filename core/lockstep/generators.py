"""Random numbers of several runs while they train: each has its own orders and its own dropout masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from core.randomness import stream
from core.training.batches import BatchesState

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from core.config.run_config import RunConfig

    State = dict[str, Any]


class GeneratorStates(NamedTuple):
    """States of the generators of all runs."""

    shuffles: tuple[State, ...]
    masks: tuple[State, ...]


class Generators:
    """The generators of all runs.

    Attributes:
        shuffles: of the orders of the samples.
        masks: of the dropout masks.
    """

    def __init__(self, configs: Sequence[RunConfig]) -> None:
        self.shuffles = [stream(config.seed, "shuffle") for config in configs]
        self.masks = [stream(config.seed, "dropout") for config in configs]

    def batches(self, run: int) -> BatchesState:
        """Return the state of a run's batches between two epochs."""
        return BatchesState(0, _state(self.shuffles[run]), _state(self.masks[run]), None)

    def mask_states(self) -> tuple[State, ...]:
        """Return the states of the generators of dropout masks."""
        return tuple(_state(rng) for rng in self.masks)

    def states(self) -> GeneratorStates:
        """Return the states of all generators."""
        return GeneratorStates(tuple(map(_state, self.shuffles)), self.mask_states())

    def restore(self, states: GeneratorStates) -> None:
        """Restore states that `states` has returned."""
        for rng, state in zip(self.shuffles, states.shuffles, strict=True):
            rng.bit_generator.state = state
        for rng, state in zip(self.masks, states.masks, strict=True):
            rng.bit_generator.state = state


def _state(rng: np.random.Generator) -> State:
    return dict(rng.bit_generator.state)
