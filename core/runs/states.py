"""A trainer's exact state as plain values and arrays, and back, checked against its network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from core.batches import BatchesState
from core.epoch import TrainerState
from core.epoch_start import EpochStart
from core.runs.files import refusal
from core.schedules import PlateauState
from core.stopping import Best

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.runs.fields import Fields
    from core.trainer import Trainer

_START: Final = "start_"


def plain_state(state: TrainerState) -> tuple[dict[str, Any], dict[str, Array | Labels]]:
    """Return a state as values that JSON takes, and as arrays by their names."""
    arrays: dict[str, Array | Labels] = {
        "parameters": state.parameters,
        "statistics": state.statistics,
        "slots": state.slots,
        "best_parameters": state.best_parameters,
        "best_statistics": state.best_statistics,
    }
    if state.batches.order is not None:
        arrays["order"] = state.batches.order
    start = state.start
    if start is not None:
        arrays |= {f"{_START}{at}": array for at, array in enumerate(start.arrays)}
    values = {
        "epoch": state.epoch,
        "batch": state.batches.next,
        "steps": state.steps,
        "shuffle": state.batches.shuffle,
        "dropout": state.batches.dropout,
        "plateau": [state.plateau.factor, state.plateau.best],
        "plateau_waited": state.plateau.waited,
        "best_epoch": state.best.epoch,
        "best_loss": state.best.loss,
        "waits_from": state.waits_from,
        "limit": state.limit,
        "start": None
        if start is None
        else {"steps": start.steps, "shuffle": start.shuffle, "dropout": start.masks},
    }
    return values, arrays


def state_for(
    trainer: Trainer, path: Path, fields: Fields, arrays: Mapping[str, Array | Labels]
) -> TrainerState:
    """Return the state that a file holds, for that trainer, which has the same config and data.

    Raises:
        RunError: when it does not fit the trainer.
    """
    network, slots, batches = trainer.network, trainer.optimizer.slots, trainer.batches

    def like(name: str, wanted: NDArray[Any]) -> NDArray[Any]:
        found = arrays.get(name)
        if found is None or found.shape != wanted.shape or found.dtype != wanted.dtype:
            there = "missing" if found is None else f"{found.dtype} of shape {found.shape}"
            raise refusal(
                path, f"{name} is {there}; the config asks for {wanted.dtype} of {wanted.shape}"
            )
        return found

    batch = fields.whole("batch", 0, batches.count)
    start, order = None, None
    if batch:
        if batches.order is not None:
            order = like("order", batches.order)
            if not np.array_equal(np.sort(order), np.arange(len(order))):
                raise refusal(path, "order is no order of the samples")
        kept = [each for each in (network.parameters, slots, network.statistics) if each.size]
        begun = fields.table("start")
        start = EpochStart(
            tuple(like(f"{_START}{at}", array) for at, array in enumerate(kept)),
            begun.whole("steps"),
            _generator(path, begun, "shuffle"),
            _generator(path, begun, "dropout"),
        )
    factor, best = fields.reals("plateau", 2)
    return TrainerState(
        fields.whole("epoch"),
        like("parameters", network.parameters),
        like("statistics", network.statistics),
        like("slots", slots),
        fields.whole("steps"),
        BatchesState(
            batch, _generator(path, fields, "shuffle"), _generator(path, fields, "dropout"), order
        ),
        PlateauState(factor, best, fields.whole("plateau_waited")),
        Best(fields.whole("best_epoch"), fields.real("best_loss")),
        fields.whole("waits_from"),
        like("best_parameters", network.parameters),
        like("best_statistics", network.statistics),
        fields.real("limit"),
        start,
    )


def _generator(path: Path, fields: Fields, name: str) -> dict[str, Any]:
    state = fields.mapping(name)
    try:
        tried = np.random.PCG64()
        tried.state = cast(Any, state)
        return dict(tried.state)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise refusal(path, f"{name} is no state of a random generator") from None
