"""The next step equals the update that the trainer then takes, and changes nothing."""

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.nn.optimizers import OPTIMIZERS
from core.training import next_step as module
from core.training.next_step import next_step

XOR = RunConfig(dataset="xor", hidden=(4,), batch_size="full")
MOONS = RunConfig(dataset="moons", hidden=(5, 4), batch_size=32, dropout=0.2, samples=100)


def everything(trainer: Trainer) -> list[bytes]:
    state = trainer.state()
    random = repr((state.batches.shuffle, state.batches.dropout, state.batches.next, state.steps))
    arrays = [*state.arrays, trainer.optimizer.gradient]
    return [*(each.tobytes() for each in arrays), random.encode()]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("epochs", [0, 7])
def test_a_full_batch_takes_exactly_this_step(optimizer: str, epochs: int) -> None:
    trainer = Trainer(XOR.changed(optimizer=optimizer, l2=0.01, clip_norm=0.5))
    for _ in range(epochs):
        trainer.train_epoch()
    before = everything(trainer)
    found = next_step(trainer)
    assert found is not None
    assert everything(trainer) == before
    assert (found.epoch, found.batch, found.batches, found.samples) == (epochs, 1, 1, 4)
    parameters = trainer.network.parameters.copy()
    trainer.train_epoch()
    assert np.array_equal(trainer.network.parameters, parameters + found.change)
    assert np.array_equal(trainer.network.parameters - parameters, found.change)
    assert np.abs(found.change).max() > 0


@pytest.mark.parametrize(
    "changes", [{}, {"batch_norm": True}, {"freeze": (1,)}, {"schedule": "cosine"}]
)
def test_so_does_each_batch_of_an_epoch(changes: dict[str, object]) -> None:
    trainer = Trainer(MOONS.changed(**changes))
    samples = 0
    for number in range(1, 2 * trainer.batches.count + 1):
        found = next_step(trainer)
        assert found is not None
        assert found.batch == 1 + (number - 1) % trainer.batches.count
        samples += found.samples
        parameters = trainer.network.parameters.copy()
        while trainer.advance(0.0) is None and trainer.batches.next == trainer.batches.count:
            pass  # after the last batch, the network is measured
        assert np.array_equal(trainer.network.parameters - parameters, found.change)
        assert found.learning_rate == trainer.optimizer.learning_rate
    assert samples == 2 * len(trainer.data.y_train)


def test_it_is_not_the_step_of_other_settings() -> None:
    trainer, other = Trainer(XOR), Trainer(XOR.changed(learning_rate=0.2, optimizer="sgd"))
    one, two = next_step(trainer), next_step(other)
    assert one is not None
    assert two is not None
    assert not np.array_equal(one.change, two.change)


def test_an_end_of_the_run_does_not_replace_it() -> None:
    config = XOR.changed(patience=1, restore_best=True, learning_rate=3.0, optimizer="sgd")
    trainer = Trainer(config)
    for _ in range(6):
        found = next_step(trainer)
        assert found is not None
        before = trainer.network.parameters.copy()
        trainer.train_epoch()
        if trainer.restored is None:
            assert np.array_equal(trainer.network.parameters - before, found.change)


def test_networks_that_are_too_large_or_not_finite_have_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trainer = Trainer(XOR)
    trainer.network.parameters[:] = np.nan
    assert next_step(trainer) is None
    monkeypatch.setattr(module, "MOST", 10)
    assert next_step(Trainer(XOR)) is None
