"""The list of saved runs, their removal and thinning, and the autosaver that writes them."""

import os
import resource
import subprocess
import sys
from pathlib import Path
from threading import Event
from time import monotonic, sleep, time

import numpy as np
import pytest

from core import RunConfig, Trainer
from core.runs import autosaver as keeping
from core.runs.atomic_files import RunError
from core.runs.autosaver import Autosaver, SaveOptions
from core.runs.catalogue import find, list_runs, remove, thin
from core.runs.folder import STATE, RunFolder
from core.runs.lock import LOCK, in_use
from core.runs.reader import read_run
from core.training.epoch_log import tabulate
from tests.core.runs.test_reader import moment_of, run_of, saved

PATIENCE = 90


@pytest.fixture
def parent(tmp_path: Path) -> Path:
    return tmp_path / "state" / "runs"


def some_runs(parent: Path, count: int) -> list[Path]:
    """Save runs, the oldest first."""
    paths = []
    for number in range(count):
        trainer = Trainer(RunConfig(dataset="xor", batch_size="full", seed=number))
        paths.append(saved(parent, trainer, run_of(trainer, 1)))
        os.utime(paths[-1] / STATE, (1e9 + number, 1e9 + number))
    return paths


def test_the_newest_run_is_first_and_a_damaged_run_is_one_line(parent: Path) -> None:
    assert list_runs(parent) == []
    first, second, third = some_runs(parent, 3)
    assert len({first.name, second.name, third.name}) == 3  # begun in the same second
    (second / STATE).write_bytes(b"\x1b[2J\n[bold]")
    os.utime(second / STATE, (1e9 + 1, 1e9 + 1))
    (parent / "notes").mkdir()
    (parent / "notes" / "a\x1b[31mb").write_text("mine")
    (parent / "file").write_text("mine")
    (parent / "link").symlink_to(first)
    listed = list_runs(parent)
    assert [run.name for run in listed][1:] == [third.name, second.name, first.name]
    assert [bool(run.damaged) for run in listed] == [True, False, True, False]
    assert all(run.damaged.isprintable() for run in listed)
    assert listed[1].header is not None
    assert listed[1].header.sizes == (2, 8, 8, 2)


def test_a_run_is_found_by_a_prefix_of_its_name(parent: Path) -> None:
    with pytest.raises(RunError, match="no saved run in"):
        find(parent)
    first, second = some_runs(parent, 2)
    assert find(parent) == second
    assert find(parent, second.name) == second
    assert find(parent, first.name) == first  # of which the other's name begins with it, too
    with pytest.raises(RunError, match=r"'xor-' is a prefix of 2 runs \(.*\); name one of them$"):
        find(parent, "xor-")
    with pytest.raises(RunError, match=r"is called '\\x1b\[31m'"):
        find(parent, "\x1b[31m")
    with pytest.raises(RunError, match="is called 'moons'"):
        find(parent, "moons")
    for name in ("", "../state", "/", "."):
        with pytest.raises(RunError):
            find(parent, name)


def test_a_run_that_is_in_use_is_neither_opened_nor_removed(parent: Path) -> None:
    (path,) = some_runs(parent, 1)
    held = RunFolder.open(path)
    assert in_use(path)
    assert list_runs(parent)[0].used
    with pytest.raises(RunError, match="in use by another"):
        RunFolder.open(path)
    with pytest.raises(RunError, match="in use by another"):
        remove(path)
    held.close()
    assert not in_use(path)
    remove(path)
    assert not path.exists()


def test_a_process_that_dies_leaves_no_lock(parent: Path) -> None:
    (path,) = some_runs(parent, 1)
    program = (
        "import sys, time; from pathlib import Path; from core.runs.folder import RunFolder\n"
        "folder = RunFolder.open(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert in_use(path)
        process.kill()
    RunFolder.open(path, PATIENCE).close()


def test_a_folder_with_other_files_is_not_removed(parent: Path) -> None:
    (path,) = some_runs(parent, 1)
    (path / "thesis.txt").write_text("mine")
    with pytest.raises(RunError, match=r"it contains thesis\.txt"):
        remove(path)
    assert thin(parent, 0) == 0
    assert (path / "thesis.txt").exists()


def test_thinning_removes_the_oldest_and_nothing_used_or_foreign(parent: Path) -> None:
    paths = some_runs(parent, 6)
    (parent / "thesis").mkdir()
    (parent / "thesis" / "text").write_text("mine")
    (paths[2] / STATE).write_bytes(b"damaged")
    os.utime(paths[2] / STATE, (1e9 + 2, 1e9 + 2))
    held = RunFolder.open(paths[0])
    assert thin(parent, 2) == 2
    held.close()
    left = {run.name for run in list_runs(parent)}
    assert left == {"thesis", *(paths[number].name for number in (0, 2, 4, 5))}
    assert thin(parent, 100, most_bytes=1) == 2  # the newest stays, however large
    assert {run.name for run in list_runs(parent)} == {"thesis", paths[2].name, paths[5].name}


def test_no_other_run_is_removed_for_one_that_is_too_large_alone(parent: Path) -> None:
    paths = some_runs(parent, 5)
    most = sum(file.stat().st_size for path in paths for file in path.iterdir())
    (paths[4] / STATE).write_bytes(bytes(2 * most))
    assert thin(parent, 100, most_bytes=most) == 0  # the newest
    (paths[2] / STATE).write_bytes((paths[2] / STATE).read_bytes() + bytes(2 * most))
    os.utime(paths[2] / STATE, (1e9 + 2, 1e9 + 2))
    held = RunFolder.open(paths[2])
    assert thin(parent, 100, most_bytes=most) == 0
    held.close()
    assert {path.name for path in paths} == {run.name for run in list_runs(parent)}


def test_a_folder_without_a_snapshot_is_not_a_run(parent: Path) -> None:
    (path,) = some_runs(parent, 1)
    begun = RunFolder.create(parent, "moons", time())
    begun.close()
    assert [run.name for run in list_runs(parent)] == [path.name]
    assert find(parent) == path
    thin(parent, 1)
    assert begun.path.exists()
    os.utime(begun.path, (1e9, 1e9))
    thin(parent, 1)
    assert not begun.path.exists()


def wait_for(saver: Autosaver) -> None:
    deadline = monotonic() + PATIENCE
    while saver.busy:
        assert monotonic() < deadline, saver.status
        sleep(0.005)


def test_the_autosaver_saves_during_training_and_at_the_end(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.autosaver.BRIEF", 0.0)
    trainer = Trainer(RunConfig())
    saver = Autosaver(SaveOptions(parent, 100))
    saver.begin("moons")
    saver.add_epochs(tabulate([trainer.untrained]))
    assert not parent.exists()  # a run that was never handed over is none
    saver.add_epochs(tabulate([trainer.train_epoch()]))
    saver.save(moment_of(trainer))
    wait_for(saver)
    (first,) = list_runs(parent)
    assert first.used
    saver.add_event(1, "changed", "learning rate")
    saver.add_epochs(tabulate([trainer.train_epoch()]))
    saver.save(moment_of(trainer))
    saver.begin("xor")  # what was handed over is written all the same
    assert saver.close(PATIENCE)
    (only,) = list_runs(parent)
    assert not only.used
    kept = read_run(only.path)
    np.testing.assert_array_equal(kept.rows[:, 0], [0, 1, 2])
    assert [event.kind for event in kept.events] == ["changed"]


def test_a_write_error_is_reported_and_retried(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "RETRY", 0.01)
    trainer = Trainer(RunConfig())
    rows = run_of(trainer, 3)
    saver = Autosaver(SaveOptions(parent, None))
    saver.begin("moons")
    saver.add_epochs(tabulate(rows[:2]))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))  # room for one file, not for all
    try:
        saver.save(moment_of(trainer))
        deadline = monotonic() + PATIENCE
        while not saver.status.problem:
            assert monotonic() < deadline
            sleep(0.005)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "(File too large)" in saver.status.problem
    saver.add_epochs(tabulate(rows[2:]))
    saver.save(moment_of(trainer))
    wait_for(saver)
    assert not saver.status.problem
    saver.close(PATIENCE)
    np.testing.assert_array_equal(read_run(find(parent)).rows[:, 0], range(4))


def test_a_delayed_snapshot_is_written_without_later_epochs(
    parent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached, go_on = Event(), Event()
    sync = os.fsync

    def slow(descriptor: int) -> None:
        reached.set()
        assert go_on.wait(PATIENCE)
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    trainer = Trainer(RunConfig())
    saver = Autosaver(SaveOptions(parent, None))
    saver.begin("moons")
    saver.add_epochs(tabulate([trainer.untrained]))
    saver.save(moment_of(trainer))
    assert reached.wait(PATIENCE)
    saver.add_epochs(tabulate(run_of(trainer, 3)))
    saver.add_event(3, "changed", "learning rate")
    saver.save(moment_of(trainer))
    saver.add_event(1, "branched", "training resumed from epoch 1")
    saver.add_epochs(tabulate([trainer.untrained]))
    go_on.set()
    wait_for(saver)
    kept = read_run(find(parent))
    saver.close(PATIENCE)
    assert kept.rows[-1, 0] == kept.header.epoch == 3
    assert [event.kind for event in kept.events] == ["changed"]


@pytest.mark.parametrize("where", ["none", "file"])
def test_without_a_folder_training_continues_and_the_status_says_why(
    tmp_path: Path, where: str
) -> None:
    (tmp_path / "file").write_text("")
    saver = Autosaver(SaveOptions(None if where == "none" else tmp_path / "file" / "runs", 100))
    trainer = Trainer(RunConfig())
    saver.begin("moons")
    saver.save(moment_of(trainer))
    saver.close(PATIENCE)
    assert saver.status.problem.startswith("this run is not saved: ")
    assert ("there is no home folder" in saver.status.problem) == (where == "none")
    assert LOCK not in {path.name for path in tmp_path.rglob("*")}
