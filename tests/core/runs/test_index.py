"""The index of runs: the list is the same with it, whatever happens to the folders or to the index."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from core.runs import catalogue, index
from core.runs.catalogue import RunListing, list_runs, remove
from core.runs.folder import STATE, RunFolder
from core.runs.index import INDEX
from core.runs.reader import read_header
from tests.core.runs.test_catalogue import some_runs


@pytest.fixture
def parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(index, "RECENT", 0)  # else runs of this second are not recorded
    return tmp_path / "runs"


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the runs whose folders are read from now on."""
    names: list[str] = []
    original = catalogue._listing

    def listing(path: Path, *, used: bool) -> RunListing | None:
        names.append(path.name)
        return original(path, used=used)

    monkeypatch.setattr(catalogue, "_listing", listing)
    return names


def without_index(parent: Path) -> list[RunListing]:
    (parent / INDEX).unlink(missing_ok=True)
    listed = list_runs(parent, configs=True)
    (parent / INDEX).unlink(missing_ok=True)
    return listed


def test_runs_that_have_not_changed_are_not_read_again(parent: Path, read: list[str]) -> None:
    paths = some_runs(parent, 3)
    first = list_runs(parent, configs=True)
    assert sorted(read) == sorted(path.name for path in paths)
    read.clear()
    assert list_runs(parent, configs=True) == first
    assert [run.summary and run.summary.config for run in list_runs(parent)] == ["", "", ""]
    assert read == []
    assert first[0].header == read_header(paths[-1])


def test_added_changed_and_removed_runs_are_noticed(parent: Path, read: list[str]) -> None:
    paths = some_runs(parent, 4)
    list_runs(parent)
    read.clear()
    shutil.rmtree(paths[0])
    paths[1].rename(parent / "renamed")
    for name in os.listdir(paths[2]):  # noqa: PTH208
        (paths[2] / name).unlink()
        shutil.copy(paths[3] / name, paths[2])
    shutil.copytree(paths[3], parent / "copied")
    listed = list_runs(parent, configs=True)
    assert sorted(read) == sorted(["renamed", paths[2].name, "copied"])
    assert {run.name for run in listed} == {"renamed", "copied", paths[2].name, paths[3].name}
    assert listed == without_index(parent)


def test_a_snapshot_that_is_overwritten_in_place_is_noticed(parent: Path) -> None:
    (path,) = some_runs(parent, 1)
    list_runs(parent)
    (path / STATE).write_bytes(b"damaged")
    assert list_runs(parent)[0].damaged


def test_a_run_in_use_is_listed_as_such(parent: Path) -> None:
    first, second = some_runs(parent, 2)
    list_runs(parent)
    held = RunFolder.open(second)
    assert {run.name: run.used for run in list_runs(parent)} == {
        first.name: False,
        second.name: True,
    }
    held.close()
    assert not any(run.used for run in list_runs(parent))
    remove(second)
    assert [run.name for run in list_runs(parent)] == [first.name]


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "other tables", "other values"])
def test_a_damaged_index_is_replaced(parent: Path, read: list[str], damage: str) -> None:
    some_runs(parent, 3)
    expected = list_runs(parent, configs=True)
    file = parent / INDEX
    match damage:
        case "text":
            file.write_text("no database\n" * 1000)
        case "empty":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(file.read_bytes()[:5000])
        case "other tables":
            changed("DROP TABLE runs", file)
        case "other values":
            changed("UPDATE runs SET metrics = 'x', state = NULL", file)
    for _ in range(2):
        assert list_runs(parent, configs=True) == expected
    read.clear()
    assert list_runs(parent, configs=True) == expected
    assert read == []


def changed(statement: str, file: Path) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement)
    connection.close()


def test_links_in_the_place_of_the_index_are_not_followed(parent: Path, tmp_path: Path) -> None:
    some_runs(parent, 2)
    expected = without_index(parent)
    target = tmp_path / "precious"
    for name in (INDEX, f"{INDEX}-journal"):
        target.write_text("text")
        (parent / name).symlink_to(target)
        assert list_runs(parent, configs=True) == expected
        assert target.read_text() == "text"
        (parent / name).unlink()
    os.link(target, parent / INDEX)
    assert list_runs(parent, configs=True) == expected
    assert target.read_text() == "text"


def test_a_folder_that_cannot_be_written_is_listed(
    parent: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    some_runs(parent, 2)
    writable = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != parent and writable(path, mode))
    expected = list_runs(parent, configs=True)
    assert not (parent / INDEX).exists()
    monkeypatch.undo()
    monkeypatch.setattr(index, "RECENT", 0)
    list_runs(parent)
    monkeypatch.setattr(os, "access", lambda path, mode: path != parent and writable(path, mode))
    before = (parent / INDEX).read_bytes()
    shutil.copytree(expected[0].path, parent / "copied")
    assert len(list_runs(parent)) == 3
    assert [run for run in list_runs(parent, configs=True) if run.name != "copied"] == expected
    assert (parent / INDEX).read_bytes() == before


def test_an_index_that_another_process_writes_is_left_as_it_is(
    parent: Path, read: list[str]
) -> None:
    some_runs(parent, 2)
    expected = list_runs(parent, configs=True)
    other = sqlite3.connect(parent / INDEX, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert list_runs(parent, configs=True) == expected
    other.execute("ROLLBACK")
    other.close()
    read.clear()
    assert list_runs(parent, configs=True) == expected
    assert read == []


def test_processes_that_list_at_the_same_time_agree(parent: Path) -> None:
    some_runs(parent, 12)
    program = (
        "import sys; from pathlib import Path; from core.runs import index; index.RECENT = 0\n"
        "from core.runs.catalogue import list_runs\n"
        "for _ in range(10): print(len(list_runs(Path(sys.argv[1]))))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(parent)], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    assert [each.communicate(timeout=90)[0].split() for each in processes] == [[b"12"] * 10] * 3
    assert list_runs(parent, configs=True) == without_index(parent)


def test_a_run_that_has_just_changed_is_not_recorded(
    parent: Path, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "RECENT", 10**18)
    some_runs(parent, 1)
    list_runs(parent)
    list_runs(parent)
    assert len(read) == 2
