"""A trainer's exact state as plain values and arrays, and back, checked against its network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from core.nn.optimizers import OPTIMIZERS
from core.nn.schedules import PlateauState
from core.runs.atomic_files import refusal
from core.training.batches import BatchesState, batch_count
from core.training.diagnostics import StepSizes
from core.training.rollback import EpochSnapshot
from core.training.state import TrainerState
from core.training.stopping import Best

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from core.arrays import Array, Labels
    from core.config.run_config import RunConfig
    from core.datasets.dataset import DataSplit
    from core.nn.network import Network
    from core.runs.json_fields import Fields

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
        else {
            "steps": start.steps,
            "shuffle": start.shuffle,
            "dropout": start.masks,
            "learning_rate": start.learning_rate,
            "last_step": _flat(start.last_step),
        },
        "layer_steps": None if state.layer_steps is None else list(state.layer_steps),
        "learning_rate": state.learning_rate,
        "last_step": _flat(state.last_step),
    }
    return values, arrays


@dataclass(frozen=True)
class Shapes:
    """What the arrays of a trainer's state have to be like.

    Attributes:
        parameters, statistics, slots: arrays of the right shape and precision.
        layers: of the network.
        batches: in an epoch.
        samples: that an epoch puts in an order; 0 where one batch holds all of them.
    """

    parameters: Array
    statistics: Array
    slots: Array
    layers: int
    batches: int
    samples: int

    @classmethod
    def of(cls, network: Network, config: RunConfig, data: DataSplit) -> Shapes:
        """Return those of a run with that network; two of its configs may ask for different ones."""
        slots = OPTIMIZERS[config.optimizer](network.parameters, config.hyperparameters()).slots
        samples = len(data.y_train)
        count = batch_count(config.batch_size, samples)
        ordered = samples if count > 1 else 0
        layers = len(network.layers)
        return cls(network.parameters, network.statistics, slots, layers, count, ordered)


def state_for(
    shapes: Shapes, path: Path, fields: Fields, arrays: Mapping[str, Array | Labels]
) -> TrainerState:
    """Return the state that a file holds, for a trainer of that kind.

    Raises:
        RunError: when it does not fit.
    """

    def like(name: str, wanted: NDArray[Any]) -> NDArray[Any]:
        found = arrays.get(name)
        if found is None or found.shape != wanted.shape or found.dtype != wanted.dtype:
            there = "missing" if found is None else f"{found.dtype} of shape {found.shape}"
            raise refusal(
                path, f"{name} is {there}; the config asks for {wanted.dtype} of {wanted.shape}"
            )
        return found

    batch = fields.integer("batch", 0, shapes.batches)
    start, order = None, None
    if batch:
        if shapes.samples:
            order = like("order", np.empty(shapes.samples, np.int64))
            if not np.array_equal(np.sort(order), np.arange(len(order))):
                raise refusal(path, "order is no order of the samples")
        kept = [each for each in (shapes.parameters, shapes.slots, shapes.statistics) if each.size]
        begun = fields.table("start")
        start = EpochSnapshot(
            tuple(like(f"{_START}{at}", array) for at, array in enumerate(kept)),
            begun.integer("steps"),
            _generator(path, begun, "shuffle"),
            _generator(path, begun, "dropout"),
            begun.rate_or_none("learning_rate"),
            _last_step(begun, shapes.layers),
        )
    steps = fields.integer("steps")
    factor, best = fields.numbers("plateau", 2)
    return TrainerState(
        fields.integer("epoch"),
        like("parameters", shapes.parameters),
        like("statistics", shapes.statistics),
        like("slots", shapes.slots),
        steps,
        BatchesState(
            batch, _generator(path, fields, "shuffle"), _generator(path, fields, "dropout"), order
        ),
        PlateauState(factor, best, fields.integer("plateau_waited")),
        Best(fields.integer("best_epoch"), fields.number("best_loss")),
        fields.integer("waits_from"),
        like("best_parameters", shapes.parameters),
        like("best_statistics", shapes.statistics),
        fields.number("limit"),
        start,
        layer_steps=fields.wholes_or_none("layer_steps", shapes.layers, steps),
        learning_rate=fields.rate_or_none("learning_rate"),
        last_step=_last_step(fields, shapes.layers),
    )


def _flat(sizes: tuple[StepSizes, ...]) -> list[float]:
    return [value for each in sizes for value in each]


def _last_step(fields: Fields, layers: int) -> tuple[StepSizes, ...]:
    """Return the step sizes of each layer; none where they were not recorded."""
    values = fields.numbers("last_step", 2 * layers) if fields.holds("last_step") else ()
    return tuple(StepSizes(*pair) for pair in zip(values[::2], values[1::2], strict=True))


def _generator(path: Path, fields: Fields, name: str) -> dict[str, Any]:
    state = fields.mapping(name)
    try:
        tried = np.random.PCG64()
        tried.state = cast(Any, state)
        return dict(tried.state)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise refusal(path, f"{name} is no state of a random generator") from None
