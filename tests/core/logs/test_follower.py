"""The newest run in a folder."""

import os
from pathlib import Path

from core.logs import follower
from core.logs.follower import LogFollower
from tests.core.logs.records import event, record, simple_value


def write_events(path: Path, start: int, stop: int, modified: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"".join(record(event(at, simple_value("loss", at))) for at in range(start, stop))
    )
    os.utime(path, (modified, modified))


def write_csv(path: Path, text: str, modified: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (modified, modified))


def test_the_newest_file_with_metrics_is_found(tmp_path: Path) -> None:
    write_csv(tmp_path / "version_0" / "metrics.csv", "step,loss\n1,5\n", 100)
    write_csv(tmp_path / "version_1" / "metrics.csv", "step,loss\n1,6\n", 200)
    write_csv(tmp_path / "predictions.csv", "id,class\n1,cat\n", 300)
    found = LogFollower(tmp_path)
    found.read(60)
    assert [file.path.parent.name for file in found.files] == ["version_1"]
    assert found.points("loss").values.tolist() == [6.0]


def test_event_files_of_one_run_are_joined(tmp_path: Path) -> None:
    name = "events.out.tfevents."
    write_events(tmp_path / "old" / f"{name}1", 0, 3, 100)
    for part in ("train", "validation"):
        write_events(tmp_path / "new" / part / f"{name}1", 0, 10, 200)
        write_events(tmp_path / "new" / part / f"{name}2", 6, 8, 201)  # restarted from step 6
    found = LogFollower(tmp_path)
    found.read(60)
    assert sorted(found.names) == ["train/loss", "validation/loss"]
    assert found.points("train/loss").steps.tolist() == [*range(8)]
    assert found.points("train/loss") is found.points("train/loss")


def test_a_newer_run_replaces_the_one_before(tmp_path: Path) -> None:
    found = LogFollower(tmp_path)
    found.read(60)
    assert "no CSV file" in found.problem
    write_csv(tmp_path / "a.csv", "epoch,loss\n1,5\n", 100)
    found._due = 0
    found.read(60)
    assert (found.problem, found.names, found.changed_run) == ("", ["loss"], False)
    write_csv(tmp_path / "b.csv", "epoch,acc\n1,5\n", 200)
    found._due = 0
    found.read(60)
    assert (found.names, found.changed_run) == (["acc"], True)


def test_folders_are_searched_within_limits(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    deep = tmp_path.joinpath(*"abcdefghij")
    write_csv(deep / "log.csv", "epoch,loss\n1,5\n", 100)
    assert follower.newest_run(tmp_path) == {}


def test_a_table_without_steps_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "iris.csv"
    path.write_text("width,class\n1,a\n2,b\n")
    found = LogFollower(path)
    found.read(60)
    assert "the file has no header with a column epoch" in found.problem
