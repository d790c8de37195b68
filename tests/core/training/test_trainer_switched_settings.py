"""A change of a setting has the same effect whether or not the run was restored."""

from random import Random
from typing import Any

import numpy as np
import pytest

from core import RunConfig
from core.nn.optimizers import OPTIMIZERS, Hyperparameters
from core.training.trainer import Trainer

BASE = RunConfig(samples=40, hidden=(4, 3), batch_size=16, epochs=1000)

SWITCHED: list[tuple[RunConfig, dict[str, Any]]] = [
    *((BASE.changed(optimizer=name), {"momentum": 0.9}) for name in ("sgd", "rmsprop")),
    *(
        (BASE.changed(optimizer=name), {"momentum": 0.0})
        for name in ("momentum", "nesterov", "rmsprop")
    ),
    *((BASE.changed(optimizer="adam"), {"optimizer": name}) for name in OPTIMIZERS),
    *((BASE.changed(optimizer=name), {"freeze": (1,)}) for name in OPTIMIZERS),
    (BASE, {"freeze": (1, 3)}),
    (BASE.changed(freeze=(2,)), {"freeze": ()}),
    (BASE.changed(optimizer="adamw"), {"weight_decay": 0.1}),
    *((BASE, change) for change in ({"l1": 0.01}, {"l2": 0.01}, {"clip_norm": 0.1})),
    *((BASE, change) for change in ({"clip_value": 0.01}, {"dropout": 0.3}, {"batch_size": 7})),
    *((BASE, change) for change in ({"label_smoothing": 0.1}, {"activation": "relu"})),
    *((BASE, change) for change in ({"learning_rate": 0.1}, {"patience": 1000}, {"noise": 0.3})),
    *((BASE, {"schedule": name}) for name in ("step", "cosine", "inverse_time", "plateau")),
    (BASE.changed(schedule="plateau", decay_epochs=1), {"decay_epochs": 2}),
    (BASE, {"warmup": 8}),
    (BASE, {"diagnostics": True}),
    (BASE, {"monitor": "train"}),
    (BASE.changed(l2=0.1), {"penalize_biases": True}),
]


def bits(trainer: Trainer) -> list[object]:
    state = trainer.state()
    arrays = [each.tobytes() for each in state.arrays]
    counts = (state.epoch, state.steps, state.layer_steps, state.learning_rate, state.plateau)
    return [*arrays, *counts, state.best, state.waits_from, state.limit]


@pytest.mark.parametrize(("config", "change"), SWITCHED)
def test_a_setting_switched_twice_gives_the_same_bits_as_without_restores(
    config: RunConfig, change: dict[str, Any]
) -> None:
    random = Random(1)
    twin, restored = Trainer(config), Trainer(config)
    back = {name: getattr(config, name) for name in change}
    for changes in ({}, change, back, change, back):
        if changes:
            for each in (twin, restored):
                each.configure(each.config.changed(**changes))
        for _ in range(random.randint(2, 7)):
            for each in (twin, restored):
                each.advance(0.0)
            if random.random() < 0.5:
                restored.measure()
            if random.random() < 0.5:
                other = Trainer(restored.config, restored.data)
                other.restore(restored.state())
                restored = other
        assert bits(twin) == bits(restored)


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
@pytest.mark.parametrize("frozen_first", [True, False])
def test_an_unfrozen_layer_continues_with_its_own_steps(name: str, frozen_first: bool) -> None:
    """As in PyTorch, whose optimisers skip parameters without gradient."""
    config = RunConfig(samples=30, hidden=(3,), optimizer=name, dtype="float64", clip_norm=None)
    trainer = Trainer(config)
    layers = trainer.network.slices
    settings = config.hyperparameters()
    values = [trainer.network.parameters[part].copy() for part in layers]
    alone = [OPTIMIZERS[name](each, settings) for each in values]
    phases = [(1,), (), (1,), ()] if frozen_first else [(), (1,), (2,), ()]
    for phase, freeze in enumerate(phases):
        trainer.configure(trainer.config.changed(freeze=freeze))
        for _ in range(3 + phase):
            trainer.train_epoch()
            gradient = trainer.optimizer.gradient
            for number, (part, each) in enumerate(zip(layers, alone, strict=True), 1):
                if number not in freeze:
                    each.gradient[:] = gradient[part]
                    each.step()
        expected = np.concatenate(values)
        assert trainer.network.parameters == pytest.approx(expected, rel=1e-12, abs=1e-14)


def test_a_velocity_starts_at_rest_whatever_came_before() -> None:
    for name in ("sgd", "rmsprop", "nesterov"):
        parameters = np.zeros(1)
        optimizer = OPTIMIZERS[name](parameters, Hyperparameters(1.0, 0.0))
        for gradient in (3.0, 1.0, 2.0):
            optimizer.gradient[:] = gradient
            optimizer.step()
        slots = optimizer.slots[optimizer.velocity]
        assert not slots.any(), name
