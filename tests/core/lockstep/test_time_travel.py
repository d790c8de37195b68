"""Runs that are trained at once go to any of their epochs, and continue with the bits of a twin."""

from random import Random
from typing import Any

import numpy as np
import pytest

from core import RunConfig
from core.lockstep.time_travel import LockstepTravel
from core.lockstep.trainer import Lockstep
from core.training.stopping import Stop

SMALL = RunConfig(samples=44, hidden=(5,), batch_size=10, epochs=24)

CASES: dict[str, dict[str, Any]] = {
    "moons": {},
    "full batch": {"batch_size": "full", "optimizer": "sgd", "learning_rate": 0.5},
    "dropout and batch normalisation": {"dropout": (0.2,), "batch_norm": True},
    "plateau": {"schedule": "plateau", "decay_epochs": 2, "optimizer": "momentum"},
    "cosine": {"schedule": "cosine", "optimizer": "rmsprop"},
    "patience": {"patience": 3, "learning_rate": 0.1},
    "a target": {"target_loss": 0.3, "learning_rate": 0.05},
    "some diverge": {
        "dataset": "sine",
        "learning_rate": 0.8,
        "optimizer": "sgd",
        "activation": "relu",
        "hidden": (20, 20),
    },
}

Bits = tuple[Any, ...]


def bits_of(lockstep: Lockstep) -> Bits:
    """Return everything of all runs, in a form that is equal only for equal bits."""
    states = [lockstep.lane_state(run) for run in range(len(lockstep.configs))]
    arrays = [each.tobytes() for state in states for each in state.arrays]
    values = [
        (each.epoch, each.steps, each.batches, each.plateau, each.stopped, each.learning_rate)
        for each in states
    ]
    rows = [lockstep.current("train_loss").tobytes(), lockstep.current("test_loss").tobytes()]
    return lockstep.epoch, arrays, repr(values), rows, list(lockstep.stopped)


def lockstep_of(case: dict[str, Any], runs: int = 6) -> Lockstep:
    config = SMALL.changed(**case)
    return Lockstep([config.changed(seed=seed) for seed in range(runs)])


def until_end(lockstep: Lockstep, travel: LockstepTravel | None = None) -> list[Bits]:
    """Train to the end, and return the bits after each epoch."""
    found = [bits_of(lockstep)]
    while not lockstep.is_finished:
        lockstep.train_epoch()
        if travel is not None:
            travel.record_epoch()
        found.append(bits_of(lockstep))
    return found


def go(travel: LockstepTravel, epoch: int) -> None:
    travel.travel(epoch, lambda share: True)


@pytest.mark.parametrize("limit", [0, 10**9], ids=["one checkpoint", "many"])
@pytest.mark.parametrize("case", CASES)
def test_every_epoch_has_the_bits_of_a_twin(case: str, limit: int) -> None:
    twin, lockstep = until_end(lockstep_of(CASES[case])), lockstep_of(CASES[case])
    travel = LockstepTravel(lockstep, limit)
    until_end(lockstep, travel)
    rows = lockstep.history.rows(0).copy()
    if case == "some diverge":
        assert {Stop.DIVERGED, Stop.EPOCHS} == set(lockstep.stopped)
    random = Random(1)
    for epoch in [0, len(twin) - 1, *(random.randrange(len(twin)) for _ in range(8))]:
        go(travel, epoch)
        assert bits_of(lockstep) == twin[epoch]
        assert np.array_equal(lockstep.history.rows(0), rows, equal_nan=True)
    # from there to the end, as if it had never been left
    go(travel, len(twin) // 2)
    travel.branch()
    assert lockstep.history.epochs == len(twin) // 2
    assert until_end(lockstep, travel) == twin[len(twin) // 2 :]
    assert np.array_equal(lockstep.history.rows(0), rows, equal_nan=True)


def test_learning_rates_of_the_past_are_applied_again() -> None:
    def trained(lockstep: Lockstep, travel: LockstepTravel | None) -> list[Bits]:
        found = [bits_of(lockstep)]
        change = lockstep.set_learning_rate if travel is None else travel.set_learning_rate
        for epoch in range(1, 13):
            lockstep.train_epoch()
            if travel is not None:
                travel.record_epoch()
            if epoch in {3, 7}:
                change(0.1 / epoch)
            found.append(bits_of(lockstep))
        return found

    twin, lockstep = trained(lockstep_of({}), None), lockstep_of({})
    travel = LockstepTravel(lockstep, 0)
    assert trained(lockstep, travel) == twin
    for epoch in (2, 12, 3, 6, 7, 0, 8):
        go(travel, epoch)
        assert bits_of(lockstep) == twin[epoch]
    go(travel, 5)
    travel.set_learning_rate(0.002)
    assert (travel.head, travel.is_past) == (5, False)
    lockstep.train_epoch()
    go(travel, 4)
    assert bits_of(lockstep) == twin[4]
    go(travel, 6)
    assert {each.learning_rate for each in lockstep.configs} == {0.002}


def test_checkpoints_are_thinned_within_the_limit() -> None:
    lockstep = lockstep_of({"epochs": 200})
    one = LockstepTravel(lockstep).size
    travel = LockstepTravel(lockstep, 12 * one)
    for _ in range(200):
        lockstep.train_epoch()
        travel._due = 0.0
        travel.record_epoch()
        assert travel.size <= 12 * one
    assert travel.epochs[0] == 0
    assert travel.epochs[-1] == 200
    assert max(np.diff(travel.epochs)) < 80
    # dense around the current epoch
    assert travel.epochs[-1] - travel.epochs[-2] < 20


def test_a_return_that_is_cancelled_stays_at_the_epoch_that_was_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.lockstep.time_travel.CHECK_INTERVAL", 0.0)
    twin, lockstep = until_end(lockstep_of({})), lockstep_of({})
    travel = LockstepTravel(lockstep, 0)
    until_end(lockstep, travel)
    shares: list[float] = []

    def proceed(share: float) -> bool:
        shares.append(share)
        return share < 0.5

    travel.travel(20, proceed)
    assert 0 < lockstep.epoch < 20
    assert travel.is_past
    assert bits_of(lockstep) == twin[lockstep.epoch]
    assert shares == sorted(shares)
    go(travel, 99)
    assert bits_of(lockstep) == twin[-1]
    assert not travel.is_past
