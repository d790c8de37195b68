"""A file that is appended to, truncated or replaced while it is read, and large files."""

from pathlib import Path

import numpy as np
import pytest

from core.logs import log_file
from core.logs.log_file import LogFile
from tests.core.logs.records import event, record, simple_value


def rows(start: int, stop: int) -> str:
    return "".join(f"{step},{1 / (step + 1)!r}\n" for step in range(start, stop))


def read_all(file: LogFile) -> None:
    file.read(60)
    while file.is_behind:
        file.read(60)


def steps(file: LogFile) -> list[int]:
    return [*map(int, file.table.series["loss"].points.steps)]


def test_appended_rows_are_read_when_their_line_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n1,0.5\n2,0.2")
    file = LogFile(path)
    assert file.read(60)
    assert steps(file) == [1]
    with path.open("a") as stream:
        stream.write("5\n3,0.125\n")
    assert file.read(60)
    assert file.table.series["loss"].points.values.tolist() == [0.5, 0.25, 0.125]
    assert not file.read(60)


@pytest.mark.parametrize("how", ["truncated", "replaced", "rewritten with another column"])
def test_a_file_that_is_replaced_is_read_from_its_start(tmp_path: Path, how: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n" + rows(0, 50))
    file = LogFile(path)
    read_all(file)
    if how == "truncated":
        path.write_text("epoch,loss\n" + rows(0, 3))
    elif how == "replaced":
        other = tmp_path / "other"
        other.write_text("epoch,loss\n" + rows(100, 200))
        other.replace(path)
    else:
        path.write_text("epoch,loss,acc\n" + rows(0, 60).replace("\n", ",1\n"))
    read_all(file)
    assert len(steps(file)) == {"truncated": 3, "replaced": 100}.get(how, 60)
    assert ("acc" in file.table.series) == (how == "rewritten with another column")


def test_a_file_that_does_not_exist_yet_or_is_no_file(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "log.csv")
    file.read(60)
    assert "no such file" in file.problem
    file.path.write_text("epoch,loss\n1,2\n")
    file.read(60)
    assert (file.problem, file.table.rows) == ("", 1)
    folder = LogFile(tmp_path)
    folder.read(60)
    assert "folder" in folder.problem


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Treat files of a few thousand bytes as large."""
    for name, value in {"NEWEST": 2000, "PIECE": 500, "BLOCK": 700, "MOST_BLOCKS": 40}.items():
        monkeypatch.setattr(log_file, name, value)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("kind", ["csv", "json", "events"])
def test_the_newest_part_of_a_large_file_is_read_first(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "log"
    count = 600
    losses = [1 / (step + 1) for step in range(count)]
    if kind == "csv":
        path.write_text("epoch,loss\n" + rows(0, count))
    elif kind == "json":
        path.write_text(
            "".join(f'{{"epoch": {at}, "loss": {x!r}}}\n' for at, x in enumerate(losses))
        )
    else:
        parts = [record(event(at, simple_value("loss", x))) for at, x in enumerate(losses)]
        path.write_bytes(b"".join(parts))
    file = LogFile(path)
    file.read(0)
    while not file.table.rows:
        file.read(0)
    assert steps(file)[0] > 400
    read_all(file)
    assert file.share_read == 1
    assert steps(file) == [*range(count)]
    single = np.float32 if kind == "events" else np.float64
    assert file.table.series["loss"].points.values.tolist() == np.array(losses, single).tolist()


@pytest.mark.usefixtures("small_parts")
def test_the_older_part_of_a_huge_file_is_read_evenly(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("epoch,loss\n" + rows(0, 5000))
    file = LogFile(path)
    read_all(file)
    found = np.array(steps(file))
    assert 0.1 < file.share_read < 0.5
    assert found[0] < 50
    assert found[-1] == 4999
    assert np.diff(found).max() < 300
