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
from core.runs.folder import HISTORY, ROWS, STATE, RunFolder, open_directory
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
    snapshot = SeedsSnapshot.of(lockstep, travel, State.PAUSED, is_at_rest=True)
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


@pytest.fixture
def dense(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take a checkpoint after every epoch."""
    monkeypatch.setattr("core.lockstep.time_travel.SPACING", 0)
    monkeypatch.setattr("core.lockstep.time_travel.SHARE", 0)


@pytest.mark.usefixtures("dense")
@pytest.mark.parametrize("case", CASES)
def test_a_step_back_starts_at_a_saved_checkpoint(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lockstep, travel = started(CASES[case])
    train(lockstep, travel, 4)
    travel.set_learning_rate(lockstep.configs[0].learning_rate / 2)
    expected = [bits_of(lockstep), *train(lockstep, travel, 17)]
    head = lockstep.epoch
    again, its_travel = restored(save(tmp_path, lockstep, travel))
    distances = [each for each in (16, 4, 1) if each <= head]  # some runs end together
    assert its_travel.epochs == [0, *(head - each for each in distances), head]
    trained = 0
    original = Lockstep.train_epoch

    def counted(lockstep: Lockstep) -> None:
        nonlocal trained
        trained += 1
        original(lockstep)

    monkeypatch.setattr(Lockstep, "train_epoch", counted)
    for epoch, cost in ((head - 1, 0), (head - 4, 0), (head - 2, 2)):
        trained = 0
        go(its_travel, epoch)
        assert (bits_of(again), trained) == (expected[epoch - 4], cost)
    go(its_travel, 5)
    its_travel.branch()
    assert train(again, its_travel, 16) == expected[2:]


@pytest.mark.usefixtures("dense")
def test_checkpoints_of_a_branch_that_is_not_saved_are_not_used(tmp_path: Path) -> None:
    lockstep, travel = started({})
    past = train(lockstep, travel, 12)
    path = save(tmp_path, lockstep, travel)
    go(travel, 5)
    travel.set_learning_rate(0.25)
    train(lockstep, travel, 6)
    history = SeedsSnapshot.of(lockstep, travel, State.PAUSED, is_at_rest=True).past
    assert history is not None
    with open_directory(path) as directory:
        history.write(directory)  # and the program is killed before it writes the state
    again, its_travel = restored(path)
    assert its_travel.epochs == [0, 12]
    go(its_travel, 10)
    assert bits_of(again) == past[9]


@pytest.mark.usefixtures("dense")
@pytest.mark.parametrize(
    ("limit", "most", "epochs"),
    [
        (10**9, 2000, [0, 4, 16, 19, 20]),
        (30_000, 2000, [0, 16, 19, 20]),
        (10, 2000, [0, 20]),
        (10**9, 12, [0, 16, 19, 20]),
    ],
)
def test_the_size_of_the_checkpoints_is_bounded(
    limit: int, most: int, epochs: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.saved_seeds.MOST_BYTES", limit)
    monkeypatch.setattr("core.runs.saved_seeds.MOST_STATES", most)
    lockstep, travel = started({})
    train(lockstep, travel, 20)
    path = save(tmp_path, lockstep, travel)
    assert (path / HISTORY).stat().st_size < limit + 2000
    assert restored(path)[1].epochs == epochs


def test_runs_continue_without_checkpoints_that_cannot_be_read(tmp_path: Path) -> None:
    lockstep, travel = started({})
    past = train(lockstep, travel, 5)
    path = save(tmp_path, lockstep, travel)
    for is_truncated in (True, False):
        if is_truncated:
            os.truncate(path / HISTORY, 50)
        else:
            (path / HISTORY).unlink()
        again, its_travel = restored(path)
        assert its_travel.epochs == [0, 5]
        go(its_travel, 3)
        assert bits_of(again) == past[2]


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
    "a rate of zero on the way": (
        lambda header, _: header["state"]["rates"].extend(
            [{"epoch": 1, "rate": 0}, {"epoch": 2, "rate": header["config"]["learning_rate"]}]
        ),
        "rates above 0",
    ),
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


def test_runs_whose_steps_do_not_fit_into_the_memory_are_refused_before_they_are_prepared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "points.csv"
    file.write_text("x,y,kind\n" + "".join(f"0.{at},{at % 7},{'ab'[at % 2]}\n" for at in range(40)))
    lockstep, travel = started({"data": str(file), "samples": None}, runs=3)
    path = save(tmp_path, lockstep, travel)

    def refuse(configs: object, data: object) -> None:
        raise AssertionError("memory was allocated")

    monkeypatch.setattr("core.runs.saved_seeds.Lockstep", refuse)
    monkeypatch.setattr("os.sysconf", lambda name: 32)
    # only the number of samples in the file shows it
    with pytest.raises(RunError, match="a batch needs"):
        restored(path)


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
