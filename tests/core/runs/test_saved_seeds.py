"""Saved runs of many seeds continue with the bits of runs that never stopped."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core import RunConfig
from core.datasets.prepare import no_progress
from core.lockstep.time_travel import LockstepTravel
from core.lockstep.trainer import Lockstep
from core.nn.optimizers import OPTIMIZERS
from core.runs.archive import read_archive, write_archive
from core.runs.atomic_files import RunError
from core.runs.catalogue import list_runs
from core.runs.folder import ROWS, STATE, RunFolder, open_directory
from core.runs.reader import read_any, read_run
from core.runs.saved_seeds import SeedsSnapshot, restore_seeds, rows_of, seeds_of
from core.runs.writer import RunWriter
from core.training.stopping import State, Stop
from tests.core.lockstep.test_time_travel import CASES, Bits, bits_of, go

SMALL = RunConfig(samples=44, hidden=(5,), batch_size=10, epochs=24)
EVERY: dict[str, dict[str, Any]] = CASES | {
    f"optimiser {name}": {"optimizer": name} for name in OPTIMIZERS
}


def save(folder: Path, lockstep: Lockstep, travel: LockstepTravel) -> Path:
    """Save runs as their process does, and return the folder of the run."""
    run = RunFolder.create(folder, "moons", 1.0)
    snapshot = SeedsSnapshot.of(lockstep, travel, State.TRAINING)
    RunWriter(run, 1.0).write(snapshot, rows_of(lockstep, 0, lockstep.epoch + 1))
    run.close()
    return run.path


def restored(path: Path) -> tuple[Lockstep, LockstepTravel]:
    return restore_seeds(read_any(path), no_progress)


def train(lockstep: Lockstep, travel: LockstepTravel, epochs: int) -> list[Bits]:
    """Train some epochs, and return the bits after each."""
    found = []
    for _ in range(epochs):
        lockstep.train_epoch()
        travel.record_epoch()
        found.append(bits_of(lockstep))
    return found


def started(case: dict[str, Any], runs: int = 6) -> tuple[Lockstep, LockstepTravel]:
    lockstep = Lockstep(seeds_of(SMALL.changed(**case), runs))
    return lockstep, LockstepTravel(lockstep)


@pytest.mark.parametrize("case", EVERY)
def test_resumed_runs_have_the_bits_of_runs_that_never_stopped(case: str, tmp_path: Path) -> None:
    lockstep, travel = started(EVERY[case])
    train(lockstep, travel, 4)
    travel.set_learning_rate(lockstep.configs[0].learning_rate / 2)
    for saved_after in (3, 9):  # some runs have ended in between
        train(lockstep, travel, saved_after)
        again, its_travel = restored(save(tmp_path, lockstep, travel))
        assert bits_of(again) == bits_of(lockstep)
        assert again.configs == lockstep.configs
        assert again.untrained.tobytes() == lockstep.untrained.tobytes()
        assert its_travel.rates == travel.rates
    expected = train(lockstep, travel, 8)
    assert train(again, its_travel, 8) == expected
    assert again.history.rows(0).tobytes() == lockstep.history.rows(0).tobytes()
    if case == "some diverge":
        assert {Stop.DIVERGED, Stop.EPOCHS} == set(lockstep.stopped)
    for epoch in (2, 6, 20):  # before and after the change of the learning rate
        go(travel, epoch)
        go(its_travel, epoch)
        assert bits_of(again) == bits_of(lockstep)


def test_epochs_after_a_return_to_an_earlier_one_are_superseded(tmp_path: Path) -> None:
    lockstep, travel = started({})
    run = RunFolder.create(tmp_path, "moons", 1.0)
    writer = RunWriter(run, 1.0)
    train(lockstep, travel, 9)
    snapshot = SeedsSnapshot.of(lockstep, travel, State.TRAINING)
    writer.write(snapshot, rows_of(lockstep, 0, 10))
    go(travel, 5)
    travel.set_learning_rate(0.25)
    train(lockstep, travel, 2)
    writer.write(SeedsSnapshot.of(lockstep, travel, State.PAUSED), rows_of(lockstep, 6, 8))
    run.close()
    again, its_travel = restored(run.path)
    assert (again.epoch, again.history.epochs) == (7, 7)
    assert again.history.rows(0).tobytes() == lockstep.history.rows(0).tobytes()
    assert train(again, its_travel, 3) == train(lockstep, travel, 3)


def test_they_are_listed_with_the_median_of_their_scores(tmp_path: Path) -> None:
    lockstep, travel = started({}, runs=5)
    train(lockstep, travel, 3)
    path = save(tmp_path, lockstep, travel)
    (listing,) = list_runs(tmp_path)
    assert listing.summary is not None
    assert (listing.summary.seeds, listing.summary.epoch) == (5, 3)
    assert listing.summary.metrics.test_score == np.median(lockstep.current("test_score"))
    assert path.stat().st_mode & 0o777 == 0o700
    assert {each.stat().st_mode & 0o777 for each in path.iterdir()} == {0o600}
    assert "--seeds 5\n" in (path / "config.toml").read_text()


def test_they_are_not_opened_as_a_single_run(tmp_path: Path) -> None:
    lockstep, travel = started({}, runs=3)
    path = save(tmp_path, lockstep, travel)
    with pytest.raises(RunError, match=r"moons-\S+ has the runs of 3 seeds: nnfs-tui resume opens"):
        read_run(path)


def broken_by(path: Path, change: Any) -> str:
    """Change header and arrays of a saved run, and return why it is refused."""
    with open_directory(path) as directory:
        header, arrays = read_archive(directory, STATE)
    change(header, arrays)
    with (path / STATE).open("wb") as file:
        write_archive(file, header, arrays)
    with pytest.raises(RunError) as caught:
        restored(path)
    return str(caught.value)


CHANGES: dict[str, tuple[Any, str]] = {
    "too few runs": (lambda header, _: header["state"]["runs"].pop(), "runs in its header"),
    "another number": (lambda header, _: header.update(seeds=5), "its last row is incomplete"),
    "too few parameters": (
        lambda _, arrays: arrays.update(parameters=arrays["parameters"][:, :3]),
        "parameters is of shape (3, 3)",
    ),
    "too many": (lambda header, _: header.update(seeds=10**6), "an integer from 1 to 1000"),
    "a short axis": (
        lambda _, arrays: arrays.update(slots=arrays["slots"][:2]),
        "slots is missing",
    ),
    "wrong precision": (
        lambda _, arrays: arrays.update(rows=arrays["rows"].astype(np.float32)),
        "rows is float32",
    ),
    "a run in two groups": (
        lambda header, _: header["state"]["groups"].append({"runs": [0]}),
        "each run that has not ended in one group",
    ),
    "a run in no group": (
        lambda header, _: header["state"]["groups"][0]["runs"].pop(),
        "each run that has not ended in one group",
    ),
    "another epoch": (
        lambda header, _: header["state"]["runs"][1].update(epoch=1),
        "that of all runs, unless it has ended",
    ),
    "an end that needs no replay": (
        lambda header, _: header["state"].update(to_replay=[0]),
        "runs that have diverged",
    ),
    "no first rate": (lambda header, _: header["state"].update(rates=[]), "in order, from 0"),
    "other data": (lambda header, _: header.update(data_digest="0"), "has changed since"),
    "other sizes": (lambda header, _: header["config"].update(hidden=[6]), "differ from those"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_folder_that_does_not_fit_is_refused_in_one_sentence(change: str, tmp_path: Path) -> None:
    lockstep, travel = started({}, runs=3)
    train(lockstep, travel, 2)
    path = save(tmp_path, lockstep, travel)
    reason = broken_by(path, CHANGES[change][0])
    assert CHANGES[change][1] in reason
    assert "\n" not in reason


@pytest.mark.parametrize("name", [STATE, ROWS])
def test_a_truncated_file_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    lockstep, travel = started({}, runs=3)
    train(lockstep, travel, 2)
    path = save(tmp_path, lockstep, travel)
    os.truncate(path / name, (path / name).stat().st_size - 8)
    with pytest.raises(RunError) as caught:
        restored(path)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_the_header_remains_readable_with_the_most_runs(tmp_path: Path) -> None:
    config = SMALL.changed(hidden=(2,), data_seed=0)
    lockstep = Lockstep(seeds_of(config, 1000))
    travel = LockstepTravel(lockstep)
    lockstep.train_epoch()
    again, _ = restored(save(tmp_path, lockstep, travel))
    assert bits_of(again) == bits_of(lockstep)
