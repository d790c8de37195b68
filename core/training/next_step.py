"""The next update of a run: what the next batch would add to each parameter, without training it.

The training process sends it to the inspector whenever the run is at rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING, Final

import numpy as np

from core.training.stopping import Stop
from core.training.trainer import Trainer

if TYPE_CHECKING:
    from core.arrays import Array

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
    network, data = trainer.network, trainer.data
    samples = sum(data.all_samples)
    if samples * network.parameters.size > MOST or not len(data.y_train):
        return None
    # only the update matters: a trainer that ends here would restore the weights of its best epoch
    config = trainer.config.changed(patience=None, target_loss=None, target_accuracy=None)
    with np.errstate(all="ignore"):
        try:
            state = trainer.state()
            twin = Trainer(config, data)
            twin.restore(replace(state, limit=inf))
            number, count = twin.batches.next, twin.batches.count
            twin.advance(0.0)
        except MemoryError:
            return None
    if twin.stopped is Stop.DIVERGED:
        return None
    size = trainer.config.batch_size
    whole = len(data.y_train)
    size = whole if isinstance(size, str) else min(size, whole)
    return NextStep(
        trainer.epoch,
        state.parameters,
        twin.network.parameters - state.parameters,
        number + 1,
        count,
        min(size, whole - number * size),
        twin.optimizer.learning_rate,
    )
