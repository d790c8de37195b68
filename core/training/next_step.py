"""The next update of a run: what the next batch would add to each parameter, without training it.

The training process computes it for the inspector while the run is at rest.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Final

import numpy as np

from core.dataclass import dataclass
from core.training.stopping import Stop
from core.training.trainer import Trainer

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.arrays import Array
    from core.config.run_config import RunConfig
    from core.datasets import DataSplit
    from core.training.state import TrainerState

MOST: Final = 20_000_000
"""Samples times parameters up to which it is computed: about 0.1 s, and as much memory as the run."""


@dataclass(frozen=True)
class NextStep:
    """The next update of the parameters.

    Attributes:
        epoch: number of epochs trained before it.
        parameters: (parameters,) before the update.
        change: (parameters,) the update: gradient of the batch, penalties, clipping and optimiser.
        batch: number of the batch in its epoch, from 1.
        batches: number of batches per epoch; with one, the batch is the whole training set.
        samples: number of samples in the batch.
        learning_rate: of the update.
    """

    epoch: int
    parameters: Array
    change: Array
    batch: int
    batches: int
    samples: int
    learning_rate: float


def next_step(trainer: Trainer) -> NextStep | None:
    """Return the next update of a trainer, which stays as it is.

    A second trainer with the same state takes the step, so dropout masks, the shuffled order and the
    statistics of the optimiser are those of the real one.

    Returns:
        None if the network is too large for a second trainer, or its loss is not finite.
    """
    return prepare_next_step(trainer)()


def prepare_next_step(trainer: Trainer) -> Callable[[], NextStep | None]:
    """Copy the state of a trainer; return a function for any thread that computes its `next_step`."""
    config, data = trainer.config, trainer.data
    samples = sum(data.all_samples)
    if samples * trainer.network.parameters.size > MOST or not len(data.y_train):
        return lambda: None
    try:
        return partial(_step_after, config, data, trainer.state())
    except MemoryError:
        return lambda: None


def _step_after(config: RunConfig, data: DataSplit, state: TrainerState) -> NextStep | None:
    # only the update matters: a trainer that ends here would restore the weights of its best epoch
    endless = config.changed(patience=None, target_loss=None, target_accuracy=None)
    with np.errstate(all="ignore"):
        try:
            twin = Trainer(endless, data)
            twin.restore(replace(state, limit=inf))
            number, count = twin.batches.next, twin.batches.count
            twin.advance(0.0)
        except MemoryError:
            return None
    if twin.stopped is Stop.DIVERGED:
        return None
    size = config.batch_size
    whole = len(data.y_train)
    size = whole if isinstance(size, str) else min(size, whole)
    return NextStep(
        state.epoch,
        state.parameters,
        twin.network.parameters - state.parameters,
        number + 1,
        count,
        min(size, whole - number * size),
        twin.optimizer.learning_rate,
    )
